"""Numbers of one unit with the same decimals, that add up as they are shown.

Running totals are rounded, and a part is shown as the difference of two of them: so the parts
shown add up to the last total shown, each is less than one of its last digit off, and 0 stays 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, pairwise

DIGITS = 4  # significant ones of the largest number
SEEN = 100  # of the last digit: so much of the largest part is seen at least
SOME = "~0"  # what is too small to be seen, and is not 0
Step = tuple[int, int, str]  # from so much on numbers are written in this many, called so
SCALES: Mapping[str, tuple[Step, ...]] = {  # by unit
    "ns": ((10**9, 10**9, " s"), (10**6, 10**6, " ms"), (10**3, 10**3, " µs"), (0, 1, " ns")),
    "bytes": (
        *((2**power, 2**power, f" {name}iB") for power, name in ((40, "T"), (30, "G"), (20, "M"), (10, "K"))),
        (0, 1, " B"),
    ),
    "ppm": ((0, 10**4, " %"),),
}
COUNTS: tuple[Step, ...] = ((10**9, 10**9, "G"), (10**6, 10**6, "M"), (10**5, 10**3, "k"), (0, 1, ""))


@dataclass(frozen=True, slots=True)
class Scale:
    """How numbers of one table are written."""

    quantum: Fraction  # what one of the last digit is worth
    decimals: int
    suffix: str

    def rounded(self, value: Fraction | int) -> int:
        """Return how many quanta *value* is, half to even."""
        return round(Fraction(value) / self.quantum)

    def text(self, quanta: int, *, signed: bool = False) -> str:
        """Return so many quanta with their unit."""
        whole, part = divmod(abs(quanta), 10**self.decimals)
        sign = "-" if quanta < 0 else "+" if signed and quanta else ""
        return f"{sign}{whole:,}{f'.{part:0{self.decimals}d}' if self.decimals else ''}{self.suffix}"

    def change(self, value: Fraction | int) -> str:
        """Return a difference with its sign; 0 is exact, and what rounds to it is `~0`."""
        quanta = self.rounded(value)
        if not quanta:
            return SOME if value else "0"
        return self.text(quanta, signed=True)


def scale(largest: int, unit: str, gain: Fraction | int = 0) -> Scale:
    """Return how numbers up to *largest*, of a unit, are written; *gain*: the largest part."""
    worth, suffix = next(
        (worth, suffix) for least, worth, suffix in SCALES.get(unit, COUNTS) if largest >= least
    )
    decimals = max(0, DIGITS - len(str(largest // worth))) if worth > 1 else 0
    while gain and worth > 10**decimals and abs(gain) * 10**decimals < worth * SEEN:
        decimals += 1
    return Scale(Fraction(worth, 10**decimals), decimals, suffix)


def parts(start: int, gains: Sequence[Fraction], to: Scale) -> tuple[list[int], list[int]]:
    """Return the gains and the totals before and after each, in quanta: start, and one for each gain."""
    totals = [to.rounded(total) for total in accumulate(gains, initial=Fraction(start))]
    return [after - before for before, after in pairwise(totals)], totals
