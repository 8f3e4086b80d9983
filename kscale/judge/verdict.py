"""The four verdicts, and the rules that give them.

    worse    the whole interval lies beyond the margin, on the slow side
    better   the whole interval lies beyond the margin, on the fast side
    same     the whole interval lies within the margin that was asked for: a statement with evidence
    unclear  anything else; not the same as `same`

A number may also have no verdict (None): too few pairs, another machine, or a
counter for which neither direction is better. Rules: benchmarking practice, section 3.
"""

from enum import StrEnum
from typing import Literal

from kscale.measure.stats import Ratio

MARGIN = 0.05  # of a timing, both variants measured side by side
MARGIN_APART = 0.25  # of a timing, two files measured at different times
MARGIN_RESOURCE = 0.10  # of memory, compile time and file size

Better = Literal["lower", "higher", "none"]


class Verdict(StrEnum):
    """What is said of one number, worst first."""

    WORSE = "worse"
    UNCLEAR = "unclear"
    BETTER = "better"
    SAME = "same"


MARKS = {Verdict.WORSE: "x", Verdict.UNCLEAR: "!", Verdict.BETTER: "+", Verdict.SAME: ""}


def of_timing(ratio: Ratio, margin: float, asked: float | None = None) -> Verdict | None:
    """Judge a time, where lower is better, by its interval; None if there are too few pairs for one.

    *margin* is a fraction, already raised to what noise allows: beyond it a change is sure. *asked* is
    the margin before that, if noise raised it: only within that is a time the same, for noise is a
    lack of evidence and no statement.
    """
    if not ratio.has_interval:
        return None
    if ratio.low > 1 + margin:
        return Verdict.WORSE
    if ratio.high < 1 / (1 + margin):
        return Verdict.BETTER
    most = 1 + (margin if asked is None else asked)
    return Verdict.SAME if 1 / most <= ratio.low and ratio.high <= most else Verdict.UNCLEAR


def of_choice(before: int, after: int, better: Better) -> Verdict | None:
    """Judge an exact counter of two variants; None if it differs and neither direction is better."""
    if before == after:
        return Verdict.SAME
    if better == "none":
        return None
    return Verdict.BETTER if (after < before) == (better == "lower") else Verdict.WORSE


def of_repeat(before: int, after: int, better: Better) -> Verdict:
    """Judge an exact counter of one variant in two results; the tolerance is 0.

    The variant did the same work twice, so any change is news: where neither direction is
    better, it counts as worse.
    """
    return of_choice(before, after, better) or Verdict.WORSE
