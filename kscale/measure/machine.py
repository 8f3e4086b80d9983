"""Facts about this machine, as far as they make times comparable; and where compiled kernels are kept.

Nothing of numpy or numba is imported here: their versions come from the
package metadata, and use_jit_cache must come before numba.
"""

import atexit
import hashlib
import os
import platform
import shutil
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
_CGROUP = Path("/sys/fs/cgroup")
_CGROUP_MEMORY = (  # limit, use, and what of the use the kernel gives back when asked; versions 2 and 1
    (_CGROUP / "memory.max", _CGROUP / "memory.current", "inactive_file"),
    (
        _CGROUP / "memory/memory.limit_in_bytes",
        _CGROUP / "memory/memory.usage_in_bytes",
        "total_inactive_file",
    ),
)
_CHOSEN = "_KSCALE_JIT_CACHE"  # the folder for compiled kernels that we chose, not the user
_CONTAINERS = ("docker", "kubepods", "containerd", "libpod", "lxc")  # in the name of a cgroup
_CPU0 = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def use_jit_cache() -> None:
    """Let numba keep compiled kernels in the user's cache folder, and use one thread.

    A folder that NUMBA_CACHE_DIR names is left alone. The files are pickles, so the folder is of mode
    0700, and one that belongs to somebody else or that others may write to is not used: then
    kernels are compiled into a folder of this process alone. Call it before numba is imported.
    """
    os.environ["NUMBA_NUM_THREADS"] = str(THREADS)  # it is what every result says
    if os.environ.get("NUMBA_CACHE_DIR"):
        return
    folder = jit_cache()
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="kscale-jit-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["NUMBA_CACHE_DIR"] = os.environ[_CHOSEN] = str(folder)


def environment(package_root: Path | None = None) -> dict[str, str]:
    """Return the environment for another installation of kscale, which has kernels of its own.

    With *package_root* it is this one's: the folder it is imported from.
    """
    kept = dict(os.environ)
    if kept.pop(_CHOSEN, None) == kept.get("NUMBA_CACHE_DIR"):
        kept.pop("NUMBA_CACHE_DIR", None)
    if package_root is not None:
        kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(package_root), kept.get("PYTHONPATH")]))
    return kept


def jit_cache() -> Path | None:
    """Return the user's folder for compiled kernels, made if need be; None if it cannot be trusted."""
    from platformdirs import user_cache_dir  # noqa: PLC0415  only a run needs it

    base = Path(user_cache_dir("kscale"))
    folder = base / f"numba-{package('numba')}-{kernels_stamp()}"
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        for each in (base, folder):
            each.mkdir(exist_ok=True, mode=0o700)
            if not _is_private(each):
                return None
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def kernels_stamp() -> str:
    """Return a hash of the kernels' sources.

    numba's cache looks at a kernel's own file only; a folder for each state of all files lets kernels
    share helpers. Folders of earlier states are left: they are small, and another process may use them.
    """
    return _stamp("kernels/*.py")


def code_stamp() -> str:
    """Return a hash of everything that decides what a run or a cell of a sweep counts and how it is timed."""
    rooms = ("scenario", "kernels", "mechanisms", "clusterwide", "measure", "plugins", "engine", "results")
    return _stamp("*.py", *(f"{room}/*.py" for room in rooms), "scenario/cost_models/*.yaml")


def _stamp(*patterns: str) -> str:
    """Return a hash of kscale's sources that match."""
    package = Path(__file__).parent.parent
    sources = sorted(path for pattern in patterns for path in package.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def _is_private(folder: Path) -> bool:
    """Say whether this is a folder, not a link to one, that is the user's own and that only they write to."""
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    )


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


def git(package: Path | None = None) -> Git | None:
    """Return the commit of the current folder, or of the work tree that keeps *package*.

    None outside a work tree or without git; and for a package that lies in one without belonging to it.
    """
    at = ["git"] if package is None else ["git", "-C", str(package)]
    if package is not None and not _call([*at, "ls-files", "__init__.py"]):
        return None
    sha = _call([*at, "rev-parse", "HEAD"])
    if not sha:
        return None
    branch = _call([*at, "rev-parse", "--abbrev-ref", "HEAD"]) or ""
    dirty = _call([*at, "status", "--porcelain", "--untracked-files=no"])
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
    for limit, used, cache in _CGROUP_MEMORY:
        most, now = _line(limit), _line(used)
        if most and most.isdigit() and now and now.isdigit():
            free = min(free, int(most) - int(now) + _counter(limit.parent / "memory.stat", cache))
    return max(0, free)


def peak_rss_bytes() -> int:
    """Return the most memory this process has held.

    Linux counts what the process that started us held as ours in the usual figure; not in its own file.
    """
    for line in (_line(Path("/proc/self/status")) or "").splitlines():
        if line.startswith("VmHWM:"):  # in kB
            return int(line.split()[1]) * 1024
    import resource  # noqa: PLC0415  only on POSIX, where kscale runs

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if platform.system() == "Darwin" else peak * 1024


def _own_s() -> float:
    """Return the processor time of this process and of those it started that have ended."""
    times = psutil.Process().cpu_times()
    return times.user + times.system + times.children_user + times.children_system


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
    """Return the text of a small file of the kernel's, or None."""
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
    marks = any(Path(mark).exists() for mark in ("/.dockerenv", "/run/.containerenv"))
    group = _line(Path("/proc/1/cgroup")) or ""
    return (
        marks or bool(os.environ.get("KUBERNETES_SERVICE_HOST")) or any(one in group for one in _CONTAINERS)
    )


def _cgroup_cpus() -> float | None:
    """Return how many cores a container may use; None without a limit."""
    return cgroup_cpus(_CGROUP)


def cgroup_cpus(folder: Path) -> float | None:
    """Return how many cores the group of processes at *folder* may use; None without a limit."""
    quota, _, period = (_line(folder / "cpu.max") or "").partition(" ")
    if not quota:  # cgroup version 1
        quota = _line(folder / "cpu/cpu.cfs_quota_us") or ""
        period = _line(folder / "cpu/cpu.cfs_period_us") or ""
    return round(int(quota) / int(period), 2) if quota.isdigit() and period.isdigit() else None


def _counter(path: Path, name: str) -> int:
    """Return one of the counters in a file of lines "name value", 0 if it is not there."""
    for line in (_line(path) or "").splitlines():
        key, _, value = line.partition(" ")
        if key == name and value.isdigit():
            return int(value)
    return 0
