"""The trend of each cell over saved results, in the order they were started.

Times stand against the first of each variant, in percent, with the interval of their medians;
a line breaks where the machine or the scenario changed. Counters are steps: they have no noise.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kscale.errors import KscaleError
from kscale.judge import compare, rows, wording
from kscale.judge.rows import WALL, Row
from kscale.report.cells import metric_name
from kscale.report.plot import chosen, style
from kscale.report.plot.asked import Asked
from kscale.report.plot.chosen import Side
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.report.text import clean
from kscale.results.record import Cell, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST = 2  # results of a trend
MOST_PANELS = 24
MOST_NAMES = 6  # on the axis of a panel
COLUMNS = 2
HEIGHT, LEFT, FOOT, KEY = 2.9, 1.05, 0.62, 0.66  # inches of a panel, of its numbers, of its key
LEAST_PERCENT = 5.0  # an axis that shows less makes mountains of nothing
CLOSE_COUNTS = 10.0  # counters within this ratio share a linear axis


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
    breaks: bool  # times before and after are not of one line


def picture(asked: Asked) -> Picture:
    """Return the trends over all results; KscaleError if they are too few, or share no cell."""
    results = sorted(asked.results, key=lambda result: (result.run.started, result.run.id))
    if len(results) < FEWEST:
        raise KscaleError(
            f"nothing to draw: a history takes {FEWEST} results of a scenario, there is {len(results)};"
            " save more with kscale run SCENARIO --save NAME"
        )
    found = list(_panels(results, asked))
    if not found:
        raise KscaleError(f"nothing to draw: no cell is in {FEWEST} of the {len(results)} results")
    marks = list(_marks(results))
    shown = found[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))

    def draw(canvas: Canvas) -> None:
        """Draw the panels."""
        for place, panel in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            _draw(place, panel, results, marks)

    caption = _caption(results, marks, len(found) - len(shown))
    width, height = WIDE * columns / COLUMNS, HEIGHT * math.ceil(len(shown) / columns)
    return Picture(finding(found, results, marks), caption, max(width, WIDE * 0.6), height, draw)


def finding(panels: Sequence[Panel], results: Sequence[Result], marks: Sequence[Mark]) -> str:
    """Return which time moved most between two marks, and how many counters changed."""
    moves = [
        (piece[-1][1].value / piece[0][1].value, panel, trend)
        for panel in panels
        if panel.timed
        for trend in panel.trends
        for piece in _pieces(trend, marks)
        if len(piece) >= FEWEST
    ]
    counters = [panel for panel in panels if not panel.timed and any(_steps(trend) for trend in panel.trends)]
    said = []
    if moves:
        moved, panel, trend = max(moves, key=lambda one: abs(math.log(one[0])))
        said.append(f"moved most: {panel.name}, {trend.variant}: {wording.of_time(moved)}")
    word = "counter" if len(counters) == 1 else "counters"
    said.append(f"{len(counters)} exact {word} changed" if counters else "no exact counter changed")
    return f"Over {len(results)} results, {'; '.join(said)}"


def _panels(results: Sequence[Result], asked: Asked) -> Iterator[Panel]:
    """Return each cell's time, and each headline counter that changed; or the metric asked for."""
    cells = dict.fromkeys(cell.key for result in results for cell in result.cells)
    held = [{cell.key: cell for cell in result.cells} for result in results]
    for key in cells:
        there = [(run, cells_of[key]) for run, cells_of in enumerate(held) if key in cells_of]
        last = there[-1]
        for row in _rows(results[last[0]], last[1], asked):
            panel = _panel(row, there, (asked.before, asked.after))
            changed = any(_steps(trend) for trend in panel.trends)
            if panel.trends and (panel.timed or changed or asked.metric is not None):
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
            trends.append(Trend(clean(variant), tuple(run for run, _ in found), sides))
    timed = row.metric == WALL
    return Panel(
        name=f"{clean(row.mechanism)}, {clean(row.at)}" + ("" if timed else f": {metric_name(row)}"),
        witness=chosen.witness(row.info),
        timed=timed,
        unit=row.info.unit,
        trends=tuple(trends),
    )


def _steps(trend: Trend) -> bool:
    """Say whether a trend moved at all."""
    return len({side.value for side in trend.sides}) > 1


def _marks(results: Sequence[Result]) -> Iterator[Mark]:
    """Return where machine, scenario or kscale changed."""
    for run, (old, new) in enumerate(pairwise(results), 1):
        machine = not compare.same_machine(old.machine, new.machine)
        scenario = (old.scenario.sha256, old.run.seed) != (new.scenario.sha256, new.run.seed)
        version = old.run.kscale != new.run.kscale
        said = [
            text
            for text, changed in (
                ("machine", machine),
                ("scenario", scenario),
                (f"kscale {clean(new.run.kscale)}", version),
            )
            if changed
        ]
        if said:
            yield Mark(run, ", ".join(said), machine or scenario)


def _draw(canvas: Canvas, panel: Panel, results: Sequence[Result], marks: Sequence[Mark]) -> None:
    """Draw one panel."""
    head = canvas.heading(panel.name) + KEY
    axes = canvas.axes(LEFT, head, EDGE * 2, FOOT)
    axes.set_xlim(-0.4, len(results) - 0.6)
    look = style.looks(trend.variant for trend in panel.trends)
    for trend in panel.trends:
        (_draw_time if panel.timed else _draw_counter)(axes, trend, look[trend.variant], marks)
    if panel.timed:
        axes.axhline(0, color=style.TEXT, linewidth=0.8)
        _percents(axes, panel)
    else:
        _counts(axes, panel)
    for mark in marks:
        axes.axvline(mark.run - 0.5, color=style.MUTED, linewidth=1.2, linestyle="--")
        if len(marks) <= MOST_NAMES:
            axes.annotate(
                mark.said,
                (mark.run - 0.5, 1.0),
                xycoords=axes.get_xaxis_transform(),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=style.SMALL,
                color=style.MUTED,
            )
    step = math.ceil(len(results) / MOST_NAMES)
    named = range(len(results) - 1, -1, -step)
    axes.set_xticks(sorted(named), labels=[_name(results[run]) for run in sorted(named)])
    style.plain(axes, grid="y")
    said = "time, against the first" if panel.timed else panel.witness
    axes.set_ylabel(style.fitted(said, style.SMALL, HEIGHT - head - FOOT), fontsize=style.SMALL)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.1),
        borderaxespad=0.1,
        labelspacing=0.2,
        frameon=False,
        fontsize=style.SMALL,
    )


def _draw_time(axes: "Axes", trend: Trend, look: style.Look, marks: Sequence[Mark]) -> None:
    """Draw medians with their band, in pieces where times cannot be compared."""
    color, marker, _ = look
    first = trend.sides[0].value
    label: str | None = f" {trend.variant}: {trend.sides[0].shown} → {trend.sides[-1].shown}"
    for piece in _pieces(trend, marks):
        runs = [run for run, _ in piece]
        low, middle, high = (
            [(getattr(side, part) / first - 1) * 100 for _, side in piece]
            for part in ("low", "value", "high")
        )
        axes.fill_between(runs, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(runs, middle, marker + "-", color=color, linewidth=2, markersize=7, label=label)
        if len(runs) == 1:
            axes.plot(runs * 2, [low[0], high[0]], color=color, linewidth=1.6)
        label = None


def _pieces(trend: Trend, marks: Sequence[Mark]) -> list[list[tuple[int, Side]]]:
    """Return the runs of a trend in pieces whose times can be compared."""
    breaks = [mark.run for mark in marks if mark.breaks]
    pieces: dict[int, list[tuple[int, Side]]] = {}
    for run, side in zip(trend.runs, trend.sides, strict=True):
        pieces.setdefault(sum(run >= place for place in breaks), []).append((run, side))
    return list(pieces.values())


def _draw_counter(axes: "Axes", trend: Trend, look: style.Look, _marks: Sequence[Mark]) -> None:
    """Draw exact counts as steps."""
    color, marker, _ = look
    values = [side.value for side in trend.sides]
    label = f" {trend.variant}: {trend.sides[0].shown} → {trend.sides[-1].shown}"
    axes.step(trend.runs, values, where="mid", color=color, linewidth=2)
    axes.plot(trend.runs, values, marker, color=color, markersize=7, label=label)


def _percents(axes: "Axes", panel: Panel) -> None:
    """Write the axis in percent beyond the first."""
    ends = [0.0]
    for trend in panel.trends:
        first = trend.sides[0].value
        ends.extend(
            (getattr(side, part) / first - 1) * 100 for side in trend.sides for part in ("low", "high")
        )
    low, high = min(-LEAST_PERCENT, *ends), max(LEAST_PERCENT, *ends)
    room = (high - low) * 0.08
    axes.set_ylim(low - room, high + room)
    step = next(step for step in style.round_steps() if (high - low) / step <= 5)  # noqa: PLR2004 - ticks
    ticks = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    axes.set_yticks(ticks, labels=[wording.percent(tick / 100, signed=True) for tick in ticks])


def _counts(axes: "Axes", panel: Panel) -> None:
    """Write the axis in counts: linear if they are close, else logarithmic with a place for 0."""
    values = [side.value for trend in panel.trends for side in trend.sides]
    positive = [value for value in values if value > 0] or [1.0]
    if min(values) > 0 and max(positive) / min(positive) <= CLOSE_COUNTS:
        axes.margins(y=0.2)
        axes.locator_params(axis="y", nbins=4, integer=True)
    else:
        axes.set_yscale("symlog", linthresh=1)
        axes.margins(y=0.15)
        axes.minorticks_off()
        top = max(1, math.ceil(math.log10(max(positive))))
        step = math.ceil(top / 4)
        powers = range(step, top + 1, step)
        axes.set_yticks([0, *(10.0**power for power in powers)])
    ticks = [tick for tick in axes.get_yticks() if tick >= 0]
    labels = [wording.amount(round(tick), panel.unit) for tick in ticks]
    axes.set_yticks(ticks, labels=labels)


def _name(result: Result) -> str:
    """Return what a result is called on the axis: its name, else when it was started."""
    if result.run.name:
        return style.clipped(clean(result.run.name), 12)
    started = clean(result.run.started)
    return f"{started[5:10]}\n{started[11:16]}"


def _caption(results: Sequence[Result], marks: Sequence[Mark], left_out: int) -> str:
    """Return what is shown, how it is read, what is left out."""
    first, last = (clean(result.run.started[:10]) for result in (results[0], results[-1]))
    parts = [
        f"{clean(results[-1].scenario.name)}, {first} to {last}",
        "medians measured here; band: 95 % interval; not side by side: small moves may be the machine's",
    ]
    if marks:
        parts.append(
            "dashed: machine, scenario or kscale changed; lines break where times cannot be compared"
        )
    if left_out:
        parts.append(f"{left_out} more panels are not drawn")
    return " · ".join(parts)
