"""What `kscale check` prints of a plugin: each variant, what was tried with it, and what goes wrong."""

from collections.abc import Sequence

from rich.text import Text

from kscale.report.text import joined, paragraph

INDENT = "  "
GOOD, BAD = "ok", "wrong"
WIDEST = len(BAD) + 2  # columns of the verdict


def heading(plugin: str, mechanism: str, name: str, width: int) -> Text:
    """Return the line above what is said of a variant."""
    return joined(paragraph(f"{plugin} · {mechanism} · {name}", width, style="bold"))


def tried(what: str, lines: Sequence[str], width: int, *, good: bool) -> Text:
    """Return what came of trying something: in a sentence, and what led to it, a line a step."""
    verdict = GOOD if good else BAD
    first = f"{INDENT}{verdict:<{WIDEST}}"
    found = paragraph(what, width, first=first, rest=" " * len(first))
    found[0].stylize("green" if good else "red", len(INDENT), len(first))
    for line in lines:
        found.extend(paragraph(line, width, first=" " * len(first), rest=" " * (len(first) + 3)))
    return joined(found)
