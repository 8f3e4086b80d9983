"""Coefficients from points: least squares of the relative error, none below zero, with intervals.

Relative, because a microsecond more matters for one key and not for a full list. Not below zero,
because a cost that is negative is no cost: with few coefficients every choice of those that are not
zero is tried, and the best one that is allowed is kept, which is exact and needs no iteration.

Ranges are of a Bayesian bootstrap (Rubin 1981, Annals of Statistics 9:130): each draw weighs the
points anew and takes the median of resampled repeats. Unlike a resample of points it never loses
one that a coefficient hangs on. It knows nothing of what the formula itself misses, which the next
machine, or the next choice of settings, misses in another way: each coefficient of each draw is
therefore off by as much again as the formula was found to be (`misfit`). Where nothing is left to find
that out with, as of a line through two points, by as much as the worst of the other formulas (`widened`).
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kscale.calibrate import holdout
from kscale.calibrate.formula import Floats, Formula
from kscale.calibrate.point import Point
from kscale.calibrate.record import GOAL_PCT

DRAWS = 999
SEED = 1
LOW, HIGH = 2.5, 97.5  # percentiles: the middle 95 %
ALIKE = 1e-9  # residuals that differ by less are equal: the fewer coefficients win
MOST_ERROR = 1000.0  # that is told, of no time for what took some
MOST_MISFIT = 1.0  # then a range is from a seventh of a coefficient to seven times as much, and says enough
TOLD_APART = 1e-6  # least singular value of scaled counts, in parts of the largest


@dataclass(frozen=True, slots=True)
class Fit:
    """A formula with its coefficients, and the points that they come from and are held against."""

    formula: Formula
    fitted: tuple[Point, ...]
    held: tuple[Point, ...]  # kept back, within the range of those fitted
    beyond: tuple[Point, ...]  # kept back, farther than the formula is meant to reach
    coefficients: Floats  # [terms]
    draws: Floats  # [DRAWS, terms], of the bootstrap, misfit included
    determined: bool  # the fitted settings tell all terms apart
    fixed: Mapping[str, float] = field(default_factory=dict)  # terms that were given and not fitted

    @property
    def checked(self) -> bool:
        """Return whether anything is left to hold the formula against: kept back, or more than it needs."""
        return bool(self.held) or len(self.fitted) > len(self.formula.terms) - len(self.fixed)

    def range(self, term: int) -> tuple[float, float]:
        """Return the middle 95 % of a coefficient's draws, the coefficient itself included."""
        low, high = np.percentile(self.draws[:, term], (LOW, HIGH))
        value = float(self.coefficients[term])
        return min(float(low), value), max(float(high), value)

    def predicted(self, point: Point) -> float:
        """Return what the formula gives at the setting of a point."""
        return self.formula.predicted(self.coefficients, point.at)

    def error(self, point: Point) -> float:
        """Return how far the prediction is off, in parts of the measured value: 0.1 is 10 % too much."""
        return min(self.predicted(point) / point.value - 1, MOST_ERROR)

    def extrapolated(self, point: Point) -> bool:
        """Return whether a point lies outside the range of the fitted ones."""
        inside = not self.fitted or holdout.inside(point.at, [one.at for one in self.fitted])
        return not (inside and self.formula.reaches(point.at))

    @property
    def held_out_error(self) -> float | None:
        """Return the median absolute error over points kept back within the range, in parts; None without."""
        return float(np.median(self._errors(self.held))) if self.held else None

    @property
    def worst_error(self) -> float | None:
        """Return the largest absolute error over the same points."""
        return float(max(self._errors(self.held))) if self.held else None

    def _errors(self, points: Sequence[Point]) -> list[float]:
        """Return how far the predictions of points are off, without signs."""
        return [abs(self.error(one)) for one in points]

    @property
    def once(self) -> bool:
        """Return whether a setting was measured only once."""
        return any(len(point.samples) == 1 for point in self.fitted)

    @property
    def over(self) -> Mapping[str, tuple[float, float]]:
        """Return the least and the most of each part of the fitted settings."""
        if not self.fitted:
            return {}
        return {
            key: (min(one.at[key] for one in self.fitted), max(one.at[key] for one in self.fitted))
            for key in self.fitted[0].at
        }


def fit(formula: Formula, points: Sequence[Point], fixed: Mapping[str, float] | None = None) -> Fit | None:
    """Return the coefficients that explain *points* best, some of them kept back; None if too few.

    Points of zero or less are left out: a relative error has no meaning there. All that the formula does
    not reach are kept back; where nothing is to be fitted, the others too. Terms in *fixed* have that
    coefficient, in every draw.
    """
    fixed = fixed or {}
    measured = [point for point in points if point.value > 0]
    usable = [point for point in measured if formula.reaches(point.at)]
    beyond = tuple(point for point in measured if not formula.reaches(point.at))
    if len(usable) < max(1, len(formula.terms)):
        return None
    if not formula.terms:
        return Fit(formula, (), tuple(usable), beyond, np.empty(0), np.empty((DRAWS, 0)), determined=True)
    out = holdout.held_out([point.at for point in usable], len(formula.terms))
    fitted = tuple(point for point, held in zip(usable, out, strict=True) if not held)
    free = [number for number, term in enumerate(formula.terms) if term.name not in fixed]
    counts = formula.counts(fitted)
    sums, weights = _resampled(formula, fitted)
    found = np.tile([fixed.get(term.name, 0.0) for term in formula.terms], (len(sums), 1))
    known = np.array([formula.known(point.at) for point in fitted]) + counts @ found[0]
    found[:, free] = least_squares(counts[:, free], sums - known, sums, weights)
    kept = tuple(point for point, held in zip(usable, out, strict=True) if held)
    apart = told_apart(counts[:, free])
    exact = Fit(formula, fitted, kept, beyond, found[0], found[1:], apart, fixed)
    return _spread(exact, misfit(exact))


def widened(fits: Mapping[str, Fit]) -> dict[str, Fit]:
    """Return fits, by family, with those that nothing checks as far off as the worst of the others.

    At least as far as the goal for predictions.
    """
    most = max([GOAL_PCT / 100, *(misfit(one) for one in fits.values() if one.checked)])
    return {name: one if one.checked else _spread(one, most) for name, one in fits.items()}


def misfit(found: Fit) -> float:
    """Return by how much a formula misses, in parts: of points kept back or of fitted ones, the larger.

    Of points kept back their median error; of fitted ones the spread of what is left, for so many
    coefficients (0 where there are no more points than those).
    """
    free = len(found.fitted) - len(found.formula.terms) + len(found.fixed)
    left = sum(found.error(one) ** 2 for one in found.fitted)
    spread = math.sqrt(left / free) if free > 0 else 0.0
    return min(MOST_MISFIT, max(found.held_out_error or 0.0, spread))


def _spread(found: Fit, by: float) -> Fit:
    """Return a fit with each coefficient of each draw off by so much, as often too large as too small."""
    stream = np.random.default_rng([SEED, zlib.crc32(found.formula.family.encode()), 1])
    off = np.exp(by * stream.standard_normal(found.draws.shape))
    off[:, [term.name in found.fixed for term in found.formula.terms]] = 1.0
    return replace(found, draws=found.draws * off)


def told_apart(counts: Floats) -> bool:
    """Return whether settings with those counts tell all terms apart."""
    lengths = np.linalg.norm(counts, axis=0)
    if len(counts) < counts.shape[1] or not lengths.all():
        return False
    singular = np.linalg.svd(counts / lengths, compute_uv=False)
    return bool(singular[-1] > TOLD_APART * singular[0])


def _resampled(formula: Formula, points: Sequence[Point]) -> tuple[Floats, Floats]:
    """Return sums to explain and weights, float64[1 + DRAWS, points]; the first row is what was measured."""
    stream = np.random.default_rng([SEED, zlib.crc32(formula.family.encode())])
    sums = np.empty((1 + DRAWS, len(points)))
    for number, point in enumerate(points):
        samples = np.array([formula.turned(point.at, sample) for sample in point.samples if sample > 0])
        picks = stream.integers(0, len(samples), (DRAWS, len(samples)))
        sums[0, number] = formula.turned(point.at, point.value)
        sums[1:, number] = np.median(samples[picks], axis=1)
    weights = np.ones_like(sums)
    weights[1:] = stream.standard_exponential(weights[1:].shape)
    return sums, weights


def least_squares(counts: Floats, wanted: Floats, whole: Floats, weights: Floats) -> Floats:
    """Return the coefficients, float64[rows, terms], that explain each row of *wanted* best.

    *counts* float64[points, terms]; the others float64[rows, points]. The squares of errors in parts of
    *whole*, which is above zero, are weighed and added up; no coefficient is below zero.
    """
    terms = counts.shape[1]
    scale = np.maximum(np.linalg.norm(counts, axis=0), np.finfo(float).tiny)
    scaled = counts[None] / scale / whole[:, :, None]  # [rows, points, terms]
    squares = np.einsum("rpi,rpj,rp->rij", scaled, scaled, weights)
    products = np.einsum("rpi,rp->ri", scaled, weights * wanted / whole)
    none = np.einsum("rp,rp->r", weights, (wanted / whole) ** 2)  # residual of all zeros
    best, least = np.zeros_like(products), none.copy()
    for chosen in sorted(range(1, 2**terms), key=lambda mask: (mask.bit_count(), mask)):
        which = [term for term in range(terms) if chosen >> term & 1]
        tried = np.zeros_like(best)
        tried[:, which] = _solved(squares[:, which][:, :, which], products[:, which])
        explained = 2 * np.einsum("ri,ri->r", tried, products)
        residual = none - explained + np.einsum("ri,rij,rj->r", tried, squares, tried)
        better = (tried >= 0).all(axis=1) & (residual < least - ALIKE * none)
        best[better], least[better] = tried[better], residual[better]
    return np.asarray(best / scale)


def _solved(squares: Floats, products: Floats) -> Floats:
    """Return the solutions of normal equations; a ridge too small to be seen keeps them solvable."""
    ridge = 1e-12 * np.trace(squares, axis1=1, axis2=2)[:, None, None] * np.eye(squares.shape[1])
    solved = np.linalg.solve(squares + ridge, products[:, :, None])[:, :, 0]
    return np.asarray(np.where(np.isfinite(solved), solved, -1.0))
