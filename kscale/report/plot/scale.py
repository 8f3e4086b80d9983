"""Where amounts stand along an axis: by even steps, by even factors and 0, or each in its turn."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median, pstdev

WIDE_RANGE = 10.0  # largest over smallest from which two amounts are factors apart
ZERO_ROOM, LEAST_ROOM = 0.15, 0.3  # from the least amount to 0: of the axis, and in powers of ten
CROWDED = 0.22  # of the mean step: narrower strips hold no number
LEAST_RANGE = 3.0  # below it even steps are read more easily


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: *place* of a greater amount is greater."""

    log: bool
    zero: float = 0.0  # place of 0 on a log axis, a step before the least amount
    ranks: tuple[float, ...] = ()  # amounts a step apart each, whatever they are

    def place(self, amount: float) -> float:
        """Return where an amount stands; on a log axis nothing stands before 0."""
        if self.ranks:
            return _rank(self.ranks, amount)
        if not self.log:
            return amount
        return math.log10(amount) if amount > 0 else self.zero

    def even(self, a: float, b: float) -> bool:
        """Say whether amounts between two have their places between theirs: not from 0 on a log axis."""
        return not self.log or (a > 0 and b > 0)


def fitting(amounts: Sequence[float]) -> Scale:
    """Return the scale on which amounts are spread most evenly; if some still crowd, a step for each."""
    found = sorted(set(amounts))
    best = _log_or_not(found)
    steps = [b - a for a, b in pairwise([best.place(one) for one in found])]
    crowded = len(steps) > 1 and min(steps) < CROWDED * fmean(steps)
    return Scale(log=False, ranks=tuple(found)) if crowded else best


def _log_or_not(found: Sequence[float]) -> Scale:
    """Return even steps or even factors, whichever ascending amounts are nearer to."""
    above = [one for one in found if one > 0]
    if found[0] < 0 or len(above) < 2 or above[-1] / above[0] < LEAST_RANGE:  # noqa: PLR2004 - a range
        return Scale(log=False)
    logs = [math.log10(one) for one in above]
    if len(above) == 2:  # noqa: PLR2004 - two are always evenly spread
        return _log(logs) if above[-1] / above[0] >= WIDE_RANGE else Scale(log=False)
    return _log(logs) if _uneven(logs) < _uneven(found) - 1e-9 else Scale(log=False)


def wide(amounts: Sequence[float], factor: float) -> Scale:
    """Return a log scale if amounts above 0 are that many times apart, else one of even steps."""
    above = [one for one in amounts if one > 0]
    if min(amounts) < 0 or len(above) < 2 or max(above) / min(above) < factor:  # noqa: PLR2004 - a range
        return Scale(log=False)
    first, last = math.log10(min(above)), math.log10(max(above))
    return Scale(log=True, zero=first - max(ZERO_ROOM * (last - first), LEAST_ROOM))


def borders(places: Sequence[float]) -> list[float]:
    """Return the borders of the strips around ascending places: half-way between neighbours."""
    if len(places) == 1:
        return [places[0] - 0.5, places[0] + 0.5]
    inner = [(a + b) / 2 for a, b in pairwise(places)]
    return [2 * places[0] - inner[0], *inner, 2 * places[-1] - inner[-1]]


def _rank(ranks: Sequence[float], amount: float) -> float:
    """Return where an amount stands among those that have a step each; beyond them, a step away at most."""
    after = min(max(bisect_right(ranks, amount), 1), len(ranks) - 1)
    low, high = ranks[after - 1], ranks[after]
    return min(max(after - 1 + (amount - low) / (high - low), -1.0), float(len(ranks)))


def _log(logs: Sequence[float]) -> Scale:
    """Return a log scale with 0 a usual step before the first of *logs*."""
    steps = [b - a for a, b in pairwise(logs)]
    return Scale(log=True, zero=logs[0] - median(steps))


def _uneven(places: Sequence[float]) -> float:
    """Return how much the steps between places differ, over their mean."""
    steps = [b - a for a, b in pairwise(places)]
    return pstdev(steps) / fmean(steps)
