"""etcd's write path run for requests that are known ahead, or sent by clients that wait for their answers."""

import numpy as np

from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_peers as pr
from kscale.kernels import etcd_write_steps as steps
from kscale.kernels import etcd_write_store as st
from kscale.kernels._jit import kernel, lean
from kscale.kernels.etcd_write import Longs
from kscale.kernels.etcd_write_steps import Etcd

FIRST = 1024  # room for so many entries, doubled as they need it


@kernel
def _idle(rules: Longs, followers: Longs, blocked: Longs, counts: Longs) -> Etcd:
    """Return an idle etcd."""
    e = Etcd(
        rules,
        followers,
        blocked,
        np.empty(rules[ew.CORES], dtype=np.int64),
        np.empty((len(followers), pr.PEER), dtype=np.int64),
        np.empty((len(followers), rules[ew.WINDOW], pr.RING), dtype=np.int64),
        np.empty((FIRST, steps.ENTRY), dtype=np.int64),
        np.empty((FIRST, steps.ENTRY), dtype=np.int64),
        np.empty(FIRST, dtype=np.int64),
        np.empty(st.STORE, dtype=np.int64),
        np.empty(steps.AT, dtype=np.int64),
        counts,
    )
    steps.begin(e)
    return e


@kernel
def _doubled(e: Etcd) -> Etcd:
    """Return *e* with twice the room for entries."""
    at, old = e.at, len(e.entries) - 1
    new = 2 * len(e.entries) - 1
    waits = np.empty((new + 1, steps.ENTRY), dtype=np.int64)
    entries = np.empty((new + 1, steps.ENTRY), dtype=np.int64)
    upto = np.empty(new + 1, dtype=np.int64)
    for one in range(at[steps.TAKEN], at[steps.OFFERED]):
        waits[one & new] = e.waits[one & old]
    for one in range(at[steps.OLDEST], at[steps.QUEUED] + 1):
        entries[one & new], upto[one & new] = e.entries[one & old], e.upto[one & old]
    return Etcd(
        e.rules,
        e.followers,
        e.blocked,
        e.cores,
        e.peers,
        e.ring,
        waits,
        entries,
        upto,
        e.store,
        e.at,
        e.counts,
    )


@lean
def _sent(clients: int, arrival: Longs, done: Longs, e: Etcd) -> int:
    """Return when the next request is sent; NEVER if there is none, or it is not known yet."""
    one = e.at[steps.OFFERED]
    if one == len(arrival) or (clients > 0 and one - clients >= e.at[steps.RELEASED]):
        return ew.NEVER
    if clients > 0:
        arrival[one] = 0 if one < clients else done[one - clients]
    return int(arrival[one])


@lean
def _answered(
    arrival: Longs, size: Longs, clients: int, done: Longs, e: Etcd, out_id: Longs, out_done: Longs
) -> bool:
    """Answer requests. Returns whether all were answered that can be; else there is no room for the next."""
    there = e.rules[ew.CLIENT] // 2
    back = e.rules[ew.CLIENT] - there
    sent = _sent(clients, arrival, done, e)
    while True:
        now = steps.upcoming(e)
        while sent != ew.NEVER and sent + there <= now:
            if steps.full(sent + there, e):
                return False
            one = e.at[steps.OFFERED]
            steps.offer(sent + there, one, size[one], 0, e)
            now = min(now, steps.decoding(e))
            sent = _sent(clients, arrival, done, e)
        if now == ew.NEVER:
            return True
        for answer in range(steps.advance(now, e, out_id, out_done)):
            when = out_done[answer]
            done[out_id[answer]] = ew.REFUSED if when == ew.REFUSED else when + back
        if sent == ew.NEVER:
            sent = _sent(clients, arrival, done, e)


@kernel
def run(
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

    Cost is O(n): 0.05 to 0.6 us a request, less in large batches.
    """
    e = _idle(rules, followers, blocked, counts)
    done[:] = ew.LOST
    room = FIRST
    while not _answered(arrival, size, clients, done, e, np.empty(room, np.int64), np.empty(room, np.int64)):
        e = _doubled(e)
        room *= 2
    if e.at[steps.RELEASED] > 0:
        counts[ew.END] += rules[ew.CLIENT] - rules[ew.CLIENT] // 2
