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
from kscale.kernels.freelist_pages import (
    ALLOCATE,
    ERROR,
    FOREVER,
    FREE_PAGES,
    FRONT,
    LONGEST_SCAN,
    MERGED,
    META_PAGE,
    MOVED,
    PEAK,
    PENDING_PAGES,
    PENDING_ROWS,
    READERS,
    RELEASE,
    RUN_BITS,
    RUN_MASK,
    SCANNED,
    SPANS,
    SWAPPED,
    TAKE,
    TAKE_OR_GROW,
    keep_books,
    pick,
    settle,
)

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

BLOCK = 512  # ids moved at once


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
