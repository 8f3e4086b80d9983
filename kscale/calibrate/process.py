"""An etcd as a child: started on free ports of loopback, ready when it says so, always stopped.

It runs under a `keeper`, so that it is stopped even if this process is killed. Facts on flags and
start: etcd's --help of 3.4.23 and 3.5.1.
"""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from kscale.calibrate import folder
from kscale.calibrate.find import Binary
from kscale.calibrate.folder import Folder
from kscale.errors import KscaleError

HOST = "127.0.0.1"
QUOTA = 64 * 2**30  # bytes; the default of 2 GiB is less than some experiments fill
READY_S = 60.0  # until a start counts as failed; opening a large file reads all its pages
PORT_TRIES = 5
_POLL_S = 0.005
_LONGEST_LINE = 200  # characters of etcd's own words in an error
_LOG_TAIL = 65_536  # bytes

FreeList = Literal["array", "map"]


@dataclass(frozen=True, slots=True)
class Options:
    """How an etcd is started, where experiments differ."""

    freelist: FreeList | None = None  # None: etcd's own default
    fsync: bool = True
    snapshot_count: int = 10_000  # raft entries held in memory; as kubeadm sets it
    compaction_batch: int = 1000  # revisions, then a pause of 10 ms; etcd's own default


@dataclass(frozen=True, slots=True)
class Running:
    """An etcd that answers."""

    binary: Binary
    address: str  # 127.0.0.1:port, of clients and metrics
    pid: int
    data: Path  # its data folder
    ready_s: float  # from the start to the first healthy answer


def flags(binary: Binary, data: Path, client: int, peer: int, options: Options) -> list[str]:
    """Return the command line for this version of etcd."""
    of_clients, of_peers = f"http://{HOST}:{client}", f"http://{HOST}:{peer}"
    old = binary.version < (3, 5, 0)
    batch = "compaction-batch-limit" if binary.version >= (3, 6, 0) else "experimental-compaction-batch-limit"
    freelist = "experimental-backend-bbolt-freelist-type" if old else "backend-bbolt-freelist-type"
    given = {
        "name": "k",
        "data-dir": str(data),
        "listen-client-urls": of_clients,
        "advertise-client-urls": of_clients,
        "listen-peer-urls": of_peers,
        "initial-advertise-peer-urls": of_peers,
        "initial-cluster": f"k={of_peers}",
        "quota-backend-bytes": str(QUOTA),
        "snapshot-count": str(options.snapshot_count),
        batch: str(options.compaction_batch),
        "log-level": "warn",
        "logger": "zap",  # the default from 3.5 on: its errors can be read
    }
    if options.freelist is not None:
        given[freelist] = options.freelist
    command = [str(binary.path), *(f"--{name}={value}" for name, value in given.items())]
    return command if options.fsync else [*command, "--unsafe-no-fsync"]


@contextlib.contextmanager
def running(
    binary: Binary, inside: Folder, name: str = "etcd", options: Options | None = None
) -> Iterator[Running]:
    """Yield an etcd that answers, its data in the folder *name* of *inside*; stop it at the end.

    What is in that folder already is opened. KscaleError with etcd's own last words if it does
    not become ready.
    """
    data, log = inside.path / name, inside.path / f"{name}.log"
    for tries_left in reversed(range(PORT_TRIES)):
        client, peer = _free_ports()
        command = flags(binary, data, client, peer, options or Options())
        began = time.monotonic()
        with _kept(command, log, inside) as (keeper, pid):
            if not _ready(f"{HOST}:{client}", keeper, began):
                why = _why(log)
                if tries_left and "address already in use" in why:
                    continue  # somebody else took the port since we looked
                raise KscaleError(f"{binary.path} did not start: {why}")
            yield Running(binary, f"{HOST}:{client}", pid, data, time.monotonic() - began)
            return


@contextlib.contextmanager
def _kept(command: list[str], log: Path, inside: Folder) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Yield the keeper of a started command and the command's process id; end both."""
    keeper = folder.start_keeper(["", *command], log, inside.held)
    pid = 0
    try:
        pid = int((keeper.stdout.readline() if keeper.stdout else b"") or 0)
        yield keeper, pid
    finally:
        folder.end_keeper(keeper)
        if pid and keeper.returncode < 0:
            with contextlib.suppress(OSError):  # the keeper itself was killed
                os.killpg(pid, signal.SIGKILL)


def _free_ports() -> tuple[int, int]:
    """Return two ports that nobody listens on now."""
    with socket.socket() as one, socket.socket() as two:
        one.bind((HOST, 0))
        two.bind((HOST, 0))
        return one.getsockname()[1], two.getsockname()[1]


def _ready(address: str, keeper: subprocess.Popen[bytes], began: float) -> bool:
    """Wait until etcd is healthy; False if it ends first, or takes too long."""
    while time.monotonic() - began < READY_S:
        if keeper.poll() is not None:
            return False
        if healthy(address):
            return True
        time.sleep(_POLL_S)
    return False


def healthy(address: str) -> bool:
    """Return whether an etcd at host:port says that it can serve."""
    connection = http.client.HTTPConnection(address, timeout=2)  # urllib would ask a proxy
    try:
        connection.request("GET", "/health")
        answer = json.loads(connection.getresponse().read(4096))
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(answer, dict) and answer.get("health") in {"true", True}


def _why(log: Path) -> str:
    """Return the last error of etcd's log in one line, or that there is none."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _LOG_TAIL))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        lines = []
    said = [text for line in lines if (text := _said(line))]
    return said[-1][:_LONGEST_LINE] if said else f"not ready after {READY_S:.0f} s, and nothing is in its log"


def _said(line: str) -> str:
    """Return what an error in etcd's log says; nothing of a warning or of a stack."""
    try:
        entry = json.loads(line)
    except ValueError:
        return "" if line.startswith(("\t", "goroutine", "main.", "{")) else line.strip()
    if not isinstance(entry, dict) or entry.get("level") not in {"error", "fatal", "panic"}:
        return ""
    return ": ".join(str(entry[key]) for key in ("msg", "error") if entry.get(key))
