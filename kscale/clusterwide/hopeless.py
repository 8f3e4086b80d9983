"""When an objective can no longer be kept, whatever comes: then a search need not see the end of a run.

A P99 is late when more than one in a hundred of a window are. How many a window will have is estimated from
above: what came so far, as much again in the time left, and what is drawn ahead on top of that. So a run
that ends early would have broken that objective; one that would break later may go on to its end.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.objectives import WINDOW_NS, Objective
from kscale.clusterwide.record import VERBS
from kscale.clusterwide.world import World
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_stations as cs
from kscale.kernels import cluster_tables as ct

Longs = NDArray[np.int64]

PERCENT = 100
MARGIN_PPM = 1_050_000  # beyond what may be late
WRITES_A_POD = 8  # of a creation or a deletion, with its Events and other objects: from above


def broken(world: World, objectives: Sequence[Objective], now: int, duration_ns: int) -> str:
    """Return which objective can no longer be kept; "" if all can."""
    bounds = {one.id: one.at_most for one in objectives}
    if int(world.counts[cr.NO_SPACE]) > 0:
        return "lost"
    late = _pods_late(world, now, bounds["pod-startup"])
    for number in range(len(world.hist)):
        begun, ends = number * WINDOW_NS, min((number + 1) * WINDOW_NS, duration_ns)
        if begun >= now:
            break
        coming = _coming(world.rows, int(world.counts[cr.PLANNED]), ends)
        left = max(0, ends - now)
        elapsed = max(1, min(now, ends) - begun)
        for verb, name in enumerate(VERBS):
            window = world.hist[number, verb]
            asked = int(window[cs.BUCKETS])
            total = asked + asked * left // elapsed + _asks(world, coming, verb)
            if _too_many(int(window[cs.bucket_of(bounds[name]) + 1 : cs.BUCKETS].sum()), total):
                return name
        if _too_many(late[number], _pods(world, coming, begun, ends)):
            return "pod-startup"
    return ""


def _too_many(late: int, total: int) -> bool:
    """Say whether so many late ones are more than one in a hundred of all."""
    return late > 1 and late * PERCENT * 1_000_000 > MARGIN_PPM * total


def _coming(rows: Longs, planned: int, until: int) -> Longs:
    """Return the rows of the plan that are still to come before *until*."""
    return rows[planned : int(np.searchsorted(rows[:, cr.WHEN], until))]


def _asks(world: World, coming: Longs, verb: int) -> int:
    """Return how many requests of a verb the rest of a plan may cause."""
    what, who = coming[:, cr.WHAT], coming[:, cr.WHO]
    kinds = who[what == cr.ASK] % cr.ASKS
    asked = int((world.requests[kinds, ct.VERB] == verb).sum())
    if verb == VERBS.index("mutating"):
        asked += WRITES_A_POD * int((what <= cr.DELETE_POD).sum())
    return asked + int((what >= cr.END_WATCH).sum())


def _pods(world: World, coming: Longs, begun: int, ends: int) -> int:
    """Return how many pods a window may have: stored in it, asked for before its end and not stored, to come.

    Of a rolling update all pods may still come.
    """
    created, stored = world.pods[:, cr.CREATED], world.pods[:, cr.STORED]
    here = int(((stored >= begun) & (stored < ends)).sum())
    waiting = int(((created < ends) & (stored == cr.NEVER)).sum())
    later = int((world.pods[created == cr.NEVER, cr.GROUP] != cr.NONE).sum())
    return here + waiting + later + int((coming[:, cr.WHAT] == cr.CREATE_POD).sum())


def _pods_late(world: World, now: int, bound: int) -> Longs:
    """Return how many pods of each window took, or have waited, longer than *bound*, int64[windows].

    Those that no node has room for do not count.
    """
    stored, known = world.pods[:, cr.STORED], world.pods[:, cr.KNOWN]
    there = (stored < cr.NEVER) & (world.pods[:, cr.PLACE] != cr.NONE)
    waited = np.minimum(known[there], now) - stored[there]
    windows = np.minimum(stored[there][waited > bound] // WINDOW_NS, len(world.hist) - 1)
    return np.bincount(windows, minlength=len(world.hist)).astype(np.int64)
