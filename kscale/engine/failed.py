"""What is said of cells that failed, whether one machine ran the sweep or shards of it were merged."""

from collections.abc import Sequence

from kscale.errors import KscaleError, listed
from kscale.results.record import Cell

MOST_NAMED = 3  # points in a line


def line(cells: Sequence[Cell]) -> str | None:
    """Return which cells failed, and why the first one did; None if none failed."""
    failed = [cell for cell in cells if cell.status == "failed"]
    if not failed:
        return None
    names = listed([_named(cell) for cell in failed], MOST_NAMED)
    return f"{len(failed):,} of {len(cells):,} cells failed: {names}: {failed[0].notes[0]}"


def check_any(cells: Sequence[Cell]) -> None:
    """Raise KscaleError if no cell of a whole sweep was run, with the first one's reason."""
    if not any(cell.status == "ok" for cell in cells):
        raise KscaleError(f"no cell could be run: {_named(cells[0])}: {cells[0].notes[0]}")


def _named(cell: Cell) -> str:
    """Return a cell as a line about it has it."""
    return f"{cell.mechanism} ({cell.label})"
