"""What a policy made of the comparison, and the rule that decided each part of it."""

from kscale.errors import ExitCode
from kscale.judge.decision import Decision, Judgement, Status
from kscale.report import decided
from kscale.report.cells import metric_name
from kscale.report.page.view import Decided, Gate
from kscale.report.text import clean, clean_prose

TONES = {
    Status.FAILED: "worse",
    Status.WARNED: "unclear",
    Status.ACKNOWLEDGED: "unclear",
    Status.PASSED: "better",
    Status.IGNORED: "same",
}
QUIET = (Status.PASSED, Status.IGNORED)
VERDICTS = {
    ExitCode.OK: ("passed", "better"),
    ExitCode.GATE_FAILED: ("failed", "worse"),
    ExitCode.NO_VERDICT: ("no verdict", "unclear"),
}


def gate(judgement: Judgement) -> Gate:
    """Return a judgement as text."""
    said, tone = VERDICTS[judgement.exit_code]
    loud = [one for one in judgement.decisions if one.status not in QUIET]
    quiet = [one for one in judgement.decisions if one.status in QUIET]
    return Gate(
        policy=clean(judgement.policy),
        verdict=said,
        tone=tone,
        summary=" · ".join([decided.counts(judgement), f"exit {int(judgement.exit_code)}"]),
        decisions=tuple(_decided(one, judgement) for one in loud),
        quiet=tuple(_decided(one, judgement) for one in quiet),
        quiet_said=decided.counts(judgement, QUIET),
        notes=tuple(clean_prose(note) for note in (judgement.no_verdict, *judgement.notes) if note),
    )


def _decided(one: Decision, judgement: Judgement) -> Decided:
    """Return one decision as text."""
    again = {True: "; measured again: still slower", False: "; measured again: not slower", None: ""}
    return Decided(
        status=str(one.status),
        tone=TONES[one.status],
        where=f"{clean(one.row.mechanism)} · {clean(one.row.at)}" if one.row else "",
        subject=f"{metric_name(one.row)} · {clean(one.row.variant)}"
        if one.row
        else clean_prose(judgement.label(one)),
        said=clean_prose(one.said),
        why=clean_prose(one.why) + again[one.confirmed],
        rule=clean(one.rule),
        reason=clean_prose(one.reason),
    )
