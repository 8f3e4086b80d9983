"""About how long a run will take and how much memory it will need, without running it.

What a cell took here before is the best guess; else its mechanism's cost model and the rules of
timing give one. Either way a plan, not a result: every estimate says which of the two it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from kscale.errors import KscaleError
from kscale.measure import memory, stats, timing
from kscale.measure.plan import PlannedCell
from kscale.measure.subject import SAMPLE_NS
from kscale.measure.timing import Settings
from kscale.results.record import Cell
from kscale.results.store import Store
from kscale.scenario.cluster import Cluster
from kscale.scenario.load import Loaded

RECENT = 8  # results looked at for earlier times
TWICE = 2  # runs of a variant whose work is only counted
OTHERS = 0.5  # time of another variant, as a share of the baseline's: some take a twentieth, some all of it


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one cell may take."""

    cell: PlannedCell
    seconds: float
    bytes: int  # beside the cluster, see process_bytes
    provenance: Literal["measured", "modelled"]  # an earlier run here, or the cost model


def estimates(
    cells: Sequence[PlannedCell], cluster: Cluster, settings: Settings, earlier: Mapping[str, Cell]
) -> list[Estimate]:
    """Return an estimate of each cell; *earlier* are cells measured on this machine, by key."""
    timed = sum(is_timed(cell, settings) for cell in cells)
    share_s = min(settings.budget_s / max(1, timed), settings.cell_cap_s)
    return [_estimate(cell, cluster, settings, earlier.get(cell.key), share_s) for cell in cells]


def is_timed(cell: PlannedCell, settings: Settings) -> bool:
    """Say whether a cell will be timed, not only counted."""
    return settings.timing and not cell.mechanism.simulated


def earlier_cells(
    store: Store, loaded: Loaded, fingerprint: str, timed: Mapping[str, bool]
) -> dict[str, Cell]:
    """Return the latest cells of that scenario measured on that machine, by key.

    *timed* says of each key whether it is to be timed or only counted: it was, then, too.
    """
    found: dict[str, Cell] = {}
    for back in range(RECENT):
        try:
            result = store.load(f"latest~{back}")
        except KscaleError:  # no more of them, or one that cannot be read: a plan can do without
            continue
        same = result.scenario.sha256 == loaded.sha256 and result.machine.fingerprint == fingerprint
        if not same or result.run.quick or result.run.together:
            continue
        for cell in result.cells:
            was_timed = any(one.wall_ns is not None for one in cell.variants.values())
            if timed.get(cell.key) == was_timed:
                found.setdefault(cell.key, cell)
    return found


def process_bytes(cluster_bytes: int, found: Sequence[Estimate]) -> int:
    """Return about the most memory the whole process will hold."""
    return memory.PROCESS_BYTES + cluster_bytes + max((one.bytes for one in found), default=0)


def _estimate(
    cell: PlannedCell, cluster: Cluster, settings: Settings, before: Cell | None, share_s: float
) -> Estimate:
    """Return the estimate of one cell."""
    needed = cell.mechanism.memory(cluster, cell.params)
    if before is not None and set(cell.variants) == set(before.variants):
        return Estimate(cell, before.seconds, needed, "measured")
    run_s = cell.mechanism.cost_ns(cluster, cell.params) / 1e9
    seconds = _modelled_s(run_s, len(cell.variants), share_s, timed=is_timed(cell, settings))
    return Estimate(cell, seconds, needed, "modelled")


def _modelled_s(run_s: float, variants: int, share_s: float, *, timed: bool) -> float:
    """Return the seconds of a cell whose baseline takes *run_s* a run, by the rules of timing.py."""
    couples = variants - 1
    all_s = run_s * (1 + OTHERS * couples)
    if not timed:
        return TWICE * all_s
    sample_s = SAMPLE_NS / 1e9
    pair_s = max(run_s, sample_s) + max(OTHERS * run_s, sample_s)
    warm = 0 if run_s > timing.DEAR * share_s else timing.WARM_CALLS[0]
    least = 1 if pair_s > share_s else stats.FEWEST
    first_s = all_s * (1 + warm)
    return max(first_s + couples * pair_s * least, min(share_s, first_s + couples * pair_s * timing.LOOKS[0]))
