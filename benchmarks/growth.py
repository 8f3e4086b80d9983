"""How the cost of one pod, one event, one allocation grows: exponents fitted over three sizes."""

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.figure import Figure
from benchmarks.timing import Timed, cluster, timed, written
from kscale.measure import fit

NODES = (10_000, 30_000, 100_000)
PAGES = (10_000, 100_000, 1_000_000)
PODS = 4_000  # scheduled at each size


def figures() -> Iterator[Figure]:
    """Yield the exponent of every variant: 1 is linear, 0 does not grow."""
    yield from _over_nodes("sched-equivalence", {"pods": PODS, "order": "mixed"}, "pods")
    yield from _over_nodes("sched-sampling", {"pods": PODS}, "pods")
    yield from _over_nodes("watch-fanout", {"events": 50_000}, "events")
    small = cluster("smoke")
    runs = [
        timed("etcd-freelist", small, {"free_pages": pages}, ("baseline", "optimized"), rounds=3)
        for pages in PAGES
    ]
    yield from _exponents("etcd-freelist, free pages 10k to 1M", PAGES, runs, "allocations")


def _over_nodes(mechanism_id: str, given: Mapping[str, Any], per: str) -> Iterator[Figure]:
    """Yield a mechanism's exponents over the number of nodes."""
    runs = []
    for nodes in NODES:
        on = written(f"cluster: {{nodes: {{count: {nodes}}}}}")
        runs.append(timed(mechanism_id, on, given, ("baseline", "optimized"), rounds=3))
    yield from _exponents(f"{mechanism_id}, nodes 10k to 100k", NODES, runs, per)


def _exponents(what: str, sizes: tuple[int, ...], runs: list[Timed], per: str) -> Iterator[Figure]:
    """Yield the exponent of each variant's time for one of *per*."""
    for variant in ("baseline", "optimized"):
        found = fit.growth(sizes, [run.per(variant, per) for run in runs])
        if found is not None:
            yield Figure(f"{what}: exponent of {variant}", found.exponent)
