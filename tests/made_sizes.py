"""Small clusters for simulations."""

from typing import Any

from kscale.clusterwide import size
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.simulate import Asked, simulate
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE, Toggles
from kscale.scenario import build
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

S = 1_000_000_000
QUIET = {"get": "0/s", "list-node": "0/s", "list-namespace": "0/s", "list-all": "0/s"}


def cluster(nodes: int = 60, changes: float = 2, profile: str = "k8s-1.14", **more: Any) -> Cluster:  # noqa: ANN401 - keys of a scenario
    """Return a cluster of some nodes of one shape, with 10 pods each of equal size."""
    given: dict[str, Any] = {
        "name": "made",
        "profile": profile,
        "cluster": {
            "nodes": {"count": nodes, "zones": 3},
            "pods": {"count": 10 * nodes, "apps": 10},
            "objects": {
                "total": 50 * nodes,
                "types": {
                    "pods": {"size": "10KiB", "spread": 0},
                    "nodes": {"size": "15KiB", "spread": 0},
                    "leases": {"size": 300, "spread": 0},
                    "other": {"size": "2KiB"},
                },
            },
        },
        "load": {"pod_changes": f"{changes * 60}/min"},
    }
    return build.build(Scenario.model_validate(given | more))


def sized(nodes: int = 60, changes: float = 2, profile: str = "k8s-1.14", **more: Any) -> Size:  # noqa: ANN401 - keys of a scenario
    """Return what such a cluster is to the simulation."""
    return size.of(cluster(nodes, changes, profile, **more))


def ran(of: Size, toggles: Toggles = NONE, seconds: int = 30, seed: int = 0) -> Simulated:
    """Return a run."""
    return simulate(of, Asked(toggles, seed, duration_ns=seconds * S))
