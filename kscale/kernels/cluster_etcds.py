"""What an etcd does with a request that an API server hands on: puts and ranges. See cluster_rules.py."""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import cluster_requests as rq
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_steps as steps
from kscale.kernels._jit import lean_inline
from kscale.kernels.cluster_stations import enter, leave

Longs = NDArray[np.int64]


@lean_inline
def put(
    time: int, slot: int, shard: int, e: steps.Etcd, requests: Longs, slots: Longs, nodes: Longs,
    stations: Longs, wakes: Longs, spaces: Longs, counts: Longs,
) -> bool:  # fmt: skip
    """Offer a request's put to its etcd; False if that is over its quota: then it takes deletions only."""
    kind = slots[slot, cr.KIND]
    if spaces[shard, cr.FILE] > spaces[shard, cr.QUOTA] and kind != ct.REMOVE:
        counts[cr.NO_SPACE] += 1
        return False
    value = requests[kind, ct.BYTES]
    if kind <= ct.LEASE:
        value = nodes[slots[slot, cr.REF], cr.STATUS_BYTES if kind == ct.STATUS else cr.LEASE_BYTES]
    enter(stations[cr.AT_LOG + 2 * shard], time)
    if requests[kind, ct.ETCD_CPU] > 0:
        steps.busy(time, requests[kind, ct.ETCD_CPU], e)
    steps.offer(time, slot, value, requests[kind, ct.PAGES], e)
    wakes[shard] = steps.upcoming(e)
    return True


@lean_inline
def read(time: int, kind: int, e: steps.Etcd, requests: Longs, space: Longs, counts: Longs) -> int:
    """Return when an etcd is done with a range."""
    ns, held = requests[kind, ct.ETCD_CPU], requests[kind, ct.HOLD]
    counts[cr.ETCD_READS] += 1
    done = steps.busy(time, ns, e)
    if held > 0:
        space[cr.HELD] += held
        done = max(done, steps.hold(time, held, e))
    return int(done)


@lean_inline
def turn(
    now: int, shard: int, e: steps.Etcd, rules: Longs, stations: Longs, wakes: Longs, counts: Longs,
    out_id: Longs, out_done: Longs, events: Longs, size: Longs,
) -> None:  # fmt: skip
    """Let an etcd go on; requests that it stores are on their way back.

    Those that it refuses come first, at *now*: they are answered at once, as not stored.
    """
    for i in range(steps.advance(now, e, out_id, out_done)):
        leave(stations[cr.AT_LOG + 2 * shard], now)
        enter(stations[cr.AT_LOG + 2 * shard + 1], now)
        if out_done[i] == ew.REFUSED:
            counts[cr.ETCD_BUSY] += 1
            rq.post(now, cr.ETCD_REFUSED, out_id[i], events, size)
        else:
            rq.post(out_done[i] + rules[cr.ETCD_BACK_NS], cr.STORED_PUT, out_id[i], events, size)
    wakes[shard] = steps.upcoming(e)


@lean_inline
def grow(slot: int, shard: int, requests: Longs, slots: Longs, nodes: Longs, spaces: Longs) -> None:
    """Let a stored put take its room in the store; the file grows where no page is free."""
    kind = slots[slot, cr.KIND]
    by = requests[kind, ct.GROWS]
    if kind <= ct.LEASE:
        by = nodes[slots[slot, cr.REF], cr.STATUS_GROWS if kind == ct.STATUS else cr.LEASE_GROWS]
    space = spaces[shard]
    space[cr.GROWN] += by
    space[cr.IN_USE] += by
    space[cr.FILE] = max(space[cr.FILE], space[cr.IN_USE])
