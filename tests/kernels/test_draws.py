"""The generator inside kernels: as published, even, and exponential as far as the tail matters."""

import numpy as np
import pytest

from kscale.kernels import draws
from kscale.kernels._jit import kernel
from kscale.scenario import draw
from kscale.scenario.draw import Stream

M1, M2 = 2**32 - 209, 2**32 - 22853


@kernel
def fill(state: draws.Longs, kind: int, argument: int, out: draws.Longs) -> None:
    """Fill *out* with draws of one kind."""
    for i in range(len(out)):
        if kind == 0:
            out[i] = draws.number(state)
        elif kind == 1:
            out[i] = draws.below(state, argument)
        elif kind == 2:
            out[i] = draws.waiting(state, argument)
        else:
            out[i] = draws.chance(state, argument)


def drawn(kind: int, argument: int, count: int, number: int = 0) -> draws.Longs:
    """Return *count* draws of one kind."""
    out = np.zeros(count, dtype=np.int64)
    fill(draw.generator(5, Stream.STANDBY, number), kind, argument, out)
    return out


def slow_numbers(state: list[int], count: int) -> list[int]:
    """MRG32k3a in Python's own integers, after its published definition."""
    s, found = list(state), []
    for _ in range(count):
        one, two = (1403580 * s[1] - 810728 * s[0]) % M1, (527612 * s[5] - 1370589 * s[3]) % M2
        s = [s[1], s[2], one, s[4], s[5], two]
        found.append((one - two) % M1 or M1)
    return found


@pytest.mark.tiny
def test_numbers_are_mrg32k3a() -> None:
    """From any state the same numbers as the slow twin, and the first one of the published seed."""
    for state in ([12345] * 6, draw.generator(3, Stream.BALANCE, 2).tolist()):
        kept, out = np.array(state, dtype=np.int64), np.zeros(100, dtype=np.int64)
        fill(kept, 0, 0, out)
        assert out.tolist() == slow_numbers(state, 100)
    assert slow_numbers([12345] * 6, 1)[0] / (M1 + 1) == pytest.approx(0.1270111, abs=1e-6)


def test_generators_differ() -> None:
    """By seed, stream and number; each is a legal state."""
    states = [
        tuple(draw.generator(seed, stream, number).tolist())
        for seed in range(5)
        for stream in Stream
        for number in range(5)
    ]
    assert len(set(states)) == len(states)
    assert all(0 < part < M2 for state in states for part in state)


@pytest.mark.parametrize("end", [1, 2, 7, 1000, 10**12])
def test_below_is_even(end: int) -> None:
    """Every number comes as often, and none is out of range."""
    out = drawn(1, end, 200_000)
    assert out.min() >= 0
    assert out.max() < end
    parts = np.bincount(out * min(end, 10) // end, minlength=min(end, 10))
    assert np.all(np.abs(parts / len(out) * len(parts) - 1) < 0.03)


def test_waiting_is_exponential() -> None:
    """Mean, spread and quantiles up to one in ten thousand."""
    out = drawn(2, 10**9, 1_000_000) / 1e9
    assert out.mean() == pytest.approx(1, abs=0.005)
    assert out.std() == pytest.approx(1, abs=0.01)
    for part in (0.01, 0.5, 0.9, 0.999, 0.9999):
        assert np.quantile(out, part) == pytest.approx(-np.log1p(-part), rel=0.05)
    assert drawn(2, 0, 10).tolist() == [0] * 10


@pytest.mark.parametrize("ppm", [0, 1000, 500_000, 1_000_000])
def test_chance(ppm: int) -> None:
    """Never at 0, always at a million, else about as often as said."""
    assert drawn(3, ppm, 200_000).mean() == pytest.approx(ppm / 1e6, abs=4 * np.sqrt(ppm / 1e6 / 2e5) + 1e-12)
