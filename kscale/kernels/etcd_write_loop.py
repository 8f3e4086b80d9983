"""The events of etcd's write path, one after another: requests, the leader's log, followers, applying."""

import numpy as np

from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_peers as pr
from kscale.kernels import etcd_write_store as st
from kscale.kernels._jit import kernel
from kscale.kernels.etcd_write import Longs


@kernel
def _front(arrives: int, last: int, size: int, cores: Longs, rules: Longs, counts: Longs) -> int:
    """Return when a request that arrives then is decoded, not before the *last* one."""
    core = 0
    for other in range(len(cores)):
        if cores[other] < cores[core]:
            core = other
    took = ew.cost(rules[ew.FRONT], rules[ew.FRONT_PS], size)
    cores[core] = max(arrives, cores[core]) + took
    counts[ew.FRONT_BUSY] += took
    return int(max(last, cores[core]))


@kernel
def _coming(
    taken: int,
    decoded: int,
    clients: int,
    released: int,
    arrival: Longs,
    size: Longs,
    done: Longs,
    cores: Longs,
    rules: Longs,
    counts: Longs,
) -> int:
    """Return when request *taken* is decoded; NEVER if there is none, or none known yet."""
    if taken == len(size) or (clients > 0 and taken - clients >= released):
        return ew.NEVER
    if clients > 0:
        arrival[taken] = 0 if taken < clients else done[taken - clients]
    return _front(arrival[taken] + rules[ew.CLIENT] // 2, decoded, size[taken], cores, rules, counts)


@kernel
def run(  # noqa: C901, PLR0912, PLR0915 - the one loop over events; its parts share all of the state
    arrival: Longs,
    size: Longs,
    clients: int,
    rules: Longs,
    followers: Longs,
    blocked: Longs,
    done: Longs,
    counts: Longs,
) -> None:
    """Answer every request.

    arrival    int64[n]  when each is sent, ascending, 0 to MOST_NS; with *clients* out, else in
    size       int64[n]  bytes of each, key and value
    clients    0: an open loop, requests are sent when *arrival* says. Else a closed one: so many clients,
               up to MOST_CLIENTS, send from time 0 on, each the next one of the n when it was answered
    rules      int64[RULES]  see etcd_write.py
    followers  int64[f, FOLLOWER]  likewise; the leader is none of them
    blocked    int64[k, 2]  from when until when nothing is applied; ascending, none overlaps the next
    done       int64[n]  out: when each was answered, REFUSED or LOST. Latency is done - arrival
    counts     int64[COUNTS]  out, likewise

    Cost is O(n): 0.2 to 1 us a request, less in large batches.
    """
    n, members, window = len(size), len(followers), rules[ew.WINDOW]
    peers = np.zeros((members, pr.PEER), dtype=np.int64)
    peers[:, pr.UNTIL] = ew.NEVER
    ring = np.zeros((members, window, pr.RING), dtype=np.int64)
    cores = np.zeros(rules[ew.CORES], dtype=np.int64)
    store = np.zeros(st.STORE, dtype=np.int64)
    store[st.DUE] = rules[ew.COMMIT_EVERY]
    request = np.empty(n, dtype=np.int64)  # of each entry
    upto = np.zeros(n + 1, dtype=np.int64)  # bytes of the log before each entry
    counts[:] = 0
    done[:] = ew.LOST
    back = rules[ew.CLIENT] - rules[ew.CLIENT] // 2
    taken, decoded, coming = 0, 0, ew.NEVER  # requests decoded; when the last one was, and the next one is
    queued, appended, logged, released, applied = 0, 0, 0, 0, 0  # entries that came so far
    until, ready = ew.NEVER, 0  # when the leader's write ends; when its last batch could be sent
    while True:
        if coming == ew.NEVER:
            coming = _coming(taken, decoded, clients, released, arrival, size, done, cores, rules, counts)
        other = until  # the next event that is not a request
        for f in range(members):
            other = min(other, pr.upcoming(f, peers, ring, window))
        now = min(coming, other)
        if now == ew.NEVER:
            break
        last = max(now, other - 1) if until > now and until != ew.NEVER else now  # a busy leader only queues

        if until <= now:
            logged, until = appended, ew.NEVER
        for f in range(members):
            if pr.arrive(now, f, peers, ring, followers, rules) and peers[f, pr.SENT] < appended:
                pr.send(max(now, ready), f, appended, upto, peers, ring, followers, rules, counts)
        while coming <= last:
            decoded = coming
            while applied < released and done[request[applied]] - back <= decoded:
                applied += 1
            if released - applied > rules[ew.GAP]:
                done[taken] = ew.REFUSED
                counts[ew.REFUSALS] += 1
            else:
                request[queued] = taken
                upto[queued + 1] = upto[queued] + size[taken] + rules[ew.ENTRY_BYTES]
                queued += 1
            taken += 1
            coming = _coming(taken, decoded, clients, released, arrival, size, done, cores, rules, counts)

        if until == ew.NEVER:
            committed = pr.majority(logged, peers, rules[ew.QUORUM])
            while released < committed:
                one = request[released]
                done[one] = st.apply(now, size[one], store, blocked, rules, counts) + back
                counts[ew.END] = done[one]
                released += 1
            if appended < queued:
                entries, log_bytes = queued - appended, upto[queued] - upto[appended]
                appended = queued
                ready = now + entries * rules[ew.APPEND]
                until = ready + ew.cost(rules[ew.FSYNC], rules[ew.LOG_PS], log_bytes)
                counts[ew.LOG_BUSY] += until - now
                counts[ew.LARGEST] = max(counts[ew.LARGEST], entries)
                counts[ew.FSYNCS] += 1
                for f in range(members):
                    pr.send(ready, f, appended, upto, peers, ring, followers, rules, counts)
        for f in range(members):
            counts[ew.FOLLOWER_FSYNCS] += pr.follow(now, f, upto, peers, ring, followers, rules)
    counts[ew.ENTRIES] = queued
    counts[ew.LOG_BYTES] = upto[queued]
