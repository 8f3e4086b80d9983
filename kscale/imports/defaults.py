"""What `kscale run` takes where nothing was read: said, with the numbers of the resolved scenario."""

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from kscale import units
from kscale.imports.merge import Merged
from kscale.scenario import document, resolve
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_cluster import NodesSpec, PodsSpec, TraceSpec
from kscale.scenario.schema_imported import ImportedSpec
from kscale.scenario.spec import InconsistentError

LISTS = frozenset({"kubectl", "sktrace"})  # formats that tell of the objects they were asked for

SHOWN: dict[str, Callable[[Any], str]] = {  # by key of the scenario, as people say it
    "control_plane.apiservers": lambda number: units.show_many(number, "API server"),
    "control_plane.etcd.members": lambda number: f"{units.show_many(number, 'member')} of etcd",
    "control_plane.etcd.fsync": lambda ns: f"fsync {units.show_ns(ns)}",
    "control_plane.etcd.quota": lambda size: f"quota {units.show_bytes(size)}",
    "control_plane.controllers": lambda number: units.show_many(number, "controller"),
    "load.pod_changes": lambda per_s: f"{units.show_rate(per_s)} pod changes",
    "load.heartbeat.period": lambda ns: f"a heartbeat each {units.show_ns(ns)}",
    "load.heartbeat.size": lambda size: f"heartbeats of {units.show_bytes(size)}",
}


def scenarios(text: str) -> tuple[Scenario, Scenario] | None:
    """Return the scenario of a text as it is given and resolved; None if it is none."""
    try:
        given = Scenario.model_validate(document.tree(text.encode(), "", "").value)
        return given, resolve.resolve(given)
    except (ValidationError, InconsistentError):
        return None


def said(given: Scenario, resolved: Scenario, merged: Merged, profile: str | None) -> Iterator[str]:
    """Yield what is assumed in place of what no source said; *profile* was asked for."""
    parts = [*_cluster(given, resolved), *_settings(given, resolved)]
    if profile is None and "profile" not in merged.values:
        parts.insert(0, f"constants of {resolved.profile}")
    if parts:
        yield f"not read, so as in any scenario: {', '.join(parts)}"
    formats = {facts.source.format for facts in merged.sources if facts.types}
    if formats and formats <= LISTS:
        types = units.show_many(len(merged.types), "type")
        yield f"etcd is taken to hold only the objects of these lists ({types})"
    yield (
        "how much each mechanism does (operations, faults, seconds) is kscale's own, not this cluster's, "
        "where nothing else is said"
    )


def _cluster(given: Scenario, resolved: Scenario) -> Iterator[str]:
    """Yield what is made up of nodes, pods and objects."""
    was, spec = given.cluster, resolved.cluster
    if isinstance(spec, TraceSpec) or isinstance(was, TraceSpec):
        return  # no import writes one
    nodes, pods, objects = resolve.counts(spec)
    if spec.nodes is not None and not (isinstance(spec, ImportedSpec) and spec.holds.nodes):
        yield _nodes(spec.nodes, counted=was.nodes is not None and "count" in was.nodes.model_fields_set)
    if spec.pods is not None and not (isinstance(spec, ImportedSpec) and spec.holds.pods):
        yield _pods(spec.pods, counted=was.pods is not None and "count" in was.pods.model_fields_set)
    if "objects" not in was.model_fields_set and not (isinstance(spec, ImportedSpec) and spec.holds.objects):
        each = "pod" if pods >= nodes else "node"
        yield f"{units.show_many(objects, 'object')} ({resolve.OBJECTS_PER_POD} a {each})"


def _nodes(spec: NodesSpec, *, counted: bool) -> str:
    """Return nodes that no list tells of; *counted*: how many was read."""
    kinds = " or ".join(
        f"cpu {units.exact_cpu(one.cpu)} and {units.show_bytes(one.memory)}" for one in spec.shapes
    )
    number = "nodes" if counted else units.show_many(spec.count, "node")
    return f"{number} of {kinds} in {units.show_many(spec.zones, 'zone')}"


def _pods(spec: PodsSpec, *, counted: bool) -> str:
    """Return pods that no list tells of; *counted*: how many was read."""
    cpu = [value for one in spec.requests for value in one.cpu]
    memory = [value for one in spec.requests for value in one.memory]
    number = (
        "pods" if counted else f"{units.show_many(spec.count or 0, 'pod')} ({resolve.PODS_PER_NODE} a node)"
    )
    return (
        f"{number} that ask for cpu {units.exact_cpu(min(cpu))} to {units.exact_cpu(max(cpu))} "
        f"and {units.show_bytes(min(memory))} to {units.show_bytes(max(memory))}"
    )


def _settings(given: Scenario, resolved: Scenario) -> Iterator[str]:
    """Yield the settings and the load that no source said."""
    for key, show in SHOWN.items():
        was: Any = given
        value: Any = resolved
        is_given = True
        for part in key.split("."):
            is_given = is_given and part in was.model_fields_set
            was, value = getattr(was, part), getattr(value, part)
        if not is_given:
            yield show(value)
