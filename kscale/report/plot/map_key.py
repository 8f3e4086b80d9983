"""What the colours, lines and marks of a map mean, above it: only those that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kscale.judge.verdict import Verdict
from kscale.report.plot import names, style
from kscale.report.plot.asked import Asked
from kscale.report.plot.panels import AXES, Panel
from kscale.report.plot.picture import EDGE, Canvas

if TYPE_CHECKING:
    from matplotlib.artist import Artist

MISSING, APART = "///", "xx"  # hatches
SWATCH, BETWEEN, LINE = 0.42, 0.24, 0.25  # inches: of a look, after its words, of a line of the key


@dataclass(frozen=True, slots=True)
class Entry:
    """One look and what it means."""

    said: str
    color: str = ""
    hatch: str = ""
    line: str = ""
    marker: str = ""
    alpha: float = 1.0

    @property
    def width(self) -> float:
        """Return the inches it takes."""
        return SWATCH + style.width_of(self.said, style.SMALL) + BETWEEN

    def handle(self) -> "Artist":
        """Return the look."""
        from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import; pictures only
        from matplotlib.patches import Patch  # noqa: PLC0415 - as above

        if self.line or self.marker:
            return Line2D(
                [],
                [],
                color=style.TEXT,
                linestyle=style.DASHED if self.line == "dashed" else self.line or "none",
                linewidth=2.4,
                marker=self.marker or "none",
                markersize=3.5,
            )
        edge = style.MUTED if self.hatch else "none"
        return Patch(
            facecolor=self.color or "none", alpha=self.alpha, hatch=self.hatch, edgecolor=edge, linewidth=0
        )


def entries(shown: Sequence[Panel], asked: Asked) -> list[Entry]:
    """Return what is to be explained of these maps."""
    turns = [one for panel in shown for one in panel.turns.values()]
    after = names.short(asked.after, 24)
    before = names.short(asked.before, 24)
    look = style.looks([asked.before, asked.after])
    two = len(shown[0].axes) == AXES
    there = {one.verdict for one in turns}
    found = []
    if not two or Verdict.BETTER in there:
        found.append(Entry(f"{after} wins", look[asked.after][0], alpha=0.6))
    if not two or Verdict.WORSE in there:
        found.append(Entry(f"{before} wins", look[asked.before][0], alpha=0.6))
    if any(one.verdict is Verdict.SAME for one in turns) and two:
        found.append(Entry("the same", style.BAND))
    if any(one.verdict is Verdict.UNCLEAR and not one.apart for one in turns) and two:
        found.append(Entry("! unclear", style.BAND))
    if any(one.apart for one in turns) and two:
        found.append(Entry("seeds differ", style.BAND, APART))
    if two:
        sure = {piece.sure for panel in shown for piece in panel.line}
        found += [Entry("equal cost", line="solid")] if True in sure else []
        found += [Entry("equal cost, not sure", line="dashed")] if False in sure else []
        found.append(Entry("measured", marker="o"))
    if two and any(len(panel.turns) < panel.squares for panel in shown):
        found.append(Entry("not measured", hatch=MISSING))
    return found


def height(found: Sequence[Entry], width: float) -> float:
    """Return the height of the key, in inches."""
    return LINE * len(_lines(found, width)) + 0.06


def draw(canvas: Canvas, found: Sequence[Entry]) -> None:
    """Write the key in the upper left."""
    across, down = canvas.figure.get_size_inches()
    for number, line in enumerate(_lines(found, canvas.width)):
        left = EDGE
        for entry in line:
            canvas.figure.legend(
                [entry.handle()],
                [entry.said],
                loc="upper left",
                bbox_to_anchor=((canvas.left + left) / across, 1 - (canvas.top + number * LINE) / down),
                frameon=False,
                fontsize=style.SMALL,
                handlelength=1.8,
                borderaxespad=0.0,
                borderpad=0.0,
            )
            left += entry.width


def _lines(found: Sequence[Entry], width: float) -> list[list[Entry]]:
    """Return the entries in lines no wider than the picture."""
    lines: list[list[Entry]] = [[]]
    for entry in found:
        if lines[-1] and sum(one.width for one in lines[-1]) + entry.width > width - 2 * EDGE:
            lines.append([])
        lines[-1].append(entry)
    return lines
