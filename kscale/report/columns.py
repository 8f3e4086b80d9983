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

from kscale.report.text import wrapped

GAP = 2
SMALLEST_NAME = 16  # columns a name is wrapped to, if its words allow
LONGEST_WORD = 24  # columns; a longer word of a name is broken
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


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of a grid."""

    title: str
    cells: list[Text]
    right: bool = False
    name: bool = False

    def widest(self) -> int:
        """Return the columns needed to keep everything on one line."""
        return max(cell_len(self.title), *(cell.cell_len for cell in self.cells), 0)

    def least(self) -> int:
        """Return the columns below which a number would be cut, or a name's words."""
        if not self.name:
            return self.widest()
        longest = max((cell_len(word) for cell in self.cells for word in cell.plain.split(" ")), default=0)
        return min(self.widest(), max(min(longest, LONGEST_WORD), SMALLEST_NAME, cell_len(self.title)))


def lay_out(entries: Sequence[Entry], titles: Titles, width: int) -> list[Text]:
    """Return the lines of a table in the roomiest layout that fits *width* columns."""
    if not entries:
        return []
    marks, *body = _body(entries, titles)
    wide = [marks, *_places(entries), *body]
    widths = _fitted(wide, width)
    if widths is not None:
        rows = _named_rows(wide, widths) if titles.marked else _named_once(entries, body, widths[1:])
        return [_title(wide, widths), *rows]
    widths = _fitted([marks, *body], width - GAP)
    if widths is not None:
        return list(_medium(entries, [marks, *body], widths, width, titles))
    return list(_stacked(entries, titles, min(width, STACKED_WIDEST)))


def _places(entries: Sequence[Entry]) -> list[_Column]:
    """Return the columns that name the place of a row."""
    return [
        _Column("mechanism", [Text(entry.mechanism) for entry in entries], name=True),
        _Column("at", [Text(entry.at) for entry in entries], name=True),
    ]


def _body(entries: Sequence[Entry], titles: Titles) -> list[_Column]:
    """Return the columns of one row, without its place."""
    return [
        _Column("", [Text(entry.mark, entry.change.style) for entry in entries]),
        _Column("metric", [entry.name for entry in entries], name=True),
        _Column(titles.before, [entry.before for entry in entries], right=True),
        _Column(titles.after, [entry.after for entry in entries], right=True),
        _Column("change", [entry.change for entry in entries], right=True),
        *(
            _Column(title, [entry.more[number] for entry in entries], right=title == "n")
            for number, title in enumerate(titles.more)
        ),
        _Column("", [Text(entry.note) for entry in entries]),
    ]


def _fitted(columns: Sequence[_Column], width: int) -> list[int] | None:
    """Return a width for each column, names narrowed as far as needed; None if numbers do not fit."""
    widths, least = [column.widest() for column in columns], [column.least() for column in columns]
    while _total(widths) > width:
        spare, index = max(
            (here - low, number) for number, (here, low) in enumerate(zip(widths, least, strict=True))
        )
        if spare == 0:
            return None
        widths[index] -= 1
    return widths


def _total(widths: Sequence[int]) -> int:
    """Return the columns of a line; an empty column takes no gap."""
    shown = [width for width in widths if width]
    return sum(shown) + GAP * (len(shown) - 1)


def _title(columns: Sequence[_Column], widths: Sequence[int]) -> Text:
    """Return the line of titles."""
    line = _line([(Text(column.title), column.right) for column in columns], widths)
    line.stylize("bold")
    return line


def _named_rows(columns: Sequence[_Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return the rows, each with its mark and its place."""
    for row in range(len(columns[0].cells)):
        yield from _row(columns, row, widths)


def _named_once(entries: Sequence[Entry], body: Sequence[_Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return the rows, each place named once beside its rows; an empty line between mechanisms."""
    row, last = 0, ""
    for (mechanism, at), group in groupby(entries, key=_place):
        if row and mechanism != last:
            yield Text()
        count = sum(1 for _ in group)
        named = wrapped(mechanism if mechanism != last else "", widths[0])
        points = wrapped(at, widths[1])
        lines = [line for number in range(row, row + count) for line in _row(body, number, widths[2:])]
        for name, point, line in zip_longest(named, points, lines, fillvalue=""):
            rest = line if isinstance(line, Text) else Text()
            yield _line(
                [(Text(name), False), (Text(point), False), (rest, False)], [*widths[:2], rest.cell_len]
            )
        row, last = row + count, mechanism


def _place(entry: Entry) -> tuple[str, str]:
    """Return what a row belongs to."""
    return entry.mechanism, entry.at


def _row(columns: Sequence[_Column], row: int, widths: Sequence[int]) -> Iterator[Text]:
    """Return the lines of one row: more than one if a name wraps."""
    parts = [
        [Text(part, cell.style) for part in wrapped(cell.plain, width)] if column.name else [cell]
        for column, width in zip(columns, widths, strict=True)
        for cell in (column.cells[row],)
    ]
    for number in range(max(map(len, parts))):
        cells = [part[number] if number < len(part) else Text() for part in parts]
        yield _line([(cell, column.right) for cell, column in zip(cells, columns, strict=True)], widths)


def _line(cells: Sequence[tuple[Text, bool]], widths: Sequence[int]) -> Text:
    """Return one line of padded cells; the flag says which stand at the right."""
    line = Text()
    for (cell, right), width in zip(cells, widths, strict=True):
        if not width:
            continue
        padding = " " * (width - cell.cell_len)
        gap = " " * GAP if len(line) else ""
        line.append(gap + (padding if right else "")).append_text(cell).append("" if right else padding)
    line.rstrip()
    return line


def _medium(
    entries: Sequence[Entry], body: Sequence[_Column], widths: Sequence[int], width: int, titles: Titles
) -> Iterator[Text]:
    """Return the rows under a heading for each place; an empty line between mechanisms."""
    yield Text(" " * GAP).append_text(_title(body, widths))
    row, last = 0, entries[0].mechanism
    for place, group in groupby(entries, key=_place):
        if place[0] != last and not titles.marked:
            yield Text()
        yield from _heading(place, width)
        for _ in group:
            yield from (Text(" " * GAP).append_text(line) for line in _row(body, row, widths))
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
    yield from _facts(facts, width)


def _facts(facts: Sequence[str], width: int) -> Iterator[Text]:
    """Return facts joined by a dot, broken between facts only."""
    line = ""
    for fact in facts:
        longer = f"{line} · {fact}" if line else f"    {fact}"
        if line and cell_len(longer) > width:
            yield Text(line, "dim")
            longer = f"    {fact}"
        line = longer
    yield Text(line, "dim")
