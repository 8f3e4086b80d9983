"""A campaign: what fits into its budget is run, what fails is left out, what stops it leaves through it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from kscale.calibrate import campaign, experiments
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.experiment import Experiment, Observer, OutOfTimeError
from kscale.calibrate.lab import Lab
from kscale.calibrate.point import Point
from kscale.calibrate.record import Done
from kscale.errors import Interrupted, KscaleError

NO_LAB: Any = None
Run = Callable[[Lab, Observer], Iterator[Point]]


class Clock:
    """Moves only when it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def start(self, experiments: Sequence[Experiment], budget_s: float) -> None:
        self.said.append(f"start {len(experiments)} {budget_s:.0f}")

    def experiment_start(self, experiment_id: str, title: str, seconds: float) -> None:
        self.said.append(f"{experiment_id} {title} {seconds:.0f}")

    def step(self, text: str) -> None:
        self.said.append(text)

    def experiment_done(self, done: Done) -> None:
        self.said.append(f"{done.id} done")


def point(number: int) -> Point:
    """Return a point."""
    return Point("put-p50", {"clients": float(number)}, "ns", (1.0,))


def experiment(name: str, run: Run, seconds: float = 10.0, *, own: bool = False) -> Experiment:
    """Return an experiment that runs *run*."""
    return Experiment(name, f"the {name}", ("put-p50",), seconds, 0, own, run)


def steps(clock: Clock, seconds: Sequence[float]) -> Run:
    """Return an experiment's run: a step of each time, with a point."""

    def run(_lab: Lab, observer: Observer) -> Iterator[Point]:
        with suppress(OutOfTimeError):
            for number, each in enumerate(seconds):
                observer.step(f"step {number}")
                clock.now += each
                yield point(number)

    return run


def raising(error: Exception) -> Run:
    """Return a run that yields a point and fails."""

    def run(_lab: Lab, _observer: Observer) -> Iterator[Point]:
        yield point(0)
        raise error

    return run


def ran(made: Sequence[Experiment], clock: Clock, budget_s: float = 60, *, own: bool = True) -> Outcome:
    """Return what a campaign of these came to."""
    return campaign.run(NO_LAB, made, Told(), budget_s, own=own, now=clock)


def test_all_is_run_in_order_and_told() -> None:
    """Points in the order they came; the observer hears of everything."""
    clock, told = Clock(), Told()
    made = [experiment("a", steps(clock, [1, 2])), experiment("b", steps(clock, [4]))]
    outcome = campaign.run(NO_LAB, made, told, 60, own=True, now=clock)
    assert [one.at["clients"] for one in outcome.points] == [0, 1, 0]
    assert [(one.id, one.seconds, one.left_out) for one in outcome.done] == [("a", 3, None), ("b", 4, None)]
    assert outcome.seconds == 7
    assert told.said == [
        "start 2 60",
        "a the a 10",
        "step 0",
        "step 1",
        "a done",
        "b the b 3",  # planned at 10 s; the machine took 3 s for the 10 s before
        "step 0",
        "b done",
    ]


def test_what_has_no_time_for_half_of_it_is_not_begun() -> None:
    """Going by how much longer than planned this machine takes."""
    clock = Clock()
    made = [
        experiment("a", steps(clock, [30.0])),
        experiment("long", steps(clock, [1.0]), 20.0),
        experiment("short", steps(clock, [1.0]), 5.0),
    ]
    outcome = ran(made, clock)
    assert [one.left_out for one in outcome.done] == [None, "takes about 60 s, 25 s were left", None]


def test_what_does_not_end_in_time_is_stopped() -> None:
    """Before a step that would end too late; what it had yielded is kept."""
    clock = Clock()
    outcome = ran([experiment("a", steps(clock, [20, 20, 20])), experiment("b", steps(clock, [1]))], clock)
    assert len(outcome.points) == 2 + 1
    assert outcome.done[0].left_out == "stopped, the budget of 60 s was used up"
    assert outcome.done[1].left_out is None
    assert outcome.seconds <= 60 - campaign.ENDING_S
    assert outcome.cut == {"put-p50"}


def test_the_budget_counts_from_when_the_command_began() -> None:
    """What came before the experiments is part of it, and of the seconds."""
    clock = Clock()
    made = [experiment("a", steps(clock, [10, 10, 10]))]
    outcome = campaign.run(NO_LAB, made, Told(), 60, own=True, now=clock, began=clock.now - 30)
    assert (len(outcome.points), outcome.seconds) == (2, 50)
    assert ran([experiment("a", steps(Clock(), [1, 1]))], Clock()).cut == set()


def test_a_failure_keeps_the_others_running() -> None:
    """The file says that it failed; why, with whatever path is in it, is for the terminal."""
    clock = Clock()
    made = [
        experiment("bad", raising(KscaleError("/home/somebody/etcd did not start"))),
        experiment("good", steps(clock, [1])),
    ]
    outcome = ran(made, clock)
    assert outcome.done[0].left_out == campaign.FAILED
    assert outcome.errors == ["bad: /home/somebody/etcd did not start"]
    assert outcome.done[1].left_out is None


def test_points_too_short_for_their_clock_are_left_out_and_said() -> None:
    def run(_lab: Lab, _observer: Observer) -> Iterator[Point]:
        yield from (point(1), replace(point(2), too_short=True), replace(point(3), too_short=True))

    outcome = ran([experiment("a", run)], Clock())
    assert outcome.points == [point(1)]
    assert outcome.cut == {"put-p50"}
    (done,) = outcome.done
    assert done.left_out == "2 points of CPU, too short for the steps of the endpoint's clock"


def test_a_signal_ends_it() -> None:
    """Nothing after it is run."""
    clock = Clock()
    made = [experiment("a", raising(Interrupted("interrupted"))), experiment("b", steps(clock, [1]))]
    with pytest.raises(Interrupted):
        ran(made, clock)
    assert clock.now == 100


def test_an_endpoint_gets_what_needs_no_files() -> None:
    """The rest says why it is left out."""
    clock = Clock()
    made = [experiment("a", steps(clock, [1])), experiment("files", steps(clock, [1]), own=True)]
    outcome = ran(made, clock, own=False)
    assert [one.left_out for one in outcome.done] == [None, campaign.NEEDS_FILES]
    assert all(one.left_out is None for one in ran(made, Clock()).done)


def test_nothing_measured_is_an_error() -> None:
    """With the first reason."""
    clock = Clock()

    def broken(_lab: Lab, observer: Observer) -> Iterator[Point]:
        for _ in ("once",):
            observer.step("asking")
            raise KscaleError("no answer")
        yield point(0)

    with pytest.raises(KscaleError, match="nothing was measured: a: no answer"):
        ran([experiment("a", broken)], clock)
    with pytest.raises(KscaleError, match="no experiment fits into 5 s"):
        ran([experiment("a", steps(clock, [1]))], clock, budget_s=5)


def test_a_short_budget_takes_the_small_experiments() -> None:
    """As --quick does."""
    assert campaign.planned(quick=True, budget_s=1000) is experiments.QUICK
    assert campaign.planned(quick=False, budget_s=campaign.DEFAULT_S) is experiments.DEFAULT
    assert campaign.planned(quick=False, budget_s=60) is experiments.QUICK
    assert "the quick plan is run" in str(campaign.told(quick=False, budget_s=60))
    assert campaign.told(quick=True, budget_s=60) is None
    assert campaign.told(quick=False, budget_s=campaign.DEFAULT_S) is None
    assert experiments.QUICK[0].seconds + campaign.ENDING_S <= campaign.least_s() < campaign.QUICK_S / 2
    for made, most in ((experiments.QUICK, campaign.QUICK_S), (experiments.DEFAULT, campaign.DEFAULT_S)):
        slower = 1.1 if made is experiments.QUICK else 1.0  # than the machine that the plan was made on
        assert slower * sum(one.seconds for one in made) <= most - campaign.ENDING_S
