"""The life of a page, the same for both free lists: given, freed, pending, free again.

What a programme's rows mean, what is counted, which runs are pending and who still
reads; inlined into the kernels of freelist_array.py and freelist_hashmap.py.
Rules: internal/freelist/shared.go (etcd-io/bbolt 4e65d8f).
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

# What a row of a programme asks for; freelist.py says what the columns mean.
ALLOCATE, FREE, RELEASE, OPEN, CLOSE, ROLLBACK, SAVE, RELOAD, TAKE, TAKE_OR_GROW, GIVE_BACK, TAKE_THIS = (
    range(12)
)
# Cells of counts: first the state that outlives a call, then the work.
FREE_PAGES, PENDING_ROWS, PENDING_PAGES, READERS, HIGH_WATER, SPANS, FRONT, SWAPPED, ERROR = range(9)
ALLOCATED, GREW, SCANNED, LONGEST_SCAN, MOVED, MERGED, SPLIT, JOINED, CLASSES, PEAK = range(9, 19)
# Why a row could not be done.
META_PAGE, ALREADY_FREE, NO_ROOM, NOT_ALLOWED = range(1, 5)
# Columns of pending: one row for each run that was freed and may still be read.
FIRST, PAGES, FREED_BY, GIVEN_BY, SEEN = range(5)

FOREVER = (1 << 63) - 1  # past every transaction id
RUN_BITS = 31  # picked keeps a run as first << 31 | pages: sorted by first page
RUN_MASK = (1 << RUN_BITS) - 1


@inline
def settle(rows: Ints, at: int, first: int, out: Ints, live: Runs, life: Ints, counts: Ints) -> int:
    """Enter an allocation's answer, *first* page or 0; grow the file if asked to. Return 0 or an error."""
    op, tx, n = rows[at, 0], rows[at, 1], rows[at, 2]
    out[at] = first
    counts[ALLOCATED] += 1
    if first:
        counts[FREE_PAGES] -= n
        for page in range(first, first + n):
            life[page] &= -2
        life[first] = tx << 1
    elif op == TAKE_OR_GROW:
        first = counts[HIGH_WATER]
        if first + n > len(life):
            return NO_ROOM
        counts[HIGH_WATER] += n
        counts[GREW] += 1
    if op in (TAKE, TAKE_OR_GROW):
        live[rows[at, 3], 0] = first
        live[rows[at, 3], 1] = n if first else 0
    return 0


@inline
def enter_pending(life: Ints, pending: Ints, rows: int, tx: int, first: int, pages: int) -> int:
    """Write a freed run into row *rows* of pending; return 0, or why the real code panics."""
    if first <= 1:
        return META_PAGE
    if first + pages > len(life) or rows == len(pending):
        return NO_ROOM
    for page in range(first, first + pages):
        if life[page] & 1:
            return ALREADY_FREE
    pending[rows, FIRST] = first
    pending[rows, PAGES] = pages
    pending[rows, FREED_BY] = tx
    pending[rows, GIVEN_BY] = life[first] >> 1
    pending[rows, SEEN] = 0
    for row in range(rows - 1, -1, -1):  # what release remembers, it remembers of a transaction
        if pending[row, FREED_BY] == tx:
            pending[rows, SEEN] = pending[row, SEEN]
            break
    life[first] = 0
    for page in range(first, first + pages):
        life[page] |= 1
    return 0


@inline
def pick(pending: Ints, rows: int, begin: int, end: int, picked: Ints) -> tuple[int, int]:
    """Move the runs that were given and freed within [begin, end] to picked; return rows left, runs picked.

    A negative *begin* asks only when a run was freed: no reader is older than that.
    """
    left = 0
    for row in range(rows):
        freed_by, given_by = pending[row, FREED_BY], pending[row, GIVEN_BY]
        looked_at = begin <= freed_by <= end and pending[row, SEEN] != begin
        if looked_at:
            pending[row, SEEN] = begin
        if looked_at and (begin < 0 or begin <= given_by <= end):
            picked[row - left] = pending[row, FIRST] << RUN_BITS | pending[row, PAGES]
        else:
            for column in range(5):
                pending[left, column] = pending[row, column]
            left += 1
    return left, rows - left


@inline
def open_reader(readers: Ints, count: int, tx: int) -> int:
    """Enter a reader so that readers stay sorted; return how many there are."""
    at = count
    while at > 0 and readers[at - 1] > tx:
        readers[at] = readers[at - 1]
        at -= 1
    readers[at] = tx
    return count + 1


@inline
def close_reader(readers: Ints, count: int, tx: int) -> int:
    """Drop one entry of *tx*, if there is one; return how many readers are left."""
    left = 0
    dropped = 0
    for at in range(count):
        if readers[at] == tx and dropped == 0:
            dropped = 1
        else:
            readers[left] = readers[at]
            left += 1
    return left


@inline
def keep_books(
    rows: Ints, at: int, live: Runs, readers: Ints, pending: Ints, life: Ints, counts: Ints, room: int
) -> int:
    """Free a run, open or close a reader; return 0, an error, or -1 for a row that asks for anything else."""
    op, tx = rows[at, 0], rows[at, 1]
    if op in (FREE, GIVE_BACK):
        first, pages = rows[at, 2], rows[at, 3] + 1
        if op == GIVE_BACK:
            first, pages = np.int64(live[rows[at, 3], 0]), np.int64(live[rows[at, 3], 1])
            live[rows[at, 3], 0] = live[rows[at, 3], 1] = 0
            if pages == 0:
                return 0
        if counts[FREE_PAGES] + counts[PENDING_PAGES] + pages > room:
            return NO_ROOM
        error = enter_pending(life, pending, counts[PENDING_ROWS], tx, first, pages)
        if error == 0:
            counts[PENDING_ROWS] += 1
            counts[PENDING_PAGES] += pages
        return error
    if op == OPEN:
        counts[READERS] = open_reader(readers, counts[READERS], tx)
    elif op == CLOSE:
        counts[READERS] = close_reader(readers, counts[READERS], tx)
    else:
        return -1
    return 0
