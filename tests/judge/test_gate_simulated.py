"""How often the gate turns red, on times made by a seed: see benchmarks/gate.py."""

from benchmarks import gate


def test_equal_code_is_never_red() -> None:
    """0 in 1,000 gates of 20 pairs, in jitter, drift, a step and spikes."""
    assert gate.red(1000, 1.0, seed=1) == 0


def test_one_more_id_is_always_red() -> None:
    """Counters do not know noise."""
    assert gate.red(50, 1.0, seed=3, more=1) == 1


def test_half_as_slow_again_is_always_red() -> None:
    """What is plain is seen through the noise."""
    assert gate.red(200, 1.5, seed=4) == 1


def test_ten_percent_is_red() -> None:
    """95 % of the gates see it with 20 pairs."""
    assert gate.red(400, gate.SLOWDOWN, seed=2) >= 0.95
