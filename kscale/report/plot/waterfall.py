"""From a first total to a last one, step by step: what each gained, or lost.

The wall of `kscale limit`, where each step is one more optimization, and the contributions of
`kscale ablate`, which add up in any order. A bar begins where the one above it ended.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from kscale.judge import wording
from kscale.report.plot import linear, names, style
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.units import show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Exact = int | Fraction

ROW, LARGEST_ROW, LEAST = 0.37, 0.66, 5.2  # inches of a row, and of all, where there are few
HEAD, FOOT = 0.1, 0.62  # inches above the first row, and of the axis
TITLES, NOTES = 3.0, 3.6  # inches at most, left and right of the axis
BAR = 0.68  # of a row
LOG_FROM = 20  # times the smallest total: on a linear axis it would not be seen
FACTOR_FROM = Fraction(1, 100)  # more or less than once: a smaller change is no factor to speak of
NAMED = ("ns", "bytes", "ppm")  # units that an amount is written with
LONGEST = 80  # characters of a title or a note


@dataclass(frozen=True, slots=True)
class Step:
    """One step between two totals."""

    title: str  # what was done: an optimization's title
    gain: Exact  # in the unit of the waterfall; below 0 it is drawn back
    note: str = ""  # what is said beside it: the station that gave way


@dataclass(frozen=True, slots=True)
class End:
    """The first or the last total."""

    title: str  # "none", "all 13"
    total: Exact
    note: str = ""  # which objective broke, at which station
    low: Exact | None = None  # its interval, if there is one
    high: Exact | None = None
    at_least: bool = False  # nothing broke up to it


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The totals and what lies between; start + all gains = end, exactly, or ValueError."""

    title: str  # the finding, in one sentence
    caption: str  # what was run, how it is known
    what: (
        str  # the axis measures, with its provenance: "largest cluster that keeps every objective, modelled"
    )
    unit: str  # of all totals, as judge.wording.amount takes it: nodes, ns, ppm ...
    start: End
    steps: tuple[Step, ...]
    end: End
    additive: bool = False  # contributions that add up in any order: never on a log axis
    less_is_better: bool = False  # a latency: a step that takes away is a gain

    def __post_init__(self) -> None:
        """Check that the steps lead from the first total to the last."""
        if self.start.total + sum(step.gain for step in self.steps) != self.end.total:
            raise ValueError(f"{self.title}: the steps do not add up to the last total")

    @property
    def noun(self) -> str:
        """Return what a total is a number of; empty where its amount says so."""
        return "" if self.unit in NAMED else _named(self.unit.removesuffix(wording.MILLI))

    @property
    def totals(self) -> tuple[Exact, ...]:
        """Return the total before each step, and the last one."""
        return tuple(accumulate((step.gain for step in self.steps), initial=self.start.total))

    @property
    def log(self) -> bool:
        """Say whether the axis is logarithmic: where the smallest total would not be seen on another."""
        totals = self.totals
        return not self.additive and min(totals) > 0 and max(totals) >= LOG_FROM * min(totals)


@dataclass(frozen=True, slots=True)
class _Bar:
    """One row."""

    title: str
    begins: float | None  # None: where the axis begins
    ends: float
    said: str
    note: str
    look: tuple[str, str]  # colour, hatch
    end: End | None = None  # what it is a total of


def picture(made: Waterfall) -> Picture:
    """Return the picture: a row for the first total, each step, and the last total."""
    bars = _bars(made)
    row = min(LARGEST_ROW, max(ROW, (LEAST - HEAD - FOOT) / len(bars)))

    def draw(canvas: Canvas) -> None:
        """Draw all rows."""
        _draw(canvas, made, bars)

    return Picture(made.title, _caption(made), WIDE, len(bars) * row + HEAD + FOOT, draw)


def _bars(made: Waterfall) -> list[_Bar]:
    """Return a bar for each total and step."""
    first, last = (
        _Bar(_named(end.title), None, float(end.total), _total(made, end), _named(end.note), look, end)
        for end, look in (
            (made.start, (style.ORANGE, "")),
            (made.end, (style.BLUE, style.HATCH["optimized"])),
        )
    )
    steps = [
        _Bar(
            _named(step.title),
            float(before),
            float(after),
            _gain(made, step.gain, before, after),
            _named(step.note),
            _look(made, step.gain),
        )
        for step, (before, after) in zip(made.steps, pairwise(made.totals), strict=True)
    ]
    return [first, *steps, last]


def _named(text: str) -> str:
    """Return a name or a note as harmless text of one line."""
    return names.short(text, LONGEST)


def _look(made: Waterfall, gain: Exact) -> tuple[str, str]:
    """Return colour and hatch of a step: a loss is told apart by both."""
    if not gain:
        return style.MUTED, ""
    return (style.BETTER, "") if (gain < 0) == made.less_is_better else (style.WORSE, "xxx")


def _total(made: Waterfall, end: End) -> str:
    """Return a total with its unit, and its interval."""
    unit = f" {made.noun}" if made.noun else ""
    said = f"{'≥ ' if end.at_least else ''}{linear.amount(end.total, made.unit)}{unit}"
    if end.low is None or end.high is None or end.low == end.high:
        return said
    return f"{said} ({linear.amount(end.low, made.unit)} … {linear.amount(end.high, made.unit)})"


def _gain(made: Waterfall, gain: Exact, before: Exact, after: Exact) -> str:
    """Return what a step changed; on a log axis the factor too, as that is what its length shows."""
    if not gain:
        return "0"
    said = f"{'+' if gain > 0 else '-'}{linear.amount(gain if gain > 0 else -gain, made.unit)}"
    if not made.log:
        return said
    factor = Fraction(after) / Fraction(before)
    if abs(factor - 1) < FACTOR_FROM:
        return said
    return f"{said} ({show_ratio(factor) if factor >= 1 else f'1/{show_ratio(1 / factor)}'})"


def _caption(made: Waterfall) -> str:
    """Return what was run, and how it is read."""
    how = (
        "contributions: each step's mean gain over the orders; they add up to the whole"
        if made.additive
        else "each step is added to those above it; in another order they would gain otherwise"
    )
    axis = "log axis: equal lengths are equal factors" if made.log else "linear axis from 0"
    losses = any(_look(made, step.gain)[0] == style.WORSE for step in made.steps)
    return " · ".join(part for part in (made.caption, how, axis, "crossed: a loss" * losses) if part)


def _draw(canvas: Canvas, made: Waterfall, bars: Sequence[_Bar]) -> None:
    """Draw the axis, the rows, and what is written beside them."""
    titles = [style.cut(bar.title, style.MEDIUM, TITLES) for bar in bars]
    left = max(style.width_of(title, style.MEDIUM) for title in titles) + EDGE + 0.1
    notes = [style.cut(bar.note, style.SMALL, NOTES) if bar.note else "" for bar in bars]
    right = max((style.width_of(note, style.SMALL) for note in notes if note), default=0.0) + 2 * EDGE
    axes = canvas.axes(left, HEAD, right, FOOT)
    axes.set_ylim(len(bars), 0)
    said = max(style.width_of(bar.said, style.MEDIUM, bold=True) for bar in bars) + 0.2
    begin = _axis(axes, made, bars, min(0.6, said / (canvas.width - left - right)))
    axes.set_yticks([place + 0.5 for place in range(len(bars))], labels=titles)
    style.plain(axes, grid="x", left=not made.log)
    axes.tick_params(axis="y", length=0, labelsize=style.MEDIUM)
    for place, (bar, note) in enumerate(zip(bars, notes, strict=True)):
        _bar(axes, place + 0.5, bar, begin)
        if place + 1 < len(bars):
            axes.plot(
                [bar.ends] * 2,
                [place + 0.5 + BAR / 2, place + 1.5 - BAR / 2],
                color=style.MUTED,
                linewidth=1.0,
            )
        axes.annotate(
            note,
            (1, place + 0.5),
            xycoords=axes.get_yaxis_transform(),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.SMALL,
            color=style.MUTED,
        )
    unit = f", {made.noun}" if made.noun else ""
    axes.set_xlabel(f"{names.short(made.what, LONGEST)}{unit}", fontsize=style.SMALL)


def _axis(axes: "Axes", made: Waterfall, bars: Sequence[_Bar], room: float) -> float:
    """Set the axis up with *room* (a share of it) for what is written behind bars; return where it begins."""
    ends = [
        float(end)
        for bar in bars
        for end in (bar.ends, *((bar.end.low, bar.end.high) if bar.end else ()))
        if end is not None
    ]
    low, high = min(ends), max(ends)
    if made.log:
        begin = low / 2
        style.number_axis(axes, "x", made.unit, begin, high * (high / begin) ** (room / (1 - room)))
        return begin
    begin = min(0.0, low * 1.05)
    high = max(high, 0.0) or (1.0 if begin == 0 else 0.0)
    axes.set_xlim(begin, high + (high - begin) * room / (1 - room))
    places = linear.ticks(begin, high, made.unit)
    axes.set_xticks(places, labels=linear.labels(places, made.unit))
    if begin < 0:
        axes.axvline(0, color=style.TEXT, linewidth=1.0)
    return 0.0


def _bar(axes: "Axes", y: float, bar: _Bar, begin: float) -> None:
    """Draw one bar, what it is worth, and the interval of a total."""
    begins = begin if bar.begins is None else bar.begins
    color, hatch = bar.look
    axes.plot(
        [bar.ends] * 2, [y - BAR / 2, y + BAR / 2], color=color, linewidth=2, solid_capstyle="butt"
    )  # if 0
    if bar.ends != begins:
        axes.barh(
            y,
            bar.ends - begins,
            height=BAR,
            left=begins,
            color=color,
            hatch=hatch,
            edgecolor=style.SURFACE,
            linewidth=0.5,
        )
    right = max(bar.ends, begins)
    if bar.end is not None and bar.end.low is not None and bar.end.high is not None:
        low, high = float(bar.end.low), float(bar.end.high)
        if high > low:
            axes.plot([low, high], [y, y], "|-", color=style.TEXT, linewidth=1.6, markersize=8)
        right = max(right, high)
    if bar.end is not None and bar.end.at_least:
        axes.plot([bar.ends], [y], ">", color=color, markersize=9, clip_on=False)
    axes.annotate(
        bar.said,
        (right, y),
        xytext=(8, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.MEDIUM,
        fontweight="bold",
        color=style.TEXT if bar.end is not None or bar.said == "0" else color,
    )
