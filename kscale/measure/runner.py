"""One cell, measured: the only clock of the house.

The answer is checked before anything is timed. Then baseline and the other variant take
turns in ABBA order, so that a machine that drifts drifts for both, until the interval of
their ratio is narrow or the time is spent. It stops on precision, never on significance:
whoever measures until a difference is seen will see one. Every run's work is compared
with the first run's, for free. Practice note, section 2.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from kscale import units
from kscale.errors import WrongAnswer
from kscale.measure import stats
from kscale.measure.plan import PlannedCell
from kscale.measure.subject import SAMPLE_NS, Clock, Subject, heap_set_aside, whole
from kscale.mechanisms.base import BASELINE
from kscale.results.check import digest
from kscale.results.record import Cell, VariantRecord
from kscale.scenario.cluster import Cluster

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


@dataclass(frozen=True, slots=True)
class Allowance:
    """The time of one cell."""

    share_s: float  # what is left for it: after this no pair beyond the fewest is begun
    even_s: float  # an even part of the run's budget: what is dear, and dear beyond repeating


def measure_cell(
    cell: PlannedCell,
    cluster: Cluster,
    settings: Settings,
    observer: Observer,
    allowance: Allowance,
    clock: Clock = time.perf_counter_ns,
) -> Cell:
    """Prepare, check, count and time one cell.

    Raises WrongAnswer if the variants disagree or if a counter differs between two runs.
    """
    began = clock()
    with heap_set_aside():
        subjects = _subjects(cell, cluster, clock)
        works = _agreed_works(cell, subjects)
        notes: list[str] = []
        if settings.timing:
            notes = _Timing(cell, settings, observer, allowance, clock, began).run(subjects)
        else:
            for subject in subjects.values():
                subject.repeat()
    return Cell(
        mechanism=cell.mechanism.id,
        params=cell.values,
        label=cell.label,
        notes=notes,
        losses=list(cell.mechanism.losses(works)),
        digest=digest(works),
        seconds=round((clock() - began) / 1e9, 3),
        variants={
            name: VariantRecord(
                work=works[name],
                wall_ns=subject.samples() if settings.timing else None,
                jit_compile_s=round(subject.compile_ns / 1e9, 3) if settings.timing else None,
            )
            for name, subject in subjects.items()
        },
    )


def _subjects(cell: PlannedCell, cluster: Cluster, clock: Clock) -> dict[str, Subject]:
    """Return the cell's variants over one workload, the baseline first."""
    mechanism = cell.mechanism
    needed = mechanism.memory(cluster, cell.params)
    workload = mechanism.prepare(cluster, cell.params)
    return {
        name: Subject(f"{cell.key}: {name}", mechanism.variants[name], workload, clock, needed)
        for name in cell.variants
    }


def _agreed_works(cell: PlannedCell, subjects: Mapping[str, Subject]) -> dict[str, dict[str, int]]:
    """Run each variant once, see that they agree, and return the work of each, its quality included.

    The answers, which may be large, are gone when this returns.
    """
    outcomes = {name: subject.first() for name, subject in subjects.items()}
    workload = next(iter(subjects.values())).workload
    try:
        cell.mechanism.agree(workload, outcomes)
    except WrongAnswer as error:
        raise WrongAnswer(f"{cell.key}: {error}") from error
    quality = cell.mechanism.quality
    return {
        name: subject.work | (whole(quality(workload, outcomes[name])) if quality else {})
        for name, subject in subjects.items()
    }


@dataclass(frozen=True, slots=True)
class _Timing:
    """The timed part of a cell."""

    cell: PlannedCell
    settings: Settings
    observer: Observer
    allowance: Allowance
    clock: Clock
    began: int  # when the cell began: preparing it is part of its time

    def run(self, subjects: Mapping[str, Subject]) -> list[str]:
        """Warm up, then take all pairs of the baseline with each other variant; return notes."""
        baseline = subjects[BASELINE]
        others = {name: subject for name, subject in subjects.items() if name != BASELINE}
        unsettled = [name for name, subject in subjects.items() if not self._settle(subject, len(others))]
        notes = []
        for i, (name, other) in enumerate(others.items()):
            now = self.clock()
            left = self.began + round(self.allowance.share_s * 1e9) - now
            pairs = self._pairs(baseline, other, now + left // (len(others) - i))
            if pairs < stats.FEWEST:
                took = units.show_ns(baseline.cost_ns() + other.cost_ns())
                notes.append(
                    f"{name}: {pairs} of {stats.FEWEST} pairs that an interval needs: one takes {took}"
                )
        return notes + [
            note for name, subject in subjects.items() for note in _notes(name, subject, unsettled)
        ]

    def _settle(self, subject: Subject, others: int) -> bool:
        """Warm a variant up and choose its loops; say whether two calls in a row agreed.

        A call that takes much of the cell's time is not repeated: the first one has warmed
        it up, and whether it did is seen in the samples.
        """
        even = self.allowance.even_s * 1e9
        allowed = round(even / (2 * LOOKS[0] * others))
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

    def _pairs(self, baseline: Subject, other: Subject, deadline: int) -> int:
        """Take pairs in ABBA order until the ratio is precise or the time is spent; return how many."""
        began, start = self.clock(), 2 * (len(baseline.order))
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


def _notes(name: str, subject: Subject, unsettled: Sequence[str]) -> list[str]:
    """Return what a reader of a variant's times should know."""
    notes = []
    if name in unsettled or (len(subject.values) > 1 and not _agree(subject.values)):
        notes.append(f"{name}: not settled: no two runs in a row took the same time within {SETTLED:.0%}")
    if subject.limited:
        length, state = units.show_ns(subject.loops * subject.run_ns), units.show_ns(subject.build_ns)
        wanted = units.show_ns(SAMPLE_NS)
        notes.append(f"{name}: samples last {length}, not {wanted}: a fresh state takes {state} to build")
    return notes
