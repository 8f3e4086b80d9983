"""Names as text: harmless, readable, wrapped.

Names come from files and may be anything: whatever could steer a terminal, hide or
reorder text is written as an escape.
"""

import re
import unicodedata
from collections.abc import Iterator

from rich.cells import cell_len
from rich.text import Text

from kscale import units

HIDDEN = frozenset(
    {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
)  # control, format, surrogate, unassigned, breaks
NARROWEST = 10  # columns of a paragraph, whatever its indentation
LONGEST = 200  # characters of a name; no honest one comes near
_BREAK = re.compile(r" (?![%µ]|[nm]?s\b)")  # a space that does not part a number from its unit


def clean(name: object) -> str:
    """Return a name on one line, with everything that is not plain text escaped."""
    text = str(name)
    clipped = text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    return "".join(_escaped(char) if unicodedata.category(char) in HIDDEN else char for char in clipped)


def words(name: str) -> str:
    """Return a counter's name as words: "ids_scanned" is "ids scanned"."""
    return clean(name).replace("_", " ")


def singular(name: str) -> str:
    """Return one of what *name* counts: "pods" is "pod", "queries" is "query", "classes" is "class"."""
    return units.singular(words(name))


def wrapped(text: str, width: int) -> list[str]:
    """Return *text* in lines of at most *width* columns, broken at spaces, or inside a word too long."""
    lines: list[str] = []
    line = ""
    for word in _pieces(text, max(1, width)):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def paragraph(text: str, width: int, *, first: str = "", rest: str = "", style: str = "") -> list[Text]:
    """Return *text* wrapped, its first line behind *first* and the others behind *rest*."""
    room = max(NARROWEST, width - max(cell_len(first), cell_len(rest)))
    return [
        Text((first if number == 0 else rest) + line, style=style)
        for number, line in enumerate(wrapped(clean_prose(text), room))
    ]


def clean_prose(text: str) -> str:
    """Return a sentence from a file on one line, harmless, at any length."""
    flat = " ".join(text.split())
    return "".join(_escaped(char) if unicodedata.category(char) in HIDDEN else char for char in flat)


def joined(lines: list[Text]) -> Text:
    """Return lines as one text."""
    return Text("\n").join(lines)


def _pieces(text: str, width: int) -> Iterator[str]:
    """Return the words of *text*, those wider than *width* in parts."""
    for word in _BREAK.split(text):
        part = ""
        for char in word:
            if part and cell_len(part + char) > width:
                yield part
                part = ""
            part += char
        yield part


def _escaped(char: str) -> str:
    """Return a character as Python writes it: a backslash, a letter and its number."""
    return char.encode("unicode_escape", "surrogatepass").decode("ascii")
