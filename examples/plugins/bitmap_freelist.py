"""A free list for etcd that is a bitmap: first fit, blocks of 64 pages passed over where none is free.

It gives the pages that bbolt's array gives, and moves nothing: what an array moves down behind the pages it
gave, and copies when pages come back, here is a byte set to 0 or 1. The search is what it costs.

    kscale check --plugin examples/plugins/bitmap_freelist.py
    kscale compare baseline bitmap --plugin examples/plugins/bitmap_freelist.py
"""

import numpy as np
from numpy.typing import NDArray

from kscale.plugins.own import own

BLOCK = 64  # pages

Longs = NDArray[np.int64]
Flags = NDArray[np.uint8]


def make(pages: int, starts: Longs, sizes: Longs) -> tuple[Flags, Longs]:
    """Return a flag for each page of the file, 1 where it is free, and how many are in each block."""
    free = np.zeros(-(-pages // BLOCK) * BLOCK, np.uint8)
    for start, size in zip(starts, sizes, strict=True):
        free[start : start + size] = 1
    return free, free.reshape(-1, BLOCK).sum(axis=1, dtype=np.int64)


def allocate(free: Flags, blocks: Longs, n: int, work: Longs) -> int:
    """Return the first of the lowest n free pages in a row, 0 if there are none."""
    run = looked = found = 0
    for block in range(len(blocks)):
        looked += 1
        if blocks[block] == 0:
            run = 0
            continue
        for page in range(block * BLOCK, (block + 1) * BLOCK):
            looked += 1
            run = run + 1 if free[page] else 0
            if run == n:
                found = page - n + 1
                break
        if found:
            break
    for page in range(found, found + n if found else 0):
        free[page] = 0
        blocks[page // BLOCK] -= 1
    work[0] += looked + (n if found else 0)
    return found


def release(free: Flags, blocks: Longs, first: int, n: int, work: Longs) -> None:
    """Take n pages back, from the first on."""
    for page in range(first, first + n):
        free[page] = 1
        blocks[page // BLOCK] += 1
    work[0] += n


VARIANTS = (
    own(
        "etcd-freelist",
        "bitmap",
        about="a byte a page, first fit, blocks without a free page passed over",
        make=make,
        allocate=allocate,
        release=release,
    ),
)
