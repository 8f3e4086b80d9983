"""Where a label has room: rectangles and lines that it must not touch, in inches."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Spot = tuple[float, float]


class Box(NamedTuple):
    """A rectangle: of a label, of a mark."""

    left: float
    low: float
    right: float
    high: float

    def touches(self, other: "Box") -> bool:
        """Say whether two rectangles have a place in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.low < other.high
            and other.low < self.high
        )

    def holds(self, other: "Box") -> bool:
        """Say whether the other one lies inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.low <= other.low
            and other.high <= self.high
        )

    def crossed(self, a: Spot, b: Spot) -> bool:
        """Say whether a straight line from *a* to *b* passes through (Liang and Barsky, 1984)."""
        first, last = 0.0, 1.0
        for start, end, low, high in (
            (a[0], b[0], self.left, self.right),
            (a[1], b[1], self.low, self.high),
        ):
            way = end - start
            if way == 0:
                if not low <= start <= high:
                    return False
                continue
            enter, leave = sorted(((low - start) / way, (high - start) / way))
            first, last = max(first, enter), min(last, leave)
        return first <= last


def around(spot: Spot, across: float, down: float) -> Box:
    """Return a rectangle of that size with its middle at a place."""
    return Box(spot[0] - across / 2, spot[1] - down / 2, spot[0] + across / 2, spot[1] + down / 2)


def free(box: Box, boxes: Iterable[Box], lines: Sequence[tuple[Spot, Spot]] = ()) -> bool:
    """Say whether a label touches nothing."""
    return not any(box.touches(other) for other in boxes) and not any(box.crossed(*line) for line in lines)


def in_inches(axes: "Axes", size: tuple[float, float]) -> Callable[[Spot], Spot]:
    """Return how a place of a plot of that size is told in inches from its lower left."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    return lambda spot: (
        (spot[0] - left) / (right - left) * size[0],
        (spot[1] - low) / (high - low) * size[1],
    )
