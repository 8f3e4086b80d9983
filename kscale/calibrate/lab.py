"""Where experiments get an etcd: fresh ones of their own, or the one the user names."""

import contextlib
import shutil
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Protocol

from kscale.calibrate import find, folder, metrics, process
from kscale.calibrate.find import Binary
from kscale.calibrate.folder import Folder
from kscale.calibrate.process import Options, Running
from kscale.calibrate.record import Endpoint
from kscale.errors import KscaleError

PREFIX = b"/kscale-calibrate/"
FILLING = Options(fsync=False, snapshot_count=1000, compaction_batch=100_000)  # quick, and little memory
_LENGTH = struct.Struct("<q")  # of a record in a WAL file: its low 56 bits; the top byte is the padding
_LOW_56 = 2**56 - 1
_MOST_TEXT = 200  # characters of a tool's own words in an error


@dataclass(frozen=True, slots=True)
class Server:
    """An etcd under experiment: all keys are to start with its prefix."""

    address: str  # host:port
    prefix: bytes
    running: Running | None = None  # None: at an endpoint

    def counted(self) -> Mapping[str, float]:
        """Return its metrics by name."""
        return metrics.read(self.address)

    def cpu_ns(self) -> float:
        """Return the CPU time it has used: of the process, or at an endpoint as it says itself."""
        if self.running is not None:
            return metrics.cpu_ns(self.running.pid)
        return self.counted()[metrics.CPU] * metrics.NS

    @property
    def cpu_step_ns(self) -> float:
        """Return by how much that time moves at once: at an endpoint etcd counts the kernel's ticks."""
        return 0.0 if self.running is not None else metrics.TICK_NS

    def settle(self) -> None:
        """Wait until what was written is committed."""
        time.sleep(metrics.COMMITTED_S)

    def wal_bytes(self) -> int:
        """Return the bytes that its log holds."""
        if self.running is None:
            raise KscaleError(f"{self.address}: the files of an etcd at an endpoint are out of reach")
        return sum(map(wal_bytes, sorted((self.running.data / "member" / "wal").glob("*.wal"))))


class Lab(Protocol):
    """Gives experiments an etcd."""

    @property
    def name(self) -> str:
        """Return what is measured: "etcd 3.5.1"."""

    @property
    def endpoint(self) -> Endpoint | None:
        """Return where the user's etcd is; None if it is one of our own."""

    def server(self, options: Options | None = None) -> AbstractContextManager[Server]:
        """Return an etcd without keys under its prefix, for a block; nothing of it stays."""

    def store(self, fill: Callable[[Server], None]) -> AbstractContextManager[Path]:
        """Return a store that *fill* has written to, as it was when its etcd stopped, for a block."""

    def restored(self, store: Path, options: Options | None = None) -> AbstractContextManager[Server]:
        """Return an etcd that opens a copy of *store*, for a block."""


@dataclass(frozen=True, slots=True)
class OwnLab:
    """Starts an etcd of its own each time, its data in a temporary folder."""

    binary: Binary
    folder: Folder
    _numbers: Iterator[int] = field(default_factory=count)

    @property
    def name(self) -> str:
        """Return what is measured: "etcd 3.5.1"."""
        return self.binary.name

    @property
    def endpoint(self) -> None:
        """Return that it is none of the user's."""

    @contextlib.contextmanager
    def server(self, options: Options | None = None) -> Iterator[Server]:
        """Yield a fresh etcd; its data is removed at the end of the block."""
        with self._opened(self._new(), options) as server:
            yield server

    @contextlib.contextmanager
    def store(self, fill: Callable[[Server], None]) -> Iterator[Path]:
        """Yield a data folder that *fill* has written to; it is removed at the end of the block.

        Its log and its membership are those of a restored snapshot where a tool for that is beside the
        binary, so that opening it does not repeat the fill; else they are as they were.
        """
        data, kept = self._new(), self._new("store")
        try:
            with process.running(self.binary, self.folder, data.name, FILLING) as running:
                fill(Server(running.address, PREFIX, running))
            if not _restore(self.binary, data / "member" / "snap" / "db", kept):
                data.rename(kept)
            shutil.rmtree(data, ignore_errors=True)
            yield kept
        finally:
            shutil.rmtree(data, ignore_errors=True)
            shutil.rmtree(kept, ignore_errors=True)

    @contextlib.contextmanager
    def restored(self, store: Path, options: Options | None = None) -> Iterator[Server]:
        """Yield an etcd that opens a copy of *store*."""
        data = self._new()
        shutil.copytree(store, data, copy_function=_copy)  # goes with the folder, should this be interrupted
        with self._opened(data, options) as server:
            yield server

    @contextlib.contextmanager
    def _opened(self, data: Path, options: Options | None) -> Iterator[Server]:
        """Yield an etcd on *data*, which is removed at the end."""
        try:
            with process.running(self.binary, self.folder, data.name, options) as running:
                yield Server(running.address, PREFIX, running)
        finally:
            shutil.rmtree(data, ignore_errors=True)

    def _new(self, kind: str = "etcd") -> Path:
        """Return a folder that does not exist yet."""
        return self.folder.path / f"{kind}-{next(self._numbers)}"


def _restore(binary: Binary, db: Path, data: Path) -> bool:
    """Make the data folder *data* of a database file; False if there is no tool for it.

    It keeps the file's pages, free ones too (etcdutl, of 3.5 on; etcdctl before).
    """
    tool = binary.beside("etcdutl" if binary.version >= (3, 5, 0) else "etcdctl")
    if tool is None:
        return False
    peer = f"http://{process.HOST}:1"  # a single member need not reach itself
    arguments = ["--skip-hash-check", f"--data-dir={data}", "--name=k", f"--initial-cluster=k={peer}"]
    done = subprocess.run(  # noqa: S603 - of the folder of the etcd that is measured
        [tool, "snapshot", "restore", db, *arguments, f"--initial-advertise-peer-urls={peer}"],
        env={**find.clean_environment(), "ETCDCTL_API": "3"},
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["nothing"]
        raise KscaleError(
            f"{tool} could not restore the file that was made; it says: {said[-1][:_MOST_TEXT]}"
        )
    return True


def _copy(source: str, target: str) -> None:
    """Copy a file; of a log only what is written, its zeros as a hole."""
    if not source.endswith(".wal"):
        shutil.copyfile(source, target)
        return
    with Path(source).open("rb") as old, Path(target).open("wb") as new:
        new.write(old.read(wal_bytes(Path(source))))
        new.truncate(Path(source).stat().st_size)


@contextlib.contextmanager
def own(binary: Binary, room: int, parent: Path | None = None) -> Iterator[OwnLab]:
    """Yield a lab whose data is in a temporary folder (in *parent*), which must have *room* bytes."""
    find.check_grpc()
    with folder.temporary(room, parent) as made:
        yield OwnLab(binary, made)


def wal_bytes(path: Path) -> int:
    """Return the length of a WAL file without the zeros that it is preallocated with.

    A record is its length, the record, and zeros up to a multiple of eight bytes, whose number is in
    the top byte of the length (etcd server/wal/encoder.go).
    """
    at = 0
    with path.open("rb") as file:
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            length = _LENGTH.unpack(head)[0]
            if length == 0:
                break
            padding = (length >> 56) & 0x7 if length < 0 else 0
            at += _LENGTH.size + (length & _LOW_56) + padding
            file.seek(at)
    return at
