"""What `kscale import` prints: what each file said, what was left out or assumed, and what to do next.

Sentences come from the sources; they hold numbers and Kubernetes' own words. Files are named as given.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from kscale import units
from kscale.imports import told
from kscale.imports.contradictions import Contradiction, Side
from kscale.imports.facts import Facts
from kscale.imports.write import Imported
from kscale.imports.yaml_values import title
from kscale.report.text import clean, clean_prose, joined, paragraph

INDENT = "  "
MOST_LINES = 12  # of a heading; --json has them all
WIDEST = 110  # columns; longer lines are hard to read


def table(imported: Imported, written: Sequence[Path], width: int) -> Text:
    """Return the summary for *width* columns."""
    room = min(width, WIDEST)
    merged = imported.merged
    lines: list[Text] = []
    called = told.called([facts.source.name for facts in merged.sources])
    for facts in merged.sources:
        lines += _source(facts, called, room)
    names = [clean(called[facts.source.name]) for facts in merged.sources]
    dropped = [*_each(names, [facts.dropped for facts in merged.sources]), *merged.dropped]
    assumed = [*merged.assumed, *_each(names, [facts.assumed for facts in merged.sources])]
    lines += _heading("left out", dropped, room)
    lines += _heading("assumed", assumed, room)
    lines += _contradictions(merged.contradictions, called, room)
    lines += _end(imported, written, room)
    return joined(lines)


def _source(facts: Facts, called: Mapping[str, str], width: int) -> Iterator[Text]:
    """Yield a file's line, then what it said."""
    source = facts.source
    state = f", state of {source.taken:%Y-%m-%d %H:%M} UTC" if source.taken else ""
    said = f"{clean(called[source.name])}: {title(source.format)}, {units.show_bytes(source.bytes)}{state}"
    yield from paragraph(said, width, rest=INDENT, style="bold")
    for line in facts.read:
        yield from paragraph(line, width, first=INDENT, rest=INDENT * 2)


def _each(names: Sequence[str], lines: Sequence[Sequence[str]]) -> list[str]:
    """Return the sentences of files; where several have any, each with its file, or how many say it."""
    said: dict[str, list[str]] = {}
    for name, given in zip(names, lines, strict=True):
        for line in dict.fromkeys(given):
            said.setdefault(line, []).append(name)
    if sum(map(bool, lines)) < 2:  # noqa: PLR2004 - several
        return list(said)
    return [
        f"{of[0]}: {line}" if len(of) == 1 else f"{line} ({units.show_many(len(of), 'file')})"
        for line, of in said.items()
    ]


def _heading(word: str, given: Sequence[str], width: int) -> Iterator[Text]:
    """Yield a heading and its sentences, each once; nothing if there are none."""
    lines = list(dict.fromkeys(given))
    if not lines:
        return
    yield Text()
    yield Text(word, "bold")
    for line in lines[:MOST_LINES]:
        yield from paragraph(line, width, first=f"{INDENT}- ", rest=INDENT * 2)
    if len(lines) > MOST_LINES:
        yield Text(f"{INDENT}  and {len(lines) - MOST_LINES:,} more; --json has them all", "dim")


def _contradictions(found: Sequence[Contradiction], called: Mapping[str, str], width: int) -> Iterator[Text]:
    """Yield what is used and what is not, below the sources that differ and the reason."""
    if not found:
        return
    yield Text()
    yield Text("contradictions", "bold yellow")
    groups: dict[str, list[Contradiction]] = {}
    for one in found[:MOST_LINES]:
        used, *others = (_source_of(side, called) for side in one.sides)
        beside = [other for other in dict.fromkeys(others) if other != used]
        said = f"{used} is used, not {' or '.join(beside)}" if beside else f"in {used} itself"
        groups.setdefault(f"{said}: {one.why}", []).append(one)
    for said, group in groups.items():
        yield from paragraph(said, width, first=f"{INDENT}! ", rest=INDENT * 2, style="yellow")
        for one in group:
            used, *others = (clean_prose(side.shown) for side in one.sides)
            line = f"{clean(one.subject)}: {used}, not {' or '.join(others)}"
            yield from paragraph(line, width, first=INDENT * 3, rest=INDENT * 4)
    if len(found) > MOST_LINES:
        yield Text(f"{INDENT}  and {len(found) - MOST_LINES:,} more; --json has them all", "dim")


def _source_of(side: Side, called: Mapping[str, str]) -> str:
    """Return where one side is from, and of when."""
    when = f"{'' if side.dated else 'file of '}{side.when:%Y-%m-%d %H:%M}"
    name = called.get(side.source.name, side.source.name)  # several files together have a name of their own
    return f"{clean(name)} ({when}{', worked out' if side.estimate else ''})"


def _end(imported: Imported, written: Sequence[Path], width: int) -> Iterator[Text]:
    """Yield what was written and what to do with it."""
    recorded, merged = imported.recorded, imported.merged
    counts = ((recorded.node_count, "node"), (recorded.pod_count, "pod"), (recorded.object_count, "object"))
    held = ", ".join(units.show_many(number, noun) for number, noun in counts if number)
    files = " and ".join(clean_prose(str(path)) for path in written)
    yield Text()
    yield from paragraph(
        f"wrote {files}{f': {held}' if held else ''}", width, rest=INDENT, style="bold green"
    )
    if merged.also:
        said = f"{units.show_many(len(merged.also), 'line')} at its end: read, but used by nothing yet"
        yield from paragraph(said, width, first=INDENT, rest=INDENT, style="dim")
    yield from paragraph(f"next: kscale run {shlex.quote(clean_prose(str(written[0])))}", width, rest=INDENT)
