"""Random numbers depend on seed, stream and place alone; parts add up exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.scenario.draw import Stream, apportion, below, keys, order, scaled, start_of

MASK = 2**64 - 1
GOLDEN = 0x9E3779B97F4A7C15


def slow_key(seed: int, stream: int, i: int) -> int:
    """Splitmix64 in Python's own integers, after its published definition."""

    def mix(z: int) -> int:
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
        return z ^ (z >> 31)

    assert mix(GOLDEN) == 0xE220A8397B1DCDAF  # the first number of seed 0, as published
    return mix((mix((mix(seed) + stream * GOLDEN) & MASK) + (i + 1) * GOLDEN) & MASK)


@given(st.integers(0, 2**62), st.sampled_from(Stream), st.integers(0, 2**40), st.integers(0, 5))
def test_keys_are_splitmix64(seed: int, stream: Stream, first: int, count: int) -> None:
    """The array form equals the slow twin, wherever it starts."""
    drawn = keys(seed, stream, first, count)
    assert drawn.dtype == np.uint64
    assert drawn.tolist() == [slow_key(seed, stream, first + i) for i in range(count)]


def test_streams_and_seeds_differ() -> None:
    """No two streams of a few seeds start at the same place."""
    starts = {start_of(seed, stream) for seed in range(50) for stream in Stream}
    assert len(starts) == 50 * len(Stream)


@given(st.integers(0, 2**63), st.integers(1, 2**32))
def test_numbers_below_are_the_upper_halves_scaled(seed: int, end: int) -> None:
    """By the definition in plain Python; arrays of keys may be cut before they are scaled."""
    found = below(seed, Stream.LISTS, 20, end)
    drawn = keys(seed, Stream.LISTS, 0, 20)
    assert found.tolist() == [(int(key) >> 32) * end >> 32 for key in drawn]
    assert np.array_equal(scaled(drawn[7:], end), found[7:])


def test_order_is_a_permutation() -> None:
    """Each number comes once, and seeds give different orders."""
    one, other = order(1, Stream.POD_ORDER, 1000), order(2, Stream.POD_ORDER, 1000)
    assert sorted(one.tolist()) == list(range(1000))
    assert one.tolist() != other.tolist()
    assert order(1, Stream.POD_ORDER, 0).tolist() == []


@given(st.integers(0, 10**8), st.lists(st.integers(0, 10**9), min_size=1).filter(any))
def test_parts_add_up_and_are_within_one(total: int, weights: list[int]) -> None:
    """Largest remainder: nothing is lost, and no part is off by one or more."""
    parts = apportion(total, weights)
    assert parts.sum() == total
    for part, weight in zip(parts.tolist(), weights, strict=True):
        assert abs(part * sum(weights) - total * weight) < sum(weights)


@pytest.mark.parametrize(
    ("total", "weights", "parts"),
    [
        (10, [1, 1, 1], [4, 3, 3]),
        (0, [5, 5], [0, 0]),
        (1, [1, 1], [1, 0]),
        (7, [0, 1], [0, 7]),
        (100, [2, 1], [67, 33]),
    ],
)
def test_equals_go_to_the_first(total: int, weights: list[int], parts: list[int]) -> None:
    """Ties are broken by place, never by chance."""
    assert apportion(total, weights).tolist() == parts
