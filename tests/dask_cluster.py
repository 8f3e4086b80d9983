"""A Dask scheduler and three worker processes on loopback, started as a user would."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import distributed
import psutil

TESTS = Path(__file__).parent
PATIENCE_S = 300.0  # the machine may be busy


@dataclass(frozen=True)
class Cluster:
    """Where the scheduler is, and what the workers do; see dask_preload.py."""

    address: str  # HOST:PORT
    folder: Path

    def told(self, **pages: tuple[int, ...]) -> None:
        """Tell the workers at which numbers of free pages they end, or disagree; forget earlier attempts."""
        for name in ("deadly", "once", "wrong"):
            (self.folder / name).write_text(" ".join(map(str, pages.get(name, ()))))
        for path in (self.folder / "attempts").iterdir():
            path.unlink()

    def attempts(self) -> dict[str, list[int]]:
        """Return the processes that tried each task since then, by the task's key."""
        found: dict[str, list[int]] = {}
        for path in sorted((self.folder / "attempts").iterdir()):
            key, _, process = path.name.split(".")
            found.setdefault(key, []).append(int(process))
        return found


@contextmanager
def cluster(folder: Path, workers: int = 3) -> Iterator[Cluster]:
    """Yield a running cluster, which is ended with the block."""
    (folder / "attempts").mkdir(parents=True)
    told = folder / "scheduler.json"
    started = [
        _start(folder, "scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
    ]
    try:
        _wait(told.exists)
        started.append(
            _start(
                folder,
                *("worker", "--scheduler-file", str(told), "--host", "127.0.0.1"),
                *("--nworkers", str(workers), "--nthreads", "1", "--memory-limit", "0"),
                *("--local-directory", str(folder), "--preload", str(TESTS / "dask_preload.py")),
            )
        )
        address = json.loads(told.read_text())["address"]
        with distributed.Client(address, set_as_default=False, timeout=PATIENCE_S) as client:
            client.wait_for_workers(workers, timeout=PATIENCE_S)
        yield Cluster(address.removeprefix("tcp://"), folder)
    finally:
        _end(started)


def _start(folder: Path, what: str, *args: str) -> subprocess.Popen[bytes]:
    """Start one of Dask's commands; what it says goes to a file."""
    paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    with (folder / f"{what}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", what, *args, "--no-dashboard"],
            env=os.environ | {"PYTHONPATH": paths, "WATCHED_FOLDER": str(folder)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )


def _wait(until: Callable[[], bool]) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "no scheduler came up"
        time.sleep(0.02)


def _end(started: list[subprocess.Popen[bytes]]) -> None:
    """End processes, and those that they started."""
    family = [child for one in started for child in psutil.Process(one.pid).children(recursive=True)]
    for one in reversed(started):
        one.send_signal(signal.SIGKILL)
        one.wait()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(family, timeout=10)
