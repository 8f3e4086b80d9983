"""The ratio in every square of a map that has room for it, beside the dot and off the line."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kscale.judge.verdict import Verdict
from kscale.report.plot import room, style
from kscale.report.plot.panels import Panel
from kscale.report.plot.room import Box, Spot
from kscale.report.plot.turns import SURE, Turn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.03  # inches between a number and the borders of its square
FEW = 3  # one in so many squares that somebody wins must hold its number, or no square gets any
DOT = 0.05  # inches from the middle of a dot to the number


def write(
    axes: "Axes",
    panel: Panel,
    edges: Sequence[Sequence[float]],
    size: tuple[float, float],
    covered: Sequence[Box],
    lines: Sequence[tuple[Spot, Spot]],
) -> None:
    """Write the numbers below their dots, or above; on one line, or on two; never under a line or a mark."""
    inches = room.in_inches(axes, size)
    found: list[tuple[str, Spot, int]] = []
    sure = [one for one in panel.turns.values() if one.verdict in SURE] or list(panel.turns.values())
    written = 0
    for (x, y), one in panel.turns.items():
        square = Box(*inches((edges[0][x], edges[1][y])), *inches((edges[0][x + 1], edges[1][y + 1])))
        spot = panel.axes[0].places[x], panel.axes[1].places[y]
        fits = (
            (text, spot, side)
            for text, side in _ways(one)
            for box in (_box(text, inches(spot), side),)
            if _within(square, box) and room.free(box, covered, lines)
        )
        first = list(fits)[:1]
        found += first
        written += len(first) if one in sure else 0
    if written * FEW >= len(sure):
        for text, spot, side in found:
            _number(axes, text, spot, side)


def _ways(one: Turn) -> list[tuple[str, int]]:
    """Return what may be written, and whether below (-1) or above the dot, the best first."""
    short = ["!"] if one.verdict is Verdict.UNCLEAR else []
    texts = dict.fromkeys([one.change, "\n".join(one.change.rsplit(" ", 1)), *short])
    return [(text, down) for text in texts for down in (-1, 1)]


def _box(text: str, dot: Spot, down: int) -> Box:
    """Return what a number covers."""
    wide, tall = style.width_of(text, style.SMALL), style.height_of(text, style.SMALL)
    return room.around((dot[0], dot[1] + down * (DOT + tall / 2)), wide, tall)


def _within(square: Box, box: Box) -> bool:
    """Say whether a square holds a number; its leading may touch the border."""
    inner = Box(square.left + GAP, square.low - GAP, square.right - GAP, square.high + GAP)
    return inner.holds(box)


def _number(axes: "Axes", text: str, spot: Spot, down: int) -> None:
    """Write a number."""
    axes.annotate(
        text,
        spot,
        xytext=(0, down * (DOT / style.POINT + 1.5)),
        textcoords="offset points",
        ha="center",
        va="top" if down < 0 else "bottom",
        fontsize=style.SMALL,
        linespacing=1.05,
        zorder=5,
    )
