"""What `kscale gate --selftest` prints: each doctored copy, the code it should give and the code it gave."""

from collections.abc import Sequence

from rich.text import Text

from kscale.errors import ExitCode
from kscale.judge import selftest
from kscale.judge.policy import BUILT_IN
from kscale.judge.selftest import Case
from kscale.report.text import clean, joined, paragraph

WORDS = {
    ExitCode.OK: ("OK: this policy fails when it should, and passes an equal copy", "bold green"),
    ExitCode.GATE_FAILED: ("FAILED: the gate does not give the codes it should", "bold red"),
    ExitCode.NO_VERDICT: ("NO VERDICT: what must be shown could not be", "bold yellow"),
}


def selftest_table(cases: Sequence[Case], of: str, policy: str, width: int) -> Text:
    """Return the cases for *width* columns; *of* names the result that was doctored."""
    name = "built-in defaults" if policy == BUILT_IN else clean(policy)
    lines = paragraph(
        f"can this gate fail? {clean(of)} against doctored copies of itself", width, style="bold"
    )
    lines.extend([*paragraph(f"policy: {name}", width), Text()])
    lines.append(Text(f"  {'case':<10}  {'expected':>8}  {'got':>9}", "bold"))
    for case in cases:
        lines.extend(_case(case, width))
    code = selftest.exit_code(cases)
    text, style = WORDS[code]
    unseen = [case for case in cases if case.got is None and not case.needed]
    if code is ExitCode.OK and unseen:
        text = f"OK for counters; times not shown: {unseen[0].why}"
    lines.extend([Text(), *paragraph(f"{text} · exit {int(code)}", width, rest="  ", style=style)])
    return joined(lines)


def _case(case: Case, width: int) -> list[Text]:
    """Return the lines of one case: its codes, then what was changed and what decided."""
    mark, style = (" ", "dim") if case.got is None else (" ", "") if case.right else ("x", "red")
    got = "not shown" if case.got is None else str(int(case.got))
    lines = [Text(f"{mark} {case.name:<10}  {int(case.expected):>8}  {got:>9}", style)]
    for text in (case.about, case.why):
        lines.extend(paragraph(text, width, first="    ", rest="      ", style="dim") if text else [])
    return lines
