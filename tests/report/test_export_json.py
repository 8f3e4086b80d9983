import json
from typing import Any

import pytest
from export_subjects import gated, hostile_gate, of_results, of_variants, three_results, without_verdict
from sample_results import result

from kscale.report.export import documents, lines
from kscale.report.export.subject import Subject
from kscale.results import store


def document(subject: Subject) -> Any:  # noqa: ANN401 - JSON
    """Return what a strict reader makes of the document."""
    return json.loads(documents.render(subject), parse_constant=pytest.fail)


def test_a_run_is_its_result_file() -> None:
    """Byte for byte, so that standard output can be kept as a result."""
    made = result()
    assert documents.render(Subject((made,))) == store.dumps(made)


def test_a_comparison_holds_both_sides_and_every_row() -> None:
    """Nothing that was said is left out."""
    subject = of_results()
    found = document(subject)
    comparison = subject.comparisons[0]
    assert found["schema"] == "kscale.comparison/1"
    assert [one["name"] for one in found["results"]] == ["main", "head"]
    (read,) = found["comparisons"]
    assert (read["a"]["name"], read["b"]["name"]) == ("main", "head")
    assert read["gone"] == list(comparison.gone)
    assert read["new"] == list(comparison.new)
    assert found["judgement"] is None
    assert len(read["rows"]) == len(comparison.rows)
    for row, made in zip(read["rows"], comparison.rows, strict=True):
        assert (row["cell"], row["variant"], row["metric"]) == (made.cell, made.variant, made.metric)
        assert (row["a"], row["b"], row["margin"]) == (made.a.value, made.b.value, made.margin)
        assert row["provenance"] == made.info.provenance
        assert row["params"] is not None


def test_a_time_has_its_interval_and_a_counter_has_none() -> None:
    """What cannot be known is null, never a made number."""
    rows = document(of_variants())["comparisons"][0]["rows"]
    timed = next(row for row in rows if row["metric"] == "wall_ns")
    assert timed["low"] <= timed["change"] <= timed["high"]
    assert timed["n"] == 20
    grown = next(row for row in rows if row["metric"] == "class_hits" and row["a"] == 0 and row["b"])
    assert grown["change"] is None
    assert grown["low"] is grown["n"] is grown["floor"] is None


def test_a_judgement_holds_every_decision() -> None:
    """Status, code and the rule of each subject."""
    subject = gated()
    judgement = subject.judgement
    assert judgement is not None
    read = document(subject)["judgement"]
    assert (read["status"], read["exit_code"], read["policy"]) == ("gate_failed", 1, "kscale-gate.yaml")
    assert [one["subject"] for one in read["decisions"]] == [one.subject for one in judgement.decisions]
    assert {one["status"] for one in read["decisions"]} == {
        "failed",
        "warned",
        "acknowledged",
        "passed",
        "ignored",
    }
    confirmed = next(one for one in read["decisions"] if one["confirmed"])
    assert confirmed["rule"].startswith("kscale-gate.yaml:")
    assert document(without_verdict())["judgement"]["status"] == "no_verdict"


def test_several_comparisons_are_all_there() -> None:
    """One for each result after the first."""
    subject = three_results()
    assert [one["b"]["name"] for one in document(subject)["comparisons"]] == ["head", "main"]


def test_names_come_through_unchanged() -> None:
    """JSON can say anything; even half a character."""
    subject = hostile_gate()
    assert subject.judgement is not None
    read = document(subject)
    assert read["results"][0]["name"] == subject.comparisons[0].a.name
    assert read["judgement"]["decisions"][0]["why"] == subject.judgement.decisions[0].why


def test_no_number_is_infinite() -> None:
    """A file can hold 1e999, which Python reads as infinity; JSON has no word for it."""
    made = result()
    cell = made.cells[0].model_copy(update={"seconds": float("inf")})
    assert json.loads(lines.line(cell), parse_constant=pytest.fail)["seconds"] is None


def test_a_line_is_a_cell_of_the_result_file() -> None:
    """The lines of a run, read back, are the cells of its document."""
    subject = Subject((result(),))
    text = lines.render(subject)
    assert [json.loads(one) for one in text.splitlines()] == document(subject)["cells"]
    assert text == "".join(f"{lines.line(cell)}\n" for cell in subject.results[0].cells)


def test_a_line_is_one_thing_that_was_said() -> None:
    """Decisions first, each with its row; what is gone too."""
    subject = gated()
    read = [json.loads(one) for one in lines.render(subject).splitlines()]
    comparison = subject.comparisons[0]
    assert subject.judgement is not None
    assert len(read) == len(subject.judgement.decisions)
    assert read[0]["status"] == "failed"
    assert {one["subject"] for one in read if one["said"] == "gone"} == set(comparison.gone)
    assert all(one["from"] == "main" and one["to"] == "head" for one in read)
