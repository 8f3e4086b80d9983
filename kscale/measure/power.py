"""What so many pairs could have shown, and how many would show more."""

import math

from kscale.measure.stats import FEWEST, Ratio


def smallest_change(ratio: Ratio, margin: float) -> float:
    """Return the smallest slowdown, as a fraction, that as many pairs could have shown to be worse.

    Its interval, as wide as this one, would just clear the margin. Infinite if there is none.
    """
    return (1 + margin) * math.exp(ratio.half_width) - 1


def pairs_to_show(ratio: Ratio, change: float) -> int | None:
    """Return about how many pairs tell a *change* (0.03 is 3 %) from none; None if no number does.

    The width of an interval shrinks with the square root of the number of pairs.
    """
    return _pairs_for(ratio, abs(math.log1p(change)))


def pairs_to_decide(ratio: Ratio, margin: float) -> int | None:
    """Return about how many pairs would end an unclear verdict if the ratio stays what it is.

    None if it lies on the margin itself, where no number of pairs helps.
    """
    return _pairs_for(ratio, abs(abs(math.log(ratio.value)) - math.log1p(margin)))


def _pairs_for(ratio: Ratio, distance: float) -> int | None:
    """Return the pairs at which half the interval is as wide as *distance*, in logarithms."""
    if not ratio.has_interval or distance <= 0:
        return None
    return max(FEWEST, math.ceil(ratio.n * (ratio.half_width / distance) ** 2))
