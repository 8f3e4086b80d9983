"""Which nodes a sample takes: how many, and in which order."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from kscale.mechanisms.scheduling import Groups

ENOUGH = 100  # nodes; smaller clusters are searched whole, larger ones never stop earlier
LEAST_PERCENTAGE = 5  # the adaptive formula never goes below
# Nodes and the sample of the formula that PR 139088 proposes: it gives a table, which straight lines between
# these sizes meet at every row. The last line goes on.
MONOTONIC = ((100, 100), (1_000, 420), (5_000, 500), (20_000, 1_250))


def sample_size(nodes: int, percentage: int, formula: str | None = None) -> int:
    """Return at how many feasible nodes a search stops: numFeasibleNodesToFind of schedule_one.go."""
    if nodes < ENOUGH:
        return nodes
    if formula == "monotonic" and not percentage:
        return _between(nodes)
    share = percentage or max(50 - nodes // 125, LEAST_PERCENTAGE)
    return min(nodes, max(nodes * share // 100, ENOUGH))


def _between(nodes: int) -> int:
    """Return the sample of MONOTONIC, rounded down."""
    lines = list(pairwise(MONOTONIC))
    (from_nodes, low), (to_nodes, high) = next((one for one in lines if nodes <= one[1][0]), lines[-1])
    return low + (nodes - from_nodes) * (high - low) // (to_nodes - from_nodes)


def visiting_order(zone: NDArray[np.int32]) -> Groups:
    """Return the nodes, one of each zone in turn, zones by their first node (node_tree.go @8519d339)."""
    _, first, member = np.unique(zone, return_index=True, return_inverse=True)
    turn = np.argsort(np.argsort(first, kind="stable"), kind="stable")[member]
    grouped = np.argsort(turn, kind="stable")
    sizes = np.bincount(turn)
    round_of = np.empty(len(zone), dtype=np.int64)
    round_of[grouped] = np.arange(len(zone)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.lexsort((turn, round_of)).astype(np.int32)
