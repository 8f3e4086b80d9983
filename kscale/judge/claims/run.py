"""Set-ups of claims, run: each scenario once, whatever number of claims reads it.

Counted, not timed, unless a claim on it is `timed`; then pairs are taken, for ten seconds in all. Cells
keep the order of their scenario, set-ups that of the claims.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from kscale.errors import KscaleError
from kscale.judge.claims.record import Claim, Inputs, Ran, Setup
from kscale.measure import plan, runner, stats, subject
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Allowance, Settings
from kscale.mechanisms.base import BASELINE, Mechanism
from kscale.results.record import VariantRecord
from kscale.scenario import build, shipped
from kscale.scenario import load as scenarios
from kscale.scenario.cluster import Cluster
from kscale.scenario.load import Loaded

PAIRS = 50  # of a timed cell, at most
TIMED_S = 10.0  # of all timed cells together, beyond the fewest pairs


class Observer(Protocol):
    """Is told how far it is, and shows it or not."""

    def start(self, setups: Sequence["Planned"]) -> None:
        """Hear of everything that will be run."""

    def cell_start(self, setup: "Planned", cell: PlannedCell) -> None:
        """Hear that a cell begins."""

    def cell_done(self, setup: "Planned", cell: PlannedCell) -> None:
        """Hear that it is done."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Hear of a timed pair."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A set-up to be run."""

    name: str
    loaded: Loaded
    cells: tuple[PlannedCell, ...]
    timed: bool


def planned(claims: Iterable[Claim], mechanisms: Sequence[Mechanism]) -> list[Planned]:
    """Return the set-ups of *claims*, each once, in their order, all checked before any work starts.

    KscaleError if a file is missing or wrong.
    """
    names: dict[str, bool] = {}
    for claim in claims:
        if claim.setup is not None:
            names[claim.setup] = names.get(claim.setup, False) or claim.timed
    return [_planned(name, mechanisms, timed=timed) for name, timed in names.items()]


def run(setups: Sequence[Planned], observer: Observer) -> Iterator[Setup]:
    """Yield each set-up as it is finished.

    Raises WrongAnswer if variants disagree, Interrupted at a signal; what was yielded stays good.
    """
    observer.start(setups)
    timed = sum(_is_timed(setup, cell) for setup in setups for cell in setup.cells)
    for setup in setups:
        yield _run(setup, observer, TIMED_S / max(1, timed))


def _planned(name: str, mechanisms: Sequence[Mechanism], *, timed: bool) -> Planned:
    """Return one set-up, loaded; without a list of mechanisms it would run all of them, so it needs one."""
    loaded = scenarios.load(f"{shipped.CLAIMS}/{name}")
    if not loaded.scenario.mechanisms:
        raise KscaleError(f"{loaded.where}: a set-up names the mechanisms it runs")
    return Planned(name, loaded, tuple(plan.plan(loaded, mechanisms)), timed)


def _is_timed(setup: Planned, cell: PlannedCell) -> bool:
    """Say whether a cell is timed: a simulation has a clock of its own."""
    return setup.timed and not cell.mechanism.simulated


def _run(setup: Planned, observer: Observer, allowed_s: float) -> Setup:
    """Run the cells of one set-up; a timed one may take so long."""
    cluster = build.build(setup.loaded.scenario, setup.loaded.recorded)
    cells = []
    for cell in setup.cells:
        observer.cell_start(setup, cell)
        timed = _is_timed(setup, cell)
        cells.append(_timed(cell, cluster, observer, allowed_s) if timed else _counted(cell, cluster))
        observer.cell_done(setup, cell)
    scenario = setup.loaded.scenario
    return Setup(setup.name, tuple(cells), scenario.profile, _inputs(cluster), scenario.costs)


def _inputs(cluster: Cluster) -> Inputs:
    """Return what a cluster is, without its arrays."""
    plane, load = cluster.control_plane, cluster.load
    return Inputs(
        nodes=cluster.nodes.count,
        pods=cluster.pods.count,
        objects=len(cluster.objects.size),
        apiservers=plane.apiservers,
        controllers=plane.controllers,
        etcd_members=plane.etcd_members,
        fsync_ns=plane.etcd_fsync_ns,
        pod_changes_per_s=load.pod_changes_per_s,
        heartbeat_period_ns=load.heartbeat_period_ns,
        heartbeat_bytes=load.heartbeat_bytes,
        seed=cluster.seed,
    )


def _counted(cell: PlannedCell, cluster: Cluster) -> Ran:
    """Run each variant once and see that they agree."""
    with subject.heap_set_aside():
        subjects = runner.subjects_of(cell, cluster, clock=_no_clock)
        works = runner.agreed_works(cell, subjects)
    return Ran(cell.mechanism.id, cell.values, works, {})


def _timed(cell: PlannedCell, cluster: Cluster, observer: Observer, allowed_s: float) -> Ran:
    """Measure a cell as `kscale run` does."""
    settings, allowance = Settings(max_pairs=PAIRS), Allowance(allowed_s, allowed_s)
    found = runner.measure_cell(cell, cluster, settings, observer, allowance)
    return Ran(
        cell.mechanism.id,
        cell.values,
        {name: variant.work for name, variant in found.variants.items()},
        {name: _median_ns(variant) for name, variant in found.variants.items()},
        _ratios(found.variants),
    )


def _median_ns(variant: VariantRecord) -> float:
    """Return the median time of a run."""
    samples = variant.wall_ns
    return median(samples.values) / samples.loops if samples else 0.0


def _ratios(variants: Mapping[str, VariantRecord]) -> dict[str, stats.Ratio]:
    """Return the time of each further variant over the baseline's, of pairs."""
    base = variants[BASELINE].wall_ns
    return {
        name: stats.paired_ratio(base, variant.wall_ns)
        for name, variant in variants.items()
        if name != BASELINE and base and variant.wall_ns
    }


def _no_clock() -> int:
    """Return no time: what is only counted is not timed."""
    return 0
