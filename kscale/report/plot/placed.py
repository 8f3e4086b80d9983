"""Labels beside their points, without one upon another: the first place of a fixed list that is free."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from kscale.report.plot import room, style
from kscale.report.plot.room import Box, Spot

MARK = 0.2  # inches around a point that no label covers
NEAR, STEP = 0.13, 0.17  # inches from a point to its label, and between the further places
BESIDE, RINGS = 2, 48  # rings of places that may touch a line before farther ones are tried, and all
LED = 0.25  # inches from a point beyond which a line leads to its label
SIDES = (
    *((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1)),
    *((0.5, 1), (-0.5, 1), (0.5, -1), (-0.5, -1), (1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5)),
)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a label stands, in inches; *far*: a line leads to it."""

    number: int  # of the point
    box: Box
    far: bool


def place(
    spots: Sequence[Spot],
    texts: Sequence[str],
    whole: Box,
    lines: Sequence[tuple[Spot, Spot]],
    *,
    bold: Sequence[bool],
) -> list[Placed]:
    """Return a place for each label in turn; those that find none anywhere are left out.

    A label touches no point and no other label, and no line if that can be avoided.
    """
    marks = [room.around(spot, MARK, MARK) for spot in spots]
    done: list[Placed] = []
    struck = list(lines)
    for number, (spot, text) in enumerate(zip(spots, texts, strict=True)):
        size = style.width_of(text, style.SMALL, bold=bold[number]), style.height_of(text, style.SMALL)
        labels = [one.box for one in done]
        free = partial(_first, spot, size, whole, marks, labels)
        box = (
            free(struck, range(BESIDE))
            or free((), range(BESIDE))
            or free(struck, range(BESIDE, RINGS))
            or free((), range(BESIDE, RINGS))
            or free((), range(RINGS), led=False)
        )
        if box is not None:
            done.append(Placed(number, box, far=_far(spot, box)))
            struck += [(spot, nearest(spot, box))] if done[-1].far else []
    return done


def nearest(spot: Spot, box: Box) -> Spot:
    """Return the place of a label that is nearest to a point."""
    return min(max(spot[0], box.left), box.right), min(max(spot[1], box.low), box.high)


def _far(spot: Spot, box: Box) -> bool:
    """Say whether a line must lead from a point to its label."""
    return math.dist(spot, nearest(spot, box)) > LED


def _first(
    spot: Spot,
    size: tuple[float, float],
    whole: Box,
    marks: Sequence[Box],
    labels: Sequence[Box],
    lines: Sequence[tuple[Spot, Spot]],
    rings: range,
    *,
    led: bool = True,
) -> Box | None:
    """Return the nearest free place around a point, in these rings.

    *led*: no line that leads to it goes through a label.
    """
    for ring in rings:
        away = NEAR + STEP * ring
        for x, y in SIDES:
            middle = spot[0] + x * (away + size[0] / 2), spot[1] + y * (away + size[1] / 2)
            box = room.around(middle, *size)
            if not whole.holds(box) or not room.free(box, (*marks, *labels), lines):
                continue
            if not (led and _far(spot, box) and any(one.crossed(spot, nearest(spot, box)) for one in labels)):
                return box
    return None
