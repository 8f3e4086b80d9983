"""Before and after: a pair of bars a cell on a log axis, with the change written on.

A loss is written as large as a gain.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from kscale.judge import wording
from kscale.judge.rows import WALL, Row
from kscale.judge.verdict import Verdict
from kscale.report.plot import bars_finding, chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.bars_finding import Bars
from kscale.report.plot.chosen import Side
from kscale.report.plot.picture import EDGE, NARROW, Canvas, Picture
from kscale.report.text import wrapped
from kscale.results.record import Cell, Result
from kscale.units import show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR, HEADING, LABEL = 0.4, 0.75, 26  # height of a bar and of a heading in rows; columns of a label
ROW, HEAD, FOOT = 0.48, 0.38, 0.62  # inches of one row, of the key above, of the axis below
TEXT_ROOM = 0.36  # of the axis, right of the longest bar, for what is written there
LEAST = 2.2  # inches of height


def picture(asked: Asked) -> Picture:
    """Return the bars of one result; KscaleError if no cell has both variants."""
    result = asked.results[0]
    shown = bars(result, asked)
    if not shown:
        raise NothingToDraw(
            f"{asked.called[0]}: nothing to draw: no cell has {asked.before} and {asked.after}"
            + (f" with {asked.metric}" if asked.metric else "")
        )

    def draw(canvas: Canvas) -> None:
        """Draw the key and the bars."""
        _draw(canvas, shown, asked)

    height = max(HEAD + FOOT + ROW * slots(shown), LEAST)
    return Picture(bars_finding.finding(shown, asked.after), _caption(result, shown), NARROW, height, draw)


def bars(result: Result, asked: Asked) -> list[Bars]:
    """Return a pair of bars for each cell that has both variants; times if any cell was timed."""
    return [_bars(row, cell, asked) for cell, row in chosen.compared(result, asked)]


def slots(shown: Sequence[Bars]) -> float:
    """Return the height of the bars, in rows."""
    return len(shown) + HEADING * sum(1 for _ in groupby(shown, key=_group))


def _bars(row: Row, cell: Cell, asked: Asked) -> Bars:
    """Return the bars of one row."""
    speedup = 1 / row.change if row.change else math.inf
    return Bars(
        mechanism=names.short(cell.mechanism),
        metric=names.metric(row),
        timed=row.metric == WALL,
        unit=row.info.unit,
        witness=chosen.witness(row.info),
        label=names.short(cell.label, names.LABEL),
        before=chosen.side(row, cell, asked.before),
        after=chosen.side(row, cell, asked.after),
        speedup=speedup,
        verdict=row.verdict,
        said=_said(row, speedup),
    )


def _said(row: Row, speedup: float) -> str:
    """Return the change as a ratio, or the verdict where there is none to state."""
    if row.verdict is None:
        return "too few pairs" if row.ratio is not None else wording.change(row)
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        return str(row.verdict)
    if row.ratio is None:
        return wording.change(row)
    return f"{show_ratio(speedup)} faster" if speedup > 1 else f"{show_ratio(1 / speedup)} slower"


def _draw(canvas: Canvas, shown: Sequence[Bars], asked: Asked) -> None:
    """Draw a pair of bars a cell under the name of each mechanism, with the change written on."""
    labels = ["\n".join(wrapped(one.label, LABEL)) for one in shown]
    left = max(style.width_of(label, style.MEDIUM) for label in labels) + EDGE + 0.08
    axes = canvas.axes(left, HEAD, EDGE * 2, FOOT)
    low, high = _log_limits([side for one in shown for side in (one.before, one.after)])
    units = {one.unit for one in shown}
    end = high * (high / low) ** (TEXT_ROOM / (1 - TEXT_ROOM))
    style.number_axis(axes, "x", next(iter(units)) if len(units) == 1 else "", low, end)
    places: list[float] = []
    y = 0.0
    for (mechanism, metric), group in groupby(shown, key=_group):
        y += HEADING
        axes.annotate(
            style.cut(f"{mechanism} · {metric}", style.MEDIUM, canvas.width - left - 4 * EDGE, bold=True),
            (0.0, y - HEADING * 0.3),
            xycoords=axes.get_yaxis_transform(),
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=style.MEDIUM,
            fontweight="bold",
            va="center",
        )
        for one in group:
            _pair(axes, y + 0.5, one, low, asked)
            places.append(y + 0.5)
            y += 1
    axes.set_ylim(y, 0)
    axes.set_yticks(places, labels=labels)
    style.plain(axes, grid="x", left=False)
    axes.tick_params(axis="y", length=0, labelsize=style.MEDIUM)
    witnesses = ", ".join(_each(shown, "witness"))
    if len(units) > 1:  # a number without a unit would say nothing
        step = show_ratio(round(axes.get_xticks()[1] / axes.get_xticks()[0]))
        axes.set_xticks(axes.get_xticks(), labels=[""] * len(axes.get_xticks()))
        witnesses += f"; log axis, a line every {step}"
    else:
        witnesses += "; log axis"
    axes.set_xlabel(f"{_of_what(shown)} ({witnesses})", fontsize=style.SMALL)
    _key(axes, asked)


def _key(axes: "Axes", asked: Asked) -> None:
    """Draw which bar is which, above the bars."""
    from matplotlib.patches import Patch  # noqa: PLC0415 - slow to import; pictures only

    look = style.looks((asked.before, asked.after))
    handles = [
        Patch(facecolor=look[name][0], hatch=look[name][2], edgecolor=style.SURFACE)
        for name in (asked.before, asked.after)
    ]
    axes.legend(
        handles,
        [names.short(asked.before), names.short(asked.after)],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=2,
        frameon=False,
        fontsize=style.MEDIUM,
    )


def _pair(axes: "Axes", y: float, one: Bars, left: float, asked: Asked) -> None:
    """Draw one cell's two bars, whiskers and words."""
    look = style.looks((asked.before, asked.after))
    for name, side, offset in ((asked.before, one.before, -BAR / 2), (asked.after, one.after, BAR / 2)):
        if side.value > 0:
            axes.barh(
                y + offset,
                side.value - left,
                height=BAR,
                left=left,
                color=look[name][0],
                hatch=look[name][2],
                edgecolor=style.SURFACE,
                linewidth=0.5,
            )
        if side.high > side.low:
            axes.plot(
                [side.low, side.high], [y + offset] * 2, "|-", color=style.TEXT, linewidth=1.6, markersize=7
            )
    end = max(one.before.high, one.after.high, left)
    for text, down, points, weight, color in (
        (one.said, 6, style.LARGE, "bold", style.WORD_COLORS.get(one.verdict, style.MUTED)),
        (f"{one.before.shown} → {one.after.shown}", -8, style.SMALL, "normal", style.MUTED),
    ):
        axes.annotate(
            text,
            (end, y),
            xytext=(7, down),
            textcoords="offset points",
            fontsize=points,
            fontweight=weight,
            va="center",
            color=color,
        )


def _caption(result: Result, shown: Sequence[Bars]) -> str:
    """Return what was run where, and how the picture is read."""
    how = (
        "medians measured on this machine, whiskers: 95 % interval"
        if shown[0].timed
        else "equal on every machine for one seed"
    )
    return f"{chosen.facts(result)} · {how}"


def _of_what(shown: Sequence[Bars]) -> str:
    """Return what the axis measures: the metric if it is one, else what all of them are."""
    metrics, units = _each(shown, "metric"), _each(shown, "unit")
    if len(metrics) == 1:
        return metrics[0]
    if len(units) > 1:
        return "each metric in a unit of its own"
    return {"ns": "time", "bytes": "size"}.get(units[0], "count")


def _each(shown: Sequence[Bars], field: str) -> list[str]:
    """Return the different values of a field, in order."""
    return list(dict.fromkeys(getattr(one, field) for one in shown))


def _group(one: Bars) -> tuple[str, str]:
    """Return under which heading a cell stands."""
    return one.mechanism, one.metric


def _log_limits(sides: Sequence[Side]) -> tuple[float, float]:
    """Return the ends of a log axis: the power of ten below the smallest bar, and the longest bar."""
    values = [value for side in sides for value in (side.low, side.high) if value > 0] or [1.0]
    low, high = 10.0 ** math.floor(math.log10(min(values)) - 0.3), max(values)
    return low, max(high, low * 10)
