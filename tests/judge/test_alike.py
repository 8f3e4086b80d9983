"""Every difference between two results has the effect that the practice note gives it."""

from typing import Any

import pytest
from sample_results import Made, cell, result
from together_results import together

from kscale.errors import NoVerdict
from kscale.judge import compare
from kscale.judge.rows import APART, OTHER_MACHINE, OTHER_WORK, WALL, Row
from kscale.judge.verdict import Verdict
from kscale.results.record import Cell, CostInfo, CostsRef, Result

WORK = {"events": 100, "watchers_tested": 50, "deliveries": 7}
OTHER = {"fingerprint": "0", "cpu_model": "other"}


def fanout(ns: int = 1000, label: str = "defaults", seed: int = 0, **params: int) -> Cell:
    """Make a cell whose optimized side takes *ns*."""
    sides = {"baseline": Made(100_000, 5, WORK), "optimized": Made(ns * 100, 5, WORK)}
    return cell("watch-fanout", label, {"events": 100} | params, sides, seed=seed)


def changed(made: Result, part: str, **fields: Any) -> Result:  # noqa: ANN401 - fields of any record
    """Return a copy with fields of one part replaced."""
    return made.model_copy(update={part: getattr(made, part).model_copy(update=fields)})


def time_of(found: compare.Comparison, variant: str = "optimized") -> Row:
    """Return the time of a variant."""
    return next(row for row in found.rows if (row.metric, row.variant) == (WALL, variant))


def test_only_the_scenarios_cluster_and_seed_make_work_different() -> None:
    """Another seed or cluster: nothing to compare, exit 3; another list of mechanisms: compared."""
    before = result([fanout()])
    for other in (
        changed(before, "run", seed=1),
        changed(before, "scenario", sha256="0", resolved={"cluster": {"nodes": 5}}),
    ):
        with pytest.raises(NoVerdict, match="different work in 1 cells"):
            compare.of_results(before, other)
    fewer = changed(before, "scenario", sha256="0", resolved={"cluster": {"nodes": 10_000}, "mechanisms": {}})
    assert compare.of_results(before, fewer).rows


def costing(value: int, of: Cell, given: CostsRef | None) -> Result:
    """Make a result whose first mechanism reads a coefficient of that value."""
    made = result([fanout(), of])
    one = CostInfo(value=value, range=(0, 99), unit="ns", provenance="assumed", about="x")
    read = made.mechanisms["watch-fanout"].model_copy(update={"costs": {"put_ns": one}})
    resolved = {"cluster": {"nodes": 10_000}} | ({"costs": {"put_ns": value}} if given else {})
    made = changed(made, "scenario", sha256=str(value), resolved=resolved, costs=given)
    return made.model_copy(update={"mechanisms": {**made.mechanisms, "watch-fanout": read}})


def test_other_costs_are_said_and_what_does_not_read_them_is_judged() -> None:
    """The rows of mechanisms that read them are shown only; with nothing but such, a gate has no verdict."""
    sides = {"baseline": Made(100_000, 5, {"tests": 9}), "optimized": Made(1000, 5, {"tests": 9})}
    slower = {**sides, "optimized": Made(1000, 5, {"tests": 10})}
    given = CostsRef(path="costs/mine.yaml", coefficients=13, etcd="etcd 3.5.1", date="2026-11-21")
    before = costing(5, cell("etcd-freelist", "defaults", {}, sides), None)
    after = costing(7, cell("etcd-freelist", "defaults", {}, slower), given)
    found = compare.of_results(before, after)
    shown = [row for row in found.rows if row.mechanism == "watch-fanout"]
    assert {(row.verdict, row.notes) for row in shown} == {(None, (OTHER_WORK,))}
    judged = {row.verdict for row in found.rows if row.mechanism == "etcd-freelist"}
    assert Verdict.WORSE in judged
    assert None not in judged
    assert (
        "the costs differ: the profile's against 13 coefficients measured on etcd 3.5.1, 2026-11-21"
        " (costs/mine.yaml): what mechanisms count that read them is shown, not judged"
    ) in found.notes
    alike_ = costing(5, cell("etcd-freelist", "defaults", {}, sides), given)
    rows = compare.of_results(before, alike_).rows
    assert rows
    assert all(row.verdict is not None for row in rows)
    with pytest.raises(NoVerdict, match="different work in 2 cells"):
        compare.of_results(before, changed(after, "run", seed=1))


def test_other_parameters_under_the_same_name_are_told() -> None:
    """A default that moved makes different work: not compared, gone and new, and a note says why."""
    kept = fanout(label="kept", watchers=1)
    found = compare.of_results(
        result([kept, fanout(watchers=50)]), result([kept, fanout(watchers=60, slow=1)], id="b")
    )
    assert {row.at for row in found.rows} == {"kept"}
    assert (len(found.gone), len(found.new)) == (1, 1)
    (note,) = found.notes
    assert note.startswith("different work, so not compared: parameters differ: watch-fanout · defaults")
    assert note.endswith("(watchers 50 → 60, slow none → 1)")


def test_cells_of_one_side_are_gone_or_new() -> None:
    """A point that only one result has is listed."""
    found = compare.of_results(
        result([fanout(), fanout(label="a", events=1)]),
        result([fanout(), fanout(label="b", events=2)], id="b"),
    )
    assert found.gone == ("watch-fanout[events=1]",)
    assert found.new == ("watch-fanout[events=2]",)
    assert found.notes == ()


def test_times_of_another_machine_are_not_judged() -> None:
    """They are shown; counters are judged."""
    found = compare.of_results(
        result([fanout()]), changed(result([fanout(9000)], id="b"), "machine", **OTHER)
    )
    row = time_of(found)
    assert (row.verdict, row.notes) == (None, (OTHER_MACHINE,))
    assert row.change == pytest.approx(9, rel=0.02)
    assert {row.verdict for row in found.rows if row.metric != WALL} == {Verdict.SAME}
    assert found.notes[0].endswith("times are shown, not judged; counters are judged")


def test_another_machine_may_be_allowed() -> None:
    """Who asks for it gets verdicts, and is told so."""
    other = changed(result([fanout(9000)], id="b"), "machine", **OTHER)
    found = compare.of_results(result([fanout()]), other, allow_other_machine=True)
    assert time_of(found).verdict is Verdict.WORSE
    assert not found.same_machine
    assert "judged all the same (--allow-other-machine)" in found.notes[0]


@pytest.mark.parametrize("part", ["python", "numpy", "numba"])
def test_another_library_is_compared_with_a_note(part: str) -> None:
    """The fingerprint differs, the hardware does not."""
    other = changed(result([fanout(9000)], id="b"), "machine", fingerprint="0", **{part: "9.9"})
    found = compare.of_results(result([fanout()]), other)
    assert found.same_machine
    assert time_of(found).verdict is Verdict.WORSE
    assert f"{part} " in found.notes[0]
    assert found.notes[0].endswith("→ 9.9): times may move with them, counters must not")


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (result([fanout()], name="main", status="interrupted"), "main was interrupted"),
        (result([fanout()], name="main", quick=True), "main is a quick look"),
        (changed(result([fanout()], name="main"), "git", dirty=True), "main was measured with uncommitted"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_doubtful_side_is_compared_with_a_note(made: Result, said: str, *, first: bool) -> None:
    """Interrupted, quick, dirty: on either side, and for the variants of one run."""
    sides = (made, result([fanout()])) if first else (result([fanout()]), made)
    found = compare.of_results(*sides)
    assert [note for note in found.notes if note.startswith(said)]
    assert time_of(found).verdict is Verdict.SAME
    assert compare.of_variants(made, "baseline", "optimized").notes[0].startswith(said)


def test_runs_that_took_turns_are_pairs() -> None:
    """A change of 10 % shows between two results measured together, by the narrow margin."""
    base, head = together({"baseline": 1000, "optimized": 500}, {"baseline": 1000, "optimized": 550})
    found = compare.of_results(base, head)
    assert found.paired
    slow, same = time_of(found), time_of(found, "baseline")
    assert slow.ratio is not None
    assert slow.ratio.paired
    assert (slow.verdict, same.verdict) == (Verdict.WORSE, Verdict.SAME)
    assert slow.margin == pytest.approx(0.05)
    assert slow.ratio.n == 20


def test_the_noise_floor_of_turns_is_that_of_one_variant() -> None:
    """Neighbours of one variant and one side only; 0.9 % of noise cannot make a floor of 2 %."""
    base, head = together({"baseline": 1000, "optimized": 9}, {"baseline": 1000, "optimized": 9})
    for variant in ("baseline", "optimized"):
        ratio = time_of(compare.of_results(base, head), variant).ratio
        assert ratio is not None
        assert ratio.floor is not None
        assert 0 < ratio.floor < 0.02


def test_variants_of_a_run_that_took_turns_are_no_pairs() -> None:
    """Their samples stand in different blocks: a wide margin, and a note that says so."""
    base, _ = together({"baseline": 1000, "optimized": 900}, {"baseline": 1000, "optimized": 900})
    found = compare.of_variants(base, "baseline", "optimized")
    assert not found.paired
    assert any("its own variants are no pairs" in note for note in found.notes)
    row = time_of(found)
    assert APART in row.notes
    assert row.margin == pytest.approx(0.25)
    assert row.verdict is Verdict.SAME


def test_runs_of_different_turns_are_not_pairs() -> None:
    """Equal positions in the run order mean nothing between two that did not meet."""
    base, head = together({"baseline": 1000}, {"baseline": 1000})
    other = changed(head, "run", together="x y")
    assert not compare.of_results(base, other).paired


@pytest.mark.parametrize("across", ["seed", "scenario"])
def test_what_differs_on_purpose_is_shown_not_judged(across: Any) -> None:  # noqa: ANN401 - a literal
    """Side by side by seed or by scenario, every number is there, no verdict is."""
    other = changed(result([fanout(9000)]), "run", seed=1 if across == "seed" else 0)
    if across == "scenario":
        other = changed(other, "scenario", sha256="0", resolved={"cluster": {"nodes": 5}})
    else:
        other = changed(other, "scenario", sha256="0", resolved={"cluster": {"nodes": 10_000}, "seed": 1})
    found = compare.of_results(result([fanout()]), other, across=across)
    assert {row.verdict for row in found.rows} == {None}
    assert {row.notes for row in found.rows} == {(OTHER_WORK,)}
    assert found.notes[-1] == f"the work differs by {across}: changes are shown, not judged"
    assert {row.verdict for row in compare.of_results(other, other, across=across).rows} == {Verdict.SAME}


def test_another_cluster_is_not_compared_by_seed() -> None:
    """Only what was asked for may differ."""
    other = changed(result([fanout()]), "run", seed=1)
    other = changed(other, "scenario", sha256="0", resolved={"cluster": {"nodes": 5}, "seed": 1})
    with pytest.raises(NoVerdict, match="different work"):
        compare.of_results(result([fanout()]), other, across="seed")


def declaring(made: Result, metric: str = "", per: str = "events", **fields: str) -> Result:
    """Return a copy that declares *metric*, or what a time is divided by, in another way."""
    info = made.mechanisms["watch-fanout"]
    metrics = info.metrics | ({metric: info.metrics[metric].model_copy(update=fields)} if fields else {})
    if metric and not fields:
        del metrics[metric]
    other = info.model_copy(update={"metrics": metrics, "per": per})
    return made.model_copy(update={"mechanisms": made.mechanisms | {"watch-fanout": other}})


def more(count: int = 51) -> Result:
    """Return a head that tests more watchers."""
    sides = {name: Made(100_000, 5, WORK | {"watchers_tested": count}) for name in ("baseline", "optimized")}
    return result([cell("watch-fanout", "defaults", {"events": 100}, sides)], name="head", id="b")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"better": "higher"}, "better lower → higher"),
        ({"kind": "resource", "unit": "MiB"}, "kind exact → resource, unit watchers → MiB"),
        ({"provenance": "modelled"}, "provenance measured → modelled"),
        ({}, "not declared"),
    ],
)
def test_the_head_does_not_say_how_its_counters_are_judged(fields: dict[str, str], said: str) -> None:
    """What the base declares counts, and a note says what the head declares in another way."""
    base = result([fanout()], name="base", id="a")
    found = compare.of_results(base, declaring(more(), "watchers_tested", **fields))
    row = next(row for row in found.rows if row.metric == "watchers_tested")
    assert row.verdict is Verdict.WORSE
    assert row.info == base.mechanisms["watch-fanout"].metrics["watchers_tested"]
    assert found.notes == (
        f"declared differently, judged as base declares it: watch-fanout watchers_tested ({said})",
    )


def test_what_the_base_does_not_declare_must_not_change() -> None:
    """A counter that was not declared has no better direction, whatever the head makes of it."""
    base = declaring(result([fanout()], name="base", id="a"), "watchers_tested")
    head = declaring(more(49), "watchers_tested", kind="resource")
    found = compare.of_results(base, head)
    row = next(row for row in found.rows if row.metric == "watchers_tested")
    assert (row.verdict, row.info.kind) == (Verdict.WORSE, "exact")
    assert found.notes[0].endswith("watch-fanout watchers_tested (newly declared)")


def test_the_head_does_not_say_what_a_time_is_divided_by() -> None:
    """A time per watcher must not be compared with one per event."""
    base = result([fanout()], name="base", id="a")
    found = compare.of_results(base, declaring(more(), per="watchers_tested"))
    assert time_of(found).per == "events"
    assert found.notes[0].endswith(": watch-fanout (time per events → watchers_tested)")


def test_equal_declarations_and_counters_of_one_side_are_no_news() -> None:
    """Only what both count is judged."""
    base = result([fanout()], name="base", id="a")
    assert compare.of_results(base, more()).notes == ()
    assert compare.of_results(base, result([fanout(slow=1), fanout()], id="b")).notes == ()


def test_one_run_that_differs_from_itself_is_told() -> None:
    """Nothing of kscale's writes two results of one id."""
    base, edited = result([fanout()], name="a"), result([fanout(9000)], name="b")
    (note,) = compare.of_results(base, edited).notes
    assert note == "a and b have one run's id, but differ: a file was changed by hand"


def test_one_run_twice_is_told() -> None:
    """Also where the copy has another name: that nothing changed says nothing then."""
    made = result([fanout()], name="main")
    copy = changed(made, "run", name="copy")
    assert compare.of_results(made, copy).notes == ("main and copy are the same run",)
    assert (
        "main and copy are the same run" not in compare.of_results(made, changed(copy, "run", id="x")).notes
    )


@pytest.mark.parametrize("events", [None, 0])
@pytest.mark.parametrize("swapped", [False, True])
def test_times_are_divided_on_both_sides_or_on_none(events: int | None, *, swapped: bool) -> None:
    """A time of a whole run is never compared with one of a single event."""
    lost = {name: count for name, count in WORK.items() if name != "events"}
    work = lost if events is None else WORK | {"events": events}
    sides = {name: Made(100_000, 5, work) for name in ("baseline", "optimized")}
    both = [
        result([fanout()], id="a"),
        result([cell("watch-fanout", "defaults", {"events": 100}, sides)], id="b"),
    ]
    row = time_of(compare.of_results(*(reversed(both) if swapped else both)))
    assert row.per == ""
    assert row.verdict is Verdict.SAME
    assert row.change == pytest.approx(1, abs=0.02)
    assert row.b.value / row.a.value == pytest.approx(1, abs=0.02)
    assert row.a.value == pytest.approx(100_000, rel=0.02)
    assert row.times is not None
    assert row.times.a[0] == pytest.approx(100_000, rel=0.02)
