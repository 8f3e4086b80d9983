"""Following a list of placements, to check it and to say how good it is. Never part of a timed run."""

import numpy as np

from kscale.kernels._jit import kernel
from kscale.kernels.scheduling_choice import MIXED, Longs, prefer, refuse, top
from kscale.kernels.scheduling_scores import Floats, Groups, Scores, place, score_one, score_span, signed

# Entries of `work`, int64.
JUDGED = 0  # placements whose loss was worked out
LOSS = 1  # points in all by which they fell short of the best node
WORST = 2  # points of the worst
WORK = 3


@kernel
def first_wrong(
    state: Floats, asks: Floats, delta: bool, rule: Groups, level_of: Groups, group: Groups, klass: Groups,
    node_of: Groups, scores: Scores,
) -> int:  # fmt: skip
    """Return the first pod that was put where it did not fit, or left out where some node had room; else -1.

    Arguments as in scheduling_exhaustive.place_by_scan; node_of int32[p] is read. Cost is O(1) for a
    placed pod and O(n) for a pending one.
    """
    for p in range(klass.size):
        c, node = klass[p], node_of[p]
        levels = level_of[rule[c]]
        if node >= 0:
            if levels[group[node]] < 0 or score_one(state, node, asks, c, delta) == 0:
                return p
            place(state, node, asks, c)
        else:
            score_span(state, 0, group.size, asks, c, delta, scores)
            for i in range(group.size):
                if scores[i] > 0 and levels[group[i]] >= 0:
                    return p
    return -1


@kernel
def loss(
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    klass: Groups, every: int, scores: Scores, node_of: Groups, work: Longs,
) -> None:  # fmt: skip
    """Compare each *every*-th placement with the best node at that moment, among all nodes.

    Arguments as in scheduling_exhaustive.place_by_scan; node_of int32[p] is read. Cost is O(p * n / every).
    """
    nodes = group.size
    standing, totals = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    seen, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
    for p in range(klass.size):
        c, node = klass[p], node_of[p]
        if node < 0:
            continue
        if p % every == 0:
            r = rule[c]
            score_span(state, 0, nodes, asks, c, delta, scores)
            if level_of[r, -1] == MIXED:
                refuse(level_of[r], group, scores, standing)
            if first[r + 1] - first[r] > 1:
                prefer(scores, standing, first[r], first[r + 1], raw, weights, seen, bonus, totals)
                short = top(totals) - signed(totals[node])
            else:
                short = top(scores) - signed(scores[node])
            work[JUDGED] += 1
            work[LOSS] += short
            work[WORST] = max(work[WORST], short)
        place(state, node, asks, c)
