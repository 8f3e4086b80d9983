"""Colours, markers, hatches and axes: the same in every picture.

Baseline and optimized are told apart by colour (a pair safe for the colour-blind), by
hatch and by marker. Every role has a colour of its own, even where two look the same, so
that the page can give each role the colour of its theme.
"""

import math
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

from kscale.judge import wording
from kscale.judge.verdict import Verdict
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.text import clean, wrapped
from kscale.units import show_number, show_size

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORANGE, BLUE = "#E69F00", "#0072B2"
TEXT, MUTED, GRID, SURFACE, BAND = "#000000", "#555555", "#DDDDDD", "#FFFFFF", "#E2E2E2"
WORSE, BETTER = "#B03A00", "#0072B3"
FURTHER = ("#009E73", "#CC79A7", "#56B4E9", "#7A5C00")
COLORS: Mapping[str, str] = {BASELINE: ORANGE, OPTIMIZED: BLUE}
MARKERS: Mapping[str, str] = {BASELINE: "o", OPTIMIZED: "s"}
HATCH: Mapping[str, str] = {BASELINE: "", OPTIMIZED: "///"}
FURTHER_LOOKS = tuple(zip(FURTHER, ("^", "D", "v", "P"), ("\\\\\\", "...", "xxx", "---"), strict=True))
WORD_COLORS: Mapping[Verdict | None, str] = {Verdict.BETTER: BETTER, Verdict.WORSE: WORSE}

SETTINGS = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: no machine looks different
    "text.parse_math": False,  # a '$' in a name is a '$'
    "axes.unicode_minus": False,
    "svg.hashsalt": "kscale",
    "hatch.linewidth": 0.8,
}
LARGE, MEDIUM, SMALL = 13, 12, 11  # points; at half of 12.8 inches the smallest is still read
POINT = 1 / 72  # inches
MOST_STEPS = 4.5  # between the ticks of a small axis
TICK_ROOM = 0.16  # inches of a tick, and between its label and the axis' name
LEADING = 1.3  # line height over font size
DASHED = (0, (2.5, 2))  # of a line that is not sure: on and off, in line widths

Look = tuple[str, str, str]  # colour, marker, hatch


def looks(variants: Iterable[str]) -> dict[str, Look]:
    """Return colour, marker and hatch of each variant; baseline and optimized have theirs everywhere."""
    names = list(dict.fromkeys(variants))
    further = [name for name in names if name not in COLORS]
    return {
        name: (COLORS[name], MARKERS[name], HATCH[name])
        if name in COLORS
        else FURTHER_LOOKS[further.index(name) % len(FURTHER_LOOKS)]
        for name in names
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Say nothing of signs the font lacks, while one thing is drawn or measured: they become boxes."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        yield


def width_of(text: str, points: float, *, bold: bool = False) -> float:
    """Return the width of the widest line of *text*, in inches."""
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415 - slow to import; pictures only
    from matplotlib.textpath import text_to_path  # noqa: PLC0415 - as above

    font = FontProperties(family="DejaVu Sans", size=points, weight="bold" if bold else "normal")
    with quiet():
        widths = [
            text_to_path.get_text_width_height_descent(line, font, ismath=False)[0]
            for line in text.split("\n")
        ]
    return max(widths) * POINT


def fitted(text: str, points: float, inches: float, *, bold: bool = False) -> str:
    """Return *text* in lines no wider than so many inches."""
    columns = max(1, int(inches / (points * POINT * 0.4)))
    while columns > 1:
        lines = "\n".join(wrapped(text, columns))
        if width_of(lines, points, bold=bold) <= inches:
            break
        columns -= max(1, columns // 20)
    return "\n".join(wrapped(text, columns))


def cut(text: str, points: float, inches: float, *, bold: bool = False) -> str:
    """Return *text* on one line no wider than so many inches, its end cut off if it must be."""
    shown = text
    while len(shown) > 1 and width_of(shown, points, bold=bold) > inches:
        shown = f"{shown[: min(len(shown) - 2, int(len(shown) * 0.95))]}…"
    return shown


def height_of(text: str, points: float) -> float:
    """Return the height of the lines of *text*, in inches; 0 of no text."""
    return (text.count("\n") + 1) * points * LEADING * POINT if text else 0.0


def plain(axes: "Axes", *, grid: Literal["x", "y", "both"] | None = "both", left: bool = True) -> None:
    """Take away what carries no number, and draw a quiet grid behind the rest."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines["left"].set_visible(left)
    axes.set_facecolor("none")
    axes.tick_params(labelsize=SMALL)
    if grid is not None:
        axes.grid(axis=grid, color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)


def number_axis(
    axes: "Axes", which: Literal["x", "y"], unit: str, low: float, high: float, most: int = 7
) -> None:
    """Make a log axis from *low* to *high* with ticks that read as a table does."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator  # noqa: PLC0415

    (axes.set_xscale if which == "x" else axes.set_yscale)("log")
    (axes.set_xlim if which == "x" else axes.set_ylim)(low, high)
    axis = axes.xaxis if which == "x" else axes.yaxis
    axis.set_major_locator(FixedLocator((byte_ticks if unit == "bytes" else ticks)(low, high, most)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: wording.amount(_whole(value), unit)))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers on a log axis: powers of ten, thinned, or 1-2-5 or linear steps if it is short."""
    first, last = math.log10(low), math.log10(high)
    powers = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
    if len(powers) > 2:  # noqa: PLR2004 - enough to read an axis by
        step = math.ceil(len(powers) / most)
        return [10.0**power for power in powers if (power - powers[0]) % step == 0]
    for factors in ((1, 2, 5), (1, 3)):
        found = [
            step
            for power in range(math.floor(first), math.ceil(last) + 1)
            for step in (factor * 10.0**power for factor in factors)
            if low <= step <= high
        ]
        if len(found) <= most:
            break
    return found if len(found) > 2 else _linear(low, high)  # noqa: PLR2004 - as above


def byte_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Return round numbers of KiB, MiB ...: powers of two, thinned, or linear steps if the axis is short."""
    first, last = math.ceil(math.log2(low) - 1e-9), math.floor(math.log2(high) + 1e-9)
    if last - first >= 2:  # noqa: PLR2004 - enough to read an axis by
        step = next(step for step in (1, 2, 5, 10, 20, 40) if (last - first) // step < most)
        return [2.0**power for power in range(first, last + 1) if power % step == 0]
    prefix = 1024.0 ** max(0, math.floor(math.log2(low) / 10))
    return [place * prefix for place in _linear(low / prefix, high / prefix)]


def limits(values: Sequence[float], *, room: float = 0.08) -> tuple[float, float]:
    """Return the ends of a log axis that holds all positive values with some room at both sides."""
    found = [value for value in values if value > 0 and math.isfinite(value)] or [1.0]
    low, high = math.log(min(found)), math.log(max(found))
    spare = max((high - low) * room, 0.02)
    return math.exp(low - spare), math.exp(high + spare)


def percent_axis(axes: "Axes", low: float, high: float) -> None:
    """Write the y axis in percent, more or less than none, with few round ticks."""
    steps = (factor * 10.0**power for power in range(-1, 12) for factor in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= MOST_STEPS)
    places = [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
    axes.set_yticks(places, labels=[wording.percent(place / 100, signed=True) for place in places])


def name_axis(axes: "Axes", name: str, room: float) -> None:
    """Name the y axis; where its ticks and its name take more than *room* inches, the axes give way."""
    labels = [label.get_text() for label in axes.get_yticklabels()]
    ticks = max((width_of(label, SMALL) for label in labels if label), default=0.0)
    wanted = ticks + height_of(name, SMALL) + TICK_ROOM
    axes.set_ylabel(name, fontsize=SMALL)
    figure = axes.get_figure(root=True)
    if wanted > room and figure is not None:
        box = axes.get_position()
        shift = min((wanted - room) / figure.get_size_inches()[0], box.width / 2)
        axes.set_position((box.x0 + shift, box.y0, box.width - shift, box.height))


def tick_of(value: object, unit: str = "") -> str:
    """Return a parameter's value as a tick says it: "10k", "0.5", "churn", "10 min"."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "default" if value is None else clean(value)
    if unit:
        return wording.amount(value, unit)
    return show_size(int(value)) if value == int(value) else show_number(value)


def _linear(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers of a short axis."""
    rough = (high - low) / most
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * factor for factor in (1, 2, 2.5, 5, 10) if base * factor >= rough)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _whole(value: float) -> float:
    """Return a count without its point."""
    return round(value) if value >= 1 and abs(value - round(value)) < 1e-6 * value else value
