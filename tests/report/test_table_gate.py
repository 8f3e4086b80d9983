"""What the gate prints."""

from pathlib import Path
from unittest.mock import Mock

import golden_text
import pytest
from gate_cases import TODAY, fanout, judged, policy, turned
from rich.cells import cell_len
from sample_results import cells, result

from kscale.errors import ExitCode
from kscale.judge import compare, gate, selftest
from kscale.judge.decision import Judgement
from kscale.judge.policy import Policy, PolicySpec
from kscale.report.table_gate import gate_table
from kscale.report.table_selftest import selftest_table
from kscale.results.record import Result

WIDTHS = (60, 100, 160)
POLICY = """\
rules:
  - match: {mechanism: "sched_*", metric: wall_ns}
    margin: 15%
    reason: "small kernel, spread near 6 %"
require:
  - etcd_freelist[free_pages=1M,workload=C].wall_ns.speedup >= 150
  - watch-fanout.watchers_tested.fraction <= 0.5%
  - sched-sampling.startup_p99.value <= 5s
acks:
  - match: {mechanism: sched-equivalence, metric: evaluations}
    up_to: 5%
    reason: classes are found again after a change
    link: "#41"
    expires: 2027-01-31
"""


def head() -> Result:
    """Return a later result: slower, one more, one known to be worse, one better, one cell gone."""
    made = cells()[:9]
    fanout = made[5].variants["optimized"]
    assert fanout.wall_ns is not None
    slow = fanout.wall_ns.model_copy(update={"values": [value * 3 // 2 for value in fanout.wall_ns.values]})
    worse = fanout.model_copy(update={"work": fanout.work | {"watchers_tested": 51_000_001}, "wall_ns": slow})
    made[5] = made[5].model_copy(update={"variants": made[5].variants | {"optimized": worse}})
    for place, counter, count in ((6, "evaluations", 1_330_000), (0, "bytes_held", 200_000)):
        one = made[place].variants["optimized"]
        moved = one.model_copy(update={"work": one.work | {counter: count}})
        made[place] = made[place].model_copy(update={"variants": made[place].variants | {"optimized": moved}})
    return result(made, name="head", id="20261122T000000Z-1f0c9ab", started="2026-11-22T00:00:00Z")


def red() -> Judgement:
    """Judge it."""
    return judged(result(name="main"), head(), POLICY)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_failed_gate(width: int, tmp_path: Path) -> None:
    """Worst first, then what failed with its figures and its rule, on a slide."""
    text = gate_table(red(), width).plain
    golden_text.check(f"gate_{width}", text, tmp_path)
    assert len(text.splitlines()) <= 50


def test_explained(tmp_path: Path) -> None:
    """Every subject under the rule that decided."""
    made = [fanout(), cells()[8]]
    found = judged(result(made), result(made, id="later"), POLICY.split("require", maxsplit=1)[0])
    golden_text.check("gate_explain", gate_table(found, 100, explain=True).plain, tmp_path)


def test_each_subject_is_explained() -> None:
    """None is left out, each with its rule above it."""
    judgement = red()
    text = gate_table(judgement, 400, explain=True).plain.split("what decided\n")[1]
    rule = ""
    told = set()
    for line in text.splitlines():
        if not line.startswith(" "):
            rule = line.split(" · ")[0]
        else:
            told.add((rule, line[4:].split(" · ", 1)[1].split(":")[0]))
    expected = {(one.rule, judgement.told(one).split(":")[0]) for one in judgement.decisions}
    assert told == expected


def test_a_green_gate(tmp_path: Path) -> None:
    """What stayed the same is shown if it fits."""
    found = judged(result([fanout()], name="main"), result([fanout()], name="head", id="b"))
    golden_text.check("gate_green", gate_table(found, 100).plain, tmp_path)


def test_confirmed_and_not_confirmed() -> None:
    """A second measurement is told in the table and below."""
    sides = turned("t", [fanout()], head=False), turned("t", [fanout(1200)], head=True)
    for again, said in ((1200, "worse (confirmed)"), (1000, "not confirmed")):
        second = turned("u", [fanout()], head=False), turned("u", [fanout(again)], head=True)
        measured = compare.of_results(*second)
        text = gate_table(judged(*sides, remeasure=Mock(return_value=measured)), 160).plain
        assert text.count(said) >= 2


def test_a_second_measurement_without_a_verdict_is_told() -> None:
    """The table shows the first one's interval, so that the line below must say what the second was."""
    sides = turned("t", [fanout()], head=False), turned("t", [fanout(1500)], head=True)
    second = compare.of_results(
        turned("u", [fanout()], head=False), turned("u", [fanout(1500, pairs=9)], head=True)
    )
    text = gate_table(judged(*sides, remeasure=Mock(return_value=second)), 400).plain
    assert "! watch-fanout[100 events] optimized.wall_ns too few pairs: +50 % time" in text
    assert "at first; measured again +50 % time: 9 pairs, a verdict takes 10" in text


def test_no_verdict_says_why() -> None:
    """And which rule asked for it."""
    sides = result([fanout(jitter=60)]), result([fanout(1300, jitter=60, seed=1)])
    text = gate_table(judged(*sides, "treat: {unclear: fail}"), 160).plain
    assert "NO VERDICT  " in text
    assert (
        "no verdict: 1 without a clear verdict, and the policy says unclear: fail (kscale-gate.yaml:2)"
        in text
    )


def test_only_what_is_required() -> None:
    """Without a comparison there are requirements only."""
    by = policy("require: [watch-fanout.events.value == 100]")
    found = gate.judge(None, by, results=(result([fanout()]),), today=TODAY)
    text = gate_table(found, 100).plain
    assert "what is required of 20261121T025400Z-1f0c9ab" in text
    assert "OK  1 as required · exit 0" in text


def test_nothing_to_judge_is_told() -> None:
    """Where nothing compares and nothing is required, the reason is all there is; it is no heading."""
    sides = result([cells()[0]]), result([fanout()])
    why = "nothing to compare between main and head: no cell is in both"
    found = gate.judge(None, policy(), results=sides, today=TODAY, incomparable=why)
    text = gate_table(found, 100).plain
    assert f"NO VERDICT  exit 3\n  no verdict: {why}" in text
    assert "required" not in text
    lax = policy("treat: {nothing_judged: ignore}")
    text = gate_table(gate.judge(None, lax, results=sides, today=TODAY, incomparable=why), 100).plain
    assert f"note  {why}" in text
    assert text.endswith("OK  exit 0")


def test_no_file_is_told() -> None:
    """The reader learns that nobody wrote a policy."""
    found = gate.judge(None, Policy(PolicySpec()), results=(result([fanout()]),), today=TODAY)
    assert "policy: built-in defaults (there is no kscale-gate.yaml here)" in gate_table(found, 100).plain


@pytest.mark.parametrize("width", range(40, 200, 9))
def test_no_line_is_too_wide(width: int) -> None:
    """At any width."""
    text = gate_table(red(), width, explain=True, verbose=True).plain
    assert max(map(cell_len, text.splitlines())) <= width


HOSTILE = "[red]$x^$\x1b[31m\u202e\r\n</td>"


def test_hostile_names_stay_text() -> None:
    """Names of cells and the policy's own words."""
    bad = fanout().model_copy(update={"label": HOSTILE})
    worse = bad.model_copy(update={"variants": fanout(watchers_tested=51).variants})
    found = judged(result([bad]), result([worse]))
    text = gate_table(found, 400, explain=True).plain
    assert "[red]$x^$\\x1b[31m\\u202e" in text
    assert "\x1b" not in text


@pytest.mark.parametrize("width", WIDTHS)
def test_a_selftest(width: int, tmp_path: Path) -> None:
    """Each case with its code, and what could not be shown with its reason."""
    one = fanout(pairs=0)
    made = result([one, one.model_copy(update={"params": {"events": 7}})], name="main")
    cases = selftest.run(made, policy(), today=TODAY, ci=False)
    assert selftest.exit_code(cases) is ExitCode.OK
    text = selftest_table(cases, "main", "kscale-gate.yaml", width).plain
    assert "OK for counters; times not shown: the result holds no times" in " ".join(text.split())
    golden_text.check(f"selftest_{width}", text, tmp_path)
    assert max(map(cell_len, text.splitlines())) <= width


def test_a_selftest_that_fails_is_marked() -> None:
    """The case that gave another code."""
    cases = selftest.run(result(), policy("require: [watch-fanout.events.value == 7]"), today=TODAY, ci=False)
    text = selftest_table(cases, "main", "defaults", 100).plain
    assert "x unchanged          0          1" in text
    assert "FAILED" in text
