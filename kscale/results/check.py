"""What a result must satisfy beyond its schema: whole samples, and counters that match their digest."""

import hashlib
import json
from collections.abc import Iterable, Mapping

from kscale.results.record import Cell, Result, Samples

LONGEST_NS = 10**18  # of a sample: thirty years
MOST_SAMPLES = 2_000  # of a variant; a run takes 50 pairs with each other variant
DEEPEST = 50  # mappings and lists in one another; a scenario has a handful


def digest(works: Mapping[str, Mapping[str, int]]) -> str:
    """Return a hash of every variant's work, equal on every machine."""
    text = json.dumps({name: dict(work) for name, work in works.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def work(cells: Iterable[Cell]) -> str:
    """Return a hash of the work of all cells, in whichever order they are."""
    lines = sorted(f"{cell.key} {cell.digest}\n" for cell in cells)
    return hashlib.sha256("".join(lines).encode("utf-8", "backslashreplace")).hexdigest()


def fault(result: Result) -> str | None:
    """Return what is wrong with a result, or None."""
    seen: set[str] = set()
    for cell in result.cells:
        if cell.key in seen:
            return f"{cell.key} is there twice"
        seen.add(cell.key)
    if not plain(result.scenario.resolved):
        return "scenario.resolved: nested too deeply, or not plain text"
    return next((found for cell in result.cells if (found := cell_fault(cell))), None)


def cell_fault(cell: Cell) -> str | None:
    """Return what is wrong with one cell, or None."""
    if cell.digest != digest({name: one.work for name, one in cell.variants.items()}):
        return f"{cell.key}: its counters do not match their digest"
    for name, one in cell.variants.items():
        if one.wall_ns is not None and not _whole(one.wall_ns):
            return f"{cell.key}: {name}: its samples are not whole"
    return None


def plain(tree: object, depth: int = 0) -> bool:
    """Say whether a tree can be written as it was read."""
    if depth > DEEPEST:
        return False
    if isinstance(tree, str):
        return not any("\ud800" <= char <= "\udfff" for char in tree)  # half a character
    if isinstance(tree, dict):
        return all(plain(key) and plain(value, depth + 1) for key, value in tree.items())
    return all(plain(value, depth + 1) for value in tree) if isinstance(tree, list) else True


def _whole(samples: Samples) -> bool:
    """Say whether there is a number of samples one can judge, each with a time and a place of its own."""
    return (
        0 < len(samples.order) <= MOST_SAMPLES
        and len(samples.order) == len(samples.values) == len(set(samples.order))
        and all(0 < value < LONGEST_NS for value in samples.values)
        and all(place >= 0 for place in samples.order)
        and (samples.process is None or len(samples.process) == len(samples.values))
    )
