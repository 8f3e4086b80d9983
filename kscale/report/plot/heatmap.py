"""The change over two parameters at once: where an optimization wins, and where it turns.

Of one result: the change from one variant to the other. Of two results: the change of one
variant between them. The value stands in every square; its colour only repeats it.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kscale.judge import wording
from kscale.judge.rows import Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report.plot import chosen, names, squares, style
from kscale.report.plot.asked import Asked
from kscale.report.plot.picture import EDGE, NARROW, WIDE, Canvas, Picture
from kscale.report.plot.squares import Map, Value
from kscale.report.text import words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 6
SQUARE, WIDEST, ROOMY = (
    0.72,
    2.1,
    1.45,
)  # inches: height, most width, width from which a square holds sentences
LEFT, FOOT = 1.5, 0.75  # inches of the values beside and below
FAINTEST, STRONGEST = 0.08, 0.5  # of a colour: text stays legible on it

LEAST_SCALE = 2.0  # change of the strongest colour, if no change is larger: small ones stay faint

HOW_READ = (
    "+ better, x worse, ! unclear (always pale); stronger colour: larger change, on a log scale;"
    " hatched: not run"
)
OF_PAIRS = "the change is the median of the pairs' ratios, not the ratio of the two medians below it"

SURE = frozenset({Verdict.WORSE, Verdict.BETTER})  # only these have strong colours


def picture(asked: Asked) -> Picture:
    """Return a map of each mechanism swept over two parameters; KscaleError if there is none."""
    found = list(squares.maps(asked))
    shown = found[:MOST_PANELS]
    sizes = [_size(one) for one in shown]
    sure = (row for one in found for row in one.squares.values() if row.verdict in SURE)
    most = max([math.log(LEAST_SCALE), *map(_distance, sure)])

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
    """Return in how many squares which side wins, how many are unclear, and where it loses most."""
    every = [row for one in found for row in one.squares.values()]
    worse = [row for row in every if row.verdict is Verdict.WORSE]
    better, unclear, same = (
        sum(row.verdict is verdict for row in every)
        for verdict in (Verdict.BETTER, Verdict.UNCLEAR, Verdict.SAME)
    )
    who = names.short(asked.after[:1].upper() + asked.after[1:])
    total = f"{len(every)} square{'' if len(every) == 1 else 's'}"
    doubt = f", unclear in {unclear}" if unclear else ""
    if same == len(every):
        return f"{who}: the same in {total}{'' if every[0].ratio else ' (exact)'}"
    if not worse and not better:
        return f"{who}: no clear difference in {total}{doubt}"
    if not worse:
        return f"{who} is better in {better} of {total}, worse in none{doubt}"
    row = max(worse, key=_distance)
    return (
        f"{who} is worse in {len(worse)} of {total}, better in {better or 'none'}{doubt};"
        f" worst: {wording.change(row)} at {names.short(row.at, names.LABEL)}"
    )


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
    axes.set_xlabel(names.short(words(x_name)), fontsize=style.SMALL)
    axes.set_ylabel(names.short(words(y_name), 26), fontsize=style.SMALL)


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
    axes.add_patch(
        Rectangle(
            (x + 0.02, y + 0.02),
            0.96,
            0.96,
            facecolor=color,
            alpha=round(strength(row, most), 2),
            linewidth=0,
        )
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


def strength(row: Row, most: float) -> float:
    """Return how strong a square's colour is, *most* being the largest sure change; unsure ones are pale."""
    far = _distance(row) / most if row.verdict in SURE else 0.0
    return FAINTEST + (STRONGEST - FAINTEST) * far


def _distance(row: Row) -> float:
    """Return how far a change is from none, on a log scale; work that went to 0 counts as a thousandfold."""
    change = row.change
    return abs(math.log(change)) if 0 < change < math.inf else math.log(1000)


def _label(value: Value, most: int) -> str:
    """Return a value for a tick."""
    return names.clipped(style.tick_of(value), most)


def _caption(asked: Asked, found: Sequence[Map], left_out: int) -> str:
    """Return what was compared, and what the colours mean."""
    row = next(iter(found[0].squares.values()))
    if len(asked.results) == 1:
        parts = [f"{names.short(asked.before)} → {names.short(asked.after)}", chosen.facts(asked.results[0])]
    else:
        parts = [f"{names.short(asked.after)}: {' → '.join(asked.called)}", chosen.facts(asked.results[-1])]
    parts.append(f"{chosen.witness(row.info)}; {HOW_READ}")
    if any(row.ratio is not None and row.ratio.paired for one in found for row in one.squares.values()):
        parts.append(OF_PAIRS)
    if left_out:
        parts.append(f"{left_out} more maps are not drawn")
    return " · ".join(parts)
