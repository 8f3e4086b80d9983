"""Where a change wins over one swept amount: the ratio as a curve, and where it passes 1.

Below the curve stand both sides' numbers at each point, for it may be no plain power of the amount.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from kscale.judge import wording
from kscale.report.plot import crossing, marks, names, room, style, ticked, turns
from kscale.report.plot.amounts import Own
from kscale.report.plot.asked import Asked
from kscale.report.plot.panels import Panel
from kscale.report.plot.picture import EDGE, Canvas
from kscale.report.plot.room import Box, Spot
from kscale.report.plot.turns import Turn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 4.4  # inches of one curve
LEFT, FOOT, ROW = 1.35, 0.42, 0.23  # inches: of names beside, of the axis' values, of a line of numbers
LEAST = math.log(1.25)  # the axis goes at least so far both ways
TINT = 0.12
DOT = 0.14  # inches of a point
AWAY = 0.1  # inches from a line across to its words
TOP, BELOW = 0.25, 0.33  # inches: at the top for what lines across are, beyond the outermost points
SHIFTS = (
    (0, 1),
    (1, 1),
    (-1, 1),
    (1, -1),
    (-1, -1),
    (0, -1),
)  # of a label from its dot, away from the middle first
STEP = 0.3  # inches between two ticks
TICKS = (1.05, 1.1, 1.2, 1.5, 2, 3, 5, *(one * 10.0**power for power in range(1, 19) for one in (1, 2, 5)))
HOW_READ = (
    "the curve is the cost of one side over the other's, on a log scale; full dots: sure, hollow: not;"
    " bars: the 95 % interval of the median over seeds (below six: least to most), or of a time"
)


def draw(canvas: Canvas, heading: str, panel: Panel, asked: Asked, marked: Mapping[str, Own]) -> None:
    """Draw one curve, and both sides' numbers below it."""
    head = canvas.heading(heading)
    foot = FOOT + 2 * ROW
    axes = canvas.axes(LEFT, head, EDGE * 3, foot)
    wide, tall = canvas.width - LEFT - EDGE * 3, canvas.height - head - foot
    places = panel.axes[0].places
    found = [panel.turns[at] for at in sorted(panel.turns)]
    spare = max(style.width_of(found[end].change, style.SMALL) for end in (0, -1)) / 2 + 0.05
    spare *= (places[-1] - places[0]) / (wide - 2 * spare)
    axes.set_xlim(places[0] - spare, places[-1] + spare)
    low, high = _range(found, tall)
    axes.set_ylim(low, high)
    look = style.looks([asked.before, asked.after])
    axes.axhspan(low, 0, color=look[asked.after][0], alpha=TINT, linewidth=0)
    axes.axhspan(0, high, color=look[asked.before][0], alpha=TINT, linewidth=0)
    axes.axhline(0, color=style.MUTED, linewidth=1.4)
    _curve(axes, panel)
    _crossings(axes, panel, wide)
    lines = _lines(axes, panel, (wide, tall))
    inches = room.in_inches(axes, (wide, tall))
    dots = [room.around(inches(spot), DOT, DOT) for spot in _spots(panel)]
    covered = [*dots, *marks.along(axes, panel, marked, (wide, tall), lines, dots)]
    numbers = _numbers(panel)
    widths = [max(style.width_of(text, style.SMALL) for text in both) for both in numbers]
    kept = ticked.values(axes, "x", panel.axes[0], wide, widths)
    _changes(axes, panel, (wide, tall), lines, covered)
    style.plain(axes, grid=None)
    _ratio_ticks(axes, found[0], low, high, tall)
    _write(axes, panel, asked, [(i, numbers[i]) for i in kept])


def passings(panel: Panel) -> list[tuple[int, int, float, bool]]:
    """Return between which measured points the curve passes 1, where, and whether both are sure."""
    (axis,) = panel.axes
    measured = sorted(at for (at,) in panel.turns)
    found = []
    for a, b in pairwise(measured):
        one, other = (panel.turns[at,] for at in (a, b))
        part = crossing.share(one.log, other.log)
        if part is not None and b == a + 1:
            places = axis.places
            sure = known(one) and known(other) and axis.scale.even(axis.amounts[a], axis.amounts[b])
            found.append((a, b, places[a] + part * (places[b] - places[a]), sure))
    return found


def known(one: Turn) -> bool:
    """Say whether a point is sure: who wins there, or that both are equal."""
    return one.sure or one.equal


def _range(found: Sequence[Turn], tall: float) -> tuple[float, float]:
    """Return the ends of an axis of ratios that is *tall* inches long, as logarithms; with room for words."""
    ends = [one.height(value) for one in found for value in (one.low, one.high, one.ratio)]
    low, high = min(-LEAST, *ends), max(LEAST, *ends)
    inch = (high - low) / (tall - BELOW - BELOW - TOP)
    return low - BELOW * inch, high + (BELOW + TOP) * inch


def _curve(axes: "Axes", panel: Panel) -> None:
    """Draw the points, their bars, and the line between neighbours that were both measured."""
    places = panel.axes[0].places
    for (at,), one in panel.turns.items():
        ends = sorted((one.height(one.low), one.height(one.high)))
        axes.plot([places[at]] * 2, ends, color=style.TEXT, linewidth=1.6, zorder=3)
        axes.plot(
            [places[at]],
            [one.log],
            color=style.TEXT,
            linestyle="none",
            marker="o",
            markersize=8,
            markerfacecolor=style.TEXT if known(one) else style.SURFACE,
            markeredgecolor=style.TEXT,
            markeredgewidth=1.8,
            zorder=5,
        )
        after = panel.turns.get((at + 1,))
        if after is not None:
            dashes = "solid" if known(one) and known(after) else style.DASHED
            axes.plot(
                [places[at], places[at + 1]],
                [one.log, after.log],
                color=style.TEXT,
                linewidth=2,
                linestyle=dashes,
                zorder=4,
            )


def _crossings(axes: "Axes", panel: Panel, wide: float) -> None:
    """Mark where the curve passes 1, with the measured points beside it."""
    found = passings(panel)
    if not found:
        return
    (axis,) = panel.axes
    said = [f"equal between {axis.tick(a)} and {axis.tick(b)}" for a, b, *_ in found]
    low, high = axes.get_xlim()
    places = [place * wide / (high - low) for *_, place, _ in found]
    written = ticked.fitting(places, [style.width_of(text, style.SMALL, bold=True) for text in said])
    for number, (_, _, place, sure) in enumerate(found):
        axes.axvline(place, color=style.TEXT, linewidth=1.8, linestyle="solid" if sure else style.DASHED)
        if number in written:
            _beside(axes, place, said[number], wide)


def _beside(axes: "Axes", place: float, said: str, wide: float) -> None:
    """Write what a line across the plot is, at its upper end, on the side that has room, or cut off."""
    low, high = axes.get_xlim()
    after = wide * (place - low) / (high - low)
    if style.width_of(said, style.SMALL, bold=True) + AWAY > max(after, wide - after):
        said = said.removeprefix("equal ")
    needed = style.width_of(said, style.SMALL, bold=True) + AWAY
    right = needed <= wide - after or (needed > after and wide - after > after)
    said = style.cut(said, style.SMALL, (wide - after if right else after) - AWAY, bold=True)
    axes.annotate(
        said,
        (place, 1),
        xycoords=("data", "axes fraction"),
        xytext=(6 if right else -6, -3),
        textcoords="offset points",
        ha="left" if right else "right",
        va="top",
        fontsize=style.SMALL,
        fontweight="bold",
    )


def _lines(axes: "Axes", panel: Panel, size: tuple[float, float]) -> list[tuple[Spot, Spot]]:
    """Return what no word may cover, in inches: the curve, its bars, where it passes 1, equal cost."""
    left, right = axes.get_xlim()
    low, high = axes.get_ylim()
    places = panel.axes[0].places
    found = sorted((at, one) for (at,), one in panel.turns.items())
    lines = [((places[a], one.log), (places[b], other.log)) for (a, one), (b, other) in pairwise(found)]
    lines += [((places[at], one.height(one.low)), (places[at], one.height(one.high))) for at, one in found]
    lines += [((place, low), (place, high)) for *_, place, _ in passings(panel)]
    lines.append(((left, 0.0), (right, 0.0)))
    inches = room.in_inches(axes, size)
    return [(inches(a), inches(b)) for a, b in lines]


def _spots(panel: Panel) -> list[Spot]:
    """Return where the measured points stand."""
    return [(panel.axes[0].places[at], one.log) for (at,), one in panel.turns.items()]


def _changes(
    axes: "Axes",
    panel: Panel,
    size: tuple[float, float],
    lines: Sequence[tuple[Spot, Spot]],
    covered: Sequence[Box],
) -> None:
    """Write the change at each point that is sure and has room for it beside the curve, the ends first."""
    places = panel.axes[0].places
    found = sorted((at, one) for (at,), one in panel.turns.items())
    whole = Box(0, 0, size[0], size[1] - TOP)
    written = [*covered]
    for at, one in [found[0], found[-1], *found[1:-1]] if len(found) > 1 else found:
        if one.verdict not in turns.SURE:
            continue
        dot = room.in_inches(axes, size)((places[at], one.log))
        for shift in SHIFTS if one.log > 0 else [(x, -y) for x, y in SHIFTS]:
            box = _label(one.change, dot, shift)
            if whole.holds(box) and room.free(box, written, lines):
                written.append(box)
                _write_change(axes, one.change, box, size)
                break


def _label(text: str, dot: Spot, shift: tuple[int, int]) -> Box:
    """Return what a label covers that is shifted from its dot to one side."""
    wide, tall = style.width_of(text, style.SMALL), style.height_of(text, style.SMALL) * 0.85
    x = dot[0] + shift[0] * (wide / 2 + 0.04)
    return room.around((x, dot[1] + shift[1] * (tall / 2 + 0.1)), wide + 0.06, tall)


def _write_change(axes: "Axes", text: str, box: Box, size: tuple[float, float]) -> None:
    """Write a label where it has room."""
    axes.annotate(
        text,
        ((box.left + box.right) / 2 / size[0], (box.low + box.high) / 2 / size[1]),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=style.SMALL,
        zorder=6,
    )


def _ratio_ticks(axes: "Axes", one: Turn, low: float, high: float, tall: float) -> None:
    """Write ratios beside the axis: "equal", "10x less", "2x more"."""
    step = STEP * (high - low) / tall
    kept = [0.0]
    for side, end in ((1, high), (-1, -low)):
        last = 0.0
        for ratio in TICKS:
            place = math.log(ratio)
            if place - last >= step and place <= end:
                kept.append(side * place)
                last = place
    axes.set_yticks(sorted(kept), labels=[_ratio(place, one) for place in sorted(kept)])


def _ratio(place: float, one: Turn) -> str:
    """Return what stands at a place of the axis of ratios."""
    if not place:
        return "equal"
    ratio = math.exp(-place if one.row.info.better == "higher" else place)
    size = round(max(ratio, 1 / ratio), 2)
    ratio = size if ratio > 1 else 1 / size
    return wording.of_time(ratio) if one.row.ratio is not None else turns.factor(ratio)


def _numbers(panel: Panel) -> list[tuple[str, str]]:
    """Return both sides' numbers at each value of the axis; nothing where it was not measured."""
    found = []
    for number in range(len(panel.axes[0].values)):
        one = panel.turns.get((number,))
        sides = one.sides if one else ()
        unit = one.row.info.unit if one else ""
        before, after = (wording.amount(side, unit) for side in sides) if sides else ("", "")
        found.append((before, after or panel.missing.get((number,), "")))
    return found


def _write(axes: "Axes", panel: Panel, asked: Asked, numbers: Sequence[tuple[int, tuple[str, str]]]) -> None:
    """Write below the axis what it is of, and both sides' numbers in lines of their own."""
    rows = [names.short(name) for name in (asked.before, asked.after)]
    for line, name in enumerate([panel.axes[0].name, *rows]):
        y = -(0.12 + ROW * line) / style.POINT
        said = style.cut(name, style.SMALL, LEFT - 0.25, bold=not line)
        place = {"textcoords": "offset points", "fontsize": style.SMALL, "va": "top"}
        axes.annotate(
            said,
            (0, 0),
            xycoords="axes fraction",
            xytext=(-0.25 / style.POINT, y),
            ha="right",
            fontweight="normal" if line else "bold",
            **place,  # type: ignore[arg-type]  # settings of a text
        )
        for at, both in numbers if line else ():
            axes.annotate(
                both[line - 1],
                (panel.axes[0].places[at], 0),
                xycoords=("data", "axes fraction"),
                xytext=(0, y),
                ha="center",
                **place,  # type: ignore[arg-type]  # as above
            )
