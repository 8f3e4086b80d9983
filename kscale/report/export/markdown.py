"""Markdown as GitHub and GitLab show it: the verdict in one line, and the table folded below it.

Names come from files: what Markdown or HTML would act on is written as an entity, and what
would become a link or call a person stands in <code>, where neither happens.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from kscale.judge import wording
from kscale.judge.decision import Decision, Status
from kscale.judge.rows import Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report import calibrated, cells, sweep_growth, table_gate, table_run
from kscale.report.export import entries, summary
from kscale.report.export.entries import Entry
from kscale.report.export.spelling import one_line
from kscale.report.export.subject import Subject
from kscale.report.table_compare import worth_showing
from kscale.results.record import Result
from kscale.units import show_count, show_counted

LONGEST = 500  # characters of a field; no honest one comes near
KINDS = "exact: counted on executed code; modelled: computed from a cost model, not measured"
LEGEND = f"x worse, ! unclear, + better; ± is half the interquartile range; {KINDS}"
GATE_LEGEND = f"{table_gate.LEGEND}; {KINDS}"
PLACE = ("", "verdict", "mechanism", "at", "metric")  # a table wider than the page is read from the left
LAST = ("change", "95 % interval", "margin")
NO_BREAK = "\u00a0"  # a space at which no line ends
TOLD = frozenset({Status.FAILED, Status.WARNED, Status.ACKNOWLEDGED})  # in the table in any case
ROOM_FOR_NOTE = 200  # bytes of the sentence that says what was left out
GROWTH = (
    "| mechanism | metric | variant | over | from … to | exponent | 95 % interval | |",
    "|---|---|---|---|---|---:|---|---|",
)
Head = tuple[str, str]  # a word, and what is said after it
_ENTITIES = {char: f"&#{ord(char)};" for char in "|`*_[\\~$"} | {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_ACTIVE = str.maketrans(_ENTITIES)
_LINKED = re.compile(r"[@#]|www\.|://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fold:
    """A part of the page that opens and closes."""

    title: str
    lines: tuple[str, ...]
    above: tuple[str, ...] = ()  # lines of a table's head
    opened: bool = field(default=False, kw_only=True)

    def text(self, lines: Sequence[str]) -> str:
        """Return the fold with some of its lines."""
        start = f"<details{' open' if self.opened else ''}>\n<summary>{self.title}</summary>\n"
        return "\n".join([start, *self.above, *lines, "\n</details>\n"])


def render(subject: Subject, *, samples: bool = False, most: int | None = None) -> str:  # noqa: ARG001 - a table has none
    """Return the text; with *most*, of at most so many bytes: lines are left out at the end, and counted."""
    heads, folds = _judged(subject) if subject.compared or subject.judgement is not None else _ran(subject)
    parts = [f"**{text(word)}** {text(said)}\n" for word, said in heads]
    notes = [f"- note: {text(note)}" for note in _notes(subject)]
    parts += [*notes, ""] if notes else []
    legend = LEGEND if subject.judgement is None else GATE_LEGEND
    if any(cell.extrapolated for result in subject.results for cell in result.cells):
        legend = f"{legend}; {text(cells.EXTRAPOLATED)}"
    left, out = None if most is None else most - _size([*parts, legend]) - ROOM_FOR_NOTE, 0
    for fold in folds:
        kept, left = _fitting(fold, left)
        out += len(fold.lines) - len(kept)
        parts += [fold.text(kept)] if kept else []
    if out:
        parts.append(
            f"{show_count(out)} lines do not fit and are left out: kscale writes them all with --output\n"
        )
    return "\n".join([*parts, f"<sub>{legend}</sub>"]) + "\n"


def text(value: object) -> str:
    """Return *value* as text on which Markdown, HTML and GitHub do not act."""
    line = one_line(value)
    plain = (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…").translate(_ACTIVE)
    return f"<code>{plain}</code>" if _LINKED.search(line) else plain


def _fitting(fold: Fold, left: int | None) -> tuple[Sequence[str], int | None]:
    """Return the first lines of *fold* that fit into *left* bytes, and what is left then."""
    if left is None:
        return fold.lines, None
    left -= _size([fold.text(())])
    kept: list[str] = []
    for line in fold.lines:
        left -= _size([line])
        if left < 0:
            break
        kept.append(line)
    return kept, left


def _size(lines: Iterable[str]) -> int:
    """Return the bytes of lines with their ends."""
    return sum(len(line.encode()) + 1 for line in lines)


def _notes(subject: Subject) -> Iterator[str]:
    """Return what is to be known before any number is trusted."""
    if subject.judgement is not None:
        yield from subject.judgement.notes
    for comparison in subject.compared:
        yield from comparison.notes
    if not subject.compared:
        for result in subject.results:
            yield from table_run.cautions(result)
            yield from filter(None, [calibrated.said(result)])
            yield from (f"extrapolated: {said}" for said in calibrated.beyond(result))


def _ran(subject: Subject) -> tuple[list[Head], list[Fold]]:
    """Return what each run came to, and its tables."""
    heads: list[Head] = []
    folds: list[Fold] = []
    for name, result in subject.named():
        rows = list(summary.run_rows(result))
        heads.append(
            (one_line(result.scenario.name), f"run {one_line(name)} · {summary.of_run(result, rows)}")
        )
        folds += _folds(result, rows)
    return heads, folds


def _folds(result: Result, rows: Sequence[Row]) -> Iterator[Fold]:
    """Return the table of a run, where it loses, and what was not run."""
    lines = [_line([_mark(row), text(cells.verdict_words(row)), *_row(row)]) for row in rows]
    yield _table(
        (*PLACE, table_run.BASELINE, table_run.OPTIMIZED, *LAST), lines, show_counted(len(lines), "row")
    )
    slower = {row.cell for row in rows if row.ratio is not None and row.verdict is Verdict.WORSE}
    losses = [
        f"- {text(cell.mechanism)} · {text(cell.label)}: {text(said)}"
        for cell in result.cells
        if cell.losses or cell.key in slower
        for said in table_run.losses(result, cell)
    ]
    yield Fold(f"Where it loses: {show_counted(len(losses), 'case')}", tuple(losses))
    grown = list(sweep_growth.rows(result, every=True)) if result.run.sweep is not None else []
    lines = [
        _line([*map(text, (one.mechanism, one.metric, one.variant, one.over, one.span)), *_fit(one)])
        for one in grown
    ]
    yield Fold(f"Growth: {show_counted(len(grown), 'row')}", tuple(lines), GROWTH)
    for status in ("skipped", "failed"):
        left = [
            f"- {text(cell.mechanism)} · {text(cell.label)}: {text('; '.join(cell.notes) or status)}"
            for cell in result.cells
            if cell.status == status
        ]
        yield Fold(f"{status.capitalize()}: {show_counted(len(left), 'cell')}", tuple(left))


def _fit(one: sweep_growth.Row) -> list[str]:
    """Return the fields of a fitted exponent, as text."""
    return [text(field).replace(" ", NO_BREAK) for field in (one.exponent, one.interval)] + [text(one.note)]


def _judged(subject: Subject) -> tuple[list[Head], list[Fold]]:
    """Return what a gate or each comparison came to, and a table for each comparison."""
    found: dict[int, list[Entry]] = {}
    for entry in entries.entries(subject):
        found.setdefault(id(entry.comparison), []).append(entry)
    judgement = subject.judgement
    folds = [_fold(some, gate=judgement is not None) for some in found.values()]
    if judgement is not None:
        return [summary.of_judgement(judgement)], folds
    return [(entries.heading(one), summary.of_comparison(one)) for one in subject.compared], folds


def _fold(some: Sequence[Entry], *, gate: bool) -> Fold:
    """Return the table of one comparison's entries, open if something failed."""
    sides = some[0].comparison
    names = (text(sides.a.name), text(sides.b.name)) if sides is not None else ("before", "after")
    shown = [entry for entry in some if _told(entry)]
    hidden = len(some) - len(shown)
    title = f"{show_counted(len(shown), 'row')}{f', {show_count(hidden)} more not shown' if hidden else ''}"
    head = f"{text(entries.heading(sides))}: {title}" if sides is not None else title
    failed = any(entry.decision is not None and entry.decision.status is Status.FAILED for entry in some)
    titles = (*PLACE, *names, *LAST, *(("decision",) if gate else ()))
    return _table(titles, [_entry(entry, gate=gate) for entry in shown], head, opened=failed)


def _told(entry: Entry) -> bool:
    """Say whether an entry is in the table: what the terminal's table shows, and what a gate did not pass."""
    if entry.decision is not None and (entry.decision.status in TOLD or entry.row is None):
        return True
    return entry.row is None or entry.comparison is None or worth_showing(entry.row, entry.comparison)


def _entry(entry: Entry, *, gate: bool) -> str:
    """Return an entry as a line of the table."""
    row, decision = entry.row, entry.decision
    said = text(entry.said)
    last = [text(_decision(decision, why=row is not None))] if gate else []
    mark = table_gate.MARKS.get(decision.status, "") if decision is not None else ""
    if row is None:
        why = text(decision.why) if decision is not None else ""
        return _line(
            [
                mark,
                said,
                text(entry.mechanism),
                text(entry.at or entry.subject),
                "",
                "",
                "",
                why,
                "",
                "",
                *last,
            ]
        )
    if decision is None or (row.verdict is Verdict.BETTER and not mark):
        mark = _mark(row)  # what is worse, but passes or is ignored, has none
    return _line([mark, said, *_row(row), *last])


def _decision(decision: Decision | None, *, why: bool) -> str:
    """Return what a gate made of an entry, *why* if wanted, by which rule, and the policy's own words."""
    if decision is None:
        return ""
    figures = decision.why if why and decision.status in TOLD else ""
    again = {None: "", True: "confirmed", False: "not confirmed"}[decision.confirmed]
    return " · ".join(
        part for part in (decision.status, again, figures, decision.rule, decision.reason) if part
    )


def _mark(row: Row) -> str:
    """Return the mark of a row's verdict."""
    return MARKS[row.verdict] if row.verdict is not None else ""


def _row(row: Row) -> list[str]:
    """Return the fields of a row, from its place to its margin, as text."""
    other = "" if row.variant in {table_run.OPTIMIZED, ""} else f" · {row.variant}"
    numbers = (*wording.sides(row), cells.change(row), cells.sureness(row).plain, cells.margin(row))
    unbroken = [text(number).replace(" ", NO_BREAK) for number in numbers]  # names wrap, numbers never do
    return [text(row.mechanism), text(row.at), text(cells.metric_name(row) + other), *unbroken]


def _line(fields: Sequence[str]) -> str:
    """Return fields, which are text already, as a line of a table."""
    return f"| {' | '.join(fields)} |"


def _table(titles: Sequence[str], lines: Sequence[str], title: str, *, opened: bool = False) -> Fold:
    """Return a folded table; *titles* are text already."""
    amounts = range(len(PLACE), len(PLACE) + 3)  # both sides and the change stand at the right
    rule = "|".join("---:" if number in amounts else "---" for number in range(len(titles)))
    return Fold(title, tuple(lines), (_line(titles), f"|{rule}|"), opened=opened)
