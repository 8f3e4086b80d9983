"""Seeded numbers: counter-based splitmix64, random order, and exact apportionment.

Number i of a stream depends on (seed, stream, i) alone, so arrays can be drawn in pieces and
in any order. Integer arithmetic only: the same on every machine. Source of the mixing function:
Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

_MASK = 2**64 - 1
_GOLDEN = 0x9E3779B97F4A7C15
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]


class Stream(IntEnum):
    """What a stream of random numbers is for; numbers are never reused, so adding one changes no other."""

    NODE_SHAPES = 1
    POD_ORDER = 2
    OBJECT_SIZES = 3
    WATCH_EVENTS = 40
    WATCH_NODES = 41
    WATCH_SCOPES = 42
    WATCH_SLOW = 43
    OBJECT_ORDER = 4
    RECORDED_OBJECTS = 5
    SCHED_TIES = 60
    SCHED_ORDER = 61
    SCHED_CLASSES = 62
    SCHED_STARTS = 63
    SCHED_STRIDES = 64
    SCHED_OFFSET = 65
    SCHED_RUNS = 66
    SCHED_USE = 67
    HEARTBEATS = 80  # 80-89 node-lease
    HEARTBEAT_LEASES = 81
    HEARTBEAT_CHANGES = 82
    HEARTBEAT_PHASES = 83
    HEARTBEAT_FAILURES = 84
    LISTS = 90  # 90-99 list-index
    LIST_ARRIVALS = 91
    LIST_CACHE = 92
    BOOKMARKS = 100  # 100-109 watch-bookmark
    BOOKMARK_PLACES = 101
    BOOKMARK_MOVES = 102
    BOOKMARK_JOINS = 103
    BOOKMARK_WATCHES = 104
    BOOKMARK_RECONNECTS = 105
    ENCODING = 110  # 110-119 watch-encode
    ENCODING_EVENTS = 111
    ENCODING_TEXT = 112
    ENCODING_WATCHERS = 113
    ENCODING_INIT = 114
    BALANCE = 120  # 120-129 apiserver-balance
    BALANCE_REQUESTS = 121
    BALANCE_PHASES = 122
    BALANCE_WATCHES = 123
    BALANCE_CHOICES = 124
    STANDBY = 130  # 130-139 controller-standby
    ETCD_READS = 140  # 140-149 etcd-concurrent-reads
    ETCD_READ_TIMES = 141
    ETCD_LEARNER = 150  # 150-159 etcd-learner
    ETCD_SHARDING = 160  # 160-169 etcd-sharding
    ETCD_PUT_SIZES = 161
    ETCD_OFFLOAD = 170  # 170-179 etcd-offload
    ETCD_OFFLOAD_KINDS = 171
    CLUSTER = 180  # 180-199 the whole control plane
    CLUSTER_TIMES = 181
    CLUSTER_NODES = 182
    CLUSTER_WATCHES = 183
    CLUSTER_SERVERS = 184
    CLUSTER_STARTS = 185
    CLUSTER_FAULTS = 186
    CLUSTER_COSTS = 187
    CLUSTER_HISTORY = 188
    CLUSTER_MOVES = 189
    CLUSTER_RECONNECTS = 190
    CLUSTER_RETURNS = 191
    CLUSTER_ELECTIONS = 192
    ABLATION = 290  # orders of optimizations


def start_of(seed: int, stream: Stream) -> int:
    """Return the state from which a stream counts."""
    return _mix((_mix(seed & _MASK) + stream * _GOLDEN) & _MASK)


def keys(seed: int, stream: Stream, first: int, count: int) -> Keys:
    """Return numbers *first* .. *first* + *count* - 1 of a stream, uint64[count], all different."""
    start = (start_of(seed, stream) + (first + 1) * _GOLDEN) & _MASK
    z = np.arange(count, dtype=np.uint64)
    with np.errstate(over="ignore"):  # arithmetic modulo 2^64 is meant
        z *= np.uint64(_GOLDEN)
        z += np.uint64(start)
        z ^= z >> np.uint64(30)
        z *= np.uint64(_MIX_1)
        z ^= z >> np.uint64(27)
        z *= np.uint64(_MIX_2)
        z ^= z >> np.uint64(31)
    return z


def scaled(keys: Keys, end: int) -> Ints:
    """Return 0 .. *end* - 1 evenly, int64, of the upper halves of *keys*; *end* up to 2^32."""
    return (((keys >> np.uint64(32)) * np.uint64(end)) >> np.uint64(32)).astype(np.int64)


def below(seed: int, stream: Stream, count: int, end: int) -> Ints:
    """Return the first *count* numbers of a stream as 0 .. *end* - 1, int64; *end* up to 2^32."""
    return scaled(keys(seed, stream, 0, count), end)


def generator(seed: int, stream: Stream, number: int = 0) -> Ints:
    """Return the start of generator *number* of a stream, for kernels/draws.py, int64[6]."""
    return generators(seed, stream, number, 1).reshape(6)


def generators(seed: int, stream: Stream, first: int, count: int) -> Ints:
    """Return the starts of *count* generators of a stream from number *first* on, int64[count, 6]."""
    drawn = keys(seed, stream, 6 * first, 6 * count) % np.uint64(4_294_944_442)
    return (drawn + np.uint64(1)).astype(np.int64).reshape(count, 6)


def order(seed: int, stream: Stream, count: int) -> NDArray[np.intp]:
    """Return 0 .. *count* - 1 in random order; keys differ, so no sorting algorithm can change it."""
    return np.argsort(keys(seed, stream, 0, count), kind="stable")


def apportion(total: int, weights: Sequence[int] | Ints) -> Ints:
    """Return whole parts of *total* in proportion to *weights*, int64, by largest remainder, first of equals.

    total x the largest weight must stay below 2^63.
    """
    shares = np.asarray(weights, dtype=np.int64) * total
    whole = int(np.sum(weights))
    parts = shares // whole
    left = total - int(parts.sum())
    parts[np.argsort(-(shares % whole), kind="stable")[:left]] += 1
    return parts


def _mix(z: int) -> int:
    """Return splitmix64's output for state *z*."""
    z = ((z ^ (z >> 30)) * _MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * _MIX_2) & _MASK
    return z ^ (z >> 31)
