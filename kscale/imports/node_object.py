"""A Node, as JSON or YAML gives it, to what one node can hold."""

from kscale.imports import amounts, fields
from kscale.imports.facts import NodeFact
from kscale.imports.fields import FieldError, Object

ZONE_LABELS = ("topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone")  # new, before 1.17
EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
MOST_LABELS = 1000
MOST_TAINTS = 50  # as in a scenario


def node_fact(node: Object) -> NodeFact | None:
    """Return what a Node object says: allocatable amounts, labels, taints, zone.

    Amounts are those given, however large. Capacity stands in where a node states nothing allocatable
    (`has_allocatable`). None for a node that states no cpu, no memory or no pods, such as one whose
    kubelet never reported: nothing fits there.
    FieldError (its place in the object, what, what is allowed) if a field has a wrong type or value.
    """
    spec, status, metadata = (fields.mapping(node, key) for key in ("spec", "status", "metadata"))
    key = "allocatable" if has_allocatable(node) else "capacity"
    has = amounts.resources(status, key, "status.")
    cpu, memory = amounts.cpu_milli(has), amounts.size(has, amounts.MEMORY)
    pods = amounts.whole(has.get(amounts.PODS, 0))
    labels = fields.labels(metadata, "labels", "metadata.")
    if len(labels) > MOST_LABELS:
        raise FieldError(f"metadata.labels: must have at most {MOST_LABELS:,} entries, got {len(labels):,}")
    fact = NodeFact(
        cpu_milli=cpu or 0,
        memory_bytes=memory or 0,
        pods=pods,
        ephemeral_bytes=amounts.size(has, amounts.EPHEMERAL) or 0,
        extended=amounts.extended(
            has, without=(amounts.CPU, amounts.MEMORY, amounts.EPHEMERAL, amounts.PODS)
        ),
        labels=labels,
        taints=_taints(spec),
        unschedulable=fields.flag(spec, "unschedulable", "spec."),
        zone=next((labels[name] for name in ZONE_LABELS if labels.get(name)), ""),
    )
    return fact if cpu and memory and pods else None


def has_allocatable(node: Object) -> bool:
    """Return whether a Node states what is allocatable."""
    return bool(fields.mapping(fields.mapping(node, "status"), "allocatable", "status."))


def _taints(spec: Object) -> tuple[tuple[str, str, str], ...]:
    """Return key, value and effect of each taint, sorted."""
    given = fields.mappings(spec, "taints", "spec.")
    if len(given) > MOST_TAINTS:
        raise FieldError(f"spec.taints: must have at most {MOST_TAINTS} entries, got {len(given):,}")
    taints = []
    for i, taint in enumerate(given):
        at = f"spec.taints[{i}]."
        key, value, effect = (fields.text(taint, name, at) for name in ("key", "value", "effect"))
        if not key or effect not in EFFECTS:
            raise FieldError(f"spec.taints[{i}]: needs a key and an effect: {', '.join(EFFECTS)}")
        taints.append((key, value, effect))
    return tuple(sorted(taints))
