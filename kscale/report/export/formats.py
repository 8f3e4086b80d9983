"""Every format an output can have, by name and by the suffix of a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from kscale.errors import KscaleError, did_you_mean
from kscale.report.export import documents, junit, lines, markdown, openmetrics, plain, spreadsheet
from kscale.report.export.subject import Subject
from kscale.units import quote


class Render(Protocol):
    """What a format is: a subject to its text, the same for the same subject; it touches no file."""

    def __call__(self, subject: Subject, *, samples: bool = False) -> str:
        """Return the text."""


TABLE = "table"
FORMATS: Mapping[str, Render] = {
    TABLE: plain.render,
    "json": documents.render,
    "jsonl": lines.render,
    "csv": spreadsheet.render,
    "markdown": markdown.render,
    "junit": junit.render,
    "openmetrics": openmetrics.render,
}
SUFFIXES: Mapping[str, str] = {
    ".json": "json",
    ".json.gz": "json",
    ".jsonl": "jsonl",
    ".csv": "csv",
    ".md": "markdown",
    ".xml": "junit",
    ".prom": "openmetrics",
    ".om": "openmetrics",
    ".txt": TABLE,
}


def of_name(name: str) -> str:
    """Return *name* if it is a format; KscaleError names those there are."""
    if name not in FORMATS:
        raise KscaleError(f"--format: no format {quote(name)}; {did_you_mean(name, FORMATS)}")
    return name


def of_path(path: Path) -> str:
    """Return the format a file's suffix stands for; KscaleError names the suffixes there are."""
    name = path.name.lower()
    found = next((known for suffix, known in SUFFIXES.items() if name.endswith(suffix)), None)
    if found is None:
        raise KscaleError(f"{path}: its suffix names no format; known: {', '.join(SUFFIXES)}")
    return found
