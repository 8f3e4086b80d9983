"""Coefficients that are used beyond where they were measured are told, by every mechanism that reads them."""

from pathlib import Path

import pytest

from kscale.calibrate.meant import MEANT
from kscale.measure import extrapolated
from kscale.mechanisms.base import Mechanism
from kscale.mechanisms.registry import MECHANISMS, find
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster

OF_NO_SIZE = {"etcd_client_round_trip_ns"}  # a round trip is the same for all
MEASURED = {one.name for one in MEANT} - OF_NO_SIZE
SMALL = "schema: kscale.scenario/1\ncluster: {nodes: {count: 20}, pods: {count: 300}}\n"


def cluster(over: dict[str, str] | None = None) -> Cluster:
    """Return a small cluster whose coefficients were measured *over* that."""
    text = SMALL
    if over:
        known = build.build(load.parse(SMALL.encode(), "s", "s").scenario).costs.coefficients
        text += "costs:\n  coefficients:\n"
        for name, said in over.items():
            one = known[name]
            text += (
                f"    {name}: {{value: {one.value}, range: [0, {one.value + 1}], unit: {one.unit},"
                f" provenance: measured, about: x, source: x, over: {said}}}\n"
            )
    return build.build(load.parse(text.encode(), "s.yaml", "s.yaml", folder=Path()).scenario)


@pytest.mark.parametrize("mechanism", MECHANISMS, ids=lambda one: one.id)
def test_a_mechanism_says_where_it_uses_each_coefficient_that_can_be_measured(mechanism: Mechanism) -> None:
    """All of them by keys, bytes of values, clients or bytes of the store; least before most."""
    read = MEASURED & set(mechanism.costs)
    params = mechanism.params()
    if mechanism.id == "controller-standby":
        params = mechanism.params(source="pages")  # from the cache it reads none of them
    if not read:
        assert mechanism.settings is None
        return
    assert mechanism.settings is not None
    asked = mechanism.settings(cluster(), params)
    assert asked.keys() == read
    for at in asked.values():
        assert at
        assert at.keys() <= {"keys", "value_bytes", "clients", "db_bytes"}
        assert all(0 <= least <= most for least, most in at.values())


def test_only_what_leaves_the_measured_range_is_told() -> None:
    """At either end, and only of settings that both know."""
    mechanism = find("list-index")
    within = cluster({"list_walk_ns_per_key": "{keys: [300, 300], clients: [1, 1]}"})
    assert extrapolated.of(mechanism, within, mechanism.params()) == []
    assert extrapolated.of(mechanism, cluster(), mechanism.params()) == []
    for ends in ("[1, 273]", "[333, 1000]"):  # a tenth more or less is not far
        nearly = cluster({"list_walk_ns_per_key": f"{{keys: {ends}}}"})
        assert extrapolated.of(mechanism, nearly, mechanism.params()) == []
    for ends in ("[1, 272]", "[334, 1000]"):
        beyond = cluster({"list_walk_ns_per_key": f"{{keys: {ends}, value_bytes: [0, 2097152]}}"})
        (one,) = extrapolated.of(mechanism, beyond, mechanism.params())
        assert (one.coefficient, one.setting, one.used) == ("list_walk_ns_per_key", "keys", (300, 300))


def test_what_a_cell_asks_for_counts_not_the_cluster() -> None:
    """Parameters change the sizes."""
    mechanism = find("etcd-sharding")
    here = cluster({"etcd_commit_ps_per_byte": "{value_bytes: [256, 256], clients: [1, 64]}"})
    alike = mechanism.params(clients=64, put_bytes=256)
    assert extrapolated.of(mechanism, here, alike) == []
    (one,) = extrapolated.of(mechanism, here, mechanism.params(clients=72, put_bytes=256))
    assert (one.setting, one.measured, one.used) == ("clients", (1, 64), (72, 72))
    assert [one.setting for one in extrapolated.of(mechanism, here, mechanism.params())] == ["value_bytes"]
