"""What `kscale compare --stats` adds below its table: p, spread, outliers, the pairs a small change needs."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from kscale.judge import wording
from kscale.judge.significance import CHANGE, Significance, Spread
from kscale.report import cells
from kscale.report.text import clean, paragraph
from kscale.units import show_count

SMALLEST_P = 0.001


def statistics(found: Sequence[Significance], width: int) -> Iterator[Text]:
    """Return the section's lines: a time each, under its place."""
    yield Text("statistics", "bold")
    if not found:
        yield from paragraph("no time has the 6 samples a side that they need", width, first="  ", rest="  ")
        return
    for one in found:
        row = one.row
        place = (*filter(None, [one.side]), row.mechanism, row.at, row.variant, cells.metric_name(row))
        yield from paragraph(" · ".join(map(clean, place)), width, first="  ", rest="    ")
        yield from paragraph(" · ".join(_facts(one)), width, first="    ", rest="    ", style="dim")
    several = f", corrected for {show_count(len(found))} times (Holm)" if len(found) > 1 else ""
    yield from paragraph(
        "p: how often equal code would differ as much, by Wilcoxon's signed-rank test of pairs, else by "
        f"Mann-Whitney{several}; it never decides a verdict, the interval does",
        width,
        style="dim",
    )


def _facts(one: Significance) -> Iterator[str]:
    """Return what is said of one time."""
    yield f"p < {SMALLEST_P}" if one.p < SMALLEST_P else f"p = {one.p:.3f}"
    ratio = one.row.ratio
    paired = ratio is not None and ratio.paired
    what = "pairs" if paired else "samples a side"
    if ratio is not None:
        yield f"{ratio.n} {what}"
    ranges = " → ".join(wording.percent(side.range_pct / 100) for side in (one.a, one.b))
    yield f"interquartile range {ranges} of the median"
    yield f"outliers {_outliers(one.a)} → {_outliers(one.b)}"
    change = wording.percent(CHANGE)
    if one.pairs is None or one.pairs > cells.MOST_PAIRS:
        yield f"more than {show_count(cells.MOST_PAIRS)} {what} to show a {change} change"
    else:
        yield f"about {show_count(one.pairs)} {what} show a {change} change"


def _outliers(side: Spread) -> str:
    """Return one side's outliers."""
    counts = [(side.mild, "mild"), (side.severe, "severe")]
    return ", ".join(f"{count} {name}" for count, name in counts if count) or "none"
