"""How cost grows: a line a variant over each swept parameter, with the exponent of the fitted power."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import growth, rows, seeds, wording
from kscale.judge.growth import Grown
from kscale.judge.rows import WALL, Row
from kscale.measure.fit import Growth
from kscale.report import sweep_growth, sweep_words
from kscale.report.plot import chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.chosen import Side
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.results.record import Cell, Result
from kscale.units import LONGEST, quote, show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 12
HEIGHT = 3.5  # inches of a panel
HOW_READ = "log axes; exponent 1: twice the size, twice the cost; in brackets and as whiskers: 95 % interval"
OVER_SEEDS = "points: medians over seeds, whiskers of five and fewer from least to most"
FEW_READ = f"no exponent below {growth.LEAST_FITTED} sizes"
POOR_READ = "dashed: poor fit, no power of the size describes it"
LEGEND_ROOM = 0.1  # of the axis' height for each entry of the legend, above the lines
LEFT, FOOT = 1.0, 0.62  # inches of the axes' numbers


@dataclass(frozen=True, slots=True)
class Line:
    """One variant's cost over a swept parameter."""

    variant: str
    sizes: tuple[float, ...]
    costs: tuple[Side, ...]
    growth: Growth | None
    why: str = ""  # there is no growth

    @property
    def poor(self) -> bool:
        """Say whether no power of the size describes it."""
        return self.growth is not None and self.growth.poor

    @property
    def ratio(self) -> float | None:
        """Return the last cost over the first; None if their intervals do not part."""
        first, last = self.costs[0], self.costs[-1]
        known = first.known and last.known
        parted = last.low > first.high or last.high < first.low or first == last
        return last.value / first.value if known and parted else None


@dataclass(frozen=True, slots=True)
class Sweep:
    """Every variant's line over one parameter, the others held."""

    mechanism: str
    parameter: str
    metric: str
    witness: str
    held: str  # the other parameters as a cell's label has them, if it was swept at several points of them
    unit: str
    lines: tuple[Line, ...]
    of_sizes: str = ""  # unit of the parameter: ns or bytes, if it has one
    nothing: tuple[str, ...] = ()  # variants that cost nothing, which has no place on a log axis
    seeds: int = 1  # most of any point

    def tick(self, size: float) -> str:
        """Return a size of the parameter in words: "10k", "10 min"."""
        return style.tick_of(size, self.of_sizes)


def picture(asked: Asked) -> Picture:
    """Return the growth over each swept parameter; KscaleError if none was swept."""
    result = asked.results[0]
    found = [sweep for sweep in sweeps(result, asked) if sweep.lines]
    if not found:
        raise NothingToDraw(
            f"{asked.called[0]}: nothing to draw: no parameter has two sizes, all others equal"
        )
    shown = found[:MOST_PANELS]
    columns = 1 if len(shown) == 1 else 2
    width = NARROW if columns == 1 else WIDE
    rows = math.ceil(len(shown) / columns)

    def draw(canvas: Canvas) -> None:
        """Draw the panels, from left to right and down."""
        for panel, sweep in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            draw_sweep(panel, sweep)

    caption = f"{chosen.facts(result)} · {HOW_READ}"
    lines = [line for sweep in shown for line in sweep.lines]
    if any(line.why == growth.TOO_FEW for line in lines):
        caption += f" · {FEW_READ}"
    if any(line.poor for line in lines):
        caption += f" · {POOR_READ}"
    if any(sweep.seeds > 1 for sweep in shown):
        caption += f" · {OVER_SEEDS}"
    if len(found) > len(shown):
        caption += f" · {len(found) - len(shown)} more sweeps are not drawn"
    return Picture(finding(found), caption, width, HEIGHT * rows, draw)


def sweeps(result: Result, asked: Asked) -> list[Sweep]:
    """Return the growth over each swept numeric parameter, all other parameters equal, all seeds together.

    KscaleError if a parameter asked for is none of them.
    """
    found = [group for row, cells in _drawn(result, asked) for group in _groups(result, row, cells)]
    known = {one[1][0].parameter for one in found}
    for name in asked.by:
        if found and name not in known:
            raise KscaleError(f"--by {quote(name)}: not swept; {did_you_mean(name[:LONGEST], known)}")
    return [_sweep(row, group) for row, group in found if not asked.by or group[0].parameter in asked.by]


def finding(found: Sequence[Sweep]) -> str:
    """Return how much each variant's cost surely grows, where that differs most."""
    told = max(found, key=_contrast)
    first, last = (told.tick(told.lines[0].sizes[end]) for end in (0, -1))
    over = f"{told.parameter} from {first} to {last}" if told.of_sizes else ""
    held = f" ({told.held})" if told.held else ""
    sure = [f"{line.variant} {_grown(line.ratio)}" for line in told.lines if line.ratio is not None]
    unclear = [f"{line.variant} unclear" for line in told.lines if line.ratio is None]
    grown = "; ".join([*sure, *unclear]) if sure else "no growth is sure"
    return f"{told.mechanism}{held}: {over or f'from {first} to {last} {told.parameter}'}, {grown}"


def exponent(line: Line) -> str:
    """Return a fitted exponent for a legend, and whether the ends are too unsure to say that costs grow."""
    if line.growth is None:
        return (
            f"{len(line.sizes)} sizes, no exponent"
            if line.why == growth.TOO_FEW
            else "no exponent: 0 at some"
        )
    fit = line.growth
    sure = f" ({sweep_growth.interval(fit.low, fit.high)})" if fit.has_interval else ""
    said = f"exponent {sweep_growth.exponent(fit.exponent)}{sure}"
    if line.poor:
        return f"{sweep_growth.poor(fit.off)}, exponent {sweep_growth.exponent(fit.exponent)}"
    return f"{said}, unclear" if line.ratio is None else said


def draw_sweep(canvas: Canvas, sweep: Sweep) -> None:
    """Draw each variant's cost over the parameter, with the exponent of the fitted power."""
    over = f"by {sweep.parameter}" if sweep.of_sizes else f"as {sweep.parameter} grow"
    title = f"{sweep.mechanism}: {sweep.metric} {over}"
    head = canvas.heading(f"{title} ({sweep.held})" if sweep.held else title)
    axes = canvas.axes(LEFT + EDGE, head, EDGE * 2, FOOT)
    look = style.looks(line.variant for line in sweep.lines)
    for line in sweep.lines:
        _line(axes, line, look[line.variant])
    for variant in sweep.nothing:
        axes.errorbar([], [], color=style.MUTED, label=_label(variant, "0 at every size"))
    costs = [value for line in sweep.lines for side in line.costs for value in (side.low, side.high)]
    sizes = sorted({size for line in sweep.lines for size in line.sizes})
    low, high = style.limits(costs, room=0.12)
    entries = len(sweep.lines) + len(sweep.nothing)
    style.number_axis(axes, "y", sweep.unit, low, high * (high / low) ** (LEGEND_ROOM * entries))
    axes.set_xscale("log")
    axes.set_xlim(*style.limits(sizes))
    axes.set_xticks(sizes, labels=[sweep.tick(size) for size in sizes])
    axes.set_xticks([], minor=True)
    style.plain(axes)
    axes.set_xlabel(sweep.parameter, fontsize=style.SMALL)
    said = style.fitted(f"{sweep.metric} ({sweep.witness})", style.SMALL, canvas.height - head - FOOT)
    style.name_axis(axes, said, LEFT)
    axes.legend(fontsize=style.SMALL, frameon=False, loc="best")


def _line(axes: "Axes", line: Line, look: style.Look) -> None:
    """Draw one variant's points with whiskers, and the line between them: dashed where the fit is poor."""
    color, marker, _ = look
    costs = [side.value for side in line.costs]
    below = [side.value - side.low for side in line.costs]
    above = [side.high - side.value for side in line.costs]
    axes.errorbar(
        line.sizes,
        costs,
        yerr=[below, above],
        marker=marker,
        color=color,
        markersize=8,
        linewidth=2.4,
        linestyle=style.DASHED if line.poor else "-",
        capsize=4,
        label=_label(line.variant, exponent(line)),
    )


def _label(variant: str, said: str) -> str:
    """Return a variant's entry of a legend, which hides what begins with a line below."""
    label = f"{names.clipped(variant, 18)}: {said}"
    return f" {label}" if label.startswith("_") else label


def _drawn(result: Result, asked: Asked) -> list[tuple[Row, list[Cell]]]:
    """Return the cells of each mechanism that are drawn, with the first row that is."""
    found: dict[str, tuple[Row, list[Cell]]] = {}
    for cell, row in chosen.compared(result, asked):
        found.setdefault(cell.mechanism, (row, []))[1].append(cell)
    return list(found.values())


def _groups(result: Result, row: Row, cells: Sequence[Cell]) -> Iterator[tuple[Row, list[Grown]]]:
    """Yield every variant's growth over each parameter, apart for each point of the others."""
    grown = growth.of_cells(rows.described(result, cells[0]), cells, row.metric)
    for _, group in groupby(
        grown, key=lambda one: (one.parameter, seeds.place_of(one.cells[0][0], one.parameter))
    ):
        yield row, list(group)


def _sweep(row: Row, group: Sequence[Grown]) -> Sweep:
    """Return the lines of one parameter: baseline and optimized first."""
    first = group[0]
    of_sizes = next((unit for unit in ("ns", "bytes") if first.parameter.endswith(f"_{unit}")), "")
    ordered = sorted(group, key=lambda one: [*style.COLORS, one.variant].index(one.variant))
    lines = [_measured(row, one) for one in ordered if not one.nothing]
    return Sweep(
        mechanism=names.short(first.mechanism),
        parameter=names.short(sweep_words.parameter(first.parameter)),
        metric=names.metric(row),
        witness=chosen.witness(row.info),
        held=names.short(first.held, names.LABEL) if first.held else "",
        unit="ns" if row.metric == WALL else row.info.unit,
        lines=tuple(line for line in lines if len(line.sizes) >= growth.LEAST_SIZES),
        of_sizes=of_sizes,
        nothing=tuple(names.short(one.variant) for one in ordered if one.nothing),
        seeds=max(len(cells) for one in group for cells in one.cells),
    )


def _measured(row: Row, grown: Grown) -> Line:
    """Return one variant's points; 0 has no place on a log axis."""
    sides = [_side(row, grown, cells) for cells in grown.cells]
    kept = [(size, side) for size, side in zip(grown.sizes, sides, strict=True) if side.value > 0]
    return Line(
        variant=names.short(grown.variant),
        sizes=tuple(size for size, _ in kept),
        costs=tuple(side for _, side in kept),
        growth=grown.fitted,
        why=grown.why,
    )


def _side(row: Row, grown: Grown, cells: Sequence[Cell]) -> Side:
    """Return what a variant costs at one size: of several seeds the middle, and how far they differ."""
    if len(cells) == 1:
        return chosen.side(row, cells[0], grown.variant)
    costs = [growth.cost_of(cell.variants[grown.variant], grown.metric, grown.per) for cell in cells]
    spread = seeds.over([cost for cost in costs if cost is not None])
    shown = wording.amount(spread.median, "ns" if row.metric == WALL else row.info.unit)
    return Side(spread.median, spread.low, spread.high, shown)


def _contrast(sweep: Sweep) -> float:
    """Return how much more the cost of one line surely grows than that of another; -1 if none surely does."""
    ratios = [line.ratio for line in sweep.lines]
    if not any(ratios):
        return -1.0
    grown = [math.log(ratio or 1.0) for ratio in ratios]
    return max(grown) - min(grown)


def _grown(ratio: float) -> str:
    """Return "costs 53.4x as much", "costs the same", "costs 1.2x less"."""
    if show_ratio(ratio) == show_ratio(1.0):
        return "costs the same"
    return f"costs {show_ratio(ratio)} as much" if ratio > 1 else f"costs {show_ratio(1 / ratio)} less"
