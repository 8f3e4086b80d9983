"""Heartbeats of kubelets on a virtual clock, and when the node controller misses them.

A kubelet works its status out every STATUS_NS and writes it when it changed or is AGE_NS old (kubelet
tryUpdateNodeStatus); it renews its lease every LEASE_NS. Each gap is longer by a jitter. The node
controller looks every MONITOR_NS; a node for which it has seen nothing new is NotReady at the first look
more than GRACE_NS after the one that last saw something (node_lifecycle_controller.go).

Nodes do not wait for each other, so they are walked one after the other, each event by event.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import kernel, lean_inline
from kscale.kernels.draws import PPM, below, waiting

Longs = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
NEVER = 1 << 62  # a time that does not come
NONE = -1  # instead of a time

# rules
STATUS_NS, LEASE_NS, AGE_NS, CHANGE_NS, JITTER_PPM, MONITOR_NS, GRACE_NS, END_NS, RULES = range(9)
# of a node: times; status_writes counts those that a change caused too
LAST, MISSED, FOUND, STATUS_WRITES, LEASE_WRITES, CHANGED, COLUMNS = range(7)
# of a second
WRITES, STORED, EACH = range(3)
# of a node's clock: next status and lease, next change of the status, when it was last written
STATUS_AT, LEASE_AT, CHANGE_AT, WROTE, CLOCK = range(5)
# what a node does
NOTHING, WRITES_OLD, WRITES_CHANGED, RENEWS = range(4)


@lean_inline
def _gap(state: Longs, period: int, jitter_ppm: int) -> int:
    """Return *period* and up to the jitter's share of it more."""
    longest = period * jitter_ppm // PPM
    return period + (below(state, longest + 1) if longest > 0 else 0)


@lean_inline
def _look(at: int, monitor: int) -> int:
    """Return when the controller first looks at or after *at*."""
    return -(-at // monitor) * monitor


@lean_inline
def _due(noticed: int, rules: Longs) -> int:
    """Return the first look more than the grace period after *noticed*."""
    return int(((noticed + rules[GRACE_NS]) // rules[MONITOR_NS] + 1) * rules[MONITOR_NS])


@lean_inline
def _seen(node: Longs, noticed: int, at: int, rules: Longs) -> int:
    """Return the look that sees a sign of life of *at*; if *noticed*, the one before, is too old, note it."""
    look = _look(at, rules[MONITOR_NS])
    if node[MISSED] == NONE and _due(noticed, rules) < look:
        node[MISSED] = _due(noticed, rules)
    node[LAST] = at
    return look


@lean_inline
def _ended(node: Longs, noticed: int, silent: int, rules: Longs) -> None:
    """Note when a node is missed whose last sign was seen at *noticed*: found silent, or wrongly."""
    due, end = _due(noticed, rules), rules[END_NS]
    if node[MISSED] == NONE and due < min(silent, end):
        node[MISSED] = due
    node[FOUND] = due if silent < end else NONE


@lean_inline
def wind(status: int, lease: int, written: int, changes: Longs, rules: Longs, clock: Longs) -> None:
    """Set a node's clock: its first status and lease, when its status was last written."""
    clock[STATUS_AT], clock[LEASE_AT] = status, lease if rules[LEASE_NS] > 0 else NEVER
    clock[CHANGE_AT] = waiting(changes, rules[CHANGE_NS]) if rules[CHANGE_NS] > 0 else NEVER
    clock[WROTE] = written


@lean_inline
def due(clock: Longs) -> int:
    """Return when the node does something next."""
    return int(min(clock[STATUS_AT], clock[LEASE_AT]))


@lean_inline
def tick(statuses: Longs, leases: Longs, changes: Longs, rules: Longs, clock: Longs) -> int:
    """Let the node do what is due, and return what: NOTHING, WRITES_OLD, WRITES_CHANGED or RENEWS."""
    at = clock[STATUS_AT]
    if at > clock[LEASE_AT]:
        clock[LEASE_AT] += _gap(leases, rules[LEASE_NS], rules[JITTER_PPM])
        return RENEWS
    does = WRITES_OLD if at - clock[WROTE] >= rules[AGE_NS] else NOTHING
    if clock[CHANGE_AT] <= at:  # what is left of a waiting time is distributed like a new one
        clock[CHANGE_AT] = at + waiting(changes, rules[CHANGE_NS])
        does = WRITES_CHANGED
    if does != NOTHING:
        clock[WROTE] = at
    clock[STATUS_AT] += _gap(statuses, rules[STATUS_NS], rules[JITTER_PPM])
    return does


@kernel
def beat(
    first_status: Longs,
    first_lease: Longs,
    written: Longs,
    silent: Longs,
    status_stored: Longs,
    lease_stored: Longs,
    status_draws: Longs,
    lease_draws: Longs,
    change_draws: Longs,
    rules: Longs,
    nodes: Longs,
    seconds: Longs,
) -> None:
    """Let every node beat until it falls silent or the time is over.

    first_status, first_lease  int64[n]  ns; when its status is first worked out, its lease first renewed;
                               below STATUS_NS and LEASE_NS, as if it had beaten before time 0
    written                    int64[n]  ns; when its status was last written, before first_status
    silent                     int64[n]  ns; when it falls silent, or NEVER
    status_stored, lease_stored  int64[n]  bytes by which a write of either grows the store
    status_draws, lease_draws, change_draws  int64[n, 6]  generators of each node; changed
    rules                      int64[RULES]  LEASE_NS 0: no lease; AGE_NS 0: every status is written;
                               CHANGE_NS mean time between changes of a status, 0: it never changes
    nodes                      int64[n, COLUMNS]  out: last sign of life, first look at which it was taken
                               for silent though it was not, look at which it was found silent (or NONE),
                               and its writes
    seconds                    int64[>= END_NS / 1 s, EACH]  out, added to: writes and bytes of each second

    Cost is O(n x END_NS / shortest period).
    """
    clock = np.empty(CLOCK, dtype=np.int64)
    for i in range(len(first_status)):
        node = nodes[i]
        wind(first_status[i], first_lease[i], written[i], change_draws[i], rules, clock)
        until = min(silent[i], rules[END_NS])
        leased = rules[LEASE_NS] > 0
        node[LAST] = first_lease[i] - rules[LEASE_NS] if leased else first_status[i] - rules[STATUS_NS]
        node[MISSED] = NONE
        noticed = _look(node[LAST], rules[MONITOR_NS])
        while due(clock) < until:
            at = due(clock)
            does = tick(status_draws[i], lease_draws[i], change_draws[i], rules, clock)
            if does != NOTHING:
                node[LEASE_WRITES] += does == RENEWS
                node[STATUS_WRITES] += does != RENEWS
                node[CHANGED] += does == WRITES_CHANGED
                seconds[at // SECOND, WRITES] += 1
                seconds[at // SECOND, STORED] += lease_stored[i] if does == RENEWS else status_stored[i]
                noticed = _seen(node, noticed, at, rules)
        _ended(node, noticed, silent[i], rules)
