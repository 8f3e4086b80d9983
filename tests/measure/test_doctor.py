"""What the doctor says of machines: of made ones, exactly; of this one, at least something."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from kscale.measure import doctor, floor, surroundings
from kscale.measure.doctor import Finding, Level
from kscale.measure.floor import Floor
from kscale.measure.stats import Ratio
from kscale.measure.surroundings import Cache, Source, Surroundings
from kscale.results.record import MachineLoad
from kscale.results.store import Store

MARGIN = 0.05
QUIET = MachineLoad(before=[], after=[], steal_pct=0.0, other_cpu_pct=3.0)
STEADY = Floor(Ratio(1.001, 0.998, 1.004, 50, 0.009), QUIET)
GOOD = Surroundings(
    governors=("performance",),
    turbo=False,
    turbo_switch=surroundings.INTEL_TURBO,
    cores=4,
    usable=4,
    cgroup_cpus=None,
    free_bytes=8 * 2**30,
    memory_limit=None,
    load=0.4,
    threads=None,
    interpreted=False,
    cache=Cache(Path("/cache"), mode=0o700, kernels=63),
    versions={"kscale": "1", "python": "3.11.7"},
    clock_step_ns=40,
    clock_source="tsc",
    results=Path("results"),
    results_fault=None,
    results_saved=3,
    encoding="utf-8",
)


def machine(root: Path, files: dict[str, str], **env: str) -> Source:
    """Return a source that reads a made /sys and /proc."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    ticks = iter(range(0, 10**9, 30))
    return Source(root, env, "utf-8", lambda: next(ticks), lambda: 5 * 2**30)


def of(topic: str, seen: Surroundings = GOOD, found: Floor | None = STEADY) -> Finding:
    """Return the finding of one topic."""
    return next(one for one in doctor.findings(seen, found, MARGIN) if one.topic == topic)


def test_a_good_machine_is_all_ok() -> None:
    """Nothing to note, and nothing to type."""
    found = doctor.findings(GOOD, STEADY, MARGIN)
    assert {one.level for one in found} == {Level.OK}
    assert not [one for one in found if one.change]
    assert len({one.topic for one in found}) == len(found)


@pytest.mark.parametrize(
    ("change", "topic", "level", "found", "change_to"),
    [
        (
            {"governors": ("powersave",)},
            "governor",
            "warn",
            "powersave",
            "cpupower frequency-set -g performance",
        ),
        ({"governors": ("performance", "ondemand")}, "governor", "warn", "performance, ondemand", "cpupower"),
        ({"governors": ()}, "governor", "note", "not known here", ""),
        (
            {"turbo": True},
            "turbo",
            "note",
            "on",
            "echo 1 | sudo tee /sys/devices/system/cpu/intel_pstate/no_turbo",
        ),
        (
            {"turbo": True, "turbo_switch": surroundings.BOOST},
            "turbo",
            "note",
            "on",
            "echo 0 | sudo tee /sys/devices/system/cpu/cpufreq/boost",
        ),
        ({"turbo": None, "turbo_switch": None}, "turbo", "note", "not known here", ""),
        ({"cgroup_cpus": 0.5}, "cores", "warn", "the cgroup allows 0.5", "docker run --cpus=2"),
        ({"cgroup_cpus": 1.0}, "cores", "note", "the cgroup allows 1", "docker run --cpus=2"),
        ({"cgroup_cpus": 2.0}, "cores", "ok", "the cgroup allows 2", ""),
        ({"usable": 1}, "cores", "ok", "1 of 4 usable", ""),
        ({"usable": None}, "cores", "ok", "4 of 4 usable", ""),
        ({"free_bytes": 2**30}, "memory", "note", "1 GiB free, no limit", "kscale run smoke"),
        (
            {"free_bytes": 2**27, "memory_limit": 2**28},
            "memory",
            "warn",
            "limit 256 MiB",
            "docker run --memory=4g",
        ),
        ({"threads": "8"}, "threads", "ok", "on 1, whatever NUMBA_NUM_THREADS=8 says", ""),
        ({"interpreted": True}, "threads", "warn", "NUMBA_DISABLE_JIT", "unset NUMBA_DISABLE_JIT"),
        ({"cache": Cache(None)}, "kernels", "warn", "others may write to it", "chmod 700"),
        (
            {"cache": Cache(Path("/c"), mode=0o700)},
            "kernels",
            "note",
            "none compiled yet in /c",
            "kscale run",
        ),
        (
            {"cache": Cache(Path("/c"), chosen=True)},
            "kernels",
            "note",
            "(NUMBA_CACHE_DIR), not there",
            "kscale",
        ),
        ({"clock_step_ns": 15_000_000}, "clock", "warn", "steps of 15 ms", "current_clocksource"),
        ({"clock_source": "hpet"}, "clock", "warn", "clocksource hpet", "echo tsc | sudo tee"),
        ({"clock_source": None}, "clock", "ok", "steps of 40 ns", ""),
        ({"results_fault": "/x is not a folder"}, "results", "stop", "/x is not a folder", "KSCALE_RESULTS="),
        ({"encoding": "ascii"}, "terminal", "note", "ascii cannot print", "export PYTHONUTF8=1"),
        ({"encoding": "no such thing"}, "terminal", "note", "no such thing cannot print", "PYTHONUTF8"),
    ],
)
def test_each_trouble_is_told(
    change: dict[str, object], topic: str, level: str, found: str, change_to: str
) -> None:
    """The word, what was found, and what to type; what it affects wherever it is not all right."""
    one = of(topic, replace(GOOD, **change))  # type: ignore[arg-type]  # each its own field
    assert one.level == level
    assert found in one.found
    assert change_to in one.change
    assert bool(one.change) == bool(change_to)
    assert one.affects or one.level is Level.OK or one.found == doctor.UNKNOWN


@pytest.mark.parametrize(("other", "steal", "levels"), [(20.0, 2.0, "ok ok"), (20.1, 2.1, "warn warn")])
def test_others_and_the_host_are_told(other: float, steal: float, levels: str) -> None:
    """In shares of a core, from the same limits on at which a run says so."""
    busy = replace(STEADY, load=QUIET.model_copy(update={"other_cpu_pct": other, "steal_pct": steal}))
    assert f"{of('load', found=busy).level} {of('steal', found=busy).level}" == levels


@pytest.mark.parametrize(
    ("ratio", "level", "says"),
    [
        (Ratio(1.0, 0.99, 1.01, 50, 0.025), "ok", "from about 6.1 % on"),
        (Ratio(0.98, 0.95, 1.01, 50, 0.08), "note", "from about 8.3 % on"),
        (Ratio(0.98, 0.9, 1.2, 50, 0.2), "warn", "from about 21.2 % on"),
        (Ratio(1.3, 0.0, float("inf"), 3, None), "warn", "cannot be judged"),
    ],
)
def test_the_floor_says_what_can_be_told_apart(ratio: Ratio, level: str, says: str) -> None:
    """The slowdown whose interval, as wide as this one, would clear the margin."""
    one = of("floor", found=Floor(ratio, QUIET))
    assert one.level == level
    assert says in one.affects
    assert f"{ratio.n} pairs" in one.found


def test_without_numba_everything_stops() -> None:
    """And nothing is said of a load that nobody measured."""
    found = doctor.findings(GOOD, None, MARGIN)
    assert [one.topic for one in found if one.level is Level.STOP] == ["floor"]
    assert not {"load", "steal"} & {one.topic for one in found}


def test_a_made_machine_is_read(tmp_path: Path) -> None:
    """Every file where Linux keeps it; cores that differ are all named."""
    cpu = "sys/devices/system/cpu"
    source = machine(
        tmp_path,
        {
            f"{cpu}/cpu0/cpufreq/scaling_governor": "performance\n",
            f"{cpu}/cpu1/cpufreq/scaling_governor": "powersave\n",
            f"{cpu}/cpu10/cpufreq/scaling_governor": "performance\n",
            f"{cpu}/cpufreq/boost": "1\n",
            "sys/fs/cgroup/cpu.max": "150000 100000\n",
            "sys/fs/cgroup/memory.max": "1073741824\n",
            "proc/loadavg": "1.25 0.5 0.1 1/100 7\n",
            surroundings.CLOCK: "hpet\n",
        },
        NUMBA_NUM_THREADS="7",
        NUMBA_DISABLE_JIT="1",
        NUMBA_CACHE_DIR=str(tmp_path / "none"),
    )
    seen = surroundings.look(source, Store(tmp_path / "results"))
    assert seen.governors == ("performance", "powersave")
    assert (seen.turbo, seen.turbo_switch) == (True, surroundings.BOOST)
    assert (seen.cgroup_cpus, seen.memory_limit, seen.free_bytes) == (1.5, 2**30, 5 * 2**30)
    assert (seen.load, seen.clock_step_ns, seen.clock_source) == (1.25, 30, "hpet")
    assert (seen.threads, seen.interpreted) == ("7", True)
    assert seen.cache == Cache(tmp_path / "none", chosen=True)
    assert (seen.results_fault, seen.results_saved) == (None, 0)


def test_the_older_files_are_read(tmp_path: Path) -> None:
    """Intel's switch is the other way round; version 1 of cgroups writes a large number for no limit."""
    files = {
        surroundings.INTEL_TURBO: "1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
    }
    seen = surroundings.look(machine(tmp_path, files, NUMBA_CACHE_DIR=str(tmp_path)), Store(tmp_path))
    assert (seen.turbo, seen.cgroup_cpus, seen.memory_limit) == (False, 0.5, None)


def test_a_machine_that_says_nothing_is_read_too(tmp_path: Path) -> None:
    """As on macOS: no such files, or nonsense in them."""
    for files in ({}, {"proc/loadavg": "\n", "sys/fs/cgroup/memory.max": "max\n", surroundings.BOOST: ""}):
        seen = surroundings.look(machine(tmp_path, files, NUMBA_CACHE_DIR=str(tmp_path)), Store(tmp_path))
        assert (seen.governors, seen.turbo, seen.load, seen.clock_source) == ((), None, None, None)
        found = doctor.findings(seen, STEADY, MARGIN)
        assert [one.found for one in found if one.topic in {"governor", "turbo"}] == [doctor.UNKNOWN] * 2
        assert not [one for one in found if one.level in {Level.WARN, Level.STOP}]


def test_compiled_kernels_are_counted(tmp_path: Path) -> None:
    """At any depth, by the files numba leaves, and with the folder's mode."""
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.1.nbc").write_text("")
    (tmp_path / "deep" / "a.nbi").write_text("")
    tmp_path.chmod(0o700)
    seen = surroundings.look(machine(tmp_path / "m", {}, NUMBA_CACHE_DIR=str(tmp_path)), Store(tmp_path))
    assert seen.cache == Cache(tmp_path, chosen=True, mode=0o700, kernels=1)


def test_a_folder_that_cannot_be_written_is_found(tmp_path: Path) -> None:
    """A file in the way, or a file system that refuses; nothing is left behind by asking."""
    (tmp_path / "file").write_text("")
    quiet = machine(tmp_path / "m", {}, NUMBA_CACHE_DIR=str(tmp_path))
    in_the_way = surroundings.look(quiet, Store(tmp_path / "file" / "results")).results_fault
    assert in_the_way == f"{tmp_path / 'file'} is not a folder"
    before = sorted(tmp_path.iterdir())
    assert surroundings.look(quiet, Store(tmp_path / "not" / "yet")).results_fault is None
    assert sorted(tmp_path.iterdir()) == before
    if os.path.ismount("/proc"):
        refused = surroundings.look(quiet, Store(Path("/proc/results"))).results_fault
        assert refused is not None
        assert refused.startswith("/proc cannot be written")


def test_the_floor_is_measured_as_a_run_measures() -> None:
    """Pairs of equal code in turns, with the floor and the load meanwhile."""
    found = floor.measure(0.3)
    assert found.ratio.paired
    assert found.ratio.n >= 6
    assert found.ratio.has_interval
    assert found.ratio.floor is not None
    assert found.load.other_cpu_pct >= 0
