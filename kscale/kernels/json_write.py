"""The objects of protobuf_write.py, encoded as JSON text.

    {"kind":..,"apiVersion":..,"metadata":{"name":..,"namespace":..,"resourceVersion":"..","labels":{..}},
     "spec":{"nodeName":..,"filler":[{..},..]},"status":{"filler":[{..},..]}}

Each field of filler gets a name of a field of Kubernetes' core API, one after the other, and a new object
begins when the names begin again: names are what makes JSON longer than protobuf. Strings are escaped
as Go does it: quote and backslash, control characters, and < > & (Go's HTML escaping). Bytes above 127
are written as they are.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel
from kscale.kernels.protobuf_write import (
    LABELS,
    LABELS_END,
    NAME,
    NAME_BYTES,
    NAMESPACE,
    NAMESPACE_BYTES,
    NODE,
    NODE_BYTES,
    PIECE,
    REVISION,
    SPEC,
    SPEC_BYTES,
    STATUS,
    STATUS_BYTES,
    Bytes,
    Longs,
    size_of,
)

NAMES = (
    *("name", "image", "command", "args", "workingDir", "containerPort", "protocol", "env", "value"),
    *("fieldPath", "cpu", "memory", "mountPath", "readOnly", "subPath", "path", "port", "scheme"),
    *("initialDelaySeconds", "periodSeconds", "failureThreshold", "terminationMessagePath"),
    *("terminationMessagePolicy", "imagePullPolicy", "runAsUser", "restartPolicy", "dnsPolicy"),
    *("terminationGracePeriodSeconds", "serviceAccountName", "schedulerName", "key", "operator"),
    *("effect", "tolerationSeconds", "priority", "secretName", "defaultMode", "enableServiceLinks"),
    *("phase", "type", "status", "lastProbeTime", "lastTransitionTime", "reason", "message", "hostIP"),
    *("podIP", "startTime", "containerID", "imageID", "ready", "restartCount", "started", "startedAt"),
    *("qosClass", "uid", "creationTimestamp", "kind", "controller", "blockOwnerDeletion"),
)


def _text(text: str) -> NDArray[np.uint8]:
    """Return *text* as bytes."""
    return np.frombuffer(text.encode(), dtype=np.uint8).copy()


_NAMES = _text("".join(NAMES))
_ENDS = np.cumsum([len(name) for name in NAMES])
LONGEST = max(len(name) for name in NAMES)

_HEX = _text("0123456789abcdef")
_SHORT = np.zeros(256, dtype=np.uint8)  # second character of a two-character escape, or 0
_ESCAPED = np.zeros(256, dtype=np.uint8)  # 1 where a byte cannot stand for itself
_ESCAPED[:0x20] = 1
for _byte, _second in (
    ('"', '"'),
    ("\\", "\\"),
    ("\n", "n"),
    ("\r", "r"),
    ("\t", "t"),
    ("\b", "b"),
    ("\f", "f"),
):
    _SHORT[ord(_byte)] = ord(_second)
for _byte in '"\\<>&':
    _ESCAPED[ord(_byte)] = 1

_QUOTE, _COLON, _COMMA, _BACKSLASH, _OPEN, _CLOSE, _ZERO, _U = (ord(c) for c in '":,\\{}0u')
_KIND = _text('{"kind":')
_VERSION = _text(',"apiVersion":')
_METADATA = _text(',"metadata":{"name":')
_NAMESPACE = _text(',"namespace":')
_REVISION = _text(',"resourceVersion":"')
_LABELS = _text('","labels":{')
_SPEC = _text('}},"spec":{"nodeName":')
_FILLER = _text(',"filler":[')
_STATUS = _text(']},"status":{"filler":[')
_END = _text("]}}")
_FRAME = 300  # bytes of all that, and of revision and brackets, at most


@inline
def put(source: Bytes, first: int, count: int, out: Bytes, at: int) -> int:
    """Copy *count* bytes. Returns where they end; a loop of this form is compiled to wide moves."""
    for i in range(count):
        out[np.uintp(at + i)] = source[np.uintp(first + i)]
    return at + count


@inline
def _put_escape(byte: int, out: Bytes, at: int) -> int:
    """Write a byte that cannot stand for itself. Returns where it ends."""
    out[np.uintp(at)] = _BACKSLASH
    if _SHORT[byte] != 0:
        out[np.uintp(at + 1)] = _SHORT[byte]
        return at + 2
    out[np.uintp(at + 1)] = _U
    out[np.uintp(at + 2)] = _ZERO
    out[np.uintp(at + 3)] = _ZERO
    out[np.uintp(at + 4)] = _HEX[byte >> 4]
    out[np.uintp(at + 5)] = _HEX[byte & 15]
    return at + 6


@kernel
def put_string(text: Bytes, first: int, count: int, out: Bytes, at: int) -> int:
    """Write *count* bytes of *text* as a string in quotes. Returns where it ends."""
    out[np.uintp(at)] = _QUOTE
    at += 1
    for i in range(count):
        byte = text[np.uintp(first + i)]
        if _ESCAPED[byte] != 0:
            at = _put_escape(int(byte), out, at)
        else:
            out[np.uintp(at)] = byte
            at += 1
    out[np.uintp(at)] = _QUOTE
    return at + 1


@inline
def _put_number(value: int, out: Bytes, at: int) -> int:
    """Write *value*, >= 0, in decimal. Returns where it ends."""
    digits, rest = 1, value // 10
    while rest > 0:
        rest //= 10
        digits += 1
    for i in range(digits - 1, -1, -1):
        out[np.uintp(at + i)] = _ZERO + value % 10
        value //= 10
    return at + digits


@kernel
def _put_filler(text: Bytes, first: int, count: int, piece: int, out: Bytes, at: int) -> int:
    """Write *count* bytes of filler as objects, field by field. Returns where they end."""
    end, name, names = first + count, 0, len(_ENDS)
    while first < end:
        some = min(piece, end - first)
        out[np.uintp(at)] = _OPEN if name == 0 else _COMMA
        out[np.uintp(at + 1)] = _QUOTE
        start = _ENDS[name - 1] if name > 0 else 0
        at = put(_NAMES, start, _ENDS[name] - start, out, at + 2)
        out[np.uintp(at)] = _QUOTE
        out[np.uintp(at + 1)] = _COLON
        at = put_string(text, first, some, out, at + 2)
        first += some
        name = name + 1 if name + 1 < names else 0
        if name == 0 or first == end:
            out[np.uintp(at)] = _CLOSE
            at += 1
            if first < end:
                out[np.uintp(at)] = _COMMA
                at += 1
    return at


@inline
def _put_labels(i: int, objects: Longs, labels: Longs, text: Bytes, out: Bytes, at: int) -> int:
    """Write the labels of object *i*. Returns where they end."""
    for label in range(objects[i, LABELS], objects[i, LABELS_END]):
        if label > objects[i, LABELS]:
            out[np.uintp(at)] = _COMMA
            at += 1
        at = put_string(text, labels[label, 0], labels[label, 1], out, at)
        out[np.uintp(at)] = _COLON
        at = put_string(text, labels[label, 2], labels[label, 3], out, at + 1)
    return at


@kernel
def write(
    i: int,
    kind: int,
    kind_bytes: int,
    version: int,
    version_bytes: int,
    objects: Longs,
    labels: Longs,
    text: Bytes,
    out: Bytes,
    at: int,
) -> int:
    """Encode object *i* into *out*, uint8[...], from byte *at* on. Returns where it ends.

    kind, version  first bytes in *text* of its kind and apiVersion, with their lengths
    objects, labels, text  as in protobuf_write.py

    *out* must have room for `most_bytes`, and for the escapes beside. Cost is O(bytes).
    """
    piece = objects[i, PIECE]
    at = put_string(text, kind, kind_bytes, out, put(_KIND, 0, len(_KIND), out, at))
    at = put_string(text, version, version_bytes, out, put(_VERSION, 0, len(_VERSION), out, at))
    at = put(_METADATA, 0, len(_METADATA), out, at)
    at = put_string(text, objects[i, NAME], objects[i, NAME_BYTES], out, at)
    at = put(_NAMESPACE, 0, len(_NAMESPACE), out, at)
    at = put_string(text, objects[i, NAMESPACE], objects[i, NAMESPACE_BYTES], out, at)
    at = _put_number(objects[i, REVISION], out, put(_REVISION, 0, len(_REVISION), out, at))
    at = _put_labels(i, objects, labels, text, out, put(_LABELS, 0, len(_LABELS), out, at))
    at = put(_SPEC, 0, len(_SPEC), out, at)
    at = put_string(text, objects[i, NODE], objects[i, NODE_BYTES], out, at)
    at = put(_FILLER, 0, len(_FILLER), out, at)
    at = _put_filler(text, objects[i, SPEC], objects[i, SPEC_BYTES], piece, out, at)
    at = put(_STATUS, 0, len(_STATUS), out, at)
    at = _put_filler(text, objects[i, STATUS], objects[i, STATUS_BYTES], piece, out, at)
    return put(_END, 0, len(_END), out, at)


@kernel
def most_bytes(i: int, objects: Longs, labels: Longs) -> int:
    """Return what object *i* takes at most if nothing in it must be escaped, without kind and version."""
    pieces = (objects[i, SPEC_BYTES] + objects[i, STATUS_BYTES]) // objects[i, PIECE] + 2
    return int(size_of(i, objects, labels) + pieces * (LONGEST + 8) + _FRAME)
