"""bbolt's array free list: one sorted list of page ids, searched from the front.

An allocation takes the lowest run that is long enough and moves every id behind
it down (internal/freelist/array.go); a release merges the released runs into a
second list, copying all ids. The original looks at one id after the other; the
search in blocks compares many at once and changes nothing else.

    ids     . . . 7 8 9 12 13 14 15 40 . . .       front: where the list starts
                  ^found = run of n ids            moved: all ids behind the run
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

BLOCK = 512  # ids moved at once

# -- the life of a page -----------------------------------------------------------
# This part is word for word the same in freelist_array.py and freelist_hashmap.py: a kernel's
# helpers live in its own file, because numba's cache looks at no other. A test compares the two.

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


# -- end of the shared part -------------------------------------------------------


@inline
def first_fit(ids: Ints, front: int, count: int, n: int) -> tuple[int, int]:
    """Return where the first run of *n* ids begins (-1: none) and how many ids were looked at."""
    begin = front
    before = np.int64(-1)
    for at in range(front, front + count):
        if ids[at] != before + 1:
            begin = at
        before = ids[at]
        if at - begin + 1 == n:
            return begin, at - front + 1
    return -1, count


@inline
def first_fit_in_blocks(ids: Ints, front: int, count: int, n: int, width: int) -> tuple[int, int]:
    """Return what first_fit returns, comparing *width* ids at once with the ids n - 1 places on.

    A run of n begins where that id is larger by just n - 1. Counted are the comparisons,
    whole blocks of them.
    """
    looked = 0
    if n < 1 or n > count:
        return -1, looked
    for block in range(front, front + count - n + 1, width):
        size = min(width, front + count - n + 1 - block)
        near = ids[block : block + size]
        far = ids[block + n - 1 : block + n - 1 + size]
        hits = 0
        for k in range(size):
            hits += far[k] - near[k] == n - 1
        looked += size
        if hits:
            for k in range(size):
                if far[k] - near[k] == n - 1:
                    return block + k, looked
    return -1, looked


@inline
def close_gap(ids: Ints, gap: int, n: int, end: int, block: Ints) -> int:
    """Move the ids behind a gap of *n* down over it; return how many moved.

    By way of *block*: numba cannot see that a move towards the front is safe to vectorise.
    """
    moved = end - gap - n
    for at in range(gap, gap + moved, BLOCK):
        size = min(BLOCK, gap + moved - at)
        source = ids[at + n : at + n + size]
        target = ids[at : at + size]
        for k in range(size):
            block[k] = source[k]
        for k in range(size):
            target[k] = block[k]
    return moved


@inline
def cut_out(ids: Ints, front: int, count: int, found: int, n: int, block: Ints) -> tuple[int, int, int]:
    """Take *n* ids from place *found*; return the new front, ids moved, and 1 if a whole span went."""
    end = front + count
    behind = found + n
    whole = int(behind == end or ids[behind] != ids[behind - 1] + 1)
    if found == front:
        return front + n, 0, whole
    return front, close_gap(ids, found, n, end, block), whole


@inline
def merge(ids: Ints, front: int, count: int, spare: Ints, picked: Ints, chosen: int) -> tuple[int, int]:
    """Merge ids and the sorted runs in picked into spare; return ids written and spans added."""
    end = front + count
    at = front
    to = 0
    spans = 0
    for run in range(chosen + 1):
        first = picked[run] >> RUN_BITS if run < chosen else FOREVER
        low, high = at, end
        while low < high:
            middle = (low + high) >> 1
            if ids[middle] < first:
                low = middle + 1
            else:
                high = middle
        source = ids[at:low]
        target = spare[to : to + low - at]
        for k in range(low - at):
            target[k] = source[k]
        to += low - at
        at = low
        if run < chosen:
            pages = picked[run] & RUN_MASK
            spans += (
                1 - int(to > 0 and spare[to - 1] == first - 1) - int(at < end and ids[at] == first + pages)
            )
            for k in range(pages):
                spare[to + k] = first + k
            to += pages
    return to, spans


@inline
def release(readers: Ints, pending: Ints, picked: Ints, ids: Ints, spare: Ints, counts: Ints) -> int:
    """Make pending runs that no reader can see free; return how often the two lists changed roles.

    Round 0 takes what was freed before the oldest reader, round k what was both given
    and freed between readers k - 1 and k (shared.go, ReleasePendingPages).
    """
    open_now = counts[READERS]
    rows = counts[PENDING_ROWS]
    swaps = 0
    for turn in range(open_now + 1):
        begin = readers[turn - 1] + 1 if turn else -1
        end = readers[turn] - 1 if turn < open_now else FOREVER
        rows, chosen = pick(pending, rows, begin, end, picked)
        if chosen == 0:
            continue
        picked[:chosen].sort()
        free = counts[FREE_PAGES]
        written, added = merge(ids, counts[FRONT], free, spare, picked, chosen)
        counts[MERGED] += written if free else 0
        counts[SPANS] += added
        counts[FREE_PAGES] = written
        counts[PENDING_PAGES] -= written - free
        counts[PEAK] = max(counts[PEAK], written)
        counts[FRONT] = 0
        counts[SWAPPED] ^= 1
        swaps += 1
        ids, spare = spare, ids
    counts[PENDING_ROWS] = rows
    return swaps


@kernel
def replay_array(
    rows: Ints,
    at: int,
    out: Ints,
    live: Runs,
    readers: Ints,
    pending: Ints,
    picked: Ints,
    life: Ints,
    counts: Ints,
    ids: Ints,
    spare: Ints,
    width: int,
) -> int:
    """Do the rows of a programme from *at* on; return the row it stopped at, len(rows) when done.

    rows     int64[r, 4]   op, a, b, c: see freelist.py
    out      int64[r]      out: first page given, 0 for no fit
    live     int32[s, 2]   first page and pages of the run in each slot; changed
    readers  int64[o]      open readers' transaction ids, ascending; room for all that open
    pending  int64[f, 5]   freed runs, columns as above; room for all that are pending at once
    picked   int64[f]      scratch
    life     int64[p]      for each page of the file: given by << 1 | (free or pending)
    counts   int64[19]     state and work, cells as above; added to
    ids      int64[m]      free pages, ascending, from counts[FRONT]; with spare, the other list, if SWAPPED
    spare    int64[m]      where a release merges to
    width                  ids compared at once: 1 is the original's scan, more is vectorised

    It stops early at a row of another programme (rollback, save, reload) or, with
    counts[ERROR] set, at misuse. An allocation costs the ids looked at and the ids
    moved; a release a copy of the whole list.
    """
    if counts[SWAPPED]:
        ids, spare = spare, ids
    block = np.empty(BLOCK, np.int64)
    error = 0
    while at < len(rows):
        op, n = rows[at, 0], rows[at, 2]
        if op in (ALLOCATE, TAKE, TAKE_OR_GROW):
            front, free = counts[FRONT], counts[FREE_PAGES]
            if free and ids[front] <= 1:
                error = META_PAGE
                break
            if width == 1:
                found, looked = first_fit(ids, front, free, n)
            else:
                found, looked = first_fit_in_blocks(ids, front, free, n, width)
            counts[SCANNED] += looked
            counts[LONGEST_SCAN] = max(counts[LONGEST_SCAN], looked)
            first = 0
            if found >= 0:
                first = int(ids[found])
                counts[FRONT], moved, whole = cut_out(ids, front, free, found, n, block)
                counts[MOVED] += moved
                counts[SPANS] -= whole
            error = settle(rows, at, first, out, live, life, counts)
        elif op == RELEASE:
            swaps = release(readers, pending, picked, ids, spare, counts)
            if swaps & 1:
                ids, spare = spare, ids
        else:
            error = keep_books(rows, at, live, readers, pending, life, counts, len(ids))
        if error:
            break
        at += 1
    counts[ERROR] = max(error, 0)
    return at
