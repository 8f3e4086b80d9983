from datetime import date
from typing import Any

import pytest
from sample_results import MACHINE, Made, cell, cells, result
from together_results import together

from kscale.errors import ExitCode, GateFailed, KscaleError, NoVerdict
from kscale.judge import compare, gate, threshold
from kscale.judge.decision import Status
from kscale.judge.policy import Policy, PolicySpec
from kscale.judge.rows import OTHER_MACHINE, WALL, Row
from kscale.judge.verdict import Verdict
from kscale.results.record import Cell, Result

TODAY = date(2026, 11, 21)
WORK = {"events": 100, "watchers_tested": 50, "deliveries": 7}


def fanout(ns: int = 1000, jitter: int = 5, pairs: int = 20, seed: int = 0, **work: int) -> Cell:
    """Make a cell whose optimized side is as given."""
    sides = {"baseline": Made(100_000, 5, WORK), "optimized": Made(ns * 100, jitter, WORK | work)}
    return cell("watch-fanout", "100 events", {"events": 100}, sides, pairs=pairs, seed=seed)


def of(found: compare.Comparison, metric: str = WALL, variant: str = "optimized") -> Row:
    """Return one row."""
    return next(row for row in found.rows if (row.metric, row.variant) == (metric, variant))


def changed(made: Result, part: str, **fields: Any) -> Result:  # noqa: ANN401 - fields of any record
    """Return a copy with fields of one part replaced."""
    return made.model_copy(update={part: getattr(made, part).model_copy(update=fields)})


def test_variants_are_compared_by_pairs() -> None:
    """Times come from pairs, per unit of work; counters from their direction."""
    found = compare.of_variants(result(), "baseline", "optimized")
    assert found.paired
    assert found.same_machine
    row = next(row for row in found.rows if row.at == "1M free pages" and row.metric == WALL)
    assert row.verdict is Verdict.BETTER
    assert row.per == "transactions"
    assert 160 < 1 / row.change < 180
    loser = next(row for row in found.rows if row.at.endswith("workload A") and row.metric == WALL)
    assert loser.verdict is Verdict.WORSE


def test_a_third_variant_is_paired_with_the_baseline() -> None:
    """Every variant ran beside the baseline; two others never ran side by side, and that is said."""
    assert compare.of_variants(result(), "baseline", "array-simd").paired
    apart = compare.of_variants(result(), "optimized", "array-simd")
    assert not apart.paired
    assert "not run side by side" in of(apart, variant="array-simd").notes
    assert "watch-fanout[events=1000000,watchers=10050]" in apart.gone


def test_an_unknown_variant_names_the_nearest() -> None:
    """The user can fix it."""
    with pytest.raises(KscaleError, match="did you mean 'optimized'"):
        compare.of_variants(result(), "baseline", "optimised")


def test_a_result_compared_with_itself_is_the_same() -> None:
    """No verdict of change without a change."""
    found = compare.of_results(result(), result())
    judged = {row.verdict for row in found.rows}
    assert judged == {Verdict.SAME}
    assert (found.gone, found.new) == ((), ())


@pytest.mark.parametrize(
    ("ns", "expected"),
    [(1600, Verdict.WORSE), (1200, Verdict.SAME), (1255, Verdict.UNCLEAR), (600, Verdict.BETTER)],
)
def test_files_are_judged_by_a_wide_margin(ns: int, expected: Verdict) -> None:
    """Measured at different times, a time must move by more than 25 %."""
    row = of(compare.of_results(result([fanout()]), result([fanout(ns, seed=1, jitter=15)])))
    assert row.margin == pytest.approx(0.25)
    assert row.verdict is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"watchers_tested": 51}, Verdict.WORSE),
        ({"watchers_tested": 49}, Verdict.BETTER),
        ({"deliveries": 8}, Verdict.WORSE),
    ],
)
def test_one_more_is_a_change(change: dict[str, int], expected: Verdict) -> None:
    """Counters are compared with ==, those without a direction too."""
    found = compare.of_results(result([fanout()]), result([fanout(**change)]))
    assert of(found, next(iter(change))).verdict is expected


def test_other_machines_are_shown_not_judged() -> None:
    """Times of unlike machines get no verdict; counters are judged."""
    other = changed(result([fanout(5000, watchers_tested=51)]), "machine", fingerprint="0", cpu_model="other")
    found = compare.of_results(result([fanout()]), other)
    assert not found.same_machine
    assert of(found).verdict is None
    assert OTHER_MACHINE in of(found).notes
    assert of(found, "watchers_tested").verdict is Verdict.WORSE
    assert any("other machine" in note for note in found.notes)


def test_other_versions_are_compared_with_a_note() -> None:
    """A new Python is the same machine."""
    other = changed(result([fanout()], id="b"), "machine", fingerprint="0", python="3.12.1", numba="0.70.0")
    found = compare.of_results(result([fanout()]), other)
    assert found.same_machine
    assert "versions differ (python 3.11.7 → 3.12.1, numba 0.68.1 → 0.70.0)" in found.notes[0]
    assert MACHINE.python == "3.11.7"


@pytest.mark.parametrize(
    "other",
    [
        changed(result([fanout()]), "run", seed=1),
        changed(result([fanout()]), "scenario", sha256="0", resolved={"cluster": {"nodes": 5}}),
        changed(result([fanout()]), "scenario", sha256="0", resolved={}),
    ],
    ids=["seed", "cluster", "unknown"],
)
def test_different_work_is_not_compared(other: Result) -> None:
    """Another seed or cluster is another question."""
    with pytest.raises(NoVerdict, match="different work in 1 cells"):
        compare.of_results(result([fanout()]), other)


def test_the_same_cells_of_a_smaller_run_are_compared() -> None:
    """Which mechanisms a scenario lists, and what it is called, is not a cell's work."""
    resolved = {"cluster": {"nodes": 10_000}, "mechanisms": {"watch-fanout": [{}]}, "name": "mine"}
    other = changed(result([fanout()]), "scenario", sha256="0", resolved=resolved)
    assert of(compare.of_results(result([fanout()]), other)).verdict is Verdict.SAME


def test_new_and_gone_cells_variants_and_counters_are_listed() -> None:
    """Nothing disappears without a word."""
    before, after = cells(), cells()
    lacking = after[0].model_copy(
        update={"variants": {name: one for name, one in after[0].variants.items() if name != "array-simd"}}
    )
    found = compare.of_results(result(before), result([lacking, *after[1:9], fanout()]))
    assert "sched-sampling[case=full,nodes=10000]" in found.gone
    assert any(name.endswith("] array-simd") for name in found.gone)
    assert found.new == ("watch-fanout[events=100]",)
    assert [found.said(name) for name in (*found.gone, *found.new)] == [
        "sched-sampling · 200k pods, nearly full",
        "etcd-freelist · 10k free pages · array-simd",
        "watch-fanout · 100 events",
    ]


def test_nothing_in_common_is_no_verdict() -> None:
    """Exit 3, not success."""
    with pytest.raises(NoVerdict, match="no cell is in both"):
        compare.of_results(result(cells()[:1]), result([fanout()]))


def test_few_pairs_give_no_verdict() -> None:
    """Five pairs have no interval."""
    row = of(compare.of_variants(result([fanout(pairs=5)]), "baseline", "optimized"))
    assert row.verdict is None
    assert row.ratio is not None
    assert not row.ratio.has_interval


def test_a_run_without_times_is_compared_by_counters() -> None:
    """Exact counters need no clock."""
    found = compare.of_results(result([fanout(pairs=0)]), result([fanout(pairs=0, watchers_tested=51)]))
    assert {row.metric for row in found.rows} == {"events", "watchers_tested", "deliveries"}
    (judged,) = threshold.judgements([found], 10)
    with pytest.raises(GateFailed, match=r"^1 failed: watch-fanout\[100 events\] \S+watchers_tested worse$"):
        threshold.check([judged])
    assert "watchers_tested 2 % more" in threshold.failures(judged)[0]


def test_the_gate_fails_on_slow_more_and_gone() -> None:
    """A time beyond the margin, one more test of a watcher, a cell that is gone."""
    before = result([fanout(), cells()[0]])
    slow = compare.of_results(before, result([fanout(2000, watchers_tested=51)]))
    (judged,) = threshold.judgements([slow], 10)
    lines = threshold.failures(judged)
    assert len(lines) == 3
    assert "optimized.wall_ns 2" in lines[0] + lines[1]
    assert lines[2] == "etcd-freelist · 10k free pages is gone"
    margin = "10 % (20 % where not taken in pairs)"
    assert threshold.counted(judged, 10) == f"1 time over {margin}, 1 counter changed, 1 cell gone"
    with pytest.raises(GateFailed, match=r"^3 failed: .*; and 1 more$") as said:
        threshold.check([judged])
    assert str(said.value).count("; ") == 2


def test_each_kind_that_fails_is_counted_by_its_name() -> None:
    """A counter and a variant that are gone are no times over a margin."""
    before, after = cells()[:1], cells()[:1]
    sides = dict(after[0].variants)
    del sides["array-simd"]
    work = {name: count for name, count in sides["optimized"].work.items() if name != "ids_moved"}
    sides["optimized"] = sides["optimized"].model_copy(update={"work": work})
    found = compare.of_results(result(before), result([after[0].model_copy(update={"variants": sides})]))
    (judged,) = threshold.judgements([found], 10)
    assert threshold.counted(judged, 10) == "1 counter gone, 1 variant gone"
    assert set(threshold.failures(judged)) == {
        "etcd-freelist · 10k free pages · array-simd is gone",
        "etcd-freelist · 10k free pages · optimized · ids_moved is gone",
    }


def test_the_decision_is_that_of_a_gate() -> None:
    """What stands in every export: what failed, by which option, at what margin, and how it ends."""
    before = result([fanout(), cells()[0]])
    found = compare.of_results(before, result([fanout(2000, watchers_tested=51)]), ("main", "head"))
    (judged,) = threshold.judgements([found], 10)
    assert judged.exit_code is ExitCode.GATE_FAILED
    assert (judged.policy, judged.result) == ("--fail-over 10", "head")
    assert {one.rule for one in judged.decisions} == {"--fail-over 10"}
    failed = {one.subject: one.row and one.row.margin for one in judged.of(Status.FAILED)}
    assert failed == {
        "watch-fanout[events=100] optimized.wall_ns": 0.2,
        "watch-fanout[events=100] optimized.watchers_tested": 0.0,
        found.gone[0]: None,
    }


@pytest.mark.parametrize(("pairs", "judges"), [(9, False), (10, True)])
def test_times_need_as_many_pairs_as_in_a_gate(pairs: int, judges: bool) -> None:
    """The shorthand and the gate agree; what a comparison makes of fewer pairs does not decide."""
    found = compare.of_variants(result([fanout(150_000, pairs=pairs)]), "baseline", "optimized")
    assert of(found).verdict is Verdict.WORSE
    (judged,) = threshold.judgements([found], 10)
    (by_gate,) = (
        one
        for one in gate.judge(
            found, Policy(PolicySpec()), results=(result([fanout()]),), today=TODAY
        ).decisions
        if one.subject.endswith(WALL)
    )
    (time,) = (one for one in judged.decisions if one.subject.endswith(WALL))
    assert (time.status, time.said) == (by_gate.status, by_gate.said)
    if judges:
        assert judged.exit_code is ExitCode.GATE_FAILED
        return
    assert judged.exit_code is ExitCode.NO_VERDICT
    assert judged.notes == ("1 time has fewer than 10 pairs, and cannot fail by --fail-over",)
    with pytest.raises(NoVerdict, match="no time has a verdict"):
        threshold.check([judged])


@pytest.mark.parametrize(("percent", "fails"), [(10, True), (20, True), (23, False), (200, False)])
def test_the_margin_of_times_that_are_not_pairs_is_doubled(percent: float, fails: bool) -> None:
    """Of files measured at different times; the whole interval must clear it."""
    found = compare.of_results(result([fanout()]), result([fanout(1440, seed=1)]))
    lines = threshold.failures(*threshold.judgements([found], percent))
    assert bool(lines) is fails
    assert all(f"margin {2 * percent} %)" in line for line in lines)


@pytest.mark.parametrize(("percent", "fails"), [(10, True), (40, True), (46, False)])
def test_the_margin_of_pairs_is_the_one_given(percent: float, fails: bool) -> None:
    """The margin given is the one that counts; the noise floor may only widen it."""
    found = compare.of_results(*together({"optimized": 100_000}, {"optimized": 144_000}))
    lines = threshold.failures(*threshold.judgements([found], percent))
    assert bool(lines) is fails
    assert all(f"margin {percent} %)" in line for line in lines)


def test_a_side_that_was_not_compared_is_no_verdict() -> None:
    """It is named; what failed beside it comes first."""
    same = compare.of_results(result([fanout()]), result([fanout()]))
    slow = compare.of_results(result([fanout()]), result([fanout(2000)]))
    lost = ("nothing to compare between a and c: no cell is in both",)
    with pytest.raises(NoVerdict, match=r"^nothing to compare between a and c: no cell is in both$"):
        threshold.check(threshold.judgements([same, same], 10, lost), lost)
    with pytest.raises(GateFailed):
        threshold.check(threshold.judgements([same, slow], 10, lost), lost)


def test_between_variants_only_times_fail() -> None:
    """An optimization may pay with memory for time; that is shown, not failed."""
    found = compare.of_variants(result([fanout(500, watchers_tested=51)]), "baseline", "optimized")
    assert of(found, "watchers_tested").verdict is Verdict.WORSE
    threshold.check(threshold.judgements([found], 10))


def test_the_gate_does_not_pass_what_was_not_judged() -> None:
    """No verdict at all is exit 3."""
    sides = {name: Made(1000, 5, {}) for name in ("baseline", "optimized")}
    few = cell("watch-fanout", "x", {}, sides, pairs=4)
    with pytest.raises(NoVerdict, match="nothing was judged"):
        threshold.check(
            threshold.judgements([compare.of_variants(result([few]), "baseline", "optimized")], 10)
        )


def test_a_cell_of_an_undescribed_mechanism_is_refused() -> None:
    """A tampered file gives one line."""
    stranger = fanout().model_copy(update={"mechanism": "stranger"})
    with pytest.raises(KscaleError, match="not described"):
        compare.of_variants(result([stranger]), "baseline", "optimized")
