"""Protobuf in plain Python: an encoder of pod-like objects, and a reader of any message.

Written from protobuf's encoding guide: a tag is number << 3 | wire type, numbers are little-endian
groups of seven bits.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import protobuf_write as table


@dataclass(frozen=True)
class Thing:
    """An object as Python values."""

    name: bytes
    namespace: bytes
    revision: int
    labels: tuple[tuple[bytes, bytes], ...]
    node: bytes
    spec: bytes
    status: bytes
    piece: int = 24


def varint(value: int) -> bytes:
    """Return a number as a varint."""
    groups = []
    while True:
        value, group = divmod(value, 128)
        groups.append(group)
        if value == 0:
            return bytes([g + 128 for g in groups[:-1]] + groups[-1:])


def field(number: int, value: int | bytes) -> bytes:
    """Return a field: a number as a varint, bytes with their length."""
    if isinstance(value, int):
        return varint(number * 8) + varint(value)
    return varint(number * 8 + 2) + varint(len(value)) + value


def pieces(filler: bytes, piece: int) -> list[bytes]:
    """Cut filler into pieces."""
    return [filler[i : i + piece] for i in range(0, len(filler), piece)]


def encode(thing: Thing) -> bytes:
    """Return an object's bytes."""
    metadata = field(1, thing.name) + field(3, thing.namespace) + field(6, thing.revision)
    for key, value in thing.labels:
        metadata += field(11, field(1, key) + field(2, value))
    spec = field(10, thing.node) + b"".join(field(99, part) for part in pieces(thing.spec, thing.piece))
    status = b"".join(field(99, part) for part in pieces(thing.status, thing.piece))
    return field(1, metadata) + field(2, spec) + field(3, status)


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    """Return (number, value) of every field of any message; ValueError if it is not one."""
    at = 0
    found: list[tuple[int, int | bytes]] = []
    while at < len(data):
        tag, at = _number(data, at)
        number, wire = tag >> 3, tag & 7
        value, at = _number(data, at)
        if wire == 0:
            found.append((number, value))
            continue
        if wire != 2:
            raise ValueError(f"field {number} has wire type {wire}")
        if at + value > len(data):
            raise ValueError(f"field {number} ends after the message")
        found.append((number, data[at : at + value]))
        at += value
    return found


def decode(data: bytes) -> Thing:
    """Return the object that was encoded; ValueError if it is not one."""
    top = dict(fields(data))
    metadata, spec, status = (fields(_bytes(top[number])) for number in (1, 2, 3))
    labels = [dict(fields(_bytes(value))) for number, value in metadata if number == 11]
    plain = dict(metadata)
    filler = [[_bytes(value) for number, value in part if number == 99] for part in (spec, status)]
    return Thing(
        name=_bytes(plain[1]),
        namespace=_bytes(plain[3]),
        revision=int(plain[6]),
        labels=tuple((_bytes(label[1]), _bytes(label[2])) for label in labels),
        node=_bytes(dict(spec)[10]),
        spec=b"".join(filler[0]),
        status=b"".join(filler[1]),
        piece=max((len(part) for parts in filler for part in parts), default=1),
    )


def tables(
    things: list[Thing],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
    """Return objects, labels and text of kernels/protobuf_write.py."""
    pool = bytearray()
    objects = np.zeros((len(things), table.OBJECT), dtype=np.int64)
    labels: list[tuple[int, int, int, int]] = []

    def put(text: bytes) -> tuple[int, int]:
        pool.extend(text)
        return len(pool) - len(text), len(text)

    for row, thing in zip(objects, things, strict=True):
        row[[table.NAME, table.NAME_BYTES]] = put(thing.name)
        row[[table.NAMESPACE, table.NAMESPACE_BYTES]] = put(thing.namespace)
        row[table.REVISION], row[table.PIECE] = thing.revision, thing.piece
        row[[table.NODE, table.NODE_BYTES]] = put(thing.node)
        row[[table.SPEC, table.SPEC_BYTES]] = put(thing.spec)
        row[[table.STATUS, table.STATUS_BYTES]] = put(thing.status)
        row[table.LABELS] = len(labels)
        labels += [(*put(key), *put(value)) for key, value in thing.labels]
        row[table.LABELS_END] = len(labels)
    rows = np.array(labels, dtype=np.int64).reshape(-1, table.LABEL)
    return objects, rows, np.frombuffer(bytes(pool), dtype=np.uint8).copy()


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError(f"{value} is no string")  # noqa: TRY004 - the message is wrong, not the caller
    return value


def _number(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("a number ends after the message")
        value |= (data[at] & 127) << shift
        shift += 7
        at += 1
        if data[at - 1] < 128:
            return value, at
