"""Medians of resamples, quickly: the bootstrap of times that were not taken in pairs.

A resample only says how often each value is drawn. Counted up in order of size, the median lies
where the count passes the middle, so no resample has to be sorted; and the draws depend on the
seed and the numbers of values alone, so rows of equal size share them.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 9_999  # one less than 10,000, so that quantiles fall on resamples

_Floats = NDArray[np.float64]


def medians(base: _Floats, other: _Floats, seed: int) -> tuple[_Floats, _Floats]:
    """Return the median of each resample of both sides, each drawn on its own.

    The numbers are those of `np.median(side[stream.integers(0, n, (9999, n))], axis=1)`, for *base* and
    then for *other*, with `stream = np.random.default_rng(seed)`.
    """
    drawn = _drawn(len(base), len(other), seed)
    return _middle(base, drawn[0]), _middle(other, drawn[1])


@lru_cache(maxsize=8)  # 1 MB each for 50 values a side
def _drawn(n_base: int, n_other: int, seed: int) -> tuple[NDArray[np.unsignedinteger], ...]:
    """Return how often each value is drawn: for both sides an array of values by resamples."""
    stream = np.random.default_rng(seed)
    return tuple(_counts(stream.integers(0, n, (RESAMPLES, n)), n) for n in (n_base, n_other))


def _counts(picks: NDArray[np.int64], n: int) -> NDArray[np.unsignedinteger]:
    """Return how often each of *n* values is picked by each resample, transposed."""
    flat = (picks + np.arange(RESAMPLES)[:, None] * n).ravel()
    counts = np.bincount(flat, minlength=RESAMPLES * n).reshape(RESAMPLES, n)
    return np.ascontiguousarray(counts.T.astype(np.min_scalar_type(n)))


def _middle(values: _Floats, counts: NDArray[np.unsignedinteger]) -> _Floats:
    """Return the median of each resample."""
    n = len(values)
    by_size = np.argsort(values, kind="stable")
    ranked = values[by_size]
    below = counts[by_size].cumsum(axis=0, dtype=counts.dtype)  # draws up to each size
    upper = ranked[_first_above(below, n // 2)]
    if n % 2:
        return upper
    return (ranked[_first_above(below, n // 2 - 1)] + upper) / 2


def _first_above(below: NDArray[np.unsignedinteger], rank: int) -> NDArray[np.int64]:
    """Return for each resample the place of its value of *rank*, counted from 0."""
    place: NDArray[np.int64] = np.count_nonzero(below <= rank, axis=0)
    return place
