"""The arrays of a run of kernels/cluster_loop.py at time 0: a control plane that has been running."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import costing, load
from kscale.clusterwide.costing import SHARDS, TYPES, Tables
from kscale.clusterwide.load import Plan
from kscale.clusterwide.objectives import WINDOW_NS
from kscale.clusterwide.record import VERBS
from kscale.clusterwide.scheduling import Placed
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.kernels import (
    cluster_loop,
    cluster_stations,
    etcd_write_peers,
    etcd_write_steps,
    heap,
    watch_ring,
)
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_store as store
from kscale.kernels import heartbeats as hb
from kscale.mechanisms import lease_load, node_lease
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]

SECOND = load.SECOND
ETCD_RING = 1 << 15  # entries under way: those not yet applied, refused beyond 5,000, and in flight before
SPARE_SLOTS = 16_384  # requests under way beside two of each kubelet and four of each pod
TRIES = 10  # of client-go after the first, when a server says to come again
REQUEUE_NS = (
    10 * SECOND
)  # kubelet's status manager; the scheduler's longest back-off; controllers begin sooner
FAR_BACK = 1 << 40  # events: nobody resumes from there


@dataclass(frozen=True, slots=True)
class World:
    """The arrays, by the names of kernels/cluster_loop.py."""

    tables: Tables
    plan: Plan
    history_bytes: Longs  # of each etcd at the start
    rules: Longs
    requests: Longs
    types: Longs
    slots: Longs
    nodes: Longs
    pods: Longs
    groups: Longs
    servers: Longs
    cores: Longs
    stations: Longs
    counts: Longs
    hist: Longs
    draws: Longs
    marks: Longs
    ring: Longs
    history: Longs
    spaces: Longs
    wakes: Longs
    e_rules: Longs
    e_followers: Longs
    e_blocked: Longs
    e_cores: Longs
    e_peers: Longs
    e_ring: Longs
    e_waits: Longs
    e_entries: Longs
    e_upto: Longs
    e_store: Longs
    e_at: Longs
    e_counts: Longs
    out_id: Longs
    out_done: Longs
    beat_rules: Longs
    clocks: Longs
    statuses: Longs
    leases: Longs
    changes: Longs
    timers: Longs
    timers_size: Longs
    events: Longs
    size: Longs

    def etcd(self, e: int) -> etcd_write_steps.Etcd:
        """Return one etcd."""
        return etcd_write_steps.Etcd(
            self.e_rules[e],
            self.e_followers[e],
            self.e_blocked,
            self.e_cores[e],
            self.e_peers[e],
            self.e_ring[e],
            self.e_waits[e],
            self.e_entries[e],
            self.e_upto[e],
            self.e_store[e],
            self.e_at[e],
            self.e_counts[e],
        )


def advance(world: World, until: int, rows: Longs) -> None:
    """Let everything happen up to *until*; *rows* is the plan, to which faults may have added."""
    w = world
    cluster_loop.advance(
        until, w.rules, w.requests, w.types, w.slots, w.nodes, w.pods, w.groups, w.servers, w.cores,
        w.stations, w.counts, w.hist, w.draws, w.marks, w.ring, w.history, w.spaces, w.wakes, w.e_rules,
        w.e_followers, w.e_blocked, w.e_cores, w.e_peers, w.e_ring, w.e_waits, w.e_entries, w.e_upto,
        w.e_store, w.e_at, w.e_counts, w.out_id, w.out_done, rows, w.beat_rules, w.clocks, w.statuses,
        w.leases, w.changes, w.timers, w.timers_size, w.events, w.size,
    )  # fmt: skip


def begin(size: Size, toggles: Toggles, seed: int, duration_ns: int, placed: Placed, plan: Plan) -> World:
    """Return a control plane in its steady state, with five minutes of history in its store."""
    tables = costing.of(size, toggles)
    kubelets, clients = size.nodes, size.control_plane.controllers + 2
    nodes = _nodes(size, toggles, tables, seed, clients)
    servers = np.zeros((size.control_plane.apiservers, cr.SERVER_COLUMNS), dtype=np.int64)
    servers[:, cr.UP] = 1
    slots = np.zeros((2 * kubelets + 4 * plan.pods + SPARE_SLOTS, cr.SLOT), dtype=np.int64)
    slots[:, cr.BORN] = cr.NEVER
    events, count = heap.new(len(slots) + 2 * plan.pods + SPARE_SLOTS)
    timers, timers_count = heap.new(kubelets + 1)
    ring, history = _history(size, nodes, seed)
    spaces, history_bytes = _spaces(size, toggles, tables, duration_ns)
    world = World(
        tables=tables,
        plan=plan,
        history_bytes=history_bytes,
        rules=_rules(size, toggles, duration_ns),
        requests=tables.requests,
        types=tables.types,
        slots=slots,
        nodes=nodes,
        pods=_pods(size, tables, placed, plan, seed),
        groups=plan.groups.copy(),
        servers=servers,
        cores=_zeros(len(servers), size.control_plane.apiserver_cores),
        stations=_zeros(cr.AT_LOG + 2 * tables.etcds, cluster_stations.STATION),
        counts=_zeros(cr.COUNTS),
        hist=_zeros(-(-duration_ns // WINDOW_NS), len(VERBS), cluster_stations.BUCKETS + 1),
        draws=draw.generator(seed, Stream.CLUSTER_SERVERS),
        marks=_zeros(duration_ns // SECOND + 2),
        ring=ring,
        history=history,
        spaces=spaces,
        wakes=np.full(tables.etcds, cr.NEVER),
        beat_rules=_beat_rules(size, toggles, duration_ns),
        clocks=_zeros(kubelets, hb.CLOCK),
        statuses=draw.generators(seed, Stream.HEARTBEATS, 0, kubelets),
        leases=draw.generators(seed, Stream.HEARTBEAT_LEASES, 0, kubelets),
        changes=draw.generators(seed, Stream.HEARTBEAT_CHANGES, 0, kubelets),
        timers=timers,
        timers_size=timers_count,
        events=events,
        size=count,
        **_etcds(tables),
    )
    for e in range(tables.etcds):
        etcd_write_steps.begin(world.etcd(e))
    world.marks[:] = history[watch_ring.END]
    _wind(world, size, seed)
    return world


def _zeros(*shape: int) -> Longs:
    """Return zeros."""
    return np.zeros(shape, dtype=np.int64)


def _rules(size: Size, toggles: Toggles, duration_ns: int) -> Longs:
    """Return the rules of kernels/cluster_rules.py."""
    profile, plane, costs, rules = size.profile, size.control_plane, size.costs, _zeros(cr.RULES)
    rules[cr.KUBELETS] = size.nodes
    rules[cr.LIMIT_READS], rules[cr.LIMIT_WRITES] = profile.max_inflight_reads, profile.max_inflight_writes
    rules[cr.QUEUED] = profile.fairness_queued if profile.fairness else 0
    rules[cr.RETRY_NS], rules[cr.TRIES] = profile.retry_after_ns, TRIES
    rules[cr.WINDOW_NS], rules[cr.END_NS] = WINDOW_NS, duration_ns
    rules[cr.ETCD_BACK_NS] = costs["etcd_client_round_trip_ns"]  # both ways, once
    rules[cr.LAG_NS] = costs["list_cache_lag_ns"]
    rules[cr.KUBELET_NS], rules[cr.KUBELET_BURST] = SECOND // profile.kubelet_qps, profile.kubelet_burst
    for place, qps in ((cr.SCHEDULER_NS, plane.scheduler_qps), (cr.CONTROLLER_NS, plane.controller_qps)):
        rules[place], rules[place + 1] = SECOND // qps if qps else 0, max(1, qps)
    rules[cr.EVENTS_MILLI] = size.simulation.events_per_change_milli
    rules[cr.OTHERS_MILLI] = size.simulation.others_per_change_milli
    rules[cr.INIT_EVENT_NS] = costs["watch_init_event_ns"]
    rules[cr.BOOKMARKS], rules[cr.BALANCE] = "watch-bookmark" in toggles, "apiserver-balance" in toggles
    rules[cr.BOOKMARK_NS], rules[cr.LEAD_NS] = profile.bookmark_period_ns, profile.bookmark_lead_ns
    rules[cr.STOP_NS], rules[cr.REQUEUE_NS] = costs["kubelet_stop_ns"], REQUEUE_NS
    return rules


def _nodes(size: Size, toggles: Toggles, tables: Tables, seed: int, clients: int) -> Longs:
    """Return kubelets and other clients, spread over the API servers at random."""
    nodes, n = _zeros(size.nodes + clients, cr.NODE), size.nodes
    nodes[:, cr.SERVER] = draw.below(seed, Stream.CLUSTER_SERVERS, len(nodes), size.control_plane.apiservers)
    for column, grows, given in (
        (cr.STATUS_BYTES, cr.STATUS_GROWS, size.status_bytes),
        (cr.LEASE_BYTES, cr.LEASE_GROWS, size.lease_bytes),
    ):
        kept = costing.values_in_etcd(np.resize(given, n), toggles)
        nodes[:n, column] = kept
        nodes[:n, grows] = costing.grown(kept, tables.stored_bytes)
    return nodes


def _pods(size: Size, tables: Tables, placed: Placed, plan: Plan, seed: int) -> Longs:
    """Return the pods that may be created: cost of each to the scheduler, its node, how long it starts."""
    pods = np.full((plan.pods, cr.POD), cr.NEVER, dtype=np.int64)
    pods[:, cr.PLACE] = placed.node
    pods[:, cr.EVALUATED] = placed.evaluations
    ps = tables.scheduler_ps_per_evaluation
    pods[:, cr.CYCLE] = tables.scheduler_ns + placed.evaluations * ps // 1000
    start, report = size.costs["kubelet_start_ns"], 2 * size.costs["kubelet_report_ns"]
    drawn = draw.keys(seed, Stream.CLUSTER_STARTS, 0, 2 * plan.pods).reshape(2, -1)
    parts = (drawn >> np.uint64(44)).astype(np.int64)  # of 2^20
    # uniform, from half to one and a half of the mean; then until kubelet looks next
    pods[:, cr.START] = start // 2 + start * parts[0] // 2**20 + report * parts[1] // 2**20
    pods[:, cr.GROUP] = plan.group_of
    return pods


def _history(size: Size, nodes: Longs, seed: int) -> tuple[Longs, Longs]:
    """Return the watch cache's history of pods, full, and set the last event that each kubelet has seen.

    That is the last one that concerned it, or where its watch began if it had to list then.
    """
    profile = size.profile
    most = profile.watch_history_max
    least = most if profile.watch_history == "fixed" else profile.watch_history_min
    history, ring = _zeros(watch_ring.STATE), _zeros(watch_ring.ROWS, most)
    history[watch_ring.LEAST], history[watch_ring.MOST] = least, most
    history[watch_ring.WINDOW] = profile.watch_history_window_ns
    watch_ring.relist(0, history)
    every = max(1, int(SECOND / max(1e-6, 3 * size.load.pod_changes_per_s)))
    before = (
        most if profile.watch_history == "fixed" else min(most, 4 * profile.watch_history_window_ns // every)
    )
    before = max(before, least + 1)
    cluster_loop.remember(before, every, ring, history)
    kubelets = size.nodes
    nodes[:kubelets, cr.SEEN_RV] = np.maximum(-FAR_BACK, before - load.begun_ns(size, seed) // every)
    of = draw.below(seed, Stream.CLUSTER_NODES, before, kubelets)
    np.maximum.at(nodes[:, cr.SEEN_RV], of, np.arange(before))
    return ring, history


def _spaces(size: Size, toggles: Toggles, tables: Tables, duration_ns: int) -> tuple[Longs, Longs]:
    """Return the stores right after a compaction, and their history: five minutes, and as much was freed.

    Where ten minutes of history do not fit, less is there at the start: the quota is reached half-way through
    the run, or earlier if it is full without any history.
    """
    spaces = _zeros(tables.etcds, cr.SPACE)
    spaces[:, cr.QUOTA] = size.control_plane.etcd_quota_bytes
    for name in TYPES:
        shard = SHARDS[name] if tables.etcds > 1 else 0
        one = costing.stored_of(size, name)
        value = costing.values_in_etcd(np.array([one.mean_bytes]), toggles)
        spaces[shard, cr.IN_USE] += one.count * int(costing.grown(value, tables.stored_bytes)[0])
    grows = grows_per_s(size, toggles, tables)
    kept = grows * (size.profile.etcd_compaction_ns // SECOND)
    room = spaces[:, cr.QUOTA] - spaces[:, cr.IN_USE]
    half = np.maximum(0, room - grows * (duration_ns // SECOND) // 2)
    history = np.where(2 * kept > room, np.minimum(kept, half), kept)
    spaces[:, cr.IN_USE] += history
    room = np.maximum(0, spaces[:, cr.QUOTA] - spaces[:, cr.IN_USE])
    spaces[:, cr.FILE] = spaces[:, cr.IN_USE] + np.minimum(kept, room)
    return spaces, history


def grows_per_s(size: Size, toggles: Toggles, tables: Tables) -> Longs:
    """Return the bytes by which the store of each etcd grows in a second, on average."""
    rates, found = load.rates(size, toggles), _zeros(tables.etcds)
    for kind in range(ct.KINDS):
        row = tables.requests[kind]
        if row[ct.PATH] == ct.PUT:
            found[row[ct.SHARD]] += rates[kind] * row[ct.GROWS] // load.MILLI
    return found


def _beat_rules(size: Size, toggles: Toggles, duration_ns: int) -> Longs:
    """Return the rules of kernels/heartbeats.py."""
    rules, leased = _zeros(hb.RULES), "node-lease" in toggles
    rules[hb.STATUS_NS] = size.load.heartbeat_period_ns
    rules[hb.LEASE_NS] = size.profile.lease_renew_ns if leased else 0
    rules[hb.AGE_NS] = size.profile.node_status_period_ns if leased else 0
    rules[hb.CHANGE_NS], rules[hb.JITTER_PPM] = load.CHANGE_NS, load.JITTER_PPM
    rules[hb.END_NS] = duration_ns
    rules[hb.MONITOR_NS] = size.profile.node_monitor_ns
    rules[hb.GRACE_NS] = size.profile.node_grace_period_ns
    return rules


def _wind(world: World, size: Size, seed: int) -> None:
    """Wind the kubelets' clocks as the mechanism node-lease does."""
    rules = world.beat_rules
    status, lease, age = lease_load.phases(
        seed, size.nodes, size.load.heartbeat_period_ns, size.profile.lease_renew_ns
    )
    written = node_lease.last_written(status, age, int(rules[hb.AGE_NS]), int(rules[hb.STATUS_NS]))
    cluster_loop.begin(
        status, world.clocks, world.changes, written, lease, rules, world.timers, world.timers_size,
        world.servers, world.nodes, world.rules, world.slots, world.counts,
    )  # fmt: skip


def _etcds(tables: Tables) -> dict[str, Longs]:
    """Return the arrays of the etcds, see kernels/etcd_write_steps.py."""
    s, followers = tables.etcds, len(tables.followers)
    entries = (s, ETCD_RING, etcd_write_steps.ENTRY)
    return {
        "e_rules": np.tile(tables.etcd_rules, (s, 1)),
        "e_followers": np.tile(tables.followers, (s, 1, 1)),
        "e_blocked": _zeros(0, 2),
        "e_cores": _zeros(s, int(tables.etcd_rules[ew.CORES])),
        "e_peers": _zeros(s, followers, etcd_write_peers.PEER),
        "e_ring": _zeros(s, followers, int(tables.etcd_rules[ew.WINDOW]), etcd_write_peers.RING),
        "e_waits": _zeros(*entries),
        "e_entries": _zeros(*entries),
        "e_upto": _zeros(s, ETCD_RING),
        "e_store": _zeros(s, store.STORE),
        "e_at": _zeros(s, etcd_write_steps.AT),
        "e_counts": _zeros(s, ew.COUNTS),
        "out_id": _zeros(ETCD_RING),
        "out_done": _zeros(ETCD_RING),
    }
