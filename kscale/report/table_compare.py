"""What `kscale compare` prints: what changed, how sure that is, and a summary in words."""

from collections.abc import Iterable, Iterator, Sequence

from rich.text import Text

from kscale.judge import order, threshold, wording
from kscale.judge.compare import Comparison, Side
from kscale.judge.order import Sort
from kscale.judge.rows import OTHER_MACHINE, OTHER_WORK, Row
from kscale.judge.significance import significance
from kscale.judge.verdict import MARKS, Verdict
from kscale.report import cells
from kscale.report.cells import Footnotes
from kscale.report.columns import Entry, Titles, lay_out
from kscale.report.table_stats import statistics
from kscale.report.text import clean, joined, paragraph
from kscale.units import show_count

LISTED = 12  # names of a list; the rest are counted
LEGEND = "x worse, ! unclear, + better; ± is half the interquartile range; exact: counted on executed code"


def comparison_table(
    comparison: Comparison,
    width: int,
    *,
    fail_over: float | None = None,
    verbose: bool = False,
    only_changed: bool = False,
    sort: Sort = "status",
    stats: bool = False,
    more: Sequence[str] = (),
) -> Text:
    """Return the table for *width* columns, worst first; with *fail_over* (percent), what fails it.

    *more* notes, of sides that could not be compared, stand below the heading's own.
    KscaleError if *stats* are asked for and scipy is not installed.
    """
    notes = Footnotes()
    arranged = order.arranged(comparison.rows, sort, only_changed=only_changed)
    shown = [row for row in arranged if verbose or worth_showing(row, comparison)]
    titles = Titles(
        clean(comparison.a.name),
        clean(comparison.b.name),
        ("95 % interval", "margin", "verdict"),
        marked=True,
    )
    entries = [entry(row, comparison, notes, verbose=verbose) for row in shown]
    body = lay_out(entries, titles, width) or paragraph(nothing(comparison.rows), width)
    lines = [*heading(comparison, width), *note_lines(more, width), Text(), *body]
    lines.extend(numbered(notes, width))
    mean = cells.mean_words(comparison.rows)
    lines.extend([Text(), *paragraph(mean, width)] if mean else [])
    if stats:
        lines.extend([Text(), *statistics(significance([("", row) for row in shown]), width)])
    lines.extend(unmatched(comparison, width))
    lines.append(Text())
    if fail_over is not None:
        lines.extend([*gate(comparison, fail_over, width), *no_verdict(more, width)])
    lines.extend(summary(comparison, len(comparison.rows) - len(shown), width, only_changed=only_changed))
    lines.extend(legend(shown, width))
    return joined(lines)


def legend(shown: Sequence[Row], width: int) -> Iterator[Text]:
    """Return what the marks of the rows that are *shown* mean."""
    yield from paragraph("; ".join((LEGEND, *cells.extrapolated(shown))), width, style="dim")


def numbered(notes: Footnotes, width: int) -> Iterator[Text]:
    """Return the footnotes, an empty line before them."""
    if notes.texts:
        yield Text()
    for number, text in enumerate(notes.texts, start=1):
        yield from paragraph(text, width, first=f"{cells.raised(number)} ", rest="  ")


def nothing(found: Sequence[Row]) -> str:
    """Return what stands in the place of a table without rows."""
    if all(order.is_same(row) for row in found):
        return (
            "the only row is the same"
            if len(found) == 1
            else f"all {show_count(len(found))} rows are the same"
        )
    return f"none of {show_count(len(found))} rows is a headline; -v shows them"


def worth_showing(row: Row, comparison: Comparison) -> bool:
    """Say whether a row is in the short table: times, headlines of variants, counters that moved."""
    if row.ratio is not None:
        return True
    if comparison.of != "results":
        return row.info.headline
    return row.verdict is not Verdict.SAME


def heading(comparison: Comparison, width: int) -> Iterator[Text]:
    """Return what is compared, and what to know of it."""
    sides = f"{side_words(comparison.a)} → {side_words(comparison.b)}"
    if comparison.of == "results":
        facts = ["two results", "same machine" if comparison.same_machine else OTHER_MACHINE]
    else:
        facts = [f"two {comparison.of} of {runs(comparison)}"]
    facts.append("paired" if comparison.paired else "not paired")
    yield from paragraph(" · ".join([sides, *facts]), width, style="bold")
    yield from note_lines(comparison.notes, width)


def runs(comparison: Comparison) -> str:
    """Return of which run variants or points are, or of which runs: "run main", "runs main, head"."""
    several = len(comparison.runs) > 1
    return f"runs {', '.join(map(clean, comparison.runs))}" if several else f"run {clean(comparison.run)}"


def note_lines(notes: Iterable[str], width: int) -> Iterator[Text]:
    """Return what is to be known before the table is read."""
    for note in notes:
        yield from paragraph(note, width, first="note  ", rest="      ", style="yellow")


def side_words(side: Side) -> str:
    """Return a side's name and what it stands for, with its commit and date unless a run's id says both."""
    said = clean(f"{side.name} = {side.meant}" if side.meant else side.name)
    if side.date.replace("-", "") in said and side.commit in said and side.date:
        return said
    commit = f" {clean(side.commit)}" if side.commit else ""
    return f"{said}{commit}" + (f" ({clean(side.date)})" if side.date else "")


def entry(row: Row, comparison: Comparison, notes: Footnotes, *, verbose: bool) -> Entry:
    """Return a row as text."""
    at = row.at if comparison.of == "variants" else f"{row.at} · {row.variant}"
    said = tuple(note for note in cells.noise_note(row) if note not in {OTHER_MACHINE, OTHER_WORK})
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
        note=notes.number(said),
    )


def unmatched(comparison: Comparison, width: int, *, first: str = "") -> Iterator[Text]:
    """Return what only one side has, behind *first*."""
    lists = (
        (first, comparison.gone, f"only in {clean(comparison.a.name)} (gone)"),
        ("", comparison.new, f"only in {clean(comparison.b.name)} (new)"),
    )
    for before, names, said in lists:
        if names:
            shown = "; ".join(clean(comparison.said(name)) for name in names[:LISTED])
            more = f"; and {len(names) - LISTED} more" if len(names) > LISTED else ""
            yield from paragraph(f"{before}{show_count(len(names))} {said}: {shown}{more}", width, rest="  ")


def gate(comparison: Comparison, percent: float, width: int) -> Iterator[Text]:
    """Return whether the comparison passes, and each thing that does not."""
    (judged,) = threshold.judgements([comparison], percent)
    failed = threshold.failures(judged)
    if failed:
        counted = threshold.counted(judged, percent)
        yield from paragraph(counted, width, first="FAILED  ", rest="  ", style="bold red")
        for line in failed:
            yield from paragraph(line, width, first="  ", rest="    ")
    elif judged.no_verdict:
        yield from no_verdict([judged.no_verdict], width)
    else:
        passed = f"no time is surely slower by more than {threshold.margins(judged, percent)}"
        passed += ", no counter is worse, nothing is gone" if comparison.of == "results" else ""
        yield from paragraph(passed, width, first="OK  ", rest="  ", style="bold green")
    for note in judged.notes:
        yield from paragraph(note, width, first="  ", rest="    ")


def no_verdict(reasons: Iterable[str], width: int) -> Iterator[Text]:
    """Return why a gate has nothing to go by."""
    for why in reasons:
        yield from paragraph(why, width, first="NO VERDICT  ", rest="  ", style="bold yellow")


def summary(
    comparison: Comparison, hidden: int, width: int, *, only_changed: bool = False, first: str = ""
) -> Sequence[Text]:
    """Return the counts of every verdict, behind *first*."""
    parts = [f"{comparison.count(verdict)} {verdict}" for verdict in Verdict if comparison.count(verdict)]
    unjudged = comparison.count(None)
    lists = ((comparison.gone, "gone"), (comparison.new, "new"))
    parts.extend([f"{unjudged} not judged"] if unjudged else [])
    parts.extend(f"{len(names)} {said}" for names, said in lists if names)
    how = "-v, without --only-changed" if only_changed else "-v"
    more = f" ({show_count(hidden)} {'row' if hidden == 1 else 'rows'} not shown: {how})" if hidden else ""
    return paragraph(first + " · ".join(parts) + more, width, style="bold")
