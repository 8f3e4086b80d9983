"""What `kscale run --dry-run` prints: the cells of a run, and about what each will take."""

from collections.abc import Sequence

from rich.text import Text

from kscale.measure.estimate import Estimate
from kscale.report.text import clean, joined, paragraph
from kscale.units import show_bytes, show_ns

LEGEND = "measured: as long as it took here before; modelled: from the mechanism's cost model, about"


def plan_table(name: str, found: Sequence[Estimate], process_bytes: int, free_bytes: int, width: int) -> Text:
    """Return the cells with estimates for *width* columns, then the sums."""
    lines = [Text()]
    figures = [(show_ns(one.seconds * 1e9), show_bytes(one.bytes), one.provenance) for one in found]
    widths = [max(len(row[i]) for row in figures) for i in range(3)]
    room = max(20, width - sum(widths) - 8)
    for one, row in zip(found, figures, strict=True):
        said = f"{clean(one.cell.mechanism.id)} · {clean(one.cell.label)}"
        first, *more = paragraph(said, room, rest="  ")
        first.pad_right(max(0, room - first.cell_len))
        first.append("  " + "  ".join(f"{text:>{size}}" for text, size in zip(row, widths, strict=True)))
        lines.extend([first, *more])
    total = show_ns(sum(one.seconds for one in found) * 1e9)
    said = (
        f"{clean(name)}: {len(found)} cell{'' if len(found) == 1 else 's'}, about {total} and "
        f"{show_bytes(process_bytes)} of memory ({show_bytes(free_bytes)} free)"
    )
    lines[0:0] = paragraph(said, width, style="bold")
    lines.append(Text())
    lines.extend(paragraph(LEGEND, width, style="dim"))
    return joined(lines)
