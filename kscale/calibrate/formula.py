"""What explains a family of points: a sum of a few costs, each of them a coefficient of at least zero."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.calibrate.point import Point

Floats = NDArray[np.float64]
At = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Term:
    """One cost: a coefficient, and how many of it a setting has."""

    name: str  # "a put", "a byte"
    unit: str  # of the coefficient: ns, ns/byte, bytes ...
    count: Callable[[At], float]


def _itself(at: At, value: float) -> float:
    """Return the value: it is the sum."""
    del at
    return value


def _no_part(at: At) -> float:
    """Return 0: all of the value is to be explained."""
    del at
    return 0.0


@dataclass(frozen=True, slots=True)
class Formula:
    """How the value of a family follows from its terms: `unit` of (known + sum of coefficient x count)."""

    family: str
    said: str  # "clients / latency; latency = round trip + ..."
    terms: tuple[Term, ...]
    turned: Callable[[At, float], float] = _itself  # value to sum, and sum to value: its own inverse
    known: Callable[[At], float] = _no_part  # part of the sum that needs no coefficient
    reach: At = field(default_factory=dict)  # the most of a setting that it is fitted to, where there is one

    def reaches(self, at: At) -> bool:
        """Return whether a setting is among those that the formula is for."""
        return all(at[key] <= most for key, most in self.reach.items())

    def counts(self, points: Sequence[Point]) -> Floats:
        """Return how many of each term the points have, float64[points, terms]."""
        rows = [[term.count(point.at) for term in self.terms] for point in points]
        return np.array(rows, dtype=np.float64).reshape(len(points), len(self.terms))

    def predicted(self, coefficients: Floats, at: At) -> float:
        """Return the value that coefficients give at a setting: of no time at all 0, as a rate infinite."""
        counts = np.array([term.count(at) for term in self.terms])
        total = self.known(at) + float(counts @ coefficients)
        if total > 0:
            return self.turned(at, total)
        return 0.0 if self.turned is _itself else float("inf")
