"""Rounds over settings: what they keep of CPU by a fine clock, and by one that ticks."""

from kscale.calibrate import rounds
from kscale.calibrate.point import Point

AT = {"clients": 1.0}


def collected(used_ns: list[float], step_ns: float) -> Point:
    """Return the point of rounds of a hundred calls that used so much each."""
    found = rounds.Collected[int]()
    for used in used_ns:
        found.add_cpu("put-cpu", 1, AT, used, 100, step_ns)
    (point,) = found.points()
    return point


def test_a_fine_clock_gives_a_sample_a_round() -> None:
    assert collected([100.0, 300.0], 0.0) == Point("put-cpu", AT, "ns", (1.0, 3.0))


def test_rounds_by_a_clock_that_ticks_are_one_sample() -> None:
    assert collected([2e8, 4e8], 1e7) == Point("put-cpu", AT, "ns", (3e6,))


def test_less_than_twenty_steps_are_too_short() -> None:
    assert collected([0.9e8, 1e8], 1e7).too_short
    assert collected([0.0], 1e7).too_short
    assert not collected([1e8, 1e8], 1e7).too_short


def test_samples_are_longer_where_the_clock_ticks() -> None:
    assert rounds.long_enough(0.2, 2, 0.0) == 0.2
    assert rounds.long_enough(0.2, 2, 1e7) == 0.5
    assert rounds.long_enough(0.7, 2, 1e7) == 0.7
