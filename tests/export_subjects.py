"""What there is to export: a run, comparisons and judgements of every kind, honest and hostile."""

from dataclasses import replace
from functools import cache
from typing import Any

from sample_results import MACHINE, Made, cell, cells, result

from kscale.judge import compare
from kscale.judge.compare import Comparison
from kscale.judge.decision import Decision, Judgement, Status
from kscale.judge.rows import Row
from kscale.judge.verdict import Verdict
from kscale.report.export.subject import Subject
from kscale.results.record import Cell, Git, MechanismInfo, MetricInfo, Result

NASTY = (
    '=1+1"<script>alert(1)</script>|`a`\n::error::pwn\r\n\u202e\ud800\x00\x1b[31m@all #1 *b* _c_ ~~d~~ $e$ '
    "[x](http://evil.example) www.evil.example %0A,:;\\n{}&amp;'"
)
STATUS = {
    Verdict.WORSE: Status.FAILED,
    Verdict.UNCLEAR: Status.WARNED,
    Verdict.BETTER: Status.PASSED,
    Verdict.SAME: Status.PASSED,
    None: Status.IGNORED,
}


def head() -> Result:
    """Return a later result: one counter and one time worse, one cell gone, one new."""
    made = cells()[:9]
    fanout = made[5].variants["optimized"]
    assert fanout.wall_ns is not None
    slow = fanout.wall_ns.model_copy(update={"values": [value * 3 // 2 for value in fanout.wall_ns.values]})
    more = fanout.model_copy(update={"work": fanout.work | {"watchers_tested": 51_000_001}, "wall_ns": slow})
    made[5] = made[5].model_copy(update={"variants": made[5].variants | {"optimized": more}})
    return result(
        [*made, fresh()], name="head", id="20261122T000000Z-1f0c9ab", started="2026-11-22T00:00:00Z"
    )


def fresh() -> Cell:
    """Return a cell that the earlier result lacks."""
    sides = {name: Made(1000, 5, {"events": 10}) for name in ("baseline", "optimized")}
    return cell("watch-fanout", "10 events", {"events": 10, "watchers": 1}, sides)


def skipped() -> Cell:
    """Return a cell that was not run."""
    return cells()[9].model_copy(update={"status": "skipped", "variants": {}, "notes": ["too large"]})


@cache
def of_results() -> Subject:
    """Return two results side by side."""
    left, right = result(name="main"), head()
    return Subject((left, right), (compare.of_results(left, right),))


@cache
def of_variants(a: str = "baseline", b: str = "optimized") -> Subject:
    """Return two variants of one run side by side."""
    made = result()
    return Subject((made,), (compare.of_variants(made, a, b),))


def decided(comparison: Comparison, **words: Any) -> tuple[Decision, ...]:  # noqa: ANN401 - fields of the record
    """Return a decision for each row and each missing cell of *comparison*, worst first."""
    found = [_decision(number, row, words) for number, row in enumerate(comparison.rows)]
    found += [
        Decision(key, Status.FAILED, "gone", "only in main", "default: gone_cell") for key in comparison.gone
    ]
    found += [
        Decision(key, Status.IGNORED, "new", "only in head", "default: new_cell") for key in comparison.new
    ]
    return tuple(sorted(found, key=lambda one: list(Status).index(one.status)))


def _decision(number: int, row: Row, words: dict[str, Any]) -> Decision:
    """Return what a made gate decides of a row."""
    subject, rule = f"{row.cell} {row.variant}.{row.metric}", f"kscale-gate.yaml:{4 + number % 3}"
    made = Decision(subject, STATUS[row.verdict], str(row.verdict), "the figures", rule, row)
    return replace(made, **words)


def required() -> Decision:
    """Return a requirement that is not met."""
    return Decision(
        *("watch-fanout.wall_ns.speedup >= 500", Status.FAILED, "required"),
        *("313x, surely 305x", "kscale-gate.yaml:20"),
    )


@cache
def gated() -> Subject:
    """Return two results with a judgement that holds every status, a requirement and an ack."""
    subject = of_results()
    comparison = subject.comparisons[0]
    failed, *others = decided(comparison)
    same = [one for one in others if one.said == "same"]
    ack = replace(same[0], status=Status.ACKNOWLEDGED, said="worse", reason="index kept")
    unclear = replace(same[1], status=Status.WARNED, said="unclear", rule="default: unclear")
    changed = {same[0].subject: ack, same[1].subject: unclear}
    decisions = [required(), replace(failed, confirmed=True)]
    decisions += [changed.get(one.subject, one) for one in others]
    decisions.sort(key=lambda one: list(Status).index(one.status))
    notes = ("an ack expires soon",)
    judgement = Judgement(comparison, "kscale-gate.yaml", tuple(decisions), notes=notes)
    return Subject(subject.results, subject.comparisons, judgement)


@cache
def without_verdict() -> Subject:
    """Return a judgement that could decide nothing."""
    subject = of_results()
    judgement = Judgement(
        subject.comparisons[0], "defaults", (), no_verdict="nothing was judged: other machine"
    )
    return Subject(subject.results, subject.comparisons, judgement)


def hostile(name: str = NASTY) -> Result:
    """Return a result in which every free text is *name*."""
    metric = MetricInfo(
        kind="exact", unit=name, better="lower", provenance="modelled", about=name, headline=True
    )
    info = MechanismInfo(title=name, source=name, per=name, metrics={name: metric}, variants={name: name})
    sides = {
        side: Made(1000, 5, {name: number}) for number, side in enumerate(("baseline", "optimized", name))
    }
    made = cell("hostile", "hostile", {name: name, f"{name}2": 1}, sides, notes=[name], losses=[name])
    made = made.model_copy(update={"mechanism": name, "label": name})
    other = result([made, skipped().model_copy(update={"mechanism": name, "label": name, "notes": [name]})])
    return other.model_copy(
        update={
            "run": other.run.model_copy(update={"name": name, "id": name, "kscale": name, "argv": [name]}),
            "scenario": other.scenario.model_copy(
                update={"name": name, "path": name, "resolved": {"a": name}}
            ),
            "git": Git(sha=name, branch=name, dirty=True),
            "machine": MACHINE.model_copy(update={"governor": name, "cpu_model": name}),
            "mechanisms": {name: info},
        }
    )


@cache
def hostile_gate(name: str = NASTY) -> Subject:
    """Return a judgement in which everything that files say is *name*."""
    a, b = hostile(name), hostile(name)
    row = b.cells[0].variants[name]
    worse = row.model_copy(update={"work": {name: 7}})
    first = b.cells[0].model_copy(update={"variants": b.cells[0].variants | {name: worse}})
    b = b.model_copy(update={"cells": [first, *b.cells[1:]]})
    comparison = compare.of_results(a, b)
    decisions = (
        *decided(comparison, why=name, rule=name, reason=name),
        Decision(name, Status.FAILED, "required", name, name),
        Decision(name, Status.WARNED, "unclear", name, f"{name}:4"),
    )
    judgement = Judgement(comparison, name, decisions, no_verdict=name, notes=(name,))
    return Subject((a, b), (comparison,), judgement)


def untimed() -> Result:
    """Return a run that only counted."""
    return result([without_times(made) for made in cells()])


def without_times(made: Cell) -> Cell:
    """Return a cell with its counters only."""
    counted = {
        name: one.model_copy(update={"wall_ns": None, "jit_compile_s": None})
        for name, one in made.variants.items()
    }
    return made.model_copy(update={"variants": counted})


def interrupted() -> Result:
    """Return a run that was stopped: a finished cell, and one left out."""
    return result([cells()[0], skipped()], status="interrupted")


@cache
def three_results() -> Subject:
    """Return three results, the last under the name of the first."""
    first, second, third = result(name="main"), head(), result(name="main")
    return Subject(
        (first, second, third), tuple(compare.of_results(first, other) for other in (second, third))
    )


@cache
def all_subjects() -> dict[str, Subject]:
    """Return every kind of subject by name."""
    few = cell("watch-fanout", "few", {}, {"baseline": Made(9, 5, {}), "optimized": Made(5, 5, {})}, pairs=3)
    return {
        "run": Subject((result(),)),
        "empty": Subject((result([]),)),
        "untimed": Subject((untimed(),)),
        "few pairs": Subject((result([few]),)),
        "interrupted": Subject((interrupted(),)),
        "variants": of_variants(),
        "third variant": of_variants("baseline", "array-simd"),
        "results": of_results(),
        "three results": three_results(),
        "gate": gated(),
        "no verdict": without_verdict(),
        "requirement": Subject((result(),), (), Judgement(None, "gate.yaml", (required(),))),
        "hostile run": Subject((hostile(),)),
        "hostile gate": hostile_gate(),
    }
