"""Ratios that were once measured of a real etcd, taken from the points of this one: what claims are held to.

A figure is made of points measured at just the settings it names; if one of them was not measured, or
came to nothing that can be divided by, there is no such figure. Its range is of Student's t over the
logarithms of repeats: of two or three the least and the most say little of where the truth is. Of what
was measured once nothing is known of its spread: such a figure has no range, unless a fit gives it one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from kscale import units
from kscale.calibrate.formula import At
from kscale.calibrate.meant import Fits
from kscale.calibrate.point import Point
from kscale.calibrate.record import Calibration

STATUS, LEASE = 15_360, 300  # bytes, as in the published measurement
SMALL, LIST_BYTES = 256, 2048
MANY, ONE = 64, 1  # clients
NEAR = 1.25  # free pages count as so many within this factor: etcd itself uses a few
LONG_LIST = 50_000  # keys; published of 100,000, and shorter lists hold nobody up for long
SPILLS: Mapping[str, int] = {"10k": 10_000, "100k": 100_000}
BY: Mapping[str, str] = {  # how the names of figures begin, and the experiment they are made of
    "wal": "heartbeats",
    "db": "heartbeats",
    "put": "puts",
    "spill": "freelist",
    "list": "lists",
    "beside": "beside",
    "watch": "watches",
}
NOT_QUICK = frozenset({"spill-ratio-100k", "beside-p99-ratio"})  # take more than the quick plan makes
DRAWS, SEED = 9999, 1  # two repeats have long tails, which fewer draws would not show steadily
FARTHEST = 10.0  # times as much or as little: a range that wide says enough

Drawn = np.ndarray[tuple[int, ...], np.dtype[np.float64]]  # [1 + draws]: measured, then what it may be


@dataclass(frozen=True, slots=True)
class Figure:
    """One ratio or amount."""

    name: str
    unit: str
    value: float
    range: tuple[float, float] | None  # the middle 95 %; None: measured once, and of no fit
    repeats: int  # of the point with the fewest
    at: str  # the settings, in words


@dataclass(frozen=True, slots=True)
class _Points:
    """Points, to be asked for by family and setting."""

    points: Sequence[Point]

    def of(self, family: str, fits: Callable[[At], bool]) -> list[Point]:
        """Return the points of a family whose setting fits."""
        return [one for one in self.points if one.family == family and fits(one.at)]

    def one(self, family: str, **at: float) -> Point | None:
        """Return the point at just that setting, if it was measured."""
        found = self.of(family, lambda given: all(given.get(key) == value for key, value in at.items()))
        return found[0] if len(found) == 1 else None


def missing(name: str, made: Calibration) -> str:
    """Return why a calibration has no such figure."""
    if made.plan == "quick" and name in NOT_QUICK:
        return "not in the quick plan"
    for done in made.experiments:
        if done.id == BY[name.partition("-")[0]] and done.left_out is not None:
            return f"{done.title}: {done.left_out}"
    return "its points gave nothing that a figure could be made of"


def figures(points: Sequence[Point], fits: Fits) -> list[Figure]:
    """Return all figures that these points give."""
    all_ = _Points(points)
    made = (_heartbeats(all_), _puts(all_), _spills(all_), _lists(all_), _beside(all_), _watches(fits))
    return [one for each in made for one in each]


def _heartbeats(points: _Points) -> Iterator[Figure]:
    """Yield bytes in log and store, of a status against a lease."""
    for what in ("wal", "db"):
        status = points.one(f"heartbeat-{what}", value_bytes=STATUS)
        lease = points.one(f"heartbeat-{what}", value_bytes=LEASE)
        if status and lease:
            yield from _amount(f"{what}-status-bytes", status, "a put of 15 KiB")
            yield from _amount(f"{what}-lease-bytes", lease, "a put of 300 B")
            yield from _ratio(f"{what}-ratio", status, lease, "15 KiB against 300 B")


def _puts(points: _Points) -> Iterator[Figure]:
    """Yield CPU by bytes when saturated, and what many clients get done against one."""
    large = points.one("put-cpu", clients=MANY, value_bytes=STATUS)
    small = points.one("put-cpu", clients=MANY, value_bytes=SMALL)
    if large and small:
        yield from _ratio("put-cpu-ratio", large, small, f"15 KiB against {SMALL} B, {MANY} clients")
    many = points.one("put-throughput", clients=MANY, value_bytes=SMALL)
    one = points.one("put-throughput", clients=ONE, value_bytes=SMALL)
    if many and one:
        yield from _ratio("put-clients-ratio", many, one, f"{MANY} clients against one, {SMALL} B")


def _spills(points: _Points) -> Iterator[Figure]:
    """Yield spill of array over map, at the published numbers of free pages."""
    measured = points.of("freelist-spill-ratio", lambda _: True)
    for name, pages in SPILLS.items():
        found = [one for one in measured if 1 / NEAR < one.at["free_pages"] / pages < NEAR]
        if found:
            near = min(found, key=partial(_pages_away, pages))
            yield from _amount(f"spill-ratio-{name}", near, f"{round(near.at['free_pages']):,} free pages")


def _pages_away(pages: int, point: Point) -> float:
    """Return how many free pages a point is away."""
    return abs(point.at["free_pages"] - pages)


def _lists(points: _Points) -> Iterator[Figure]:
    """Yield what a key of the largest list costs, against reading it alone and against other lists."""
    sizes = {one.at["value_bytes"] for one in points.of("list-time", lambda _: True)}
    if not sizes:
        return
    size = min(sizes, key=lambda value: abs(np.log(value / LIST_BYTES)))
    lists = sorted(points.of("list-time", lambda at: at["value_bytes"] == size), key=lambda p: p.at["keys"])
    full, small = lists[-1], lists[0]
    said = f"{round(full.at['keys']):,} keys of {units.show_bytes(round(size))}"
    one = points.of("get-time", lambda at: at["value_bytes"] == size)
    if one:
        each = _scaled(full, 1 / full.at["keys"])
        yield from _ratio("list-key-alone-ratio", each, one[0], f"{said} against one key, each key")
    if small is not full:
        each, apart = (_scaled(point, 1 / point.at["keys"]) for point in (full, small))
        against = f"{said} against {round(small.at['keys']):,}, each key"
        yield from _ratio("list-key-prefix-ratio", each, apart, against)
    for name in ("keys-only", "count-only"):
        other = points.one(f"list-{name}-time", keys=full.at["keys"], value_bytes=size)
        if other:
            yield from _ratio(f"list-{name}-ratio", other, full, said)


def _beside(points: _Points) -> Iterator[Figure]:
    """Yield what full lists do to a put beside them."""
    quiet = points.of("lists-beside-p99", lambda at: at["list_keys"] == 0)
    busy = points.of("lists-beside-p99", lambda at: at["list_keys"] >= LONG_LIST)
    if quiet and busy:
        most = max(busy, key=lambda one: one.at["list_keys"] * one.at["value_bytes"])
        size = units.show_bytes(round(most.at["value_bytes"]))
        said = f"lists of {round(most.at['list_keys']):,} keys of {size} against none"
        yield from _ratio("beside-p99-ratio", most, quiet[0], said)


def _watches(fits: Fits) -> Iterator[Figure]:
    """Yield etcd's CPU for an event that is a message of its own."""
    found = fits.get("watch-cpu")
    if found is None or not found.determined:
        return
    names = [term.name for term in found.formula.terms]
    fixed, byte = names.index("an event for a watcher"), names.index("a byte of an event")
    rows = np.vstack((found.coefficients, found.draws))
    repeats = min(len(point.samples) for point in found.fitted)
    drawn = rows[:, fixed] + SMALL * rows[:, byte]
    if drawn[0] > 0:
        yield _made("watch-delivery-ns", "ns", drawn, repeats, f"an event of {SMALL} B")


def _scaled(point: Point, factor: float) -> Point:
    """Return a point in other units."""
    return Point(point.family, point.at, point.unit, tuple(factor * sample for sample in point.samples))


def _amount(name: str, point: Point, at: str) -> Iterator[Figure]:
    """Yield a figure that is a point, none where a sample is nothing."""
    if min(point.samples) > 0:
        yield _made(name, point.unit, _drawn(point, 0), len(point.samples), at)


def _ratio(name: str, above: Point, below: Point, at: str) -> Iterator[Figure]:
    """Yield a figure that is one point over another; none where one of them has a sample of nothing."""
    if min(below.samples + above.samples) > 0:
        repeats = min(len(above.samples), len(below.samples))
        yield _made(name, "x", _drawn(above, 0) / _drawn(below, 1), repeats, at)


def _drawn(point: Point, stream: int) -> Drawn:
    """Return the median of the repeats, and what it may be for their spread; NaN for that of one alone."""
    if len(point.samples) == 1:
        return np.concatenate(([point.value], np.full(DRAWS, np.nan)))
    logs = np.log(point.samples)
    spread = np.std(logs, ddof=1) / np.sqrt(len(logs))
    off = spread * np.random.default_rng([SEED, stream]).standard_t(len(logs) - 1, DRAWS)
    most = np.log(FARTHEST)
    return point.value * np.exp(np.concatenate(([0.0], np.clip(off, -most, most))))


def _made(name: str, unit: str, drawn: Drawn, repeats: int, at: str) -> Figure:
    """Return a figure with the middle 95 % of its draws, itself included; without, if they are not known."""
    value = float(drawn[0])
    low, high = (float(end) for end in np.percentile(drawn[1:], (2.5, 97.5)))
    range_ = None if np.isnan(low) else (min(low, value), max(high, value))
    return Figure(name, unit, value, range_, repeats, at)
