"""The mechanism node-lease: its load, its promise, its costs, and where it loses."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.mechanisms import lease_costs, lease_load, lease_store, node_lease
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.lease_load import MINUTE, SECOND, LeaseLoad, Params
from kscale.scenario import build
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = node_lease.MECHANISM.variants


def cluster(profile: str = "k8s-1.14", nodes: int = 300, **load: Any) -> Cluster:  # noqa: ANN401 - as in a file
    """Return a cluster whose load is *load*."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": 3,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": nodes * 10, "apps": 10},
                    "objects": {"total": nodes * 20},
                },
                "control_plane": {"controllers": 5},
                "load": load,
            }
        )
    )


def run(load: LeaseLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*, after they were seen to agree."""
    outcomes = {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}
    node_lease.agree(load, outcomes)
    return outcomes


def works_of(small: Cluster, params: Params) -> dict[str, Work]:
    """Return the work of every variant."""
    return {name: outcome.work for name, outcome in run(lease_load.make(small, params)).items()}


def said(works: dict[str, Work]) -> tuple[str, ...]:
    """What the mechanism says of its losses."""
    return node_lease.MECHANISM.losses(works)


@pytest.mark.tiny
@pytest.mark.parametrize("profile", ["k8s-1.14", "k8s-1.20", "k8s-1.36"])
def test_counters_repeat(profile: str) -> None:
    """A seed fixes every counter, and each has its metric."""
    params = Params(duration_ns=MINUTE, failures=2)
    works = works_of(cluster(profile, nodes=10), params)
    assert works == works_of(cluster(profile, nodes=10), params)
    assert works[BASELINE].keys() == {metric.name for metric in node_lease.METRICS}


@pytest.mark.tiny
def test_what_a_coefficient_changes_is_modelled() -> None:
    """With every coefficient doubled no counter changes that is said to be counted."""
    plain = cluster(nodes=10)
    params = Params(duration_ns=MINUTE, failures=2)
    works = works_of(plain, params)[OPTIMIZED]
    doubled = {
        name: one.model_copy(update={"value": 2 * one.value})
        for name, one in plain.costs.coefficients.items()
    }
    dear = works_of(replace(plain, costs=replace(plain.costs, coefficients=doubled)), params)
    changed = {name for name, value in dear[OPTIMIZED].items() if value != works[name]}
    said_modelled = {metric.name for metric in node_lease.METRICS if metric.provenance == "modelled"}
    assert {"log_bytes_per_min", "status_log_bytes_per_min", "log_bytes_members"} <= changed <= said_modelled


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("nodes", "silent"),
    [(1, 0), (2, 1), (32, 1), (100, 1), (101, 2), (5000, 50), (10_000, 100), (20_000, 100)],
)
def test_few_nodes_fall_silent(nodes: int, silent: int) -> None:
    """1 % of them unless a number is given, so that a small cluster's heartbeats are all but counted."""
    found = lease_load._silent(0, nodes, Params())
    assert int((found < Params().duration_ns).sum()) == silent
    assert int((lease_load._silent(0, nodes, Params(failures=1)) < Params().duration_ns).sum()) == 1


@pytest.mark.tiny
def test_a_small_clusters_heartbeats_are_those_of_its_nodes() -> None:
    """32 nodes write 3.2 a second with a period of 10 s, lengthened by half the jitter; 1 falls silent."""
    before = works_of(cluster(nodes=32), Params())[BASELINE]
    assert before["silent_nodes"] == 1
    assert before["writes_per_s_milli"] == pytest.approx(3200 / 1.02, rel=1 / 32)


@pytest.mark.tiny
def test_where_no_node_falls_silent_none_is_found() -> None:
    """There is no time from nothing to NotReady."""
    works = works_of(cluster(nodes=1), Params())
    assert not any(name.startswith("detection") for work in works.values() for name in work)


def test_bytes_fall_and_writes_rise() -> None:
    """5.4 times less into the log with a status a minute, and a sixth more writes."""
    still = Params(change_every_ns=0, jitter=0, failures=0)
    works = works_of(cluster(heartbeat={"period": "10s", "size": 15_000}), still)
    before, after = works[BASELINE], works[OPTIMIZED]
    assert before["writes"] == 300 * 60
    assert after["lease_writes"] == 300 * 60
    assert after["status_writes"] == 300 * 10
    assert before["log_bytes_per_min"] / after["log_bytes_per_min"] == pytest.approx(5.3, rel=0.03)
    assert after["writes_per_s_milli"] == 35_000
    assert said(works) == (
        "writes rise from 30/s to 35/s, by 16.7 %",
        "etcd's CPU hardly changes, 0.993x of before, with 1.17x the puts",
    )
    assert before["apiserver_share_ppm"] > after["apiserver_share_ppm"]
    assert before["history_bytes"] > after["history_bytes"]


def test_five_minutes_write_less_than_one() -> None:
    """19 times less than before without changes; the profile decides, a parameter may say otherwise."""
    still = Params(change_every_ns=0, jitter=0, failures=0)
    old, new = (works_of(cluster(p, heartbeat={"size": 15_000}), still) for p in ("k8s-1.14", "k8s-1.20"))
    assert new[OPTIMIZED] == new["lease-5m"]
    assert old[OPTIMIZED]["status_writes"] == 5 * new[OPTIMIZED]["status_writes"]
    assert old[BASELINE]["log_bytes_per_min"] / new[OPTIMIZED]["log_bytes_per_min"] == pytest.approx(
        17, rel=0.1
    )
    given = works_of(cluster(heartbeat={"size": 15_000}), replace(still, status_period_ns=5 * MINUTE))
    assert given[OPTIMIZED]["status_writes"] == new[OPTIMIZED]["status_writes"]
    assert new["on-change"]["status_writes"] == 0


def test_statuses_that_always_change_gain_nothing() -> None:
    """Each tick writes one, and the leases come on top: more bytes than before."""
    works = works_of(cluster(), Params(change_every_ns=SECOND, failures=0))
    before, after = works[BASELINE], works[OPTIMIZED]
    assert after["status_writes"] > before["status_writes"] * 0.99
    assert after["log_bytes_per_min"] > before["log_bytes_per_min"]
    assert after["writes"] > 1.9 * before["writes"]
    assert said(works) == (
        "writes rise from 29.4/s to 58.8/s, by 100 %",
        "etcd's CPU rises to 1.82x of before, with 2.00x the puts",
        "the log grows to 102 % of before",
        "99.9 % of the statuses are still written, 100 % of them because they had changed",
    )


def test_small_statuses_gain_nothing() -> None:
    """A status as small as a lease: a sixth more of the same."""
    works = works_of(cluster(), Params(status_bytes=300, failures=0))
    assert works[OPTIMIZED]["log_bytes_per_min"] > works[BASELINE]["log_bytes_per_min"]
    assert said(works) == (
        "writes rise from 29.4/s to 34.6/s, by 17.5 %",
        "etcd's CPU rises to 1.18x of before, with 1.18x the puts",
        "the log grows to 117 % of before",
        "leases alone write 99.7 % of what there was: 393 B each, where a status took 394 B",
    )


def test_etcd_cpu_hardly_changes() -> None:
    """Measured: 35.9 % of a core for 1,000 leases and 167 statuses a second, 35 to 37 % for statuses."""
    still = Params(change_every_ns=0, failures=0)
    works = works_of(cluster(), still)
    assert works[OPTIMIZED]["etcd_cpu_ns"] / works[BASELINE]["etcd_cpu_ns"] == pytest.approx(1, rel=0.05)
    assert any("etcd's CPU hardly changes" in line for line in said(works))


@pytest.mark.parametrize(
    ("params", "sentences"),
    [
        (
            Params(change_every_ns=0, status_period_ns=10 * SECOND, failures=0),
            (
                "writes rise from 29.4/s to 58.8/s, by 100 %",
                "etcd's CPU rises to 1.82x of before, with 2.00x the puts",
                "the log grows to 103 % of before",
                "100 % of the statuses are still written, 0 % of them because they had changed",
            ),
        ),
        (
            Params(change_every_ns=0, status_bytes=500, status_period_ns=5 * MINUTE, failures=0),
            (
                "writes rise from 29.4/s to 30.4/s, by 3.50 %",
                "etcd's CPU hardly changes, 1.03x of before, with 1.03x the puts",
                "69.6 % of the log is left",
                "leases alone write 66.2 % of what there was: 393 B each, where a status took 594 B",
            ),
        ),
        (
            Params(change_every_ns=0, status_bytes=2**20, failures=0),
            ("writes rise from 29.4/s to 34.3/s, by 16.8 %",),
        ),
    ],
    ids=["age", "small", "large"],
)
def test_each_loss_is_said_where_it_is_one(params: Params, sentences: tuple[str, ...]) -> None:
    """Statuses written for their age, small ones, and ones so large that etcd's CPU falls too."""
    assert said(works_of(cluster(), params)) == sentences


@pytest.mark.tiny
def test_leases_may_be_more_than_the_heartbeats_before() -> None:
    """A status of 300 bytes every 30 s, and a lease every 10 s: three times as much of the same."""
    rare = cluster(nodes=60, heartbeat={"period": "30s", "size": 300})
    assert said(works_of(rare, Params(change_every_ns=0, jitter=0, failures=0))) == (
        "writes rise from 2/s to 7/s, by 250 %",
        "etcd's CPU rises to 3.50x of before, with 3.5x the puts",
        "the log grows to 350 % of before",
        "leases alone write 300 % of what there was: 393 B each, where a status took 394 B",
    )


@pytest.mark.tiny
def test_a_put_takes_what_was_measured() -> None:
    """Real etcd 3.5.1: 15,453 and 398 bytes of log, 16.4 and 0.46 KB of store a put of 15 KiB and 300 B."""
    load = lease_load.make(cluster(nodes=2), Params(duration_ns=SECOND))
    assert 15_360 + load.record_bytes == pytest.approx(15_453, rel=0.01)
    assert 300 + load.record_bytes == pytest.approx(398, rel=0.01)
    grown = lease_store.grown(np.array([15_360, 300]), 83)
    assert grown[0] == pytest.approx(16_400, rel=0.01)
    assert grown[1] == pytest.approx(460, rel=0.02)


@pytest.mark.tiny
def test_history_is_kept_for_one_to_two_compactions() -> None:
    """Before a compaction there are two periods of it, after it one."""
    store = lease_store.timeline(np.full(1200, 10, dtype=np.int64), 1000, 300 * SECOND)
    assert store[299] == 1000 + 3000
    assert store[300] == 1000 + 3010
    assert store[599] == 1000 + 6000
    assert store[600] == 1000 + 3010  # compacted to the revision of 300 s
    assert store.max() == 7000
    assert lease_store.first_above(store, 3000) == 201 * SECOND
    assert lease_store.first_above(store, 7000) == 0


def test_the_store_fills_up() -> None:
    """A quota that the baseline's history exceeds and the lease's does not."""
    small = cluster()
    load = lease_load.make(small, Params(failures=0))
    quota = load.live_bytes + 280_000_000
    works = {name: outcome.work for name, outcome in run(replace(load, quota_bytes=quota)).items()}
    assert 0 < works[BASELINE]["nospace_ns"] < 10 * MINUTE
    assert works[OPTIMIZED]["nospace_ns"] == 0


def test_daemons_that_watch_all_nodes_are_quadratic() -> None:
    """Twice the nodes, four times the deliveries."""
    params = Params(duration_ns=MINUTE, failures=0, node_daemons=1)
    small, large = (works_of(cluster(nodes=n), params)[BASELINE]["watch_deliveries"] for n in (200, 400))
    assert large / small == pytest.approx(4, rel=0.05)


@pytest.mark.tiny
def test_encoding_once_a_server_costs_less() -> None:
    """From 1.17 on an event is encoded once a server, so that watchers cost little more."""
    each, once = (lease_costs.of(cluster(p, nodes=2)) for p in ("k8s-1.14", "k8s-1.20"))
    by_watcher = [costs.writes(lease_costs.STATUS, 1000, 15_000_000, 100) for costs in (each, once)]
    assert by_watcher[0] > 5 * by_watcher[1]
    assert once.writes(lease_costs.STATUS, 1, 0, 0) == 2 * once.request_ns + 5 * once.decode_ns


@pytest.mark.tiny
def test_a_kubelet_reads_its_lease_until_1_16() -> None:
    """One more request, decoding and encoding for each renewal."""
    params = Params(duration_ns=MINUTE, failures=0, change_every_ns=0, status_period_ns=5 * MINUTE)
    old, new = (works_of(cluster(p, nodes=20), params)["on-change"] for p in ("k8s-1.14", "k8s-1.20"))
    assert old["lease_writes"] == new["lease_writes"]
    assert old["apiserver_cpu_ns"] > 1.3 * new["apiserver_cpu_ns"]


def test_a_lease_beyond_the_grace_period_is_a_wrong_answer() -> None:
    """Without the check of prepare, a lease renewed every minute declares live nodes NotReady."""
    load = replace(lease_load.make(cluster(), Params(change_every_ns=0)), lease_ns=MINUTE)
    with pytest.raises(WrongAnswer, match=r"optimized says node \d+ NotReady at .* though it was alive"):
        run(load)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [(2, -1, r"NotReady at .*, less than 40 s after its last sign"), (2, 1 << 61, "two looks too late")],
)
def test_a_missed_or_late_detection_is_caught(column: int, value: int, said: str) -> None:
    """Silent nodes that are not found, or found too late."""
    load = lease_load.make(cluster(), Params(duration_ns=2 * MINUTE))
    outcomes = run(load)
    answer = outcomes[OPTIMIZED].answer.copy()
    answer[np.flatnonzero(load.silent < load.duration_ns)[0], column] = value
    with pytest.raises(WrongAnswer, match=said):
        node_lease.agree(load, outcomes | {OPTIMIZED: Outcome(outcomes[OPTIMIZED].work, answer)})


def test_detection_takes_the_grace_period_in_both() -> None:
    """40 s, 50 s from 1.32 on, less what passed since the last beat, and up to two looks more."""
    for profile, grace in (("k8s-1.14", 40), ("k8s-1.36", 50)):
        works = works_of(cluster(profile), Params(failures=200))
        for name in (BASELINE, OPTIMIZED):
            assert (grace - 6) * SECOND < works[name]["detection_p50_ns"] < (grace + 6) * SECOND
            assert works[name]["detection_max_ns"] <= (grace + 10) * SECOND


@pytest.mark.tiny
def test_what_cannot_work_is_refused() -> None:
    """One line with what is wrong and what is allowed."""
    with pytest.raises(
        KscaleError, match=r"load\.heartbeat\.period 60 s .* is beyond the grace period of 40 s"
    ):
        lease_load.make(cluster(nodes=2, heartbeat={"period": "60s"}), Params())
    with pytest.raises(KscaleError, match=r"shorten duration_ns or lengthen"):
        lease_load.make(
            cluster(nodes=2, heartbeat={"period": "1ms"}), Params(duration_ns=lease_load.DAY * 10)
        )


@pytest.mark.tiny
def test_memory_and_cost_grow_with_what_is_asked_for() -> None:
    """By nodes and by time."""
    small, large = cluster(nodes=10), cluster(nodes=100)
    assert lease_load.memory(large, Params()) > lease_load.memory(small, Params()) > 3 * 10 * 48
    assert lease_load.cost_ns(large, Params()) > 5 * lease_load.cost_ns(small, Params())
