"""A run in a line for each mechanism: what its first headline came to, from the worst cell to the best.

The last thing a long table prints, so that what is left on the screen says it all.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich.text import Text

from kscale.judge import rows
from kscale.judge.rows import WALL, Row
from kscale.report import cells, grid
from kscale.report.grid import Column
from kscale.report.text import clean, paragraph
from kscale.results.record import Result

BASELINE, OPTIMIZED = "baseline", "optimized"
SCREEN = 40  # rows; a table that is longer gets the summary


@dataclass(frozen=True, slots=True)
class Short:
    """One mechanism: the row of its worst cell and of its best, which may be one."""

    worst: Row
    best: Row

    @property
    def single(self) -> bool:
        """Say whether there is one cell only: it is neither."""
        return self.worst is self.best


def summary(result: Result, width: int) -> Iterator[Text]:
    """Yield a heading and a line for each mechanism that has anything better or worse to say."""
    found = list(shorts(result))
    if not found:
        return
    yield Text("in short", "bold")
    columns = [
        Column("mechanism", [Text(clean(one.best.mechanism)) for one in found], name=True),
        Column("metric", [Text(cells.metric_name(one.best)) for one in found], name=True),
        Column("worst", [Text() if one.single else cells.judged(one.worst) for one in found], right=True),
        Column("at", [Text("" if one.single else clean(one.worst.at)) for one in found], name=True),
        Column("best", [cells.judged(one.best) for one in found], right=True),
        Column("at", [Text(clean(one.best.at)) for one in found], name=True),
    ]
    widths = grid.fitted(columns, width - grid.GAP)
    if widths is None:
        yield from _stacked(found, width)
        return
    yield Text("  ").append_text(grid.titles(columns, widths))
    for number in range(len(found)):
        for line in grid.row(columns, number, widths):
            yield Text("  ").append_text(line)


def shorts(result: Result) -> Iterator[Short]:
    """Yield each mechanism's worst and best row of one metric, in the order of the run."""
    both = [cell for cell in result.cells if {BASELINE, OPTIMIZED} <= cell.variants.keys()]
    for _, group in groupby(both, key=lambda cell: cell.mechanism):
        every = [
            list(rows.of_cell(rows.described(result, cell), cell, BASELINE, OPTIMIZED)) for cell in group
        ]
        metric = _metric(every)
        told = [row for found in every for row in found if row.metric == metric]
        if told:
            yield Short(max(told, key=_loss), min(told, key=_loss))


def _metric(every: Sequence[Sequence[Row]]) -> str | None:
    """Return the metric that is told: the time where it is measured, else the first directed headline."""
    for found in every:
        for row in found:
            if row.ratio is not None or (row.info.headline and row.info.better != "none"):
                return row.metric
    return None


def _loss(row: Row) -> float:
    """Return how much worse it got, on the scale of logarithms; below 0 if it got better."""
    size = math.log(row.change) if row.change > 0 else -math.inf
    return -size if row.info.better == "higher" and row.metric != WALL else size


def _stacked(found: Sequence[Short], width: int) -> Iterator[Text]:
    """Yield the summary where columns do not fit: a sentence for each mechanism."""
    for one in found:
        said = f"{clean(one.best.mechanism)}: {cells.metric_name(one.best)} "
        worst = "" if one.single else f"{cells.judged(one.worst).plain} ({clean(one.worst.at)}) to "
        best = f"{cells.judged(one.best).plain} ({clean(one.best.at)})"
        yield from paragraph(f"{said}{worst}{best}", width, first="  ", rest="    ")
