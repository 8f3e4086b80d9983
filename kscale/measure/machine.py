"""Facts about this machine, as far as they make times comparable; and where compiled kernels are kept.

Nothing of numpy or numba is imported here: their versions come from the
package metadata, and use_jit_cache must come before numba.
"""

import hashlib
import os
import platform
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from kscale.results.record import Git, Machine, MachineLoad

THREADS = 1  # kernels are measured on one core
GIB = 2**30
_GIT_SECONDS = 5
_CI_NAMES = ("GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "JENKINS_URL", "CIRCLECI", "CI")
_CPU0 = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def use_jit_cache() -> None:
    """Let numba keep compiled kernels in the user's cache folder, and use one thread.

    A folder that NUMBA_CACHE_DIR names is left alone. The files are pickles, so the folder is of mode
    0700, and one that belongs to somebody else or that others may write to is not used: then
    kernels are compiled into a folder of this process alone. Call it before numba is imported.
    """
    os.environ.setdefault("NUMBA_NUM_THREADS", str(THREADS))
    if not os.environ.get("NUMBA_CACHE_DIR"):
        os.environ["NUMBA_CACHE_DIR"] = str(jit_cache() or tempfile.mkdtemp(prefix="kscale-jit-"))


def jit_cache() -> Path | None:
    """Return the user's folder for compiled kernels, made if need be; None if it cannot be trusted."""
    from platformdirs import user_cache_dir  # noqa: PLC0415  only a run needs it

    folder = Path(user_cache_dir("kscale")) / f"numba-{package('numba')}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.stat()
    except OSError:
        return None
    if hasattr(os, "getuid") and found.st_uid != os.getuid():
        return None
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or not os.access(folder, os.W_OK):
        return None
    return folder


def package(name: str) -> str:
    """Return the version of an installed package without importing it."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "?"


def facts() -> Machine:
    """Return what is recorded of this machine with every result; no host or user name."""
    hardware = {
        "cpu_model": cpu_model(),
        "cores_physical": psutil.cpu_count(logical=False) or 1,
        "cores_logical": psutil.cpu_count() or 1,
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "numpy": package("numpy"),
        "numba": package("numba"),
        "threads": THREADS,
    }
    return Machine.model_validate(
        {
            **hardware,
            "fingerprint": fingerprint(hardware),
            "os": platform.system(),
            "arch": platform.machine(),
            "governor": _line(_CPU0 / "scaling_governor"),
            "turbo": _turbo(),
            "container": _in_container(),
            "cgroup_cpus": _cgroup_cpus(),
            "ci": next((name for name in _CI_NAMES if os.environ.get(name)), None),
        }
    )


def fingerprint(hardware: dict[str, object]) -> str:
    """Return a hash of what makes times comparable: memory to the GiB, the kernel to its minor version."""
    rounded = {
        **hardware,
        "memory_bytes": round(int(str(hardware["memory_bytes"])) / GIB),
        "kernel": ".".join(str(hardware["kernel"]).split(".")[:2]),
    }
    text = "\n".join(f"{name}={rounded[name]}" for name in sorted(rounded))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def cpu_model() -> str:
    """Return the processor's name."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    named = (line.partition(":")[2] for line in text.splitlines() if line.startswith(("model name", "Model")))
    return (
        next(named, "").strip() or _call(["sysctl", "-n", "machdep.cpu.brand_string"]) or platform.machine()
    )


def git() -> Git | None:
    """Return the commit of the current folder; None outside a work tree or without git."""
    sha = _call(["git", "rev-parse", "HEAD"])
    if not sha:
        return None
    branch = _call(["git", "rev-parse", "--abbrev-ref", "HEAD"]) or ""
    dirty = _call(["git", "status", "--porcelain", "--untracked-files=no"])
    return Git(sha=sha, branch=branch, dirty=dirty != "")


@dataclass(frozen=True, slots=True)
class LoadMeter:
    """Counters at the start of a run; `stop` tells what else the machine was doing since."""

    average: tuple[float, ...]
    total_s: float
    idle_s: float
    steal_s: float
    own_s: float

    @classmethod
    def start(cls) -> "LoadMeter":
        """Read the counters."""
        times = psutil.cpu_times()
        return cls(_average(), sum(times), times.idle, getattr(times, "steal", 0.0), _own_s())

    def stop(self) -> MachineLoad:
        """Return load averages and, in percent of one core, time stolen and used by others."""
        now = LoadMeter.start()
        total = max(now.total_s - self.total_s, 0.1)  # the system counts in hundredths
        cores = psutil.cpu_count() or 1
        steal = now.steal_s - self.steal_s
        own = now.own_s - self.own_s
        others = total - (now.idle_s - self.idle_s) - own - steal
        return MachineLoad(
            before=list(self.average),
            after=list(now.average),
            steal_pct=round(max(0.0, steal) / total * cores * 100, 1),
            other_cpu_pct=round(max(0.0, others) / total * cores * 100, 1),
        )


def free_bytes() -> int:
    """Return the memory that a run may still use: what is available, or less by a container's limit."""
    free = psutil.virtual_memory().available
    limit = _line(Path("/sys/fs/cgroup/memory.max"))
    used = _line(Path("/sys/fs/cgroup/memory.current"))
    if limit and limit.isdigit() and used and used.isdigit():
        free = min(free, int(limit) - int(used))
    return max(0, free)


def peak_rss_bytes() -> int:
    """Return the most memory this process has held."""
    import resource  # noqa: PLC0415  only on POSIX, where kscale runs

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def _own_s() -> float:
    """Return the processor time of this process."""
    times = psutil.Process().cpu_times()
    return times.user + times.system


def _average() -> tuple[float, ...]:
    """Return the load averages, two digits."""
    return tuple(round(value, 2) for value in psutil.getloadavg())


def _call(command: list[str]) -> str | None:
    """Return what a command prints, or None if there is no such command or it fails."""
    try:
        done = subprocess.run(  # noqa: S603  fixed commands
            command, capture_output=True, timeout=_GIT_SECONDS, check=True, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace").strip()


def _line(path: Path) -> str | None:
    """Return the text of a one-line file of the kernel's, or None."""
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError):
        return None


def _turbo() -> bool | None:
    """Return whether the clock may rise above its nominal rate; None if the system does not say."""
    off = _line(Path("/sys/devices/system/cpu/intel_pstate/no_turbo"))
    if off is not None:
        return off == "0"
    boost = _line(Path("/sys/devices/system/cpu/cpufreq/boost"))
    return None if boost is None else boost == "1"


def _in_container() -> bool:
    """Return whether this looks like a container."""
    return any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv")) or bool(
        os.environ.get("KUBERNETES_SERVICE_HOST")
    )


def _cgroup_cpus() -> float | None:
    """Return how many cores a container may use; None without a limit."""
    quota, _, period = (_line(Path("/sys/fs/cgroup/cpu.max")) or "").partition(" ")
    return round(int(quota) / int(period), 2) if quota.isdigit() and period.isdigit() else None
