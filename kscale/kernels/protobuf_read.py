"""Objects of the size and shape of pods, decoded from protobuf's wire format.

The reverse of protobuf_write.py: wire bytes to one row of its table `objects`, rows of `labels`,
and the strings in `text`. As gogo's generated Unmarshal does, every string is copied out of the
message, since the message's buffer goes back to its pool; fields may come in any order and the last of
equal ones counts (a message that comes twice is not merged); unknown fields are skipped by their wire
type; every length is checked against the message that holds it. The filler stands for fields that a
real decoder knows, so it is copied too, piece by piece.

A step returns what it found, or what is wrong, and where it ended. What is wrong is a negative number,
and nothing beyond the message is read:

    TRUNCATED   a field, a length or a number ends after its message
    WIRE_TYPE   a known field has another wire type, or a wire type is not one (groups, 3 and 4, are not)
    LABELS      more labels than there are rows for
    TOO_LARGE   a number of more than 63 bits
"""

import numpy as np

from kscale.kernels import protobuf_write as table
from kscale.kernels._jit import inline, kernel
from kscale.kernels.protobuf_write import Bytes, Longs

TRUNCATED, WIRE_TYPE, LABELS, TOO_LARGE = -1, -2, -3, -4

# Where a decoder is, int64[2], so that it can go on.
OUT = 0  # next free byte of *text*
ROW = 1  # next free row of *labels*
PLACE = 2

_MORE = 0x80  # another byte of the varint follows
_BITS = 7  # of a varint's value in each byte
_TOO_FAR = 63  # bits; a tenth byte would reach the sign
_FIXED64, _FIXED32 = 1, 5  # wire types that are only skipped
_WIRE = 7  # the bits of a tag that hold the wire type
_NUMBER = 3  # bits below those that hold the field's number


@inline
def varint(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Return the varint at *at*."""
    if at + 1 < end:  # tags and most lengths are of one byte or two
        low, high = int(data[np.uintp(at)]), int(data[np.uintp(at + 1)])
        if low < _MORE:
            return low, at + 1
        if high < _MORE:
            return low - _MORE + (high << _BITS), at + 2
    value = shift = 0
    while at < end:
        byte = int(data[np.uintp(at)])
        at += 1
        if shift >= _TOO_FAR:
            return TOO_LARGE, at
        value |= (byte & (_MORE - 1)) << shift
        if byte < _MORE:
            return value, at
        shift += _BITS
    return TRUNCATED, at


@inline
def _length(data: Bytes, at: int, end: int, wire: int) -> tuple[int, int]:
    """Return the bytes of a known length-delimited field, which follow."""
    if wire != table.LENGTH_DELIMITED:
        return WIRE_TYPE, at
    size, at = varint(data, at, end)
    return (TRUNCATED if size > end - at else size), at


@inline
def skip(data: Bytes, at: int, end: int, wire: int) -> tuple[int, int]:
    """Step over the value of an unknown field. Returns 0."""
    size = 0
    if wire == table.VARINT:
        size, at = varint(data, at, end)
        return min(size, 0), at
    if wire == table.LENGTH_DELIMITED:
        size, at = varint(data, at, end)
    elif wire == _FIXED64:
        size = 8
    elif wire == _FIXED32:
        size = 4
    else:
        size = WIRE_TYPE
    if size > end - at:
        size = TRUNCATED
    return min(size, 0), at + max(size, 0)


@inline
def _copy(data: Bytes, at: int, size: int, text: Bytes, out: int) -> None:
    """Copy *size* bytes, eight at a time: most strings are short."""
    i = 0
    while i + 8 <= size:
        for k in range(8):
            text[np.uintp(out + i + k)] = data[np.uintp(at + i + k)]
        i += 8
    while i < size:
        text[np.uintp(out + i)] = data[np.uintp(at + i)]
        i += 1


@inline
def _string(
    data: Bytes, at: int, end: int, wire: int, row: Longs, column: int, text: Bytes, place: Longs
) -> tuple[int, int]:
    """Copy a string into *text*, and note in two columns of *row* where and how long. Returns its bytes."""
    size, at = _length(data, at, end, wire)
    if size >= 0:
        _copy(data, at, size, text, place[OUT])
        row[column], row[column + 1] = place[OUT], size
        place[OUT] += size
        at += size
    return size, at


@inline
def _label(data: Bytes, at: int, end: int, labels: Longs, text: Bytes, place: Longs) -> tuple[int, int]:
    """Decode a label into the next row of *labels*. Returns 0."""
    if place[ROW] >= len(labels):
        return LABELS, at
    row = labels[place[ROW]]
    row[:] = 0
    place[ROW] += 1
    wrong = 0
    while at < end and wrong >= 0:
        wrong, at = varint(data, at, end)
        if wrong >= 0:
            number, wire = wrong >> _NUMBER, wrong & _WIRE
            if number in (table.F_KEY, table.F_VALUE):
                column = 0 if number == table.F_KEY else 2
                wrong, at = _string(data, at, end, wire, row, column, text, place)
            else:
                wrong, at = skip(data, at, end, wire)
    return min(wrong, 0), at


@inline
def _metadata(
    data: Bytes, at: int, end: int, row: Longs, labels: Longs, text: Bytes, place: Longs
) -> tuple[int, int]:
    """Decode the metadata that ends at *end*. Returns 0."""
    wrong = 0
    while at < end and wrong >= 0:
        wrong, at = varint(data, at, end)
        if wrong >= 0:
            number, wire = wrong >> _NUMBER, wrong & _WIRE
            if number in (table.F_NAME, table.F_NAMESPACE):
                column = table.NAME if number == table.F_NAME else table.NAMESPACE
                wrong, at = _string(data, at, end, wire, row, column, text, place)
            elif number == table.F_REVISION and wire == table.VARINT:
                wrong, at = varint(data, at, end)
                row[table.REVISION] = max(wrong, 0)
            elif number == table.F_LABELS:
                wrong, at = _length(data, at, end, wire)
                if wrong >= 0:
                    wrong, at = _label(data, at, at + wrong, labels, text, place)
            elif number == table.F_REVISION:
                wrong = WIRE_TYPE
            else:
                wrong, at = skip(data, at, end, wire)
    return min(wrong, 0), at


@inline
def _filled(
    data: Bytes, at: int, end: int, filler: int, row: Longs, text: Bytes, place: Longs
) -> tuple[int, int]:
    """Decode the spec or the status that ends at *end*; its filler goes to column *filler*. Returns 0."""
    wrong = copied = 0
    longest, out, first = row[table.PIECE], place[OUT], np.int64(-1)
    while at < end and wrong >= 0:
        wrong, at = varint(data, at, end)
        if wrong >= 0:
            number, wire = wrong >> _NUMBER, wrong & _WIRE
            if number == table.F_FILLER:
                wrong, at = _length(data, at, end, wire)
                size = max(wrong, 0)
                _copy(data, at, size, text, out)
                first = out if first < 0 else first
                at, out, copied, longest = at + size, out + size, copied + size, max(longest, size)
            elif number == table.F_NODE and filler == table.SPEC:
                place[OUT] = out
                wrong, at = _string(data, at, end, wire, row, table.NODE, text, place)
                out = place[OUT]
            else:
                wrong, at = skip(data, at, end, wire)
    row[filler] = first if first >= 0 else np.int64(0)
    row[filler + 1], row[table.PIECE] = copied, longest
    place[OUT] = out
    return min(wrong, 0), at


@inline
def read(data: Bytes, first: int, end: int, row: Longs, labels: Longs, text: Bytes, place: Longs) -> int:
    """Decode the object in bytes *first* to *end* - 1 of *data*. Returns 0, or what is wrong with it.

    data    uint8[...]  wire bytes; *end* must not be beyond them
    row     int64[14]   out: as a row of protobuf_write's `objects`, with places in *text*; PIECE is the
                        longest piece of filler; pieces of one message lie one after the other in *text*
    labels  int64[l, 4] out: labels, from row ROW on
    text    uint8[...]  out: strings, from byte OUT on; an object needs less room than it has bytes
    place   int64[2]    OUT and ROW are stepped on: objects may be decoded one after the other

    Cost is O(bytes).
    """
    row[:] = 0
    row[table.LABELS] = place[ROW]
    at, wrong = first, 0
    while at < end and wrong >= 0:
        wrong, at = varint(data, at, end)
        if wrong >= 0:
            number, wire = wrong >> _NUMBER, wrong & _WIRE
            if number == table.F_METADATA:
                wrong, at = _length(data, at, end, wire)
                if wrong >= 0:
                    wrong, at = _metadata(data, at, at + wrong, row, labels, text, place)
            elif number in (table.F_SPEC, table.F_STATUS):
                filler = table.SPEC if number == table.F_SPEC else table.STATUS
                wrong, at = _length(data, at, end, wire)
                if wrong >= 0:
                    wrong, at = _filled(data, at, at + wrong, filler, row, text, place)
            else:
                wrong, at = skip(data, at, end, wire)
    row[table.LABELS_END] = place[ROW]
    return min(wrong, 0)


@kernel
def read_all(data: Bytes, starts: Longs, objects: Longs, labels: Longs, text: Bytes, place: Longs) -> int:
    """Decode objects that lie one after the other, object i in bytes *starts*[i] to *starts*[i + 1] - 1.

    objects int64[m, 14], labels int64[l, 4] and text uint8[...] are filled as in `read`; *place* says
    where to begin (zeros), and then where it ended. Returns 0, or what is wrong with the first bad object.
    """
    for i in range(len(starts) - 1):
        wrong = read(data, starts[i], starts[i + 1], objects[i], labels, text, place)
        if wrong < 0:
            return wrong
    return 0
