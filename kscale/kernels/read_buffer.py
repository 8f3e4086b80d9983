"""etcd's read buffer: writes that bbolt has not committed yet, and copies of it.

Follows server/mvcc/backend/tx_buffer.go of etcd 3.2 to 3.5. The buffer is a slice of pairs of slices: an
entry is six words, 48 bytes, and a copy copies the entries, not what they point to, up to the slice's
*capacity*, used or not. It starts at 512 entries and grows by half. A commit empties it but keeps the
capacity, unless nothing was in it. Here the words are the revision and a checksum of it, so that what a
copy holds can be told later from what the buffer has become.

A reader sees what bbolt had committed when it began, and on top of it what is in its buffer.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

WORDS = 6  # of an entry
ENTRY_BYTES = 48
FIRST = 512  # entries of the least buffer

# Entries of `state`, int64[6].
USED = 0  # entries in the buffer
CAPACITY = 1  # entries the slice holds
VERSION = 2  # of the buffer: each write changes it (3.5)
REVISION = 3  # of the last write
STORED = 4  # revision that bbolt has committed
STORED_SUM = 5  # checksum of the writes up to it
STATE = 6

PRIME = 2_147_483_629
MASK = (1 << 40) - 1


@inline
def word(revision: int) -> int:
    """Return the checksum of one write."""
    return int((revision * PRIME) & MASK)


@inline
def room(needed: int) -> int:
    """Return the entries of a slice that has come to hold *needed*."""
    capacity = FIRST
    while capacity < needed:
        capacity = capacity * 3 // 2
    return capacity


@kernel
def add(buffer: Longs, state: Longs) -> None:
    """Put the next write in. *buffer* is int64[most, WORDS] and must have room."""
    if state[USED] == state[CAPACITY]:
        state[CAPACITY] = room(state[USED] + 1)
    state[REVISION] += 1
    buffer[state[USED], 0] = state[REVISION]
    for i in range(1, WORDS):
        buffer[state[USED], i] = word(state[REVISION])
    state[USED] += 1
    state[VERSION] += 1


@kernel
def store(buffer: Longs, state: Longs) -> int:
    """Empty the buffer, as bbolt has committed it. Returns how many entries that were."""
    entries = state[USED]
    for i in range(entries):
        state[STORED_SUM] = (state[STORED_SUM] + buffer[i, 1]) & MASK
    state[STORED] = state[REVISION]
    if entries == 0:
        state[CAPACITY] = 0
    state[USED] = 0
    return int(entries)


@kernel
def copy(buffer: Longs, state: Longs, into: Longs) -> int:
    """Copy the whole slice into *into*, int64[most, WORDS]. Returns the bytes copied."""
    for i in range(state[CAPACITY]):
        for j in range(WORDS):
            into[i, j] = buffer[i, j]
    return int(state[CAPACITY] * ENTRY_BYTES)


@kernel
def checksum(stored: int, stored_sum: int, entries: Longs, used: int) -> int:
    """Return the checksum of what a reader sees: bbolt up to *stored*, and later writes among *entries*."""
    total = stored_sum
    for i in range(used):
        if entries[i, 0] > stored:
            total = (total + entries[i, 1]) & MASK
    return int(total)
