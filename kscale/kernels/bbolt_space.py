"""What a walk over a bbolt file leaves: the pages that are free, and a saved free list beside them.

The saved list is a run of its own: the header of a page, then the ids of free pages, ascending u64. From
65,535 ids on, their number stands before them (etcd-io/bbolt internal/freelist/shared.go). Beside what
`bbolt_page` names wrong:

    USED   the page is in use and in the saved list, or there twice, or not in order
    LOST   no bucket reaches the page, and the saved list does not have it
"""

from kscale.kernels._jit import kernel
from kscale.kernels.bbolt import FIRST, FREE, MORE, claim_run
from kscale.kernels.bbolt_page import (
    CROWDED,
    FIRST_PAGE,
    HEADER,
    ITEM,
    MOST_ELEMENTS,
    PAGE,
    RANGE,
    TWICE,
    WRONG_KIND,
    Bytes,
    Longs,
    Words,
    elements,
    kind_of,
    page_id,
)

USED, LOST = -11, -12

FREE_LIST = 16  # kind of page


@kernel
def claim_free_list(
    words: Words, page: int, page_bytes: int, high_water: int, seen: Bytes, place: Longs
) -> int:
    """Note the run of the saved free list, a page that exists. Returns its overflow, or what is wrong."""
    place[PAGE] = page
    if kind_of(words, page * page_bytes) != FREE_LIST:
        return WRONG_KIND
    if seen[page] != FREE:
        return TWICE
    return claim_run(words, page, page * page_bytes, high_water, seen, place)


@kernel
def compare_free_list(words: Words, begin: int, end: int, seen: Bytes, place: Longs) -> int:
    """Compare the saved free list in a run with the pages that no bucket reached.

    From 65,535 ids on, their number stands before the ids. Returns 0 if the same pages are free in
    both, or what is wrong.
    """
    count, at = elements(words, begin), begin + HEADER
    if count == MOST_ELEMENTS:
        count, at = page_id(words, at), at + 8
    if count < 0 or count > (end - at) // 8:
        return CROWDED
    page = FIRST_PAGE
    for i in range(count):
        free = page_id(words, at + 8 * i)
        if free >= len(seen) or free < FIRST_PAGE:
            place[ITEM] = i
            return RANGE
        while page < free:
            if seen[page] == FREE:
                place[PAGE] = page
                return LOST
            page += 1
        if free < page or seen[page] != FREE:  # in use, named twice, or not in order
            place[PAGE] = free
            return USED
        page += 1
    while page < len(seen):
        if seen[page] == FREE:
            place[PAGE] = page
            return LOST
        page += 1
    return 0


@kernel
def runs(seen: Bytes, free: Longs, live: Longs) -> tuple[int, int]:
    """List the runs of pages that are free, as long as can be, and those that are in use.

    seen  uint8[h]     FREE, FIRST or MORE of each page; the first two are passed over
    free  int64[k, 2]  out: first page, pages of each; none is written that has no row
    live  int64[m, 2]  out: the same of a page in use with its overflow

    Returns how many of each there are.
    """
    holes = used = 0
    before = MORE
    for page in range(FIRST_PAGE, len(seen)):
        state = seen[page]
        if state == FREE:
            if before != FREE:
                if holes < len(free):
                    free[holes, 0], free[holes, 1] = page, 0
                holes += 1
            if holes <= len(free):
                free[holes - 1, 1] += 1
        elif state == FIRST:
            if used < len(live):
                live[used, 0], live[used, 1] = page, 1
            used += 1
        elif 0 < used <= len(live):
            live[used - 1, 1] += 1
        before = state
    return holes, used
