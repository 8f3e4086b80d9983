"""What `kscale claims` prints: every published figure beside ours; with -v, what ours stands on.

Three layouts by the room there is: a column for everything, the claim as a heading over its
figures, or two lines a figure. Names wrap, numbers never do.
"""

from collections.abc import Iterator, Mapping, Sequence

from rich.text import Text

from kscale.judge.claims import registry
from kscale.judge.claims.verdict import Finding, Judged, Verdict
from kscale.report import claims_wording as wording
from kscale.report import columns as layouts
from kscale.report import grid
from kscale.report.grid import GAP, Column
from kscale.report.text import clean, clean_prose, joined, paragraph

STYLES: Mapping[Verdict, str] = {
    Verdict.REPRODUCED: "green",
    Verdict.IN_BAND: "green",
    Verdict.FITTED: "yellow",
    Verdict.UNDECIDED: "yellow",
    Verdict.OUTSIDE: "red",
    Verdict.NOT_REPRODUCIBLE: "dim",
    Verdict.NOT_MEASURED: "dim",
}
INDENT = "  "
STACKED_WIDEST = 78


def claims_table(
    findings: Sequence[Finding], details: Mapping[str, Sequence[str]], width: int, *, missing: int = 0
) -> Text:
    """Return the table for *width* columns, then how many claims hold.

    *details* are the lines of -v by claim id, none of them without it; *missing* claims were not run.
    """
    lines = list(_layout(findings, details, width))
    for said in wording.summary(findings):
        lines.extend(paragraph(said, width, rest=INDENT, style="bold"))
    if wording.outside(findings):
        lines.extend(paragraph(wording.outside(findings), width, rest=INDENT, style="bold"))
    if missing:
        lines.extend(
            paragraph(f"interrupted: {wording.numbered(missing, 'claim')} not run", width, style="yellow")
        )
    lines.extend(paragraph(wording.LEGEND, width, style="dim"))
    example = findings[0].claim.id if findings else "C1"
    if not details:
        said = f"kscale claims {clean(example)} -v shows set-up, coefficients and assumptions"
        lines.extend(paragraph(said, width, style="dim"))
    return joined(lines)


def _layout(findings: Sequence[Finding], details: Mapping[str, Sequence[str]], width: int) -> Iterator[Text]:
    """Yield the lines of all claims, in the roomiest layout whose numbers fit."""
    figures = [(found, one) for found in findings for one in found.figures]
    roomy = [*_numbers(figures), _made(figures), _verdict(figures)]
    tight = [*_numbers(figures), _verdict(figures)]
    for columns in (roomy, tight):
        widths = grid.fitted(columns, width - GAP)
        if widths is not None:
            yield Text(" " * GAP).append_text(grid.titles(columns, widths))
            yield from _headed(findings, details, columns, widths, width)
            return
    yield from _stacked(findings, details, min(width, STACKED_WIDEST))


def _numbers(figures: Sequence[tuple[Finding, Judged]]) -> list[Column]:
    """Return the columns of a figure's name and numbers."""
    return [
        Column("", [Text(wording.MARKS[one.verdict], STYLES[one.verdict]) for _, one in figures]),
        Column("figure", [Text(clean_prose(one.figure.what)) for _, one in figures], name=True),
        Column("published", [Text(_published(one)) for _, one in figures], right=True),
        Column("ours", [Text(_ours(one), "bold") for _, one in figures], right=True),
        Column("factor", [Text(wording.factor(one)) for _, one in figures], right=True),
        Column("band", [Text(wording.band(one), "dim") for _, one in figures]),
    ]


def _made(figures: Sequence[tuple[Finding, Judged]]) -> Column:
    """Return the column that says how ours came about."""
    return Column(
        "ours is",
        [
            Text(found.claim.provenance, "magenta" if found.claim.provenance == "modelled" else "dim")
            for found, _ in figures
        ],
    )


def _verdict(figures: Sequence[tuple[Finding, Judged]]) -> Column:
    """Return the column of verdicts."""
    return Column("verdict", [Text(_word(one), STYLES[one.verdict]) for _, one in figures])


def _word(one: Judged) -> str:
    """Return a figure's verdict, short enough for a column; of what does not count, whether it is in band."""
    if one.verdict is not Verdict.NOT_REPRODUCIBLE:
        return str(one.verdict)
    return "(in band)" if one.inside else "(outside)"


def _published(one: Judged) -> str:
    """Return the published amount."""
    return wording.amount(one.figure.published, one.figure.unit)


def _ours(one: Judged) -> str:
    """Return our amount."""
    return wording.ours(one)


def _headed(
    findings: Sequence[Finding],
    details: Mapping[str, Sequence[str]],
    columns: Sequence[Column],
    widths: Sequence[int],
    width: int,
) -> Iterator[Text]:
    """Yield each claim as a heading over its figures."""
    row = 0
    for found, subject in _by_subject(findings):
        yield from _subject(subject, found, width)
        yield from _heading(found, width)
        for _ in found.figures:
            yield from (Text(" " * GAP).append_text(line) for line in grid.row(columns, row, widths))
            row += 1
        yield from _below(found, details, width)


def _by_subject(findings: Sequence[Finding]) -> Iterator[tuple[Finding, str]]:
    """Yield each claim, with its subject if that differs from the claim's before."""
    last = ""
    for found in findings:
        subject = registry.subject_of(found.claim.id)
        yield found, subject if subject != last else ""
        last = subject


def _subject(subject: str, first: Finding, width: int) -> Iterator[Text]:
    """Yield the heading of a subject, if one begins, as it can be typed after `kscale claims`.

    Below it, what was calibrated, if its claims are of a calibration.
    """
    if subject:
        yield Text(f"── {clean(subject)} ".ljust(width, "─"), "bold")
        if first.claim.calibrated and first.setup is not None:
            yield from paragraph(clean_prose(first.setup.name), width, rest=INDENT, style="yellow")
        yield Text()


def _heading(found: Finding, width: int) -> Iterator[Text]:
    """Yield the lines that name a claim, what it can be held to and who published it."""
    claim = found.claim
    yield from paragraph(f"{clean(claim.id)}  {claim.title}", width, rest=INDENT, style="bold")
    said = wording.kind_and_source(claim)
    yield from paragraph(said, width, first=INDENT, rest=INDENT, style="dim")


def _below(found: Finding, details: Mapping[str, Sequence[str]], width: int) -> Iterator[Text]:
    """Yield what is to be known of a claim beside its figures."""
    claim = found.claim
    if found.verdict is Verdict.NOT_REPRODUCIBLE:
        said = f"{found.verdict}: {claim.not_reproducible or 'it has no figures'}"
        yield from paragraph(f"- {said}", width, first=INDENT, rest=INDENT * 2, style="dim")
    if found.verdict is Verdict.NOT_MEASURED:
        said = f"- {clean_prose(wording.not_measured(found))}"
        yield from paragraph(said, width, first=INDENT, rest=INDENT * 2, style="dim")
    if found.fitted_by:
        said = f"! fitted to it: {', '.join(found.fitted_by)}"
        yield from paragraph(said, width, first=INDENT, rest=INDENT * 2, style="yellow")
    for line in details.get(claim.id, ()):
        depth = len(line) - len(line.lstrip())
        indent = INDENT + " " * depth
        yield from paragraph(line.strip(), width, first=indent, rest=f"{indent}  ")
    yield Text()


def _stacked(findings: Sequence[Finding], details: Mapping[str, Sequence[str]], width: int) -> Iterator[Text]:
    """Yield two lines a figure: name and verdict, then ours and the published."""
    for found, subject in _by_subject(findings):
        yield from _subject(subject, found, width)
        yield from _heading(found, width)
        for one in found.figures:
            word = Text(f"{wording.MARKS[one.verdict]} {_word(one)}".strip(), STYLES[one.verdict])
            names = paragraph(one.figure.what, width - word.cell_len - GAP, first=INDENT, rest=INDENT * 2)
            names[0].append(" " * max(GAP, width - names[0].cell_len - word.cell_len)).append_text(word)
            yield from names
            numbers = {"ours": _ours(one), "published": _published(one), "factor": wording.factor(one)}
            facts = [f"{name} {said}" for name, said in (numbers | {"band": wording.band(one)}).items()]
            yield from layouts.facts_lines(facts, width)
        yield from _below(found, details, width)
