"""What is known to be worse and accepted: up to so much, until a day."""

from dataclasses import replace
from datetime import date

from kscale.judge import matching, wording
from kscale.judge.deciding import growth
from kscale.judge.decision import Decision, Status
from kscale.judge.matching import Thing
from kscale.judge.policy import Ack, Policy
from kscale.judge.verdict import Verdict


def acknowledged(policy: Policy, decision: Decision, thing: Thing, today: date) -> Decision:
    """Return the decision on what is worse as an ack changes it, or says that it no longer does."""
    row = decision.row
    if (
        decision.status not in {Status.FAILED, Status.WARNED}
        or row is None
        or row.verdict is not Verdict.WORSE
    ):
        return decision
    said = []
    for i, ack in enumerate(policy.spec.acks):
        if not matching.matches(ack.match, thing):
            continue
        place = policy.place("acks", i)
        if today > ack.expires:
            said.append(f"acknowledged until {ack.expires}, which is past ({place})")
        elif growth(row) > ack.up_to:
            said.append(f"more than the {_share(ack)} acknowledged ({place})")
        else:
            reason = f"{ack.reason} ({ack.link})" if ack.link else ack.reason
            why = f"{decision.why}; accepted up to {_share(ack)} until {ack.expires}"
            return replace(decision, status=Status.ACKNOWLEDGED, why=why, rule=place, reason=reason)
    return replace(decision, why="; ".join([decision.why, *said]))


def _share(ack: Ack) -> str:
    """Return how much is accepted."""
    return wording.percent(float(ack.up_to))
