"""kube-scheduler's recorded and derived cases."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from scheduling_cases import CPU_DEFAULT, MEMORY_DEFAULT, classes, nodes
from vectors_dir import files

from kscale.kernels import scheduling_choice as choice
from kscale.kernels import scheduling_exhaustive as exhaustive
from kscale.kernels import scheduling_sampling as sampling
from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import (
    sched_equivalence,
    sched_sampling,
    scheduling,
    scheduling_rules,
    scheduling_sample,
)
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load, Taken
from kscale.scenario.cluster import Constraints, NodeGroup, Nodes, PodClasses, Preference, Taint, Toleration

KNOWN = {"cpu_milli", "memory_bytes", "pods"}
EPHEMERAL = {"ephemeral_bytes", "ephemeral_storage_bytes", "ephemeral-storage", "ephemeral_storage"}
BY_HAND = {"level": False, "delta": True}


def cases(kind: str) -> list[Any]:
    """Return the cases of one kind from every file."""
    return [
        pytest.param(case, id=f"{path.stem}-{case['id']}")
        for path in files("scheduling")
        for case in json.loads(path.read_text())
        if case["kind"] == kind
    ]


def extended_of(case: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of a case's extended resources."""
    pods = [*case.get("existing_pods", []), *case.get("pods", []), *([case["pod"]] if "pod" in case else [])]
    parts = [node["allocatable"] for node in case["nodes"]] + [c for pod in pods for c in pod["containers"]]
    flat = [{**part, **part.get("extended", {})} for part in parts]
    return tuple(sorted({name for part in flat for name in part} - KNOWN - EPHEMERAL - {"extended"}))


def nodes_of(case: Mapping[str, Any], extended: Sequence[str]) -> Nodes:
    """Return a case's nodes, each a group of its own."""
    rows, groups = [], []
    for i, node in enumerate(case["nodes"]):
        has = {**node["allocatable"], **node["allocatable"].get("extended", {})}
        rows.append(
            {
                "cpu": has["cpu_milli"],
                "memory": has["memory_bytes"],
                "pods": has["pods"],
                "ephemeral": sum(has.get(name, 0) for name in EPHEMERAL),
                "extended": tuple(has.get(name, 0) for name in extended),
                "group": i,
            }
        )
        taints = tuple(Taint(t["key"], t.get("value", ""), t["effect"]) for t in node.get("taints", []))
        groups.append(NodeGroup(node.get("labels", {}), taints, node.get("unschedulable", False)))
    return nodes(rows, groups, len(extended))


def classes_of(pods: Sequence[Mapping[str, Any]], extended: Sequence[str]) -> PodClasses:
    """Return a class for each pod."""
    rows = []
    for pod in pods:
        parts = [{**one, **one.get("extended", {})} for one in pod["containers"]]
        rows.append(
            {
                "cpu": sum(part.get("cpu_milli", 0) for part in parts),
                "memory": sum(part.get("memory_bytes", 0) for part in parts),
                "cpu_nonzero": sum(part.get("cpu_milli", CPU_DEFAULT) for part in parts),
                "memory_nonzero": sum(part.get("memory_bytes", MEMORY_DEFAULT) for part in parts),
                "ephemeral": sum(part.get(name, 0) for part in parts for name in EPHEMERAL),
                "extended": tuple(sum(part.get(name, 0) for part in parts) for name in extended),
                "asks": constraints_of(pod),
            }
        )
    return classes(rows, len(extended))


def constraints_of(pod: Mapping[str, Any]) -> Constraints:
    """Return what a pod asks of nodes beside resources."""
    tolerations = tuple(
        Toleration(t.get("key", ""), t.get("operator", "Equal"), t.get("value", ""), t.get("effect", ""))
        for t in pod.get("tolerations", [])
    )
    selector = tuple((key, (value,)) for key, value in pod.get("node_selector", {}).items())
    preferred = tuple(Preference(p["weight"], p["key"], tuple(p["values"])) for p in pod.get("preferred", []))
    return Constraints(tolerations, selector, preferred)


def pending_of(case: Mapping[str, Any], pods: Sequence[Mapping[str, Any]], *, delta: bool) -> Pending:
    """Return a case as the mechanisms take it: existing pods are in use, *pods* come in order."""
    extended = extended_of(case)
    distinct = {json.dumps(pod, sort_keys=True): pod for pod in pods}
    number = {text: i for i, text in enumerate(distinct)}
    on, asking = nodes_of(case, extended), classes_of([*distinct.values()], extended)
    names = [node["name"] for node in case["nodes"]]
    existing = case.get("existing_pods", [])
    there = classes_of(existing, extended)
    where = np.array([names.index(pod["node"]) for pod in existing], dtype=np.int64)

    def total(amounts: np.ndarray[Any, np.dtype[np.int64]]) -> np.ndarray[Any, np.dtype[np.int64]]:
        out = np.zeros((on.count, *amounts.shape[1:]), dtype=np.int64)
        np.add.at(out, where, amounts)
        return out

    taken = Taken(
        total(there.cpu_milli),
        total(there.memory_bytes),
        total(there.cpu_nonzero),
        total(there.memory_nonzero),
        total(there.ephemeral_bytes),
        total(there.extended),
        total(np.ones(len(existing), dtype=np.int64)),
    )
    klass = np.array([number[json.dumps(pod, sort_keys=True)] for pod in pods], dtype=np.int32)
    return scheduling.assemble(
        on, asking, taken, klass, np.zeros(len(pods), dtype=np.uint32), Load(), delta=delta
    )


@pytest.mark.parametrize("case", cases("filter_score"))
def test_filters_and_scores(case: dict[str, Any]) -> None:
    """Feasible nodes, reasons and both node-local scores are those of kube-scheduler."""
    names = [node["name"] for node in case["nodes"]]
    wanted = case["expect"]
    for form, delta in BY_HAND.items():
        pending = pending_of(case, [case["pod"]], delta=delta)
        if "node_state" in case:
            for i, name in enumerate(names):
                for key, rows in (("requested", (5, 6)), ("nonzero_requested", (7, 8))):
                    free = pending.state[list(rows), i]
                    used = pending.nodes.cpu_milli[i] - free[0], pending.nodes.memory_bytes[i] - free[1]
                    said = case["node_state"][name][key]
                    assert used == (said["cpu_milli"], said["memory_bytes"])
        n = len(names)
        found, least, balanced = np.zeros(n, dtype=np.uint8), np.zeros(n), np.zeros(n)
        scores.rows(pending.state, pending.asks, 0, delta, found, least, balanced)
        standing = np.zeros(n, dtype=np.int32)
        choice.refuse(pending.rules.level_of[0], pending.group, found, standing)

        assert [name for name, score in zip(names, found, strict=True) if score] == wanted["feasible"]
        assert dict(zip(names, least.astype(int).tolist(), strict=True)) == wanted["least_allocated"]
        if wanted["balanced_allocation"] == "skipped":
            assert pending.asks[scores.BALANCE, 0] == 0
        else:
            got = dict(zip(names, balanced.astype(int).tolist(), strict=True))
            assert got == wanted["balanced_allocation"][form]
        why = {name: scheduling.reasons(pending, extended_of(case), i, 0) for i, name in enumerate(names)}
        assert {name: reason for name, reason in why.items() if reason} == wanted["rejected"]


@pytest.mark.tiny
@pytest.mark.parametrize("case", cases("normalize"))
def test_normalises(case: dict[str, Any]) -> None:
    """Raw points become 0..100 as each plugin does it."""
    given = case["input"]
    more = {key: given[key] for key in ("ignored", "containers") if key in given}
    assert scheduling_rules.normalize(case["plugin"], given["raw"], **more) == case["expect"]


@pytest.mark.tiny
@pytest.mark.parametrize("case", cases("sample_budget"))
def test_sample_sizes(case: dict[str, Any]) -> None:
    """The search stops at numFeasibleNodesToFind."""
    assert scheduling_sample.sample_size(case["nodes"], case["percentage"]) == case["expect"]


@pytest.mark.tiny
@pytest.mark.parametrize("case", cases("node_order"))
def test_visiting_order(case: dict[str, Any]) -> None:
    """Nodes are visited one of each zone in turn, however the zones are numbered."""
    names = [(zone, name) for zone, (_, members) in enumerate(case["zones"]) for name in members]
    zones = np.array([zone for zone, _ in names], dtype=np.int32)
    for numbers in (zones, zones.max(initial=0) - zones):
        order = scheduling_sample.visiting_order(numbers.astype(np.int32))
        assert [names[i][1] for i in order] == case["expect"]


@pytest.mark.parametrize("case", cases("sample_walk"))
def test_walks(case: dict[str, Any]) -> None:
    """One search looks at the nodes that findNodesThatPassFilters looks at with one worker."""
    n = case["nodes"]
    plain = {"allocatable": {"cpu_milli": 1000, "memory_bytes": 1000, "pods": 9}}
    on = [dict(plain, name=str(i), unschedulable=i in case["infeasible"]) for i in range(n)]
    pending = pending_of({"nodes": on}, [{"containers": []}], delta=False)
    found, standing = np.zeros(n, dtype=np.uint8), np.zeros(n, dtype=np.int32)
    work = np.zeros(exhaustive.WORK, dtype=np.int64)
    looked = sampling.walk(
        pending.state, pending.asks, 0, False, pending.rules.level_of[0], pending.group, case["start"],
        case["need"], found, standing, work,
    )  # fmt: skip
    visited = [(case["start"] + i) % n for i in range(looked)]
    got = {
        "feasible": [i for i, score in zip(visited, found[:looked], strict=True) if score],
        "rejected": [i for i, score in zip(visited, found[:looked], strict=True) if not score],
        "next_start": (case["start"] + looked) % n,
    }
    assert got == case["expect"]


@pytest.mark.parametrize("form", BY_HAND)
@pytest.mark.parametrize("case", cases("sequence"))
def test_sequences(case: dict[str, Any], form: str) -> None:
    """A list of pods goes where kube-scheduler puts it, whichever way the nodes are searched."""
    names = [node["name"] for node in case["nodes"]]
    pending = pending_of(case, case["pods"], delta=BY_HAND[form])
    job = sched_equivalence.Job(pending, cache=2**20)
    wanted = case["expect"][form]
    for variant in sched_equivalence.MECHANISM.variants.values():
        state = variant.build(job)
        node_of = variant.run(state).answer.node_of.tolist()
        assert [None if i < 0 else names[i] for i in node_of] == wanted["placements"]
        for i, name in enumerate(names):
            last = wanted["final"][name]
            assert (
                pending.nodes.cpu_milli[i] - state.state[scores.FREE_CPU, i] == last["requested"]["cpu_milli"]
            )
            used = pending.nodes.memory_bytes[i] - state.state[scores.FREE_MEM, i]
            assert used == last["requested"]["memory_bytes"]
            assert pending.nodes.pods[i] - state.state[scores.ROOM, i] == last["pods"]


@pytest.mark.parametrize("form", BY_HAND)
@pytest.mark.parametrize("case", cases("sequence"))
def test_sequences_sampled(case: dict[str, Any], form: str) -> None:
    """Samples place feasibly, and leave nothing out that has room; of a small cluster they are the whole."""
    pending = pending_of(case, case["pods"], delta=BY_HAND[form])
    order = np.arange(pending.nodes.count, dtype=np.int32)
    need = scheduling_sample.sample_size(pending.nodes.count, 0)
    job = sched_sampling.Job(pending, pending, order, need)
    outcomes = {name: v.run(v.build(job)) for name, v in sched_sampling.MECHANISM.variants.items()}
    sched_sampling.agree(job, outcomes)
    expected = sum(name is not None for name in case["expect"][form]["placements"])
    assert outcomes["optimized"].work["placed"] == expected
