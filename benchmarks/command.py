"""Whole commands, each in a process of its own, warm: the second of two calls counts.

Warm means byte code too, as in any installation: it is kept in a folder of the benchmark's own where
the environment forbids it.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure
from kscale.results import store

MIB = 2**20


def figures() -> Iterator[Figure]:
    """Yield start-up, first row, whole run and memory."""
    with tempfile.TemporaryDirectory() as folder:
        places = _places(folder)
        helps = [_seconds("--help", **places) for _ in range(6)]
        yield Figure("kscale --help", min(helps) * 1000, "ms", most=150)
        _run(folder, "smoke", "--budget", "1s")
        _, whole = _run(folder, "smoke")
        yield Figure("kscale run smoke, warm", whole, "s", most=5)
        _run(folder, "alibaba-10k", "--exact")
        first, whole = _run(folder, "alibaba-10k")
        yield Figure("kscale run alibaba-10k, warm: first row on screen", first, "s", most=5)
        yield Figure("kscale run alibaba-10k, warm: in all", whole, "s", most=60)
        yield from _judging(folder)
        yield Figure("kscale claims, warm", _seconds("claims", **places), "s", most=90)
        peak = store.Store(Path(folder)).load("latest").run.peak_rss_bytes
        yield Figure("kscale run alibaba-10k: peak memory", peak / MIB, "MiB", most=2048)


def _judging(folder: str) -> Iterator[Figure]:
    """Yield how long it takes to compare, gate and report two saved runs, the latest of alibaba-10k."""
    report = Path(folder) / "report.html"
    places = _places(folder)
    for args, most in (
        (("compare", "latest", "latest"), 0.6),
        (("gate", "latest", "latest"), 0.6),
        (("report", "latest", "-o", str(report)), 5),
    ):
        seconds = min(_seconds(*args, **places) for _ in range(3))
        yield Figure(f"kscale {args[0]} of alibaba-10k, warm", seconds, "s", most=most)
    yield Figure("report of alibaba-10k", report.stat().st_size / MIB, "MiB", most=3)


def _places(folder: str) -> dict[str, str]:
    """Return the environment of a command: results and byte code in *folder*."""
    return {
        "KSCALE_RESULTS": folder,
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": f"{folder}/bytecode",
    }


def _seconds(*args: str, **more: str) -> float:
    """Return how long a command takes."""
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "kscale", *args],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=os.environ | more,
    )
    return time.perf_counter() - began


def _run(folder: str, *args: str) -> tuple[float, float]:
    """Return the seconds of `kscale run` until the first finished cell is printed, and until it ends."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "kscale", "run", *args]
    with subprocess.Popen(  # noqa: S603 - ourselves
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | _places(folder),
    ) as process:
        assert process.stderr
        process.stderr.readline()
        first = time.perf_counter() - began
        process.stderr.read()
    return first, time.perf_counter() - began
