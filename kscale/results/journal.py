"""Finished cells of a run that goes on: `<id>.partial.jsonl`.

The first line says which run it is, each further line is a finished cell, on disk
before the next one starts. It is removed when the result is complete. What a crash
or a pulled plug leaves is read up to the last whole line.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from kscale.errors import KscaleError
from kscale.results import check, store, strict
from kscale.results.record import Cell, Record

ENDING = ".partial.jsonl"


class Header(Record):
    """What must be equal for a run to be resumed."""

    id: str
    started: str
    kscale: str
    scenario_sha256: str
    but_costs_sha256: str = ""  # of the scenario without its costs
    seed: int
    fingerprint: str  # of the machine: its samples may not be mixed with another's
    code: str  # hash of kscale's own sources: a version number does not change with every commit
    asked: str  # hash of the cells, their variants and whether they are timed

    def continues(self, other: "Header") -> bool:
        """Say whether cells of *other* are as good as measured by this run."""
        same = {"id", "started"}
        return self.model_dump(exclude=same) == other.model_dump(exclude=same)

    def costs_otherwise(self, other: "Header") -> bool:
        """Say whether this run differs from *other* in nothing but what work costs."""
        return self.continues(other.model_copy(update={"scenario_sha256": self.scenario_sha256}))


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal on disk and what is in it."""

    path: Path
    header: Header
    cells: tuple[Cell, ...] = ()

    def append(self, cell: Cell) -> None:
        """Add a finished cell; it is on disk when this returns. KscaleError if it cannot be written."""
        try:
            _append(self.path, cell.model_dump_json(), "a")
        except OSError as error:
            raise KscaleError(f"{self.path}: cannot be written: {error.strerror or error}") from None

    def remove(self) -> None:
        """Forget the journal: the result is complete, or nothing is in it."""
        with suppress(OSError):
            self.path.unlink(missing_ok=True)


def create(folder: Path, header: Header) -> Journal:
    """Start the journal of a new run; KscaleError if the folder cannot be written to."""
    path = folder / f"{header.id}{ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _append(path, header.model_dump_json(), "x")  # two runs of one second must not share it
    except OSError as error:
        raise KscaleError(f"{path}: cannot be written: {error.strerror or error}") from None
    return Journal(path, header)


def find(folder: Path, header: Header) -> Journal | None:
    """Return the newest journal, with a cell in it, that a run with *header* may go on with."""
    return next((one for one in _begun(folder) if header.continues(one.header)), None)


def of_other_costs(folder: Path, header: Header) -> bool:
    """Say whether a run with *header* could go on if its costs were those of before."""
    return any(header.costs_otherwise(one.header) for one in _begun(folder))


def _begun(folder: Path) -> Iterator[Journal]:
    """Yield the journals with a cell in them, the newest first."""
    for path in sorted(folder.glob(f"*{ENDING}"), reverse=True) if folder.is_dir() else []:
        found = read(path)
        if found is not None and found.cells:
            yield found


def read(path: Path) -> Journal | None:
    """Return a journal as far as its lines are whole; None if not even the first is."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError:
        return None
    try:
        header = Header.model_validate_json(lines[0])
    except ValidationError:
        return None
    cells: list[Cell] = []
    for line in lines[1:]:
        try:
            cell = Cell.model_validate(strict.loads(line))
        except (ValueError, RecursionError):
            break  # the line that was being written when the machine stopped
        if check.cell_fault(cell):
            break
        cells.append(cell)
    return Journal(path, header, tuple(cells))


def repair(journal: Journal) -> None:
    """Write *journal* anew with its whole lines only, so that the next line starts on its own."""
    text = "\n".join(
        [journal.header.model_dump_json(), *(cell.model_dump_json() for cell in journal.cells), ""]
    )
    store.write(journal.path, text)


def _append(path: Path, line: str, mode: str) -> None:
    """Add a line and wait until it is on disk."""
    with path.open(mode, encoding="utf-8") as file:
        file.write(line + "\n")
        file.flush()
        os.fsync(file.fileno())
