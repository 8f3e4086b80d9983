"""Merged facts to the columns of a recorded cluster: names renamed, nodes and requests made distinct.

Exact reductions, which change nothing for any pod: labels that no pod asks for and extended resources
that no pod wants are left out. What a scenario cannot hold is brought to the nearest it can, and said.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kscale.imports import columns_nodes, columns_pods
from kscale.imports.anonymize import Rename
from kscale.imports.facts import NodeFact, PodFacts
from kscale.scenario.recorded import RecordedNodes, RecordedPods
from kscale.scenario.resolve import MOST_EXTENDED
from kscale.scenario.schema_cluster import RequestSpec


@dataclass(frozen=True, slots=True)
class Made:
    """Columns, and what was done to make them."""

    nodes: RecordedNodes | None
    pods: RecordedPods | None
    dropped: tuple[str, ...]
    assumed: tuple[str, ...]


def make(nodes: Sequence[NodeFact] | None, pods: PodFacts | None, rename: Rename) -> Made:
    """Return the columns of *nodes* and *pods*; KscaleError if they are more than any scenario takes."""
    dropped: list[str] = []
    assumed: list[str] = []
    resources = _resources(nodes or (), pods, assumed)
    requests: tuple[RequestSpec, ...] = ()
    made_pods = made_nodes = None
    if pods is not None:
        requests, of_pod = columns_pods.distinct_requests(pods, resources, assumed)
        made_pods = columns_pods.make(pods, requests, of_pod, rename)
    if nodes:
        made_nodes = columns_nodes.make(nodes, _asked(requests), resources, rename, dropped, assumed)
    return Made(made_nodes, made_pods, tuple(dropped), tuple(assumed))


def _resources(nodes: Sequence[NodeFact], pods: PodFacts | None, assumed: list[str]) -> frozenset[str]:
    """Return the extended resources to keep: those that pods ask for; without pods, those that nodes have."""
    wanted: Counter[str] = Counter()
    if pods is not None:
        times = np.bincount(pods.request, minlength=len(pods.requests)).tolist()
        for request, number in zip(pods.requests, times, strict=True):
            wanted.update(dict.fromkeys(request.extended, number))
    else:
        wanted.update(name for node in nodes for name, amount in node.extended if amount)
    order = sorted(wanted, key=lambda name: (-wanted[name], name))
    if len(order) > MOST_EXTENDED:
        assumed.append(
            f"without {len(order) - MOST_EXTENDED} of {len(order)} extended resources: the least wanted"
        )
    return frozenset(order[:MOST_EXTENDED])


def _asked(requests: Sequence[RequestSpec]) -> dict[str, frozenset[str]]:
    """Return the labels and values that any pod asks for."""
    asked: dict[str, set[str]] = {}
    for request in requests:
        for key, values in request.selector.items():
            asked.setdefault(key, set()).update(values)
        for one in request.preferred:
            asked.setdefault(one.key, set()).update(one.values)
    return {key: frozenset(values) for key, values in asked.items()}
