"""The history of a watch cache against a plain list, and the rules it is known by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import watch_ring as twin

from kscale.kernels import watch_ring
from kscale.kernels.watch_ring import Longs

SECOND = 1_000_000_000
WINDOW = 75 * SECOND


def new(least: int, most: int, window: int = WINDOW, list_rv: int = 0) -> tuple[Longs, Longs]:
    """Return an empty ring and its state."""
    state = np.zeros(watch_ring.STATE, dtype=np.int64)
    state[watch_ring.LEAST], state[watch_ring.MOST], state[watch_ring.WINDOW] = least, most, window
    watch_ring.relist(list_rv, state)
    return np.zeros((watch_ring.ROWS, most), dtype=np.int64), state


def content(ring: Longs, state: Longs) -> list[tuple[int, int]]:
    """Return the events in the ring, oldest first."""
    places = [
        i % int(state[watch_ring.CAPACITY]) for i in range(state[watch_ring.START], state[watch_ring.END])
    ]
    return [(int(ring[watch_ring.RV, p]), int(ring[watch_ring.TIME, p])) for p in places]


def feed(ring: Longs, state: Longs, count: int, gap: int, first: int = 0) -> None:
    """Insert *count* events *gap* ns apart, of RVs *first* + 1 on."""
    for i in range(first, first + count):
        watch_ring.insert(i + 1, i * gap, ring, state)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([(1, 1), (4, 8), (3, 3), (4, 64), (5, 23)]),
    st.lists(st.tuples(st.integers(1, 3), st.integers(0, 12)), max_size=120),
    st.integers(0, 5),
)
def test_it_holds_what_a_list_holds(
    bounds: tuple[int, int], gaps: list[tuple[int, int]], list_rv: int
) -> None:
    """Same events, capacity and answers after each insertion, for every version a client may hold."""
    ring, state = new(*bounds, window=20, list_rv=list_rv)
    slow = twin.History(*bounds, window=20, list_rv=list_rv)
    rv, time = list_rv, 0
    for rv_gap, time_gap in gaps:
        rv, time = rv + rv_gap, time + time_gap
        watch_ring.insert(rv, time, ring, state)
        slow.insert(rv, time)
        assert content(ring, state) == slow.events
        assert state[watch_ring.CAPACITY] == slow.capacity
    for client in range(rv + 2):
        place, after = watch_ring.since(client, ring, state), slow.since(client)
        if after is None:
            assert place == watch_ring.REFUSED
        else:
            assert state[watch_ring.END] - place == len(after)


@pytest.mark.tiny
def test_a_fresh_list_serves_what_came_after_it() -> None:
    """Until something is dropped the list's own version is the oldest that can go on."""
    ring, state = new(4, 4, list_rv=100)
    assert watch_ring.since(99, ring, state) == watch_ring.REFUSED
    assert watch_ring.since(100, ring, state) == 0
    assert watch_ring.since(250, ring, state) == 0  # a version still to come
    for i, rv in enumerate((103, 104, 107, 110)):
        watch_ring.insert(rv, i, ring, state)
    assert [watch_ring.since(rv, ring, state) for rv in (99, 100, 103, 109, 110)] == [-1, 0, 1, 3, 4]
    watch_ring.insert(111, 4, ring, state)  # 103 is gone
    assert [watch_ring.since(rv, ring, state) for rv in (100, 102, 103, 104)] == [-1, -1, 1, 2]


@pytest.mark.tiny
def test_the_two_types_of_kep_1904() -> None:
    """x is at 100 when y moves the store to 101: a server restarted then refuses x's client, unless told."""
    ring, state = new(100, 100, list_rv=101)
    without, told = 100, 101
    assert watch_ring.since(without, ring, state) == watch_ring.REFUSED
    assert watch_ring.since(told, ring, state) == 0


@pytest.mark.parametrize(
    ("per_s", "capacity"),
    [(1, 100), (2, 200), (10, 800), (100, 12_800), (1000, 102_400), (1400, 102_400), (5000, 102_400)],
)
def test_it_grows_until_it_spans_its_window(per_s: int, capacity: int) -> None:
    """Doubled from 100 until 75 s fit, and to 102,400 at most: 1,365 a second."""
    ring, state = new(100, 102_400)
    feed(ring, state, 4 * capacity, SECOND // per_s)
    assert state[watch_ring.CAPACITY] == capacity
    events = content(ring, state)
    spans = events[-1][1] - events[0][1] >= WINDOW - SECOND // per_s
    assert spans == (per_s * 75 <= 102_400)


def test_it_shrinks_when_it_is_quiet_again() -> None:
    """A quarter that spans the window halves it, one step an insertion, and the newest half stays."""
    ring, state = new(100, 102_400)
    feed(ring, state, 8000, SECOND // 100)
    grown = int(state[watch_ring.CAPACITY])
    feed(ring, state, 2 * grown, SECOND, first=8000)
    assert (grown, int(state[watch_ring.CAPACITY])) == (
        12_800,
        200,  # a quarter of 400 spans the window, a quarter of 200 does not
    )
    last = 8000 + 2 * grown
    assert [rv for rv, _ in content(ring, state)] == list(range(last - 199, last + 1))


@pytest.mark.tiny
def test_a_fixed_ring_never_changes() -> None:
    """With equal bounds it is the ring of before 1.19, busy or quiet."""
    for gap in (0, SECOND, 1000 * SECOND):
        ring, state = new(5, 5)
        feed(ring, state, 12, gap)
        assert state[watch_ring.CAPACITY] == 5
        assert [rv for rv, _ in content(ring, state)] == [8, 9, 10, 11, 12]


@pytest.mark.tiny
def test_a_restart_empties_it() -> None:
    """What was there before is not there for a client of the new server."""
    ring, state = new(2, 8)
    feed(ring, state, 12, 1)
    watch_ring.relist(50, state)
    assert (state[watch_ring.CAPACITY], content(ring, state)) == (2, [])
    assert watch_ring.since(49, ring, state) == watch_ring.REFUSED
    assert watch_ring.since(50, ring, state) == 0
