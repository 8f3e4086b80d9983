"""A binary heap of events: the earliest first, of equal times the one that was put in first.

    events  int64[capacity, 3]  time, sequence number, and what happens: an integer of the caller's
    size    int64[2]            events there are, events there were ever

The earliest event is events[0].
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import lean_inline

Longs = NDArray[np.int64]

TIME, SEQUENCE, WHAT = 0, 1, 2  # columns of `events`
COUNT, PUSHED = 0, 1  # entries of `size`
FAR = 1 << 62  # later than any event


def new(capacity: int) -> tuple[Longs, Longs]:
    """Return an empty heap for up to *capacity* events: `events` and `size`."""
    return np.empty((capacity, 3), dtype=np.int64), np.zeros(2, dtype=np.int64)


@lean_inline
def push(events: Longs, size: Longs, time: int, what: int) -> None:
    """Put an event in; IndexError if there is no room. O(log events)."""
    place = size[COUNT]
    if place >= len(events):
        raise IndexError("the heap of events is full")
    size[COUNT] = place + 1
    while place > 0 and events[(place - 1) >> 1, TIME] > time:  # of an equal time: it came before
        above = (place - 1) >> 1
        events[place, TIME] = events[above, TIME]
        events[place, SEQUENCE] = events[above, SEQUENCE]
        events[place, WHAT] = events[above, WHAT]
        place = above
    events[place, TIME] = time
    events[place, SEQUENCE] = size[PUSHED]
    events[place, WHAT] = what
    size[PUSHED] += 1


@lean_inline
def pop(events: Longs, size: Longs) -> int:
    """Take the earliest event of a heap that has one out, and return what happens. O(log events)."""
    what = events[0, WHAT]
    last = size[COUNT] - 1
    size[COUNT] = last
    time, sequence = events[last, TIME], events[last, SEQUENCE]
    place, below = 0, 1
    while below < last:
        other = below + 1
        if other < last and (
            events[other, TIME] < events[below, TIME]
            or (
                events[other, TIME] == events[below, TIME]
                and events[other, SEQUENCE] < events[below, SEQUENCE]
            )
        ):
            below = other
        if events[below, TIME] > time or (events[below, TIME] == time and events[below, SEQUENCE] > sequence):
            break
        events[place, TIME] = events[below, TIME]
        events[place, SEQUENCE] = events[below, SEQUENCE]
        events[place, WHAT] = events[below, WHAT]
        place, below = below, 2 * below + 1
    events[place, WHAT] = events[last, WHAT]
    events[place, TIME], events[place, SEQUENCE] = time, sequence
    return int(what)


@lean_inline
def next_time(events: Longs, size: Longs) -> int:
    """Return the time of the earliest event, FAR if there is none."""
    return int(events[0, TIME]) if size[COUNT] > 0 else FAR
