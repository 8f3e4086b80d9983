"""A recorded cluster as arrays, repeated to the size that a scenario asks for.

Lists are repeated in their order, and parts of a list are its beginning. What was not recorded is
made as for any cluster.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from kscale.scenario import made, objects
from kscale.scenario.cluster import Nodes, Objects, Pods
from kscale.scenario.draw import Stream, apportion, keys
from kscale.scenario.recorded import Recorded, RecordedNodes, RecordedObjects, RecordedPods
from kscale.scenario.resolve import MOST_EXTENDED, counts
from kscale.scenario.schema_cluster import RequestSpec, ShapeSpec
from kscale.scenario.schema_imported import ImportedSpec
from kscale.scenario.spec import InconsistentError

MOST_TYPES = 255  # of object: their number is a byte
POD_BYTES = 120  # in flight for each recorded pod while it is repeated
OBJECT_BYTES = 40  # in flight for each recorded object while its place is drawn


def check(spec: ImportedSpec, recorded: Recorded) -> None:
    """Raise InconsistentError where a resolved *spec* and what its file holds do not go together."""
    for part, said, found in (
        ("nodes", spec.holds.nodes, recorded.node_count),
        ("pods", spec.holds.pods, recorded.pod_count),
        ("objects", spec.holds.objects, recorded.object_count),
    ):
        if said != found:
            raise InconsistentError(("cluster", "holds", part), f"the file holds {found:,}, got {said:,}")
    named = extended_names(spec, recorded)
    if len(named) > MOST_EXTENDED:
        raise InconsistentError(
            ("cluster",), f"must have at most {MOST_EXTENDED} extended resources, got {len(named):,}"
        )
    types, added = (
        recorded.objects.types if recorded.objects else (),
        spec.objects.types if spec.objects else {},
    )
    for name in added:
        if name in types:
            raise InconsistentError(
                ("cluster", "objects", "types", name), "is in the file already; take it away"
            )
    if len(types) + len(added) > MOST_TYPES:
        message = f"with those of the file come to {len(types) + len(added):,}; at most {MOST_TYPES}"
        raise InconsistentError(("cluster", "objects", "types"), message)


def extended_names(spec: ImportedSpec, recorded: Recorded) -> tuple[str, ...]:
    """Return the extended resources of the cluster, sorted."""
    return made.extended_names((*_shapes(spec, recorded), *_requests(spec, recorded)))


def nodes(spec: ImportedSpec, recorded: Recorded, extended: tuple[str, ...], seed: int) -> Nodes:
    """Return the nodes of a resolved *spec*."""
    by_zone = made.ask_for_zones(_requests(spec, recorded))
    if recorded.nodes is None:
        assert spec.nodes is not None  # noqa: S101 - resolved: made where none were recorded
        return made.nodes(spec.nodes, extended, seed, by_zone=by_zone)
    return _nodes(recorded.nodes, counts(spec)[0], extended, by_zone=by_zone)


def _nodes(recorded: RecordedNodes, count: int, extended: tuple[str, ...], *, by_zone: bool) -> Nodes:
    """Return *count* nodes, those recorded over and over."""
    row = np.arange(count) % len(recorded.shape)
    shape_of, zone = recorded.shape[row], recorded.zone[row]
    apart = by_zone and recorded.zones > 1
    place = shape_of.astype(np.int64) * recorded.zones + zone if apart else shape_of.astype(np.int64)
    used, at = np.unique(place, return_inverse=True)
    places = [divmod(one, recorded.zones) if apart else (one, None) for one in used.tolist()]
    groups, number = made.grouped(recorded.shapes, places)
    return made.node_columns(recorded.shapes, shape_of, zone, extended, groups, number[at])


def pods(spec: ImportedSpec, recorded: Recorded, extended: tuple[str, ...], seed: int) -> Pods:
    """Return the pods of a resolved *spec*."""
    if recorded.pods is None:
        assert spec.pods is not None  # noqa: S101 - resolved: made where none were recorded
        return made.pods(spec.pods, extended, seed)
    return _pods(recorded.pods, counts(spec)[1], extended)


def _pods(recorded: RecordedPods, count: int, extended: tuple[str, ...]) -> Pods:
    """Return *count* pods in order of arrival, those recorded over and over; each copy has its own apps."""
    copy, row = np.divmod(np.arange(count), len(recorded.request))
    app = recorded.app[row] + copy * (int(recorded.app.max()) + 1)
    app = np.unique(app, return_inverse=True)[1]  # part of a copy may lack apps
    used, request = np.unique(recorded.request[row], return_inverse=True)
    number: dict[made.Class, int] = {}
    asked = [made.classes_of(recorded.requests[one], extended)[0] for one in used.tolist()]
    klass = np.array([number.setdefault(one, len(number)) for one in asked], dtype=np.int32)
    return Pods(
        klass=klass[request],
        app=app.astype(np.int32),
        namespace=recorded.namespace[row],
        namespaces=recorded.namespaces,
        classes=made.class_columns(list(number), len(extended)),
    )


def stored(spec: ImportedSpec, recorded: Recorded, seed: int, largest: int) -> Objects:
    """Return the objects of a resolved *spec*: those recorded, then the types added."""
    nothing = Objects((), np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.int32))
    added = objects.build(spec.objects, seed, largest) if spec.objects else nothing
    if recorded.objects is None:
        return added
    sizes = list(_sizes(recorded.objects, spec.repeated(recorded.object_count), seed))
    types = np.repeat(np.arange(len(sizes), dtype=np.uint8), [len(one) for one in sizes])
    return Objects(
        types=(*recorded.objects.types, *added.types),
        type_of=np.concatenate((types, added.type_of + np.uint8(len(sizes)))),
        size=np.concatenate((*sizes, added.size)),
    )


def _sizes(
    recorded: RecordedObjects, total: int, seed: int
) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int32]]]:
    """Yield the sizes of each type, in random order: those recorded, as often as *total* makes of them.

    An empty value counts as one byte.
    """
    kind, size, times = recorded.sizes.T
    times = apportion(total, times)
    first = 0
    for number in range(len(recorded.types)):
        mine = kind == number
        all_of_it = np.repeat(np.maximum(size[mine], 1).astype(np.int32), times[mine])
        drawn = keys(seed, Stream.RECORDED_OBJECTS, first, len(all_of_it))
        yield all_of_it[np.argsort(drawn, kind="stable")]
        first += len(all_of_it)


def _shapes(spec: ImportedSpec, recorded: Recorded) -> Sequence[ShapeSpec]:
    """Return every shape of node."""
    if recorded.nodes is not None:
        return recorded.nodes.shapes
    return spec.nodes.shapes if spec.nodes else ()


def _requests(spec: ImportedSpec, recorded: Recorded) -> Sequence[RequestSpec]:
    """Return everything that pods ask for."""
    if recorded.pods is not None:
        return recorded.pods.requests
    return spec.pods.requests if spec.pods else ()
