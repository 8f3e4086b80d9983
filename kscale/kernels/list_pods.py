"""LISTs of pods by a selector: all decoded and tested, all of a cache tested, or an index asked.

Pods lie in a ring of d encoded ones that is read round after round: pod i is object i mod d, in
round i // d. What it is on another round is said by what is asked for: a selector is a row a round,
so that the same bytes match on one round and not on the next. So bytes, decoding and tests are
those of all pods, and the buffer is not.

    ring      uint8[...]   encoded objects; starts int64[d + 1], where each begins
    wants     int64[r, 2]  place and bytes, in `names`, of the value asked for in each round
    key       int64[3]     KIND, and place and bytes of a label's key in `names`
    reply     uint8[b]     the response, sent off and begun anew where an object has no more room

Everything is counted where it is done. What is sent off goes nowhere: a checksum is taken of it, which holds
every byte and its place.

A test compares strings, as the selectors of the API server do after they have built their sets of labels
and fields; building those is left out.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import protobuf_read
from kscale.kernels import protobuf_write as table
from kscale.kernels._jit import inline, kernel
from kscale.kernels.protobuf_write import Bytes, Longs

Ints = NDArray[np.int32]

EVERYTHING, BY_NODE, BY_LABEL = 0, 1, 2  # KIND of a selector

# What was counted, int64[9].
FOUND = 0  # matching pods, all of them in *found*
SENT = 1  # bytes of theirs
IN_REPLY = 2  # of those, the bytes now in *reply*
SENDS = 3  # times the reply was sent off
SUM = 4  # checksum of what was sent off
TESTS = 5  # pods tested
READ = 6  # encoded pods decoded to their end
READ_BYTES = 7  # of those
TEXT_BYTES = 8  # of the strings that decoding them copied out
COUNTED = 9

_PRIME = (1 << 31) - 1
_TURN = 31  # the checksum so far is multiplied by it

NONE = -1  # no such name
_FNV_BASIS, _FNV_PRIME, _FNV_MASK = 0x811C9DC5, 0x01000193, 0xFFFFFFFF  # FNV-1a, 32 bits


@inline
def _equal(text: Bytes, at: int, names: Bytes, first: int, count: int) -> bool:
    """Say whether *count* bytes of both are the same."""
    same = 0
    while same < count and text[np.uintp(at + same)] == names[np.uintp(first + same)]:
        same += 1
    return bool(same == count)


@inline
def _matches(row: Longs, labels: Longs, text: Bytes, key: Longs, want: Longs, names: Bytes) -> bool:
    """Say whether a decoded object has the field, or the label, that is asked for."""
    if key[0] == EVERYTHING:
        return True
    if key[0] == BY_NODE:
        same = row[table.NODE_BYTES] == want[1]
        return bool(same and _equal(text, row[table.NODE], names, want[0], want[1]))
    for i in range(row[table.LABELS], row[table.LABELS_END]):
        if labels[i, 1] == key[2] and _equal(text, labels[i, 0], names, key[1], key[2]):
            same = labels[i, 3] == want[1]
            return bool(same and _equal(text, labels[i, 2], names, want[0], want[1]))
    return False


@inline
def _send_off(reply: Bytes, counted: Longs) -> None:
    """Empty the reply, and take its bytes, times their places from 1 on, into the checksum."""
    total = 0
    for i in range(counted[IN_REPLY]):
        total += int(reply[np.uintp(i)]) * (i + 1)
    counted[SUM] = (counted[SUM] * _TURN + total) % _PRIME
    counted[SENDS] += 1
    counted[IN_REPLY] = 0


@inline
def _send_rest(reply: Bytes, counted: Longs) -> None:
    """Send off what is left in the reply of a list."""
    if counted[IN_REPLY] > 0:
        _send_off(reply, counted)


@kernel
def send_off(reply: Bytes, counted: Longs) -> int:
    """Send off what is left in the reply of a list. Returns the checksum of all that the list sent."""
    _send_rest(reply, counted)
    return int(counted[SUM])


@inline
def _send(pod: int, ring: Bytes, first: int, end: int, reply: Bytes, found: Ints, counted: Longs) -> None:
    """Note a matching pod and put its bytes into the reply."""
    size = end - first
    if counted[IN_REPLY] + size > len(reply):
        _send_off(reply, counted)
    at = counted[IN_REPLY]
    for i in range(size):
        reply[np.uintp(at + i)] = ring[np.uintp(first + i)]
    counted[IN_REPLY] = at + size
    counted[SENT] += size
    found[counted[FOUND]] = pod
    counted[FOUND] += 1


@kernel
def by_decoding(
    first: int,
    end: int,
    ring: Bytes,
    starts: Longs,
    key: Longs,
    wants: Longs,
    names: Bytes,
    row: Longs,
    labels: Longs,
    text: Bytes,
    reply: Bytes,
    found: Ints,
    counted: Longs,
) -> int:
    """Decode pods *first* to *end* - 1 one by one, and put those that match into the reply.

    row int64[14], labels int64[l, 4] and text uint8[...] hold one decoded object, and are overwritten by
    the next. found int32[pods] gets the pods that match, from FOUND on; *counted* is added to.
    Returns 0, or what is wrong with the first bad object (protobuf_read). Cost is O(bytes of all).
    """
    place = np.zeros(protobuf_read.PLACE, dtype=np.int64)
    each = len(starts) - 1
    turn, i = first // each, first % each - 1
    read = read_bytes = text_bytes = tests = 0
    for pod in range(first, end):
        i += 1
        if i == each:
            turn, i = turn + 1, 0
        place[:] = 0
        wrong = protobuf_read.read(ring, starts[i], starts[i + 1], row, labels, text, place)
        if wrong < 0:
            return wrong
        read += 1
        read_bytes += starts[i + 1] - starts[i]
        text_bytes += place[protobuf_read.OUT]
        tests += 1
        if _matches(row, labels, text, key, wants[turn], names):
            _send(pod, ring, starts[i], starts[i + 1], reply, found, counted)
    counted[READ] += read
    counted[READ_BYTES] += read_bytes
    counted[TEXT_BYTES] += text_bytes
    counted[TESTS] += tests
    return 0


@kernel
def by_walking(
    pods: int,
    ring: Bytes,
    starts: Longs,
    key: Longs,
    wants: Longs,
    names: Bytes,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    reply: Bytes,
    found: Ints,
    counted: Longs,
) -> int:
    """Test every one of *pods* decoded objects, and send off those that match. Returns how many do.

    objects int64[d, 14], labels and text are the cache (protobuf_read.read_all of the ring). Cost is O(pods).
    """
    each = len(starts) - 1
    turn, i, tests = 0, -1, 0
    for pod in range(pods):
        i += 1
        if i == each:
            turn, i = turn + 1, 0
        tests += 1
        if _matches(objects[i], labels, text, key, wants[turn], names):
            _send(pod, ring, starts[i], starts[i + 1], reply, found, counted)
    counted[TESTS] += tests
    _send_rest(reply, counted)
    return int(counted[FOUND])


@kernel
def by_index(
    indexed: Ints,
    first: int,
    end: int,
    ring: Bytes,
    starts: Longs,
    key: Longs,
    wants: Longs,
    names: Bytes,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    reply: Bytes,
    found: Ints,
    counted: Longs,
) -> int:
    """Test only the pods of one entry of the index, and send off those that match. Returns how many do.

    indexed  int32[pods]  pods by value, those of the entry from *first* to *end* - 1
    The others as in `by_walking`. Cost is O(pods of the entry).
    """
    each, tests = len(starts) - 1, 0
    for place in range(first, end):
        pod = int(indexed[place])
        turn, i = pod // each, pod % each
        tests += 1
        if _matches(objects[i], labels, text, key, wants[turn], names):
            _send(pod, ring, starts[i], starts[i + 1], reply, found, counted)
    counted[TESTS] += tests
    _send_rest(reply, counted)
    return int(counted[FOUND])


@kernel
def group(value_of: Ints, firsts: Ints, indexed: Ints) -> int:
    """Sort pods by value, those of one value in their own order, by counting. Returns the values in use.

    value_of  int32[pods]  of each pod, 0 to v - 1
    firsts    int32[v + 1] zeros; out: first place of each value in *indexed*, and the end
    indexed   int32[pods]  out
    """
    used = 0
    for value in value_of:
        used += int(firsts[value + 1] == 0)
        firsts[value + 1] += 1
    for value in range(len(firsts) - 1):
        firsts[value + 1] += firsts[value]
    for pod in range(len(value_of) - 1, -1, -1):
        value = value_of[pod]
        firsts[value + 1] -= 1
        indexed[firsts[value + 1]] = pod
    for value in range(len(firsts) - 1):  # every end now holds its first: move them down
        firsts[value] = firsts[value + 1]
    firsts[len(firsts) - 1] = len(value_of)
    return used


@inline
def _slot(names: Bytes, first: int, count: int, slots: Ints) -> int:
    """Return where a name's search begins."""
    code = _FNV_BASIS
    for i in range(count):
        code = ((code ^ int(names[np.uintp(first + i)])) * _FNV_PRIME) & _FNV_MASK
    return code & (len(slots) - 1)


@kernel
def hash_names(names: Bytes, width: int, count: int, slots: Ints) -> int:
    """Fill a hash table of *count* names of *width* bytes each. Returns the slots looked at.

    slots  int32[2^k], more than *count* of them; out: number of a name, or NONE
    """
    looked = 0
    slots[:] = NONE
    for name in range(count):
        slot = _slot(names, name * width, width, slots)
        looked += 1
        while slots[slot] != NONE:
            slot = (slot + 1) & (len(slots) - 1)
            looked += 1
        slots[slot] = name
    return looked


@kernel
def find_name(first: int, count: int, names: Bytes, width: int, slots: Ints) -> int:
    """Return the number of the name in bytes *first* to *first* + *count* - 1 of *names*, or NONE."""
    slot = _slot(names, first, count, slots)
    while slots[slot] != NONE:
        if count == width and _equal(names, slots[slot] * width, names, first, count):
            return int(slots[slot])
        slot = (slot + 1) & (len(slots) - 1)
    return NONE


@kernel
def count_keys(revisions: Longs, first: int, at: int) -> int:
    """Return how many keys from *first* on are no newer than revision *at*: etcd does so for every page."""
    count = 0
    for i in range(first, len(revisions)):
        count += int(revisions[i] <= at)
    return count
