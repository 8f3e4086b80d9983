"""Sweeps: a thousand cells, what each costs beside its work, two workers, a hundred shards.

A sweep is run in a process of its own, as a command is, and told when each of its cells is done: journal
included. The overhead of a cell is the time between two of them, with one worker and once it is under way,
less what the same cell takes in a process that does nothing else. What comes before, the start of processes
and the kernels that they load, is told by itself. Of several rounds the best counts.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figure import Figure
from kscale.engine import axes, choose, shard
from kscale.engine import sweep as sweeps
from kscale.engine.base import Engine
from kscale.engine.conduct import conduct
from kscale.engine.sweep import Sweep
from kscale.engine.worker import Runner
from kscale.measure.campaign import Request
from kscale.measure.timing import Settings
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Cell
from kscale.results.store import Store
from kscale.scenario import load

SCENARIO, CELLS = "smoke", 1000
ALONE = "alone"  # in the place of an engine: cells one after the other in one process
ROUNDS = 2
UNDER_WAY = 100  # cells of a small sweep after which the overhead of one is taken
SETTLED = 10  # cells of a larger one after which two workers are compared with one
SHARDS = 100
MS = 1000  # in a second
COUNTED = Settings(budget_s=1.0, cell_cap_s=1.0, timing=False)
SMALL = """\
schema: kscale.scenario/1
cluster: {nodes: {count: 10}, pods: {count: 100}, objects: {total: 1k}}
mechanisms:
  etcd-freelist: {}
"""
OVER = {  # cells of about a millisecond, and of fifty
    "small": ("workload: A", "free_pages", "64..663/600"),
    "larger": ("workload: C, free_pages: 20k", "seed", "1..80/80"),
}

_CHILD = """
import sys
from kscale.measure import machine
machine.use_jit_cache()
from benchmarks import sweeps
sweeps.tell(sys.argv[1], sys.argv[2], int(sys.argv[3]))
"""


class Watch:
    """Notes when each cell was done."""

    def __init__(self) -> None:
        """Begin now."""
        self.began = time.perf_counter()
        self.seconds: list[float] = []

    def waits(self, what: str) -> None:
        """Hear what it waits for."""

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Hear what begins."""

    def cell_done(self, cell: Cell) -> None:
        """Note the time; RuntimeError if it was not run: then it has cost nothing."""
        if cell.status != "ok":
            raise RuntimeError(f"{cell.label}: {cell.status}: {cell.notes}")
        self.seconds.append(time.perf_counter() - self.began)


@dataclass(frozen=True)
class Told:
    """What a process told of its sweep, or of the same cells one after the other without one."""

    seconds: list[float]  # from the start until each cell was done

    @property
    def first(self) -> float:
        """Return the seconds until the first cell."""
        return self.seconds[0]

    def each(self, after: int) -> float:
        """Return the seconds from one cell to the next, those up to the one before *after* left out."""
        return (self.seconds[-1] - self.seconds[after - 1]) / (len(self.seconds) - after)


def figures() -> Iterator[Figure]:
    """Yield a thousand cells, the merge of their shards, the overhead of a cell, and two workers."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _thousand(Path(folder))
    yield from _overhead()
    yield from _speedup()


def _overhead() -> Iterator[Figure]:
    """Yield what a cell costs beside its work, and what comes before the first; the engines take turns."""
    runs: dict[str, list[Told]] = {ALONE: [], choose.LOCAL: [], choose.DASK: []}
    for _ in range(ROUNDS):
        for engine, told in runs.items():
            told.extend(_told(engine, "small"))
    alone, local, dask = (min(one.each(UNDER_WAY) for one in told) for told in runs.values())
    yield Figure("a small cell, in a process that runs nothing else", alone * MS, "ms")
    for engine, each, most in ((choose.LOCAL, local, 5), (choose.DASK, dask, 10)):
        yield Figure(f"{engine}, one worker: overhead of a cell", (each - alone) * MS, "ms", most=most)
        first = min(one.first for one in runs[engine])
        yield Figure(f"{engine}, one worker: until the first cell", first, "s")


def _speedup() -> Iterator[Figure]:
    """Yield how much faster two workers are than one, and two processes without an engine between them."""
    one, two, apart, beside = [], [], [], []
    for _ in range(ROUNDS):
        one += _told(choose.LOCAL, "larger", 1)
        two += _told(choose.LOCAL, "larger", 2)
        apart += _told(ALONE, "larger")
        beside += _told(ALONE, "larger", processes=2)
    single, double, lonely, paired = (
        min(told.each(SETTLED) for told in several) for several in (one, two, apart, beside)
    )
    yield Figure("two processes beside each other over one: this machine", 2 * lonely / paired, "x")
    yield Figure("local: two workers over one, exact cells", single / double, "x", least=1.8)


def _thousand(folder: Path) -> Iterator[Figure]:
    """Yield the seconds of the command for a thousand cells, and of the one that merges its shards."""
    swept = ("sweep", SCENARIO, "--workers", "2", "--quiet", "--save")
    _command(folder, *swept, "two", "--seeds", "2")
    seeds = -(-2 * CELLS // len(Store(folder).load("two").cells))
    whole = _command(folder, *swept, "all", "--seeds", str(seeds))
    result = Store(folder).load("all")
    yield Figure(
        f"kscale sweep {SCENARIO}, {len(result.cells):,} cells, two workers, warm", whole, "s", most=60
    )
    names = _cut(folder)
    merged = min(_command(folder, "merge", *names, "--save", f"merged-{i}", "--quiet") for i in range(ROUNDS))
    if Store(folder).load("merged-0").cells != result.cells:
        raise RuntimeError("merged shards are not the sweep that was cut")
    yield Figure(f"kscale merge of {SHARDS} shards, {len(result.cells):,} cells, warm", merged, "s", most=2)


def _cut(folder: Path) -> list[str]:
    """Save the sweep as the shards it would have been run in; return their names."""
    store = Store(folder)
    result = store.load("all")
    swept = result.run.sweep
    assert swept
    names = [f"shard-{number}" for number in range(1, SHARDS + 1)]
    for number, name in enumerate(names, 1):
        part = swept.model_copy(update={"shard": f"{number}/{SHARDS}"})
        cells = list(shard.part(result.cells, (number, SHARDS)))
        run = result.run.model_copy(update={"id": f"{result.run.id}-{number}", "name": name, "sweep": part})
        store.save(result.model_copy(update={"run": run, "cells": cells}))
    return names


def tell(engine: str, what: str, workers: int) -> None:
    """Print when each cell of a sweep was done, in seconds from the start; *engine* may be ALONE."""
    settings, key, values = OVER[what]
    text = SMALL.replace("{}", f"{{{settings}}}")
    axis = axes.of(f"etcd-freelist.{key}", values, "benchmark")
    swept = sweeps.plan(load.parse(text.encode(), "bench", "bench"), MECHANISMS, [axis], [0], COUNTED)
    watch = Watch()
    if engine == ALONE:
        runner = Runner()
        for task in swept.tasks:
            watch.cell_done(runner.run(swept.places[task.place], task, COUNTED))
    else:
        with tempfile.TemporaryDirectory() as folder:
            conduct(swept, choose.engine(engine, workers), watch, Store(Path(folder)), Request(argv=[]))
    print(json.dumps(watch.seconds))


def _told(engine: str, what: str, workers: int = 1, *, processes: int = 1) -> list[Told]:
    """Return what processes of their own, which run at once, tell of the same sweep."""
    command = [sys.executable, "-c", _CHILD, engine, what, str(workers)]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603 - ourselves
        for _ in range(processes)
    ]
    said = [process.communicate()[0] for process in started]
    if any(process.returncode for process in started):
        raise RuntimeError(f"{engine}: a process of the benchmark failed")
    return [Told(json.loads(one)) for one in said]


def _command(folder: Path, *args: str) -> float:
    """Return how long a command takes, results in a folder of its own."""
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-m", "kscale", *args],
        check=True,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"KSCALE_RESULTS": str(folder)},
    )
    return time.perf_counter() - began
