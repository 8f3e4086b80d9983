"""What a picture of a result shows, as plain numbers: bars, growth lines, and the finding in words.

Times where there are any; of a run that took none, each mechanism's first headline counter.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from kscale.judge import rows, wording
from kscale.judge.rows import WALL, Row
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.measure.stats import Growth
from kscale.report.cells import metric_name
from kscale.report.text import clean, words
from kscale.results.record import Cell, Result
from kscale.units import show_number, show_ratio

BASELINE, OPTIMIZED = "baseline", "optimized"
FEWEST_SIZES = 2  # of a line


@dataclass(frozen=True, slots=True)
class Side:
    """One bar: a value and the interval of its median, if there is one."""

    value: float
    low: float
    high: float
    shown: str


@dataclass(frozen=True, slots=True)
class Bars:
    """One cell, before and after."""

    mechanism: str
    metric: str
    timed: bool
    unit: str
    label: str
    baseline: Side
    optimized: Side
    speedup: float  # before over after; above 1 the optimization won
    verdict: Verdict | None
    said: str


@dataclass(frozen=True, slots=True)
class Line:
    """One variant's cost over a swept parameter."""

    variant: str
    sizes: tuple[float, ...]
    costs: tuple[Side, ...]
    growth: Growth | None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Every variant's line over one parameter, the others held."""

    mechanism: str
    parameter: str
    metric: str
    held: str  # the other parameters, if the mechanism was swept at several points of them
    unit: str
    lines: tuple[Line, ...]


def bars(result: Result) -> list[Bars]:
    """Return a pair of bars for each cell that has both variants; times if any cell was timed."""
    return [_bars(row, cell) for cell, row in _compared(result)]


def sweeps(result: Result) -> list[Sweep]:
    """Return the growth over each swept numeric parameter, all other parameters equal."""
    groups: dict[tuple[str, str, str], list[tuple[float, Cell, Row]]] = {}
    for cell, row in _compared(result):
        for name, size in cell.params.items():
            if isinstance(size, int | float) and not isinstance(size, bool) and size > 0:
                rest = ", ".join(
                    f"{words(k)} {clean(v)}" for k, v in sorted(cell.params.items()) if k != name
                )
                groups.setdefault((cell.mechanism, name, rest), []).append((float(size), cell, row))
    found = {
        key: points for key, points in groups.items() if len({size for size, *_ in points}) >= FEWEST_SIZES
    }
    several = [key[:2] for key in found]
    return [
        _sweep(key, sorted(points, key=lambda point: point[0]), held=several.count(key[:2]) > 1)
        for key, points in found.items()
    ]


def finding(shown: list[Bars]) -> str:
    """Return what the picture says, in one sentence: gains, losses and undecided alike."""
    verb, gain, loss = ("is", "faster", "slower") if shown[0].timed else ("does", "less work", "more work")
    won = [one.speedup for one in shown if one.verdict is Verdict.BETTER]
    lost = [1 / one.speedup if one.speedup else math.inf for one in shown if one.verdict is Verdict.WORSE]
    rest = len(shown) - len(won) - len(lost)
    if not won and not lost:
        return f"Optimized makes no clear difference in {_cells(len(shown))}"
    parts = []
    if won:
        parts.append(f"{_range(won)}{gain}{_share(won, shown)}")
    if lost:
        parts.append(f"{_range(lost)}{loss}" + (f" in {len(lost)}" if won else _share(lost, shown)))
    if rest and (len(won) + len(lost) < len(shown)):
        parts.append(f"no clear difference in {rest}")
    return f"Optimized {verb} {'; '.join(parts)}"


def exponent(growth: Growth | None) -> str:
    """Return a fitted exponent for a legend."""
    if growth is None:
        return "no fit"
    value = Fraction(round(growth.exponent * 100), 100)
    return f"exponent {'-' if value < 0 else ''}{show_number(abs(value))}"


def _compared(result: Result) -> Iterator[tuple[Cell, Row]]:
    """Return each cell's row that is drawn."""
    found = []
    for cell in result.cells:
        if {BASELINE, OPTIMIZED} <= cell.variants.keys():
            info = rows.described(result, cell)
            found.append((cell, list(rows.of_cell(info, cell, BASELINE, OPTIMIZED))))
    timed = any(row.ratio is not None for _, compared in found for row in compared)
    for cell, compared in found:
        fits = [row for row in compared if (row.metric == WALL if timed else row.info.headline)]
        if fits:
            yield cell, fits[0]


def _bars(row: Row, cell: Cell) -> Bars:
    """Return the bars of one row."""
    before, after = _side(row, cell, BASELINE), _side(row, cell, OPTIMIZED)
    speedup = 1 / row.change if row.change else math.inf
    return Bars(
        mechanism=clean(cell.mechanism),
        metric=metric_name(row),
        timed=row.metric == WALL,
        unit=row.info.unit,
        label=clean(cell.label),
        baseline=before,
        optimized=after,
        speedup=speedup,
        verdict=row.verdict,
        said=_said(row, speedup),
    )


def _said(row: Row, speedup: float) -> str:
    """Return the change as a ratio, or the verdict where there is none to state."""
    if row.verdict is None:
        return "too few pairs" if row.ratio is not None else wording.change(row)
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        return str(row.verdict)
    if row.ratio is None:
        return wording.change(row)
    return f"{show_ratio(speedup)} faster" if speedup > 1 else f"{show_ratio(1 / speedup)} slower"


def _side(row: Row, cell: Cell, variant: str) -> Side:
    """Return what one variant's bar or point shows."""
    record = cell.variants[variant]
    if row.metric != WALL:
        value = float(record.work[row.metric])
        return Side(value, value, value, wording.amount(record.work[row.metric], row.info.unit))
    amount = rows.amount_of_time(row.per, record)
    assert record.wall_ns is not None  # noqa: S101 - the row is of timed variants
    low, high = stats.median_interval(stats.per_run(record.wall_ns))
    units = max(1, record.work.get(row.per, 1))
    known = math.isfinite(high)
    return Side(
        amount.value,
        low / units if known else amount.value,
        high / units if known else amount.value,
        wording.amount(amount.value, "ns"),
    )


def _sweep(key: tuple[str, str, str], points: list[tuple[float, Cell, Row]], *, held: bool) -> Sweep:
    """Return the lines of one parameter: baseline and optimized first."""
    mechanism, parameter, rest = key
    first = points[0][2]
    names = dict.fromkeys([BASELINE, OPTIMIZED, *(name for _, cell, _ in points for name in cell.variants)])
    lines = (_line(name, points) for name in names)
    return Sweep(
        mechanism=clean(mechanism),
        parameter=words(parameter),
        metric=metric_name(first),
        held=rest if held else "",
        unit="ns" if first.metric == WALL else first.info.unit,
        lines=tuple(line for line in lines if len(line.sizes) >= FEWEST_SIZES),
    )


def _line(variant: str, points: list[tuple[float, Cell, Row]]) -> Line:
    """Return one variant's points, those it was measured at; 0 has no place on a log axis."""
    found: Mapping[float, Side] = {
        size: side
        for size, cell, row in points
        if _has(cell, variant, row)
        for side in (_side(row, cell, variant),)
        if side.value > 0
    }
    costs = tuple(found.values())
    growth = stats.growth(list(found), [side.value for side in costs]) if len(found) >= FEWEST_SIZES else None
    return Line(clean(variant), tuple(found), costs, growth)


def _has(cell: Cell, variant: str, row: Row) -> bool:
    """Say whether a variant was measured in a cell."""
    record = cell.variants.get(variant)
    if record is None:
        return False
    return (
        record.wall_ns is not None and bool(record.wall_ns.values)
        if row.metric == WALL
        else row.metric in record.work
    )


def _range(ratios: list[float]) -> str:
    """Return "2.2x to 469x ", or one ratio, or nothing of work that went to 0 everywhere."""
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    if not known:
        return ""
    low, high = show_ratio(min(known)), show_ratio(max(known))
    if len(known) < len(ratios):
        return f"at least {low} "
    return f"{low} " if low == high else f"{low} to {high} "


def _share(some: list[float], shown: list[Bars]) -> str:
    """Return in how many cells, unless it is all of them."""
    return "" if len(some) == len(shown) else f" in {len(some)} of {_cells(len(shown))}"


def _cells(number: int) -> str:
    """Return "1 cell", "10 cells"."""
    return f"{number} cell{'' if number == 1 else 's'}"
