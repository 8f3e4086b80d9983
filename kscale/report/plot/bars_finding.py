"""What the bars of a result say, in one sentence.

Times are of one kind, so that factors can be named from the least to the greatest. Counters are not:
each mechanism has its own, and what is said is in how many cells they are better.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kscale.judge import wording
from kscale.judge.verdict import Verdict
from kscale.report.plot import names
from kscale.report.plot.chosen import Side
from kscale.units import show_ratio

FACTOR_FROM = 1.05  # changes this large are said as a factor
JUDGED: Mapping[Verdict | None, str] = {
    Verdict.BETTER: "better",
    Verdict.WORSE: "worse",
    Verdict.SAME: "the same",
}


@dataclass(frozen=True, slots=True)
class Bars:
    """One cell, before and after."""

    mechanism: str
    metric: str
    timed: bool
    unit: str
    witness: str
    label: str
    before: Side
    after: Side
    speedup: float  # before over after; above 1 the optimization won
    verdict: Verdict | None
    said: str


def finding(shown: Sequence[Bars], after: str) -> str:
    """Return what the picture says, in one sentence: gains, losses and undecided alike."""
    who = names.short(after[:1].upper() + after[1:])
    return f"{who} {_timed(shown) if shown[0].timed else _counted(shown)}"


def _timed(shown: Sequence[Bars]) -> str:
    """Return by how much times differ, and in how many cells."""
    won = [one.speedup for one in shown if one.verdict is Verdict.BETTER]
    lost = [1 / one.speedup if one.speedup else math.inf for one in shown if one.verdict is Verdict.WORSE]
    rest = len(shown) - len(won) - len(lost)
    if not won and not lost:
        return f"makes no clear difference in {_cells(len(shown))}"
    parts = []
    if won:
        parts.append(f"{_range(won)}faster{_share(won, shown)}")
    if lost:
        parts.append(f"{_range(lost)}slower" + (f" in {len(lost)}" if won else _share(lost, shown)))
    if rest:
        parts.append(f"no clear difference in {rest}")
    return f"is {'; '.join(parts)}"


def _counted(shown: Sequence[Bars]) -> str:
    """Return in how many cells counters of several kinds are better, and the change in the middle."""
    number = Counter(one.verdict for one in shown)
    if number[Verdict.SAME] == len(shown):
        kinds = ", ".join(dict.fromkeys(one.witness.partition(",")[0] for one in shown))
        return f"is the same in {_cells(len(shown))} ({kinds})"
    if len(shown) == 1:
        (one,) = shown
        return f"is {JUDGED.get(one.verdict, 'not judged')} in 1 cell: {one.said}"
    parts = [f"{word} in {number[verdict]}" for verdict, word in JUDGED.items() if number[verdict]]
    judged = [one for one in shown if one.verdict in JUDGED]
    if len(judged) < len(shown):
        parts.append(f"not judged in {len(shown) - len(judged)}")
    parts[0] += f" of {_cells(len(shown))}"
    if not judged:
        return f"is {', '.join(parts)}"
    middle = sorted(judged, key=_gain)[(len(judged) - 1) // 2]
    change = "none" if middle.verdict is Verdict.SAME else middle.said
    return f"is {', '.join(parts)}; the median change is {change}"


def _gain(one: Bars) -> float:
    """Return by what factor a counter is better, whichever way is; below 1 it is worse."""
    factor = max(one.speedup, 1 / one.speedup if one.speedup else math.inf)
    if one.verdict is Verdict.BETTER:
        return factor
    return 1 / factor if one.verdict is Verdict.WORSE else 1.0


def _range(ratios: list[float]) -> str:
    """Return "2.2x to 469x ", or one ratio, or nothing of work that went to 0 everywhere."""
    known = [ratio for ratio in ratios if math.isfinite(ratio)]
    if not known:
        return ""
    low, high = _factor(min(known)), _factor(max(known))
    if len(known) < len(ratios):
        return f"at least {low} "
    return f"{low} " if low == high else f"{low} to {high} "


def _factor(ratio: float) -> str:
    """Return "2.2x"; "2 %" where a factor would hardly tell it from none."""
    return show_ratio(ratio) if ratio >= FACTOR_FROM else wording.percent(ratio - 1)


def _share(some: list[float], shown: Sequence[Bars]) -> str:
    """Return in how many cells, unless it is all of them."""
    return "" if len(some) == len(shown) else f" in {len(some)} of {_cells(len(shown))}"


def _cells(number: int) -> str:
    """Return "1 cell", "10 cells"."""
    return f"{number} cell{'' if number == 1 else 's'}"
