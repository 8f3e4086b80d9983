"""What `kscale compare` prints: what changed, how sure that is, and a summary in words."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from kscale.judge import threshold, wording
from kscale.judge.compare import Comparison, Side
from kscale.judge.rows import OTHER_MACHINE, Row
from kscale.judge.verdict import MARKS, Verdict
from kscale.report import cells
from kscale.report.cells import Footnotes
from kscale.report.columns import Entry, Titles, lay_out
from kscale.report.text import clean, joined, paragraph
from kscale.units import show_count

LISTED = 12  # names of a list; the rest are counted
LEGEND = "x worse, ! unclear, + better; ± is half the interquartile range; exact: counted on executed code"


def comparison_table(
    comparison: Comparison, width: int, *, fail_over: float | None = None, verbose: bool = False
) -> Text:
    """Return the table for *width* columns, worst first; with *fail_over* (percent), what fails it."""
    notes = Footnotes()
    shown = [row for row in comparison.worst_first if verbose or worth_showing(row, comparison)]
    titles = Titles(
        clean(comparison.a.name),
        clean(comparison.b.name),
        ("95 % interval", "margin", "verdict"),
        marked=True,
    )
    entries = [entry(row, comparison, notes, verbose=verbose) for row in shown]
    lines = [*heading(comparison, width), Text(), *lay_out(entries, titles, width)]
    lines.extend([Text()] if notes.texts else [])
    for number, text in enumerate(notes.texts, start=1):
        lines.extend(paragraph(text, width, first=f"{cells.raised(number)} ", rest="  "))
    lines.extend(unmatched(comparison, width))
    lines.append(Text())
    if fail_over is not None:
        lines.extend(_gate(comparison, fail_over, width))
    lines.extend(_summary(comparison, len(comparison.rows) - len(shown), width))
    lines.extend(paragraph(LEGEND, width, style="dim"))
    return joined(lines)


def worth_showing(row: Row, comparison: Comparison) -> bool:
    """Say whether a row is in the short table: times, headlines of variants, counters that moved."""
    if row.ratio is not None:
        return True
    if comparison.of == "variants":
        return row.info.headline
    return row.verdict is not Verdict.SAME


def heading(comparison: Comparison, width: int) -> Iterator[Text]:
    """Return what is compared, and what to know of it."""
    sides = f"{_side(comparison.a)} → {_side(comparison.b)}"
    if comparison.of == "variants":
        facts = [f"two variants of run {clean(comparison.run)}"]
    else:
        facts = ["two results", "same machine" if comparison.same_machine else OTHER_MACHINE]
    facts.append("paired" if comparison.paired else "not paired")
    yield from paragraph(" · ".join([sides, *facts]), width, style="bold")
    for note in comparison.notes:
        yield from paragraph(note, width, first="note  ", rest="      ", style="yellow")


def _side(side: Side) -> str:
    """Return a side's name with its commit and date."""
    commit = f" {clean(side.commit)}" if side.commit else ""
    return f"{clean(side.name)}{commit}" + (f" ({clean(side.date)})" if side.date else "")


def entry(row: Row, comparison: Comparison, notes: Footnotes, *, verbose: bool) -> Entry:
    """Return a row as text."""
    at = row.at if comparison.of == "variants" else f"{row.at} · {row.variant}"
    before, after = wording.sides(row)
    style = cells.STYLES[row.verdict]
    return Entry(
        mechanism=clean(row.mechanism),
        at=clean(at),
        name=Text(cells.metric_name(row, verbose=verbose)),
        before=Text(before),
        after=Text(after),
        change=Text(cells.change(row), style),
        more=(
            cells.sureness(row, verbose=verbose),
            Text(cells.margin(row)),
            Text(cells.verdict_words(row), style),
        ),
        mark=MARKS[row.verdict] if row.verdict is not None else "",
        note=notes.number(tuple(note for note in cells.noise_note(row) if note != OTHER_MACHINE)),
    )


def unmatched(comparison: Comparison, width: int) -> Iterator[Text]:
    """Return what only one side has, and what did different work."""
    lists = (
        (comparison.gone, f"only in {clean(comparison.a.name)} (gone)"),
        (comparison.new, f"only in {clean(comparison.b.name)} (new)"),
        (comparison.different, "not compared: different work (scenario or seed)"),
    )
    for names, said in lists:
        if names:
            shown = ", ".join(clean(name) for name in names[:LISTED])
            more = f" and {len(names) - LISTED} more" if len(names) > LISTED else ""
            yield from paragraph(f"{show_count(len(names))} {said}: {shown}{more}", width, rest="  ")


def _gate(comparison: Comparison, percent: float, width: int) -> Iterator[Text]:
    """Return whether the comparison passes, and each thing that does not."""
    found = threshold.failures(comparison, percent)
    if found:
        yield Text(f"FAILED  {show_count(len(found))} over {percent:g} %", "bold red")
        for line in found:
            yield from paragraph(line, width, first="  ", rest="    ")
    elif threshold.unjudged(comparison):
        silent = f"NO VERDICT  nothing was judged: {threshold.unjudged(comparison)}"
        yield from paragraph(silent, width, rest="  ", style="bold yellow")
    else:
        yield Text(f"OK  nothing is surely worse by more than {percent:g} %", "bold green")


def _summary(comparison: Comparison, hidden: int, width: int) -> Sequence[Text]:
    """Return the counts of every verdict."""
    parts = [f"{comparison.count(verdict)} {verdict}" for verdict in Verdict if comparison.count(verdict)]
    unjudged = comparison.count(None)
    lists = ((comparison.gone, "gone"), (comparison.new, "new"), (comparison.different, "of different work"))
    parts.extend([f"{unjudged} not judged"] if unjudged else [])
    parts.extend(f"{len(names)} {said}" for names, said in lists if names)
    more = f" ({show_count(hidden)} rows not shown: -v)" if hidden else ""
    return paragraph(" · ".join(parts) + more, width, style="bold")
