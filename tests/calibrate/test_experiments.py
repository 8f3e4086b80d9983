"""The experiments: each yields what it says, where it says, on a real etcd; no time is judged."""

import math
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
import real_etcd
from hypothesis import given
from hypothesis import strategies as st

from kscale.calibrate import (
    exp_beside,
    exp_freelist,
    exp_heartbeats,
    exp_lists,
    exp_puts,
    exp_watches,
    experiments,
    lab,
    rounds,
)
from kscale.calibrate.experiment import Experiment, OutOfTimeError
from kscale.calibrate.meant import MEANT
from kscale.calibrate.point import Point
from kscale.errors import Interrupted
from kscale.measure import stopping

LIMIT_S = 60.0
PUTS = exp_puts.Plan((1, 8), (256,), 1, 0.05, 2**18, LIMIT_S)
SMALL: Sequence[tuple[Experiment, int]] = (  # and how many points
    (exp_puts.experiment(PUTS), 16),
    (exp_heartbeats.experiment(exp_heartbeats.Plan((300, 15_360), 1, 100, LIMIT_S)), 6),
    (
        exp_lists.experiment(
            exp_lists.Plan(tuple(exp_lists.KINDS), (1000,), (256,), (2048,), 2**20, 1, 0.0, LIMIT_S)
        ),
        12,
    ),
    (exp_beside.experiment(exp_beside.Plan((0, 1000), 256, 1, 0.05, LIMIT_S)), 4),
    (exp_watches.experiment(exp_watches.Plan((0, 3), (256,), 1, 40, 120, LIMIT_S)), 2),
    (exp_freelist.experiment(exp_freelist.Plan((300,), 1, 2, 64, LIMIT_S)), 8),
)
COUNTED = {
    "commit",
    "commit-spill",
    "commit-write",
}  # at what came to be in a commit: two settings may come to the same


class Told:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def step(self, text: str) -> None:
        self.steps.append(text)


def run(experiment: Experiment, tmp_path: Path) -> tuple[list[Point], list[str]]:
    """Return the points of an experiment and the steps it told."""
    told = Told()
    with lab.own(real_etcd.binary(), experiment.room, tmp_path) as own:
        points = list(experiment.run(own, told))
    assert list(tmp_path.iterdir()) == []
    return points, told.steps


@pytest.mark.parametrize(("experiment", "count"), SMALL, ids=[one.id for one, _ in SMALL])
def test_an_experiment_yields_its_families_and_leaves_nothing(
    experiment: Experiment, count: int, tmp_path: Path
) -> None:
    points, steps = run(experiment, tmp_path)
    assert {point.family for point in points} == set(experiment.families)
    assert len(points) == count
    asked = [point for point in points if point.family not in COUNTED]
    assert len({(point.family, tuple(point.at.items())) for point in asked}) == len(asked)
    for point in points:
        assert all(math.isfinite(sample) and sample > 0 for sample in point.samples), point
        assert point.unit in {"ns", "1/s", "bytes", "x"}
        assert {tuple(other.at) for other in points if other.family == point.family} == {tuple(point.at)}
    assert len(steps) == len(set(steps)) > 0
    by_family = {point.family: point for point in points}
    if experiment.id == "heartbeats":
        wal = [point for point in points if point.family == "heartbeat-wal"]
        assert all(60 <= point.value - point.at["value_bytes"] <= 150 for point in wal)
        grown = [point for point in points if point.family == "heartbeat-db"]
        assert all(point.value > point.at["value_bytes"] for point in grown)
    if experiment.id == "freelist":
        assert 294 <= by_family["freelist-array-spill"].at["free_pages"] <= 330
        array, map_ = by_family["freelist-array-spill"].samples, by_family["freelist-map-spill"].samples
        ratios = tuple(one / two for one, two in zip(array, map_, strict=True))
        assert by_family["freelist-spill-ratio"].samples == ratios
        assert by_family["open-time"].at["db_bytes"] >= 600 * 4096


@pytest.mark.parametrize("experiment", [one for one, _ in SMALL], ids=[one.id for one, _ in SMALL])
def test_an_experiment_out_of_time_yields_what_it_has(experiment: Experiment, tmp_path: Path) -> None:
    """All but the last step's: nothing that was measured is lost, nothing stays."""
    _, steps = run(experiment, tmp_path)

    class Late(Told):
        """Has no time for the last step."""

        def step(self, text: str) -> None:
            super().step(text)
            if len(self.steps) == len(steps):
                raise OutOfTimeError

    with lab.own(real_etcd.binary(), experiment.room, tmp_path) as own:
        points = list(experiment.run(own, Late()))
    assert list(tmp_path.iterdir()) == []
    assert points or len(steps) <= 2


def test_each_family_is_measured_twice_at_least() -> None:
    """By plan: what a machine is too slow for is said to be measured once."""
    for plan in (exp_puts.QUICK, exp_heartbeats.QUICK, exp_lists.QUICK, exp_beside.QUICK, exp_watches.QUICK):
        assert plan.rounds >= 2
    assert exp_freelist.QUICK.rounds * exp_freelist.QUICK.samples >= 2


def test_quick_and_default_measure_the_same_families() -> None:
    """But for lists that nothing is made of; the quick plan leaves time for a slower machine."""
    quick, default = experiments.QUICK, experiments.DEFAULT
    assert [one.id for one in quick] == [one.id for one in default]
    aside = {f"list-serializable-{what}" for what in ("time", "cpu")}
    assert [one.families for one in quick] == [
        tuple(family for family in one.families if family not in aside) for one in default
    ]
    assert not aside & {family for meant in MEANT for family in meant.families}
    families = [family for one in default for family in one.families]
    assert len(families) == len(set(families))
    assert sum(one.seconds for one in quick) <= 50
    assert sum(one.seconds for one in default) <= 300
    assert [one.id for one in default if not one.own] == ["puts", "lists", "beside", "watches"]


def test_a_signal_in_an_experiment_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    experiment = exp_puts.experiment(exp_puts.Plan((8,), (256,), 1, 60.0, 2**30, LIMIT_S))
    real_etcd.binary()
    before = {child.pid for child in psutil.Process().children()}
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(Interrupted), stopping.stoppable():
        run(experiment, tmp_path)
    timer.join()
    assert {child.pid for child in psutil.Process().children()} == before
    assert list(tmp_path.iterdir()) == []


@given(st.integers(1, 20), st.integers(1, 5))
def test_each_round_takes_every_setting_once_and_they_do_not_all_start_alike(count: int, most: int) -> None:
    orders = [rounds.turned(range(count), number, most) for number in range(most)]
    assert all(sorted(order) == list(range(count)) for order in orders)
    if most > 1 and count > 2:
        assert len({tuple(order) for order in orders}) > 1


def test_rounds_end_early_where_another_would_pass_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def rounds_of(seconds: float, limit: float) -> int:
        """Return how many of five rounds are begun."""
        begun = 0
        for _ in rounds.timed(5, limit):
            begun += 1
            now[0] += seconds
        return begun

    assert rounds_of(1.0, 5.0) == 5
    assert rounds_of(1.0, 4.9) == 4
    assert rounds_of(9.0, 1.0) == 1


def test_values_differ_and_are_the_same_each_time() -> None:
    some = rounds.values(300)
    assert len(set(some)) == 16
    assert {len(one) for one in some} == {300}
    assert rounds.values(300) == some != rounds.values(301)


def test_points_gather_samples_at_the_mean_setting() -> None:
    found = rounds.Collected[int]()
    found.add("a", 1, {"x": 1.0}, "ns", 5.0)
    found.add("b", 1, {"x": 7.0}, "bytes", 1.0)
    found.add("a", 1, {"x": 3.0}, "ns", 6.0)
    first = Point("a", {"x": 2.0}, "ns", (5.0, 6.0))
    assert list(found.points()) == [first, Point("b", {"x": 7.0}, "bytes", (1.0,))]
