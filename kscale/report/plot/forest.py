"""Every time of a comparison on one axis: how much it changed, how sure that is, and its margin.

Worst first. A row is worse only if its whole interval lies beyond its grey band. Exact
counters have no interval: those that changed are listed below, with what they were.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kscale.errors import KscaleError
from kscale.judge import compare, wording
from kscale.judge.compare import Comparison
from kscale.judge.rows import Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report.plot import chosen, names, style
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.picture import EDGE, Canvas, Picture
from kscale.units import show_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 60  # rows of a picture; more are no longer one
MOST_COUNTERS = 10  # kept for counters if there are too many times
ROW, COUNTER, HEAD, FOOT = 0.52, 0.3, 0.1, 0.85  # inches
WIDTH, LABELS, WORDS = 11.4, 4.1, 2.95  # inches of the picture, and left and right of its axis
INDENT = 0.35  # inches of the mark
COUNTERS = (0.35, 5.9, 8.15)  # inches of the columns of a counter: its name, its amounts, its change
PERCENT_UP_TO = 2.0  # an axis that goes no further is read in percent
MARKERS = {Verdict.WORSE: "X", Verdict.UNCLEAR: "D", Verdict.BETTER: "P", Verdict.SAME: "o", None: "o"}


def picture(asked: Asked) -> Picture:
    """Return the forest of a comparison; KscaleError if it compared no time and no counter changed."""
    comparison = asked.comparison or _compared(asked)
    times, counters = _rows(comparison, asked)
    if not times and not counters:
        raise NothingToDraw(
            f"{comparison.a.name} and {comparison.b.name}: nothing to draw: no times, and no counter changed"
        )
    listed = min(len(counters), max(MOST - len(times), MOST_COUNTERS))
    drawn = min(len(times), MOST - listed)
    left_out = len(times) - drawn, len(counters) - listed

    def draw(canvas: Canvas) -> None:
        """Draw the times, and the counters below."""
        high = drawn * ROW + HEAD + FOOT if drawn else 0.0
        if drawn:
            _draw_times(canvas.part(0, 0, WIDTH, high), times[:drawn], comparison)
        below = canvas.part(0, high, WIDTH, canvas.height - high)
        _draw_counters(below, counters[:listed], named=comparison.of == "results")

    height = (drawn * ROW + HEAD + FOOT if drawn else 0.0) + ((listed + 1.4) * COUNTER if listed else 0.0)
    title = finding(times, counters, comparison)
    return Picture(title, _caption(comparison, left_out, asked), WIDTH, height, draw)


def finding(times: Sequence[Row], counters: Sequence[Row], comparison: Comparison) -> str:
    """Return what the comparison found, the worst named."""
    said = [_of_times(times)] if times else []
    if counters and (comparison.of == "results" or not times):
        word = "counter" if len(counters) == 1 else "counters"
        worst = f": {_place(counters[0])} {names.metric(counters[0])} {wording.change(counters[0])}"
        said.append(f"{len(counters)} exact {word} changed{'' if times else worst}")
    return "; ".join(said)


def _of_times(times: Sequence[Row]) -> str:
    """Return how many times are surely slower or faster, and which is the most so."""
    total = f"{len(times)} timing{'' if len(times) == 1 else 's'}"
    count = {found: sum(row.verdict is found for row in times) for found in (*Verdict, None)}
    worse, better = count[Verdict.WORSE], count[Verdict.BETTER]
    if count[None] == len(times):
        return f"{total} shown, not judged: {times[0].notes[0] if times[0].notes else 'too few pairs'}"
    top = next((row for row in times if row.verdict in {Verdict.WORSE, Verdict.BETTER}), None)
    if top is None:
        unclear = count[Verdict.UNCLEAR]
        return (
            f"No timing is surely slower; {unclear} of {total} unclear"
            if unclear
            else _all_same(times, total)
        )
    named = f"{_place(top)} {wording.of_time(top.change)}"
    if worse:
        more = f"; {better} faster" if better else ""
        return f"{worse} of {total} {'is' if worse == 1 else 'are'} surely slower: {named}{more}"
    return f"{better} of {total} {'is' if better == 1 else 'are'} surely faster, none slower: {named}"


def _all_same(times: Sequence[Row], total: str) -> str:
    """Return that nothing changed."""
    return f"All {total} are the same within their margins" if len(times) > 1 else "The timing is the same"


def _compared(asked: Asked) -> Comparison:
    """Return the comparison of what was asked for: two results, or two variants of one."""
    if len(asked.results) == 1:
        return compare.of_variants(asked.results[0], asked.before, asked.after)
    if len(asked.results) == 2:  # noqa: PLR2004 - a comparison has two sides
        a, b = asked.called
        return compare.of_results(asked.results[0], asked.results[1], (a, b))
    raise KscaleError(f"--kind forest compares two results, not {len(asked.results)}; history shows many")


def _rows(comparison: Comparison, asked: Asked) -> tuple[list[Row], list[Row]]:
    """Return the times, and the counters that changed, worst first.

    Between two variants counters differ by design: there the headlines are enough.
    """
    found = [
        row
        for row in comparison.worst_first
        if asked.metric in {None, row.metric}
        and (comparison.of == "variants" or asked.variant in {None, row.variant})
    ]
    times = [row for row in found if row.ratio is not None]
    counters = [
        row
        for row in found
        if row.ratio is None
        and row.a.value != row.b.value
        and (comparison.of == "results" or row.info.headline or asked.metric is not None)
    ]
    return times, counters


def _draw_times(canvas: Canvas, times: Sequence[Row], comparison: Comparison) -> None:
    """Draw a row for each time: name, interval over its margin, what changed in words."""
    axes = canvas.axes(LABELS, HEAD, WORDS, FOOT)
    low, high = _limits(times)
    axes.set_xscale("log")
    axes.set_xlim(low, high)
    axes.set_ylim(len(times), 0)
    axes.axvline(1.0, color=style.TEXT, linewidth=1.2)
    for number, row in enumerate(times):
        _draw_time(axes, number + 0.5, row, comparison)
    axes.set_yticks([])
    style.plain(axes, grid="x", left=False)
    places = style.ticks(low, high)
    if low < 1.0 < high and not any(math.isclose(place, 1.0) for place in places):
        places.append(1.0)
    axes.set_xticks(sorted(places), labels=[_tick(place, low, high) for place in sorted(places)])
    axes.set_xticks([], minor=True)
    where = "measured here" if comparison.same_machine else "measured on two machines"
    a, b = names.short(comparison.a.name, 26), names.short(comparison.b.name, 26)
    axes.set_xlabel(
        f"← faster · time of {b} over time of {a} · slower →\n{where}; log axis", fontsize=style.SMALL
    )


def _draw_time(axes: "Axes", y: float, row: Row, comparison: Comparison) -> None:
    """Draw one row."""
    ratio = row.ratio
    assert ratio is not None  # noqa: S101 - a time has one
    color = style.WORD_COLORS.get(row.verdict, style.MUTED)
    if row.margin:
        most = 1 + row.margin
        axes.fill_betweenx([y - 0.42, y + 0.42], 1 / most, most, color=style.BAND, linewidth=0)
    if ratio.has_interval:
        axes.plot([ratio.low, ratio.high], [y, y], "|-", color=color, linewidth=2.2, markersize=9)
    hollow = row.verdict in {Verdict.UNCLEAR, None}
    axes.plot(
        [ratio.value],
        [y],
        MARKERS[row.verdict],
        color=color,
        markerfacecolor=style.SURFACE if hollow else color,
        markersize=9,
        markeredgewidth=1.4 if hollow else 0.6,
    )
    _write(axes, y, row, color, named=comparison.of == "results")


def _write(axes: "Axes", y: float, row: Row, color: str, *, named: bool) -> None:
    """Write a row's mark and name at the left, what is said of it at the right; *named*: its variant too."""
    room = LABELS - INDENT - 0.1
    variant = f" · {names.short(row.variant, 18)}" if named else ""
    name = style.cut(names.short(row.mechanism), style.MEDIUM, room - 1.1 * named, bold=True)
    name = style.cut(name + variant, style.MEDIUM, room, bold=True)
    place = style.cut(f"{names.short(row.at, names.LABEL)} · {names.metric(row)}", style.SMALL, room)
    margin = f", margin {wording.percent(row.margin)}" if row.margin else ""
    for x, text, shift, up, points, weight, ink in (
        (0.0, MARKS[row.verdict] if row.verdict else "", EDGE - LABELS, 0, style.LARGE, "bold", color),
        (0.0, name, INDENT - LABELS, 8, style.MEDIUM, "bold", style.TEXT),
        (0.0, place, INDENT - LABELS, -8, style.SMALL, "normal", style.MUTED),
        (1.0, f"{wording.change(row)} · {_said(row)}", 0.12, 8, style.MEDIUM, "bold", color),
        (
            1.0,
            f"{wording.interval(row) or 'no interval'}{margin}",
            0.12,
            -8,
            style.SMALL,
            "normal",
            style.MUTED,
        ),
    ):
        axes.annotate(
            text,
            (x, y),
            xycoords=axes.get_yaxis_transform(),
            xytext=(shift / style.POINT, up),
            textcoords="offset points",
            fontsize=points,
            fontweight=weight,
            color=ink,
            va="center",
            annotation_clip=False,
        )


def _said(row: Row) -> str:
    """Return the verdict, or that there is none."""
    return str(row.verdict) if row.verdict else "not judged"


def _draw_counters(canvas: Canvas, counters: Sequence[Row], *, named: bool) -> None:
    """List the counters that changed: no interval, so no axis."""
    if not counters:
        return
    canvas.text(
        EDGE, 0.05, "Counters that changed (no noise: any change is real)", style.MEDIUM, fontweight="bold"
    )
    for number, row in enumerate(counters):
        y = (number + 1.3) * COUNTER
        color = style.WORD_COLORS.get(row.verdict, style.MUTED)
        mark = MARKS[row.verdict] if row.verdict else ""
        before, after = wording.sides(row)
        canvas.text(EDGE, y, mark, style.MEDIUM, color=color, fontweight="bold")
        parts = (row.mechanism, row.at, *([row.variant] if named else []))
        name = " · ".join((*(names.short(part) for part in parts), names.metric(row)))
        shown = style.cut(name, style.SMALL, COUNTERS[1] - COUNTERS[0] - 0.1)
        canvas.text(COUNTERS[0], y, shown, style.SMALL)
        canvas.text(COUNTERS[1], y, f"{before} → {after}", style.SMALL, color=style.MUTED)
        said = f"{wording.change(row)} · {row.verdict or chosen.witness(row.info)}"
        if row.info.provenance != "measured":
            said += f" ({row.info.provenance})"
        canvas.text(COUNTERS[2], y, said, style.SMALL, color=color, fontweight="bold")


def _limits(times: Sequence[Row]) -> tuple[float, float]:
    """Return the ends of the axis: all intervals, and the margins around 1."""
    ends = [1.0]
    for row in times:
        ratio = row.ratio
        if ratio is not None:
            ends.extend((ratio.value, 1 + row.margin, 1 / (1 + row.margin)))
            ends.extend((ratio.low, ratio.high) if ratio.has_interval else ())
    return style.limits(ends, room=0.05)


def _tick(value: float, low: float, high: float) -> str:
    """Return a ratio on the axis: in percent on a short one, else as a ratio; the arrows say which way."""
    if math.isclose(value, 1.0):
        return "same"
    if max(high, 1 / low) <= PERCENT_UP_TO:
        return wording.percent(value - 1, signed=True)
    return show_ratio(round(max(value, 1 / value), 6)).replace(".00x", "x").replace(".0x", "x")


def _place(row: Row) -> str:
    """Return where a row was measured."""
    return f"{names.short(row.mechanism)} {names.short(row.at, names.LABEL)}"


def _caption(comparison: Comparison, left_out: tuple[int, int], asked: Asked) -> str:
    """Return what was compared, how it is read, what is left out."""
    a, b = (
        [names.short(part) for part in (side.name, side.commit, side.date) if part]
        for side in (comparison.a, comparison.b)
    )
    parts = [f"{' '.join(a)} → {' '.join(b)}"]
    if comparison.of == "variants" and asked.results:
        parts.append(chosen.facts(asked.results[0]))
    elif comparison.same_machine:
        parts.append("same machine")
    parts.append("measured in turns" if comparison.paired else "measured at different times")
    parts.append(
        "whiskers: 95 % interval; grey: the margin; a change is sure if the whole interval lies beyond it"
    )
    for number, what in zip(left_out, ("timings", "counters"), strict=True):
        if number:
            parts.append(f"{number} more {what}, changed less, are left out")
    for found, what in (
        (comparison.gone, "gone"),
        (comparison.new, "new"),
    ):
        if found:
            parts.append(f"{len(found)} {what}")
    return " · ".join(parts)
