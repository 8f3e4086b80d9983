"""A comparison and a policy to a judgement: what failed, by which rule, and whether anything was judged.

Nothing here reads a clock or a file: the day and the second measurement are given.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from kscale.judge import acks, confirming, deciding, matching, requiring
from kscale.judge.compare import Comparison
from kscale.judge.confirming import Remeasure
from kscale.judge.deciding import UNCLEAR, Terms
from kscale.judge.decision import Decision, Judgement, Status
from kscale.judge.policy import Policy
from kscale.judge.rows import OTHER_MACHINE
from kscale.judge.shown import REQUIRED
from kscale.results.record import Result

NOTHING = "nothing was judged: too few pairs, another machine, or the policy ignores all there is"


def judge(
    comparison: Comparison | None,
    policy: Policy,
    *,
    results: Sequence[Result],
    today: date,
    ci: bool = False,
    remeasure: Remeasure | None = None,
    incomparable: str = "",
) -> Judgement:
    """Return what *policy* makes of a comparison, and of the last of *results*.

    Without a comparison only its requirements are judged; *incomparable* is why there is none where one
    was asked for. *today* decides which acks hold, *ci* which margin. *remeasure* measures cells again;
    without it a slower time fails unconfirmed. KscaleError, naming file and line, if a rule, a
    requirement or an ack is about nothing in *results*.
    """
    matching.check(policy, matching.everything(results))
    found: list[Decision] = []
    if comparison is not None:
        by = deciding.terms(policy, comparison, results, today=today, ci=ci)
        found = confirming.confirmed(by, list(_of_rows(by)), remeasure)
        comparison = replace(comparison, rows=tuple(one.row for one in found if one.row is not None))
        things = [(one, by.thing(one.row)) for one in found if one.row is not None]
        found.extend(acks.expired(policy, things, today))
        found.extend(deciding.of_lists(by))
    found.extend(requiring.decide(policy, results))
    return Judgement(
        comparison=comparison,
        policy=policy.name,
        decisions=tuple(sorted(found, key=lambda one: one.severity)),
        no_verdict="; ".join(_undecided(policy, found, incomparable)),
        notes=tuple(_notes(policy, incomparable, ci=ci and comparison is not None)),
        result=comparison.b.name if comparison and comparison.of == "results" else results[-1].run.called,
    )


def _of_rows(by: Terms) -> Iterator[Decision]:
    """Return the decision on each row, acks considered."""
    for row in by.comparison.rows:
        yield acks.acknowledged(by.policy, deciding.of_row(by, row), by.thing(row), by.today)


def _notes(policy: Policy, incomparable: str, *, ci: bool) -> Iterator[str]:
    """Return what a reader must know of how it was judged."""
    if ci:
        yield "CI is set: margins for CI hold"
    if incomparable and policy.spec.treat.nothing_judged == "ignore":
        yield incomparable


def _undecided(policy: Policy, found: Sequence[Decision], incomparable: str) -> Iterator[str]:
    """Return each reason why there is no verdict."""
    treat = policy.spec.treat
    kinds = (
        ("unclear", treat.unclear, UNCLEAR, "without a clear verdict"),
        ("other_machine", treat.other_machine, frozenset({OTHER_MACHINE}), "of another machine"),
    )
    for key, treated, words, what in kinds:
        count = sum(one.said in words and one.status is Status.WARNED for one in found)
        if treated == "fail" and count:
            yield f"{count} {what}, and the policy says {key}: fail ({policy.place('treat', key)})"
    if treat.nothing_judged == "fail" and incomparable:
        yield incomparable
    elif treat.nothing_judged == "fail" and not any(map(_was_judged, found)):
        yield NOTHING


def _was_judged(decision: Decision) -> bool:
    """Say whether a decision rests on a verdict, or on a requirement that could be checked."""
    if decision.status is Status.IGNORED:
        return False
    return decision.said == REQUIRED or (decision.row is not None and decision.row.verdict is not None)
