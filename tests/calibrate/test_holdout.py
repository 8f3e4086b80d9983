"""Which points are kept back: by a rule on settings, a third of them, never the ends."""

from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import holdout

PLACES = st.integers(0, 9).map(float)


@given(st.lists(st.fixed_dictionaries({"a": PLACES, "b": PLACES}), max_size=20), st.integers(0, 5))
def test_what_is_left_reaches_as_far(settings: list[dict[str, float]], coefficients: int) -> None:
    """Every point kept back lies within the others, which are enough for the coefficients."""
    held = holdout.held_out(settings, coefficients)
    left = [at for at, out in zip(settings, held, strict=True) if not out]
    assert sum(held) <= max(1, len(settings) // 3)
    if any(held):
        assert len(left) >= max(coefficients, 2)
    for at, out in zip(settings, held, strict=True):
        assert not out or holdout.inside(at, left)


def test_every_third_of_a_line() -> None:
    """From the second on; the last one is an end, so a neighbour takes its place."""
    line = [{"x": float(x)} for x in range(9)]
    assert [number for number, out in enumerate(holdout.held_out(line, 2)) if out] == [1, 4, 7]
    line = [{"x": float(x)} for x in range(8)]
    assert [number for number, out in enumerate(holdout.held_out(line, 2)) if out] == [1, 4]


def test_too_few_keep_nothing_back() -> None:
    """A fit needs a point for each coefficient, and two ends."""
    assert holdout.held_out([{"x": 1.0}, {"x": 2.0}], 1) == [False, False]
    assert holdout.held_out([{"x": 1.0}, {"x": 2.0}, {"x": 3.0}], 3) == [False] * 3
    assert holdout.held_out([], 1) == []
    assert holdout.held_out([{"x": 1.0}, {"x": 2.0}, {"x": 3.0}], 2) == [False, True, False]


def test_inside_is_within_every_direction() -> None:
    """Ends included."""
    others = [{"a": 0.0, "b": 5.0}, {"a": 4.0, "b": 9.0}]
    assert holdout.inside({"a": 4.0, "b": 5.0}, others)
    assert not holdout.inside({"a": 4.1, "b": 5.0}, others)
    assert not holdout.inside({"a": 4.0, "b": 4.9}, others)
