"""A pod's life, stage by stage: the median pod of the sample, and how long each stage takes all pods.

At the left a waterfall of one pod on a linear axis, where a stage begins when the one before it ended. At
the right each stage of every pod from its median to its P99 on a log axis: those do not add up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscale.clusterwide.record import LIFE, Pod, Quantiles, Simulated
from kscale.report.plot import key, linear, runs, style
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.picture import EDGE, WIDE, Canvas, Picture
from kscale.report.plot.runs import STAGES, Drawn, Runs
from kscale.units import show_ns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, HEAD, FOOT = 0.63, 0.72, 0.58  # inches of a stage, of what is above, of the axis
LABELS, SAID, BETWEEN = 2.15, 2.15, 0.35  # inches of the stages' names, of their amounts, between the columns
BAR = 0.3  # of a row
ROOM = 0.3  # of the left axis, for what is written behind its bars
NEVER = "not yet"


@dataclass(frozen=True, slots=True)
class Life:
    """A pod of a run, in stages; ns from its creation."""

    ends: tuple[int | None, ...]  # of each stage, in the order of STAGES
    stopped_ns: int  # when the run ended

    @property
    def total_ns(self) -> int | None:
        """Return how long it took until a client knew; None if none did."""
        return self.ends[-1]

    def stages(self) -> list[tuple[int, int | None]]:
        """Return when each stage began and ended, up to the first that did not end."""
        found: list[tuple[int, int | None]] = []
        begins: int | None = 0
        for end in self.ends:
            if begins is None:
                break
            found.append((begins, end))
            begins = end
        return found


def median(run: Simulated) -> Life | None:
    """Return the pod of the sample whose life is its median, unfinished ones last; None of none."""
    pods = sorted((pod for pod in run.sample if pod.times[0] is not None), key=_length)
    if not pods:
        return None
    times = pods[(len(pods) - 1) // 2].times
    begin = times[0] or 0
    ends = tuple(None if time is None else time - begin for time in times[1:])
    return Life(ends, run.ended_ns - begin)


def _length(pod: Pod) -> tuple[bool, int, int]:
    """Return what pods are ordered by: their length, then their number."""
    begin, end = pod.times[0] or 0, pod.times[-1]
    return end is None, (0 if end is None else end - begin), pod.number


def picture(asked: Runs) -> Picture:
    """Return the picture; NothingToDraw if no pod was asked for in any run."""
    if not any(median(one.run) or _known(one.run) for one in asked.drawn):
        raise NothingToDraw("nothing to draw: no pod was created in these runs")

    def draw(canvas: Canvas) -> None:
        """Draw both columns."""
        _draw(canvas, asked)

    return Picture(_title(asked), _caption(asked), WIDE, HEAD + FOOT + ROW * len(STAGES), draw)


def _known(run: Simulated) -> bool:
    """Say whether any stage has a distribution."""
    return any(one.count for one in run.stages.values())


def _title(asked: Runs) -> str:
    """Return how long the median pod took in each run, and in which stage most of it."""
    return f"A median pod, created to known: {', '.join(_took(one) for one in asked.drawn)}"


def _took(one: Drawn) -> str:
    """Return how long one median pod took."""
    life = median(one.run)
    if life is None:
        return f"no pod {one.name}"
    stages = life.stages()
    begun, name = max(
        ((life.stopped_ns if end is None else end) - begin, name)
        for name, (begin, end) in zip(STAGES, stages, strict=False)
    )
    if life.total_ns is None:
        return f"not known by the end {one.name} ({STAGES[tuple(STAGES)[len(stages) - 1]]})"
    return f"{show_ns(life.total_ns)} {one.name} ({STAGES[name]} {show_ns(begun)})"


def _caption(asked: Runs) -> str:
    """Return what was run and how it is read."""
    sizes = " and ".join(dict.fromkeys(str(len(one.run.sample)) for one in asked.drawn))
    return " · ".join(
        (
            runs.facts(asked),
            f"left: the pod with the median life of a sample of {sizes}, linear axis",
            "right: all pods, each stage from its median to its P99, log axis; P99s of stages do not add up",
            f"hollow, {NEVER}: not before the run ended",
        )
    )


def _draw(canvas: Canvas, asked: Runs) -> None:
    """Draw the names of the stages and both columns."""
    key.draw(canvas, asked.drawn, LABELS, 0.0)
    middle = LABELS + (canvas.width - LABELS - SAID - BETWEEN) / 2
    body = ROW * len(STAGES)
    left = canvas.axes(LABELS, HEAD, canvas.width - middle, FOOT)
    right = canvas.axes(middle + BETWEEN, HEAD, SAID, FOOT)
    canvas.text(LABELS, HEAD - 0.34, "the median pod of the sample", style.MEDIUM, fontweight="bold")
    canvas.text(middle + BETWEEN, HEAD - 0.34, "every pod: median to P99", style.MEDIUM, fontweight="bold")
    for place, (name, title) in enumerate(STAGES.items()):
        y = HEAD + body * (place + 0.5) / len(STAGES)
        canvas.text(LABELS - 0.12, y - 0.11, title, style.MEDIUM, ha="right", va="center")
        way = f"{LIFE[place]} → {name}"
        canvas.text(LABELS - 0.12, y + 0.12, way, style.SMALL, ha="right", va="center", color=style.MUTED)
    for axes in (left, right):
        axes.set_ylim(len(STAGES), 0)
        axes.set_yticks([])
    _one(left, asked.drawn)
    _every(right, asked.drawn)


def _offset(place: int, number: int) -> float:
    """Return how far from the middle of its row a run is drawn."""
    return (place - (number - 1) / 2) * (BAR + 0.06)


def _one(axes: "Axes", drawn: Sequence[Drawn]) -> None:
    """Draw the median pod of each run, stage by stage."""
    lives = [median(one.run) for one in drawn]
    most = max(
        (end if end is not None else life.stopped_ns for life in lives if life for _, end in life.stages()),
        default=1,
    )
    axes.set_xlim(0, max(1, most) / (1 - ROOM))
    for place, (one, life) in enumerate(zip(drawn, lives, strict=True)):
        for row, (begin, end) in enumerate(life.stages() if life else ()):
            y = row + 0.5 + _offset(place, len(drawn))
            stop = end if end is not None else life.stopped_ns if life else begin
            _bar(axes, y, (begin, stop), one, ended=end is not None)
    places = linear.ticks(0, most, "ns", most=5)
    axes.set_xticks(places, labels=linear.labels(places, "ns"))
    style.plain(axes, grid="x")
    axes.set_xlabel("since its creation, modelled", fontsize=style.SMALL)


def _bar(axes: "Axes", y: float, ends: tuple[int, int], one: Drawn, *, ended: bool) -> None:
    """Draw one stage of one pod; hollow if it did not end."""
    begin, end = ends
    axes.barh(
        y,
        end - begin,
        height=BAR,
        left=begin,
        color=one.look[0] if ended else "none",
        hatch=one.look[2] if ended else "",
        edgecolor=style.SURFACE if ended else one.look[0],
        linewidth=0.5 if ended else 1.4,
    )
    axes.plot([begin, begin], [y - BAR / 2, y + BAR / 2], color=one.look[0], linewidth=2)  # even of nothing
    axes.annotate(
        show_ns(end - begin) if ended else f"over {show_ns(end - begin)}",
        (end, y),
        xytext=(5, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
    )


def _every(axes: "Axes", drawn: Sequence[Drawn]) -> None:
    """Draw each stage of all pods from its median to its P99."""
    found = [
        value
        for one in drawn
        for stage in one.run.stages.values()
        for value in (stage.p50, stage.p99)
        if value
    ]
    low, high = style.limits([float(value) for value in found], room=0.06)
    style.number_axis(axes, "x", "ns", low, high, most=5)
    for place, one in enumerate(drawn):
        for row, name in enumerate(STAGES):
            stage = one.run.stages.get(name)
            if stage is not None and stage.count:
                _line(axes, row + 0.5 + _offset(place, len(drawn)), stage, one, (low, high))
    style.plain(axes, grid="x", left=False)
    axes.set_xlabel("duration of the stage, modelled", fontsize=style.SMALL)


def _line(axes: "Axes", y: float, stage: Quantiles, one: Drawn, limits: tuple[float, float]) -> None:
    """Draw one stage of one run, and write both its amounts at the right; an arrow where there is no end."""
    low, high = limits
    begin, end = (high if value is None else max(float(value), low) for value in (stage.p50, stage.p99))
    color, marker, _ = one.look
    axes.plot([begin, end], [y, y], color=color, linewidth=2.6, linestyle="-", solid_capstyle="butt")
    axes.plot(
        [end],
        [y],
        "|" if stage.p99 is not None else ">",
        color=color,
        markersize=9,
        markeredgewidth=2.4,
        clip_on=False,
    )
    if stage.p50 is not None:
        axes.plot([begin], [y], marker, color=color, markersize=7, clip_on=False)
    said = ", ".join(NEVER if value is None else show_ns(value) for value in (stage.p50, stage.p99))
    axes.annotate(
        said,
        (1, y),
        xycoords=axes.get_yaxis_transform(),
        xytext=(EDGE * 72, 0),
        textcoords="offset points",
        va="center",
        fontsize=style.SMALL,
        color=style.TEXT,
    )
