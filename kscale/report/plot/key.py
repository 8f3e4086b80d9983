"""Which run is which, above a picture of simulations."""

from collections.abc import Sequence

from kscale.report.plot import style
from kscale.report.plot.picture import Canvas
from kscale.report.plot.runs import Drawn

SWATCH = 0.9  # inches of a look, and between two names


def draw(canvas: Canvas, drawn: Sequence[Drawn], x: float, y: float, *, lines: bool = False) -> None:
    """Write the name of each run beside its look, with the upper left at a place in inches."""
    from matplotlib.lines import Line2D  # noqa: PLC0415 - slow to import; pictures only
    from matplotlib.patches import Patch  # noqa: PLC0415 - as above

    across, down = canvas.figure.get_size_inches()
    room = (canvas.width - x) / len(drawn) - SWATCH
    handles = [
        Line2D([], [], color=one.look[0], linestyle=one.line, linewidth=2.4)
        if lines
        else Patch(facecolor=one.look[0], hatch=one.look[2], edgecolor=style.SURFACE)
        for one in drawn
    ]
    canvas.figure.legend(
        handles,
        [style.cut(one.name, style.MEDIUM, room) for one in drawn],
        loc="upper left",
        bbox_to_anchor=((canvas.left + x) / across, 1 - (canvas.top + y) / down),
        ncols=len(drawn),
        frameon=False,
        fontsize=style.MEDIUM,
        borderaxespad=0.0,
        borderpad=0.0,
    )
