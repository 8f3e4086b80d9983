"""Balance over API servers, event by event: clients that keep their connection, and what moves them.

Requests come at times known before. An attempt goes to the server of its client's connection; over
the limit it is rejected, and the client tries again. What else a rejection leads to, and whether clients
are sent away or reconnect by themselves, is in `rules` (kernels/balance_servers.py).

Of events at one time: those of the timeline, the end of work, retries, timers, a reshuffle, a new request.

Follows client-go rest/request.go (retries), apiserver pkg/server/filters maxinflight.go and goaway.go.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance_connections as links
from kscale.kernels import balance_servers as sv
from kscale.kernels import draws, heap
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]

# What happens on the timeline, int64[e, 3]: time, one of these, server (or the number of the sample).
START, LEAVE, STOP, LOSE, PROBE, SAMPLE = range(6)
WHEN, EVENT, WHERE = 0, 1, 2

# Columns of `samples`, int64[t, SAMPLES].
CONNECTIONS, WATCHES = 0, 1  # most at one server
REJECTIONS = 2  # up to now
HOTTEST, ASKED = 3, 4  # attempts at the server with the most, and at all, in the WINDOW samples up to here
SAMPLES = 5
WINDOW = 10  # the last two are filled in at each so many samples


@kernel
def _rejected(c: int, s: int, clients: Longs, servers: Longs, rules: Longs, counts: Longs) -> bool:
    """Count a rejection with its server and its client; say whether the client is to reconnect."""
    now = counts[sv.NOW]
    counts[sv.REJECTIONS] += 1
    counts[sv.LAST_REJECTION] = now
    second = now // sv.SECOND_NS
    if servers[s, sv.SECOND] != second:
        servers[s, sv.SECOND] = second
        servers[s, sv.REFUSED] = 0
    servers[s, sv.REFUSED] += 1
    if clients[c, sv.REJECTED] == 0 or now - clients[c, sv.SINCE] > rules[sv.WINDOW]:
        clients[c, sv.SINCE] = now
        clients[c, sv.REJECTED] = 0
    clients[c, sv.REJECTED] += 1
    if 0 < rules[sv.CLOSE_ABOVE] < servers[s, sv.REFUSED]:
        counts[sv.CLOSED] += 1
        return True
    if 0 < rules[sv.RECONNECT_AFTER] <= clients[c, sv.REJECTED]:
        counts[sv.RECONNECTED] += 1
        return True
    return False


@inline
def _attempt(
    job: int,
    asked: Ints,
    jobs: Ints,
    finished: Longs,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    timers: Longs,
    timers_size: Longs,
    rules: Longs,
    counts: Longs,
    random: Longs,
) -> None:
    """Send a request to its client's server."""
    c, write = asked[job, sv.WHO], asked[job, sv.DEMAND] < 0
    counts[sv.ATTEMPTS] += 1
    if clients[c, sv.CONNECTION] < 0:
        links.connect(c, asked, jobs, clients, servers, running, running_size, rules, counts, random)
    s = clients[c, sv.CONNECTION]
    if s < 0:
        counts[sv.NO_SERVER] += 1
        sv.retry_later(job, jobs, finished, rules, counts)
        return
    servers[s, sv.ASKED] += 1
    cold = rules[sv.COLD_REJECTS] == 1 and not write and counts[sv.NOW] < servers[s, sv.COLD_UNTIL]
    moves = False
    if cold or sv.is_full(s, write, servers, rules):
        moves = _rejected(c, s, clients, servers, rules, counts)
        sv.retry_later(job, jobs, finished, rules, counts)
    else:
        sv.join(job, s, write, jobs, servers, counts)
        sv.work(s, counts[sv.NOW], asked, jobs, servers, running, running_size, rules)
    if moves:
        links.hang_up(c, clients, servers)
    elif rules[sv.GOAWAY_PPM] > 0 and draws.chance(random, rules[sv.GOAWAY_PPM]):
        links.go_away(c, clients, servers, timers, timers_size, rules, counts, random)
        moves = True
    if moves:
        links.connect(c, asked, jobs, clients, servers, running, running_size, rules, counts, random)


@kernel
def _sample(number: int, servers: Longs, counts: Longs, samples: Longs) -> None:
    """Note how unequal the servers are."""
    samples[number, CONNECTIONS] = np.max(servers[:, sv.CONNECTIONS])
    samples[number, WATCHES] = np.max(servers[:, sv.WATCHES])
    samples[number, REJECTIONS] = counts[sv.REJECTIONS]
    if number % WINDOW == 0:
        samples[number, HOTTEST] = np.max(servers[:, sv.ASKED])
        samples[number, ASKED] = np.sum(servers[:, sv.ASKED])
        servers[:, sv.ASKED] = 0


@kernel
def _happen(
    event: int,
    where: int,
    asked: Ints,
    jobs: Ints,
    finished: Longs,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    timers: Longs,
    timers_size: Longs,
    rules: Longs,
    counts: Longs,
    samples: Longs,
    random: Longs,
) -> None:
    """Let one event of the timeline happen."""
    if event == SAMPLE:
        _sample(where, servers, counts, samples)
    elif event == START:
        sv.start(where, servers, rules, counts)
    elif event == LEAVE:
        sv.leave(where, servers, counts)
    elif event == STOP:
        links.stop(where, asked, jobs, clients, servers, running, running_size, rules, counts, random)
    for s in range(len(servers)):
        lost = event == LOSE and s == where
        if event == PROBE and servers[s, sv.UP] >= 0:
            full = sv.is_full(s, False, servers, rules)
            servers[s, sv.PROBES] = servers[s, sv.PROBES] + 1 if full else 0
            if 0 < rules[sv.LIVENESS] <= servers[s, sv.PROBES]:
                lost = True
                counts[sv.RESTARTS] += 1
                back = counts[sv.NOW] + rules[sv.DOWN]
                heap.push(timers, timers_size, back, sv.START * sv.KIND + s)
        if lost:
            links.lose(
                s, asked, jobs, finished, clients, servers, running, running_size, rules, counts, random
            )


@kernel
def simulate(  # noqa: C901, PLR0912, PLR0915 - the one loop over events; its parts share all of the state
    arrives: Longs,
    asked: Ints,
    shuffled: Longs,
    timeline: Longs,
    rules: Longs,
    jobs: Ints,
    finished: Longs,
    clients: Longs,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    timers: Longs,
    timers_size: Longs,
    counts: Longs,
    samples: Longs,
    random: Longs,
) -> None:
    """Run all requests to their end.

    arrives    int64[n]     when each request is first sent, ascending, up to END
    asked      int32[n, 2]  its client and what it takes, see `balance_servers`
    shuffled   int64[c, 2]  when in a period of RESHUFFLE a client reconnects, ascending, and which
    timeline   int64[e, 3]  faults, probes and samples, ascending, up to END
    rules      int64[RULES]
    jobs       int32[n, JOB], finished int64[n]  out: how each request ended, and when
    clients, servers  where all begin; changed
    running, timers   heaps of events with their sizes; begin empty
    counts     int64[COUNTS], samples int64[t, SAMPLES]  out
    random     int64[6]     state of a generator; changed

    Cost is O(attempts x log of the cores at work), and O(clients) for each server that stops.
    """
    request, planned, shuffle, lap = 0, 0, 0, 0
    far = heap.FAR
    end = rules[sv.END]
    while True:
        sent = arrives[request] if request < len(arrives) else far
        moment = timeline[planned, WHEN] if planned < len(timeline) else far
        work_done = heap.next_time(running, running_size)
        retry = finished[counts[sv.RETRY_FIRST]] if counts[sv.RETRY_FIRST] >= 0 else far
        timer = heap.next_time(timers, timers_size)
        turn = shuffled[shuffle, 0] + lap * rules[sv.RESHUFFLE] if rules[sv.RESHUFFLE] > 0 else far
        if turn > end:
            turn = far
        now = min(moment, work_done, retry, timer, turn, sent)
        if now == far or (now > end and counts[sv.PENDING] == 0):
            break
        counts[sv.NOW] = now
        job = -1
        if moment == now:
            event, where = timeline[planned, EVENT], timeline[planned, WHERE]
            planned += 1
            _happen(
                event,
                where,
                asked,
                jobs,
                finished,
                clients,
                servers,
                running,
                running_size,
                timers,
                timers_size,
                rules,
                counts,
                samples,
                random,
            )
        elif work_done == now:
            s, served = sv.done(heap.pop(running, running_size), servers)
            if s >= 0:
                servers[s, sv.BUSY] -= 1
                if served >= 0:
                    servers[s, sv.WRITES if asked[served, sv.DEMAND] < 0 else sv.READS] -= 1
                    jobs[served, sv.ENDS] += sv.SERVED
                    finished[served] = now
                    counts[sv.PENDING] -= 1
                sv.work(s, now, asked, jobs, servers, running, running_size, rules)
        elif retry == now:
            job = int(counts[sv.RETRY_FIRST])
            counts[sv.RETRY_FIRST] = jobs[job, sv.NEXT]
        elif timer == now:
            what = heap.pop(timers, timers_size)
            who = what % sv.KIND
            if what // sv.KIND == sv.START:
                sv.start(who, servers, rules, counts)
            else:
                links.move_watch(
                    who,
                    asked,
                    jobs,
                    clients,
                    servers,
                    running,
                    running_size,
                    timers,
                    timers_size,
                    rules,
                    counts,
                )
        elif turn == now:
            c = shuffled[shuffle, 1]
            shuffle += 1
            if shuffle == len(shuffled):
                shuffle = 0
                lap += 1
            counts[sv.RESHUFFLED] += 1
            links.hang_up(c, clients, servers)
            links.connect(c, asked, jobs, clients, servers, running, running_size, rules, counts, random)
        else:
            job = request
            request += 1
            counts[sv.PENDING] += 1
        if job >= 0:
            _attempt(
                job,
                asked,
                jobs,
                finished,
                clients,
                servers,
                running,
                running_size,
                timers,
                timers_size,
                rules,
                counts,
                random,
            )
