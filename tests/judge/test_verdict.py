import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.judge import verdict
from kscale.judge.verdict import Better, Verdict
from kscale.measure.stats import Ratio

BORDER = 1.05


def ratio(low: float, high: float) -> Ratio:
    return Ratio(math.sqrt(low * high) if math.isfinite(high) else 1.0, low, high, 20)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.06, 1.20, Verdict.WORSE),
        (BORDER, 1.20, Verdict.UNCLEAR),  # on the border is not beyond it
        (1.01, 1.20, Verdict.UNCLEAR),
        (0.90, 1.20, Verdict.UNCLEAR),
        (1 / BORDER, BORDER, Verdict.SAME),
        (0.99, 1.01, Verdict.SAME),
        (0.90, 0.97, Verdict.UNCLEAR),
        (0.50, 1 / BORDER, Verdict.UNCLEAR),
        (0.50, 0.95, Verdict.BETTER),
        (0.04, 0.05, Verdict.BETTER),
    ],
)
@pytest.mark.tiny
def test_a_time_is_judged_by_its_whole_interval(low: float, high: float, expected: Verdict) -> None:
    """The interval must clear the margin; the centre never decides."""
    assert verdict.of_timing(ratio(low, high), 0.05) is expected


def test_without_an_interval_there_is_no_verdict() -> None:
    """Fewer than 6 pairs: no verdict, whatever the ratio."""
    assert verdict.of_timing(Ratio(9.0, 0.0, math.inf, 5), 0.05) is None


@given(st.floats(0.01, 100), st.floats(1, 3), st.floats(0, 1), st.floats(0, 1))
def test_a_wider_margin_never_makes_a_verdict(
    centre: float, width: float, margin: float, more: float
) -> None:
    """Raising the margin can only take a worse or better away."""
    measured = ratio(centre / width, centre * width)
    wide, narrow = verdict.of_timing(measured, margin + more), verdict.of_timing(measured, margin)
    if wide in {Verdict.WORSE, Verdict.BETTER}:
        assert wide is narrow
    if narrow is Verdict.SAME:
        assert wide is Verdict.SAME


@given(st.floats(0.01, 100), st.floats(1, 3), st.floats(0, 1))
def test_the_sides_are_mirrored(centre: float, width: float, margin: float) -> None:
    """Swapping the sides swaps worse and better, away from the borders."""
    mirror = {Verdict.WORSE: Verdict.BETTER, Verdict.BETTER: Verdict.WORSE}
    low, high = centre / width, centre * width
    borders = (1 + margin, 1 / (1 + margin))
    if any(math.isclose(end, border, rel_tol=1e-9) for end in (low, high) for border in borders):
        return
    found = verdict.of_timing(ratio(low, high), margin)
    assert found is not None
    assert verdict.of_timing(ratio(1 / high, 1 / low), margin) is mirror.get(found, found)


@pytest.mark.parametrize(
    ("before", "after", "better", "choice", "repeat"),
    [
        (5, 5, "lower", Verdict.SAME, Verdict.SAME),
        (5, 6, "lower", Verdict.WORSE, Verdict.WORSE),
        (5, 4, "lower", Verdict.BETTER, Verdict.BETTER),
        (5, 6, "higher", Verdict.BETTER, Verdict.BETTER),
        (5, 4, "higher", Verdict.WORSE, Verdict.WORSE),
        (5, 5, "none", Verdict.SAME, Verdict.SAME),
        (5, 6, "none", None, Verdict.WORSE),
        (10**15, 10**15 + 1, "lower", Verdict.WORSE, Verdict.WORSE),
    ],
)
@pytest.mark.tiny
def test_a_counter_is_judged_by_direction(
    before: int, after: int, better: Better, choice: Verdict | None, repeat: Verdict
) -> None:
    """One more is a change; where no direction is better, two results must still agree."""
    assert verdict.of_choice(before, after, better) is choice
    assert verdict.of_repeat(before, after, better) is repeat


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.97, 1.04, Verdict.SAME),
        (0.6, 1.4, Verdict.UNCLEAR),  # within what noise allows, not within what was asked
        (1.6, 1.9, Verdict.UNCLEAR),
        (2.1, 2.2, Verdict.WORSE),
        (0.4, 0.45, Verdict.BETTER),
    ],
)
def test_noise_makes_nothing_the_same(low: float, high: float, expected: Verdict) -> None:
    """A margin that noise raised to 100 % decides what is sure, and 5 % what is the same."""
    assert verdict.of_timing(ratio(low, high), 1.0, 0.05) is expected
