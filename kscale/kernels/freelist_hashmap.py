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
from kscale.kernels.freelist_pages import (
    ALLOCATE,
    ALLOCATED,
    CLASSES,
    ERROR,
    FOREVER,
    FREE_PAGES,
    JOINED,
    NOT_ALLOWED,
    PEAK,
    PENDING_PAGES,
    PENDING_ROWS,
    READERS,
    RELEASE,
    RUN_BITS,
    RUN_MASK,
    SPANS,
    SPLIT,
    TAKE,
    TAKE_OR_GROW,
    TAKE_THIS,
    keep_books,
    pick,
    settle,
)

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

START, END, NEXT, PREVIOUS = range(4)  # columns of records


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
