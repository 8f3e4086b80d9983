"""The scenario's own point on a map: a ring, or an arrow at the edge it lies beyond."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kscale.report.plot import room, style
from kscale.report.plot.amounts import Axis, Own
from kscale.report.plot.panels import Panel
from kscale.report.plot.room import Box, Spot
from kscale.report.plot.turns import Turn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RING: Mapping[str, Any] = {
    "color": style.TEXT,
    "linestyle": "none",
    "marker": "o",
    "markersize": 17,
    "markerfacecolor": "none",
    "markeredgecolor": style.TEXT,
    "markeredgewidth": 2.6,
}
BESIDE = 13  # points from a mark to its words
DOTS = (0, (1, 1.5))


def label(panel: Panel, marked: Mapping[str, Own]) -> str:
    """Return what a mark is: the scenario's own point, or the mechanism's default."""
    by_default = [axis.name for axis in panel.axes if axis.key in marked and marked[axis.key].of == "default"]
    if len(by_default) == len(marked):
        return "default"
    return f"this cluster, {by_default[0]} by default" if by_default else "this cluster"


def inside(panel: Panel, marked: Mapping[str, Own]) -> dict[str, Own]:
    """Return the values that are marked: a default only where the map has it."""
    ends = {axis.key: (axis.amounts[0], axis.amounts[-1]) for axis in panel.axes}
    return {
        key: one
        for key, one in marked.items()
        if one.of == "this cluster" or ends[key][0] <= one.amount <= ends[key][1]
    }


def point(
    axes: "Axes",
    panel: Panel,
    marked: Mapping[str, Own],
    size: tuple[float, float],
    lines: Sequence[tuple[Spot, Spot]],
) -> list[Box]:
    """Mark the own point on a map of two amounts, and return what it covers, in inches.

    If only one of both is known, the line of that value. Its words are off the *lines*.
    """
    kept = inside(panel, marked)
    if not kept:
        return []
    limits = axes.get_xlim(), axes.get_ylim()
    said = label(panel, kept)
    found = [_place(axis, kept.get(axis.key), *ends) for axis, ends in zip(panel.axes, limits, strict=True)]
    spot, beyond = [place for place, _ in found], [side for _, side in found]
    known = [axis.key in kept for axis in panel.axes]
    if not all(known):
        number = known.index(True)
        if not beyond[number]:
            line = axes.axhline if number else axes.axvline
            line(spot[number], color=style.TEXT, linewidth=1.6, linestyle=DOTS, zorder=4)
            spot[1 - number] = limits[1 - number][1]
            said += f": {panel.axes[number].name} {kept[panel.axes[number].key].shown}"
    elif not any(beyond):
        axes.plot(*([one] for one in spot), **RING, zorder=6)
        there = _measured(panel, kept)
        said += f": {there.change}" if there else ""
    if any(beyond):
        outside = [axis for axis, side in zip(panel.axes, beyond, strict=True) if side]
        said += ": " + ", ".join(f"{axis.name} {kept[axis.key].shown}" for axis in outside)
        _arrow(axes, spot, beyond)
    return _words(axes, said, spot, limits, size, lines)


def along(
    axes: "Axes",
    panel: Panel,
    marked: Mapping[str, Own],
    size: tuple[float, float],
    lines: Sequence[tuple[Spot, Spot]],
    boxes: Sequence[Box],
) -> list[Box]:
    """Mark the own value on a curve, and return what it covers, in inches.

    It is a dotted line, or an arrow at the edge it lies beyond; its words are off *lines* and *boxes*.
    """
    kept = inside(panel, marked)
    (axis,) = panel.axes
    if axis.key not in kept:
        return []
    limits = axes.get_xlim(), axes.get_ylim()
    place, side = _place(axis, kept[axis.key], *limits[0])
    said = f"{label(panel, kept)}: {kept[axis.key].shown}"
    x = (place - limits[0][0]) / (limits[0][1] - limits[0][0]) * size[0]
    found = _beside(said, x, size)
    box = next((one for one in found if room.free(one, boxes, lines)), found[0])
    if side:
        _arrow(axes, [place, limits[1][0] + (limits[1][1] - limits[1][0]) * box.low / size[1]], [side, 0])
    else:
        axes.axvline(place, color=style.TEXT, linewidth=1.6, linestyle=DOTS, zorder=2)
    axes.annotate(
        said,
        ((box.left + box.right) / 2 / size[0], (box.low + box.high) / 2 / size[1]),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=style.SMALL,
        fontweight="bold",
        zorder=7,
    )
    return [box]


def _beside(said: str, x: float, size: tuple[float, float]) -> list[Box]:
    """Return the places for words beside a line across the plot, the lowest first; in inches."""
    wide, tall = style.width_of(said, style.SMALL, bold=True), style.height_of(said, style.SMALL)
    whole = Box(0, 0, size[0], size[1] - tall)
    away = BESIDE * style.POINT + wide / 2
    found = [
        room.around((x + side * away, tall * (level + 1)), wide, tall)
        for level in range(int(size[1] / tall) - 1)
        for side in (1, -1)
    ]
    return [box for box in found if whole.holds(box)] or found


def _measured(panel: Panel, kept: Mapping[str, Own]) -> Turn | None:
    """Return who wins at the own point, if it was measured."""
    own = [kept[axis.key].amount for axis in panel.axes]
    at = [
        axis.amounts.index(one) if one in axis.amounts else -1
        for axis, one in zip(panel.axes, own, strict=True)
    ]
    return panel.turns.get(tuple(at))


def _place(axis: Axis, own: Own | None, low: float, high: float) -> tuple[float, int]:
    """Return where a value stands, and beyond which end of the map it lies; the middle if there is none."""
    if own is None:
        return (low + high) / 2, 0
    if own.amount <= 0 and axis.scale.log and 0 not in axis.amounts:
        return low, -1
    place = axis.scale.place(own.amount)
    side = -1 if place < low else 1 if place > high else 0
    return min(high, max(low, place)), side


def _arrow(axes: "Axes", spot: list[float], beyond: list[int]) -> None:
    """Draw an arrow at the edge, towards what lies beyond it."""
    x, y = (BESIDE * side for side in beyond)
    axes.annotate(
        "",
        (spot[0], spot[1]),
        xytext=(-2 * x, -2 * y),
        textcoords="offset points",
        arrowprops={"arrowstyle": "-|>", "linewidth": 2.6, "color": style.TEXT, "shrinkA": 0, "shrinkB": 0},
        zorder=6,
    )


def _words(
    axes: "Axes",
    said: str,
    spot: list[float],
    limits: tuple[tuple[float, float], tuple[float, float]],
    size: tuple[float, float],
    lines: Sequence[tuple[Spot, Spot]],
) -> list[Box]:
    """Write what a mark is beside it, where there is room and off the *lines*; return what both cover.

    All in inches but *spot* and *limits*.
    """
    x, y = (
        (place - low) / (high - low) * inches
        for place, (low, high), inches in zip(spot, limits, size, strict=True)
    )
    beside, whole = BESIDE * style.POINT, Box(0, 0, *size)
    up = -1 if y > size[1] / 2 else 1
    right = 1 if x < size[0] / 2 else -1
    most = (size[0] - x if right > 0 else x) - beside
    text = style.cut(said, style.SMALL, most, bold=True)
    wide, tall = style.width_of(text, style.SMALL, bold=True), style.height_of(text, style.SMALL)
    boxes = [
        room.around((x + side * (beside + wide / 2), y + way * (beside + tall / 2)), wide + 0.06, tall + 0.06)
        for way, side in ((up, 1), (up, -1), (-up, 1), (-up, -1), (up, 0), (-up, 0))
    ]
    held = [box for box in boxes if whole.holds(box)] or boxes[(1 - right) // 2 :]
    box = next((box for box in held if room.free(box, (), lines)), held[0])
    axes.annotate(
        text,
        ((box.left + box.right) / 2 / size[0], (box.low + box.high) / 2 / size[1]),
        xycoords="axes fraction",
        ha="center",
        va="center",
        fontsize=style.SMALL,
        fontweight="bold",
        zorder=7,
        bbox={"facecolor": style.SURFACE, "edgecolor": "none", "alpha": 0.85, "pad": 1.5},
    )
    return [room.around((x, y), 2 * beside, 2 * beside), box]
