"""CSV (RFC 4180), long: a row for each number, each sample, or each thing that was said of a comparison.

Names come from files and a spreadsheet runs what looks like a formula, so such text gets
an apostrophe before it. Numbers are written in full and read back equal.
"""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from kscale.engine.task import SEED
from kscale.judge import growth
from kscale.report.export import entries, values
from kscale.report.export.documents import dumps
from kscale.report.export.entries import Entry
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.results.record import Cell, Result
from kscale.units import show_ratio

PLACE: Final = ("result", "run_status", "mechanism", "cell", "params", "label", "variant")
VALUES: Final = (
    *PLACE,
    "metric",
    "value",
    "unit",
    "per",
    "low",
    "high",
    "spread_pct",
    "n",
    "kind",
    "better",
    "provenance",
    "extrapolated",
    "status",
    "notes",
)
SAMPLES: Final = (*PLACE, "process", "order", "sample_ns", "loops", "run_ns")
ROWS: Final = (
    "from",
    "to",
    "subject",
    "mechanism",
    "cell",
    "params",
    "label",
    "variant",
    "metric",
    "kind",
    "unit",
    "per",
    "better",
    "provenance",
    "extrapolated",
    "a",
    "b",
    "a_spread_pct",
    "b_spread_pct",
    "change",
    "low",
    "high",
    "n",
    "paired",
    "margin",
    "floor",
    "verdict",
    "said",
    "notes",
)
DECISIONS: Final = ("status", "why", "rule", "reason", "confirmed")
_RUN = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs text that begins so
_COMMAND = ("::", "##[")  # and a CI runner lines that do


def render(subject: Subject, *, samples: bool = False) -> str:
    """Return the table; with *samples*, a row for each sample of each result."""
    if samples:
        return _table(SAMPLES, _samples(subject))
    if subject.compared or subject.judgement is not None:
        return _table(ROWS + (DECISIONS if subject.judgement is not None else ()), _said(subject))
    return _table(VALUES, chain(_values(subject), _grown(subject)))


def _table(header: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> str:
    """Return rows under their header; what a row lacks is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows([field(row.get(name)) for name in header] for row in rows)
    return out.getvalue()


def field(value: object) -> str | int | float | None:
    """Return a value as a field: numbers as they are, text on one line and harmless."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int | float):
        return value if value is not None and math.isfinite(value) else None
    if isinstance(value, dict):
        return dumps(dict(sorted(value.items())))
    text = "; ".join(map(one_line, value)) if isinstance(value, list) else one_line(value)
    return f"'{text}" if text.startswith(_RUN + _COMMAND) else text


def _values(subject: Subject) -> Iterator[dict[str, Any]]:
    """Return every number of every result; a skipped cell is a row without one."""
    for name, result in subject.named():
        for cell in result.cells:
            if not cell.variants:
                yield _place(name, result, cell) | {"status": cell.status, "notes": cell.notes}
        for value in values.of(result):
            yield _place(name, result, value.cell) | {
                "variant": value.variant,
                "metric": value.metric,
                "value": value.value,
                "unit": value.info.unit,
                "per": value.per,
                "low": value.low,
                "high": value.high,
                "spread_pct": value.spread_pct,
                "n": value.n,
                "kind": value.info.kind,
                "better": value.info.better,
                "provenance": value.info.provenance,
                "extrapolated": value.info.provenance == "modelled" and bool(value.cell.extrapolated),
                "status": value.cell.status,
                "notes": value.cell.notes,
            }


def _grown(subject: Subject) -> Iterator[dict[str, Any]]:
    """Return each exponent of the headline counters of each sweep, named as in a policy."""
    for name, result in subject.named():
        for one in growth.of_result(result) if result.run.sweep is not None else ():
            fit, cell = one.fitted, one.cells[0][0]
            if fit is None:
                continue
            info = result.mechanisms[one.mechanism].metrics[one.metric]
            held = {key: value for key, value in cell.params.items() if key not in {one.parameter, SEED}}
            yield _place(name, result, cell) | {
                "cell": None,
                "params": held,
                "label": one.held,
                "variant": one.variant,
                "metric": f"{one.metric}.exponent({one.parameter})",
                "value": fit.exponent,
                "low": fit.low,
                "high": fit.high,
                "n": fit.points,
                "kind": info.kind,
                "better": info.better,
                "provenance": info.provenance,
                "notes": [f"poor fit: a cost is {show_ratio(fit.off)} off the line"] if fit.poor else [],
            }


def _samples(subject: Subject) -> Iterator[dict[str, Any]]:
    """Return every sample of every result, in the order of the file."""
    for name, result in subject.named():
        for cell in result.cells:
            for variant, record in cell.variants.items():
                timed = record.wall_ns
                if timed is None:
                    continue
                place = _place(name, result, cell) | {"variant": variant, "loops": timed.loops}
                processes: Sequence[int | None] = timed.process or [None] * len(timed.values)
                for process, order, taken in zip(processes, timed.order, timed.values, strict=True):
                    sample = {"process": process, "order": order, "sample_ns": taken}
                    yield place | sample | {"run_ns": taken / timed.loops}


def _place(name: str, result: Result, cell: Cell) -> dict[str, Any]:
    """Return where a number comes from."""
    return {
        "result": name,
        "run_status": result.run.status,
        "mechanism": cell.mechanism,
        "cell": cell.key,
        "params": cell.params,
        "label": cell.label,
    }


def _said(subject: Subject) -> Iterator[dict[str, Any]]:
    """Return all that was said, in the order of the entries."""
    params = entries.params_of(subject)
    for entry in entries.entries(subject):
        yield _entry(entry, params)


def _entry(entry: Entry, params: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return one thing that was said."""
    sides = entry.comparison
    found: dict[str, Any] = {"mechanism": entry.mechanism}
    if entry.row is not None:
        found |= entries.row_fields(entry.row, params)
    if entry.decision is not None:
        found |= entries.decision_fields(entry.decision)
    return found | {
        "from": sides.a.name if sides is not None else None,
        "to": sides.b.name if sides is not None else None,
        "subject": entry.subject,
        "said": entry.said,
    }
