"""The table of etcd's keys: by hash, what their latest revision is.

A key is known by four values of polynomials over the field of 2^31 - 1, together 124 bits, at points that
nobody can know beforehand: whoever makes a file cannot make keys that collide, neither in the table of
keys nor in its places. What is counted does not depend on the points.

Where the table of all keys would take too much memory, only a part of them, chosen by the hash, goes into
it: whoever reads all leaves once for each part has seen all keys.
"""

import numpy as np

from kscale.kernels._jit import inline, kernel
from kscale.kernels.bbolt_page import Bytes, Longs

# A row of the table: 0 in WHAT is an empty one.
HASH, HASH_2, WHAT, SLOT = range(4)
TYPE_SHIFT = 40  # WHAT is (type + 1) << 40 | bytes of the latest value + 1, 0 instead if it is deleted
SIZE_MASK = (1 << TYPE_SHIFT) - 1

LANES = 4  # points of the hash
LOAD, OF_LOAD = 7, 8  # the table grows when 7/8 full
MOST_PARTS = 64  # of all keys, a power of two

PRIME_BITS = 31
_PRIME = 2**31 - 1
_PART_SHIFT = 25  # leaves 6 bits: up to 64 parts
_WORD = 3  # bytes of a key in one coefficient


@inline
def _fold(lane: int, point: int, word: int) -> int:
    """Return lane x point + word modulo the prime, at most 2^31."""
    value = lane * point + word
    value = (value & _PRIME) + (value >> PRIME_BITS)
    return (value & _PRIME) + (value >> PRIME_BITS)


@inline
def hash_words(data: Bytes, at: int, end: int, points: Longs, lanes: Longs) -> None:
    """Take the bytes from *at* to *end* into *lanes*; each word says how many bytes it holds."""
    one, two, three, four = lanes[0], lanes[1], lanes[2], lanes[3]
    while at < end:
        word, size = 0, min(_WORD, end - at)
        for i in range(size):
            word |= int(np.int64(data[at + i])) << 8 * i
        word |= 1 << 8 * size
        one, two = _fold(one, points[0], word), _fold(two, points[1], word)
        three, four = _fold(three, points[2], word), _fold(four, points[3], word)
        at += size
    lanes[0], lanes[1], lanes[2], lanes[3] = one, two, three, four


@inline
def _mixed(first: int, second: int) -> int:
    """Return 31 bits of a hash, of which each depends on all of a key: the last word alone moves few bits."""
    one, two = first >> PRIME_BITS, first & _PRIME
    return _fold(second >> PRIME_BITS, two, one ^ (second & _PRIME))


@inline
def in_part(first: int, second: int, part: int, parts: int) -> bool:
    """Say whether a key is in the part that goes into the table; by other bits than its place there."""
    return _mixed(first, second) >> _PART_SHIFT & (parts - 1) == part


@inline
def find(first: int, second: int, slots: Longs) -> int:
    """Return the row of a hash, or the empty one where it belongs."""
    at = _mixed(first, second) & (len(slots) - 1)
    while slots[at, WHAT] and (slots[at, HASH] != first or slots[at, HASH_2] != second):
        at = (at + 1) & (len(slots) - 1)
    return at


@inline
def note(found: Longs, slots: Longs) -> int:
    """Enter keys in their order, the latest WHAT of each. Returns how many are new.

    A loop of its own: a large table is waited for, and the processor waits for several rows at once.
    """
    new = 0
    for i in range(len(found)):
        slot = find(found[i, HASH], found[i, HASH_2], slots)
        new += slots[slot, WHAT] == 0
        slots[slot, HASH], slots[slot, HASH_2] = found[i, HASH], found[i, HASH_2]
        slots[slot, WHAT] = found[i, WHAT]
    return new


@kernel
def enter(rows: Longs, slots: Longs) -> None:
    """Enter rows of one table of keys into another, of zeros and 2^k rows, that has room for them."""
    for row in range(len(rows)):
        if rows[row, WHAT]:
            at = find(rows[row, HASH], rows[row, HASH_2], slots)
            for column in range(SLOT):
                slots[at, column] = rows[row, column]


@kernel
def keep(slots: Longs, part: int, parts: int) -> int:
    """Bring the rows of a table that are in one part to its beginning. Returns how many there are."""
    kept = 0
    for row in range(len(slots)):
        if slots[row, WHAT] and in_part(slots[row, HASH], slots[row, HASH_2], part, parts):
            for column in range(SLOT):
                slots[kept, column] = slots[row, column]
            kept += 1
    return kept


@kernel
def live(slots: Longs) -> int:
    """Bring WHAT of all objects to the beginning of a table, a number each. Returns how many there are.

    The table is none after that; its memory is used again because it may be most of what there is.
    """
    found = 0
    flat = slots.reshape(-1)
    for row in range(len(slots)):
        what = slots[row, WHAT]
        if what & SIZE_MASK:
            flat[found] = what
            found += 1
    return found
