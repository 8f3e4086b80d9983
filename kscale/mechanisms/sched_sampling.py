"""Scheduling on a sample: every node looked at for every pod, or enough feasible ones.

The baseline is that of sched-equivalence. The optimized variant is kube-scheduler since 1.12: it stops at
`need` feasible nodes (percentageOfNodesToScore), in an order that takes one node of each zone in turn,
and begins where the last search stopped. The others are what was done elsewhere or asked for:

    random-order  begins anywhere and steps anywhere, as Borg does
    unrotated     begins at the first node each time (kubernetes issue 95709)
    two-choices   the better of two random feasible nodes (issue 86630)
    fixed-count   stops at as many nodes in every cluster (maxNodesToScore of PR 132937)
    classes       takes no sample: the table of sched-equivalence, for the baseline's own choices

Samples give worse placements; how much worse is part of the result.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import gcd
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from kscale.errors import WrongAnswer
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.kernels import scheduling_sampling as sampling
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import scheduling, scheduling_losses, scheduling_quality, scheduling_table
from kscale.mechanisms.base import BASELINE, LATER, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.scheduling import Answer, Floats, Groups, Pending, Scan, Shorts
from kscale.mechanisms.scheduling_load import Load, cost_ns
from kscale.mechanisms.scheduling_sample import ENOUGH, sample_size, visiting_order
from kscale.mechanisms.scheduling_table import CACHE_BYTES, Table
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.quantities import Count

ID = "sched-sampling"
RANDOM = "random-order"
UNROTATED = "unrotated"
TWO = "two-choices"
FIXED = "fixed-count"
CLASSES = "classes"
STRIDES = 1024  # different steps that random orders are drawn from
CHOICES = 2


@dataclass(frozen=True, slots=True)
class Params(Load):
    """The load, and how large a sample is."""

    percentage: Annotated[
        int, Field(ge=0, le=100, description="percentageOfNodesToScore; 0: adaptive, 50 - nodes / 125 %.")
    ] = 0
    count: Annotated[
        Annotated[Count, Field(ge=1)] | None,
        Field(description="Feasible nodes at which fixed-count stops. Default 100."),
    ] = field(default=None, metadata=LATER)
    formula: Annotated[
        Literal["adaptive", "monotonic"] | None,
        Field(description="Of percentage 0: Kubernetes' own (default), or that of its PR 139088."),
    ] = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Job:
    """What all variants start from."""

    pending: Pending  # nodes in creation order
    visited: Pending  # the same in visiting order
    order: Groups  # [n] node at each place of the visiting order
    need: int  # feasible nodes at which a search stops
    count: int = ENOUGH  # those at which fixed-count stops

    def most(self, name: str) -> int:
        """Return at how many feasible nodes a variant stops at the latest."""
        return {TWO: CHOICES, FIXED: min(self.count, self.pending.nodes.count)}.get(name, self.need)


@dataclass(frozen=True, slots=True)
class Search:
    """The state of a variant that samples; node numbers are places in visiting order."""

    job: Job
    need: int  # feasible nodes at which it stops
    state: Floats
    scores: Shorts
    node_of: Groups
    found_of: Groups
    starts: Groups  # [p], and strides: of random orders only
    strides: Groups


def prepare(cluster: Cluster, params: Params) -> Job:
    """Return the pods, the nodes in both orders, and the size of a sample."""
    pending = scheduling.make(cluster, params)
    order = visiting_order(cluster.nodes.zone)
    visited = replace(
        pending, state=np.ascontiguousarray(pending.state[:, order]), group=pending.group[order]
    )
    need = sample_size(cluster.nodes.count, params.percentage, params.formula)
    return Job(pending, visited, order, need, params.count or ENOUGH)


def build_scan(job: Job) -> Scan:
    """Copy the nodes."""
    return scheduling.build_scan(job.pending)


def build_table(job: Job) -> Table:
    """Set room for scores by class aside."""
    return scheduling_table.build(job.pending, CACHE_BYTES)


def build_walk(job: Job, name: str = OPTIMIZED) -> Search:
    """Copy the nodes in visiting order, for the variant of that name."""
    none = np.zeros(0, dtype=np.int32)
    nodes, pods = job.pending.nodes.count, len(job.pending.klass)
    return Search(
        job=job,
        need=job.most(name),
        state=job.visited.state.copy(),
        scores=job.visited.scratch(nodes),
        node_of=np.full(pods, exhaustive.PENDING, dtype=np.int32),
        found_of=np.full(pods, 0, dtype=np.int32),
        starts=none,
        strides=none,
    )


def build_random(job: Job, name: str = RANDOM) -> Search:
    """Copy the nodes, and draw a start and a stride for each pod, for the variant of that name."""
    nodes, pods = job.pending.nodes.count, len(job.pending.klass)
    starts = draw.keys(job.pending.seed, Stream.SCHED_STARTS, 0, pods) % np.uint64(nodes)
    steps = draw.keys(job.pending.seed, Stream.SCHED_STRIDES, 0, STRIDES) % np.uint64(nodes)
    coprime = [step for step in steps.tolist() if gcd(step, nodes) == 1] or [1]
    turn = draw.keys(job.pending.seed, Stream.SCHED_STRIDES, STRIDES, pods) % np.uint64(len(coprime))
    strides = np.array(coprime, dtype=np.int32)[turn.astype(np.int64)]
    return replace(build_walk(job, name), starts=starts.astype(np.int32), strides=strides)


def run_scan(scan: Scan) -> Outcome:
    """Look at every node for every pod."""
    answer, work = scheduling.run_scan(scan)
    return Outcome(scheduling.counted(work, len(answer.node_of)), answer)


def run_table(table: Table) -> Outcome:
    """Look at the table of the pod's class."""
    work = scheduling_table.run(by_class.BY_ITSELF, table)
    return Outcome(scheduling.counted(work, len(table.node_of)), Answer(table.node_of))


def run_walk(search: Search, *, rotate: bool = True) -> Outcome:
    """Look at enough nodes from where the last search stopped, or from the first."""
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    sampling.place_by_walk(
        search.state, *scheduling.problem(search.job.visited), search.need, search.scores, search.node_of,
        search.found_of, work, None, None, rotate,
    )  # fmt: skip
    return _outcome(search, work)


def run_random(search: Search) -> Outcome:
    """Look at enough nodes in an order of the pod's own."""
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    sampling.place_by_draw(
        search.state, *scheduling.problem(search.job.visited), search.starts, search.strides, search.need,
        search.scores, search.node_of, search.found_of, work,
    )  # fmt: skip
    return _outcome(search, work)


def _outcome(search: Search, work: scheduling.Longs) -> Outcome:
    """Return what was counted, and where the pods went, in creation order."""
    node_of = np.where(search.node_of >= 0, search.job.order[search.node_of], exhaustive.PENDING)
    answer = Answer(node_of.astype(np.int32), search.found_of)
    return Outcome(scheduling.counted(work, len(node_of)), answer)


def agree(job: Job, outcomes: Mapping[str, Outcome]) -> None:
    """Every pod fits where it went, none is left out while a node has room, no sample is too large.

    By class every pod goes to the node that the baseline chose.
    """
    for name, outcome in outcomes.items():
        scheduling.check_feasible(ID, name, job.pending, outcome.answer)
        found = outcome.answer.found_of
        if found is None:
            continue
        most = int(found.max(initial=0))
        if most > job.most(name):
            raise WrongAnswer(f"{ID}: {name} found {most} feasible nodes for a pod, beyond {job.most(name)}")
        wasted = np.flatnonzero((found > 0) != (outcome.answer.node_of >= 0))
        if len(wasted):
            p = int(wasted[0])
            raise WrongAnswer(
                f"{ID}: {name} found {found[p]} feasible nodes for pod {p} and did not use them"
            )
    if {BASELINE, CLASSES} <= outcomes.keys():
        scheduling.check_same(ID, CLASSES, outcomes[CLASSES].answer, outcomes[BASELINE].answer)


def quality(job: Job, outcome: Outcome) -> Work:
    """Return how good the placements are."""
    return scheduling_quality.measure(job.pending, outcome.answer)


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what the samples cost in quality, and where they were not small."""
    return scheduling_losses.of_samples({name: work for name, work in works.items() if name != CLASSES})


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes of nodes in both orders, classes and pods, for one state and its workload."""
    nodes, pods = cluster.nodes.count, params.pods or cluster.pods.count
    k = cluster.pods.classes.count if params.classes is None else params.classes
    k = pods if params.order == "distinct" else k
    extended = len(cluster.extended_names)
    per_node = 4 * (scores.COLUMNS + extended) * 8 + 64
    per_class = (scores.ASKS + extended) * 8 + 8 * (6 + extended) + 16
    table = scheduling_table.most_bytes(nodes, k, len(cluster.nodes.groups) + 1, extended, CACHE_BYTES)
    return nodes * per_node + k * per_class + pods * 48 + len(cluster.nodes.groups) * 64 + table


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
        " @8519d339 (PR 66733, PR 72140); issues 86630, 95709, PR 132937, PR 139088; random order: Borg,"
        " EuroSys 2015, section 3.4"
    ),
    left_out=(
        "The 16 workers that filter in parallel: with one, the feasible set is the same in every run. The"
        " queue, preemption and binding; pod affinity, topology spread, host ports, volumes and images."
    ),
    loses=(
        "Quality: the best node is seldom in the sample, and use is spread wider over the nodes.",
        "A nearly full cluster: many nodes are looked at to find a few with room.",
        "Fewer than 100 nodes, or percentage 100: every node is looked at, as before.",
        "Packing (strategy most): each sample has its own fullest node, so more nodes are used.",
        "unrotated: the first nodes fill up, and then every search walks past them.",
        "two-choices, and a small count: least work and the worst choices.",
    ),
    params=Params,
    prepare=prepare,
    variants={
        BASELINE: Variant("every node for every pod, vectorised", build_scan, run_scan),
        OPTIMIZED: Variant("enough feasible nodes, from where the last search stopped", build_walk, run_walk),
        RANDOM: Variant("enough feasible nodes, in a random order for each pod", build_random, run_random),
        UNROTATED: Variant(
            "enough feasible nodes, each time from the first", build_walk, partial(run_walk, rotate=False)
        ),
        TWO: Variant("the better of two random feasible nodes", partial(build_random, name=TWO), run_random),
        FIXED: Variant(
            "a fixed count of feasible nodes, whatever the cluster", partial(build_walk, name=FIXED), run_walk
        ),
        CLASSES: Variant("every node, once a class and then what changed", build_table, run_table),
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
