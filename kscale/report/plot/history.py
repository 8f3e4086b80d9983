"""The trend of each cell over saved results, in the order they were started.

Times stand against the first of each variant, in percent, with the interval of their medians;
a line breaks where the machine or the scenario changed. Counters are steps: they have no noise.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kscale.judge import wording
from kscale.judge.rows import Amount
from kscale.report.plot import names, style, trends
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.report.plot.trends import FEWEST, Mark, Panel, Trend
from kscale.report.text import clean
from kscale.results.record import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 24
MOST_NAMES = 6  # on the axis of a panel
COLUMNS = 2
HEIGHT, LEFT, FOOT, KEY = 2.9, 1.05, 0.62, 0.66  # inches of a panel, of its numbers, of its key
LEAST_PERCENT = 5.0  # an axis that shows less makes mountains of nothing
CLOSE_COUNTS = 10.0  # counters within this ratio share a linear axis


def picture(asked: Asked) -> Picture:
    """Return the trends over all results; KscaleError if they are too few, or share no cell."""
    results = sorted(asked.results, key=lambda result: (result.run.started, result.run.id))
    if len(results) < FEWEST:
        raise NothingToDraw(
            f"nothing to draw: a history takes {FEWEST} results of a scenario, there is {len(results)};"
            " save more with kscale run SCENARIO --save NAME"
        )
    marks = list(trends.marks(results))
    found = list(trends.panels(results, asked, marks))
    if not found:
        raise NothingToDraw(f"nothing to draw: no cell is in {FEWEST} of the {len(results)} results")
    shown = found[:MOST_PANELS]
    columns = min(COLUMNS, len(shown))

    def draw(canvas: Canvas) -> None:
        """Draw the panels."""
        for place, panel in zip(canvas.grid(len(shown), columns, HEIGHT), shown, strict=True):
            _draw(place, panel, results, marks)

    changed = any(not panel.timed and trends.steps(panel, marks) for panel in shown)
    caption = _caption(results, marks, len(found) - len(shown), changed=changed)
    width, height = WIDE * columns / COLUMNS, HEIGHT * math.ceil(len(shown) / columns)
    return Picture(finding(found, results, marks), caption, max(width, WIDE * 0.6), height, draw)


def finding(panels: Sequence[Panel], results: Sequence[Result], marks: Sequence[Mark]) -> str:
    """Return which time moved most between two marks, and how many counters changed."""
    moves = [
        (piece[-1][1].value / piece[0][1].value, panel, trend)
        for panel in panels
        if panel.timed
        for trend in panel.trends
        for piece in trends.pieces(trend, marks, timed=True)
        if len(piece) >= FEWEST
    ]
    counters = [panel for panel in panels if not panel.timed and trends.steps(panel, marks)]
    said = []
    if moves:
        moved, panel, trend = max(moves, key=lambda one: abs(math.log(one[0])))
        said.append(f"moved most: {panel.name}, {trend.variant}: {wording.of_time(moved)}")
    word = "counter" if len(counters) == 1 else "counters"
    said.append(f"{len(counters)} exact {word} changed" if counters else "no exact counter changed")
    return f"Over {len(results)} results, {'; '.join(said)}"


def _draw(canvas: Canvas, panel: Panel, results: Sequence[Result], marks: Sequence[Mark]) -> None:
    """Draw one panel."""
    head = canvas.heading(panel.name) + KEY
    axes = canvas.axes(LEFT, head, EDGE * 2, FOOT)
    axes.set_xlim(-0.4, len(results) - 0.6)
    look = style.looks(trend.variant for trend in panel.trends)
    for trend in panel.trends:
        if panel.timed:
            _draw_time(axes, trend, look[trend.variant], marks)
        else:
            _draw_counter(axes, trend, look[trend.variant], marks, panel.unit)
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
    style.name_axis(axes, style.fitted(said, style.SMALL, HEIGHT - head - FOOT), LEFT - EDGE)
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
    for piece in trends.pieces(trend, marks, timed=True):
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


def _draw_counter(axes: "Axes", trend: Trend, look: style.Look, marks: Sequence[Mark], unit: str) -> None:
    """Draw exact counts as steps, in pieces of the same work; where one changed it is ringed, in digits."""
    color, marker, _ = look
    for piece in trends.pieces(trend, marks, timed=False):
        runs, values = [run for run, _ in piece], [side.value for _, side in piece]
        axes.step(runs, values, where="mid", color=color, linewidth=2)
    shown = dict(zip(trend.runs, _shown(trend, unit), strict=True))
    label = f" {trend.variant}: {shown[trend.runs[0]]} → {shown[trend.runs[-1]]}"
    axes.plot(
        trend.runs, [side.value for side in trend.sides], marker, color=color, markersize=7, label=label
    )
    changed = trends.changes(trend, marks)
    for run, side in changed:
        axes.plot([run], [side.value], "o", markersize=14, markerfacecolor="none", color=style.TEXT)
    for run, side in changed[:MOST_NAMES]:
        axes.annotate(
            shown[run],
            (run, side.value),
            xytext=(0, 10),
            textcoords="offset points",
            ha="right" if run == trend.runs[-1] else "center",
            va="bottom",
            fontsize=style.SMALL,
            fontweight="bold",
        )


def _shown(trend: Trend, unit: str) -> list[str]:
    """Return a counter's values, to the last digit if two of them would read the same."""
    return wording.amounts([Amount(round(side.value)) for side in trend.sides], unit)


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
    style.percent_axis(axes, low, high)


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
    labels = wording.amounts([Amount(round(tick)) for tick in ticks], panel.unit)
    axes.set_yticks(ticks, labels=labels)


def _name(result: Result) -> str:
    """Return what a result is called on the axis: its name, else when it was started."""
    if result.run.name:
        return names.short(result.run.name, 12)
    started = clean(result.run.started)
    return f"{started[5:10]}\n{started[11:16]}"


def _caption(results: Sequence[Result], marks: Sequence[Mark], left_out: int, *, changed: bool) -> str:
    """Return what is shown, how it is read, what is left out."""
    first, last = (clean(result.run.started[:10]) for result in (results[0], results[-1]))
    parts = [
        f"{names.short(results[-1].scenario.name)}, {first} to {last}",
        "medians measured here; band: 95 % interval; not side by side: small moves may be the machine's",
    ]
    if marks:
        parts.append("dashed: machine, scenario or kscale changed; lines break where they cannot be compared")
    if changed:
        parts.append("ringed: a counter changed, to the digits beside it")
    if left_out:
        parts.append(f"{left_out} more panels are not drawn")
    return " · ".join(parts)
