"""What a cluster is to the simulation: few numbers that can grow, and patterns of nodes and pods.

The pods and nodes of a larger cluster repeat those of the scenario: node i is like node i mod n.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import KscaleError, TooLarge, did_you_mean
from kscale.mechanisms import lease_load
from kscale.scenario.cluster import Cluster, ControlPlane, Load, Nodes, PodClasses, Simulation
from kscale.scenario.profiles import Profile
from kscale.scenario.schema_cluster import MOST_NODES, MOST_PODS

AXES = ("nodes", "pods", "objects", "pod-changes")
# nodes: with pods, objects, pod changes, lists and workloads in proportion; the others alone


@dataclass(frozen=True, slots=True)
class Stored:
    """The stored objects of a type."""

    count: int
    mean_bytes: int


@dataclass(frozen=True, slots=True)
class Size:
    """A cluster and its load, sized; picklable, and small beside the arrays of a Cluster."""

    name: str
    seed: int
    profile: Profile
    costs: Mapping[str, int]  # every coefficient by name
    control_plane: ControlPlane
    load: Load
    simulation: Simulation
    nodes: int
    pods: int
    namespaces: int
    stored: Mapping[str, Stored]  # by type
    pattern: Nodes  # node i is like node i mod len
    klass: NDArray[np.int32]  # class of pod i is klass[i mod len]
    classes: PodClasses
    status_bytes: NDArray[np.int64]  # of the status of node i mod len
    lease_bytes: NDArray[np.int64]

    @property
    def objects(self) -> int:
        """Return how many objects are stored."""
        return sum(one.count for one in self.stored.values())


def of(cluster: Cluster) -> Size:
    """Return what a scenario's cluster is to the simulation."""
    objects = cluster.objects
    counts = np.bincount(objects.type_of, minlength=len(objects.types))
    totals = np.bincount(objects.type_of, weights=objects.size, minlength=len(objects.types))
    stored = {
        name: Stored(int(count), int(total) // int(count))
        for name, count, total in zip(objects.types, counts, totals, strict=True)
        if count
    }
    n = cluster.nodes.count
    leases = objects.sizes_of("leases").astype(np.int64)
    lease = int(leases.mean()) if len(leases) else cluster.costs["lease_bytes"]
    nodes = objects.sizes_of("nodes").astype(np.int64)
    return Size(
        name=cluster.name,
        seed=cluster.seed,
        profile=cluster.profile,
        costs=dict(cluster.costs.items()),
        control_plane=cluster.control_plane,
        load=cluster.load,
        simulation=cluster.simulation,
        nodes=n,
        pods=cluster.pods.count,
        namespaces=cluster.pods.namespaces,
        stored=stored,
        pattern=cluster.nodes,
        klass=cluster.pods.klass,
        classes=cluster.pods.classes,
        status_bytes=lease_load.spread(nodes, cluster.load.heartbeat_bytes, n),
        lease_bytes=leases if len(leases) == n else np.full(n, lease),
    )


def on(size: Size, axis: str, value: float) -> Size:
    """Return *size* with so much on one of AXES; KscaleError names the nearest axis if there is none."""
    if axis not in AXES:
        raise KscaleError(f"no axis '{axis}'; {did_you_mean(axis, AXES)}")
    if value <= 0:
        raise KscaleError(f"{axis}: must be more than 0, got {value:g}")
    factor = value / value_of(size, axis)
    for name, count, most in (("nodes", size.nodes, MOST_NODES), ("pods", size.pods, MOST_PODS)):
        if axis in {name, "nodes"} and count * factor > most:
            raise TooLarge(f"{axis}: {units.show_count(round(count * factor))} {name} are more than {most:,}")
    grow = {"nodes": axis == "nodes", "pods": axis in {"nodes", "pods"}}
    pods_stored = {"pods"} if grow["pods"] else set()
    nodes_stored = {"nodes", "leases"} if grow["nodes"] else set()
    everything = axis in {"nodes", "objects"}
    stored = {
        name: replace(one, count=_times(one.count, factor))
        if name in pods_stored | nodes_stored or (everything and name not in {"nodes", "leases", "pods"})
        else one
        for name, one in size.stored.items()
    }
    changes = size.load.pod_changes_per_s * (factor if axis in {"nodes", "pod-changes"} else 1)
    return replace(
        size,
        nodes=_times(size.nodes, factor) if grow["nodes"] else size.nodes,
        pods=_times(size.pods, factor) if grow["pods"] else size.pods,
        stored=stored,
        load=replace(size.load, pod_changes_per_s=changes),
        simulation=_asked(size.simulation, factor) if axis == "nodes" else size.simulation,
    )


def value_of(size: Size, axis: str) -> float:
    """Return how much there is on one of AXES; of objects without nodes, leases and pods."""
    if axis == "nodes":
        return size.nodes
    if axis == "pods":
        return size.pods
    if axis == "objects":
        kept = {"nodes", "leases", "pods"}
        return max(1, sum(one.count for name, one in size.stored.items() if name not in kept))
    return size.load.pod_changes_per_s


def _asked(simulation: Simulation, factor: float) -> Simulation:
    """Return a simulation in which users ask for so many times as much, and workloads are as much larger."""
    return replace(
        simulation,
        gets_milli=_times(simulation.gets_milli, factor),
        list_node_milli=_times(simulation.list_node_milli, factor),
        list_namespace_milli=_times(simulation.list_namespace_milli, factor),
        list_all_milli=_times(simulation.list_all_milli, factor),
        workloads=tuple(replace(one, pods=max(1, _times(one.pods, factor))) for one in simulation.workloads),
    )


def _times(count: int, factor: float) -> int:
    """Return *count* times *factor*, rounded, at least 1 of what there is any of."""
    return max(min(count, 1), round(count * factor))


def with_costs(size: Size, costs: Mapping[str, int]) -> Size:
    """Return *size* with other values of some coefficients."""
    return replace(size, costs={**size.costs, **costs})
