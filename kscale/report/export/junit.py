"""JUnit XML: a suite for each mechanism, a case for each cell and metric.

    failed, worse, gone                     failure
    no verdict, wrong answer, lost worker   error
    warned, unclear, acknowledged, ignored  skipped, with the reason
    anything else                           passed

Between two variants a counter that got worse passes and says so: an optimization may pay
with one counter for another. A run alone is a case for each cell and variant.
"""

import xml.etree.ElementTree as ET
from collections.abc import Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Literal

from kscale.judge.decision import Decision, Status
from kscale.judge.rows import WALL
from kscale.judge.verdict import Verdict
from kscale.report import cells
from kscale.report.export import entries, values
from kscale.report.export.entries import Entry
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.report.table_run import OPTIMIZED
from kscale.results.record import Cell, Result

Outcome = Literal["passed", "failure", "error", "skipped"]
WHOLE = "kscale"  # the suite of what concerns no single mechanism


@dataclass(frozen=True, slots=True)
class Case:
    """One test case."""

    suite: str
    name: str
    outcome: Outcome = "passed"
    kind: str = ""  # of a failure or error, in a word or two
    message: str = ""  # why
    out: str = ""  # what is to be known besides
    seconds: float | None = None


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - there is no place for them
    """Return the document."""
    cases = _said(subject) if subject.compared or subject.judgement is not None else _all_ran(subject)
    return _document(cases, _facts(subject))


def wrong_answer(said: str) -> str:
    """Return the document of a run that ended because its variants disagree."""
    return _document([Case(WHOLE, "answers", "error", "wrong answer", said)], {})


def _all_ran(subject: Subject) -> Iterator[Case]:
    """Return the cases of every run, each under its name if there are several."""
    for name, result in subject.named():
        yield from _ran(result, f" · {name}" if len(subject.results) > 1 else "")


def _ran(result: Result, of: str) -> Iterator[Case]:
    """Return a case for each cell and variant, and one more if the run was cut short."""
    if result.run.status == "interrupted":
        yield Case(WHOLE, f"whole scenario{of}", "skipped", message="interrupted: some cells may be missing")
    for cell in result.cells:
        if cell.status == "failed":
            why = "; ".join(cell.notes) or "failed"
            yield Case(cell.mechanism, cell.label + of, "error", "not run", why)
            continue
        if cell.status == "skipped" or not cell.variants:
            why = "; ".join(cell.notes) or "skipped"
            yield Case(cell.mechanism, cell.label + of, "skipped", message=why)
            continue
        said = "; ".join([*cell.losses, *cell.notes])
        for variant, record in cell.variants.items():
            name = f"{cell.label} · {variant}{of}"
            out = said if variant == OPTIMIZED else ""
            yield Case(cell.mechanism, name, out=out, seconds=values.seconds(record))


def _said(subject: Subject) -> Iterator[Case]:
    """Return a case for each thing that was said."""
    if subject.judgement is not None and subject.judgement.no_verdict:
        yield Case(WHOLE, "verdict", "error", "no verdict", subject.judgement.no_verdict)
    after = {id(one): _cells(subject.after(one)) for one in subject.compared}
    for entry in entries.entries(subject):
        sides = entry.comparison
        several = sides is not None and len(subject.compared) > 1
        of = f" · {sides.a.name} → {sides.b.name}" if several and sides is not None else ""
        outcome, kind, message = _outcome(entry) if entry.decision is None else _decided(entry.decision)
        told = (message, "") if outcome != "passed" else ("", message)
        yield Case(entry.mechanism, _name(entry) + of, outcome, kind, *told, _time(entry, after))


def _name(entry: Entry) -> str:
    """Return the case's name, as people say it."""
    row = entry.row
    if row is None or entry.mechanism == entries.REQUIREMENTS:
        return entry.at or entry.subject
    return f"{row.at} · {row.variant} · {cells.metric_name(row)}"


def _decided(decision: Decision) -> tuple[Outcome, str, str]:
    """Return what a gate's decision is to a test runner: outcome, kind and message."""
    parts = (decision.said, decision.why, _figures(decision), decision.reason, decision.rule)
    message = " · ".join(part for part in parts if part)
    if decision.status is Status.FAILED:
        return "failure", decision.said, message
    if decision.status is Status.PASSED:
        return "passed", "", message
    return "skipped", str(decision.status), f"{decision.status}: {message}"


def _figures(decision: Decision) -> str:
    """Return both sides of a counter to the last digit; empty if there is none, or that is why already."""
    if decision.row is None or decision.row.ratio is not None:
        return ""
    figures = " → ".join(entries.digits(decision.row))
    return "" if figures in decision.why else figures


def _outcome(entry: Entry) -> tuple[Outcome, str, str]:
    """Return what a comparison's word is to a test runner: outcome, kind and message."""
    one_run = entry.comparison is not None and entry.comparison.of != "results"
    row = entry.row
    if row is None:
        if entry.said == entries.GONE and not one_run:
            return "failure", entry.said, f"{entry.mechanism} · {entry.at} is gone"
        return "skipped", entry.said, f"{entry.said}: not compared"
    words = f"{entry.said}: {entries.words(row)}"
    if row.verdict is Verdict.WORSE and (row.ratio is not None or not one_run):
        return "failure", entry.said, words
    if row.verdict is None or row.verdict is Verdict.UNCLEAR:
        return "skipped", entry.said, "; ".join([words, *cells.noise_note(row)])
    return "passed", "", words


def _cells(result: Result | None) -> dict[str, Cell]:
    """Return the cells of a result by their keys."""
    return {cell.key: cell for cell in result.cells} if result is not None else {}


def _time(entry: Entry, after: Mapping[int, Mapping[str, Cell]]) -> float | None:
    """Return the median seconds of a run on the right-hand side; None if the row is not a time."""
    row = entry.row
    if row is None or row.metric != WALL:
        return None
    cell = after.get(id(entry.comparison), {}).get(row.cell)
    record = cell.variants.get(row.variant) if cell is not None else None
    return values.seconds(record) if record is not None else None


def _facts(subject: Subject) -> dict[str, str]:
    """Return what each suite says of where its numbers come from."""
    facts = {"policy": subject.judgement.policy} if subject.judgement is not None else {}
    for name, result in subject.named():
        commit = (
            f", commit {result.git.sha}{' with changes' if result.git.dirty else ''}" if result.git else ""
        )
        run = f"run {result.run.id} of {result.scenario.name}, seed {result.run.seed}, {result.run.status}"
        facts[f"result {name}"] = f"{run}, kscale {result.run.kscale}{commit}"
    return facts


def _document(cases: Iterable[Case], facts: Mapping[str, str]) -> str:
    """Return the XML of all cases, with counts and times added up."""
    suites: dict[str, dict[str, Case]] = {}
    for case in cases:
        suite = suites.setdefault(case.suite, {})
        suite[_free(one_line(case.name), suite)] = case
    root = ET.Element("testsuites", name="kscale")
    for suite_name, suite in suites.items():
        element = ET.SubElement(root, "testsuite", name=one_line(suite_name))
        _count(element, suite.values())
        element.set("skipped", str(sum(case.outcome == "skipped" for case in suite.values())))
        properties = ET.SubElement(element, "properties")
        for fact, value in facts.items():
            ET.SubElement(properties, "property", name=one_line(fact), value=one_line(value))
        for name, case in suite.items():
            _add(element, name, case)
    _count(root, [case for suite in suites.values() for case in suite.values()])
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _free(name: str, taken: Container[str]) -> str:
    """Return *name*, numbered if a case of the suite has it: runners tell cases apart by it."""
    numbered = (f"{name} ({number})" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _count(element: ET.Element, cases: Collection[Case]) -> None:
    """Write how many cases there are, how they ended and how long they took."""
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.outcome == "failure" for case in cases)))
    element.set("errors", str(sum(case.outcome == "error" for case in cases)))
    element.set("time", f"{sum(case.seconds or 0.0 for case in cases):.3f}")


def _add(suite: ET.Element, name: str, case: Case) -> None:
    """Write one case."""
    element = ET.SubElement(suite, "testcase", classname=one_line(case.suite), name=name)
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.9f}")
    if case.outcome != "passed":
        ended = ET.SubElement(element, case.outcome, message=one_line(case.message))
        if case.kind and case.outcome != "skipped":
            ended.set("type", one_line(case.kind))
    if case.out:
        ET.SubElement(element, "system-out").text = one_line(case.out)
