"""Counting draws gives the medians that sorting every resample gives."""

import numpy as np
import pytest

from kscale.measure import bootstrap


@pytest.mark.parametrize(("n", "m"), [(1, 2), (6, 7), (50, 50), (17, 300)])
def test_medians_are_those_of_the_plain_way(n: int, m: int) -> None:
    """Equal to the last bit, odd and even, with ties, for one byte of counts and for two."""
    noise = np.random.default_rng(n)
    sides = [np.round(noise.lognormal(0, 0.1, size), 2) for size in (n, m)]
    stream = np.random.default_rng(4)
    plain = [
        np.median(side[stream.integers(0, len(side), (bootstrap.RESAMPLES, len(side)))], axis=1)
        for side in sides
    ]
    for _ in range(2):  # drawn, then remembered
        for ours, theirs in zip(bootstrap.medians(sides[0], sides[1], 4), plain, strict=True):
            assert np.array_equal(ours, theirs)
