"""The fit: exact where points follow the formula, never negative, with intervals, the same each time."""

import math
from dataclasses import replace

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
    assert all(found.extrapolated(point) for point in found.beyond)
    assert all(formula.reaches(point.at) for point in found.fitted + found.held)


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


def test_what_a_formula_does_not_reach_is_kept_back_and_does_not_count() -> None:
    """It changes no coefficient and no error of those within; it is predicted, and marked."""
    short = replace(LINE, reach={"x": 6.0})
    near = _fitted(short, _line([3, 5, 7, 9, 11, 13]))
    far = _fitted(short, _line([3, 5, 7, 9, 11, 13, 30]))
    assert [point.at["x"] for point in far.beyond] == [7.0]
    assert far.coefficients.tolist() == near.coefficients.tolist()
    assert far.held_out_error == near.held_out_error
    assert far.extrapolated(far.beyond[0])
    assert far.error(far.beyond[0]) == pytest.approx(15 / 30 - 1)
    assert far.over == {"x": (1.0, 6.0)}
    assert fit.fit(replace(LINE, reach={"x": 0.5}), _line([3, 5, 7])) is None


def test_what_a_formula_misses_widens_the_range() -> None:
    """Repeats that agree say nothing of a bend that the line does not have; the larger error counts."""
    bent = [float(x**2) for x in range(1, 10)]
    straight = _fitted(LINE, _line([3.0 + 2 * x for x in range(9)]))
    found = _fitted(LINE, _line(bent))
    assert fit.misfit(straight) == pytest.approx(0, abs=1e-6)
    low, high = straight.range(1)
    assert (low, high) == pytest.approx((2, 2), rel=1e-4)
    assert found.held_out_error is not None
    assert fit.misfit(found) >= found.held_out_error > 0.1
    low, high = found.range(1)
    assert high / low > math.exp(2 * fit.misfit(found))
    assert found.worst_error is not None
    assert found.worst_error >= found.held_out_error


def test_two_choices_of_settings_agree_within_their_ranges() -> None:
    """Of an etcd that bends a little: a byte of many costs less. Seven machines in eight at least."""
    stream = np.random.default_rng(11)
    agree = 0
    for _ in range(40):
        few, many = (
            _fitted(
                LINE,
                [
                    Point("line", {"x": x}, "ns", tuple((50 + 7 * x**0.9) * stream.normal(1, 0.1, repeats)))
                    for x in places
                ],
            ).range(1)
            for repeats, places in (
                (2, (1.0, 4.0, 16.0, 64.0, 100.0)),
                (3, (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 100.0, 200.0)),
            )
        )
        agree += few[0] <= many[1] and many[0] <= few[1]
    assert agree >= 35


def test_nothing_predicted_for_something_is_an_error_that_can_be_told() -> None:
    """Not an infinite one: it is written into the file."""
    only = Formula("only", "x b", (Term("b", "ns", lambda at: at["x"]),), lambda _, value: 1e9 / value)
    points = [Point("only", {"x": float(x)}, "1/s", (5.0,)) for x in (0, 1, 2, 3)]
    found = _fitted(only, points)
    assert found.error(points[0]) == fit.MOST_ERROR
    assert math.isfinite(fit.misfit(found))
    assert np.isfinite(found.draws).all()


def test_ranges_hold_the_truth_and_repeat() -> None:
    """With noise of ten per cent, in nine of ten fits at least; equal points give equal ranges."""
    stream = np.random.default_rng(3)
    hits = 0
    for _ in range(40):
        points = [
            Point("line", {"x": x}, "ns", tuple((100 + 7 * x) * stream.normal(1, 0.1, 5)))
            for x in (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 300.0)
        ]
        low, high = _fitted(LINE, points).range(1)
        hits += low <= 7 <= high
        assert (low, high) == _fitted(LINE, points).range(1)
    assert hits >= 32


def test_a_formula_without_terms_keeps_everything_back() -> None:
    """There is nothing to fit: all points are predictions."""
    known = Formula("none", "x", (), known=lambda at: at["x"])
    found = _fitted(known, _line([1, 2, 4]))
    assert (found.fitted, len(found.held)) == ((), 3)
    assert [round(found.error(point), 3) for point in found.held] == [0, 0, -0.25]
    assert not found.extrapolated(found.held[0])


def test_what_nothing_checks_is_as_far_off_as_the_worst_of_the_others() -> None:
    """A line through two points misses neither: that says nothing of it."""
    two, bent = _fitted(LINE, _line([3, 5])), _fitted(LINE, _line([float(x**2) for x in range(1, 10)]))
    assert (two.checked, bent.checked) == (False, True)
    alone = fit.widened({"two": two})["two"]
    low, high = alone.range(1)
    assert high / low > math.exp(2 * 0.2)
    low, high = fit.widened({"two": two, "bent": bent})["two"].range(1)
    assert high / low > math.exp(2 * fit.misfit(bent)) > math.exp(2 * 0.2)
    assert fit.widened({"bent": bent})["bent"] is bent


def test_a_term_that_is_given_is_not_fitted() -> None:
    """The others make the best of it; it has no range."""
    found = fit.fit(LINE, _line([3, 5, 7, 9, 11, 13]), {"a": 2.0})
    assert found is not None
    assert found.range(0) == (2.0, 2.0)
    x, y = np.array([1.0, 3.0, 4.0, 6.0]), np.array([3.0, 7.0, 9.0, 13.0])
    assert [point.at["x"] for point in found.fitted] == x.tolist()
    assert found.coefficients[1] == pytest.approx((x * (y - 2) / y**2).sum() / (x**2 / y**2).sum())
    assert found.determined
    beside = fit.fit(LINE, _line([3, 5]), {"a": 1.0})
    assert beside is not None
    assert beside.checked
