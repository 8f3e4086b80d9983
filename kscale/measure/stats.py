"""Statistics of pairs: medians with exact intervals, ratios, the noise floor.

Times are compared in pairs of neighbours, because a machine drifts by more than it
jitters: only runs taken side by side met the same machine. The centre is always the
median and its interval is made of order statistics, so nothing is assumed about the
shape of the noise and no outlier is ever dropped. Everything is recomputed from raw
samples; nothing here prints or decides.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kscale.measure import bootstrap

Floats = NDArray[np.float64]

CONFIDENCE = 0.95
FEWEST = 6  # values below which no interval of a median reaches 95 %
MILD, SEVERE = 1.5, 3.0  # Tukey's fences, in interquartile ranges beyond the quartiles


class Series(Protocol):
    """Wall times of one variant, as `kscale.results.record.Samples` keeps them."""

    @property
    def order(self) -> list[int]:
        """Return the position of each sample in the cell's run sequence."""

    @property
    def values(self) -> list[int]:
        """Return ns of each sample."""

    @property
    def loops(self) -> int:
        """Return how many runs one sample holds."""

    @property
    def process(self) -> list[int] | None:
        """Return in which process each sample was taken; None if all were in one."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One variant's times, in the unit they were given in."""

    median: float
    low: float  # interval of the median; infinite below 6 values
    high: float
    spread_pct: float  # half the interquartile range, in % of the median
    n: int
    mild: int  # outliers beyond 1.5 and up to 3 interquartile ranges; kept in everything above
    severe: int  # outliers beyond 3


@dataclass(frozen=True, slots=True)
class Ratio:
    """Time of the changed variant over time of the baseline: 0.5 is twice as fast."""

    value: float
    low: float  # 0 if there is no interval
    high: float  # infinite if there is no interval
    n: int  # pairs; unpaired: values of the smaller side
    floor: float | None = None  # noise floor as a fraction; None if it cannot be known
    bias: float = 0.0  # part of the floor that is surely there, see noise_floor
    paired: bool = True
    processes: bool = False  # n counts processes, each with pairs of its own

    @property
    def witnesses(self) -> str:
        """Return what n counts."""
        if self.processes:
            return "processes"
        return "pairs" if self.paired else "samples a side"

    @property
    def has_interval(self) -> bool:
        """Say whether there were enough values for an interval."""
        return math.isfinite(self.high)

    @property
    def half_width(self) -> float:
        """Return half the interval's width on the scale of logarithms."""
        return (math.log(self.high) - math.log(self.low)) / 2 if self.has_interval else math.inf


def median(values: Sequence[float] | Floats) -> float:
    """Return the middle value, or the mean of the middle two; ValueError if there is none."""
    return float(np.median(_filled(values)))


def spread_pct(values: Sequence[float] | Floats) -> float:
    """Return half the interquartile range in percent of the median."""
    low, centre, high = np.quantile(_filled(values), [0.25, 0.5, 0.75])
    return float(50 * (high - low) / centre) if centre else 0.0


def outliers(values: Sequence[float] | Floats) -> tuple[int, int]:
    """Return how many values lie beyond 1.5 up to 3, and beyond 3 interquartile ranges (Tukey)."""
    array = _filled(values)
    low, high = np.quantile(array, [0.25, 0.75])
    beyond = np.maximum(low - array, array - high)
    severe = int(np.count_nonzero(beyond > SEVERE * (high - low)))
    return int(np.count_nonzero(beyond > MILD * (high - low))) - severe, severe


def median_rank(n: int, confidence: float = CONFIDENCE) -> int:
    """Return k: the k-th smallest to k-th largest of n values cover the median; 0 if none do.

    k is the largest integer with P(Binomial(n, 1/2) <= k - 1) <= (1 - confidence) / 2.
    """
    allowed, tail, k = Fraction((1 - confidence) / 2) * 2**n, 0, 0
    while k < n // 2:
        tail += math.comb(n, k)
        if tail > allowed:
            break
        k += 1
    return k


def median_interval(values: Sequence[float] | Floats, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the interval of the median: exact for any distribution, infinite for too few values."""
    array = np.sort(_filled(values))
    k = median_rank(len(array), confidence)
    return (float(array[k - 1]), float(array[-k])) if k else (-math.inf, math.inf)


def summary(values: Sequence[float] | Floats) -> Summary:
    """Return all that is said of one variant."""
    low, high = median_interval(values)
    return Summary(median(values), low, high, spread_pct(values), len(values), *outliers(values))


def per_run(series: Series) -> Floats:
    """Return the time of one run in ns, for each sample."""
    return _filled(series.values) / series.loops


def pair_up(baseline: Series, changed: Series) -> tuple[Floats, Floats]:
    """Return both sides of each pair in run order, ns a run.

    Positions 2i and 2i+1 are a pair, so a sample's partner is at its position with the
    last bit flipped. Samples without a partner are left out: the baseline is also
    paired with third variants.
    """
    partners = dict(zip(baseline.order, baseline.values, strict=True))
    found = sorted(
        (place, partners[place ^ 1], value)
        for place, value in zip(changed.order, changed.values, strict=True)
        if place ^ 1 in partners
    )
    base = np.array([one for _, one, _ in found], dtype=np.float64) / baseline.loops
    return base, np.array([other for _, _, other in found], dtype=np.float64) / changed.loops


def taken_by_process(baseline: Series, changed: Series) -> list[NDArray[np.bool_]]:
    """Return which of the pairs, in run order, each process took; nothing if it is not recorded.

    Where a process's memory lands may make it a tenth slower or faster for as long as it lives, so
    the pairs of one process are one witness, not many.
    """
    if baseline.process is None or changed.process is None:
        return []
    partners = {place ^ 1 for place in baseline.order}
    taken = sorted(zip(changed.order, changed.process, strict=True))
    process = np.array([number for place, number in taken if place in partners])
    return [process == one for one in dict.fromkeys(process.tolist())]


def paired_ratio(baseline: Series, changed: Series) -> Ratio:
    """Return exp of the median log-ratio of the pairs, with its interval and the noise floor.

    Of pairs taken in several processes each process gives one log-ratio, its median.
    """
    base, other = pair_up(baseline, changed)
    logs = np.log(_positive(other) / _positive(base))
    processes = taken_by_process(baseline, changed)
    if processes:
        logs = np.array([np.median(logs[one]) for one in processes])
    low, high = median_interval(logs)
    noise = noise_floor(baseline, changed)
    centre = math.exp(median(logs))
    return Ratio(centre, math.exp(low), math.exp(high), len(logs), *noise, processes=bool(processes))


def noise_floor(baseline: Series, changed: Series) -> tuple[float | None, float]:
    """Return how far the same variant may, and surely does, differ from itself between neighbouring pairs.

    In ABBA order the last run of a pair and the first of the next are of one variant: n - 1
    log-ratios of equal code, at no cost. The floor is the larger absolute end of the
    interval of their median, exp(.) - 1. Six pairs leave five such neighbours, whose whole range
    (93.8 %) is taken; fewer say nothing: None. What is surely there, the bias, is the end nearer to
    none, and nothing if the interval holds none: chance alone, which the ratio's own interval has
    in it already, must not widen a margin a second time.
    """
    mine = dict(zip(changed.order, changed.values, strict=True))
    partners = dict(zip(baseline.order, baseline.values, strict=True))
    runs = {p: v for p, v in partners.items() if p ^ 1 in mine}
    process = dict(zip(changed.order, changed.process or (), strict=False))
    process |= dict(zip(baseline.order, baseline.process or (), strict=False))
    logs = [
        math.log(side[place + 1] / side[place])
        for side in (runs, mine)
        for place in sorted(side)
        if place % 2 and place + 1 in side and process.get(place) == process.get(place + 1)
    ]
    if len(logs) < FEWEST - 1:
        return None, 0.0
    low, high = median_interval(logs) if len(logs) >= FEWEST else (min(logs), max(logs))
    near, far = sorted((abs(low), abs(high)))
    return math.expm1(far), 0.0 if low <= 0 <= high else math.expm1(near)


def unpaired_ratio(
    baseline: Sequence[float] | Floats, changed: Sequence[float] | Floats, seed: int = 0
) -> Ratio:
    """Return the ratio of two medians measured at different times, with a bootstrap interval.

    Percentile bootstrap over 9,999 seeded resamples of each side on its own; the same
    numbers as scipy.stats.bootstrap(method="percentile") gives for that seed.
    """
    base, other = _positive(_filled(baseline)), _positive(_filled(changed))
    value, n = median(other) / median(base), min(len(base), len(other))
    if n < FEWEST:
        return Ratio(value, 0.0, math.inf, n, paired=False)
    middles = bootstrap.medians(base, other, seed)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(middles[1] / middles[0], [tail, 1 - tail])
    return Ratio(value, float(low), float(high), n, paired=False)


def is_precise(ratio: Ratio, precision: float) -> bool:
    """Say whether the whole interval lies within *precision* (0.02 is 2 %) of the ratio."""
    return (
        ratio.has_interval
        and ratio.high <= ratio.value * (1 + precision)
        and ratio.low >= ratio.value * (1 - precision)
    )


def effective_margin(margin: float, bias: float) -> float:
    """Return the margin a cell can be judged by: no finer than twice what equal code surely differs by."""
    return max(margin, 2 * bias)


def geometric_mean(ratios: Sequence[float]) -> float | None:
    """Return the geometric mean, or None of nothing."""
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios)) if ratios else None


def _filled(values: Sequence[float] | Sequence[int] | Floats) -> Floats:
    """Return the values as an array; ValueError if there are none."""
    array = np.asarray(values, dtype=np.float64)
    if array.size == 0:
        raise ValueError("statistics of no values")
    return array


def _positive(values: Floats) -> Floats:
    """Return the times, which have logarithms; ValueError if one is not above 0."""
    if not (values > 0).all():
        raise ValueError("a time must be above 0")
    return values
