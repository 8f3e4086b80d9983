"""Imported nodes as columns: distinct shapes, zones as numbers, names renamed."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import anonymize
from kscale.imports.anonymize import Rename
from kscale.imports.facts import NodeFact
from kscale.scenario.recorded import MOST_SHAPES, RecordedNodes
from kscale.scenario.schema_cluster import MOST_NODES, ShapeSpec

MOST_CPU_MILLI, MOST_BYTES, MOST_PODS, MOST_AMOUNT = 10**8, 2**50, 100_000, 10**12  # of ShapeSpec
MOST_TAINTS = 50
MOST_ZONES = 1000

Asked = Mapping[str, frozenset[str]]  # label, its values that any pod asks for


def make(
    nodes: Sequence[NodeFact],
    asked: Asked,
    resources: frozenset[str],
    rename: Rename,
    dropped: list[str],
    assumed: list[str],
) -> RecordedNodes | None:
    """Return the nodes as distinct shapes and zones; None if none of them takes a pod."""
    able = [node for node in nodes if node.cpu_milli > 0 and node.memory_bytes > 0 and node.pods > 0]
    if len(able) < len(nodes):
        dropped.append(
            f"{units.show_many(len(nodes) - len(able), 'node')} without cpu, memory or room for pods"
        )
    if len(able) > MOST_NODES:
        raise KscaleError(f"{len(able):,} nodes are more than a scenario takes, {MOST_NODES:,}")
    if not able:
        return None
    large = sum(_is_too_large(node) for node in able)
    if large:
        assumed.append(
            f"{units.show_many(large, 'node')} larger than a scenario takes: made as large as it takes"
        )
    shapes: dict[_ShapeKey, int] = {}
    for step, said in (
        (1, ""),
        (2**20, "memory of nodes is rounded down to MiB: there are more than {most:,} different nodes"),
        (2**30, "memory of nodes is rounded down to GiB: there are more than {most:,} different nodes"),
    ):
        if said:
            assumed.append(said.format(most=MOST_SHAPES))
        keys = [_shape_key(node, asked, resources, step) for node in able]
        shapes = {key: number for number, key in enumerate(dict.fromkeys(keys))}
        if len(shapes) <= MOST_SHAPES:
            break
    else:
        raise KscaleError(f"there are {len(shapes):,} different nodes; at most {MOST_SHAPES:,} can be kept")
    specs = tuple(_shape(key, rename) for key in shapes)
    zone, zones = _zones(able, assumed)
    return RecordedNodes(specs, np.array([shapes[key] for key in keys], dtype=np.int32), zone, zones)


def _is_too_large(node: NodeFact) -> bool:
    """Return whether a node has more of anything than a shape can say."""
    return (
        bool(node.cpu_milli > MOST_CPU_MILLI)
        or max(node.memory_bytes, node.ephemeral_bytes) > MOST_BYTES
        or node.pods > MOST_PODS
        or any(amount > MOST_AMOUNT for _, amount in node.extended)
    )


_ShapeKey = tuple[
    int,
    int,
    int,
    int,
    tuple[tuple[str, int], ...],
    tuple[tuple[str, str], ...],
    tuple[tuple[str, str, str], ...],
    bool,
]


def _shape_key(node: NodeFact, asked: Asked, resources: frozenset[str], step: int) -> _ShapeKey:
    """Return everything of a node that matters to a pod; memory in whole *step* bytes."""
    memory = max(min(node.memory_bytes, MOST_BYTES) // step * step, 1)
    return (
        min(node.cpu_milli, MOST_CPU_MILLI),
        memory,
        min(node.pods, MOST_PODS),
        min(max(node.ephemeral_bytes, 0), MOST_BYTES),
        tuple(
            (name, min(amount, MOST_AMOUNT)) for name, amount in sorted(node.extended) if name in resources
        ),
        tuple(sorted((key, value) for key, value in node.labels.items() if value in asked.get(key, ()))),
        tuple(sorted(set(node.taints)))[:MOST_TAINTS],
        node.unschedulable,
    )


def _shape(key: _ShapeKey, rename: Rename) -> ShapeSpec:
    """Return the shape of a key, its names renamed."""
    cpu, memory, pods, ephemeral, extended, labels, taints, unschedulable = key
    return ShapeSpec.model_validate(
        {
            "cpu": units.exact_cpu(cpu),
            "memory": memory,
            "pods": pods,
            "ephemeral": ephemeral,
            "extended": anonymize.by_key(
                {rename(anonymize.RESOURCE, name): amount for name, amount in extended}
            ),
            "labels": anonymize.by_key(
                {rename(anonymize.LABEL, name): rename(anonymize.VALUE, value) for name, value in labels}
            ),
            "taints": [
                {
                    "key": rename(anonymize.LABEL, name),
                    "value": rename(anonymize.VALUE, value),
                    "effect": effect,
                }
                for name, value, effect in taints
            ],
            "unschedulable": unschedulable,
        }
    )


def _zones(nodes: Sequence[NodeFact], assumed: list[str]) -> tuple[NDArray[np.int32], int]:
    """Return the zone of each node as a number, the largest zone first, and how many there are."""
    sizes = Counter(node.zone for node in nodes)
    if list(sizes) == [""]:
        assumed.append("all nodes are in one zone: none of them names one")
    elif sizes[""]:
        assumed.append(
            f"{units.show_many(sizes[''], 'node')} without a zone: counted as one zone more, "
            f"{len(sizes):,} in all"
        )
    order = sorted(sizes, key=lambda zone: (-sizes[zone], zone))
    if len(order) > MOST_ZONES:
        assumed.append(
            f"{units.show_many(len(order) - MOST_ZONES, 'small zone')} counted as the last of {MOST_ZONES:,}"
        )
    number = {zone: min(place, MOST_ZONES - 1) for place, zone in enumerate(order)}
    return np.array([number[node.zone] for node in nodes], dtype=np.int32), min(len(order), MOST_ZONES)
