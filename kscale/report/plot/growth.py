"""How cost grows: a line a variant over each swept parameter, with the exponent of the fitted power."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kscale.errors import KscaleError, did_you_mean
from kscale.judge.rows import WALL, Row
from kscale.measure import stats
from kscale.measure.stats import Growth
from kscale.report.cells import metric_name
from kscale.report.plot import chosen, style
from kscale.report.plot.asked import Asked
from kscale.report.plot.chosen import Side
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.report.text import clean, words
from kscale.results.record import Cell, Result
from kscale.units import LONGEST, quote, show_number, show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST_SIZES = 2  # of a line
MOST_PANELS = 12
HEIGHT = 3.5  # inches of a panel
HOW_READ = "log axes; exponent 1: twice the size, twice the cost; whiskers: 95 % interval"
LEFT, FOOT = 1.0, 0.62  # inches of the axes' numbers


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
    witness: str
    held: str  # the other parameters, if the mechanism was swept at several points of them
    unit: str
    lines: tuple[Line, ...]


def picture(asked: Asked) -> Picture:
    """Return the growth over each swept parameter; KscaleError if none was swept."""
    result = asked.results[0]
    found = [sweep for sweep in sweeps(result, asked) if sweep.lines]
    if not found:
        raise KscaleError(f"{asked.called[0]}: nothing to draw: no parameter has two sizes, all others equal")
    shown = found[:MOST_PANELS]
    columns = 1 if len(shown) == 1 else 2
    width = NARROW if columns == 1 else WIDE
    rows = math.ceil(len(shown) / columns)

    def draw(canvas: Canvas) -> None:
        """Draw the panels, from left to right and down."""
        for panel, sweep in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            draw_sweep(panel, sweep)

    caption = f"{chosen.facts(result)} · {HOW_READ}"
    if len(found) > len(shown):
        caption += f" · {len(found) - len(shown)} more sweeps are not drawn"
    return Picture(finding(found), caption, width, HEIGHT * rows, draw)


def sweeps(result: Result, asked: Asked) -> list[Sweep]:
    """Return the growth over each swept numeric parameter, all other parameters equal.

    KscaleError if a parameter asked for is none of them.
    """
    groups: dict[tuple[str, str, str], list[tuple[float, Cell, Row]]] = {}
    for cell, row in chosen.compared(result, asked):
        for name, value in cell.params.items():
            size = chosen.size(value)
            if size is not None:
                rest = ", ".join(
                    f"{words(k)} {clean(v)}" for k, v in sorted(cell.params.items()) if k != name
                )
                groups.setdefault((cell.mechanism, name, rest), []).append((float(size), cell, row))
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
    """Return how much each variant's cost grows, where the growth differs most."""
    told = max(found, key=_contrast)
    grown = [
        f"{line.variant} {'costs ' if number == 0 else ''}{_grown(line)}"
        for number, line in enumerate(told.lines)
    ]
    first, last = told.lines[0].sizes[0], told.lines[0].sizes[-1]
    over = f"from {style.tick_of(first)} to {style.tick_of(last)} {told.parameter}"
    return f"{told.mechanism}: {over}, {'; '.join(grown)}"


def exponent(growth: Growth | None) -> str:
    """Return a fitted exponent for a legend."""
    if growth is None:
        return "no fit"
    value = Fraction(round(growth.exponent * 100), 100)
    return f"exponent {'-' if value < 0 else ''}{show_number(abs(value))}"


def draw_sweep(canvas: Canvas, sweep: Sweep) -> None:
    """Draw each variant's cost over the parameter, with the exponent of the fitted power."""
    title = f"{sweep.mechanism}: {sweep.metric} as {sweep.parameter} grow"
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
    axes.set_xticks(sizes, labels=[style.tick_of(size) for size in sizes])
    axes.set_xticks([], minor=True)
    style.plain(axes)
    axes.set_xlabel(sweep.parameter, fontsize=style.SMALL)
    said = style.fitted(f"{sweep.metric} ({sweep.witness})", style.SMALL, canvas.height - head - FOOT)
    axes.set_ylabel(said, fontsize=style.SMALL)
    axes.legend(fontsize=style.SMALL, frameon=False, loc="best")


def _line(axes: "Axes", line: Line, look: style.Look) -> None:
    """Draw one variant's points with whiskers, and the line between them."""
    color, marker, _ = look
    costs = [side.value for side in line.costs]
    below = [side.value - side.low for side in line.costs]
    above = [side.high - side.value for side in line.costs]
    label = f"{style.clipped(line.variant)}: {exponent(line.growth)}"
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


def _sweep(key: tuple[str, str, str], points: list[tuple[float, Cell, Row]], *, held: bool) -> Sweep:
    """Return the lines of one parameter: baseline and optimized first."""
    mechanism, parameter, rest = key
    first = points[0][2]
    names = dict.fromkeys(
        [*style.COLORS, *(name for _, cell, _ in points for name in cell.variants)],
    )
    lines = (_measured(name, points) for name in names)
    return Sweep(
        mechanism=clean(mechanism),
        parameter=words(parameter),
        metric=metric_name(first),
        witness=chosen.witness(first.info),
        held=rest if held else "",
        unit="ns" if first.metric == WALL else first.info.unit,
        lines=tuple(line for line in lines if len(line.sizes) >= FEWEST_SIZES),
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
    growth = stats.growth(list(found), [side.value for side in costs]) if len(found) >= FEWEST_SIZES else None
    return Line(clean(variant), tuple(found), costs, growth)


def _contrast(sweep: Sweep) -> float:
    """Return how much steeper the steepest line of a sweep is than its flattest."""
    slopes = [line.growth.exponent for line in sweep.lines if line.growth is not None]
    return max(slopes) - min(slopes) if slopes else 0.0


def _grown(line: Line) -> str:
    """Return "53.4x more", "the same", "1.2x less"."""
    ratio = line.costs[-1].value / line.costs[0].value
    if show_ratio(ratio) == show_ratio(1.0) or ratio == 1:
        return "the same"
    return f"{show_ratio(ratio)} as much" if ratio > 1 else f"{show_ratio(1 / ratio)} less"
