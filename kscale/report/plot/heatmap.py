"""The change over two parameters at once: where an optimization wins, and where it turns.

Of one result: the change from one variant to the other. Of two results: the change of one
variant between them. The value stands in every square; its colour only repeats it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import compare, wording
from kscale.judge.rows import WALL, Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report.cells import metric_name
from kscale.report.plot import chosen, style
from kscale.report.plot.asked import Asked
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.report.text import clean, words
from kscale.results.record import Cell
from kscale.units import LONGEST, quote

if TYPE_CHECKING:
    from matplotlib.axes import Axes

AXES = 2
MOST = 16, 40  # values across and down; more cannot be read
MOST_PANELS = 6
SQUARE, WIDEST, ROOMY = (
    0.72,
    2.1,
    1.45,
)  # inches: height, most width, width from which a square holds sentences
LEFT, FOOT = 1.5, 0.75  # inches of the values beside and below
FAINTEST, STRONGEST = 0.08, 0.5  # of a colour: text stays legible on it

LEAST_SCALE = 2.0  # change of the strongest colour, if no change is larger: small ones stay faint

HOW_READ = "+ better, x worse; stronger colour: larger change, on a log scale; hatched: not run"

Value = bool | int | float | str | None
Point = tuple[Value, Value]


@dataclass(frozen=True, slots=True)
class Map:
    """One mechanism over two parameters."""

    name: str
    across: tuple[str, tuple[Value, ...]]  # the parameter and its values, in order
    down: tuple[str, tuple[Value, ...]]
    squares: Mapping[Point, Row]


def picture(asked: Asked) -> Picture:
    """Return a map of each mechanism swept over two parameters; KscaleError if there is none."""
    found = list(_maps(asked))
    shown = found[:MOST_PANELS]
    sizes = [_size(one) for one in shown]
    most = max((_strength(row) for one in found for row in one.squares.values()), default=0.0)
    most = max(most, math.log(LEAST_SCALE))

    def draw(canvas: Canvas) -> None:
        """Draw the maps below each other."""
        top = 0.0
        for one, (_, height) in zip(shown, sizes, strict=True):
            _draw(canvas.part(0, top, canvas.width, height), one, most)
            top += height

    width = max(NARROW, *(width for width, _ in sizes))
    caption = _caption(asked, found, len(found) - len(shown))
    return Picture(finding(found, asked), caption, width, sum(height for _, height in sizes), draw)


def finding(found: Sequence[Map], asked: Asked) -> str:
    """Return in how many squares which side wins, and where it loses most."""
    squares = [(one, row) for one in found for row in one.squares.values()]
    worse = [one for one in squares if one[1].verdict is Verdict.WORSE]
    better = sum(row.verdict is Verdict.BETTER for _, row in squares)
    who = clean(asked.after[:1].upper() + asked.after[1:])
    total = f"{len(squares)} square{'' if len(squares) == 1 else 's'}"
    if not worse and not better:
        return f"{who}: no clear difference in {total}"
    if not worse:
        return f"{who} is better in {better} of {total}, worse in none"
    _, row = max(worse, key=lambda one: _strength(one[1]))
    return (
        f"{who} is worse in {len(worse)} of {total}, better in {better}:"
        f" {wording.change(row)} at {clean(row.at)}"
    )


def _maps(asked: Asked) -> Iterator[Map]:
    """Return every map; KscaleError if the parameters are not two, not there, or too many values."""
    drawn = _drawn(asked)
    if not drawn:
        raise KscaleError(f"{', '.join(asked.called)}: nothing to draw: no cell has both sides")
    groups: dict[str, list[tuple[Cell, Row]]] = {}
    for cell, row in drawn:
        groups.setdefault(cell.mechanism, []).append((cell, row))
    swept = {name: _swept(points) for name, points in groups.items()}
    _check(asked, swept)
    for name, points in groups.items():
        axes = asked.by or tuple(swept[name])
        if len(axes) == AXES and all(axis in swept[name] for axis in axes):
            yield from _of_mechanism(name, (axes[0], axes[1]), points)


def _check(asked: Asked, swept: Mapping[str, Sequence[str]]) -> None:
    """Complain of parameters that make no map, naming those that would."""
    said = "; ".join(f"{clean(name)}: {', '.join(axes) or 'none'}" for name, axes in swept.items())
    known = {axis for axes in swept.values() for axis in axes}
    if asked.by and len(asked.by) != AXES:
        raise KscaleError(f"--by {quote(','.join(asked.by))}: a heat map has two parameters; swept: {said}")
    for axis in asked.by:
        if axis not in known:
            raise KscaleError(f"--by {quote(axis)}: not swept; {did_you_mean(axis[:LONGEST], known)}")
    if asked.by and not any(set(asked.by) <= set(axes) for axes in swept.values()):
        raise KscaleError(
            f"--by {quote(','.join(asked.by))}: no mechanism was swept over both; swept: {said}"
        )
    if not asked.by and not any(len(axes) == AXES for axes in swept.values()):
        raise KscaleError(f"a heat map takes two swept parameters: name them with --by X,Y; swept: {said}")


def _drawn(asked: Asked) -> list[tuple[Cell, Row]]:
    """Return the row of each cell: of two variants, or of one variant in two results."""
    if len(asked.results) == 1:
        return chosen.compared(asked.results[0], asked)
    if len(asked.results) != AXES:
        raise KscaleError(f"--kind heatmap takes one or two results, not {len(asked.results)}")
    a, b = asked.called
    found = asked.comparison or compare.of_results(asked.results[0], asked.results[1], (a, b))
    cells = {cell.key: cell for cell in asked.results[1].cells}
    mine = [row for row in found.rows if row.variant == asked.after]
    timed = any(row.ratio is not None for row in mine)
    wanted = asked.metric or (WALL if timed else None)
    kept: dict[str, tuple[Cell, Row]] = {}
    for row in mine:
        if row.info.headline if wanted is None else row.metric == wanted:
            kept.setdefault(row.cell, (cells[row.cell], row))
    return list(kept.values())


def _swept(points: Sequence[tuple[Cell, Row]]) -> list[str]:
    """Return the parameters that have more than one value, in the order of the file."""
    names = dict.fromkeys(name for cell, _ in points for name in cell.params)
    return [name for name in names if len({_key(cell.params.get(name)) for cell, _ in points}) > 1]


def _of_mechanism(mechanism: str, axes: tuple[str, str], points: Sequence[tuple[Cell, Row]]) -> Iterator[Map]:
    """Return the maps of one mechanism: one for each point of the other parameters."""
    others = [name for name in _swept(points) if name not in axes]
    groups: dict[str, list[tuple[Cell, Row]]] = {}
    for cell, row in points:
        held = ", ".join(f"{words(name)} {style.tick_of(cell.params.get(name))}" for name in others)
        groups.setdefault(held, []).append((cell, row))
    for held, group in groups.items():
        metric = metric_name(group[0][1])
        across, down = (_values(axis, group) for axis in axes)
        if len(across) > MOST[0] or len(down) > MOST[1]:
            raise KscaleError(
                f"{mechanism}: {len(across)} x {len(down)} squares cannot be read, {MOST[0]} x {MOST[1]} can;"
                " narrow them with --filter"
            )
        yield Map(
            f"{clean(mechanism)}: {metric}" + (f" ({held})" if held else ""),
            (axes[0], across),
            (axes[1], down),
            {(cell.params.get(axes[0]), cell.params.get(axes[1])): row for cell, row in group},
        )


def _values(axis: str, points: Sequence[tuple[Cell, Row]]) -> tuple[Value, ...]:
    """Return the values of a parameter: amounts by size, words in the order of the file."""
    values = {_key(cell.params.get(axis)): cell.params.get(axis) for cell, _ in points}
    amounts = [
        value for value in values.values() if isinstance(value, int | float) and not isinstance(value, bool)
    ]
    others = [value for value in values.values() if value not in amounts]
    return (*others, *sorted(amounts))


def _key(value: Value) -> tuple[str, Value]:
    """Return what tells values apart: true is not 1."""
    return type(value).__name__, value


def _size(one: Map) -> tuple[float, float]:
    """Return the width and height of a map, in inches."""
    across, down = len(one.across[1]), len(one.down[1])
    return LEFT + _square(across) * across + 2 * EDGE, SQUARE * down + FOOT + 0.4


def _square(across: int) -> float:
    """Return the width of a square."""
    return min(WIDEST, (WIDE - LEFT - 2 * EDGE) / across)


def _draw(canvas: Canvas, one: Map, most: float) -> None:
    """Draw one map."""
    head = canvas.heading(one.name)
    (x_name, across), (y_name, down) = one.across, one.down
    width = _square(len(across))
    axes = canvas.axes(LEFT, head, canvas.width - LEFT - width * len(across), FOOT)
    axes.set_xlim(0, len(across))
    axes.set_ylim(len(down), 0)
    for y, low in enumerate(down):
        for x, place in enumerate(across):
            _draw_square(axes, (x, y), one.squares.get((place, low)), most, roomy=width >= ROOMY)
    axes.set_xticks([x + 0.5 for x in range(len(across))], labels=[_label(value, 14) for value in across])
    axes.set_yticks([y + 0.5 for y in range(len(down))], labels=[_label(value, 12) for value in down])
    axes.tick_params(length=0)
    style.plain(axes, grid=None, left=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xlabel(words(x_name), fontsize=style.SMALL)
    axes.set_ylabel(words(y_name), fontsize=style.SMALL)


def _draw_square(axes: "Axes", place: tuple[int, int], row: Row | None, most: float, *, roomy: bool) -> None:
    """Draw one square: its change in words over its colour; hatched if it was not measured."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - slow to import; pictures only

    x, y = place
    if row is None:
        axes.add_patch(
            Rectangle((x + 0.02, y + 0.02), 0.96, 0.96, facecolor="none", edgecolor=style.GRID, hatch="///")
        )
        return
    color = style.BETTER if row.change < 1 else style.WORSE
    if not _for_better(row):
        color = style.WORSE if row.change < 1 else style.BETTER
    strength = FAINTEST + (STRONGEST - FAINTEST) * _strength(row) / most
    axes.add_patch(
        Rectangle((x + 0.02, y + 0.02), 0.96, 0.96, facecolor=color, alpha=round(strength, 2), linewidth=0)
    )
    before, after = wording.sides(row)
    mark = MARKS[row.verdict] if row.verdict else ""
    axes.annotate(
        mark,
        (x + 0.02, y + 0.02),
        xytext=(5, -4),
        textcoords="offset points",
        va="top",
        fontsize=style.MEDIUM,
        fontweight="bold",
    )
    lines = _lines(row, roomy=roomy)
    below = f"{before.partition(' ±')[0]} → {after.partition(' ±')[0]}" if roomy else ""
    for text, shift, points, weight in (
        (lines, 9 if below else 0, style.MEDIUM if roomy else style.SMALL, "bold"),
        (below, -9, style.SMALL, "normal"),
    ):
        if text:
            axes.annotate(
                text,
                (x + 0.5, y + 0.5),
                xytext=(0, shift),
                textcoords="offset points",
                ha="center",
                va="center",
                fontsize=points,
                fontweight=weight,
            )


def _lines(row: Row, *, roomy: bool) -> str:
    """Return what a square says: the change, and the verdict where it is not plain from it."""
    said = wording.change(row)
    if row.verdict in {Verdict.SAME, Verdict.UNCLEAR}:
        said = (
            f"{row.verdict} ({wording.percent(row.change - 1, signed=True)})" if roomy else str(row.verdict)
        )
    elif not roomy:
        said = said.replace(" ", "\n", 1)
    return said


def _for_better(row: Row) -> bool:
    """Say whether less is better, as it is unless the metric says otherwise."""
    return row.info.better != "higher"


def _strength(row: Row) -> float:
    """Return how far a change is from none, on a log scale; work that went to 0 counts as a thousandfold."""
    change = row.change
    return abs(math.log(change)) if 0 < change < math.inf else math.log(1000)


def _label(value: Value, most: int) -> str:
    """Return a value for a tick."""
    return style.clipped(style.tick_of(value), most)


def _caption(asked: Asked, found: Sequence[Map], left_out: int) -> str:
    """Return what was compared, and what the colours mean."""
    row = next(iter(found[0].squares.values()))
    if len(asked.results) == 1:
        parts = [f"{clean(asked.before)} → {clean(asked.after)}", chosen.facts(asked.results[0])]
    else:
        parts = [f"{clean(asked.after)}: {' → '.join(asked.called)}", chosen.facts(asked.results[-1])]
    parts.append(f"{chosen.witness(row.info)}; {HOW_READ}")
    if left_out:
        parts.append(f"{left_out} more maps are not drawn")
    return " · ".join(parts)
