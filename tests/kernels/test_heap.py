"""The heap of events against Python's own."""

import heapq

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.kernels import heap


def drained(events: heap.Longs, size: heap.Longs) -> list[tuple[int, int]]:
    """Return time and kind of every event left, in the order they come out."""
    left = []
    while size[heap.COUNT]:
        time = int(heap.next_time(events, size))
        left.append((time, int(heap.pop(events, size))))
    return left


@pytest.mark.tiny
@settings(deadline=None)
@given(st.lists(st.integers(0, 5) | st.none(), max_size=60))
def test_events_come_out_as_from_heapq(steps: list[int | None]) -> None:
    """Numbers are times to put in, None takes one out: the same as a list of (time, sequence)."""
    events, size = heap.new(60)
    twin: list[tuple[int, int]] = []
    for sequence, step in enumerate(steps):
        if step is not None:
            heap.push(events, size, step, sequence)
            heapq.heappush(twin, (step, sequence))
        elif twin:
            time = heap.next_time(events, size)
            assert (time, heap.pop(events, size)) == heapq.heappop(twin)
        assert heap.next_time(events, size) == (twin[0][0] if twin else heap.FAR)
        assert size[heap.COUNT] == len(twin)
    assert drained(events, size) == sorted(twin)


def test_many_events() -> None:
    """Ten thousand with many equal times come out in order, ties as they were put in."""
    times = np.random.default_rng(1).integers(0, 500, 10_000).tolist()
    events, size = heap.new(len(times))
    for what, time in enumerate(times):
        heap.push(events, size, time, what)
    assert drained(events, size) == sorted((time, what) for what, time in enumerate(times))


@pytest.mark.tiny
def test_a_full_heap_refuses() -> None:
    """It does not write beyond its end, and takes events again once there is room."""
    events, size = heap.new(1)
    heap.push(events, size, 3, 30)
    with pytest.raises(IndexError, match="full"):
        heap.push(events, size, 4, 40)
    assert heap.pop(events, size) == 30
    heap.push(events, size, heap.FAR - 1, 50)
    assert drained(events, size) == [(heap.FAR - 1, 50)]
