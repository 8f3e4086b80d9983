"""Placing pods by looking at enough nodes: the search stops at `need` feasible ones.

    place_by_walk   kube-scheduler since 1.12: from where the last search stopped, round the node list; the
                    next pod starts at the first node not looked at (algorithm.go @0c29b313, one worker),
                    or at the first of all, as issue 95709 asked for
    place_by_draw   random order, as Borg and Alibaba describe it: node (start + i * stride) mod n, with a
                    start and a stride of its own for each pod, coprime to n, so that every node comes once

Nodes are numbered in visiting order (mechanisms/scheduling_sample.py). Both score in chunks so that the loops
vectorise: the chunk is as long as nodes are missing, so a search that rejects nobody scores no node too
many, and what is scored past the last node needed is dropped and counted as an evaluation only.
A tie is broken in visiting order.
"""

import numpy as np

from kscale.kernels._jit import inline, kernel
from kscale.kernels.scheduling_choice import MIXED, Draws, Longs, choose, count, prefer, refuse
from kscale.kernels.scheduling_exhaustive import EVALUATIONS, FILTERED, PLACED, SCORED
from kscale.kernels.scheduling_scores import (
    BAL_CPU,
    BAL_MEM,
    BALANCE,
    CPU,
    FIT,
    FREE_CPU,
    FREE_EPH,
    FREE_MEM,
    MEM,
    NOW,
    NZ_CPU,
    NZ_MEM,
    RCP_CPU,
    RCP_MEM,
    ROOM,
    SHARE,
    SPARE_CPU,
    SPARE_MEM,
    WANT_CPU,
    WANT_EPH,
    WANT_MEM,
    Floats,
    Groups,
    Scores,
    place,
    remove,
    score,
    score_span,
    signed,
    strategy,
)  # fmt: skip

LEAST_CHUNK = 64  # nodes; shorter chunks cost more to start than they save, unless fewer are needed


@inline
def chunk(need: int, looked: int) -> int:
    """Return the fewest nodes scored at once; where few are needed, as many again as were looked at."""
    return min(LEAST_CHUNK, max(need, looked))


@inline
def stop_at(scores: Scores, surplus: int) -> int:
    """Return how many nodes are looked at, up to the feasible one that leaves out *surplus* others."""
    at = scores.size
    while scores[at - 1] == 0 or surplus > 0:
        surplus -= scores[at - 1] > 0
        at -= 1
    return at


@inline
def score_at(state: Floats, nodes: Groups, asks: Floats, c: int, delta: bool, out: Scores) -> None:
    """Write the scores of *nodes* for class *c* to out, as score_span does for neighbours."""
    want_cpu, want_mem, cpu, mem = asks[WANT_CPU, c], asks[WANT_MEM, c], asks[CPU, c], asks[MEM, c]
    nz_cpu, nz_mem, balance = asks[NZ_CPU, c], asks[NZ_MEM, c], asks[BALANCE, c]
    fit, half, base = strategy(asks[FIT, c])
    for j in range(nodes.size):
        i = nodes[j]
        out[j] = score(
            state[BAL_CPU, i], state[BAL_MEM, i], state[RCP_CPU, i], state[RCP_MEM, i], state[SHARE, i],
            state[FREE_CPU, i], state[FREE_MEM, i], state[SPARE_CPU, i], state[SPARE_MEM, i], state[ROOM, i],
            state[NOW, i], want_cpu, want_mem, cpu, mem, nz_cpu, nz_mem, fit, half, base, balance, delta,
        )  # fmt: skip
    for e in range(asks.shape[0] - WANT_EPH):
        want = asks[WANT_EPH + e, c]
        if want > 0.0:
            for j in range(nodes.size):
                out[j] *= state[FREE_EPH + e, nodes[j]] >= want


@inline
def walk(
    state: Floats, asks: Floats, c: int, delta: bool, level_of: Groups, group: Groups, start: int, need: int,
    scores: Scores, standing: Groups, work: Longs,
) -> int:  # fmt: skip
    """Look at nodes from *start* on, round the list, until *need* can take class *c*; return how many.

    level_of  int32[g + 1]  level of each group for the class; last MIXED or ALIKE
    scores    uint8[n]  out: score of the i-th node looked at
    standing  int32[n]  out: its level
    work      int64[]   EVALUATIONS is added to
    """
    nodes = group.size
    looked, found, done = 0, 0, False
    while looked < nodes and not done:
        lo = (start + looked) % nodes
        hi = min(lo + min(max(need - found, chunk(need, looked)), nodes - looked), nodes)
        out = scores[looked : looked + hi - lo]
        score_span(state, lo, hi, asks, c, delta, out)
        if level_of[-1] == MIXED:
            refuse(level_of, group[lo:hi], out, standing[looked : looked + hi - lo])
        work[EVALUATIONS] += hi - lo
        here = hi - lo - count(out, 0)
        done = found + here >= need
        looked += stop_at(out, found + here - need) if done else hi - lo
        found += here
    return looked


@inline
def draw_nodes(
    state: Floats, asks: Floats, c: int, delta: bool, level_of: Groups, group: Groups, start: int,
    stride: int, need: int, visited: Groups, scores: Scores, standing: Groups, work: Longs,
) -> int:  # fmt: skip
    """Look at nodes start, start + stride, ... until *need* can take class *c*; return how many.

    visited  int32[n]  out: the i-th node looked at; the rest as in walk
    """
    nodes = group.size
    looked, found, done, node = 0, 0, False, start
    while looked < nodes and not done:
        end = looked + min(max(need - found, chunk(need, looked)), nodes - looked)
        for i in range(looked, end):
            visited[i] = node
            node += stride
            node -= nodes if node >= nodes else 0
        out = scores[looked:end]
        score_at(state, visited[looked:end], asks, c, delta, out)
        if level_of[-1] == MIXED:
            refuse(level_of, group[visited[looked:end]], out, standing[looked:end])
        work[EVALUATIONS] += end - looked
        here = end - looked - count(out, 0)
        done = found + here >= need
        looked = looked + stop_at(out, found + here - need) if done else end
        found += here
    return looked


@kernel
def place_by_walk(
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    klass: Groups, draws: Draws, need: int, scores: Scores, node_of: Groups, found_of: Groups, work: Longs,
    leaving: Groups | None = None, spent: Longs | None = None, rotate: bool = True,
) -> None:  # fmt: skip
    """Place each pod on the best of the first *need* feasible nodes from where the last search stopped.

    Arguments as in scheduling_exhaustive.place_by_scan, with nodes in visiting order, and

    need      feasible nodes to find, see mechanisms/scheduling_sample.py
    found_of  int32[p]  out: feasible nodes that were found for each pod
    leaving   int32[p]  pod that ends once pod p is placed, p or one before it, or PENDING; None: none ends
    spent     int64[p]  out: EVALUATIONS after each pod; None: not wanted
    rotate    False: each search starts at the first node
    """
    nodes, start = group.size, 0
    standing, totals = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    seen, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
    for p in range(klass.size):
        c = klass[p]
        r = rule[c]
        looked = walk(state, asks, c, delta, level_of[r], group, start, need, scores, standing, work)
        among = scores[:looked]
        found = looked - count(among, 0)
        if first[r + 1] - first[r] > 1:
            prefer(among, standing, first[r], first[r + 1], raw, weights, seen, bonus, totals)
            at = choose(totals[:looked], signed(draws[p]))
        else:
            at = choose(among, signed(draws[p]))
        work[FILTERED] += looked
        work[SCORED] += found if found > 1 else 0
        found_of[p] = found
        node_of[p] = at
        if at >= 0:
            node_of[p] = (start + at) % nodes
            place(state, node_of[p], asks, c)
            work[PLACED] += 1
        if leaving is not None:
            gone = signed(leaving[p])
            if gone >= 0 and node_of[gone] >= 0:
                remove(state, signed(node_of[gone]), asks, klass[gone])
        if spent is not None:
            spent[p] = work[EVALUATIONS]
        start = (start + looked) % nodes if rotate else 0


@kernel
def place_by_draw(
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    klass: Groups, draws: Draws, starts: Groups, strides: Groups, need: int, scores: Scores,
    node_of: Groups, found_of: Groups, work: Longs,
) -> None:  # fmt: skip
    """Place each pod on the best of the first *need* feasible nodes in an order of its own.

    Arguments as in place_by_walk, and

    starts   int32[p]  first node of each pod's order
    strides  int32[p]  step of it, coprime to n
    """
    nodes = group.size
    standing, totals, visited = (
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
        np.empty(nodes, np.int32),
    )
    seen, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
    for p in range(klass.size):
        c = klass[p]
        r = rule[c]
        looked = draw_nodes(
            state, asks, c, delta, level_of[r], group, starts[p], strides[p], need, visited, scores,
            standing, work,
        )  # fmt: skip
        among = scores[:looked]
        found = looked - count(among, 0)
        if first[r + 1] - first[r] > 1:
            prefer(among, standing, first[r], first[r + 1], raw, weights, seen, bonus, totals)
            at = choose(totals[:looked], signed(draws[p]))
        else:
            at = choose(among, signed(draws[p]))
        work[FILTERED] += looked
        work[SCORED] += found if found > 1 else 0
        found_of[p] = found
        node_of[p] = at
        if at >= 0:
            node_of[p] = visited[at]
            place(state, node_of[p], asks, c)
            work[PLACED] += 1
