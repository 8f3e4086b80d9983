"""The finding of one result, for the page."""

from collections.abc import Sequence

from kscale.report.plot import bars as _bars
from kscale.report.plot.asked import BASELINE, OPTIMIZED, Asked
from kscale.report.plot.bars import Bars
from kscale.results.record import Result

__all__ = ["BASELINE", "OPTIMIZED", "bars", "finding"]


def bars(result: Result) -> list[Bars]:
    """Return a pair of bars for each cell that has both variants; times if any cell was timed."""
    return _bars.bars(result, Asked((result,)))


def finding(shown: Sequence[Bars]) -> str:
    """Return what the bars say, in one sentence."""
    return _bars.finding(shown, OPTIMIZED)
