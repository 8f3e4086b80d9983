"""What the two scheduling mechanisms share: the nodes and pods as kernels want them, and the baseline.

Both start from kube-scheduler without sampling and with one worker: filter every node, score every
feasible one, normalise, take the best. Executed: NodeUnschedulable, TaintToleration, NodeAffinity
(selector and preferences), NodeResourcesFit (cpu, memory, pods, ephemeral storage, extended resources;
LeastAllocated or MostAllocated) and BalancedAllocation, with their weights. Ties go to a seeded number of
the pod.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.kernels import scheduling_replay as replay
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import scheduling_load, scheduling_rules
from kscale.mechanisms.base import BASELINE
from kscale.mechanisms.scheduling_load import Load, Taken
from kscale.mechanisms.scheduling_rules import Rules
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster, Nodes, PodClasses
from kscale.scenario.draw import Stream

Floats = NDArray[np.float64]
Groups = NDArray[np.int32]
Longs = NDArray[np.int64]
Draws = NDArray[np.uint32]
Problem = tuple[Floats, bool, Groups, Groups, Groups, Groups, Longs, Longs, Groups, Draws]
Shorts = NDArray[np.uint8] | NDArray[np.uint16]

EXACT = 2**53  # doubles hold every integer below
FULL_SCORE = 100
MOST = "most"  # the strategy that packs


@dataclass(frozen=True, slots=True)
class Pending:
    """What every variant starts from: nodes in creation order, pods in the order they come."""

    nodes: Nodes
    classes: PodClasses
    state: Floats  # [COLUMNS + e, n], see kernels/scheduling_scores.py
    asks: Floats  # [ASKS + e, k]
    delta: bool  # form of BalancedAllocation
    rules: Rules
    group: Groups  # [n]
    weights: Longs  # [2] of the normalised plugins
    klass: Groups  # [p]
    draws: Draws  # [p] tie-break of each pod
    small: bool  # a node-local score fits in 8 bits
    seed: int
    strategy: str | None = None  # of NodeResourcesFit, as the parameter states it

    def scratch(self, *shape: int) -> Shorts:
        """Return room for scores, touched, so that no run pays for the memory's first use."""
        return np.full(shape, 0, np.uint8) if self.small else np.full(shape, 0, np.uint16)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a variant decided."""

    node_of: Groups  # [p] node in creation order, or exhaustive.PENDING
    found_of: Groups | None = None  # [p] feasible nodes found, of a variant that samples


def make(cluster: Cluster, params: Load) -> Pending:
    """Return the cluster's pods and nodes as the kernels want them; KscaleError if a number is too large."""
    klass, classes = scheduling_load.arriving(cluster, params)
    delta = (cluster.profile.balanced if params.balanced == "profile" else params.balanced) == "delta"
    numbers = draw.keys(cluster.seed, Stream.SCHED_TIES, 0, len(klass))
    return assemble(
        cluster.nodes,
        classes,
        scheduling_load.taken(cluster.nodes, classes, klass, params, cluster.seed),
        klass,
        (numbers >> np.uint64(32)).astype(np.uint32),
        params,
        delta=delta,
        seed=cluster.seed,
    )


def assemble(
    nodes: Nodes,
    classes: PodClasses,
    taken: Taken,
    klass: Groups,
    draws: Draws,
    params: Load,
    *,
    delta: bool,
    seed: int = 0,
) -> Pending:
    """Return the same from its parts; draws of 0 give ties to the lowest index."""
    check_ranges(nodes, classes)
    return Pending(
        nodes=nodes,
        classes=classes,
        state=node_state(nodes, taken, most=params.strategy == MOST),
        asks=pod_asks(classes, params),
        delta=delta,
        rules=scheduling_rules.tabulate(nodes, classes),
        group=np.ascontiguousarray(nodes.group, dtype=np.int32),
        weights=np.array([params.taint_weight, params.affinity_weight], dtype=np.int64),
        klass=klass,
        draws=draws,
        small=1 + FULL_SCORE * (params.fit_weight + params.balanced_weight) <= np.iinfo(np.uint8).max,
        seed=seed,
        strategy=params.strategy,
    )


def check_ranges(nodes: Nodes, classes: PodClasses) -> None:
    """Raise KscaleError where a number is too large for the kernels' exact arithmetic."""
    limits = (
        ("cpu of a node, millicores", nodes.cpu_milli, scores.LARGEST_CAPACITY),
        ("memory of a node, bytes", nodes.memory_bytes, scores.LARGEST_CAPACITY),
        ("cpu of a pod, millicores", classes.cpu_nonzero, scores.LARGEST_CAPACITY),
        ("memory of a pod, bytes", classes.memory_nonzero, scores.LARGEST_CAPACITY),
        ("ephemeral storage of a node, bytes", nodes.ephemeral_bytes, EXACT),
        ("ephemeral storage of a pod, bytes", classes.ephemeral_bytes, EXACT),
        ("pods of a node", nodes.pods, EXACT),
        ("extended resource of a node", nodes.extended, EXACT),
        ("extended resource of a pod", classes.extended, EXACT),
    )
    for name, column, most in limits:
        largest = int(column.max(initial=0))
        if largest > most or int(column.min(initial=0)) < 0:
            raise KscaleError(f"{name}: must be 0 to {most:,}, got {largest:,}")
    for name, asked, plain in (
        ("cpu", classes.cpu_nonzero, classes.cpu_milli),
        ("memory", classes.memory_nonzero, classes.memory_bytes),
    ):
        unstated = int((asked - plain).max(initial=0)) * int(nodes.pods.max(initial=0))
        if unstated > EXACT - scores.LARGEST_CAPACITY:
            raise KscaleError(f"{name}: the defaults of {nodes.pods.max():,} pods do not fit in 53 bits")


def node_state(nodes: Nodes, taken: Taken, *, most: bool = False) -> Floats:
    """Return float64[COLUMNS + e, n], the rows of kernels/scheduling_scores.py; *most*: of MostAllocated."""
    cpu, memory = nodes.cpu_milli.astype(np.float64), nodes.memory_bytes.astype(np.float64)
    has = (cpu > 0).astype(np.float64) + (memory > 0)
    state = np.zeros((scores.COLUMNS + nodes.extended.shape[1], nodes.count))
    state[scores.BAL_CPU] = np.where(has == 2, cpu, scores.LACKING)  # noqa: PLR2004 - both resources
    state[scores.BAL_MEM] = np.where(has == 2, memory, scores.LACKING)  # noqa: PLR2004 - both resources
    np.divide(1.0, cpu, out=state[scores.RCP_CPU], where=cpu > 0)
    np.divide(1.0, memory, out=state[scores.RCP_MEM], where=memory > 0)
    np.divide(1.0, has, out=state[scores.SHARE], where=has > 0)
    if most:
        state[[scores.RCP_CPU, scores.RCP_MEM]] *= -1.0
        state[scores.RCP_CPU, has == 0], state[scores.SHARE, has == 0] = 2.0 * scores.FULL, 1.0
    state[scores.FREE_CPU] = nodes.cpu_milli - taken.cpu_milli
    state[scores.FREE_MEM] = nodes.memory_bytes - taken.memory_bytes
    state[scores.SPARE_CPU] = nodes.cpu_milli - taken.cpu_nonzero
    state[scores.SPARE_MEM] = nodes.memory_bytes - taken.memory_nonzero
    state[scores.ROOM] = nodes.pods - taken.pods
    state[scores.FREE_EPH] = nodes.ephemeral_bytes - taken.ephemeral_bytes
    state[scores.COLUMNS :] = (nodes.extended - taken.extended).T
    nothing = np.zeros((scores.ASKS + nodes.extended.shape[1], 1))
    unused = np.empty(nodes.count, dtype=np.uint8), np.empty(nodes.count)
    scores.rows(state, nothing, 0, False, *unused, state[scores.NOW])
    return state


def pod_asks(classes: PodClasses, params: Load) -> Floats:
    """Return float64[ASKS + e, k], the rows of kernels/scheduling_scores.py."""
    asks = np.zeros((scores.ASKS + classes.extended.shape[1], classes.count))
    asks[scores.CPU], asks[scores.MEM] = classes.cpu_milli, classes.memory_bytes
    asks[scores.NZ_CPU], asks[scores.NZ_MEM] = classes.cpu_nonzero, classes.memory_nonzero
    asks[scores.WANT_CPU], asks[scores.WANT_MEM] = classes.cpu_milli, classes.memory_bytes
    asks[scores.WANT_EPH] = classes.ephemeral_bytes
    asks[scores.ASKS :] = classes.extended.T
    for row in (scores.WANT_CPU, scores.WANT_MEM, *range(scores.WANT_EPH, len(asks))):
        asks[row, asks[row] == 0] = -np.inf
    asks[scores.FIT] = -params.fit_weight if params.strategy == MOST else params.fit_weight
    requests = (classes.cpu_milli > 0) | (classes.memory_bytes > 0)
    asks[scores.BALANCE] = np.where(requests, params.balanced_weight, 0)
    return asks


def reasons(pending: Pending, names: tuple[str, ...], node: int, c: int) -> list[str]:
    """Return why a node cannot take class *c*, as kube-scheduler says it; empty if it can.

    The first plugin that refuses, in the order in which filters run, and for NodeResourcesFit all that is
    missing. *names* are the extended resources.
    """
    group = pending.nodes.groups[pending.group[node]]
    refused = scheduling_rules.refusal(pending.classes.constraints[c], group)
    if refused:
        return [refused]
    short = ["Too many pods"] if pending.state[scores.ROOM, node] < 1 else []
    pairs = [(scores.FREE_CPU, scores.WANT_CPU, "cpu"), (scores.FREE_MEM, scores.WANT_MEM, "memory")]
    pairs.append((scores.FREE_EPH, scores.WANT_EPH, "ephemeral-storage"))
    pairs += [(scores.COLUMNS + i, scores.ASKS + i, name) for i, name in enumerate(names)]
    for free, want, name in pairs:
        if pending.state[free, node] < pending.asks[want, c]:
            short.append(f"Insufficient {name}")
    return [f"NodeResourcesFit: {', '.join(short)}"] if short else []


@dataclass(frozen=True, slots=True)
class Scan:
    """The baseline's state."""

    pending: Pending
    state: Floats
    scores: Shorts
    node_of: Groups


def build_scan(pending: Pending) -> Scan:
    """Copy the nodes."""
    scratch = pending.scratch(pending.nodes.count)
    return Scan(pending, pending.state.copy(), scratch, np.full_like(pending.klass, exhaustive.PENDING))


def run_scan(scan: Scan) -> tuple[Answer, Longs]:
    """Look at every node for every pod; return the answer and the kernel's counters."""
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    exhaustive.place_by_scan(scan.state, *problem(scan.pending), scan.scores, scan.node_of, work)
    return Answer(scan.node_of), work


def problem(pending: Pending) -> Problem:
    """Return the arguments that every placing kernel takes after the state, up to the draws."""
    rules = pending.rules
    rows = pending.asks, pending.delta, rules.rule, rules.first, rules.level_of
    return (*rows, pending.group, rules.raw, pending.weights, pending.klass, pending.draws)


def counted(work: Longs, pods: int) -> dict[str, int]:
    """Return the counters that all variants of both mechanisms have."""
    placed, evaluations = int(work[exhaustive.PLACED]), int(work[exhaustive.EVALUATIONS])
    return {
        "pods": pods,
        "placed": placed,
        "pending": pods - placed,
        "evaluations": evaluations,
        "evaluations_per_pod_milli": evaluations * 1000 // max(1, pods),
        "nodes_filtered": int(work[exhaustive.FILTERED]),
        "nodes_scored": int(work[exhaustive.SCORED]),
    }


def check_feasible(mechanism: str, name: str, pending: Pending, answer: Answer) -> None:
    """Raise WrongAnswer if a pod was put where it did not fit, or left out although a node had room."""
    rules, scratch = pending.rules, pending.scratch(pending.nodes.count)
    p = replay.first_wrong(
        pending.state.copy(), pending.asks, pending.delta, rules.rule, rules.level_of, pending.group,
        pending.klass, answer.node_of, scratch,
    )  # fmt: skip
    if p >= 0:
        node = int(answer.node_of[p])
        what = (
            f"is put on node {node}, which cannot take it"
            if node >= 0
            else "is left out, but a node has room"
        )
        raise WrongAnswer(f"{mechanism}: {name}: pod {p} (class {int(pending.klass[p])}) {what}")


def check_same(mechanism: str, name: str, answer: Answer, wanted: Answer) -> None:
    """Raise WrongAnswer if a pod is not where the baseline put it."""
    differ = np.flatnonzero(answer.node_of != wanted.node_of)
    if len(differ):
        p = int(differ[0])
        raise WrongAnswer(
            f"{mechanism}: {name} puts pod {p} on {_said(answer.node_of[p])}, {BASELINE} on"
            f" {_said(wanted.node_of[p])} ({len(differ):,} of {len(wanted.node_of):,} pods differ)"
        )


def _said(node: int) -> str:
    """Return a placement as people say it."""
    return f"node {node}" if node != exhaustive.PENDING else "no node"
