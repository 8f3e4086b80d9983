import csv
import io
import json

import pytest
from export_subjects import (
    NASTY,
    fresh,
    gated,
    hostile,
    hostile_gate,
    interrupted,
    of_results,
    three_results,
    untimed,
)
from hypothesis import given
from hypothesis import strategies as st
from sample_results import result

from kscale.report.export import spreadsheet, values
from kscale.report.export.subject import Subject
from kscale.results.record import MetricInfo, VariantRecord

FORMULA = ("=", "+", "-", "@", "\t", "\r")


def read(text: str) -> list[dict[str, str]]:
    """Return the rows of a table."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def test_lines_end_as_rfc_4180_says() -> None:
    """CRLF, and a header of plain names."""
    text = spreadsheet.render(Subject((result(),)))
    assert text.endswith("\r\n")
    assert text.count("\n") == text.count("\r\n") == len(read(text)) + 1


def test_numbers_read_back_equal() -> None:
    """Every number of a run, not one more, not one rounded."""
    made = result()
    rows = read(spreadsheet.render(Subject((made,))))
    found = list(values.of(made))
    assert len(rows) == len(found)
    for row, value in zip(rows, found, strict=True):
        assert (row["cell"], row["variant"], row["metric"]) == (value.cell.key, value.variant, value.metric)
        assert float(row["value"]) == value.value
        assert [row[name] and float(row[name]) for name in ("low", "high", "spread_pct")] == [
            "" if end is None else end for end in (value.low, value.high, value.spread_pct)
        ]
        assert json.loads(row["params"]) == value.cell.params
        assert row["provenance"] == value.info.provenance
    assert {row["provenance"] for row in rows if row["metric"] == "startup_p99"} == {"modelled"}


@given(
    work=st.dictionaries(st.text(min_size=1), st.integers(0, 2**63 - 1), max_size=4),
    name=st.text() | st.just(NASTY) | st.text(alphabet="=+-@\t\r\n\"',; :#[\u202e\ud800"),
    unit=st.text(max_size=3),
)
def test_any_text_and_any_number_survive(work: dict[str, int], name: str, unit: str) -> None:
    """Whatever names hold, rows stay rows, numbers stay equal, and no field is a formula."""
    metric = MetricInfo(kind="exact", unit=unit, better="none", provenance="measured")
    info = result().mechanisms["watch-fanout"].model_copy(update={"metrics": dict.fromkeys(work, metric)})
    named = {"label": name, "mechanism": name, "notes": [name]}
    point = fresh().model_copy(update=named | {"variants": {name: VariantRecord(work=work)}})
    made = result([point]).model_copy(update={"mechanisms": {name: info}})
    rows = read(spreadsheet.render(Subject((made,))))
    assert [int(row["value"]) for row in rows] == list(work.values())
    assert not [text for row in rows for text in row.values() if text.startswith(FORMULA)]
    assert not [text for row in rows for text in row.values() if set(text) & set("\r\n\u202e\ud800\0")]


@pytest.mark.parametrize("start", FORMULA)
def test_a_formula_is_text(start: str) -> None:
    """A spreadsheet shows it and does not run it."""
    (row, *_) = read(spreadsheet.render(Subject((hostile(f"{start}cmd|' /C calc'!A0"),))))
    assert row["mechanism"].startswith(("'", "\\"))


def test_a_skipped_cell_is_told() -> None:
    """A row without a number, and the run's status beside every number."""
    rows = read(spreadsheet.render(Subject((interrupted(),))))
    (left_out,) = [row for row in rows if row["status"] == "skipped"]
    assert (left_out["value"], left_out["notes"]) == ("", "too large")
    assert {row["run_status"] for row in rows} == {"interrupted"}


def test_samples_are_all_there() -> None:
    """A row each, in the file's order, with the time of one run."""
    made = result()
    rows = read(spreadsheet.render(Subject((made,)), samples=True))
    kept = [
        (one.key, name, str(order), str(taken))
        for one in made.cells
        for name, record in one.variants.items()
        if record.wall_ns is not None
        for order, taken in zip(record.wall_ns.order, record.wall_ns.values, strict=True)
    ]
    assert [(row["cell"], row["variant"], row["order"], row["sample_ns"]) for row in rows] == kept
    assert all(float(row["run_ns"]) == int(row["sample_ns"]) / int(row["loops"]) for row in rows)


def test_samples_say_their_process() -> None:
    """Two installations measured in turns use several processes."""
    made = result()
    one = made.cells[0].variants["baseline"]
    assert one.wall_ns is not None
    times = one.wall_ns.model_copy(update={"process": [i % 2 for i in range(len(one.wall_ns.values))]})
    variants = {"baseline": one.model_copy(update={"wall_ns": times})}
    spread = made.model_copy(update={"cells": [made.cells[0].model_copy(update={"variants": variants})]})
    rows = read(spreadsheet.render(Subject((spread,)), samples=True))
    assert {row["process"] for row in rows} == {"0", "1"}
    (timed, *_) = read(spreadsheet.render(Subject((spread,))))
    assert (timed["metric"], timed["low"], timed["high"]) == ("wall_ns", "", "")


def test_samples_of_a_comparison_name_their_side() -> None:
    """Two results of one name are told apart."""
    rows = read(spreadsheet.render(three_results(), samples=True))
    assert {row["result"] for row in rows} == {"main", "head", "main (2)"}


def test_a_run_without_times_has_counters() -> None:
    """And no samples."""
    subject = Subject((untimed(),))
    assert {row["kind"] for row in read(spreadsheet.render(subject))} == {"exact"}
    assert read(spreadsheet.render(subject, samples=True)) == []


def test_a_comparison_is_a_row_each() -> None:
    """Both sides, the change, the verdict; what is gone has its own row."""
    subject = of_results()
    comparison = subject.comparisons[0]
    rows = read(spreadsheet.render(subject))
    assert len(rows) == len(comparison.rows) + len(comparison.gone) + len(comparison.new)
    first = comparison.worst_first[0]
    assert (float(rows[0]["a"]), float(rows[0]["b"])) == (first.a.value, first.b.value)
    assert (rows[0]["verdict"], rows[0]["from"], rows[0]["to"]) == ("worse", "main", "head")
    assert [row["said"] for row in rows[-2:]] == ["gone", "new"]


def test_a_gate_adds_its_decisions() -> None:
    """Every subject once, with the rule that decided it."""
    subject = gated()
    assert subject.judgement is not None
    rows = read(spreadsheet.render(subject))
    assert [row["subject"] for row in rows] == [one.subject for one in subject.judgement.decisions]
    assert [row["status"] for row in rows] == [str(one.status) for one in subject.judgement.decisions]
    assert rows[1]["confirmed"] == "true"


def test_hostile_decisions_stay_in_their_fields() -> None:
    """As many rows as decisions, whatever they hold."""
    subject = hostile_gate()
    assert subject.judgement is not None
    rows = read(spreadsheet.render(subject))
    assert len(rows) == len(subject.judgement.decisions)
    assert not [text for row in rows for text in row.values() if text.startswith(FORMULA)]
