"""What `kscale gate` prints: what was compared, what failed and by which rule, and how it ends."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from rich.text import Text

from kscale.errors import ExitCode
from kscale.judge.compare import Comparison
from kscale.judge.deciding import UNCLEAR
from kscale.judge.decision import Decision, Judgement, Status
from kscale.judge.policy import BUILT_IN
from kscale.judge.policy_load import FILE
from kscale.judge.rows import OTHER_MACHINE
from kscale.judge.shown import REQUIRED
from kscale.judge.verdict import MARKS as VERDICT_MARKS
from kscale.judge.verdict import Verdict
from kscale.report import cells, table_compare
from kscale.report.cells import Footnotes
from kscale.report.columns import Entry, Titles, lay_out
from kscale.report.text import clean, joined, paragraph
from kscale.units import show_count

MARKS: Mapping[Status, str] = {Status.FAILED: "x", Status.WARNED: "!", Status.ACKNOWLEDGED: "a"}
STYLES: Mapping[Status, str] = {
    Status.FAILED: "red",
    Status.WARNED: "yellow",
    Status.ACKNOWLEDGED: "cyan",
    Status.IGNORED: "dim",
}
ENDS: Mapping[ExitCode, tuple[str, str]] = {
    ExitCode.GATE_FAILED: ("FAILED", "bold red"),
    ExitCode.NO_VERDICT: ("NO VERDICT", "bold yellow"),
    ExitCode.OK: ("OK", "bold green"),
}
AFTER: Mapping[Status, str] = {Status.ACKNOWLEDGED: ", acknowledged", Status.IGNORED: ", ignored"}
IN_ROWS = UNCLEAR | {OTHER_MACHINE}  # warnings the table tells well enough
SLIDE = 12  # rows
LISTED = 12  # of each status, below the table
LEGEND = "x failed, ! warning, a acknowledged, + better; ± is half the interquartile range"


def gate_table(judgement: Judgement, width: int, *, explain: bool = False, verbose: bool = False) -> Text:
    """Return all that is said of a judgement, for *width* columns; *explain*: the rule of every subject."""
    lines = [*_heading(judgement, width)]
    hidden = 0
    if judgement.comparison is not None:
        rows, hidden = _rows(judgement, width, verbose=verbose)
        lines.extend([Text(), *rows, *table_compare.unmatched(judgement.comparison, width)])
    lines.extend(_requirements(judgement, width))
    lines.extend([Text(), *_end(judgement, hidden, width)])
    if explain:
        lines.extend([Text(), *_explained(judgement, width)])
    return joined(lines)


def summary(judgement: Judgement) -> str:
    """Return how a judgement ends in words: "2 worse, 1 gone · 9 same · 1 unclear"."""
    failed = Counter(_noun(one) for one in judgement.of(Status.FAILED))
    others = [one for one in judgement.decisions if one.status is not Status.FAILED]
    rest = Counter(_noun(one) for one in others if one.status in {Status.WARNED, Status.PASSED})
    parts = [", ".join(f"{show_count(count)} {said}" for said, count in failed.items())] if failed else []
    parts.extend(f"{show_count(count)} {said}" for said, count in rest.items())
    for status in (Status.ACKNOWLEDGED, Status.IGNORED):
        parts.extend([f"{show_count(len(judgement.of(status)))} {status}"] if judgement.of(status) else [])
    return " · ".join(parts)


def _noun(decision: Decision) -> str:
    """Return what a decision counts as."""
    if decision.said != REQUIRED:
        return decision.said
    return "not as required" if decision.status is Status.FAILED else "as required"


def _heading(judgement: Judgement, width: int) -> Iterator[Text]:
    """Return what is judged, by which policy, and what to know of it."""
    if judgement.comparison is None:
        what = (
            "what is required of" if any(map(_is_required, judgement.decisions)) else "nothing is judged of"
        )
        yield from paragraph(f"{what} {clean(judgement.result)}", width, style="bold")
    else:
        yield from table_compare.heading(judgement.comparison, width)
    built_in = f"built-in defaults (there is no {FILE} here)"
    policy = built_in if judgement.policy == BUILT_IN else clean(judgement.policy)
    yield from paragraph(f"policy: {policy}", width, rest="  ")
    for note in judgement.notes:
        yield from paragraph(note, width, first="note  ", rest="      ", style="yellow")


def _rows(judgement: Judgement, width: int, *, verbose: bool) -> tuple[list[Text], int]:
    """Return the table of what is worth showing, worst first, and how many rows are not shown."""
    comparison = judgement.comparison
    assert comparison is not None  # noqa: S101 - asked for only then
    judged = [one for one in judgement.decisions if one.row is not None]
    shown = judged if verbose else _worth_showing(judged, comparison)
    notes = Footnotes()
    titles = Titles(
        clean(comparison.a.name),
        clean(comparison.b.name),
        ("95 % interval", "margin", "verdict"),
        marked=True,
    )
    entries = [_entry(one, judgement, notes, verbose=verbose) for one in shown]
    lines = lay_out(entries, titles, width)
    lines.extend([Text()] if notes.texts else [])
    for number, text in enumerate(notes.texts, start=1):
        lines.extend(paragraph(text, width, first=f"{cells.raised(number)} ", rest="  "))
    return lines, len(judged) - len(shown)


def _worth_showing(judged: Sequence[Decision], comparison: Comparison) -> list[Decision]:
    """Return the rows of the short table: all that the policy objects to or that changed.

    What stayed the same is shown too, if everything then fits on a slide.
    """
    wanted = [
        (one, one.status in MARKS or row.verdict is not Verdict.SAME)
        for one in judged
        if (row := one.row) and (one.status in MARKS or table_compare.worth_showing(row, comparison))
    ]
    return [one for one, changed in wanted if changed or len(wanted) <= SLIDE]


def _entry(decision: Decision, judgement: Judgement, notes: Footnotes, *, verbose: bool) -> Entry:
    """Return a row as text, with what the policy makes of it in place of the bare verdict."""
    row, comparison = decision.row, judgement.comparison
    assert row is not None  # noqa: S101 - asked for only then
    assert comparison is not None  # noqa: S101 - as above
    plain = table_compare.entry(row, comparison, notes, verbose=verbose)
    said = cells.verdict_words(row) if decision.said == str(row.verdict) else decision.said
    said += " (confirmed)" if decision.confirmed else AFTER.get(decision.status, "")
    style = STYLES.get(decision.status, cells.STYLES[row.verdict])
    better = VERDICT_MARKS[Verdict.BETTER] if row.verdict is Verdict.BETTER else ""
    return replace(
        plain,
        change=Text(plain.change.plain, style),
        more=(*plain.more[:-1], Text(said, style)),
        mark=MARKS.get(decision.status, better),
    )


def _requirements(judgement: Judgement, width: int) -> Iterator[Text]:
    """Return each requirement with what was found."""
    found = [one for one in judgement.decisions if _is_required(one)]
    if found and judgement.comparison is not None:
        yield Text()
        yield from paragraph(f"required of {clean(judgement.result)}", width, style="bold")
    for one in found:
        text = f"{one.subject}: {one.why} · {one.rule}"
        style = STYLES.get(one.status, "")
        yield from paragraph(text, width, first=f"{MARKS.get(one.status, ''):1} ", rest="    ", style=style)


def _is_required(decision: Decision) -> bool:
    """Say whether a decision is on a requirement, be it one that could not be checked."""
    return decision.row is None and (decision.said == REQUIRED or decision.said in UNCLEAR)


def _end(judgement: Judgement, hidden: int, width: int) -> Iterator[Text]:
    """Return the last lines: how it ends, and each row that failed or needs a word, with its rule."""
    word, style = ENDS[judgement.exit_code]
    more = f" ({show_count(hidden)} rows not shown: -v)" if hidden else ""
    text = " · ".join(part for part in (summary(judgement), f"exit {int(judgement.exit_code)}{more}") if part)
    yield from paragraph(text, width, first=f"{word}  ", rest="  ", style=style)
    if judgement.no_verdict:
        yield from paragraph(f"no verdict: {judgement.no_verdict}", width, first="  ", rest="    ")
    for status, mark in MARKS.items():
        some = [one for one in judgement.of(status) if _needs_a_line(one)]
        for one in some[:LISTED]:
            yield from paragraph(_line(one, judgement), width, first=f"{mark} ", rest="    ")
        if len(some) > LISTED:
            left = f"and {show_count(len(some) - LISTED)} more: --explain lists all"
            yield from paragraph(left, width, first=f"{mark} ", rest="    ")
    if judgement.comparison is not None:
        marks = (LEGEND, *cells.extrapolated(judgement.comparison.rows))
        yield from paragraph("; ".join(marks), width, style="dim")


def _needs_a_line(decision: Decision) -> bool:
    """Say whether more must be said than the table does; it shows a first measurement, not the second."""
    return not _is_required(decision) and (decision.said not in IN_ROWS or decision.confirmed is False)


def _line(decision: Decision, judgement: Judgement) -> str:
    """Return one decision in a line: subject, figures, rule, and the policy's own reason."""
    reason = f" · {decision.reason}" if decision.reason else ""
    confirmed = " (confirmed)" if decision.confirmed else ""
    return f"{judgement.told(decision)}{confirmed}: {decision.why} · {decision.rule}{reason}"


def _explained(judgement: Judgement, width: int) -> Iterator[Text]:
    """Return every subject under the rule that decided it."""
    by_rule: dict[str, list[Decision]] = {}
    for one in judgement.decisions:
        by_rule.setdefault(one.rule, []).append(one)
    yield Text("what decided", "bold")
    for rule, some in by_rule.items():
        reason = next((f" · {one.reason}" for one in some if one.reason), "")
        yield from paragraph(f"{rule}{reason}", width, rest="  ", style="bold")
        for one in some:
            first, style = f"  {MARKS.get(one.status, ''):1} ", STYLES.get(one.status, "")
            text = f"{one.status} · {judgement.told(one)}: {one.why}"
            yield from paragraph(text, width, first=first, rest="      ", style=style)
