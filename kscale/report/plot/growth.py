"""How cost grows: a line a variant over each swept parameter, with the exponent of the fitted power."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import compare
from kscale.judge.rows import WALL, Row
from kscale.measure import stats
from kscale.measure.stats import Growth
from kscale.report.plot import chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.chosen import Side
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.report.text import words
from kscale.results.record import Cell, Result
from kscale.units import LONGEST, quote, show_number, show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SIZES = 2  # of a line
FEWEST_FITTED = 3  # of an exponent: two points always lie on a line
MOST_PANELS = 12
HEIGHT = 3.5  # inches of a panel
HOW_READ = "log axes; exponent 1: twice the size, twice the cost; whiskers: 95 % interval"
FEW_READ = f"no exponent below {FEWEST_FITTED} sizes"
LEFT, FOOT = 1.0, 0.62  # inches of the axes' numbers


Place = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One variant's cost over a swept parameter."""

    variant: str
    sizes: tuple[float, ...]
    costs: tuple[Side, ...]
    growth: Growth | None

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
    if any(line.growth is None for sweep in shown for line in sweep.lines):
        caption += f" · {FEW_READ}"
    if len(found) > len(shown):
        caption += f" · {len(found) - len(shown)} more sweeps are not drawn"
    return Picture(finding(found), caption, width, HEIGHT * rows, draw)


def sweeps(result: Result, asked: Asked) -> list[Sweep]:
    """Return the growth over each swept numeric parameter, all other parameters equal.

    KscaleError if a parameter asked for is none of them.
    """
    groups: dict[tuple[str, str, Place], list[tuple[float, Cell, Row]]] = {}
    for cell, row in chosen.compared(result, asked):
        for name, value in cell.params.items():
            size = chosen.size(value)
            if size is not None:
                key = cell.mechanism, name, compare.place_of(cell, name)
                groups.setdefault(key, []).append((float(size), cell, row))
    found = {
        key: points for key, points in groups.items() if len({size for size, *_ in points}) >= FEWEST_SIZES
    }
    known = {key[1] for key in found}
    for name in asked.by:
        if found and name not in known:
            raise KscaleError(f"--by {quote(name)}: not swept; {did_you_mean(name[:LONGEST], known)}")
    several = [key[:2] for key in found]
    return [
        _sweep(key, sorted(points, key=lambda point: point[0]), held=several.count(key[:2]) > 1)
        for key, points in found.items()
        if not asked.by or key[1] in asked.by
    ]


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
        return f"{len(line.sizes)} sizes, no exponent"
    value = Fraction(round(line.growth.exponent * 100), 100)
    doubt = ", unclear" if line.ratio is None else ""
    return f"exponent {'-' if value < 0 else ''}{show_number(abs(value))}{doubt}"


def draw_sweep(canvas: Canvas, sweep: Sweep) -> None:
    """Draw each variant's cost over the parameter, with the exponent of the fitted power."""
    over = f"by {sweep.parameter}" if sweep.of_sizes else f"as {sweep.parameter} grow"
    title = f"{sweep.mechanism}: {sweep.metric} {over}"
    head = canvas.heading(f"{title} ({sweep.held})" if sweep.held else title)
    axes = canvas.axes(LEFT + EDGE, head, EDGE * 2, FOOT)
    look = style.looks(line.variant for line in sweep.lines)
    for line in sweep.lines:
        _line(axes, line, look[line.variant])
    costs = [value for line in sweep.lines for side in line.costs for value in (side.low, side.high)]
    sizes = sorted({size for line in sweep.lines for size in line.sizes})
    style.number_axis(axes, "y", sweep.unit, *style.limits(costs, room=0.12))
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
    """Draw one variant's points with whiskers, and the line between them."""
    color, marker, _ = look
    costs = [side.value for side in line.costs]
    below = [side.value - side.low for side in line.costs]
    above = [side.high - side.value for side in line.costs]
    label = f"{names.clipped(line.variant, 18)}: {exponent(line)}"
    axes.errorbar(
        line.sizes,
        costs,
        yerr=[below, above],
        marker=marker,
        color=color,
        markersize=8,
        linewidth=2.4,
        capsize=4,
        label=f" {label}" if label.startswith("_") else label,
    )


def _sweep(key: tuple[str, str, Place], points: list[tuple[float, Cell, Row]], *, held: bool) -> Sweep:
    """Return the lines of one parameter: baseline and optimized first."""
    mechanism, parameter, _ = key
    of_sizes = next((unit for unit in ("ns", "bytes") if parameter.endswith(f"_{unit}")), "")
    cell, first = points[0][1:]
    variants = dict.fromkeys(
        [*style.COLORS, *(name for _, one, _ in points for name in one.variants)],
    )
    lines = (_measured(name, points) for name in variants)
    return Sweep(
        mechanism=names.short(mechanism),
        parameter=names.short(words(parameter.removesuffix(f"_{of_sizes}"))),
        metric=names.metric(first),
        witness=chosen.witness(first.info),
        held=names.short(compare.label_without(cell, parameter), names.LABEL) if held else "",
        unit="ns" if first.metric == WALL else first.info.unit,
        lines=tuple(line for line in lines if len(line.sizes) >= FEWEST_SIZES),
        of_sizes=of_sizes,
    )


def _measured(variant: str, points: list[tuple[float, Cell, Row]]) -> Line:
    """Return one variant's points, those it was measured at; 0 has no place on a log axis."""
    found: Mapping[float, Side] = {
        size: side
        for size, cell, row in points
        if chosen.has(cell, variant, row.metric)
        for side in (chosen.side(row, cell, variant),)
        if side.value > 0
    }
    costs = tuple(found.values())
    growth = (
        stats.growth(list(found), [side.value for side in costs]) if len(found) >= FEWEST_FITTED else None
    )
    return Line(names.short(variant), tuple(found), costs, growth)


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
