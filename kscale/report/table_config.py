"""The table of every option's value and where it comes from."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.cells import cell_len
from rich.text import Text

from kscale.report.text import clean, clean_prose, joined, paragraph, wrapped

INDENT, GAP = "  ", "  "
SMALLEST = 8  # columns of a value; where there are fewer, its origin goes below it
DEFAULT = "default"  # the origin of what nobody gave


@dataclass(frozen=True, slots=True)
class OptionValue:
    """An option of a command, its value, and where that was given."""

    command: str  # "kscale run", "kscale baseline list"; empty for what holds everywhere
    option: str  # "--budget", or the key that has no option
    value: object
    origin: str  # "default", "KSCALE_BUDGET", "kscale.toml:3"


def config_table(files: Mapping[str, str], values: Sequence[OptionValue], width: int) -> Text:
    """Return the files that were looked at, then each command's options; what is not a default is bold."""
    lines: list[Text] = []
    kinds = _widest(files)
    for kind, what in files.items():
        start = f"{kind:<{kinds}}{GAP}"
        lines.extend(paragraph(what, width, first=start, rest=" " * cell_len(start)))
    names = _widest(value.option for value in values)
    room = width - len(INDENT) - names - len(GAP)  # of value and origin
    column = min(_widest(said(value.value) for value in values), room - len(GAP) - _widest(_origins(values)))
    for command, group in groupby(values, key=lambda value: value.command):
        lines.extend([Text(), Text(clean(command) or "everywhere", "bold")])
        for value in group:
            start = f"{INDENT}{value.option}{' ' * (names - cell_len(value.option))}{GAP}"
            lines.extend(_lines(value, start, column if column >= SMALLEST else 0, room))
    return joined(lines)


def said(value: object) -> str:
    """Return a value as it may be written in a file, without quotes; - if there is none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return ", ".join(said(one) for one in value) or "-"
    return clean_prose(str(value)) if value is not None else "-"


def _lines(value: OptionValue, start: str, column: int, room: int) -> Iterator[Text]:
    """Return one option: name, value, origin; the origin goes below if the value has no *column*."""
    origin, style = clean_prose(value.origin), "dim" if value.origin == DEFAULT else "bold"
    rest = " " * cell_len(start)
    for number, part in enumerate(wrapped(said(value.value), column or max(SMALLEST, room))):
        line = Text(start if number == 0 else rest).append(part, style)
        if column and number == 0:
            line.append(" " * (column - cell_len(part)) + GAP).append(origin, "dim")
        yield line
    if not column and origin != DEFAULT:
        yield from paragraph(origin, len(rest) + room, first=rest, rest=rest, style="dim")


def _origins(values: Sequence[OptionValue]) -> Iterator[str]:
    """Return where values come from, as it is shown."""
    return (clean_prose(value.origin) for value in values)


def _widest(texts: Iterable[str]) -> int:
    """Return the columns of the widest text."""
    return max(map(cell_len, texts), default=0)
