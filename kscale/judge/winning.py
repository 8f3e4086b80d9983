"""At how many points of a sweep a variant wins and loses, where most, and between which points it turns."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from kscale.engine.task import SEED
from kscale.judge import growth, rows, seeds
from kscale.judge.rows import WALL
from kscale.judge.seeds import Change, Point
from kscale.judge.verdict import Verdict
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.results.record import MechanismInfo, Result

SURE = frozenset({Verdict.BETTER, Verdict.WORSE})


@dataclass(frozen=True, slots=True)
class Series:
    """One metric of one variant beside the baseline, at every point that has both."""

    mechanism: str
    metric: str
    variant: str
    changes: tuple[Change, ...]  # in the order of the sweep
    at: tuple[Point, ...] = field(repr=False)  # the point of each

    def count(self, said: Verdict | None) -> int:
        """Return at how many points that is the verdict."""
        return sum(one.row.verdict is said for one in self.changes)

    @property
    def best(self) -> Change:
        """Return the change that gains most, or loses least."""
        return min(self.changes, key=loss)

    @property
    def worst(self) -> Change:
        """Return the change that loses most, or gains least."""
        return max(self.changes, key=loss)

    @property
    def directed(self) -> bool:
        """Say whether one direction is better."""
        return self.changes[0].row.info.better != "none"

    @property
    def differs(self) -> bool:
        """Say whether the variant differs from the baseline at any point."""
        return any(one.row.verdict is not Verdict.SAME for one in self.changes)


@dataclass(frozen=True, slots=True)
class Turn:
    """Two sizes of one parameter, all others equal, between which a variant starts to win or to lose.

    What is the same or unclear between them belongs to neither side.
    """

    parameter: str
    held: str  # the other parameters in words, where there are several lines
    last: float  # size at which it still was as before
    first: float  # size from which it is the other way
    into: Literal["better", "worse"]  # from there on


@dataclass(frozen=True, slots=True)
class Turns:
    """All turns of one series over one parameter."""

    parameter: str
    lines: int  # points of the other parameters
    found: tuple[Turn, ...]

    @property
    def turning(self) -> int:
        """Return at how many points of the other parameters it turns."""
        return len({one.held for one in self.found})


def series(result: Result, *, every: bool = False) -> list[Series]:
    """Return the series of each mechanism's headline metrics, times first; of *every* metric if asked.

    The optimized variant comes first, the others follow each metric.
    """
    at: dict[str, list[Point]] = {}
    for one in seeds.points(result):
        if any(BASELINE in cell.variants for cell in one.cells):
            at.setdefault(one.mechanism, []).append(one)
    found: list[Series] = []
    for mechanism, points in at.items():
        info = rows.described(result, points[0].cells[0])
        told = {
            name: [(seeds.changes(info, point, name, BASELINE), point) for point in points]
            for name in _variants(points)
        }
        for metric in _metrics(info, points, every=every):
            for variant, changes in told.items():
                found.extend(_series(mechanism, variant, metric, changes))
    return found


def turns(one: Series) -> list[Turns]:
    """Return over which parameters a series turns, and where."""
    parameters = dict.fromkeys(name for point in one.at for name in point.params if name not in growth.SEEDS)
    found = []
    for parameter in parameters:
        lines = _lines(one, parameter)
        several = len(lines) > 1
        hits = [turn for line in lines for turn in _turns(parameter, line, several=several)]
        if hits:
            found.append(Turns(parameter, len(lines), tuple(hits)))
    return found


def loss(change: Change) -> float:
    """Return how much worse it got, on the scale of logarithms, or in shares; below 0 if it got better.

    What is the same, or unclear, is neither.
    """
    row = change.row
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        return 0.0
    if row.info.unit == seeds.PPM:
        size = float(row.by)
    else:
        size = math.log(row.change) if row.change > 0 else -math.inf
    return -size if row.info.better == "higher" and row.metric != WALL else size


def _metrics(info: MechanismInfo, points: Sequence[Point], *, every: bool) -> list[str]:
    """Return the metrics that are told of a mechanism: times where there are any, then its counters."""
    records = [record for point in points for cell in point.cells for record in cell.variants.values()]
    timed = [WALL] if any(record.wall_ns is not None for record in records) else []
    if every:
        counted = dict.fromkeys(name for record in records for name, _ in rows.declared(info, record.work))
    else:
        counted = dict.fromkeys(name for name, one in info.metrics.items() if one.headline)
    return [*timed, *counted]


def _variants(points: Sequence[Point]) -> list[str]:
    """Return the variants beside the baseline: optimized first."""
    found = dict.fromkeys(name for point in points for cell in point.cells for name in cell.variants)
    return sorted((name for name in found if name != BASELINE), key=lambda name: name != OPTIMIZED)


def _series(
    mechanism: str, variant: str, metric: str, changes: Sequence[tuple[dict[str, Change], Point]]
) -> Iterator[Series]:
    """Yield one series, if any point has it."""
    told = [(of[metric], point) for of, point in changes if metric in of]
    if told:
        yield Series(mechanism, metric, variant, *zip(*told, strict=True))


def _lines(one: Series, parameter: str) -> list[list[tuple[float, Change, Point]]]:
    """Return the points of a series in the order of one parameter, apart for each point of the others."""
    found: dict[tuple[str, str], list[tuple[float, Change, Point]]] = {}
    for change, point in zip(one.changes, one.at, strict=True):
        size = growth.size_of(point.params.get(parameter))
        if size is not None:
            place = seeds.place_of(point.cells[0], parameter)
            found.setdefault(place, []).append((size, change, point))
    several = [line for line in found.values() if len(line) >= growth.LEAST_SIZES]
    return [sorted(line, key=lambda part: part[0]) for line in several]


def _turns(parameter: str, line: Sequence[tuple[float, Change, Point]], *, several: bool) -> Iterator[Turn]:
    """Yield where the verdict goes from better to worse or back."""
    sure = [(size, change.row.verdict, point) for size, change, point in line if change.row.verdict in SURE]
    for (last, before, point), (first, after, _) in pairwise(sure):
        if after is not before:
            held = seeds.label_without(point.cells[0], parameter, SEED) if several else ""
            yield Turn(parameter, held, last, first, "worse" if after is Verdict.WORSE else "better")
