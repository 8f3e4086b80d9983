"""Who wins at each point of a sweep: the rows of all seeds as one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kscale.errors import KscaleError
from kscale.judge import seeds, wording
from kscale.judge.rows import Row
from kscale.judge.seeds import Change
from kscale.judge.verdict import Verdict
from kscale.report.plot import names
from kscale.units import quote, show_ratio

MOST = math.log(1000)  # a count that went to 0, or came from it, is drawn as a thousandfold
SURE = frozenset({Verdict.BETTER, Verdict.WORSE})


@dataclass(frozen=True, slots=True)
class Turn:
    """One point: how much more or less after than before, over all seeds."""

    row: Row  # of the first seed, for its words
    ratio: float  # median of the seeds' ratios; above 1: more, or slower
    low: float  # interval of the median, below six seeds least and most; of one seed: of its time's ratio
    high: float
    verdict: Verdict
    apart: bool  # seeds disagree on who wins
    seeds: int
    sides: tuple[float, float]  # medians of before and after

    @property
    def log(self) -> float:
        """Return the logarithm of the ratio, below 0 where the change wins; from or to 0: a thousandfold."""
        return self.height(self.ratio)

    def height(self, ratio: float) -> float:
        """Return the logarithm of a ratio of this point's metric, below 0 where the change wins."""
        log = math.log(ratio) if 0 < ratio < math.inf else math.copysign(MOST, ratio - 1)
        return -log if self.row.info.better == "higher" else log

    @property
    def sure(self) -> bool:
        """Say whether it is sure who wins, and by a factor that is one."""
        return self.verdict in SURE and 0 < self.ratio < math.inf

    @property
    def equal(self) -> bool:
        """Say whether both sides are exactly equal."""
        return self.ratio == 1 and self.verdict is Verdict.SAME

    @property
    def change(self) -> str:
        """Return the change in words: "24.1x less", "+12.5 % time", "40 → 0", "same"."""
        if self.verdict not in SURE:
            return "seeds differ" if self.apart else str(self.verdict)
        if self.ratio == 0 or not math.isfinite(self.ratio):
            before, after = (wording.amount(side, self.row.info.unit) for side in self.sides)
            return f"{before} → {after}"
        return wording.of_time(self.ratio) if self.row.ratio is not None else factor(self.ratio)


def factor(ratio: float) -> str:
    """Return a ratio of counts above 0 in words: "24.1x less", "12.5 % more"."""
    size = max(ratio, 1 / ratio)
    word = "more" if ratio > 1 else "less"
    if size >= wording.RATIO_FROM:
        return f"{show_ratio(size)} {word}"
    return f"{wording.percent(abs(ratio - 1))} {word}"


def _whole(side: float) -> float:
    """Return a count as one: its median over seeds may be half of two."""
    return int(side) if side == int(side) else side


def of_seeds(every: Sequence[Row], found: Change) -> Turn:
    """Return the rows of one point, one a seed, as one, judged as tables do over all seeds.

    KscaleError if neither less nor more of it is better.
    """
    info, ratios = every[0].info, [row.change for row in every]
    if info.better == "none" and any(ratio != 1 for ratio in ratios):
        raise KscaleError(
            f"{quote(every[0].metric)}: neither less nor more of it is better, so nobody wins;"
            " name another with --metric"
        )
    spread = seeds.over(ratios)
    alone = every[0].ratio if len(every) == 1 else None
    ends = (alone.low, alone.high) if alone and alone.has_interval else (spread.low, spread.high)
    return Turn(
        row=every[0],
        ratio=spread.median,
        low=ends[0],
        high=ends[1],
        verdict=found.row.verdict or Verdict.UNCLEAR,
        apart={row.verdict for row in every} >= SURE,
        seeds=len(every),
        sides=(_whole(found.row.a.value), _whole(found.row.b.value)),
    )


def worst(turns: Sequence[Turn], verdict: Verdict) -> Turn:
    """Return the turn of that verdict that is farthest from equal."""
    return max(
        (one for one in turns if one.verdict is verdict),
        key=lambda one: (abs(one.log), abs(one.sides[0] - one.sides[1])),  # of those from or to 0 by amount
    )


def least(turns: Sequence[Turn], verdict: Verdict) -> Turn:
    """Return the turn of that verdict that is nearest to equal."""
    return min((one for one in turns if one.verdict is verdict), key=lambda one: abs(one.log))


def count(turns: Sequence[Turn]) -> Mapping[Verdict, int]:
    """Return how many points have each verdict."""
    return {verdict: sum(one.verdict is verdict for one in turns) for verdict in Verdict}


def metric(turn: Turn) -> str:
    """Return the metric's name in words."""
    return names.metric(turn.row)
