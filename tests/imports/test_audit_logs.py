"""Audit logs of several servers are one load; a short log, or one of few servers, gives way to metrics."""

import json
from pathlib import Path

import pytest
from audit_logs import event
from made_facts import part, value
from metrics_files import quiet

from kscale.imports import audit, merge
from kscale.imports.contradictions import EPOCH, Part
from kscale.imports.merge import Merged
from kscale.imports.settings import amount

HOUR = 3600
GETS = "load.requests.get/pods"
SERVERS = "control_plane.apiservers"


def a_log(folder: Path, name: str, first: int, last: int, every: int, ids: str = "") -> Part:
    """Return a log of GETs from *first* to *last* second, events with IDs of its own or those of *ids*."""
    events = [event("get", "pods", at, auditID=f"{ids or name}-{at}") for at in range(first, last + 1, every)]
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in events), encoding="utf-8")
    return Part(audit.read(path, name, quiet), EPOCH)


def per_s(merged: Merged) -> float:
    """Return how often pods are asked for."""
    return amount(merged.values[GETS].value)


def test_logs_of_one_time_are_of_several_servers(tmp_path: Path) -> None:
    """They are added up, whatever their order."""
    logs = [a_log(tmp_path, f"log{i}", i * 10, 2 * HOUR + i * 10, 10) for i in range(3)]
    for given in (logs, logs[::-1]):
        merged = merge.merge(given)
        assert per_s(merged) == pytest.approx(0.3, rel=0.01)
        assert merged.values[SERVERS].value == 3
        said = (
            "requests of 3 audit logs are taken to be those of 3 API servers: "
            "those of one time have no event in common"
        )
        assert said in merged.assumed
        assert not [one for one in merged.contradictions if one.subject.startswith("load.")]


def test_logs_one_after_another_are_of_one_server(tmp_path: Path) -> None:
    """Each counts by its seconds."""
    logs = [a_log(tmp_path, "a", 0, 3 * HOUR, 10), a_log(tmp_path, "b", 3 * HOUR + 1, 4 * HOUR + 1, 2)]
    merged = merge.merge(logs)
    assert per_s(merged) == pytest.approx(0.1 * 3 / 4 + 0.5 / 4, rel=0.01)
    assert SERVERS not in merged.values
    assert any("2 audit logs are taken to be those of 1 API server: none" in one for one in merged.assumed)


def test_logs_with_an_event_in_common_count_once(tmp_path: Path) -> None:
    """The newer one is used."""
    logs = [a_log(tmp_path, name, 0, last, 10, "same") for name, last in (("a", 2 * HOUR), ("b", 3 * HOUR))]
    merged = merge.merge(logs)
    assert per_s(merged) == pytest.approx(0.1, rel=0.01)
    (said,) = merged.dropped
    assert said.startswith("a (2026-")
    assert ": has events of b (2026-" in said


@pytest.mark.parametrize(
    ("seconds", "servers", "why"),
    [
        (60, 1, "the other one is a sample of 60 s"),
        (2 * HOUR, 3, "the other one is of 1 of 3 API servers"),
    ],
)
def test_a_log_of_little_gives_way_to_counters(tmp_path: Path, seconds: int, servers: int, why: str) -> None:
    """Though it is newer."""
    given = value(GETS, "5/s", estimate=True)
    metrics = part("prometheus", taken=1, modified=1, values=(given, value(SERVERS, servers)))
    log = a_log(tmp_path, "log", 30 * 86_400 * 3, 30 * 86_400 * 3 + seconds, 10)
    assert log.when > metrics.when
    merged = merge.merge([log, metrics])
    assert per_s(merged) == 5
    (found,) = [one for one in merged.contradictions if one.subject == "load.requests"]
    assert found.why == why


def test_a_log_of_all_servers_beats_what_is_worked_out(tmp_path: Path) -> None:
    """As before."""
    metrics = part("prometheus", taken=1, values=(value(GETS, "5/s", estimate=True), value(SERVERS, 2)))
    logs = [a_log(tmp_path, f"log{i}", 0, 2 * HOUR, 10) for i in range(2)]
    assert per_s(merge.merge([*logs, metrics])) == pytest.approx(0.2, rel=0.01)
