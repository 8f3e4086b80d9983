"""Everything that was said of a subject, one by one: rows, what only one side has, requirements.

A gate's decisions come first and in its order; each names the row it is about. What
no decision is about follows: rows worst first, then what could not be compared.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kscale.judge import wording
from kscale.judge.compare import Comparison
from kscale.judge.decision import Decision
from kscale.judge.rows import Row
from kscale.report import cells
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.report.table_compare import side_words

GONE, NEW = "gone", "new"
REQUIREMENTS = "requirements"  # stands where a mechanism would


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said: of a row, of a cell without one, or of a requirement."""

    comparison: Comparison | None  # None: only a requirement was judged
    mechanism: str
    subject: str  # "etcd-freelist[free_pages=1000000] optimized.wall_ns", or a requirement's own text
    said: str  # the verdict in a word or two
    row: Row | None = None
    decision: Decision | None = None
    at: str = ""  # where, as people say it: of what only one side has


def entries(subject: Subject) -> Iterator[Entry]:
    """Return all that was said of *subject*, the judged comparison's decisions first."""
    judged = set()
    if subject.judgement is not None:
        for decision in subject.judgement.decisions:
            judged.add(_place(decision.row) if decision.row is not None else decision.subject)
            yield _decided(subject.judgement.comparison, decision)
    for comparison in subject.compared:
        about = judged if subject.judgement and comparison is subject.judgement.comparison else set()
        for row in comparison.worst_first:
            if _place(row) not in about:
                place = f"{row.cell} {row.variant}.{row.metric}"
                yield Entry(comparison, row.mechanism, place, cells.verdict_words(row), row)
        yield from (entry for entry in unmatched(comparison) if entry.subject not in about)


def unmatched(comparison: Comparison) -> Iterator[Entry]:
    """Return what only one side has."""
    for names, said in ((comparison.gone, GONE), (comparison.new, NEW)):
        for name in names:
            part = comparison.parts[name]
            yield Entry(comparison, part.mechanism, name, said, at=part.where)


def row_fields(row: Row, params: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a row as plain values; *params* are each cell's, by its key. What is not finite is None."""
    ratio = row.ratio
    known = ratio is not None and ratio.has_interval
    return {
        "mechanism": row.mechanism,
        "cell": row.cell,
        "params": dict(params[row.cell]) if row.cell in params else None,
        "label": row.at,
        "variant": row.variant,
        "metric": row.metric,
        "kind": row.info.kind,
        "unit": row.info.unit,
        "per": row.per,
        "better": row.info.better,
        "provenance": row.info.provenance,
        "extrapolated": row.extrapolated,
        "a": row.a.value,
        "b": row.b.value,
        "a_spread_pct": row.a.spread_pct,
        "b_spread_pct": row.b.spread_pct,
        "change": row.change if math.isfinite(row.change) else None,
        "low": ratio.low if ratio is not None and known else None,
        "high": ratio.high if ratio is not None and known else None,
        "n": ratio.n if ratio is not None else None,
        "paired": ratio.paired if ratio is not None else None,
        "margin": row.margin,
        "floor": ratio.floor if ratio is not None else None,
        "verdict": str(row.verdict) if row.verdict is not None else None,
        "notes": list(cells.noise_note(row)),
    }


def decision_fields(decision: Decision) -> dict[str, Any]:
    """Return what a gate made of one subject, as plain values."""
    return {
        "subject": decision.subject,
        "status": str(decision.status),
        "said": decision.said,
        "why": decision.why,
        "rule": decision.rule,
        "reason": decision.reason,
        "confirmed": decision.confirmed,
    }


def params_of(subject: Subject) -> dict[str, Mapping[str, Any]]:
    """Return the parameters of every cell, by its key."""
    return {cell.key: cell.params for result in subject.results for cell in result.cells}


def words(row: Row) -> str:
    """Return a change with its figures: "time per pod: +16.4 % time (17.1 µs → 19.9 µs, margin ± 5 %)".

    Counters are given to the last digit.
    """
    before, after = wording.sides(row) if row.ratio is not None else digits(row)
    sure = cells.sureness(row).plain
    margin = cells.margin(row)
    facts = [f"{before} → {after}", *([sure] if sure else []), *([f"margin {margin}"] if margin else [])]
    return f"{cells.metric_name(row)}: {cells.change(row)} ({', '.join(facts)})"


def digits(row: Row) -> tuple[str, str]:
    """Return both sides of a counter to the last digit, with its unit where the digits alone mislead."""
    unit = row.info.unit
    if unit.endswith(wording.MILLI):
        return f"{row.a.value / 1000:,.3f}", f"{row.b.value / 1000:,.3f}"
    tail = f" {unit}" if unit in {"ns", "bytes", "ppm"} else ""
    return f"{row.a.value:,}{tail}", f"{row.b.value:,}{tail}"


def heading(comparison: Comparison) -> str:
    """Return what is compared: "main 1f0c9ab (2026-11-20) → head 77aa012 (2026-11-21)"."""
    sides = f"{side_words(comparison.a)} → {side_words(comparison.b)}"
    return sides if comparison.of == "results" else f"{sides} of run {one_line(comparison.run)}"


def _decided(comparison: Comparison | None, decision: Decision) -> Entry:
    """Return what a decision says, under the mechanism it is about."""
    row = decision.row
    if row is not None and decision.subject.startswith(row.cell):
        mechanism, at = row.mechanism, ""
    elif comparison is not None and decision.subject in comparison.parts:
        part = comparison.parts[decision.subject]
        mechanism, at = part.mechanism, part.where
    else:
        mechanism, at = REQUIREMENTS, ""
    return Entry(comparison, mechanism, decision.subject, decision.said, row, decision, at)


def _place(row: Row) -> tuple[str, str, str]:
    """Return which row it is."""
    return row.cell, row.variant, row.metric
