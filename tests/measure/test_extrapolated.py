"""Coefficients that are used beyond where they were measured are told, by every mechanism that reads them."""

from pathlib import Path

import pytest
from made_points import SETTINGS, points

from kscale.calibrate import families
from kscale.calibrate.fit import fit
from kscale.calibrate.meant import MEANT
from kscale.measure import extrapolated
from kscale.mechanisms import etcd_puts
from kscale.mechanisms.base import Mechanism
from kscale.mechanisms.registry import MECHANISMS, find
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster

OF_NO_SIZE = {"etcd_client_round_trip_ns"}  # a round trip is the same for all: it is said to be unchecked
NOT_ASKED = {"store_keys"}  # of that round trip
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
    """All of them by what `kscale calibrate` measures them at; least before most."""
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
        assert at.keys() <= SETTINGS.keys()
        assert all(0 <= least <= most for least, most in at.values())


def test_every_setting_that_a_calibration_writes_is_asked_of_a_mechanism() -> None:
    """And each coefficient by one at least of the settings of its own families."""
    said: dict[str, set[str]] = {}
    asked = [
        *((one, one.params()) for one in MECHANISMS),
        (find("etcd-sharding"), find("etcd-sharding").params(clients=2)),
        (find("controller-standby"), find("controller-standby").params(source="pages")),
    ]
    for mechanism, params in asked:
        if mechanism.settings is not None:
            for name, at in mechanism.settings(cluster(), params).items():
                said.setdefault(name, set()).update(at)
    fits = {
        name: found
        for name, formula in families.FORMULAS.items()
        if formula.terms and (found := fit(formula, points(formula))) is not None
    }
    written = {
        one.name: set.intersection(*(set(fits[family].over) for family in one.families)) for one in MEANT
    }
    assert set().union(*written.values()) - set().union(*said.values()) == NOT_ASKED
    alone = {name for name, over in written.items() if not over & said.get(name, set())}
    assert alone <= OF_NO_SIZE


def test_what_nothing_tells_of_is_said_to_be_unchecked() -> None:
    """A coefficient of whose settings a mechanism says nothing; not one that a cell does not use."""
    mechanism = find("etcd-sharding")
    alone = {"etcd_client_round_trip_ns": "{store_keys: [1, 2]}", "etcd_commit_ps_per_byte": "{puts: [1, 9]}"}
    here = cluster(alone)
    assert extrapolated.unchecked(mechanism, here, mechanism.params()) == ["etcd_client_round_trip_ns"]
    assert set(extrapolated.unchecked(mechanism, here, mechanism.params(clients=9))) == set(alone)
    assert extrapolated.unchecked(mechanism, cluster(), mechanism.params()) == []
    mechanism = find("controller-standby")
    here = cluster({"list_fetch_ps_per_byte": "{keys: [1, 2]}"})
    assert extrapolated.unchecked(mechanism, here, mechanism.params(source="cache")) == []
    assert extrapolated.of(mechanism, here, mechanism.params(source="cache")) == []


def test_many_keys_each_in_range_may_be_a_list_that_is_not() -> None:
    """Its bytes are measured too."""
    for name in ("list-index", "etcd-concurrent-reads"):
        mechanism = find(name)
        over = "{keys: [1, 1000000], value_bytes: [1, 1000000], list_bytes: [1, 20480]}"
        here = cluster({"list_etcd_cpu_ps_per_byte": over})
        (one,) = extrapolated.of(mechanism, here, mechanism.params())
        assert (one.coefficient, one.setting) == ("list_etcd_cpu_ps_per_byte", "list_bytes")
        assert one.used[1] > 20_480


def test_a_commit_holds_what_is_put_until_it_is_due() -> None:
    """Rate x 100 ms, up to 10,000 operations; a flush what comes while one is under way."""
    here = cluster()
    asked = etcd_puts.settings(here, [(1000.0, 100)])
    record = here.costs["etcd_wal_record_bytes"]
    flushed = max(1, round(1000 * here.control_plane.etcd_fsync_ns / 1e9))
    assert asked["etcd_commit_ps_per_byte"] == {"puts": (100, 100), "bytes": (10_000, 10_000)}
    assert asked["etcd_log_ps_per_byte"] == {
        "puts": (1, flushed),
        "wal_bytes": (100 + record, flushed * (100 + record)),
    }
    most = etcd_puts.settings(here, [(1e6, 100)])["etcd_commit_ps_per_byte"]
    assert most == {"puts": (10_000, 10_000), "bytes": (1_000_000, 1_000_000)}


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
    here = cluster({"etcd_write_cpu_ns": "{value_bytes: [256, 256], clients: [1, 64]}"})
    alike = mechanism.params(clients=64, put_bytes=256)
    assert extrapolated.of(mechanism, here, alike) == []
    (one,) = extrapolated.of(mechanism, here, mechanism.params(clients=72, put_bytes=256))
    assert (one.setting, one.measured, one.used) == ("clients", (1, 64), (72, 72))
    assert [one.setting for one in extrapolated.of(mechanism, here, mechanism.params())] == ["value_bytes"]
