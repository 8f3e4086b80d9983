"""Where a change wins, where it loses, and the line between: over one or two swept amounts.

Every measured point is a dot in a square of its own, as strong in colour as the ratio is far from equal.
The line is drawn between measured points only, and dashed where the verdicts beside it are not sure.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from kscale.errors import KscaleError
from kscale.judge.verdict import Verdict
from kscale.report.plot import (
    chosen,
    curve,
    map_finding,
    map_key,
    map_numbers,
    marks,
    names,
    panels,
    room,
    scale,
    style,
    ticked,
)
from kscale.report.plot.amounts import Own, amount, own
from kscale.report.plot.asked import Asked
from kscale.report.plot.crossing import Segment
from kscale.report.plot.panels import AXES, Panel
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.report.plot.turns import SURE, Turn, count, metric
from kscale.results.record import Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 6
BELOW = 2  # maps that stand below each other
BOTH: tuple[Literal["x", "y"], ...] = ("x", "y")
WIDE_FROM = 7  # values across from which one map takes all the width
SQUARE = 0.62  # inches down, where there is room
HEIGHTS = {True: (3.0, 6.6), False: (2.3, 4.2)}  # inches: least and most of one map alone, of several
LEFT, FOOT = 1.05, 0.72  # inches of the values beside and below
FAINTEST, STRONGEST = 0.14, 0.62  # of a colour: text stays legible on it
LEAST_SCALE = 2.0  # ratio of the strongest colour, if none is larger: small ones stay faint
HOW_READ = (
    "a dot is a measured point, its colour who wins there: stronger, by a larger factor, on a log scale"
)
STEPS = "values that crowd on any scale stand a step apart each"
THE_LINE = "the line is where both cost the same, as straight as the logarithm between two points"


def picture(asked: Asked) -> Picture:
    """Return the maps of a sweep; KscaleError if nothing was swept, or its metric has no better side."""
    every = panels.of(asked)
    found = [panel for panel in every if len(panel.axes) == AXES] or every
    shown = found[:MOST_PANELS]
    result = asked.results[0]
    two = len(found[0].axes) == AXES
    columns = _columns(len(shown)) if two else min(2, len(shown))
    across = max(len(panel.axes[0].values) for panel in shown)
    width = WIDE if columns > 1 or across >= WIDE_FROM else NARROW
    height = max(_height(panel, alone=columns == 1) for panel in shown) if two else curve.HEIGHT
    most = max(
        [math.log(LEAST_SCALE), *(abs(one.log) for p in found for one in p.turns.values() if one.sure)]
    )
    marked = [owns(result, panel) for panel in shown]
    key = map_key.entries(shown, asked)
    rows = math.ceil(len(shown) / columns)
    head = map_key.height(key, width)

    def draw(canvas: Canvas) -> None:
        """Draw the key, and below it the maps from left to right and down."""
        map_key.draw(canvas, key)
        below = canvas.part(0, head, canvas.width, canvas.height - head)
        for number, (place, panel) in enumerate(
            zip(below.grid(len(shown), columns, height), shown, strict=True)
        ):
            if two:
                _draw(place, panel, asked, marked[number], most)
            else:
                curve.draw(place, title(panel), panel, asked, marked[number])

    caption = _caption(asked, found, len(every) - len(shown))
    return Picture(map_finding.finding(found, asked), caption, width, head + height * rows, draw)


def owns(result: Result, panel: Panel) -> dict[str, Own]:
    """Return the scenario's own value of each axis that has one; none if what is held is not its own."""
    for key, value in panel.held:
        other = own(result, panel.mechanism, key)
        if other is not None and amount(value) != other.amount:
            return {}
    found = {axis.key: own(result, panel.mechanism, axis.key) for axis in panel.axes}
    return {key: one for key, one in found.items() if one is not None}


def _columns(number: int) -> int:
    """Return how many maps stand beside each other: few ones are large, so that numbers have room."""
    return 1 if number <= BELOW else 2 if number <= 2 * BELOW else 3


def _height(panel: Panel, *, alone: bool) -> float:
    """Return the height of a map, in inches."""
    least, most = HEIGHTS[alone]
    down = len(panel.axes[1].values) if len(panel.axes) == AXES else 0
    return min(most, max(least, SQUARE * down)) + FOOT + 0.4


def _draw(canvas: Canvas, panel: Panel, asked: Asked, marked: Mapping[str, Own], most: float) -> None:
    """Draw one map of two amounts."""
    head = canvas.heading(title(panel))
    axes = canvas.axes(LEFT, head, EDGE * 2, FOOT)
    size = canvas.width - LEFT - EDGE * 2, canvas.height - head - FOOT
    places = [axis.places for axis in panel.axes]
    edges = [scale.borders(one) for one in places]
    axes.set_xlim(edges[0][0], edges[0][-1])
    axes.set_ylim(edges[1][0], edges[1][-1])
    for x in range(len(places[0])):
        for y in range(len(places[1])):
            box = (edges[0][x], edges[0][x + 1]), (edges[1][y], edges[1][y + 1])
            _square(axes, box, panel.turns.get((x, y)), asked, most)
    _dots(axes, panel, places)
    pieces = panel.line
    _line(axes, pieces)
    inches = room.in_inches(axes, size)
    lines = [(inches(piece.a), inches(piece.b)) for piece in pieces]
    covered = marks.point(axes, panel, marked, size, lines)
    map_numbers.write(axes, panel, edges, size, covered, lines)
    for number, which in enumerate(BOTH):
        ticked.values(axes, which, panel.axes[number], size[number])
    axes.set_xlabel(style.cut(panel.axes[0].title, style.SMALL, size[0]), fontsize=style.SMALL)
    axes.tick_params(length=3)
    style.plain(axes, grid=None, left=False)
    axes.spines["bottom"].set_visible(False)
    style.name_axis(axes, style.cut(panel.axes[1].title, style.SMALL, size[1]), LEFT)


def title(panel: Panel) -> str:
    """Return the heading of a panel: of what, by which metric, with what held."""
    name = f"{names.short(panel.mechanism)}: {panel.metric}"
    return f"{name} ({panel.at})" if panel.held else name


def strength(turn: Turn, most: float) -> float:
    """Return how strong a square's colour is, *most* being the largest sure ratio's logarithm."""
    return FAINTEST + (STRONGEST - FAINTEST) * min(1.0, abs(turn.log) / most)


def _square(
    axes: "Axes",
    box: tuple[tuple[float, float], tuple[float, float]],
    turn: Turn | None,
    asked: Asked,
    most: float,
) -> None:
    """Colour the surroundings of one point by who wins there; hatched if it was not measured."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - slow to import; pictures only

    (left, right), (low, high) = box
    look: dict[str, Any] = {"facecolor": style.BAND}
    if turn is None:
        look = {"facecolor": "none", "edgecolor": style.GRID, "hatch": map_key.MISSING}
    elif turn.apart:
        look |= {"edgecolor": style.MUTED, "hatch": map_key.APART}
    elif turn.verdict in SURE:
        who = asked.after if turn.verdict is Verdict.BETTER else asked.before
        color = style.looks([asked.before, asked.after])[who][0]
        look = {"facecolor": color, "alpha": round(strength(turn, most), 2)}
    axes.add_patch(Rectangle((left, low), right - left, high - low, linewidth=0, **look))


def _dots(axes: "Axes", panel: Panel, places: Sequence[Sequence[float]]) -> None:
    """Mark what was measured."""
    spots = [(places[0][x], places[1][y]) for x, y in panel.turns]
    across, up = zip(*spots, strict=True)
    axes.scatter(across, up, s=9, color=style.TEXT, alpha=0.7, linewidths=0, zorder=5)


def _line(axes: "Axes", pieces: Sequence[Segment]) -> None:
    """Draw where both cost the same."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415 - slow to import; pictures only

    for sure, dashes in ((True, "solid"), (False, style.DASHED)):
        lines = [(piece.a, piece.b) for piece in pieces if piece.sure is sure]
        if lines:
            drawn = LineCollection(lines, colors=style.TEXT, linewidths=2.6, linestyles=[dashes], zorder=4)
            axes.add_collection(drawn)


def _elsewhere(asked: Asked, found: Sequence[Panel]) -> Iterator[tuple[str, int, int]]:
    """Yield the other headline counters that lose, at how many of how many points; none beside one asked."""
    drawn = {one.row.metric for panel in found for one in panel.turns.values()}
    mechanisms = dict.fromkeys(panel.mechanism for panel in found)
    infos = [asked.results[0].mechanisms[name] for name in mechanisms]
    others = dict.fromkeys(name for info in infos for name, one in info.metrics.items() if one.headline)
    for name in others if asked.metric is None else ():
        if name not in drawn and any(
            name in one.work for cell in asked.results[0].cells for one in cell.variants.values()
        ):
            try:
                every = panels.of(replace(asked, metric=name))
            except KscaleError:
                continue  # neither less nor more of it is better
            turns = [one for panel in every for one in panel.turns.values() if panel.mechanism in mechanisms]
            lost = count(turns)[Verdict.WORSE]
            if lost:
                yield metric(turns[0]), lost, len(turns)


def _caption(asked: Asked, found: Sequence[Panel], left_out: int) -> str:
    """Return what was compared over how many seeds, how it is read, and what is left out."""
    one = next(iter(found[0].turns.values()))
    parts = [f"{names.short(asked.before)} → {names.short(asked.after)}", chosen.facts(asked.results[0])]
    most = max(turn.seeds for panel in found for turn in panel.turns.values())
    if most > 1:
        parts.append(f"each point the median of {most} seeds' ratios")
    parts.append(
        f"{chosen.witness(one.row.info)}; {HOW_READ}" if len(found[0].axes) == AXES else curve.HOW_READ
    )
    losses = [f"{name} in {lost} of {points}" for name, lost, points in _elsewhere(asked, found)]
    if any(axis.scale.ranks for panel in found for axis in panel.axes):
        parts.append(STEPS)
    if len(found[0].axes) == AXES and any(panel.line for panel in found):
        parts.append(THE_LINE)
    if losses:
        parts.append(f"{names.short(asked.after)} also loses by {', '.join(losses)} points: see --metric")
    if left_out:
        parts.append(f"{left_out} more are not drawn: narrow them with --filter, or name axes with --by")
    return " · ".join(parts)
