"""Objects of the size and shape of pods, encoded in protobuf's wire format.

    object    1 metadata   2 spec   3 status
    metadata  1 name   3 namespace   6 resourceVersion (varint)   11 labels, each 1 key, 2 value
    spec      10 nodeName   99 filler, repeated
    status    99 filler, repeated

Field numbers are those of Kubernetes' generated.proto where it has the field; the filler
stands for all other fields and is written piece by piece, a tag and a length each, since it
is the many small fields that cost. As gogo's generated code does, sizes of nested messages are
worked out first, and fields are written in ascending order even if they are empty. Not the same: the real
resourceVersion is a string.

Objects come as a table, with their text in one pool:

    objects  int64[m, 14]  see the columns below
    labels   int64[l, 4]   key: first byte in *text*, bytes; value: first byte, bytes
    text     uint8[t]      all strings, and the filler
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Bytes = NDArray[np.uint8]
Longs = NDArray[np.int64]

# Columns of `objects`; NAME, NAMESPACE, NODE, SPEC and STATUS are first bytes in *text*.
NAME, NAME_BYTES = 0, 1
NAMESPACE, NAMESPACE_BYTES = 2, 3
REVISION = 4  # resourceVersion, >= 0
LABELS, LABELS_END = 5, 6  # rows of *labels*, from and to
NODE, NODE_BYTES = 7, 8
SPEC, SPEC_BYTES = 9, 10  # filler of the spec
STATUS, STATUS_BYTES = 11, 12  # filler of the status
PIECE = 13  # bytes of filler in one field, >= 1; the last field of a message holds what is left
OBJECT = 14

LABEL = 4  # columns of `labels`

# Field numbers.
F_METADATA, F_SPEC, F_STATUS = 1, 2, 3
F_NAME, F_NAMESPACE, F_REVISION, F_LABELS = 1, 3, 6, 11
F_KEY, F_VALUE = 1, 2
F_NODE, F_FILLER = 10, 99

VARINT, LENGTH_DELIMITED = 0, 2  # wire types
_MORE = 0x80  # another byte of the varint follows
_BITS = 7  # of a varint's value in each byte


@inline
def varint_size(value: int) -> int:
    """Return the bytes of *value*, >= 0, as a varint."""
    size = 1
    while value >= _MORE:
        value >>= _BITS
        size += 1
    return size


@inline
def put_varint(value: int, out: Bytes, at: int) -> int:
    """Write *value*, >= 0, at *at*. Returns where it ends."""
    while value >= _MORE:
        out[np.uintp(at)] = (value & (_MORE - 1)) | _MORE
        value >>= _BITS
        at += 1
    out[np.uintp(at)] = value
    return at + 1


@inline
def put_head(field: int, size: int, out: Bytes, at: int) -> int:
    """Write the tag and the length of a length-delimited field. Returns where they end."""
    return put_varint(size, out, put_varint(field << 3 | LENGTH_DELIMITED, out, at))


@inline
def put_bytes(field: int, text: Bytes, first: int, count: int, out: Bytes, at: int) -> int:
    """Write a field of *count* bytes of *text*. Returns where it ends."""
    at = put_head(field, count, out, at)
    for i in range(count):
        out[np.uintp(at + i)] = text[np.uintp(first + i)]
    return at + count


@inline
def bytes_size(field: int, count: int) -> int:
    """Return the bytes of a length-delimited field that holds *count*."""
    return varint_size(field << 3) + varint_size(count) + count


@inline
def _filler_size(count: int, piece: int) -> int:
    """Return the bytes of *count* bytes of filler with their tags and lengths."""
    whole, rest = count // piece, count % piece
    size = whole * bytes_size(F_FILLER, piece)
    return size + bytes_size(F_FILLER, rest) if rest > 0 else size


@inline
def _put_filler(text: Bytes, first: int, count: int, piece: int, out: Bytes, at: int) -> int:
    """Write *count* bytes of filler, piece by piece. Returns where it ends."""
    end = first + count
    while first < end:
        some = min(piece, end - first)
        at = put_bytes(F_FILLER, text, first, some, out, at)
        first += some
    return at


@inline
def _label_size(label: int, labels: Longs) -> int:
    """Return the bytes of a label's message, without tag and length."""
    return bytes_size(F_KEY, labels[label, 1]) + bytes_size(F_VALUE, labels[label, 3])


@inline
def _metadata_size(i: int, objects: Longs, labels: Longs) -> int:
    """Return the bytes of the metadata of object *i*, without tag and length."""
    size = bytes_size(F_NAME, objects[i, NAME_BYTES])
    size += bytes_size(F_NAMESPACE, objects[i, NAMESPACE_BYTES])
    size += varint_size(F_REVISION << 3) + varint_size(objects[i, REVISION])
    for label in range(objects[i, LABELS], objects[i, LABELS_END]):
        size += bytes_size(F_LABELS, _label_size(label, labels))
    return size


@inline
def _spec_size(i: int, objects: Longs) -> int:
    """Return the bytes of the spec of object *i*, without tag and length."""
    filler = _filler_size(objects[i, SPEC_BYTES], objects[i, PIECE])
    return bytes_size(F_NODE, objects[i, NODE_BYTES]) + filler


@inline
def _status_size(i: int, objects: Longs) -> int:
    """Return the bytes of the status of object *i*, without tag and length."""
    return _filler_size(objects[i, STATUS_BYTES], objects[i, PIECE])


@kernel
def size_of(i: int, objects: Longs, labels: Longs) -> int:
    """Return the bytes of object *i*. Cost is O(labels)."""
    size = bytes_size(F_METADATA, _metadata_size(i, objects, labels))
    size += bytes_size(F_SPEC, _spec_size(i, objects))
    return size + bytes_size(F_STATUS, _status_size(i, objects))


@inline
def _put_metadata(i: int, objects: Longs, labels: Longs, text: Bytes, out: Bytes, at: int) -> int:
    """Write the metadata of object *i*. Returns where it ends."""
    at = put_head(F_METADATA, _metadata_size(i, objects, labels), out, at)
    at = put_bytes(F_NAME, text, objects[i, NAME], objects[i, NAME_BYTES], out, at)
    at = put_bytes(F_NAMESPACE, text, objects[i, NAMESPACE], objects[i, NAMESPACE_BYTES], out, at)
    at = put_varint(objects[i, REVISION], out, put_varint(F_REVISION << 3 | VARINT, out, at))
    for label in range(objects[i, LABELS], objects[i, LABELS_END]):
        at = put_head(F_LABELS, _label_size(label, labels), out, at)
        at = put_bytes(F_KEY, text, labels[label, 0], labels[label, 1], out, at)
        at = put_bytes(F_VALUE, text, labels[label, 2], labels[label, 3], out, at)
    return at


@kernel
def write(i: int, objects: Longs, labels: Longs, text: Bytes, out: Bytes, at: int) -> int:
    """Encode object *i* into *out*, uint8[...], from byte *at* on. Returns where it ends.

    *out* must have room for `size_of` bytes. Cost is O(bytes).
    """
    piece = objects[i, PIECE]
    at = _put_metadata(i, objects, labels, text, out, at)
    at = put_head(F_SPEC, _spec_size(i, objects), out, at)
    at = put_bytes(F_NODE, text, objects[i, NODE], objects[i, NODE_BYTES], out, at)
    at = _put_filler(text, objects[i, SPEC], objects[i, SPEC_BYTES], piece, out, at)
    at = put_head(F_STATUS, _status_size(i, objects), out, at)
    return _put_filler(text, objects[i, STATUS], objects[i, STATUS_BYTES], piece, out, at)


@kernel
def place_all(objects: Longs, labels: Longs, starts: Longs) -> int:
    """Fill *starts*, int64[m + 1], with where each object begins if all are written one after the other.

    Its last entry is where they end, which is returned: the size of the buffer that `write_all` needs.
    """
    starts[0] = 0
    for i in range(len(objects)):
        starts[i + 1] = starts[i] + size_of(i, objects, labels)
    return int(starts[len(objects)])


@kernel
def write_all(objects: Longs, labels: Longs, text: Bytes, out: Bytes) -> int:
    """Encode all objects into *out*, one after the other without anything between. Returns where they end."""
    at = 0
    for i in range(len(objects)):
        at = write(i, objects, labels, text, out, at)
    return at
