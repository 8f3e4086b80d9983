"""JSON Lines: a line for each cell of a run, or for each thing that was said of a comparison."""

from typing import Any

from kscale.report.export import entries
from kscale.report.export.documents import dumps
from kscale.report.export.entries import Entry
from kscale.report.export.subject import Subject
from kscale.results.record import Cell


def render(subject: Subject, *, samples: bool = False) -> str:  # noqa: ARG001 - a cell has all samples
    """Return the lines of *subject*; nothing at all if there is nothing to say."""
    if subject.alone is not None:
        found = [line(cell) for cell in subject.alone.cells]
    else:
        params = entries.params_of(subject)
        found = [dumps(_said(entry, params)) for entry in entries.entries(subject)]
    return "".join(f"{one}\n" for one in found)


def line(cell: Cell) -> str:
    """Return one cell as the result file keeps it, on one line, without a line's end."""
    return dumps(cell.model_dump(mode="json"))


def _said(entry: Entry, params: dict[str, Any]) -> dict[str, Any]:
    """Return one thing that was said, with both sides' names; keys that do not apply are left out."""
    sides = entry.comparison
    found: dict[str, Any] = {
        "subject": entry.subject,
        "from": sides.a.name if sides is not None else None,
        "to": sides.b.name if sides is not None else None,
        "said": entry.said,
    }
    if entry.row is not None:
        found |= entries.row_fields(entry.row, params)
    return found | (entries.decision_fields(entry.decision) if entry.decision is not None else {})
