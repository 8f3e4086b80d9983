"""What `kscale sweep --dry-run` prints: how many cells, and about what they will take."""

from collections.abc import Sequence
from dataclasses import replace

from rich.cells import cell_len
from rich.text import Text

from kscale.engine.forecast import Forecast, Row
from kscale.report.text import clean, joined, paragraph
from kscale.units import NS_PER_S, show_bytes, show_counted, show_many, show_ns

MOST_ROWS = 40  # beyond them a mechanism has one row for all points of the scenario
LEAST = 16  # columns of a name
REST = "  "  # before the further lines of a name
LEGEND = (
    "modelled, from the mechanisms' cost models, about: the time of all cells of a row one after the other, "
    "the memory of a worker at the largest; starting workers and compiling kernels comes on top"
)


def plan_table(name: str, found: Forecast, workers: int, free: int, width: int) -> Text:
    """Return a forecast for *width* columns: the sums for so many workers, then its rows."""
    lines = paragraph(_sums(name, found, workers, free), width, style="bold")
    lines.append(Text())
    lines.extend(_rows(_few(found.rows), width))
    lines.append(Text())
    lines.extend(paragraph(LEGEND, width, style="dim"))
    if found.built < found.points:
        said = f"{found.built} of {found.points:,} clusters were built for this, the others lie between them"
        lines.extend(paragraph(said, width, style="dim"))
    return joined(lines)


def _sums(name: str, found: Forecast, workers: int, free: int) -> str:
    """Return what the whole sweep may take."""
    cells = show_counted(sum(row.cells for row in found.rows), "cell")
    took = show_ns(round(found.seconds / workers * NS_PER_S))
    needed = show_bytes(found.largest.bytes * workers)
    return (
        f"{clean(name)}: {cells}, about {took} with {show_many(workers, 'worker')}, "
        f"at most {needed} of memory ({show_bytes(free)} free)"
    )


def _few(rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows, or where they are many those of each mechanism together."""
    if len(rows) <= MOST_ROWS:
        return rows
    together: dict[str, Row] = {}
    for row in rows:
        before = together.get(row.mechanism, replace(row, cells=0, seconds=0.0, bytes=0, label=""))
        together[row.mechanism] = replace(
            before,
            cells=before.cells + row.cells,
            seconds=before.seconds + row.seconds,
            bytes=max(before.bytes, row.bytes),
        )
    return list(together.values())


def _rows(rows: Sequence[Row], width: int) -> list[Text]:
    """Return a line for each row, its figures on the right."""
    figures = [
        (
            show_counted(row.cells, "cell"),
            show_ns(round(row.seconds * NS_PER_S)),
            show_bytes(row.bytes),
        )
        for row in rows
    ]
    widths = [max(len(one[i]) for one in figures) for i in range(3)]
    names = [
        f"{clean(row.mechanism)} · {clean(row.label)}" if row.label else clean(row.mechanism) for row in rows
    ]
    longest = max(cell_len(name) for name in names) + cell_len(REST)
    room = max(LEAST, min(longest, width - sum(widths) - 6))
    lines = []
    for said, row in zip(names, figures, strict=True):
        first, *more = paragraph(said, room, rest=REST)
        first.pad_right(max(0, room - first.cell_len))
        first.append("  " + "  ".join(f"{text:>{size}}" for text, size in zip(row, widths, strict=True)))
        lines.extend([first, *more])
    return lines
