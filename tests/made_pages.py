"""Results for pages: one with a slower cell, one that loses nothing, one whose every name is markup."""

from dataclasses import replace
from datetime import date

from sample_results import MECHANISMS, Made, cell, cells, freelist, result

from kscale.judge import compare, gate, policy_load
from kscale.report.export.subject import Subject
from kscale.results import check
from kscale.results.record import Cell, MechanismInfo, Result

SCRIPT = "<script>alert(1)</script>"
ENDS = "</script><img src=x onerror=alert(1)> \u2028 & end"


def of_variants(one: Result) -> Subject:
    """Return what the page of a run is about."""
    return Subject((one,), (compare.of_variants(one, "baseline", "optimized"),))


def of_results(a: Result, *others: Result) -> Subject:
    """Return what the page of several results is about."""
    return Subject((a, *others), tuple(compare.of_results(a, other) for other in others))


def with_policy(subject: Subject, rules: str = "") -> Subject:
    """Return the subject with what a policy makes of its first comparison."""
    policy = policy_load.parse(f"schema: kscale.policy/1\n{rules}".encode(), "kscale-gate.yaml")
    day = date(2026, 11, 21)
    judgement = gate.judge(subject.comparisons[0], policy, results=subject.results, today=day)
    return replace(subject, judgement=judgement)


def head() -> Result:
    """Return a second result: the optimized free list is slower at 1M pages, and a cell is gone."""
    slower = freelist(1_000_000, "1M free pages", 982_340_112, (412_000, 4_900, 131_000), grown=14_201)
    rest = [one for one in cells() if one.label != "200k pods"]
    return result([slower if one.key == slower.key else one for one in rest], name="head")


def won(pairs: int = 20) -> Cell:
    """Return a cell that is better in all that is judged."""
    work = {"events": 1_000, "watchers_tested": 9_000, "deliveries": 500}
    return cell(
        "watch-fanout",
        "1k events",
        {"events": 1_000},
        {
            "baseline": Made(9_000_000, 10, work),
            "optimized": Made(1_000_000, 10, work | {"watchers_tested": 500}),
        },
        pairs=pairs,
    )


def hostile() -> Result:
    """Return a result in which whatever a file can name is markup."""
    info = MECHANISMS["etcd-freelist"]
    described = MechanismInfo(
        title=f"title {SCRIPT}",
        source=f"source {ENDS}",
        per="transactions",
        metrics={name: one.model_copy(update={"about": ENDS}) for name, one in info.metrics.items()},
        variants={name: f"{about} {SCRIPT}" for name, about in info.variants.items()},
    )
    bad = freelist(10_000, f"label {SCRIPT}", 9_000, (4_000, 2_000, 3_000)).model_copy(
        update={"mechanism": SCRIPT, "losses": [ENDS], "notes": [f"note {SCRIPT}"]}
    )
    made = result(
        [bad, won()], name=f'name "{SCRIPT}"', argv=["run", "$(touch x).yaml", "a; rm -rf ~", SCRIPT]
    )
    return made.model_copy(
        update={
            "scenario": made.scenario.model_copy(update={"name": SCRIPT, "resolved": {"about": ENDS}}),
            "mechanisms": made.mechanisms | {SCRIPT: described},
            "machine": made.machine.model_copy(update={"cpu_model": f"cpu {SCRIPT}"}),
        }
    )


def whole(one: Result) -> Result:
    """Return the result with the digests its counters have, as a file must."""
    cells = [
        found.model_copy(
            update={"digest": check.digest({name: side.work for name, side in found.variants.items()})}
        )
        for found in one.cells
    ]
    return one.model_copy(update={"cells": cells})
