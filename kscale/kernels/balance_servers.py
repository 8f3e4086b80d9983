"""API servers: the state of a run of `kscale.kernels.balance`, and what a server does next.

A server works with some cores, first come, first served. New connections (a TLS handshake each, and the
watches that come along) wait in a line of their own and take turns with requests, so that neither starves
the other. What is in flight is what waits or is worked on.

Time is int64 ns. Whatever is drawn is drawn from one generator, in the order of the events.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import heap
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]
Ints = NDArray[np.int32]

# Columns of `servers`, int64[slots, SERVER].
UP = 0  # place in the list of those that take connections, or -1
LIST = 1  # this list: the servers that are up are servers[0 .. counts[SERVERS_UP] - 1, LIST]
LIFE = 2  # how often its requests in flight were lost
READS, WRITES = 3, 4  # in flight
BUSY = 5  # cores at work
FIRST, LAST = 6, 7  # requests that wait, linked by NEXT; -1 if none
HANDSHAKES, RESUMES = 8, 9  # new connections and watches that wait
TURN = 10  # 1: a request is next, if both kinds of work wait
COLD_UNTIL = 11
SECOND, REFUSED = 12, 13  # a second of the clock, and how many it rejected in it
CONNECTIONS = 14  # clients whose requests come here
WATCHES = 15  # clients whose watch is here
HELD = 16  # open connections, with those that only a watch keeps
PROBES = 17  # liveness probes it failed in a row
ASKED = 18  # attempts in this window
SERVER = 19

# Columns of `clients`, int64[c, CLIENT].
CONNECTION = 0  # server, or -1
WATCH = 1  # server, or -1
WATCH_END = 2  # when the watch ends by itself
LINGERS = 3  # 1: the watch is on an older connection
TIMED = 4  # 1: an event waits for the end of its watch
REJECTED, SINCE = 5, 6  # rejections in its window, and when that began
CLIENT = 7

# Columns of `asked`, int32[n, 2], and of `jobs`, int32[n, JOB]: a request each.
WHO, DEMAND = 0, 1  # its client; ns of a core, negative for a write
NEXT, TRIES, ENDS = 0, 1, 2  # next in its line; retries; how it ended, SERVED or GIVEN_UP, added up
JOB = 3
SERVED, GIVEN_UP = 1, 256

# Entries of `rules`, int64[RULES]; ns unless said.
END = 0  # no request is sent, and nothing else begins, after it
CORES = 1  # of a server
SHARED = 2  # 1: reads and writes have one limit, their sum
MOST_READS, MOST_WRITES = 3, 4  # in flight; a request more is rejected
RETRY_AFTER = 5
RETRIES = 6  # of a request before its client gives up
HANDSHAKE, RESUME = 7, 8  # work of a new connection; of a watch that begins again
COLD = 9  # how long a server is cold after its start
COLD_REJECTS = 10  # 1: it rejects reads then; 0: they and the watches take COLD_PPM of their work
COLD_PPM = 11
LIVENESS = 12  # probes failed in a row for which a server is restarted; 0: never
DOWN = 13  # how long that takes
CLOSE_ABOVE = 14  # rejections of a server in a second above which it closes the connection; 0: never
RECONNECT_AFTER, WINDOW = 15, 16  # rejections of a client in that time for which it reconnects; 0: never
GOAWAY_PPM = 17  # chance of a request to be told to go away
LEAST = 18  # 1: the balancer takes the server with the fewest connections; 0: any
WATCH_MIN, WATCH_MAX = 19, 20  # a watch's length is between
RESHUFFLE = 21  # every client reconnects this often; 0: never
RULES = 22

# Entries of `counts`, int64[COUNTS].
NOW = 0
PENDING = 1  # requests sent, not ended
SERVERS_UP = 2
ATTEMPTS, REJECTIONS, RETRIED, LOST, NO_SERVER = 3, 4, 5, 6, 7
OPENED, RESUMED = 8, 9  # connections; watches that began again elsewhere
CLOSED, RECONNECTED, RESHUFFLED, GOAWAYS = 10, 11, 12, 13
RESTARTS = 14  # by liveness
PEAK = 15  # most in flight at one server
LAST_REJECTION = 16  # when, or -1
RETRY_FIRST, RETRY_LAST = 17, 18  # requests to be tried again, linked by NEXT; -1 if none
COUNTS = 19

PPM = 1_000_000
SECOND_NS = 1_000_000_000
_REQUEST = 1 << 32  # an event of `running` is (LIFE x slots + server) x _REQUEST + request + 1, 0: overhead
MOVE_WATCH, START = 0, 1  # an event of `timers` is one of them x KIND + client, server
KIND = 1 << 40


@inline
def work(
    s: int,
    now: int,
    asked: Ints,
    jobs: Ints,
    servers: Longs,
    running: Longs,
    running_size: Longs,
    rules: Longs,
) -> None:
    """Put every free core of server *s* to work on what waits."""
    while servers[s, BUSY] < rules[CORES]:
        overhead = servers[s, HANDSHAKES] + servers[s, RESUMES] > 0
        job = servers[s, FIRST]
        slow = PPM
        if now < servers[s, COLD_UNTIL] and rules[COLD_REJECTS] == 0:
            slow = rules[COLD_PPM]
        if overhead and (job < 0 or servers[s, TURN] == 0):
            servers[s, TURN] = 1
            if servers[s, HANDSHAKES] > 0:
                servers[s, HANDSHAKES] -= 1
                cost = rules[HANDSHAKE]
            else:
                servers[s, RESUMES] -= 1
                cost = rules[RESUME] * slow // PPM
            what = 0
        elif job >= 0:
            servers[s, TURN] = 0
            servers[s, FIRST] = jobs[job, NEXT]
            demand = np.int64(asked[job, DEMAND])
            cost = -demand if demand < 0 else demand * slow // PPM
            what = job + 1
        else:
            break
        servers[s, BUSY] += 1
        life = servers[s, LIFE] * len(servers) + s
        heap.push(running, running_size, now + cost, life * _REQUEST + what)


@inline
def done(what: int, servers: Longs) -> tuple[int, int]:
    """Return server and request of an event of `running`: request -1 if overhead, server -1 if lost."""
    life = what // _REQUEST
    s = life % len(servers)
    if life // len(servers) != servers[s, LIFE]:
        return -1, -1
    return s, what % _REQUEST - 1


@inline
def is_full(s: int, write: bool, servers: Longs, rules: Longs) -> bool:
    """Say whether the server has as much in flight as it takes."""
    if rules[SHARED] == 1:
        return bool(servers[s, READS] + servers[s, WRITES] >= rules[MOST_READS])
    if write:
        return bool(servers[s, WRITES] >= rules[MOST_WRITES])
    return bool(servers[s, READS] >= rules[MOST_READS])


@inline
def join(job: int, s: int, write: bool, jobs: Ints, servers: Longs, counts: Longs) -> None:
    """Put a request at the end of its server's line."""
    jobs[job, NEXT] = -1
    if servers[s, FIRST] < 0:
        servers[s, FIRST] = job
    else:
        jobs[servers[s, LAST], NEXT] = job
    servers[s, LAST] = job
    servers[s, WRITES if write else READS] += 1
    counts[PEAK] = max(counts[PEAK], servers[s, READS] + servers[s, WRITES])


@kernel
def retry_later(job: int, jobs: Ints, finished: Longs, rules: Longs, counts: Longs) -> None:
    """Let the client of a failed request wait, or give up.

    All wait equally long, so that the first to wait is the first to be due: in `finished`, until it ends.
    """
    jobs[job, TRIES] += 1
    if jobs[job, TRIES] > rules[RETRIES]:
        jobs[job, ENDS] += GIVEN_UP
        finished[job] = counts[NOW]
        counts[PENDING] -= 1
        return
    counts[RETRIED] += 1
    finished[job] = counts[NOW] + rules[RETRY_AFTER]
    jobs[job, NEXT] = -1
    if counts[RETRY_FIRST] < 0:
        counts[RETRY_FIRST] = job
    else:
        jobs[counts[RETRY_LAST], NEXT] = job
    counts[RETRY_LAST] = job


@kernel
def start(s: int, servers: Longs, rules: Longs, counts: Longs) -> None:
    """Let a server take connections, with cold caches; nothing if it is up."""
    if servers[s, UP] >= 0:
        return
    servers[s, UP] = counts[SERVERS_UP]
    servers[counts[SERVERS_UP], LIST] = s
    counts[SERVERS_UP] += 1
    servers[s, COLD_UNTIL] = counts[NOW] + rules[COLD]
    servers[s, PROBES] = 0


@kernel
def leave(s: int, servers: Longs, counts: Longs) -> None:
    """Let a server get no more connections; nothing if it gets none."""
    if servers[s, UP] < 0:
        return
    counts[SERVERS_UP] -= 1
    last = servers[counts[SERVERS_UP], LIST]
    servers[servers[s, UP], LIST] = last
    servers[last, UP] = servers[s, UP]
    servers[s, UP] = -1
