"""What `kscale sweep --dry-run` prints: how many cells, and about what they will take.

It refuses nothing: what does not fit into memory is said to.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len
from rich.text import Text

from kscale.engine.forecast import Forecast, Row
from kscale.report.text import clean, joined, paragraph
from kscale.units import NS_PER_S, show_bytes, show_counted, show_many, show_ns

MOST_ROWS = 40  # beyond them a mechanism has one row for all points of the scenario
LEAST = 16  # columns of a name
REST = "  "  # before the further lines of a name
NO_TIMES = "none of the clusters can be built in the memory that is free, so no time of a cell is known"
LEGEND = (
    "modelled, from the mechanisms' cost models, about: the time of all cells of a row one after the other, "
    "the memory of a worker at the largest; starting workers and compiling kernels comes on top"
)


@dataclass(frozen=True, slots=True)
class Here:
    """What this machine has for a sweep that it runs itself."""

    workers: int
    free: int  # bytes


def plan_table(name: str, found: Forecast, here: Here | None, width: int) -> Text:
    """Return a forecast for *width* columns: the sums, then its rows; not *here*: a cluster runs it."""
    lines = paragraph(_sums(name, found, here), width, style="bold")
    for warned in _doubts(found, here):
        lines.extend(paragraph(warned, width, style="yellow"))
    lines.append(Text())
    lines.extend(_rows(_few(found.rows), width))
    lines.append(Text())
    lines.extend(paragraph(LEGEND, width, style="dim"))
    if found.built < found.points:
        said = f"{found.built} of {found.points:,} clusters were built for this, the others lie between them"
        beyond = f"{said} or, being too large to build here, beyond" if found.unbuilt else said
        lines.extend(paragraph(beyond, width, style="dim"))
    return joined(lines)


def nothing_table(name: str, shard: str, cells: int, width: int) -> Text:
    """Return that a shard has none of a sweep's cells."""
    said = f"{clean(name)}: nothing in shard {shard}: the sweep has {show_counted(cells, 'cell')}"
    return joined(paragraph(said, width, style="bold"))


def _sums(name: str, found: Forecast, here: Here | None) -> str:
    """Return what the whole sweep may take."""
    cells = show_counted(sum(row.cells for row in found.rows), "cell")
    needed = found.largest.bytes
    if here is None:
        took = show_ns(round(found.seconds * NS_PER_S))
        one = f"at most {show_bytes(needed)} of memory in each"
        return f"{clean(name)}: {cells}, about {took} shared by the workers at the cluster, {one}"
    busy = min(here.workers, sum(row.cells for row in found.rows))
    took = show_ns(round(found.seconds / busy * NS_PER_S))
    return (
        f"{clean(name)}: {cells}, about {took} with {show_many(here.workers, 'worker')}, "
        f"at most {show_bytes(needed * here.workers)} of memory ({show_bytes(here.free)} free)"
    )


def _doubts(found: Forecast, here: Here | None) -> Iterator[str]:
    """Yield what the sums leave out, or what would be refused."""
    if not found.built:
        yield NO_TIMES
    if here is None:
        yield "how many workers there are, how fast they are and what memory they have is not known here"
    elif here.workers * found.largest.bytes > here.free:
        largest = found.largest
        at = f" at {clean(largest.label)}" if largest.label else ""
        each = f"{clean(largest.mechanism)}{at} needs about {show_bytes(largest.bytes)}"
        fit = here.free // largest.bytes
        cure = f"give --workers {fit}" if fit else "make it smaller, or --force to try all the same"
        yield f"it would not fit: {each} in each worker, {show_bytes(here.free)} are free; {cure}"


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
