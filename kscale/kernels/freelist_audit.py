"""Follow a programme page by page and see that a free list's answers were allowed.

Nothing here knows how a list finds pages. A page is in use, free or pending; a run
that was freed may be given again once no reader can see it, that is once no open
reader's transaction lies between the one it was given by and the one that freed it.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel
from kscale.kernels.freelist_pages import CLOSE, GIVE_BACK, OPEN, RELEASE, TAKE_OR_GROW

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

Pages = NDArray[np.uint8]

IN_USE, FREE, PENDING = range(3)
FIRST_PAGE = 2  # 0 and 1 are the meta pages
GIVEN_TWICE, FREED_TWICE, MISSED = 1, 2, 3
MISSES = 64  # so many answers "no fit" are checked, the first ones: each costs a walk over the file


@inline
def turn_free(state: Pages, waiting: Ints, pending: int, readers: Ints, open_now: int) -> int:
    """Free every waiting run that no reader can see; return how many still wait."""
    left = 0
    for k in range(pending):
        seen = False
        for reader in range(open_now):
            seen |= waiting[k, 2] <= readers[reader] <= waiting[k, 3]
        if seen:
            for column in range(4):
                waiting[left, column] = waiting[k, column]
            left += 1
        else:
            for page in range(waiting[k, 0], waiting[k, 0] + waiting[k, 1]):
                state[page] = FREE
    return left


@inline
def turn(state: Pages, first: int, pages: int, before: int, after: int) -> bool:
    """Change the state of a run; say whether all of it was in the state *before*."""
    allowed = first >= FIRST_PAGE and first + pages <= len(state)
    if allowed:
        for page in range(first, first + pages):
            allowed &= state[page] == before
            state[page] = after
    return allowed


@inline
def has_run(state: Pages, high_water: int, n: int) -> bool:
    """Say whether *n* pages in a row are free."""
    run = 0
    for page in range(high_water):
        run = run + 1 if state[page] == FREE else 0
        if run == n:
            return True
    return False


@inline
def take(state: Pages, first: int, n: int, high_water: int, misses: int) -> int:
    """Give out the pages an answer names; return 0, or why it is not allowed."""
    if first == 0:
        return MISSED if misses <= MISSES and has_run(state, high_water, n) else 0
    return 0 if turn(state, first, n, FREE, IN_USE) else GIVEN_TWICE


@inline
def move_reader(readers: Ints, open_now: int, tx: int, opens: bool) -> int:
    """Enter a reader, or drop one of that transaction; return how many are open."""
    if opens:
        readers[open_now] = tx
        return open_now + 1
    for k in range(open_now):
        if readers[k] == tx:
            readers[k] = readers[open_now - 1]
            return open_now - 1
    return open_now


@kernel
def audit(
    rows: Ints,
    out: Ints,
    live: Runs,
    state: Pages,
    given_by: Ints,
    waiting: Ints,
    readers: Ints,
    high_water: int,
    found: Ints,
) -> int:
    """Return the first row whose answer is not allowed, len(rows) if there is none.

    rows      int64[r, 4]  programme of RELEASE, OPEN, CLOSE, TAKE, TAKE_OR_GROW, GIVE_BACK
    out       int64[r]     the list's answers
    live      int32[s, 2]  first page and pages of the run in each slot at the start; changed
    state     uint8[p]     FREE or IN_USE at the start; at the end also PENDING
    given_by  int64[p]     scratch, zeros: the transaction a run's first page was given by
    waiting   int64[f, 4]  scratch: first page, pages, given by, freed by of pending runs
    readers   int64[o]     scratch: open readers
    found     int64[2]     out: high water mark at the end, and why the row is not allowed
    """
    pending = open_now = misses = why = 0
    for at in range(len(rows)):
        op, tx, n, slot = rows[at, 0], rows[at, 1], rows[at, 2], rows[at, 3]
        if op in (OPEN, CLOSE):
            open_now = move_reader(readers, open_now, tx, op == OPEN)
        elif op == RELEASE:
            pending = turn_free(state, waiting, pending, readers, open_now)
        elif op == GIVE_BACK:
            first, pages = int(live[slot, 0]), int(live[slot, 1])
            if pages:
                if not turn(state, first, pages, IN_USE, PENDING):
                    why = FREED_TWICE
                    break
                waiting[pending, 0] = first
                waiting[pending, 1] = pages
                waiting[pending, 2] = given_by[first]
                waiting[pending, 3] = tx
                pending += 1
                live[slot, 0] = live[slot, 1] = 0
        else:
            first = out[at]
            misses += int(first == 0)
            why = take(state, first, n, high_water, misses)
            if why:
                break
            given_by[first] = tx
            if first == 0 and op == TAKE_OR_GROW:
                first = high_water
                given_by[first] = 0
                high_water += n
            live[slot, 0] = first
            live[slot, 1] = n if first else 0
    found[0] = high_water
    found[1] = why
    return at if why else len(rows)
