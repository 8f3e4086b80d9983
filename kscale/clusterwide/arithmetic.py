"""What is offered to every station on average, and so where the first of them is full, without any run.

By the utilisation law: what comes in a second times what each takes, over what a station can do in one. No
waiting is in it, so a wall lies at or below this: an objective breaks before a station is full. What is asked
for once (workloads, faults) is not in it, nor what is tried again.

    clients          requests of the scheduler's or the controllers' client, over their QPS
    apiserver-queue  requests in flight by Little's law, when nothing waits, over the limits
    apiserver-cpu    requests, and events at every server, over all cores
    watch-dispatch   the type of event that keeps its dispatcher busiest, kubelets spread evenly
    etcd-log         what each entry takes of the leader's loop; a batch shares one fsync, however large
    etcd-apply       applying, bbolt's commits, ranges that hold the lock; or etcd's cores, if they are busier
    etcd-store       live objects, and the writes of two periods of compaction, over the quota
    scheduler        pods times evaluations
    kubelets         pods start beside each other: nothing is ever full
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.clusterwide import costing, load, scheduling
from kscale.clusterwide.costing import SHARDS, TYPES, Tables
from kscale.clusterwide.record import STATIONS
from kscale.clusterwide.search import PPM
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE, Toggles
from kscale.clusterwide.walls import Reach
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.mechanisms import lease_store

PS = 1000
MILLI = 1000
SECONDS = 1000  # rates are of so many
NS = SECONDS * units.NS_PER_S
MINUTE = 60
HISTORIES = 2  # periods of compaction that the store holds at most: it keeps one, and another passes


@dataclass(frozen=True, slots=True)
class Offered:
    """What is offered to a station, and what it can do; in one unit."""

    offered: int
    capacity: int

    @property
    def ppm(self) -> int:
        """Return the share of the capacity, in ppm; above it is said so, however little."""
        return -(-self.offered * PPM // max(1, self.capacity))


@dataclass(frozen=True, slots=True)
class _Means:
    """A cluster's mean rates and tables."""

    size: Size
    on: Toggles
    tables: Tables
    rates: tuple[int, ...]  # requests of each kind in 1,000 s

    def writes(self, shard: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the rate and the row of each kind that an etcd writes."""
        for rate, row in self.rows():
            if row[ct.PATH] == ct.PUT and row[ct.SHARD] == shard:
                yield rate, row

    def rows(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Yield the rate and the row of each kind of request."""
        for rate, row in zip(self.rates, self.tables.requests.tolist(), strict=True):
            yield rate, tuple(row)


def offered(size: Size, toggles: Toggles = NONE) -> dict[str, Offered]:
    """Return what is offered to each of STATIONS."""
    of = _Means(size, toggles, costing.of(size, toggles), tuple(load.rates(size, toggles).tolist()))
    etcds = range(of.tables.etcds)
    found = {
        "clients": _clients(of),
        "apiserver-queue": _seats(of),
        "apiserver-cpu": _cpu(of),
        "watch-dispatch": _dispatch(of),
        "etcd-log": _fullest([Offered(_log(of, e), NS) for e in etcds]),
        "etcd-apply": _fullest([one for e in etcds for one in _apply(of, e)]),
        "etcd-store": _fullest([_store(of, e) for e in etcds]),
        "scheduler": _scheduler(of),
        "kubelets": Offered(0, NS),
    }
    return {name: found[name] for name in STATIONS}


def log_bytes_per_min(size: Size, toggles: Toggles = NONE) -> int:
    """Return the bytes that a minute of writes adds to the logs of one member of each etcd."""
    tables, rates = costing.of(size, toggles), load.rates(size, toggles).tolist()
    rows = tables.requests.tolist()
    each = [row[ct.BYTES] + tables.record_bytes if row[ct.PATH] == ct.PUT else 0 for row in rows]
    return int(sum(rate * one for rate, one in zip(rates, each, strict=True)) * MINUTE // SECONDS)


def loads(size: Size, toggles: Toggles = NONE) -> Mapping[str, int]:
    """Return the utilisation of each station, in ppm; above a million it cannot keep up."""
    return {name: one.ppm for name, one in offered(size, toggles).items()}


class Arithmetic:
    """What a search for walls knows of a cluster before anything is run; see walls.Known."""

    def __init__(self, sized: Callable[[int], Size], least: int, most: int) -> None:
        """Take what makes a cluster of a value on an axis, and the bounds between which it is asked."""
        self.sized, self.least, self.most = sized, least, most
        self._loads: dict[tuple[Toggles, int], Mapping[str, int]] = {}
        self._reach: dict[Toggles, Reach] = {}

    def load(self, on: Toggles, value: int) -> Mapping[str, int]:
        """Return the load of every station at a value, in ppm of its capacity."""
        if (on, value) not in self._loads:
            self._loads[on, value] = loads(self.sized(value), on)
        return self._loads[on, value]

    def reach(self, on: Toggles) -> Reach:
        """Return the largest value at which no station has more than it can do, and the one that has then."""
        if on not in self._reach:
            self._reach[on] = self._reached(on)
        return self._reach[on]

    def _reached(self, on: Toggles) -> Reach:
        """Find it by bisection: loads grow with every axis."""
        low, high = self.least - 1, self.most + 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if max(self.load(on, middle).values()) > PPM else (middle, high)
        if high > self.most:
            return Reach(None, "")
        full = self.load(on, high)
        return Reach(low, next(name for name in STATIONS if full[name] == max(full.values())))


def _fullest(found: list[Offered]) -> Offered:
    """Return the one that is fullest."""
    return max(found, key=lambda one: one.ppm)


def _clients(of: _Means) -> Offered:
    """Return the requests of the client that is nearest to its QPS."""
    plane, rates = of.size.control_plane, of.rates
    creations = rates[ct.EVENT] // 2  # Events of deletions are the kubelets'
    controllers = rates[ct.CREATE] + rates[ct.DELETE] + rates[ct.OTHER] + creations
    asked = ((rates[ct.BIND], plane.scheduler_qps), (controllers, plane.controller_qps))
    return _fullest([Offered(rate, qps * SECONDS) for rate, qps in asked if qps] or [Offered(0, 1)])


def _seats(of: _Means) -> Offered:
    """Return the requests in flight, of the limit that they are nearest to."""
    profile, rules = of.size.profile, of.tables.etcd_rules.tolist()
    put = rules[ew.CLIENT] + rules[ew.FSYNC] + rules[ew.FRONT] + rules[ew.APPLY]
    reads = writes = 0
    for rate, row in of.rows():
        if row[ct.VERB] < 0:
            continue
        held = rate * (row[ct.CPU] + row[ct.WAIT] + (put if row[ct.PATH] == ct.PUT else row[ct.ETCD_CPU]))
        if row[ct.PATH] == ct.PUT:
            writes += held
        else:
            reads += held
    servers = of.size.control_plane.apiservers
    seats = (profile.max_inflight_reads, profile.max_inflight_writes)
    if profile.fairness:
        return Offered(reads + writes, sum(seats) * servers * NS)
    return _fullest([Offered(reads, seats[0] * servers * NS), Offered(writes, seats[1] * servers * NS)])


def _events(of: _Means) -> list[int]:
    """Return the events of each type in 1,000 s: one of every write."""
    found = [0] * ct.TYPES
    for rate, row in of.rows():
        if row[ct.TYPE] >= 0:
            found[row[ct.TYPE]] += rate
    return found


def _cpu(of: _Means) -> Offered:
    """Return the work of the API servers' cores."""
    plane = of.size.control_plane
    busy = sum(rate * row[ct.CPU] for rate, row in of.rows())
    busy += of.rates[ct.RESUME] * of.tables.move_ns
    for rate, row in zip(_events(of), of.tables.types.tolist(), strict=True):
        work = plane.apiservers * row[ct.CPU_EVENT] + of.size.nodes * row[ct.CPU_KUBELET] // PS
        busy += rate * (work + of.tables.clients * row[ct.CPU_CLIENT] + row[ct.CPU_MATCH])
    return Offered(busy, plane.apiservers * plane.apiserver_cores * NS)


def _dispatch(of: _Means) -> Offered:
    """Return the work of the busiest dispatcher of a server that has its share of the watches."""
    servers = of.size.control_plane.apiservers
    busy = 0
    for rate, row in zip(_events(of), of.tables.types.tolist(), strict=True):
        kubelets = of.size.nodes * row[ct.SERIAL_KUBELET] // PS // servers
        clients = of.tables.clients * row[ct.SERIAL_CLIENT] // servers
        busy = max(busy, rate * (row[ct.SERIAL] + kubelets + clients))
    return Offered(busy, NS)


def _log(of: _Means, shard: int) -> int:
    """Return the work of the leader's loop for entries: one fsync is shared by all that wait for it."""
    rules = of.tables.etcd_rules.tolist()
    return sum(
        rate * (rules[ew.APPEND] + (row[ct.BYTES] + rules[ew.ENTRY_BYTES]) * rules[ew.LOG_PS] // PS)
        for rate, row in of.writes(shard)
    )


def _apply(of: _Means, shard: int) -> tuple[Offered, Offered]:
    """Return the work of an etcd's apply loop, and of its cores."""
    rules, tables = of.tables.etcd_rules.tolist(), of.tables
    free = (
        _history(of, shard) // 2 // lease_store.PAGE
    )  # pages, on average: a period's worth just after a compaction
    allocation = tables.allocation_ns(free)
    busy = (rules[ew.COMMIT] + tables.free_list_ns(free)) * NS // rules[ew.COMMIT_EVERY]
    cores = 0
    for rate, row in of.writes(shard):
        bytes_ns = (rules[ew.APPLY_PS] + rules[ew.COMMIT_PS]) * row[ct.BYTES] // PS
        busy += rate * (rules[ew.APPLY] + bytes_ns + row[ct.PAGES] * allocation)
        cores += rate * (rules[ew.FRONT] + rules[ew.FRONT_PS] * row[ct.BYTES] // PS)
    for rate, row in of.rows():
        if row[ct.SHARD] == shard:
            cores += rate * row[ct.ETCD_CPU]
            busy += rate * row[ct.HOLD]
    return Offered(busy, NS), Offered(cores, rules[ew.CORES] * NS)


def _history(of: _Means, shard: int) -> int:
    """Return the bytes by which a store grows in a period of compaction."""
    period = of.size.profile.etcd_compaction_ns // units.NS_PER_S
    return sum(rate * row[ct.GROWS] for rate, row in of.writes(shard)) * period // SECONDS


def _store(of: _Means, shard: int) -> Offered:
    """Return the bytes of an etcd's store at their most, over the quota."""
    period = of.size.profile.etcd_compaction_ns // units.NS_PER_S
    grown = sum(rate * row[ct.GROWS] for rate, row in of.writes(shard)) * HISTORIES * period
    quota = of.size.control_plane.etcd_quota_bytes
    return Offered(_live(of, shard) * SECONDS + grown, quota * SECONDS)


def _live(of: _Means, shard: int) -> int:
    """Return the bytes of the objects that an etcd stores."""
    live = 0
    for name in TYPES:
        if (SHARDS[name] if of.tables.etcds > 1 else 0) == shard:
            stored = costing.stored_of(of.size, name)
            live += stored.count * _grown(stored.mean_bytes, of)
    return live


def _grown(value: int, of: _Means) -> int:
    """Return the bytes of the store that an object takes."""
    kept = costing.values_in_etcd(np.array([value], dtype=np.int64), of.on)
    return int(costing.grown(kept, of.tables.stored_bytes)[0])


def _scheduler(of: _Means) -> Offered:
    """Return the work of the scheduler: all nodes for a pod, a sample, or what came and went of its class."""
    nodes = of.size.nodes
    looked = scheduling.need_of(nodes) if "sched-sampling" in of.on else nodes
    if "sched-equivalence" in of.on:  # since a class's last pod one of each other came, and one went
        looked = min(looked, 2 * of.size.classes.count)
    each = of.tables.scheduler_ns + looked * of.tables.scheduler_ps_per_evaluation // PS
    return Offered(of.rates[ct.BIND] * each, NS)
