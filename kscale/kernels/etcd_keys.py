"""etcd's keys out of the leaves of its `key` bucket: the latest revision of each, by type of object.

An element's key is a revision: main u64 | '_' | sub u64, big-endian, and a 't' behind it if the key was
deleted then (a tombstone). Its value is a mvccpb.KeyValue: key = 1, create_revision = 2, mod_revision = 3,
version = 4, value = 5, lease = 6 (etcd-io/etcd api/mvccpb/kv.proto). Revisions ascend, so the last one
seen of a key is its latest.

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
from kscale.kernels.etcd_key_table import (
    HASH,
    HASH_2,
    LANES,
    LOAD,
    OF_LOAD,
    PRIME_BITS,
    SLOT,
    TYPE_SHIFT,
    WHAT,
    find,
    hash_words,
    in_part,
    note,
)
from kscale.kernels.protobuf_write import LENGTH_DELIMITED, VARINT

ROOM = 1  # the table must grow; go on after that
NO_REVISION, NO_KEY_VALUE = -21, -22  # what is wrong, beside what bbolt says

# Where the reading is, int64[PLACE], so that it can go on.
LEAF = 0  # row of *leaves*
ITEM = 1  # element of it
KEYS = 2  # in the table
TYPES = 3  # known
OLDEST, NEWEST = 4, 5  # main part of the first revision and of the last; 0: none yet
PART, PARTS = 6, 7  # which of how many parts of all keys goes into the table
PLACE = 8

# Types: 0 is what has none, or one too many.
MOST_TYPES = 10_000
TYPE_SLOTS = 32_768  # rows of the table of types: two hashes, the type
TYPE_ROW = 3

# A row of *tallies*: of one type.
REVISIONS, TOMBSTONES, BYTES, TALLY = range(4)  # BYTES of all values that are kept

AT_ONCE = 64  # keys that are hashed before they go into the table

_REVISION = 17
_UNDERSCORE, _T, _SLASH, _DOT, _HIGH_BIT = ord("_"), ord("t"), ord("/"), ord("."), 0x80
_SERVICES = np.frombuffer(b"services", dtype=np.uint8)
_KEY_FIELD, _VALUE_FIELD = 1, 5
_FIXED64, _FIXED32 = 1, 5  # wire types that are only skipped
_MOST_BITS = 63  # of a varint


@inline
def _slash(data: Bytes, at: int, end: int) -> int:
    """Return where the next slash is; *end* if there is none."""
    while at < end and data[at] != _SLASH:
        at += 1
    return at


@inline
def _two_parts(data: Bytes, at: int, end: int) -> bool:
    """Say whether a type that begins so goes on to the next slash: an API group, or services."""
    services, dot = end - at == len(_SERVICES), False
    for i in range(at, end):
        dot = dot or data[i] == _DOT
        services = services and data[i] == _SERVICES[i - at]
    return services or dot


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
    first, second = lanes[0] << PRIME_BITS | lanes[1], lanes[2] << PRIME_BITS | lanes[3]
    row = find(first, second, types)
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
def _varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the varint at *at*, and where it ended; -1 if it is cut off or has more than 63 bits."""
    value = shift = 0
    more = True
    while more and at < end and shift < _MOST_BITS:
        byte = int(np.int64(data[at]))
        value |= (byte & (_HIGH_BIT - 1)) << shift
        more = byte >= _HIGH_BIT
        shift += 7
        at += 1
    return (np.int64(-1) if more else np.int64(value)), at  # type: ignore[return-value]  # as all numbers here


@inline
def _key_value(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return where the key in a KeyValue begins and ends, and the bytes of its value; first what is wrong.

    One loop and one way out: the compiler counts references to *data* at every other.
    """
    key = key_end = at
    value, sound = 0, True
    while sound and at < end:
        tag, at = _varint(data, at, end)
        field, wire = tag >> 3, tag & 7
        sound, size = field > 0, 0
        if wire in (VARINT, LENGTH_DELIMITED):
            size, at = _varint(data, at, end)
            sound = sound and size >= 0
            size = size if wire == LENGTH_DELIMITED else 0
        elif wire in (_FIXED64, _FIXED32):
            size = 8 if wire == _FIXED64 else 4
        else:
            sound = False
        known = field in (_KEY_FIELD, _VALUE_FIELD)
        sound = sound and size <= end - at and (wire == LENGTH_DELIMITED or not known)
        if field == _KEY_FIELD:
            key, key_end = at, at + size
        elif field == _VALUE_FIELD:
            value = size
        at += size
    return (key if sound else NO_KEY_VALUE), key_end, value


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
    place    int64[PLACE]             where it is; TYPES and PARTS are 1 at first; changed

    Types and tallies are of all keys, slots and place[KEYS] of those in the part.

    Returns 0, ROOM if the table is too full to go on, or what is wrong, with LEAF and ITEM saying where.
    """
    lanes = np.empty(LANES, dtype=np.int64)
    found = np.empty((AT_ONCE, SLOT), dtype=np.int64)
    for row in range(place[LEAF], len(leaves)):
        begin = leaves[row, bbolt.LEAF_BEGIN]
        place[LEAF] = row
        items = bbolt_page.elements(words, begin)
        while place[ITEM] < items:
            room = len(slots) * LOAD // OF_LOAD - place[KEYS]
            if room <= 0:
                return ROOM
            keys = 0
            for i in range(place[ITEM], min(items, place[ITEM] + min(room, AT_ONCE))):
                place[ITEM] = i
                at, size, held = bbolt_page.element(words, begin, i)
                if not _revision(data, at, size):
                    return NO_REVISION
                key, key_end, value = _key_value(data, at + size, at + size + held)
                if key < 0:
                    return NO_KEY_VALUE
                for lane in range(LANES):
                    lanes[lane] = 1
                type_end = _type_end(data, key, key_end)
                hash_words(data, key, type_end, points, lanes)
                of = _type_of(key, type_end, lanes, types, names, place)
                hash_words(data, type_end, key_end, points, lanes)
                gone = size > _REVISION
                tallies[of, REVISIONS] += 1
                tallies[of, TOMBSTONES] += gone
                tallies[of, BYTES] += value
                place[NEWEST] = _main(data, at)
                place[OLDEST] = place[OLDEST] or place[NEWEST]
                found[keys, HASH] = lanes[0] << PRIME_BITS | lanes[1]
                found[keys, HASH_2] = lanes[2] << PRIME_BITS | lanes[3]
                found[keys, WHAT] = (of + 1) << TYPE_SHIFT | (0 if gone else value + 1)
                keys += in_part(found[keys, HASH], found[keys, HASH_2], place[PART], place[PARTS])
            place[ITEM] += 1
            place[KEYS] += note(found[:keys], slots)
        place[ITEM] = 0
    place[LEAF] = 0
    return 0
