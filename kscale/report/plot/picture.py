"""A picture before it is drawn, and the file it becomes.

Everything is placed in inches from the upper left, by measured text: no solver runs, so
that the dozen pictures of a page take no longer to lay out than to draw.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from kscale import files
from kscale.errors import KscaleError
from kscale.report.plot import names, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg")
WIDE, NARROW = 12.8, 8.6  # inches
EDGE = 0.14  # inches around everything
TITLE, CAPTION = 18, 11  # points
DPI = 150
LONGEST = 140  # characters of a heading; no honest one is longer


@dataclass(frozen=True, slots=True)
class Canvas:
    """A rectangle of a figure, in inches from the figure's upper left."""

    figure: "Figure"
    left: float
    top: float
    width: float
    height: float

    def part(self, left: float, top: float, width: float, height: float) -> "Canvas":
        """Return a rectangle within this one."""
        return Canvas(self.figure, self.left + left, self.top + top, width, height)

    def axes(self, left: float, top: float, right: float, bottom: float) -> "Axes":
        """Return axes with that much room on each side for what is written around them."""
        across, down = self.figure.get_size_inches()
        width, height = max(0.2, self.width - left - right), max(0.2, self.height - top - bottom)
        x, y = self.left + left, down - self.top - top - height
        return self.figure.add_axes((x / across, y / down, width / across, height / down))

    def text(self, x: float, y: float, text: str, points: float, **more: str) -> None:
        """Write *text* with its upper left at a place."""
        across, down = self.figure.get_size_inches()
        place = (self.left + x) / across, 1 - (self.top + y) / down
        settings: dict[str, Any] = {"ha": "left", "va": "top", "linespacing": 1.15, **more}
        self.figure.text(*place, text, fontsize=points, **settings)

    def heading(self, text: str) -> float:
        """Write the heading of a panel and return the room it takes, in inches."""
        lines = style.fitted(names.clipped(text, LONGEST), style.MEDIUM, self.width - 2 * EDGE, bold=True)
        self.text(EDGE, 0, lines, style.MEDIUM, fontweight="bold")
        return style.height_of(lines, style.MEDIUM) + 0.1

    def grid(self, number: int, columns: int, height: float) -> "Iterator[Canvas]":
        """Return that many panels, from left to right and down."""
        width = self.width / columns
        for place in range(number):
            down, across = divmod(place, columns)
            yield self.part(across * width, down * height, width, height)


@dataclass(frozen=True, slots=True)
class Picture:
    """What is drawn: the finding, how it is read, and the drawing itself."""

    title: str  # the finding, in words
    caption: str  # what was run where, how it is read, what is left out
    width: float  # inches of the drawing, without title and caption
    height: float
    draw: Callable[[Canvas], None]


def write(picture: Picture, path: Path) -> None:
    """Write a picture to a .png or .svg file, all of it or none; folders above it that are missing are made.

    KscaleError if the suffix is another one, or the file cannot be written.
    """
    files.write(path, rendered(whole(picture), suffix_of(path)))


def suffix_of(path: Path) -> Literal["png", "svg"]:
    """Return the format of a file; KscaleError if it is none of ours."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise KscaleError(f"{path}: a picture is {' or '.join(SUFFIXES)}, not '{path.suffix}'")
    return "png" if suffix == ".png" else "svg"


def whole(picture: Picture) -> Picture:
    """Return the picture with its title above and its caption below, as a file needs them."""
    room = picture.width - 2 * EDGE
    title = style.fitted(picture.title, TITLE, room, bold=True)
    caption = style.fitted(picture.caption, CAPTION, room)
    head = style.height_of(title, TITLE) + EDGE
    foot = style.height_of(caption, CAPTION) + EDGE

    def draw(canvas: Canvas) -> None:
        """Draw title, picture and caption."""
        canvas.text(EDGE, EDGE, title, TITLE, fontweight="bold")
        picture.draw(canvas.part(0, head, picture.width, picture.height))
        canvas.text(EDGE, head + picture.height + EDGE / 2, caption, CAPTION, color=style.MUTED)

    return Picture(picture.title, picture.caption, picture.width, head + picture.height + foot, draw)


def rendered(picture: Picture, suffix: Literal["png", "svg"], *, page: bool = False) -> bytes:
    """Return the drawing in its file format; *page*: text stays text, nothing is behind it."""
    out = io.BytesIO()
    metadata = {"Date": None} if suffix == "svg" else {"Software": None}
    with _settings(page=page):
        figure = drawn(picture)
        figure.set_facecolor("none" if page else style.SURFACE)
        figure.savefig(out, format=suffix, dpi=72 if page else DPI, metadata=metadata)
    return out.getvalue()


def drawn(picture: Picture) -> "Figure":
    """Return the figure before it is a file."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - slow to import; pictures only
    from matplotlib.figure import Figure  # noqa: PLC0415 - as above

    figure = Figure(figsize=(picture.width, picture.height))
    FigureCanvasAgg(figure)
    picture.draw(Canvas(figure, 0, 0, picture.width, picture.height))
    return figure


@contextmanager
def _settings(*, page: bool) -> Iterator[None]:
    """Set matplotlib up for one drawing."""
    import matplotlib as mpl  # noqa: PLC0415 - as above

    more = {"svg.fonttype": "none"} if page else {}
    with mpl.rc_context(style.SETTINGS | more), style.quiet():
        yield
