"""Watch events on the wire: read back by a reader without a schema, alike for all who serve them."""

import json

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import protobuf
from reference.protobuf import Thing

from kscale.kernels import encoding

Longs = NDArray[np.int64]
Octets = NDArray[np.uint8]

THINGS = [
    Thing(b"a", b"shop", 300, ((b"app", b"a"),), b"node-1", b"x" * 400, b"ok", piece=24),
    Thing(b"bb", b"", 0, (), b"", b"", b"y" * 900, piece=7),
]
NAMES = b"Podv1v2"
ENCODINGS = np.array(
    [(encoding.PROTOBUF, 0, 3, 3, 2), (encoding.JSON, 0, 3, 3, 2), (encoding.PROTOBUF, 0, 3, 5, 2)]
)
WANTED = np.array([0, 1, 0, 2, 1, 0], dtype=np.int64)
KINDS = np.array([encoding.ADDED, encoding.DELETED], dtype=np.int64)
ROOM = 9000


def tables() -> tuple[Longs, Longs, Longs, Octets]:
    """Return encodings, objects, labels and text, with the names at the end of it."""
    objects, labels, text = protobuf.tables(THINGS)
    encodings = ENCODINGS.copy()
    encodings[:, [encoding.KIND, encoding.VERSION]] += len(text)
    return encodings, objects, labels, np.concatenate((text, np.frombuffer(NAMES, dtype=np.uint8)))


def framed(event: int, e: int) -> bytes:
    """Return the frame of an event in an encoding."""
    raw, out = np.zeros(ROOM, dtype=np.uint8), np.zeros(ROOM, dtype=np.uint8)
    encodings, objects, labels, text = tables()
    count = encoding.encode(event, e, encodings, objects, labels, text, raw, 5) - 5
    end = encoding.frame(int(KINDS[event]), int(encodings[e, 0]), raw, 5, count, out, 2)
    return out[2:end].tobytes()


def slow_digest(data: bytes) -> int:
    """Return the checksum in plain Python."""
    whole = order = 0
    for low in range(0, len(data), 256):
        whole += sum(byte * (i + 1) for i, byte in enumerate(data[low : low + 256]))
        order += whole
    return order


def served(*, whole: bool | None) -> tuple[Longs, Longs]:
    """Return what watchers got and what it took; None: for each watcher anew."""
    encodings, objects, labels, text = tables()
    got = np.zeros((encoding.GOT, len(WANTED)), dtype=np.int64)
    done = np.zeros((len(THINGS), encoding.DONE), dtype=np.int64)
    events = np.arange(len(THINGS), dtype=np.int64)
    raw, out = np.zeros(ROOM, dtype=np.uint8), np.zeros(ROOM, dtype=np.uint8)
    if whole is None:
        encoding.serve_each(events, KINDS, WANTED, encodings, objects, labels, text, raw, out, got, done)
    else:
        held, places = np.zeros(3 * ROOM, dtype=np.uint8), np.zeros((3, 2), dtype=np.int64)
        kept = (whole, raw, held, places, out, got, done)
        encoding.serve_shared(events, KINDS, WANTED, encodings, objects, labels, text, *kept)
    return got, done


@pytest.mark.tiny
@pytest.mark.parametrize("event", [0, 1])
def test_a_protobuf_frame_is_read_back(event: int) -> None:
    """Length, event, wrapper and object, each with the number that Kubernetes gives it."""
    data = framed(event, 2)
    assert int.from_bytes(data[:4], "big") == len(data) - 4
    watch = dict(protobuf.fields(data[4:]))
    assert watch[1] == (b"ADDED", b"DELETED")[event]
    assert isinstance(watch[2], bytes)
    raw = dict(protobuf.fields(watch[2]))[1]
    assert isinstance(raw, bytes)
    assert raw[:4] == b"k8s\0"
    unknown = dict(protobuf.fields(raw[4:]))
    assert isinstance(unknown[1], bytes)
    assert dict(protobuf.fields(unknown[1])) == {1: b"v2", 2: b"Pod"}
    assert unknown[2] == protobuf.encode(THINGS[event])


@pytest.mark.tiny
@pytest.mark.parametrize("event", [0, 1])
def test_a_json_frame_is_read_back(event: int) -> None:
    """One line of JSON with type and object."""
    data = framed(event, 1)
    assert data.endswith(b"\n")
    watch = json.loads(data)
    assert watch["type"] == ("ADDED", "DELETED")[event]
    assert watch["object"]["apiVersion"] == "v1"
    assert watch["object"]["metadata"]["name"] == THINGS[event].name.decode()


@pytest.mark.tiny
@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 2000])
def test_the_digest_is_that_of_plain_python(size: int) -> None:
    """And two bytes that change places change it."""
    data = bytes(i * 7 % 251 for i in range(size))
    assert encoding.digest(np.frombuffer(data + b"!", dtype=np.uint8).copy(), size) == slow_digest(data)
    if size > 1:
        assert slow_digest(data[1::-1] + data[2:]) != slow_digest(data)


@pytest.mark.tiny
def test_every_way_to_serve_gives_the_frames() -> None:
    """Each watcher gets the frames of its encoding, byte by byte, however they were made."""
    for whole in (None, False, True):
        got, _ = served(whole=whole)
        for w, e in enumerate(WANTED.tolist()):
            frames = [framed(event, e) for event in range(2)]
            digest = 0
            for frame in frames:
                digest = (digest * 4_194_301 + slow_digest(frame)) % 2**40
            assert got[:, w].tolist() == [2, sum(map(len, frames)), digest]


@pytest.mark.tiny
def test_what_serving_took() -> None:
    """Encodings for each watcher or each encoding, and the copies that each way makes."""
    frames = [[len(framed(event, e)) for e in range(3)] for event in range(2)]
    sizes = np.zeros((2, 3), dtype=np.int64)
    encodings, objects, labels, text = tables()
    for event in range(2):
        for e in range(3):
            sizes[event, e] = encoding.encode(
                event, e, encodings, objects, labels, text, np.zeros(ROOM, dtype=np.uint8), 0
            )
    for event in range(2):
        pb, js, other = sizes[event].tolist()
        sent = 3 * pb + 2 * js + other
        once, kept = pb + js + other, sum(frames[event])
        delivered = sum(frames[event][e] for e in WANTED.tolist())
        assert served(whole=None)[1][event].tolist() == [6, sent - 2 * js, 2 * js, sent, 0, 0]
        assert served(whole=False)[1][event].tolist() == [3, once - js, js, 2 * sent, 6, once]
        assert served(whole=True)[1][event].tolist() == [3, once - js, js, once + delivered, 6, kept]
