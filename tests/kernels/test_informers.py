"""Caches that fill, against objects that say what they could do next, and against closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference import informers as twin

from kscale.kernels import informers as kernel

Longs = NDArray[np.int64]

COST = [
    10,
    1000,
    20,
    3000,
    30,
    5000,
    7,
]  # 10 ns and 1 ns/B at the source, 20 and 3 to decode, 30 and 5 of CPU


def rules(
    *,
    paged: int = 0,
    whole: int = 0,
    link: int = 0,
    token: int = 0,
    burst: int = 1,
    cores: int = 8,
    ways: int = 1,
) -> Longs:
    """How batches follow each other."""
    return np.array([paged, whole, link, token, burst, cores, ways], dtype=np.int64)


def fill(types: list[tuple[int, int, int, int, int]], by: Longs, kinds: list[list[int]]) -> list[int]:
    """When each type is complete."""
    rows = np.array(types, dtype=np.int64).reshape(len(types), kernel.COLUMNS)
    synced = np.zeros(len(types), dtype=np.int64)
    arrived = np.zeros(int(rows[:, kernel.BATCHES].sum()), dtype=np.int64)
    kernel.fill(rows, np.array(kinds, dtype=np.int64), by, arrived, synced)
    return [int(time) for time in synced]


@pytest.mark.tiny
@settings(max_examples=60, deadline=None)
@given(
    types=st.lists(
        st.tuples(
            st.integers(0, 5), st.integers(1, 9), st.integers(1, 9), st.integers(1, 200), st.integers(0, 1)
        ),
        min_size=1,
        max_size=4,
    ),
    kinds=st.lists(st.lists(st.integers(0, 5000), min_size=7, max_size=7), min_size=2, max_size=2),
    by=st.tuples(
        st.integers(0, 1),
        st.integers(0, 1),
        st.integers(0, 9000),
        st.sampled_from([0, 100, 10**6]),
        st.integers(1, 3),
        st.integers(1, 4),
        st.integers(1, 10),
    ),
)
def test_every_type_is_the_twins(
    types: list[tuple[int, int, int, int, int]], kinds: list[list[int]], by: tuple[int, ...]
) -> None:
    """Pages, streams and whole answers; shared link, cores and requests."""
    if by[kernel.PAGED] and by[kernel.WHOLE]:
        by = (0, *by[1:])  # a whole answer is not asked for page by page
    packed = np.array(by, dtype=np.int64)
    slow = twin.simulate(np.array(types, dtype=np.int64), np.array(kinds, dtype=np.int64), packed)
    assert fill(types, packed, kinds) == slow


ONE = [(4, 10, 5, 100, 0)]  # 35 objects of 100 bytes
SOURCE, DECODE, STORE = 35 * 10 + 3500, 35 * 20 + 3 * 3500, 35 * 7


@pytest.mark.tiny
def test_pages_add_up() -> None:
    """Each is fetched after the one before is stored: the sum of all stages."""
    assert fill(ONE, rules(paged=1), [COST]) == [SOURCE + DECODE + STORE]


@pytest.mark.tiny
def test_a_whole_answer_adds_up() -> None:
    """It is sent as it is made, the link being slower, and then decoded."""
    first = 10 * 10 + 1000
    assert fill(ONE, rules(whole=1, link=2000), [COST]) == [first + 2 * 3500 + DECODE + STORE]


@pytest.mark.tiny
def test_a_stream_hides_the_quicker_stage() -> None:
    """Only the first batch's fetch is seen where decoding is slower."""
    assert fill(ONE, rules(), [COST]) == [10 * 10 + 1000 + DECODE + STORE]


@pytest.mark.tiny
def test_cores_bound_what_decoders_gain() -> None:
    """Ten decoders on one core take what the CPU takes."""
    few = fill(ONE, rules(paged=1, ways=10, cores=1), [COST])
    many = fill(ONE, rules(paged=1, ways=10, cores=1000), [COST])
    assert few == [SOURCE + 35 * 30 + 5 * 3500 + STORE]
    assert many == [SOURCE + DECODE // 10 + STORE]


@pytest.mark.tiny
def test_types_share_the_link_and_the_requests() -> None:
    """Two types at once take the link twice, and wait for tokens after the burst."""
    free = [[0, 0, 0, 0, 0, 0, 0]]
    both = [(1, 1, 1, 1000, 0), (1, 1, 1, 1000, 0)]
    assert fill(both, rules(link=5000), free) == [5000, 10_000]
    assert fill(both, rules(token=100), free) == [0, 100]
    assert fill(both, rules(token=100, burst=2), free) == [0, 0]
    assert fill([(0, 1, 1, 1, 0)], rules(), free) == [0]
