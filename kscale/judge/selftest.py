"""Proof that a policy can fail: a result against doctored copies of itself, through the real gate.

    unchanged   the copy as it is                           0
    slower      every optimized time 1.5x as long           1
    counter     one counter of one cell changed by one      1
    gone        one cell taken out                          1
    empty       every cell taken out                        3, or 1 where something is required

A gate that has never failed may be one that cannot. What the input or the policy leaves no way to show
is told with its reason; without the counter, the gone cell and the empty input nothing is proven. A
result that was measured in turns is doctored in turns: each sample's partner is its own copy.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from kscale.errors import ExitCode, NoVerdict
from kscale.judge import acks, compare, gate, limits, matching, rows
from kscale.judge.deciding import TOO_FEW_APART, UNCLEAR
from kscale.judge.decision import Decision, Judgement, Status
from kscale.judge.matching import Kind, Thing
from kscale.judge.policy import Policy
from kscale.judge.rows import WALL
from kscale.mechanisms.base import OPTIMIZED
from kscale.results import check
from kscale.results.record import Cell, MetricInfo, Result, VariantRecord

SLOWER = 3, 2  # times as long, as a fraction
NO_VERDICT = ExitCode.NO_VERDICT
NO_TIMES = "the result holds no times; measure some: kscale run smoke"


@dataclass(frozen=True, slots=True)
class Case:
    """One doctored copy and what the gate said of it."""

    name: str
    about: str
    expected: ExitCode
    got: ExitCode | None  # None: not shown
    why: str = ""  # what decided, or why it is not shown
    needed: bool = True  # if it is not shown, nothing is proven

    @property
    def right(self) -> bool:
        """Say whether the gate gave the code it should."""
        return self.got is None or self.got is self.expected


@dataclass(frozen=True, slots=True)
class Doctored:
    """A copy with one thing changed, and what that was; no copy if it cannot be made."""

    result: Result | None
    about: str


def run(result: Result, policy: Policy, *, today: date, ci: bool) -> tuple[Case, ...]:
    """Return what the gate says of *result* against itself and against doctored copies.

    KscaleError if a rule, a requirement or an ack of the policy is about nothing in the result.
    """

    def judged(other: Result) -> Judgement:
        """Return what the gate says of a copy."""
        sides = (_in_turns(result, 0), _in_turns(other, 1)) if result.run.together else (result, other)
        found, why = None, ""
        try:
            found = compare.of_results(*sides, ("result", "copy"))
        except NoVerdict as nothing:
            why = str(nothing)
        return gate.judge(found, policy, results=sides, today=today, ci=ci, incomparable=why)

    held = limits_of(policy, ci=ci)
    failed = ExitCode.GATE_FAILED
    return (
        _case("unchanged", Doctored(result, "a copy as it is"), ExitCode.OK, judged),
        _slower(slowed(result), judged),
        _case("counter", counted(result, policy, held, today), failed, judged),
        _case("gone", without_a_cell(result, policy, held), failed, judged),
        _case("empty", emptied(result, policy), failed if policy.requirements else NO_VERDICT, judged),
    )


def limits_of(policy: Policy, *, ci: bool) -> "Held":
    """Return how to look up what a policy allows a number."""
    return lambda thing, kind: limits.limits(policy, thing, kind, ci=ci)


def exit_code(cases: Sequence[Case]) -> ExitCode:
    """Return 1 if a case gave another code than it should, 3 if one that is needed was not shown, else 0."""
    if not all(case.right for case in cases):
        return ExitCode.GATE_FAILED
    missing = any(case.needed and case.got is None for case in cases)
    return NO_VERDICT if missing else ExitCode.OK


Judge = Callable[[Result], Judgement]
Held = Callable[[Thing, Kind], limits.Limits]


def _case(name: str, doctored: Doctored, expected: ExitCode, judged: Judge) -> Case:
    """Return what the gate says of a doctored copy."""
    if doctored.result is None:
        return Case(name, "", expected, None, doctored.about)
    return _said(name, doctored.about, expected, judged(doctored.result))


def _said(name: str, about: str, expected: ExitCode, found: Judgement) -> Case:
    """Return what the gate said of a copy; not shown, if it said no more than that times are unclear."""
    unclear = any(one.said in UNCLEAR and one.status is Status.WARNED for one in found.decisions)
    if unclear and found.exit_code is NO_VERDICT and expected is not NO_VERDICT:
        return Case(name, about, expected, None, found.no_verdict)
    return Case(name, about, expected, found.exit_code, _why(found))


def _why(found: Judgement) -> str:
    """Return the first thing that failed, or why nothing was decided."""
    failed = found.of(Status.FAILED)
    if failed:
        return _line(found, failed[0])
    return found.no_verdict or f"{len(found.of(Status.PASSED))} passed"


def _line(found: Judgement, decision: Decision) -> str:
    """Return a decision in a line."""
    return f"{found.told(decision)}: {decision.why} · {decision.rule}"


def _in_turns(result: Result, side: int) -> Result:
    """Return a result as one *side* of two that took turns, the other one being its copy."""
    cells = []
    for cell in result.cells:
        variants, place = {}, 0
        for name, record in cell.variants.items():
            variants[name] = _placed(record, place, side)
            place += 2 * len(record.wall_ns.values) if record.wall_ns is not None else 0
        cells.append(cell.model_copy(update={"variants": variants}))
    return result.model_copy(update={"cells": cells})


def _placed(record: VariantRecord, start: int, side: int) -> VariantRecord:
    """Return a variant's record with its samples, in their order, at one side of each pair: ABBA."""
    samples = record.wall_ns
    if samples is None:
        return record
    order = [0] * len(samples.order)
    for pair, number in enumerate(sorted(range(len(order)), key=samples.order.__getitem__)):
        order[number] = start + 2 * pair + (pair + side) % 2
    return record.model_copy(update={"wall_ns": samples.model_copy(update={"order": order})})


def emptied(result: Result, policy: Policy) -> Doctored:
    """Return a copy without any cell."""
    if policy.spec.treat.nothing_judged == "ignore" and not policy.requirements:
        return Doctored(None, "the policy says nothing_judged: ignore")
    return Doctored(result.model_copy(update={"cells": []}), "every cell taken out")


def slowed(result: Result) -> Doctored:
    """Return a copy whose optimized variants take 1.5x the time."""
    if not any(OPTIMIZED in cell.variants and cell.variants[OPTIMIZED].wall_ns for cell in result.cells):
        return Doctored(None, NO_TIMES)
    cells = [_changed(cell, OPTIMIZED, _slow) for cell in result.cells]
    return Doctored(result.model_copy(update={"cells": cells}), f"every {OPTIMIZED} time 1.5x as long")


def _slow(record: VariantRecord) -> VariantRecord:
    """Return a variant's record with longer times."""
    if record.wall_ns is None:
        return record
    top, below = SLOWER
    values = [value * top // below for value in record.wall_ns.values]
    return record.model_copy(update={"wall_ns": record.wall_ns.model_copy(update={"values": values})})


def _slower(doctored: Doctored, judged: Judge) -> Case:
    """Return the case of slower times; not shown, if the policy leaves no time to fail by."""
    name, expected = "slower", ExitCode.GATE_FAILED
    if doctored.result is None:
        return Case(name, "", expected, None, doctored.about, needed=False)
    found = judged(doctored.result)
    case = _said(name, doctored.about, expected, found)
    if case.right:
        return case
    times = [
        one for one in found.decisions if one.row and (one.row.metric, one.row.variant) == (WALL, OPTIMIZED)
    ]
    if why := _no_way_to_fail(times):
        return Case(name, doctored.about, expected, None, why, needed=False)
    return replace(case, why=_line(found, times[0]))


def _no_way_to_fail(times: Sequence[Decision]) -> str:
    """Return why none of these slower times could fail; empty if one should have."""
    if all(one.status is Status.IGNORED for one in times):
        return "the policy ignores every time"
    if all(one.status in {Status.IGNORED, Status.ACKNOWLEDGED} for one in times):
        return "the policy acknowledges every time it does not ignore"
    judged = [one for one in times if one.status is not Status.IGNORED]
    if all(one.status is Status.WARNED and one.said == "worse" for one in judged):
        return "the policy only warns of times"
    if all(one.said == TOO_FEW_APART for one in judged):  # pairs are as many as the real gate will have
        return "no time has enough pairs for a verdict; measure again with more time: kscale run --budget"
    return ""


def counted(result: Result, policy: Policy, held: Held, today: date) -> Doctored:
    """Return a copy with one counter one worse: the first that the policy does not tolerate that of."""
    for cell, variant, metric, kept in _counters(result):
        thing = Thing(cell.mechanism, cell.params, variant, metric, kept.kind)
        allowed = held(thing, kept.kind)
        count = cell.variants[variant].work[metric]
        worse = count - 1 if kept.better == "higher" else count + 1
        grown = Fraction(1, count) if count else math.inf
        tolerated = grown <= allowed.tolerance
        accepted = any(
            matching.matches(ack.match, thing) and not acks.refusal(ack, grown, today)
            for ack in policy.spec.acks
        )
        if (
            kept.kind == "exact"
            and allowed.level == "error"
            and worse >= 0
            and not tolerated
            and not accepted
        ):
            what = f"{cell.mechanism}[{cell.label}] {variant}.{metric} from {count:,} to {worse:,}"
            return Doctored(_with_cell(result, _changed(cell, variant, _set(metric, worse))), what)
    return Doctored(None, "no counter is gated so finely that a change by one fails")


def _counters(result: Result) -> Iterator[tuple[Cell, str, str, MetricInfo]]:
    """Return every counter of a result, with its rules."""
    for cell in result.cells:
        info = rows.described(result, cell)
        for variant, record in cell.variants.items():
            for metric, kept in rows.declared(info, record.work):
                yield cell, variant, metric, kept


def _set(metric: str, count: int) -> Callable[[VariantRecord], VariantRecord]:
    """Return how to give a variant's record another count."""
    return lambda record: record.model_copy(update={"work": {**record.work, metric: count}})


def without_a_cell(result: Result, policy: Policy, held: Held) -> Doctored:
    """Return a copy that lacks a cell: the first that the policy misses."""
    if policy.spec.treat.gone_cell != "fail":
        return Doctored(None, f"the policy says gone_cell: {policy.spec.treat.gone_cell}")
    if len(result.cells) < 2:  # noqa: PLR2004 - one must be left
        return Doctored(None, "the result has only one cell")
    for gone in result.cells:
        allowed = held(Thing(gone.mechanism, gone.params), "exact")
        if not (allowed.ruled and allowed.level == "ignore"):
            cells = [cell for cell in result.cells if cell is not gone]
            what = f"{gone.mechanism}[{gone.label}] taken out"
            return Doctored(result.model_copy(update={"cells": cells}), what)
    return Doctored(None, "the policy ignores every cell")


def _changed(cell: Cell, variant: str, change: Callable[[VariantRecord], VariantRecord]) -> Cell:
    """Return a cell with one variant's record changed and the digest of what it then holds."""
    if variant not in cell.variants:
        return cell
    variants = {**cell.variants, variant: change(cell.variants[variant])}
    digest = check.digest({name: record.work for name, record in variants.items()})
    return cell.model_copy(update={"variants": variants, "digest": digest})


def _with_cell(result: Result, changed: Cell) -> Result:
    """Return a result with one cell replaced by its changed copy."""
    cells = [changed if cell.key == changed.key else cell for cell in result.cells]
    return result.model_copy(update={"cells": cells})
