"""A bbolt file walked from a bucket's root: every page at most once, nothing trusted.

Pages are those of bbolt_page, and so is what is wrong with them. The bytes of one run may not overlap, so
that the work is bounded by the size of the file.
"""

from kscale.kernels._jit import inline, kernel
from kscale.kernels.bbolt_page import (
    BRANCH,
    BUCKET,
    DEEP,
    DEPTH,
    ELEMENT,
    FIRST_PAGE,
    HEADER,
    IS_BUCKET,
    ITEM,
    LEAF,
    OVERFLOW,
    PAGE,
    PLAIN,
    RANGE,
    ROOT,
    TWICE,
    WRONG_ID,
    WRONG_KIND,
    Bytes,
    Longs,
    Words,
    check,
    element,
    elements,
    id_in_bytes,
    kind_of,
    page_id,
)

# What is known of a page.
FREE, FIRST, MORE, CLAIMED = range(4)  # not reached, begins a run, goes on with one, referred to

# A row of *stack*: an open branch.
BEGIN, ITEMS, NEXT, STACK = range(4)
DEEPEST = 64  # a file of 2^63 bytes with two children a branch is not deeper

# A row of *leaves*: the bytes of a run, and its first page.
LEAF_BEGIN, LEAF_END, LEAF_PAGE, LEAVES = range(4)

# A row of *buckets*; an inline page begins HEADER bytes into the value.
NAME, NAME_BYTES, VALUE, VALUE_BYTES, BUCKET_ROOT, BUCKET_PAGE, BUCKETS = range(7)


@inline
def _claim(seen: Bytes, page: int, high_water: int) -> int:
    """Note that *page* is referred to. Returns 0 or what is wrong."""
    if page < FIRST_PAGE or page >= high_water:
        return RANGE
    if seen[page] != FREE:
        return TWICE
    seen[page] = CLAIMED
    return 0


@inline
def claim_run(words: Words, page: int, begin: int, high_water: int, seen: Bytes, place: Longs) -> int:
    """Note the run of *page*, which is claimed. Returns its overflow, or what is wrong."""
    place[PAGE] = page
    if page_id(words, begin) != page:
        return WRONG_ID
    overflow = int(words[(begin >> 2) + 3])
    if overflow < 0 or overflow >= high_water - page:
        return OVERFLOW
    seen[page] = FIRST
    for more in range(page + 1, page + 1 + overflow):
        if seen[more] != FREE:
            place[PAGE] = more
            return TWICE
        seen[more] = MORE
    return overflow


@inline
def _bucket(data: Bytes, at: int, size: int, high_water: int, seen: Bytes) -> int:
    """Claim the root of the bucket in the value at *at*. Returns it, 0 if inline, or what is wrong."""
    if size < HEADER:
        return BUCKET
    root = id_in_bytes(data, at)
    if root == 0:
        return 0 if size >= 2 * HEADER else BUCKET
    wrong = _claim(seen, root, high_water)
    return wrong or root


@inline
def _buckets_of(
    data: Bytes,
    words: Words,
    begin: int,
    page: int,
    high_water: int,
    seen: Bytes,
    place: Longs,
    buckets: Longs,
) -> int:
    """List the buckets in a leaf whose elements are checked. Returns their number, or what is wrong."""
    found = 0
    for i in range(elements(words, begin)):
        kind = int(words[(begin + HEADER + i * ELEMENT) >> 2])
        if kind == PLAIN:
            continue
        place[ITEM] = i
        if kind != IS_BUCKET:
            return BUCKET
        key, size, value = element(words, begin, i)
        root = _bucket(data, key + size, value, high_water, seen)
        if root < 0:
            if root == TWICE:
                place[PAGE] = id_in_bytes(data, key + size)
            return root
        buckets[found, NAME], buckets[found, NAME_BYTES] = key, size
        buckets[found, VALUE], buckets[found, VALUE_BYTES] = key + size, value
        buckets[found, BUCKET_ROOT], buckets[found, BUCKET_PAGE] = root, page
        found += 1
    return found


@inline
def _next(words: Words, high_water: int, seen: Bytes, stack: Longs, place: Longs) -> int:
    """Claim the next page on the way. Returns it, 0 at the end, or what is wrong."""
    if place[ROOT]:
        page = int(place[ROOT])
        place[ROOT] = 0
        return page
    while place[DEPTH] and stack[place[DEPTH] - 1, NEXT] == stack[place[DEPTH] - 1, ITEMS]:
        place[DEPTH] -= 1
    if place[DEPTH] == 0:
        return 0
    top = place[DEPTH] - 1
    at = stack[top, BEGIN] + HEADER + stack[top, NEXT] * ELEMENT
    page = page_id(words, at + 8)
    wrong = _claim(seen, page, high_water)
    if wrong == TWICE:
        place[PAGE] = page
    elif wrong:
        place[PAGE], place[ITEM] = page_id(words, stack[top, BEGIN]), stack[top, NEXT]
    stack[top, NEXT] += 1
    return wrong or page


@inline
def _open(
    data: Bytes, words: Words, page: int, page_bytes: int, high_water: int, seen: Bytes, place: Longs
) -> tuple[int, int, int]:
    """Check a page that is claimed. Returns where its run begins and ends, and 0 or what is wrong."""
    begin = page * page_bytes
    overflow = claim_run(words, page, begin, high_water, seen, place)
    if overflow < 0:
        return begin, begin, overflow
    end = begin + (overflow + 1) * page_bytes
    kind = kind_of(words, begin)
    if kind not in (BRANCH, LEAF):
        return begin, end, WRONG_KIND
    return begin, end, check(data, words, begin, end, kind == LEAF, place)


@inline
def _go_down(words: Words, begin: int, stack: Longs, place: Longs) -> int:
    """Go on with the children of the branch at byte *begin*. Returns 0 or what is wrong."""
    row = place[DEPTH]
    if row == DEEPEST:
        return DEEP
    stack[row, BEGIN], stack[row, ITEMS], stack[row, NEXT] = begin, elements(words, begin), 0
    place[DEPTH] = row + 1
    return 0


@kernel
def walk(
    data: Bytes,
    words: Words,
    page_bytes: int,
    high_water: int,
    budget: int,
    seen: Bytes,
    stack: Longs,
    place: Longs,
    leaves: Longs,
    buckets: Longs,
) -> tuple[int, int]:
    """Walk on in the tree of a bucket, to its next leaves by ascending keys.

    data        uint8[b]     the file; whole pages, at least *high_water* of them
    words       int32[b/4]   the same
    page_bytes               of a page, a multiple of 512
    high_water               number of pages in use or free
    budget                   bytes of leaves after which it stops to let its caller have a look
    seen        uint8[h]     FREE, FIRST, MORE, CLAIMED of each page; changed
    stack       int64[DEEPEST, STACK]         open branches; changed
    place       int64[PLACE]                  where it is; changed
    leaves      int64[n, LEAVES]              out: the leaves that were found
    buckets     int64[MOST_ELEMENTS, BUCKETS] out: the buckets in the last of them

    Returns how many leaves and buckets were found: no leaf, the tree has ended. Where the first is
    negative it is what is wrong. It stops after a leaf with buckets. Cost is O(elements).
    """
    found = held = wrong = 0
    while found < len(leaves) and budget > 0 and held == 0:
        page = _next(words, high_water, seen, stack, place)
        if page <= 0:
            wrong = page
            break
        begin, end, wrong = _open(data, words, page, page_bytes, high_water, seen, place)
        if wrong:
            break
        if kind_of(words, begin) == LEAF:
            held = _buckets_of(data, words, begin, page, high_water, seen, place, buckets)
            leaves[found, LEAF_BEGIN], leaves[found, LEAF_END], leaves[found, LEAF_PAGE] = begin, end, page
            found += 1
            budget -= end - begin
            wrong = min(held, 0)
        else:
            wrong = _go_down(words, begin, stack, place)
        if wrong:
            break
    return wrong or found, held
