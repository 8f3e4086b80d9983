"""What a policy requires of one result."""

import pytest
from gate_cases import TODAY, fanout, policy
from sample_results import cells, result

from kscale.errors import ExitCode, KscaleError
from kscale.judge import gate
from kscale.judge.decision import Judgement, Status
from kscale.results.record import Cell, Result


def required(text: str, made: Result, *before: Result, more: str = "") -> Judgement:
    """Judge one requirement of a result."""
    by = policy(f"require: ['{text}']\n{more}")
    return gate.judge(None, by, results=(*before, made), today=TODAY)


HOLD = [
    ("etcd_freelist[free_pages=1M,workload=C].wall_ns.speedup >= 150", True),
    ("etcd-freelist[free_pages=1000000,workload=C].wall_ns.speedup > 170x", False),
    ("etcd-freelist.wall_ns.speedup >= 1", False),  # workload A is slower: all cells must hold
    ("etcd-freelist[workload=C].wall_ns.speedup >= 2", True),
    ("etcd-freelist[workload=C].array-simd.wall_ns.speedup >= 1.4", True),
    ("etcd-freelist[workload=C].wall_ns.ratio <= 0.5", True),
    ("etcd-freelist[free_pages=1M,workload=C].wall_ns.fraction <= 0.7%", True),
    ("etcd-freelist[free_pages=1M,workload=C].wall_ns.fraction <= 0.5%", False),
    ("etcd-freelist[free_pages=10k].wall_ns.value <= 3us", True),
    ("etcd-freelist[free_pages=10k].wall_ns.value <= 2us", False),
    ("etcd-freelist[free_pages=10k].wall_ns.baseline >= 4us", True),
    ("etcd-freelist[free_pages=10k].baseline.wall_ns.value >= 5us", False),
    ("etcd-freelist[free_pages=10k].bytes_held.value <= 64MiB", True),
    ("etcd-freelist[free_pages=10k].bytes_held.value < 240000B", False),
    ("etcd-freelist[free_pages=10k].ids_scanned.value == 0", True),
    ("etcd-freelist[free_pages=10k].ids_scanned.speedup >= 1M", True),  # to nothing is any ratio
    ("watch-fanout.watchers_tested.fraction <= 3%", True),
    ("watch-fanout.watchers_tested.fraction <= 0.5%", False),
    ("watch-fanout.watchers_tested.baseline == 10.05G", True),
    ("sched-sampling[case=mixed].score_loss.value <= 1.83%", True),
    ("sched-sampling[case=mixed].score_loss.value < 1.83%", False),
    ("sched-sampling.startup_p99.value <= 5s", True),
    ("sched-sampling.startup_p99.value <= 4s", False),
]


@pytest.mark.parametrize(("text", "holds"), HOLD, ids=[text for text, _ in HOLD])
def test_what_holds(text: str, holds: bool) -> None:
    """Ratios, fractions and amounts, of times by the weak end, of counters exactly, in every cell."""
    found = required(text, result())
    (one,) = found.decisions
    assert one.status is (Status.PASSED if holds else Status.FAILED)
    assert (one.subject, one.said, one.rule) == (text, "required", "kscale-gate.yaml:2")
    assert found.exit_code is (ExitCode.OK if holds else ExitCode.GATE_FAILED)


def test_the_weak_end_counts() -> None:
    """A speed-up of 0.99x in the middle of its interval is not surely 0.98x."""
    one = result([fanout(1000, jitter=60)])
    (decision,) = required("watch-fanout.wall_ns.speedup >= 0.98", one).decisions
    assert decision.status is Status.FAILED
    assert ", surely 0.9" in decision.why
    (decision,) = required("watch-fanout.wall_ns.ratio <= 1.02", one).decisions
    assert decision.status is Status.FAILED


def test_the_worst_cell_is_named() -> None:
    """With its figure, and how many cells do not hold."""
    (one,) = required("etcd-freelist.wall_ns.speedup >= 1", result()).decisions
    assert one.why.endswith("x at 1M free pages, workload A, 1 of 5 cells")


def test_a_modelled_number_says_so() -> None:
    """A model is not a measurement."""
    (one,) = required("sched-sampling.startup_p99.value <= 5s", result()).decisions
    assert "(modelled)" in one.why


@pytest.mark.parametrize(
    ("treated", "code"),
    [("warn", ExitCode.NO_VERDICT), ("fail", ExitCode.NO_VERDICT), ("ignore", ExitCode.NO_VERDICT)],
)
@pytest.mark.parametrize("pairs", [0, 5])
def test_without_an_interval_there_is_no_verdict(treated: str, code: ExitCode, pairs: int) -> None:
    """Neither counted only nor five pairs; and if it is all there is, nothing was judged."""
    made = result([fanout(pairs=pairs)])
    found = required("watch-fanout.wall_ns.speedup >= 2", made, more=f"treat: {{unclear: {treated}}}")
    assert found.exit_code is code
    assert found.of(Status.FAILED) == ()
    both = policy(f"require: [watch-fanout.wall_ns.speedup >= 2, watch-fanout.events.value == 100]\n"
                  f"treat: {{unclear: {treated}}}")  # fmt: skip
    expected = ExitCode.NO_VERDICT if treated == "fail" else ExitCode.OK
    assert gate.judge(None, both, results=(made,), today=TODAY).exit_code is expected


BAD = [
    ("watch-fanout.wall_ns.value <= 5", "5' is not a duration; write it like 10s"),
    ("watch-fanout.wall_ns.speedup == 5", "a time is never exactly equal"),
    ("watch-fanout.events.value <= 5s", "'5s' is not a number"),
    ("watch-fanout.events.ratio <= 5%", "'5%' is not a number"),
    ("etcd-freelist.bytes_held.value <= 1000", "'1000' has no unit; write it like 64MiB"),
    ("sched-sampling.score_loss.value <= 0.02", "is not a percentage"),
    ("sched-sampling.startup_p99.value <= fast", "is not a duration"),
]


@pytest.mark.parametrize(("text", "says"), BAD)
def test_units_are_required(text: str, says: str) -> None:
    """Where there is a unit, it must be written."""
    with pytest.raises(KscaleError) as caught:
        required(text, result())
    assert str(caught.value).startswith("kscale-gate.yaml:2: require[0]: ")
    assert says in str(caught.value)


def test_what_is_gone_is_not_as_required() -> None:
    """It was in the first result; it is not in the last."""
    found = required("etcd-freelist.ids_scanned.value == 0", result([fanout()]), result())
    assert found.exit_code is ExitCode.GATE_FAILED
    assert found.decisions[0].why == "nothing of it is in the last result"


def test_a_skipped_cell_is_not_judged() -> None:
    """It is neither broken nor kept."""
    one = fanout()
    skipped = Cell.model_validate(one.model_dump() | {"status": "skipped", "variants": {}})
    found = required("watch-fanout.watchers_tested.value <= 50", result([skipped, cells()[0]]))
    assert found.decisions[0].why == "skipped at 100 events"
    assert found.exit_code is ExitCode.NO_VERDICT
