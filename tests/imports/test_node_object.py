"""Nodes: what fits on them, and what is refused."""

from typing import Any

import kubectl_objects as made
import pytest

from kscale.imports.fields import FieldError
from kscale.imports.node_object import node_fact


def test_a_node_is_read_whole() -> None:
    """Allocatable amounts, labels, taints and zone; resources of which there are none are not there."""
    fact = node_fact(made.node(10))
    assert fact is not None
    assert (fact.cpu_milli, fact.memory_bytes, fact.pods) == (31_850, 128 * 2**30, 110)
    assert fact.ephemeral_bytes == 102_350 * 2**20
    assert fact.extended == (("nvidia.com/gpu", 8),)
    assert fact.taints == (("dedicated", "gpu", "NoSchedule"),)
    assert fact.zone == "eu-1b"
    assert fact.labels["pool"] == "gpu"
    assert not fact.unschedulable


@pytest.mark.parametrize("label", ["topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"])
def test_zones_have_an_old_label_too(label: str) -> None:
    """Before Kubernetes 1.17 the label was another."""
    fact = node_fact(with_status({"cpu": "1", "memory": "1Gi", "pods": "10"}, labels={label: "a"}))
    assert fact is not None
    assert fact.zone == "a"


def test_capacity_stands_in_for_allocatable() -> None:
    """A node that states only what it has can allocate all of it."""
    fact = node_fact({"status": {"capacity": {"cpu": 2, "memory": "1e9", "pods": "5"}}})
    assert fact is not None
    assert (fact.cpu_milli, fact.memory_bytes, fact.pods, fact.zone) == (2000, 10**9, 5, "")


def test_amounts_beyond_a_scenario_are_as_given() -> None:
    """The columns bring them to what it takes, and say so."""
    large = {"cpu": "1M", "memory": "2Pi", "ephemeral-storage": "2Pi", "pods": "1M", "hugepages-1Gi": "1Ti"}
    fact = node_fact(with_status(large))
    assert fact is not None
    assert (fact.cpu_milli, fact.pods) == (10**9, 10**6)
    assert fact.memory_bytes == fact.ephemeral_bytes == 2**51
    assert fact.extended == (("hugepages-1Gi", 2**40),)


@pytest.mark.parametrize("missing", ["cpu", "memory", "pods"])
def test_nothing_fits_on_a_node_without_amounts(missing: str) -> None:
    """A node whose kubelet never reported is no node."""
    amounts = {"cpu": "1", "memory": "1Gi", "pods": "10"}
    assert node_fact(with_status(amounts | {missing: "0"})) is None
    del amounts[missing]
    assert node_fact(with_status(amounts)) is None


@pytest.mark.parametrize(
    ("node", "what"),
    [
        ({"status": 3}, "status: must map keys to values, got 3"),
        ({"status": {"allocatable": []}}, "status.allocatable: must map keys to values, got a list"),
        (
            {"status": {"allocatable": {"cpu": "1 core"}}},
            "status.allocatable.cpu: '1 core' is not a quantity",
        ),
        ({"status": {"allocatable": {"cpu": "-1"}}}, "'-1' is negative"),
        ({"status": {"allocatable": {"memory": "NaN"}}}, "'NaN' is not a quantity"),
        ({"status": {"allocatable": {"memory": "8Ei"}}}, "status.allocatable.memory: '8Ei' is too large"),
        (
            {"status": {"allocatable": {"a b": "1"}}},
            "status.allocatable: names must be of letters and digits",
        ),
        ({"metadata": {"labels": {"a": 1}}}, "metadata.labels: must be text, got 1"),
        ({"metadata": {"labels": {"a": "\x1b[31m"}}}, "metadata.labels: must be one line"),
        ({"metadata": {"labels": {"a": "b" * 254}}}, "at most 253 characters"),
        ({"spec": {"taints": {}}}, "spec.taints: must be a list"),
        ({"spec": {"taints": [3]}}, "spec.taints[0]: must map keys to values, got 3"),
        ({"spec": {"taints": [{"key": "a", "effect": "No"}]}}, "spec.taints[0]: needs a key and an effect"),
        ({"spec": {"taints": [{"key": "a", "effect": "NoExecute"}] * 51}}, "at most 50 entries"),
        (
            {"spec": {"unschedulable": "yes"}},
            "spec.unschedulable: must be true or false, got text of 3 characters",
        ),
    ],
)
def test_wrong_fields_are_named(node: dict[str, Any], what: str) -> None:
    """The place in the object and what is wrong there."""
    with pytest.raises(FieldError) as caught:
        node_fact(node)
    assert what in str(caught.value)


def with_status(allocatable: dict[str, Any], labels: dict[str, str] | None = None) -> dict[str, Any]:
    """Return a node that states *allocatable*."""
    return {"metadata": {"labels": labels or {}}, "status": {"allocatable": allocatable}}
