"""A real etcd for a test: ready within a second, driven by plain calls, gone at the end; skips where none is.

with real_etcd.started() as etcd:
    etcd.puts((b"/registry/pods/a/%d" % n, b"x" * 300) for n in range(1000))
    etcd.delete(b"/registry/pods/a/7")
    etcd.compact()
    free = etcd.free_pages()
    taken = etcd.snapshot(tmp_path / "snap.db")  # by etcdctl, with its hash at the end
    db = etcd.stop()  # member/snap/db, without one
    free = etcd.free_pages_of_file()  # of a stopped etcd's file
"""

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from kscale.calibrate import find, folder, metrics, process, wire
from kscale.calibrate.find import Binary
from kscale.calibrate.folder import Folder
from kscale.calibrate.process import Options, Running
from kscale.errors import KscaleError

OPS = 128  # of a transaction; etcd's limit
ROOM = 2**30  # bytes of disk
PAGE = 4096  # bytes

SETTLE_TRIES = 40

QUICK = Options(fsync=False, compaction_batch=100_000)  # no waits for the disk, none while compacting


def binary() -> Binary:
    """Return the etcd that tests use; skip the test where there is none."""
    try:
        find.check_grpc()
        return find.find()
    except KscaleError as error:
        pytest.skip(str(error))


@dataclass
class RealEtcd:
    """A running etcd and its calls, one after another."""

    running: Running
    calls: dict[str, Callable[[bytes], bytes]]
    closing: ExitStack
    inside: Folder  # where its data is
    revision: int = 1

    def _call(self, method: str, request: bytes) -> bytes:
        """Return etcd's answer; keep its revision."""
        answer = self.calls[method](request)
        self.revision = wire.revision(answer)
        return answer

    def put(self, key: bytes, value: bytes) -> None:
        """Store one key."""
        self._call(wire.PUT, wire.put(key, value))

    def puts(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Store many keys, in their order, 128 a transaction (one main revision each)."""
        waiting: list[bytes] = []
        for key, value in pairs:
            waiting.append(wire.put(key, value))
            if len(waiting) == OPS:
                self._call(wire.TXN, wire.txn(waiting))
                waiting = []
        if waiting:
            self._call(wire.TXN, wire.txn(waiting))

    def delete(self, key: bytes, end: bytes = b"") -> int:
        """Delete one key, or all from *key* to before *end*; return how many there were."""
        return wire.deleted(self._call(wire.DELETE, wire.delete(key, end)))

    def count(self, prefix: bytes = b"\0") -> int:
        """Return how many keys start with *prefix*; all by default."""
        end = b"\0" if prefix == b"\0" else wire.prefix_end(prefix)
        return wire.ranged(self._call(wire.RANGE, wire.range_(prefix, end, count_only=True))).count

    def compact(self, revision: int | None = None) -> None:
        """Drop what is older than *revision* (now by default); return when it is gone from the file."""
        self._call(wire.COMPACT, wire.compact(revision or self.revision, physical=True))

    def metrics(self) -> dict[str, float]:
        """Return etcd's own metrics by name, summed over their labels."""
        return dict(metrics.read(self.running.address))

    def free_pages(self) -> int:
        """Return how many pages of the file etcd says are free, once its last commit is done."""
        return settled_free_pages(self.running.address)

    def snapshot(self, path: Path) -> Path:
        """Save a snapshot as `etcdctl snapshot save` does; skip the test if there is no etcdctl."""
        tool = self.running.binary.beside("etcdctl")
        if tool is None:
            pytest.skip(f"no etcdctl beside {self.running.binary.path}")
        subprocess.run(
            [tool, f"--endpoints=http://{self.running.address}", "snapshot", "save", path],
            env={**find.clean_environment(), "ETCDCTL_API": "3"},
            check=True,
            capture_output=True,
        )
        return path

    def stop(self) -> Path:
        """Stop etcd and return its database file, which is there until the end of the block."""
        self.closing.close()
        return self.running.data / "member" / "snap" / "db"

    def free_pages_of_file(self) -> int:
        """Return how many pages of a stopped etcd's file are free, as etcd says that opens it anew.

        One that has run for long does not count pages that its last transactions freed, for readers may
        still look at them; after a start there are none.
        """
        with process.running(self.running.binary, self.inside, options=QUICK) as again:
            return settled_free_pages(again.address)


def settled_free_pages(address: str) -> int:
    """Return the free pages of the etcd at host:port once they stop to change.

    etcd states them as of its last commit, and pages that this one freed from the next one on.
    """
    before = metrics.free_pages(metrics.read(address))
    for _ in range(SETTLE_TRIES):
        time.sleep(metrics.COMMITTED_S)
        now = metrics.free_pages(metrics.read(address))
        if now == before:
            return now
        before = now
    return before


@contextmanager
def started(options: Options = QUICK, within: Path | None = None) -> Iterator[RealEtcd]:
    """Yield a fresh etcd, its data in a temporary folder (in *within*) that is removed at the end."""
    found = binary()
    import grpc  # noqa: PLC0415 - not there without the extra

    with folder.temporary(ROOM, within) as kept, ExitStack() as closing:
        running = closing.enter_context(process.running(found, kept, options=options))
        channel: Any = closing.enter_context(
            grpc.insecure_channel(
                running.address,
                options=[("grpc.enable_http_proxy", 0), ("grpc.max_receive_message_length", -1)],
            )
        )
        methods = (wire.PUT, wire.RANGE, wire.DELETE, wire.TXN, wire.COMPACT, wire.STATUS)
        yield RealEtcd(running, {name: channel.unary_unary(name) for name in methods}, closing, kept)
