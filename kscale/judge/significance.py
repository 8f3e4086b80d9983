"""`--stats`: what a statistician asks for. It informs and never decides.

p comes from Wilcoxon's signed-rank test of the pairs, else from Mann and Whitney's, and is
corrected for the number of times in the table by Holm's method. Identical code on a machine that
drifts differs at p = 0.000 now and then: the verdict comes from the interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kscale.errors import KscaleError
from kscale.judge.rows import Row, Times
from kscale.measure import power, stats

CHANGE = 0.03  # the change for which the pairs needed are told


@dataclass(frozen=True, slots=True)
class Spread:
    """How one side's samples lie."""

    range_pct: float  # interquartile range in % of the median
    mild: int  # outliers beyond 1.5 and up to 3 interquartile ranges
    severe: int  # outliers beyond 3


@dataclass(frozen=True, slots=True)
class Significance:
    """What is said of one time."""

    side: str  # whose time it is; empty if there is only one it can be
    row: Row
    p: float  # corrected for the table
    a: Spread
    b: Spread
    pairs: int | None  # about how many show a change of 3 %; None if no number does


def significance(found: Sequence[tuple[str, Row]]) -> list[Significance]:
    """Return what is to be said of each time with an interval, in the order of *found*: sides and rows.

    KscaleError if scipy is not installed.
    """
    tests = scipy_stats()
    timed = [
        (side, row, row.times, row.ratio)
        for side, row in found
        if row.times is not None and row.ratio is not None and row.ratio.has_interval
    ]
    chances = holm([_chance(tests, times, paired=ratio.paired) for _, _, times, ratio in timed])
    return [
        Significance(side, row, p, _spread(times.a), _spread(times.b), power.pairs_to_show(ratio, CHANGE))
        for (side, row, times, ratio), p in zip(timed, chances, strict=True)
    ]


def holm(chances: Sequence[float]) -> list[float]:
    """Return each p corrected for their number: the smallest times n, the next times n - 1, never falling."""
    corrected = [0.0] * len(chances)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=chances.__getitem__)):
        highest = max(highest, min(1.0, chances[place] * (len(chances) - rank)))
        corrected[place] = highest
    return corrected


def _chance(tests: Any, times: Times, *, paired: bool) -> float:  # noqa: ANN401 - scipy.stats, imported late
    """Return the p of one time: how often equal code would differ as much."""
    if not paired:
        return float(tests.mannwhitneyu(times.a, times.b).pvalue)
    logs = np.log(times.b / times.a)
    return float(tests.wilcoxon(logs).pvalue) if logs.any() else 1.0  # nothing differs: nothing to rank


def _spread(values: stats.Floats) -> Spread:
    """Return how one side's samples lie."""
    return Spread(2 * stats.spread_pct(values), *stats.outliers(values))


def scipy_stats() -> Any:  # noqa: ANN401 - a module
    """Return scipy.stats, which is large and not always there; KscaleError says how to get it."""
    try:
        from scipy import stats as found  # noqa: PLC0415 - 140 MB and half a second, for --stats only
    except ImportError:
        raise KscaleError('--stats needs scipy: pip install "kscale-bench[stats]"') from None
    return found
