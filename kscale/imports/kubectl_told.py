"""What is told of a list of `kubectl get -o json`: counts, sizes and rates, free of names."""

from collections import Counter
from datetime import UTC, datetime

from kscale import units
from kscale.imports import list_values
from kscale.imports.facts import Facts, PodFacts, Source
from kscale.imports.fields import UNKNOWN
from kscale.imports.kubectl_reading import Reading
from kscale.imports.kubectl_types import PROTOBUF_PART
from kscale.imports.pod_object import BEING_DELETED, HAVE_ENDED, MOST_EXACT
from kscale.imports.vocabulary import RESOURCES

FORMAT = "kubectl"
MOST_TOLD = 12  # types told one by one; lengths of leases
_ONE = {BEING_DELETED: "pod that is being deleted", HAVE_ENDED: "pod that has ended"}


def facts(reading: Reading, source: str, file_bytes: int) -> Facts:
    """Return what a file says, for `kscale import`."""
    pods = reading.pods.facts() if len(reading.pods) else None
    types = reading.types.facts()
    control, of_kubelets = reading.control_plane.finish(), reading.nodes.profile()
    of_nodes = list_values.values(len(reading.nodes.facts), pods, types)
    if of_kubelets is not None:
        of_nodes.append(of_kubelets)
    return Facts(
        source=Source(FORMAT, source, file_bytes, _utc(reading.taken_s)),
        nodes=tuple(reading.nodes.facts) or None,
        pods=pods,
        types=types,
        places=reading.places.places(),
        values=(*of_nodes, *control.told_values()),
        also=(*_also(reading), *control.told_also()),
        read=(*_read(reading, pods), *control.told_read()),
        dropped=(*_dropped(reading), *control.told_dropped()),
        assumed=(*_assumed(reading), *control.told_assumed()),
    )


def _read(reading: Reading, pods: PodFacts | None) -> tuple[str, ...]:
    """Return the sentences on what is there."""
    types, told = reading.types, []
    if reading.nodes.facts:
        zones = {node.zone for node in reading.nodes.facts if node.zone}
        nowhere = sum(not node.zone for node in reading.nodes.facts)
        where = f"in {units.show_many(len(zones), 'zone')}" if zones else "without a zone"
        unnamed = f", {nowhere:,} of them in none" if zones and nowhere else ""
        told.append(f"{units.show_many(len(reading.nodes.facts), 'node')} {where}{unnamed}")
    if pods is not None:
        apps = int(pods.app.max()) + 1
        told.append(
            f"{units.show_many(len(pods.request), 'pod')} of {units.show_many(apps, 'app')} in "
            f"{units.show_many(reading.pods.namespaces, 'namespace')}, "
            f"with {units.show_many(len(pods.requests), 'distinct request')}"
        )
    others = {name: sizes.total() for name, sizes in types.sizes.items() if name not in {"nodes", "pods"}}
    public = sorted((name for name in others if name in RESOURCES), key=lambda name: (-others[name], name))
    told += [f"{_several(others[name], name)}{_of_nodes(name, reading)}" for name in public[:MOST_TOLD]]
    rest = [count for name, count in others.items() if name not in public[:MOST_TOLD]]
    if rest:
        told.append(f"{units.show_many(sum(rest), 'object')} of {units.show_many(len(rest), 'other type')}")
    if not types.sizes:
        told.append("no objects: the list is empty")
    elif types.managed_bytes:
        share = units.show_percent(types.managed_bytes / types.json_bytes)
        told.append(
            f"{units.show_bytes(types.json_bytes)} of JSON without blanks, {share} of it managedFields"
        )
    else:
        told.append(
            f"{units.show_bytes(types.json_bytes)} of JSON without blanks; kubectl left managedFields out"
        )
    return tuple(told)


def _of_nodes(name: str, reading: Reading) -> str:
    """Return how many leases are those of nodes."""
    of_nodes = reading.node_leases.total() if name == "leases" else 0
    return f", {of_nodes:,} of them of nodes" if of_nodes else ""


def _also(reading: Reading) -> tuple[str, ...]:
    """Return the sentences on what no scenario takes yet."""
    nodes, told = reading.nodes, []
    if nodes.images:
        each = units.show_number(nodes.images / nodes.seen)
        share = units.show_percent(nodes.image_bytes / nodes.json_bytes)
        told.append(
            f"nodes list {each} {'image' if each == '1' else 'images'} each, {share} of a node's JSON"
        )
    if reading.types.managed_bytes:
        share = units.show_percent(reading.types.managed_bytes / reading.types.json_bytes)
        told.append(f"managedFields are {share} of the objects' JSON")
    for what, leases in (("nodes", reading.node_leases), ("others", reading.other_leases)):
        if leases:
            told.append(
                f"leases of {what} last {_lengths(leases)}; how often they are renewed one list cannot say"
            )
    return tuple(told)


def _lengths(leases: Counter[int]) -> str:
    """Return the most frequent lengths of leases."""
    ordered = sorted(leases, key=lambda lasts: (-leases[lasts], lasts))
    told = [f"{lasts} s ({leases[lasts]:,})" for lasts in ordered[:MOST_TOLD]]
    return ", ".join(told) + (" and others" if len(ordered) > MOST_TOLD else "")


def _dropped(reading: Reading) -> tuple[str, ...]:
    """Return the sentences on what is left out."""
    told = [
        f"{count:,} {_ONE[kind] if count == 1 else kind}" for kind, count in sorted(reading.left_out.items())
    ]
    if reading.nodes.without_amounts:
        nodes = units.show_many(reading.nodes.without_amounts, "node")
        told.append(f"{nodes} without an amount of cpu, memory or pods above 0")
    told += [
        f"of the pods' specs: {kind} ({count:,})" for kind, count in sorted(reading.pods.dropped.items())
    ]
    return tuple(told)


def _assumed(reading: Reading) -> tuple[str, ...]:
    """Return the sentences on what is worked out."""
    told = []
    if reading.types.sizes:
        told.append(
            f"an object is stored in 1/{PROTOBUF_PART} of the bytes of its JSON, "
            "one of a custom resource in all of them"
        )
    if reading.nodes.by_capacity:
        nodes = units.show_many(reading.nodes.by_capacity, "node")
        told.append(f"{nodes} can allocate all capacity: nothing else is said")
    if reading.pods.merged:
        told.append(
            f"{reading.pods.merged:,} pods beyond {MOST_EXACT:,} distinct requests ask for amounts rounded "
            "up to powers of two, without selectors and tolerations"
        )
    return tuple(told)


def _utc(seconds: int) -> datetime | None:
    """Return a time."""
    return None if seconds == UNKNOWN else datetime.fromtimestamp(seconds, UTC)


def _several(number: int, plural: str) -> str:
    """Return a number with its noun: 1 event, 2 events."""
    return f"{number:,} {units.singular(plural) if number == 1 else plural}"
