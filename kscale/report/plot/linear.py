"""Round numbers on a linear axis: whole seconds, minutes and hours of times, KiB and MiB of sizes."""

import math
from fractions import Fraction

from kscale.judge import wording
from kscale.units import show_ns

MOST = 6  # ticks after the first
MINUTE = 60_000_000_000
_TENS = tuple(factor * 10**power for power in range(19) for factor in (1, 2, 5))
_TIMES = (
    *(step for step in _TENS if step < 20 * 10**9),
    *(10**9 * seconds for seconds in (20, 30)),
    *(MINUTE * minutes for minutes in (1, 2, 5, 10, 20, 30, 60, 120, 360, 720)),
    *(MINUTE * 1440 * days for days in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 100_000)),
)
_SIZES = tuple(factor * 1024**power for power in range(7) for factor in (1, 2, 5, 10, 20, 50, 100, 200, 500))


def ticks(low: float, high: float, unit: str, most: int = MOST) -> list[int]:
    """Return round amounts from *low* to *high* in steps of one length, at most *most* steps; whole ones."""
    steps = {"ns": _TIMES, "bytes": _SIZES}.get(unit, _TENS)
    step = next((step for step in steps if (high - low) / step <= most), steps[-1])
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]


def labels(places: list[int], unit: str) -> list[str]:
    """Return what stands at each tick."""
    return [amount(place, unit) if place else "0" for place in places]


def amount(value: int | Fraction, unit: str) -> str:
    """Return an exact amount as a table shows it."""
    whole = Fraction(value)
    if unit == "ns":
        return show_ns(whole)
    return wording.amount(whole.numerator if whole.denominator == 1 else float(whole), unit)
