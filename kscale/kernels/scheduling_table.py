"""The table of scores by equivalence class, and the operations that keep its summaries true.

    table[slot, block, i]  uint8  score of a row on node block * BLOCK + i; 0 beyond the last node
    most[slot, block]      uint8  largest score of a block; 0 beyond the last block
    ties[slot, block]      uint8  how many nodes of the block have it, or VAGUE

Blocks are an odd number: then the same node of successive rows falls on different offsets of a memory page
(an odd number of cache lines apart). With equal offsets an eager update took seven times as long.

When the last node with the largest score leaves it, the block is not searched: its largest score is
then at most one less, and it is VAGUE until that bound is the best of the row. Scores fall
slowly, so most blocks change often before anyone has to look.

A *row* is a class on the nodes of one level (scheduling_choice). A class with preferences has several
rows, because its bonus moves with the feasible set while the scores inside a level do not. Who
uses the table, and when a score is brought up to date, is decided in scheduling_classes.

As in scheduling_scores, the helpers are inlined into kernels of another file.
"""

import numpy as np

from kscale.kernels._jit import inline, kernel
from kscale.kernels.scheduling_choice import MIXED, Longs, count, set_bonus, top
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
    score,
    score_span,
    signed,
    strategy,
)  # fmt: skip

BLOCK = 192  # nodes; three cache lines of scores, and a count of them fits in 8 bits
ZERO = np.uint8(0)
PANEL = 64  # blocks whose summaries are looked at together; summaries are padded to whole panels
FAR, NEAR = 64, 8  # scores counted at a time on the way to the k-th
NOBODY = -1  # in place of a node: the class is feasible nowhere

# Rows of `holds`, int32[4, slots]: what is in a slot.
ROW, CLASS, RULE, LEVEL = 0, 1, 2, 3
VAGUE = 0  # in place of a count: the largest score of the block is at most what is noted
BEATEN = -1  # in place of the top of a level that cannot win


@inline
def amended(old: int, found: int, best: int, tied: int) -> tuple[int, int]:
    """Return (most, ties) of a block after one score in it went from *old* to *found*.

    The block itself is not looked at. Numbers and not arrays, because numba counts references to arrays that
    are passed on, and arithmetic and not branches, because which case it is cannot be predicted: in
    loops this small either costs several times the work.
    """
    above = found > best  # also right for a vague block: nothing there is above its bound
    change = (found == best) * 1 - (old == best) * 1
    left = 1 if above else (tied + change if tied != VAGUE else VAGUE)
    bound = best - (1 if (tied != VAGUE) & (left == VAGUE) else 0)
    return found if above else bound, left


@kernel
def fill(
    state: Floats, asks: Floats, c: int, delta: bool, level_of: Groups, r: int, v: int, group: Groups,
    table: Scores, most: Scores, ties: Scores, slot: int,
) -> int:  # fmt: skip
    """Score a row on every node; return how many fit.

    level_of  int32[q, g + 1]  level of each group under a rule; the row is level *v* of rule *r*
    """
    row = table[slot].reshape(-1)
    out = row[: group.size]
    score_span(state, 0, out.size, asks, c, delta, out)
    if level_of[r, -1] == MIXED:
        for i in range(out.size):
            out[i] *= level_of[r, group[i]] == v
    row[group.size :] = 0
    for b in range(table.shape[1]):
        most[slot, b] = top(table[slot, b])
        ties[slot, b] = VAGUE
    return signed(out.size - count(out, 0))


@inline
def replay(
    state: Floats, asks: Floats, c: int, delta: bool, level_of: Groups, r: int, v: int, group: Groups,
    log: Groups, since: int, until: int, table: Scores, most: Scores, ties: Scores, slot: int,
) -> int:  # fmt: skip
    """Score a row on the nodes log[since:until]; return how many fit."""
    want_cpu, want_mem, cpu, mem = asks[WANT_CPU, c], asks[WANT_MEM, c], asks[CPU, c], asks[MEM, c]
    nz_cpu, nz_mem, balance = asks[NZ_CPU, c], asks[NZ_MEM, c], asks[BALANCE, c]
    fit, half, base = strategy(asks[FIT, c])
    fits = 0
    for j in range(since, until):
        node = signed(log[j])
        total = score(
            state[BAL_CPU, node], state[BAL_MEM, node], state[RCP_CPU, node], state[RCP_MEM, node],
            state[SHARE, node], state[FREE_CPU, node], state[FREE_MEM, node], state[SPARE_CPU, node],
            state[SPARE_MEM, node], state[ROOM, node], state[NOW, node],
            want_cpu, want_mem, cpu, mem, nz_cpu, nz_mem, fit, half, base, balance, delta,
        )  # fmt: skip
        for e in range(asks.shape[0] - WANT_EPH):
            total = total if state[FREE_EPH + e, node] >= asks[WANT_EPH + e, c] else 0.0
        found = signed(total) if level_of[r, group[node]] == v else 0
        fits += found > 0
        b, i = node // BLOCK, node % BLOCK
        old = signed(table[slot, b, i])
        table[slot, b, i] = found
        most[slot, b], ties[slot, b] = amended(old, found, signed(most[slot, b]), signed(ties[slot, b]))
    return fits


@inline
def update_all(
    state: Floats, node: int, in_slot: Floats, live: int, delta: bool, level_of: Groups, mixed: bool, g: int,
    holds: Groups, before: Scores, fresh: Scores, table: Scores, most: Scores, ties: Scores,
) -> int:  # fmt: skip
    """Score one node, of group *g*, for every row at once; return in how many it fits.

    in_slot   float64[ASKS + e, slots]  asks of the row in each slot
    mixed     whether any rule is MIXED
    holds     int32[4, slots]  what that row is
    before, fresh  uint8[slots]  scratch; same type as table
    """
    bal_cpu, bal_mem, share = state[BAL_CPU, node], state[BAL_MEM, node], state[SHARE, node]
    rcp_cpu, rcp_mem, room = state[RCP_CPU, node], state[RCP_MEM, node], state[ROOM, node]
    free_cpu, free_mem, now = state[FREE_CPU, node], state[FREE_MEM, node], state[NOW, node]
    spare_cpu, spare_mem = state[SPARE_CPU, node], state[SPARE_MEM, node]
    fit, half, base = strategy(in_slot[FIT, 0])
    for s in range(live):
        fresh[s] = score(
            bal_cpu, bal_mem, rcp_cpu, rcp_mem, share, free_cpu, free_mem, spare_cpu, spare_mem, room, now,
            in_slot[WANT_CPU, s], in_slot[WANT_MEM, s], in_slot[CPU, s], in_slot[MEM, s], in_slot[NZ_CPU, s],
            in_slot[NZ_MEM, s], fit, half, base, in_slot[BALANCE, s], delta,
        )  # fmt: skip
    for e in range(in_slot.shape[0] - WANT_EPH):
        free = state[FREE_EPH + e, node]
        for s in range(live):
            fresh[s] *= free >= in_slot[WANT_EPH + e, s]
    if mixed:
        for s in range(live):
            fresh[s] *= level_of[holds[RULE, s], g] == holds[LEVEL, s]
    b, i, fits = node // BLOCK, node % BLOCK, 0
    for s in range(live):  # a loop of its own, so that as many rows as possible are fetched at once
        before[s] = table[s, b, i]
    for s in range(live):
        old, found = signed(before[s]), signed(fresh[s])
        fits += found > 0
        table[s, b, i] = found
        most[s, b], ties[s, b] = amended(old, found, signed(most[s, b]), signed(ties[s, b]))
    return fits


@inline
def settle(table: Scores, most: Scores, ties: Scores, slot: int) -> np.uint8:
    """Return the largest score of a row, having looked into the vague blocks that might hold it."""
    best: np.uint8 = most[slot, 0]
    lowered = 1
    while lowered > 0:
        best = most[slot, 0]
        for b in range(most.shape[1]):
            best = max(best, most[slot, b])
        lowered = 0
        for panel in range(most.shape[1] // PANEL if best > 0 else 0):
            vague = ZERO
            for j in range(PANEL):
                at = panel * PANEL + j
                vague = np.uint8(vague + ((most[slot, at] == best) & (ties[slot, at] == VAGUE)))
            for j in range(PANEL if vague > 0 else 0):
                b = panel * PANEL + j
                if most[slot, b] == best and ties[slot, b] == VAGUE:
                    largest = table[slot, b, 0]
                    for i in range(BLOCK):
                        largest = max(largest, table[slot, b, i])
                    found = ZERO
                    for i in range(BLOCK):
                        found = np.uint8(found + (table[slot, b, i] == largest))
                    most[slot, b] = largest
                    ties[slot, b] = found
                    lowered += largest < best
    return best  # in the type of the table, so that comparing with it stays narrow


@inline
def pick(  # noqa: C901, PLR0912 - nested searches, panel to byte, in one place
    table: Scores, most: Scores, ties: Scores, slot: int, draw: int
) -> int:
    """Return the node of the draw among the best of one row, or NOBODY."""
    best = settle(table, most, ties, slot)
    node = NOBODY
    if best > 0:
        total = 0
        for b in range(most.shape[1]):
            total += signed(ties[slot, b] if most[slot, b] == best else ZERO)
        k = (draw * total) >> 32
        panel, b, part, near, i = 0, 0, 0, 0, 0
        for panel in range(most.shape[1] // PANEL):
            tied = np.uint16(0)
            for j in range(PANEL):
                at = panel * PANEL + j
                tied = np.uint16(tied + (ties[slot, at] if most[slot, at] == best else ZERO))
            if k < signed(tied):
                break
            k -= signed(tied)
        for b in range(panel * PANEL, (panel + 1) * PANEL):
            here = ties[slot, b] if most[slot, b] == best else ZERO
            if k < signed(here):
                break
            k -= signed(here)
        for part in range(BLOCK // FAR):  # counting vectorises, stepping does not
            here = ZERO
            for i in range(FAR):
                here = np.uint8(here + (table[slot, b, part * FAR + i] == best))
            if k < signed(here):
                break
            k -= signed(here)
        for near in range(FAR // NEAR):
            here = ZERO
            for i in range(NEAR):
                here = np.uint8(here + (table[slot, b, part * FAR + near * NEAR + i] == best))
            if k < signed(here):
                break
            k -= signed(here)
        for i in range(NEAR):
            found = signed(table[slot, b, part * FAR + near * NEAR + i] == best)
            if k < found:
                break
            k -= found
        node = b * BLOCK + part * FAR + near * NEAR + i
    return node


@inline
def pick_levels(  # noqa: C901, PLR0912 - as pick, over several rows
    table: Scores, most: Scores, ties: Scores, slots: Groups, first: int, raw: Longs,
    weights: Longs, tops: Groups, bonus: Groups, draw: int,
) -> int:  # fmt: skip
    """Return the node of the draw among the best of several rows, levels *first* on, or NOBODY.

    slots        int32[rows]    slot of each row
    tops, bonus  int32[levels]  scratch
    """
    last = first + slots.size
    for v in range(first, last):
        tops[v] = settle(table, most, ties, slots[v - first])
    set_bonus(tops, first, last, raw, weights, bonus)
    best = 0
    for v in range(first, last):
        best = max(best, tops[v] + bonus[v] if tops[v] > 0 else 0)
    if best == 0:
        return NOBODY
    tied = 0
    for v in range(first, last):
        if tops[v] > 0 and tops[v] + bonus[v] == best:
            for b in range(most.shape[1]):
                tied += signed(ties[slots[v - first], b]) if most[slots[v - first], b] == tops[v] else 0
        else:
            tops[v] = BEATEN
    k = (draw * tied) >> 32
    for b in range(most.shape[1]):
        here = 0
        for v in range(first, last):
            here += signed(ties[slots[v - first], b]) if most[slots[v - first], b] == tops[v] else 0
        if k >= here:
            k -= here
            continue
        for i in range(BLOCK):
            for v in range(first, last):
                if table[slots[v - first], b, i] == tops[v]:
                    if k == 0:
                        return b * BLOCK + i
                    k -= 1
    return NOBODY  # not reached: the ties were counted
