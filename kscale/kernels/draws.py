"""Random numbers inside a kernel: a sequential generator in integers that nothing overflows.

MRG32k3a (L'Ecuyer, "Good parameters and implementations for combined multiple recursive random
number generators", Operations Research 47, 1999): period 2^191, every product below 2^53, so
that it counts the same with and without the JIT. `state` is int64[6], made by
`kscale.scenario.draw.generator`; each draw changes it.

Where numbers can be drawn ahead as arrays, `kscale.scenario.draw.keys` is quicker.
"""

import math

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import lean_inline

Longs = NDArray[np.int64]

M1 = 4_294_967_087
M2 = 4_294_944_443
PPM = 1_000_000

_LOG_BITS = 10  # of the mantissa: places of the table
_LOG_ONE = 1 << 32  # fixed point of a logarithm
_LN_2 = round(math.log(2) * _LOG_ONE)
# ln(1 + i / 1024); rounding it makes it the same on every machine
_LN = np.array([round(math.log1p(i / (1 << _LOG_BITS)) * _LOG_ONE) for i in range((1 << _LOG_BITS) + 1)])
_TOP = 31  # bit from which a draw is counted down to its highest one
_INSIDE = _TOP - _LOG_BITS  # bits between two places of the table


@lean_inline
def number(state: Longs) -> int:
    """Return the next number, 1 to M1."""
    one = (1_403_580 * state[1] - 810_728 * state[0]) % M1
    two = (527_612 * state[5] - 1_370_589 * state[3]) % M2
    state[0], state[1], state[2] = state[1], state[2], one
    state[3], state[4], state[5] = state[4], state[5], two
    drawn = (one - two) % M1
    return int(drawn) if drawn > 0 else M1


@lean_inline
def below(state: Longs, end: int) -> int:
    """Return 0 .. *end* - 1 evenly, for *end* up to 2^53; a bias of end / 2^32 above 2^20 is accepted."""
    return min(int((number(state) - 1) / M1 * end), end - 1)


@lean_inline
def chance(state: Longs, ppm: int) -> bool:
    """Say yes with a chance of *ppm* in a million."""
    return below(state, PPM) < ppm


@lean_inline
def waiting(state: Longs, mean: int) -> int:
    """Return a time until the next of independent events, exponential with that *mean*, 0 to 22 means.

    *mean* up to 2^53 / 23. The logarithm is read from a table, in fixed point: within 2e-7 of the true one.
    """
    drawn = number(state)
    shift = 0
    while drawn >> _TOP == 0:
        drawn <<= 1
        shift += 1
    place = (drawn >> _INSIDE) - (1 << _LOG_BITS)
    inside = drawn & ((1 << _INSIDE) - 1)
    low, high = _LN[place], _LN[place + 1]
    logarithm = low + (((high - low) * inside) >> _INSIDE)
    minus = (shift + 1) * _LN_2 - logarithm  # of drawn / 2^32
    return int(minus / _LOG_ONE * mean)
