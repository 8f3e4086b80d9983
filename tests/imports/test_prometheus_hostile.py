"""Metrics that nobody should believe: refused with their place, or read within bounds."""

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metrics_files import FOLDER, facts_in, facts_of, plain
from read_files import mutated

from kscale.errors import KscaleError
from kscale.imports import json_events, prometheus_tables, prometheus_text
from kscale.imports.facts import Facts

OBJECTS = 'apiserver_storage_objects{resource="pods"}'
REQUESTS = 'apiserver_request_total{verb="LIST",resource="pods"}'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (f"{OBJECTS} NaN\n", "metrics:1: apiserver_storage_objects: nan is not a number"),
        (f"{OBJECTS} +Inf\n", "inf is not a number"),
        (f"{OBJECTS} 1e300\n", "more than any metric counts"),
        (f"{OBJECTS} {'9' * 300}\n", "more than any metric counts"),
        (f"{OBJECTS} 1e12\n", "objects of a type; must be a whole number, at most"),
        (f"# a comment\n\n{REQUESTS} -1\n", "metrics:3: apiserver_request_total: -1 is negative"),
        (f"{OBJECTS} 1\n{OBJECTS} 2\n", "metrics:2: apiserver_storage_objects: the same series twice"),
        (f"{OBJECTS} 1", "the line does not end"),
        (f"{OBJECTS}\n", "is no sample"),
        (f"{OBJECTS} one\n", "is no sample"),
        (f"{OBJECTS} 1_000\n", "is no sample"),
        ('apiserver_storage_objects{resource="pods} 1\n', "is no sample"),
        ('apiserver_storage_objects{resource="a",resource="b"} 1\n', "is no sample"),
        (f"{OBJECTS} 1 9e99\n", "its time is none"),
        (f"{OBJECTS} 1 -5\n", "its time is none"),
        ("etcd_server_has_leader 1\n?! what is this\n", "is no sample"),
        (b'apiserver_storage_objects{resource="\xff"} 1\n', "is not UTF-8"),
        (f'apiserver_storage_objects{{resource="{"a" * 5000}"}} 1\n', "is longer than 4 KiB"),
        ("x" * (prometheus_text.LONGEST_LINE + 1), "metrics:1: is longer than 256 KiB"),
        (
            'etcd_server_has_leader{replica="x"} 1\netcd_server_has_leader{replica="y"} 1\n',
            "more than one Prometheus",
        ),
        (
            'etcd_server_has_leader{cluster="a"} 1\netcd_server_has_leader{cluster="b"} 1\n',
            "more than one cluster",
        ),
    ],
)
def test_text_is_refused_with_its_line(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        facts_in(tmp_path, text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def answer(*results: object) -> str:
    """Return an answer of Prometheus that holds these results."""
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": list(results)}})


PODS = {"__name__": "apiserver_storage_objects", "resource": "pods"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (answer({"metric": PODS, "value": [1, "NaN"]}), "metrics: result 1: apiserver_storage_objects: nan"),
        (answer({"metric": PODS, "value": [1, "+Inf"]}), "inf is not a number"),
        (answer({"metric": PODS, "value": [1, "9" * 65]}), "is not a number"),
        (answer({"metric": PODS, "value": [1, "1_0"]}), "'1_0' is not a number"),
        (answer({"metric": PODS, "value": [1, 2]}), "must have samples like"),
        (answer({"metric": PODS, "value": [1, "2", "3"]}), "must have samples like"),
        (answer({"metric": PODS, "value": "2"}), "must have samples like"),
        (answer({"metric": PODS, "value": [1e300, "2"]}), "its time is none"),
        (answer({"metric": PODS, "values": 1}), "values: must be a list"),
        (answer({"metric": PODS, "values": [[2, "1"], [1, "1"]]}), "in order of time"),
        (answer({"metric": [], "value": [1, "2"]}), "metric: must map labels to text"),
        (answer({"metric": {"a": 1}, "value": [1, "2"]}), "metric.a: must be text"),
        (answer(1, []), "must be a series, got a list"),
        (answer(*[{"metric": PODS, "value": [1, "2"]}] * 2), "result 2: apiserver_storage_objects: the same"),
        ('{"status":"success","data":{}}', "data.result: is needed"),
        ('{"status":"success"}', "data.result: is needed"),
        ("[]", "must be an answer of Prometheus, got a list"),
        ('{"data":{"result":[', "ends in the middle"),
        ('{"data": nothing}', "no JSON"),
        ('{"data":' + "[" * 100, "nested more than 64 levels"),
        ('{"data":{"result":[{"metric":{"a":"1","a":"2"}}]}}', "metric.a: is there twice"),
        ('{"data": 1e999}', "no JSON"),
        ('{"data": ' + "9" * 400 + "}", "no JSON"),
        (b'{"data":"\xff"}', "no JSON"),
        (answer({"metric": {str(at): "" for at in range(101)}}), "at most 100 labels"),
    ],
)
def test_json_is_refused_with_its_result(tmp_path: Path, text: str | bytes, why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        facts_in(tmp_path, text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_prometheus_may_also_answer(tmp_path: Path) -> None:
    results = (
        {
            "metric": PODS,
            "value": [1.5, "7"],
            "histogram": [1, {"count": "2", "buckets": [[0, "1", "2", "3"]]}],
        },
        {"metric": {"__name__": "apiserver_storage_objects", "resource": "nodes"}, "values": []},
    )
    facts = facts_in(tmp_path, answer(*results))
    assert {name: one.count for name, one in facts.types.items()} == {"pods": 7}


def test_series_and_cells_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_tables, "MOST_SERIES", 100)
    monkeypatch.setattr(prometheus_tables, "MOST_CELLS", 50)
    same = "".join(f'apiserver_request_total{{verb="GET",client="{at}"}} 1\n' for at in range(101))
    with pytest.raises(KscaleError, match=r"metrics:101: .*over 100 series"):
        facts_in(tmp_path, same)
    other = "".join(f'apiserver_request_total{{verb="GET",resource="r{at}"}} 1\n' for at in range(51))
    with pytest.raises(KscaleError, match=r"metrics:51: .*over 50 types"):
        facts_in(tmp_path, other)


def test_a_value_that_never_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_events, "LONGEST", 2**17)
    with pytest.raises(KscaleError, match="has a value longer than 128 KiB"):
        facts_in(tmp_path, '{"data":"' + "x" * 2**19 + '"}')


def test_a_process_that_has_just_begun_has_no_rates(tmp_path: Path) -> None:
    for seconds, rate in ((599, None), (600, "1/s")):
        facts = facts_in(
            tmp_path,
            f"{REQUESTS} 600\nprocess_start_time_seconds 1000\n"
            f"go_memstats_last_gc_time_seconds {1000 + seconds}\n",
        )
        assert plain(facts, "load.requests.list/pods") == rate


def _is_sane(facts: Facts) -> None:
    """Check what holds for the facts of any file."""
    for one in facts.types.values():
        assert 0 <= one.count <= 10**9
        if one.sizes is not None:
            assert (one.sizes >= 0).all()
            assert int(one.sizes[:, 1].sum()) == one.count
            assert (np.diff(one.sizes[:, 0]) > 0).all()
    for value in facts.values:
        assert value.value == value.value  # no NaN
    assert facts.source.taken is None or isinstance(facts.source.taken, datetime)
    told = (*facts.also, *facts.read, *facts.dropped, *facts.assumed)
    assert all(one.isprintable() for one in told)


RECORDED = sorted(path.name for path in FOLDER.iterdir() if path.suffix in {".prom", ".json"})


@given(data=st.data(), name=st.sampled_from(RECORDED))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_metrics_are_read_or_refused(tmp_path: Path, data: st.DataObject, name: str) -> None:
    text = data.draw(mutated((FOLDER / name).read_bytes()))
    try:
        _is_sane(facts_in(tmp_path, text))
    except KscaleError as error:
        assert str(error).isprintable()  # noqa: PT017 - either end is right
        assert str(error).startswith("metrics")  # noqa: PT017 - as above


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["GET", "LIST", "POST", "PATCH", "WATCH", "CONNECT", "no"]),
            st.sampled_from(["pods", "nodes", "events", "", "x y"]),
            st.floats(0, 1e15),
        ),
        min_size=1,
        max_size=30,
        unique_by=lambda one: one[:2],
    ),
    st.floats(600, 1e8),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rates_come_to_what_was_counted(
    tmp_path: Path, rows: list[tuple[str, str, float]], uptime: float
) -> None:
    lines = [
        f'apiserver_request_total{{verb="{verb}",resource="{name}"}} {count!r}\n'
        for verb, name, count in rows
    ]
    lines += [f"process_start_time_seconds 1000\ngo_memstats_last_gc_time_seconds {1000 + uptime!r}\n"]
    facts = facts_in(tmp_path, "".join(lines))
    found = sum(float(str(one.value)[:-2]) for one in facts.values if one.key.startswith("load.requests."))
    kept = [
        c
        for verb, name, c in rows
        if verb not in {"WATCH", "CONNECT", "no"} and name in {"pods", "nodes", "events"}
    ]
    assert found == pytest.approx(sum(kept) / uptime, rel=1e-3, abs=1e-4)


def test_the_same_file_says_the_same_twice() -> None:
    for name in RECORDED:
        if name == "query-error.json":
            continue
        first, second = facts_of(name), facts_of(name)
        assert (first.values, first.also, first.read) == (second.values, second.also, second.read)
        assert list(first.types) == list(second.types)


GETS = {"__name__": "apiserver_request_total", "verb": "GET", "resource": "pods", "code": "200"}
BUCKET = {"__name__": "etcd_disk_wal_fsync_duration_seconds_bucket", "le": "0.001"}


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("NaN", "nan is not a number"),
        ("+Inf", "inf is not a number"),
        ("-Inf", "inf is not a number"),
        ("1e400", "inf is not a number"),
        ("1e300", "1e+300 is more than any metric counts"),
        ("-1e300", "more than any metric counts"),
        ("-1", "-1 is negative: a counter never is"),
    ],
)
def test_every_value_of_a_range_must_be_one(tmp_path: Path, value: str, why: str, at: int) -> None:
    """The first, one in the middle, the last; of a counter and of a bucket."""
    for metric in (GETS, BUCKET):
        values = [[1, "1"], [61, "2"], [121, "3"]]
        values[at][1] = value
        with pytest.raises(KscaleError, match=r"metrics: result 1: [a-z_]+: ") as caught:
            facts_in(tmp_path, answer({"metric": metric, "values": values}))
        assert why in str(caught.value)


def test_a_counter_that_grew_more_than_any_counts_is_refused(tmp_path: Path) -> None:
    """Each value can be, but not by how much it grew over its resets."""
    values = [[at, f"{at % 2 * 4e18:g}"] for at in range(8)]
    with pytest.raises(KscaleError, match=r"1\.6e\+19 is more than any metric counts"):
        facts_in(tmp_path, answer({"metric": GETS, "values": values}))


def test_values_of_what_is_not_read_and_gauges_below_zero_are_no_matter(tmp_path: Path) -> None:
    """Only counters are never negative; other metrics are passed over."""
    other = {"metric": {"__name__": "up"}, "values": [[1, "NaN"], [2, "1"]]}
    gauge = {"metric": PODS, "values": [[1, "-1"], [2, "7"]]}
    assert facts_in(tmp_path, answer(other, gauge)).types["pods"].count == 7


def test_counts_of_objects_are_whole_and_those_below_zero_are_named(tmp_path: Path) -> None:
    with pytest.raises(KscaleError, match=r"2\.5 objects of a type; must be a whole number"):
        facts_in(tmp_path, f"{OBJECTS} 2.5\n")
    two = 'apiserver_storage_objects{resource="nodes"} -5\napiserver_storage_objects{resource="a b"} 1\n'
    size = 'apiserver_resource_size_estimate_bytes{resource="pods"} 1e15\n'
    facts = facts_in(tmp_path, f"{OBJECTS} 2\n{two}{size}")
    assert sorted(facts.dropped) == [
        "1 type sizes of which are over 3 MiB an object, more than etcd takes",
        "1 type that could not be counted: API servers say -1",
        "1 type under what is no name of a type",
    ]


def test_what_is_beyond_a_scenario_is_never_dropped_unsaid(tmp_path: Path) -> None:
    """Values of the control plane are left to the merge, which names them; those of mechanisms say it."""
    facts = facts_in(
        tmp_path,
        "etcd_server_quota_backend_bytes 7\n"
        "etcd_mvcc_db_total_size_in_bytes 4e18\netcd_mvcc_db_total_size_in_use_in_bytes 4096\n"
        'apiserver_longrunning_requests{verb="WATCH",resource="pods"} 4e18\n'
        'etcd_disk_wal_fsync_duration_seconds_bucket{le="60"} 0\n'
        'etcd_disk_wal_fsync_duration_seconds_bucket{le="90"} 1\n'
        'etcd_disk_wal_fsync_duration_seconds_bucket{le="+Inf"} 1\n',
    )
    told = {one.key: (one.value, one.how) for one in facts.values}
    assert told["control_plane.etcd.quota"][0] == 7
    assert told["control_plane.etcd.fsync"][0] == "75s"
    assert told["load.watches.pods"][0] == 4 * 10**18
    assert told["mechanisms.watch-bookmark.watchers"] == (
        500_000,
        "watches of pods, open watches: more, but no more than 500,000 is taken",
    )
    assert told["mechanisms.etcd-freelist.free_pages"][0] == 10_000_000


def test_bounds_of_buckets_are_seconds(tmp_path: Path) -> None:
    name = "etcd_disk_wal_fsync_duration_seconds_bucket"
    with pytest.raises(KscaleError, match="le: must be a bound"):
        facts_in(tmp_path, f'{name}{{le="1e305"}} 1\n{name}{{le="+Inf"}} 1\n')


def test_errors_of_histograms_have_the_whole_name(tmp_path: Path) -> None:
    name = "etcd_disk_backend_commit_duration_seconds_bucket"
    for text in (f'{name}{{le="1"}} NaN\n', answer({"metric": {"__name__": name}, "value": [1, "NaN"]})):
        with pytest.raises(KscaleError, match=f": {name}: nan is"):
            facts_in(tmp_path, text)
