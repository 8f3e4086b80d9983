"""What `kscale compare` prints of three sides and more: each change against the first beside its side.

wide     a column for each side and for each change
stacked  a line for each side, under the metric
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.text import Text

from kscale.judge import order, wording
from kscale.judge.order import Sort
from kscale.judge.rows import OTHER_MACHINE, OTHER_WORK, WALL, Row
from kscale.judge.side_by_side import Line, SideBySide
from kscale.judge.significance import significance
from kscale.judge.verdict import MARKS, Verdict
from kscale.report import cells, grid, table_compare
from kscale.report.cells import Footnotes
from kscale.report.grid import GAP, Column
from kscale.report.table_stats import statistics
from kscale.report.text import clean, joined, paragraph

LONGEST_TITLE = 24  # columns of a side's title; the heading has it in full
MISSING = "-"
UNNUMBERED = frozenset({OTHER_MACHINE, OTHER_WORK})  # said in the heading


def sides_table(
    found: SideBySide,
    width: int,
    *,
    fail_over: float | None = None,
    verbose: bool = False,
    only_changed: bool = False,
    sort: Sort = "status",
    stats: bool = False,
) -> Text:
    """Return the table of several sides for *width* columns; with *fail_over* (percent), what fails it.

    KscaleError if *stats* are asked for and scipy is not installed.
    """
    notes = Footnotes()
    arranged = order.arranged(found.lines, sort, only_changed=only_changed)
    shown = [line for line in arranged if verbose or _worth_showing(line, found)]
    entries = [_entry(line, notes, verbose=verbose) for line in shown]
    lines = [*_heading(found, width), Text(), *_body(entries, found, width)]
    lines.extend(table_compare.numbered(notes, width))
    lines.extend(_means(found, width))
    if stats:
        lines.extend([Text(), *statistics(significance(list(_told(shown, found))), width)])
    for comparison in found.comparisons:
        lines.extend(table_compare.unmatched(comparison, width, first=f"{clean(comparison.b.name)}: "))
    lines.append(Text())
    hidden = len(found.lines) - len(shown)
    lines.extend(_ends(found, width, fail_over=fail_over, hidden=hidden, only_changed=only_changed))
    lines.extend(table_compare.legend([row for line in shown for row in line.changes], width))
    return joined(lines)


def brief(found: SideBySide, width: int, *, fail_over: float | None = None) -> Text:
    """Return the summary alone: what is compared, what fails, the counts of every verdict."""
    return joined([*_heading(found, width), *_ends(found, width, fail_over=fail_over)])


def _ends(
    found: SideBySide,
    width: int,
    *,
    fail_over: float | None,
    hidden: int = 0,
    only_changed: bool = False,
) -> Iterator[Text]:
    """Return for each side but the first whether it passes, and the counts of its verdicts."""
    for number, comparison in enumerate(found.comparisons, start=1):
        first = f"{clean(comparison.b.name)}: " if len(found.comparisons) > 1 else ""
        if fail_over is not None:
            if first:
                yield Text(first.rstrip(), "bold")
            yield from table_compare.gate(comparison, fail_over, width)
        left = hidden if number == len(found.comparisons) else 0
        yield from table_compare.summary(comparison, left, width, only_changed=only_changed, first=first)
    if fail_over is not None:
        yield from table_compare.no_verdict(found.notes, width)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line as text; a side that lacks the metric has a dash and no change."""

    mechanism: str
    at: str
    name: str
    amounts: list[Text]
    changes: list[Text]  # a side each; empty for the first

    @property
    def place(self) -> tuple[str, str]:
        """Return what the line belongs to."""
        return self.mechanism, self.at


def _entry(line: Line, notes: Footnotes, *, verbose: bool) -> _Entry:
    """Return a line as text, its footnotes added to *notes*."""
    modelled = f" ({line.info.provenance})" if line.info.provenance != "measured" else ""
    shown = iter(wording.amounts([one for one in line.amounts if one is not None], line.info.unit))
    return _Entry(
        clean(line.mechanism),
        clean(line.at),
        cells.named(line.metric, line.per) + modelled,
        [Text(MISSING if one is None else next(shown)) for one in line.amounts],
        [_change(row, notes, verbose=verbose) for row in line.rows],
    )


def _change(row: Row | None, notes: Footnotes, *, verbose: bool) -> Text:
    """Return a change with its mark; `same` and `unclear` as words."""
    if row is None:
        return Text()
    said = cells.change(row)
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        said = str(row.verdict)
    mark = MARKS[row.verdict] if row.verdict is not None else ""
    interval = f" ({wording.interval(row)})" if verbose and wording.interval(row) else ""
    text = Text(f"{mark} {said}{interval}".strip(), cells.STYLES[row.verdict])
    number = notes.number(tuple(note for note in cells.noise_note(row) if note not in UNNUMBERED))
    return text.append(f" {number}" if number else "")


def _worth_showing(line: Line, found: SideBySide) -> bool:
    """Say whether a line is in the short table: if any of its changes is, or it is a time or a headline."""
    told = zip(line.rows[1:], found.comparisons, strict=True)
    if any(row is not None and table_compare.worth_showing(row, comparison) for row, comparison in told):
        return True
    return not line.changes and (line.metric == WALL or line.info.headline)


def _heading(found: SideBySide, width: int) -> Iterator[Text]:
    """Return what is compared, and what to know of it."""
    first, *others = (table_compare.side_words(side) for side in found.sides)
    comparisons = found.comparisons
    facts = [f"{first} → {', '.join(others)}", _what(found)]
    if comparisons[0].of == "results":
        same = all(one.same_machine for one in comparisons)
        facts.append(
            "same machine"
            if same
            else OTHER_MACHINE
            if len(comparisons) == 1
            else "other machines among them"
        )
    paired = [one.paired for one in comparisons]
    facts.append("paired" if all(paired) else "some paired" if any(paired) else "not paired")
    yield from paragraph(" · ".join(facts), width, style="bold")
    notes = dict.fromkeys(note for one in comparisons for note in one.notes)
    yield from table_compare.note_lines([*notes, *found.notes], width)


def _told(shown: Sequence[Line], found: SideBySide) -> Iterator[tuple[str, Row]]:
    """Return each change with the name of its side."""
    for line in shown:
        for row, side in zip(line.rows, found.sides, strict=True):
            if row is not None:
                yield side.name, row


def _what(found: SideBySide) -> str:
    """Return what the sides are, in words."""
    one = found.comparisons[0]
    several = f"{'two' if len(found.sides) == 2 else len(found.sides)} {one.of}"  # noqa: PLR2004 - a word
    if one.of != "results":
        return f"{several} of {table_compare.runs(one)}"
    return several if found.by == "result" else f"{several} by {found.by}"


def _body(entries: Sequence[_Entry], found: SideBySide, width: int) -> list[Text]:
    """Return the table in the roomiest layout that fits."""
    if not entries:
        return paragraph(table_compare.nothing([row for line in found.lines for row in line.changes]), width)
    names = [_clipped(side.name) for side in found.sides]
    places = [
        Column("mechanism", [Text(one.mechanism) for one in entries], name=True),
        Column("at", [Text(one.at) for one in entries], name=True),
    ]
    columns = [Column("metric", [Text(one.name) for one in entries], name=True)]
    for number, name in enumerate(names):
        columns.append(Column(name, [one.amounts[number] for one in entries], right=True))
        if number:
            columns.append(Column("change", [one.changes[number] for one in entries], right=True))
    widths = grid.fitted([*places, *columns], width)
    if widths is not None:
        return list(_wide([*places, *columns], widths))
    widths = grid.fitted(columns, width - GAP)
    return list(
        _stacked(entries, names, width) if widths is None else _medium(entries, columns, widths, width)
    )


def _wide(columns: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return the rows, each with its place."""
    yield grid.titles(columns, widths)
    for number in range(len(columns[0].cells)):
        yield from grid.row(columns, number, widths)


def _medium(
    entries: Sequence[_Entry], columns: Sequence[Column], widths: Sequence[int], width: int
) -> Iterator[Text]:
    """Return the rows under a heading for each place."""
    indent = " " * GAP
    yield Text(indent).append_text(grid.titles(columns, widths))
    for place, group in groupby(enumerate(entries), key=lambda one: one[1].place):
        yield from paragraph(" · ".join(place), width, rest=indent, style="bold")
        for number, _ in group:
            yield from (Text(indent).append_text(line) for line in grid.row(columns, number, widths))


def _stacked(entries: Sequence[_Entry], names: Sequence[str], width: int) -> Iterator[Text]:
    """Return a line for each side, under its metric; the change at the end, on its own line if need be."""
    indent = " " * 2 * GAP
    widest = max(cell_len(name) for name in names)
    amounts = max(amount.cell_len for one in entries for amount in one.amounts)
    for place, group in groupby(entries, key=lambda one: one.place):
        yield from paragraph(" · ".join(place), width, rest="  ", style="bold")
        for one in group:
            yield from paragraph(one.name, width, first=" " * GAP, rest=" " * 2 * GAP)
            for name, amount, change in zip(names, one.amounts, one.changes, strict=True):
                line = Text(f"{indent}{name}{' ' * (widest - cell_len(name) + GAP)}", "dim")
                line.append(" " * (amounts - amount.cell_len)).append_text(amount)
                if line.cell_len + GAP + change.cell_len > width:
                    yield line
                    line = Text(" " * max(0, min(len(indent) * 2, width - change.cell_len)))
                elif change.plain:
                    line.append(" " * GAP)
                yield line.append_text(change)


def _means(found: SideBySide, width: int) -> Iterator[Text]:
    """Return the geometric mean of each side's times."""
    said = [(one.b.name, cells.mean_words(one.rows)) for one in found.comparisons]
    if any(mean for _, mean in said):
        yield Text()
    for name, mean in said:
        if mean:
            yield from paragraph(f"{clean(name)}: {mean}", width, rest="  ")


def _clipped(name: str) -> str:
    """Return a side's name, short enough to head a column."""
    shown = clean(name)
    return shown if len(shown) <= LONGEST_TITLE else f"{shown[: LONGEST_TITLE - 1]}…"
