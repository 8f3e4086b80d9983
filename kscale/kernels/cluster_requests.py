"""The way of a request through an API server, and of an event to everybody who watches.

See cluster_rules.py for the arrays.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import heap
from kscale.kernels._jit import lean_inline
from kscale.kernels.cluster_stations import (
    AREA,
    BUCKETS,
    BUSY,
    ENTERED,
    LEFT,
    SOJOURN,
    bucket_of,
    enter,
    leave,
    serve,
)
from kscale.kernels.draws import below

Longs = NDArray[np.int64]

PS = 1000  # in a ns
PPM = 1_000_000
PART_NS = 1_000_000  # long work is shared out among cores in parts of at least this length,
MOST_PARTS = 4  # so many at most


@lean_inline
def post(time: int, code: int, ref: int, events: Longs, size: Longs) -> None:
    """Let something happen at *time*."""
    heap.push(events, size, time, ref * cr.CODES + code)


@lean_inline
def new(kind: int, ref: int, client: int, extra: int, slots: Longs, counts: Longs) -> int:
    """Return a request that is not sent yet; the loop sees to it that there is room for one."""
    slot = counts[cr.FREE_SLOT]
    row = slots[slot]
    counts[cr.FREE_SLOT] = row[cr.LINK]
    counts[cr.FREE_SLOTS] -= 1
    row[cr.KIND], row[cr.REF], row[cr.CLIENT] = kind, ref, client
    row[cr.BORN], row[cr.TRIED], row[cr.EXTRA], row[cr.USED] = cr.NEVER, 0, extra, 1
    return int(slot)


@lean_inline
def drop(slot: int, slots: Longs, counts: Longs) -> None:
    """Forget a request."""
    slots[slot, cr.BORN], slots[slot, cr.USED] = cr.NEVER, 0
    slots[slot, cr.LINK] = counts[cr.FREE_SLOT]
    counts[cr.FREE_SLOT] = slot
    counts[cr.FREE_SLOTS] += 1


@lean_inline
def later(now: int, time: int, slot: int, stations: Longs, events: Longs, size: Longs) -> None:
    """Let a client send a request at *time*; until then it waits there."""
    enter(stations[cr.AT_CLIENTS], now)
    post(time, cr.SEND, slot, events, size)


@lean_inline
def spread(time: int, ns: int, cores: Longs) -> int:
    """Return when work that comes at *time* is done; long work is shared out among a few cores."""
    parts = min(MOST_PARTS, ns // PART_NS + 1)
    done = serve(time, ns - ns // parts * (parts - 1), cores)
    for _ in range(1, parts):
        done = max(done, serve(time, ns // parts, cores))
    return int(done)


@lean_inline
def accept(
    time: int, slot: int, server: int, requests: Longs, slots: Longs, servers: Longs, cores: Longs,
    stations: Longs, counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Give a request a seat, and a core as soon as one is free."""
    row = slots[slot]
    kind = row[cr.KIND]
    row[cr.AT] = server
    if requests[kind, ct.VERB] >= 0:
        servers[server, cr.WRITES if requests[kind, ct.PATH] == ct.PUT else cr.READS] += 1
    counts[cr.REQUESTS] += 1
    ns = requests[kind, ct.CPU] + row[cr.EXTRA]
    enter(stations[cr.AT_CPU], time)
    stations[cr.AT_CPU, BUSY] += ns
    if kind <= ct.LEASE:
        counts[cr.HEARTBEAT_CPU] += requests[kind, ct.CPU]
    post(spread(time, ns, cores[server]), cr.SERVED, slot, events, size)


@lean_inline
def full(server: Longs, write: bool, rules: Longs) -> bool:
    """Say whether a server has no seat for a request: two limits, or one of their sum with fairness."""
    if rules[cr.QUEUED] > 0:
        return bool(server[cr.READS] + server[cr.WRITES] >= rules[cr.LIMIT_READS] + rules[cr.LIMIT_WRITES])
    if write:
        return bool(server[cr.WRITES] >= rules[cr.LIMIT_WRITES])
    return bool(server[cr.READS] >= rules[cr.LIMIT_READS])


@lean_inline
def move(client: int, rules: Longs, nodes: Longs, servers: Longs, counts: Longs, draws: Longs) -> None:
    """Let a client connect anew: the balancer gives it any server that is up."""
    up = 0
    for s in range(len(servers)):
        up += servers[s, cr.UP]
    if up == 0:
        return
    chosen = below(draws, up)
    before = nodes[client, cr.SERVER]
    for s in range(len(servers)):
        if servers[s, cr.UP] == 1:
            if chosen == 0:
                nodes[client, cr.SERVER] = s
            chosen -= 1
    column = cr.WATCHING if client < rules[cr.KUBELETS] else cr.FOLLOWING
    servers[before, column] -= 1
    servers[nodes[client, cr.SERVER], column] += 1
    counts[cr.MOVED] += 1


@lean_inline
def _has_enough(time: int, node: Longs, rules: Longs) -> bool:
    """Count a refusal of a client; say whether it is to take another server. As in kernels/balance.py."""
    if node[cr.REFUSALS] == 0 or time - node[cr.REFUSED_AT] > rules[cr.RECONNECT_NS]:
        node[cr.REFUSALS], node[cr.REFUSED_AT] = 0, time
    node[cr.REFUSALS] += 1
    if node[cr.REFUSALS] < rules[cr.RECONNECT_AFTER]:
        return False
    node[cr.REFUSALS] = 0
    return True


@lean_inline
def window_of(born: int, rules: Longs, hist: Longs) -> int:
    """Return the window in which a request was first sent."""
    return int(min(born // rules[cr.WINDOW_NS], len(hist) - 1))


@lean_inline
def arrive(
    time: int, slot: int, rules: Longs, requests: Longs, slots: Longs, nodes: Longs, servers: Longs,
    cores: Longs, stations: Longs, counts: Longs, hist: Longs, draws: Longs, events: Longs, size: Longs,
) -> bool:  # fmt: skip
    """Let a request reach its client's API server; False if it is given up."""
    row = slots[slot]
    kind, client = row[cr.KIND], row[cr.CLIENT]
    verb, write = requests[kind, ct.VERB], requests[kind, ct.PATH] == ct.PUT
    server = nodes[client, cr.SERVER]
    reached = nodes[client, cr.CUT] == 0 and servers[server, cr.UP] == 1
    if row[cr.BORN] < cr.NEVER:
        counts[cr.AWAITING] -= 1
    elif reached:  # latencies are those that API servers see
        row[cr.BORN] = time
        counts[cr.FIRST_SENT + kind] += 1
        if verb >= 0:
            hist[window_of(time, rules, hist), verb, BUCKETS] += 1
    if reached and (verb < 0 or not full(servers[server], write, rules)):
        accept(time, slot, server, requests, slots, servers, cores, stations, counts, events, size)
        return True
    if reached and servers[server, cr.WAITING] < rules[cr.QUEUED]:
        _queue(time, slot, servers[server], slots, stations)
        return True
    counts[cr.REFUSED] += reached
    row[cr.TRIED] += 1
    if row[cr.TRIED] > rules[cr.TRIES]:
        counts[cr.GIVEN_UP] += 1
        return False
    if reached and rules[cr.BALANCE] == 1 and _has_enough(time, nodes[client], rules):
        move(client, rules, nodes, servers, counts, draws)
        row[cr.EXTRA] += rules[cr.MOVE_NS] + requests[ct.RESUME, ct.CPU]
    counts[cr.AWAITING] += row[cr.BORN] < cr.NEVER
    later(time, time + rules[cr.RETRY_NS], slot, stations, events, size)
    return True


@lean_inline
def _queue(time: int, slot: int, server: Longs, slots: Longs, stations: Longs) -> None:
    """Let a request wait for a seat."""
    slots[slot, cr.LINK] = cr.NONE
    if server[cr.WAITING] == 0:
        server[cr.FIRST] = slot
    else:
        slots[server[cr.LAST], cr.LINK] = slot
    server[cr.LAST] = slot
    server[cr.WAITING] += 1
    enter(stations[cr.AT_QUEUE], time)


@lean_inline
def release(
    time: int, slot: int, requests: Longs, slots: Longs, servers: Longs, cores: Longs,
    stations: Longs, counts: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Free the seat of an answered request, and give it to the one that waits longest."""
    kind, server = slots[slot, cr.KIND], slots[slot, cr.AT]
    if requests[kind, ct.VERB] < 0:
        return
    servers[server, cr.WRITES if requests[kind, ct.PATH] == ct.PUT else cr.READS] -= 1
    if servers[server, cr.WAITING] > 0:
        first = servers[server, cr.FIRST]
        servers[server, cr.FIRST] = slots[first, cr.LINK]
        servers[server, cr.WAITING] -= 1
        leave(stations[cr.AT_QUEUE], time)
        accept(time, first, server, requests, slots, servers, cores, stations, counts, events, size)


@lean_inline
def judge(time: int, slot: int, rules: Longs, requests: Longs, slots: Longs, hist: Longs) -> None:
    """Note how long an answered request took, from when it was first sent."""
    verb, born = requests[slots[slot, cr.KIND], ct.VERB], slots[slot, cr.BORN]
    if verb >= 0:
        hist[window_of(born, rules, hist), verb, bucket_of(time - born)] += 1


@lean_inline
def publish(
    time: int, kind: int, concerns: int, follower: int, requests: Longs, types: Longs, nodes: Longs,
    servers: Longs, cores: Longs, stations: Longs, counts: Longs,
) -> int:  # fmt: skip
    """Let every API server pass an event on, and return when *follower*'s server has.

    kind      of the request that caused it
    concerns  the kubelet that it concerns, or NONE
    follower  a row of `nodes`
    """
    t = requests[kind, ct.TYPE]
    cost, heard = types[t], time
    counts[cr.PUBLISHED] += 1
    counts[cr.PUBLISHED_TYPE + t] += 1
    dispatch = stations[cr.AT_DISPATCH]
    for s in range(len(servers)):
        server = servers[s]
        if server[cr.UP] == 0:
            continue
        watching, following = server[cr.WATCHING], server[cr.FOLLOWING]
        serial = (
            cost[ct.SERIAL] + cost[ct.SERIAL_KUBELET] * watching // PS + cost[ct.SERIAL_CLIENT] * following
        )
        work = cost[ct.CPU_EVENT] + cost[ct.CPU_KUBELET] * watching // PS + cost[ct.CPU_CLIENT] * following
        here = concerns >= 0 and nodes[concerns, cr.SERVER] == s
        work += cost[ct.CPU_MATCH] if here else 0
        counts[cr.DELIVERIES] += following * cost[ct.FOLLOWED] + here + watching * cost[ct.PROXIED_PPM] // PPM
        counts[cr.TESTS] += following * cost[ct.FOLLOWED] + (watching if cost[ct.TESTED] == 1 else here)
        handed = max(time, server[cr.DISPATCHED + t]) + serial
        server[cr.DISPATCHED + t] = handed
        server[cr.DISPATCH_BUSY + t] += serial
        dispatch[ENTERED] += 1
        dispatch[LEFT] += 1
        dispatch[AREA] += handed - time
        dispatch[SOJOURN] += handed - time
        done = spread(time, work, cores[s])
        stations[cr.AT_CPU, BUSY] += work
        if kind <= ct.LEASE:
            counts[cr.HEARTBEAT_CPU] += work
        if nodes[follower, cr.SERVER] == s:
            heard = max(handed, done)
    return int(heard)
