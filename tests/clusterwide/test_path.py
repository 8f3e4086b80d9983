"""Walls, and the way from one to another, in a cluster whose stations are known by hand."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from made_walls import RELIEF, Stations

from kscale.clusterwide import limit
from kscale.clusterwide.path import Path
from kscale.clusterwide.search import Run
from kscale.clusterwide.toggles import ALL, NONE, Toggles
from kscale.clusterwide.walls import Bounds, Wall, Walls, Wanted, bare, shown_at


def between(
    stations: Stations, before: Toggles = NONE, after: Toggles = ALL, *, steps: bool = True
) -> tuple[Wall, Wall, Path]:
    """Return both walls and the way between, in those stations."""
    walls = Walls(stations.bounds, stations, stations.runner, stations)
    return limit.between(walls, limit.Wish(before=before, after=after, steps=steps))


def changes(path: Path) -> list[tuple[str, ...]]:
    """Return what each step changes."""
    return [step.changed for step in path.steps]


def test_the_walls_and_the_way_between() -> None:
    """Each step relieves the station that broke; what plays no part is named; the sums are exact."""
    before, after, path = between(Stations())
    assert 1617 <= before.holds_at <= 1650
    assert (before.objective, before.station) == ("pod start-up P99 <= 5 s", "etcd-store")
    assert (before.arithmetic, before.arithmetic_station) == (1650, "etcd-store")
    assert 20_500 <= after.holds_at <= 21_000
    assert after.station == "scheduler"
    assert changes(path) == [("node-lease",), ("sched-sampling",)]
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at
    assert all(step.added for step in path.steps)
    assert "etcd-learner" in path.left
    assert "sched-equivalence" in path.left
    assert len(path.left) == len(ALL) - 2


def test_a_step_that_arithmetic_does_not_foresee() -> None:
    """Is found by runs, when what arithmetic holds for the best moves nothing."""

    class Blind(Stations):
        """Arithmetic thinks that the free list relieves the store."""

        def load(self, on: Toggles, value: int) -> Mapping[str, int]:
            """Return loads that only the free list lowers."""
            return {"etcd-store": 1 if "etcd-freelist" in on else 2}

    before, after, path = between(Blind())
    assert changes(path) == [("node-lease",), ("sched-equivalence",), ("sched-sampling",)]
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at


def test_toggles_that_only_help_together() -> None:
    """Are one step; none is in it for nothing."""
    relief = {"sched-sampling": {"scheduler": 21_000}, "node-lease": {"apiserver-cpu": 25_000}}
    pairs = {frozenset({"etcd-sharding", "etcd-freelist"}): ("etcd-store", 30_000)}
    before, after, path = between(Stations(relief, pairs))
    assert changes(path)[0] == ("etcd-freelist", "etcd-sharding")
    assert set(changes(path)[1:]) == {("sched-sampling",), ("node-lease",)}
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at


def test_a_loss_is_a_step_down() -> None:
    """A toggle that lowers the wall has a gain below 0, and comes last."""
    before, after, path = between(Stations(), NONE, frozenset({"node-lease", "etcd-offload"}))
    assert changes(path) == [("node-lease",), ("etcd-offload",)]
    assert path.steps[0].gain > 0 > path.steps[1].gain
    assert 1960 <= after.holds_at <= 2000
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at


def test_a_toggle_that_is_taken_out() -> None:
    """From a set to another without some of it: the step says so."""
    before, after, path = between(Stations(), frozenset({"etcd-offload"}), frozenset({"node-lease"}))
    assert before.toggles == ("etcd-offload",)
    assert {(step.changed, step.added) for step in path.steps} >= {(("node-lease",), True)}
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at


def test_nothing_changes() -> None:
    """Equal walls have no steps; the same set is looked for once."""
    before, after, path = between(Stations(relief={}))
    assert before.holds_at == after.holds_at
    assert (path.steps, len(path.left)) == ((), len(ALL))
    stations = Stations()
    before, after, path = between(stations, ALL, ALL)
    assert before == after
    assert path == Path((), ())
    assert len(stations.walls) == 1


def test_seeds_give_an_interval() -> None:
    """The limit is the lowest of theirs; the sums are exact all the same."""
    before, after, path = between(Stations(noise=(30, 0, 100)))
    assert before.interval[0] == before.holds_at <= 1485
    assert 1617 <= before.interval[1] <= 1650
    assert before.holds_at + sum(step.gain for step in path.steps) == after.holds_at


def test_without_steps_only_the_ends_are_run() -> None:
    """As --no-steps asks."""
    stations = Stations()
    _, _, path = between(stations, steps=False)
    assert path == Path((), ())
    assert len(stations.walls) == 2
    assert stations.runs == len(stations.heard)


def test_the_way_takes_few_runs() -> None:
    """Two walls of some 16 runs, and some 12 for each step; a run takes about a second."""
    stations = Stations()
    between(stations)
    assert stations.runs < 70


def test_a_wall_that_is_not_reached() -> None:
    """Is said, as is a cluster in which nothing holds."""
    bounds = Bounds("nodes", 1, 10_000, 20_000, (0,))
    before, after, path = between(Stations(bounds=bounds))
    assert (after.holds_at, after.breaks_at) == (10_000, None)
    assert after.sentences == ()
    assert before.holds_at + sum(step.gain for step in path.steps) == 10_000
    above = Bounds("nodes", 5000, 100_000, 20_000, (0,))
    before, after, path = between(Stations(bounds=above))
    assert (before.holds_at, before.breaks_at) == (0, 5000)
    assert sum(step.gain for step in path.steps) == after.holds_at


def test_a_region_that_is_not_monotonic_is_said() -> None:
    """With what holds again; the limit is the lowest break."""

    class Gap(Stations):
        """Nothing holds between 1,200 and 1,300 nodes."""

        def runner(self, wanted: Sequence[Wanted]) -> Iterator[Run | None]:
            """Yield runs, those in the gap broken."""
            for run in super().runner(wanted):
                gap = run is not None and 1200 <= run.value <= 1300
                yield replace(run, holds=False, station="scheduler") if run is not None and gap else run

    before, _, _ = between(Gap(), steps=False)
    assert 1170 <= before.holds_at < 1200
    assert before.station == "scheduler"
    (said,) = before.sentences
    assert said.startswith("without any optimization: not monotonic: every objective is kept again at 1,")
    assert said.endswith("nodes; the limit is the lowest break")


@pytest.mark.parametrize(
    ("axis", "value", "text"),
    [("nodes", 1650, "1,650 nodes"), ("pods", 1, "1 pod"), ("pod-changes", 12_500, "12.5 pod changes/s")],
)
def test_values_have_their_noun(axis: str, value: int, text: str) -> None:
    """Pod changes are counted in thousandths."""
    assert shown_at(axis, value) == text
    assert text.startswith(bare(axis, value))


def test_what_a_toggle_does_is_known_here() -> None:
    """The made cluster is as its figures say."""
    stations = Stations()
    assert stations.reach(NONE).value == 1650
    assert stations.reach(frozenset(RELIEF)).value == 2000
