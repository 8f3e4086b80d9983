"""The values of a swept amount along an axis: as many as have room, the first and the last always."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from kscale.report.plot import style
from kscale.report.plot.amounts import Axis

if TYPE_CHECKING:
    from matplotlib.axes import Axes

APART = 0.12  # inches between two labels


def values(
    axes: "Axes", which: Literal["x", "y"], axis: Axis, inches: float, beside: Sequence[float] = ()
) -> list[int]:
    """Write the values of an axis that is so many inches long, and return which found room.

    *beside* is how wide, in inches, what else stands at each value is.
    """
    low, high = axes.get_xlim() if which == "x" else axes.get_ylim()
    places = axis.places
    sizes = [style.height_of("0", style.SMALL)] * len(places)
    if which == "x":
        own = [style.width_of(axis.tick(i), style.SMALL) for i in range(len(places))]
        sizes = [max(pair) for pair in zip(own, beside or own, strict=True)]
    kept = fitting([place * inches / (high - low) for place in places], sizes)
    set_ticks = axes.set_xticks if which == "x" else axes.set_yticks
    set_ticks([places[i] for i in kept], labels=[axis.tick(i) for i in kept])
    set_ticks([], minor=True)
    return kept


def fitting(places: Sequence[float], sizes: Sequence[float]) -> list[int]:
    """Return which labels of those sizes, each in the middle of its place, do not touch: both ends first."""
    last = len(places) - 1
    kept = [0]
    for i in range(1, last):
        before = places[i] - sizes[i] / 2 - (places[kept[-1]] + sizes[kept[-1]] / 2)
        after = places[last] - sizes[last] / 2 - (places[i] + sizes[i] / 2)
        if min(before, after) >= APART:
            kept.append(i)
    return [*kept, last] if last else kept
