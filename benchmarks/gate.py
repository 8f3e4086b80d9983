"""How often the gate turns red, on times made by a seed: equal code, a slowdown of 10 %, one more id.

The noise is that of a shared runner: 2 % jitter, a slow drift, one step, and 8 % of the samples
spiked. Base and head are measured in turns (ABBA); each gate is a whole comparison of two results by
the built-in policy. First 20 pairs in one process, without a second measurement; then as `kscale run
--against` and `kscale gate --against` do it: a few pairs in each of ten processes, which differ by where
their memory landed, and a slower time measured once more.
"""

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.figure import Figure
from kscale.cli.progress import Quiet
from kscale.errors import ExitCode
from kscale.judge import compare, gate
from kscale.judge.compare import Comparison
from kscale.judge.confirming import Remeasure
from kscale.judge.policy import Policy, PolicySpec
from kscale.measure import campaign, plan
from kscale.measure.timing import Settings
from kscale.measure.turns import PAIRS as PAIRS_IN_TURNS
from kscale.measure.turns import ROUNDS
from kscale.mechanisms.registry import MECHANISMS
from kscale.results import check, store
from kscale.results.record import (
    Cell,
    Machine,
    MachineLoad,
    MechanismInfo,
    MetricInfo,
    Result,
    Run,
    Samples,
    ScenarioRef,
    VariantRecord,
)
from kscale.scenario import load

GATES, PAIRS, SLOWDOWN, REAL_RUNS = 1000, 20, 1.10, 200
IN_TURNS = ROUNDS * PAIRS_IN_TURNS[1]
PROCESS_SPREADS = (0.01, 0.02)
BUILT_IN = Policy(PolicySpec())
TODAY = date(2026, 11, 21)  # no ack is in play
SAMPLE_NS = 20_000_000
JITTER, DRIFT, STEP, SPIKED, SPIKE = 0.02, 0.05, 0.08, 0.08, 0.5  # shares of a sample's time, or of samples


def figures() -> Iterator[Figure]:
    """Yield the share of red gates in each case."""
    what = f"gate, {PAIRS} pairs, {GATES:,} simulated"
    equal = red(GATES, 1.0, seed=1)
    yield Figure(f"{what}: equal code is red", 100 * equal, "%", most=0)
    yield Figure(f"{what}: 10 % slower is red", 100 * red(GATES, SLOWDOWN, seed=2), "%", least=95)
    yield Figure(f"{what}: one more id is red", 100 * red(100, 1.0, seed=3, more=1), "%", least=100)
    yield from in_turns()
    yield from real_runs()


def in_turns() -> Iterator[Figure]:
    """Yield the share of red gates where processes of one and the same code differ."""
    for spread in PROCESS_SPREADS:
        what = f"gate in turns, processes differ by {spread:.0%}"
        equal = red(GATES, 1.0, seed=4, process_spread=spread)
        yield Figure(f"{what}: equal code is red", 100 * equal, "%", most=0)
        slower = red(GATES, SLOWDOWN, seed=5, process_spread=spread)
        yield Figure(f"{what}: 10 % slower is red, confirmed", 100 * slower, "%")


def real_runs(runs: int = REAL_RUNS) -> Iterator[Figure]:
    """Yield how many of so many real runs of smoke, counted only, a gate against the first calls changed."""
    loaded = load.load("smoke")
    cells = plan.plan(loaded, MECHANISMS)
    settings, request = Settings(timing=False), campaign.Request(argv=[])
    red_runs = 0
    with tempfile.TemporaryDirectory() as folder:
        place = store.Store(Path(folder))
        first = campaign.run(loaded, cells, settings, Quiet(), place, request)
        for _ in range(runs):
            again = campaign.run(loaded, cells, settings, Quiet(), place, request)
            found = compare.of_results(first, again)
            judged = gate.judge(found, BUILT_IN, results=(first, again), today=TODAY)
            red_runs += judged.exit_code is not ExitCode.OK
    yield Figure(f"gate, {runs} real runs of smoke, counted: red", red_runs, most=0)


def red(
    gates: int,
    ratio: float,
    *,
    seed: int,
    more: int = 0,
    pairs: int = PAIRS,
    process_spread: float | None = None,
) -> float:
    """Return the share of gates that fail when head takes *ratio* times as long and scans *more* ids.

    With *process_spread* pairs are taken in ten processes of each side whose speeds differ by that
    standard deviation, and a failed time is measured again.
    """
    stream = np.random.default_rng(seed)
    if process_spread is None:
        codes = [_gate(*_sides(stream, pairs, ratio, more)) for _ in range(gates)]
    else:
        codes = [_confirmed_gate(stream, ratio, process_spread) for _ in range(gates)]
    return codes.count(ExitCode.GATE_FAILED) / gates


def _gate(base: Result, head: Result, remeasure: Remeasure | None = None) -> ExitCode:
    """Return how one gate ends."""
    found = compare.of_results(base, head)
    sides = (base, head)
    return gate.judge(found, BUILT_IN, results=sides, today=TODAY, remeasure=remeasure).exit_code


def _confirmed_gate(stream: np.random.Generator, ratio: float, spread: float) -> ExitCode:
    """Return how a gate of two sides in turns ends that measures a slower time again."""

    def again(_keys: tuple[str, ...]) -> Comparison:
        return compare.of_results(*_sides(stream, IN_TURNS, ratio, 0, spread))

    return _gate(*_sides(stream, IN_TURNS, ratio, 0, spread), again)


def _sides(
    stream: np.random.Generator, pairs: int, ratio: float, more: int, spread: float | None = None
) -> tuple[Result, Result]:
    """Return base and head, measured in turns."""
    places = np.arange(2 * pairs)
    of_head = (places % 2 == 0) != (places // 2 % 2 == 0)  # base first in even pairs, head first in odd ones
    times = SAMPLE_NS * np.where(of_head, ratio, 1.0) * noise(stream, 2 * pairs)
    process = None
    if spread is not None:
        process = places // 2 // (pairs // ROUNDS)
        times *= np.exp(spread * stream.standard_normal((2, ROUNDS)))[of_head.astype(int), process]
    base, head = (
        _result(places[mine], times[mine], 7 + mine_more, None if process is None else process[mine])
        for mine, mine_more in ((~of_head, 0), (of_head, more))
    )
    return base, head


def noise(stream: np.random.Generator, runs: int) -> NDArray[np.float64]:
    """Return by what the machine multiplies each of *runs* times in a row."""
    drift = DRIFT * stream.uniform(-1, 1) * np.linspace(0, 1, runs)
    step = STEP * stream.uniform(-1, 1) * (np.arange(runs) >= stream.integers(runs))
    spikes = SPIKE * stream.random(runs) * (stream.random(runs) < SPIKED)
    made: NDArray[np.float64] = (
        np.exp(JITTER * stream.standard_normal(runs)) * (1 + drift) * (1 + step) * (1 + spikes)
    )
    return made


def _result(
    places: NDArray[np.int64],
    times: NDArray[np.float64],
    ids: int,
    process: NDArray[np.int64] | None = None,
) -> Result:
    """Return one side: a cell with the times of one variant and one counter."""
    samples = Samples(
        order=places.tolist(),
        values=times.astype(np.int64).tolist(),
        loops=1,
        process=None if process is None else process.tolist(),
    )
    work = {"ids_scanned": ids}
    cell = Cell(
        mechanism="made",
        params={},
        label="defaults",
        digest=check.digest({"optimized": work}),
        seconds=1,
        variants={"optimized": VariantRecord(work=work, wall_ns=samples)},
    )
    return FRAME.model_copy(update={"cells": [cell]})


_IDS = MetricInfo(kind="exact", unit="ids", better="lower", provenance="measured")
FRAME = Result(
    schema="kscale.result/1",
    run=Run(
        id="simulated",
        started="2026-11-21T00:00:00Z",
        seconds=1,
        status="complete",
        argv=[],
        kscale="0",
        seed=0,
        peak_rss_bytes=0,
        together="simulated",
    ),
    scenario=ScenarioRef(name="made", path="made", sha256="0", resolved={"cluster": {}}),
    git=None,
    machine=Machine(
        fingerprint="0",
        cpu_model="made",
        cores_physical=1,
        cores_logical=1,
        memory_bytes=0,
        os="",
        kernel="",
        arch="",
        python="",
        numpy="",
        numba="",
        threads=1,
        governor=None,
        turbo=None,
        container=False,
        cgroup_cpus=None,
        ci=None,
    ),
    load=MachineLoad(before=[], after=[], steal_pct=0, other_cpu_pct=0),
    mechanisms={
        "made": MechanismInfo(
            title="", source="", per="", metrics={"ids_scanned": _IDS}, variants={"optimized": ""}
        )
    },
    cells=[],
)
