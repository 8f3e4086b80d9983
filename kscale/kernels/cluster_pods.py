"""A pod's life, a node's heartbeat and the end of a watch: what clients do when something happens to them.

See cluster_rules.py for the arrays. Most functions take all of them, in one order.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import cluster_requests as rq
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import heartbeats as hb
from kscale.kernels import watch_ring
from kscale.kernels._jit import lean_inline
from kscale.kernels.cluster_stations import allow, enter, leave

Longs = NDArray[np.int64]

MILLI = 1000
SECOND = 1_000_000_000  # ns


@lean_inline
def of_kubelet(time: int, node: int, rules: Longs, nodes: Longs) -> int:
    """Return when a kubelet's client may send a request."""
    return allow(time, rules[cr.KUBELET_NS], rules[cr.KUBELET_BURST], nodes[node], cr.BUCKET)


@lean_inline
def of_controllers(time: int, rules: Longs, nodes: Longs) -> int:
    """Return when the controllers' client may send a request."""
    row = nodes[rules[cr.KUBELETS] + 1]
    row[cr.SENT] += 1
    begin = max(time, rules[cr.CONTROLLER_STALL])
    return allow(begin, rules[cr.CONTROLLER_NS], rules[cr.CONTROLLER_BURST], row, cr.BUCKET)


@lean_inline
def stalled(time: int, slot: int, rules: Longs, slots: Longs) -> bool:
    """Say whether a request is of controllers that nobody leads."""
    kind = slots[slot, cr.KIND]
    writes = ct.CREATE <= kind <= ct.OTHER
    return bool(
        writes and time < rules[cr.CONTROLLER_STALL] and slots[slot, cr.CLIENT] == rules[cr.KUBELETS] + 1
    )


@lean_inline
def follow_up(
    time: int, node: int, rules: Longs, nodes: Longs, slots: Longs, stations: Longs, counts: Longs,
    events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a change of a pod cause Events of *node*, kubelet or controllers, and writes of other objects."""
    counts[cr.EVENT_CREDIT] += rules[cr.EVENTS_MILLI]
    counts[cr.OTHER_CREDIT] += rules[cr.OTHERS_MILLI]
    while counts[cr.EVENT_CREDIT] >= MILLI:
        counts[cr.EVENT_CREDIT] -= MILLI
        slot = rq.new(ct.EVENT, cr.NONE, node, 0, slots, counts)
        kubelet = node < rules[cr.KUBELETS]
        sent = of_kubelet(time, node, rules, nodes) if kubelet else of_controllers(time, rules, nodes)
        rq.later(time, sent, slot, stations, events, size)
    while counts[cr.OTHER_CREDIT] >= MILLI:
        counts[cr.OTHER_CREDIT] -= MILLI
        slot = rq.new(ct.OTHER, cr.NONE, rules[cr.KUBELETS] + 1, 0, slots, counts)
        rq.later(time, of_controllers(time, rules, nodes), slot, stations, events, size)


@lean_inline
def create(
    time: int, pod: int, rules: Longs, nodes: Longs, pods: Longs, slots: Longs, stations: Longs,
    counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let the controllers want a pod."""
    pods[pod, cr.CREATED] = time
    slot = rq.new(ct.CREATE, pod, rules[cr.KUBELETS] + 1, 0, slots, counts)
    rq.later(time, of_controllers(time, rules, nodes), slot, stations, events, size)


@lean_inline
def remove(
    time: int, node: int, rules: Longs, nodes: Longs, slots: Longs, stations: Longs, counts: Longs,
    events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let the controllers delete a pod of a node."""
    slot = rq.new(ct.DELETE, node, rules[cr.KUBELETS] + 1, 0, slots, counts)
    rq.later(time, of_controllers(time, rules, nodes), slot, stations, events, size)


@lean_inline
def see(time: int, pod: int, pods: Longs, stations: Longs, counts: Longs, events: Longs, size: Longs) -> None:
    """Let the scheduler see a pod: its turn comes after those before it."""
    pods[pod, cr.SEEN] = time
    enter(stations[cr.AT_SCHEDULER], time)
    begin = max(time, counts[cr.SCHEDULER_FREE])
    counts[cr.SCHEDULER_FREE] = begin + pods[pod, cr.CYCLE]
    counts[cr.SCHEDULER_BUSY] += pods[pod, cr.CYCLE]
    rq.post(counts[cr.SCHEDULER_FREE], cr.SCHEDULE, pod, events, size)


@lean_inline
def schedule(
    time: int, pod: int, rules: Longs, nodes: Longs, pods: Longs, slots: Longs, stations: Longs,
    counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let the scheduler bind a pod to the node it chose; one that no node has room for waits for ever."""
    leave(stations[cr.AT_SCHEDULER], time)
    pods[pod, cr.SCHEDULED] = time
    if pods[pod, cr.PLACE] == cr.NONE:
        counts[cr.PENDING_PODS] += 1
        return
    row = rules[cr.KUBELETS]
    sent = allow(time, rules[cr.SCHEDULER_NS], rules[cr.SCHEDULER_BURST], nodes[row], cr.BUCKET)
    slot = rq.new(ct.BIND, pod, row, 0, slots, counts)
    rq.later(time, sent, slot, stations, events, size)


@lean_inline
def assign(
    time: int, pod: int, rules: Longs, nodes: Longs, pods: Longs, slots: Longs, stations: Longs,
    counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a kubelet see its pod: it says so, and starts it. One that is cut off sees nothing yet."""
    node = pods[pod, cr.PLACE]
    if nodes[node, cr.CUT] == 1:
        rq.post(time + SECOND, cr.ASSIGN, pod, events, size)
        return
    pods[pod, cr.ASSIGNED] = time
    enter(stations[cr.AT_KUBELET], time)
    rq.post(time + pods[pod, cr.START], cr.RUN, pod, events, size)
    slot = rq.new(ct.POD_STATUS, cr.NONE, node, 0, slots, counts)
    rq.later(time, of_kubelet(time, node, rules, nodes), slot, stations, events, size)


@lean_inline
def run(
    time: int, pod: int, rules: Longs, nodes: Longs, pods: Longs, slots: Longs, stations: Longs,
    counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a pod's containers run: its kubelet says so."""
    leave(stations[cr.AT_KUBELET], time)
    pods[pod, cr.RUNNING] = time
    node = pods[pod, cr.PLACE]
    slot = rq.new(ct.POD_STATUS, pod, node, 0, slots, counts)
    rq.later(time, of_kubelet(time, node, rules, nodes), slot, stations, events, size)


@lean_inline
def know(
    time: int, pod: int, rules: Longs, nodes: Longs, pods: Longs, groups: Longs, slots: Longs,
    stations: Longs, counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a client know that a pod runs; a rolling update creates its next one, and deletes an old one."""
    pods[pod, cr.KNOWN] = time
    counts[cr.RUNNING_PODS] += 1
    group = pods[pod, cr.GROUP]
    if group == cr.NONE:
        return
    remove(time, pods[pod, cr.PLACE], rules, nodes, slots, stations, counts, events, size)
    after = groups[group, cr.NEXT_POD]
    if after < groups[group, cr.END_POD]:
        groups[group, cr.NEXT_POD] = after + 1
        create(time, after, rules, nodes, pods, slots, stations, counts, events, size)


@lean_inline
def beat(
    node: int, beat_rules: Longs, clocks: Longs, statuses: Longs, leases: Longs, changes: Longs, nodes: Longs,
    counts: Longs,
) -> int:  # fmt: skip
    """Let a kubelet do what its clock says, and return the kind of request it sends, or NONE."""
    does = hb.tick(statuses[node], leases[node], changes[node], beat_rules, clocks[node])
    if does == hb.NOTHING:
        return cr.NONE
    row = nodes[node]
    kind, out = (ct.LEASE, cr.LEASE_OUT) if does == hb.RENEWS else (ct.STATUS, cr.STATUS_OUT)
    if row[out] == 1 or row[cr.CUT] == 1:
        counts[cr.MISSED] += 1
        return cr.NONE
    row[out] = 1
    counts[cr.LEASE_WRITES if kind == ct.LEASE else cr.STATUS_WRITES] += 1
    return kind


@lean_inline
def resume(
    time: int, node: int, broken: bool, rules: Longs, nodes: Longs, marks: Longs, ring: Longs, history: Longs,
    slots: Longs, stations: Longs, counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let a kubelet begin its watch of pods again where it stopped; if that is gone, it lists them first.

    With bookmarks it stopped at the last of them: LEAD_NS before a watch ends in its time, at any time of the
    last BOOKMARK_NS before one that is broken.
    """
    seen = nodes[node, cr.SEEN_RV]
    if rules[cr.BOOKMARKS] == 1:
        ended = nodes[node, cr.BROKE] if broken else time
        since = (ended + node * 7_919_000_000) % rules[cr.BOOKMARK_NS] if broken else rules[cr.LEAD_NS]
        seen = max(seen, marks[max(0, ended - since) // SECOND])
    nodes[node, cr.SEEN_RV] = history[watch_ring.END]
    found = watch_ring.since(seen, ring, history)
    kind, extra = ct.RESUME, rules[cr.HANDSHAKE_NS if broken else cr.MOVE_NS]
    if found == watch_ring.REFUSED:
        counts[cr.GONE] += 1
        kind = ct.RELIST
    else:
        counts[cr.RESUMED] += 1
        counts[cr.SKIPPED] += history[watch_ring.END] - found
        extra += (history[watch_ring.END] - found) * rules[cr.INIT_EVENT_NS]
    slot = rq.new(kind, cr.NONE, node, extra, slots, counts)
    rq.later(time, of_kubelet(time, node, rules, nodes), slot, stations, events, size)


@lean_inline
def requeue(
    time: int, slot: int, rules: Longs, slots: Longs, stations: Longs, counts: Longs, events: Longs,
    size: Longs,
) -> bool:  # fmt: skip
    """Begin a request anew that was given up, if a controller, the scheduler or a kubelet would; else False.

    They keep what is to be done in a queue (workqueues, the scheduler's backoff, kubelet's status manager).
    """
    kind = slots[slot, cr.KIND]
    if not ct.CREATE <= kind <= ct.REMOVE:
        return False
    slots[slot, cr.BORN], slots[slot, cr.TRIED] = cr.NEVER, -1
    counts[cr.REQUEUED] += 1
    rq.later(time, time + rules[cr.REQUEUE_NS], slot, stations, events, size)
    return True
