"""From scores to one node: preferences over the feasible set, the top, and the tie-break.

Preferences (PreferNoSchedule taints, preferred node affinity) are normalised over the feasible
set, so their points change when a node joins or leaves it. Nodes are therefore sorted into
*levels*: nodes of one level have the same raw points for a class. All nodes of a level get the same
bonus, and the bonus of each follows from which levels have a feasible node: nothing else about
the set matters. A class without preferences has one level and no bonus.

The tie-break has no state: pod p takes the (draw[p] * ties >> 32)-th of the tied nodes, so the
answer does not depend on how the nodes were searched. Draws of 0 give the lowest index.

As in scheduling_scores, the helpers are inlined into kernels of other files.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline
from kscale.kernels.scheduling_scores import Groups, Scores, default_normalize, signed

Longs = NDArray[np.int64]
Draws = NDArray[np.uint32]

TAINTS = 0  # row of `raw` and of `weights`: PreferNoSchedule taints not tolerated, reversed
AFFINITY = 1  # sum of the weights of matching preferred terms
CHUNK = 128  # values; their count fits in 8 bits
FAR, NEAR = 256, 16  # values counted at a time on the way to the k-th
REFUSED = -1  # in place of a level: taints, selector or cordon keep the class off the group
ALIKE, MIXED = 0, 1  # last entry of a rule: all groups are of one level and none refuses, or not


@inline
def refuse(level_of: Groups, group: Groups, out: Scores, standing: Groups) -> None:
    """Zero the scores of nodes whose group refuses the class, and note every node's level.

    level_of  int32[g]  level of a group under the rule of the class
    group     int32[m]  group of the nodes that out and standing are about
    """
    for i in range(group.size):
        found = level_of[group[i]]
        standing[i] = found
        out[i] *= found >= 0


@inline
def set_bonus(seen: Groups, first: int, last: int, raw: Longs, weights: Longs, bonus: Groups) -> None:
    """Write the points of levels first..last, of which those with seen > 0 have a feasible node."""
    most_taints, most_affinity = 0, 0
    for v in range(first, last):
        if seen[v] > 0:
            most_taints = max(most_taints, raw[TAINTS, v])
            most_affinity = max(most_affinity, raw[AFFINITY, v])
    for v in range(first, last):
        bonus[v] = weights[TAINTS] * default_normalize(raw[TAINTS, v], most_taints, True)
        bonus[v] += weights[AFFINITY] * default_normalize(raw[AFFINITY, v], most_affinity, False)


@inline
def prefer(
    scores: Scores, standing: Groups, first: int, last: int, raw: Longs, weights: Longs,
    seen: Groups, bonus: Groups, totals: Groups,
) -> None:  # fmt: skip
    """Write score + bonus of every node to totals, 0 where a node is not feasible.

    seen, bonus  int32[levels]  scratch
    """
    for v in range(first, last):
        seen[v] = 0
    for i in range(scores.size):
        if scores[i] > 0:
            seen[standing[i]] = 1
    set_bonus(seen, first, last, raw, weights, bonus)
    for i in range(scores.size):
        totals[i] = scores[i] + bonus[standing[i]] if scores[i] > 0 else 0


@inline
def top(values: Scores) -> int:
    """Return the largest value."""
    most = values[0]
    for i in range(values.size):
        most = max(most, values[i])
    return int(most)


@inline
def count(values: Scores, wanted: int) -> int:
    """Return how many values equal *wanted*; counts of CHUNK stay as narrow as the values."""
    kept = values.dtype.type(wanted)
    found, at = 0, 0
    while at + CHUNK <= values.size:
        part, here = values[at : at + CHUNK], values.dtype.type(0)
        for i in range(CHUNK):
            here = values.dtype.type(here + (part[i] == kept))
        found += signed(here)
        at += CHUNK
    for i in range(at, values.size):
        found += values[i] == kept
    return found


@inline
def kth(values: Scores, wanted: int, k: int) -> int:
    """Return the index of the k-th (from 0) value that equals *wanted*; there must be one."""
    kept = values.dtype.type(wanted)
    at = 0
    for step in (FAR, NEAR):  # counting vectorises, stepping does not
        here = 0
        while at + step <= values.size and here <= k:
            k -= here
            here = count(values[at : at + step], wanted)
            at += step
        if here > k:
            at -= step
        else:
            k -= here
    while values[at] != kept or k > 0:
        k -= values[at] == kept
        at += 1
    return at


@inline
def choose(values: Scores, draw: int) -> int:
    """Return the index of the chosen one of the largest values, or -1 when all are 0."""
    most, at = top(values), -1
    if most > 0:
        at = kth(values, most, (draw * count(values, most)) >> 32)
    return at
