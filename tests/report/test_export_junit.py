import io
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
import xmlschema
from export_subjects import (
    NASTY,
    all_subjects,
    gated,
    hostile,
    interrupted,
    of_results,
    of_variants,
    three_results,
    untimed,
    without_verdict,
)
from hypothesis import given
from hypothesis import strategies as st
from sample_results import result

from kscale.report.export import formats, junit, values
from kscale.report.export.subject import Subject

SCHEMA = xmlschema.XMLSchema(Path(__file__).parents[1] / "vectors" / "junit" / "junit-10.xsd")


def read(text: str) -> ET.Element:
    """Return a document that keeps to the schema."""
    SCHEMA.validate(io.BytesIO(text.encode()))
    return ET.fromstring(text)  # noqa: S314 - our own output


def cases(subject: Subject) -> list[ET.Element]:
    """Return every case."""
    return read(junit.render(subject)).findall("testsuite/testcase")


def ended(subject: Subject, how: str) -> dict[str, str]:
    """Return the cases that ended so, by name, with the message."""
    found = {case.get("name", ""): case.find(how) for case in cases(subject)}
    return {name: end.get("message", "") for name, end in found.items() if end is not None}


@pytest.mark.parametrize("name", [*all_subjects()])
def test_counts_are_right(name: str) -> None:
    """Each suite and the whole count their cases, failures, errors and skipped ones; names differ."""
    root = read(junit.render(all_subjects()[name]))
    for part in (root, *root):
        found = part.findall("testcase") if part.tag == "testsuite" else part.findall("testsuite/testcase")
        for attribute, tag in (("failures", "failure"), ("errors", "error")):
            assert part.get(attribute) == str(sum(case.find(tag) is not None for case in found))
        assert part.get("tests") == str(len(found))
        times = sum(float(case.get("time", "0")) for case in found)
        assert float(part.get("time", "-1")) == pytest.approx(times, abs=0.001)
    for suite in root:
        skipped = sum(case.find("skipped") is not None for case in suite.findall("testcase"))
        assert suite.get("skipped") == str(skipped)
        names = [case.get("name") for case in suite.findall("testcase")]
        assert len(names) == len(set(names))


def test_a_run_is_a_case_for_each_cell_and_variant() -> None:
    """All passed, with the median time of a run in seconds; losses are told."""
    made = result()
    found = cases(Subject((made,)))
    expected = [values.seconds(record) for one in made.cells for record in one.variants.values()]
    assert [float(case.get("time", "")) for case in found] == pytest.approx(expected, abs=1e-9)
    (lost,) = [case for case in found if case.get("name") == "1M free pages, workload churn · optimized"]
    assert "15.5 % larger" in lost.findtext("system-out", "")
    assert not [case for case in cases(Subject((untimed(),))) if case.get("time")]


def test_an_interrupted_run_is_not_all_green() -> None:
    """What was left out is skipped, with the reason."""
    found = ended(Subject((interrupted(),)), "skipped")
    assert found["200k pods, nearly full"] == "too large"
    assert "interrupted" in found["whole scenario"]


def test_a_gate_fails_what_failed() -> None:
    """Failures with reason and rule; warned, acknowledged and ignored are skipped; the rest passed."""
    subject = gated()
    assert subject.judgement is not None
    failures = ended(subject, "failure")
    assert len(failures) == 4
    assert "watch-fanout.wall_ns.speedup >= 500" in failures
    slow = failures["1M events, 10,050 watchers · optimized · time per event"]
    assert slow.startswith("worse · the figures · kscale-gate.yaml:")
    skipped = ended(subject, "skipped")
    assert sorted(message.partition(":")[0] for message in skipped.values()) == [
        "acknowledged",
        "ignored",
        "warned",
    ]
    assert any("index kept" in message for message in skipped.values())
    assert len(cases(subject)) == len(subject.judgement.decisions)


def test_no_verdict_is_an_error() -> None:
    """Nothing judged must not look like a pass."""
    assert ended(without_verdict(), "error") == {"verdict": "nothing was judged: other machine"}


def test_a_wrong_answer_is_an_error() -> None:
    """A run that ends because variants disagree leaves a document that says so."""
    root = read(junit.wrong_answer(f"etcd-freelist: {NASTY}"))
    (error,) = root.findall("testsuite/testcase/error")
    assert (root.get("errors"), error.get("type")) == ("1", "wrong answer")
    assert error.get("message", "").startswith("etcd-freelist: ")


def test_without_a_gate_worse_and_gone_fail() -> None:
    """Between results; what is new is skipped."""
    found = ended(of_results(), "failure")
    assert len(found) == 3
    assert found["200k pods, nearly full"].endswith("sched-sampling · 200k pods, nearly full is gone")
    assert [*ended(of_results(), "skipped")] == ["10 events"]


def test_between_variants_only_a_time_fails() -> None:
    """A counter that got worse passes, and says so."""
    subject = of_variants()
    assert all("time per" in name for name in ended(subject, "failure"))
    held = [case for case in cases(subject) if "file pages" in case.get("name", "")]
    assert any(case.findtext("system-out", "").startswith("worse: ") for case in held)


def test_suites_are_mechanisms() -> None:
    """And comparisons of several results are told apart by name."""
    root = read(junit.render(three_results()))
    mechanisms = {one.mechanism for one in result().cells}
    assert {suite.get("name") for suite in root} == mechanisms
    assert all(" · main → " in str(case.get("name")) for case in root.findall("testsuite/testcase"))


def test_a_time_is_that_of_the_right_hand_side() -> None:
    """The median of a whole run, in seconds."""
    subject = of_results()
    name = "1M events, 10,050 watchers · optimized · time per event"
    (slow,) = [case for case in cases(subject) if case.get("name") == name]
    after = subject.results[1].cells[5].variants["optimized"]
    assert float(slow.get("time", "")) == pytest.approx(values.seconds(after), abs=1e-9)


@given(st.text() | st.text(alphabet="\x00\x0b\ufffe\uffff\ud800\udfff<&>'\"]]>\u202e\n\r\t "))
def test_any_name_makes_a_document(name: str) -> None:
    """XML 1.0 has no way to write some characters; no name breaks the document."""
    root = read(junit.render(Subject((hostile(f"a{name}"),))))
    assert len(root.findall("testsuite/testcase")) == 4


def test_counters_are_given_to_the_last_digit() -> None:
    """A machine reads them, and what was rounded could be taken for the same."""
    shown = [str(case.findtext("system-out")) for case in cases(of_results())]
    assert any("(10,050,000,000 → 10,050,000,000, exact" in text for text in shown)
    judged = [str(case.findtext("system-out")) for case in cases(gated())]
    assert any("10,050,000,000 → 10,050,000,000" in text for text in judged)


def test_the_limit_of_a_command_stands_where_a_policys_name_does() -> None:
    """`compare --fail-over 10` has no file; every format still says what decided."""
    subject = gated()
    assert subject.judgement is not None
    named = replace(subject, judgement=replace(subject.judgement, policy="--fail-over 10"))
    assert 'name="policy" value="--fail-over 10"' in junit.render(named)
    for name in ("table", "json", "openmetrics"):
        assert "--fail-over 10" in formats.FORMATS[name](named)
