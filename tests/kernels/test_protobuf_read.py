"""The protobuf decoder against the plain one, on what the encoder writes and on bytes that are damaged."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import protobuf
from reference.protobuf import Thing, field

from kscale.kernels import protobuf_read
from kscale.kernels import protobuf_write as table

POD = Thing(b"web-0", b"shop", 300, ((b"app", b"web"), (b"tier", b"")), b"node-17", bytes(range(100)), b"ok")
EMPTY = Thing(b"", b"", 0, (), b"", b"", b"", piece=1)
LARGE = Thing(b"n" * 200, b"s", 2**62, ((b"k" * 130, b"v" * 130),) * 3, b"", b"f" * 300, b"g", piece=128)


def decoded(data: list[bytes], most_labels: int = 100) -> tuple[int, list[Thing]]:
    """Return what the kernel says, and what it read of objects that lie one after the other."""
    starts = np.cumsum([0, *(len(one) for one in data)]).astype(np.int64)
    whole = np.frombuffer(b"".join(data), dtype=np.uint8).copy()
    objects = np.full((len(data), table.OBJECT), -7, dtype=np.int64)
    labels = np.full((most_labels, table.LABEL), -7, dtype=np.int64)
    text = np.zeros(len(whole), dtype=np.uint8)
    place = np.zeros(protobuf_read.PLACE, dtype=np.int64)
    wrong = protobuf_read.read_all(whole, starts, objects, labels, text, place)
    return wrong, [thing(row, labels, text) for row in objects] if wrong == 0 else []


def thing(row: NDArray[np.int64], labels: NDArray[np.int64], text: NDArray[np.uint8]) -> Thing:
    """Return a row as Python values."""

    def at(place: NDArray[np.int64]) -> bytes:
        first, count = place.tolist()
        return text[first : first + count].tobytes()

    found = labels[row[table.LABELS] : row[table.LABELS_END]]
    return Thing(
        name=at(row[table.NAME : table.NAME_BYTES + 1]),
        namespace=at(row[table.NAMESPACE : table.NAMESPACE_BYTES + 1]),
        revision=int(row[table.REVISION]),
        labels=tuple((at(label[:2]), at(label[2:])) for label in found),
        node=at(row[table.NODE : table.NODE_BYTES + 1]),
        spec=at(row[table.SPEC : table.SPEC_BYTES + 1]),
        status=at(row[table.STATUS : table.STATUS_BYTES + 1]),
        piece=max(1, int(row[table.PIECE])),
    )


@pytest.mark.tiny
def test_protobuf_comes_back() -> None:
    """What was encoded is decoded, object after object."""
    wrong, found = decoded([protobuf.encode(one) for one in (POD, EMPTY, LARGE, POD)])
    assert wrong == 0
    assert found == [POD, EMPTY, LARGE, POD]


def test_protobuf_agrees_with_the_plain_decoder() -> None:
    """Random objects of all sizes around the borders of lengths."""
    draw = random.Random(1)  # noqa: S311 - test data
    sizes = (0, 1, 7, 8, 9, 127, 128, 129, 300)
    things = [
        Thing(
            name=draw.randbytes(draw.choice(sizes)),
            namespace=draw.randbytes(draw.choice(sizes)),
            revision=draw.choice((0, 127, 128, 2**14, 2**35, 2**63 - 1)),
            labels=tuple(
                (draw.randbytes(3), draw.randbytes(draw.choice(sizes))) for _ in range(draw.randrange(4))
            ),
            node=draw.randbytes(draw.choice(sizes)),
            spec=draw.randbytes(draw.choice((0, 1, 500))),
            status=draw.randbytes(draw.choice((0, 1, 500))),
            piece=draw.choice((1, 7, 8, 16, 200)),
        )
        for _ in range(200)
    ]
    data = [protobuf.encode(one) for one in things]
    wrong, found = decoded(data, most_labels=1000)
    assert wrong == 0
    assert found == [protobuf.decode(one) for one in data]


@pytest.mark.tiny
def test_unknown_fields_and_other_orders() -> None:
    """Unknown fields of every wire type are stepped over, at every level, and order does not matter."""
    unknown = field(7, 2**40) + field(200, b"what") + b"\x41" + bytes(8) + b"\x45" + bytes(4)
    label = field(2, b"web") + unknown + field(1, b"app")
    metadata = (
        unknown + field(11, label) + field(6, 9) + field(3, b"shop") + field(1, b"a") + field(1, b"web-0")
    )
    spec = field(99, b"xy") + unknown + field(10, b"node-1")
    data = unknown + field(3, unknown) + field(2, spec) + unknown + field(1, metadata)
    wrong, found = decoded([data])
    assert wrong == 0
    assert found == [Thing(b"web-0", b"shop", 9, ((b"app", b"web"),), b"node-1", b"xy", b"", piece=2)]


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"\x0a", protobuf_read.TRUNCATED),  # no length
        (b"\x0a\x05ab", protobuf_read.TRUNCATED),  # longer than the object
        (field(1, b"\x0a\x03ab"), protobuf_read.TRUNCATED),  # longer than its message, not than the object
        (field(1, b"\x0a\x03ab") + bytes(8), protobuf_read.TRUNCATED),
        (field(2, b"\x9a\x06\x04abc"), protobuf_read.TRUNCATED),
        (b"\x80", protobuf_read.TRUNCATED),  # a number that does not end
        (field(1, b"\x32\x00"), protobuf_read.WIRE_TYPE),  # resourceVersion as bytes
        (field(1, b"\x08\x01"), protobuf_read.WIRE_TYPE),  # name as a number
        (field(1, 5), protobuf_read.WIRE_TYPE),
        (b"\x43", protobuf_read.WIRE_TYPE),  # a group begins
        (b"\x45abc", protobuf_read.TRUNCATED),  # four bytes, three there
        (field(1, field(11, b"") * 3), protobuf_read.LABELS),
        (b"\x38" + b"\xff" * 9 + b"\x01", protobuf_read.TOO_LARGE),
    ],
)
def test_damaged_objects_are_refused(data: bytes, wrong: int) -> None:
    """What is wrong is said, though other bytes follow the object."""
    assert decoded([data, b"\xff" * 20], most_labels=2)[0] == wrong


def test_no_damage_is_read_past() -> None:
    """Any byte changed, any end cut: the plain decoder's answer or a refusal, and nothing is written past."""
    draw = random.Random(2)  # noqa: S311 - test data
    good = protobuf.encode(POD)
    for _ in range(3000):
        data = bytearray(good[: draw.randrange(len(good) + 1)])
        for _ in range(draw.randrange(3)):
            if data:
                data[draw.randrange(len(data))] = draw.randrange(256)
        text = np.zeros(len(data) + 8, dtype=np.uint8)
        objects, labels = np.zeros((1, table.OBJECT), np.int64), np.zeros((9, table.LABEL), np.int64)
        whole = np.frombuffer(bytes(data) + b"\x0a" * 300, dtype=np.uint8).copy()
        starts = np.array([0, len(data)], dtype=np.int64)
        wrong = protobuf_read.read_all(whole, starts, objects, labels, text, np.zeros(2, np.int64))
        assert protobuf_read.TOO_LARGE <= wrong <= 0
        assert not text[len(data) :].any()
