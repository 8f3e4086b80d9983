"""Cells that differ in their seed only, as one: medians, and how far seeds differ.

A change is the median of the changes that each seed shows, as is its interval: medians of both sides may be
those of two different seeds, and their ratio one that no seed has.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from kscale.engine.task import SEED
from kscale.judge import rows, verdict
from kscale.judge.rows import Amount, Middle, Row
from kscale.judge.verdict import Verdict
from kscale.measure import point, stats
from kscale.measure.stats import FEWEST, Ratio
from kscale.results.record import Cell, MechanismInfo, Result

PPM = "ppm"


@dataclass(frozen=True, slots=True)
class Spread:
    """One counter of one variant at one point, over all seeds."""

    median: float
    low: float  # 95 % interval of the median from six seeds on, else least and most
    high: float
    seeds: int


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a sweep: its cells, one a seed."""

    mechanism: str
    params: dict[str, bool | int | float | str | None]  # without the seed
    label: str  # without the seed
    cells: tuple[Cell, ...]  # by seed

    def spread(self, variant: str, metric: str) -> Spread | None:
        """Return a counter over seeds; None if no cell has it."""
        works = [cell.variants[variant].work for cell in self.cells if variant in cell.variants]
        found = [work[metric] for work in works if metric in work]
        return over(found) if found else None


@dataclass(frozen=True, slots=True)
class Change:
    """One metric of one variant beside the baseline, at one point, over all seeds."""

    row: Row  # sides are medians over seeds; its change and its verdict are those of all seeds
    seeds: int
    low: float  # after over before, seed by seed: interval as of a Spread; of ppm the difference
    high: float

    @property
    def varies(self) -> bool:
        """Say whether seeds differ in it."""
        return self.low != self.high


def over(values: Sequence[float]) -> Spread:
    """Return the middle of one value a seed, and how far they differ."""
    low, high = stats.median_interval(values) if len(values) >= FEWEST else (min(values), max(values))
    return Spread(stats.median(values), low, high, len(values))


def points(result: Result) -> list[Point]:
    """Return the points of a result in its order; of a result without seeds, one a cell."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in result.cells:
        found.setdefault(place_of(cell), []).append(cell)
    return [
        Point(
            mechanism=cells[0].mechanism,
            params={name: value for name, value in cells[0].params.items() if name != SEED},
            label=label_without(cells[0], SEED),
            cells=tuple(sorted(cells, key=_seed)),
        )
        for cells in found.values()
    ]


def place_of(cell: Cell, *left_out: str) -> tuple[str, str]:
    """Return what a cell is, its seed and the parameters *left_out* apart."""
    kept = sorted(name for name in cell.params if name != SEED and name not in left_out)
    return cell.mechanism, repr([(name, cell.params[name]) for name in kept])


def label_without(cell: Cell, *names: str) -> str:
    """Return a cell's point in words, some of its parameters left out."""
    given = [name for name in names if name in cell.params]
    said = {point.say(name, cell.params[name]) for name in given}
    if not said:
        return cell.label
    return ", ".join(part for part in cell.label.split(", ") if part not in said) or point.DEFAULTS


def changes(info: MechanismInfo, at: Point, variant: str, before: str) -> dict[str, Change]:
    """Return each metric of a variant beside that of another one, over all seeds that have both.

    Each seed is a workload of its own, so that changes are taken seed by seed. A counter is better or worse
    if the whole interval of its changes is, of fewer than six seeds if every one of them is. It is the same
    if every seed says so; else it is unclear.
    """
    found: dict[str, list[Row]] = {}
    for cell in at.cells:
        if {before, variant} <= cell.variants.keys():
            for row in rows.of_cell(info, cell, before, variant):
                found.setdefault(row.metric, []).append(row)
    return {metric: _change(every, at.label) for metric, every in found.items()}


def _change(found: Sequence[Row], label: str) -> Change:
    """Return one metric over its row of each seed."""
    if len(found) == 1:
        return Change(replace(found[0], at=label), 1, *([_moved(found[0])] * 2))
    spread = over([_moved(row) for row in found])
    a, b = (stats.median(side) for side in ([one.a.value for one in found], [one.b.value for one in found]))
    timed = found[0].ratio is not None
    row = replace(
        found[0],
        at=label,
        a=Amount(_whole(a)),
        b=Amount(_whole(b)),
        verdict=_of_times(found, spread) if timed else _of_counts(found, spread),
        ratio=Ratio(spread.median, spread.low, spread.high, len(found)) if timed else None,
        times=None,
        extrapolated=any(row.extrapolated for row in found),
        middle=None if timed else _middle(found),
    )
    return Change(row, len(found), spread.low, spread.high)


def _middle(found: Sequence[Row]) -> Middle:
    """Return how a counter changes in the middle of all seeds."""
    ratio, by = (stats.median(every) for every in ([one.change for one in found], [one.by for one in found]))
    return Middle(ratio, _whole(by))


def _moved(row: Row) -> float:
    """Return after over before; of a share, which is in ppm, after less before."""
    return float(row.by) if row.info.unit == PPM else row.change


def _of_counts(found: Sequence[Row], spread: Spread) -> Verdict | None:
    """Judge a counter by all seeds: the whole spread must lie on one side, or none of them may change."""
    info, nothing = found[0].info, 0.0 if found[0].info.unit == PPM else 1.0
    if info.kind == "resource":
        return None
    if not any(row.by for row in found):
        return Verdict.SAME
    if info.better == "none":
        return None
    if spread.low <= nothing <= spread.high:
        return Verdict.UNCLEAR
    return Verdict.BETTER if (spread.high < nothing) == (info.better == "lower") else Verdict.WORSE


def _of_times(found: Sequence[Row], spread: Spread) -> Verdict | None:
    """Judge a time by the interval over seeds; of too few for one, by what is said of each."""
    said = {row.verdict for row in found}
    if len(said) == 1:
        return said.pop()
    if len(found) < FEWEST or None in said:
        return Verdict.UNCLEAR
    ratio = Ratio(spread.median, spread.low, spread.high, len(found))
    return verdict.of_timing(ratio, max(row.margin for row in found), verdict.MARGIN)


def _whole(value: float) -> float | int:
    """Return a median of counts as a count, if it is one."""
    return int(value) if math.isfinite(value) and value == int(value) else value


def _seed(cell: Cell) -> float:
    """Return a cell's seed to sort by; cells without one stay as they are."""
    seed = cell.params.get(SEED)
    return float(seed) if isinstance(seed, int | float) else 0.0
