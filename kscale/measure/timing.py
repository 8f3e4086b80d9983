"""Two variants take turns under the clock.

In ABBA order, so that a machine that drifts drifts for both, until the interval of their ratio
is narrow or the time is spent. It stops on precision, never on significance: whoever measures
until a difference is seen will see one. Practice note, section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

from kscale import units
from kscale.measure import stats
from kscale.measure.plan import PlannedCell
from kscale.measure.subject import SAMPLE_NS, Clock, Timed

LOOKS = (10, 15, 20, 30, 50)  # pairs at which precision is looked at
WARM_CALLS = (2, 10)  # least and most
SETTLED = 0.05  # two warm calls in a row agree within this
DEAR = 0.05  # of a cell's even time: a call longer than that is not repeated to warm up
WARM_SHARE = 0.2  # of a cell's even time, at most, to warm one variant up


class Observer(Protocol):
    """Is told of each pair."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Hear that *pairs* are measured, the speed-up so far, and what the cell may still take."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to measure."""

    budget_s: float = 60.0  # whole run
    cell_cap_s: float = 20.0
    max_pairs: int = 50
    min_pairs: int = stats.FEWEST  # below this a ratio has no interval
    precision: float = 0.02  # half-width of the interval at which to stop
    timing: bool = True  # False: count only
    quick: bool = False  # recorded: too few pairs to be kept as a baseline


@dataclass(frozen=True, slots=True)
class Allowance:
    """The time of one cell."""

    share_s: float  # what is left for it: after this no pair beyond the fewest is begun
    even_s: float  # an even part of the run's budget: what is dear, and dear beyond repeating


class Couple(NamedTuple):
    """Two that take turns; the ratio is of the second over the first."""

    first: Timed
    second: Timed


@dataclass(frozen=True, slots=True)
class Timing:
    """The timed part of a cell."""

    cell: PlannedCell
    settings: Settings
    observer: Observer
    allowance: Allowance
    clock: Clock
    began: int  # when the cell began: preparing it is part of its time

    def run(self, couples: Sequence[Couple]) -> list[str]:
        """Warm everything up, then take the pairs of each couple; return notes."""
        timed = {id(one): one for couple in couples for one in couple}.values()
        unsettled = [one.name for one in timed if not self._settle(one, len(couples))]
        notes = []
        taken = 0
        for i, couple in enumerate(couples):
            now = self.clock()
            left = self.began + round(self.allowance.share_s * 1e9) - now
            pairs = self._pairs(couple, 2 * taken, now + left // (len(couples) - i))
            taken += pairs
            if pairs < stats.FEWEST:
                took = units.show_ns(couple.first.cost_ns() + couple.second.cost_ns())
                notes.append(
                    f"{couple.second.name}: {pairs} of {stats.FEWEST} pairs that an interval needs: "
                    f"one takes {took}"
                )
        return notes + [note for one in timed for note in _notes(one, unsettled)]

    def _settle(self, subject: Timed, couples: int) -> bool:
        """Warm a variant up and choose its loops; say whether two calls in a row agreed.

        A call that takes much of the cell's time is not repeated: the first one has warmed
        it up, and whether it did is seen in the samples.
        """
        even = self.allowance.even_s * 1e9
        allowed = round(even / (2 * LOOKS[0] * couples))
        if subject.run_ns > DEAR * even:
            return True
        least, most = WARM_CALLS
        calls: list[int] = []
        while len(calls) < least or not _agree(calls[-2:]):
            if len(calls) >= most or (len(calls) >= least and sum(calls) > WARM_SHARE * even):
                return False
            calls.append(subject.warm())
            subject.calibrate(allowed)
        return True

    def _pairs(self, couple: Couple, start: int, deadline: int) -> int:
        """Take pairs in ABBA order, the first at *start* of the cell's run sequence; return how many.

        It ends when the ratio is precise or the time is spent.
        """
        baseline, other = couple
        began = self.clock()
        one_pair = baseline.cost_ns() + other.cost_ns()
        least = 1 if one_pair > self.allowance.even_s * 1e9 else self.settings.min_pairs
        for done in range(self.settings.max_pairs):
            first, second = (other, baseline) if done % 2 else (baseline, other)
            first.sample(start + 2 * done)
            second.sample(start + 2 * done + 1)
            pairs, now = done + 1, self.clock()
            a_pair = (now - began) // pairs
            ratio = stats.paired_ratio(baseline.samples(), other.samples())
            left = min(
                a_pair * (self.settings.max_pairs - pairs), max(deadline - now, a_pair * (least - pairs))
            )
            self.observer.pair(self.cell, pairs, 1 / ratio.value, max(0, left) / 1e9)
            if pairs >= least and (
                now + a_pair > deadline
                or (pairs in LOOKS and stats.is_precise(ratio, self.settings.precision))
            ):
                return pairs
        return self.settings.max_pairs


def _agree(calls: Sequence[int]) -> bool:
    """Say whether some two calls in a row took nearly the same time."""
    return any(abs(later - earlier) <= SETTLED * earlier for earlier, later in pairwise(calls))


def _notes(subject: Timed, unsettled: Sequence[str]) -> list[str]:
    """Return what a reader of a variant's times should know."""
    notes = []
    name = subject.name
    if name in unsettled or (len(subject.values) > 1 and not _agree(subject.values)):
        notes.append(f"{name}: not settled: no two runs in a row took the same time within {SETTLED:.0%}")
    if subject.limited and 2 * subject.loops * subject.run_ns < SAMPLE_NS:  # a little short is long enough
        length, state = units.show_ns(subject.loops * subject.run_ns), units.show_ns(subject.build_ns)
        wanted = units.show_ns(SAMPLE_NS)
        notes.append(f"{name}: samples last {length}, not {wanted}: a fresh state takes {state} to build")
    return notes
