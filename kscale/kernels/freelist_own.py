"""A free list whose two functions are given: how pages are found, and how freed ones are entered.

All else of a page's life is that of freelist_pages.py, as for bbolt's two lists. The functions are compiled
into the kernel, so a list of the user's own pays for no call that ours do not pay for, but for one a release:
what is released is sorted by a kernel that is compiled once for all.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel, uncached
from kscale.kernels.freelist_pages import (
    ALLOCATE,
    ERROR,
    FOREVER,
    FREE_PAGES,
    HIGH_WATER,
    NO_ROOM,
    PENDING_PAGES,
    PENDING_ROWS,
    READERS,
    RELEASE,
    RUN_BITS,
    RUN_MASK,
    TAKE,
    TAKE_OR_GROW,
    keep_books,
    pick,
    settle,
)

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]
State = tuple[NDArray[Any], ...]

LEAST_PAGE = 2  # 0 and 1 are the meta pages


@kernel
def picked_in_order(pending: Ints, rows: int, begin: int, end: int, picked: Ints) -> tuple[int, int]:
    """Return what freelist_pages.pick does, with what it picked sorted by page."""
    left, chosen = pick(pending, rows, begin, end, picked)
    picked[:chosen].sort()
    return left, chosen


@inline
def free_again(
    release: Callable[..., Any],
    state: State,
    work: Ints,
    readers: Ints,
    pending: Ints,
    picked: Ints,
    counts: Ints,
) -> None:
    """Hand pending runs that no reader can see to *release*, by rising page; runs that touch as one.

    Round 0 takes what was freed before the oldest reader, round k what was both given
    and freed between readers k - 1 and k (shared.go, ReleasePendingPages).
    """
    open_now = counts[READERS]
    rows = counts[PENDING_ROWS]
    for turn in range(open_now + 1):
        begin = readers[turn - 1] + 1 if turn else -1
        end = readers[turn] - 1 if turn < open_now else FOREVER
        rows, chosen = picked_in_order(pending, rows, begin, end, picked)
        run = 0
        while run < chosen:
            first, size = picked[run] >> RUN_BITS, picked[run] & RUN_MASK
            run += 1
            while run < chosen and picked[run] >> RUN_BITS == first + size:
                size += picked[run] & RUN_MASK
                run += 1
            release(*state, first, size, work)
            counts[FREE_PAGES] += size
            counts[PENDING_PAGES] -= size
    counts[PENDING_ROWS] = rows


@uncached
def replay_own(
    allocate: Callable[..., int],
    release: Callable[..., Any],
    state: State,
    work: Ints,
    rows: Ints,
    at: int,
    out: Ints,
    live: Runs,
    readers: Ints,
    pending: Ints,
    picked: Ints,
    life: Ints,
    counts: Ints,
) -> int:
    """Do the rows of a programme from *at* on; return the row it stopped at, len(rows) when done.

    allocate  (*state, n, work) -> first of n free pages, which are free no longer; 0: there is no such run
    release   (*state, first, n, work): pages first .. first + n - 1 are free from now on
    state     the list's own arrays
    work      int64[1]  what the two count: entries looked at or changed
    rows ... counts  as in freelist_array.replay_array

    It stops early at a row of another programme (rollback, save, reload) or, with counts[ERROR] set, at
    misuse and at an answer that lies outside the file.
    """
    error = 0
    while at < len(rows):
        op, n = rows[at, 0], rows[at, 2]
        if op in (ALLOCATE, TAKE, TAKE_OR_GROW):
            first = int(allocate(*state, n, work)) if n > 0 else 0
            if first != 0 and (first < LEAST_PAGE or first > counts[HIGH_WATER] - n):
                out[at] = first
                error = NO_ROOM
                break
            error = settle(rows, at, first, out, live, life, counts)
        elif op == RELEASE:
            free_again(release, state, work, readers, pending, picked, counts)
        else:
            error = keep_books(rows, at, live, readers, pending, life, counts, len(life))
        if error:
            break
        at += 1
    counts[ERROR] = max(error, 0)
    return at
