"""The statistics are what the practice note says, and what scipy says where it has the same."""

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from kscale.measure import power, stats

TIMES = st.lists(st.integers(1, 10**9), min_size=1, max_size=60)


@dataclass(frozen=True)
class Series:
    order: list[int]
    values: list[int]
    loops: int = 1
    process: list[int] | None = None


def coverage(n: int, k: int) -> float:
    """Return the probability that the k-th smallest to the k-th largest of n values hold the median."""
    outside: int = sum(math.comb(n, i) for i in range(k))
    return 1.0 - float(Fraction(outside, 2 ** (n - 1)))


def abba(base: list[int], other: list[int], loops: tuple[int, int] = (1, 1)) -> tuple[Series, Series]:
    """Pairs in ABBA order: the baseline at 0, 3, 4, 7 ..."""
    first = [2 * i + i % 2 for i in range(len(base))]
    return Series(first, base, loops[0]), Series([p ^ 1 for p in first], other, loops[1])


@pytest.mark.parametrize(
    ("n", "k", "percent"),
    [
        (0, 0, 0),
        (1, 0, 0),
        (5, 0, 0),
        (6, 1, 96.9),
        (10, 2, 97.9),
        (20, 6, 95.9),
        (30, 10, 95.7),
        (50, 18, 96.7),
    ],
)
def test_rank_and_coverage_are_those_of_the_note(n: int, k: int, percent: float) -> None:
    """n: k -> coverage, as printed in the practice note; below 6 there is no interval."""
    assert stats.median_rank(n) == k
    if k:
        assert round(100 * coverage(n, k), 1) == percent


@pytest.mark.parametrize("n", [*range(6, 80), 999, 5000])
def test_rank_is_the_largest_that_covers(n: int) -> None:
    """k covers 95 %, and k + 1 would not."""
    k = stats.median_rank(n)
    assert coverage(n, k) >= 0.95 > coverage(n, k + 1)


@given(st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=70))
def test_interval_equals_scipy(values: list[float]) -> None:
    """The interval of a median is scipy's quantile_test."""
    theirs: Any = scipy_stats.quantile_test(values, p=0.5).confidence_interval(0.95)
    assert stats.median_interval(values) == (theirs.low, theirs.high)


@given(TIMES)
def test_summary_counts_outliers_and_keeps_them(values: list[int]) -> None:
    """Centre, spread and outliers follow numpy's quartiles and Tukey's fences."""
    found = stats.summary(values)
    low, high = np.quantile(values, [0.25, 0.75])
    iqr = scipy_stats.iqr(values)
    assert found.median == np.median(values)
    assert found.spread_pct == pytest.approx(50 * iqr / np.median(values))
    outside = [max(low - v, v - high) for v in values]
    assert found.severe == sum(o > 3 * iqr for o in outside)
    assert found.mild == sum(1.5 * iqr < o <= 3 * iqr for o in outside)
    assert found.n == len(values)


def test_below_six_values_there_is_no_interval() -> None:
    """Five pairs give a median and nothing else."""
    ratio = stats.paired_ratio(*abba([10] * 5, [5] * 5))
    assert (ratio.value, ratio.low, ratio.high, ratio.n) == (0.5, 0.0, math.inf, 5)
    assert not ratio.has_interval
    assert not stats.is_precise(ratio, 10)
    assert power.pairs_to_show(ratio, 0.1) is None
    assert power.smallest_change(ratio, 0.05) == math.inf


def test_ratio_is_of_one_run_whatever_the_loops() -> None:
    """Samples of 1 and of 50 runs compare per run."""
    ratio = stats.paired_ratio(*abba([1000] * 8, [500] * 8, loops=(1, 50)))
    assert ratio.value == pytest.approx(0.01)
    assert (ratio.low, ratio.high) == (ratio.value, ratio.value)
    assert ratio.floor == 0.0


@given(st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=6, max_size=50))
def test_ratio_is_exp_of_the_median_log_ratio(pairs: list[tuple[int, int]]) -> None:
    """Ratio and interval are those of ln(c/b), pair by pair."""
    base, other = map(list, zip(*pairs, strict=True))
    ratio = stats.paired_ratio(*abba(base, other))
    logs = [math.log(c) - math.log(b) for b, c in pairs]
    low, high = stats.median_interval(logs)
    assert ratio.value == pytest.approx(math.exp(np.median(logs)))
    assert ratio.low == pytest.approx(math.exp(low))
    assert ratio.high == pytest.approx(math.exp(high))


def test_drift_cancels_between_neighbours() -> None:
    """A machine that slows by half during the run leaves the ratio alone."""
    base = [1000 + 50 * i for i in range(10)]
    ratio = stats.paired_ratio(*abba(base, [2 * b for b in base]))
    assert (ratio.value, ratio.low, ratio.high) == (2.0, 2.0, 2.0)


def test_third_variants_are_paired_with_their_own_runs_of_the_baseline() -> None:
    """The baseline's samples are shared out by position, and no pair crosses over."""
    base = Series([0, 3, 4, 7], [10, 10, 20, 20])
    first, second = Series([1, 2], [5, 5]), Series([5, 6], [5, 5])
    assert stats.pair_up(base, first)[0].tolist() == [10, 10]
    assert stats.pair_up(base, second)[0].tolist() == [20, 20]
    assert stats.paired_ratio(base, second).value == 0.25


def test_floor_is_taken_from_neighbours_of_one_variant() -> None:
    """Last of a pair and first of the next: b0 c0 | c1 b1 | b2 c2 | c3 b3 ..."""
    base, other = [100, 100, 110, 110, 100, 100, 110, 110], [50, 50, 50, 50, 50, 50, 50, 50]
    ours, bias = stats.noise_floor(*abba(base, other))
    logs = [0, math.log(110 / 100), 0, math.log(100 / 110), 0, math.log(110 / 100), 0]
    low, high = stats.median_interval(logs)
    assert ours == pytest.approx(math.expm1(max(abs(low), abs(high))))
    assert bias == 0


def test_bias_is_what_neighbours_surely_differ_by() -> None:
    """A second run of a pair that is always 10 % slower than the next pair's first."""
    base, other = [100, 110] * 5, [110, 100] * 5  # by place: 100 110 | 100 110 | ...
    floor, bias = stats.noise_floor(*abba(base, other))
    assert floor == pytest.approx(bias) == pytest.approx(math.expm1(math.log(1.1)))


def test_the_pairs_of_one_process_are_one_witness() -> None:
    """Each process gives one log-ratio, its median; the witnesses are counted, not the pairs."""
    base, other = abba([100] * 8, [50, 50, 50, 400, 200, 200, 200, 25])
    process = [0, 0, 0, 0, 1, 1, 1, 1]
    apart = Series(base.order, base.values, 1, process), Series(other.order, other.values, 1, process)
    taken = [one.tolist() for one in stats.taken_by_process(*apart)]
    assert taken == [[True] * 4 + [False] * 4, [False] * 4 + [True] * 4]
    ratio = stats.paired_ratio(*apart)
    assert (ratio.n, ratio.processes) == (2, True)
    assert ratio.value == pytest.approx(1.0)
    assert stats.taken_by_process(base, other) == []


def test_neighbours_in_two_processes_are_none() -> None:
    """Only runs of one process are the same but for chance."""
    base, other = abba([100] * 8, [100, 100, 200, 200, 100, 100, 200, 200])
    process = [0, 0, 1, 1, 2, 2, 3, 3]
    assert stats.noise_floor(base, other)[0] == pytest.approx(0)
    apart = Series(base.order, base.values, 1, process), Series(other.order, other.values, 1, process)
    assert stats.noise_floor(*apart) == (None, 0.0)


def test_floor_of_six_pairs_is_the_whole_range_and_of_fewer_unknown() -> None:
    """Five neighbours give their range; four give nothing."""
    base = [100, 100, 120, 120, 100, 100]
    assert stats.noise_floor(*abba(base, [7] * 6))[0] == pytest.approx(0.2)
    assert stats.noise_floor(*abba(base[:5], [7] * 5)) == (None, 0.0)


def test_margin_is_never_finer_than_twice_the_bias() -> None:
    """max(margin, 2 x what equal code surely differs by)."""
    assert stats.effective_margin(0.05, 0.01) == 0.05
    assert stats.effective_margin(0.05, 0.04) == 0.08
    assert stats.effective_margin(0.05, 0.0) == 0.05


@pytest.mark.parametrize("seed", [0, 1, 7])
def test_bootstrap_equals_scipy(seed: int) -> None:
    """Percentile bootstrap of a ratio of medians: the same numbers for the same seed."""
    stream = np.random.default_rng(100 + seed)
    base, other = stream.lognormal(3, 0.1, 23), stream.lognormal(2.9, 0.1, 17)
    theirs = scipy_stats.bootstrap(
        (base, other),
        lambda b, c, axis=-1: np.median(c, axis=axis) / np.median(b, axis=axis),
        n_resamples=9999,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    ours = stats.unpaired_ratio(base, other, seed)
    assert ours.low == pytest.approx(theirs.low)
    assert ours.high == pytest.approx(theirs.high)
    assert ours.value == np.median(other) / np.median(base)
    assert (ours.n, ours.paired, ours.floor) == (17, False, None)


def test_bootstrap_of_too_few_has_no_interval() -> None:
    """Five values on one side: a ratio without an interval."""
    assert not stats.unpaired_ratio([1.0] * 5, [1.0] * 50).has_interval


def test_coverage_holds_in_simulation() -> None:
    """2,000 noisy runs of 20 pairs with a true ratio of 1.1: the interval holds it in 95 % or more."""
    stream = np.random.default_rng(5)
    noise = stream.lognormal(0, 0.02, (2000, 20, 2)) * (1 + 0.5 * (stream.random((2000, 20, 2)) < 0.08))
    hit = 0
    for trial in noise:
        times = np.round(1e7 * trial * [1, 1.1]).astype(int)
        ratio = stats.paired_ratio(*abba(times[:, 0].tolist(), times[:, 1].tolist()))
        hit += ratio.low <= 1.1 <= ratio.high
    assert 0.945 <= hit / 2000 <= 0.985  # exact coverage is 95.9 %


@pytest.mark.parametrize(
    ("low", "high", "precise"), [(0.98, 1.02, True), (0.97, 1.0, False), (1.0, 1.03, False)]
)
def test_precision_asks_for_both_ends(low: float, high: float, *, precise: bool) -> None:
    """Within 2 % on either side."""
    assert stats.is_precise(stats.Ratio(1.0, low, high, 10), 0.02) is precise


def test_pairs_needed_grow_with_the_square() -> None:
    """The note's example: 50 pairs, -8 to +4 %, and a 3 % change needs about 210."""
    ratio = stats.Ratio(0.97, 0.92, 1.04, 50)
    needed = power.pairs_to_show(ratio, 0.03)
    assert needed is not None
    assert 180 <= needed <= 240
    finer = power.pairs_to_show(ratio, 0.015)
    assert finer is not None
    assert finer == pytest.approx(4 * needed, rel=0.05)
    assert power.pairs_to_show(ratio, 0.0) is None


def test_pairs_to_decide_look_at_the_distance_from_the_margin() -> None:
    """On the margin no number helps; the farther from it, the fewer are needed."""
    far, near = stats.Ratio(1.2, 1.0, 1.44, 20), stats.Ratio(1.1, 0.95, 1.27, 20)
    far_pairs, near_pairs = power.pairs_to_decide(far, 0.05), power.pairs_to_decide(near, 0.05)
    assert far_pairs is not None
    assert near_pairs is not None
    assert 20 < far_pairs < near_pairs
    assert power.pairs_to_decide(stats.Ratio(1.05, 1.0, 1.1, 20), math.expm1(math.log(1.05))) is None


def test_smallest_change_clears_the_margin() -> None:
    """A slowdown that large, with an interval that wide, starts above 1 + margin."""
    ratio = stats.Ratio(1.0, 0.9, 1 / 0.9, 10)
    change = power.smallest_change(ratio, 0.05)
    assert (1 + change) * ratio.low == pytest.approx(1.05)


def test_geometric_mean() -> None:
    """exp of the mean log; None of nothing."""
    assert stats.geometric_mean([0.5, 2, 8]) == pytest.approx(float(scipy_stats.gmean([0.5, 2, 8])))
    assert stats.geometric_mean([]) is None


@pytest.mark.parametrize("call", [stats.median, stats.spread_pct, stats.outliers, stats.median_interval])
def test_nothing_has_no_statistics(call: object) -> None:
    """No values is a mistake of the caller."""
    with pytest.raises(ValueError, match="no values"):
        call([])  # type: ignore[operator]  # one of four functions of one shape


def test_time_zero_is_refused() -> None:
    """A time of 0 has no logarithm."""
    with pytest.raises(ValueError, match="above 0"):
        stats.paired_ratio(*abba([0] * 6, [1] * 6))
