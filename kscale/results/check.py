"""What a result must satisfy beyond its schema: whole samples, and counters that match their digest."""

import hashlib
import json
from collections.abc import Mapping

from kscale.results.record import Cell, Result, Samples

LONGEST_NS = 10**18  # of a sample: thirty years


def digest(works: Mapping[str, Mapping[str, int]]) -> str:
    """Return a hash of every variant's work, equal on every machine."""
    text = json.dumps({name: dict(work) for name, work in works.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def fault(result: Result) -> str | None:
    """Return what is wrong with a result, or None."""
    keys = [cell.key for cell in result.cells]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice:
        return f"{twice} is there twice"
    return next((found for cell in result.cells if (found := _cell_fault(cell))), None)


def _cell_fault(cell: Cell) -> str | None:
    """Return what is wrong with one cell, or None."""
    if cell.digest != digest({name: one.work for name, one in cell.variants.items()}):
        return f"{cell.key}: its counters do not match their digest"
    for name, one in cell.variants.items():
        if one.wall_ns is not None and not _whole(one.wall_ns):
            return f"{cell.key}: {name}: its samples are not whole"
    return None


def _whole(samples: Samples) -> bool:
    """Say whether each sample has a time above 0 and a place of its own."""
    return (
        0 < len(samples.order) == len(samples.values) == len(set(samples.order))
        and all(0 < value < LONGEST_NS for value in samples.values)
        and all(place >= 0 for place in samples.order)
        and (samples.process is None or len(samples.process) == len(samples.values))
    )
