"""A tiny cell of every mechanism, and what it counts under every profile; run as a script, as JSON."""

import json
import sys
from typing import Any

from kscale.mechanisms.base import Mechanism, Work
from kscale.mechanisms.registry import MECHANISMS, find
from kscale.scenario import build, profiles
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
IDS = [mechanism.id for mechanism in MECHANISMS]


def cluster(profile: str) -> Cluster:
    """Return a cluster of a few nodes."""
    nodes = {"count": 12, "zones": 3, "shapes": [{"cpu": 32, "memory": "128GiB"}]}
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "tiny",
                "profile": profile,
                "seed": 7,
                "cluster": {"nodes": nodes, "pods": {"count": 120, "apps": 6}, "objects": {"total": 700}},
                "control_plane": {"controllers": 3},
            }
        )
    )


def works(mechanism: Mechanism, on: Cluster) -> dict[str, Work]:
    """Return the work of every variant, after they were seen to agree."""
    load = mechanism.prepare(on, mechanism.params(**TINY[mechanism.id]))
    outcomes = {name: one.run(one.build(load)) for name, one in mechanism.variants.items()}
    mechanism.agree(load, outcomes)
    return {name: {key: int(count) for key, count in one.work.items()} for name, one in outcomes.items()}


def all_works() -> dict[str, dict[str, dict[str, Work]]]:
    """Return the work of every tiny cell by mechanism and profile."""
    return {
        name: {profile: works(find(name), cluster(profile)) for profile in sorted(profiles.PROFILES)}
        for name in IDS
    }


if __name__ == "__main__":
    json.dump(all_works(), sys.stdout)
