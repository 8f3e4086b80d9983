"""A second measurement: what it confirms, what it acquits of, and what it leaves open."""

import pytest
from gate_cases import TIME, fanout, judged, of, turned

from kscale.errors import ExitCode
from kscale.judge import compare
from kscale.judge.decision import Decision, Judgement, Status
from kscale.results.record import Result


def sides(ns: int, jitter: int = 5, pairs: int = 20) -> tuple[Result, Result]:
    """Return two results measured in turns, the second of *ns*."""
    before = fanout(jitter=jitter, pairs=pairs)
    after = fanout(ns, jitter=jitter, pairs=pairs, seed=1)
    return turned("t", [before], head=False), turned("t", [after], head=True)


def confirmed(again: tuple[Result, Result], text: str = "") -> Judgement:
    """Judge a time that is surely slower, and that *again* was measured the second time."""
    second = compare.of_results(*again)
    return judged(*sides(1500), text, remeasure=lambda _: second)


UNCLEAR = sides(1050)  # about the margin
NOISY = sides(1100, jitter=80)


def test_the_second_measurements_are_what_they_are_called() -> None:
    """Judged alone they have no clear verdict."""
    assert [of(judged(*one), TIME).said for one in (UNCLEAR, NOISY)] == ["unclear", "unclear"]


@pytest.mark.parametrize("again", [UNCLEAR, NOISY])
@pytest.mark.parametrize(
    ("treated", "status", "code"),
    [
        ("warn", Status.WARNED, ExitCode.OK),
        ("ignore", Status.IGNORED, ExitCode.OK),
        ("fail", Status.WARNED, ExitCode.NO_VERDICT),
    ],
)
def test_an_unclear_second_one_acquits_of_nothing(
    again: tuple[Result, Result], treated: str, status: Status, code: ExitCode
) -> None:
    """The first said slower, the second says nothing: that is unclear, as the policy treats it."""
    found = confirmed(again, f"treat: {{unclear: {treated}}}")
    one = of(found, TIME)
    assert (one.said, one.status, one.rule) == ("unclear", status, "kscale-gate.yaml:2")
    assert (one.confirmed, found.exit_code) == (False, code)
    assert " at first; measured again " in one.why


def test_too_few_pairs_the_second_time_say_nothing() -> None:
    """Neither that it is slower nor that it is not, whatever they show."""
    for ns in (1500, 1000):
        one: Decision = of(confirmed(sides(ns, pairs=9)), TIME)
        assert (one.said, one.status) == ("too few pairs", Status.WARNED)
        assert one.why.endswith("9 pairs, a verdict takes 10")
        assert confirmed(sides(ns, pairs=9), "treat: {unclear: fail}").exit_code is ExitCode.NO_VERDICT


@pytest.mark.parametrize("again", [sides(1000), sides(500), sides(970)])
def test_what_is_surely_not_slower_acquits(again: tuple[Result, Result]) -> None:
    """The same, faster, or somewhere between."""
    found = confirmed(again, "treat: {unclear: fail}")
    one = of(found, TIME)
    assert (one.status, one.said, one.confirmed) == (Status.WARNED, "not confirmed", False)
    assert found.exit_code is ExitCode.OK


def test_what_was_not_there_the_second_time_stays_failed() -> None:
    """Nothing speaks for it."""
    second = compare.of_results(*sides(1000))
    gone = compare.Comparison(second.a, second.b, second.of, second.paired, second.same_machine, rows=())
    one = of(judged(*sides(1500), remeasure=lambda _: gone), TIME)
    assert (one.status, one.confirmed) == (Status.FAILED, None)
    assert one.why.endswith("; measured again without a time")
