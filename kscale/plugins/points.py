"""Points at which a variant of any mechanism can be tried in a second: a tiny cell of each, and smoke's."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from kscale.measure import plan
from kscale.measure.plan import PlannedCell
from kscale.mechanisms.base import BASELINE, Mechanism
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

# Parameters small enough for a pass without the JIT, a second at most.
TINY: dict[str, dict[str, Any]] = {
    "etcd-freelist": {"free_pages": 300, "transactions": 3},
    "etcd-offload": {"duration_ns": 500_000_000, "rate": 5.0, "operations": 200, "keys": 20},
    "etcd-sharding": {"duration_ns": 500_000_000, "rate": 5.0},
    "etcd-learner": {"instants": 3},
    "etcd-concurrent-reads": {"duration_ns": 300_000_000, "reads_per_s": 300, "scan_every_ns": 10**8},
    "node-lease": {"duration_ns": 60_000_000_000, "failures": 3},
    "apiserver-balance": {"fault": "loss", "duration_ns": 60_000_000_000, "goaway_ppm": 20_000},
    "watch-fanout": {"events": 200},
    "watch-encode": {"events": 4, "json_share": 0.5, "object_bytes": 500, "init_share": 0.25},
    "watch-bookmark": {"events_per_s": 2.0, "duration_ns": 1800 * 10**9, "ends": "restart"},
    "list-index": {"object_bytes": 400, "page": 50},
    "controller-standby": {"trials": 20, "event": "upgrade", "standbys": 2},
    "sched-equivalence": {"pods": 40},
    "sched-sampling": {"pods": 20},
    "cluster": {"duration_ns": 3_000_000_000},
}
PROFILE = "k8s-1.36"
SEEDS = (7, 8, 9)  # of the tiny cell
SMOKE = "smoke"
SMOKE_SEEDS = (0, 1)


def tiny_cluster(profile: str = PROFILE, seed: int = SEEDS[0]) -> Cluster:
    """Return a cluster of a few nodes."""
    nodes = {"count": 12, "zones": 3, "shapes": [{"cpu": 32, "memory": "128GiB"}]}
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "tiny",
                "profile": profile,
                "seed": seed,
                "cluster": {"nodes": nodes, "pods": {"count": 120, "apps": 6}, "objects": {"total": 700}},
                "control_plane": {"controllers": 3},
            }
        )
    )


def tiny_cell(mechanism: Mechanism, name: str) -> PlannedCell:
    """Return the mechanism's tiny cell, with its baseline and the variant of that *name*."""
    return PlannedCell(mechanism, mechanism.params(**TINY[mechanism.id]), (BASELINE, name), "tiny")


def points(
    mechanism: Mechanism, mechanisms: Sequence[Mechanism], name: str
) -> Iterator[tuple[PlannedCell, Cluster, str]]:
    """Yield cells of baseline and variant *name*, where each is run, and how to call it."""
    for seed in SEEDS:
        yield tiny_cell(mechanism, name), tiny_cluster(seed=seed), f"tiny, seed {seed}"
    for seed in SMOKE_SEEDS:
        loaded = load.load(SMOKE).with_seed(seed)
        cluster = build.build(loaded.scenario, loaded.recorded)
        for cell in plan.plan(loaded, mechanisms, only=(mechanism.id,)):
            yield replace(cell, variants=(BASELINE, name)), cluster, f"{SMOKE}, {cell.label}, seed {seed}"
