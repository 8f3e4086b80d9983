"""What a policy makes of a comparison: rows, lists, acks, the second measurement, the exit code."""

from datetime import date

import pytest
from gate_cases import TESTED, TIME, TODAY, fanout, judged, of, policy, turned
from sample_results import cells, result

from kscale.errors import ExitCode, KscaleError
from kscale.judge import compare, gate
from kscale.judge.decision import Judgement, Status
from kscale.judge.rows import OTHER_MACHINE
from kscale.results.record import Cell, MetricInfo, Result


def changed(made: Result, part: str, **fields: object) -> Result:
    """Return a copy with fields of one part replaced."""
    return made.model_copy(update={part: getattr(made, part).model_copy(update=fields)})


def test_equal_results_pass() -> None:
    """Exit 0, every row judged the same by a default."""
    found = judged(result(), result())
    assert found.exit_code is ExitCode.OK
    assert {(one.status, one.said) for one in found.decisions} == {(Status.PASSED, "same")}
    assert {one.rule for one in found.decisions} == {"default: exact", "default: timing"}
    assert found.policy == "kscale-gate.yaml"


def test_one_more_fails_whatever_the_margins() -> None:
    """A counter is exact: one more is a failure that says from what to what."""
    found = judged(result([fanout()]), result([fanout(watchers_tested=51)]))
    assert found.exit_code is ExitCode.GATE_FAILED
    one = of(found, TESTED)
    assert (one.status, one.said) == (Status.FAILED, "worse")
    assert one.why == "2 % more (50 → 51), tolerance 0"
    assert one.label == "watch-fanout[100 events] optimized.watchers_tested"
    assert found.decisions[0] is one


def test_one_less_passes_and_is_told() -> None:
    """An improvement is reported, not failed; where neither way is better, any change fails."""
    assert of(judged(result([fanout()]), result([fanout(watchers_tested=49)])), TESTED).said == "better"
    found = judged(result([fanout()]), result([fanout(deliveries=6)]))
    assert of(found, "optimized.deliveries").status is Status.FAILED


@pytest.mark.parametrize(
    ("tolerance", "count", "status"),
    [
        ("2%", 51, Status.PASSED),
        ("1.9%", 51, Status.FAILED),
        ("2%", 52, Status.FAILED),
        ("0", 50, Status.PASSED),
    ],
)
def test_a_tolerance_is_relative(tolerance: str, count: int, status: Status) -> None:
    """51 of 50 is 2 % more, exactly."""
    text = f"rules: [{{match: {{metric: watchers_tested}}, tolerance: {tolerance}}}]"
    found = judged(result([fanout()]), result([fanout(watchers_tested=count)]), text)
    assert of(found, TESTED).status is status


def test_from_nothing_is_beyond_any_tolerance() -> None:
    """A share of 0 is nothing."""
    text = "defaults: {exact: {tolerance: 1000%}}"
    found = judged(result([fanout(watchers_tested=0)]), result([fanout(watchers_tested=1)]), text)
    assert of(found, TESTED).status is Status.FAILED


@pytest.mark.parametrize(
    ("level", "status", "code"),
    [
        ("error", Status.FAILED, ExitCode.GATE_FAILED),
        ("warn", Status.WARNED, ExitCode.OK),
        ("ignore", Status.IGNORED, ExitCode.OK),
    ],
)
def test_levels(level: str, status: Status, code: ExitCode) -> None:
    """A level says what follows."""
    found = judged(
        result([fanout()]), result([fanout(watchers_tested=51)]), f"defaults: {{exact: {{level: {level}}}}}"
    )
    assert of(found, TESTED).status is status
    assert found.exit_code is code
    assert of(found, TESTED).rule == "kscale-gate.yaml:2"


def test_the_first_rule_that_matches_decides() -> None:
    """Later rules and the defaults do not count; what the rule leaves out is the default's."""
    text = """rules:
- match: {mechanism: "watch_*", metric: "watchers_*", variant: opt*, params: {events: 100}}
  tolerance: 10%
  reason: known to vary
- match: {mechanism: watch-fanout}
  level: ignore
"""
    found = judged(result([fanout()]), result([fanout(watchers_tested=54, deliveries=8)]), text)
    one = of(found, TESTED)
    assert (one.status, one.rule, one.reason) == (Status.PASSED, "kscale-gate.yaml:3", "known to vary")
    assert one.said == "within tolerance"
    assert of(found, "optimized.deliveries").rule == "kscale-gate.yaml:6"


NOTHING = [
    ("rules: [{match: {mechanism: watch-fanuot}}]", "rules[0].match.mechanism", "mean 'watch-fanout'?"),
    ("rules: [{match: {metric: watchers_testd}}]", "rules[0].match.metric", "'watchers_tested'?"),
    ("rules: [{match: {variant: optimised}}]", "rules[0].match.variant", "mean 'optimized'?"),
    ("rules: [{match: {params: {events: 101}}}]", "rules[0].match.params.events", "known: 100"),
    ("rules: [{match: {params: {evnts: 100}}}]", "rules[0].match.params.evnts", "'evnts' matches nothing"),
    ("acks: [{match: {metric: x}, up_to: 5%, reason: x, expires: 2027-01-31}]", "acks[0].match.metric", "x"),
    ("require: [watch-fanuot.events.value >= 1]", "require[0]", "mechanism 'watch-fanuot' matches nothing"),
    ("require: [watch-fanout.evnts.value >= 1]", "require[0]", "did you mean 'events'"),
    ("require: [watch-fanout.simd.events.value >= 1]", "require[0]", "variant 'simd' matches nothing"),
    ('require: ["watch-fanout[events=7].events.value >= 1"]', "require[0]", "events '7' matches nothing"),
    ('require: ["watch-fanout[evnts=7].events.value >= 1"]', "require[0]", "parameter 'evnts' matches"),
    ("rules: [{match: {metric: events}, margin: 5%}]", "rules[0].margin", "write tolerance"),
    ("rules: [{match: {metric: wall_ns}, tolerance: 5%}]", "rules[0].tolerance", "write margin"),
    ("rules: [{match: {metric: events}, confirm: 2}]", "rules[0].confirm", "is of times"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "says"), NOTHING, ids=range(len(NOTHING)))
def test_what_matches_nothing_is_an_error(text: str, key: str, says: str) -> None:
    """A misspelt threshold must not let everything pass."""
    with pytest.raises(KscaleError) as caught:
        judged(result([fanout()]), result([fanout()]), text)
    assert str(caught.value).startswith(f"kscale-gate.yaml:2: {key}: ")
    assert says in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


def test_a_rule_may_match_what_only_one_side_has() -> None:
    """Both results are looked at, and the time of a run that was only counted."""
    text = """rules:
- {match: {mechanism: etcd-freelist, metric: wall_ns}, margin: 15%}
- {match: {mechanism: watch-fanout, metric: wall_ns}, margin: 15%}
"""
    found = judged(result([cells()[0], fanout(pairs=0)]), result([fanout(pairs=0)]), text)
    assert [one.said for one in found.of(Status.FAILED)] == ["gone"]


@pytest.mark.parametrize(
    ("ns", "together", "ci", "text", "status"),
    [
        (1100, True, False, "", Status.FAILED),
        (1040, True, False, "", Status.PASSED),
        (1090, True, False, "", Status.FAILED),
        (1090, True, True, "", Status.PASSED),  # 10 % in CI
        (1100, True, False, "defaults: {timing: {margin: 15%}}", Status.PASSED),
        (1150, True, True, "defaults: {timing: {margin_ci: 5%}}", Status.FAILED),
        (1220, False, False, "", Status.PASSED),
        (1500, False, False, "", Status.FAILED),
        (1220, False, False, "defaults: {timing: {margin_apart: 10%}}", Status.FAILED),
        (1500, False, False, "rules: [{match: {metric: wall_ns}, margin: 30%}]", Status.PASSED),
        (1220, False, False, "rules: [{match: {metric: wall_ns}, margin: 1%}]", Status.PASSED),
        (1220, False, False, "rules: [{match: {metric: wall_ns}, margin_apart: 10%}]", Status.FAILED),
        (1150, True, True, "rules: [{match: {metric: wall_ns}, margin: 5%}]", Status.FAILED),
        (1100, True, True, "rules: [{match: {metric: wall_ns}, margin: 5%, margin_ci: 20%}]", Status.PASSED),
    ],
)
def test_margins(ns: int, together: bool, ci: bool, text: str, status: Status) -> None:
    """Of pairs, of CI, of files measured at different times; a rule's own are doubled for those."""
    if together:
        sides = (turned("t", [fanout()], head=False), turned("t", [fanout(ns)], head=True))
    else:
        sides = (result([fanout()]), result([fanout(ns, seed=1)]))
    found = judged(*sides, text, ci=ci)
    assert found.comparison is not None
    assert found.comparison.paired is together
    assert of(found, TIME).status is status


def test_a_slower_time_shows_its_figures() -> None:
    """The interval's start and the margin it had to clear."""
    found = judged(turned("t", [fanout()], head=False), turned("t", [fanout(1200)], head=True))
    one = of(found, TIME)
    assert one.why.startswith("+20 % time (interval starts at +")
    assert one.why.endswith("margin 5 %)")
    assert one.row is not None
    assert one.row.margin == pytest.approx(0.05)


NOISY = (fanout(jitter=60), fanout(1300, jitter=60, seed=1))


@pytest.mark.parametrize(
    ("treated", "status", "code"),
    [
        ("warn", Status.WARNED, ExitCode.OK),
        ("ignore", Status.IGNORED, ExitCode.OK),
        ("fail", Status.WARNED, ExitCode.NO_VERDICT),
    ],
)
def test_unclear_times(treated: str, status: Status, code: ExitCode) -> None:
    """`fail` is no verdict, not a regression."""
    found = judged(result([NOISY[0]]), result([NOISY[1]]), f"treat: {{unclear: {treated}}}")
    assert (of(found, TIME).said, of(found, TIME).status) == ("unclear", status)
    assert found.exit_code is code
    assert ("1 without a clear verdict" in found.no_verdict) == (treated == "fail")


def test_too_few_pairs_are_unclear_whatever_they_show() -> None:
    """Below min_pairs a time three times as slow is no verdict."""
    sides = result([fanout(pairs=9)]), result([fanout(3000, pairs=9)])
    assert (of(judged(*sides), TIME).said, judged(*sides).exit_code) == ("too few samples", ExitCode.OK)
    assert judged(*sides, "treat: {unclear: fail}").exit_code is ExitCode.NO_VERDICT
    assert judged(*sides, "defaults: {timing: {min_pairs: 9}}").exit_code is ExitCode.GATE_FAILED


@pytest.mark.parametrize(
    ("treated", "status", "code"),
    [
        ("warn", Status.WARNED, ExitCode.OK),
        ("ignore", Status.IGNORED, ExitCode.OK),
        ("fail", Status.WARNED, ExitCode.NO_VERDICT),
    ],
)
def test_other_machines(treated: str, status: Status, code: ExitCode) -> None:
    """Times are shown, never gated; counters are gated."""
    other = changed(result([fanout(5000)]), "machine", fingerprint="0", cpu_model="other")
    found = judged(result([fanout()]), other, f"treat: {{other_machine: {treated}}}")
    assert (of(found, TIME).said, of(found, TIME).status) == (OTHER_MACHINE, status)
    assert found.exit_code is code
    more = changed(result([fanout(5000, watchers_tested=51)]), "machine", fingerprint="0", cpu_model="other")
    assert judged(result([fanout()]), more).exit_code is ExitCode.GATE_FAILED
    allowed = judged(result([fanout()]), other, allow_other_machine=True)
    assert of(allowed, TIME).status is Status.FAILED


def test_gone_and_new() -> None:
    """Gone fails, new is ignored, unless the policy says otherwise; a rule may ignore what is gone."""
    before, after = result([fanout(), cells()[0]]), result([fanout(), cells()[1]])
    found = judged(before, after)
    assert found.exit_code is ExitCode.GATE_FAILED
    assert [(one.said, one.rule) for one in found.of(Status.FAILED)] == [("gone", "default: treat.gone_cell")]
    assert [one.said for one in found.of(Status.IGNORED)] == ["new"]
    treated = judged(before, after, "treat: {gone_cell: warn, new_cell: fail}")
    assert [one.said for one in treated.of(Status.FAILED)] == ["new"]
    assert [one.said for one in treated.of(Status.WARNED)] == ["gone"]
    ignored = judged(before, after, "rules: [{match: {mechanism: etcd-*}, level: ignore}]")
    assert ignored.exit_code is ExitCode.OK


def test_a_gone_time_is_forgiven_by_a_rule_for_times() -> None:
    """A counted run against a timed one."""
    sides = result([fanout()]), result([fanout(pairs=0)])
    assert {one.subject[-7:] for one in judged(*sides).of(Status.FAILED)} == {"wall_ns"}
    rule = "rules: [{match: {metric: wall_ns}, level: ignore}]"
    assert judged(*sides, rule).exit_code is ExitCode.OK


def variants(one: Cell, text: str = "") -> Judgement:
    """Judge the two variants of a run of one cell."""
    made = result([one])
    found = compare.of_variants(made, "baseline", "optimized")
    return gate.judge(found, policy(text), results=(made,), today=TODAY)


def test_between_variants_counters_need_a_rule_that_names_them() -> None:
    """An optimization may pay with one counter for another; that is said."""
    one = fanout(500, watchers_tested=51)
    found = variants(one)
    assert found.exit_code is ExitCode.OK
    assert of(found, TESTED).status is Status.IGNORED
    assert "name its metric in a rule" in of(found, TESTED).why
    by_mechanism = variants(one, "rules: [{match: {mechanism: watch-*}, level: error}]")
    assert of(by_mechanism, TESTED).status is Status.IGNORED
    named = variants(one, "rules: [{match: {metric: watchers_tested}, level: error}]")
    assert named.exit_code is ExitCode.GATE_FAILED
    assert variants(fanout(110_000)).exit_code is ExitCode.GATE_FAILED


def test_a_resource_is_never_failed_on_one_process() -> None:
    """It is warned of beyond its margin, whatever the level."""
    rss = MetricInfo(kind="resource", unit="bytes", better="lower", provenance="measured")
    made = result([fanout()])
    info = made.mechanisms["watch-fanout"]
    infos = {"watch-fanout": info.model_copy(update={"metrics": info.metrics | {"watchers_tested": rss}})}
    for count, status in ((54, Status.IGNORED), (56, Status.WARNED)):
        sides = (made, result([fanout(watchers_tested=count)]))
        sides = tuple(one.model_copy(update={"mechanisms": infos}) for one in sides)  # type: ignore[assignment]
        found = judged(*sides, "defaults: {resource: {level: error}}")
        assert of(found, TESTED).status is status
        assert found.exit_code is ExitCode.OK


@pytest.mark.parametrize(
    "text",
    [
        'rules: [{match: {mechanism: "*"}, level: ignore}]',
        "defaults: {exact: {level: ignore}, timing: {level: ignore}}",
    ],
)
def test_nothing_judged_is_no_verdict(text: str) -> None:
    """A gate that looks at nothing does not pass, unless that is what the policy asks for."""
    found = judged(result([fanout()]), result([fanout(watchers_tested=51)]), text)
    assert found.exit_code is ExitCode.NO_VERDICT
    assert found.no_verdict.startswith("nothing was judged")
    passes = judged(result([fanout()]), result([fanout()]), f"{text}\ntreat: {{nothing_judged: ignore}}")
    assert passes.exit_code is ExitCode.OK


ACK = "acks: [{{match: {{metric: {metric}}}, up_to: {up_to}, reason: r, link: '#41', expires: 2027-01-31}}]"


@pytest.mark.parametrize(
    ("metric", "up_to", "today", "status", "says"),
    [
        ("watchers_tested", "2%", TODAY, Status.ACKNOWLEDGED, "accepted up to 2 % until 2027-01-31"),
        ("watchers_tested", "1%", TODAY, Status.FAILED, "than the 1 % acknowledged (kscale-gate.yaml:2)"),
        ("watchers_tested", "2%", date(2027, 1, 31), Status.ACKNOWLEDGED, "accepted"),
        ("watchers_tested", "2%", date(2027, 2, 1), Status.FAILED, "2027-01-31, which is past (kscale-gate"),
        ("wall_ns", "60%", TODAY, Status.ACKNOWLEDGED, "accepted up to 60 %"),
        ("wall_ns", "30%", TODAY, Status.FAILED, "more than the 30 % acknowledged"),
    ],
)  # fmt: skip
def test_acks(metric: str, up_to: str, today: date, status: Status, says: str) -> None:
    """Accepted up to so much until a day; then it fails again and says so."""
    after = result([fanout(1500, seed=1, watchers_tested=51)])
    found = judged(result([fanout()]), after, ACK.format(metric=metric, up_to=up_to), today=today)
    one = of(found, f"optimized.{metric}")
    assert one.status is status
    assert says in one.why
    if status is Status.ACKNOWLEDGED:
        assert (one.rule, one.reason) == ("kscale-gate.yaml:2", "r (#41)")


def slower_pair(ns: int = 1200) -> tuple[Result, Result]:
    """Return two results measured in turns, the second slower."""
    return turned("t", [fanout()], head=False), turned("t", [fanout(ns)], head=True)


@pytest.mark.parametrize(
    ("again", "status", "confirmed", "says"),
    [
        (1190, Status.FAILED, True, "; again +19"),
        (1000, Status.WARNED, False, "at first; measured again"),
    ],
)
def test_a_slower_time_is_measured_again(again: int, status: Status, confirmed: bool, says: str) -> None:
    """Both must say so; all cells in one call, none that did not fail."""
    asked = []

    def remeasure(keys: tuple[str, ...]) -> compare.Comparison:
        asked.append(keys)
        return compare.of_results(*slower_pair(again))

    found = judged(*slower_pair(), remeasure=remeasure)
    one = of(found, TIME)
    assert asked == [("watch-fanout[events=100]",)]
    assert (one.status, one.confirmed) == (status, confirmed)
    assert says in one.why
    assert judged(*slower_pair(1000), remeasure=remeasure).exit_code is ExitCode.OK
    assert len(asked) == 1


def test_measured_again_as_often_as_the_policy_says() -> None:
    """Twice, or never."""
    asked = []

    def remeasure(keys: tuple[str, ...]) -> compare.Comparison:
        asked.append(keys)
        return compare.of_results(*slower_pair())

    judged(*slower_pair(), "defaults: {timing: {confirm: 2}}", remeasure=remeasure)
    assert len(asked) == 2
    judged(*slower_pair(), "defaults: {timing: {confirm: 0}}", remeasure=remeasure)
    assert len(asked) == 2


def test_what_cannot_be_measured_again_stays_failed() -> None:
    """With the reason, and not confirmed."""
    found = judged(*slower_pair(), remeasure=lambda _: "another machine")
    one = of(found, TIME)
    assert (one.status, one.confirmed) == (Status.FAILED, None)
    assert one.why.endswith("; not measured again: another machine")


def test_an_acknowledged_time_is_not_measured_again() -> None:
    """It would change nothing."""

    def remeasure(keys: tuple[str, ...]) -> str:
        raise AssertionError(keys)

    text = ACK.format(metric="wall_ns", up_to="50%")
    found = judged(*slower_pair(), text, remeasure=remeasure)
    assert of(found, TIME).status is Status.ACKNOWLEDGED


def test_failed_comes_before_no_verdict() -> None:
    """1 before 3."""
    sides = result([NOISY[0]]), result([fanout(1300, jitter=60, seed=1, watchers_tested=51)])
    found = judged(*sides, "treat: {unclear: fail}")
    assert found.no_verdict
    assert found.exit_code is ExitCode.GATE_FAILED


def test_worst_first() -> None:
    """Failed, warned, acknowledged, passed, ignored."""
    found = judged(result(), result(cells()[:9]), "treat: {gone_cell: warn}")
    order = [list(Status).index(one.status) for one in found.decisions]
    assert order == sorted(order)


INCOMPARABLE = "nothing to compare between main and head: no cell is in both"


@pytest.mark.parametrize(
    ("text", "code", "no_verdict", "notes"),
    [
        ("", ExitCode.NO_VERDICT, INCOMPARABLE, ()),
        ("require: [watch-fanout.events.value == 100]", ExitCode.NO_VERDICT, INCOMPARABLE, ()),
        ("require: [watch-fanout.events.value == 7]", ExitCode.GATE_FAILED, INCOMPARABLE, ()),
        ("treat: {nothing_judged: ignore}", ExitCode.OK, "", (INCOMPARABLE,)),
        (
            "treat: {nothing_judged: ignore}\nrequire: [watch-fanout.events.value == 7]",
            ExitCode.GATE_FAILED,
            "",
            (INCOMPARABLE,),
        ),
    ],
)
def test_what_is_required_holds_where_nothing_can_be_compared(
    text: str, code: ExitCode, no_verdict: str, notes: tuple[str, ...]
) -> None:
    """A broken requirement fails first; else there is no verdict, unless the policy wants none."""
    sides = result([cells()[0]]), result([fanout()])
    found = gate.judge(None, policy(text), results=sides, today=TODAY, incomparable=INCOMPARABLE)
    assert (found.exit_code, found.no_verdict, found.notes) == (code, no_verdict, notes)
    assert found.comparison is None
