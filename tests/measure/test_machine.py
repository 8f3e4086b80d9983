"""Facts about the machine are there or None, and compiled kernels lie where only the user writes."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from kscale.measure import machine
from kscale.measure.machine import LoadMeter


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; returns the base of kscale's cache in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "7")
    from platformdirs import user_cache_dir  # noqa: PLC0415 - after the home folder is set

    return Path(user_cache_dir("kscale"))


def test_facts_say_nothing_of_host_or_user() -> None:
    """The record is complete, and names neither the machine nor its user."""
    facts = machine.facts()
    text = facts.model_dump_json()
    assert os.uname().nodename not in text
    assert facts.cores_logical >= facts.cores_physical >= 1
    assert facts.threads == 1
    assert facts.numba.count(".") >= 1


def test_fingerprint_holds_still_where_times_do() -> None:
    """Memory below the GiB and the kernel's patch level do not count; versions and processor do."""
    base: dict[str, object] = {
        "memory_bytes": 16 * 2**30,
        "kernel": "6.1.5-x",
        "cpu_model": "a",
        "numba": "1",
    }
    same = base | {"memory_bytes": 16 * 2**30 - 12345, "kernel": "6.1.9-y"}
    assert machine.fingerprint(base) == machine.fingerprint(same)
    for change in ({"kernel": "6.2.5-x"}, {"cpu_model": "b"}, {"numba": "2"}, {"memory_bytes": 2**30}):
        assert machine.fingerprint(base | change) != machine.fingerprint(base)


def test_cache_is_made_private(home: Path) -> None:
    """Mode 0700 at both levels, one thread, whatever was set."""
    machine.use_jit_cache()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert folder.parent == home
    assert [path.stat().st_mode & 0o777 for path in (folder, home)] == [0o700, 0o700]
    assert os.environ["NUMBA_NUM_THREADS"] == "1"
    assert machine.jit_cache() == folder


def test_a_chosen_cache_is_left_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """NUMBA_CACHE_DIR wins."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/elsewhere")
    machine.use_jit_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == "/elsewhere"
    assert not home.exists()


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
@pytest.mark.parametrize("level", ["base", "leaf"])
def test_a_cache_others_write_to_is_not_used(home: Path, mode: int, level: str) -> None:
    """Pickles that somebody else could place are never loaded."""
    folder = machine.jit_cache()
    assert folder is not None
    (home if level == "base" else folder).chmod(mode)
    assert machine.jit_cache() is None
    machine.use_jit_cache()
    used = Path(os.environ["NUMBA_CACHE_DIR"])
    assert home not in used.parents
    assert used.stat().st_mode & 0o777 == 0o700
    used.rmdir()


def test_a_linked_or_foreign_cache_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link may lead anywhere, and a folder's owner can write to it."""
    folder = machine.jit_cache()
    assert folder is not None
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 12345)
        assert machine.jit_cache() is None
    folder.rmdir()
    (home.parent / "other").mkdir(mode=0o700)
    folder.symlink_to(home.parent / "other")
    assert machine.jit_cache() is None


def test_a_home_that_is_no_folder_is_survived(home: Path) -> None:
    """Where no cache can be made, there is none."""
    home.parent.parent.mkdir(parents=True, exist_ok=True)
    home.parent.write_text("in the way")
    assert machine.jit_cache() is None


def test_importing_machine_imports_no_numpy() -> None:
    """use_jit_cache must be able to come before numba."""
    code = "import sys, kscale.measure.machine; print({'numba', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_git_is_the_folder_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commit, branch and whether tracked files differ; None outside a work tree, or without git."""
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert machine.git() is None
    (tmp_path / "file").write_text("one")
    who = ["-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main"]
    for command in (["init", "-q"], ["add", "file"], ["commit", "-qm", "first"]):
        subprocess.run(["git", *who, *command], check=True)  # noqa: S607 - whichever git is installed
    found = machine.git()
    assert found is not None
    assert (len(found.sha), found.branch, found.dirty) == (40, "main", False)
    (tmp_path / "file").write_text("two")
    assert machine.git() == found.model_copy(update={"dirty": True})
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.git() is None


def test_load_is_measured_between_start_and_stop() -> None:
    """Figures in percent of a core, never negative, never more than there are cores."""
    load = LoadMeter.start().stop()
    most = 100 * (psutil.cpu_count() or 1)
    assert 0 <= load.steal_pct <= most
    assert 0 <= load.other_cpu_pct <= most
    assert len(load.before) == len(load.after) == 3


def test_a_containers_limit_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free is the limit less the use; file cache that the kernel gives back is not in use."""
    (tmp_path / "memory.max").write_text("1000000\n")
    (tmp_path / "memory.current").write_text("900000\n")
    files = ((tmp_path / "memory.max", tmp_path / "memory.current", "inactive_file"),)
    monkeypatch.setattr(machine, "_CGROUP_MEMORY", files)
    assert machine.free_bytes() == 100000
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 300000\n")
    assert machine.free_bytes() == 400000
    (tmp_path / "memory.max").write_text("max\n")
    assert machine.free_bytes() > 400000


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, None),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "50000", "cpu/cpu.cfs_period_us": "100000"}, 0.5),
    ],
)
def test_a_containers_cores_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], cpus: float | None
) -> None:
    """Both versions of cgroups."""
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    assert machine._cgroup_cpus() == cpus


def test_peak_memory_is_in_bytes() -> None:
    """At least what is held now, roughly."""
    assert machine.peak_rss_bytes() > psutil.Process().memory_info().rss * 0.5


def test_peak_memory_is_this_process_own() -> None:
    """A small process started by one that held much has not held much."""
    block = bytearray(300 * 2**20)
    block[::4096] = b"x" * len(block[::4096])
    said = "from kscale.measure import machine; print(machine.peak_rss_bytes())"
    ran = subprocess.run([sys.executable, "-c", said], capture_output=True, check=True)
    assert 2**20 < int(ran.stdout) < 200 * 2**20 < machine.peak_rss_bytes()
    del block


def test_whatever_shapes_a_cell_is_in_the_hash_of_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The workers that run cells of sweeps and the plugins' variants too; what is only shown is not."""
    asked: list[str] = []

    def stamp(*patterns: str) -> str:
        asked.extend(patterns)
        return "0" * 12

    monkeypatch.setattr(machine, "_stamp", stamp)
    machine.code_stamp()
    rooms = {pattern.partition("/")[0] for pattern in asked if "/" in pattern}
    assert rooms >= {"engine", "kernels", "mechanisms", "measure", "plugins", "results", "scenario"}
    assert not rooms & {"cli", "judge", "report"}
