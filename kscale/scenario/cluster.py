"""The cluster as arrays: what every mechanism's prepare starts from.

Structure of arrays, one dtype a column. n nodes, p pods, k pod classes, e
extended resources, m objects. Everything is derived from (scenario, seed) by
integer arithmetic, so it is the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.scenario.costs import CostModel
from kscale.scenario.profiles import Profile
from kscale.scenario.recorded import RecordedSpace

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Taint:
    """A node's taint."""

    key: str
    value: str
    effect: str  # NoSchedule | NoExecute | PreferNoSchedule


@dataclass(frozen=True, slots=True)
class Toleration:
    """A pod's toleration, with Kubernetes' rules: an empty key with Exists tolerates all."""

    key: str = ""
    operator: str = "Equal"  # Equal | Exists
    value: str = ""
    effect: str = ""  # empty matches every effect


@dataclass(frozen=True, slots=True)
class Preference:
    """One preferred node-affinity term: label *key* has one of *values*."""

    weight: int  # 1..100
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a pod class asks of nodes beside resources."""

    tolerations: tuple[Toleration, ...] = ()
    selector: tuple[tuple[str, tuple[str, ...]], ...] = ()  # label key -> allowed values; all must match
    preferred: tuple[Preference, ...] = ()


@dataclass(frozen=True, slots=True)
class NodeGroup:
    """Nodes that filters by label and taint cannot tell apart."""

    labels: Mapping[str, str]
    taints: tuple[Taint, ...] = ()
    unschedulable: bool = False


@dataclass(frozen=True, slots=True)
class Nodes:
    """Allocatable resources and place of each node, in creation order."""

    cpu_milli: Ints  # [n] millicores
    memory_bytes: Ints  # [n]
    ephemeral_bytes: Ints  # [n] ephemeral storage
    pods: Ints  # [n] most pods allowed
    extended: Ints  # [n, e] extended resources, in the units of Cluster.extended_names
    zone: NDArray[np.int32]  # [n] zone index
    group: NDArray[np.int32]  # [n] index into groups
    groups: tuple[NodeGroup, ...]

    @property
    def count(self) -> int:
        """Return the number of nodes."""
        return len(self.cpu_milli)


@dataclass(frozen=True, slots=True)
class PodClasses:
    """Equivalence classes: pods of one class are the same to the scheduler."""

    cpu_milli: Ints  # [k] plain request
    memory_bytes: Ints  # [k] plain request
    cpu_nonzero: Ints  # [k] request with the scheduler's default for containers that state none
    memory_nonzero: Ints  # [k] as above
    ephemeral_bytes: Ints  # [k]
    extended: Ints  # [k, e]
    constraints: tuple[Constraints, ...]  # k of them

    @property
    def count(self) -> int:
        """Return the number of classes."""
        return len(self.cpu_milli)


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods in order of arrival."""

    klass: NDArray[np.int32]  # [p] index into classes
    app: NDArray[np.int32]  # [p] application (ReplicaSet) of the pod
    namespace: NDArray[np.int32]  # [p]
    namespaces: int  # number of namespaces
    classes: PodClasses

    @property
    def count(self) -> int:
        """Return the number of pods."""
        return len(self.klass)


@dataclass(frozen=True, slots=True)
class Objects:
    """Stored objects of every type, grouped by type."""

    types: tuple[str, ...]
    type_of: NDArray[np.uint8]  # [m] index into types
    size: NDArray[np.int32]  # [m] bytes as stored in etcd

    def sizes_of(self, kind: str) -> NDArray[np.int32]:
        """Return the bytes of the stored objects of a type, in their order; none if there is no such type."""
        if kind not in self.types:
            return np.empty(0, dtype=np.int32)
        sizes: NDArray[np.int32] = self.size[self.type_of == self.types.index(kind)]
        return sizes


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong in a simulation, once."""

    kind: str  # apiserver-restart | etcd-member-loss | partition | controller-crash | kubelet-restart
    at_ns: int
    lasts_ns: int  # a server is down, a member missing, a zone cut off; 0 where it does not last
    count: int = 1  # servers, one after the other
    share_ppm: int = 1_000_000  # of the nodes, for kubelet-restart
    zone: int = 0  # for partition


@dataclass(frozen=True, slots=True)
class Workload:
    """What is asked for in a simulation beside load.pod_changes."""

    kind: str  # rolling-update | burst
    at_ns: int
    pods: int
    rate_milli: int = 0  # burst: pods created in 1,000 s; 0: as fast as the controllers' QPS lets them
    surge: int = 1  # rolling-update: pods that may be missing or too many at a time


@dataclass(frozen=True, slots=True)
class Simulation:
    """What happens in a simulation of the whole control plane; rates in 1,000 s."""

    duration_ns: int = 600_000_000_000
    workloads: tuple[Workload, ...] = ()
    faults: tuple[Fault, ...] = ()
    events_per_change_milli: int = 2000  # Events written for each change of a pod, in thousandths
    others_per_change_milli: int = 1000  # writes of other types for each change of a pod, in thousandths
    gets_milli: int = 0  # reads of one object
    list_node_milli: int = 0  # lists of a node's pods, as kubectl describe node
    list_namespace_milli: int = 0  # of a namespace's pods
    list_all_milli: int = 0  # of all pods
    recorded_reads: tuple[str, ...] = ()  # which of these four are worked out of recorded requests


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Servers and their settings."""

    apiservers: int
    controllers: int  # clients that watch every object of a type
    etcd_members: int
    etcd_fsync_ns: int
    etcd_quota_bytes: int
    optimizations: Mapping[str, bool] = field(default_factory=dict)  # mechanism id -> on today; what is known
    apiserver_cores: int = 32  # of each
    etcd_cores: int = 16  # of each member
    scheduler_qps: int = 1000  # requests/s of its client, and as many at once; 0: no limit
    controller_qps: int = 1000  # likewise


@dataclass(frozen=True, slots=True)
class Load:
    """What happens each second."""

    pod_changes_per_s: float
    heartbeat_period_ns: int
    heartbeat_bytes: int
    requests: Mapping[str, float] = field(default_factory=dict)  # recorded: verb/resource -> per second
    watches: Mapping[str, int] = field(default_factory=dict)  # recorded: resource -> open watches


@dataclass(frozen=True, slots=True)
class Cluster:
    """Everything a mechanism may know."""

    name: str
    seed: int
    profile: Profile
    costs: CostModel
    extended_names: tuple[str, ...]
    nodes: Nodes
    pods: Pods
    objects: Objects
    control_plane: ControlPlane
    load: Load
    simulation: Simulation = Simulation()
    space: RecordedSpace | None = None  # pages of an etcd database file, if one was recorded
