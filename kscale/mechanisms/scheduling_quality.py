"""How good placements are: exact figures of the final nodes, and of what each choice gave away.

Never part of a timed run. Shares are in millionths (ppm).
"""

from math import isqrt

import numpy as np

from kscale.kernels import scheduling_replay as replay
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms.base import Metric, Work
from kscale.mechanisms.scheduling import MOST, Answer, Longs, Pending

PPM = 1_000_000
JUDGED = 4096  # placements compared with the best node, evenly spread: each costs a look at every node


def measure(pending: Pending, answer: Answer) -> Work:
    """Return the quality of placements, by metric name."""
    return _loss(pending, answer) | _use(pending, answer) | _aim(pending, answer)


def _loss(pending: Pending, answer: Answer) -> dict[str, int]:
    """Return by how many points choices fell short of the best node at that moment."""
    every = max(1, len(pending.klass) // JUDGED)
    rules = pending.rules
    work = np.zeros(replay.WORK, dtype=np.int64)
    replay.loss(
        pending.state.copy(), pending.asks, pending.delta, rules.rule, rules.first, rules.level_of,
        pending.group, rules.raw, pending.weights, pending.klass, every,
        pending.scratch(pending.nodes.count), answer.node_of, work,
    )  # fmt: skip
    return {
        "judged": int(work[replay.JUDGED]),
        "score_loss_milli": int(work[replay.LOSS]) * 1000 // max(1, int(work[replay.JUDGED])),
        "score_loss_max": int(work[replay.WORST]),
    }


def _use(pending: Pending, answer: Answer) -> dict[str, int]:
    """Return mean, spread and maximum of cpu and memory use, and the nodes that got a pod."""
    placed = answer.node_of >= 0
    node, klass = answer.node_of[placed], pending.klass[placed]
    nodes, classes = pending.nodes, pending.classes
    found = {"nodes_used": len(np.unique(node))}
    for name, capacity, free, asked in (
        ("cpu", nodes.cpu_milli, scores.FREE_CPU, classes.cpu_milli),
        ("memory", nodes.memory_bytes, scores.FREE_MEM, classes.memory_bytes),
    ):
        used = capacity - pending.state[free].astype(np.int64)
        np.add.at(used, node, asked[klass])
        has = capacity > 0
        share = np.floor(used[has] / capacity[has] * PPM).astype(np.int64)
        found |= {f"{name}_{key}_ppm": value for key, value in _shape(share).items()}
    return found


def _aim(pending: Pending, answer: Answer) -> dict[str, int]:
    """Return how well a stated strategy did what it is for: pods packed tightly, or in equal numbers."""
    if pending.strategy is None:
        return {}
    node = answer.node_of[answer.node_of >= 0]
    if pending.strategy != MOST:
        pods = np.bincount(node, minlength=pending.nodes.count)
        return {"pods_most": int(pods.max(initial=0)), "pods_least": int(pods.min())}
    used, klass = np.unique(node), pending.klass[answer.node_of >= 0]
    capacity = int(pending.nodes.cpu_milli[used].sum())
    free = int(pending.state[scores.FREE_CPU, used].sum())  # before the first pod
    asked = int(pending.classes.cpu_milli[klass].sum())
    return {"packed_ppm": (capacity - free + asked) * PPM // max(1, capacity)}


def _shape(share: Longs) -> dict[str, int]:
    """Return mean, population standard deviation and maximum, whole."""
    if not len(share):
        return {"mean": 0, "spread": 0, "max": 0}
    mean = int(share.sum()) // len(share)
    squares = int(((share - mean) ** 2).sum())
    return {"mean": mean, "spread": isqrt(squares // len(share)), "max": int(share.max())}


METRICS = (
    Metric(
        "score_loss_milli",
        "points / 1000",
        about="mean points by which a choice fell short of the best node",
        headline=True,
    ),
    Metric("score_loss_max", "points", about="of the worst choice"),
    Metric("cpu_spread_ppm", "ppm", about="standard deviation of cpu use over nodes", headline=True),
    Metric("cpu_mean_ppm", "ppm", "none", "mean cpu use of a node"),
    Metric("cpu_max_ppm", "ppm", about="cpu use of the fullest node"),
    Metric("memory_spread_ppm", "ppm", about="standard deviation of memory use over nodes"),
    Metric("memory_mean_ppm", "ppm", "none", "mean memory use of a node"),
    Metric("memory_max_ppm", "ppm", about="memory use of the fullest node"),
    Metric("nodes_used", "nodes", "none", "nodes that got a pod"),
    Metric("packed_ppm", "ppm", "higher", "cpu use of the nodes that got a pod; with strategy most"),
    Metric("pods_most", "pods", about="on the node that got most; with strategy least stated"),
    Metric("pods_least", "pods", "higher", "on the node that got fewest; with strategy least stated"),
    Metric("judged", "pods", "none", "choices that were compared with the best node, evenly spread"),
)
