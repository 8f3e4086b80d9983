"""The pods that are listed: encoded as etcd holds them, decoded as the watch cache does, and who asks.

The buffer holds a ring of encoded pods, not all of them, and lists go round it: see kernels/list_pods.py.
In the next round the pods of the ring are on other nodes and of other applications, shifted by a
step. Everything is drawn from the scenario's seed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import list_pods, protobuf_write
from kscale.mechanisms import list_settings, list_stored
from kscale.mechanisms.base import Settings
from kscale.mechanisms.list_stored import ABSENT, APP, WIDTH, Ints, Longs, Text
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.profiles import Profile
from kscale.scenario.quantities import Bytes, Rate

RING_BYTES = 32 * 2**20  # of encoded pods: more than the caches of a core hold
REPLY_BYTES = 2**20  # of a response, before it is sent off; one object always has room
DEFAULT_BYTES = 10 * 2**10  # of a pod, in a cluster without stored pods
COSTS = (
    "apiserver_request_cpu_ns",
    "etcd_quorum_read_cpu_ns",
    "list_apiserver_cpu_ns_per_object",
    "list_apiserver_cpu_ps_per_byte",
    "list_cache_lag_ns",
    "list_cache_ppm",
    "list_encode_json_ps_per_byte",
    "list_encode_protobuf_ps_per_byte",
    "list_etcd_cpu_ns_per_object",
    "list_etcd_cpu_ps_per_byte",
    "list_filter_cpu_ns",
    "list_filter_wall_ns",
    "list_memory_ppm",
    "list_request_wall_ns",
    "list_round_trip_ns",
    "list_walk_ns_per_key",
    "list_wall_ns_per_object",
    "list_wall_ps_per_byte",
)

MEASURED = (
    "list_etcd_cpu_ns_per_object",
    "list_etcd_cpu_ps_per_byte",
    "list_walk_ns_per_key",
)  # on a real etcd


@dataclass(frozen=True, slots=True)
class Params:
    """What is listed, and how often."""

    by: Annotated[
        Literal["node", "label", "none", "all"],
        Field(
            description="Pods of a node, of an application by its label, with a label that none has, or all."
        ),
    ] = "node"
    lists: Annotated[int, Field(ge=1, le=100_000, description="Lists that are executed.")] = 1
    object_bytes: Annotated[
        Bytes, Field(ge=0, le=2**21, description="Size of a pod; 0: as the cluster's stored pods.")
    ] = 0
    page: Annotated[int, Field(ge=1, le=1_000_000, description="Pods in a page of the paged variant.")] = 500
    encoding: Annotated[
        Literal["json", "protobuf"],
        Field(description="What the client reads: kubectl JSON, components of Kubernetes protobuf."),
    ] = "json"
    encoder: Annotated[
        Literal["version", "whole", "streaming"],
        Field(description="A response is encoded as one piece, or item by item; by the version of profile."),
    ] = "version"
    rate: Annotated[Rate, Field(gt=0, description="Lists at one API server; assumed.")] = 0.1
    arrivals: Annotated[
        int, Field(ge=0, le=10_000_000, description="Lists that come at that rate, on the virtual clock.")
    ] = 2000
    cores: Annotated[int, Field(ge=1, le=10_000, description="Cores of an API server; assumed.")] = 32
    etcd_cores: Annotated[
        int, Field(ge=1, le=10_000, description="Cores of etcd, shared by all API servers; etcd's xLarge.")
    ] = 16


@dataclass(frozen=True, slots=True)
class ListLoad:
    """What every variant starts from. p pods, d in the ring, r rounds, l lists."""

    pods: int  # p
    ring: Text  # encoded pods, one after the other
    starts: Longs  # [d + 1]
    names: Text  # of nodes, then of applications, WIDTH each; then keys of labels
    key: Longs  # [3] see kernels/list_pods.py
    wants: Longs  # [l, r, 2] see kernels/list_pods.py
    wanted: Longs  # [l] node or application asked for
    node_of: Ints  # [p]
    app_of: Ints  # [p]
    nodes: int
    revisions: Longs  # [p] of the keys in etcd, in their order
    objects: Longs  # [d, 14] the watch cache; see kernels/protobuf_write.py
    labels: Longs  # [2 x d, 4]
    text: Text
    params: Params
    profile: Profile
    costs: Mapping[str, int]  # of COSTS
    seed: int
    event_ns: int  # mean time between two changes of pods; 0: none
    other_ns: int  # and between two writes to other types: renewed leases
    etcd_milli: int  # thousandths of cores of etcd for the lists of one API server

    @property
    def lists(self) -> int:
        """Return the lists that are executed."""
        return len(self.wanted)

    @property
    def indexed(self) -> bool:
        """Say whether there is an index for what is asked."""
        return self.params.by == "node"

    @property
    def streams(self) -> bool:
        """Say whether a response is encoded item by item."""
        wanted = self.params.encoder
        return (self.profile.list_encode if wanted == "version" else wanted) == "streaming"

    def bytes_of(self, first: int, end: int) -> int:
        """Return the bytes of pods *first* to *end* - 1."""
        return self._bytes_up_to(end) - self._bytes_up_to(first)

    def text_bytes_of(self, pods: int) -> int:
        """Return the bytes of the strings of the first *pods* pods, as the cache holds them."""
        fields = [protobuf_write.NAME_BYTES, protobuf_write.NAMESPACE_BYTES, protobuf_write.NODE_BYTES]
        fields += [protobuf_write.SPEC_BYTES, protobuf_write.STATUS_BYTES]
        of_labels = self.labels[:, [1, 3]].reshape(len(self.objects), -1).sum(axis=1)
        each = self.objects[:, fields].sum(axis=1) + of_labels
        rounds, rest = divmod(pods, len(each))
        return rounds * int(each.sum()) + int(each[:rest].sum())

    def _bytes_up_to(self, end: int) -> int:
        """Return the bytes of the first *end* pods."""
        rounds, rest = divmod(end, len(self.starts) - 1)
        return rounds * int(self.starts[-1]) + int(self.starts[rest])


def make(cluster: Cluster, params: Params) -> ListLoad:
    """Return the load; KscaleError if there is nothing to list."""
    pods, nodes = cluster.pods.count, cluster.nodes.count
    if pods == 0 or nodes == 0:
        raise KscaleError(f"list-index needs a pod and a node, got {pods} pods and {nodes} nodes")
    apps = int(cluster.pods.app.max()) + 1
    sizes = _sizes(cluster, params)
    d = len(sizes)
    drawn = draw.keys(cluster.seed, Stream.LISTS, 0, 2 * d + params.lists)
    node, app = draw.scaled(drawn[:d], nodes), draw.scaled(drawn[d : 2 * d], apps)
    wanted = draw.scaled(drawn[2 * d :], nodes if params.by == "node" else apps)
    ring, starts = list_stored.encode(node, app, sizes)
    objects, labels, text = list_stored.decode(ring, starts)
    names, key, wants = _selectors(params.by, wanted, (nodes, apps), rounds=-(-pods // d))
    return ListLoad(
        pods=pods,
        ring=ring,
        starts=starts,
        names=names,
        key=key,
        wants=wants,
        wanted=wanted,
        node_of=_of_all(node, pods, nodes),
        app_of=_of_all(app, pods, apps),
        nodes=nodes,
        revisions=np.arange(1, pods + 1, dtype=np.int64),
        objects=objects,
        labels=labels,
        text=text,
        params=params,
        profile=cluster.profile,
        costs={name: cluster.costs[name] for name in COSTS},
        seed=cluster.seed,
        event_ns=_interval(cluster.load.pod_changes_per_s),
        other_ns=max(1, cluster.profile.lease_renew_ns // nodes),
        etcd_milli=max(1, 1000 * params.etcd_cores // cluster.control_plane.apiservers),
    )


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by lists that read all pods from etcd."""
    return dict.fromkeys(
        MEASURED, list_settings.of([(cluster.pods.count, params.object_bytes or _mean(cluster))])
    )


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    size = params.object_bytes or _mean(cluster)
    d = min(cluster.pods.count, max(1, RING_BYTES // size)) if size else 0
    spare = 4 * min(size, 2**21) + 2 * REPLY_BYTES
    rounds = cluster.pods.count // max(1, d) + 1
    asked = params.lists * (16 * rounds + 4 * cluster.pods.count // (1 if params.by == "all" else 4) + 64)
    simulated = 120 * params.arrivals
    return (
        3 * RING_BYTES
        + 600 * d
        + 60 * cluster.pods.count
        + 40 * cluster.nodes.count
        + asked
        + spare
        + simulated
    )


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what it takes to decode every pod for every list."""
    size = params.object_bytes or _mean(cluster)
    return params.lists * cluster.pods.count * (400 + 0.25 * size)


def _mean(cluster: Cluster) -> int:
    """Return the mean size of the cluster's stored pods."""
    sizes = cluster.objects.sizes_of("pods")
    return int(sizes.mean()) if len(sizes) else DEFAULT_BYTES


def _sizes(cluster: Cluster, params: Params) -> Longs:
    """Return the bytes that each pod of the ring should have."""
    size = params.object_bytes or _mean(cluster)
    d = min(cluster.pods.count, max(1, RING_BYTES // size))
    stored = cluster.objects.sizes_of("pods")
    if params.object_bytes or len(stored) == 0:
        return np.full(d, size, dtype=np.int64)
    return np.resize(stored, d).astype(np.int64)


def _selectors(by: str, wanted: Longs, values: tuple[int, int], rounds: int) -> tuple[Text, Longs, Longs]:
    """Return names, the selector's key, and what it asks for in each round."""
    nodes, apps = values
    pool = (list_stored.named(b"node-", np.arange(nodes)), list_stored.named(b"app-", np.arange(apps)))
    keys = np.frombuffer(APP + ABSENT, dtype=np.uint8)
    names = np.concatenate((*(part.ravel() for part in pool), keys))
    base, count = (0, nodes) if by == "node" else (nodes, apps)
    shifted = (wanted[:, None] - np.arange(rounds) * _step(count)) % count
    wants = np.empty((len(wanted), rounds, 2), dtype=np.int64)
    wants[..., 0], wants[..., 1] = (base + shifted) * WIDTH, WIDTH
    first = (nodes + apps) * WIDTH
    key = {
        "node": (list_pods.BY_NODE, 0, 0),
        "label": (list_pods.BY_LABEL, first, len(APP)),
        "none": (list_pods.BY_LABEL, first + len(APP), len(ABSENT)),
        "all": (list_pods.EVERYTHING, 0, 0),
    }
    return names, np.array(key[by], dtype=np.int64), wants


def _step(count: int) -> int:
    """Return by how much *count* values are shifted from one round to the next."""
    return count * 618 // 1000 + 1


def _of_all(value: Longs, pods: int, count: int) -> Ints:
    """Return the node or application of every pod, from those of the ring."""
    rounds = np.arange(-(-pods // len(value)))[:, None]
    return ((value + rounds * _step(count)) % count).ravel()[:pods].astype(np.int32)


def _interval(events_per_s: float) -> int:
    """Return the ns between two events; 0 if there are none."""
    return max(1, int(1e9 / events_per_s + 0.5)) if events_per_s > 0 else 0
