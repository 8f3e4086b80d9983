"""What only one side has, as people say it: by its mechanism and its label instead of its key."""

from collections.abc import Sequence

from kscale.results.record import Cell, Result


def place(part: str, results: Sequence[Result]) -> tuple[str, str]:
    """Return the mechanism of a cell, a variant or a number, and where it is: its label, what of it.

    *part* is KEY, KEY VARIANT or KEY VARIANT.METRIC; of no cell of *results*, it is its own name.
    """
    cells = {cell.key: cell for result in results for cell in result.cells}
    cell, rest = _found(part, cells)
    if cell is None:
        return part.partition("[")[0], part
    variant, _, metric = rest.partition(".")
    return cell.mechanism, " · ".join(one for one in (cell.label, variant, metric) if one)


def said(part: str, results: Sequence[Result]) -> str:
    """Return a missing part in words: "sched-sampling · 200k pods"."""
    mechanism, where = place(part, results)
    return where if where == part else f"{mechanism} · {where}"


def _found(part: str, cells: dict[str, Cell]) -> tuple[Cell | None, str]:
    """Return the cell that a part is of, and what of it."""
    key = part
    while key not in cells and " " in key:
        key = key.rpartition(" ")[0]
    return cells.get(key), part[len(key) + 1 :]
