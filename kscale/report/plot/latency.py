"""Distributions on a tail scale: every nine of the quantile takes as much room as the last.

Measured samples, and latencies that a mechanism counted on its virtual clock. Of samples a quantile
is drawn only if ten lie beyond it: a line ends where its data does.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kscale.judge import rows, wording
from kscale.measure import stats
from kscale.measure.stats import Floats
from kscale.report.plot import chosen, names, simulated, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.results.record import Cell, Result
from kscale.units import show_count, show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEYOND = 10  # events beyond a quantile that make it worth drawing
FEWEST = 2 * BEYOND  # events of a line: its median has as many beyond it
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
SHORT_TICKS = (0.0, 0.25, 0.5, 0.75)  # of a line that ends before the first nine
POINTS = 200  # of a line; more are not seen
MOST_PANELS = 24
COLUMNS = 3
HEIGHT, LEFT, FOOT, KEY = 2.9, 1.1, 0.55, 0.42  # inches of a panel, of its numbers, of its key


@dataclass(frozen=True, slots=True)
class Tail:
    """One distribution, as far as it is known."""

    name: str
    quantiles: Floats
    values: Floats  # ns
    events: int  # 0: not known


@dataclass(frozen=True, slots=True)
class Panel:
    """The distributions of one cell that share their axes."""

    name: str
    lines: tuple[Tail, ...]
    what: str  # the times are of, with their provenance


def picture(asked: Asked) -> Picture:
    """Return the distributions of each cell that has enough samples or counts them; KscaleError if none."""
    every = [
        (result, cell, name)
        for result, name in zip(asked.results, asked.called, strict=True)
        for cell in result.cells
    ]
    found = [list(_panels(*one, asked)) for one in every]
    panels = [panel for one in found for panel in one]
    if not panels:
        most = max((len(values) for one in every for values in _samples(*one[:2], asked).values()), default=0)
        raise NothingToDraw(
            f"{', '.join(asked.called)}: nothing to draw: a distribution takes {FEWEST} samples of a variant"
            f" ({BEYOND} beyond its median), the most here is {most}; kscale run --budget takes more"
        )
    shown = panels[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))

    def draw(canvas: Canvas) -> None:
        """Draw the panels."""
        for place, panel in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            head = place.heading(panel.name) + KEY
            draw_tails(place.axes(LEFT, head, EDGE * 1.5, FOOT), panel.lines, panel.what)

    left_out = sum(not one for one in found), len(panels) - len(shown)
    width = WIDE if columns > 1 else WIDE / 2
    height = HEIGHT * math.ceil(len(shown) / columns)
    return Picture(finding(panels), _caption(asked, panels, left_out), width, height, draw)


def _panels(result: Result, cell: Cell, name: str, asked: Asked) -> Iterator[Panel]:
    """Yield the panels of one cell: its samples, then each latency it counted."""
    heading = _name(asked, cell, name)
    sampled = tails(_samples(result, cell, asked))
    if sampled:
        yield Panel(heading, sampled, "time, measured here")
    if {asked.before, asked.after} <= cell.variants.keys():
        for what, found in simulated.lines(cell, asked):
            drawn = (
                Tail(variant, np.array(places), np.array(values), 0) for variant, places, values in found
            )
            yield Panel(f"{heading}: {what}", tuple(drawn), simulated.MODELLED)


def tails(events: Mapping[str, Floats]) -> tuple[Tail, ...]:
    """Return each named series of times (ns), up to the last quantile with 10 events beyond it."""
    return tuple(_tail(name, np.sort(values)) for name, values in events.items() if len(values) >= FEWEST)


def draw_tails(axes: "Axes", lines: Sequence[Tail], what: str, events: str = "samples") -> None:
    """Draw distributions, measured or simulated: quantiles on an axis of nines, times on a log axis.

    *what* the times are of, with their provenance; *events* is what is counted.
    """
    look = style.looks(line.name for line in lines)
    for number, line in enumerate(lines):
        color, marker, _ = look[line.name]
        nines = -np.log10(1 - line.quantiles)
        like = next((other.name for other in lines[:number] if np.array_equal(other.values, line.values)), "")
        axes.plot(nines, line.values, color=color, linewidth=2.2, linestyle=(0, (3, 3)) if like else "-")
        marked = [place for place in TICKS[1:] if place <= line.quantiles[-1] + 1e-12]
        axes.plot(
            [-math.log10(1 - place) for place in marked],
            [float(np.interp(place, line.quantiles, line.values)) for place in marked],
            marker,
            color=color,
            markersize=12 if like else 7,
            markerfacecolor="none" if like else color,  # what it lies on is seen through it
            label=f" {line.name}"
            + (f": {show_count(line.events)} {events}" if line.events else "")
            + (f", equal to {like}" if like else ""),
        )
        if line.quantiles[-1] > marked[-1] + 1e-9:
            axes.plot(nines[-1:], line.values[-1:], "|", color=color, markersize=12, markeredgewidth=2)
    last = max(float(line.quantiles[-1]) for line in lines)
    first = min(float(line.quantiles[0]) for line in lines)
    places = TICKS if last >= TICKS[2] else SHORT_TICKS
    shown = [place for place in places if first - 1e-12 <= place <= last + 1e-12]
    begins, ends_at = (-math.log10(1 - place) for place in (first, last))
    room = 0.06 * (ends_at - begins)
    axes.set_xlim(begins - (room if first else 0) - 0.02, ends_at + room + 0.02)
    axes.set_xticks(
        [-math.log10(1 - place) for place in shown], labels=[_percentile(place) for place in shown]
    )
    ends = [float(value) for line in lines for value in (line.values[0], line.values[-1])]
    style.number_axis(axes, "y", "ns", *style.limits(ends, room=0.12), most=4)
    style.plain(axes)
    axes.set_ylabel(what, fontsize=style.SMALL)
    axes.set_xlabel("quantile (each nine as wide)", fontsize=style.SMALL)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        borderaxespad=0.1,
        labelspacing=0.2,
        handletextpad=0.1,
        frameon=False,
        fontsize=style.SMALL,
    )


def finding(panels: Sequence[Panel]) -> str:
    """Return where the tail is longest: the last quantile drawn over the median."""
    every = [(panel.name, line) for panel in panels for line in panel.lines]
    name, line = max(every, key=lambda one: _stretch(one[1]))
    stretch = _stretch(line)
    over = f"{show_ratio(stretch)} the median" if stretch >= wording.RATIO_FROM else ""
    return (
        f"Longest tail: {name}, {line.name}: {_percentile(float(line.quantiles[-1]))} is"
        f" {over or f'{wording.percent(stretch - 1)} over the median'}"
    )


def _stretch(line: Tail) -> float:
    """Return the last quantile drawn over the median."""
    return float(line.values[-1] / np.interp(0.5, line.quantiles, line.values))


def _tail(name: str, ordered: Floats) -> Tail:
    """Return one distribution of sorted times."""
    last = 1 - BEYOND / len(ordered)
    nines = np.linspace(
        0, -math.log10(1 - last), POINTS if len(ordered) > POINTS else len(ordered) - BEYOND + 1
    )
    quantiles = 1 - 10.0**-nines
    return Tail(name, quantiles, np.quantile(ordered, quantiles), len(ordered))


def _samples(result: Result, cell: Cell, asked: Asked) -> dict[str, Floats]:
    """Return the measured times of both variants, per unit of work."""
    per = rows.described(result, cell).per
    found = {}
    for variant in (asked.before, asked.after):
        record = cell.variants.get(variant)
        if record is not None and record.wall_ns is not None and record.wall_ns.values:
            found[names.short(variant)] = stats.per_run(record.wall_ns) / max(1, record.work.get(per, 1))
    return found


def _name(asked: Asked, cell: Cell, name: str) -> str:
    """Return the heading of a panel."""
    return f"{name}: " * (len(asked.results) > 1) + f"{names.cell(cell.mechanism, cell.label)}"


def _percentile(quantile: float) -> str:
    """Return "p50", "p99.9"; the least for 0."""
    if not quantile:
        return "least"
    digits = math.ceil(-math.log10(1 - quantile) - 1e-9)
    return f"p{100 * quantile:.{digits}f}".rstrip("0").rstrip(".")


def _caption(asked: Asked, panels: Sequence[Panel], left_out: tuple[int, int]) -> str:
    """Return how it is read, why lines end, what is left out."""
    parts = [" → ".join(chosen.facts(result) for result in asked.results)]
    drawn = {panel.what for panel in panels}
    if drawn - {simulated.MODELLED}:
        parts.append("samples of whole runs, measured here: not latencies of single requests")
        parts.append(f"a line ends at the last quantile with {BEYOND} samples beyond it")
    if simulated.MODELLED in drawn:
        parts.append("modelled: of single requests on a virtual clock, from the cost model; drawn to p99.9")
    few, many = left_out
    if few:
        parts.append(f"{few} cell{'' if few == 1 else 's'} with fewer than {FEWEST} samples not drawn")
    if many:
        parts.append(f"{many} more cells are not drawn")
    return " · ".join(parts)
