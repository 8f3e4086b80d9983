"""Free space to start from, and programmes of transactions that use it.

Layouts A, B, C and W and their programmes are those of the recorded benchmark
workloads, draw for draw; churn is the one in which the hashmap lets a file grow.
Of a recorded database file the layout is its own, and the programme like that of C.
"""

from dataclasses import dataclass

import numpy as np

from kscale.kernels._jit import inline, kernel
from kscale.kernels.freelist import Ints, Room, Runs
from kscale.kernels.freelist_layouts import (
    MIXED,
    SIZES_OF_B,
    SKEWED,
    Words,
    draw_below,
    draw_size,
    fill_below,
    lay_out_b,
    lay_out_c,
    lay_out_live,
    stream,
)
from kscale.kernels.freelist_pages import CLOSE, GIVE_BACK, OPEN, RELEASE, TAKE, TAKE_OR_GROW

LONG_SPAN = 1_024  # A: pages of a free span, one used page after each
RUNS_OF_A = 200_000  # A: most allocations
REQUESTS_OF_B = 2_000  # B: allocations
FAR_RUNS, FAR_PAGES = 64, 64  # W: the only runs that fit, at the far end
PAIRS_OF_C = 256  # C, file: draws of a run to overwrite, each transaction
FIRST_TX = 101  # C, churn, file: the first transaction
FIRST_PAGE = 2  # 0 and 1 are bbolt's meta pages
CHURN_RUNS, CHURN_PAIRS = 20_000, 200  # churn: live runs; overwrites a transaction
PINNED, PERIOD = 20, 50  # churn: a reader is open during so many of so many transactions
NO_RUNS = np.empty((0, 2), np.int32)


@dataclass(frozen=True, slots=True)
class Workload:
    """A free list's start and what happens to it."""

    starts: Ints  # [k] free spans, ascending, maximal
    sizes: Ints  # [k]
    live: Runs  # [s, 2] first page and pages of the run in each slot
    rows: Ints  # [r, 4] programme, see freelist.py
    high_water: int  # pages in the file at the start
    transactions: int  # that write

    def room(self) -> Room:
        """Return how large a list can become: all that is given back is free, all that is taken grows it."""
        op, n, slot = self.rows[:, 0], self.rows[:, 2], self.rows[:, 3]
        growth = int(n[op == TAKE_OR_GROW].sum())
        used = np.unique(slot[op == GIVE_BACK])
        given_back = int(self.live[used, 1].sum())
        return Room(
            pages=self.high_water + growth + 1,
            free=int(self.sizes.sum()) + given_back + growth,
            frees=int((op == GIVE_BACK).sum()),
            readers=int((op == OPEN).sum()),
        )


@inline
def put_down(tx: int, run: int, size: int, drawn: Ints, row: int, rows: Ints) -> int:
    """Put a drawn run and the size of its new one into *row*, once a transaction; return the next row."""
    if drawn[run] == tx:
        return row
    drawn[run] = tx
    rows[row, 2] = size
    rows[row, 3] = run
    return row + 1


@inline
def free_and_allocate(tx: int, begin: int, end: int, rows: Ints) -> int:
    """Make of drawn sizes and runs, rows *begin* to *end*, a free of each, then an allocation of each."""
    taken = end - begin
    for k in range(taken):
        rows[end + k, 0] = TAKE_OR_GROW
        rows[end + k, 1] = tx
        rows[end + k, 2] = rows[begin + k, 2]
        rows[end + k, 3] = rows[begin + k, 3]
        rows[begin + k, 0] = GIVE_BACK
        rows[begin + k, 1] = tx
        rows[begin + k, 2] = 0
    return end + taken


@kernel
def overwrite(
    state: Words,
    runs: int,
    transactions: int,
    pairs: int,
    pinned: int,
    period: int,
    shape: Ints,
    drawn: Ints,
    rows: Ints,
) -> int:
    """Write a programme that overwrites random runs; return its rows.

    drawn  int64[runs]  scratch, zeros: the transaction a run was last drawn in
    rows   int64[r, 4]  out: at most 2 * pairs + 2 for each transaction

    A transaction releases, draws *pairs* of a run and a size (a run drawn twice counts
    once), frees all these runs, then allocates each anew. During the first *pinned* of
    every *period* a reader of the transaction before them is open.
    """
    row = 0
    for t in range(transactions):
        tx = FIRST_TX + t
        phase = t % period
        if pinned and phase in (0, pinned):
            rows[row, 0] = OPEN if phase == 0 else CLOSE
            rows[row, 1] = tx - 1 - phase
            row += 1
        rows[row, 0] = RELEASE
        row += 1
        begin = row
        for _ in range(pairs):
            run = draw_below(state, runs)
            size = draw_size(state, shape)
            row = put_down(tx, run, size, drawn, row, rows)
        row = free_and_allocate(tx, begin, row, rows)
    return row


@kernel
def overwrite_alike(state: Words, sizes: Ints, transactions: int, pairs: int, drawn: Ints, rows: Ints) -> int:
    """Write a programme that overwrites random runs by runs as long as others; return its rows.

    sizes  int64[runs]  pages of each run at the start: those of a new run are drawn from them

    drawn, rows and a transaction are those of `overwrite`; no reader is ever open.
    """
    runs, row = len(sizes), 0
    for t in range(transactions):
        tx = FIRST_TX + t
        rows[row, 0] = RELEASE
        row += 1
        begin = row
        for _ in range(pairs):
            run = draw_below(state, runs)
            size = sizes[draw_below(state, runs)]
            row = put_down(tx, run, size, drawn, row, rows)
        row = free_and_allocate(tx, begin, row, rows)
    return row


def take_all_then_give_back(starts: Ints, sizes: Ints, wants: Ints) -> Workload:
    """Allocate every size in transaction 1, free what was found in transaction 2, release."""
    slots = np.arange(len(wants))
    rows = np.zeros((2 * len(wants) + 1, 4), np.int64)
    rows[slots] = np.stack((np.full_like(slots, TAKE), np.ones_like(slots), wants, slots), axis=1)
    rows[len(slots) + slots, 0] = GIVE_BACK
    rows[len(slots) + slots, 1] = 2
    rows[len(slots) + slots, 3] = slots
    rows[-1, 0] = RELEASE
    live = np.zeros((len(wants), 2), np.int32)
    return Workload(starts, sizes, live, rows, int(starts[-1] + sizes[-1]), 2)


def workload_a(free: int) -> Workload:
    """Return workload A: one page at a time from long runs."""
    starts = 2 + (LONG_SPAN + 1) * np.arange(-(-free // LONG_SPAN))
    sizes = np.minimum(free - LONG_SPAN * np.arange(len(starts)), LONG_SPAN)
    return take_all_then_give_back(starts, sizes, np.ones(min(free // 2, RUNS_OF_A), np.int64))


def workload_b(free: int, seed: int) -> Workload:
    """Return workload B: runs of 1 to 64 pages where one free segment in 256 is longer than a page."""
    starts, sizes = np.empty(free, np.int64), np.empty(free, np.int64)
    wants = np.empty(REQUESTS_OF_B, np.int64)
    with np.errstate(over="ignore"):
        state = stream(seed)
        spans = lay_out_b(state, free, starts, sizes)
        fill_below(state, SIZES_OF_B, wants)
    return take_all_then_give_back(starts[:spans].copy(), sizes[:spans].copy(), 1 + wants)


def workload_w(free: int) -> Workload:
    """Return workload W: 64 pages at a time, where only the far end has runs so long."""
    isolated = 2 + 2 * np.arange(free - FAR_RUNS * FAR_PAGES)
    far = 2 + 2 * len(isolated) + (FAR_PAGES + 1) * np.arange(FAR_RUNS)
    sizes = np.concatenate((np.ones_like(isolated), np.full_like(far, FAR_PAGES)))
    return take_all_then_give_back(np.concatenate((isolated, far)), sizes, np.full(FAR_RUNS, FAR_PAGES))


def workload_c(free: int, seed: int, transactions: int) -> Workload:
    """Return workload C: overwrites of random runs in a fragmented file, half of it free."""
    counts = np.zeros(2, np.int64)
    none = np.empty(0, np.int64)
    with np.errstate(over="ignore"):
        lay_out_c(stream(seed), free, none, none, NO_RUNS, MIXED, counts)
        starts, sizes = np.empty(counts[0], np.int64), np.empty(counts[0], np.int64)
        live = np.empty((counts[1], 2), np.int32)
        state = stream(seed)
        high_water = lay_out_c(state, free, starts, sizes, live, MIXED, counts)
        rows = np.zeros((transactions * (2 * PAIRS_OF_C + 1), 4), np.int64)
        drawn = np.zeros(len(live), np.int64)
        used = overwrite(state, len(live), transactions, PAIRS_OF_C, 0, 1, MIXED, drawn, rows)
    return Workload(starts, sizes, live, rows[:used], high_water, transactions)


def workload_churn(seed: int, transactions: int) -> Workload:
    """Return churn: few long runs and a reader that comes and goes, in a file that starts full."""
    none = np.empty(0, np.int64)
    live = np.empty((CHURN_RUNS, 2), np.int32)
    with np.errstate(over="ignore"):
        state = stream(seed)
        high_water = lay_out_live(state, live, SKEWED)
        rows = np.zeros((transactions * (2 * CHURN_PAIRS + 2), 4), np.int64)
        drawn = np.zeros(len(live), np.int64)
        used = overwrite(state, len(live), transactions, CHURN_PAIRS, PINNED, PERIOD, SKEWED, drawn, rows)
    return Workload(none, none, live, rows[:used], high_water, transactions)


def workload_file(free: Ints, live: Ints, file_pages: int, seed: int, transactions: int) -> Workload:
    """Return overwrites of random runs in a recorded database file.

    free  int64[k, 2]  first page, pages of each free span; ascending, maximal
    live  int64[s, 2]  first page, pages of each used run; the meta pages 0 and 1 are never overwritten
    """
    runs = live[live[:, 0] >= FIRST_PAGE]
    rows = np.zeros((transactions * (2 * PAIRS_OF_C + 1), 4), np.int64)
    drawn = np.zeros(len(runs), np.int64)
    with np.errstate(over="ignore"):
        sizes = runs[:, 1].copy()
        used = overwrite_alike(stream(seed), sizes, transactions, PAIRS_OF_C, drawn, rows)
    starts, pages = free[:, 0].copy(), free[:, 1].copy()
    return Workload(starts, pages, runs.astype(np.int32), rows[:used], file_pages, transactions)
