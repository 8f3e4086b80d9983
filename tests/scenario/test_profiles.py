"""Profiles differ where the versions did."""

import pytest

from kscale.errors import KscaleError
from kscale.scenario import profiles


def test_versions_differ_where_they_did() -> None:
    """The constants the mechanisms of today read."""
    rows = [
        (one.name, one.balanced, one.watch_channel, one.watch_scopes, one.watch_dispatch, one.etcd_freelist)
        for one in profiles.PROFILES.values()
    ]
    assert rows == [
        ("k8s-1.14", "level", "fixed", False, "sequential", "array"),
        ("k8s-1.20", "level", "fixed", False, "two-phase", "array"),
        ("k8s-1.36", "delta", "by-history", True, "two-phase", "hashmap"),
    ]
    assert [one.node_status_period_ns // profiles.S for one in profiles.PROFILES.values()] == [60, 300, 300]
    assert [(one.kubelet_qps, one.kubelet_burst) for one in profiles.PROFILES.values()] == [
        (5, 10),
        (5, 10),
        (50, 100),
    ]
    assert [one.list_namespace_slo_ns // profiles.S for one in profiles.PROFILES.values()] == [5, 5, 30]


def test_an_unknown_profile_names_the_nearest() -> None:
    """And lists those there are."""
    assert profiles.get("k8s-1.20").etcd == "3.4"
    with pytest.raises(
        KscaleError, match=r"^no profile 'k8s-1\.21'; did you mean 'k8s-1\.20'\? known: k8s-1\.14, "
    ):
        profiles.get("k8s-1.21")
