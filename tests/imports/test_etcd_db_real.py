"""A file that a real etcd wrote: what is read of it is what is in it, exactly."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import real_etcd
from read_files import pairs, quiet
from reference import bbolt as plain

from kscale.imports import etcd_db


def kubernetes_keys(draw: random.Random) -> Iterator[plain.Change]:
    """Yield what a small cluster stores."""
    for i in range(3000):
        yield b"/registry/pods/ns-%d/pod-%d" % (i % 40, i), draw.randbytes(draw.randint(900, 2500))
    for i in range(100):
        yield b"/registry/minions/node-%d" % i, draw.randbytes(draw.randint(9000, 15_000))
        yield b"/registry/leases/kube-node-lease/node-%d" % i, draw.randbytes(280 + i % 5)
        yield b"/registry/cilium.io/ciliumendpoints/ns/%d" % i, draw.randbytes(500)
        yield b"/registry/services/specs/ns/%d" % i, draw.randbytes(400)
    for i in range(2000):
        yield b"/registry/events/ns-%d/%d" % (i % 40, i), draw.randbytes(draw.randint(300, 600))


@dataclass(frozen=True)
class Real:
    """What a real etcd has left."""

    held: dict[bytes, bytes]  # its keys and their values
    free: int  # pages of its file, as it says once it is opened anew
    files: dict[str, Path]  # a snapshot, and the file itself


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Real:
    """Return what a real etcd holds, with the thousands of free pages that a compaction leaves."""
    draw = random.Random(11)  # noqa: S311 - test data
    folder = tmp_path_factory.mktemp("etcd")
    with real_etcd.started() as etcd:
        held: dict[bytes, bytes] = {}

        def put(pairs: Sequence[tuple[bytes, bytes]]) -> None:
            etcd.puts(pairs)
            held.update(pairs)

        put([(key, value) for key, value in kubernetes_keys(draw) if value is not None])
        for _ in range(8):
            put([(key, draw.randbytes(285)) for key in held if b"/leases/" in key])
            put([(key, draw.randbytes(1500)) for key in held if b"/pods/" in key])
        etcd.compact()
        for key in [key for key in held if b"/events/" in key and draw.random() < 0.5]:
            etcd.delete(key)
            del held[key]
        put([(b"/registry/events/ns/late-%d" % i, b"late") for i in range(100)])
        snapshot = etcd.snapshot(folder / "snapshot.db")
        file = folder / "db"
        file.write_bytes(etcd.stop().read_bytes())
        return Real(held, etcd.free_pages_of_file(), {"snapshot": snapshot, "file": file})


@pytest.mark.parametrize("which", ["snapshot", "file"])
def test_real_etcd_is_imported_exactly(real: Real, which: str) -> None:
    """Counts and bytes of each type; free pages within 0.5 % of those that etcd counts."""
    facts = etcd_db.read(real.files[which], which, quiet)
    expected: dict[str, Counter[int]] = {}
    names = {
        b"pods": "pods",
        b"minions": "nodes",
        b"leases": "leases",
        b"services": "services",
        b"events": "events",
        b"cilium.io": "ciliumendpoints.cilium.io",
    }
    for key, value in real.held.items():
        expected.setdefault(names[key.split(b"/")[2]], Counter())[len(value)] += 1
    assert {name: pairs(fact) for name, fact in facts.types.items()} == expected
    assert facts.space is not None
    assert real.free > 5000
    assert int(np.sum(facts.space.free[:, 1])) == pytest.approx(real.free, rel=0.005)
    assert any("sha256" in line for line in facts.read) == (which == "snapshot")
    assert "compacted up to" in facts.read[2]
