"""Requests by kind: names of types, what changes the store, what goes into a scenario."""

import pytest

from kscale import units
from kscale.imports import request_mix, vocabulary
from kscale.imports.request_mix import Mix
from kscale.imports.versions import minor_alone, minor_of, nearest_profile


@pytest.mark.parametrize(
    ("resource", "group", "name"),
    [
        ("pods", "", "pods"),
        ("deployments", "apps", "deployments"),
        ("leases", "coordination.k8s.io", "leases"),
        ("events", "events.k8s.io", "events"),
        ("widgets", "example.com", "widgets.example.com"),
        ("pods", "metrics.k8s.io", "pods.metrics.k8s.io"),
        ("volumesnapshots", "snapshot.storage.k8s.io", "volumesnapshots.snapshot.storage.k8s.io"),
    ],
)
def test_types_are_named_as_in_a_scenario(resource: str, group: str, name: str) -> None:
    assert request_mix.type_of(resource, group) == name
    assert request_mix.is_name(resource, group)


def test_what_changes_the_store() -> None:
    assert request_mix.is_write(("patch", "pods", "status"))
    assert request_mix.is_write(("create", "pods", "binding"))
    assert not request_mix.is_write(("list", "pods", ""))
    assert not request_mix.is_write(("create", "pods", "exec"))
    assert not request_mix.is_write(("create", "tokenreviews", ""))
    assert not request_mix.is_write(("create", "serviceaccounts", "token"))
    assert request_mix.NOT_STORED <= vocabulary.RESOURCES
    assert set(request_mix.VERBS.values()) <= vocabulary.VERBS


def test_rates_come_back_as_written() -> None:
    for rate in (1e-6, 0.00012345, 0.5, 1, 12.345678, 123456.789):
        written = request_mix.rate_text(rate)
        assert float(units.parse_rate(written)) == pytest.approx(rate, rel=1e-3)


def test_rare_kinds_are_summed_up() -> None:
    mix = Mix()
    for at in range(request_mix.MOST_KINDS + 3):
        mix.add(("get", f"r{at}", ""), 0.01 if at < 3 else 1, changed=False)
    values, also = request_mix.values(mix, "a test", estimate=False)
    assert len(values) == request_mix.MOST_KINDS
    assert also == ["3 rare kinds of request, 1.80/min in all"]


def test_shares_name_only_built_in_types() -> None:
    mix = Mix({("list", "pods", ""): 3, ("list", "mine.example.com", ""): 1})
    assert request_mix.shares(mix) == "75 % list/pods"


def test_a_mix_without_reads_has_no_share_of_writes() -> None:
    keys = [
        one.key
        for one in request_mix.values(Mix({("create", "events", ""): 1.0}), "a test", estimate=False)[0]
    ]
    assert keys == ["load.requests.create/events"]


@pytest.mark.parametrize(
    ("version", "minor"),
    [
        ("v1.36.1", 36),
        ("1.14", 14),
        ("v1.29.3-gke.100+abc", 29),
        ("v2.1.0", None),
        ("v1", None),
        ("1.9999", None),
    ],
)
def test_versions_of_kubernetes(version: str, minor: int | None) -> None:
    assert minor_of(version) == minor


def test_the_nearest_profile() -> None:
    nearest = {minor: nearest_profile(minor) for minor in (1, 14, 17, 18, 27, 28, 29, 40)}
    assert nearest == {
        1: "k8s-1.14",
        14: "k8s-1.14",
        17: "k8s-1.20",  # as near to 1.14: the newer
        18: "k8s-1.20",
        27: "k8s-1.20",
        28: "k8s-1.36",
        29: "k8s-1.36",
        40: "k8s-1.36",
    }
    assert minor_alone("29+") == 29
    assert minor_alone("x") is None
