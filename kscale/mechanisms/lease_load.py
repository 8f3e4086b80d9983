"""The heartbeats of a cluster: when each kubelet starts, how large what it writes is, who falls silent."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale import units
from kscale.errors import KscaleError
from kscale.kernels import heartbeats
from kscale.mechanisms import lease_costs, lease_store
from kscale.mechanisms.base import Settings
from kscale.mechanisms.lease_costs import CpuCosts
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.quantities import Bytes, Count, Duration

Longs = NDArray[np.int64]

SECOND = units.NS_PER_S
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
FIVE_MINUTES = 5 * MINUTE  # nodeStatusReportFrequency from 1.17 on
PPM = 1_000_000
MOST_BEATS = 10**9
MOST_FAILURES = 100  # unless more are asked for
BEAT_BYTES = 400  # of a node: its columns, generators and sizes, with what is in flight
COSTS = (*lease_costs.COSTS, "etcd_wal_record_bytes", "etcd_store_record_bytes", "lease_bytes")


@dataclass(frozen=True, slots=True)
class Params:
    """How long, how regular, and what else goes on."""

    duration_ns: Annotated[
        Duration, Field(ge=SECOND, le=DAY, description="Time simulated; two compactions are 10min.")
    ] = 10 * MINUTE
    jitter: Annotated[
        float, Field(ge=0, le=1, description="A gap is longer by up to this share; 0.04 in kubelet's lease.")
    ] = 0.04
    change_every_ns: Annotated[
        Duration,
        Field(
            le=365 * DAY,
            description="Mean time between changes of a node's status, as by images; 0: never. Assumed.",
        ),
    ] = 10 * MINUTE
    status_bytes: Annotated[
        Bytes, Field(le=2**20, description="Mean size of a node status; 0: load.heartbeat's.")
    ] = 0
    status_period_ns: Annotated[
        Duration, Field(le=DAY, description="Age at which a status is written unchanged; 0: the profile's.")
    ] = 0
    failures: Annotated[
        Annotated[Count, Field(ge=0, le=1_000_000)] | None,
        Field(
            description="Nodes that fall silent, at random moments; assumed. Default: 1 % of the nodes,"
            " rounded up, at most 100 and never all."
        ),
    ] = None
    node_daemons: Annotated[
        int, Field(ge=0, le=100, description="Daemons on each node that watch all nodes.")
    ] = 0
    lists_per_hour: Annotated[
        int, Field(ge=0, le=1_000_000, description="Lists of all pods through etcd; assumed.")
    ] = 60


@dataclass(frozen=True, slots=True)
class LeaseLoad:
    """What every variant starts from; n nodes. Times in ns, from the start of the simulation."""

    first_status: Longs  # [n]
    first_lease: Longs  # [n]
    age: Longs  # [n] place of the last written status in its period, parts of a million
    silent: Longs  # [n] when it falls silent, or NEVER
    status_size: Longs  # [n] bytes as encoded
    lease_size: Longs  # [n]
    status_stored: Longs  # [n] bytes by which a put grows the store
    lease_stored: Longs  # [n]
    seed: int
    status_ns: int  # between two statuses
    lease_ns: int  # between two renewals
    status_period_ns: int  # a status of this age is written unchanged
    change_ns: int
    jitter_ppm: int
    monitor_ns: int
    grace_ns: int
    duration_ns: int
    compaction_ns: int
    quota_bytes: int
    members: int
    record_bytes: int  # of etcd's log, beside the value
    node_watchers: int  # of all nodes; each kubelet watches its own beside
    lease_get: bool
    live_bytes: int  # of all stored objects
    pod_changes: int  # in the time simulated
    pod_bytes: int  # mean
    pod_watchers: int
    pod_stored_per_s: int  # bytes by which their changes grow the store
    lists: int  # of all pods, in the time simulated
    pods: int
    cpu: CpuCosts

    @property
    def nodes(self) -> int:
        """Return the number of nodes."""
        return len(self.first_status)

    @property
    def seconds(self) -> int:
        """Return the seconds simulated, the last perhaps not a whole one."""
        return -(-self.duration_ns // SECOND)


def make(cluster: Cluster, params: Params) -> LeaseLoad:
    """Return the load; KscaleError if heartbeats are too rare for the grace period, or too many to run."""
    profile, load = cluster.profile, cluster.load
    jitter_ppm = int(params.jitter * PPM + 0.5)
    _check(cluster, params, jitter_ppm)
    n = cluster.nodes.count
    first = phases(cluster.seed, n, load.heartbeat_period_ns, profile.lease_renew_ns)
    fallback = cluster.costs["lease_bytes"]
    status = spread(_sizes(cluster, "nodes"), params.status_bytes or load.heartbeat_bytes, n)
    leases = _sizes(cluster, "leases")
    lease = leases if len(leases) == n else np.full(n, int(leases.mean()) if len(leases) else fallback)
    overhead = cluster.costs["etcd_store_record_bytes"]
    pods = _sizes(cluster, "pods")
    pod_bytes = int(pods.mean()) if len(pods) else 0
    pod_growth = int(lease_store.grown(np.array([pod_bytes], dtype=np.int64), overhead)[0])
    return LeaseLoad(
        first_status=first[0],
        first_lease=first[1],
        age=first[2],
        silent=_silent(cluster.seed, n, params),
        status_size=status,
        lease_size=lease,
        status_stored=lease_store.grown(status, overhead),
        lease_stored=lease_store.grown(lease, overhead),
        seed=cluster.seed,
        status_ns=load.heartbeat_period_ns,
        lease_ns=profile.lease_renew_ns,
        status_period_ns=params.status_period_ns or profile.node_status_period_ns,
        change_ns=params.change_every_ns,
        jitter_ppm=jitter_ppm,
        monitor_ns=profile.node_monitor_ns,
        grace_ns=profile.node_grace_period_ns,
        duration_ns=params.duration_ns,
        compaction_ns=profile.etcd_compaction_ns,
        quota_bytes=cluster.control_plane.etcd_quota_bytes,
        members=cluster.control_plane.etcd_members,
        record_bytes=cluster.costs["etcd_wal_record_bytes"],
        node_watchers=cluster.control_plane.controllers + params.node_daemons * n,
        lease_get=profile.lease_get,
        live_bytes=_live(cluster, overhead),
        pod_changes=int(load.pod_changes_per_s * (params.duration_ns / SECOND)),
        pod_bytes=pod_bytes,
        pod_watchers=cluster.control_plane.controllers + 1,
        pod_stored_per_s=int(load.pod_changes_per_s * pod_growth),
        lists=params.lists_per_hour * params.duration_ns // HOUR,
        pods=cluster.pods.count,
        cpu=lease_costs.of(cluster),
    )


def phases(seed: int, n: int, status_ns: int, lease_ns: int) -> tuple[Longs, Longs, Longs]:
    """Return when each of *n* kubelets first works its status out and first renews its lease, and its age.

    The age is the place of the last written status in its period, in ppm.
    """
    drawn = draw.keys(seed, Stream.HEARTBEAT_PHASES, 0, 3 * n).reshape(3, n) >> np.uint64(32)
    return _scaled(drawn[0], status_ns), _scaled(drawn[1], lease_ns), _scaled(drawn[2], PPM)


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by puts of node statuses and leases."""
    leases = _sizes(cluster, "leases")
    sizes = (
        params.status_bytes or cluster.load.heartbeat_bytes,
        int(leases.mean()) if len(leases) else cluster.costs["lease_bytes"],
    )
    at = {"value_bytes": (min(sizes), max(sizes))}
    return dict.fromkeys(("etcd_put_cpu_ns", "etcd_put_cpu_ps_per_byte", "etcd_wal_record_bytes"), at)


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` and a variant need at their peak."""
    seconds = -(-params.duration_ns // SECOND)
    return cluster.nodes.count * BEAT_BYTES + seconds * 64 + len(cluster.objects.size) * 40 + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what the baseline's heartbeats take."""
    return 20_000 + 35 * cluster.nodes.count * params.duration_ns / cluster.load.heartbeat_period_ns


def _check(cluster: Cluster, params: Params, jitter_ppm: int) -> None:
    """Raise KscaleError if live nodes would be taken for dead, or if there are too many beats."""
    profile, load = cluster.profile, cluster.load
    grace = profile.node_grace_period_ns
    for name, period in (
        ("load.heartbeat.period", load.heartbeat_period_ns),
        ("lease", profile.lease_renew_ns),
    ):
        longest = period + period * jitter_ppm // PPM + profile.node_monitor_ns
        if longest > grace:
            raise KscaleError(
                f"node-lease: {name} {units.show_ns(period)} with its jitter and a look every"
                f" {units.show_ns(profile.node_monitor_ns)} is beyond the grace period of"
                f" {units.show_ns(grace)}: live nodes would be NotReady"
            )
    shortest = min(load.heartbeat_period_ns, profile.lease_renew_ns)
    beats = 2 * cluster.nodes.count * params.duration_ns // shortest
    if beats > MOST_BEATS:
        raise KscaleError(
            f"node-lease: {units.show_count(beats)} heartbeats are more than {units.show_count(MOST_BEATS)};"
            " shorten duration_ns or lengthen load.heartbeat.period"
        )


def _sizes(cluster: Cluster, name: str) -> Longs:
    """Return the stored sizes of the objects of a type, int64; empty if there is no such type."""
    objects = cluster.objects
    if name not in objects.types:
        return np.zeros(0, dtype=np.int64)
    sizes: Longs = objects.size[objects.type_of == objects.types.index(name)].astype(np.int64)
    return sizes


def spread(stored: Longs, mean: int, n: int) -> Longs:
    """Return *n* sizes around *mean*, spread as the *stored* objects are; all equal if those are not *n*."""
    if len(stored) != n:
        return np.full(n, mean, dtype=np.int64)
    scaled: Longs = stored * mean * n // int(stored.sum())
    return np.maximum(1, scaled)


def _live(cluster: Cluster, overhead: int) -> int:
    """Return what all stored objects take in the store, without history."""
    return int(lease_store.grown(cluster.objects.size.astype(np.int64), overhead).sum())


def _silent(seed: int, n: int, params: Params) -> Longs:
    """Return when each node falls silent, NEVER for most."""
    silent = np.full(n, heartbeats.NEVER, dtype=np.int64)
    failures = min(MOST_FAILURES, -(-n // 100), n - 1) if params.failures is None else params.failures
    unlucky = draw.order(seed, Stream.HEARTBEAT_FAILURES, n)[:failures]
    moments = draw.keys(seed, Stream.HEARTBEAT_FAILURES, n, len(unlucky)) >> np.uint64(32)
    silent[unlucky] = _scaled(moments, params.duration_ns)
    return silent


def _scaled(halves: NDArray[np.uint64], end: int) -> Longs:
    """Return 32-bit numbers scaled to 0 .. *end* - 1; in steps of *end* / 2^32, and *end* may be large."""
    steps = (halves * np.uint64(end >> 32)).astype(np.int64)
    rest = ((halves * np.uint64(end & 0xFFFFFFFF)) >> np.uint64(32)).astype(np.int64)
    return steps + rest
