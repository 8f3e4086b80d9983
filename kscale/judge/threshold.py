"""`compare --fail-over PERCENT`: one margin for every time, the shorthand of a gate with a policy.

A time fails when its whole interval is beyond the margin (twice that if it was not taken in pairs),
or beyond twice the noise floor if that is more; with fewer pairs than a gate asks for it is not
judged. Between two results any counter that got worse and anything gone fail too; between two
variants they do not: an optimization may pay with one counter for another.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from kscale.judge import deciding, decision
from kscale.judge.compare import Comparison
from kscale.judge.deciding import TOO_FEW, TOO_FEW_APART
from kscale.judge.decision import Decision, Judgement, Status
from kscale.judge.policy import Policy, PolicySpec
from kscale.units import show_count, show_counted

APART = 2  # times as wide a margin where times were not taken in pairs: the machine may have changed
MIN_PAIRS = PolicySpec().defaults.timing.min_pairs  # a gate's own
ANY_DAY = date.min  # no ack ends, for there are none


def judgements(
    comparisons: Sequence[Comparison], percent: float, lost: Sequence[str] = ()
) -> tuple[Judgement, ...]:
    """Return what a gate whose margin for times is *percent* makes of each comparison.

    *lost* says why sides could not be compared: then there is no verdict unless something failed.
    """
    return tuple(_judgement(comparison, percent, lost) for comparison in comparisons)


def failures(judgement: Judgement) -> tuple[str, ...]:
    """Return a line for each thing that failed: what it is, by how much."""
    return tuple(
        judgement.told(one) if one.row is None else f"{judgement.label(one)} {one.why}"
        for one in judgement.of(Status.FAILED)
    )


def counted(judgement: Judgement, percent: float) -> str:
    """Return how many things of each kind failed: "4 times over 10 %, 1 counter changed, 1 cell gone"."""
    over = f"over {margins(judgement, percent)}"
    found = Counter(_kind(judgement, one, over) for one in judgement.of(Status.FAILED))
    return ", ".join(f"{show_counted(number, noun)} {said}" for (noun, said), number in found.items())


def margins(judgement: Judgement, percent: float) -> str:
    """Return the margin in words, with that of times not taken in pairs if there are any."""
    ratios = [one.row.ratio for one in judgement.decisions if one.row is not None]
    apart = any(ratio is not None and not ratio.paired for ratio in ratios)
    return f"{percent:g} %" + (f" ({APART * percent:g} % where not taken in pairs)" if apart else "")


def check(judged: Sequence[Judgement], lost: Sequence[str] = ()) -> None:
    """Raise GateFailed if anything failed; NoVerdict if sides are *lost* or nothing was judged.

    Between two variants only times are; between two results counters are judged too, unless
    there are times and none of them got a verdict.
    """
    several = len(judged) + len(lost) > 1
    failed = [
        f"{judgement.result}: {judgement.told(one)}" if several else judgement.told(one)
        for judgement in judged
        for one in judgement.of(Status.FAILED)
    ]
    silent = dict.fromkeys(one.no_verdict for one in judged if one.no_verdict)
    decision.end(failed, "; ".join(silent))


def _judgement(comparison: Comparison, percent: float, lost: Sequence[str]) -> Judgement:
    """Return what a gate makes of one comparison."""
    policy = _policy(percent)
    by = deciding.terms(policy, comparison, (), today=ANY_DAY, ci=False)
    of_rows = [deciding.of_row(by, row) for row in comparison.rows]
    judged = replace(comparison, rows=tuple(one.row for one in of_rows if one.row is not None))
    found = [replace(one, rule=policy.name) for one in (*of_rows, *deciding.of_lists(by))]
    silent = () if any(one.status is Status.FAILED for one in found) else _unjudged(judged)
    return Judgement(
        comparison=judged,
        policy=policy.name,
        decisions=tuple(sorted(found, key=lambda one: one.severity)),
        no_verdict="; ".join(lost or silent),
        notes=tuple(_notes(found)),
        result=comparison.b.name,
    )


def _policy(percent: float) -> Policy:
    """Return the policy the option is the shorthand of."""
    usual = PolicySpec()
    margin = Fraction(percent) / 100
    timing = usual.defaults.timing.model_copy(update={"margin": margin, "margin_apart": APART * margin})
    defaults = usual.defaults.model_copy(update={"timing": timing})
    return Policy(usual.model_copy(update={"defaults": defaults}), where=f"--fail-over {percent:g}")


def _unjudged(comparison: Comparison) -> Iterator[str]:
    """Return why a gate has nothing to go by, unless it has."""
    times = [row for row in comparison.rows if row.info.kind == "timing"]
    looked_at = times if times or comparison.of != "results" else comparison.rows
    if not any(row.verdict is not None for row in looked_at):
        what = "no time has a verdict" if looked_at is times else "no row has a verdict"
        few = f"fewer than {MIN_PAIRS} pairs"
        yield f"nothing was judged: {what} ({few}, another machine, other work, or counted only)"


def _notes(found: Sequence[Decision]) -> Iterator[str]:
    """Return how many times have too few pairs for a gate, though a comparison may judge them."""
    few = sum(one.said in {TOO_FEW, TOO_FEW_APART} for one in found)
    if few:
        have = "time has" if few == 1 else "times have"
        yield f"{show_count(few)} {have} fewer than {MIN_PAIRS} pairs, and cannot fail by --fail-over"


def _kind(judgement: Judgement, failed: Decision, over: str) -> tuple[str, str]:
    """Return what failed, in a word, and what is to be said of its kind; of times *over*."""
    if failed.row is not None:
        return ("counter", "changed") if failed.row.ratio is None else ("time", over)
    parts = judgement.comparison.parts if judgement.comparison is not None else {}
    return (parts[failed.subject].noun if failed.subject in parts else "cell"), failed.said
