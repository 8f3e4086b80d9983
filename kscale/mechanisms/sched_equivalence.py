"""Scheduling by equivalence class: every node looked at for every pod, or once a class and then what changed.

The baseline is kube-scheduler without sampling. The optimized variant keeps the scores of a class of equal
pods and brings them up to date as nodes change (kernels/scheduling_classes.py). Placements are the same
pod by pod, always: also with preferences, which are normalised over the feasible set.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_scores as scores
from kscale.kernels.scheduling_exhaustive import PENDING
from kscale.kernels.scheduling_table import BLOCK, PANEL
from kscale.mechanisms import scheduling
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.scheduling import Answer, Floats, Groups, Pending, Scan, Shorts
from kscale.mechanisms.scheduling_load import Load, cost_ns
from kscale.scenario.cluster import Cluster
from kscale.scenario.quantities import Bytes

ID = "sched-equivalence"
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Params(Load):
    """The load, and the memory that cached classes may take."""

    cache_bytes: Annotated[Bytes, Field(ge=0, description="Most memory for the scores of classes.")] = (
        64 * MIB
    )


@dataclass(frozen=True, slots=True)
class Job:
    """What both variants start from."""

    pending: Pending
    cache: int  # bytes


@dataclass(frozen=True, slots=True)
class Table:
    """The optimized variant's state, see kernels/scheduling_classes.py."""

    pending: Pending
    state: Floats
    row_of: Groups
    slot_of: Groups
    in_slot: Floats
    table: Shorts
    most: Shorts
    ties: Shorts
    log: Groups
    node_of: Groups


def prepare(cluster: Cluster, params: Params) -> Job:
    """Return the pods and nodes, and the bound on memory."""
    return Job(scheduling.make(cluster, params), params.cache_bytes)


def build_scan(job: Job) -> Scan:
    """Copy the nodes."""
    return scheduling.build_scan(job.pending)


def build_table(job: Job) -> Table:
    """Set room for scores aside: as many rows as there are, or as memory allows."""
    pending, rules = job.pending, job.pending.rules
    levels = np.diff(rules.first)
    rows = levels[rules.rule]
    blocks = blocks_of(pending.nodes.count)
    slots = slots_of(int(rows.sum()), int(levels.max(initial=1)), slot_bytes(pending), job.cache)
    return Table(
        pending=pending,
        state=pending.state.copy(),
        row_of=(np.cumsum(rows) - rows).astype(np.int32),
        slot_of=np.full(int(rows.sum()), by_class.NOWHERE, dtype=np.int32),
        in_slot=np.full((len(pending.asks), slots), 0.0),
        table=pending.scratch(slots, blocks, BLOCK),
        most=pending.scratch(slots, panels_of(blocks)),
        ties=pending.scratch(slots, panels_of(blocks)),
        log=np.full(len(pending.klass), PENDING, dtype=np.int32),
        node_of=np.full(len(pending.klass), PENDING, dtype=np.int32),
    )


def blocks_of(nodes: int) -> int:
    """Return the blocks that hold so many nodes, an odd number (see kernels/scheduling_table.py)."""
    return -(-nodes // BLOCK) | 1


def panels_of(blocks: int) -> int:
    """Return for how many blocks summaries are kept: whole panels."""
    return -(-blocks // PANEL) * PANEL


def slot_bytes(pending: Pending) -> int:
    """Return what one cached row takes: its scores, their summary, its requests."""
    blocks, size = blocks_of(pending.nodes.count), 1 if pending.small else 2
    return (blocks * BLOCK + 2 * panels_of(blocks)) * size + len(pending.asks) * 8


def slots_of(rows: int, levels: int, size: int, cache: int) -> int:
    """Return how many rows are cached: all, as many as fit, and never fewer than one class needs."""
    return max(1, levels, min(rows, cache // size))


def run_scan(scan: Scan) -> Outcome:
    """Look at every node for every pod."""
    answer, work = scheduling.run_scan(scan)
    padded = np.zeros(by_class.WORK, dtype=np.int64)
    padded[: len(work)] = work
    return _outcome(answer, padded, cached=0)


def run_table(way: int, table: Table) -> Outcome:
    """Look at the table of the pod's class."""
    work = np.zeros(by_class.WORK, dtype=np.int64)
    by_class.place_by_class(
        table.state, *scheduling.problem(table.pending), table.row_of, table.slot_of, table.in_slot,
        table.table, table.most, table.ties, table.log, way, table.node_of, work,
    )  # fmt: skip
    held = np.count_nonzero(table.slot_of != by_class.NOWHERE)
    return _outcome(Answer(table.node_of), work, cached=int(held) * slot_bytes(table.pending))


def _outcome(answer: Answer, work: scheduling.Longs, *, cached: int) -> Outcome:
    """Return what was counted, and where the pods went."""
    counters = scheduling.counted(work, len(answer.node_of)) | {
        "class_hits": int(work[by_class.HITS]),
        "rescores": int(work[by_class.RESCORES]),
        "full_scores": int(work[by_class.FULL]),
        "evictions": int(work[by_class.EVICTIONS]),
        "eager_pods": int(work[by_class.EAGER_PODS]),
        "cached_bytes": cached,
    }
    return Outcome(counters, answer)


def agree(job: Job, outcomes: Mapping[str, Outcome]) -> None:
    """Every pod goes to the node the baseline chose, and the baseline's choices fit."""
    wanted = outcomes[BASELINE].answer.node_of
    scheduling.check_feasible(ID, BASELINE, job.pending, outcomes[BASELINE].answer)
    for name, outcome in outcomes.items():
        differ = np.flatnonzero(outcome.answer.node_of != wanted)
        if len(differ):
            p = int(differ[0])
            raise WrongAnswer(
                f"{ID}: {name} puts pod {p} on {_said(outcome.answer.node_of[p])}, {BASELINE} on"
                f" {_said(wanted[p])} ({len(differ):,} of {len(wanted):,} pods differ)"
            )


def _said(node: int) -> str:
    """Return a placement as people say it."""
    return f"node {node}" if node != PENDING else "no node"


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say where the table gained little: classes never seen again, evictions, many classes in turn."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    before, work = works[BASELINE], works[OPTIMIZED]
    found = []
    looked_up = work["class_hits"] + work["full_scores"]
    if work["class_hits"] * 10 < looked_up:
        missed = units.show_count(work["full_scores"])
        found.append(
            f"{missed} of {units.show_count(looked_up)} look-ups find no class in the table: every node is"
            " scored, and the scores are kept for nothing"
        )
    if work["evictions"]:
        found.append(
            f"{units.show_count(work['evictions'])} classes gave way to others and"
            f" {units.show_bytes(work['cached_bytes'])} of scores were not enough"
        )
    if 0 < before["evaluations"] < 4 * work["evaluations"] and not found:
        found.append(
            f"still {units.show_percent(work['evaluations'] / before['evaluations'])} of the evaluations:"
            " so many classes come in turn that much has changed when one comes again"
        )
    return tuple(found)


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes of nodes, classes, pods and the table, for one state and its workload."""
    nodes, pods = cluster.nodes.count, params.pods or cluster.pods.count
    k = cluster.pods.classes.count if params.classes is None else params.classes
    k = pods if params.order == "distinct" else k
    extended = len(cluster.extended_names)
    groups = len(cluster.nodes.groups) + 1
    per_node = 3 * (scores.COLUMNS + extended) * 8 + 64
    per_class = 2 * (scores.ASKS + extended) * 8 + 8 * (6 + extended) + 16
    row = blocks_of(nodes) * BLOCK + 2 * panels_of(blocks_of(nodes)) + (scores.ASKS + extended) * 8
    levels = min(groups, 16)
    table = min(max(params.cache_bytes, levels * row), k * levels * row)
    return nodes * per_node + k * per_class + pods * 40 + groups * 64 + table


METRICS = (
    Metric("evaluations", "evaluations", about="times a node was evaluated for a class", headline=True),
    Metric("pending", "pods", about="pods for which no node had room", headline=True),
    Metric("class_hits", "classes", "higher", "look-ups of a class that was in the table", headline=True),
    Metric("evaluations_per_pod_milli", "evaluations / 1000", about="evaluations a pod, in thousandths"),
    Metric("nodes_filtered", "nodes", about="nodes that went through the filters"),
    Metric("nodes_scored", "nodes", about="of those, nodes that were feasible and got a score"),
    Metric("rescores", "evaluations", "none", "scores of one node brought up to date"),
    Metric("full_scores", "classes", about="times a class was scored on every node"),
    Metric("evictions", "classes", about="classes that gave way because the table was full"),
    Metric(
        "eager_pods", "pods", "none", "pods after which the changed node was scored for all classes at once"
    ),
    Metric("cached_bytes", "bytes", about="scores of classes, with their summaries"),
    Metric("placed", "pods", "higher", "pods that got a node"),
    Metric("pods", "pods", "none", "pods to schedule", provenance="input"),
)

MECHANISM = Mechanism(
    id=ID,
    title="scheduling by equivalence class",
    panel="Scheduler",
    about=(
        "The scheduler filters and scores every node for every pod. Pods of one application are equal to it,"
        " so scores can be kept by class: placing a pod changes one node, and only that one is scored again."
        " Every pod still goes to the very node that looking at all of them would have chosen."
    ),
    source=(
        "kubernetes/kubernetes pkg/scheduler: schedule_one.go @003b4460, noderesources @05c351a9, @02d7708a,"
        " PR 135573, tainttoleration @04c0d74f; Borg, EuroSys 2015, section 3.4; KEP-5598"
    ),
    left_out=(
        "The queue, preemption and binding; pod affinity, topology spread, host ports, volumes and images;"
        " resource weights of LeastAllocated other than 1:1. Pods only come: none ends."
    ),
    loses=(
        "All pods different: every node is scored for each, as before, and the scores are kept for nothing.",
        "Many classes in turn, above a tenth of the nodes: every node is scored again each time.",
        "Memory: a byte for each class and node, bounded by `cache_bytes`.",
    ),
    params=Params,
    prepare=prepare,
    variants={
        BASELINE: Variant("every node for every pod, vectorised", build_scan, run_scan),
        OPTIMIZED: Variant(
            "once a class, then what changed", build_table, partial(run_table, by_class.BY_ITSELF)
        ),
        "lazy": Variant(
            "a class catches up when its next pod comes",
            build_table,
            partial(run_table, by_class.ALWAYS_LAZY),
        ),
        "eager": Variant(
            "a changed node is scored for all classes at once",
            build_table,
            partial(run_table, by_class.ALWAYS_EAGER),
        ),
    },
    agree=agree,
    metrics=METRICS,
    per="pods",
    losses=losses,
    memory=memory,
    cost_ns=cost_ns,
    claims=("S7", "S8", "S9", "S10"),
)
