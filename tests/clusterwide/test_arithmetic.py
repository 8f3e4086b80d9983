"""What is offered to every station, against sums done by hand."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from kscale.clusterwide import arithmetic, limit
from kscale.clusterwide import size as sizes
from kscale.clusterwide.record import STATIONS
from kscale.clusterwide.simulate import Asked, simulate
from kscale.clusterwide.size import Size, Stored
from kscale.clusterwide.toggles import ALL, IDS, NONE
from kscale.clusterwide.walls import Reach
from kscale.scenario import build, load

NODE = 15_360  # bytes: four pages of bbolt, 16 KiB, with its key
GIB = 2**30


@cache
def smoke() -> Size:
    """Return the cluster of the smallest scenario."""
    loaded = load.load("smoke")
    return sizes.of(build.build(loaded.scenario, loaded.recorded))


def quiet(**plane: Any) -> Size:  # noqa: ANN401 - any of the control plane's fields
    """Return a cluster of nodes of 15 KiB that only beat, each 10 s and up to 4 % more."""
    size = smoke()
    return replace(
        size,
        stored={"nodes": Stored(size.nodes, NODE)},
        status_bytes=np.full_like(size.status_bytes, NODE),
        load=replace(size.load, pod_changes_per_s=0.0, heartbeat_period_ns=10**10),
        simulation=replace(
            size.simulation, gets_milli=0, list_node_milli=0, list_namespace_milli=0, list_all_milli=0
        ),
        control_plane=replace(size.control_plane, **plane),
    )


def test_a_quota_gives_the_limit_exactly() -> None:
    """16 KiB live and 600 s / 10.2 s of history for each node: 8 GiB hold 8,763 nodes, and not 8,764."""
    size = quiet(etcd_quota_bytes=8 * GIB, apiserver_cores=1000)
    known = limit.arithmetic_of(size, limit.bounds_of(size, limit.Wish()))
    by_hand = 8 * GIB / (16_384 * (1 + 600 / 10.2))
    assert int(by_hand) == 8763
    assert known.reach(NONE) == Reach(8763, "etcd-store")
    assert known.load(NONE, 8763)["etcd-store"] <= 1_000_000 < known.load(NONE, 8764)["etcd-store"]


@pytest.mark.parametrize("quota_gib", [1, 2, 4, 6])
def test_the_quota_and_the_limit_grow_alike(quota_gib: int) -> None:
    """Twice the quota, twice the nodes."""
    size = quiet(etcd_quota_bytes=quota_gib * GIB, apiserver_cores=1000)
    found = limit.arithmetic_of(size, limit.bounds_of(size, limit.Wish())).reach(NONE)
    assert found == Reach(int(quota_gib * GIB / (16_384 * (1 + 600 / 10.2))), "etcd-store")


def test_log_bytes_are_rate_times_bytes() -> None:
    """A thousand nodes write 98.039 statuses/s of 15,360 bytes and a record's 95."""
    size = sizes.on(quiet(), "nodes", 1000)
    assert (
        arithmetic.log_bytes_per_min(size)
        == 98_039 * (NODE + size.costs["etcd_wal_record_bytes"]) * 60 // 1000
    )


def test_a_pod_takes_the_scheduler_as_long_as_its_nodes() -> None:
    """Bindings a second times evaluations times what one takes: all nodes, 2 for each class, or a sample."""
    size = replace(smoke(), load=replace(smoke().load, pod_changes_per_s=20.0))
    base, each = size.costs["scheduler_pod_ns"], size.costs["scheduler_evaluation_ps"]
    for toggle, looked in ((None, size.nodes), ("sched-equivalence", 2 * size.classes.count)):
        on = NONE if toggle is None else frozenset({toggle})
        busy = 10 * (base + looked * each // 1000)
        assert arithmetic.loads(size, on)["scheduler"] == -(-busy // 1000)


def test_requests_over_qps() -> None:
    """The controllers ask for 20 changes of pods, 20 other objects and 20 Events a second: 60 of 100."""
    size = replace(smoke(), load=replace(smoke().load, pod_changes_per_s=20.0))
    size = replace(
        size,
        control_plane=replace(size.control_plane, controller_qps=100, scheduler_qps=0),
        simulation=replace(size.simulation, others_per_change_milli=1000, events_per_change_milli=2000),
    )
    assert arithmetic.loads(size)["clients"] == 600_000
    unlimited = replace(size, control_plane=replace(size.control_plane, controller_qps=0))
    assert arithmetic.loads(unlimited)["clients"] == 0


def test_cores_share_the_work() -> None:
    """Twice the cores, half the load; an event costs every server, so twice the servers halve less."""
    one, two = (arithmetic.loads(quiet(apiserver_cores=cores))["apiserver-cpu"] for cores in (8, 16))
    assert one // 2 <= two <= one // 2 + 1
    few, many = (arithmetic.loads(quiet(apiservers=servers))["apiserver-cpu"] for servers in (2, 4))
    assert few / 2 < many < few


@pytest.mark.parametrize("toggle", IDS)
def test_loads_grow_with_the_cluster(toggle: str) -> None:
    """On every axis, with and without each toggle: so that a bisection finds where the first is full."""
    on = frozenset({toggle})
    for axis in sizes.AXES:
        base = smoke()
        there = sizes.value_of(base, axis)
        found = [arithmetic.loads(sizes.on(base, axis, there * factor), on) for factor in (1, 2, 8)]
        assert list(found[0]) == list(STATIONS)
        for station in STATIONS:
            loads = [one[station] for one in found]
            assert loads == sorted(loads)


def test_what_each_toggle_relieves() -> None:
    """None of all adds to the store; each of some takes from the station it is for."""
    size = sizes.on(smoke(), "nodes", 5000)
    none = arithmetic.loads(size)
    for toggle, station in (
        ("node-lease", "etcd-store"),
        ("etcd-offload", "etcd-store"),
        ("etcd-sharding", "etcd-apply"),
        ("sched-sampling", "scheduler"),
        ("watch-fanout", "watch-dispatch"),
        ("watch-encode", "apiserver-cpu"),
    ):
        assert arithmetic.loads(size, frozenset({toggle}))[station] < none[station]
    assert arithmetic.loads(size, ALL)["etcd-store"] < none["etcd-store"]


def test_nowhere_within_the_bounds() -> None:
    """No station is full up to the most; or one is at the least."""
    size = smoke()
    tiny = limit.bounds_of(size, limit.Wish(most=size.nodes))
    assert limit.arithmetic_of(size, tiny).reach(ALL) == Reach(None, "")
    full = quiet(etcd_quota_bytes=1)
    assert limit.arithmetic_of(full, limit.bounds_of(full, limit.Wish())).reach(NONE) == Reach(
        0, "etcd-store"
    )


@pytest.mark.parametrize("on", [NONE, ALL], ids=["none", "all"])
def test_the_utilisation_law_holds_in_a_run(on: frozenset[str]) -> None:
    """Where nothing queues long, a run uses of each station what arithmetic says, within a tenth."""
    size = sizes.on(smoke(), "nodes", 500)
    run = simulate(size, Asked(on, seed=3, duration_ns=300 * 10**9, sample=0))
    loads = arithmetic.loads(size, on)
    assert run.holds
    for name in ("clients", "apiserver-cpu", "watch-dispatch", "etcd-apply", "etcd-store", "scheduler"):
        used = run.station(name).utilisation_ppm
        assert abs(used - loads[name]) <= loads[name] // 10 + 1000, name
    log = arithmetic.log_bytes_per_min(size, on) * 5
    assert abs(run.counts["log-bytes"] - log) <= log // 20
