"""The files of one import: what each is, known before any of them is read; then their facts."""

import filecmp
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from kscale.errors import KscaleError
from kscale.imports import formats
from kscale.imports.contradictions import Part
from kscale.imports.facts import Progress
from kscale.imports.formats import Format
from kscale.scenario.document import one_line

MOST_FILES = 1000
ALIKE = frozenset({"manifest"})  # formats whose files may be equal: those of several servers


@dataclass(frozen=True, slots=True)
class Found:
    """A file whose format is known."""

    path: Path
    name: str  # as it was given
    format: Format
    bytes: int
    modified: datetime


def found(paths: Sequence[Path]) -> tuple[Found, ...]:
    """Return what *paths* are; KscaleError at the first that is not read, or is there twice."""
    if len(paths) > MOST_FILES:
        raise KscaleError(f"{len(paths):,} files are given; at most {MOST_FILES:,}")
    files: list[Found] = []
    for path in paths:
        one = _found(path)
        for other in files:
            if one.path.samefile(other.path) or (one.format.id not in ALIKE and _same(one, other)):
                raise KscaleError(one_line(f"{one.name}: is the same as {other.name}; give it once"))
        files.append(one)
    return tuple(files)


def read(one: Found, progress: Progress) -> Part:
    """Return the facts of a file, and how old they are."""
    facts = one.format.read(one.path, one.name, progress)
    return Part(replace(facts, source=replace(facts.source, name=one.name)), one.modified)


def _found(path: Path) -> Found:
    """Return what a file is."""
    name = str(path)
    format_of = formats.of(path, name)
    status = path.stat()
    modified = datetime.fromtimestamp(int(status.st_mtime), UTC)
    return Found(path, name, format_of, status.st_size, modified)


def _same(one: Found, other: Found) -> bool:
    """Return whether two files have the same content."""
    try:
        return one.bytes == other.bytes and filecmp.cmp(one.path, other.path, shallow=False)
    except OSError as error:
        raise KscaleError(one_line(f"{one.name}: cannot be read: {error.strerror}")) from error
