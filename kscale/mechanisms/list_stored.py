"""Pods of a given size as etcd stores them, and decoded as the watch cache holds them."""

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError
from kscale.kernels import protobuf_read, protobuf_write

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]
Text = NDArray[np.uint8]

PIECE = 256  # bytes of filler in one field
LABELS = 2  # of a pod
APP, ABSENT = b"app", b"absent"  # keys of labels; no pod has the second
WIDTH = 16  # bytes of the name of a node, an application, a namespace
POD_WIDTH = 32


def encode(node: Longs, app: Longs, sizes: Longs) -> tuple[Text, Longs]:
    """Return encoded pods of about *sizes*, and where each begins."""
    objects, labels, text = _tables(node, app, sizes)
    bare = protobuf_write.size_of(0, objects, labels)
    filler = np.maximum(0, sizes - bare) * PIECE // (PIECE + 4)  # tag and length of a piece
    objects[:, protobuf_write.SPEC_BYTES] = filler * 7 // 10
    objects[:, protobuf_write.STATUS_BYTES] = filler - filler * 7 // 10
    starts = np.empty(len(objects) + 1, dtype=np.int64)
    ring = np.empty(protobuf_write.place_all(objects, labels, starts), dtype=np.uint8)
    protobuf_write.write_all(objects, labels, text, ring)
    return ring, starts


def _tables(node: Longs, app: Longs, sizes: Longs) -> tuple[Longs, Longs, Text]:
    """Return objects, labels and text of kernels/protobuf_write.py, without filler."""
    d = len(sizes)
    number = np.arange(d)
    own = (
        named(b"app-", number, POD_WIDTH),
        named(b"team-", app % 100),
        named(b"node-", node),
        named(b"app-", app),
        named(b"hash-", app * 7919),
    )
    ends = np.cumsum([part.shape[1] for part in own])
    rows = np.concatenate(own, axis=1)
    keys = np.frombuffer(APP + b"pod-template-hash", dtype=np.uint8)
    filler = (np.arange(int(sizes.max())) % 251).astype(np.uint8)
    text = np.concatenate((rows.ravel(), keys, filler))
    at = number * rows.shape[1]
    objects = np.zeros((d, protobuf_write.OBJECT), dtype=np.int64)
    objects[:, protobuf_write.NAME], objects[:, protobuf_write.NAME_BYTES] = at, POD_WIDTH
    objects[:, protobuf_write.NAMESPACE], objects[:, protobuf_write.NAMESPACE_BYTES] = at + ends[0], WIDTH
    objects[:, protobuf_write.NODE], objects[:, protobuf_write.NODE_BYTES] = at + ends[1], WIDTH
    objects[:, protobuf_write.REVISION] = number + 1_000_000
    objects[:, protobuf_write.LABELS] = number * LABELS
    objects[:, protobuf_write.LABELS_END] = (number + 1) * LABELS
    objects[:, protobuf_write.SPEC] = objects[:, protobuf_write.STATUS] = rows.size + len(keys)
    objects[:, protobuf_write.PIECE] = PIECE
    labels = np.empty((d, LABELS, protobuf_write.LABEL), dtype=np.int64)
    labels[..., 0] = rows.size, rows.size + len(APP)
    labels[..., 1] = len(APP), len(keys) - len(APP)
    labels[..., 2] = at[:, None] + ends[2:4]
    labels[..., 3] = WIDTH
    return objects, labels.reshape(-1, protobuf_write.LABEL), text


def decode(ring: Text, starts: Longs) -> tuple[Longs, Longs, Text]:
    """Return the decoded ring, which is what the watch cache holds."""
    d = len(starts) - 1
    objects = np.empty((d, protobuf_write.OBJECT), dtype=np.int64)
    labels = np.empty((LABELS * d, protobuf_write.LABEL), dtype=np.int64)
    text = np.empty(len(ring), dtype=np.uint8)
    place = np.zeros(protobuf_read.PLACE, dtype=np.int64)
    wrong = protobuf_read.read_all(ring, starts, objects, labels, text, place)
    if wrong:
        raise KscaleError(f"list-index: its own pods cannot be decoded ({wrong})")
    return objects, labels, text


def named(prefix: bytes, numbers: Longs, width: int = WIDTH) -> Text:
    """Return names of *width* bytes, uint8[n, width]: the prefix, and the number with leading zeros."""
    digits = width - len(prefix)
    powers = np.array([10 ** min(power, 18) for power in range(digits - 1, -1, -1)], dtype=np.int64)
    found = np.empty((len(numbers), width), dtype=np.uint8)
    found[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    found[:, len(prefix) :] = numbers[:, None] // powers % 10 + ord("0")
    return found
