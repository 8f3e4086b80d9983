"""A synthetic cluster's nodes and pods, from their shapes, applications and requests.

Shares are met exactly by largest remainder; only the order is random. An application's pods are
all equal, so the share of a request is met as near as whole applications allow: the largest
application first, each goes to the request that is furthest behind. Its classes are the distinct
requests (with their constraints) that some application got.
"""

import heapq
from itertools import product

import numpy as np
from numpy.typing import NDArray

from kscale.scenario.cluster import (
    Constraints,
    NodeGroup,
    Nodes,
    PodClasses,
    Pods,
    Preference,
    Taint,
    Toleration,
)
from kscale.scenario.draw import Stream, apportion, order
from kscale.scenario.resolve import weights
from kscale.scenario.schema_cluster import MIB, MadeSpec, PodsSpec, RequestSpec, ShapeSpec

ZONE_LABEL = "topology.kubernetes.io/zone"
DEFAULT_CPU = 100  # millicores; what the scheduler scores a pod without a request at
DEFAULT_MEMORY = 200 * MIB  # bytes; the same for memory
ZIPF_SCALE = 2**32  # of an application's integer weight

Ints = NDArray[np.int64]
Class = tuple[
    int, int, int, int, int, tuple[int, ...], Constraints
]  # cpu, memory, the two non-zero, ephemeral ...


def extended_names(spec: MadeSpec) -> tuple[str, ...]:
    """Return the extended resources that any shape has or any pod asks for, sorted."""
    parts: list[ShapeSpec | RequestSpec] = [*spec.nodes.shapes, *spec.pods.requests]
    return tuple(sorted({name for part in parts for name in part.extended}))


def nodes(spec: MadeSpec, extended: tuple[str, ...], seed: int) -> Nodes:
    """Return the nodes: node i is in zone i mod zones, shapes come in random order."""
    count, shapes, zones = spec.nodes.count, spec.nodes.shapes, spec.nodes.zones
    parts = apportion(count, weights([shape.share for shape in shapes], ("cluster", "nodes", "shapes")))
    shape_of = np.repeat(np.arange(len(shapes)), parts)[order(seed, Stream.NODE_SHAPES, count)]
    zone = np.arange(count) % zones
    groups, number = _groups(shapes, zones if _by_zone(spec.pods) else 1)

    def column(values: list[int]) -> Ints:
        return np.array(values, dtype=np.int64)[shape_of]

    amounts = [[shape.extended.get(name, 0) for name in extended] for shape in shapes]
    return Nodes(
        cpu_milli=column([shape.cpu for shape in shapes]),
        memory_bytes=column([shape.memory for shape in shapes]),
        ephemeral_bytes=column([shape.ephemeral for shape in shapes]),
        pods=column([shape.pods for shape in shapes]),
        extended=np.array(amounts, dtype=np.int64).reshape(len(shapes), len(extended))[shape_of],
        zone=zone.astype(np.int32),
        group=number[shape_of, zone % number.shape[1]],
        groups=groups,
    )


def pods(spec: PodsSpec, extended: tuple[str, ...], seed: int) -> Pods:
    """Return the pods of a resolved *spec* in random order of arrival."""
    count, apps, namespaces = spec.count or 0, spec.apps or 1, spec.namespaces or 1
    sizes = _app_sizes(count, apps, zipf=spec.app_sizes == "zipf")
    asked, shares = _expand(spec, extended)
    class_of_app = _assign(sizes, apportion(count, shares))
    used = sorted(set(class_of_app))
    renumber = {old: new for new, old in enumerate(used)}
    app = np.repeat(np.arange(apps, dtype=np.int32), sizes)[order(seed, Stream.POD_ORDER, count)]
    klass = np.array([renumber[one] for one in class_of_app], dtype=np.int32)
    return Pods(
        klass=klass[app],
        app=app,
        namespace=(app % namespaces).astype(np.int32),
        namespaces=namespaces,
        classes=_classes([asked[one] for one in used], len(extended)),
    )


def _by_zone(spec: PodsSpec) -> bool:
    """Return whether a pod asks for a zone, so that nodes of two zones are not alike."""
    return any(
        ZONE_LABEL in request.selector or any(term.key == ZONE_LABEL for term in request.preferred)
        for request in spec.requests
    )


def _groups(shapes: tuple[ShapeSpec, ...], zones: int) -> tuple[tuple[NodeGroup, ...], NDArray[np.int32]]:
    """Return the groups and int32[shapes, zones], the group of each; one zone means zones are alike."""
    groups: list[NodeGroup] = []
    seen: dict[object, int] = {}
    number = np.empty((len(shapes), zones), dtype=np.int32)
    for i, shape in enumerate(shapes):
        taints = tuple(Taint(taint.key, taint.value, taint.effect) for taint in shape.taints)
        for zone in range(zones):
            place = {ZONE_LABEL: f"zone-{zone}"} if zones > 1 else {}
            labels = place | dict(sorted(shape.labels.items()))
            key = (tuple(labels.items()), taints, shape.unschedulable)
            number[i, zone] = seen.setdefault(key, len(groups))
            if len(seen) > len(groups):
                groups.append(NodeGroup(labels, taints, shape.unschedulable))
    return tuple(groups), number


def _app_sizes(count: int, apps: int, *, zipf: bool) -> Ints:
    """Return the pods of each application, largest first, each with at least one."""
    rank = np.arange(1, apps + 1, dtype=np.int64)
    return 1 + apportion(count - apps, ZIPF_SCALE // rank if zipf else np.ones_like(rank))


def _expand(spec: PodsSpec, extended: tuple[str, ...]) -> tuple[list[Class], list[int]]:
    """Return the distinct classes that the requests stand for, and the share of each."""
    share_of: dict[Class, int] = {}
    parts = weights([request.share for request in spec.requests], ("cluster", "pods", "requests"))
    for request, part in zip(spec.requests, parts, strict=True):
        amounts = tuple(request.extended.get(name, 0) for name in extended)
        constraints = _constraints(request)
        pairs = list(product(request.cpu or (None,), request.memory or (None,)))
        for (cpu, memory), weight in zip(pairs, apportion(part, [1] * len(pairs)).tolist(), strict=True):
            one = (
                cpu or 0,
                memory or 0,
                DEFAULT_CPU if cpu is None else cpu,
                DEFAULT_MEMORY if memory is None else memory,
                request.ephemeral,
                amounts,
                constraints,
            )
            share_of[one] = share_of.get(one, 0) + weight
    return list(share_of), list(share_of.values())


def _constraints(request: RequestSpec) -> Constraints:
    """Return what a request asks of nodes beside resources."""
    return Constraints(
        tolerations=tuple(
            Toleration(one.key, one.operator, one.value, one.effect) for one in request.tolerations
        ),
        selector=tuple((key, tuple(sorted(set(values)))) for key, values in sorted(request.selector.items())),
        preferred=tuple(Preference(term.weight, term.key, term.values) for term in request.preferred),
    )


def _assign(sizes: Ints, targets: Ints) -> list[int]:
    """Return the class of each application, the largest first, so that each class gets near its target."""
    behind = [(-target, i) for i, target in enumerate(targets.tolist())]
    heapq.heapify(behind)
    chosen = []
    for size in sizes.tolist():
        left, i = behind[0]
        heapq.heapreplace(behind, (left + size, i))
        chosen.append(i)
    return chosen


def _classes(asked: list[Class], extended: int) -> PodClasses:
    """Return classes as columns."""
    columns = [np.array([one[i] for one in asked], dtype=np.int64) for i in range(5)]
    return PodClasses(
        cpu_milli=columns[0],
        memory_bytes=columns[1],
        cpu_nonzero=columns[2],
        memory_nonzero=columns[3],
        ephemeral_bytes=columns[4],
        extended=np.array([one[5] for one in asked], dtype=np.int64).reshape(len(asked), extended),
        constraints=tuple(one[6] for one in asked),
    )
