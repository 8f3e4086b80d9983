"""What a metric says of its origin: a cost moves only what is modelled."""

from dataclasses import replace

import pytest
from every_mechanism import IDS, cluster, works

from kscale.mechanisms.base import Mechanism
from kscale.mechanisms.registry import find
from kscale.scenario.cluster import Cluster

NOT_MODELLED = ("measured", "input")


def at(on: Cluster, cost: str, value: int) -> Cluster:
    """Return the cluster with another value of a coefficient."""
    coefficients = dict(on.costs.coefficients)
    coefficients[cost] = coefficients[cost].model_copy(update={"value": value})
    return replace(on, costs=replace(on.costs, coefficients=coefficients))


def moved(mechanism: Mechanism, on: Cluster) -> set[str]:
    """Return "metric by coefficient" for what a coefficient moves though it is not said to be modelled."""
    fixed = [metric.name for metric in mechanism.metrics if metric.provenance in NOT_MODELLED]
    before = works(mechanism, on)
    found = set()
    for cost in mechanism.costs:
        for end in on.costs.coefficients[cost].range:
            for variant, work in works(mechanism, at(on, cost, end)).items():
                differ = [name for name in fixed if work.get(name) != before[variant].get(name)]
                found |= {f"{name} by {cost}" for name in differ}
    return found


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("profile", ["k8s-1.14", "k8s-1.36"])
def test_a_coefficient_moves_only_what_is_modelled(name: str, profile: str) -> None:
    """At either end of the range of each coefficient, what was counted and what was given stay the same.

    What a cost can change is a model of a machine, whatever code computed it.
    """
    assert not moved(find(name), cluster(profile))


def test_a_wrong_label_is_found() -> None:
    """A latency on the virtual clock that claims to be measured is named with a cost that moves it."""
    real = find("etcd-sharding")
    wrong = tuple(
        replace(metric, provenance="measured") if metric.name == "put_p50_ns" else metric
        for metric in real.metrics
    )
    assert "put_p50_ns by etcd_client_round_trip_ns" in moved(
        replace(real, metrics=wrong), cluster("k8s-1.36")
    )
