"""Fill in the defaults that depend on other keys, and refuse parts that do not go together.

What comes out is a scenario again: every number is in it, but for those of a simulation where the file
gives none (`build` has them), and resolving it once more changes nothing. Places named in errors are those
of the file.
"""

import math
from collections.abc import Mapping, Sequence

from kscale.scenario import costs, resolve_simulation, trace
from kscale.scenario.draw import apportion
from kscale.scenario.schema import LoadSpec, Scenario
from kscale.scenario.schema_cluster import (
    MOST_NODES,
    MOST_OBJECTS,
    MOST_PODS,
    SAME_COUNT,
    MadeSpec,
    NodesSpec,
    ObjectsSpec,
    PodsSpec,
    RepeatSpec,
    RequestSpec,
    ShapeSpec,
    TraceSpec,
    TypeSpec,
)
from kscale.scenario.schema_imported import ImportedSpec
from kscale.scenario.spec import InconsistentError

LIMIT_NODES, LIMIT_CHANGES = 5000, 20.0  # the official limits, and the changes a second they assume
PODS_PER_NODE = 20
PODS_PER_APP = 100
APPS_PER_NAMESPACE = 10
OBJECTS_PER_POD = 5

WHOLE = 10**9  # shares are kept in parts of this
SLACK = 10**6  # three shares of 0.333 still make a whole
MOST_CLASSES = 10_000
MOST_EXTENDED = 16  # different extended resources in a cluster

Loc = tuple[str | int, ...]


def resolve(scenario: Scenario) -> Scenario:
    """Return *scenario* with every number given; InconsistentError says what does not fit."""
    given = scenario.costs and costs.resolve(scenario.costs, scenario.profile)
    cluster = _cluster(scenario.cluster)
    simulation = scenario.simulation and resolve_simulation.resolve(
        scenario.simulation, scenario.control_plane, counts(cluster)[1], _zones(cluster)
    )
    return scenario.model_copy(
        update={
            "cluster": cluster,
            "load": _load(scenario.load, cluster),
            "costs": given,
            "simulation": simulation,
        }
    )


def _cluster(cluster: MadeSpec | TraceSpec | ImportedSpec) -> MadeSpec | TraceSpec | ImportedSpec:
    """Return a cluster with every number given."""
    if isinstance(cluster, TraceSpec):
        return _trace(cluster)
    return _imported(cluster) if isinstance(cluster, ImportedSpec) else _made(cluster)


def _load(load: LoadSpec, cluster: MadeSpec | TraceSpec | ImportedSpec) -> LoadSpec:
    """Return what happens each second, with the changes of pods."""
    if load.pod_changes is not None:
        return load
    nodes = counts(cluster)[0] if isinstance(cluster, ImportedSpec) else LIMIT_NODES
    return load.model_copy(update={"pod_changes": min(LIMIT_CHANGES, LIMIT_CHANGES * nodes / LIMIT_NODES)})


def counts(cluster: MadeSpec | TraceSpec | ImportedSpec) -> tuple[int, int, int]:
    """Return how many nodes, pods and objects a resolved cluster has."""
    added = cluster.objects.total or 0 if cluster.objects else 0
    if isinstance(cluster, TraceSpec):
        return cluster.repeat.nodes or 0, cluster.repeat.pods or 0, added
    if isinstance(cluster, MadeSpec):
        return cluster.nodes.count, cluster.pods.count or 0, added
    holds = cluster.holds
    return (
        cluster.nodes.count if cluster.nodes else cluster.repeated(holds.nodes),
        cluster.pods.count or 0 if cluster.pods else cluster.repeated(holds.pods),
        cluster.repeated(holds.objects) + added,
    )


def _zones(cluster: MadeSpec | TraceSpec | ImportedSpec) -> int | None:
    """Return how many zones of a resolved cluster have nodes; None if only its file says it."""
    if isinstance(cluster, TraceSpec):
        zones = cluster.zones
    elif cluster.nodes is not None:
        zones = cluster.nodes.zones
    else:
        return None
    return min(zones, counts(cluster)[0])


def combinations(requests: Sequence[RequestSpec]) -> int:
    """Return how many classes the lists of cpu and memory stand for."""
    return sum(max(1, len(request.cpu)) * max(1, len(request.memory)) for request in requests)


def weights(shares: Sequence[float | None], loc: Loc) -> list[int]:
    """Return shares in parts of WHOLE; those not given split what is left equally."""
    given = [round(share * WHOLE) if share is not None else 0 for share in shares]
    missing = [i for i, share in enumerate(shares) if share is None]
    left = WHOLE - sum(given)
    if left < -SLACK or (left > SLACK and not missing):
        raise InconsistentError(loc, f"shares must come to 1, got {sum(given) / WHOLE:.4g}")
    for i, part in zip(missing, apportion(max(left, 0), [1] * len(missing)) if missing else [], strict=True):
        given[i] = int(part)
    return given


def _made(cluster: MadeSpec) -> MadeSpec:
    """Return a synthetic cluster with every number given."""
    nodes = _nodes(cluster.nodes)
    pods = _pods(cluster.pods, nodes.count)
    _few_extended([*nodes.shapes, *pods.requests])
    objects = _objects(cluster.objects, nodes.count, pods.count or 0)
    return cluster.model_copy(update={"nodes": nodes, "pods": pods, "objects": objects})


def _trace(cluster: TraceSpec) -> TraceSpec:
    """Return a recorded cluster with its size given."""
    nodes, pods = trace.size(cluster)
    repeat = RepeatSpec(nodes=nodes, pods=pods)
    objects = _objects(cluster.objects, nodes, pods)
    return cluster.model_copy(update={"repeat": repeat, "objects": objects})


def _imported(cluster: ImportedSpec) -> ImportedSpec:
    """Return a cluster of the user's own with every number given that its file does not hold."""
    holds = cluster.holds
    for part, held, given in (
        ("nodes", holds.nodes, cluster.nodes),
        ("pods", holds.pods, cluster.pods),
    ):
        if held and given is not None:
            raise InconsistentError(
                ("cluster", part),
                f"the file holds {held:,} {part}; take this away, repeat makes more of them",
            )
    nodes = None if holds.nodes else _nodes(cluster.nodes or NodesSpec())
    node_count = nodes.count if nodes else cluster.repeated(holds.nodes)
    pods = None if holds.pods else _pods(cluster.pods or PodsSpec(), node_count)
    pod_count = pods.count or 0 if pods else cluster.repeated(holds.pods)
    if not holds.objects:
        objects: ObjectsSpec | None = _objects(cluster.objects or ObjectsSpec(), node_count, pod_count)
    else:
        objects = cluster.objects and _added(cluster.objects, node_count, pod_count)
    resolved = cluster.model_copy(update={"nodes": nodes, "pods": pods, "objects": objects})
    for what, count, most in zip(
        ("nodes", "pods", "objects"), counts(resolved), (MOST_NODES, MOST_PODS, MOST_OBJECTS), strict=True
    ):
        if count > most:
            raise InconsistentError(("cluster", "repeat"), f"makes {count:,} {what}; at most {most:,}")
    return resolved


def _added(spec: ObjectsSpec, nodes: int, pods: int) -> ObjectsSpec:
    """Return objects beside those recorded, with the number of each type; the total is theirs alone."""
    here = ("cluster", "objects")
    if "types" not in spec.model_fields_set:
        raise InconsistentError(here, "the file holds objects; give the types to add, or take this away")
    if spec.total is not None:
        return _objects(spec, nodes, pods)
    for name, one in spec.types.items():
        if one.share is not None:
            message = "is a part of objects.total, which is not given: give it, or a count"
            raise InconsistentError((*here, "types", name, "share"), message)
        if one.count is None and name not in SAME_COUNT:
            raise InconsistentError((*here, "types", name), "needs a count: the file holds the others")
    total = sum(_known_counts(spec.types, 0, {"nodes": nodes, "pods": pods}).values())
    return _objects(spec.model_copy(update={"total": total}), nodes, pods)


def _nodes(spec: NodesSpec) -> NodesSpec:
    """Return the nodes with the share of each shape."""
    parts = weights([shape.share for shape in spec.shapes], ("cluster", "nodes", "shapes"))
    shapes = tuple(
        shape.model_copy(update={"share": part / WHOLE})
        for shape, part in zip(spec.shapes, parts, strict=True)
    )
    return spec.model_copy(update={"shapes": shapes})


def _pods(spec: PodsSpec, nodes: int) -> PodsSpec:
    """Return the pods with their number, apps, namespaces and the share of each request."""
    here = ("cluster", "pods")
    count = PODS_PER_NODE * nodes if spec.count is None else spec.count
    apps = max(1, count // PODS_PER_APP) if spec.apps is None else spec.apps
    namespaces = max(1, apps // APPS_PER_NAMESPACE) if spec.namespaces is None else spec.namespaces
    if apps > count:
        raise InconsistentError((*here, "apps"), f"{apps:,} apps need as many pods, there are {count:,}")
    if namespaces > apps:
        raise InconsistentError(
            (*here, "namespaces"), f"must be at most the {apps:,} apps, got {namespaces:,}"
        )
    classes = combinations(spec.requests)
    if classes > MOST_CLASSES:
        raise InconsistentError(
            (*here, "requests"), f"must stand for at most {MOST_CLASSES:,} classes, got {classes:,}"
        )
    parts = weights([request.share for request in spec.requests], (*here, "requests"))
    requests = tuple(
        request.model_copy(update={"share": part / WHOLE})
        for request, part in zip(spec.requests, parts, strict=True)
    )
    return spec.model_copy(
        update={"count": count, "apps": apps, "namespaces": namespaces, "requests": requests}
    )


def _few_extended(parts: Sequence[ShapeSpec | RequestSpec]) -> None:
    """Refuse more kinds of extended resource than arrays are made for."""
    names = {name for part in parts for name in part.extended}
    if len(names) > MOST_EXTENDED:
        raise InconsistentError(
            ("cluster",), f"must have at most {MOST_EXTENDED} extended resources, got {len(names):,}"
        )


def _objects(spec: ObjectsSpec, nodes: int, pods: int) -> ObjectsSpec:
    """Return the objects with the number of each type; all of them together make the total."""
    total = OBJECTS_PER_POD * max(nodes, pods) if spec.total is None else spec.total
    counts = _known_counts(spec.types, total, {"nodes": nodes, "pods": pods})
    here = ("cluster", "objects")
    left = total - sum(counts.values())
    if left < 0:
        message = f"the types come to {total - left:,} objects, more than the total of {total:,}"
        if spec.total is None:
            raise InconsistentError((*here, "types"), f"{message} that is assumed; give objects.total")
        raise InconsistentError((*here, "total"), message)
    types = dict(spec.types)
    if left and len(counts) == len(types):
        if "other" in types:
            raise InconsistentError(
                (*here, "types", "other"),
                f"must take the {left:,} objects left over: give it no count or share",
            )
        types["other"] = TypeSpec()
    rest = [name for name in types if name not in counts]
    counts |= dict(zip(rest, apportion(left, [1] * len(rest)).tolist() if rest else [], strict=True))
    resolved = {
        name: one.model_copy(update={"count": counts[name], "share": None}) for name, one in types.items()
    }
    return spec.model_copy(update={"total": total, "types": resolved})


def _known_counts(types: Mapping[str, TypeSpec], total: int, same: Mapping[str, int]) -> dict[str, int]:
    """Return the number of each type that says it, by count, share or custom."""
    counts = {}
    for name, one in types.items():
        count = SAME_COUNT.get(name) if one.count is None and one.share is None else one.count
        if one.share is not None:
            counts[name] = math.floor(one.share * total + 0.5)
        elif count is not None:
            counts[name] = same[count] if isinstance(count, str) else count
    return counts
