"""Puts that a cluster's API servers send to etcd, and an etcd that answers them.

What is written: pods by load.pod_changes, node status and leases by every node, Events with the pods'
changes, and all other types together a share of those changes, split by how many objects are stored.
Sizes are those of stored objects of the type, drawn at random. Costs are those of the profile.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import etcd_write, etcd_write_loop
from kscale.mechanisms.base import Settings
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster, ControlPlane, Objects
from kscale.scenario.draw import Stream
from kscale.scenario.profiles import Profile

Longs = NDArray[np.int64]
Kind = tuple[float, int]  # puts a second, bytes of each

US = 1000  # ns
SECOND = 1_000_000_000  # ns
MOST_NS = 3600 * SECOND  # of puts
MOST_PUTS = 5_000_000
PUT_BYTES = 120  # held for each put, drawing and sorting included
COSTS = (
    "etcd_client_round_trip_ns",
    "etcd_peer_round_trip_ns",
    "etcd_network_ps_per_byte",
    "etcd_write_cpu_ns",
    "etcd_write_cpu_ps_per_byte",
    "etcd_append_cpu_ns",
    "etcd_log_ps_per_byte",
    "etcd_wal_record_bytes",
    "etcd_apply_ns",
    "etcd_apply_ps_per_byte",
    "etcd_commit_ps_per_byte",
)
NOTHING = np.zeros((0, 2), dtype=np.int64)

Duration = Annotated[
    int, Field(ge=US, le=MOST_NS, description="Ns for which puts come; those left are answered after it.")
]
Cores = Annotated[
    int,
    Field(ge=1, le=128, description="Cores of the machine of each member; assumed, 8 in etcd's benchmark."),
]
Multiple = Annotated[
    float, Field(gt=0, le=10_000, description="Multiples of the rate at which the cluster writes.")
]
EventsPerChange = Annotated[
    float, Field(ge=0, le=1000, description="Events written for each change of a pod; assumed.")
]
OthersPerChange = Annotated[
    float,
    Field(ge=0, le=1000, description="Writes of all other types together for each change of a pod; assumed."),
]


@dataclass(frozen=True, slots=True)
class Etcd:
    """One etcd: see kernels/etcd_write.py."""

    rules: Longs
    followers: Longs


@dataclass(frozen=True, slots=True)
class Puts:
    """Puts of a cluster, in the order in which they are sent."""

    types: tuple[str, ...]  # those that are written
    type_of: Longs  # [n]
    arrival: Longs  # [n] ns, ascending
    size: Longs  # [n] bytes

    @property
    def count(self) -> int:
        """Return the number of puts."""
        return len(self.size)


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the puts of one etcd."""

    arrival: Longs  # [n] when each was sent
    done: Longs  # [n] when it was answered, or etcd_write.REFUSED or LOST
    counts: Longs  # see kernels/etcd_write.py

    @property
    def latencies(self) -> Longs:
        """Return the ns that each answered put took."""
        answered = self.done >= 0
        return self.done[answered] - self.arrival[answered]


def etcd(cluster: Cluster, cores: int) -> Etcd:
    """Return an idle etcd of the cluster's members, on machines of their own with so many *cores*."""
    return etcd_of(cluster.control_plane, cluster.profile, cluster.costs, cores)


def etcd_of(plane: ControlPlane, profile: Profile, costs: Mapping[str, int], cores: int) -> Etcd:
    """Return the same of a control plane, a version and coefficients."""
    rules = np.zeros(etcd_write.RULES, dtype=np.int64)
    rules[etcd_write.CLIENT] = costs["etcd_client_round_trip_ns"]
    rules[etcd_write.FRONT] = costs["etcd_write_cpu_ns"]
    rules[etcd_write.FRONT_PS] = costs["etcd_write_cpu_ps_per_byte"]
    rules[etcd_write.CORES] = cores
    rules[etcd_write.APPEND] = costs["etcd_append_cpu_ns"]
    rules[etcd_write.LOG_PS] = costs["etcd_log_ps_per_byte"]
    rules[etcd_write.ENTRY_BYTES] = costs["etcd_wal_record_bytes"]
    rules[etcd_write.FSYNC] = plane.etcd_fsync_ns
    rules[etcd_write.NET_PS] = costs["etcd_network_ps_per_byte"]
    rules[etcd_write.APPLY] = costs["etcd_apply_ns"]
    rules[etcd_write.APPLY_PS] = costs["etcd_apply_ps_per_byte"]
    rules[etcd_write.COMMIT] = 2 * plane.etcd_fsync_ns  # of the pages, then of the meta page
    rules[etcd_write.COMMIT_PS] = costs["etcd_commit_ps_per_byte"]
    rules[etcd_write.COMMIT_EVERY] = profile.etcd_batch_ns
    rules[etcd_write.COMMIT_AT] = profile.etcd_batch_operations
    rules[etcd_write.QUORUM] = plane.etcd_members // 2 + 1
    rules[etcd_write.GAP] = profile.etcd_most_behind
    rules[etcd_write.WINDOW] = profile.etcd_inflight
    rules[etcd_write.MESSAGE] = profile.etcd_message_bytes
    followers = np.zeros((plane.etcd_members - 1, etcd_write.FOLLOWER), dtype=np.int64)
    followers[:, etcd_write.ROUND_TRIP] = costs["etcd_peer_round_trip_ns"]
    followers[:, etcd_write.ITS_FSYNC] = plane.etcd_fsync_ns
    return Etcd(rules, followers)


def answer(by: Etcd, arrival: Longs, size: Longs, clients: int = 0, blocked: Longs = NOTHING) -> Answered:
    """Let an etcd answer puts that are sent at *arrival*, or by so many *clients* one after another."""
    sent, done = arrival.copy(), np.empty(len(size), dtype=np.int64)
    counts = np.zeros(etcd_write.COUNTS, dtype=np.int64)
    etcd_write_loop.run(sent, size, clients, by.rules, by.followers, blocked, done, counts)
    return Answered(sent, done, counts)


def rates(cluster: Cluster, events: float, others: float) -> dict[str, float]:
    """Return the puts/s of each type that is stored; *events* and *others* for each change of a pod.

    Node status is written when it is as old as the profile lets it get; changes of it are not counted.
    """
    changes, nodes = cluster.load.pod_changes_per_s, cluster.nodes.count
    known = {
        "pods": changes,
        "nodes": nodes * SECOND / cluster.profile.node_status_period_ns,
        "leases": nodes * SECOND / cluster.profile.lease_renew_ns,
        "events": events * changes,
    }
    stored = {name: len(sizes) for name, sizes in stored_sizes(cluster.objects).items()}
    rest = max(1, sum(count for name, count in stored.items() if name not in known))
    every = {name: known.get(name, others * changes * count / rest) for name, count in stored.items()}
    return {name: rate for name, rate in every.items() if rate > 0 and stored[name] > 0}


def stored_sizes(objects: Objects) -> dict[str, NDArray[np.int32]]:
    """Return the bytes of the stored objects of each type, as views.

    Types are looked up in their own dtype: with another one numpy would copy the whole column.
    """
    numbers = np.arange(len(objects.types) + 1).astype(objects.type_of.dtype)
    starts = np.searchsorted(objects.type_of, numbers).tolist()
    return {name: objects.size[starts[n] : starts[n + 1]] for n, name in enumerate(objects.types)}


def settings(cluster: Cluster, *loads: Sequence[Kind], clients: int = 0) -> Settings:
    """Return where coefficients are used by puts: each of *loads* is what one etcd of a variant gets.

    How many puts a second so many *clients* send who wait for answers is not known, nor is a commit's size.
    """
    sizes = [size for load in loads for _, size in load]
    batches = [_together(load, cluster.profile.etcd_batch_ns) for load in loads]
    flushes = (
        [(clients, sizes[0])]
        if clients
        else [_together(load, cluster.control_plane.etcd_fsync_ns) for load in loads]
    )
    record, most = cluster.costs["etcd_wal_record_bytes"], cluster.profile.etcd_batch_operations
    one = {"value_bytes": ends(sizes)} | ({"clients": (clients, clients)} if clients else {})
    flushed = [size + record for size in sizes] + [puts * (size + record) for puts, size in flushes]
    flush = {"puts": ends([1, *(puts for puts, _ in flushes)]), "wal_bytes": ends(flushed)}
    commit = {
        "puts": ends([min(most, puts) for puts, _ in batches]),
        "bytes": ends([min(most, puts) * size for puts, size in batches]),
    }
    found = {"etcd_write_cpu_ns": one, "etcd_wal_record_bytes": one, "etcd_log_ps_per_byte": flush}
    return found if clients else {**found, "etcd_commit_ps_per_byte": commit}


def ends(values: Iterable[int]) -> tuple[int, int]:
    """Return the least and the most of *values*, 0 for none."""
    known = list(values) or [0]
    return min(known), max(known)


def kinds(cluster: Cluster, each_second: Mapping[str, float]) -> list[Kind]:
    """Return the puts of each type, as large as its stored objects on average."""
    stored = stored_sizes(cluster.objects)
    return [(rate, int(stored[name].mean())) for name, rate in each_second.items()]


def _together(load: Sequence[Kind], ns: int) -> tuple[int, int]:
    """Return how many puts come in so long, one at least, and their mean bytes."""
    per_s = sum(rate for rate, _ in load)
    mean = sum(rate * size for rate, size in load) / per_s if per_s else 0
    return max(1, round(per_s * ns / SECOND)), round(mean)


def puts(cluster: Cluster, each_second: dict[str, float], duration_ns: int, who: str) -> Puts:
    """Return puts at these rates by type for so long, at times of their own; *who* asks is named in errors.

    Of each type just rate x duration come, rounded, at whole microseconds.
    """
    counts = [int(rate * duration_ns / SECOND + 0.5) for rate in each_second.values()]
    total = sum(counts)
    if total > MOST_PUTS:
        raise KscaleError(f"{who}: {total:,} puts are more than {MOST_PUTS:,}; lower rate or duration_ns")
    when = US * scaled(draw.keys(cluster.seed, Stream.ETCD_SHARDING, 0, total), duration_ns // US)
    picked = draw.keys(cluster.seed, Stream.ETCD_PUT_SIZES, 0, total)
    sizes = stored_sizes(cluster.objects)
    size = np.empty(total, dtype=np.int64)
    first = 0
    for name, count in zip(each_second, counts, strict=True):
        stored = sizes[name]
        size[first : first + count] = stored[scaled(picked[first : first + count], len(stored))]
        first += count
    type_of = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    turn = np.argsort(when, kind="stable")
    return Puts(tuple(each_second), type_of[turn], when[turn], size[turn])


def scaled(drawn: NDArray[np.uint64], end: int) -> Longs:
    """Return random numbers scaled to 0 .. *end* - 1, *end* up to 2^32."""
    return (((drawn >> np.uint64(32)) * np.uint64(end)) >> np.uint64(32)).astype(np.int64)
