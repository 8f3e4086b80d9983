"""Places where work waits and is done: cores, token buckets, who is inside, how long it took.

Shared by every part of the simulation of a whole control plane. All times int64 ns.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import kernel, lean_inline

Longs = NDArray[np.int64]

# Columns of `stations`, int64[s, STATION]: what goes in and comes out.
ENTERED = 0
LEFT = 1
INSIDE = 2
PEAK = 3  # most inside
AREA = 4  # ns; of the number inside over time, up to CHANGED
CHANGED = 5  # when the number inside last changed
SOJOURN = 6  # ns; when they left less when they came, of all: those inside count from 0
BUSY = 7  # ns of work done or begun
STATION = 8

SUB_BITS = 7  # a bucket of latencies is 1/128 wide: its upper edge is within 0.8 %
SUB = 1 << SUB_BITS
BUCKETS = (64 - SUB_BITS) << SUB_BITS


@lean_inline
def enter(station: Longs, time: int) -> None:
    """Let one in."""
    inside = station[INSIDE]
    station[AREA] += inside * (time - station[CHANGED])
    station[CHANGED] = time
    station[INSIDE] = inside + 1
    station[ENTERED] += 1
    station[PEAK] = max(station[PEAK], inside + 1)
    station[SOJOURN] -= time


@lean_inline
def leave(station: Longs, time: int) -> None:
    """Let one out."""
    inside = station[INSIDE]
    station[AREA] += inside * (time - station[CHANGED])
    station[CHANGED] = time
    station[INSIDE] = inside - 1
    station[LEFT] += 1
    station[SOJOURN] += time


@kernel
def close(stations: Longs, time: int) -> None:
    """Bring the areas up to *time*, and count those inside as if they left then."""
    for s in range(len(stations)):
        station = stations[s]
        station[AREA] += station[INSIDE] * (time - station[CHANGED])
        station[CHANGED] = time
        station[SOJOURN] += station[INSIDE] * time


@lean_inline
def serve(time: int, ns: int, cores: Longs) -> int:
    """Return when work that comes at *time* is done, by the core that is free first; the first of several.

    cores  int64[c]  when each is free; changed
    """
    core = 0
    free = cores[0]
    if free > time:
        for other in range(1, len(cores)):
            if cores[other] < free:
                core, free = other, cores[other]
                if free <= time:
                    break
    done = max(time, free) + ns
    cores[core] = done
    return int(done)


@lean_inline
def allow(time: int, interval: int, burst: int, bucket: Longs, place: int) -> int:
    """Return when a request may be sent: a token bucket, one token every *interval*, *burst* at most.

    bucket[place]  the time at which it would be full again; changed. An *interval* of 0 lets all pass.
    """
    if interval == 0:
        return time
    due = max(bucket[place], time)
    sent = max(time, due - (burst - 1) * interval)
    bucket[place] = due + interval
    return int(sent)


@lean_inline
def bucket_of(ns: int) -> int:
    """Return the bucket of a latency: 0 .. BUCKETS - 1, ascending; below SUB one bucket a ns."""
    if ns < SUB:
        return int(max(0, ns))
    shift = 0
    while ns >> shift >= 2 * SUB:
        shift += 1
    return int(((shift + 1) << SUB_BITS) + (ns >> shift) - SUB)


def edge(bucket: int) -> int:
    """Return the largest latency in a bucket, ns: at most 1/128 above any other in it."""
    if bucket < SUB:
        return bucket
    shift = (bucket >> SUB_BITS) - 1
    return (((bucket & (SUB - 1)) + SUB + 1) << shift) - 1
