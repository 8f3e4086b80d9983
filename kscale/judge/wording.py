"""How a change is said: "24.1x faster", "+16.4 % time", "3 more".

From 2x on a ratio is easier to picture than a percentage; below, a signed percentage is.
A time is faster or slower, a counter less or more. The same words stand in every output.
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from kscale.judge.rows import Amount, Row
from kscale.units import show_bytes, show_count, show_ns, show_number, show_percent, show_ratio

MILLI = " / 1000"  # end of the unit of a mean that is kept as an integer, in thousandths
IN_FULL = {"ns": " ns", "bytes": " B"}  # after a number whose unit its name does not say
SCALES = (("s", 10**9, 6), ("ms", 10**6, 6), ("µs", 10**3, 3), ("ns", 0, 0))  # of close times; their decimals
PPM_PLACES = 4  # decimals of a per cent that hold a whole ppm
RATIO_FROM = 2.0  # changes this large, either way, are said as a ratio


def amount(value: float, unit: str) -> str:
    """Return one number in its unit, as a table shows it."""
    if unit == "ns":
        return show_ns(value)
    if unit == "bytes":
        return show_bytes(value)
    if unit == "ppm":
        return percent(value / 1_000_000)
    if unit.endswith(MILLI):
        return show_number(Fraction(round(value), 1000))
    return show_count(value) if isinstance(value, int) else show_number(value)


def percent(share: float, *, signed: bool = False) -> str:
    """Return a share to a tenth of a percent; small ones keep a digit that says something."""
    if not math.isfinite(share):
        return "any"
    places = 1000 if abs(share) >= 0.0005 or not share else 100_000  # noqa: PLR2004 - half of a tenth
    return show_percent(Fraction(round(share * places), places), signed=signed)


def spread(spread_pct: float) -> str:
    """Return half the interquartile range: "± 2 %"."""
    places = 10 if spread_pct < 1 else 1
    return f"± {show_percent(Fraction(round(spread_pct * places), 100 * places))}"


def sides(row: Row) -> tuple[str, str]:
    """Return both sides' numbers, times with their spread; in full if they would read the same."""
    before, after = amounts((row.a, row.b), row.info.unit)
    return before, after


def amounts(found: Sequence[Amount], unit: str) -> list[str]:
    """Return the numbers of several sides, times with their spread; in full if two would read the same."""
    shown = [_side(side, unit) for side in found]
    alike = len(set(shown)) < len({side.value for side in found})
    if alike and all(side.spread_pct is None and isinstance(side.value, int) for side in found):
        if unit == "ppm":
            return _shares([side.value for side in found])
        if unit == "ns":
            return _times([side.value for side in found])
        return [f"{side.value:,}{IN_FULL.get(unit, '')}" for side in found]
    return shown


def _shares(found: Sequence[float]) -> list[str]:
    """Return shares in ppm with as few decimals of a per cent as tell them apart: "1.497 %", "1.484 %"."""
    for places in range(2, PPM_PLACES + 1):
        shown = [f"{value / 10_000:.{places}f} %" for value in found]
        if len(set(shown)) == len(set(found)):
            break
    return shown


def _times(found: Sequence[float]) -> list[str]:
    """Return times in ns in one unit, with as few decimals as tell them apart: "1.791 s", "1.788 s"."""
    name, scale, most = next(one for one in SCALES if max(map(abs, found)) >= one[1])
    for places in range(2, most + 1):
        shown = [f"{value / scale:,.{places}f} {name}" for value in found]
        if len(set(shown)) == len(set(found)):
            return shown
    return [f"{value:,} ns" for value in found]


def _side(side: Amount, unit: str) -> str:
    """Return one side's number."""
    shown = amount(side.value, unit)
    return shown if side.spread_pct is None else f"{shown} {spread(side.spread_pct)}"


def change(row: Row) -> str:
    """Return what changed, from before to after, in words."""
    return of_time(row.change) if row.ratio is not None else _of_count(row)


def interval(row: Row) -> str:
    """Return the 95 % interval of a time's change, in the words' own unit; empty if there is none."""
    ratio = row.ratio
    if ratio is None or not ratio.has_interval:
        return ""
    if ratio.value <= 1 / RATIO_FROM:
        return f"{show_ratio(1 / ratio.high)} … {show_ratio(1 / ratio.low)}"
    if ratio.value >= RATIO_FROM:
        return f"{show_ratio(ratio.low)} … {show_ratio(ratio.high)}"
    low, high = percent(ratio.low - 1, signed=True), percent(ratio.high - 1, signed=True)
    return f"{low.removesuffix(' %')} … {high}"


def of_time(ratio: float) -> str:
    """Return a ratio of times: "24.1x faster", "3.2x slower", "-8.3 % time"."""
    if ratio <= 1 / RATIO_FROM:
        return f"{show_ratio(1 / ratio)} faster"
    if ratio >= RATIO_FROM:
        return f"{show_ratio(ratio)} slower"
    return f"{percent(ratio - 1, signed=True)} time"


def _of_count(row: Row) -> str:
    """Return a counter's change: "34.6x less", "12.5 % more", "3 more" where a share says too little."""
    before, after, by = row.a.value, row.b.value, row.by
    if not by:
        return "same"
    word, size = "less" if by < 0 else "more", amount(abs(by), row.info.unit)
    if row.info.unit == "ppm":  # a share of shares would be taken for a difference of shares
        return f"{percent(abs(by) / 1_000_000).removesuffix(' %')} points {word}"
    if row.middle is not None:
        before, after = (1.0, row.change) if row.change < math.inf else (0.0, 1.0)
    small, large = sorted((abs(before), abs(after)))
    none = small == 0 or (before < 0) != (after < 0)  # no ratio
    if not none and large / small >= RATIO_FROM:
        return f"{show_ratio(large / small)} {word}"
    share = 0.0 if none else abs(after - before) / abs(before)
    if share < 0.0005:  # noqa: PLR2004 - a tenth of a percent would read 0
        return f"{size} {word}"
    return f"{percent(share)} {word}"
