"""The arrays of a run of kernels/cluster_loop.py at time 0: a control plane that has been running."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import costing, load, world_kubelets, world_stores
from kscale.clusterwide.costing import Tables
from kscale.clusterwide.load import Plan
from kscale.clusterwide.objectives import WINDOW_NS
from kscale.clusterwide.record import VERBS
from kscale.clusterwide.scheduling import Placed
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.world_stores import zeros
from kscale.kernels import (
    cluster_loop,
    cluster_stations,
    etcd_write_steps,
    heap,
    watch_ring,
)
from kscale.kernels import cluster_rules as cr
from kscale.kernels import heartbeats as hb
from kscale.mechanisms import balance_params, lease_load, node_lease
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]

SECOND = load.SECOND
SPARE_SLOTS = 16_384  # requests under way at first, beside two of each kubelet; doubled when used up,
MOST_UNDER_WAY = 8_000_000  # up to this; of other events as many again
DIVERGED = f"more than {MOST_UNDER_WAY:,} requests or events are under way, the most that a run holds"
RECONNECTS = balance_params.Params()  # as in apiserver-balance
TRIES = 10  # of client-go after the first, when a server says to come again
REQUEUE_NS = 10 * SECOND  # kubelet's status manager, the scheduler's longest back-off; controllers are sooner


@dataclass(slots=True)
class World:
    """The arrays, by the names of kernels/cluster_loop.py. Some are exchanged for larger ones."""

    tables: Tables
    plan: Plan
    rows: Longs  # of the plan, with what faults added
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


def advance(world: World, until: int) -> bool:
    """Let everything happen up to *until*; False if it stopped before, at STOPPED_AT, DIVERGED."""
    while not _advanced(world, until):
        if not _grown(world):
            return False
    return True


def _advanced(world: World, until: int) -> bool:
    """Let everything happen up to *until*; False if it stopped before, for want of room."""
    w = world
    return cluster_loop.advance(
        until, w.rules, w.requests, w.types, w.slots, w.nodes, w.pods, w.groups, w.servers, w.cores,
        w.stations, w.counts, w.hist, w.draws, w.marks, w.ring, w.history, w.spaces, w.wakes, w.e_rules,
        w.e_followers, w.e_blocked, w.e_cores, w.e_peers, w.e_ring, w.e_waits, w.e_entries, w.e_upto,
        w.e_store, w.e_at, w.e_counts, w.out_id, w.out_done, w.rows, w.beat_rules, w.clocks, w.statuses,
        w.leases, w.changes, w.timers, w.timers_size, w.events, w.size,
    )  # fmt: skip


def _grown(world: World) -> bool:
    """Double the requests or the events that there is room for; False if that is the most."""
    slots, room = len(world.slots), int(world.rules[cr.ROOM])
    if world.counts[cr.FREE_SLOTS] >= room:
        more = min(len(world.events), 2 * MOST_UNDER_WAY - len(world.events))
        world.events = np.concatenate((world.events, zeros(max(0, more), world.events.shape[1])))
        return more > 0
    more = min(slots, MOST_UNDER_WAY - slots)
    if more < room:
        return False
    free = _free_slots(slots, more, int(world.counts[cr.FREE_SLOT]))
    world.slots = np.concatenate((world.slots, free))
    world.counts[cr.FREE_SLOT] = slots
    world.counts[cr.FREE_SLOTS] += more
    return True


def _free_slots(first: int, count: int, after: int) -> Longs:
    """Return so many free requests from number *first* on, linked; the last one to *after*."""
    found = zeros(count, cr.SLOT)
    found[:, cr.BORN] = cr.NEVER
    found[:, cr.LINK] = first + 1 + np.arange(count)
    found[-1, cr.LINK] = after
    return found


def begin(size: Size, toggles: Toggles, seed: int, duration_ns: int, placed: Placed, plan: Plan) -> World:
    """Return a control plane in its steady state, with five minutes of history in its store."""
    tables = costing.of(size, toggles)
    kubelets, etcds = size.nodes, world_stores.etcds(size, tables)
    nodes = world_kubelets.nodes(size, toggles, tables, seed)
    servers = np.zeros((size.control_plane.apiservers, cr.SERVER_COLUMNS), dtype=np.int64)
    servers[:, cr.UP] = 1
    slots = _free_slots(0, 2 * kubelets + SPARE_SLOTS, cr.NONE)
    events, count = heap.new(len(slots) + 2 * len(etcds["out_id"]))
    timers, timers_count = heap.new(kubelets + 1)
    ring, history = world_kubelets.history(size, nodes, seed)
    spaces, history_bytes = world_stores.spaces(size, toggles, tables, duration_ns)
    world = World(
        tables=tables,
        plan=plan,
        rows=plan.rows,
        history_bytes=history_bytes,
        rules=_rules(size, toggles),
        requests=tables.requests,
        types=tables.types,
        slots=slots,
        nodes=nodes,
        pods=_pods(size, tables, placed, plan, seed),
        groups=plan.groups.copy(),
        servers=servers,
        cores=zeros(len(servers), size.control_plane.apiserver_cores),
        stations=zeros(cr.AT_LOG + 2 * tables.etcds, cluster_stations.STATION),
        counts=zeros(cr.COUNTS),
        hist=zeros(-(-duration_ns // WINDOW_NS), len(VERBS), cluster_stations.BUCKETS + 1),
        draws=draw.generator(seed, Stream.CLUSTER_MOVES),
        marks=zeros(duration_ns // SECOND + 2),
        ring=ring,
        history=history,
        spaces=spaces,
        wakes=np.full(tables.etcds, cr.NEVER),
        beat_rules=world_kubelets.beat_rules(size, toggles, duration_ns),
        clocks=zeros(kubelets, hb.CLOCK),
        statuses=draw.generators(seed, Stream.HEARTBEATS, 0, kubelets),
        leases=draw.generators(seed, Stream.HEARTBEAT_LEASES, 0, kubelets),
        changes=draw.generators(seed, Stream.HEARTBEAT_CHANGES, 0, kubelets),
        timers=timers,
        timers_size=timers_count,
        events=events,
        size=count,
        **etcds,
    )
    for e in range(tables.etcds):
        etcd_write_steps.begin(world.etcd(e))
    world.marks[:] = history[watch_ring.END]
    world.counts[cr.FREE_SLOTS] = len(slots)
    connect(world)
    _wind(world, size, seed)
    return world


def connect(world: World) -> None:
    """Count at every server the kubelets and the other clients that are connected to it."""
    kubelets, server = int(world.rules[cr.KUBELETS]), world.nodes[:, cr.SERVER]
    for column, here in ((cr.WATCHING, server[:kubelets]), (cr.FOLLOWING, server[kubelets:])):
        world.servers[:, column] = np.bincount(here, minlength=len(world.servers))


def _rules(size: Size, toggles: Toggles) -> Longs:
    """Return the rules of kernels/cluster_rules.py."""
    profile, plane, costs, rules = size.profile, size.control_plane, size.costs, zeros(cr.RULES)
    rules[cr.KUBELETS] = size.nodes
    rules[cr.LIMIT_READS], rules[cr.LIMIT_WRITES] = profile.max_inflight_reads, profile.max_inflight_writes
    rules[cr.QUEUED] = profile.fairness_queued if profile.fairness else 0
    rules[cr.RETRY_NS], rules[cr.TRIES] = profile.retry_after_ns, TRIES
    rules[cr.WINDOW_NS] = WINDOW_NS
    rules[cr.ETCD_BACK_NS] = costs["etcd_client_round_trip_ns"]  # both ways, once
    rules[cr.LAG_NS] = costs["list_cache_lag_ns"]
    rules[cr.KUBELET_NS], rules[cr.KUBELET_BURST] = SECOND // profile.kubelet_qps, profile.kubelet_burst
    for place, qps in ((cr.SCHEDULER_NS, plane.scheduler_qps), (cr.CONTROLLER_NS, plane.controller_qps)):
        rules[place], rules[place + 1] = SECOND // qps if qps else 0, max(1, qps)
    rules[cr.EVENTS_MILLI] = size.simulation.events_per_change_milli
    rules[cr.OTHERS_MILLI] = size.simulation.others_per_change_milli
    rules[cr.INIT_EVENT_NS] = costs["watch_init_event_ns"]
    rules[cr.BOOKMARKS], rules[cr.BALANCE] = "watch-bookmark" in toggles, "apiserver-balance" in toggles
    rules[cr.HANDSHAKE_NS], rules[cr.MOVE_NS] = costs["tls_handshake_cpu_ns"], costing.move_ns(size, toggles)
    rules[cr.RECONNECT_AFTER] = RECONNECTS.reconnect_after
    rules[cr.RECONNECT_NS] = RECONNECTS.reconnect_window_ns
    rules[cr.BOOKMARK_NS], rules[cr.LEAD_NS] = profile.bookmark_period_ns, profile.bookmark_lead_ns
    rules[cr.STOP_NS], rules[cr.REQUEUE_NS] = costs["kubelet_stop_ns"], REQUEUE_NS
    # Events and other objects of a change, with the parts of one left over; a pod and another in its place
    rules[cr.ROOM] = 4 + (rules[cr.EVENTS_MILLI] + rules[cr.OTHERS_MILLI]) // load.MILLI
    return rules


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


def _wind(world: World, size: Size, seed: int) -> None:
    """Wind the kubelets' clocks as the mechanism node-lease does."""
    rules = world.beat_rules
    status, lease, age = lease_load.phases(
        seed, size.nodes, size.load.heartbeat_period_ns, size.profile.lease_renew_ns
    )
    written = node_lease.last_written(status, age, int(rules[hb.AGE_NS]), int(rules[hb.STATUS_NS]))
    cluster_loop.begin(
        status, world.clocks, world.changes, written, lease, rules, world.timers, world.timers_size,
    )  # fmt: skip
