"""Runs experiments within a budget of time and keeps their points; nothing else is kept.

An experiment is left out if there is no time for half of it, and stopped before a step that would end too
late, going by its longest one; what it has measured is kept. How much longer than planned this machine takes
is learned on the way. The budget is of the whole command: it began before, and stopping the etcd, fits and
the file follow.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kscale import units
from kscale.calibrate import experiments as known
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab
from kscale.calibrate.point import Point
from kscale.calibrate.record import Done, Plan
from kscale.errors import Interrupted, KscaleError

QUICK_S, DEFAULT_S = 60.0, 300.0
ENDING_S = 5.0  # of the budget, for what follows the experiments, on a busy machine too
WORTH = 0.5  # of the time an experiment may take must be left for it to begin
NEEDS_FILES = "needs an etcd that it may restart, and its files: not one at an endpoint"
FAILED = "it failed; the command says why"


class Watcher(Observer, Protocol):
    """Is told how far the campaign is, and shows it or not."""

    def start(self, experiments: Sequence[Experiment], budget_s: float) -> None:
        """Hear of everything that will be measured."""

    def experiment_start(self, experiment_id: str, title: str, seconds: float) -> None:
        """Hear that an experiment begins, which takes about so long."""

    def experiment_done(self, done: Done) -> None:
        """Hear what became of an experiment."""


@dataclass(slots=True)
class Outcome:
    """What a campaign came to."""

    points: list[Point] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # for the terminal: they may name paths
    seconds: float = 0.0
    plan: Plan = "default"
    cut: set[str] = field(default_factory=set)  # families of which not all points were measured


@dataclass(slots=True)
class _Clock:
    """Tells experiments to stop, through the observer they report to."""

    observer: Watcher
    now: Callable[[], float]
    began: float
    budget_s: float
    planned_s: float = 0.0  # of what is finished
    took_s: float = 0.0
    stopped: bool = False  # an experiment, for want of time
    step_began_s: float | None = None  # None: it has not told of any step
    longest_s: float = 0.0  # step of the experiment

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return self.now() - self.began

    def left(self) -> float:
        """Return the seconds that experiments may still take."""
        return self.budget_s - ENDING_S - self.elapsed()

    def expected(self, experiment: Experiment) -> float:
        """Return how long an experiment will take here, going by those before it."""
        return experiment.seconds * (self.took_s / self.planned_s if self.planned_s else 1.0)

    def start(self) -> None:
        """Begin an experiment."""
        self.stopped, self.step_began_s, self.longest_s = False, None, 0.0

    def step(self, text: str) -> None:
        """Pass it on, unless it would end too late."""
        now = self.elapsed()
        if self.step_began_s is not None:
            self.longest_s = max(self.longest_s, now - self.step_began_s)
        self.step_began_s = now
        if self.left() < self.longest_s:
            self.stopped = True
            raise OutOfTimeError
        self.observer.step(text)


def planned(*, quick: bool, budget_s: float) -> tuple[Experiment, ...]:
    """Return the experiments: small ones if asked for, or without time for half of the others."""
    return known.QUICK if quick or budget_s < _whole_s() / 2 else known.DEFAULT


def told(*, quick: bool, budget_s: float) -> str | None:
    """Return what to tell somebody who gets the small experiments without having asked for them."""
    if quick or budget_s >= _whole_s() / 2:
        return None
    return f"{budget_s:.0f} s are less than half of what all experiments take: the quick plan is run"


def least_s() -> float:
    """Return the least budget, s: the first experiment of the quick plan and the fits."""
    return math.ceil(known.QUICK[0].seconds + ENDING_S)


def _whole_s() -> float:
    """Return how long the experiments of the default plan take, s."""
    return sum(one.seconds for one in known.DEFAULT)


def run(
    lab: Lab,
    experiments: Sequence[Experiment],
    observer: Watcher,
    budget_s: float,
    *,
    own: bool,
    now: Callable[[], float] = time.monotonic,
    began: float | None = None,
) -> Outcome:
    """Return the points of all experiments that could be run; *own*: the etcd may be restarted.

    The budget counts from *began*, by that clock; None: from here. An experiment that fails does not keep the
    others from running; KscaleError if nothing was measured at all.
    """
    outcome = Outcome(plan="quick" if experiments is known.QUICK else "default")
    clock = _Clock(observer, now, now() if began is None else began, budget_s)
    observer.start(experiments, budget_s)
    for experiment in experiments:
        done = _left_out(experiment, clock, own=own) or _run(lab, experiment, clock, outcome)
        outcome.done.append(done)
        observer.experiment_done(done)
    outcome.seconds = clock.elapsed()
    if not outcome.points:
        why = outcome.errors[0] if outcome.errors else f"no experiment fits into {budget_s:.0f} s"
        raise KscaleError(f"nothing was measured: {why}")
    return outcome


def _left_out(experiment: Experiment, clock: _Clock, *, own: bool) -> Done | None:
    """Return why an experiment is not begun; None if it is."""
    if experiment.own and not own:
        return Done(id=experiment.id, title=experiment.title, left_out=NEEDS_FILES)
    expected = clock.expected(experiment)
    if clock.left() < WORTH * expected:
        why = f"takes about {expected:.0f} s, {max(0.0, clock.left()):.0f} s were left"
        return Done(id=experiment.id, title=experiment.title, left_out=why)
    return None


def _run(lab: Lab, experiment: Experiment, clock: _Clock, outcome: Outcome) -> Done:
    """Run one experiment and keep its points."""
    began, left_out, coarse = clock.elapsed(), None, 0
    clock.start()
    clock.observer.experiment_start(experiment.id, experiment.title, clock.expected(experiment))
    try:
        for point in experiment.run(lab, clock):
            if point.too_short:
                coarse += 1
                outcome.cut.add(point.family)
            else:
                outcome.points.append(point)
    except Interrupted:
        raise
    except KscaleError as error:
        outcome.errors.append(f"{experiment.id}: {error}")
        left_out = FAILED
    if clock.stopped and left_out is None:
        left_out = f"stopped, the budget of {clock.budget_s:.0f} s was used up"
    took = clock.elapsed() - began
    if left_out is None:
        clock.took_s += took
        clock.planned_s += experiment.seconds
    if left_out is not None:
        outcome.cut.update(experiment.families)
    if coarse and left_out != FAILED:
        said = f"{units.show_many(coarse, 'point')} of CPU, too short for the steps of the endpoint's clock"
        left_out = said if left_out is None else f"{left_out}; {said}"
    return Done(id=experiment.id, title=experiment.title, seconds=took, left_out=left_out)
