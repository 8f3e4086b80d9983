"""etcd's keys out of the leaves of its `key` bucket: the latest revision of each, by type of object.

An element's key is a revision: main u64 | '_' | sub u64, big-endian, and a 't' behind it if the key was
deleted then (a tombstone). Its value is a mvccpb.KeyValue: key = 1, create_revision = 2, mod_revision = 3,
version = 4, value = 5, lease = 6 (etcd-io/etcd api/mvccpb/kv.proto). Revisions ascend, so the last one
seen of a key is its latest.

A key is known by four values of polynomials over the field of 2^31 - 1, together 124 bits, at points that
nobody can know beforehand: whoever makes a file cannot make keys that collide, neither in the table of
keys nor in its places. What is counted does not depend on the points.

The type of a key is told by its first parts, which `kscale.imports.etcd_db_types` gives a name:

    /registry/pods/shop/web-0                       /registry/pods
    /registry/services/specs/shop/web               /registry/services/specs
    /registry/example.com/widgets/shop/blue         /registry/example.com/widgets

A part after the root that has a dot is an API group. A key with fewer parts, such as /registry/health,
has no type.
"""

import numpy as np

from kscale.kernels import bbolt, bbolt_page
from kscale.kernels._jit import inline, kernel
from kscale.kernels.bbolt_page import Bytes, Longs, Words
from kscale.kernels.protobuf_read import skip, varint
from kscale.kernels.protobuf_write import LENGTH_DELIMITED

ROOM = 1  # the table must grow; go on after that
NO_REVISION, NO_KEY_VALUE = -21, -22  # what is wrong, beside what bbolt says

# Where the reading is, int64[PLACE], so that it can go on.
LEAF = 0  # row of *leaves*
ITEM = 1  # element of it
KEYS = 2  # in the table
TYPES = 3  # known
OLDEST, NEWEST = 4, 5  # main part of the first revision and of the last; 0: none yet
PLACE = 6

# A row of the table of keys: 0 in WHAT is an empty one.
HASH, HASH_2, WHAT, SLOT = range(4)
TYPE_SHIFT = 40  # WHAT is (type + 1) << 40 | bytes of the latest value + 1, 0 instead if it is deleted
SIZE_MASK = (1 << TYPE_SHIFT) - 1

# Types: 0 is what has none, or one too many.
MOST_TYPES = 10_000
TYPE_SLOTS = 32_768  # rows of the table of types: two hashes, the type
TYPE_ROW = 3

# A row of *tallies*: of one type.
REVISIONS, TOMBSTONES, BYTES, TALLY = range(4)  # BYTES of all values that are kept

LOAD, OF_LOAD = 7, 8  # the table of keys grows when 7/8 full

_PRIME = 2**31 - 1
_PRIME_BITS = 31
LANES = 4  # points of the hash
_WORD = 3  # bytes of a key in one coefficient
_REVISION = 17
_UNDERSCORE, _T, _SLASH, _DOT, _HIGH_BIT = ord("_"), ord("t"), ord("/"), ord("."), 0x80
_SERVICES = np.frombuffer(b"services", dtype=np.uint8)
_KEY_FIELD, _VALUE_FIELD = 1, 5


@inline
def _fold(lane: int, point: int, word: int) -> int:
    """Return lane x point + word modulo the prime, at most 2^31."""
    value = lane * point + word
    value = (value & _PRIME) + (value >> _PRIME_BITS)
    return (value & _PRIME) + (value >> _PRIME_BITS)


@inline
def _hash(data: Bytes, at: int, end: int, points: Longs, lanes: Longs) -> None:
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
def _place(first: int, second: int, slots: Longs) -> int:
    """Return where in a table of 2^n rows the search for a hash begins."""
    one, two = first >> _PRIME_BITS, first & _PRIME
    return _fold(second >> _PRIME_BITS, two, one ^ (second & _PRIME)) & (len(slots) - 1)


@inline
def _find(first: int, second: int, slots: Longs) -> int:
    """Return the row of a hash, or the empty one where it belongs."""
    at = _place(first, second, slots)
    while slots[at, WHAT] and (slots[at, HASH] != first or slots[at, HASH_2] != second):
        at = (at + 1) & (len(slots) - 1)
    return at


@inline
def _slash(data: Bytes, at: int, end: int) -> int:
    """Return where the next slash is; *end* if there is none."""
    while at < end and data[at] != _SLASH:
        at += 1
    return at


@inline
def _two_parts(data: Bytes, at: int, end: int) -> bool:
    """Say whether a type that begins so goes on to the next slash: an API group, or services."""
    services = end - at == len(_SERVICES)
    for i in range(at, end):
        if data[i] == _DOT:
            return True
        services = services and data[i] == _SERVICES[i - at]
    return services


@inline
def _type_end(data: Bytes, at: int, end: int) -> int:
    """Return where the part of a key that tells its type ends; *at* if there is none."""
    if at == end or data[at] != _SLASH:
        return at
    root = _slash(data, at + 1, end)
    kind = _slash(data, root + 1, end)
    if kind < end and _two_parts(data, root + 1, kind):
        kind = _slash(data, kind + 1, end)
    return kind if kind < end else at


@inline
def _type_of(at: int, end: int, lanes: Longs, types: Longs, names: Longs, place: Longs) -> int:
    """Return the type of a key whose first parts, from *at* to *end*, are hashed in *lanes*."""
    if end == at:
        return 0
    first, second = lanes[0] << _PRIME_BITS | lanes[1], lanes[2] << _PRIME_BITS | lanes[3]
    row = _find(first, second, types)
    if types[row, WHAT] == 0:
        if place[TYPES] > MOST_TYPES:
            return 0
        types[row, HASH], types[row, HASH_2], types[row, WHAT] = first, second, place[TYPES]
        names[place[TYPES], 0], names[place[TYPES], 1] = at, end
        place[TYPES] += 1
    return int(types[row, WHAT])


@inline
def _revision(data: Bytes, at: int, size: int) -> bool:
    """Say whether a revision is at *at*, with or without a tombstone's mark."""
    if size not in (_REVISION, _REVISION + 1) or data[at] >= _HIGH_BIT or data[at + 8] != _UNDERSCORE:
        return False
    return size == _REVISION or data[at + _REVISION] == _T


@inline
def _main(data: Bytes, at: int) -> int:
    """Return the main part of a revision."""
    main = 0
    for i in range(8):
        main = main << 8 | int(np.int64(data[at + i]))
    return main


@inline
def _key_value(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return where the key in a KeyValue begins and ends, and the bytes of its value; first what is wrong."""
    key = key_end = at
    value = 0
    while at < end:
        tag, at = varint(data, at, end)
        field = tag >> 3
        if tag < 0 or field == 0:
            return NO_KEY_VALUE, 0, 0
        if field in (_KEY_FIELD, _VALUE_FIELD):
            if tag & 7 != LENGTH_DELIMITED:
                return NO_KEY_VALUE, 0, 0
            size, at = varint(data, at, end)
            if size < 0 or size > end - at:
                return NO_KEY_VALUE, 0, 0
            if field == _KEY_FIELD:
                key, key_end = at, at + size
            else:
                value = size
            at += size
        else:
            wrong, at = skip(data, at, end, tag & 7)
            if wrong:
                return NO_KEY_VALUE, 0, 0
    return key, key_end, value


@kernel
def read(
    data: Bytes,
    words: Words,
    leaves: Longs,
    points: Longs,
    slots: Longs,
    types: Longs,
    names: Longs,
    tallies: Longs,
    place: Longs,
) -> int:
    """Read the revisions in leaves that bbolt.walk or bbolt_page.inline_leaf found sound.

    data     uint8[b]                 the file
    words    int32[b/4]               the same
    leaves   int64[n, bbolt.LEAVES]   in ascending order, after those of earlier calls
    points   int64[4]                 2^16 .. 2^31 - 2: keys of the hash, the same in all calls
    slots    int64[2^k, SLOT]         table of keys; changed
    types    int64[TYPE_SLOTS, TYPE_ROW]    table of types; changed
    names    int64[MOST_TYPES + 1, 2]       out: where in *data* the first parts of each type begin and end
    tallies  int64[MOST_TYPES + 1, TALLY]   of each type; changed
    place    int64[PLACE]             where it is; TYPES is 1 at first; changed

    Returns 0, ROOM if the table is too full to go on, or what is wrong, with LEAF and ITEM saying where.
    """
    lanes = np.empty(LANES, dtype=np.int64)
    for row in range(place[LEAF], len(leaves)):
        begin = leaves[row, bbolt.LEAF_BEGIN]
        place[LEAF] = row
        for i in range(place[ITEM], bbolt_page.elements(words, begin)):
            place[ITEM] = i
            if place[KEYS] * OF_LOAD >= len(slots) * LOAD:
                return ROOM
            at, size, held = bbolt_page.element(words, begin, i)
            if not _revision(data, at, size):
                return NO_REVISION
            key, key_end, value = _key_value(data, at + size, at + size + held)
            if key < 0:
                return NO_KEY_VALUE
            for lane in range(LANES):
                lanes[lane] = 1
            type_end = _type_end(data, key, key_end)
            _hash(data, key, type_end, points, lanes)
            of = _type_of(key, type_end, lanes, types, names, place)
            _hash(data, type_end, key_end, points, lanes)
            first, second = lanes[0] << _PRIME_BITS | lanes[1], lanes[2] << _PRIME_BITS | lanes[3]
            slot = _find(first, second, slots)
            if slots[slot, WHAT] == 0:
                slots[slot, HASH], slots[slot, HASH_2] = first, second
                place[KEYS] += 1
            gone = size > _REVISION
            slots[slot, WHAT] = (of + 1) << TYPE_SHIFT | (0 if gone else value + 1)
            tallies[of, REVISIONS] += 1
            tallies[of, TOMBSTONES] += gone
            tallies[of, BYTES] += value
            place[NEWEST] = _main(data, at)
            place[OLDEST] = place[OLDEST] or place[NEWEST]
        place[ITEM] = 0
    place[LEAF] = 0
    return 0


@kernel
def grow(slots: Longs, larger: Longs) -> None:
    """Enter the rows of a table of keys into a larger one, zeros, of 2^k rows."""
    for row in range(len(slots)):
        if slots[row, WHAT]:
            at = _find(slots[row, HASH], slots[row, HASH_2], larger)
            for column in range(SLOT):
                larger[at, column] = slots[row, column]
