"""The fit: exact where points follow the formula, never negative, with intervals, the same each time."""

import made_points
import numpy as np
import pytest
from scipy.optimize import nnls

from kscale.calibrate import families, fit
from kscale.calibrate.formula import Formula, Term
from kscale.calibrate.point import Point

LINE = Formula("line", "a + x b", (Term("a", "ns", lambda _: 1.0), Term("b", "ns", lambda at: at["x"])))


def _line(values: list[float], start: int = 1) -> list[Point]:
    """Return points at x = 1, 2, 3 ..."""
    return [Point("line", {"x": float(start + n)}, "ns", (value,)) for n, value in enumerate(values)]


def _fitted(formula: Formula, points: list[Point]) -> fit.Fit:
    """Return the fit, which is there."""
    found = fit.fit(formula, points)
    assert found is not None
    return found


@pytest.mark.parametrize("formula", families.FORMULAS.values(), ids=lambda one: one.family)
def test_every_formula_gets_its_coefficients_back(formula: Formula) -> None:
    """From points that follow it; what is kept back is then predicted."""
    found = _fitted(formula, made_points.points(formula))
    assert found.determined
    assert found.coefficients == pytest.approx(made_points.coefficients(formula), rel=1e-4)
    assert found.held
    assert found.held_out_error == pytest.approx(0, abs=1e-5)
    assert not any(found.extrapolated(point) for point in found.held)


def test_least_squares_are_those_of_scipy() -> None:
    """On random counts and sums, many of which would want a coefficient below zero."""
    stream = np.random.default_rng(7)
    zeros = 0
    for _ in range(100):
        counts = stream.uniform(0, 10, (8, 4))
        sums = stream.uniform(1, 100, 8)
        ours = fit.least_squares(counts, sums[None], sums[None], np.ones((1, 8)))[0]
        theirs, _ = nnls(counts / sums[:, None], np.ones(8))
        assert ours == pytest.approx(theirs, rel=1e-5, abs=1e-6 * theirs.max())
        zeros += int((ours == 0).sum())
    assert zeros > 50  # the bound was at work


def test_weights_count_as_repeats() -> None:
    """A point of weight two is a point that is there twice."""
    counts = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 5.0]])
    sums = np.array([3.0, 4.0, 12.0])
    weighed = fit.least_squares(counts, sums[None], sums[None], np.array([[1.0, 2.0, 1.0]]))
    twice = [0, 1, 1, 2]
    repeated = fit.least_squares(counts[twice], sums[None, twice], sums[None, twice], np.ones((1, 4)))
    assert weighed == pytest.approx(repeated)


def test_the_error_is_of_what_was_kept_back() -> None:
    """A point that is kept back has no part in the coefficients: only its error shows it."""
    good = _fitted(LINE, _line([3, 5, 7, 9, 11, 13]))
    values: list[float] = [3, 50, 7, 9, 11, 13]
    bad = _fitted(LINE, _line(values))
    assert [point.at["x"] for point in bad.held] == [2.0, 5.0]
    assert bad.coefficients == pytest.approx(good.coefficients)
    assert bad.error(bad.held[0]) == pytest.approx(5 / 50 - 1)
    assert bad.held_out_error == pytest.approx((0.9 + 0.0) / 2)


def test_beyond_the_fitted_range_is_marked() -> None:
    """Whoever asks for more gets it, and is told."""
    found = _fitted(LINE, _line([3, 5, 7, 9]))
    assert not found.extrapolated(found.held[0])
    assert found.extrapolated(Point("line", {"x": 99.0}, "ns", (1.0,)))


def test_settings_that_cannot_tell_terms_apart_are_known() -> None:
    """All at one x: a and b are one number."""
    assert not fit.told_apart(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]))
    assert not fit.told_apart(np.array([[1.0, 0.0], [1.0, 0.0]]))
    assert not fit.told_apart(np.array([[1.0, 2.0]]))
    assert fit.told_apart(np.array([[1.0, 2.0], [1.0, 3.0]]))


def test_too_few_points_are_no_fit() -> None:
    """Nor are values that no relative error can be taken of."""
    assert fit.fit(LINE, _line([3])) is None
    assert fit.fit(LINE, _line([3, 0])) is None


def test_intervals_hold_the_truth_and_repeat() -> None:
    """With noise of ten per cent, in nine of ten fits at least; equal points give equal intervals."""
    stream = np.random.default_rng(3)
    hits = 0
    for _ in range(40):
        points = [
            Point("line", {"x": x}, "ns", tuple((100 + 7 * x) * stream.normal(1, 0.1, 5)))
            for x in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 300.0)
        ]
        low, high = _fitted(LINE, points).interval(1)
        hits += low <= 7 <= high
        assert (low, high) == _fitted(LINE, points).interval(1)
    assert hits >= 32


def test_a_formula_without_terms_keeps_everything_back() -> None:
    """There is nothing to fit: all points are predictions."""
    known = Formula("none", "x", (), known=lambda at: at["x"])
    found = _fitted(known, _line([1, 2, 4]))
    assert (found.fitted, len(found.held)) == ((), 3)
    assert [round(found.error(point), 3) for point in found.held] == [0, 0, -0.25]
    assert not found.extrapolated(found.held[0])
