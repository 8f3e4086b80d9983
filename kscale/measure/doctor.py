"""Is this machine fit to measure: what was found, what it affects, what to type to change it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from kscale.measure import power, stats
from kscale.measure.machine import THREADS
from kscale.measure.subject import SAMPLE_NS
from kscale.measure.surroundings import INTEL_TURBO, Surroundings
from kscale.results.record import BUSY_PCT, STOLEN_PCT, MachineLoad
from kscale.units import show_bytes, show_count, show_ns, show_number, show_percent

if TYPE_CHECKING:
    from kscale.measure.floor import (
        Floor,
    )  # which imports numba: a doctor must be able to say that it is broken

SMALL_BYTES, TINY_BYTES = 2 * 2**30, 256 * 2**20  # free memory: of the 10,000-node scenarios, of any
COARSE_NS = 1_000  # a clock's step; a thousandth of the shortest sample is ten times that
SLOW_CLOCKS = frozenset({"hpet", "acpi_pm", "jiffies", "refined-jiffies"})  # a read takes microseconds
LOUD = 0.1  # a floor above which hardly any change of a kernel can be told
SIGNS = "µ±…"  # printed in every table

EXACT = "exact counters are not affected"
UNKNOWN = "not known here"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"  # good to know
    WARN = "warn"  # times suffer
    STOP = "stop"  # nothing can be measured


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    level: Level
    found: str
    affects: str = ""
    change: str = ""  # what to type, or to do


def findings(seen: Surroundings, floor: "Floor | None", margin: float) -> list[Finding]:
    """Return everything that was looked at, in print order; *floor* is None where no kernel could run.

    *margin* is the share by which times must differ to be judged, where the floor allows it.
    """
    return [
        _governor(seen),
        _turbo(seen),
        *(_busy(floor.load, seen) if floor else ()),
        _cores(seen),
        _memory(seen),
        _threads(seen),
        _kernels(seen),
        _versions(seen),
        _clock(seen),
        _results(seen),
        _terminal(seen),
        _floor(floor, margin),
    ]


def _governor(seen: Surroundings) -> Finding:
    """Return who sets the processor's clock."""
    if not seen.governors:
        return Finding("governor", Level.NOTE, UNKNOWN, "a virtual machine's clock is its host's business")
    said = ", ".join(seen.governors)
    if seen.governors == ("performance",):
        return Finding("governor", Level.OK, said)
    return Finding(
        "governor",
        Level.WARN,
        said,
        f"times wander with the clock; {EXACT}",
        "sudo cpupower frequency-set -g performance",
    )


def _turbo(seen: Surroundings) -> Finding:
    """Return whether the clock may rise above its nominal rate."""
    if seen.turbo is None or seen.turbo_switch is None:
        return Finding("turbo", Level.NOTE, UNKNOWN)
    if not seen.turbo:
        return Finding("turbo", Level.OK, "off")
    off = 1 if seen.turbo_switch == INTEL_TURBO else 0
    return Finding(
        "turbo",
        Level.NOTE,
        "on",
        "a cool processor is faster: long runs slow down; pairs side by side hardly notice",
        f"echo {off} | sudo tee /{seen.turbo_switch}",
    )


def _busy(load: MachineLoad, seen: Surroundings) -> Iterator[Finding]:
    """Return what others and the host took while the floor was measured."""
    average = "" if seen.load is None else f"; load average {show_number(seen.load)} on {seen.cores} cores"
    busy = load.other_cpu_pct > BUSY_PCT
    yield Finding(
        "load",
        Level.WARN if busy else Level.OK,
        f"other programs use {_of_a_core(load.other_cpu_pct)}{average}",
        f"times wander; {EXACT}" if busy else "",
        "see who with top, and close it; or count only: kscale run SCENARIO --exact" if busy else "",
    )
    stolen = load.steal_pct > STOLEN_PCT
    yield Finding(
        "steal",
        Level.WARN if stolen else Level.OK,
        f"the host takes {_of_a_core(load.steal_pct)}",
        f"times wander, and nothing here can help; {EXACT}" if stolen else "",
        "another host or hour; or count only: kscale run SCENARIO --exact" if stolen else "",
    )


def _cores(seen: Surroundings) -> Finding:
    """Return the cores and what a group of processes may use of them."""
    usable = seen.cores if seen.usable is None else seen.usable
    said = f"{usable} of {seen.cores} usable"
    if seen.cgroup_cpus is None:
        return Finding("cores", Level.OK, f"{said}, no limit by a cgroup")
    said = f"{said}, the cgroup allows {show_number(seen.cgroup_cpus)}"
    more = "docker run --cpus=2 …, or resources.limits.cpu: 2 in Kubernetes"
    if seen.cgroup_cpus < THREADS:
        return Finding(
            "cores", Level.WARN, said, f"the kernel is halted for a part of each sample; {EXACT}", more
        )
    if seen.cgroup_cpus < THREADS + 1:
        return Finding("cores", Level.NOTE, said, "whatever runs beside the kernels halts them", more)
    return Finding("cores", Level.OK, said)


def _memory(seen: Surroundings) -> Finding:
    """Return the memory a run may use."""
    limit = "no limit" if seen.memory_limit is None else f"limit {show_bytes(seen.memory_limit)}"
    said = f"{show_bytes(seen.free_bytes)} free, {limit} by a cgroup"
    if seen.free_bytes >= SMALL_BYTES:
        return Finding("memory", Level.OK, said)
    more = "close other programs" if seen.memory_limit is None else "docker run --memory=4g …"
    return Finding(
        "memory",
        Level.NOTE if seen.free_bytes >= TINY_BYTES else Level.WARN,
        said,
        f"scenarios of 10,000 nodes need up to {show_bytes(SMALL_BYTES)}",
        f"{more}; or a smaller scenario: kscale run smoke",
    )


def _threads(seen: Surroundings) -> Finding:
    """Return how kernels are run."""
    if seen.interpreted:
        return Finding(
            "threads",
            Level.WARN,
            "NUMBA_DISABLE_JIT is set",
            f"kernels are interpreted, a hundred times slower; {EXACT}",
            "unset NUMBA_DISABLE_JIT",
        )
    said = f"kernels run on {THREADS}"
    if seen.threads not in {None, str(THREADS)}:
        said += f", whatever NUMBA_NUM_THREADS={seen.threads} says"
    return Finding("threads", Level.OK, said)


def _kernels(seen: Surroundings) -> Finding:
    """Return where compiled kernels are kept."""
    cache = seen.cache
    if cache.folder is None:
        return Finding(
            "kernels",
            Level.WARN,
            "no folder to keep them in: it cannot be written, or others may write to it",
            "every command compiles anew, for a minute or more; times are not affected",
            "chmod 700 the folders named kscale in ~/.cache; or NUMBA_CACHE_DIR=FOLDER kscale …",
        )
    mode = f"mode {cache.mode:04o}" if cache.mode is not None else "not there yet"
    chosen = " (NUMBA_CACHE_DIR)" if cache.chosen else ""
    where = f"{_from_home(cache.folder)}{chosen}, {mode}"
    if cache.kernels:
        return Finding("kernels", Level.OK, f"{show_count(cache.kernels)} compiled in {where}")
    return Finding(
        "kernels",
        Level.NOTE,
        f"none compiled yet in {where}",
        "the first run of each mechanism takes longer; compiling is never part of a time",
        "kscale run smoke --exact",
    )


def _versions(seen: Surroundings) -> Finding:
    """Return what times depend on besides the machine."""
    return Finding("versions", Level.OK, ", ".join(f"{name} {one}" for name, one in seen.versions.items()))


def _clock(seen: Surroundings) -> Finding:
    """Return how fine the clock is."""
    said = f"steps of {show_ns(seen.clock_step_ns)}"
    if seen.clock_source:
        said += f", clocksource {seen.clock_source}"
    if seen.clock_step_ns <= COARSE_NS and seen.clock_source not in SLOW_CLOCKS:
        return Finding("clock", Level.OK, f"{said}; a sample lasts {show_ns(SAMPLE_NS)} or more")
    return Finding(
        "clock",
        Level.WARN,
        said,
        "reading the clock is slow, and the same for both sides: small changes look smaller",
        "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource",
    )


def _results(seen: Surroundings) -> Finding:
    """Return whether a run can be saved."""
    if seen.results_fault is not None:
        return Finding(
            "results",
            Level.STOP,
            f"{seen.results}: {seen.results_fault}",
            "a run has nowhere to save its result",
            "export KSCALE_RESULTS=FOLDER",
        )
    return Finding(
        "results", Level.OK, f"{seen.results} can be written, {show_count(seen.results_saved)} saved"
    )


def _terminal(seen: Surroundings) -> Finding:
    """Return whether the signs of the tables can be printed."""
    try:
        SIGNS.encode(seen.encoding)
    except (LookupError, UnicodeEncodeError):
        return Finding(
            "terminal",
            Level.NOTE,
            f"{seen.encoding} cannot print {SIGNS.encode('unicode_escape').decode()}",
            "tables have escapes in their place",
            "export PYTHONUTF8=1",
        )
    return Finding("terminal", Level.OK, f"{seen.encoding} prints {SIGNS}")


def _floor(floor: "Floor | None", margin: float) -> Finding:
    """Return how far equal code seems to differ, and what can be told apart here."""
    if floor is None:
        return Finding(
            "floor",
            Level.STOP,
            "no kernel can be compiled: numba does not load",
            "nothing can be counted or timed",
            "pip install --force-reinstall numba",
        )
    ratio = floor.ratio
    change = _percent(ratio.value - 1, signed=True)
    if not ratio.has_interval or ratio.floor is None:
        return Finding(
            "floor",
            Level.WARN,
            f"equal code differs by {change}; {ratio.n} pairs are too few for more",
            "times cannot be judged here",
            f"count only: kscale run SCENARIO --exact ({EXACT})",
        )
    low, high = (_percent(end - 1, signed=True) for end in (ratio.low, ratio.high))
    said = (
        f"equal code differs by {change} ({low} … {high}) in {ratio.n} pairs; "
        f"noise floor {_percent(ratio.floor)}"
    )
    shown = power.smallest_change(ratio, stats.effective_margin(margin, ratio.bias))
    affects = f"a slowdown is sure from about {_percent(shown)} on, with a margin of {_percent(margin)}"
    if ratio.floor <= margin:
        return Finding("floor", Level.OK, said, affects)
    return Finding(
        "floor",
        Level.WARN if ratio.floor > LOUD else Level.NOTE,
        said,
        f"{affects}; {EXACT}",
        "close other programs, pin it (taskset -c 1 kscale run …), or count only (--exact)",
    )


def _of_a_core(percent: float) -> str:
    """Return a share of one core."""
    return f"{_percent(percent / 100)} of a core"


def _percent(share: float, *, signed: bool = False) -> str:
    """Return a share to a tenth of a percent."""
    return show_percent(Fraction(round(share * 1000), 1000), signed=signed)


def _from_home(folder: Path) -> Path:
    """Return a folder as the user speaks of it, without their name."""
    home = Path.home()
    return Path("~") / folder.relative_to(home) if folder.is_relative_to(home) else folder
