"""Trends over saved results: one metric of one cell, and where what it stands for changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kscale.judge import alike, rows
from kscale.judge.rows import WALL, Row
from kscale.report.plot import chosen, names
from kscale.report.plot.asked import Asked
from kscale.report.plot.chosen import Side
from kscale.results.record import Cell, Result

FEWEST = 2  # results of a trend


@dataclass(frozen=True, slots=True)
class Trend:
    """One variant of one cell over the results it is in."""

    variant: str
    runs: tuple[int, ...]  # positions among the results
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """One metric of one cell."""

    name: str
    witness: str
    timed: bool
    unit: str
    trends: tuple[Trend, ...]


@dataclass(frozen=True, slots=True)
class Mark:
    """A place between two results where something else changed."""

    run: int  # position of the later one
    said: str
    machine: bool  # times before and after cannot be compared
    work: bool  # nor can counters: seed or cluster differ


def panels(results: Sequence[Result], asked: Asked, marks: Sequence[Mark]) -> Iterator[Panel]:
    """Return each cell's time, and each headline counter that changed; or the metric asked for."""
    cells = dict.fromkeys(cell.key for result in results for cell in result.cells)
    held = [{cell.key: cell for cell in result.cells} for result in results]
    for key in cells:
        there = [(run, cells_of[key]) for run, cells_of in enumerate(held) if key in cells_of]
        last = there[-1]
        for row in _rows(results[last[0]], last[1], asked):
            panel = _panel(row, there, list(dict.fromkeys((asked.before, asked.after))))
            if panel.trends and (panel.timed or steps(panel, marks) or asked.metric is not None):
                yield panel


def _rows(result: Result, cell: Cell, asked: Asked) -> Iterator[Row]:
    """Return the metrics of a cell that may be drawn."""
    if {asked.before, asked.after} <= cell.variants.keys():
        info = rows.described(result, cell)
        for row in rows.of_cell(info, cell, asked.before, asked.after):
            wanted = (
                row.metric == WALL or row.info.headline
                if asked.metric is None
                else row.metric == asked.metric
            )
            if wanted:
                yield row


def _panel(row: Row, there: Sequence[tuple[int, Cell]], variants: Sequence[str]) -> Panel:
    """Return the trends of one metric of one cell."""
    trends = []
    for variant in variants:
        found = [(run, cell) for run, cell in there if chosen.has(cell, variant, row.metric)]
        if len(found) >= FEWEST:
            sides = tuple(chosen.side(row, cell, variant) for _, cell in found)
            trends.append(Trend(names.short(variant), tuple(run for run, _ in found), sides))
    timed = row.metric == WALL
    return Panel(
        name=f"{names.cell(row.mechanism, row.at)}" + ("" if timed else f": {names.metric(row)}"),
        witness=chosen.witness(row.info),
        timed=timed,
        unit=row.info.unit,
        trends=tuple(trends),
    )


def steps(panel: Panel, marks: Sequence[Mark]) -> bool:
    """Say whether a counter changed while the work was the same."""
    return any(changes(trend, marks) for trend in panel.trends)


def changes(trend: Trend, marks: Sequence[Mark]) -> list[tuple[int, Side]]:
    """Return where a counter is not what it was in the result before, while the work was the same."""
    return [
        new
        for piece in pieces(trend, marks, timed=False)
        for old, new in pairwise(piece)
        if old[1].value != new[1].value
    ]


def marks(results: Sequence[Result]) -> Iterator[Mark]:
    """Return where machine, scenario or kscale changed."""
    for run, (old, new) in enumerate(pairwise(results), 1):
        machine = not alike.same_machine(old.machine, new.machine)
        work = not alike.same_work(old, new)
        version = old.run.kscale != new.run.kscale
        said = [
            text
            for text, changed in (
                ("machine", machine),
                ("scenario", work),
                (f"kscale {names.short(new.run.kscale)}", version),
            )
            if changed
        ]
        if said:
            yield Mark(run, ", ".join(said), machine=machine, work=work)


def pieces(trend: Trend, marks: Sequence[Mark], *, timed: bool) -> list[list[tuple[int, Side]]]:
    """Return the runs of a trend in pieces whose times, or counts, can be compared."""
    breaks = [mark.run for mark in marks if mark.work or (timed and mark.machine)]
    pieces: dict[int, list[tuple[int, Side]]] = {}
    for run, side in zip(trend.runs, trend.sides, strict=True):
        pieces.setdefault(sum(run >= place for place in breaks), []).append((run, side))
    return list(pieces.values())
