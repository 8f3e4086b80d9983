"""etcd's write path in steps, for a larger simulation: what is asked next may follow from what was answered.

An etcd is plain arrays of the caller's, which may be slices of larger ones; `begin` fills them. The caller
offers requests as they reach the leader, asks when something happens `upcoming`, and lets etcd `advance` to
that time. What was committed then is reported, with the time at which it is applied.

    time never goes back: offer, busy, hold, join and advance come in order of time
    advance(t) is called with t = upcoming() before anything later than t is asked
    what is offered at an instant is offered before advance() to it, to be seen by what starts then

The rules are those of etcd_write.py. CLIENT is the caller's: requests are offered when they reach the leader,
and what is reported is still to go back.

Entries are kept in rings. `cap`, a power of two, must be above the number of requests that were offered and
are not yet applied, of those nobody waits for any more too, and of the entries beside them that the slowest
follower has not logged. IndexError if it is not.
"""

from typing import NamedTuple

from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_peers as pr
from kscale.kernels import etcd_write_store as st
from kscale.kernels._jit import inline, lean
from kscale.kernels.etcd_write import Longs

# Columns of `waits` and `entries`.
ID = 0  # the caller's number of the request
BYTES = 1  # key and value
PAGES = 2  # allocations of two or more pages when it is applied
WHEN = 3  # it is decoded; of entries: applied, once it was committed
ENTRY = 4

# Entries of `at`, ever.
OFFERED, TAKEN = 0, 1  # requests; taken are those decoded
QUEUED, APPENDED, LOGGED, RELEASED, APPLIED = 2, 3, 4, 5, 6  # entries; released to be applied
OLDEST = 7  # entry in the ring, or an earlier one
DECODED = 8  # when the last request offered is
UNTIL, READY = 9, 10  # when the leader's write ends; when its last batch could be sent
AT = 11


class Etcd(NamedTuple):
    """One etcd: what it was given, and what it is doing."""

    rules: Longs  # int64[RULES], see etcd_write.py; may change between calls, but for CORES and WINDOW
    followers: Longs  # int64[f, FOLLOWER], likewise
    blocked: Longs  # int64[k, 2], see etcd_write_loop.py; k = 0 where only `hold` blocks it
    cores: Longs  # int64[CORES]: when each is free
    peers: Longs  # int64[f, PEER], see etcd_write_peers.py
    ring: Longs  # int64[f, WINDOW, RING], likewise
    waits: Longs  # int64[cap, ENTRY]: requests that are not yet decoded
    entries: Longs  # int64[cap, ENTRY]
    upto: Longs  # int64[cap]: bytes of the log before each entry
    store: Longs  # int64[STORE], see etcd_write_store.py
    at: Longs  # int64[AT]
    counts: Longs  # int64[COUNTS], see etcd_write.py; END is when the last entry is applied


@lean
def begin(e: Etcd) -> None:
    """Let an etcd stand idle at time 0; ValueError if its rings are not of one power of two."""
    cap = len(e.entries)
    if cap & (cap - 1) or cap == 0 or len(e.waits) != cap or len(e.upto) != cap:
        raise ValueError("the rings of entries must be of one power of two")
    for one in (e.cores, e.store, e.at, e.counts):
        one[:] = 0
    e.peers[:] = 0
    e.peers[:, pr.UNTIL] = ew.NEVER
    e.upto[0] = 0
    e.store[st.DUE] = e.rules[ew.COMMIT_EVERY]
    e.at[UNTIL] = ew.NEVER


@lean
def busy(time: int, ns: int, e: Etcd) -> int:
    """Return when a core is done with *ns* of work that comes at *time*: the first one that is free."""
    core = 0
    for other in range(len(e.cores)):
        if e.cores[other] < e.cores[core]:
            core = other
    e.cores[core] = max(time, e.cores[core]) + ns
    e.counts[ew.FRONT_BUSY] += ns
    return int(e.cores[core])


@lean
def hold(time: int, ns: int, e: Etcd) -> int:
    """Return when a range gives the lock back that it wants at *time*, for *ns*.

    Nothing is applied meanwhile. It waits for what was released before, and for a commit that was due before.
    """
    e.store[st.FREE] = st.begin(time, e.store, e.blocked, e.rules, e.counts) + ns
    return int(e.store[st.FREE])


@inline
def _applied(time: int, e: Etcd) -> None:
    """Bring APPLIED up to *time*."""
    at, mask = e.at, len(e.entries) - 1
    while at[APPLIED] < at[RELEASED] and e.entries[at[APPLIED] & mask, WHEN] <= time:
        at[APPLIED] += 1


@lean
def full(time: int, e: Etcd) -> bool:
    """Return whether there is no room for another request."""
    at, most = e.at, len(e.entries) - 1
    if at[OFFERED] - at[TAKEN] + at[QUEUED] - at[OLDEST] < most:
        return False
    _applied(time, e)
    at[OLDEST] = at[APPLIED]
    for f in range(len(e.peers)):
        at[OLDEST] = min(at[OLDEST], e.peers[f, pr.LOGGED])
    return bool(at[OFFERED] - at[TAKEN] + at[QUEUED] - at[OLDEST] >= most)


@lean
def offer(time: int, number: int, size: int, allocations: int, e: Etcd) -> int:
    """Return when a request that reaches the leader at *time* is decoded; then it is queued or refused.

    number       of the caller's, under which it is reported
    size         bytes, key and value
    allocations  of two or more pages that applying it comes to

    IndexError if there is no room for it. O(cores).
    """
    if full(time, e):
        raise IndexError("the ring of entries is full")
    took = ew.cost(e.rules[ew.FRONT], e.rules[ew.FRONT_PS], size)
    decoded = max(e.at[DECODED], busy(time, took, e))
    one = e.waits[e.at[OFFERED] & (len(e.waits) - 1)]
    one[ID], one[BYTES], one[PAGES], one[WHEN] = number, size, allocations, decoded
    e.at[DECODED] = decoded
    e.at[OFFERED] += 1
    return int(decoded)


@inline
def decoding(e: Etcd) -> int:
    """Return when the next request is decoded, NEVER if it would only be queued behind a busy leader."""
    at = e.at
    queues = at[UNTIL] != ew.NEVER and at[RELEASED] - at[APPLIED] <= e.rules[ew.GAP]
    if queues or at[TAKEN] == at[OFFERED]:
        return ew.NEVER
    return int(e.waits[at[TAKEN] & (len(e.waits) - 1), WHEN])


@lean
def upcoming(e: Etcd) -> int:
    """Return when something happens next, NEVER if nothing does unless more is asked. O(f)."""
    time = min(e.at[UNTIL], decoding(e))
    for f in range(len(e.peers)):
        time = min(time, pr.upcoming(f, e.peers, e.ring, e.rules[ew.WINDOW]))
    return int(time)


@lean
def _decode(now: int, e: Etcd, out_id: Longs, out_done: Longs) -> int:
    """Queue what is decoded by *now*. Returns how many requests are refused instead, and reports them."""
    at, mask, refused = e.at, len(e.entries) - 1, 0
    taken, queued, offered = at[TAKEN], at[QUEUED], at[OFFERED]
    if taken == offered or e.waits[taken & mask, WHEN] > now:
        return 0
    _applied(now, e)  # not of each: more than one is decoded by now only where none can be refused
    behind = at[RELEASED] - at[APPLIED] > e.rules[ew.GAP]
    while taken < offered and e.waits[taken & mask, WHEN] <= now:
        wait = e.waits[taken & mask]
        taken += 1
        if behind:
            out_id[refused], out_done[refused] = wait[ID], ew.REFUSED
            refused += 1
            continue
        entry = e.entries[queued & mask]
        entry[ID], entry[BYTES], entry[PAGES] = wait[ID], wait[BYTES], wait[PAGES]
        e.upto[(queued + 1) & mask] = e.upto[queued & mask] + wait[BYTES] + e.rules[ew.ENTRY_BYTES]
        e.counts[ew.LOG_BYTES] += wait[BYTES] + e.rules[ew.ENTRY_BYTES]
        queued += 1
    at[TAKEN], at[QUEUED] = taken, queued
    e.counts[ew.ENTRIES] = queued
    e.counts[ew.REFUSALS] += refused
    return refused


@lean
def _release(now: int, count: int, e: Etcd, out_id: Longs, out_done: Longs) -> int:
    """Apply what a majority has logged. Returns how many requests are reported, with *count* before them."""
    committed = pr.majority(e.at[LOGGED], e.peers, e.rules[ew.QUORUM])
    for released in range(e.at[RELEASED], committed):
        entry = e.entries[released & (len(e.entries) - 1)]
        end = st.apply(now, entry[BYTES], entry[PAGES], e.store, e.blocked, e.rules, e.counts)
        entry[WHEN] = e.counts[ew.END] = end
        out_id[count], out_done[count] = entry[ID], end
        count += 1
    e.at[RELEASED] = max(e.at[RELEASED], committed)
    return count


@lean
def _append(now: int, e: Etcd) -> None:
    """Begin to write all that is queued to the leader's log, and send it."""
    at, rules, counts, mask = e.at, e.rules, e.counts, len(e.upto) - 1
    entries, log_bytes = at[QUEUED] - at[APPENDED], e.upto[at[QUEUED] & mask] - e.upto[at[APPENDED] & mask]
    at[APPENDED] = at[QUEUED]
    at[READY] = now + entries * rules[ew.APPEND]
    at[UNTIL] = at[READY] + ew.cost(rules[ew.FSYNC], rules[ew.LOG_PS], log_bytes)
    counts[ew.LOG_BUSY] += at[UNTIL] - now
    counts[ew.LARGEST] = max(counts[ew.LARGEST], entries)
    counts[ew.FSYNCS] += 1
    for f in range(len(e.peers)):
        pr.send(at[READY], f, at[APPENDED], e.upto, e.peers, e.ring, e.followers, rules, counts)


@lean
def advance(now: int, e: Etcd, out_id: Longs, out_done: Longs) -> int:
    """Let everything happen that happens at *now*. Returns how many requests are reported.

    out_id    int64[cap]  out: their numbers
    out_done  int64[cap]  out: when each is applied, *now* or later; or REFUSED, at *now*

    Before `upcoming` nothing happens. O(f) and what is reported, decoded and sent.
    """
    at, peers, rules = e.at, e.peers, e.rules
    if at[UNTIL] <= now:
        at[LOGGED], at[UNTIL] = at[APPENDED], ew.NEVER
    for f in range(len(peers)):
        if pr.arrive(now, f, peers, e.ring, e.followers, rules) and peers[f, pr.SENT] < at[APPENDED]:
            ready = max(now, at[READY])
            pr.send(ready, f, at[APPENDED], e.upto, peers, e.ring, e.followers, rules, e.counts)
    count = _decode(now, e, out_id, out_done)
    if at[UNTIL] == ew.NEVER:
        count = _release(now, count, e, out_id, out_done)
        if at[APPENDED] < at[QUEUED]:
            _append(now, e)
    for f in range(len(peers)):
        e.counts[ew.FOLLOWER_FSYNCS] += pr.follow(now, f, e.upto, peers, e.ring, e.followers, rules)
    return count


@lean
def lose(f: int, e: Etcd) -> None:
    """Let follower *f* be gone: it is sent nothing, and what was under way to and from it is lost.

    What it acknowledged stays acknowledged. QUORUM is the caller's.
    """
    peer = e.peers[f]
    peer[pr.SENT] = peer[pr.LOGGED] = peer[pr.WRITING] = peer[pr.UNTIL] = ew.NEVER
    peer[pr.M_TAKEN] = peer[pr.M_ACKED] = peer[pr.M_SENT]
    peer[pr.A_SEEN] = peer[pr.A_SENT]
    peer[pr.LINK] = 0


@lean
def join(time: int, f: int, e: Etcd) -> None:
    """Let follower *f* be there from *time* on, with all that is committed; it is sent the rest."""
    lose(f, e)
    peer = e.peers[f]
    has = max(peer[pr.MATCH], e.at[RELEASED])
    peer[pr.SENT] = peer[pr.LOGGED] = peer[pr.WRITING] = peer[pr.MATCH] = has
    ready = max(time, e.at[READY])
    pr.send(ready, f, e.at[APPENDED], e.upto, e.peers, e.ring, e.followers, e.rules, e.counts)
