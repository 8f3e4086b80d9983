"""What a scheduler of the user's own is made of: points of nodes for a pod, the best node, a pod put there.

The same arithmetic as kernels/scheduling_exhaustive.py, in kernels that are compiled once for all, so that
what calls them compiles in a second.
"""

import numpy as np

from kscale.kernels._jit import kernel
from kscale.kernels.scheduling_choice import MIXED, Longs, choose, count, prefer, refuse
from kscale.kernels.scheduling_scores import Floats, Groups, Scores, place, score_span, signed


@kernel
def points(
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    c: int, scores: Scores, totals: Groups,
) -> int:  # fmt: skip
    """Write the points of every node for a pod of class *c* to totals, 0 where it does not fit.

    Returns how many nodes it fits on. Arguments as in scheduling_exhaustive.place_by_scan;
    totals int32[n]. Cost is O(n).
    """
    nodes = state.shape[1]
    r = rule[c]
    standing = np.empty(nodes, np.int32)
    score_span(state, 0, nodes, asks, c, delta, scores)
    if level_of[r, -1] == MIXED:
        refuse(level_of[r], group, scores, standing)
    if first[r + 1] - first[r] > 1:
        seen, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
        prefer(scores, standing, first[r], first[r + 1], raw, weights, seen, bonus, totals)
    else:
        totals[:] = scores
    return int(nodes - count(scores, 0))


@kernel
def best(totals: Groups, draw: int) -> int:
    """Return the node with the most points, -1 if all have none; *draw* is the pod's, for ties."""
    return int(choose(totals, signed(draw)))


@kernel
def put(state: Floats, node: int, asks: Floats, c: int) -> None:
    """Put a pod of class *c* on a node, which has less room from then on."""
    place(state, node, asks, c)
