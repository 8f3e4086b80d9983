"""Lines of a table: columns that are as wide as their numbers need, names that wrap."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from kscale.report.text import wrapped

GAP = 2
SMALLEST_NAME = 16  # columns a name is wrapped to, if its words allow
LONGEST_WORD = 24  # columns; a longer word of a name is broken


@dataclass(frozen=True, slots=True)
class Column:
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


def fitted(columns: Sequence[Column], width: int) -> list[int] | None:
    """Return a width for each column, names narrowed as far as needed; None if numbers do not fit."""
    widths, least = [column.widest() for column in columns], [column.least() for column in columns]
    while total(widths) > width:
        spare, index = max(
            (here - low, number) for number, (here, low) in enumerate(zip(widths, least, strict=True))
        )
        if spare == 0:
            return None
        widths[index] -= 1
    return widths


def total(widths: Sequence[int]) -> int:
    """Return the columns of a line; an empty column takes no gap."""
    shown = [width for width in widths if width]
    return sum(shown) + GAP * (len(shown) - 1)


def titles(columns: Sequence[Column], widths: Sequence[int]) -> Text:
    """Return the line of titles."""
    found = line([(Text(column.title), column.right) for column in columns], widths)
    found.stylize("bold")
    return found


def row(columns: Sequence[Column], number: int, widths: Sequence[int]) -> Iterator[Text]:
    """Return the lines of one row: more than one if a name wraps."""
    parts = [
        [Text(part, cell.style) for part in wrapped(cell.plain, width)] if column.name else [cell]
        for column, width in zip(columns, widths, strict=True)
        for cell in (column.cells[number],)
    ]
    for place in range(max(map(len, parts))):
        cells = [part[place] if place < len(part) else Text() for part in parts]
        yield line([(cell, column.right) for cell, column in zip(cells, columns, strict=True)], widths)


def under(places: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    """Return titles and rows, each *place* once as a heading over its rows."""
    yield Text(" " * GAP).append_text(titles(columns, widths))
    last = None
    for number, place in enumerate(places):
        if place != last:
            yield Text(place, "bold")
        last = place
        yield from (Text(" " * GAP).append_text(part) for part in row(columns, number, widths))


def line(cells: Sequence[tuple[Text, bool]], widths: Sequence[int]) -> Text:
    """Return one line of padded cells; the flag says which stand at the right."""
    found = Text()
    for (cell, right), width in zip(cells, widths, strict=True):
        if not width:
            continue
        padding = " " * (width - cell.cell_len)
        gap = " " * GAP if len(found) else ""
        found.append(gap + (padding if right else "")).append_text(cell).append("" if right else padding)
    found.rstrip()
    return found
