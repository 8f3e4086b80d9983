"""What a policy requires of the way costs grow: complexity regressions, caught by counters alone."""

import math

import pytest
from gate_cases import TODAY, policy
from made_sweeps import INFO, SIZES, WORKS, Cost, metric, swept

from kscale.errors import ExitCode, KscaleError
from kscale.judge import gate, requirement, selftest
from kscale.judge.decision import Decision, Judgement, Status
from kscale.results.record import Result

AXES = {"free_pages": SIZES}
DEFAULT = "etcd-freelist.optimized.exponent(free_pages) <= 0.1"


def judged(text: str, *results: Result, more: str = "") -> Judgement:
    """Judge one requirement of the last result."""
    return gate.judge(None, policy(f"require: ['{text}']\n{more}"), results=results, today=TODAY)


def decided(text: str, *results: Result) -> Decision:
    """Return the one decision."""
    (one,) = judged(text, *results).decisions
    return one


def costing(cost: Cost, **more: object) -> Result:
    """Return a sweep whose optimized variant touches so many entries."""
    works = {**WORKS, "optimized": {**WORKS["optimized"], "entries_touched": cost}}
    return swept(AXES, works, **more)  # type: ignore[arg-type]  # options of the sweep


def test_a_complexity_regression_is_caught_by_counters_alone() -> None:
    """No time was taken: a look-up that becomes a scan of a root of the pages fails, and how is said."""
    before = swept(AXES)
    after = costing(lambda free_pages, **_: 2_000 + math.isqrt(free_pages) * 60)
    assert all(one.wall_ns is None for cell in after.cells for one in cell.variants.values())
    kept, lost = judged(DEFAULT, before), judged(DEFAULT, before, after)
    assert kept.exit_code is ExitCode.OK
    assert lost.exit_code is ExitCode.GATE_FAILED
    (one,) = lost.decisions
    assert (one.status, one.said, one.rule) == (Status.FAILED, "required", "kscale-gate.yaml:2")
    assert one.why.startswith("0.404 (0.403")
    assert "at 1k free pages … 1M free pages" in one.why


HOLD = [
    (DEFAULT, True),
    ("etcd-freelist.exponent(free_pages) <= 0.1", True),  # optimized, the first headline counter
    ("etcd_freelist.entries_touched.exponent(free_pages) <= 0", True),
    ("etcd-freelist.baseline.exponent(free_pages) <= 1", True),  # exactly 1, not 1.0000000000000002
    ("etcd-freelist.baseline.exponent(free_pages) == 1", True),
    ("etcd-freelist.baseline.exponent(free_pages) < 1", False),
    ("etcd-freelist.baseline.entries_touched.exponent( free_pages ) <= 0.99", False),
    ("etcd-freelist.bytes_held.exponent(free_pages) <= 0.5", False),
    ("etcd-freelist.exponent(free_pages) >= -0.1", True),
]


@pytest.mark.parametrize(("text", "holds"), HOLD, ids=[text for text, _ in HOLD])
def test_which_exponents_hold(text: str, holds: bool) -> None:
    """Of a variant, a metric, both or neither."""
    assert decided(text, swept(AXES)).status is (Status.PASSED if holds else Status.FAILED)


def test_a_place_of_the_scenario_is_a_parameter() -> None:
    """With dots, as the cells of a sweep name it; seeds are no size."""
    works = {
        name: {"entries_touched": lambda cluster_nodes_count, **_: cluster_nodes_count**2} for name in WORKS
    }
    made = swept({"cluster.nodes.count": (1_000, 2_000, 5_000)}, works, seeds=range(3))
    assert decided("etcd-freelist.exponent(cluster.nodes.count) <= 2", made).status is Status.PASSED
    assert decided("etcd-freelist.exponent(cluster.nodes.count) <= 1.9", made).status is Status.FAILED
    with pytest.raises(KscaleError, match=r"parameter 'scenario.seed' matches nothing"):
        judged("etcd-freelist.exponent(scenario.seed) <= 1", made)


def test_every_point_of_the_others_must_hold_unless_it_is_narrowed() -> None:
    """Only where churn is on does it grow."""
    grown: Cost = lambda free_pages, churn, **_: free_pages if churn else 2_000  # noqa: E731 - typed
    works = {**WORKS, "optimized": {"entries_touched": grown}}
    made = swept({"free_pages": SIZES, "churn": (True, False)}, works)
    one = decided(DEFAULT, made)
    assert one.status is Status.FAILED
    assert one.why == "1 at 1k free pages … 1M free pages, churn, 1 of 2 lines"
    assert decided(DEFAULT.replace(".opt", "[churn=false].opt"), made).status is Status.PASSED
    assert decided(DEFAULT.replace(".opt", "[churn=true].opt"), made).status is Status.FAILED


def test_a_poor_fit_is_warned_of_even_if_it_holds() -> None:
    """781, 281 and 500 nodes are no power of 3,125, 5,625 and 10,000."""
    found = {3125: 781, 5625: 281, 10_000: 500}
    works = {name: {"entries_touched": lambda free_pages, **_: found[free_pages]} for name in WORKS}
    judgement = judged(
        "etcd-freelist.exponent(free_pages) <= 0.1", swept({"free_pages": tuple(found)}, works)
    )
    (one,) = judgement.decisions
    assert one.status is Status.WARNED
    assert one.why.startswith("-0.388 at ")
    assert "poor fit, a cost is 1.70x off the line" in one.why
    assert judgement.exit_code is ExitCode.OK
    broken = decided("etcd-freelist.exponent(free_pages) <= -1", swept({"free_pages": tuple(found)}, works))
    assert broken.status is Status.FAILED
    assert "poor fit" in broken.why


@pytest.mark.parametrize("sizes", [(10,), (10, 100)])
def test_fewer_than_three_sizes_are_not_seen(sizes: tuple[int, ...]) -> None:
    """Neither kept nor broken; if it is all there is, nothing was judged."""
    judgement = judged(DEFAULT, swept({"free_pages": sizes}))
    (one,) = judgement.decisions
    assert (one.status, one.said) == (Status.WARNED, "unclear")
    assert "an exponent needs 3" in one.why
    assert judgement.exit_code is ExitCode.NO_VERDICT
    (one,) = judged(DEFAULT, swept({"free_pages": sizes}), more="treat: {unclear: ignore}").decisions
    assert one.status is Status.IGNORED


def test_a_size_that_was_skipped_leaves_it_unseen_unless_it_is_broken() -> None:
    """What the largest size would have cost nobody knows."""
    made = costing(
        lambda **_: 5, skip=lambda free_pages, **_: ("skipped", "why") if free_pages == 10**6 else None
    )
    one = decided(DEFAULT, made)
    assert (one.said, one.why) == ("unclear", "skipped at 1M free pages")
    assert decided(DEFAULT.replace("optimized", "baseline"), made).status is Status.FAILED


def test_a_size_that_failed_fails_what_is_required_of_its_line() -> None:
    """A variant that takes all memory at the largest size must not pass; other lines are as they were."""

    def lost(free_pages: int, churn: bool, **_: object) -> tuple[str, str] | None:
        return ("failed", "its worker was killed") if free_pages == 10**6 and churn else None

    works = {**WORKS, "optimized": {"entries_touched": lambda **_: 5}}
    made = swept({"free_pages": SIZES, "churn": (True, False)}, works, skip=lost)
    one = decided(DEFAULT, made)
    assert (one.status, one.said) == (Status.FAILED, "required")
    assert one.why == "a cell failed (its worker was killed) at 1M free pages, churn"
    assert judged(DEFAULT, made).exit_code is ExitCode.GATE_FAILED
    assert decided(DEFAULT.replace(".opt", "[churn=false].opt"), made).status is Status.PASSED
    plain = decided("etcd-freelist.optimized.entries_touched.value <= 5", made)
    assert (plain.status, plain.why) == (Status.FAILED, one.why)


def test_what_costs_nothing_does_not_grow_and_some_zeros_are_not_seen() -> None:
    """0 everywhere has the exponent 0; from 0 to something there is no power."""
    assert decided(DEFAULT.replace("0.1", "0"), costing(lambda **_: 0)).status is Status.PASSED
    one = decided(DEFAULT, costing(lambda free_pages, **_: free_pages // 5_000))
    assert one.said == "unclear"
    assert one.why == (
        "not judged, as entries_touched of optimized is 0, which is no power of a size, for 1k free pages"
        " at 1k free pages … 1M free pages"
    )


def test_what_is_gone_from_the_last_result_fails() -> None:
    """The variant, or the whole sweep."""
    made = swept(AXES)
    gone = made.model_copy(update={"cells": []})
    assert decided(DEFAULT, made, gone).why == "nothing of it is in the last result"
    assert judged(DEFAULT, made, gone).exit_code is ExitCode.GATE_FAILED


def test_modelled_counters_say_so() -> None:
    """A model is not a measurement."""
    metrics = {"entries_touched": metric(provenance="modelled")}
    made = swept(AXES, info=INFO.model_copy(update={"metrics": metrics}))
    assert "(modelled)" in decided("etcd-freelist.exponent(free_pages) <= 0.1", made).why


WRONG = [
    ("etcd-freelst.exponent(free_pages) <= 1", "mechanism 'etcd-freelst' matches nothing"),
    ("etcd-freelist.exponent(fre_pages) <= 1", "did you mean 'free_pages'?"),
    ("etcd-freelist.optimised.exponent(free_pages) <= 1", "did you mean 'optimized'?"),
    ("etcd-freelist.entries_tuched.exponent(free_pages) <= 1", "did you mean 'entries_touched'?"),
    (
        "etcd-freelist.optimised.entries_touched.exponent(free_pages) <= 1",
        "variant 'optimised' matches nothing",
    ),
    ("etcd-freelist.optimized.entries.exponent(free_pages) <= 1", "metric 'entries' matches nothing"),
    ("etcd-freelist[free_page=1k].exponent(free_pages) <= 1", "parameter 'free_page' matches nothing"),
    ("etcd-freelist.exponent(workload) <= 1", "workload is no amount"),
    ("etcd-freelist.wall_ns.exponent(free_pages) == 1", "a time is never exactly equal"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_about_nothing_is_an_error_with_its_place(text: str, says: str) -> None:
    """File and line, and the nearest name."""
    with pytest.raises(KscaleError) as caught:
        judged(text, swept({"free_pages": SIZES, "workload": ("C",)}))
    assert str(caught.value).startswith("kscale-gate.yaml:2: require[0]: ")
    assert says in str(caught.value)


UNREADABLE = [
    (
        "etcd-freelist.exponent <= 1",
        "exponent is over a parameter; write it like etcd-freelist.optimized.exp",
    ),
    ("etcd-freelist.a.b.c.exponent(x) <= 1", "after the mechanism come VARIANT and METRIC"),
    ("etcd-freelist.ids.value(x) <= 1", "value takes no (x); exponent does"),
    ("etcd-freelist.exponnt(x) <= 1", "did you mean 'exponent'?"),
    ("etcd-freelist.exponent(x y) <= 1", "cannot be read"),
    ("etcd-freelist.exponent() <= 1", "cannot be read"),
    ("etcd-freelist.exponent(x) <= 5%", "'5%' is not a number"),
    ("etcd-freelist.exponent(x) <= fast", "is not a number"),
    ("etcd-freelist.exponent(x) = 1", "'=' is not an operator"),
]


@pytest.mark.parametrize(("text", "says"), UNREADABLE)
def test_what_cannot_be_read(text: str, says: str) -> None:
    """One line that says what is allowed."""
    with pytest.raises(ValueError, match=r".") as caught:
        requirement.parse(text)
    assert says in str(caught.value)


def test_the_self_test_proves_a_policy_of_exponents() -> None:
    """A copy as it is passes, an empty one fails what is required."""
    by = policy(f"require: ['{DEFAULT}']")
    cases = {case.name: case for case in selftest.run(swept(AXES), by, today=TODAY, ci=False)}
    assert cases["unchanged"].right
    assert cases["empty"].got is ExitCode.GATE_FAILED
    assert all(case.right for case in cases.values())
