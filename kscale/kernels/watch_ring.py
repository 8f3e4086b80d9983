"""The history of one type in a watch cache: a ring of events, and who may still resume from it.

Follows updateCache, resizeCacheLocked, doCacheResizeLocked and the look-up of a resource version in
kubernetes/apiserver pkg/storage/cacher/watch_cache.go (24a394e5, 1.37 beta). Indices grow for ever and
are taken modulo the capacity. A full ring whose events span less than the window doubles; one of which
three quarters lie further back than the window halves and keeps the newer half; else the oldest event goes.
Before 1.19 the capacity was fixed: the same rules, with equal bounds.

A client that has seen everything up to a resource version (RV) may resume if nothing after it is gone.
An event is two numbers here, its RV and its time.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import kernel

Longs = NDArray[np.int64]

# Rows of a ring, int64[2, most]: only the first CAPACITY columns are in use.
RV, TIME = 0, 1
ROWS = 2

# Entries of its `state`, int64[8].
START = 0  # index of the oldest event
END = 1  # index of the next event
CAPACITY = 2
LEAST = 3  # bounds of the capacity; equal where it is fixed
MOST = 4
WINDOW = 5  # ns; span aimed at
LIST_RV = 6  # the cache was listed at this RV
DROPPED = 7  # whether an event has gone since
STATE = 8

REFUSED = -1  # 410 Gone, "too old resource version"
QUARTERS = 4


@kernel
def relist(list_rv: int, state: Longs) -> None:
    """Empty the ring: the server has started, and listed the type at *list_rv*."""
    state[START] = 0
    state[END] = 0
    state[CAPACITY] = state[LEAST]
    state[LIST_RV] = list_rv
    state[DROPPED] = 0


@kernel
def insert(rv: int, time: int, ring: Longs, state: Longs) -> None:
    """Append an event; RVs ascend, times do not descend. O(1) but for a change of capacity."""
    _adapt(time, ring, state)
    capacity = state[CAPACITY]
    if state[END] - state[START] == capacity:
        state[START] += 1
        state[DROPPED] = 1
    ring[RV, state[END] % capacity] = rv
    ring[TIME, state[END] % capacity] = time
    state[END] += 1


@kernel
def since(rv: int, ring: Longs, state: Longs) -> int:
    """Return the index of the first event after *rv*, by binary search, or REFUSED.

    Where all are before *rv* that is the index of the next event.
    """
    start, end, capacity = state[START], state[END], state[CAPACITY]
    oldest = ring[RV, start % capacity] if state[DROPPED] else state[LIST_RV] + 1
    if rv < oldest - 1:
        return REFUSED
    low, high = start, end
    while low < high:
        middle = (low + high) // 2
        if ring[RV, middle % capacity] > rv:
            high = middle
        else:
            low = middle + 1
    return int(low)


@kernel
def _adapt(time: int, ring: Longs, state: Longs) -> None:
    """Double or halve the capacity of a full ring by the span of its events; *time* is that of a new one."""
    capacity = state[CAPACITY]
    if state[END] - state[START] < capacity:
        return
    wanted = capacity
    if time - ring[TIME, state[START] % capacity] < state[WINDOW]:
        wanted = min(2 * capacity, state[MOST])
    elif time - ring[TIME, (state[END] - capacity // QUARTERS) % capacity] > state[WINDOW]:
        wanted = max(capacity // 2, state[LEAST])
    if wanted != capacity:
        _resize(wanted, ring, state)


@kernel
def _resize(wanted: int, ring: Longs, state: Longs) -> None:
    """Move the newest *wanted* events to their places in a ring of that capacity."""
    capacity = state[CAPACITY]
    state[START] = max(state[START], state[END] - wanted)
    old = ring[:, :capacity].copy()
    for index in range(state[START], state[END]):
        ring[RV, index % wanted] = old[RV, index % capacity]
        ring[TIME, index % wanted] = old[TIME, index % capacity]
    state[CAPACITY] = wanted
