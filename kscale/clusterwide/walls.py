"""Walls: how large a cluster gets with a set of toggles before an objective breaks.

What is run, and where, is the caller's: here is what is asked for, and what is made of the answers.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Protocol

from kscale import units
from kscale.clusterwide import search
from kscale.clusterwide.search import Found, Probe, Question, Run
from kscale.clusterwide.toggles import NONE, Toggles, ordered, shown

MILLI = 1_000  # pod changes are counted in thousandths a second
NOUNS = {"nodes": "nodes", "pods": "pods", "objects": "objects", "pod-changes": "pod changes/s"}
WAY_PPM = 50_000  # as close as steps need be: the ends are looked at more closely, and all adds up exactly
LISTED = 3  # values in a sentence


@dataclass(frozen=True, slots=True)
class Wall:
    """The largest cluster that keeps every objective, with a set of toggles. Values: see `shown_at`."""

    toggles: tuple[str, ...]  # that are on, in print order
    axis: str  # one of size.AXES
    holds_at: int  # of all seeds, below every break; 0: no size that was tried keeps every objective
    breaks_at: int | None  # None: not reached
    arithmetic: int | None  # where a station's load reaches its capacity; None: nowhere within the bounds
    arithmetic_station: str  # that one; "" if none
    objective: str  # the one missed most at breaks_at, in words; "" if none
    station: str  # to blame for it, one of record.STATIONS; "" if none
    limits: tuple[tuple[int, int], ...]  # (seed, limit): what holds_at is the least of
    runs: tuple[Run, ...]
    sentences: tuple[str, ...]  # what else is to be known

    @property
    def interval(self) -> tuple[int, int]:
        """Return the lowest and the highest limit over seeds."""
        found = [limit for _, limit in self.limits] or [self.holds_at]
        return min(found), max(found)

    def broke_at(self, seed: int) -> int | None:
        """Return the least value at which a seed broke; None if it did not."""
        return min((run.value for run in self.runs if run.seed == seed and not run.holds), default=None)


@dataclass(frozen=True, slots=True)
class Reach:
    """What arithmetic says of a set of toggles before anything is run."""

    value: int | None  # where the first station's load reaches its capacity; None: nowhere within the bounds
    station: str


class Known(Protocol):
    """What arithmetic knows of a cluster."""

    def reach(self, on: Toggles) -> Reach:
        """Return where the first station is full."""

    def load(self, on: Toggles, value: int) -> Mapping[str, int]:
        """Return the load of every station at a value, in ppm of its capacity."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where walls are looked for, how closely, and with which seeds."""

    axis: str
    least: int
    most: int
    precision_ppm: int
    seeds: tuple[int, ...]

    @property
    def way_ppm(self) -> int:
        """Return how closely walls between the ends are looked for."""
        return max(self.precision_ppm, WAY_PPM)


class Observer(Protocol):
    """Is told how far the search for walls is."""

    def ran(self, on: Toggles, run: Run) -> None:
        """Hear of a run."""

    def found(self, wall: Wall) -> None:
        """Hear of a wall."""


Wanted = tuple[Toggles, Probe]
Runner = Callable[[Sequence[Wanted]], Iterable[Run | None]]  # in the order wanted; None: too large to run


class Walls:
    """Finds walls by runs."""

    def __init__(self, bounds: Bounds, known: Known, runner: Runner, observer: Observer) -> None:
        """Run nothing yet."""
        self.bounds = bounds
        self.known = known
        self.runner = runner
        self.observer = observer

    def ends(self, sets: Sequence[Toggles]) -> list[Wall]:
        """Return the wall of each set, found side by side, with every seed's limit and values far away."""
        return self._found([(on, self._guess(on)) for on in sets], self.bounds, thorough=True)

    def near(self, on: Toggles, first: Sequence[int], seed: int) -> Wall:
        """Return the wall of a set for one seed, looked for from those values on; not as closely as ends."""
        bounds = self.bounds
        within = tuple(max(bounds.least, min(bounds.most, value)) for value in first)
        on_the_way = replace(bounds, seeds=(seed,), precision_ppm=bounds.way_ppm)
        (found,) = self._found([(on, within)], on_the_way, thorough=False)
        return found

    def quick(self, on: Toggles) -> Wall:
        """Return the wall of a set, without values far away."""
        (found,) = self._found([(on, self._guess(on))], self.bounds, thorough=False)
        return found

    def hold(self, sets: Sequence[Toggles], value: int, seed: int) -> list[Run | None]:
        """Return a run of each set at a value."""
        return self._run([(on, Probe(value, seed)) for on in sets])

    def _guess(self, on: Toggles) -> tuple[int, ...]:
        """Return what to try first, by arithmetic."""
        reach = self.known.reach(on).value
        bounds = self.bounds
        return search.guesses(max(bounds.least, min(bounds.most, bounds.most if reach is None else reach)))

    def _found(
        self, sets: Sequence[tuple[Toggles, tuple[int, ...]]], bounds: Bounds, *, thorough: bool
    ) -> list[Wall]:
        """Return the wall of each set, looked for from the values beside it on."""
        questions = [
            Question(first, bounds.least, bounds.most, bounds.precision_ppm, bounds.seeds, thorough)
            for _, first in sets
        ]
        found = search.together(
            [search.search(one) for one in questions],
            lambda wanted: self._run([(sets[number][0], probe) for number, probe in wanted]),
        )
        walls = [
            made(on, bounds, one, self.known.reach(on)) for (on, _), one in zip(sets, found, strict=True)
        ]
        for wall in walls:
            self.observer.found(wall)
        return walls

    def _run(self, wanted: Sequence[Wanted]) -> list[Run | None]:
        """Return what runs came to, each told as it comes."""
        runs: list[Run | None] = []
        for (on, _), run in zip(wanted, self.runner(wanted), strict=True):
            runs.append(run)
            if run is not None:
                self.observer.ran(on, run)
        return runs


def made(on: Toggles, bounds: Bounds, found: Found, reach: Reach) -> Wall:
    """Return what was found as a wall."""
    broke = found.broke
    return Wall(
        toggles=ordered(on),
        axis=bounds.axis,
        holds_at=found.holds_at,
        breaks_at=found.breaks_at,
        arithmetic=reach.value,
        arithmetic_station=reach.station,
        objective=broke.objective if broke else "",
        station=broke.station if broke else "",
        limits=found.limits,
        runs=found.runs,
        sentences=tuple(_sentences(on, bounds, found)),
    )


def shown_at(axis: str, value: int) -> str:
    """Return a value on an axis as text: "1,650 nodes"; of pod changes it counts thousandths a second."""
    if axis == "pod-changes":
        return f"{units.show_number(Fraction(value, MILLI))} {NOUNS[axis]}"
    return units.show_counted(value, units.singular(NOUNS[axis]))


def bare(axis: str, value: int) -> str:
    """Return a value on an axis without its noun."""
    return units.show_number(Fraction(value, MILLI)) if axis == "pod-changes" else units.show_count(value)


def _sentences(on: Toggles, bounds: Bounds, found: Found) -> list[str]:
    """Say what is odd about a wall: nothing could be run, or no more, or sizes beyond it hold again."""
    said = []
    named = "without any optimization" if on == NONE else f"with {shown(on)}"
    if not found.runs:
        said.append(f"{named}: even {shown_at(bounds.axis, bounds.least)} are too large to run")
    elif found.breaks_at is None and found.most < bounds.most:
        said.append(f"{named}: more than {shown_at(bounds.axis, found.holds_at)} are too large to run")
    if found.again:
        values = [bare(bounds.axis, value) for value in found.again]
        more = f" and {len(values) - LISTED} more" if len(values) > LISTED else ""
        said.append(
            f"{named}: not monotonic: every objective is kept again at {', '.join(values[:LISTED])}{more} "
            f"{NOUNS[bounds.axis]}; the limit is the lowest break"
        )
    return said
