"""Where a win turns into a loss: the line of equal cost between measured points.

*heights* are logarithms of ratios at the points of a grid; the line is where they pass 0. It is drawn
between neighbours of which one is above and one below, as straight as the logarithm, and through points
that are equal: nothing is said beyond the outermost points, or beside a point that is missing.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

Corner = tuple[int, ...]  # number of the column and of the row
Spot = tuple[float, float]


class Height(NamedTuple):
    """What was measured at one point."""

    log: float  # of the ratio: below 0 the change wins
    sure: bool  # its verdict is


class Segment(NamedTuple):
    """A piece of the line, inside one square of four neighbours."""

    a: Spot
    b: Spot
    sure: bool  # all verdicts that it passes between are


def share(one: float, other: float) -> float | None:
    """Return how far on the way from one height to another 0 lies; None unless it lies between."""
    return one / (one - other) if one * other < 0 else None


def segments(
    across: Sequence[float], down: Sequence[float], heights: Mapping[Corner, Height]
) -> Iterator[Segment]:
    """Yield the pieces of the line over a grid whose columns and rows stand at those places."""
    for x in range(len(across) - 1):
        for y in range(len(down) - 1):
            corners: list[Corner] = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)]
            if all(corner in heights for corner in corners):
                yield from _inside(across, down, corners, heights)


def _inside(
    across: Sequence[float],
    down: Sequence[float],
    corners: Sequence[Corner],
    heights: Mapping[Corner, Height],
) -> Iterator[Segment]:
    """Yield the one or two pieces inside a square, corners in turn."""
    edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
    found: list[tuple[Spot, bool]] = []
    for one, other in edges:
        part = share(heights[one].log, heights[other].log)
        if part is not None:
            spot = (
                across[one[0]] + part * (across[other[0]] - across[one[0]]),
                down[one[1]] + part * (down[other[1]] - down[one[1]]),
            )
            found.append((spot, heights[one].sure and heights[other].sure))
    found += [((across[x], down[y]), heights[x, y].sure) for x, y in _between(corners, heights)]
    if len(found) == 4:  # noqa: PLR2004 - a saddle: which corners belong together is what the middle is
        middle = sum(heights[corner].log for corner in corners)
        first = heights[corners[0]].log
        turned = found if middle * first < 0 else [*found[1:], found[0]]
        pairs = [(turned[3], turned[0]), (turned[1], turned[2])]
    else:
        pairs = [(found[0], found[1])] if len(found) == 2 else []  # noqa: PLR2004 - in and out
    for (a, a_sure), (b, b_sure) in pairs:
        yield Segment(a, b, a_sure and b_sure)


def _between(corners: Sequence[Corner], heights: Mapping[Corner, Height]) -> Iterator[Corner]:
    """Yield the corners that are equal and have a win on one side of the square, a loss on the other."""
    for number, corner in enumerate(corners):
        before, after = heights[corners[number - 1]].log, heights[corners[(number + 1) % 4]].log
        if heights[corner].log == 0 and before * after < 0:
            yield corner
