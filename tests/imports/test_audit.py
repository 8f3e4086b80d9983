"""Audit logs: what is counted, over what time, from how many clients."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from audit_logs import FOLDER, event, facts_of, log_of, log_with, stamp
from metrics_files import plain

from kscale.errors import KscaleError


def test_requests_count_once_when_they_are_answered() -> None:
    facts = facts_of("audit.jsonl")  # 60 s, less 4 ms
    asked = {
        one.key.removeprefix("load.requests."): one.value
        for one in facts.values
        if "load.requests" in one.key
    }
    assert asked["list/pods"] == "0.05/s"  # a page more is a request more
    assert asked["list/carts.shop.example"] == "0.01667/s"
    assert asked["update/deployments/scale"] == "0.01667/s"
    assert "1 line of requests received" in facts.dropped
    assert facts.source.taken == datetime(2026, 3, 1, 10, 1, tzinfo=UTC)
    assert facts.read == ("15 requests of 12 kinds from 3 clients in 60.0 s", "2 watches opened")


def test_only_writes_that_succeeded_change_pods() -> None:
    facts = facts_of("audit.jsonl")
    assert plain(facts, "load.pod_changes") == "0.05/s"  # created, bound, status; no dry run, no 404
    assert plain(facts, "mechanisms.etcd-offload.events_per_change") == 0.3333
    assert plain(facts, "mechanisms.etcd-offload.others_per_change") == 0.3333
    assert plain(facts, "mechanisms.apiserver-balance.write_share") == 0.5333  # 8 of 15


def test_how_lists_and_watches_are_asked_for() -> None:
    also = facts_of("audit.jsonl").also
    assert (
        "4 LISTs: 75 % without resourceVersion, 25 % with resourceVersion=0, 25 % with limit, 1 further page"
        in also
    )
    assert "2 LISTs of pods: 50 % by node, 50 % by label" in also
    assert "answers: 1 of 410, 1 of 429, 1 of 5xx" in also
    assert any(one.startswith("2 watches opened: 50 % with bookmarks, 50 % that list first") for one in also)


def test_what_is_left_out_is_said() -> None:
    dropped = facts_of("audit.jsonl").dropped
    for what in ("paths that are no resource", "answered by other servers", "streams, and other verbs"):
        assert f"1 request: {what}" in dropped


def test_lists_of_events_say_what_lines_say(tmp_path: Path) -> None:
    lines = facts_of("audit.jsonl")
    one_line = json.dumps(json.loads((FOLDER / "eventlist.json").read_text())).encode() + b"\n"
    events = [json.loads(line) for line in (FOLDER / "audit.jsonl").read_text().splitlines()]
    pretty = "\n".join(json.dumps(one, indent=1) for one in events).encode()
    bare = json.dumps(json.loads(one_line)["items"], indent=1).encode()
    for other in (
        facts_of("eventlist.json"),
        log_with(tmp_path, one_line),
        log_with(tmp_path, pretty),
        log_with(tmp_path, bare),
        log_with(tmp_path, gzip.compress(one_line, mtime=0)),
        log_with(tmp_path, b"\xef\xbb\xbf" + pretty),
    ):
        assert (other.values, other.also, other.read, other.dropped) == (
            lines.values,
            lines.also,
            lines.read,
            lines.dropped,
        )


def test_clients_are_told_apart_by_user_address_and_agent(tmp_path: Path) -> None:
    events = [
        event(
            "get", "pods", at, user={"username": f"u{at % 2}"}, sourceIPs=[f"192.0.2.{at % 3}"], userAgent="a"
        )
        for at in range(60)
    ]
    facts = log_of(tmp_path, *events, event("get", "pods", 60.0, sourceIPs=None, user=None, userAgent=None))
    assert facts.read[0].startswith("61 requests of 1 kind from 7 clients")
    assert plain(facts, "mechanisms.apiserver-balance.requests_per_s") == 0.1452  # 61 in 60 s by 7


def test_how_pods_are_listed_is_told_from_ten_on(tmp_path: Path) -> None:
    uri = "/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-a&resourceVersion=0"
    events = [event("list", "pods", 2.0 * at, requestURI=uri) for at in range(11)]
    few = log_of(tmp_path, *events[:9])
    assert plain(few, "mechanisms.list-index.by") is None
    many = log_of(tmp_path, *events)
    assert plain(many, "mechanisms.list-index.by") == "node"
    assert plain(many, "mechanisms.list-index.rate") == "0.55/s"


def test_watches_whose_begin_is_not_logged_count_by_their_end(tmp_path: Path) -> None:
    ended = [event("watch", "pods", at, stage="ResponseComplete") for at in range(20)]
    facts = log_of(tmp_path, event("get", "pods", 0), *ended)
    assert facts.read[1] == "20 watches ended"


def test_a_short_log_has_no_rates(tmp_path: Path) -> None:
    facts = log_of(tmp_path, event("get", "pods", 0), event("get", "pods", 9.0))
    assert not facts.values
    assert any("the log covers only 9 s" in one for one in facts.dropped)


def test_the_last_line_may_be_cut_off(tmp_path: Path) -> None:
    facts = log_of(tmp_path, event("get", "pods", 0), event("get", "pods", 9), b'{"kind":"Event","apiVer')
    assert "1 line at its end, cut off" in facts.dropped


def test_other_stages_and_other_objects(tmp_path: Path) -> None:
    received = event("get", "pods", 0, stage="RequestReceived")
    with pytest.raises(KscaleError, match=r"1 line, none of an answer; log the stage ResponseComplete"):
        log_of(tmp_path, received)
    with pytest.raises(KscaleError, match=r"has 1 object, none an event of audit.k8s.io"):
        log_of(tmp_path, {"kind": "Pod", "apiVersion": "v1"})
    panicked = event("get", "pods", 0, stage="Panic")
    odd = event("get", "pods", 0, stage="Another")
    facts = log_of(tmp_path, received, panicked, odd, event("get", "pods", 0), {"kind": "Pod"})
    assert [one.split(" ", 1)[0] for one in facts.dropped[:4]] == ["1"] * 4


def test_nothing_of_a_name_comes_out(tmp_path: Path) -> None:
    hidden = event(
        "list",
        "hiddens",
        0,
        user={"username": "hidden-user"},
        userAgent="hidden-agent",
        requestURI="/apis/hidden.example/v1/namespaces/hidden-ns/hiddens?labelSelector=hidden",
        objectRef={
            "resource": "hiddens",
            "apiGroup": "hidden.example",
            "namespace": "hidden-ns",
            "name": "hidden",
        },
    )
    facts = log_of(tmp_path, *[hidden] * 3, hidden | {"stageTimestamp": stamp(30)})
    told = (*facts.also, *facts.read, *facts.dropped, *facts.assumed, *(one.how for one in facts.values))
    assert not any("hidden" in one for one in told)
    assert [one.key for one in facts.values] == [
        "load.requests.list/hiddens.hidden.example",
        "mechanisms.apiserver-balance.requests_per_s",
    ]
