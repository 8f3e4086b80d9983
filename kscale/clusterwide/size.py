"""What a cluster is to the simulation: few numbers that can grow, and patterns of nodes and pods.

The pods and nodes of a larger cluster repeat those of the scenario: node i is like node i mod n.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError, did_you_mean
from kscale.scenario.cluster import Cluster, ControlPlane, Load, Nodes, PodClasses, Simulation
from kscale.scenario.profiles import Profile

AXES = ("nodes", "pods", "objects", "pod-changes")
# nodes: with pods, objects and pod changes in proportion; the others alone, but pods with their objects


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
    raise NotImplementedError


def on(size: Size, axis: str, value: float) -> Size:
    """Return *size* with so much on one of AXES; KscaleError names the nearest axis if there is none."""
    if axis not in AXES:
        raise KscaleError(f"no axis '{axis}'; {did_you_mean(axis, AXES)}")
    raise NotImplementedError


def value_of(size: Size, axis: str) -> float:
    """Return how much there is on one of AXES."""
    raise NotImplementedError


def with_costs(size: Size, costs: Mapping[str, int]) -> Size:
    """Return *size* with other values of some coefficients."""
    return replace(size, costs={**size.costs, **costs})
