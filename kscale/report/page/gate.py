"""What a policy made of the comparison, and the rule that decided each part of it."""

from kscale.errors import ExitCode
from kscale.judge.decision import Decision, Judgement, Status
from kscale.report.page.view import Decided, Gate
from kscale.report.text import clean, clean_prose

TONES = {
    Status.FAILED: "worse",
    Status.WARNED: "unclear",
    Status.ACKNOWLEDGED: "unclear",
    Status.PASSED: "better",
    Status.IGNORED: "same",
}
VERDICTS = {
    ExitCode.OK: ("passed", "better"),
    ExitCode.GATE_FAILED: ("failed", "worse"),
    ExitCode.NO_VERDICT: ("no verdict", "unclear"),
}


def gate(judgement: Judgement) -> Gate:
    """Return a judgement as text."""
    said, tone = VERDICTS[judgement.exit_code]
    counted = [f"{len(judgement.of(one))} {one}" for one in Status if judgement.of(one)]
    return Gate(
        policy=clean(judgement.policy),
        verdict=said,
        tone=tone,
        summary=" · ".join([*counted, f"exit {int(judgement.exit_code)}"]),
        decisions=tuple(_decided(one) for one in judgement.decisions),
        notes=tuple(clean_prose(note) for note in (judgement.no_verdict, *judgement.notes) if note),
    )


def _decided(one: Decision) -> Decided:
    """Return one decision as text."""
    again = {True: "; measured again: still slower", False: "; measured again: not slower", None: ""}
    return Decided(
        status=str(one.status),
        tone=TONES[one.status],
        subject=clean_prose(one.subject),
        said=clean_prose(one.said),
        why=clean_prose(one.why) + again[one.confirmed],
        rule=clean(one.rule),
        reason=clean_prose(one.reason),
    )
