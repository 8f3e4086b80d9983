"""The pages of a bbolt file, walked from a bucket's root: every page at most once, nothing trusted.

Layout: etcd-io/bbolt internal/common (page.go, inode.go, bucket.go). All numbers are little-endian.

    page     id u64 | kind u16 | elements u16 | overflow u32, then the elements, then keys and values;
             with its overflow, that is the pages that follow it, it is a run
    branch   element: begin u32 | key bytes u32 | child's id u64
    leaf     element: kind u32 | begin u32 | key bytes u32 | value bytes u32
    bucket   a leaf's value: root's id u64 | sequence u64; root 0: its only leaf follows, inline

*begin* counts from the element itself. A file comes in twice: `data`, uint8, and `words`, the same
bytes as int32; what is over 2^31 is negative there and refused. The bytes of one run may not overlap, so
that the work is bounded by the size of the file.

What is wrong is a negative number; place[PAGE] is the page where it is and place[ITEM] its element:

    OUTSIDE     the element's key or value is not inside its page, or over the one before
    ORDER       the element's key is not above the one before
    RANGE       the element refers to a page that the file does not have
    TWICE       the page is referred to twice
    WRONG_ID    the page says that it is another one
    WRONG_KIND  the page is neither branch nor leaf
    CROWDED     the page has more elements than room, or is a branch without any
    OVERFLOW    the page goes on beyond the end of the file
    DEEP        the page is more than DEEPEST pages below its root
    BUCKET      the element is no bucket, though it says so
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Bytes = NDArray[np.uint8]
Words = NDArray[np.int32]
Longs = NDArray[np.int64]

OUTSIDE, ORDER, RANGE, TWICE, WRONG_ID, WRONG_KIND = -1, -2, -3, -4, -5, -6
CROWDED, OVERFLOW, DEEP, BUCKET = -7, -8, -9, -10

# Kinds of pages and of a leaf's elements.
BRANCH, LEAF = 1, 2
PLAIN, IS_BUCKET = 0, 1

HEADER = 16  # bytes of a page before its elements; also of a bucket before its inline page
ELEMENT = 16  # bytes
FIRST_PAGE = 2  # 0 and 1 are the meta pages
MOST_ELEMENTS = 0xFFFF  # of a page

# What is known of a page.
FREE, FIRST, MORE, CLAIMED = range(4)  # not reached, begins a run, goes on with one, referred to

# Where a walk is, int64[6], so that it can go on.
ROOT = 0  # the page to begin at, which is claimed; 0: begun
DEPTH = 1  # pages open on the way down
LAST = 2  # where the last leaf's last key begins
LAST_BYTES = 3  # of it; -1: none yet
PAGE = 4
ITEM = 5
PLACE = 6

# A row of *stack*: an open branch.
BEGIN, ITEMS, NEXT, STACK = range(4)
DEEPEST = 64  # a file of 2^63 bytes with two children a branch is not deeper

# A row of *leaves*: the bytes of a run, and its first page.
LEAF_BEGIN, LEAF_END, LEAF_PAGE, LEAVES = range(4)

# A row of *buckets*; an inline page begins HEADER bytes into the value.
NAME, NAME_BYTES, VALUE, VALUE_BYTES, BUCKET_ROOT, BUCKET_PAGE, BUCKETS = range(7)

_U16 = 0xFFFF
_U32 = 0xFFFF_FFFF
_LARGEST_HIGH = 2**23  # upper half of a page's id from which it is in no file


@inline
def page_id(words: Words, at: int) -> int:
    """Return the page id at byte *at*; -1 if it is absurd."""
    low, high = int(words[at >> 2]) & _U32, int(words[(at >> 2) + 1])
    return high << 32 | low if 0 <= high < _LARGEST_HIGH else -1


@inline
def _id_in_bytes(data: Bytes, at: int) -> int:
    """Return the page id at byte *at*, which need not be aligned; -1 if it is absurd."""
    found = 0
    for i in range(7, -1, -1):
        if found >= _LARGEST_HIGH << 24:
            return -1
        found = found << 8 | int(np.int64(data[at + i]))
    return found


@inline
def elements(words: Words, begin: int) -> int:
    """Return how many elements the page at byte *begin* has."""
    return (int(words[(begin >> 2) + 2]) >> 16) & _U16


@inline
def kind_of(words: Words, begin: int) -> int:
    """Return of which kind the page at byte *begin* is."""
    return int(words[(begin >> 2) + 2]) & _U16


@inline
def element(words: Words, begin: int, i: int) -> tuple[int, int, int]:
    """Return where the key of a leaf's element *i* begins, the key's bytes and the value's, which follows."""
    at = begin + HEADER + i * ELEMENT
    word = at >> 2
    return at + int(words[word + 1]), int(words[word + 2]), int(words[word + 3])


@inline
def _branch_key(words: Words, begin: int, i: int) -> tuple[int, int, int]:
    """Return where the key of a branch's element *i* begins, the key's bytes, and 0: there is no value."""
    at = begin + HEADER + i * ELEMENT
    return at + int(words[at >> 2]), int(words[(at >> 2) + 1]), 0


@inline
def _above(data: Bytes, at: int, size: int, before: int, before_size: int) -> bool:
    """Say whether the key at *at* comes after the one at *before*."""
    for i in range(min(size, before_size)):
        one, other = data[at + i], data[before + i]
        if one != other:
            return bool(one > other)
    return size > before_size


@inline
def _check(data: Bytes, words: Words, begin: int, end: int, is_leaf: bool, place: Longs) -> int:
    """Check that a page's elements are inside it, one after the other, by ascending keys.

    A leaf's first key must also be above the last one of the leaf before. Returns 0 or what is wrong.
    """
    items = elements(words, begin)
    floor = begin + HEADER + items * ELEMENT
    if floor > end or (items == 0 and not is_leaf):
        return CROWDED
    last, last_bytes = (place[LAST], place[LAST_BYTES]) if is_leaf else (0, -1)
    for i in range(items):
        place[ITEM] = i
        key, size, value = element(words, begin, i) if is_leaf else _branch_key(words, begin, i)
        if key < floor or size < 0 or value < 0 or key + size + value > end:
            return OUTSIDE
        if last_bytes >= 0 and not _above(data, key, size, last, last_bytes):
            return ORDER
        last, last_bytes, floor = key, size, key + size + value
    if is_leaf:
        place[LAST], place[LAST_BYTES] = last, last_bytes
    return 0


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
    root = _id_in_bytes(data, at)
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
                place[PAGE] = _id_in_bytes(data, key + size)
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
    return begin, end, _check(data, words, begin, end, kind == LEAF, place)


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


@kernel
def inline_leaf(data: Bytes, words: Words, place: Longs) -> int:
    """Check the page of an inline bucket, which is all there is in *data*. Returns 0 or what is wrong."""
    if kind_of(words, 0) != LEAF:
        return WRONG_KIND
    place[LAST_BYTES] = -1
    wrong = _check(data, words, 0, len(data), True, place)
    for i in range(0 if wrong else elements(words, 0)):
        if words[(HEADER + i * ELEMENT) >> 2] != PLAIN:  # bbolt holds no buckets in inline ones
            place[ITEM] = i
            return BUCKET
    return wrong
