"""In which order rows are shown: worst first, largest change first, or by name."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeVar

from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict

Sort = Literal["status", "change", "name"]

_NUMBER = re.compile(r"([0-9]+)")


class Ordered(Protocol):
    """One line of a table: a row, or several of one metric."""

    @property
    def mechanism(self) -> str:
        """Return the mechanism's id."""

    @property
    def cell(self) -> str:
        """Return the cell's key."""

    @property
    def variant(self) -> str:
        """Return the variant."""

    @property
    def metric(self) -> str:
        """Return the metric's name."""

    @property
    def changes(self) -> Sequence[Row]:
        """Return what was said of the metric: a row for each comparison."""


LineT = TypeVar("LineT", bound=Ordered)


def arranged(lines: Iterable[LineT], sort: Sort, *, only_changed: bool = False) -> list[LineT]:
    """Return the lines in the order asked for; without those that are the same, if so asked.

    Where nothing has a verdict there is no worst, and lines stay as they are.
    """
    shown = [line for line in lines if not (only_changed and is_same(line))]
    if sort == "status":
        judged = any(row.verdict is not None for line in shown for row in line.changes)
        return sorted(shown, key=_severity) if judged else shown  # in the order of the file
    return sorted(shown, key=_size if sort == "change" else _name)


def is_same(line: Ordered) -> bool:
    """Say whether nothing changed: the verdict is the same, or the counts are where there is none."""
    return all(
        row.verdict is Verdict.SAME if row.verdict is not None else row.ratio is None and row.change == 1.0
        for row in line.changes
    )


def _severity(line: Ordered) -> tuple[float, float]:
    """Return the worst place of a line's changes; a line without any comes last."""
    return min((row.severity for row in line.changes), default=(math.inf, 0.0))


def _size(line: Ordered) -> float:
    """Return how large the largest change is, largest first."""
    return min((-row.size for row in line.changes), default=0.0)


def _name(line: Ordered) -> tuple[list[tuple[int, str]], ...]:
    """Return a key by which 10 follows 9."""
    return tuple(_natural(name) for name in (line.mechanism, line.cell, line.variant, line.metric))


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a name in pieces, its numbers by value."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name[:1000])]
