"""Will it fit? Asked before the work, so that a laptop does not start to swap."""

from collections.abc import Sequence

from kscale import units
from kscale.errors import NotEnoughMemory
from kscale.measure import machine
from kscale.measure.plan import PlannedCell
from kscale.scenario import build
from kscale.scenario.cluster import Cluster
from kscale.scenario.load import Loaded

PROCESS_BYTES = 350 * 2**20  # Python, numpy, numba and the compiler


def check_cluster(loaded: Loaded, *, force: bool) -> None:
    """Raise NotEnoughMemory if the cluster's arrays will not fit, unless *force*."""
    needed = PROCESS_BYTES + build.memory(loaded.scenario)
    require(needed, f"the cluster of {loaded.scenario.name}", force=force)


def check_cells(cluster: Cluster, cells: Sequence[PlannedCell], *, force: bool) -> None:
    """Raise NotEnoughMemory if a cell's workload will not fit beside the cluster, unless *force*."""
    if not cells:
        return
    needed, worst = max(
        ((cell.mechanism.memory(cluster, cell.params), cell) for cell in cells), key=lambda pair: pair[0]
    )
    require(needed, f"{worst.mechanism.id} at {worst.label}", force=force)


def require(needed: int, what: str, *, force: bool) -> None:
    """Raise NotEnoughMemory with both figures if *needed* bytes are not free, unless *force*."""
    free = machine.free_bytes()
    if needed > free and not force:
        figures = f"needs about {units.show_bytes(needed)}, {units.show_bytes(free)} are free"
        raise NotEnoughMemory(f"{what} {figures}; make it smaller, or --force")
