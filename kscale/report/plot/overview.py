"""One result on one picture, for a slide: before and after, and how cost grows at the side."""

from kscale.report.plot import bars, growth
from kscale.report.plot.asked import Asked
from kscale.report.plot.picture import WIDE, Canvas, Picture

SHARE = 0.575  # of the width, for the bars
GAP = 0.2  # inches
LEAST = 2.7  # inches of a growth panel


def picture(asked: Asked) -> Picture:
    """Return the bars, with growth beside them if anything was swept."""
    left = bars.picture(asked)
    sweeps = [sweep for sweep in growth.sweeps(asked.results[0], asked) if sweep.lines][: growth.MOST_PANELS]
    if not sweeps:
        return left
    height = max(left.height, LEAST * len(sweeps))

    def draw(canvas: Canvas) -> None:
        """Draw both parts, each as high as the picture."""
        left.draw(canvas.part(0, 0, WIDE * SHARE, height))
        each = height / len(sweeps)
        for number, sweep in enumerate(sweeps):
            place = canvas.part(WIDE * SHARE + GAP, number * each, WIDE * (1 - SHARE) - GAP, each)
            growth.draw_sweep(place, sweep)

    return Picture(left.title, left.caption, WIDE, height, draw)
