"""Three layouts of one table, by the room there is.

    wide     a column for everything, each mechanism and point named once
    medium   mechanism and point as a heading over their rows
    stacked  two lines a row: what changed, and from what to what

Names wrap, numbers never do: a layout is taken only if all of its numbers fit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest

from rich.cells import cell_len
from rich.text import Text

from kscale.report import grid
from kscale.report.grid import GAP, SMALLEST_NAME, Column
from kscale.report.text import wrapped

STACKED_WIDEST = 78  # beyond, changes stand too far from their names


@dataclass(frozen=True, slots=True)
class Entry:
    """One row, as text: names already harmless."""

    mechanism: str
    at: str
    name: Text
    before: Text
    after: Text
    change: Text
    more: tuple[Text, ...]  # interval first; further columns by the table's kind
    mark: str = ""
    note: str = ""  # footnote number


@dataclass(frozen=True, slots=True)
class Titles:
    """Column titles, and what goes before a value of `more` where there are no columns."""

    before: str
    after: str
    more: tuple[str, ...]
    marked: bool = False  # rows carry marks, and each names its place


def lay_out(entries: Sequence[Entry], titles: Titles, width: int) -> list[Text]:
    """Return the lines of a table in the roomiest layout that fits *width* columns."""
    if not entries:
        return []
    marks, *body = _body(entries, titles)
    wide = [marks, *_places(entries), *body]
    widths = grid.fitted(wide, width)
    if widths is not None:
        rows = _named_rows(wide, widths) if titles.marked else _named_once(entries, body, widths[1:])
        return [grid.titles(wide, widths), *rows]
    widths = grid.fitted([marks, *body], width - GAP)
    if widths is not None:
        return list(_medium(entries, [marks, *body], widths, width, titles))
    return list(_stacked(entries, titles, min(width, STACKED_WIDEST)))


def _places(entries: Sequence[Entry]) -> list[Column]:
    """Return the columns that name the place of a row."""
    return [
        Column("mechanism", [Text(entry.mechanism) for entry in entries], name=True),
        Column("at", [Text(entry.at) for entry in entries], name=True),
    ]


def _body(entries: Sequence[Entry], titles: Titles) -> list[Column]:
    """Return the columns of one row, without its place."""
    return [
        Column("", [Text(entry.mark, entry.change.style) for entry in entries]),
        Column("metric", [entry.name for entry in entries], name=True),
        Column(titles.before, [entry.before for entry in entries], right=True),
        Column(titles.after, [entry.after for entry in entries], right=True),
        Column("change", [entry.change for entry in entries], right=True),
        *(
            Column(title, [entry.more[number] for entry in entries], right=title == "n")
            for number, title in enumerate(titles.more)
        ),
        Column("", [Text(entry.note) for entry in entries]),
    ]


def _named_rows(columns: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return the rows, each with its mark and its place."""
    for row in range(len(columns[0].cells)):
        yield from grid.row(columns, row, widths)


def _named_once(entries: Sequence[Entry], body: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return the rows, each place named once beside its rows; an empty line between mechanisms."""
    row, last = 0, ""
    for (mechanism, at), group in groupby(entries, key=_place):
        if row and mechanism != last:
            yield Text()
        count = sum(1 for _ in group)
        named = wrapped(mechanism if mechanism != last else "", widths[0])
        points = wrapped(at, widths[1])
        lines = [line for number in range(row, row + count) for line in grid.row(body, number, widths[2:])]
        for name, point, line in zip_longest(named, points, lines, fillvalue=""):
            rest = line if isinstance(line, Text) else Text()
            yield grid.line(
                [(Text(name), False), (Text(point), False), (rest, False)], [*widths[:2], rest.cell_len]
            )
        row, last = row + count, mechanism


def _place(entry: Entry) -> tuple[str, str]:
    """Return what a row belongs to."""
    return entry.mechanism, entry.at


def _medium(
    entries: Sequence[Entry], body: Sequence[Column], widths: Sequence[int], width: int, titles: Titles
) -> Iterator[Text]:
    """Return the rows under a heading for each place; an empty line between mechanisms."""
    yield Text(" " * GAP).append_text(grid.titles(body, widths))
    row, last = 0, entries[0].mechanism
    for place, group in groupby(entries, key=_place):
        if place[0] != last and not titles.marked:
            yield Text()
        yield from _heading(place, width)
        for _ in group:
            yield from (Text(" " * GAP).append_text(line) for line in grid.row(body, row, widths))
            row += 1
        last = place[0]


def _heading(place: tuple[str, str], width: int) -> Iterator[Text]:
    """Return the lines that name a mechanism and its point."""
    for number, line in enumerate(wrapped(" · ".join(place), width - GAP)):
        yield Text(line if number == 0 else f"  {line}", "bold")


def _stacked(entries: Sequence[Entry], titles: Titles, width: int) -> Iterator[Text]:
    """Return two or more lines a row: name and change, then from what to what."""
    yield Text(f"{titles.before} → {titles.after}", "bold")
    for place, group in groupby(entries, key=_place):
        yield from _heading(place, width)
        for entry in group:
            yield from _stack(entry, titles, width)


def _stack(entry: Entry, titles: Titles, width: int) -> Iterator[Text]:
    """Return the lines of one row."""
    mark = f"{entry.mark:1} " if titles.marked else "  "
    change = entry.change.copy()
    if entry.note:
        change.append(f" {entry.note}")
    names = wrapped(entry.name.plain, max(SMALLEST_NAME, width - len(mark) - GAP - change.cell_len))
    for number, name in enumerate(names):
        line = Text().append(mark if number == 0 else "  ", entry.change.style)
        line.append(name, entry.name.style)
        if number == 0:
            line.append(" " * max(GAP, width - line.cell_len - change.cell_len)).append_text(change)
        yield line
    both = f"{entry.before.plain} → {entry.after.plain}"
    fits = cell_len(both) <= width - 2 * GAP
    facts = [both] if fits else [f"{entry.before.plain} →", entry.after.plain]
    for title, value in zip(titles.more, entry.more, strict=True):
        if value.plain:
            facts.append(f"{title} {value.plain}" if title in {"n", "margin"} else value.plain)
    yield from facts_lines(facts, width)


def facts_lines(facts: Sequence[str], width: int) -> Iterator[Text]:
    """Return facts joined by a dot, broken between facts only."""
    line = ""
    for fact in facts:
        longer = f"{line} · {fact}" if line else f"    {fact}"
        if line and cell_len(longer) > width:
            yield Text(line, "dim")
            longer = f"    {fact}"
        line = longer
    yield Text(line, "dim")
