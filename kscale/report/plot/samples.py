"""Every sample in the order it was taken, against the median of its variant.

Both variants share an axis in percent, so that what moved the machine moves both, and what
is the variant's own does not. Nothing is left out: outliers are ringed and counted.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from kscale.judge import rows, wording
from kscale.measure import stats
from kscale.measure.stats import Floats
from kscale.report.plot import chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.results.record import Cell, Result

MOST_PANELS = 24
HEIGHT, LEFT, FOOT, KEY = 2.75, 1.0, 0.55, 0.42  # inches of a panel, of its numbers, of its key
COLUMNS = 3
LEAST_PERCENT = 2.0  # an axis that shows less makes mountains of nothing
THIRDS = 3  # a drift is the last third of the samples against the first


@dataclass(frozen=True, slots=True)
class Series:
    """One variant's samples of one cell."""

    variant: str
    order: tuple[int, ...]  # positions in the cell's sequence of runs
    percent: Floats  # beyond the variant's own median
    shown: str  # the median, in words
    outlier: tuple[bool, ...]  # beyond 1.5 interquartile ranges of the quartiles


@dataclass(frozen=True, slots=True)
class Panel:
    """One cell."""

    name: str
    series: tuple[Series, ...]
    fresh: tuple[float, ...]  # places in the order where another process took over


def picture(asked: Asked) -> Picture:
    """Return a panel for each timed cell, of each result; KscaleError if there were no times."""
    every = [
        {cell.key: panel for cell in result.cells for panel in _panels(result, cell, asked, name)}
        for result, name in zip(asked.results, asked.called, strict=True)
    ]
    shared = [key for key in every[0] if all(key in panels for panels in every)]
    found = [panels[key] for key in shared for panels in every]  # each cell of all results side by side
    if not found:
        raise NothingToDraw(
            f"{', '.join(asked.called)}: nothing to draw: no cell was timed (run without --exact)"
        )
    columns = min(COLUMNS, len(found)) if len(every) == 1 else len(every)
    shown = found[: MOST_PANELS - MOST_PANELS % columns]

    def draw(canvas: Canvas) -> None:
        """Draw the panels."""
        for place, panel in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            _draw(place, panel)

    width = WIDE if columns > 1 else WIDE / 2
    height = HEIGHT * math.ceil(len(shown) / columns)
    return Picture(finding(found), _caption(asked, len(found) - len(shown)), width, height, draw)


def finding(panels: Sequence[Panel]) -> str:
    """Return how many samples are outliers, and what drifted most."""
    every = [(panel, series) for panel in panels for series in panel.series]
    outliers = sum(sum(series.outlier) for _, series in every)
    total = sum(len(series.order) for _, series in every)
    panel, series = max(every, key=lambda one: abs(drift(one[1])))
    moved = wording.percent(drift(series) / 100, signed=True)
    verb = "is an outlier" if outliers == 1 else "are outliers"
    return (
        f"{outliers or 'None'} of {total} samples {verb}; the largest drift is {moved}:"
        f" {panel.name}, {series.variant}"
    )


def drift(series: Series) -> float:
    """Return the median of the last third of the samples over that of the first, in percent."""
    third = max(1, len(series.order) // THIRDS)
    first, last = (
        1 + float(np.median(part)) / 100 for part in (series.percent[:third], series.percent[-third:])
    )
    return (last / first - 1) * 100


def _panels(result: Result, cell: Cell, asked: Asked, name: str) -> Iterator[Panel]:
    """Return the panel of one cell, if both variants were timed."""
    per = rows.described(result, cell).per
    if not all(chosen.has(cell, variant, rows.WALL) for variant in (asked.before, asked.after)):
        return
    where = f"{name}: " if len(asked.results) > 1 else ""
    variants = dict.fromkeys((asked.before, asked.after))  # of several results they may be one
    series = tuple(_series(cell, variant, per) for variant in variants)
    fresh = _fresh(cell, (asked.before, asked.after))
    yield Panel(f"{where}{names.cell(cell.mechanism, cell.label)}", series, fresh)


def _fresh(cell: Cell, variants: Sequence[str]) -> tuple[float, ...]:
    """Return where another process took over; memory lands elsewhere in each."""
    places = sorted(
        (place, process)
        for variant in variants
        for taken in (cell.variants[variant].wall_ns,)
        if taken is not None
        for place, process in zip(taken.order, taken.process or (), strict=False)
    )
    return tuple(new[0] - 0.5 for old, new in pairwise(places) if old[1] != new[1])


def _series(cell: Cell, variant: str, per: str) -> Series:
    """Return one variant's samples in run order."""
    record = cell.variants[variant]
    assert record.wall_ns is not None  # noqa: S101 - the caller saw to it
    places = np.argsort(record.wall_ns.order)
    values = stats.per_run(record.wall_ns)[places]
    median = stats.median(values)
    low, high = np.quantile(values, [0.25, 0.75])
    beyond = np.maximum(low - values, values - high) > stats.MILD * (high - low)
    return Series(
        variant=names.short(variant),
        order=tuple(int(record.wall_ns.order[place]) for place in places),
        percent=(values / median - 1) * 100,
        shown=wording.amount(rows.amount_of_time(per, record).value, "ns"),
        outlier=tuple(bool(one) for one in beyond),
    )


def _draw(canvas: Canvas, panel: Panel) -> None:
    """Draw one cell: samples, medians, outliers."""
    head = canvas.heading(panel.name) + KEY
    axes = canvas.axes(LEFT, head, EDGE * 1.5, FOOT)
    look = style.looks(series.variant for series in panel.series)
    axes.axhline(0, color=style.TEXT, linewidth=1.0)
    for place in panel.fresh:
        axes.axvline(place, color=style.GRID, linewidth=0.8)
    for series in panel.series:
        color, marker, _ = look[series.variant]
        axes.plot(series.order, series.percent, color=color, linewidth=0.9, alpha=0.6)
        axes.plot(
            series.order,
            series.percent,
            marker,
            color=color,
            markersize=5,
            label=f" {series.variant}: median {series.shown}",
        )
        far = [(x, y) for x, y, out in zip(series.order, series.percent, series.outlier, strict=True) if out]
        if far:
            axes.plot(*zip(*far, strict=True), "o", markersize=11, markerfacecolor="none", color=style.WORSE)
    every = np.concatenate([series.percent for series in panel.series])
    low, high = min(-LEAST_PERCENT, float(every.min())), max(LEAST_PERCENT, float(every.max()))
    room = (high - low) * 0.1
    axes.set_ylim(low - room, high + room)
    style.plain(axes, grid="y")
    axes.set_xlabel("run, in the order taken", fontsize=style.SMALL)
    axes.set_ylabel("beyond median", fontsize=style.SMALL)
    axes.locator_params(axis="x", integer=True)
    style.percent_axis(axes, low, high)
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        labels,
        loc="lower left",
        bbox_to_anchor=(-0.02, 1.0),
        borderaxespad=0.1,
        labelspacing=0.2,
        handletextpad=0.1,
        frameon=False,
        fontsize=style.SMALL,
    )


def _caption(asked: Asked, left_out: int) -> str:
    """Return how it is read, and what is left out."""
    parts = [" → ".join(chosen.facts(result) for result in asked.results)]
    parts.append("time of each sample over the median of its variant (the line at 0 %), measured here")
    parts.append("ringed: beyond 1.5 interquartile ranges; drift: last third of the samples over the first")
    taken = (
        one.wall_ns for result in asked.results for cell in result.cells for one in cell.variants.values()
    )
    if any(samples is not None and samples.process for samples in taken):
        parts.append("upright lines: another process")
    if left_out:
        parts.append(f"{left_out} more cells are not drawn")
    return " · ".join(parts)
