"""Small clusters in the words in which scheduling cases are recorded: nodes, and pods in the order they come.

tests/vectors/scheduling/README.md says what the words mean.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.mechanisms import scheduling
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load, nothing_taken
from kscale.scenario.cluster import Constraints, NodeGroup, Nodes, PodClasses, Preference, Taint, Toleration
from kscale.units import show_bytes, show_many

CPU_DEFAULT, MEMORY_DEFAULT = 100, 200 * 2**20  # of a container that states none: the scheduler's
GIB = 2**30
HALF = 2**31  # a draw that takes the upper half of the nodes that tie

Words = Mapping[str, Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Case:
    """A small cluster, empty, and pods to place."""

    nodes: Sequence[Words]
    pods: Sequence[Words]
    draws: Sequence[int]  # of each pod, for ties; 0 takes the lowest node
    delta: bool  # form of BalancedAllocation

    def pending(self) -> Pending:
        """Return it as the mechanisms take it: a class for equal pods, a group for each node."""
        distinct = {_text(pod): pod for pod in self.pods}
        number = {text: k for k, text in enumerate(distinct)}
        on = _nodes(self.nodes)
        return scheduling.assemble(
            on,
            _classes([*distinct.values()]),
            nothing_taken(on),
            np.array([number[_text(pod)] for pod in self.pods], np.int32),
            np.array(self.draws, np.uint32),
            Load(),
            delta=self.delta,
        )

    def lines(self, pods: int | None = None) -> Iterator[str]:
        """Yield the nodes and the first *pods* pods, or all, a line each; equal ones in one line."""
        yield from _together("node", [_node(one) for one in self.nodes])
        draws = [f", draw {draw / 2**32:.2g} where nodes tie" if draw else "" for draw in self.draws]
        asked = [f"{_pod(one)}{draw}" for one, draw in zip(self.pods, draws, strict=True)]
        yield from _together("pod", asked[:pods])


def said(node: int) -> str:
    """Return a placement as people say it."""
    return "no node" if node == exhaustive.PENDING else f"node {node}"


def _together(what: str, about: Sequence[str]) -> Iterator[str]:
    """Yield a line for each, equal ones that follow one another in one."""
    first = 0
    for k, one in enumerate(about):
        if k + 1 == len(about) or about[k + 1] != one:
            yield f"{what} {k}: {one}" if k == first else f"{what}s {first}-{k}: each {one}"
            first = k + 1


def _text(pod: Words) -> str:
    """Return what equal pods have in common."""
    return json.dumps(pod, sort_keys=True)


def _column(values: Sequence[int]) -> Ints:
    """Return one column."""
    return np.array(values, np.int64)


def _nodes(rows: Sequence[Words]) -> Nodes:
    """Return the nodes, each a group of its own."""
    has = [row["allocatable"] for row in rows]
    groups = [
        NodeGroup(
            row.get("labels", {}),
            tuple(Taint(one["key"], one.get("value", ""), one["effect"]) for one in row.get("taints", [])),
            row.get("unschedulable", False),
        )
        for row in rows
    ]
    return Nodes(
        cpu_milli=_column([one["cpu_milli"] for one in has]),
        memory_bytes=_column([one["memory_bytes"] for one in has]),
        ephemeral_bytes=_column([0] * len(rows)),
        pods=_column([one["pods"] for one in has]),
        extended=np.zeros((len(rows), 0), np.int64),
        zone=np.zeros(len(rows), np.int32),
        group=np.arange(len(rows), dtype=np.int32),
        groups=tuple(groups),
    )


def _classes(pods: Sequence[Words]) -> PodClasses:
    """Return a class for each pod."""

    def asked(key: str, unstated: int) -> Ints:
        return _column([sum(one.get(key, unstated) for one in pod["containers"]) for pod in pods])

    return PodClasses(
        cpu_milli=asked("cpu_milli", 0),
        memory_bytes=asked("memory_bytes", 0),
        cpu_nonzero=asked("cpu_milli", CPU_DEFAULT),
        memory_nonzero=asked("memory_bytes", MEMORY_DEFAULT),
        ephemeral_bytes=_column([0] * len(pods)),
        extended=np.zeros((len(pods), 0), np.int64),
        constraints=tuple(_constraints(pod) for pod in pods),
    )


def _constraints(pod: Words) -> Constraints:
    """Return what a pod asks of nodes beside resources."""
    tolerations = tuple(
        Toleration(
            one.get("key", ""), one.get("operator", "Equal"), one.get("value", ""), one.get("effect", "")
        )
        for one in pod.get("tolerations", [])
    )
    selector = tuple((key, (value,)) for key, value in pod.get("node_selector", {}).items())
    preferred = tuple(
        Preference(one["weight"], one["key"], tuple(one["values"])) for one in pod.get("preferred", [])
    )
    return Constraints(tolerations, selector, preferred)


def _node(one: Words) -> str:
    """Return a node in words."""
    has = one["allocatable"]
    parts = [
        f"{has['cpu_milli']}m cpu, {show_bytes(has['memory_bytes'])}, at most {show_many(has['pods'], 'pod')}"
    ]
    parts += [f"label {key}={value}" for key, value in one.get("labels", {}).items()]
    parts += [f"taint {taint['key']}:{taint['effect']}" for taint in one.get("taints", [])]
    return ", ".join(parts + ["unschedulable"] * one.get("unschedulable", False))


def _pod(one: Words) -> str:
    """Return what a pod asks, in words."""
    parts = [
        f"asks {part.get('cpu_milli', 0)}m cpu, {show_bytes(part.get('memory_bytes', 0))}"
        for part in one["containers"]
    ] or ["asks nothing"]
    parts += [f"tolerates {toleration['key']}" for toleration in one.get("tolerations", [])]
    parts += [f"only nodes with {key}={value}" for key, value in one.get("node_selector", {}).items()]
    parts += [
        f"rather nodes with {each['key']}={each['values'][0]} ({each['weight']})"
        for each in one.get("preferred", [])
    ]
    return ", ".join(parts)


def _maybe(what: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Return a list of one, or mostly of none."""
    return st.just([]) | st.just([]) | st.lists(what, min_size=1, max_size=1)


NODES = st.fixed_dictionaries(
    {
        "allocatable": st.fixed_dictionaries(
            {
                "cpu_milli": st.sampled_from((1000, 2000, 4000)),
                "memory_bytes": st.sampled_from((GIB, 4 * GIB, 8 * GIB)),
                "pods": st.integers(1, 4),
            }
        ),
        "labels": st.just({}) | st.just({"disk": "ssd"}),
        "taints": _maybe(
            st.sampled_from(
                ({"key": "gpu", "effect": "NoSchedule"}, {"key": "old", "effect": "PreferNoSchedule"})
            )
        ),
    }
)
PODS = st.fixed_dictionaries(
    {
        "containers": st.lists(
            st.fixed_dictionaries(
                {
                    "cpu_milli": st.sampled_from((100, 500, 1500)),
                    "memory_bytes": st.sampled_from((GIB // 4, GIB, 3 * GIB)),
                }
            ),
            min_size=1,
            max_size=1,
        ),
        "tolerations": _maybe(st.just({"key": "gpu", "operator": "Exists"})),
        "node_selector": st.just({}) | st.just({}) | st.just({"disk": "ssd"}),
        "preferred": _maybe(st.just({"weight": 10, "key": "disk", "values": ["ssd"]})),
    }
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw a small cluster, and pods of a few kinds."""
    nodes = draw(st.lists(NODES, min_size=1, max_size=5))
    kinds = draw(st.lists(PODS, min_size=1, max_size=3))
    pods = draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=10))
    ties = draw(st.lists(st.sampled_from((0, 0, HALF)), min_size=len(pods), max_size=len(pods)))
    return Case(nodes, pods, ties, draw(st.booleans()))
