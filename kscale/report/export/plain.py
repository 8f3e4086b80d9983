"""The table as plain text, for files: the terminal's own, 120 columns wide and without colour."""

from collections.abc import Iterator

from kscale.report.console import WIDTH
from kscale.report.export.subject import Subject
from kscale.report.table_compare import comparison_table
from kscale.report.table_gate import gate_table
from kscale.report.table_sweep import result_table


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - a table has none
    """Return the tables of *subject*, one under the other."""
    return "\n".join(f"{part.rstrip()}\n" for part in _parts(subject))


def _parts(subject: Subject) -> Iterator[str]:
    """Return each table: the gate's holds that of its comparison."""
    judgement = subject.judgement
    if judgement is not None:
        yield gate_table(judgement, WIDTH).plain
    for comparison in subject.comparisons:
        if judgement is None or comparison is not judgement.comparison:
            yield comparison_table(comparison, WIDTH).plain
    if not subject.compared and judgement is None:
        for result in subject.results:
            yield result_table(result, WIDTH).plain
