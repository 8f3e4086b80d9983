"""Acks that hold, that no longer hold, and that cannot hold."""

from datetime import date

import pytest
from gate_cases import TESTED, fanout, judged, of
from sample_results import result

from kscale.errors import ExitCode
from kscale.judge.decision import Decision, Judgement, Status
from kscale.results.record import MetricInfo, Result

PAST = date(2027, 2, 1)
ACK = "acks: [{match: {metric: watchers_tested}, up_to: 2%, reason: r, expires: 2027-01-31}]"


def expired(found: Judgement) -> list[Decision]:
    """Return what is said of acks that are past."""
    return [one for one in found.decisions if one.said == "ack expired"]


@pytest.mark.parametrize("tested", [49, 50])
def test_an_expired_ack_of_what_is_no_longer_worse_is_warned_of(tested: int) -> None:
    """With the line to remove; the gate passes."""
    found = judged(result([fanout()]), result([fanout(watchers_tested=tested)]), ACK, today=PAST)
    (one,) = expired(found)
    assert (one.status, one.rule, one.reason) == (Status.WARNED, "kscale-gate.yaml:2", "r")
    assert one.subject == "metric watchers_tested"
    assert one.why == "held until 2027-01-31, and nothing of it is judged worse: remove it"
    assert found.exit_code is ExitCode.OK
    assert not expired(judged(result([fanout()]), result([fanout()]), ACK))


def test_an_expired_ack_of_what_is_worse_fails_once() -> None:
    """As before: the row says so, and nothing else does."""
    found = judged(result([fanout()]), result([fanout(watchers_tested=51)]), ACK, today=PAST)
    assert of(found, TESTED).status is Status.FAILED
    assert "which is past" in of(found, TESTED).why
    assert not expired(found)


def test_an_expired_ack_is_named_by_all_it_matches() -> None:
    """Mechanism, parameters, variant and metric; within a tolerance nothing is worse."""
    match = '{mechanism: "watch-*", params: {events: 100}, variant: optimized, metric: watchers_tested}'
    text = f"""defaults: {{exact: {{tolerance: 5%}}}}
acks: [{{match: {match}, up_to: 2%, reason: r, expires: 2027-01-31}}]"""
    (one,) = expired(judged(result([fanout()]), result([fanout(watchers_tested=51)]), text, today=PAST))
    assert one.subject == "mechanism watch-*, variant optimized, metric watchers_tested, events 100"


def test_what_grows_from_nothing_cannot_be_acknowledged() -> None:
    """A share of 0 is nothing; the ack says so itself."""
    text = ACK.replace("2%", "100000%")
    found = judged(result([fanout(watchers_tested=0)]), result([fanout(watchers_tested=5)]), text)
    one = of(found, TESTED)
    assert one.status is Status.FAILED
    assert one.why.endswith("up_to is relative and the counter was 0; use a rule (kscale-gate.yaml:2)")


def with_resource(made: Result) -> Result:
    """Return a result whose watchers_tested is a resource."""
    rss = MetricInfo(kind="resource", unit="bytes", better="lower", provenance="measured")
    info = made.mechanisms["watch-fanout"]
    changed = info.model_copy(update={"metrics": info.metrics | {"watchers_tested": rss}})
    return made.model_copy(update={"mechanisms": made.mechanisms | {"watch-fanout": changed}})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ACK, "an ack of a resource changes nothing (kscale-gate.yaml:2)"),
        ("defaults: {resource: {level: error}}", "never failed, whatever its level"),
        ("rules: [{match: {metric: watchers_tested}, level: error}]", "never failed, whatever its level"),
    ],
)
def test_what_a_policy_says_of_a_resource_in_vain_is_told(text: str, says: str) -> None:
    """It is accepted, and the reader learns that one process decides nothing."""
    sides = with_resource(result([fanout()])), with_resource(result([fanout(watchers_tested=90)]))
    one = of(judged(*sides, text), TESTED)
    assert one.status is Status.WARNED
    assert one.why.endswith(says)
