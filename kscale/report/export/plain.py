"""The table as plain text, for files: the terminal's own, 120 columns wide and without colour."""

from collections.abc import Iterator

from kscale.judge.decision import Judgement, Status
from kscale.report.console import WIDTH
from kscale.report.export import summary
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.report.table_compare import comparison_table
from kscale.report.table_run import run_table
from kscale.report.text import paragraph


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - a table has none
    """Return the tables of *subject*, one under the other, and what a gate decided."""
    return "\n".join(f"{part.rstrip()}\n" for part in _parts(subject))


def _parts(subject: Subject) -> Iterator[str]:
    """Return each table."""
    for comparison in subject.compared:
        yield comparison_table(comparison, WIDTH).plain
    if not subject.compared and subject.judgement is None:
        for result in subject.results:
            yield run_table(result, WIDTH).plain
    if subject.judgement is not None:
        word, said = next(summary.sentences(subject))
        yield "\n".join([f"{word}  {said}", *_decisions(subject.judgement)])


def _decisions(judgement: Judgement) -> Iterator[str]:
    """Return what did not simply pass, by which rule."""
    for status in (Status.FAILED, Status.WARNED, Status.ACKNOWLEDGED):
        for one in judgement.of(status):
            parts = (f"{status}: {one.subject}", one.said, one.why, one.reason, one.rule)
            line = " · ".join(one_line(part) for part in parts if part)
            yield from (text.plain for text in paragraph(line, WIDTH, first="  ", rest="    "))
