"""What each pod of a simulation costs the scheduler, and where it goes, by the mechanisms' own kernels.

Evaluations of a node for a pod, by what is on:

    nothing            every node. The node is that of place_by_class, which is the same for every pod
    sched-equivalence  what place_by_class counts: scores brought up to date, and every node where a row of
                       the table is scored anew. What it does for other classes meanwhile is the pod's
    sched-sampling     what place_by_walk counts: nodes looked at until enough can take the pod, and those
                       that its last chunk scored past them
    both               scores brought up to date as place_by_class counts them; where it scores a row anew,
                       what place_by_walk counts for this pod. The node is that of place_by_class

With both, each kernel places the pods on nodes of its own, so how far a sample goes is as with samples alone.
No pod costs more than with sched-equivalence alone.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.kernels import scheduling_sampling as sampling
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling, scheduling_sample
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import PPM, Load, Taken
from kscale.scenario import draw
from kscale.scenario.cluster import Nodes, PodClasses
from kscale.scenario.draw import Stream

Groups = NDArray[np.int32]
Longs = NDArray[np.int64]

YOUNG = 16_384  # most pods of the cluster that are placed one by one before the first that counts


@dataclass(frozen=True, slots=True)
class Placed:
    """What pods cost the scheduler, in the order they come, and where they went."""

    evaluations: Longs  # [p] times a node was evaluated
    node: Groups  # [p] or exhaustive.PENDING
    need: int  # feasible nodes at which a search stops; all nodes without sched-sampling


def placed(
    size: Size, toggles: Toggles, seed: int, pods: int, adds: NDArray[np.bool_] | None = None
) -> Placed:
    """Return what *pods* cost that come one after the other to a cluster that runs size.pods already.

    Pod i of all is of class klass[(offset + i) mod len] with a seeded offset; size.pods are there. The
    youngest of these, up to YOUNG, are placed by the same kernel before, so that the table of classes
    and the search's start are those of a scheduler that has been running. What the others ask for is in use
    on each node in the same share of its room, never above it, rounded down.

    As many pods end as come: once a pod is placed, the oldest of the placed ones leaves its node. For those
    of *adds*, bool[pods], none does: they come in addition, and what they take is in use from then on. A pod
    without a node takes and gives no room, and is not tried again. KscaleError if a number is too large.
    """
    young = min(size.pods, YOUNG)
    pending = _arriving(size, seed, young, pods)
    return place(pending, toggles, _leaving(young, pods, adds), young)


def _leaving(young: int, pods: int, adds: NDArray[np.bool_] | None) -> Groups:
    """Return the pod that ends once each is placed: none for the young ones, and for those that add."""
    found = np.full(young + pods, exhaustive.PENDING, dtype=np.int32)
    ends = young + np.flatnonzero(np.ones(pods, dtype=np.bool_) if adds is None else ~adds)
    found[ends] = np.arange(len(ends))
    return found


def place(pending: Pending, toggles: Toggles, leaving: Groups, first: int = 0) -> Placed:
    """Return what the pods of *pending* cost from the *first* that counts on, and where they go.

    leaving  int32[p]  pod that ends once pod p is placed, p or one before it, or PENDING
    """
    nodes, pods = pending.nodes.count, len(pending.klass) - first
    by_classes, by_samples = sched_equivalence.ID in toggles, sched_sampling.ID in toggles
    if by_samples and not by_classes:
        looked, node = _by_sample(pending, leaving)
        return Placed(looked[first:].copy(), node[first:].copy(), need_of(nodes))
    rescored, anew, node = _by_class(pending, leaving)
    looked = np.full(pods, nodes, dtype=np.int64)
    if by_samples and anew[first:].any():
        looked = _by_sample(pending, leaving)[0][first:]
    if by_classes:
        looked = rescored[first:] + anew[first:] * looked
    return Placed(looked, node[first:].copy(), need_of(nodes) if by_samples else nodes)


def need_of(nodes: int) -> int:
    """Return at how many feasible nodes a search by samples stops."""
    return scheduling_sample.sample_size(nodes, sched_sampling.Params().percentage)


def _by_class(pending: Pending, leaving: Groups) -> tuple[Longs, Longs, Groups]:
    """Return scores brought up to date and rows scored anew for each pod, and its node."""
    cache = sched_equivalence.Params().cache_bytes
    table = sched_equivalence.build_table(sched_equivalence.Job(pending, cache))
    log = np.full(2 * len(pending.klass), exhaustive.PENDING, dtype=np.int32)
    spent = np.zeros((2, len(pending.klass)), dtype=np.int64)
    by_class.place_by_class(
        table.state, *scheduling.problem(pending), table.row_of, table.slot_of, table.in_slot, table.table,
        table.most, table.ties, log, by_class.BY_ITSELF, table.node_of,
        np.zeros(by_class.WORK, dtype=np.int64), leaving, spent,
    )  # fmt: skip
    rescored, anew = np.diff(spent, axis=1, prepend=0)
    return rescored, anew, table.node_of


def _by_sample(pending: Pending, leaving: Groups) -> tuple[Longs, Groups]:
    """Return evaluations of each pod, and its node."""
    order = scheduling_sample.visiting_order(pending.nodes.zone)
    at = np.full(len(pending.klass), exhaustive.PENDING, dtype=np.int32)
    spent = np.zeros(len(pending.klass), dtype=np.int64)
    visited = replace(
        pending, state=np.ascontiguousarray(pending.state[:, order]), group=pending.group[order]
    )
    sampling.place_by_walk(
        visited.state, *scheduling.problem(visited), need_of(pending.nodes.count),
        pending.scratch(pending.nodes.count), at, np.zeros_like(at),
        np.zeros(exhaustive.WORK, dtype=np.int64), leaving, spent,
    )  # fmt: skip
    node = np.where(at >= 0, order[at], np.int32(exhaustive.PENDING)).astype(np.int32)
    return np.diff(spent, prepend=0), node


def _arriving(size: Size, seed: int, young: int, pods: int) -> Pending:
    """Return the nodes with what all pods but the youngest use, and these and those that come."""
    nodes, count = nodes_of(size), young + pods
    offset = int(draw.below(seed, Stream.SCHED_OFFSET, 1, len(size.klass))[0])
    klass = size.klass[(offset + size.pods - young + np.arange(count)) % len(size.klass)]
    old = _classes_of(size, offset, size.pods - young)
    numbers = draw.keys(seed, Stream.SCHED_TIES, 0, count)
    return scheduling.assemble(
        nodes,
        size.classes,
        in_use(nodes, size.classes, old),
        np.ascontiguousarray(klass, dtype=np.int32),
        (numbers >> np.uint64(32)).astype(np.uint32),
        Load(),
        delta=size.profile.balanced == "delta",
        seed=seed,
    )


def nodes_of(size: Size) -> Nodes:
    """Return the nodes: the pattern, repeated."""
    on = size.pattern
    like = np.arange(size.nodes) % on.count
    return Nodes(
        cpu_milli=on.cpu_milli[like],
        memory_bytes=on.memory_bytes[like],
        ephemeral_bytes=on.ephemeral_bytes[like],
        pods=on.pods[like],
        extended=on.extended[like],
        zone=on.zone[like],
        group=on.group[like],
        groups=on.groups,
    )


def _classes_of(size: Size, offset: int, pods: int) -> Longs:
    """Return how many of the first *pods* are of each class, int64[k]."""
    rounds, rest = divmod(pods, len(size.klass))
    last = size.klass[(offset + np.arange(rest)) % len(size.klass)]
    kinds = size.classes.count
    return rounds * np.bincount(size.klass, minlength=kinds) + np.bincount(last, minlength=kinds)


def in_use(nodes: Nodes, classes: PodClasses, count: Longs) -> Taken:
    """Return what *count* pods of each class use, the same share of every node's room."""

    def spread(room: Longs, asked: Longs) -> Longs:
        wanted = sum(int(one) * int(pods) for one, pods in zip(asked, count, strict=True))
        ppm = min(PPM, PPM * wanted // max(1, int(room.sum())))
        whole, rest = np.divmod(room, PPM)
        used: Longs = whole * ppm + rest * ppm // PPM
        return used

    columns = [spread(room, asked) for room, asked in zip(nodes.extended.T, classes.extended.T, strict=True)]
    return Taken(
        cpu_milli=spread(nodes.cpu_milli, classes.cpu_milli),
        memory_bytes=spread(nodes.memory_bytes, classes.memory_bytes),
        cpu_nonzero=spread(nodes.cpu_milli, classes.cpu_nonzero),
        memory_nonzero=spread(nodes.memory_bytes, classes.memory_nonzero),
        ephemeral_bytes=spread(nodes.ephemeral_bytes, classes.ephemeral_bytes),
        extended=np.stack(columns, axis=1) if columns else np.zeros_like(nodes.extended),
        pods=spread(nodes.pods, np.ones(classes.count, dtype=np.int64)),
    )
