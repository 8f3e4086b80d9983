"""The panels of a picture: bars before and after, and growth lines, both on log axes.

Baseline and optimized are told apart by colour (a pair safe for the colour-blind), by
hatch and by marker. A loss is written as large as a gain.
"""

import math
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Literal

from kscale.judge import wording
from kscale.judge.verdict import Verdict
from kscale.report.plot_data import BASELINE, OPTIMIZED, Bars, Line, Side, Sweep, exponent
from kscale.report.text import wrapped
from kscale.units import EXACT_BELOW, show_count, show_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORANGE, BLUE, GREEN, GREY = "#E69F00", "#0072B2", "#009E73", "#555555"
LOSS = "#B03A00"
COLORS = {BASELINE: ORANGE, OPTIMIZED: BLUE}
MARKERS = {BASELINE: "o", OPTIMIZED: "s"}
FURTHER = (("^", GREEN), ("D", "#CC79A7"), ("v", "#56B4E9"), ("P", "#000000"))
HATCH = {BASELINE: "", OPTIMIZED: "///"}
WORD_COLORS = {Verdict.BETTER: BLUE, Verdict.WORSE: LOSS}
BAR, HEADING, LABEL = 0.4, 0.75, 26  # height of a bar and of a heading in rows; columns of a label
TEXT_ROOM = 0.36  # of the axis, right of the longest bar, for what is written there


def slots(shown: Sequence[Bars]) -> float:
    """Return the height of a panel of bars, in rows."""
    return len(shown) + HEADING * sum(1 for _ in groupby(shown, key=_group))


def draw_bars(axes: "Axes", shown: Sequence[Bars], unit: str) -> None:
    """Draw a pair of bars a cell under the name of each mechanism, with the change written on."""
    places: list[float] = []
    y = 0.0
    low, high = _log_limits([side for one in shown for side in (one.baseline, one.optimized)])
    axes.set_xscale("log")
    axes.set_xlim(low, high * (high / low) ** (TEXT_ROOM / (1 - TEXT_ROOM)))
    for (mechanism, metric), group in groupby(shown, key=_group):
        y += HEADING
        axes.text(
            0.0,
            y - HEADING * 0.3,
            f"  {_clipped(mechanism)} · {metric}",
            transform=axes.get_yaxis_transform(),
            fontsize=12,
            fontweight="bold",
            va="center",
        )
        for one in group:
            _pair(axes, y + 0.5, one, low)
            places.append(y + 0.5)
            y += 1
    axes.set_ylim(y, 0)
    axes.set_yticks(places, labels=["\n".join(wrapped(one.label, LABEL)) for one in shown], fontsize=12)
    axes.tick_params(axis="y", length=0)
    _number_axis(axes, "x", unit)
    axes.minorticks_off()
    axes.grid(axis="x", color="#DDDDDD", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)


def draw_sweep(axes: "Axes", sweep: Sweep) -> None:
    """Draw each variant's cost over the parameter, with the exponent of the fitted power."""
    further = iter(FURTHER * len(sweep.lines))
    for line in sweep.lines:
        known = line.variant in COLORS
        marker, color = (MARKERS[line.variant], COLORS[line.variant]) if known else next(further)
        _line(axes, line, marker, color)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.margins(x=0.08, y=0.12)
    sizes = sorted({size for line in sweep.lines for size in line.sizes})
    axes.set_xticks(sizes, labels=[_size(size) for size in sizes], fontsize=11)
    axes.set_xticks([], minor=True)
    _number_axis(axes, "y", sweep.unit)
    axes.set_xlabel(f"{sweep.parameter} (exponent 1: twice the size, twice the cost)", fontsize=11)
    title = f"{sweep.mechanism}: {sweep.metric} as {sweep.parameter} grow"
    held = [f"({sweep.held})"] if sweep.held else []
    axes.set_title(
        "\n".join(part for text in (title, *held) for part in wrapped(text, 46)),
        fontsize=12,
        fontweight="bold",
        loc="left",
    )
    axes.grid(color="#DDDDDD", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=11, frameon=False, loc="best")


def _group(one: Bars) -> tuple[str, str]:
    """Return under which heading a cell stands."""
    return one.mechanism, one.metric


def _clipped(name: str) -> str:
    """Return a name short enough for a heading; no honest one is longer."""
    return name if len(name) <= LABEL else f"{name[: LABEL - 1]}…"


def _pair(axes: "Axes", y: float, one: Bars, left: float) -> None:
    """Draw one cell's two bars, whiskers and words."""
    for name, side, offset in ((BASELINE, one.baseline, -BAR / 2), (OPTIMIZED, one.optimized, BAR / 2)):
        if side.value > 0:
            axes.barh(
                y + offset,
                side.value - left,
                height=BAR,
                left=left,
                color=COLORS[name],
                hatch=HATCH[name],
                edgecolor="white",
                linewidth=0.5,
            )
        if side.high > side.low:
            axes.plot([side.low, side.high], [y + offset] * 2, color="black", linewidth=1.6)
            axes.plot([side.low, side.high], [y + offset] * 2, "|", color="black", markersize=7)
    end = max(one.baseline.high, one.optimized.high, left)
    axes.annotate(
        one.said,
        (end, y),
        xytext=(7, 6),
        textcoords="offset points",
        fontsize=13,
        fontweight="bold",
        va="center",
        color=WORD_COLORS.get(one.verdict, GREY) if one.verdict else GREY,
    )
    axes.annotate(
        f"{one.baseline.shown} → {one.optimized.shown}",
        (end, y),
        xytext=(7, -8),
        textcoords="offset points",
        fontsize=10,
        va="center",
        color=GREY,
    )


def _line(axes: "Axes", line: Line, marker: str, color: str) -> None:
    """Draw one variant's points with whiskers, and the line between them."""
    costs = [side.value for side in line.costs]
    below = [side.value - side.low for side in line.costs]
    above = [side.high - side.value for side in line.costs]
    label = f"{line.variant}: {exponent(line.growth)}"
    axes.errorbar(
        line.sizes,
        costs,
        yerr=[below, above],
        marker=marker,
        color=color,
        markersize=8,
        linewidth=2.4,
        capsize=4,
        label=f" {label}" if label.startswith("_") else label,
    )


def _number_axis(axes: "Axes", which: Literal["x", "y"], unit: str) -> None:
    """Write an axis's powers of ten as a table would."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter  # noqa: PLC0415 - only for pictures

    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(LogLocator(base=10, numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.amount(_whole(value), unit)))
    axis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis=which, labelsize=11)


def _log_limits(sides: Sequence[Side]) -> tuple[float, float]:
    """Return the ends of a log axis: the power of ten below the smallest bar, and the longest bar."""
    values = [value for side in sides for value in (side.low, side.high) if value > 0] or [1.0]
    return 10.0 ** math.floor(math.log10(min(values)) - 0.3), max(values)


def _size(size: float) -> str:
    """Return a parameter's value for a tick."""
    if size < EXACT_BELOW and size % 1000 == 0:
        return f"{int(size) // 1000}k"
    return show_count(int(size)) if size == int(size) else show_number(size)


def _whole(value: float) -> float:
    """Return a count without its point."""
    return round(value) if value >= 1 else value
