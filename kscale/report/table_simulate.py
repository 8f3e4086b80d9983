"""What `kscale simulate` prints: a sentence, then a column for each run; with -v all that was counted.

Three layouts by the room there is: with what changed, without it, or a line for each run below
what it is of. Titles wrap, numbers never do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from kscale.clusterwide import saved, words
from kscale.clusterwide.saved import Labelled
from kscale.report import columns as layouts
from kscale.report import grid, simulate_rows
from kscale.report import simulate_wording as wording
from kscale.report.grid import GAP, Column
from kscale.report.simulate_entries import BETTER, NO_TONE, WORSE, Entry
from kscale.report.simulate_rows import Group, Row
from kscale.report.text import clean, joined, paragraph
from kscale.results.simulation import Saved
from kscale.scenario.cluster import Fault
from kscale.units import show_many

INDENT = "  "
STACKED_WIDEST = 78
STYLES = {BETTER: "green", WORSE: "red", NO_TONE: ""}
LEGEND = (
    "objectives: official ones of Kubernetes, the last two ours, ✓ kept, x broken; ! limits most; "
    "not answered: when the run ended, or given up; > 4 s: P90, where P99 was not answered; "
    "used: of a station's capacity over the run"
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was simulated, and what each run came to."""

    name: str  # of the scenario
    runs: tuple[Labelled, ...]
    faults: tuple[Fault, ...] = ()
    draws: int = 0
    coefficients: int = 0  # that the times stand on
    today: bool = False  # the scenario says what is on today


def subject(found: Saved) -> Subject:
    """Return what is shown of a simulation."""
    plane = found.scenario.resolved.get("control_plane")
    return Subject(
        name=found.scenario.name,
        runs=saved.runs(found),
        faults=saved.faults_of(found),
        draws=found.draws,
        coefficients=len(found.costs),
        today=bool(isinstance(plane, dict) and plane.get("optimizations")),
    )


def simulate_table(subject: Subject, width: int, *, verbose: bool = False) -> Text:
    """Return the table for *width* columns."""
    lines = _head(subject, width)
    lines.append(Text())
    found = simulate_rows.groups(subject.runs, draws=subject.draws, verbose=verbose)
    lines.extend(_layout([words.heading(one.label) for one in subject.runs], found, width))
    lines.append(Text())
    lines.extend(_losses(found, width))
    lines.extend(paragraph(LEGEND, width, style="dim"))
    for said in _hints(subject, verbose=verbose):
        lines.extend(paragraph(said, width, style="dim"))
    return joined(lines)


def _head(subject: Subject, width: int) -> list[Text]:
    """Return what was simulated, what it came to, and what is to be known before it is believed."""
    lines = paragraph(wording.head(subject.name, subject.runs[0].run), width, rest=INDENT, style="dim")
    lines.extend(paragraph(modelled(subject), width, style="magenta"))
    lines.append(Text())
    lines.extend(paragraph(wording.finding(subject.runs, subject.draws), width, style="bold"))
    for said in wording.notes(subject.runs, subject.faults):
        lines.extend(paragraph(f"! {said}", width, rest=INDENT, style="yellow"))
    return lines


def modelled(subject: Subject) -> str:
    """Return the label of every time and use in the table."""
    stand = f"follow from {show_many(subject.coefficients, 'coefficient')}" if subject.coefficients else ""
    return f"modelled: times and use {stand or 'follow from coefficients'}, nothing was measured"


def _losses(found: Sequence[Group], width: int) -> Iterator[Text]:
    """Yield what got worse from the first run to the last."""
    lost = simulate_rows.losses(found)
    if lost:
        yield Text("where it loses", "bold")
        for said in lost:
            yield from paragraph(said, width, first=INDENT, rest=INDENT * 2)
        yield Text()


def _hints(subject: Subject, *, verbose: bool) -> Iterator[str]:
    """Yield what else can be asked."""
    if not subject.draws:
        yield "--samples 20 gives ranges, from coefficients drawn within theirs"
    if subject.today and all(one.label != words.TODAY for one in subject.runs):
        yield "the scenario says what is on today: --before today"
    if not verbose:
        yield "-v shows every stage of a pod's life and every counter"


def _layout(names: Sequence[str], found: Sequence[Group], width: int) -> Iterator[Text]:
    """Yield the lines of all groups, in the roomiest layout whose numbers fit."""
    rows = [row for group in found for row in group.rows]
    changes = Column("change", [_text(row.change) for row in rows], right=True)
    body = [
        Column("", [Text(row.title) for row in rows], name=True),
        *(
            Column(clean(name), [_text(row.entries[number]) for row in rows], right=True)
            for number, name in enumerate(names)
        ),
    ]
    for columns in ([*body, changes], body) if len(names) > 1 else (body,):
        widths = grid.fitted(columns, width - GAP)
        if widths is not None:
            yield Text(INDENT).append_text(grid.titles(columns, widths))
            yield from _grouped(found, columns, widths, width)
            return
    yield from _stacked(names, found, min(width, STACKED_WIDEST))


def _grouped(
    found: Sequence[Group], columns: Sequence[Column], widths: Sequence[int], width: int
) -> Iterator[Text]:
    """Yield each group as a heading over its rows."""
    number = 0
    for group in found:
        yield from paragraph(group.title, width, style="bold")
        for _ in group.rows:
            yield from (Text(INDENT).append_text(line) for line in grid.row(columns, number, widths))
            number += 1


def _stacked(names: Sequence[str], found: Sequence[Group], width: int) -> Iterator[Text]:
    """Yield what a row is of and what changed, then each run's number."""
    for group in found:
        yield from paragraph(group.title, width, style="bold")
        for row in group.rows:
            yield from _stack(names, row, width)


def _stack(names: Sequence[str], row: Row, width: int) -> Iterator[Text]:
    """Yield the lines of one row."""
    change = _text(row.change)
    titles = paragraph(row.title, width - change.cell_len - GAP, first=INDENT, rest=INDENT * 2)
    if change.cell_len:
        titles[0].append(" " * max(GAP, width - titles[0].cell_len - change.cell_len)).append_text(change)
    yield from titles
    facts = [f"{clean(name)} {one.plain}" for name, one in zip(names, row.entries, strict=True)]
    yield from layouts.facts_lines(facts, width)


def _text(entry: Entry) -> Text:
    """Return an entry as text."""
    return Text(entry.plain, STYLES[entry.tone])
