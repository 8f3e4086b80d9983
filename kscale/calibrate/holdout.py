"""Which points are kept back from the fit, so that its prediction can be held against something.

The rule looks at settings only, never at what was measured there: every third one, from the second
on, as long as what is left still reaches as far in every direction (a prediction between fitted
points, not beyond them) and has a point for each coefficient.
"""

from collections.abc import Mapping, Sequence

EVERY = 3
FIRST = 1  # from 0

At = Mapping[str, float]


def held_out(settings: Sequence[At], coefficients: int) -> list[bool]:
    """Return for each setting whether it is kept back from a fit of so many coefficients."""
    held = [False] * len(settings)
    for number in _order(len(settings)):
        wanted = sum(held) < max(1, len(settings) // EVERY)
        left = [at for at, out in zip(settings, held, strict=True) if not out and at is not settings[number]]
        if wanted and len(left) >= max(coefficients, 2) and inside(settings[number], left):
            held[number] = True
    return held


def _order(count: int) -> list[int]:
    """Return the numbers in the order in which they are tried: every third one, then their neighbours."""
    return [number for shift in range(EVERY) for number in range((FIRST + shift) % EVERY, count, EVERY)]


def inside(at: At, others: Sequence[At]) -> bool:
    """Return whether a setting lies within the range of *others* in every direction."""
    return all(min(one[key] for one in others) <= at[key] <= max(one[key] for one in others) for key in at)
