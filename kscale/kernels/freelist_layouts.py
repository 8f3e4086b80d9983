"""Random streams, and the free and used runs of a database file that are drawn from them.

Random numbers are splitmix64, so equal seeds give equal pages on every machine.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel
from kscale.kernels.freelist import Ints, Runs

Words = NDArray[np.uint64]

GAMMA = np.uint64(0x9E3779B97F4A7C15)  # splitmix64, Steele, Lea, Flood 2014
MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
MIX_2 = np.uint64(0x94D049BB133111EB)
S30, S27, S31, ONE = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(1)

SIZES_OF_B = 64  # B: runs are 1 to 64 pages
MIXED = np.array([80, 95, 3, 5, 12])  # C: 80% one page, 15% 2 to 4, 5% 5 to 16
SKEWED = np.array([90, 98, 3, 16, 49])  # churn: 90% one page, 8% 2 to 4, 2% 16 to 64


def stream(seed: int) -> Words:
    """Return the state of a splitmix64 stream."""
    return np.array([seed % 2**64], np.uint64)


@inline
def draw(state: Words) -> np.uint64:
    """Return the next 64 random bits."""
    state[0] += GAMMA
    z = state[0]
    z = (z ^ (z >> S30)) * MIX_1
    z = (z ^ (z >> S27)) * MIX_2
    return np.uint64(z ^ (z >> S31))


@inline
def draw_below(state: Words, bound: int) -> int:
    """Return the next random number below *bound*."""
    return np.int64(draw(state) % np.uint64(bound))  # type: ignore[return-value]  # numba needs the width


@inline
def draw_size(state: Words, shape: Ints) -> int:
    """Return the pages of a run: one, a few or many, by the percentages of MIXED or SKEWED."""
    u = draw_below(state, 100)
    if u < shape[0]:
        return 1
    if u < shape[1]:
        return 2 + draw_below(state, shape[2])
    return int(shape[3] + draw_below(state, shape[4]))


@kernel
def fill_below(state: Words, bound: int, out: Ints) -> None:
    """Fill *out* with random numbers below *bound*."""
    for k in range(len(out)):
        out[k] = draw_below(state, bound)


@kernel
def lay_out_b(state: Words, free: int, starts: Ints, sizes: Ints) -> int:
    """Write spans with one used page after each, one in 256 of 1 to 64 pages; return how many."""
    page, spans = 2, 0
    while free > 0:
        size = 1
        if draw_below(state, 256) == 0:
            size = 1 + draw_below(state, SIZES_OF_B)
        size = min(size, free)
        starts[spans] = page
        sizes[spans] = size
        spans += 1
        free -= size
        page += size + 1
    return spans


@kernel
def lay_out_c(
    state: Words, free: int, starts: Ints, sizes: Ints, live: Runs, shape: Ints, counts: Ints
) -> int:
    """Write runs that are free or live with equal chance until *free* pages are free.

    starts, sizes  int64[k]     out: maximal free spans, as many as fit
    live           int32[s, 2]  out: live runs, as many as fit
    counts         int64[2]     out: spans and live runs there are, whether they fit or not

    Returns the high water mark; pages of the last run that are too many are neither free
    nor live. Call it with empty arrays to learn how long they must be.
    """
    page, spans, runs, before = 2, 0, 0, 0
    while free > 0:
        size = draw_size(state, shape)
        if draw(state) & ONE:
            fits = min(size, free)
            free -= fits
            if before == page:
                if spans <= len(sizes):
                    sizes[spans - 1] += fits
            else:
                if spans < len(starts):
                    starts[spans] = page
                    sizes[spans] = fits
                spans += 1
            before = page + size
        else:
            if runs < len(live):
                live[runs, 0] = page
                live[runs, 1] = size
            runs += 1
        page += size
    counts[0] = spans
    counts[1] = runs
    return page


@kernel
def lay_out_live(state: Words, live: Runs, shape: Ints) -> int:
    """Fill a file with live runs and nothing free; return the high water mark."""
    page = 2
    for run in range(len(live)):
        live[run, 0] = page
        live[run, 1] = draw_size(state, shape)
        page += int(live[run, 1])
    return page
