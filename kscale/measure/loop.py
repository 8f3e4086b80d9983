"""One variant of one cell over and over, for a profiler that looks from outside."""

import time
from collections.abc import Callable

from kscale.errors import KscaleError, did_you_mean
from kscale.measure.plan import PlannedCell
from kscale.mechanisms.base import OPTIMIZED
from kscale.scenario.cluster import Cluster


def loop(
    cell: PlannedCell, variant: str | None, cluster: Cluster, seconds: float, ready: Callable[[str], None]
) -> tuple[int, float]:
    """Run *variant* (optimized if None) for about *seconds*; return how many runs, and the seconds they took.

    The kernel is compiled, and *ready(name)* is called, before the first run that counts. KscaleError
    if the mechanism has no such variant.
    """
    name = variant or OPTIMIZED
    if name not in cell.mechanism.variants:
        known = did_you_mean(name, cell.mechanism.variants)
        raise KscaleError(f"--profile: {cell.mechanism.id} has no variant '{name}'; {known}")
    one = cell.mechanism.variants[name]
    workload = cell.mechanism.prepare(cluster, cell.params)
    one.run(one.build(workload))
    ready(name)
    began, runs = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        one.run(one.build(workload))
        runs += 1
    return runs, time.perf_counter() - began
