r"""etcd's write path, event by event: propose, batch, log, majority, apply, answer.

    client -> front -> queue -> leader's log ----------> committed by a majority -> apply -> client
                                   \-> follower's log -/                            (and bbolt's commits)

Follows etcd 3.2 to 3.6 (server/etcdserver: v3_server.go, raft.go, server.go; server/mvcc/backend) as far as
time and order go. Every part is first come, first served:

1. A request reaches the leader half a client's round trip after it was sent, and is decoded by one of
   CORES, in order. It is refused if GAP entries that are known to be committed are not yet applied.
2. The leader's loop takes a turn when it is free: it hands on what was committed meanwhile, then appends
   everything queued, sends it to the followers and writes it to its log with one fsync. What comes while
   the fsync runs waits for the next turn: so batches grow with the load.
3. A follower writes what came while its last fsync ran with one fsync, then acknowledges. At most WINDOW
   messages of up to MESSAGE bytes are under way to it and back.
4. Entries are committed once QUORUM members have logged them, and applied one after another. bbolt's commit
   stops the applying: COMMIT_EVERY after the last one, or after COMMIT_AT operations. So does whatever
   blocks the store from outside; an operation that has begun is finished.

All that happens at an instant is seen by what starts at that instant. Time is int64 ns from 0.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

NEVER = 1 << 62  # a time that does not come
REFUSED = -1  # in place of when a request was answered: too many entries were not yet applied
LOST = -2  # no majority could be had
MOST_CLIENTS = 5000  # of a closed loop: so many cannot be refused
MOST_NS = 1 << 60  # arrivals, and everything added to them, stay below it

# Entries of `rules`, int64[19]; ns and ps/byte of a request's bytes unless said.
CLIENT = 0  # round trip between client and leader
FRONT, FRONT_PS = 1, 2  # decoding a request and encoding its answer, on one core
CORES = 3  # that decode at a time
APPEND = 4  # CPU of a member's loop for each entry
LOG_PS = 5  # encoding and writing a byte of the log
ENTRY_BYTES = 6  # bytes of the log for each entry beside the request
FSYNC = 7  # of the leader's log; one for each batch
NET_PS = 8  # sending a byte of the log to one follower
APPLY, APPLY_PS = 9, 10  # into the index and bbolt's write transaction
COMMIT, COMMIT_PS = 11, 12  # of that transaction, the bytes of its requests
COMMIT_EVERY = 13  # from the end of a commit to the next
COMMIT_AT = 14  # operations
QUORUM = 15  # members that must have logged an entry, the leader included
GAP = 16  # entries
WINDOW = 17  # messages
MESSAGE = 18  # bytes
RULES = 19

# Columns of `followers`, int64[f, 2], ns.
ROUND_TRIP = 0  # between it and the leader
ITS_FSYNC = 1
FOLLOWER = 2

# Entries of `counts`, int64[15], out.
ENTRIES = 0  # appended
REFUSALS = 1  # requests
FSYNCS = 2  # of the leader's log, one a batch
FOLLOWER_FSYNCS = 3  # of all followers' logs
LARGEST = 4  # entries of the largest batch
LOG_BYTES = 5  # of the leader's log
SENT_BYTES = 6  # to followers
MESSAGES = 7  # to followers
COMMITS = 8  # of bbolt
FRONT_BUSY = 9  # ns of all cores
LOG_BUSY = 10  # ns of the leader's loop
APPLY_BUSY = 11  # ns
COMMIT_BUSY = 12  # ns
BLOCKED = 13  # ns that work was ready to be applied, and the store was blocked from outside
END = 14  # when the last request was answered
COUNTS = 15

# Entries of `store`, the applying side.
FREE, DUE, PENDING, PENDING_BYTES, PLACE = 0, 1, 2, 3, 4
STORE = 5

# Columns of `peers`, what the leader and the network know of each follower.
SENT, LINK = 0, 1  # entries sent; when its link is free
M_SENT, M_TAKEN, M_ACKED = 2, 3, 4  # messages sent, taken into a write, acknowledged; ever
LOGGED, WRITING, UNTIL = 5, 6, 7  # entries logged, those with the write that runs, when it ends
A_SENT, A_SEEN = 8, 9  # acknowledgements sent, and seen by the leader
MATCH = 10  # entries the leader knows to be logged
PEER = 11

# Columns of `ring`, int64[f, WINDOW, 5]: messages and acknowledgements under way.
M_AT, M_UPTO, A_AT, A_UPTO, A_COVERS = 0, 1, 2, 3, 4
RING = 5


@inline
def _cost(base: int, ps: int, count: int) -> int:
    """Return *base* ns and *ps* for each of *count* bytes."""
    return int(base + ps * count // 1000)


@kernel
def _front(arrives: int, last: int, size: int, cores: Longs, rules: Longs, counts: Longs) -> int:
    """Return when a request that arrives then is decoded, not before the *last* one."""
    core = 0
    for other in range(len(cores)):
        if cores[other] < cores[core]:
            core = other
    took = _cost(rules[FRONT], rules[FRONT_PS], size)
    cores[core] = max(arrives, cores[core]) + took
    counts[FRONT_BUSY] += took
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
        return NEVER
    if clients > 0:
        arrival[taken] = 0 if taken < clients else done[taken - clients]
    return _front(arrival[taken] + rules[CLIENT] // 2, decoded, size[taken], cores, rules, counts)


@inline
def _unblocked(time: int, blocked: Longs, store: Longs) -> int:
    """Return the first time from *time* on at which the store is not blocked."""
    at = store[PLACE]
    while at > 0 and blocked[at - 1, 1] > time:
        at -= 1
    while at < len(blocked) and blocked[at, 0] <= time:
        time = max(time, blocked[at, 1])
        at += 1
    store[PLACE] = at
    return int(time)


@inline
def _commit(begin: int, store: Longs, rules: Longs, counts: Longs) -> None:
    """Commit the write transaction, from *begin* on."""
    took = _cost(rules[COMMIT], rules[COMMIT_PS], store[PENDING_BYTES])
    store[FREE] = begin + took
    store[DUE] = store[FREE] + rules[COMMIT_EVERY]
    store[PENDING] = 0
    store[PENDING_BYTES] = 0
    counts[COMMITS] += 1
    counts[COMMIT_BUSY] += took


@kernel
def _apply(released: int, size: int, store: Longs, blocked: Longs, rules: Longs, counts: Longs) -> int:
    """Return when an entry that was handed on at *released* is applied."""
    while True:
        wanted = max(released, store[FREE])
        start = _unblocked(max(store[DUE], store[FREE]) if store[DUE] <= wanted else wanted, blocked, store)
        if store[DUE] > start:
            break
        if store[PENDING] > 0:
            counts[BLOCKED] += max(0, start - wanted)
            _commit(start, store, rules, counts)
        else:
            passed = (max(start, wanted) - store[DUE]) // rules[COMMIT_EVERY] + 1
            store[DUE] += passed * rules[COMMIT_EVERY]
    counts[BLOCKED] += start - wanted
    took = _cost(rules[APPLY], rules[APPLY_PS], size)
    end = start + took
    store[FREE] = end
    store[PENDING] += 1
    store[PENDING_BYTES] += size
    counts[APPLY_BUSY] += took
    if store[PENDING] >= rules[COMMIT_AT]:
        _commit(_unblocked(end, blocked, store), store, rules, counts)
    return int(end)


@kernel
def _send(
    ready: int,
    f: int,
    appended: int,
    upto: Longs,
    peers: Longs,
    ring: Longs,
    followers: Longs,
    rules: Longs,
    counts: Longs,
) -> None:
    """Send follower *f* the entries it was not sent, from *ready* on, as far as its window lets it."""
    window, peer = rules[WINDOW], peers[f]
    while peer[SENT] < appended and peer[M_SENT] - peer[M_ACKED] < window:
        first, end = peer[SENT], appended
        if upto[end] - upto[first] > rules[MESSAGE]:
            end = first + 1
            while end < appended and upto[end + 1] - upto[first] <= rules[MESSAGE]:
                end += 1
        size = upto[end] - upto[first]
        peer[LINK] = max(peer[LINK], ready) + rules[NET_PS] * size // 1000
        message = ring[f, peer[M_SENT] % window]
        message[M_AT] = peer[LINK] + followers[f, ROUND_TRIP] // 2
        message[M_UPTO] = end
        peer[SENT] = end
        peer[M_SENT] += 1
        counts[SENT_BYTES] += size
        counts[MESSAGES] += 1


@kernel
def _follow(time: int, f: int, upto: Longs, peers: Longs, ring: Longs, followers: Longs, rules: Longs) -> int:
    """Let follower *f* begin to write what has come by *time*. Returns how many fsyncs it began, 0 or 1."""
    window, peer = rules[WINDOW], peers[f]
    if peer[UNTIL] != NEVER:
        return 0
    taken = peer[M_TAKEN]
    while taken < peer[M_SENT] and ring[f, taken % window, M_AT] <= time:
        peer[WRITING] = ring[f, taken % window, M_UPTO]
        taken += 1
    if taken == peer[M_TAKEN]:
        return 0
    peer[M_TAKEN] = taken
    size = upto[peer[WRITING]] - upto[peer[LOGGED]]
    cpu = (peer[WRITING] - peer[LOGGED]) * rules[APPEND]
    peer[UNTIL] = time + cpu + _cost(followers[f, ITS_FSYNC], rules[LOG_PS], size)
    return 1


@kernel
def _arrive(time: int, f: int, peers: Longs, ring: Longs, followers: Longs, rules: Longs) -> bool:
    """End the write of follower *f* and see its acknowledgements, by *time*. Returns whether one was seen."""
    window, peer = rules[WINDOW], peers[f]
    if peer[UNTIL] <= time:
        ack = ring[f, peer[A_SENT] % window]
        ack[A_AT] = peer[UNTIL] + followers[f, ROUND_TRIP] - followers[f, ROUND_TRIP] // 2
        ack[A_UPTO] = peer[WRITING]
        ack[A_COVERS] = peer[M_TAKEN]
        peer[A_SENT] += 1
        peer[LOGGED] = peer[WRITING]
        peer[UNTIL] = NEVER
    seen = False
    while peer[A_SEEN] < peer[A_SENT] and ring[f, peer[A_SEEN] % window, A_AT] <= time:
        ack = ring[f, peer[A_SEEN] % window]
        peer[MATCH] = ack[A_UPTO]
        peer[M_ACKED] = ack[A_COVERS]
        peer[A_SEEN] += 1
        seen = True
    return seen


@inline
def _next(f: int, peers: Longs, ring: Longs, window: int) -> int:
    """Return when something happens at follower *f* or comes from it next."""
    peer = peers[f]
    time = peer[UNTIL]
    if time == NEVER and peer[M_TAKEN] < peer[M_SENT]:
        time = ring[f, peer[M_TAKEN] % window, M_AT]
    if peer[A_SEEN] < peer[A_SENT]:
        time = min(time, ring[f, peer[A_SEEN] % window, A_AT])
    return int(time)


@kernel
def _majority(logged: int, peers: Longs, quorum: int) -> int:
    """Return the most entries that *quorum* members have logged, the leader *logged* of them."""
    best = 0
    for one in range(len(peers) + 1):
        entries = logged if one == len(peers) else peers[one, MATCH]
        members = 1 if logged >= entries else 0
        for f in range(len(peers)):
            members += 1 if peers[f, MATCH] >= entries else 0
        if members >= quorum and entries > best:
            best = entries
    return int(best)


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
    rules      int64[RULES]  see above
    followers  int64[f, FOLLOWER]  see above; the leader is none of them
    blocked    int64[k, 2]  from when until when nothing is applied; ascending, none overlaps the next
    done       int64[n]  out: when each was answered, REFUSED or LOST. Latency is done - arrival
    counts     int64[COUNTS]  out, see above

    Cost is O(n): 0.2 to 1 us a request, less in large batches.
    """
    n, members, window = len(size), len(followers), rules[WINDOW]
    peers = np.zeros((members, PEER), dtype=np.int64)
    peers[:, UNTIL] = NEVER
    ring = np.zeros((members, window, RING), dtype=np.int64)
    cores = np.zeros(rules[CORES], dtype=np.int64)
    store = np.zeros(STORE, dtype=np.int64)
    store[DUE] = rules[COMMIT_EVERY]
    request = np.empty(n, dtype=np.int64)  # of each entry
    upto = np.zeros(n + 1, dtype=np.int64)  # bytes of the log before each entry
    counts[:] = 0
    done[:] = LOST
    back = rules[CLIENT] - rules[CLIENT] // 2
    taken, decoded, coming = 0, 0, NEVER  # requests decoded; when the last one was, and the next one is
    queued, appended, logged, released, applied = 0, 0, 0, 0, 0  # entries that came so far
    until, ready = NEVER, 0  # when the leader's write ends; when its last batch could be sent
    while True:
        if coming == NEVER:
            coming = _coming(taken, decoded, clients, released, arrival, size, done, cores, rules, counts)
        other = until  # the next event that is not a request
        for f in range(members):
            other = min(other, _next(f, peers, ring, window))
        now = min(coming, other)
        if now == NEVER:
            break
        last = max(now, other - 1) if until > now and until != NEVER else now  # a busy leader only queues

        if until <= now:
            logged, until = appended, NEVER
        for f in range(members):
            if _arrive(now, f, peers, ring, followers, rules) and peers[f, SENT] < appended:
                _send(max(now, ready), f, appended, upto, peers, ring, followers, rules, counts)
        while coming <= last:
            decoded = coming
            while applied < released and done[request[applied]] - back <= decoded:
                applied += 1
            if released - applied > rules[GAP]:
                done[taken] = REFUSED
                counts[REFUSALS] += 1
            else:
                request[queued] = taken
                upto[queued + 1] = upto[queued] + size[taken] + rules[ENTRY_BYTES]
                queued += 1
            taken += 1
            coming = _coming(taken, decoded, clients, released, arrival, size, done, cores, rules, counts)

        if until == NEVER:
            committed = _majority(logged, peers, rules[QUORUM])
            while released < committed:
                one = request[released]
                done[one] = _apply(now, size[one], store, blocked, rules, counts) + back
                counts[END] = done[one]
                released += 1
            if appended < queued:
                entries, log_bytes = queued - appended, upto[queued] - upto[appended]
                appended = queued
                ready = now + entries * rules[APPEND]
                until = ready + _cost(rules[FSYNC], rules[LOG_PS], log_bytes)
                counts[LOG_BUSY] += until - now
                counts[LARGEST] = max(counts[LARGEST], entries)
                counts[FSYNCS] += 1
                for f in range(members):
                    _send(ready, f, appended, upto, peers, ring, followers, rules, counts)
        for f in range(members):
            counts[FOLLOWER_FSYNCS] += _follow(now, f, upto, peers, ring, followers, rules)
    counts[ENTRIES] = queued
    counts[LOG_BYTES] = upto[queued]
