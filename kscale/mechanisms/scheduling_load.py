"""The scheduler's load: which pods come, in which order, and how full the nodes are already."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.mechanisms.base import LATER
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster, Nodes, PodClasses
from kscale.scenario.draw import Stream
from kscale.scenario.quantities import Count, Share

Ints = NDArray[np.int64]

PPM = 1_000_000
VARIED = 10  # use differs from node to node by up to a tenth of what is used, or of what is free if less
NEARLY_FULL_PPM = 980_000  # of what the pods ask for that a nearly full cluster has room for
PERTURBED = 1024  # requests of synthetic classes are those of the cluster x 768..1280 / 1024


@dataclass(frozen=True, slots=True)
class Load:
    """Which pods, in which order, on how full a cluster."""

    pods: Annotated[
        Annotated[Count, Field(ge=1)] | None,
        Field(description="Schedule only the first so many pods; default all of the cluster's."),
    ] = None
    order: Annotated[
        Literal["arrival", "mixed", "bursts", "distinct"],
        Field(
            description="arrival: as the cluster says. mixed: shuffled. bursts: class by class."
            " distinct: every pod a class of its own, requests varied by a quarter."
        ),
    ] = "arrival"
    load: Annotated[
        Literal["normal", "nearly-full"],
        Field(description="nearly-full: in use so far that what is left is 98 % of what all pods ask for."),
    ] = "normal"
    classes: Annotated[
        Annotated[Count, Field(ge=1)] | None,
        Field(description="Replace the cluster's classes by so many, requests varied by a quarter."),
    ] = None
    balanced: Annotated[
        Literal["profile", "level", "delta"],
        Field(description="Form of BalancedAllocation: level (1.22 to 1.35), delta (1.36 on)."),
    ] = "profile"
    fit_weight: Annotated[int, Field(ge=0, le=300, description="Weight of LeastAllocated.")] = 1
    balanced_weight: Annotated[int, Field(ge=0, le=300, description="Weight of BalancedAllocation.")] = 1
    taint_weight: Annotated[int, Field(ge=0, le=300, description="Weight of TaintToleration.")] = 3
    affinity_weight: Annotated[int, Field(ge=0, le=300, description="Weight of NodeAffinity.")] = 2
    burst: Annotated[
        Annotated[Count, Field(ge=1)] | None,
        Field(description="Pods of a class come in runs of so many, the runs shuffled; order: arrival only."),
    ] = field(default=None, metadata=LATER)
    utilisation: Annotated[
        Annotated[Share, Field(le=0.99)] | None,
        Field(
            description="Share of each node's cpu and memory in use before the first pod, 0 to 0.99; from"
            " node to node it varies by up to a tenth of it, or of what is free if that is less."
        ),
    ] = field(default=None, metadata=LATER)
    strategy: Annotated[
        Literal["least", "most"] | None,
        Field(
            description="Of NodeResourcesFit: least (default) spreads pods, most packs them: MostAllocated."
            " Stated, how evenly or tightly pods lie is told too."
        ),
    ] = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class Taken:
    """What is in use on each node before the first pod comes; columns as in scenario.cluster.Nodes."""

    cpu_milli: Ints  # [n]
    memory_bytes: Ints  # [n]
    cpu_nonzero: Ints  # [n]
    memory_nonzero: Ints  # [n]
    ephemeral_bytes: Ints  # [n]
    extended: Ints  # [n, e]
    pods: Ints  # [n]


def cost_ns(cluster: Cluster, params: Load) -> float:
    """Return about what scoring every node for every pod takes."""
    return (params.pods or cluster.pods.count) * (200 + 0.65 * cluster.nodes.count)


def nothing_taken(nodes: Nodes) -> Taken:
    """Return empty nodes."""
    none = np.zeros(nodes.count, dtype=np.int64)
    return Taken(none, none, none, none, none, np.zeros_like(nodes.extended), none)


def arriving(cluster: Cluster, params: Load) -> tuple[NDArray[np.int32], PodClasses]:
    """Return the class of each pod in order, and the classes."""
    klass, classes = cluster.pods.klass, cluster.pods.classes
    wanted = cluster.pods.count if params.pods is None else params.pods
    if wanted > cluster.pods.count:
        raise KscaleError(f"pods: the cluster has {cluster.pods.count:,}, so at most that, got {wanted:,}")
    klass = klass[:wanted]
    if params.order in {"mixed", "bursts", "distinct"}:
        klass = klass[draw.order(cluster.seed, Stream.SCHED_ORDER, wanted)]
    if params.order == "distinct":
        classes, klass = varied(classes, klass, cluster.seed), np.arange(wanted, dtype=np.int32)
    elif params.classes is not None:
        spread = np.arange(params.classes) * wanted // params.classes
        classes = varied(classes, klass[spread], cluster.seed)
        numbers = draw.keys(cluster.seed, Stream.SCHED_CLASSES, 0, wanted) >> np.uint64(32)
        klass = (numbers % np.uint64(params.classes)).astype(np.int32)
    if params.order == "bursts":
        klass = np.sort(klass, kind="stable")
    if params.burst is not None:
        if params.order != "arrival":
            raise KscaleError(f"burst: pods come in runs with order arrival, not {params.order}")
        klass = in_runs(klass, params.burst, cluster.seed)
    return np.ascontiguousarray(klass, dtype=np.int32), classes


def in_runs(klass: NDArray[np.int32], length: int, seed: int) -> NDArray[np.int32]:
    """Return the same pods in runs of *length* of one class, its last one shorter; runs in random order."""
    if not len(klass):
        return klass
    grouped = np.sort(klass, kind="stable")
    at = np.arange(len(grouped)) - np.searchsorted(grouped, grouped)  # among the pods of its class
    run = np.cumsum(at % length == 0) - 1
    turn = np.argsort(draw.order(seed, Stream.SCHED_RUNS, int(run[-1]) + 1), kind="stable")
    return grouped[np.argsort(turn[run], kind="stable")]


def varied(classes: PodClasses, of: NDArray[np.int32], seed: int) -> PodClasses:
    """Return one new class for each of *of*, with cpu and memory times 3/4 to 5/4; 0 stays 0."""
    parts = draw.keys(seed, Stream.SCHED_CLASSES, 0, 2 * len(of)) % np.uint64(PERTURBED // 2 + 1)
    cpu, memory = parts.astype(np.int64).reshape(2, -1) + (PERTURBED - PERTURBED // 4)

    def scaled(amounts: Ints, by: Ints) -> Ints:
        least: Ints = np.minimum(amounts[of], 1)
        changed: Ints = np.maximum(amounts[of] * by // PERTURBED, least)
        return changed

    cpu_milli, memory_bytes = scaled(classes.cpu_milli, cpu), scaled(classes.memory_bytes, memory)
    return PodClasses(
        cpu_milli=cpu_milli,
        memory_bytes=memory_bytes,
        cpu_nonzero=cpu_milli + (classes.cpu_nonzero - classes.cpu_milli)[of],
        memory_nonzero=memory_bytes + (classes.memory_nonzero - classes.memory_bytes)[of],
        ephemeral_bytes=classes.ephemeral_bytes[of],
        extended=classes.extended[of],
        constraints=tuple(classes.constraints[c] for c in of.tolist()),
    )


def taken(nodes: Nodes, classes: PodClasses, klass: NDArray[np.int32], params: Load, seed: int) -> Taken:
    """Return what is in use at the start: nothing, a share, or so much that the pods just do not fit."""
    if params.load == "nearly-full" and params.utilisation is not None:
        raise KscaleError("utilisation: says what is in use, and so does load: nearly-full; give one of them")
    if params.load == "nearly-full":
        pods = np.bincount(klass, minlength=classes.count)
        cpu = _used(nodes.cpu_milli, int(pods @ classes.cpu_milli))
        memory = _used(nodes.memory_bytes, int(pods @ classes.memory_bytes))
    elif params.utilisation:
        cpu_ppm, memory_ppm = shares_in_use(params.utilisation, nodes.count, seed)
        cpu, memory = _part(nodes.cpu_milli, cpu_ppm), _part(nodes.memory_bytes, memory_ppm)
    else:
        return nothing_taken(nodes)
    return replace(
        nothing_taken(nodes), cpu_milli=cpu, cpu_nonzero=cpu, memory_bytes=memory, memory_nonzero=memory
    )


def shares_in_use(utilisation: float, nodes: int, seed: int) -> Ints:
    """Return the share of cpu and of memory in use on each node, int64[2, nodes], ppm."""
    middle = round(utilisation * PPM)
    off = min(middle, PPM - middle) // VARIED
    drawn = draw.below(seed, Stream.SCHED_USE, 2 * nodes, 2 * off + 1)
    return drawn.reshape(2, nodes) + (middle - off)


def _used(capacity: Ints, wanted: int) -> Ints:
    """Return how much of each node must be in use so that all have room for NEARLY_FULL_PPM of *wanted*."""
    free_ppm = min(PPM, NEARLY_FULL_PPM * wanted // max(1, int(capacity.sum())))
    return capacity - _part(capacity, free_ppm)


def _part(whole: Ints, ppm: Ints | int) -> Ints:
    """Return so many millionths of each amount, rounded down."""
    share = np.asarray(ppm, dtype=np.int64)
    part: Ints = whole // PPM * share + whole % PPM * share // PPM
    return part
