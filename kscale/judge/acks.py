"""What is known to be worse and accepted: up to so much, until a day."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

from kscale.judge import matching, wording
from kscale.judge.deciding import growth
from kscale.judge.decision import Decision, Status
from kscale.judge.matching import Thing
from kscale.judge.policy import Ack, Match, Policy
from kscale.judge.verdict import Verdict

EXPIRED = "ack expired"
OPEN = frozenset({Status.FAILED, Status.WARNED})  # what an ack could still change


def acknowledged(policy: Policy, decision: Decision, thing: Thing, today: date) -> Decision:
    """Return the decision on what is worse as an ack changes it, or says why it does not."""
    row = decision.row
    if decision.status not in OPEN or row is None:
        return decision
    said = []
    for i, ack in enumerate(policy.spec.acks):
        if not matching.matches(ack.match, thing):
            continue
        place = policy.place("acks", i)
        if row.info.kind == "resource":
            said.append(f"an ack of a resource changes nothing ({place})")
        elif row.verdict is not Verdict.WORSE:
            continue
        elif why := refusal(ack, growth(row), today):
            said.append(f"{why} ({place})")
        else:
            reason = f"{ack.reason} ({ack.link})" if ack.link else ack.reason
            why = f"{decision.why}; accepted up to {_share(ack)} until {ack.expires}"
            return replace(decision, status=Status.ACKNOWLEDGED, why=why, rule=place, reason=reason)
    return replace(decision, why="; ".join([decision.why, *said]))


def refusal(ack: Ack, grown: Fraction | float, today: date) -> str:
    """Return why an ack does not accept what is worse by so much; empty if it does."""
    if today > ack.expires:
        return f"acknowledged until {ack.expires}, which is past"
    if math.isinf(grown):
        return "up_to is relative and the counter was 0; use a rule"
    return f"more than the {_share(ack)} acknowledged" if grown > ack.up_to else ""


def expired(policy: Policy, judged: Sequence[tuple[Decision, Thing]], today: date) -> Iterator[Decision]:
    """Return a warning of each ack that is past and about nothing that is worse: it can be removed."""
    for i, ack in enumerate(policy.spec.acks):
        if today <= ack.expires or any(
            _is_worse(one) for one, thing in judged if matching.matches(ack.match, thing)
        ):
            continue
        why = f"held until {ack.expires}, and nothing of it is judged worse: remove it"
        yield Decision(
            _named(ack.match), Status.WARNED, EXPIRED, why, policy.place("acks", i), reason=ack.reason
        )


def _is_worse(decision: Decision) -> bool:
    """Say whether something is worse, and nothing else accepts it."""
    return decision.status in OPEN and decision.row is not None and decision.row.verdict is Verdict.WORSE


def _named(match: Match) -> str:
    """Return what an ack is about, as its match says it."""
    keys = (("mechanism", match.mechanism), ("variant", match.variant), ("metric", match.metric))
    return ", ".join(f"{key} {value}" for key, value in (*keys, *match.params.items()) if value is not None)


def _share(ack: Ack) -> str:
    """Return how much is accepted."""
    return wording.percent(float(ack.up_to))
