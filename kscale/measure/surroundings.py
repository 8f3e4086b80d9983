"""What around a run decides how steady its times are: read, not judged (see doctor.py).

Everything comes through a Source, so that tests can give another machine. What a system does not
say is None.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import psutil

import kscale
from kscale.measure import machine
from kscale.results.store import ENDINGS, Store

CPU = "sys/devices/system/cpu"
INTEL_TURBO, BOOST = f"{CPU}/intel_pstate/no_turbo", f"{CPU}/cpufreq/boost"
CLOCK = "sys/devices/system/clocksource/clocksource0/current_clocksource"
MEMORY_LIMITS = ("sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes")
NO_LIMIT = 2**60  # version 1 of cgroups writes a number of that size for none
READS = 2_000  # of the clock, to see its steps
_COMPILED = "*.nbc"  # of a kernel, in numba's cache


@dataclass(frozen=True, slots=True)
class Source:
    """Where things are read from."""

    root: Path = Path("/")
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    encoding: str = field(default_factory=lambda: sys.stdout.encoding or "ascii")
    clock: Callable[[], int] = time.perf_counter_ns
    free_bytes: Callable[[], int] = machine.free_bytes

    def line(self, path: str) -> str | None:
        """Return the text of a small file of the kernel's, None if there is none."""
        try:
            return (self.root / path).read_text(encoding="utf-8").strip() or None
        except (OSError, UnicodeDecodeError):
            return None


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder of compiled kernels."""

    folder: Path | None  # None: there is none that can be trusted
    chosen: bool = False  # by NUMBA_CACHE_DIR
    mode: int | None = None
    kernels: int = 0  # compiled, of this state of the sources


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was found."""

    governors: tuple[str, ...]  # of all cores, each once
    turbo: bool | None
    turbo_switch: str | None  # the file that says so
    cores: int
    usable: int | None  # cores this process may use
    cgroup_cpus: float | None  # None: no limit
    free_bytes: int
    memory_limit: int | None
    load: float | None  # average of a minute
    threads: str | None  # NUMBA_NUM_THREADS as it was set
    interpreted: bool  # NUMBA_DISABLE_JIT
    cache: Cache
    versions: Mapping[str, str]
    clock_step_ns: int
    clock_source: str | None
    results: Path
    results_fault: str | None  # why nothing can be saved there
    results_saved: int
    encoding: str


def look(source: Source, store: Store) -> Surroundings:
    """Return the machine, the process and the folders as they are; makes the folder of kernels."""
    switch = next((path for path in (INTEL_TURBO, BOOST) if source.line(path) is not None), None)
    return Surroundings(
        governors=_governors(source),
        turbo=None if switch is None else source.line(switch) == ("0" if switch == INTEL_TURBO else "1"),
        turbo_switch=switch,
        cores=psutil.cpu_count() or 1,
        usable=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        cgroup_cpus=machine.cgroup_cpus(source.root / "sys/fs/cgroup"),
        free_bytes=source.free_bytes(),
        memory_limit=_memory_limit(source),
        load=_load(source),
        threads=source.env.get("NUMBA_NUM_THREADS"),
        interpreted=source.env.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"},
        cache=_cache(source.env.get("NUMBA_CACHE_DIR")),
        versions=_versions(),
        clock_step_ns=_step(source.clock),
        clock_source=source.line(CLOCK),
        results=store.folder,
        results_fault=_fault(store.folder),
        results_saved=_saved(store.folder),
        encoding=source.encoding,
    )


def _governors(source: Source) -> tuple[str, ...]:
    """Return the governors of the cores, each once."""
    paths = sorted((source.root / CPU).glob("cpu[0-9]*/cpufreq/scaling_governor"))
    lines = (source.line(str(path.relative_to(source.root))) for path in paths)
    return tuple(dict.fromkeys(line for line in lines if line))


def _memory_limit(source: Source) -> int | None:
    """Return the most memory this group of processes may use; None without a limit."""
    for path in MEMORY_LIMITS:
        line = source.line(path)
        if line and line.isdigit() and int(line) < NO_LIMIT:
            return int(line)
    return None


def _load(source: Source) -> float | None:
    """Return the load average of a minute."""
    line = source.line("proc/loadavg")
    try:
        return float((line or "").split()[0])
    except (IndexError, ValueError):
        return None


def _cache(chosen: str | None) -> Cache:
    """Return the folder of compiled kernels as a run will use it."""
    folder = Path(chosen) if chosen else machine.jit_cache()
    if folder is None:
        return Cache(None)
    try:
        kernels, mode = sum(1 for _ in folder.rglob(_COMPILED)), folder.stat().st_mode & 0o777
    except OSError:
        return Cache(folder, chosen is not None)
    return Cache(folder, chosen is not None, mode, kernels)


def _versions() -> Mapping[str, str]:
    """Return the versions that times depend on; "?" of what is not installed."""
    return {
        "kscale": kscale.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
        "numpy": machine.package("numpy"),
        "numba": machine.package("numba"),
    }


def _step(clock: Callable[[], int]) -> int:
    """Return the smallest step the clock was seen to take, in ns."""
    reads = [clock() for _ in range(READS)]
    return min((later - earlier for earlier, later in pairwise(reads) if later > earlier), default=0)


def _fault(folder: Path) -> str | None:
    """Return why no result can be saved in *folder*; None if one can."""
    above = folder.absolute()
    while not above.exists() and above != above.parent:
        above = above.parent
    if not above.is_dir():
        return f"{above} is not a folder"
    try:
        with tempfile.TemporaryFile(dir=above):  # who may write is best known by writing
            return None
    except OSError as error:
        return f"{above} cannot be written: {error.strerror}"


def _saved(folder: Path) -> int:
    """Return how many results are there."""
    try:
        return sum(1 for path in folder.iterdir() if path.name.endswith(ENDINGS))
    except OSError:
        return 0
