"""Audit logs that nobody should believe: refused with their line, or read within bounds."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from audit_logs import FOLDER, event, log_of, log_with
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from metrics_files import plain
from read_files import mutated

from kscale.errors import KscaleError
from kscale.imports import audit_count, audit_events

GOOD = event("get", "pods", 0)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"stage": 1}, "stage: must be text"),
        ({"verb": ["get"]}, "verb: must be text"),
        ({"verb": "g\u001b[31m"}, "must be a verb like list"),
        ({"stageTimestamp": None}, "stageTimestamp: must be a time"),
        ({"stageTimestamp": "yesterday"}, "stageTimestamp: must be a time"),
        ({"stageTimestamp": "2026-11-21T10:00:00"}, "stageTimestamp: must be a time"),
        ({"stageTimestamp": "0001-01-01T00:00:00Z"}, "is before 1970"),
        ({"stageTimestamp": "0001-01-01T00:00:00+23:00"}, "stageTimestamp:"),
        ({"stageTimestamp": 1e300}, "stageTimestamp: must be a time"),
        ({"objectRef": []}, "objectRef: must map keys to values"),
        ({"objectRef": {"resource": 1}}, "objectRef.resource: must be text"),
        ({"objectRef": {"resource": "Pods!"}}, "must be a resource's name like pods"),
        ({"objectRef": {"resource": "a" * 300}}, "must be a resource's name like pods"),
        ({"objectRef": {"resource": "pods", "apiGroup": "\n"}}, "must be a resource's name like pods"),
        ({"objectRef": {"resource": "pods", "subresource": "a b"}}, "must be one like status"),
        ({"responseStatus": {"code": "200"}}, "responseStatus.code: must be a status"),
        ({"responseStatus": {"code": 10**40}}, "responseStatus.code: must be a status"),
        ({"responseStatus": {"code": True}}, "responseStatus.code: must be a status"),
        ({"responseStatus": 200}, "responseStatus.code: must be a status"),
        ({"user": "me"}, "user and sourceIPs"),
        ({"user": {"username": 1}}, "user.username: must be text"),
        ({"sourceIPs": "192.0.2.1"}, "user and sourceIPs"),
        ({"requestURI": 5}, "requestURI: must be text"),
    ],
)
def test_events_are_refused_with_their_line(tmp_path: Path, change: dict[str, Any], why: str) -> None:
    with pytest.raises(KscaleError) as caught:
        log_of(tmp_path, GOOD, GOOD | change)
    assert str(caught.value).startswith("log:2: ")
    assert why in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"not json\n", "log:2: is no JSON"),
        (b'{"a":\n', "log:2: is no JSON"),
        (b'{"a":"\xff"}\n', "log:2: is not UTF-8"),
        (b"[" * 100_000 + b"\n", "log:2: is nested too deep|log:2: is no JSON"),
        (b"[1]\n", "log:2: must be an audit event, got a list"),
        (b"1" * 5000 + b"\n", "log:2: is no JSON"),
        (b'{"kind":"EventList","items":[1]}\n', r"log:2: items\[0\]: must be an audit event"),
    ],
)
def test_lines_are_refused_with_their_number(tmp_path: Path, line: bytes, why: str) -> None:
    with pytest.raises(KscaleError, match=why):
        log_of(tmp_path, GOOD, line, GOOD)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "log: "),
        (b"\n\n", "log: "),
        (b"{\n", "ends in the middle"),
        (b'{"kind":"EventList",\n"items":[[', "ends in the middle"),
        (b'{"kind":"EventList",\n"items":[1]}', "item 1: must be an audit event"),
        (b'{"a":\n' + b"[" * 1000, "nested more than 64 levels"),
        (b'{\n"a": nothing}', "no JSON"),
        (b'"text"\n', "must be an audit event"),
    ],
)
def test_documents_are_refused(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(KscaleError, match=why):
        log_with(tmp_path, data)


def test_very_long_lines_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_events, "LONGEST_LINE", 2000)
    long = GOOD | {"responseObject": "x" * 10_000}
    facts = log_of(tmp_path, GOOD, long, event("get", "pods", 20), long)
    assert facts.read[0].startswith("2 requests")
    assert any(one.startswith("2 lines longer than") for one in facts.dropped)


def test_bodies_of_listed_events_are_passed_over(tmp_path: Path) -> None:
    body = {"items": [{"a": at} for at in range(audit_events.MOST_VALUES)]}
    first = {"requestObject": body, "responseObject": body} | GOOD
    facts = log_of(
        tmp_path, b'{"kind":"EventList","items":\n[', first, b",", event("get", "pods", 20), b"]}\n"
    )
    assert facts.read[0].startswith("2 requests")


def test_kinds_and_clients_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_count, "MOST_KINDS", 5)
    monkeypatch.setattr(audit_count, "MOST_CLIENTS", 3)
    monkeypatch.setattr("kscale.imports.audit.MOST_CLIENTS", 3)
    events = [event("get", f"r{at}", float(at * 3), userAgent=str(at)) for at in range(8)]
    facts = log_of(tmp_path, *events)
    assert facts.read[0].startswith("5 requests of 5 kinds from over 3 clients")
    assert "3 requests: of more than 5 kinds" in facts.dropped
    assert plain(facts, "mechanisms.apiserver-balance.requests_per_s") is None


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_times_far_apart_are_refused(tmp_path: Path, verb: str) -> None:
    """Whatever was asked for, and whichever comes first: nothing is kept for the seconds between."""
    near, far = event(verb, "pods", 0), event("get", "pods", 40 * 86_400)
    for events in ((near, far), (far, near)):
        with pytest.raises(KscaleError, match="log:2: stageTimestamp: is over a month from that of another"):
            log_of(tmp_path, *events)


def test_a_request_that_came_long_before_its_answer_is_refused(tmp_path: Path) -> None:
    late = event("list", "pods", 10) | {"requestReceivedTimestamp": "1990-01-01T00:00:00Z"}
    with pytest.raises(KscaleError, match="log:2: requestReceivedTimestamp: is over a month"):
        log_of(tmp_path, event("list", "pods", 0), late)


@given(data=st.data(), name=st.sampled_from(["audit.jsonl", "eventlist.json"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_mutated_logs_are_read_or_refused(tmp_path: Path, data: st.DataObject, name: str) -> None:
    text = data.draw(mutated((FOLDER / name).read_bytes()))
    try:
        facts = log_with(tmp_path, text)
    except KscaleError as error:
        assert str(error).isprintable()  # noqa: PT017 - either end is right
        assert str(error).startswith("log")  # noqa: PT017 - as above
        return
    assert isinstance(facts.source.taken, datetime)
    told = (*facts.also, *facts.read, *facts.dropped, *facts.assumed)
    assert all(one.isprintable() for one in told)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(key=st.sampled_from(sorted(GOOD)), value=ANY)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_anywhere_is_read_or_refused(tmp_path: Path, key: str, value: object) -> None:
    for first in ("get", "list", "watch"):
        try:
            log_of(tmp_path, event(first, "pods", 0) | {key: value}, event(first, "pods", 20))
        except KscaleError as error:
            assert str(error).isprintable()  # noqa: PT017 - either end is right
