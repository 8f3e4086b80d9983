"""Rows of a comparison as lines of the page, in the words of the terminal's tables."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from kscale.judge import rows, wording
from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement
from kscale.judge.rows import OTHER_MACHINE, Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report import cells
from kscale.report.cells import Footnotes
from kscale.report.page.view import Group, Line
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.text import clean, clean_prose
from kscale.results.record import Result

LARGEST = 1e308  # of a sort key: a script does not read "inf"
_KEBAB = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

Place = tuple[str, str, str]  # cell, variant, metric


@dataclass(frozen=True)
class Words:
    """What every line of the page shares: anchors, footnotes, notes of cells, the gate's words."""

    anchors: Mapping[str, str]
    cell_notes: Mapping[str, tuple[tuple[str, str], ...]]  # of each cell: result, note
    gate: Mapping[Place, str]
    footnotes: Footnotes = field(default_factory=Footnotes)


def words(results: Sequence[Result], called: Sequence[str], judgement: Judgement | None) -> Words:
    """Return what the lines of *results* share."""
    names = dict.fromkeys(cell.mechanism for result in results for cell in result.cells)
    gate = {
        (one.row.cell, one.row.variant, one.row.metric): str(one.status)
        for one in (judgement.decisions if judgement else ())
        if one.row is not None
    }
    return Words(
        {name: _anchor(name, number) for number, name in enumerate(names)}, _notes(results, called), gate
    )


def lines(found: Iterable[Row], comparison: Comparison, shared: Words) -> tuple[Line, ...]:
    """Return the rows as lines, in their order, which a sort by verdict comes back to."""
    return tuple(_line(row, comparison, shared, place) for place, row in enumerate(found))


def groups(found: Sequence[Row], comparison: Comparison, shared: Words) -> tuple[Group, ...]:
    """Return the rows of each cell together, in the order of the file."""
    made = lines(found, comparison, shared)
    return tuple(Group(at, tuple(some)) for at, some in groupby(made, key=lambda line: line.at))


def further_variants(result: Result, mechanism: str) -> Iterator[Row]:
    """Return the rows of variants beside baseline and optimized that differ from the baseline."""
    for cell in result.cells:
        if cell.mechanism != mechanism or BASELINE not in cell.variants:
            continue
        for name in cell.variants:
            if name not in {BASELINE, OPTIMIZED}:
                compared = rows.of_cell(rows.described(result, cell), cell, BASELINE, name)
                yield from (row for row in compared if row.ratio or row.verdict is not Verdict.SAME)


def tone(verdict: Verdict | None) -> str:
    """Return the class of a verdict; never the only sign of it."""
    return "none" if verdict is None else str(verdict)


def _line(row: Row, comparison: Comparison, shared: Words, place: int) -> Line:
    """Return one row as text."""
    before, after = wording.sides(row)
    said = [note for note in cells.noise_note(row) if note != OTHER_MACHINE]
    if row.ratio is not None:
        said.extend(_of_cell(row, comparison, shared))
    note = ("; ".join(said),) if said else ()  # one reference a row, whatever there is to say
    shared.footnotes.number(note)
    return Line(
        mechanism=clean(row.mechanism),
        anchor=shared.anchors[row.mechanism],
        at=clean(row.at) if comparison.of == "variants" else f"{clean(row.at)} · {clean(row.variant)}",
        metric=_name(row, comparison),
        before=before,
        after=after,
        change=cells.change(row),
        sure=cells.sureness(row).plain,
        provenance="" if row.info.provenance == "measured" else row.info.provenance,
        margin=cells.margin(row),
        verdict=cells.verdict_words(row),
        mark=MARKS[row.verdict] if row.verdict is not None else "",
        tone=tone(row.verdict),
        notes=tuple(shared.footnotes.texts.index(one) + 1 for one in note),
        keys=(float(row.a.value), float(row.b.value), min(row.change, LARGEST), place),
        gate=shared.gate.get((row.cell, row.variant, row.metric), ""),
    )


def _of_cell(row: Row, comparison: Comparison, shared: Words) -> Iterator[str]:
    """Return the notes of a row's cell in the results compared, with the result's name if they are two."""
    sides = {clean(comparison.a.name), clean(comparison.b.name)}
    for name, note in shared.cell_notes.get(row.cell, ()):
        if comparison.of != "results":
            yield note
        elif name in sides:
            yield f"{name}: {note}"


def _name(row: Row, comparison: Comparison) -> str:
    """Return the metric's name; of a further variant, with the variant's."""
    name = cells.metric_name(row)
    if comparison.of == "variants" and row.variant != comparison.b.name:
        return f"{name} · {clean(row.variant)}"
    return name


def _anchor(mechanism: str, number: int) -> str:
    """Return the id of a mechanism's section; a name that is no name is numbered."""
    return f"mechanism-{mechanism}" if _KEBAB.fullmatch(mechanism) else f"mechanism_{number}"


def _notes(results: Sequence[Result], called: Sequence[str]) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return the notes of each cell, each with the name of its result."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, result in zip(called, results, strict=True):
        for cell in result.cells:
            found.setdefault(cell.key, []).extend((name, clean_prose(note)) for note in cell.notes)
    return {key: tuple(notes) for key, notes in found.items()}
