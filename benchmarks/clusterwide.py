"""The whole control plane on one clock: wall time, events a second, memory, and how it grows with nodes.

A run is timed warm, in this process, without building the cluster. `limit` and `ablate` are whole commands,
with what they start; `ablate` takes minutes and is measured only where it is asked for by name.
"""

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from benchmarks.figure import Figure
from kscale.clusterwide import simulate, size, toggles
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.kernels import heap
from kscale.kernels._jit import kernel
from kscale.measure import fit
from kscale.scenario import build, load
from kscale.units import NS_PER_S

SCENARIO = "alibaba-10k"  # 10,000 nodes, 200,000 pods, 100 changes of pods a second
RUN_NS = 600 * NS_PER_S
GROWTH_NS = 60 * NS_PER_S
NODES = (1_000, 3_000, 10_000, 30_000, 100_000)
TIMERS, BEATS = 10_000, 10_000_000
SETS = {"all of them": toggles.ALL, "none": toggles.NONE}
MIB = 2**20

_CHILD = """
import json, platform, resource, sys
from kscale.clusterwide import simulate, size, toggles
from kscale.clusterwide.simulate import Asked
from kscale.scenario import build, load
found = size.of(build.build(load.load(sys.argv[1]).scenario))
simulate.simulate(found, Asked(toggles.parse(sys.argv[2], {}), found.seed, int(sys.argv[3])))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if platform.system() == "Darwin" else 1024)
print(json.dumps(peak))
"""


def figures() -> Iterator[Figure]:
    """Yield one run of ten virtual minutes, its memory, a bare heap, and exponents over nodes."""
    found = size.of(build.build(load.load(SCENARIO).scenario))
    for name, chosen in SETS.items():
        yield from _run(found, chosen, name)
    yield Figure(f"a bare heap of {TIMERS:,} timers", _bare_heap() / 1e6, "M/s")
    for name, chosen in SETS.items():
        yield Figure(f"simulate {SCENARIO}, 10 min, {name}: memory", _peak(chosen) / MIB, "MiB", most=2048)
    for name, chosen in SETS.items():
        yield from _growth(found, chosen, name)


def searches() -> Iterator[Figure]:
    """Yield the seconds of `kscale limit`, warm."""
    _command("simulate", "--duration", "1s")
    yield Figure(f"kscale limit {SCENARIO}, warm", _command("limit"), "s", most=60)


def ablations() -> Iterator[Figure]:
    """Yield the seconds of `kscale ablate` over its toggles, warm."""
    yield Figure(f"kscale ablate {SCENARIO}, warm", _command("ablate"), "s", most=300)


def _run(found: Size, chosen: Toggles, name: str) -> Iterator[Figure]:
    """Yield the seconds of a warm run, how much faster than real it is, and its events a second."""
    _timed(found, chosen, NS_PER_S)
    seconds, done = min((_timed(found, chosen, RUN_NS) for _ in range(3)), key=lambda one: one[0])
    what = f"simulate {SCENARIO}, 10 min, {name}"
    yield Figure(f"{what}: wall", seconds, "s", most=3)
    yield Figure(f"{what}: times real", done.ended_ns / NS_PER_S / seconds, "x", least=200)
    yield Figure(f"{what}: events", done.events / 1e6, "M")
    yield Figure(f"{what}: events a second", done.events / 1e6 / seconds, "M/s", least=5)


def _growth(found: Size, chosen: Toggles, name: str) -> Iterator[Figure]:
    """Yield the exponents of wall time and of events over nodes, pods in proportion; one minute each."""
    runs = [_timed(size.on(found, "nodes", nodes), chosen, GROWTH_NS) for nodes in NODES]
    for what, costs in (
        ("wall", [seconds for seconds, _ in runs]),
        ("wall for an event", [seconds / max(1, done.events) for seconds, done in runs]),
    ):
        growth = fit.growth(NODES, costs)
        if growth is not None:
            yield Figure(f"nodes 1k to 100k, 1 min, {name}: exponent of {what}", growth.exponent)


def _timed(found: Size, chosen: Toggles, duration_ns: int) -> tuple[float, Simulated]:
    """Return the seconds of a run and what it came to; the garbage of others is collected before."""
    gc.collect()
    began = time.perf_counter()
    done = simulate.simulate(replace(found), Asked(chosen, found.seed, duration_ns))
    return time.perf_counter() - began, done


def _peak(chosen: Toggles) -> int:
    """Return the most memory that a process held which builds the cluster and simulates it, in bytes."""
    done = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", _CHILD, SCENARIO, toggles.shown(chosen), str(RUN_NS)],
        check=True,
        stdout=subprocess.PIPE,
    )
    return int(json.loads(done.stdout))


def _command(*args: str) -> float:
    """Return how long a command on the scenario takes, results in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run(  # noqa: S603 - ourselves
            [sys.executable, "-m", "kscale", args[0], SCENARIO, *args[1:]],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"KSCALE_RESULTS": folder},
        )
        return time.perf_counter() - began


def _bare_heap() -> float:
    """Return the events a second of timers that are put in again as they fire, and do nothing."""
    events, fill = heap.new(TIMERS)
    _beat(events, fill, TIMERS)
    events, fill = heap.new(TIMERS)
    began = time.perf_counter()
    _beat(events, fill, BEATS)
    return BEATS / (time.perf_counter() - began)


@kernel
def _beat(events: np.ndarray, fill: np.ndarray, beats: int) -> None:
    """Let timers of 10 s fire so many times, each at a phase of its own and a little late."""
    period = 10_000_000_000
    for timer in range(len(events)):
        heap.push(events, fill, timer * 7_919_017 % period, timer)
    for _ in range(beats):
        now = events[0, heap.TIME]
        timer = heap.pop(events, fill)
        heap.push(events, fill, now + period + (now ^ timer) % 400_000_000, timer)
