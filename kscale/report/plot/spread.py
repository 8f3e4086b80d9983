"""How scheduling latency and pod start-up are distributed: every nine of the quantile as wide as the last.

A run keeps few quantiles of all pods, and the whole lives of a sample. Lines go through the quantiles, and
only through those that are known; dots are the pods of the sample. Where a line ends, the rest had not come
when the run ended.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from kscale.clusterwide.record import LIFE, Quantiles, Simulated
from kscale.report.plot import key, runs, style
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.report.plot.runs import Drawn, Runs
from kscale.units import show_count, show_many, show_ns, show_percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEAD, HEIGHT, LEFT, FOOT = 0.34, 5.3, 1.0, 0.6  # inches above the panels, of them, of their numbers
PLACES = (0.5, 0.9, 0.99)  # of the quantiles that are kept
TICKS = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.999999)
LEAST_NINES = 2.0  # of the axis
DOT = 4.5  # points
POD_STARTUP = "pod-startup"


@dataclass(frozen=True, slots=True)
class Kind:
    """A latency of pods."""

    title: str
    begins: str  # of LIFE
    ends: str
    how: str  # which pods the quantiles are of
    unstored: bool  # pods that were never stored count, as not answered


KINDS = (
    Kind("scheduling latency: stored to bound", "stored", "bound", "all pods", unstored=False),
    Kind("pod start-up: stored to known", "stored", "known", "its worst five minutes", unstored=True),
)


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one latency in one run."""

    drawn: Drawn
    quantiles: Quantiles
    points: tuple[tuple[float, int], ...]  # quantile, ns; rising
    dots: tuple[tuple[float, int], ...]  # likewise, of the sample
    sample: int  # its pods, those without an answer too

    @property
    def answered(self) -> float:
        """Return the share that was answered."""
        return 1 - self.quantiles.unanswered / max(1, self.quantiles.count)


def line(one: Drawn, kind: Kind) -> Line | None:
    """Return what a run knows of a latency; None if nothing was asked."""
    found = one.run.scheduling if kind.ends == "bound" else _worst(one.run)
    if found is None or not found.count:
        return None
    known = zip(PLACES, (found.p50, found.p90, found.p99), strict=True)
    points = [(place, value) for place, value in known if value is not None]
    last = 1 - 1 / found.count  # the largest of n is beyond all others
    if found.largest is not None and last > PLACES[-1]:
        points.append((last, found.largest))
    begin, end = LIFE.index(kind.begins), LIFE.index(kind.ends)
    pods = [pod.times for pod in one.run.sample if kind.unstored or pod.times[begin] is not None]
    both = ((times[begin], times[end]) for times in pods)
    took = sorted(e - b for b, e in both if b is not None and e is not None)
    dots = tuple(((place + 0.5) / len(pods), value) for place, value in enumerate(took))
    return Line(one, found, tuple(points), dots, len(pods))


def _worst(run: Simulated) -> Quantiles | None:
    """Return the worst five minutes of pod start-up."""
    return next((one.worst for one in run.slis if one.name == POD_STARTUP), None)


def picture(asked: Runs) -> Picture:
    """Return the picture; NothingToDraw if no pod was asked for in any run."""
    panels = [(kind, [found for one in asked.drawn if (found := line(one, kind))]) for kind in KINDS]
    shown = [(kind, lines) for kind, lines in panels if any(one.points or one.dots for one in lines)]
    if not shown:
        raise NothingToDraw("nothing to draw: no pod was scheduled or started in these runs")

    def draw(canvas: Canvas) -> None:
        """Draw the key and the panels."""
        key.draw(canvas, asked.drawn, LEFT, 0.0)
        body = canvas.part(0, HEAD, canvas.width, HEIGHT)
        for place, (kind, lines) in zip(body.grid(len(shown), len(shown), HEIGHT), shown, strict=True):
            _panel(place, kind, lines, asked)

    return Picture(_title(shown), _caption(asked, shown), WIDE, HEAD + HEIGHT, draw)


def _title(shown: Sequence[tuple[Kind, Sequence[Line]]]) -> str:
    """Return the P99 of the first latency in each run."""
    kind, lines = shown[0]
    said = ", ".join(f"{_amount(one.quantiles.p99)} {one.drawn.name}" for one in lines)
    what = kind.title.partition(":")[0]
    return f"P99 of {what}: {said}"


def _amount(value: int | None) -> str:
    """Return a quantile, or that it did not come."""
    return "not answered" if value is None else show_ns(value)


def _caption(asked: Runs, shown: Sequence[tuple[Kind, Sequence[Line]]]) -> str:
    """Return what was run, how it is read, and what was not answered."""
    lost = [
        f"{show_count(one.quantiles.unanswered)} of {show_many(one.quantiles.count, 'pod')} not {kind.ends}"
        f" in time {one.drawn.name}"
        for kind, lines in shown
        for one in lines
        if one.quantiles.unanswered
    ]
    return " · ".join(
        (
            runs.facts(asked),
            "marks: the quantiles that are kept, the largest last; between them only their order is known",
            "dots: the sample of pods",
            "dashed grey: the objective of P99",
            *lost,
        )
    )


def _panel(canvas: Canvas, kind: Kind, lines: Sequence[Line], asked: Runs) -> None:
    """Draw one latency of all runs."""
    head = canvas.heading(f"{kind.title} ({kind.how})")
    axes = canvas.axes(LEFT, head + 0.1, EDGE * 5.5, FOOT)
    bound = _bound(asked) if kind.ends == "known" else None
    values = [value for one in lines for _, value in (*one.points, *one.dots)]
    low, high = style.limits([float(value) for value in (*values, *([bound] if bound else ()))], room=0.1)
    style.number_axis(axes, "y", "ns", low, high, most=6)
    places = [place for one in lines for place, _ in one.points]
    last = max(LEAST_NINES, *(_nines(place) for place in places), 0.0) * 1.04
    axes.set_xlim(-0.03, last)
    shown = [place for place in TICKS if _nines(place) <= last]
    axes.set_xticks(
        [_nines(place) for place in shown], labels=["", *(_percentile(place) for place in shown[1:])]
    )
    for one in lines:
        _line(axes, one, low, high)
    if bound is not None:
        _objective(axes, bound)
    style.plain(axes)
    axes.set_xlabel("quantile (each nine as wide)", fontsize=style.SMALL)
    axes.set_ylabel("time, modelled; log axis", fontsize=style.SMALL)


def _line(axes: "Axes", one: Line, low: float, high: float) -> None:
    """Draw one run: its quantiles, its sample, and from where on nothing was answered."""
    color, marker, _ = one.drawn.look
    axes.plot(
        [_nines(place) for place, _ in one.dots],
        [max(float(value), low) for _, value in one.dots],
        marker,
        color=color,
        markersize=DOT,
        alpha=0.45,
        markeredgewidth=0,
    )
    axes.plot(
        [_nines(place) for place, _ in one.points],
        [max(float(value), low) for _, value in one.points],
        linestyle=one.drawn.line,
        marker=marker,
        color=color,
        linewidth=2.2,
        markersize=8,
    )
    if one.quantiles.unanswered and one.answered > 0:
        axes.axvline(_nines(one.answered), color=color, linewidth=1.4, linestyle=":")
        late = _nines(one.answered) > sum(axes.get_xlim()) / 2  # the text would run into the next panel
        axes.annotate(
            f"{show_percent(Fraction(one.quantiles.unanswered, one.quantiles.count))} not yet",
            (_nines(one.answered), high),
            xytext=(-4 if late else 4, -4),
            textcoords="offset points",
            ha="right" if late else "left",
            va="top",
            fontsize=style.SMALL,
            color=style.TEXT,
        )


def _objective(axes: "Axes", bound: int) -> None:
    """Draw the bound of the objective."""
    axes.axhline(bound, color=style.MUTED, linewidth=1.4, linestyle="--")
    axes.annotate(
        f"≤ {show_ns(bound)}",
        (1, bound),
        xycoords=axes.get_yaxis_transform(),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
        color=style.MUTED,
    )


def _bound(asked: Runs) -> int | None:
    """Return the bound of pod start-up, if it is judged."""
    found = (one for run in asked.drawn for one in run.run.verdicts)
    return next((one.at_most for one in found if one.objective == POD_STARTUP and one.unit == "ns"), None)


def _nines(quantile: float) -> float:
    """Return where a quantile is on the axis."""
    return -math.log10(max(1e-12, 1 - quantile))


def _percentile(quantile: float) -> str:
    """Return "p50", "p99.9"."""
    return f"p{100 * quantile:.4f}".rstrip("0").rstrip(".")
