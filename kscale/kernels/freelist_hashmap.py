"""bbolt's hashmap free list: spans of free pages kept by size, without a map.

The original holds three maps: size to starts, start to size, end to size
(internal/freelist/hashmap.go). Here a page's record is its place in all three, and
every size has its own list of spans:

    records[p] = (size if a span starts at p, size if one ends at p, next, previous of the same size)
    heads[size] = first span of that size, 0 for none
    bits = which sizes have a span, 32 to a word; above it which words are not 0, and so on

The original takes an exact fit, else any larger span, as Go's map order has it.
Fixed rule here: an exact fit, else the smallest larger size; among spans of one
size the last one entered. The front of the span is handed out. With dice, the
larger size is any of those there are, each as likely, which is what map order does.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

START, END, NEXT, PREVIOUS = range(4)  # columns of records

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


DE_BRUIJN = 0x077CB531  # its 5-bit windows are all different, so a lowest bit times it names its place
LOWEST_BIT = np.argsort(np.array([(DE_BRUIJN << k & 0xFFFFFFFF) >> 27 for k in range(32)], np.int64))


@inline
def trailing_zeros(word: int) -> int:
    """Return the place of the lowest set bit of a 32-bit word that is not 0."""
    return int(LOWEST_BIT[((word & -word) * DE_BRUIJN & 0xFFFFFFFF) >> 27])


@inline
def next_size(bits: Ints, levels: Ints, size: int) -> int:
    """Return the smallest size >= *size* that has a span, 0 for none."""
    for level in range(len(levels)):
        word = bits[levels[level] + (size >> 5)] >> (size & 31)
        if word:
            size += trailing_zeros(word)
            for below in range(level - 1, -1, -1):
                size = (size << 5) + trailing_zeros(bits[levels[below] + size])
            return size
        size = (size >> 5) + 1
    return 0


@inline
def link(records: Runs, heads: Runs, bits: Ints, levels: Ints, first: int, size: int) -> None:
    """Enter a span at the head of its size."""
    after = heads[size]
    records[first, START] = size
    records[first + size - 1, END] = size
    records[first, NEXT] = after
    records[first, PREVIOUS] = 0
    heads[size] = first
    if after:
        records[after, PREVIOUS] = first
        return
    for level in range(len(levels)):
        word = levels[level] + (size >> 5)
        before = bits[word]
        bits[word] = before | (1 << (size & 31))
        if before:
            return
        size >>= 5


@inline
def unlink(records: Runs, heads: Runs, bits: Ints, levels: Ints, first: int, size: int) -> None:
    """Take a span out of the list of its size."""
    after, before = records[first, NEXT], records[first, PREVIOUS]
    records[first, START] = 0
    records[first + size - 1, END] = 0
    if after:
        records[after, PREVIOUS] = before
    if before:
        records[before, NEXT] = after
        return
    heads[size] = after
    if after:
        return
    for level in range(len(levels)):
        word = levels[level] + (size >> 5)
        bits[word] &= ~(1 << (size & 31))
        if bits[word]:
            return
        size >>= 5


@inline
def choose(heads: Runs, bits: Ints, levels: Ints, n: int, dice: Ints, counts: Ints) -> int:
    """Return the size of the span to take n pages from, 0 for no fit."""
    if n < 1 or n >= len(heads):
        return 0
    counts[CLASSES] += 1
    if heads[n]:
        return n
    smallest = size = next_size(bits, levels, n)
    larger = int(size > 0)
    if len(dice) and larger:
        while size:
            size = next_size(bits, levels, size + 1)
            larger += int(size > 0)
        size = smallest
        for _ in range(dice[counts[ALLOCATED] % len(dice)] % larger):
            size = next_size(bits, levels, size + 1)
    counts[CLASSES] += larger
    return size


@inline
def split(
    records: Runs, heads: Runs, bits: Ints, levels: Ints, first: int, size: int, n: int, counts: Ints
) -> None:
    """Take the front *n* pages off the span of *size* pages at *first*."""
    unlink(records, heads, bits, levels, first, size)
    counts[SPANS] -= 1
    if size > n:
        link(records, heads, bits, levels, first + n, size - n)
        counts[SPANS] += 1
        counts[SPLIT] += 1


@inline
def join(records: Runs, heads: Runs, bits: Ints, levels: Ints, first: int, size: int, counts: Ints) -> None:
    """Enter freed pages as a span, together with the spans that touch them."""
    left, right = int(records[first - 1, END]), int(records[first + size, START])
    if left:
        unlink(records, heads, bits, levels, first - left, left)
    if right:
        unlink(records, heads, bits, levels, first + size, right)
    touching = int(left > 0) + int(right > 0)
    counts[JOINED] += touching
    counts[SPANS] += 1 - touching
    counts[FREE_PAGES] += size
    link(records, heads, bits, levels, first - left, left + size + right)
    counts[PEAK] = max(counts[PEAK], left + size + right)


@inline
def release(
    readers: Ints,
    pending: Ints,
    picked: Ints,
    records: Runs,
    heads: Runs,
    bits: Ints,
    levels: Ints,
    counts: Ints,
) -> None:
    """Make pending runs that no reader can see free.

    Round 0 takes what was freed before the oldest reader, round k what was both given
    and freed between readers k - 1 and k (shared.go, ReleasePendingPages). Runs that
    follow one another are entered as one.
    """
    open_now = counts[READERS]
    rows = counts[PENDING_ROWS]
    for turn in range(open_now + 1):
        begin = readers[turn - 1] + 1 if turn else -1
        end = readers[turn] - 1 if turn < open_now else FOREVER
        rows, chosen = pick(pending, rows, begin, end, picked)
        picked[:chosen].sort()
        run = 0
        while run < chosen:
            first, size = picked[run] >> RUN_BITS, picked[run] & RUN_MASK
            run += 1
            while run < chosen and picked[run] >> RUN_BITS == first + size:
                size += picked[run] & RUN_MASK
                run += 1
            join(records, heads, bits, levels, first, size, counts)
            counts[PENDING_PAGES] -= size
    counts[PENDING_ROWS] = rows


@kernel
def enter_spans(
    starts: Ints, sizes: Ints, records: Runs, heads: Runs, bits: Ints, levels: Ints, counts: Ints
) -> int:
    """Enter spans that do not touch into an empty list, in the order given; return the pages entered."""
    pages = 0
    for k in range(len(starts)):
        link(records, heads, bits, levels, starts[k], sizes[k])
        pages += sizes[k]
        counts[PEAK] = max(counts[PEAK], sizes[k])
    counts[SPANS] = len(starts)
    counts[FREE_PAGES] = pages
    return pages


@kernel
def replay_hashmap(
    rows: Ints,
    at: int,
    out: Ints,
    live: Runs,
    readers: Ints,
    pending: Ints,
    picked: Ints,
    life: Ints,
    counts: Ints,
    records: Runs,
    heads: Runs,
    bits: Ints,
    levels: Ints,
    dice: Ints,
) -> int:
    """Do the rows of a programme from *at* on; return the row it stopped at, len(rows) when done.

    rows ... counts        as in replay_array
    records  int32[p + 1, 4]  one for each page of the file, as above
    heads    int32[p + 1]  first span of each size
    bits     int64[w]      sizes that have a span, all levels one after the other
    levels   int64[l]      where each level begins in bits
    dice     int64[d]      random numbers, used in turn to choose a larger size; none: the smallest

    It stops early at a row of another programme (rollback, save, reload) or, with
    counts[ERROR] set, at misuse. Besides a row's own pages, an allocation costs a
    fixed number of steps; a release sorts what it releases, whatever is free.
    """
    error = 0
    while at < len(rows):
        op, n = rows[at, 0], rows[at, 2]
        if op in (ALLOCATE, TAKE, TAKE_OR_GROW, TAKE_THIS):
            size = choose(heads, bits, levels, n, dice, counts)
            first = int(heads[size]) if size else 0
            if op == TAKE_THIS and rows[at, 3] != first:
                first = rows[at, 3]
                given = int(records[first, START]) if 0 < first < len(life) else 0
                if size == 0 or given < n or (size == n and given != n):
                    error = NOT_ALLOWED
                    break
                size = given
            if first:
                split(records, heads, bits, levels, first, size, n, counts)
            error = settle(rows, at, first, out, live, life, counts)
        elif op == RELEASE:
            release(readers, pending, picked, records, heads, bits, levels, counts)
        else:
            error = keep_books(rows, at, live, readers, pending, life, counts, len(life))
        if error:
            break
        at += 1
    counts[ERROR] = max(error, 0)
    return at
