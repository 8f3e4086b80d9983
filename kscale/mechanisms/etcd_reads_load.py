"""Puts, short reads and long ranges that one etcd is asked for, and what each of them costs it."""

from dataclasses import dataclass, replace
from typing import Annotated, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale import units
from kscale.errors import KscaleError
from kscale.kernels import etcd_backend as be
from kscale.kernels import etcd_reads, read_buffer
from kscale.mechanisms import etcd_puts, list_settings
from kscale.mechanisms.base import Settings
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.quantities import Bytes, Count, Duration

Longs = NDArray[np.int64]

SECOND = units.NS_PER_S
MODES = {"blocking": be.BLOCKING, "copied": be.COPIED, "cached": be.CACHED}
PPM = 1_000_000
MOST_REQUESTS = 20_000_000
READS_OF_A_NODE, MOST_READS = 10, 2000  # a second, unless more are asked for
MOST_SCANS = 500  # each may hold a copy of the buffer
OF_RANGES = ("list_etcd_cpu_ns_per_object", "list_etcd_cpu_ps_per_byte", "etcd_range_locked_ppm")
COSTS = (
    *OF_RANGES,
    "etcd_copy_ps_per_byte",
    "etcd_client_round_trip_ns",
    "etcd_peer_round_trip_ns",
    "etcd_write_cpu_ns",
    "etcd_write_cpu_ps_per_byte",
    "etcd_append_cpu_ns",
    "etcd_log_ps_per_byte",
    "etcd_wal_record_bytes",
    "etcd_apply_ns",
    "etcd_apply_ps_per_byte",
    "etcd_commit_ps_per_byte",
)

Clients = Annotated[int, Field(ge=0, le=100_000)]


@dataclass(frozen=True, slots=True)
class Params:
    """What is asked of etcd, and how."""

    duration_ns: Annotated[
        Duration, Field(ge=units.NS_PER_S // 10, le=3600 * SECOND, description="Time simulated.")
    ] = 30 * SECOND
    puts_per_s: Annotated[
        int, Field(ge=0, le=1_000_000, description="0: the load's pod changes and heartbeats.")
    ] = 0
    put_bytes: Annotated[Bytes, Field(le=2**21, description="0: the mean of pods and heartbeats.")] = 0
    reads_per_s: Annotated[
        Annotated[Count, Field(ge=0, le=1_000_000)] | None,
        Field(
            description="Short reads, quorum reads of a few keys; assumed. Default: 10 a node, at most 2,000."
        ),
    ] = None
    read_objects: Annotated[int, Field(ge=0, le=10_000, description="Keys of a short read; assumed.")] = 1
    scan_every_ns: Annotated[
        Duration, Field(le=3600 * SECOND, description="A long range begins this often; 0: never. Assumed.")
    ] = 10 * SECOND
    scan_objects: Annotated[
        int, Field(ge=0, le=100_000_000, description="Keys of a long range; 0: all pods.")
    ] = 0
    object_bytes: Annotated[Bytes, Field(le=2**21, description="Mean size of what is read; 0: a pod's.")] = 0
    read_object_bytes: Annotated[
        Bytes, Field(le=2**21, description="Mean size of what short reads read; 0: as object_bytes.")
    ] = 0
    cores: Annotated[int, Field(ge=1, le=1024, description="Of the machine; assumed.")] = 8
    put_clients: Annotated[
        Clients,
        Field(description="0: puts are sent whatever happens; else by clients that wait for answers."),
    ] = 0
    read_clients: Annotated[Clients, Field(description="As put_clients, for short reads.")] = 0
    scan_clients: Annotated[Clients, Field(description="As put_clients, for long ranges.")] = 0
    put_network_ns: Annotated[
        Duration, Field(le=SECOND, description="Mean time of a put outside etcd; 0: a client's round trip.")
    ] = 0
    read_network_ns: Annotated[Duration, Field(le=SECOND, description="As put_network_ns, for reads.")] = 0

    @property
    def clients(self) -> tuple[int, int, int]:
        """Return the clients of each kind of request."""
        return self.put_clients, self.read_clients, self.scan_clients

    def _reads(self, nodes: int) -> int:
        """Return the short reads a second of so many nodes."""
        return min(MOST_READS, READS_OF_A_NODE * nodes) if self.reads_per_s is None else self.reads_per_s

    def sized(self, cluster: Cluster) -> Self:
        """Return the parameters with nothing left to the cluster."""
        pods = _pods(cluster)
        beats = cluster.nodes.count * SECOND // max(1, cluster.load.heartbeat_period_ns)
        changes = int(cluster.load.pod_changes_per_s + 0.5)
        mean = int(pods.sum()) // max(1, len(pods))
        put = (beats * cluster.load.heartbeat_bytes + changes * mean) // max(1, beats + changes)
        size = self.object_bytes or max(1, mean)
        return replace(
            self,
            puts_per_s=self.puts_per_s or max(1, beats + changes),
            reads_per_s=self._reads(cluster.nodes.count),
            put_bytes=self.put_bytes or put,
            scan_objects=self.scan_objects or len(pods),
            object_bytes=size,
            read_object_bytes=self.read_object_bytes or size,
        )


@dataclass(frozen=True, slots=True)
class ReadLoad:
    """What every variant starts from."""

    params: Params  # nothing left to the cluster
    rules: Longs  # see kernels/etcd_backend.py; MODE and IDLE_TICKS are the variant's
    rows: Longs  # with when each request is sent, and how long it is on the network
    best: str  # how the profile's version reads, or 3.4 where that still blocked
    idle_ticks: bool  # the first variant takes the lock at each tick, written or not


def make(cluster: Cluster, params: Params) -> ReadLoad:
    """Return the load; KscaleError if it is more than can be held."""
    asked = params.sized(cluster)
    counts = _counts(asked)
    if sum(counts) > MOST_REQUESTS or counts[be.SCAN] > MOST_SCANS:
        raise KscaleError(
            f"etcd-concurrent-reads: {sum(counts):,} requests with {counts[be.SCAN]:,} long ranges are more"
            f" than {MOST_REQUESTS:,} with {MOST_SCANS}; lower duration_ns or the rates"
        )
    rules = _rules(cluster, asked)
    ends = np.cumsum(counts)
    rules[be.END : be.END + be.KINDS] = ends
    rules[be.FIRST : be.FIRST + be.KINDS] = ends - counts
    rows = np.zeros((int(ends[-1]) + 2, be.ROW), dtype=np.int64)
    network = asked.put_network_ns, asked.read_network_ns, asked.read_network_ns
    for kind, (count, mean) in enumerate(zip(counts, network, strict=True)):
        part = rows[int(ends[kind]) - count : int(ends[kind])]
        part[:, be.AT] = _arrivals(cluster.seed, kind, count, _gap(asked, kind))
        out = np.empty(count, dtype=np.int64)
        random = draw.generator(cluster.seed, Stream.ETCD_READS, kind)
        etcd_reads.fill_waiting(out, random, mean or cluster.costs["etcd_client_round_trip_ns"])
        part[:, be.NETWORK] = out
    blocking = cluster.profile.etcd_reads == "blocking"
    return ReadLoad(asked, rules, rows, "copied" if blocking else cluster.profile.etcd_reads, idle_ticks=True)


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by ranges, by their keys and sizes, and by puts."""
    asked = params.sized(cluster)
    ranges = []
    if asked.reads_per_s or asked.read_clients:
        ranges.append((asked.read_objects, asked.read_object_bytes))
    if asked.scan_every_ns or asked.scan_clients:
        ranges.append((asked.scan_objects, asked.object_bytes))
    puts = etcd_puts.settings(
        cluster, [(float(asked.puts_per_s), asked.put_bytes)], clients=asked.put_clients
    )
    return {**dict.fromkeys(OF_RANGES, list_settings.of(ranges)), **puts}


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    asked = params.sized(cluster)
    counts = _counts(asked)
    most = read_buffer.room(min(cluster.profile.etcd_batch_operations, counts[be.PUT]) + 1)
    copies = (asked.cores + counts[be.SCAN] + 3) * most * read_buffer.ENTRY_BYTES
    return sum(counts) * (4 * 8 * be.ROW + 64) + 3 * copies + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what simulating the baseline takes."""
    return 1e6 + 500.0 * sum(_counts(params.sized(cluster)))


def _pods(cluster: Cluster) -> NDArray[np.int32]:
    """Return the sizes of the stored pods, or of all objects where none are pods."""
    objects = cluster.objects
    if "pods" not in objects.types:
        return objects.size
    sizes = objects.size[objects.type_of == objects.types.index("pods")]
    return sizes if len(sizes) else objects.size


def _gap(asked: Params, kind: int) -> int:
    """Return the ns between two requests of a kind; 0: there are none."""
    if kind == be.SCAN:
        return asked.scan_every_ns
    rate = asked.puts_per_s if kind == be.PUT else asked.reads_per_s
    return SECOND // rate if rate else 0


def _counts(asked: Params) -> tuple[int, int, int]:
    """Return the most requests of each kind that are sent in the time."""
    gaps = [_gap(asked, kind) for kind in range(be.KINDS)]
    put, read, scan = (-(-asked.duration_ns // gap) if gap else 0 for gap in gaps)
    return put, read, scan


def _arrivals(seed: int, kind: int, count: int, gap: int) -> Longs:
    """Return when the requests of a kind are sent: each at a random place of its own gap."""
    drawn = draw.keys(seed, Stream.ETCD_READ_TIMES, kind << 40, count) >> np.uint64(44)
    inside = (drawn.astype(np.int64) * gap) >> 20 if gap < 1 << 42 else np.zeros(count, dtype=np.int64)
    starts: Longs = np.arange(count, dtype=np.int64) * gap
    return starts + inside


def _rules(cluster: Cluster, asked: Params) -> Longs:
    """Return how this cluster's etcd works, and what each kind of request costs it."""
    profile, plane, costs = cluster.profile, cluster.control_plane, cluster.costs
    logged = asked.put_bytes + costs["etcd_wal_record_bytes"]
    rules = np.zeros(be.RULES, dtype=np.int64)
    rules[be.UNTIL] = asked.duration_ns
    rules[be.CORES] = asked.cores
    rules[be.SLICE] = SECOND // 100  # Go preempts what ran for 10 ms
    rules[be.ROUND_TRIP] = costs["etcd_peer_round_trip_ns"] if plane.etcd_members > 1 else 0
    rules[be.FSYNC] = plane.etcd_fsync_ns
    rules[be.REQUEST] = costs["etcd_write_cpu_ns"]
    rules[be.APPLY] = costs["etcd_apply_ns"] + costs["etcd_apply_ps_per_byte"] * asked.put_bytes // 1000
    rules[be.COMMIT] = 2 * plane.etcd_fsync_ns  # of the pages, then of the meta page
    rules[be.COMMIT_PUT] = costs["etcd_commit_ps_per_byte"] * asked.put_bytes // 1000
    rules[be.COMMIT_EVERY] = profile.etcd_batch_ns
    rules[be.COMMIT_AT] = profile.etcd_batch_operations
    rules[be.MOST_BEHIND] = profile.etcd_most_behind
    rules[be.COPY_PS] = costs["etcd_copy_ps_per_byte"]
    rules[be.CLIENTS : be.CLIENTS + be.KINDS] = asked.clients
    rules[be.GAP : be.GAP + be.KINDS] = [_gap(asked, kind) for kind in range(be.KINDS)]
    rules[be.LOCKED + be.PUT] = costs["etcd_append_cpu_ns"] + costs["etcd_log_ps_per_byte"] * logged // 1000
    rules[be.REST + be.PUT] = costs["etcd_write_cpu_ps_per_byte"] * asked.put_bytes // 1000
    sizes = ((asked.read_objects, asked.read_object_bytes), (asked.scan_objects, asked.object_bytes))
    for kind, (objects, size) in zip((be.READ, be.SCAN), sizes, strict=True):
        each = costs["list_etcd_cpu_ns_per_object"] * 1000 + costs["list_etcd_cpu_ps_per_byte"] * size
        whole = objects * each // 1000
        rules[be.LOCKED + kind] = whole * costs["etcd_range_locked_ppm"] // PPM
        rules[be.REST + kind] = whole - rules[be.LOCKED + kind]
    return rules
