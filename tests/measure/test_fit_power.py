"""The power that is fitted to sizes and costs, and its interval."""

import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from kscale.measure import fit


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_growth_finds_the_power(power: float) -> None:
    """Cost = 3 n^p gives p, with nothing left unexplained."""
    sizes = [10, 100, 1000, 10000]
    found = fit.growth(sizes, [3 * n**power for n in sizes])
    assert found is not None
    assert found.exponent == pytest.approx(power, abs=1e-12)
    assert found.r2 == pytest.approx(1.0) or power == 0
    assert found.stderr == pytest.approx(0, abs=1e-7)


def test_growth_equals_scipy_and_leaves_zeros_out() -> None:
    """Slope, error and R2 are those of linregress over the points that have logarithms."""
    sizes, costs = [10, 30, 100, 300, 1000], [12.0, 31, 0, 350, 900]
    found = fit.growth(sizes, costs)
    theirs = scipy_stats.linregress(np.log([10, 30, 300, 1000]), np.log([12.0, 31, 350, 900]))
    assert found is not None
    assert found.exponent == pytest.approx(theirs.slope)
    assert found.stderr == pytest.approx(theirs.stderr)
    assert found.r2 == pytest.approx(theirs.rvalue**2)
    assert found.points == 4


@pytest.mark.parametrize("degrees", [*range(1, 40), 78, 199, 1000])
def test_student_equals_scipy(degrees: int) -> None:
    """The closed form, at the confidence of every interval and at another."""
    assert fit.student_t(degrees) == pytest.approx(float(scipy_stats.t.ppf(0.975, degrees)), rel=1e-12)
    assert fit.student_t(degrees, 0.5) == pytest.approx(float(scipy_stats.t.ppf(0.75, degrees)), rel=1e-12)


def test_student_needs_a_degree_of_freedom() -> None:
    """Two points leave none."""
    with pytest.raises(ValueError, match="degree"):
        fit.student_t(0)


def test_the_interval_of_an_exponent_equals_scipy() -> None:
    """Slope and Student's t times its error, over points of several seeds a size."""
    sizes = [10, 10, 30, 30, 100, 100, 300]
    costs = [12.0, 11, 31, 35, 90, 110, 350]
    found = fit.growth(sizes, costs)
    theirs = scipy_stats.linregress(np.log(sizes), np.log(costs))
    reach = float(scipy_stats.t.ppf(0.975, len(sizes) - 2)) * theirs.stderr
    assert found is not None
    assert (found.low, found.high) == pytest.approx((theirs.slope - reach, theirs.slope + reach), abs=1e-9)
    assert found.has_interval


def test_the_interval_holds_the_exponent_as_often_as_it_says() -> None:
    """Of 2,000 noisy lines of four points about 95 in a hundred."""
    random = np.random.default_rng(7)
    sizes = [10, 100, 1000, 10000]
    held = 0
    for _ in range(2000):
        found = fit.growth(sizes, [n**0.5 * float(np.exp(random.normal(0, 0.1))) for n in sizes])
        assert found is not None
        held += found.low <= 0.5 <= found.high
    assert 0.94 <= held / 2000 <= 0.96


def test_how_far_a_fit_is_off() -> None:
    """781, 281 and 500 nodes of 3,125, 5,625 and 10,000 are no power; n log n nearly is one, and so is 5."""
    adaptive = fit.growth([3125, 5625, 10_000], [781, 281, 500])
    assert adaptive is not None
    assert adaptive.poor
    assert adaptive.off == pytest.approx(1.701, abs=1e-3)
    sizes = [10_000, 30_000, 100_000, 300_000, 1_000_000]
    for costs in ([n * math.log(n) for n in sizes], [5.0] * 5):
        found = fit.growth(sizes, costs)
        assert found is not None
        assert not found.poor
    constant = fit.growth([1, 10, 100, 1000, 10_000], [1000 + n for n in (1, 10, 100, 1000, 10_000)])
    assert constant is not None
    assert constant.poor


def test_one_seed_far_off_is_no_poor_fit() -> None:
    """The shape is that of each size's middle; seeds that scatter widen the interval."""
    sizes = [n for n in (10, 100, 1000) for _ in range(3)]
    costs = [n * factor for n in (10, 100, 1000) for factor in (1.0, 1.0, 2.0)]
    found = fit.growth(sizes, costs)
    assert found is not None
    assert found.off == pytest.approx(2 ** (1 / 3))  # the line lies between
    level = fit.growth(sizes, [n for n in (10, 100, 1000) for _ in range(3)])
    assert level is not None
    assert found.high - found.low > level.high - level.low


def test_growth_needs_two_sizes() -> None:
    """One size, or none with a cost, has no slope; two have one without an error."""
    assert fit.growth([5, 5], [1, 2]) is None
    assert fit.growth([1, 2], [0, 0]) is None
    two = fit.growth([1, 2], [1, 4])
    assert two is not None
    assert two.exponent == pytest.approx(2)
    assert (two.stderr, two.points) == (None, 2)
    assert not two.has_interval
