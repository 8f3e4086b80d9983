"""A plan of a sweep: what it may take, of few clusters that are built for it."""

from dataclasses import replace
from typing import Any

import pytest
from measure_fakes import loaded, mechanism

from kscale.engine import axes, sweep
from kscale.engine.forecast import forecast
from kscale.engine.sweep import Sweep
from kscale.errors import KscaleError
from kscale.measure import machine, memory
from kscale.measure.timing import Settings
from kscale.scenario import build
from kscale.scenario.cluster import Cluster

BARE = "schema: kscale.scenario/1\nname: bare\n"
NODE_BYTES, NODE_NS = 1000, 1e6


def by_nodes(cluster: Cluster, params: Any) -> int:  # noqa: ANN401 - of the fake
    """Return memory that grows with the nodes and a parameter."""
    return NODE_BYTES * len(cluster.nodes.zone) * int(params.free_pages)


FAKE = replace(
    mechanism(), memory=by_nodes, cost_ns=lambda cluster, params: NODE_NS * len(cluster.nodes.zone)
)


def planned(*over: str, fakes: Any = (FAKE,), seeds: int = 1) -> Sweep:  # noqa: ANN401 - mechanisms
    """Return a sweep of a scenario that says nothing else."""
    given = [axes.parse(text, text) for text in over]
    return sweep.plan(loaded(text=BARE), fakes, given, range(seeds), Settings(timing=False))


def test_rows_are_points_of_the_scenario() -> None:
    """All cells and seeds of a mechanism together, the largest cell's memory with its cluster's."""
    found = forecast(planned("free_pages=1,5", "cluster.nodes.count=10,30", seeds=3))
    assert [(row.mechanism, row.label, row.cells) for row in found.rows] == [
        ("fake-search", "10 nodes", 6),
        ("fake-search", "30 nodes", 6),
    ]
    cluster = build.memory(loaded(text=BARE).varied({"cluster.nodes.count": "30"}).scenario)
    assert found.largest.bytes == memory.PROCESS_BYTES + cluster + 30 * NODE_BYTES * 5
    assert found.rows[1].seconds == pytest.approx(3 * found.rows[0].seconds)
    assert found.seconds == found.built_s + sum(row.seconds for row in found.rows)
    assert (found.built, found.points) == (2, 2)


def test_clusters_that_are_not_built_lie_between_those_that_are() -> None:
    """What grows with the nodes is found between the ends, of two clusters instead of nine."""
    wanted = planned("cluster.nodes.count=1k..9k/9")
    whole, short = forecast(wanted, most=9), forecast(wanted, most=2)
    assert (whole.built, short.built) == (9, 2)
    for exact, near in zip(whole.rows, short.rows, strict=True):
        assert near.bytes == pytest.approx(exact.bytes, rel=1e-3)
        assert near.seconds == pytest.approx(exact.seconds, rel=0.01)


def test_of_one_cluster_the_largest_is_built() -> None:
    """It tells what must fit."""
    wanted = planned("cluster.nodes.count=9k,1k,5k")
    found, whole = forecast(wanted, most=1), forecast(wanted)
    assert found.built == 1
    assert found.rows[0] == whole.rows[0] == whole.largest


def test_places_of_equal_size_need_one_cluster() -> None:
    """Seeds are of one point; where all are of one size, no figure lies beyond another."""
    found = forecast(planned("load.pod_changes=1/s,2/s,3/s", seeds=4), most=2)
    assert (found.built, found.points) == (2, 3)
    assert len({row.bytes for row in found.rows}) == 1


def test_a_cell_that_cannot_be_run_takes_nothing() -> None:
    """It will be skipped."""

    def refused(cluster: Cluster, params: object) -> int:
        raise KscaleError("not here")

    found = forecast(planned("cluster.nodes.count=10", fakes=(replace(FAKE, memory=refused),)))
    assert (found.rows[0].cells, found.rows[0].seconds) == (1, 0.0)


def test_a_cluster_that_does_not_fit_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """KscaleError, unless it is forced."""
    monkeypatch.setattr(machine, "free_bytes", lambda: memory.PROCESS_BYTES)
    wanted = planned("cluster.nodes.count=10")
    with pytest.raises(KscaleError, match="the cluster of bare needs about"):
        forecast(wanted)
    assert forecast(wanted, force=True).built == 1


def test_clusters_larger_than_memory_are_reckoned_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan that is forced refuses none, and builds none that cannot be held."""
    wanted = planned("cluster.nodes.count=1k..9k/9")
    whole = forecast(wanted, most=9)
    sizes = sorted(build.memory(place.scenario) for place in wanted.places.values())
    monkeypatch.setattr(machine, "free_bytes", lambda: sizes[4])
    found = forecast(wanted, most=9, force=True)
    assert (found.built, found.unbuilt, found.points) == (5, 4, 9)
    for exact, near in zip(whole.rows, found.rows, strict=True):
        assert near.bytes == pytest.approx(exact.bytes, rel=1e-3)
        assert near.seconds == pytest.approx(exact.seconds, rel=0.01)
    monkeypatch.setattr(machine, "free_bytes", lambda: 0)
    blind = forecast(wanted, force=True)
    assert (blind.built, blind.unbuilt, blind.seconds) == (0, 9, 0.0)
    assert blind.largest.bytes == memory.PROCESS_BYTES + sizes[-1]


def test_of_clusters_of_one_size_a_larger_one_takes_as_much(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two points of one size make no line."""
    wanted = planned("load.pod_changes=1/s,2/s", "cluster.nodes.count=1k,9k")
    smallest = min(build.memory(place.scenario) for place in wanted.places.values())
    monkeypatch.setattr(machine, "free_bytes", lambda: smallest)
    found = forecast(wanted, force=True)
    assert (found.built, found.unbuilt) == (2, 2)
    assert len({row.seconds for row in found.rows}) == 1
