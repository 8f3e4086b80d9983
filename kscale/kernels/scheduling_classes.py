"""Placing pods by equivalence class: every node is scored once a class, then only what changed.

A pod finds the best node of its class in a table of scores (scheduling_table), without looking at other
nodes. Placing it changes one node, for every class. Two ways to keep up:

  lazy   The node is noted in a log. A row replays what it has not seen when its next pod comes, or is scored
         anew when that is more than a RESCORE-th of the nodes. Rows that rest cost nothing: bursts.
  eager  The node is scored for all rows at once, in a vector loop over slots. Costs less an evaluation,
         but rows that rest are paid for as well: classes that alternate.

Both keep the same table, so the choice is free: every WINDOW pods the replays that a lazy table
needed (or would have needed) are compared with the evaluations that an eager one needed (or would
have), weighed by COST. It turns eager when being lazy has lost as much as making every row true
will cost, and lazy as soon as a window says so. Only counters decide, never a clock.

Slots are bounded; the row used longest ago gives way (a linked ring, so that it costs nothing to find).

Placements are those of scheduling_exhaustive, pod by pod: the scores are the same integers and the
tie-break counts in node order. A pod that ends changes its node as one that comes does. To cache the
ranking and not the single check is the idea of Borg (EuroSys 2015, section 3.4) and KEP-5598; the structure
is this project's own.
"""

import numpy as np

from kscale.kernels._jit import inline, kernel
from kscale.kernels.scheduling_choice import MIXED, Draws, Longs
from kscale.kernels.scheduling_exhaustive import EVALUATIONS, FILTERED, PENDING, PLACED, SCORED
from kscale.kernels.scheduling_scores import Floats, Groups, Scores, place, remove, signed
from kscale.kernels.scheduling_table import (
    CLASS,
    LEVEL,
    ROW,
    RULE,
    fill,
    pick,
    pick_levels,
    replay,
    update_all,
)

WINDOW = 512  # pods between two looks at which way is cheaper
RESCORE = 12  # a replay of more than nodes / RESCORE entries is slower than scoring every node
COST = 2  # slots of an eager update that take as long as one replay; 4 with few slots, below 2 with 1,000

BY_ITSELF, ALWAYS_LAZY, ALWAYS_EAGER = 0, 1, 2  # `way`
NOWHERE = -1  # in place of a slot

# Further entries of `work`.
HITS = 4  # rows found in the table
RESCORES = 5  # scores brought up to date: replayed, or updated eagerly
FULL = 6  # rows scored on every node
EVICTIONS = 7  # rows that gave way
EAGER_PODS = 8  # pods placed while updates were eager
WORK = 9

# Rows of `links`, int32[2, slots + 1]: a ring of slots by use, closed by a last entry that is no slot.
NEWER, OLDER = 0, 1  # NEWER of the last entry is the oldest slot, OLDER of it the newest


@inline
def touch(links: Groups, slot: int) -> None:
    """Move a slot to the young end of the ring; a slot linked to itself is new to it."""
    head = links.shape[1] - 1
    links[NEWER, links[OLDER, slot]] = links[NEWER, slot]
    links[OLDER, links[NEWER, slot]] = links[OLDER, slot]
    young = links[OLDER, head]
    links[OLDER, slot], links[NEWER, slot] = young, head
    links[NEWER, young] = slot
    links[OLDER, head] = slot


@inline
def take_slot(links: Groups, live: int, holds: Groups, slot_of: Groups) -> int:
    """Return an unused slot, or that of the row used longest ago, which is forgotten."""
    if live < links.shape[1] - 1:
        return live
    slot = signed(links[NEWER, live])
    slot_of[holds[ROW, slot]] = NOWHERE
    return slot


@kernel
def place_by_class(  # noqa: C901, PLR0912, PLR0915 - helpers in the loop over pods would count references
    state: Floats, asks: Floats, delta: bool,
    rule: Groups, first: Groups, level_of: Groups, group: Groups, raw: Longs, weights: Longs,
    klass: Groups, draws: Draws, row_of: Groups, slot_of: Groups, in_slot: Floats,
    table: Scores, most: Scores, ties: Scores, log: Groups, way: int, node_of: Groups, work: Longs,
    leaving: Groups | None = None, spent: Longs | None = None,
) -> None:  # fmt: skip
    """Place each pod on the best of all nodes, by the table of its class.

    Up to `draws` as in scheduling_exhaustive.place_by_scan. Then

    row_of   int32[k]  first row of a class; it has one for each level of its rule
    slot_of  int32[rows]  slot of a row; NOWHERE to begin with
    in_slot  float64[ASKS + e, slots]  scratch; at least as many slots as any rule has levels
    table    uint8[slots, b, BLOCK]  scratch, b = an odd number of blocks; uint16 when the weights need it
    most     uint8[slots, w]  scratch, 0 to begin with, w = b up to a multiple of PANEL; type as table
    ties     uint8[slots, w]  scratch
    log      int32[p]         scratch: nodes in the order in which they changed; int32[2 p] if pods end
    way      BY_ITSELF, or forced: ALWAYS_LAZY, ALWAYS_EAGER
    node_of  int32[p]     out: node of each pod, or PENDING
    work     int64[WORK]  out: counters
    leaving  int32[p]     pod that ends once pod p is placed, p or one before it, or PENDING; None: none ends
    spent    int64[2, p]  out: RESCORES and FULL after each pod; None: not wanted

    What is None is not compiled: testing for an empty array once a pod was seen to cost 3 %.

    Cost is O(n) for the first pod of a class, then O(b + nodes changed since) lazily, O(b + slots) eagerly.
    """
    nodes, slots = state.shape[1], table.shape[0]
    limit = nodes // RESCORE
    holds, links = np.empty((4, slots), np.int32), np.empty((2, slots + 1), np.int32)
    for s in range(slots + 1):
        links[NEWER, s] = links[OLDER, s] = s
    seen, used = np.zeros(slots, np.int64), np.zeros(slots, np.int64)  # changes when it was true, asked
    tops, bonus = np.empty(first[-1], np.int32), np.empty(first[-1], np.int32)
    before, fresh = np.empty(slots, table.dtype), np.empty(slots, table.dtype)
    mixed = False
    for r in range(level_of.shape[0]):
        mixed |= level_of[r, -1] == MIXED
    live, placed, changed, eager = 0, 0, 0, way == ALWAYS_EAGER
    as_lazy, as_eager, debt = 0, 0, 0  # evaluations of this window, made or avoided; lost by being lazy
    for p in range(klass.size):
        c = klass[p]
        r = rule[c]
        levels = first[r + 1] - first[r]
        for j in range(levels):
            slot = signed(slot_of[row_of[c] + j])
            since = changed if eager else seen[max(slot, 0)]
            if slot == NOWHERE:
                slot, since = take_slot(links, live, holds, slot_of), NOWHERE
                work[EVICTIONS] += slot < live
                live = max(live, slot + 1)
                slot_of[row_of[c] + j] = slot
                holds[ROW, slot], holds[CLASS, slot] = row_of[c] + j, c
                holds[RULE, slot], holds[LEVEL, slot] = r, first[r] + j
                in_slot[:, slot] = asks[:, c]
            else:
                work[HITS] += 1
                as_lazy += min(changed - used[slot], limit)
            if since == NOWHERE or changed - since > limit:
                work[FULL] += 1
                work[SCORED] += fill(
                    state, asks, c, delta, level_of, r, first[r] + j, group, table, most, ties, slot
                )  # fmt: skip
            elif changed > since:
                work[RESCORES] += changed - since
                work[SCORED] += replay(
                    state, asks, c, delta, level_of, r, first[r] + j, group, log, since, changed, table, most,
                    ties, slot,
                )  # fmt: skip
            seen[slot] = used[slot] = changed
            touch(links, slot)
        draw = signed(draws[p])
        if levels == 1:
            node = pick(table, most, ties, slot_of[row_of[c]], draw)
        else:
            mine = slot_of[row_of[c] : row_of[c] + levels]
            node = pick_levels(table, most, ties, mine, first[r], raw, weights, tops, bonus, draw)
        node_of[p] = node
        if node >= 0:
            place(state, node, asks, c)
            log[changed] = node
            changed += 1
            placed += 1
            as_eager += live
            if eager:
                work[RESCORES] += live
                work[EAGER_PODS] += 1
                work[SCORED] += update_all(
                    state, node, in_slot, live, delta, level_of, mixed, group[node], holds, before, fresh,
                    table, most, ties,
                )  # fmt: skip
        if leaving is not None:
            gone = signed(leaving[p])
            left = signed(node_of[gone]) if gone >= 0 else PENDING
            if left >= 0:
                remove(state, left, asks, klass[gone])
                log[changed] = left
                changed += 1
                as_eager += live
                if eager:
                    work[RESCORES] += live
                    work[SCORED] += update_all(
                        state, left, in_slot, live, delta, level_of, mixed, group[left], holds, before,
                        fresh, table, most, ties,
                    )  # fmt: skip
        if way == BY_ITSELF and p % WINDOW == WINDOW - 1:
            if eager:
                if as_eager > as_lazy * COST:
                    seen[:live] = changed
                    eager = False
            else:
                debt = max(debt + as_lazy * COST - as_eager, 0)
                due = 0
                for s in range(live):
                    due += min(changed - seen[s], limit) * COST
                for s in range(live if debt > due else 0):  # an eager table is true for every row
                    since, c, r, v = seen[s], holds[CLASS, s], holds[RULE, s], holds[LEVEL, s]
                    if changed - since > limit:
                        work[FULL] += 1
                        work[SCORED] += fill(
                            state, asks, c, delta, level_of, r, v, group, table, most, ties, s
                        )  # fmt: skip
                    else:
                        work[RESCORES] += changed - since
                        work[SCORED] += replay(
                            state, asks, c, delta, level_of, r, v, group, log, since, changed, table,
                            most, ties, s,
                        )  # fmt: skip
                if debt > due:
                    eager, debt = True, 0
            as_lazy, as_eager = 0, 0
        if spent is not None:
            spent[0, p], spent[1, p] = work[RESCORES], work[FULL]
    work[PLACED] = placed
    work[EVALUATIONS] = work[FULL] * nodes + work[RESCORES]
    work[FILTERED] = work[EVALUATIONS]
