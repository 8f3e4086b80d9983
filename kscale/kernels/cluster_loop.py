"""A whole control plane, event by event: the loop. See cluster_rules.py."""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import cluster_etcds as etcds
from kscale.kernels import cluster_pods as cp
from kscale.kernels import cluster_requests as rq
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write_steps as steps
from kscale.kernels import heap, watch_ring
from kscale.kernels import heartbeats as hb
from kscale.kernels._jit import kernel, lean, lean_inline
from kscale.kernels.cluster_stations import leave

Longs = NDArray[np.int64]


@lean_inline
def _give_up(
    now: int, slot: int, rules: Longs, nodes: Longs, slots: Longs, stations: Longs, counts: Longs,
    events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a client go on without an answer: with the same thing later, or with nothing."""
    kind, ref = slots[slot, cr.KIND], slots[slot, cr.REF]
    counts[cr.UNDONE_KIND + kind] += 1
    counts[cr.UNREACHED_KIND + kind] += slots[slot, cr.BORN] == cr.NEVER
    if cp.requeue(now, slot, rules, slots, stations, counts, events, size):
        return
    if kind == ct.STATUS:
        nodes[ref, cr.STATUS_OUT] = 0
    elif kind == ct.LEASE:
        nodes[ref, cr.LEASE_OUT] = 0
    rq.drop(slot, slots, counts)


@lean_inline
def _stored(  # noqa: C901 - what each kind of write causes, side by side
    time: int, slot: int, rules: Longs, requests: Longs, types: Longs, slots: Longs, nodes: Longs,
    pods: Longs, servers: Longs, cores: Longs, stations: Longs, counts: Longs, ring: Longs, history: Longs,
    events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let everybody hear of a write, and those go on who waited for it."""
    kind, ref = slots[slot, cr.KIND], slots[slot, cr.REF]
    seen, row = time + rules[cr.LAG_NS], rules[cr.KUBELETS]
    if kind in (ct.STATUS, ct.LEASE):
        nodes[ref, cr.STATUS_OUT if kind == ct.STATUS else cr.LEASE_OUT] = 0
        nodes[ref, cr.ALIVE] = time
    if requests[kind, ct.TYPE] < 0:
        return
    concerns, follower = cr.NONE, row + 1
    if kind in (ct.STATUS, ct.DELETE, ct.REMOVE):
        concerns = ref
    elif kind == ct.BIND or (kind == ct.POD_STATUS and ref >= 0):
        concerns = pods[ref, cr.PLACE]
    elif kind == ct.CREATE:
        follower = row
    if kind in (ct.BIND, ct.DELETE):
        follower = concerns
    if requests[kind, ct.TYPE] == ct.PODS:
        watch_ring.insert(history[watch_ring.END], seen, ring, history)
        if concerns >= 0 and nodes[concerns, cr.CUT] == 0:
            nodes[concerns, cr.SEEN_RV] = history[watch_ring.END] - 1
    heard = rq.publish(
        seen, kind, concerns, follower, requests, types, nodes, servers, cores, stations, counts
    )
    if kind == ct.CREATE:
        pods[ref, cr.STORED] = time
        rq.post(heard, cr.SEE, ref, events, size)
        cp.follow_up(time, row + 1, rules, nodes, slots, stations, counts, events, size)
    elif kind == ct.BIND:
        pods[ref, cr.BOUND] = time
        rq.post(heard, cr.ASSIGN, ref, events, size)
    elif kind == ct.POD_STATUS and ref >= 0:
        rq.post(heard, cr.KNOW, ref, events, size)
    elif kind == ct.DELETE:
        rq.post(heard + rules[cr.STOP_NS], cr.STOP, ref, events, size)
        cp.follow_up(time, concerns, rules, nodes, slots, stations, counts, events, size)


@lean
def advance(  # noqa: C901, PLR0912, PLR0915 - the one loop over events; its parts share all of the state
    until: int, rules: Longs, requests: Longs, types: Longs, slots: Longs, nodes: Longs, pods: Longs,
    groups: Longs, servers: Longs, cores: Longs, stations: Longs, counts: Longs, hist: Longs, draws: Longs,
    marks: Longs, ring: Longs, history: Longs, spaces: Longs, wakes: Longs, e_rules: Longs,
    e_followers: Longs, e_blocked: Longs, e_cores: Longs, e_peers: Longs, e_ring: Longs, e_waits: Longs,
    e_entries: Longs, e_upto: Longs, e_store: Longs, e_at: Longs, e_counts: Longs, out_id: Longs,
    out_done: Longs, plan: Longs, beat_rules: Longs, clocks: Longs, statuses: Longs, leases: Longs,
    changes: Longs, timers: Longs, timers_size: Longs, events: Longs, size: Longs,
) -> bool:  # fmt: skip
    """Let everything happen up to *until*, inclusive. Arrays as in cluster_rules.py; e_ of each etcd in turn.

    False if it stopped before, as `slots` or `events` may not hold what the next event begins: to be called
    again with larger ones. Cost is O(events x log events under way).
    """
    room = rules[cr.ROOM]
    while True:
        drawn = plan[counts[cr.PLANNED], cr.WHEN] if counts[cr.PLANNED] < len(plan) else cr.NEVER
        shard = 0
        for s in range(1, len(wakes)):
            if wakes[s] < wakes[shard]:
                shard = s
        under_way, beats = heap.next_time(events, size), heap.next_time(timers, timers_size)
        now = min(drawn, wakes[shard], under_way, beats)
        if now > until:
            return True
        if counts[cr.FREE_SLOTS] < room or len(events) - size[heap.COUNT] < room + len(out_id):
            counts[cr.STOPPED_AT] = now
            return False
        counts[cr.EVENTS] += 1
        if drawn == now:
            what, who = plan[counts[cr.PLANNED], cr.WHAT], plan[counts[cr.PLANNED], cr.WHO]
            counts[cr.PLANNED] += 1
            if what == cr.CREATE_POD:
                cp.create(now, who, rules, nodes, pods, slots, stations, counts, events, size)
            elif what == cr.DELETE_POD:
                cp.remove(now, who, rules, nodes, slots, stations, counts, events, size)
            elif what == cr.ASK:
                slot = rq.new(who % cr.ASKS, cr.NONE, who // cr.ASKS, 0, slots, counts)
                rq.later(now, now, slot, stations, events, size)
            elif nodes[who, cr.CUT] == 0:
                if rules[cr.BALANCE] == 1 and what == cr.END_WATCH:
                    rq.move(who, rules, nodes, servers, counts, draws)
                cp.resume(
                    now, who, what == cr.BREAK_WATCH, rules, nodes, marks, ring, history, slots, stations,
                    counts, events, size,
                )  # fmt: skip
            continue
        if wakes[shard] == now:
            e = steps.Etcd(
                e_rules[shard], e_followers[shard], e_blocked, e_cores[shard], e_peers[shard], e_ring[shard],
                e_waits[shard], e_entries[shard], e_upto[shard], e_store[shard], e_at[shard], e_counts[shard],
            )  # fmt: skip
            etcds.turn(now, shard, e, rules, stations, wakes, counts, out_id, out_done, events, size)
            continue
        if under_way == now:
            number = heap.pop(events, size)
            code, ref = number % cr.CODES, number // cr.CODES
            if code == cr.SEND:
                leave(stations[cr.AT_CLIENTS], now)
                if cp.stalled(now, ref, rules, slots):
                    sent = cp.of_controllers(now, rules, nodes)
                    rq.later(now, sent, ref, stations, events, size)
                elif not rq.arrive(
                    now, ref, rules, requests, slots, nodes, servers, cores, stations, counts, hist, draws,
                    events, size,
                ):  # fmt: skip
                    _give_up(now, ref, rules, nodes, slots, stations, counts, events, size)
            elif code in (cr.SERVED, cr.OFFER):
                kind = slots[ref, cr.KIND]
                path, wait = requests[kind, ct.PATH], requests[kind, ct.WAIT]
                shard = requests[kind, ct.SHARD]
                if code == cr.SERVED:
                    leave(stations[cr.AT_CPU], now)
                if path == ct.PUT and wait > 0 and code == cr.SERVED:
                    rq.post(now + wait, cr.OFFER, ref, events, size)
                elif path == ct.NO_ETCD:
                    rq.post(now + wait, cr.ANSWERED, ref, events, size)
                else:
                    e = steps.Etcd(
                        e_rules[shard], e_followers[shard], e_blocked, e_cores[shard], e_peers[shard],
                        e_ring[shard], e_waits[shard], e_entries[shard], e_upto[shard], e_store[shard],
                        e_at[shard], e_counts[shard],
                    )  # fmt: skip
                    if path == ct.READ:
                        rq.post(
                            etcds.read(now, kind, e, requests, spaces[shard], counts) + wait,
                            cr.ANSWERED,
                            ref,
                            events,
                            size,
                        )
                    elif not etcds.put(
                        now, ref, shard, e, requests, slots, nodes, stations, wakes, spaces, counts
                    ):
                        rq.post(now, cr.LOST, ref, events, size)
            elif code in (cr.ANSWERED, cr.STORED_PUT):
                kind = slots[ref, cr.KIND]
                shard = requests[kind, ct.SHARD]
                counts[cr.FINISHED] += 1
                counts[cr.STORED_KIND + kind] += 1
                rq.judge(now, ref, rules, requests, slots, hist)
                rq.release(now, ref, requests, slots, servers, cores, stations, counts, events, size)
                if code == cr.STORED_PUT:
                    leave(stations[cr.AT_LOG + 2 * shard + 1], now)
                    etcds.grow(ref, shard, requests, slots, nodes, spaces)
                    _stored(
                        now, ref, rules, requests, types, slots, nodes, pods, servers, cores, stations,
                        counts, ring, history, events, size,
                    )  # fmt: skip
                rq.drop(ref, slots, counts)
            elif code in (cr.ETCD_REFUSED, cr.LOST):
                if code == cr.ETCD_REFUSED:
                    leave(stations[cr.AT_LOG + 2 * requests[slots[ref, cr.KIND], ct.SHARD] + 1], now)
                counts[cr.UNSERVED] += 1
                rq.release(now, ref, requests, slots, servers, cores, stations, counts, events, size)
                _give_up(now, ref, rules, nodes, slots, stations, counts, events, size)
            elif code == cr.SEE:
                cp.see(now, ref, pods, stations, counts, events, size)
            elif code == cr.SCHEDULE:
                cp.schedule(now, ref, rules, nodes, pods, slots, stations, counts, events, size)
            elif code == cr.ASSIGN:
                cp.assign(now, ref, rules, nodes, pods, slots, stations, counts, events, size)
            elif code == cr.RUN:
                cp.run(now, ref, rules, nodes, pods, slots, stations, counts, events, size)
            elif code == cr.KNOW:
                cp.know(now, ref, rules, nodes, pods, groups, slots, stations, counts, events, size)
            else:  # STOP
                slot = rq.new(ct.REMOVE, ref, ref, 0, slots, counts)
                rq.later(now, cp.of_kubelet(now, ref, rules, nodes), slot, stations, events, size)
            continue
        node = timers[0, heap.WHAT]
        kind = cp.beat(node, beat_rules, clocks, statuses, leases, changes, nodes, counts)
        heap.pop(timers, timers_size)
        heap.push(timers, timers_size, hb.due(clocks[node]), node)
        if kind != cr.NONE:
            slot = rq.new(kind, node, node, 0, slots, counts)
            if not rq.arrive(
                now, slot, rules, requests, slots, nodes, servers, cores, stations, counts, hist, draws,
                events, size,
            ):  # fmt: skip
                _give_up(now, slot, rules, nodes, slots, stations, counts, events, size)


@kernel
def begin(
    first: Longs, clocks: Longs, changes: Longs, written: Longs, leases: Longs, beat_rules: Longs,
    timers: Longs, timers_size: Longs,
) -> None:  # fmt: skip
    """Wind the nodes' clocks.

    first, leases, written  int64[n]  of each kubelet, see heartbeats.wind
    """
    for i in range(len(first)):
        hb.wind(first[i], leases[i], written[i], changes[i], beat_rules, clocks[i])
        heap.push(timers, timers_size, hb.due(clocks[i]), i)


@kernel
def remember(before: int, every: int, ring: Longs, history: Longs) -> None:
    """Fill the history of pods with *before* events, one each *every* ns, the last at time 0."""
    for i in range(before):
        watch_ring.insert(history[watch_ring.END], (i + 1 - before) * every, ring, history)
