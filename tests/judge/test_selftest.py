"""The proof that a gate can fail, and what it cannot show."""

import pytest
from gate_cases import TODAY, fanout, policy, turned
from sample_results import cells, result

from kscale.errors import ExitCode, KscaleError
from kscale.judge import selftest
from kscale.judge.selftest import Case
from kscale.results import check
from kscale.results.record import Cell, Result


def proven(made: Result, text: str = "") -> dict[str, Case]:
    """Return the cases by name."""
    return {case.name: case for case in selftest.run(made, policy(text), today=TODAY, ci=False)}


def test_every_case_gives_its_code() -> None:
    """On a real policy and a timed result nothing is left out."""
    found = proven(result())
    assert {name: case.got for name, case in found.items()} == {
        "unchanged": ExitCode.OK,
        "slower": ExitCode.GATE_FAILED,
        "counter": ExitCode.GATE_FAILED,
        "gone": ExitCode.GATE_FAILED,
        "empty": ExitCode.NO_VERDICT,
    }
    assert selftest.exit_code([*found.values()]) is ExitCode.OK
    assert "wall_ns" in found["slower"].why
    assert found["counter"].about.endswith("from 100 to 101")


def other(one: Cell) -> Cell:
    """Return the cell at another point."""
    return one.model_copy(update={"params": {"events": 7}})


NOT_SHOWN = [
    ("rules: [{match: {metric: wall_ns}, level: ignore}]", "slower", "ignores every time", ExitCode.OK),
    ("defaults: {timing: {level: warn}}", "slower", "only warns of times", ExitCode.OK),
    (
        "acks: [{match: {metric: wall_ns}, up_to: 90%, reason: r, expires: 2027-01-01}]",
        "slower",
        "acknowledges every time",
        ExitCode.OK,
    ),
    ("defaults: {timing: {min_pairs: 50}}", "slower", "enough pairs", ExitCode.OK),
    ("defaults: {exact: {level: warn}}", "counter", "no counter is gated", ExitCode.NO_VERDICT),
    ("defaults: {exact: {tolerance: 200%}}", "counter", "no counter is gated", ExitCode.NO_VERDICT),
    ("treat: {gone_cell: warn}", "gone", "gone_cell: warn", ExitCode.NO_VERDICT),
]


@pytest.mark.parametrize(("text", "name", "says", "code"), NOT_SHOWN)
def test_what_the_policy_leaves_no_way_to_show(text: str, name: str, says: str, code: ExitCode) -> None:
    """It is said; without the counter or the gone cell nothing is proven."""
    found = proven(result([fanout(), other(fanout())]), text)
    assert found[name].got is None
    assert says in found[name].why
    assert selftest.exit_code([*found.values()]) is code


def test_what_the_input_leaves_no_way_to_show() -> None:
    """No times, one cell."""
    found = proven(result([fanout(pairs=0), other(fanout(pairs=0))]))
    assert (found["slower"].got, found["counter"].got) == (None, ExitCode.GATE_FAILED)
    assert selftest.exit_code([*found.values()]) is ExitCode.OK
    alone = proven(result([fanout()]))
    assert alone["gone"].why == "the result has only one cell"
    assert selftest.exit_code([*alone.values()]) is ExitCode.NO_VERDICT


def in_turns(processes: int = 10, each: int = 2, ns: int = 1000) -> Result:
    """Return a result measured in turns, some pairs in each of several processes, and two cells."""
    cells_of = [fanout(ns, pairs=processes * each), other(fanout(ns, pairs=processes * each))]
    made = turned("t", cells_of, head=False)
    moved = []
    for one in made.cells:
        variants = {}
        for name, record in one.variants.items():
            assert record.wall_ns is not None
            process = [number // each for number in range(processes * each)]
            samples = record.wall_ns.model_copy(update={"process": process})
            variants[name] = record.model_copy(update={"wall_ns": samples})
        moved.append(one.model_copy(update={"variants": variants}))
    return made.model_copy(update={"cells": moved})


def test_what_was_measured_in_turns_is_judged_in_pairs() -> None:
    """By its processes and the margin of pairs, as the real gate does; the ratio is exact."""
    found = proven(in_turns())
    assert selftest.exit_code([*found.values()]) is ExitCode.OK
    assert "+50 % time (interval starts at +50 %, margin 5 %)" in found["slower"].why


CANNOT_FAIL = [
    ("defaults: {timing: {min_pairs: 12}}", "too few pairs: +50 % time: 10 processes, a verdict takes 12"),
    ("defaults: {timing: {margin: 100000%}}", "margin 100,000 %"),
    ("defaults: {timing: {margin: 100000%, margin_apart: 25%}}", "margin 100,000 %"),
]


@pytest.mark.parametrize(("text", "says"), CANNOT_FAIL)
def test_a_policy_that_no_time_can_fail_is_told(text: str, says: str) -> None:
    """More processes than there are, or a margin beyond all: the gate passes 1.5x, and that is wrong."""
    found = proven(in_turns(), text)
    assert (found["slower"].got, found["slower"].right) == (ExitCode.OK, False)
    assert says in found["slower"].why
    assert selftest.exit_code([*found.values()]) is ExitCode.GATE_FAILED


@pytest.mark.parametrize("made", [in_turns(processes=8), result([fanout(pairs=8), other(fanout(pairs=8))])])
def test_a_short_run_is_not_shown_where_unclear_is_no_verdict(made: Result) -> None:
    """Nothing is wrong with such a policy; this result cannot show it."""
    found = proven(made, "treat: {unclear: fail}")
    assert (found["unchanged"].got, found["slower"].got) == (None, None)
    assert "the policy says unclear: fail" in found["unchanged"].why
    assert found["counter"].got is ExitCode.GATE_FAILED
    assert selftest.exit_code([*found.values()]) is ExitCode.NO_VERDICT


def test_an_empty_input_breaks_what_is_required() -> None:
    """Then the code is 1, before 3; a policy that lets nothing pass for something cannot be proven."""
    made = result([fanout(), other(fanout())])
    required = proven(made, "require: [watch-fanout.events.value == 100]")
    assert (required["empty"].expected, required["empty"].got) == (ExitCode.GATE_FAILED,) * 2
    assert selftest.exit_code([*required.values()]) is ExitCode.OK
    lax = proven(made, "treat: {nothing_judged: ignore}")
    assert (lax["empty"].got, lax["empty"].why) == (None, "the policy says nothing_judged: ignore")
    assert selftest.exit_code([*lax.values()]) is ExitCode.NO_VERDICT


@pytest.mark.parametrize(
    ("ack", "change"),
    [
        ("up_to: 90%, reason: r, expires: 2026-11-20", "from 100 to 101"),  # past
        ("up_to: 0.5%, reason: r, expires: 2027-01-01", "from 100 to 101"),  # one more is 1 %
        ("up_to: 1.5%, reason: r, expires: 2027-01-01", "from 50 to 51"),  # one more of 100 is accepted
    ],
)
def test_an_ack_that_does_not_hold_accepts_nothing(ack: str, change: str) -> None:
    """The counter that is doctored is the first whose change no ack accepts."""
    made = result([fanout(pairs=0), other(fanout(pairs=0))])
    found = proven(made, f'acks: [{{match: {{mechanism: "*"}}, {ack}}}]')
    assert found["counter"].about.endswith(change)
    assert found["counter"].got is ExitCode.GATE_FAILED


BLIND = [
    ("defaults: {timing: {margin_apart: 80%}}", "slower"),
    ("require: [watch-fanout.events.value == 7]", "unchanged"),
    ("treat: {nothing_judged: ignore}\nrequire: [watch-fanout.events.value == 7]", "unchanged"),
]


@pytest.mark.parametrize(("text", "name"), BLIND)
def test_a_gate_that_gives_another_code_is_told(text: str, name: str) -> None:
    """A margin beyond 1.5x does not see it; a policy that always fails passes nothing."""
    found = proven(result([fanout(), cells()[0]]), text)
    assert not found[name].right
    assert selftest.exit_code([*found.values()]) is ExitCode.GATE_FAILED


def test_a_policy_about_nothing_is_still_an_error() -> None:
    """Exit 2, not a proof."""
    with pytest.raises(KscaleError, match="matches nothing"):
        proven(result(), "rules: [{match: {metric: nothing}, level: warn}]")


def whole(one: Cell) -> Cell:
    """Return a made cell with its true digest."""
    works = {name: record.work for name, record in one.variants.items()}
    return one.model_copy(update={"digest": check.digest(works)})


def test_doctored_copies_are_results() -> None:
    """Their samples are whole and their counters match their digests."""
    made = result([whole(fanout()), whole(cells()[0])])
    by = policy()
    held = selftest.limits_of(by, ci=False)
    copies = [
        selftest.slowed(made),
        selftest.counted(made, by, held, TODAY),
        selftest.without_a_cell(made, by, held),
    ]
    for copy in copies:
        assert copy.result is not None
        assert check.fault(copy.result) is None
        assert copy.result != made
