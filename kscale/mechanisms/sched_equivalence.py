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
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import scheduling, scheduling_table
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.scheduling import Answer, Pending, Scan
from kscale.mechanisms.scheduling_load import Load, cost_ns
from kscale.mechanisms.scheduling_table import CACHE_BYTES, Table
from kscale.scenario.cluster import Cluster
from kscale.scenario.quantities import Bytes

ID = "sched-equivalence"


@dataclass(frozen=True, slots=True)
class Params(Load):
    """The load, and the memory that cached classes may take."""

    cache_bytes: Annotated[Bytes, Field(ge=0, description="Most memory for the scores of classes.")] = (
        CACHE_BYTES
    )


@dataclass(frozen=True, slots=True)
class Job:
    """What both variants start from."""

    pending: Pending
    cache: int  # bytes


def prepare(cluster: Cluster, params: Params) -> Job:
    """Return the pods and nodes, and the bound on memory."""
    return Job(scheduling.make(cluster, params), params.cache_bytes)


def build_scan(job: Job) -> Scan:
    """Copy the nodes."""
    return scheduling.build_scan(job.pending)


def build_table(job: Job) -> Table:
    """Set room for scores aside: as many rows as there are, or as memory allows."""
    return scheduling_table.build(job.pending, job.cache)


def run_scan(scan: Scan) -> Outcome:
    """Look at every node for every pod."""
    answer, work = scheduling.run_scan(scan)
    padded = np.zeros(by_class.WORK, dtype=np.int64)
    padded[: len(work)] = work
    return _outcome(answer, padded, cached=0)


def run_table(way: int, table: Table) -> Outcome:
    """Look at the table of the pod's class."""
    work = scheduling_table.run(way, table)
    return _outcome(Answer(table.node_of), work, cached=scheduling_table.held_bytes(table))


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
    wanted = outcomes[BASELINE].answer
    scheduling.check_feasible(ID, BASELINE, job.pending, wanted)
    for name, outcome in outcomes.items():
        scheduling.check_same(ID, name, outcome.answer, wanted)


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
    table = scheduling_table.most_bytes(nodes, k, groups, extended, params.cache_bytes)
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
