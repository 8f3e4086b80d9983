"""A free list of etcd's storage as a bitmap: a byte a page, searched from the front for the first fit.

    kscale check --plugin examples/plugins/bitmap_freelist.py
    kscale compare baseline bitmap --plugin examples/plugins/bitmap_freelist.py
"""

import numpy as np
from numba import njit

from kscale.plugins.own import own


def make(pages, starts, sizes):
    free = np.zeros(pages, np.uint8)
    for start, size in zip(starts, sizes):
        free[start : start + size] = 1
    return free


@njit
def allocate(free, n, work):
    run = 0
    for page in range(len(free)):
        work[0] += 1
        run = run + 1 if free[page] else 0
        if run == n:
            first = page - n + 1
            free[first : page + 1] = 0
            return first
    return 0


@njit
def release(free, first, n, work):
    work[0] += n
    free[first : first + n] = 1


VARIANTS = (
    own(
        "etcd-freelist",
        "bitmap",
        about="a byte a page, first fit from the front",
        make=make,
        allocate=allocate,
        release=release,
    ),
)
