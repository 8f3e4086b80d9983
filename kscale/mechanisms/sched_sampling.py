"""Scheduling on a sample: every node looked at for every pod, or enough feasible ones.

The baseline is that of sched-equivalence. The optimized variant is kube-scheduler since 1.12: it stops at
`need` feasible nodes (percentageOfNodesToScore), in an order that takes one node of each zone in turn,
and begins where the last search stopped. `random-order` begins anywhere and steps anywhere, as Borg does.
Samples give worse placements; how much worse is part of the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import gcd
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.kernels import scheduling_sampling as sampling
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import scheduling, scheduling_quality
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.scheduling import Answer, Floats, Groups, Pending, Scan, Shorts
from kscale.mechanisms.scheduling_load import Load, cost_ns
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

ID = "sched-sampling"
RANDOM = "random-order"
ENOUGH = 100  # nodes; smaller clusters are searched whole, larger ones never stop earlier
LEAST_PERCENTAGE = 5  # the adaptive formula never goes below
STRIDES = 1024  # different steps that random orders are drawn from


@dataclass(frozen=True, slots=True)
class Params(Load):
    """The load, and how large a sample is."""

    percentage: Annotated[
        int, Field(ge=0, le=100, description="percentageOfNodesToScore; 0: adaptive, 50 - nodes / 125 %.")
    ] = 0


@dataclass(frozen=True, slots=True)
class Job:
    """What all variants start from."""

    pending: Pending  # nodes in creation order
    visited: Pending  # the same in visiting order
    order: Groups  # [n] node at each place of the visiting order
    need: int  # feasible nodes at which a search stops


@dataclass(frozen=True, slots=True)
class Search:
    """The state of a variant that samples; node numbers are places in visiting order."""

    job: Job
    state: Floats
    scores: Shorts
    node_of: Groups
    found_of: Groups
    starts: Groups  # [p], and strides: of random orders only
    strides: Groups


def sample_size(nodes: int, percentage: int) -> int:
    """Return at how many feasible nodes a search stops: numFeasibleNodesToFind of schedule_one.go."""
    if nodes < ENOUGH:
        return nodes
    share = percentage or max(50 - nodes // 125, LEAST_PERCENTAGE)
    return min(nodes, max(nodes * share // 100, ENOUGH))


def visiting_order(zone: NDArray[np.int32]) -> Groups:
    """Return the nodes, one of each zone in turn, zones by their first node (node_tree.go @8519d339)."""
    _, first, member = np.unique(zone, return_index=True, return_inverse=True)
    turn = np.argsort(np.argsort(first, kind="stable"), kind="stable")[member]
    grouped = np.argsort(turn, kind="stable")
    sizes = np.bincount(turn)
    round_of = np.empty(len(zone), dtype=np.int64)
    round_of[grouped] = np.arange(len(zone)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.lexsort((turn, round_of)).astype(np.int32)


def prepare(cluster: Cluster, params: Params) -> Job:
    """Return the pods, the nodes in both orders, and the size of a sample."""
    pending = scheduling.make(cluster, params)
    order = visiting_order(cluster.nodes.zone)
    visited = replace(
        pending, state=np.ascontiguousarray(pending.state[:, order]), group=pending.group[order]
    )
    return Job(pending, visited, order, sample_size(cluster.nodes.count, params.percentage))


def build_scan(job: Job) -> Scan:
    """Copy the nodes."""
    return scheduling.build_scan(job.pending)


def build_walk(job: Job) -> Search:
    """Copy the nodes in visiting order."""
    none = np.zeros(0, dtype=np.int32)
    nodes, pods = job.pending.nodes.count, len(job.pending.klass)
    return Search(
        job=job,
        state=job.visited.state.copy(),
        scores=job.visited.scratch(nodes),
        node_of=np.full(pods, exhaustive.PENDING, dtype=np.int32),
        found_of=np.full(pods, 0, dtype=np.int32),
        starts=none,
        strides=none,
    )


def build_random(job: Job) -> Search:
    """Copy the nodes, and draw a start and a stride for each pod."""
    nodes, pods = job.pending.nodes.count, len(job.pending.klass)
    starts = draw.keys(job.pending.seed, Stream.SCHED_STARTS, 0, pods) % np.uint64(nodes)
    steps = draw.keys(job.pending.seed, Stream.SCHED_STRIDES, 0, STRIDES) % np.uint64(nodes)
    coprime = [step for step in steps.tolist() if gcd(step, nodes) == 1] or [1]
    turn = draw.keys(job.pending.seed, Stream.SCHED_STRIDES, STRIDES, pods) % np.uint64(len(coprime))
    strides = np.array(coprime, dtype=np.int32)[turn.astype(np.int64)]
    return replace(build_walk(job), starts=starts.astype(np.int32), strides=strides)


def run_scan(scan: Scan) -> Outcome:
    """Look at every node for every pod."""
    answer, work = scheduling.run_scan(scan)
    return Outcome(scheduling.counted(work, len(answer.node_of)), answer)


def run_walk(search: Search) -> Outcome:
    """Look at enough nodes from where the last search stopped."""
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    sampling.place_by_walk(
        search.state, *scheduling.problem(search.job.visited), search.job.need, search.scores, search.node_of,
        search.found_of, work,
    )  # fmt: skip
    return _outcome(search, work)


def run_random(search: Search) -> Outcome:
    """Look at enough nodes in an order of the pod's own."""
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    sampling.place_by_draw(
        search.state, *scheduling.problem(search.job.visited), search.starts, search.strides, search.job.need,
        search.scores, search.node_of, search.found_of, work,
    )  # fmt: skip
    return _outcome(search, work)


def _outcome(search: Search, work: scheduling.Longs) -> Outcome:
    """Return what was counted, and where the pods went, in creation order."""
    node_of = np.where(search.node_of >= 0, search.job.order[search.node_of], exhaustive.PENDING)
    answer = Answer(node_of.astype(np.int32), search.found_of)
    return Outcome(scheduling.counted(work, len(node_of)), answer)


def agree(job: Job, outcomes: Mapping[str, Outcome]) -> None:
    """Every pod fits where it went, none is left out while a node has room, no sample is too large."""
    for name, outcome in outcomes.items():
        scheduling.check_feasible(ID, name, job.pending, outcome.answer)
        found = outcome.answer.found_of
        if found is None:
            continue
        most = int(found.max(initial=0))
        if most > job.need:
            raise WrongAnswer(f"{ID}: {name} found {most} feasible nodes for a pod, beyond {job.need}")
        wasted = np.flatnonzero((found > 0) != (outcome.answer.node_of >= 0))
        if len(wasted):
            p = int(wasted[0])
            raise WrongAnswer(
                f"{ID}: {name} found {found[p]} feasible nodes for pod {p} and did not use them"
            )


def quality(job: Job, outcome: Outcome) -> Work:
    """Return how good the placements are."""
    return scheduling_quality.measure(job.pending, outcome.answer)


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what the samples cost in quality, and where they were not small."""
    if BASELINE not in works:
        return ()
    before, found = works[BASELINE], []
    for name in (OPTIMIZED, RANDOM):
        if name in works:
            found += _lost(name, before, works[name])
    return tuple(found)


def _lost(name: str, before: Work, work: Work) -> list[str]:
    """Return what one variant lost."""
    found = []
    if work.get("score_loss_milli", 0) > 0:
        found.append(
            f"{name}: a choice is {work['score_loss_milli'] / 1000:.2f} points below the best node on"
            f" average, {work['score_loss_max']} at worst"
        )
    for resource in ("cpu", "memory"):
        was, now = (one.get(f"{resource}_spread_ppm", 0) for one in (before, work))
        if now * 100 > was * 101 and was:
            found.append(
                f"{name}: {resource} use is spread {units.show_percent(now / was - 1)} wider over the nodes"
            )
    if work["pending"] > before["pending"]:
        more = work["pending"] - before["pending"]
        found.append(f"{name}: {units.show_count(more)} more pods stay pending")
    if before["nodes_filtered"] and work["nodes_filtered"] * 4 > before["nodes_filtered"]:
        share = units.show_percent(work["nodes_filtered"] / before["nodes_filtered"])
        scarce = work["nodes_scored"] * 2 < work["nodes_filtered"]
        why = "few had room" if scarce else "the cluster is not much larger than a sample"
        found.append(f"{name}: {share} of all nodes were looked at after all: {why}")
    return found


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes of nodes in both orders, classes and pods, for one state and its workload."""
    nodes, pods = cluster.nodes.count, params.pods or cluster.pods.count
    k = cluster.pods.classes.count if params.classes is None else params.classes
    k = pods if params.order == "distinct" else k
    extended = len(cluster.extended_names)
    per_node = 4 * (scores.COLUMNS + extended) * 8 + 64
    per_class = (scores.ASKS + extended) * 8 + 8 * (6 + extended) + 16
    return nodes * per_node + k * per_class + pods * 48 + len(cluster.nodes.groups) * 64


METRICS = (
    Metric("evaluations", "evaluations", about="times a node was evaluated for a pod", headline=True),
    Metric("pending", "pods", about="pods for which no node had room", headline=True),
    *scheduling_quality.METRICS,
    Metric("evaluations_per_pod_milli", "evaluations / 1000", about="evaluations a pod, in thousandths"),
    Metric("nodes_filtered", "nodes", about="nodes looked at until enough were feasible"),
    Metric("nodes_scored", "nodes", about="of those, feasible ones; a single one is taken without a score"),
    Metric("placed", "pods", "higher", "pods that got a node"),
    Metric("pods", "pods", "none", "pods to schedule", provenance="input"),
)

MECHANISM = Mechanism(
    id=ID,
    title="scheduling on a sample of nodes",
    panel="Scheduler",
    about=(
        "The scheduler stops looking for nodes once it has found enough that can take the pod: 500 of 10,000"
        " by the adaptive formula. Each search begins where the last one stopped, so that all nodes get their"
        " turn."
    ),
    source=(
        "kubernetes/kubernetes pkg/scheduler: schedule_one.go @003b4460, algorithm.go @0c29b313, node_tree.go"
        " @8519d339 (PR 66733, PR 72140); random order: Borg, EuroSys 2015, section 3.4"
    ),
    left_out=(
        "The 16 workers that filter in parallel: with one, the feasible set is the same in every run. The"
        " queue, preemption and binding; pod affinity, topology spread, host ports, volumes and images."
    ),
    loses=(
        "Quality: the best node is seldom in the sample, and use is spread wider over the nodes.",
        "A nearly full cluster: many nodes are looked at to find a few with room.",
        "Fewer than 100 nodes, or percentage 100: every node is looked at, as before.",
    ),
    params=Params,
    prepare=prepare,
    variants={
        BASELINE: Variant("every node for every pod, vectorised", build_scan, run_scan),
        OPTIMIZED: Variant("enough feasible nodes, from where the last search stopped", build_walk, run_walk),
        RANDOM: Variant("enough feasible nodes, in a random order for each pod", build_random, run_random),
    },
    agree=agree,
    metrics=METRICS,
    per="pods",
    losses=losses,
    memory=memory,
    cost_ns=cost_ns,
    quality=quality,
    claims=("S1", "S2", "S3", "S4", "S5", "S6"),
)
