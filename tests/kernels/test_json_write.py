"""The JSON encoder against the library's, over the same objects."""

import json
import random

import numpy as np
import pytest
from reference import protobuf
from reference.protobuf import Thing

from kscale.kernels import json_write

KIND, VERSION = b"Pod", b"v1"
HTML = str.maketrans({c: f"\\u{ord(c):04x}" for c in "<>&"})


def filler(text: bytes, piece: int) -> list[dict[str, str]]:
    """Return filler as objects of at most one field of each name."""
    parts = [part.decode() for part in protobuf.pieces(text, piece)]
    names = json_write.NAMES
    groups = [parts[i : i + len(names)] for i in range(0, len(parts), len(names))]
    return [dict(zip(names, group, strict=False)) for group in groups]


def encode(thing: Thing) -> bytes:
    """Return an object as the library writes it, with Go's escapes."""
    tree = {
        "kind": KIND.decode(),
        "apiVersion": VERSION.decode(),
        "metadata": {
            "name": thing.name.decode(),
            "namespace": thing.namespace.decode(),
            "resourceVersion": str(thing.revision),
            "labels": {key.decode(): value.decode() for key, value in thing.labels},
        },
        "spec": {"nodeName": thing.node.decode(), "filler": filler(thing.spec, thing.piece)},
        "status": {"filler": filler(thing.status, thing.piece)},
    }
    text = json.dumps(tree, separators=(",", ":"), ensure_ascii=False)
    return text.translate(HTML).encode()


def written(things: list[Thing]) -> list[bytes]:
    """Return what the kernel writes for each."""
    objects, labels, text = protobuf.tables(things)
    pool = np.concatenate((text, np.frombuffer(KIND + VERSION, dtype=np.uint8)))
    head = (len(text), len(KIND), len(text) + len(KIND), len(VERSION))
    found = []
    for i in range(len(things)):
        out = np.full(6 * json_write.most_bytes(i, objects, labels) + 10, 0xEE, dtype=np.uint8)
        end = json_write.write(i, *head, objects, labels, pool, out, 7)
        assert (out[end:] == 0xEE).all()
        found.append(out[7:end].tobytes())
    return found


@pytest.mark.tiny
def test_json_agrees_with_the_library() -> None:
    """Same bytes, escapes included, and the values can be read back."""
    odd = Thing(
        b'a"\\b', b"\x00\n\t<&>", 0, ((b"k", "\u00e9".encode()),), b"\x1f\r\b\f", b"xyz" * 9, b"", piece=2
    )
    empty = Thing(b"", b"", 2**62, (), b"", b"", b"", piece=1)
    things = [odd, empty]
    assert written(things) == [encode(thing) for thing in things]
    back = json.loads(written([odd])[0])
    assert back["metadata"]["name"] == 'a"\\b'
    assert "".join("".join(part.values()) for part in back["spec"]["filler"]) == "xyz" * 9


def test_json_of_random_objects() -> None:
    """Fillers around the number of names, from a seed."""
    rng = random.Random(8)  # noqa: S311 - test data
    names = len(json_write.NAMES)
    letters = 'abcdef0123/-."<\n'

    def some(most: int) -> bytes:
        return "".join(rng.choices(letters, k=rng.randrange(most + 1))).encode()

    things = [
        Thing(
            some(40),
            some(10),
            rng.randrange(10**18),
            tuple((f"k{i}".encode(), some(20)) for i in range(rng.randrange(4))),
            some(20),
            b"s" * rng.choice([0, 3 * names - 1, 3 * names, 3 * names + 1, 700]),
            some(700),
            piece=3,
        )
        for _ in range(40)
    ]
    assert written(things) == [encode(thing) for thing in things]


@pytest.mark.tiny
def test_the_bound_holds_without_escapes() -> None:
    """An object of long names and single letters takes no more than the bound and what names it."""
    thing = Thing(b"n" * 50, b"s", 2**62, ((b"k", b"v"),) * 5, b"n", b"f" * 200, b"g" * 100, piece=1)
    objects, labels, _ = protobuf.tables([thing])
    most = json_write.most_bytes(0, objects, labels) + len(KIND + VERSION)
    assert len(written([thing])[0]) <= most
