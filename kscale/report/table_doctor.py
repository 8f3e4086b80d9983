"""What the doctor found: a line each, with what it affects and what to type below it."""

from collections.abc import Iterator, Mapping, Sequence

from rich.cells import cell_len
from rich.text import Text

from kscale.measure.doctor import Finding, Level
from kscale.report.text import joined, paragraph

STYLES: Mapping[Level, str] = {
    Level.OK: "green",
    Level.NOTE: "yellow",
    Level.WARN: "red",
    Level.STOP: "bold red",
}
MARKS: Mapping[Level, str] = {Level.OK: " ", Level.NOTE: " ", Level.WARN: "!", Level.STOP: "x"}
GAP = "  "


def doctor_table(findings: Sequence[Finding], width: int) -> Text:
    """Return the findings for *width* columns, and how many there are of each kind."""
    levels = max((len(level) for level in Level), default=0)
    topics = max((cell_len(one.topic) for one in findings), default=0)
    lines: list[Text] = []
    for one in findings:
        start = f"{MARKS[one.level]} {one.level.value:<{levels}}{GAP}{one.topic:<{topics}}{GAP}"
        lines.extend(_lines(one, start, width))
    return joined([*lines, Text(), *paragraph(_summary(findings), width)])


def _lines(finding: Finding, start: str, width: int) -> Iterator[Text]:
    """Return a finding's line, and below it what it affects and how to change it."""
    rest = " " * cell_len(start)
    for number, line in enumerate(paragraph(finding.found, width, first=start, rest=rest)):
        if number == 0:
            line.stylize(STYLES[finding.level], 0, start.index(finding.topic))
        yield line
    if finding.affects:
        yield from paragraph(finding.affects, width, first=rest, rest=rest, style="dim")
    if finding.change:
        yield from paragraph(finding.change, width, first=f"{rest}> ", rest=f"{rest}  ", style="cyan")


def _summary(findings: Sequence[Finding]) -> str:
    """Return the last line."""
    counts = {level: sum(one.level is level for one in findings) for level in Level}
    if counts[Level.STOP]:
        return f"{counts[Level.STOP]} of {len(findings)} findings stop every run"
    if counts[Level.WARN]:
        return (
            f"times are worse than they could be, by {counts[Level.WARN]} of {len(findings)} findings; "
            "exact counters are good on any machine"
        )
    return "fit to measure"
