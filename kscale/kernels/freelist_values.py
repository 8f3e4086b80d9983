"""A database file laid out on purpose: so much free space, in so many pieces, and leaves of equal values.

Used to draw maps: what is free and how it is broken up are given, not what a history happened to leave.

    [free run] leaf leaf [free run] used [free run] leaf ...

Leaves, which are overwritten, are spread evenly behind the free runs; where there are fewer leaves than
runs, one page that stays in use keeps two runs apart.
"""

import numpy as np

from kscale.kernels._jit import kernel
from kscale.kernels.freelist import Ints, Runs
from kscale.kernels.freelist_layouts import Words, draw_below, fill_below, stream
from kscale.kernels.freelist_pages import GIVE_BACK, RELEASE, TAKE_OR_GROW
from kscale.kernels.freelist_workloads import FIRST_PAGE, FIRST_TX, Workload

PPM = 1_000_000
LEAVES = 4  # in use for each one drawn in a transaction: one is drawn twice in it now and then
PAGE_BYTES = 4096  # bbolt: the system's page size
HEADER_BYTES = 16  # of a page (bbolt internal/common/page.go)
ELEMENT_BYTES = 16  # of each entry of a leaf (the same, leafPageElement)
KEY_BYTES = 17  # of an etcd revision: two numbers and a separator (etcd server/storage/mvcc/revision.go)
LEAST_KEYS = 2  # a leaf is never split below (bbolt node.go, common.MinKeysPerPage)


def leaf_pages(value_bytes: int) -> int:
    """Return the pages of a leaf that holds values so long: one, or what its two least values need."""
    entry = ELEMENT_BYTES + KEY_BYTES + value_bytes
    return -(-(HEADER_BYTES + LEAST_KEYS * entry) // PAGE_BYTES)


def lay_out(state: Words, free: int, ppm: int, leaves: int, pages: int) -> tuple[Ints, Ints, Runs, int]:
    """Return starts and sizes of free runs, the leaves, and the pages of the file.

    Each of the *free* pages but the first begins a run of its own with a chance of *ppm*: that many
    of a million free pages begin one on average. There are *leaves* of *pages* each.
    """
    drawn = np.empty(free, np.int64)
    fill_below(state, PPM, drawn)
    begins = drawn < ppm
    begins[0] = True
    sizes = np.diff(np.flatnonzero(begins), append=free).astype(np.int64)
    before = np.arange(len(sizes) + 1) * leaves // len(sizes)  # leaves before each run
    behind = np.diff(before)
    ends = FIRST_PAGE + np.cumsum(sizes + np.maximum(behind * pages, 1))
    starts = ends - np.maximum(behind * pages, 1) - sizes
    run = np.repeat(np.arange(len(sizes)), behind)
    first = starts[run] + sizes[run] + pages * (np.arange(leaves) - before[run])
    live = np.stack((first, np.full(leaves, pages)), axis=1).astype(np.int32)
    return starts.astype(np.int64), sizes, live, int(ends[-1])


@kernel
def rewrite(
    state: Words, pages: int, transactions: int, overwrites: int, new_ppm: int, drawn: Ints, rows: Ints
) -> int:
    """Write a programme that writes random leaves of so many *pages*; return its rows.

    new_ppm  of a million leaves written so many are new: what was in their place stays in use
    drawn    int64[leaves]  scratch, zeros: the transaction a leaf was last drawn in
    rows     int64[r, 4]  out: at most 2 * overwrites + 1 for each transaction; see freelist.py

    A transaction releases, draws leaves *overwrites* times (one drawn twice counts once), frees
    those that are not new, then allocates each.
    """
    row = 0
    slots = np.empty(overwrites, np.int64)
    for tx in range(FIRST_TX, FIRST_TX + transactions):
        rows[row, 0] = RELEASE
        row += 1
        written = 0
        for _ in range(overwrites):
            slot = draw_below(state, len(drawn))
            new = draw_below(state, PPM) < new_ppm
            if drawn[slot] == tx:
                continue
            drawn[slot] = tx
            slots[written] = slot
            written += 1
            if not new:
                rows[row, 0], rows[row, 1], rows[row, 3] = GIVE_BACK, tx, slot
                row += 1
        for slot in slots[:written]:
            rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3] = TAKE_OR_GROW, tx, pages, slot
            row += 1
    return row


def workload_values(
    free: int, ppm: int, pages: int, overwrites: int, new_ppm: int, seed: int, transactions: int
) -> Workload:
    """Return writes of random leaves, all of *pages*, in a file whose free pages are in runs by *ppm*."""
    leaves = LEAVES * overwrites
    rows = np.zeros((transactions * (2 * overwrites + 1), 4), np.int64)
    drawn = np.zeros(leaves, np.int64)
    with np.errstate(over="ignore"):
        state = stream(seed)
        starts, sizes, live, high_water = lay_out(state, free, ppm, leaves, pages)
        used = rewrite(state, pages, transactions, overwrites, new_ppm, drawn, rows)
    return Workload(starts, sizes, live, rows[:used], high_water, transactions)
