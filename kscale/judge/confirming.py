"""A slower time is measured again, in a fresh process, before a gate fails by it."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from kscale.judge.compare import Comparison
from kscale.judge.deciding import UNCLEAR, Terms, by_interval, evidence
from kscale.judge.decision import Decision, Status
from kscale.judge.rows import WALL, Row
from kscale.judge.verdict import Verdict

# Given keys of cells: the same sides measured again, or why they cannot be.
Remeasure = Callable[[tuple[str, ...]], Comparison | str]


def confirmed(by: Terms, decisions: Sequence[Decision], remeasure: Remeasure | None) -> list[Decision]:
    """Return the decisions after each failed time was measured again, as often as the policy asks.

    A time that is slower again stays failed, one that is surely not becomes a warning, and one that
    has no clear verdict then is treated as the policy treats that. One that cannot be measured again
    stays failed, and says why.
    """
    found = list(decisions)
    rounds = {i: by.limits(one.row).confirm for i, one in enumerate(found) if one.row and _failed(one)}
    for done in range(max(rounds.values(), default=0) if remeasure else 0):
        left = [i for i, most in rounds.items() if most > done and found[i].status is Status.FAILED]
        keys = dict.fromkeys(row.cell for i in left if (row := found[i].row))
        if not keys or remeasure is None:
            break
        again = remeasure(tuple(keys))
        for i in left:
            found[i] = _after(by, found[i], again)
        if isinstance(again, str):
            break
    return found


def _failed(decision: Decision) -> bool:
    """Say whether a time failed."""
    return decision.status is Status.FAILED and decision.row is not None and decision.row.ratio is not None


def _after(by: Terms, decision: Decision, again: Comparison | str) -> Decision:
    """Return a decision after its cell was measured again."""
    row = decision.row
    assert row is not None  # noqa: S101 - only times fail here
    if isinstance(again, str):
        return replace(decision, why=f"{decision.why}; not measured again: {again}")
    second = next((one for one in again.rows if _same(one, row)), None)
    if second is None or second.ratio is None:
        return replace(decision, why=f"{decision.why}; measured again without a time")
    found = by_interval(by, second, second.ratio, by.limits(row))
    judged = found.row
    assert judged is not None  # noqa: S101 - it is of a row
    if judged.verdict is Verdict.WORSE:
        return replace(decision, why=f"{decision.why}; again {evidence(judged)}", confirmed=True)
    why = f"{decision.why} at first; measured again {found.why}"
    if found.said in UNCLEAR and not (judged.verdict is Verdict.UNCLEAR and _surely_not_slower(judged)):
        status, rule = found.status, found.rule
        return replace(decision, status=status, said=found.said, why=why, rule=rule, confirmed=False)
    return replace(decision, status=Status.WARNED, said="not confirmed", why=why, confirmed=False)


def _surely_not_slower(row: Row) -> bool:
    """Say whether the whole interval of a time lies below what counts as slower."""
    return row.ratio is not None and row.ratio.high <= 1 + row.margin


def _same(one: Row, other: Row) -> bool:
    """Say whether two rows are the time of one variant in one cell."""
    return one.metric == WALL and (one.cell, one.variant) == (other.cell, other.variant)
