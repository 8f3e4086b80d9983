"""One panel of a Pareto plot: ways as points with bars, and the front that nothing beats."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from kscale.judge import wording
from kscale.judge.seeds import Spread
from kscale.report import cells
from kscale.report.plot import chosen, linear, names, placed, room, scale, style
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.plot.picture import EDGE, Canvas
from kscale.report.plot.room import Box, Spot
from kscale.report.plot.scale import Scale
from kscale.report.plot.ways import Metrics, Problem, Way
from kscale.results.record import MetricInfo

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT, FOOT = 1.1, 0.72  # inches of the axes' numbers and names
FACTOR = 20.0  # largest over smallest from which an axis is a log one
ROOM = 0.1  # of an axis, at both ends
OTHERS = ("X", "*", "<", ">", "p")  # markers of those that share a colour
FAR = 1e20  # beyond every axis
NOUGHT = 0.3  # of that room, where an axis begins at 0
PALE = 0.4  # of a way that is beaten


@dataclass(frozen=True, slots=True)
class Axis:
    """One metric along an axis."""

    metric: str
    info: MetricInfo
    scale: Scale

    @property
    def sign(self) -> int:
        """Return 1 if less is better, -1 if more is."""
        return -1 if self.info.better == "higher" else 1

    @property
    def name(self) -> str:
        """Return what it shows."""
        return names.clipped(cells.named(self.metric, ""), names.SHORT)


def front(found: Sequence[Way], axes: Sequence[Axis]) -> list[Way]:
    """Return the ways that nothing beats, the cheapest first."""

    def place(way: Way) -> tuple[float, float]:
        """Return both medians, less being better."""
        return way.x.median * axes[0].sign, way.y.median * axes[1].sign

    places = [place(way) for way in found]
    kept = [
        way
        for way, (x, y) in zip(found, places, strict=True)
        if not any(a <= x and b <= y and (a, b) != (x, y) for a, b in places)
    ]
    return sorted(kept, key=place)


def axes_of(one: Problem, metrics: Metrics, infos: Sequence[MetricInfo]) -> tuple[Axis, Axis]:
    """Return both axes of a panel: log ones where its ways are far apart."""
    found = [way.x for way in one.ways], [way.y for way in one.ways]
    across, up = (
        Axis(metric, info, scale.wide([value for way in spreads for value in _ends(way)], FACTOR))
        for metric, info, spreads in zip(metrics, infos, found, strict=True)
    )
    return across, up


def _ends(found: Spread) -> tuple[float, float, float]:
    """Return what of a spread is drawn."""
    return found.low, found.median, found.high


def draw(canvas: Canvas, one: Problem, both: tuple[Axis, Axis]) -> None:
    """Draw the ways of one problem."""
    head = canvas.heading(one.name)
    axes = canvas.axes(LEFT, head, EDGE * 2, FOOT)
    size = canvas.width - LEFT - EDGE * 2, canvas.height - head - FOOT
    breaks = [
        *_scale_axis(axes, "x", both[0], [value for way in one.ways for value in _ends(way.x)]),
        *_scale_axis(axes, "y", both[1], [value for way in one.ways for value in _ends(way.y)]),
    ]
    best = front(one.ways, both)
    steps = _steps(axes, best, both)
    bars = _ways(axes, one, both, best)
    _labels(axes, one, both, best, size, [*breaks, *steps, *bars])
    style.plain(axes)
    axes.set_xlabel(style.cut(_axis_name(both[0]), style.SMALL, size[0]), fontsize=style.SMALL)
    style.name_axis(axes, style.fitted(_axis_name(both[1]), style.SMALL, size[1]), LEFT)


def _axis_name(axis: Axis) -> str:
    """Return what an axis shows, and which way is better."""
    better = "more is better" if axis.sign < 0 else "less is better"
    return f"{axis.name} ({chosen.witness(axis.info)}; {better})"


def _scale_axis(
    axes: "Axes", which: Literal["x", "y"], axis: Axis, values: Sequence[float]
) -> list[tuple[Spot, Spot]]:
    """Set the ends of an axis and its ticks; before 0 on a log axis draw a line, and return it."""
    drawn: list[tuple[Spot, Spot]] = []
    low, high = (axis.scale.place(end) for end in (min(values), max(values)))
    spare = (high - low) * ROOM or 0.5
    before = spare
    if axis.scale.log:
        above = [value for value in values if value > 0]
        found = style.ticks(min(above) * 0.999, max(above) * 1.001, 6) + ([0.0] if min(values) == 0 else [])
        if min(values) == 0:
            middle = (axis.scale.zero + math.log10(min(above))) / 2
            line = axes.axvline if which == "x" else axes.axhline
            line(middle, color=style.MUTED, linewidth=1.2, linestyle=style.DASHED, zorder=1)
            ends = [(middle, end) if which == "x" else (end, middle) for end in (-FAR, FAR)]
            drawn.append((ends[0], ends[1]))
    else:
        from_nought = 0 <= low < high / 2
        low, before = (0.0, spare * NOUGHT) if from_nought else (low, spare)
        found = [float(one) for one in linear.ticks(math.floor(low), math.ceil(high + spare), axis.info.unit)]
    (axes.set_xlim if which == "x" else axes.set_ylim)(low - before, high + spare)
    places = [axis.scale.place(one) for one in found]
    labels = [wording.amount(int(one) if one.is_integer() else one, axis.info.unit) for one in found]
    (axes.set_xticks if which == "x" else axes.set_yticks)(places, labels=labels)
    return drawn


def _spot(way: Way, both: tuple[Axis, Axis]) -> Spot:
    """Return where a way stands."""
    return both[0].scale.place(way.x.median), both[1].scale.place(way.y.median)


def _steps(axes: "Axes", best: Sequence[Way], both: tuple[Axis, Axis]) -> list[tuple[Spot, Spot]]:
    """Draw the front: what can be had for so much work, and return its pieces."""
    spots = [_spot(way, both) for way in best]
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    worst = right if both[0].sign > 0 else left, high if both[1].sign > 0 else low
    path = [(spots[0][0], worst[1]), spots[0]]
    for a, b in pairwise(spots):
        path += [(b[0], a[1]), b]
    path.append((worst[0], spots[-1][1]))
    axes.plot(*zip(*path, strict=True), color=style.TEXT, linewidth=1.6, alpha=0.55, zorder=2)
    return list(pairwise(path))


def _ways(
    axes: "Axes", one: Problem, both: tuple[Axis, Axis], best: Sequence[Way]
) -> list[tuple[Spot, Spot]]:
    """Draw every way with its bars, beaten ones pale, and return all lines."""
    look = _looks(one)
    bars: list[tuple[Spot, Spot]] = []
    for base in dict.fromkeys(way.base for way in one.ways):
        same = sorted(_spot(way, both) for way in one.ways if way.base == base)
        if len(same) > 1:
            bars += pairwise(same)
            axes.plot(*zip(*same, strict=True), color=look[base][0], linewidth=1.2, alpha=0.35, zorder=1)
    for way in one.ways:
        x, y = _spot(way, both)
        across = [both[0].scale.place(value) for value in (way.x.low, way.x.high)]
        up = [both[1].scale.place(value) for value in (way.y.low, way.y.high)]
        pieces = [((across[0], y), (across[1], y)), ((x, up[0]), (x, up[1]))]
        alpha = 1.0 if way in best else PALE
        color, marker, _ = look[way.base]
        for a, b in pieces:
            axes.plot([a[0], b[0]], [a[1], b[1]], color=color, linewidth=1.8, alpha=alpha, zorder=3)
        axes.plot([x], [y], color=color, marker=marker, markersize=9, alpha=alpha, linestyle="none", zorder=4)
        bars += pieces
    return bars


def _looks(one: Problem) -> dict[str, style.Look]:
    """Return colour and marker of each kind of way: the baseline's own, the first optimized one's own."""
    role = {way.base: way.variant for way in one.ways if way.variant == BASELINE}
    role |= next(({way.base: OPTIMIZED} for way in one.ways if way.variant == OPTIMIZED), {})
    every = {base: role.get(base, f"{base} ") for base in dict.fromkeys(way.base for way in one.ways)}
    found = style.looks(every.values())
    looks: dict[str, style.Look] = {}
    for base, name in every.items():
        color, marker, hatch = found[name]
        if (color, marker, hatch) in looks.values():  # there are more ways than looks
            marker = OTHERS[len(looks) % len(OTHERS)]
        looks[base] = color, marker, hatch
    return looks


def _labels(
    axes: "Axes",
    one: Problem,
    both: tuple[Axis, Axis],
    best: Sequence[Way],
    size: tuple[float, float],
    lines: Sequence[tuple[Spot, Spot]],
) -> None:
    """Write what each way is beside it, those of the front first and bold."""
    inches = room.in_inches(axes, size)
    order = [*best, *(way for way in one.ways if way not in best)]
    spots = [inches(_spot(way, both)) for way in order]
    bold = [way in best for way in order]
    drawn = [(inches(a), inches(b)) for a, b in lines]
    whole = Box(0, 0, *size)
    for label in placed.place(spots, [way.label for way in order], whole, drawn, bold=bold):
        box, spot = label.box, spots[label.number]
        middle = (box.left + box.right) / 2, (box.low + box.high) / 2
        if label.far:
            near = placed.nearest(spot, box)
            axes.plot(
                [spot[0] / size[0], near[0] / size[0]],
                [spot[1] / size[1], near[1] / size[1]],
                transform=axes.transAxes,
                color=style.MUTED,
                linewidth=0.8,
                zorder=2,
            )
        axes.annotate(
            order[label.number].label,
            (middle[0] / size[0], middle[1] / size[1]),
            xycoords="axes fraction",
            ha="center",
            va="center",
            fontsize=style.SMALL,
            fontweight="bold" if bold[label.number] else "normal",
            color=style.TEXT if bold[label.number] else style.MUTED,
            zorder=5,
        )
