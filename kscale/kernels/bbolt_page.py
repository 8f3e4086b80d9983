"""The pages of a bbolt file: their layout, and the checks of one page.

Layout: etcd-io/bbolt internal/common (page.go, inode.go, bucket.go). All numbers are little-endian.

    page     id u64 | kind u16 | elements u16 | overflow u32, then the elements, then keys and values;
             with its overflow, that is the pages that follow it, it is a run
    branch   element: begin u32 | key bytes u32 | child's id u64
    leaf     element: kind u32 | begin u32 | key bytes u32 | value bytes u32
    bucket   a leaf's value: root's id u64 | sequence u64; root 0: its only leaf follows, inline

*begin* counts from the element itself. A file comes in twice: `data`, uint8, and `words`, the same
bytes as int32; what is over 2^31 is negative there and refused. `place` says where a walk is.

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

# Where a walk is, int64[6], so that it can go on.
ROOT = 0  # the page to begin at, which is claimed; 0: begun
DEPTH = 1  # pages open on the way down
LAST = 2  # where the last leaf's last key begins
LAST_BYTES = 3  # of it; -1: none yet
PAGE = 4
ITEM = 5
PLACE = 6

_U16 = 0xFFFF
_U32 = 0xFFFF_FFFF
_LARGEST_HIGH = 2**23  # upper half of a page's id from which it is in no file


@inline
def page_id(words: Words, at: int) -> int:
    """Return the page id at byte *at*; -1 if it is absurd."""
    low, high = int(words[at >> 2]) & _U32, int(words[(at >> 2) + 1])
    return high << 32 | low if 0 <= high < _LARGEST_HIGH else -1


@inline
def id_in_bytes(data: Bytes, at: int) -> int:
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
def check(data: Bytes, words: Words, begin: int, end: int, is_leaf: bool, place: Longs) -> int:
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


@kernel
def inline_leaf(data: Bytes, words: Words, place: Longs) -> int:
    """Check the page of an inline bucket, which is all there is in *data*. Returns 0 or what is wrong."""
    if kind_of(words, 0) != LEAF:
        return WRONG_KIND
    place[LAST_BYTES] = -1
    wrong = check(data, words, 0, len(data), True, place)
    for i in range(0 if wrong else elements(words, 0)):
        if words[(HEADER + i * ELEMENT) >> 2] != PLAIN:  # bbolt holds no buckets in inline ones
            place[ITEM] = i
            return BUCKET
    return wrong
