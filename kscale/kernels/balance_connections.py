"""Connections to API servers: who is connected where, and what moves a client.

A client has one connection for its requests. Its watch is on the same one, or, after a GOAWAY, on the one
before (LINGERS) until the watch's own end. The balancer decides when a connection is made, never later.
State and its columns are those of `kscale.kernels.balance_servers`.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance_servers as sv
from kscale.kernels import draws, heap
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]

_DROPPED = -2  # connection of a client whose server has just stopped


@inline
def _chosen(servers: Longs, rules: Longs, counts: Longs, random: Longs) -> int:
    """Return the server that the balancer gives a new connection; there is one."""
    up = counts[sv.SERVERS_UP]
    if rules[sv.LEAST] == 0:
        return int(servers[draws.below(random, up), sv.LIST])
    best = servers[0, sv.LIST]
    for i in range(1, up):
        s = servers[i, sv.LIST]
        if servers[s, sv.HELD] < servers[best, sv.HELD] or (
            servers[s, sv.HELD] == servers[best, sv.HELD] and s < best
        ):
            best = s
    return int(best)


@kernel
def connect(
    c: int,
    asked: Ints,
    jobs: Ints,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    rules: Longs,
    counts: Longs,
    random: Longs,
) -> None:
    """Connect a client that has no connection, if any server is up; its watch comes along if it has none."""
    if counts[sv.SERVERS_UP] == 0:
        return
    s = _chosen(servers, rules, counts, random)
    clients[c, sv.CONNECTION] = s
    clients[c, sv.REJECTED] = 0
    servers[s, sv.CONNECTIONS] += 1
    servers[s, sv.HELD] += 1
    servers[s, sv.HANDSHAKES] += 1
    counts[sv.OPENED] += 1
    if clients[c, sv.WATCH] < 0:
        _watch(c, s, clients, servers, counts)
    sv.work(s, counts[sv.NOW], asked, jobs, servers, running, running_size, rules)


@inline
def _watch(c: int, s: int, clients: Longs, servers: Longs, counts: Longs) -> None:
    """Begin a client's watch again on its connection to *s*."""
    clients[c, sv.WATCH] = s
    clients[c, sv.LINGERS] = 0
    servers[s, sv.WATCHES] += 1
    servers[s, sv.RESUMES] += 1
    counts[sv.RESUMED] += 1


@kernel
def hang_up(c: int, clients: Longs, servers: Longs) -> None:
    """Close whatever connections a client has; requests in flight are still answered."""
    s, w = clients[c, sv.CONNECTION], clients[c, sv.WATCH]
    if s >= 0:
        servers[s, sv.CONNECTIONS] -= 1
        servers[s, sv.HELD] -= 1
    if w >= 0:
        servers[w, sv.WATCHES] -= 1
        servers[w, sv.HELD] -= clients[c, sv.LINGERS]
    clients[c, sv.CONNECTION] = -1
    clients[c, sv.WATCH] = -1
    clients[c, sv.LINGERS] = 0


@kernel
def go_away(
    c: int,
    clients: Longs,
    servers: Longs,
    timers: Longs,
    timers_size: Longs,
    rules: Longs,
    counts: Longs,
    random: Longs,
) -> None:
    """Take the connection from a client, whose watch stays on it until its own end."""
    s = clients[c, sv.CONNECTION]
    clients[c, sv.CONNECTION] = -1
    servers[s, sv.CONNECTIONS] -= 1
    counts[sv.GOAWAYS] += 1
    if clients[c, sv.LINGERS] == 1:  # its watch is on an older one still, so nothing keeps this one
        servers[s, sv.HELD] -= 1
        return
    clients[c, sv.LINGERS] = 1
    length = rules[sv.WATCH_MAX] - rules[sv.WATCH_MIN]
    while clients[c, sv.WATCH_END] <= counts[sv.NOW]:
        clients[c, sv.WATCH_END] += rules[sv.WATCH_MIN] + draws.below(random, length + 1)
    if clients[c, sv.TIMED] == 0:
        clients[c, sv.TIMED] = 1
        heap.push(timers, timers_size, clients[c, sv.WATCH_END], sv.MOVE_WATCH * sv.KIND + c)


@kernel
def move_watch(
    c: int,
    asked: Ints,
    jobs: Ints,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    timers: Longs,
    timers_size: Longs,
    rules: Longs,
    counts: Longs,
) -> None:
    """Let a watch that has ended on an older connection begin again on the client's newest."""
    clients[c, sv.TIMED] = 0
    if clients[c, sv.LINGERS] == 0:
        return
    if clients[c, sv.WATCH_END] > counts[sv.NOW]:  # it is another watch by now
        clients[c, sv.TIMED] = 1
        heap.push(timers, timers_size, clients[c, sv.WATCH_END], sv.MOVE_WATCH * sv.KIND + c)
        return
    old, s = clients[c, sv.WATCH], clients[c, sv.CONNECTION]
    servers[old, sv.WATCHES] -= 1
    servers[old, sv.HELD] -= 1
    clients[c, sv.WATCH] = -1
    clients[c, sv.LINGERS] = 0
    if s >= 0:
        _watch(c, s, clients, servers, counts)
        sv.work(s, counts[sv.NOW], asked, jobs, servers, running, running_size, rules)


@kernel
def stop(
    s: int,
    asked: Ints,
    jobs: Ints,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    rules: Longs,
    counts: Longs,
    random: Longs,
) -> None:
    """Stop a server in good order: it answers what is in flight, and its clients connect elsewhere."""
    sv.leave(s, servers, counts)
    for column in (sv.HANDSHAKES, sv.RESUMES, sv.CONNECTIONS, sv.WATCHES, sv.HELD):
        servers[s, column] = 0
    for c in range(len(clients)):
        if clients[c, sv.CONNECTION] == s:
            clients[c, sv.CONNECTION] = _DROPPED
        if clients[c, sv.WATCH] == s:
            clients[c, sv.WATCH] = -1
            clients[c, sv.LINGERS] = 0
    for c in range(len(clients)):
        at = clients[c, sv.CONNECTION]
        if at == _DROPPED:
            clients[c, sv.CONNECTION] = -1
            connect(c, asked, jobs, clients, servers, running, running_size, rules, counts, random)
        elif at >= 0 and clients[c, sv.WATCH] < 0:
            _watch(c, at, clients, servers, counts)
            sv.work(at, counts[sv.NOW], asked, jobs, servers, running, running_size, rules)


@kernel
def _worked_on(s: int, above: int, servers: Longs, running: Longs, running_size: Longs) -> int:
    """Return the first request after number *above* that server *s* works on, -1 if there is none."""
    first = -1
    for i in range(running_size[heap.COUNT]):
        at, job = sv.done(running[i, heap.WHAT], servers)
        if at == s and job > above and (first < 0 or job < first):
            first = job
    return first


@kernel
def lose(
    s: int,
    asked: Ints,
    jobs: Ints,
    finished: Longs,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    rules: Longs,
    counts: Longs,
    random: Longs,
) -> None:
    """Let a server die: what is in flight fails, what it works on first; its clients connect elsewhere."""
    job = _worked_on(s, -1, servers, running, running_size)
    while job >= 0:
        counts[sv.LOST] += 1
        sv.retry_later(job, jobs, finished, rules, counts)
        job = _worked_on(s, job, servers, running, running_size)
    job = servers[s, sv.FIRST]
    while job >= 0:
        after = int(jobs[job, sv.NEXT])
        counts[sv.LOST] += 1
        sv.retry_later(job, jobs, finished, rules, counts)
        job = after
    servers[s, sv.LIFE] += 1
    servers[s, sv.READS] = 0
    servers[s, sv.WRITES] = 0
    servers[s, sv.BUSY] = 0
    servers[s, sv.FIRST] = -1
    stop(s, asked, jobs, clients, servers, running, running_size, rules, counts, random)
