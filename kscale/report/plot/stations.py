"""Every station over virtual time: how busy it was, and how many were inside.

A row a station, in the order of a pod's way; before and after on the same axes. Faults are lines.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import words
from kscale.clusterwide.record import STATIONS, Simulated
from kscale.judge import wording
from kscale.report.plot import key, linear, names, runs, style
from kscale.report.plot.asked import NothingToDraw
from kscale.report.plot.picture import WIDE, Canvas, Picture
from kscale.report.plot.runs import Drawn, Runs
from kscale.scenario.cluster import Fault
from kscale.units import NS_PER_S, show_bytes, show_count

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Floats = NDArray[np.float64]

BUSY, INSIDE = "busy_ppm", "inside"  # of a station's series
STORE = "etcd-store"  # holds bytes: its utilisation is the part of its quota that was full
DISPATCH = "watch-dispatch"  # its events are not counted one by one everywhere
WHOLE = 1_000_000  # ppm
ROW, GAP, HEAD, FOOT = 0.55, 0.12, 0.66, 0.32  # inches of a row, between two, of what is above, of the time
LABELS, TICKS, SAID = 2.2, 0.66, 2.1  # inches of the names, of an axis' numbers, of what is at its right
POINTS = 240  # of a line; more are not seen
MOST_FAULTS = 6  # said in the caption
TOP = 1.12  # of 100 %, where a row ends
TENS = tuple(10**power for power in range(1, 19))
CLOSE = 0.03  # of the axis between faults that share a number's place


def picture(asked: Runs) -> Picture:
    """Return the picture; NothingToDraw if no run kept its seconds."""
    shown = [name for name in STATIONS if any(_kept(one.run, name) for one in asked.drawn)]
    if not shown:
        raise NothingToDraw("nothing to draw: no station has a number for each second")

    def draw(canvas: Canvas) -> None:
        """Draw the headings and the rows."""
        _draw(canvas, asked, shown)

    height = HEAD + FOOT + ROW * len(shown)
    return Picture(_title(asked), _caption(asked), WIDE, height, draw)


def _kept(run: Simulated, name: str) -> bool:
    """Say whether there is a series of a station."""
    return any(run.series.get(f"{name}.{what}") for what in (BUSY, INSIDE))


def _title(asked: Runs) -> str:
    """Return what gives way in each run."""
    said = "; ".join(f"{one.name}: {_end(one.run)}" for one in asked.drawn)
    return said[:1].upper() + said[1:]


def _end(run: Simulated) -> str:
    """Return how a run came out, and which station limits it."""
    broken = sum(not one.holds for one in run.verdicts)
    kept = f"{broken} of {len(run.verdicts)} objectives broken" if broken else "every objective kept"
    return (
        f"{kept}, limited by {words.STATIONS.get(run.blame, names.short(run.blame))}" if run.blame else kept
    )


def _caption(asked: Runs) -> str:
    """Return what was run, how it is read, and what went wrong when."""
    parts = [runs.facts(asked)]
    step = _step(int(asked.longest_ns // NS_PER_S))
    if step > 1:
        parts.append(f"a point: {step} s (utilisation their mean, inside their most)")
    parts.append(f"{runs.station(STORE)}: the part that was full, and bytes")
    parts.append("inside: waiting or served, at the end of each second, on a log axis of 1 + n")
    if any(len(asked.drawn) == 2 and not _kept(one.run, name) for one in asked.drawn for name in STATIONS):  # noqa: PLR2004 - before and after
        parts.append("no line: no numbers kept")
    if any(
        max(_points(one, name, BUSY)[1], default=0) > TOP * WHOLE for one in asked.drawn for name in STATIONS
    ):
        parts.append("a line that leaves its row at the top is above 100 %")
    faults = _faults(asked)
    said = [f"{number}: {runs.fault(one)}" for number, one in enumerate(faults[:MOST_FAULTS], 1)]
    if len(faults) > MOST_FAULTS:
        said.append(f"{len(faults) - MOST_FAULTS} more")
    if said:
        parts.append(f"faults: {', '.join(said)}")
    return " · ".join(parts)


def _draw(canvas: Canvas, asked: Runs, shown: Sequence[str]) -> None:
    """Draw the headings and a row for each station."""
    middle = LABELS + (canvas.width - LABELS) / 2
    columns = ((BUSY, LABELS, middle), (INSIDE, middle, canvas.width))
    most = max(_most(asked, name) for name in shown if name != STORE) if set(shown) != {STORE} else 0
    key.draw(canvas, asked.drawn, LABELS + TICKS, 0.0, lines=True)
    _headings(canvas, columns)
    for place, name in enumerate(shown):
        top = HEAD + place * ROW
        last = place == len(shown) - 1
        blamed = any(one.run.blame == name for one in asked.drawn)
        canvas.text(
            LABELS,
            top + (ROW - GAP) / 2,
            runs.station(name),
            style.MEDIUM,
            ha="right",
            va="center",
            fontweight="bold" if blamed else "normal",
            color=style.WORSE if blamed else style.TEXT,
        )
        for what, left, right in columns:
            part = canvas.part(left, top, right - left, ROW - GAP + (FOOT if last else 0))
            axes = part.axes(TICKS, 0, SAID, FOOT if last else 0)
            _row(axes, asked, name, what)
            _amounts(axes, what, name, _most(asked, name) if name == STORE else most)
            _time(axes, asked, labelled=last, numbered=place == 0)
            part.text(
                part.width - SAID + 0.1,
                (ROW - GAP) / 2,
                _said(asked, name, what),
                style.SMALL,
                va="center",
            )


def _headings(canvas: Canvas, columns: Sequence[tuple[str, float, float]]) -> None:
    """Write what the columns are."""
    for what, left, right in columns:
        title, said = ("utilisation", "mean") if what == BUSY else ("inside", "most")
        canvas.text(left + TICKS, 0.3, title, style.MEDIUM, fontweight="bold")
        canvas.text(right - SAID + 0.1, 0.3, said, style.SMALL, color=style.MUTED)


def _most(asked: Runs, name: str) -> int:
    """Return the most that was inside a station at the end of a second, in any run."""
    return max((number for one in asked.drawn for number in _series(one, name, INSIDE)), default=0)


def _series(one: Drawn, name: str, what: str) -> tuple[int, ...]:
    """Return a series of a station; empty if there is none, or if nobody counted who came."""
    found = one.run.series.get(f"{name}.{what}", ())
    return found if what == BUSY or _counted(one.run, name) else ()


def _counted(run: Simulated, name: str) -> bool:
    """Say whether those inside a station were counted: a dispatcher that worked had some."""
    station = run.station(name)
    return name != DISPATCH or bool(station.peak or not station.busy_ns)


def _row(axes: "Axes", asked: Runs, name: str, what: str) -> None:
    """Draw one series of one station, of all runs."""
    for one in asked.drawn:
        times, values = _points(one, name, what)
        if len(values):
            axes.plot(times, values, color=one.look[0], linestyle=one.line, linewidth=1.8)


def _amounts(axes: "Axes", what: str, name: str, most: int) -> None:
    """Set the axis of amounts up: a share, bytes from 0, or the logarithm of a count and 1."""
    if what == BUSY:
        top, places, labels = float(WHOLE), [0.0, float(WHOLE)], ["0", "100 %"]
    elif name == STORE:
        ticks = linear.ticks(0, max(1, most), "bytes", most=3)
        top, places, labels = (
            float(max(1, most)),
            [float(tick) for tick in ticks],
            linear.labels(ticks, "bytes"),
        )
        places, labels = [places[0], places[-1]], [labels[0], labels[-1]]
    else:
        ten = max(place for place in TENS if place <= max(10, most))
        top, places, labels = (
            float(np.log1p(max(10, most))),
            [0.0, float(np.log1p(ten))],
            ["0", show_count(ten)],
        )
    axes.set_ylim(-0.06 * top, TOP * top)
    axes.set_yticks(places, labels=labels)
    style.plain(axes)


def _points(one: Drawn, name: str, what: str) -> tuple[Floats, Floats]:
    """Return the times (ns) and values of a series, several seconds a point where there are many."""
    kept = np.array(_series(one, name, what), dtype=np.float64)
    step = _step(len(kept))
    ends = np.minimum(np.arange(step, len(kept) + step, step), len(kept)) if len(kept) else np.empty(0)
    pieces = np.split(kept, ends[:-1].astype(np.int64)) if len(kept) else []
    values = np.array([piece.mean() if what == BUSY else piece.max() for piece in pieces])
    middle = step / 2 if what == BUSY else 0
    return np.asarray((ends - middle) * NS_PER_S), values if what == BUSY or name == STORE else np.log1p(
        values
    )


def _step(seconds: int) -> int:
    """Return how many seconds a point stands for."""
    return max(1, -(-seconds // POINTS))


def _time(axes: "Axes", asked: Runs, *, labelled: bool, numbered: bool) -> None:
    """Set the time axis up and mark the faults."""
    end = asked.longest_ns
    axes.set_xlim(0, end)
    places = linear.ticks(0, end, "ns", most=4)
    axes.set_xticks(places, labels=linear.labels(places, "ns") if labelled else [""] * len(places))
    for one in asked.faults:
        if one.at_ns <= end:
            axes.axvline(one.at_ns, color=style.WORSE, linewidth=1.2, linestyle=":")
            over = max(
                (runs.fault_end(one, drawn.run) or one.at_ns for drawn in asked.drawn), default=one.at_ns
            )
            if over > one.at_ns:
                axes.axvspan(one.at_ns, min(end, over), color=style.BAND, linewidth=0)
    for at_ns, numbers in _numbers(asked) if numbered else ():
        axes.annotate(
            numbers,
            (at_ns, 1),
            xycoords=axes.get_xaxis_transform(),
            xytext=(0, 1),
            textcoords="offset points",
            ha="center",
            fontsize=style.SMALL,
            fontweight="bold",
            color=style.WORSE,
        )


def _faults(asked: Runs) -> list[Fault]:
    """Return the faults in the order of their time."""
    return sorted(asked.faults, key=lambda one: one.at_ns)


def _numbers(asked: Runs) -> list[tuple[int, str]]:
    """Return where the numbers of the faults stand: those close together in one place, as a range."""
    places: list[list[int]] = []  # time of the first, its number, the last number
    for number, one in enumerate(_faults(asked), 1):
        if places and one.at_ns - places[-1][0] < CLOSE * asked.longest_ns:
            places[-1][2] = number
        elif one.at_ns <= asked.longest_ns:
            places.append([one.at_ns, number, number])
    return [(at_ns, str(first) if first == last else f"{first}-{last}") for at_ns, first, last in places]


def _said(asked: Runs, name: str, what: str) -> str:
    """Return a station's figure of each run: its utilisation, or the most inside."""
    found = [one.run.station(name) for one in asked.drawn]
    if what == BUSY:
        most = "most " if name == STORE else ""
        return most + " → ".join(_share(one.utilisation_ppm) for one in found)
    if name == STORE:
        return " → ".join(show_bytes(one.busy_ns) for one in found)
    if not all(_counted(one.run, name) for one in asked.drawn):
        return "not counted"
    return " → ".join(show_count(one.peak) for one in found)


def _share(ppm: int) -> str:
    """Return a share in few digits: "74 %", "1.5 %"."""
    return f"{round(ppm / 10_000)} %" if ppm >= WHOLE // 10 else wording.percent(ppm / WHOLE)
