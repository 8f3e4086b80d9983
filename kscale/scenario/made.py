"""A synthetic cluster's nodes and pods, from their shapes, applications and requests.

Shares are met exactly by largest remainder; only the order is random. An application's pods are
all equal, so the share of a request is met as near as whole applications allow: the largest
application first, each goes to the request that is furthest behind. Its classes are the distinct
requests (with their constraints) that some application got.
"""

import heapq
from collections.abc import Iterable, Sequence
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
from kscale.scenario.schema_cluster import MIB, NodesSpec, PodsSpec, RequestSpec, ShapeSpec

ZONE_LABEL = "topology.kubernetes.io/zone"
DEFAULT_CPU = 100  # millicores; what the scheduler scores a pod without a request at
DEFAULT_MEMORY = 200 * MIB  # bytes; the same for memory
ZIPF_SCALE = 2**32  # of an application's integer weight

Ints = NDArray[np.int64]
Class = tuple[
    int, int, int, int, int, tuple[int, ...], Constraints
]  # cpu, memory, the two non-zero, ephemeral ...


def extended_names(parts: Iterable[ShapeSpec | RequestSpec]) -> tuple[str, ...]:
    """Return the extended resources that any shape has or any pod asks for, sorted."""
    return tuple(sorted({name for part in parts for name in part.extended}))


def nodes(spec: NodesSpec, extended: tuple[str, ...], seed: int, *, by_zone: bool) -> Nodes:
    """Return the nodes: node i is in zone i mod zones, shapes come in random order.

    *by_zone*: pods ask for zones, so nodes of two zones are never alike.
    """
    count, shapes, zones = spec.count, spec.shapes, spec.zones
    parts = apportion(count, weights([shape.share for shape in shapes], ("cluster", "nodes", "shapes")))
    shape_of = np.repeat(np.arange(len(shapes)), parts)[order(seed, Stream.NODE_SHAPES, count)]
    zone = np.arange(count) % zones
    apart = zones if by_zone else 1
    places = [(i, one) for i in range(len(shapes)) for one in (range(zones) if apart > 1 else (None,))]
    groups, number = grouped(shapes, places)
    return node_columns(shapes, shape_of, zone, extended, groups, number[shape_of * apart + zone % apart])


def node_columns(
    shapes: Sequence[ShapeSpec],
    shape_of: NDArray[np.intp] | NDArray[np.int32],
    zone: NDArray[np.intp] | NDArray[np.int32],
    extended: tuple[str, ...],
    groups: tuple[NodeGroup, ...],
    group: NDArray[np.int32],
) -> Nodes:
    """Return nodes of which each has a shape, a zone and a group."""

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
        group=group,
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
        classes=class_columns([asked[one] for one in used], len(extended)),
    )


def ask_for_zones(requests: Iterable[RequestSpec]) -> bool:
    """Return whether a pod asks for a zone, so that nodes of two zones are not alike."""
    return any(
        ZONE_LABEL in request.selector or any(term.key == ZONE_LABEL for term in request.preferred)
        for request in requests
    )


def grouped(
    shapes: Sequence[ShapeSpec], places: Sequence[tuple[int, int | None]]
) -> tuple[tuple[NodeGroup, ...], NDArray[np.int32]]:
    """Return the groups of nodes and int32[places], the group of each (shape, zone); None: of any zone."""
    groups: list[NodeGroup] = []
    seen: dict[object, int] = {}
    number = np.empty(len(places), dtype=np.int32)
    for at, (i, zone) in enumerate(places):
        shape = shapes[i]
        taints = tuple(Taint(taint.key, taint.value, taint.effect) for taint in shape.taints)
        place = {} if zone is None else {ZONE_LABEL: f"zone-{zone}"}
        labels = place | dict(sorted(shape.labels.items()))
        key = (tuple(labels.items()), taints, shape.unschedulable)
        number[at] = seen.setdefault(key, len(groups))
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
        classes = classes_of(request, extended)
        for one, weight in zip(classes, apportion(part, [1] * len(classes)).tolist(), strict=True):
            share_of[one] = share_of.get(one, 0) + weight
    return list(share_of), list(share_of.values())


def classes_of(request: RequestSpec, extended: tuple[str, ...]) -> list[Class]:
    """Return the classes that a request stands for: one for each pair of its values of cpu and memory."""
    amounts = tuple(request.extended.get(name, 0) for name in extended)
    constraints = _constraints(request)
    return [
        (
            cpu or 0,
            memory or 0,
            DEFAULT_CPU if cpu is None else cpu,
            DEFAULT_MEMORY if memory is None else memory,
            request.ephemeral,
            amounts,
            constraints,
        )
        for cpu, memory in product(request.cpu or (None,), request.memory or (None,))
    ]


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


def class_columns(asked: list[Class], extended: int) -> PodClasses:
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
