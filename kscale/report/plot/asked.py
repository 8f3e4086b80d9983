"""What is to be drawn: results, what was said of them, and which part of both."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from kscale.errors import KscaleError, did_you_mean
from kscale.judge.compare import Comparison
from kscale.report.text import clean
from kscale.results.record import Cell, Result
from kscale.units import LONGEST, parse_count, quote

BASELINE, OPTIMIZED = "baseline", "optimized"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a picture."""

    results: tuple[Result, ...]
    comparison: Comparison | None = None  # of the first two results, or of two variants of the only one
    by: tuple[str, ...] = ()  # parameters along the axes
    metric: str | None = None  # as the result names it; None: times, else each mechanism's first headline
    before: str = BASELINE
    after: str = OPTIMIZED
    names: tuple[str, ...] = field(default=())  # what the results are called; their own names if not given

    @property
    def called(self) -> tuple[str, ...]:
        """Return what each result is called, harmless."""
        own = (result.run.name or result.run.id for result in self.results)
        return tuple(clean(name) for name in (self.names or own))


def narrowed(asked: Asked, only: Sequence[str]) -> Asked:
    """Return the request for the cells that match; patterns are those of `kscale run --filter`.

    KscaleError if a pattern matches no cell, or no cell matches them all.
    """
    if not only:
        return asked
    cells = {cell.key: cell for result in asked.results for cell in result.cells}
    kept = _matching(list(cells.values()), only)
    results = tuple(
        result.model_copy(update={"cells": [cell for cell in result.cells if cell.key in kept]})
        for result in asked.results
    )
    found = asked.comparison
    if found is not None:
        found = replace(found, rows=tuple(row for row in found.rows if row.cell in kept))
    return replace(asked, results=results, comparison=found)


def _matching(cells: Sequence[Cell], only: Sequence[str]) -> frozenset[str]:
    """Return the keys of the cells that match: one pattern of each subject, every subject."""
    by_subject: dict[str, set[str]] = {}
    for pattern in only:
        hits = {cell.key for cell in cells if _matches(cell, pattern)}
        if not hits:
            known = {cell.mechanism for cell in cells} | {name for cell in cells for name in cell.params}
            given = pattern.partition("=")[0].strip()
            raise KscaleError(
                f"--filter {quote(pattern)}: matches no cell; {did_you_mean(given[:LONGEST], known)}"
            )
        subject = pattern.partition("=")[0].strip() if "=" in pattern else ""
        by_subject.setdefault(subject, set()).update(hits)
    kept = frozenset.intersection(*map(frozenset, by_subject.values()))
    if not kept:
        raise KscaleError(f"--filter {' '.join(only)}: no cell matches them all")
    return kept


def _matches(cell: Cell, pattern: str) -> bool:
    """Say whether a cell is of that mechanism, or has that parameter."""
    name, equals, wanted = (piece.strip() for piece in pattern.partition("="))
    if not equals:
        return fnmatchcase(cell.mechanism, name.replace("_", "-")) or fnmatchcase(cell.mechanism, name)
    if name not in cell.params:
        return False
    value = cell.params[name]
    try:
        same = not isinstance(value, bool | str) and parse_count(wanted) == value
    except ValueError:
        same = False
    return same or fnmatchcase(str(value).lower(), wanted.lower())


def with_axes(asked: Asked, by: str | None, metric: str | None) -> Asked:
    """Return the request for parameters named with commas, and a metric; words may be joined by - or _."""
    axes = tuple(name.strip().replace("-", "_") for name in (by or "").split(",") if name.strip())
    return replace(asked, by=axes, metric=metric and metric.strip().replace("-", "_"))


def of_variant(asked: Asked, variant: str) -> Asked:
    """Return the request for one variant of a comparison of two results.

    KscaleError if it is in neither.
    """
    found = asked.comparison
    known = {name for result in asked.results for cell in result.cells for name in cell.variants}
    if variant not in known:
        raise KscaleError(f"no variant {quote(variant)}; {did_you_mean(variant[:LONGEST], known)}")
    if found is None:
        return asked
    return replace(
        asked, comparison=replace(found, rows=tuple(row for row in found.rows if row.variant == variant))
    )
