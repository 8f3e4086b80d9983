"""Placing pods by looking at every node for every pod: the baseline of both scheduling mechanisms.

This is kube-scheduler before sampling (1.12), with one worker: filter, score, normalise, take
the best, break ties by the pod's draw. The loop over nodes is vectorised; nothing is
remembered from one pod to the next.
"""

import numpy as np

from kscale.kernels._jit import kernel
from kscale.kernels.scheduling_choice import MIXED, Draws, Longs, choose, count, prefer, refuse
from kscale.kernels.scheduling_scores import Floats, Groups, Scores, place, score_span, signed

PENDING = -1  # in place of a node

# Entries of `work`, int64.
FILTERED = 0  # nodes looked at
SCORED = 1  # feasible nodes that were scored; a single feasible node is taken without
EVALUATIONS = 2  # times a node was evaluated for a class
PLACED = 3  # pods
WORK = 4


@kernel
def place_by_scan(
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    klass: Groups, draws: Draws, scores: Scores, node_of: Groups, work: Longs,
) -> None:  # fmt: skip
    """Place each pod on the best of all nodes.

    state     float64[COLUMNS + e, n]  nodes, see scheduling_scores; updated
    asks      float64[ASKS + e, k]     classes
    delta     form of BalancedAllocation
    rule      int32[k]     constraints of a class
    first     int32[q + 1] levels of rule r are first[r]..first[r + 1]
    level_of  int32[q, g + 1]  level of a node group under a rule, or REFUSED; last MIXED or ALIKE
    group     int32[n]     group of a node
    raw       int64[2, v]  points of a level, before normalisation: TAINTS, AFFINITY
    weights   int64[2]     plugin weights: TAINTS, AFFINITY
    klass     int32[p]     class of each pod, in order
    draws     uint32[p]    tie-break of each pod; 0 takes the lowest index
    scores    uint8[n]     scratch; uint16 when the weights need it
    node_of   int32[p]     out: node of each pod, or PENDING
    work      int64[WORK]  out: counters

    Cost is O(p * n).
    """
    nodes = state.shape[1]
    standing, totals = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    seen, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
    scored, placed = 0, 0
    for p in range(klass.size):
        c = klass[p]
        r = rule[c]
        score_span(state, 0, nodes, asks, c, delta, scores)
        if level_of[r, -1] == MIXED:
            refuse(level_of[r], group, scores, standing)
        if first[r + 1] - first[r] > 1:
            prefer(scores, standing, first[r], first[r + 1], raw, weights, seen, bonus, totals)
            node = choose(totals, signed(draws[p]))
        else:
            node = choose(scores, signed(draws[p]))
        feasible = nodes - count(scores, 0)
        scored += feasible if feasible > 1 else 0
        node_of[p] = node
        if node >= 0:
            place(state, node, asks, c)
            placed += 1
    work[FILTERED] = klass.size * nodes
    work[SCORED] = scored
    work[EVALUATIONS] = klass.size * nodes
    work[PLACED] = placed
