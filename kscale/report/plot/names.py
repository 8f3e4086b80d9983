"""Names in pictures: harmless, on one line, and no longer than there is room for."""

from rich.cells import cell_len

from kscale.judge.rows import Row
from kscale.report import cells
from kscale.report.text import clean

SHORT = 40  # columns of a name; no honest one is longer
LABEL = 52  # columns of a point, which is several words


def short(name: object, most: int = SHORT) -> str:
    """Return a name from a file as text of at most so many columns."""
    return clipped(clean(name), most)


def clipped(text: str, most: int = 26) -> str:
    """Return *text* in at most so many columns, its end cut off if it must be."""
    if cell_len(text) <= most:
        return text
    kept = text[: most - 1]  # a sign has no less than one column, but for marks above others
    while cell_len(kept) > most - 1:
        kept = kept[:-1]
    return f"{kept}…"


def metric(row: Row) -> str:
    """Return a metric's name in words, which names what it is counted per."""
    return clipped(cells.metric_name(row), SHORT)


def cell(mechanism: str, label: str) -> str:
    """Return where something was measured: "watch-fanout, 100k events"."""
    return f"{short(mechanism)}, {short(label, LABEL)}"
