"""The followers of etcd's write path: what the leader sends them, what they log, what comes back."""

from kscale.kernels import etcd_write as ew
from kscale.kernels._jit import inline, lean
from kscale.kernels.etcd_write import Longs

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


@lean
def send(
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
    """Send follower *f* the entries it was not sent, from *ready* on, as far as its window lets it.

    `upto`, int64[cap], is a ring of a power of two: the bytes of the log before each entry.
    """
    window, peer, mask = rules[ew.WINDOW], peers[f], len(upto) - 1
    while peer[SENT] < appended and peer[M_SENT] - peer[M_ACKED] < window:
        first, end = peer[SENT], appended
        before = upto[first & mask]
        if upto[end & mask] - before > rules[ew.MESSAGE]:
            end = first + 1
            while end < appended and upto[(end + 1) & mask] - before <= rules[ew.MESSAGE]:
                end += 1
        size = upto[end & mask] - before
        peer[LINK] = max(peer[LINK], ready) + rules[ew.NET_PS] * size // 1000
        message = ring[f, peer[M_SENT] % window]
        message[M_AT] = peer[LINK] + followers[f, ew.ROUND_TRIP] // 2
        message[M_UPTO] = end
        peer[SENT] = end
        peer[M_SENT] += 1
        counts[ew.SENT_BYTES] += size
        counts[ew.MESSAGES] += 1


@lean
def follow(time: int, f: int, upto: Longs, peers: Longs, ring: Longs, followers: Longs, rules: Longs) -> int:
    """Let follower *f* begin to write what has come by *time*. Returns how many fsyncs it began, 0 or 1."""
    window, peer, mask = rules[ew.WINDOW], peers[f], len(upto) - 1
    if peer[UNTIL] != ew.NEVER:
        return 0
    taken = peer[M_TAKEN]
    while taken < peer[M_SENT] and ring[f, taken % window, M_AT] <= time:
        peer[WRITING] = ring[f, taken % window, M_UPTO]
        taken += 1
    if taken == peer[M_TAKEN]:
        return 0
    peer[M_TAKEN] = taken
    size = upto[peer[WRITING] & mask] - upto[peer[LOGGED] & mask]
    cpu = (peer[WRITING] - peer[LOGGED]) * rules[ew.APPEND]
    peer[UNTIL] = time + cpu + ew.cost(followers[f, ew.ITS_FSYNC], rules[ew.LOG_PS], size)
    return 1


@lean
def arrive(time: int, f: int, peers: Longs, ring: Longs, followers: Longs, rules: Longs) -> bool:
    """End the write of follower *f* and see its acknowledgements, by *time*. Returns whether one was seen."""
    window, peer = rules[ew.WINDOW], peers[f]
    if peer[UNTIL] <= time:
        ack = ring[f, peer[A_SENT] % window]
        ack[A_AT] = peer[UNTIL] + followers[f, ew.ROUND_TRIP] - followers[f, ew.ROUND_TRIP] // 2
        ack[A_UPTO] = peer[WRITING]
        ack[A_COVERS] = peer[M_TAKEN]
        peer[A_SENT] += 1
        peer[LOGGED] = peer[WRITING]
        peer[UNTIL] = ew.NEVER
    seen = False
    while peer[A_SEEN] < peer[A_SENT] and ring[f, peer[A_SEEN] % window, A_AT] <= time:
        ack = ring[f, peer[A_SEEN] % window]
        peer[MATCH] = ack[A_UPTO]
        peer[M_ACKED] = ack[A_COVERS]
        peer[A_SEEN] += 1
        seen = True
    return seen


@inline
def upcoming(f: int, peers: Longs, ring: Longs, window: int) -> int:
    """Return when something happens at follower *f* or comes from it next."""
    peer = peers[f]
    time = peer[UNTIL]
    if time == ew.NEVER and peer[M_TAKEN] < peer[M_SENT]:
        time = ring[f, peer[M_TAKEN] % window, M_AT]
    if peer[A_SEEN] < peer[A_SENT]:
        time = min(time, ring[f, peer[A_SEEN] % window, A_AT])
    return int(time)


@lean
def majority(logged: int, peers: Longs, quorum: int) -> int:
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
