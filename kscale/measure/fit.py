"""How cost grows with size: the power fitted to a few points, and how sure its exponent is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from kscale.measure import stats

# A fit is poor if a size's cost is off by more than this factor: over a doubling of the size that is a third
# of an exponent, so that one such point more or less could make another power of it.
POOR_FIT = 1.25
EXPONENT_PLACES = 9  # decimals of an exponent: sums of logarithms are good to twelve


@dataclass(frozen=True, slots=True)
class Growth:
    """Least-squares line through (ln size, ln cost)."""

    exponent: float  # 1: cost doubles when the size doubles; 0: it does not grow
    stderr: float | None  # None below 3 points: two points always lie on a line
    r2: float  # share of the variance explained; 1 if cost does not vary: no measure of how well a line fits
    points: int
    low: float = -math.inf  # 95 % interval of the exponent; infinite below 3 points
    high: float = math.inf
    off: float = 1.0  # the largest factor by which the middle of a size's points lies off the line

    @property
    def has_interval(self) -> bool:
        """Say whether there were enough points for an interval."""
        return math.isfinite(self.high)

    @property
    def poor(self) -> bool:
        """Say whether a power of the size describes the cost so badly that the exponent says little."""
        return self.off > POOR_FIT


def growth(sizes: Sequence[float], costs: Sequence[float]) -> Growth | None:
    """Return how cost grows with size, as a power; None below two different positive sizes.

    Counters may be 0, where a power law says nothing: such points are left out. The interval is Student's,
    with two degrees less than there are points.
    """
    points = [(math.log(x), math.log(y)) for x, y in zip(sizes, costs, strict=True) if x > 0 and y > 0]
    if len({x for x, _ in points}) < 2:  # noqa: PLR2004 - a line needs two
        return None
    n = len(points)
    centre = math.fsum(x for x, _ in points) / n, math.fsum(y for _, y in points) / n
    moved = [(x - centre[0], y - centre[1]) for x, y in points]
    wide, total = math.fsum(x * x for x, _ in moved), math.fsum(y * y for _, y in moved)
    slope = math.fsum(x * y for x, y in moved) / wide
    off: dict[float, list[float]] = {}
    for x, y in moved:
        off.setdefault(x, []).append(y - slope * x)
    left = math.fsum(y * y for every in off.values() for y in every)
    stderr = math.sqrt(left / (n - 2) / wide) if n > 2 else None  # noqa: PLR2004 - see there
    reach = math.inf if stderr is None else student_t(n - 2) * stderr
    return Growth(
        exponent=_exponent(slope),
        stderr=stderr,
        r2=1 - left / total if total else 1.0,
        points=n,
        low=_exponent(slope - reach),
        high=_exponent(slope + reach),
        off=math.exp(max(abs(stats.median(every)) for every in off.values())),
    )


def _exponent(value: float) -> float:
    """Return an exponent without the digits in which machines' logarithms differ: a straight line's is 1."""
    return round(value, EXPONENT_PLACES) + 0.0 if math.isfinite(value) else value  # + 0.0: never -0.0


@cache
def student_t(degrees: int, confidence: float = stats.CONFIDENCE) -> float:
    """Return how many standard errors reach to either end of an interval, by Student's distribution.

    Its closed form for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4), turned round
    by halving. ValueError below one degree.
    """
    if degrees < 1:
        raise ValueError("an interval needs a degree of freedom")
    low, high = 0.0, math.pi / 2
    while low < (middle := (low + high) / 2) < high:
        if _student_within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return math.sqrt(degrees) * math.tan(middle)


def _student_within(angle: float, degrees: int) -> float:
    """Return the probability of |t| <= sqrt(degrees) * tan(angle)."""
    cosine, odd = math.cos(angle), degrees % 2
    term, terms = (cosine if odd else 1.0), []
    for k in range(1 + odd, degrees, 2):
        terms.append(term)
        term *= cosine * cosine * k / (k + 1)
    found = math.sin(angle) * math.fsum(terms)
    return (angle + found) * 2 / math.pi if odd else found
