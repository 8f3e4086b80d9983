"""The protobuf encoder against a plain one, and against a reader that knows no schema."""

import itertools
import random

import numpy as np
import pytest
from reference import protobuf
from reference.protobuf import Thing

from kscale.kernels import protobuf_write

POD = Thing(
    name=b"web-0",
    namespace=b"shop",
    revision=300,
    labels=((b"app", b"web"), (b"tier", b"")),
    node=b"node-17",
    spec=bytes(range(100)),
    status=b"ok",
    piece=24,
)


def written(things: list[Thing]) -> list[bytes]:
    """Return what the kernel writes for each."""
    objects, labels, text = protobuf.tables(things)
    starts = np.empty(len(things) + 1, dtype=np.int64)
    size = protobuf_write.place_all(objects, labels, starts)
    out = np.full(size + 3, 0xEE, dtype=np.uint8)
    assert protobuf_write.write_all(objects, labels, text, out) == size
    assert (out[size:] == 0xEE).all()
    data = out.tobytes()
    found = [data[a:b] for a, b in itertools.pairwise(starts.tolist())]
    for i, one in enumerate(found):
        assert protobuf_write.size_of(i, objects, labels) == len(one)
        alone = np.zeros(len(one) + 5, dtype=np.uint8)
        assert protobuf_write.write(i, objects, labels, text, alone, 5) == len(one) + 5
        assert alone[5:].tobytes() == one
    return found


@pytest.mark.tiny
def test_protobuf_by_hand() -> None:
    """A small object, byte by byte."""
    small = Thing(b"a", b"", 300, ((b"k", b"v"),), b"n", b"xyz", b"", piece=2)
    metadata = bytes.fromhex("0a0161 1a00 30ac02 5a06 0a016b 120176")
    spec = bytes.fromhex("52016e 9a06027879 9a06017a")
    whole = bytes([0x0A, len(metadata)]) + metadata + bytes([0x12, len(spec)]) + spec + b"\x1a\x00"
    assert protobuf.encode(small) == whole
    assert written([small]) == [whole]


@pytest.mark.tiny
def test_protobuf_agrees_with_the_plain_encoder() -> None:
    """Same bytes as the plain encoder, and a reader gets the values back."""
    empty = Thing(b"", b"", 0, (), b"", b"", b"", piece=1)
    large = Thing(b"n" * 200, b"s", 2**62, ((b"k" * 130, b"v" * 130),) * 3, b"", b"f" * 300, b"g", piece=128)
    things = [POD, empty, large, POD]
    assert written(things) == [protobuf.encode(thing) for thing in things]
    assert [protobuf.decode(data) for data in written([POD, large])] == [POD, large]


def test_protobuf_of_random_objects() -> None:
    """Lengths about where varints grow, from a seed."""
    rng = random.Random(5)  # noqa: S311 - test data
    lengths = [0, 1, 2, 126, 127, 128, 129, 1000, 16_380, 16_384, 17_000]

    def some(most: int) -> bytes:
        return rng.randbytes(min(most, rng.choice(lengths)))

    things = [
        Thing(
            name=some(300),
            namespace=some(300),
            revision=rng.choice([0, 127, 128, 2**35, 2**63 - 1]),
            labels=tuple((some(130), some(130)) for _ in range(rng.randrange(4))),
            node=some(300),
            spec=some(20_000),
            status=some(20_000),
            piece=rng.choice([1, 7, 127, 128, 30_000]),
        )
        for _ in range(60)
    ]
    assert written(things) == [protobuf.encode(thing) for thing in things]


@pytest.mark.tiny
def test_the_reader_refuses_what_is_cut_off() -> None:
    """A message that lost its end is no message."""
    data = protobuf.encode(POD)
    with pytest.raises(ValueError, match="ends after the message"):
        protobuf.fields(data[:-1])
