"""Metrics of every component, old names and new, as text and as answers to queries."""

import gzip
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from metrics_files import FOLDER, facts_in, facts_of, plain, value_of

from kscale.errors import KscaleError
from kscale.imports.prometheus_metrics import METRICS, READ, names_of, recorded


def test_a_scrape_of_an_api_server_gives_objects_with_their_bytes() -> None:
    facts = facts_of("apiserver-1.36.prom")
    assert {name: one.count for name, one in facts.types.items()} == {
        "pods": 10231,
        "nodes": 512,
        "leases": 530,
        "events": 28004,
        "deployments": 1200,
        "widgets.example.com": 77,
    }
    pods, widgets = facts.types["pods"], facts.types["widgets.example.com"]
    assert pods.sizes is not None
    assert pods.estimate
    assert int((pods.sizes[:, 0] * pods.sizes[:, 1]).sum()) == 10231 * 9000 + 5000
    assert int(pods.sizes[:, 1].sum()) == 10231
    assert pods.sizes.dtype == np.int64
    assert widgets.sizes is None  # its size could not be told: -1
    assert plain(facts, "counts.nodes") == 512
    assert plain(facts, "counts.pods") == 10231
    assert any("could not be counted" in one for one in facts.dropped)


def test_counters_become_rates_by_start_and_last_garbage_collection() -> None:
    facts = facts_of("apiserver-1.36.prom")
    assert plain(facts, "load.requests.update/leases") == "51.2/s"  # 4,423,680 in 86,400 s
    assert plain(facts, "load.requests.list/pods") == "0.01/s"
    assert plain(facts, "load.requests.list/widgets.example.com") == "0.02/s"
    # 432,000 status + 86,400 created + 86,400 bound + 172,800 deleted; neither the dry run nor the 409
    assert plain(facts, "load.pod_changes") == "9/s"
    changes = value_of(facts, "load.pod_changes")
    assert changes is not None
    assert changes.estimate
    assert facts.source.taken == datetime.fromtimestamp(1790086400, UTC)
    assert any("garbage" in one for one in facts.assumed)


def test_what_is_no_stored_resource_is_left_out_and_said() -> None:
    facts = facts_of("apiserver-1.36.prom")
    asked = {one.key for one in facts.values if one.key.startswith("load.requests.")}
    assert not any("metrics.k8s.io" in key or "exec" in key or "watch" in key for key in asked)
    told = " ".join(facts.dropped)
    for what in ("paths that are no resource", "other servers answer", "streams"):
        assert what in told
    assert plain(facts, "mechanisms.etcd-sharding.events_per_change") == 0.4444  # 4/s by 9/s
    assert plain(facts, "mechanisms.etcd-sharding.others_per_change") == 0.05556  # reviews are kept nowhere


def test_open_watches_are_summed_over_scopes() -> None:
    facts = facts_of("apiserver-1.36.prom")
    assert plain(facts, "load.watches.pods") == 650
    assert plain(facts, "load.watches.configmaps") == 2100
    assert plain(facts, "mechanisms.watch-bookmark.watchers") == 650
    assert plain(facts, "mechanisms.watch-encode.watchers") == 11  # 8,640,000 events by 777,600 changes


def test_names_of_1_14_are_read_and_not_counted_twice() -> None:
    facts = facts_of("apiserver-1.14.prom")
    assert {name: one.count for name, one in facts.types.items()} == {
        "pods": 300,
        "nodes": 12,
        "deployments": 40,
    }
    assert plain(facts, "profile") == "k8s-1.14"
    assert plain(facts, "load.watches.pods") == 120  # not with those of apiserver_registered_watchers
    assert "requests: 66.7 % list/pods, 33.3 % update/pods" in facts.also
    assert plain(facts, "load.requests.list/pods") is None  # it is not known when it was scraped
    assert any(one.startswith("how often requests come") for one in facts.dropped)


def test_one_metric_under_two_names_is_read_once(tmp_path: Path) -> None:
    both = "".join(
        f'{name}{{verb="LIST",resource="pods",code="200"}} {count}\n'
        for name, count in (("apiserver_request_total", 30), ("apiserver_request_count", 30))
    )
    alone = facts_in(tmp_path, both.splitlines(keepends=True)[0])
    assert facts_in(tmp_path, both).also == alone.also


def test_a_real_scrape_of_etcd() -> None:
    facts = facts_of("etcd-3.5.1.prom")
    assert plain(facts, "control_plane.etcd.quota") == 8 * 2**30
    assert plain(facts, "control_plane.etcd.members") == 3  # itself and the two peers it talks to
    assert plain(facts, "mechanisms.etcd-freelist.free_pages") == (2908160 - 2797568) // 4096
    assert re.fullmatch(r"[0-9]+us", str(plain(facts, "control_plane.etcd.fsync")))
    assert sum("p99" in one for one in facts.also) == 2  # fsync and commit
    assert facts.source.taken is not None
    assert facts.source.taken.year == 2026


def test_a_scheduler() -> None:
    facts = facts_of("scheduler-1.36.prom")
    assert plain(facts, "counts.nodes") == 512
    assert plain(facts, "counts.pods") == 10188
    assert "pods that wait: 3 active, 41 unschedulable, 7 gated" in facts.also
    assert any("10/s scheduled, 2/s unschedulable" in one for one in facts.also)


def test_several_instances_are_summed_or_the_largest_counts() -> None:
    facts = facts_of("federate.prom")
    assert facts.types["pods"].count == 503  # every server counts the same objects
    assert plain(facts, "load.requests.list/pods") == "6/s"  # 600,000 in 100,000 s, of three servers
    assert plain(facts, "control_plane.apiservers") == 3
    assert facts.source.taken == datetime.fromtimestamp(1790172800, UTC)


def test_open_metrics_with_times_in_seconds_and_an_example() -> None:
    facts = facts_of("openmetrics.prom")
    assert facts.types["pods"].count == 42
    assert "requests: 100 % list/pods" in facts.also
    assert facts.source.taken == datetime.fromtimestamp(1790000000, UTC)


def test_an_answer_to_a_query() -> None:
    facts = facts_of("query-objects.json")
    assert {name: one.count for name, one in facts.types.items()} == {
        "pods": 10233,
        "nodes": 514,
        "leases": 539,
    }
    assert plain(facts, "control_plane.apiservers") == 3
    assert facts.source.taken == datetime.fromtimestamp(1790259200, UTC)


def test_a_range_gives_rates_through_resets() -> None:
    facts = facts_of("query-range.json")  # keys in another order than Prometheus'
    # 100 to 220, and 900 to a reset that shows 30, then 60: 120 and 60 in 120 s
    assert plain(facts, "load.requests.list/pods") == "1.5/s"
    assert plain(facts, "load.pod_changes") == "10/s"
    changes = value_of(facts, "load.pod_changes")
    assert changes is not None
    assert not changes.estimate
    assert plain(facts, "control_plane.etcd.members") == 3
    assert "a member of etcd had no leader" in facts.also
    assert plain(facts, "mechanisms.etcd-concurrent-reads.puts_per_s") == 100  # the members' highest: 12,000
    # buckets of the range: 600, 1000, 1100; half is 550 of the 600 in (1 ms, 2 ms]
    assert plain(facts, "control_plane.etcd.fsync") == "1917us"


def test_a_result_without_a_name_gives_shares_only() -> None:
    facts = facts_of("query-rate.json")
    assert "requests: 95.2 % update/leases, 4.76 % list/pods" in facts.also
    assert facts.values == ()
    assert any("has no name" in one for one in facts.dropped)


def test_rates_of_a_recording_rule_are_taken(tmp_path: Path) -> None:
    facts = facts_in(
        tmp_path,
        'code_resource:apiserver_request_total:rate5m{verb="LIST",resource="pods",code="200"} 2.5\n',
    )
    assert plain(facts, "load.requests.list/pods") == "2.5/s"


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("cluster:apiserver_request_total:rate5m", True),
        (":apiserver_request_count:irate1m30s", True),
        ("a:apiserver_request_total:increase1h", False),
        ("a:apiserver_storage_objects:rate5m", False),  # no counter
        ("a:nothing_known:rate5m", False),
        ("apiserver_request_total", False),
    ],
)
def test_which_recording_rules_are_known(name: str, is_one: bool) -> None:
    assert (recorded(name) is not None) is is_one


def test_gzip_and_a_byte_order_mark_change_nothing(tmp_path: Path) -> None:
    for name in ("apiserver-1.36.prom", "query-objects.json"):
        data = (FOLDER / name).read_bytes()
        usual = facts_in(tmp_path, data)
        for other in (gzip.compress(data, mtime=0), b"\xef\xbb\xbf" + data):
            facts = facts_in(tmp_path, other)
            assert (facts.values, facts.also, facts.read) == (usual.values, usual.also, usual.read)


def test_an_error_of_prometheus_is_told() -> None:
    with pytest.raises(
        KscaleError, match=r"^query-error.json: Prometheus answered with an error, bad_data: inv"
    ):
        facts_of("query-error.json")


def test_metrics_of_something_else(tmp_path: Path) -> None:
    with pytest.raises(KscaleError, match="none of the metrics that are read"):
        facts_in(tmp_path, "# TYPE node_load1 gauge\nnode_load1 0.5\n")
    with pytest.raises(KscaleError, match="its results have no metric's name"):
        facts_in(tmp_path, '{"status":"success","data":{"result":[{"metric":{},"value":[1,"2"]}]}}')
    with pytest.raises(KscaleError, match="none of the metrics that are read"):  # a scalar says not of what
        facts_in(tmp_path, '{"status":"success","data":{"resultType":"scalar","result":[1790000000.5,"2"]}}')


def test_label_values_never_come_out_in_sentences(tmp_path: Path) -> None:
    facts = facts_in(
        tmp_path,
        'apiserver_request_total{verb="LIST",group="secret.example",resource="hidden",instance="host"} 5\n'
        'apiserver_longrunning_requests{verb="WATCH",group="secret.example",resource="hidden"} 5\n'
        'apiserver_storage_objects{resource="hidden.secret.example"} 5\n'
        'scheduler_pending_pods{queue="mine"} 5\n'
        'scheduler_schedule_attempts_total{result="mine",profile="mine"} 5\n'
        'node_collector_zone_size{zone="mine"} 5\n'
        "process_start_time_seconds 1790000000\n"
        "go_memstats_last_gc_time_seconds 1790100000\n",
    )
    told = " ".join(
        (*facts.also, *facts.read, *facts.dropped, *facts.assumed, *(one.how for one in facts.values))
    )
    for word in ("secret", "hidden", "mine", "host"):
        assert word not in told
    assert "hidden.secret.example" in facts.types


def test_the_table_of_names_has_no_name_twice() -> None:
    names = [name for metric in METRICS for name in (metric.name, *metric.old)]
    assert len(names) == len(set(names))
    assert set(names) <= set(READ)
    assert all(names_of(metric)[0] == metric.name for metric in METRICS)


def test_instances_are_only_those_that_were_asked_for(tmp_path: Path) -> None:
    """A query for one member of etcd, or for two API servers, hides the others: no fact, and said."""
    objects = "apiserver_storage_objects"
    text = (
        f'{objects}{{resource="pods",instance="a"}} 9\n{objects}{{resource="pods",instance="b"}} 8\n'
        'etcd_mvcc_db_total_size_in_bytes{instance="e"} 1\n'
    )
    facts = facts_in(tmp_path, text)
    for key, count in (("control_plane.apiservers", 2), ("control_plane.etcd.members", 1)):
        value = value_of(facts, key)
        assert value is not None
        assert (value.value, value.estimate) == (count, True)
    assert sum("a query for some would hide the rest" in one for one in facts.assumed) == 2
    peers = "".join(f'etcd_network_known_peers{{Local="1",Remote="{at}"}} 1\n' for at in (2, 3))
    members = value_of(facts_in(tmp_path, text + peers), "control_plane.etcd.members")
    assert members is not None
    assert (members.value, members.estimate) == (3, False)


def test_one_of_a_kind_is_told_as_one(tmp_path: Path) -> None:
    assert facts_in(tmp_path, "etcd_server_has_leader 1\n").read[0] == "1 series of 1 metric"


def test_a_name_among_the_labels_is_no_json(tmp_path: Path) -> None:
    """As text may have it for names of other letters; metrics that are read have none."""
    for first in ('{__name__="up",job="a"} 1\n', '{"na.me"} 1 1700000000000\r\n'):
        text = f'{first}apiserver_storage_objects{{resource="pods"}} 9\n'
        assert facts_in(tmp_path, text).types["pods"].count == 9
