"""A cluster to which a member is added: what it must be sent, what is written meanwhile, who fails when."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale import units
from kscale.errors import KscaleError
from kscale.kernels import learner
from kscale.mechanisms import etcd_puts
from kscale.mechanisms.base import Settings
from kscale.mechanisms.etcd_puts import Etcd
from kscale.scenario import draw, quantities
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]

SECOND = units.NS_PER_S
ELECTION = SECOND  # raft's election timeout; each one waits one to two of them
READY_PPM = 900_000  # of the leader's entries: etcd's isLearnerReady
PPM = 1_000_000
MOST_SENT_NS = 3600 * SECOND  # to send the store
MOST_TIMED = 250_000  # puts: the last ones before the new member has caught up
COSTS = (
    *etcd_puts.COSTS,
    "etcd_store_record_bytes",
    "etcd_snapshot_disk_ps_per_byte",
    "etcd_open_ps_per_byte",
)


@dataclass(frozen=True, slots=True)
class Params:
    """What is written meanwhile, and which failures are tried."""

    rate: etcd_puts.Multiple = 1.0
    events_per_change: etcd_puts.EventsPerChange = 2.0
    others_per_change: etcd_puts.OthersPerChange = 1.0
    cores: etcd_puts.Cores = 8
    new_member: Annotated[
        Literal["comes", "never"],
        Field(description="never: it was given a wrong address, say, and stays away."),
    ] = "comes"
    instants: Annotated[
        int, Field(ge=1, le=1000, description="Moments while it joins; at each every member fails once.")
    ] = 32
    repair_ns: Annotated[
        quantities.Duration,
        Field(ge=SECOND, le=24 * 3600 * SECOND, description="Until a member that failed is back; assumed."),
    ] = 300 * SECOND
    promote_every_ns: Annotated[
        quantities.Duration,
        Field(ge=units.NS_PER_S // 100, le=3600 * SECOND, description="A promotion is tried; assumed."),
    ] = SECOND
    entries_before: Annotated[
        int, Field(ge=0, le=2**40, description="In the log when the member is added; assumed.")
    ] = 10_000_000
    slow_fsync_ns: Annotated[
        quantities.Duration,
        Field(le=SECOND, description="Of the slowest of the followers; 0: as the others."),
    ] = 0


@dataclass(frozen=True, slots=True)
class LearnerLoad:
    """What every variant starts from."""

    params: Params
    voters: int  # before
    store_bytes: int
    arrival: Longs  # [n] ns, ascending
    size: Longs  # [n] bytes of each put
    entry: Longs  # [n] bytes of each in the log
    etcd: Etcd  # without the new member
    faults: Longs  # see kernels/learner.py; the first is none
    rules: Longs  # LEARNER is the variant's
    puts_per_s: float


def make(cluster: Cluster, params: Params) -> LearnerLoad:
    """Return the load; KscaleError if the leader's link cannot carry it."""
    costs, voters = cluster.costs, cluster.control_plane.etcd_members
    each_second = _rates(cluster, params)
    record = costs["etcd_wal_record_bytes"]
    log_bytes = _bytes_per_s(cluster, each_second, record)
    store_bytes = _store_bytes(cluster, each_second)
    ps = _share_ps(costs["etcd_network_ps_per_byte"], log_bytes * (voters - 1))
    snapshot = _transfer_ns(cluster, store_bytes, ps)
    if log_bytes * ps * 2 > PPM**2 or snapshot > MOST_SENT_NS:
        raise KscaleError(
            f"etcd-learner: {units.show_bytes(store_bytes)} and {units.show_bytes(log_bytes)}/s of log are"
            " more than the leader can send a new member; lower rate or cluster.objects"
        )
    rules = np.zeros(learner.RULES, dtype=np.int64)
    rules[learner.VOTERS] = voters
    rules[learner.COMES] = params.new_member == "comes"
    rules[learner.SNAPSHOT] = snapshot
    rules[learner.ENTRY_PS] = ps
    rules[learner.BEFORE] = params.entries_before
    rules[learner.PROMOTE_EVERY] = params.promote_every_ns
    rules[learner.SHARE] = READY_PPM
    rules[learner.REPAIR] = params.repair_ns
    window = 2 * snapshot + 2 * params.promote_every_ns
    rules[learner.HORIZON] = window + params.repair_ns + 3 * snapshot + 10 * ELECTION
    puts = etcd_puts.puts(cluster, each_second, _puts_ns(snapshot), "etcd-learner")
    etcd = etcd_puts.etcd(cluster, params.cores)
    if voters > 1 and params.slow_fsync_ns:
        etcd.followers[-1, 1] = params.slow_fsync_ns
    return LearnerLoad(
        params=params,
        voters=voters,
        store_bytes=store_bytes,
        arrival=puts.arrival,
        size=puts.size,
        entry=puts.size + record,
        etcd=etcd,
        faults=_faults(cluster.seed, voters, params.instants, window),
        rules=rules,
        puts_per_s=sum(each_second.values()),
    )


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used: by puts of each type, and by the store that is opened."""
    each_second = _rates(cluster, params)
    store = _store_bytes(cluster, each_second)
    puts = etcd_puts.settings(cluster, etcd_puts.kinds(cluster, each_second))
    return {**puts, "etcd_open_ps_per_byte": {"db_bytes": (store, store)}}


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` and the variants need."""
    return int(_planned_puts(cluster, params)) * (etcd_puts.PUT_BYTES + 32) + (4 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what timing puts takes, and a join for each fault, some of them sent anew."""
    planned = _planned_puts(cluster, params)  # three transfers, of which puts are timed in one
    return 1e6 + 1000.0 * min(planned / 3, MOST_TIMED) + 2.0 * planned * params.instants


def _planned_puts(cluster: Cluster, params: Params) -> float:
    """Return about how many puts there are."""
    each_second = _rates(cluster, params)
    store = _store_bytes(cluster, each_second)
    snapshot = _transfer_ns(cluster, store, cluster.costs["etcd_network_ps_per_byte"])
    return sum(each_second.values()) * _puts_ns(snapshot) / SECOND


def _rates(cluster: Cluster, params: Params) -> dict[str, float]:
    """Return the puts/s of each type."""
    found = etcd_puts.rates(cluster, params.events_per_change, params.others_per_change)
    return {name: params.rate * rate for name, rate in found.items()}


def _puts_ns(snapshot: int) -> int:
    """Return how long puts come: until a second transfer, begun at the end of the first, is over."""
    return min(3 * snapshot + 10 * SECOND, etcd_puts.MOST_NS)


def _bytes_per_s(cluster: Cluster, each_second: dict[str, float], record: int) -> int:
    """Return the bytes of log a second; each put is as large as a stored object of its type."""
    objects, total = cluster.objects, 0.0
    for name, rate in each_second.items():
        sizes = objects.size[objects.type_of == objects.types.index(name)]
        total += rate * (int(sizes.sum(dtype=np.int64)) / len(sizes) + record)
    return int(total)


def _store_bytes(cluster: Cluster, each_second: dict[str, float]) -> int:
    """Return the bytes of the store: all objects, and the revisions since the last compaction."""
    record = cluster.costs["etcd_store_record_bytes"]
    live = int(cluster.objects.size.sum(dtype=np.int64)) + record * len(cluster.objects.size)
    return live + _bytes_per_s(cluster, each_second, record) * cluster.profile.etcd_compaction_ns // SECOND


def _share_ps(link_ps: int, busy: int) -> int:
    """Return the ps/byte that a link with *busy* bytes/s on it leaves to another stream."""
    used = busy * link_ps // PPM  # ppm of it
    return link_ps * PPM // max(1, PPM - used)


def _transfer_ns(cluster: Cluster, store_bytes: int, ps: int) -> int:
    """Return how long the store takes: sent as quickly as link and disks let it, then opened."""
    sent = store_bytes * max(ps, cluster.costs["etcd_snapshot_disk_ps_per_byte"]) // 1000
    return sent + store_bytes * cluster.costs["etcd_open_ps_per_byte"] // 1000


def _faults(seed: int, voters: int, instants: int, window: int) -> Longs:
    """Return no fault, then each member's at moments spread evenly over the *window*, its ends included."""
    faults = np.zeros((1 + instants * (voters + 1), learner.FAULT), dtype=np.int64)
    faults[0, learner.WHO] = learner.NOBODY
    when = [window * i // max(1, instants - 1) for i in range(instants)]
    faults[1:, learner.WHO] = np.repeat(np.arange(voters + 1), instants)
    faults[1:, learner.WHEN] = np.tile(when, voters + 1)
    drawn = draw.keys(seed, Stream.ETCD_LEARNER, 0, len(faults)) >> np.uint64(44)
    faults[:, learner.ELECTION] = ELECTION + ((drawn.astype(np.int64) * ELECTION) >> 20)
    return faults
