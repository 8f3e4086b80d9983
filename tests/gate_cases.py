"""Comparisons judged by a policy written in a test."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sample_results import Made, cell, result

from kscale.judge import compare, gate, policy_load
from kscale.judge.confirming import Remeasure
from kscale.judge.decision import Decision, Judgement
from kscale.judge.policy import Policy
from kscale.results.record import Cell, Result

TODAY = date(2026, 11, 21)
WORK = {"events": 100, "watchers_tested": 50, "deliveries": 7}
TESTED = "optimized.watchers_tested"
TIME = "optimized.wall_ns"


def policy(text: str = "") -> Policy:
    """Read a policy as if it were kscale-gate.yaml."""
    return policy_load.parse(f"schema: kscale.policy/1\n{text}".encode(), "kscale-gate.yaml")


def fanout(ns: int = 1000, jitter: int = 5, pairs: int = 20, seed: int = 0, **work: int) -> Cell:
    """Make a cell whose optimized side is as given."""
    sides = {"baseline": Made(100_000, 5, WORK), "optimized": Made(ns * 100, jitter, WORK | work)}
    return cell("watch-fanout", "100 events", {"events": 100}, sides, pairs=pairs, seed=seed)


def turned(together: str, cells: Sequence[Cell], *, head: bool) -> Result:
    """Return a result as if it had been measured in turns with another: its side of each ABBA pair."""
    moved = []
    for one in cells:
        variants = {}
        for name, record in one.variants.items():
            assert record.wall_ns is not None
            places = [2 * i + int((i % 2 == 0) == head) for i in range(len(record.wall_ns.values))]
            variants[name] = record.model_copy(
                update={"wall_ns": record.wall_ns.model_copy(update={"order": places})}
            )
        moved.append(one.model_copy(update={"variants": variants}))
    return result(moved, together=together)


def judged(
    a: Result,
    b: Result,
    text: str = "",
    *,
    today: date = TODAY,
    ci: bool = False,
    remeasure: Remeasure | None = None,
    **options: Any,  # noqa: ANN401 - of the comparison
) -> Judgement:
    """Judge two results by a policy."""
    found = compare.of_results(a, b, ("main", "head"), **options)
    return gate.judge(found, policy(text), results=(a, b), today=today, ci=ci, remeasure=remeasure)


def of(judgement: Judgement, part: str) -> Decision:
    """Return the one decision whose subject ends so."""
    (found,) = (one for one in judgement.decisions if one.subject.endswith(part))
    return found
