"""watch-fanout with so many watchers of which so many select, whatever the cluster has."""

from typing import Any

import numpy as np
import pytest
from bookmark_works import cluster

from kscale.measure import parameters
from kscale.measure.parameters import ParameterError
from kscale.mechanisms import watch_fanout, watch_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.watch_load import Params, WatchLoad

SMALL = cluster("k8s-1.36", nodes=40)  # 50 controllers; 10 watchers of a namespace


def run(load: WatchLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: one.run(one.build(load)) for name, one in watch_fanout.MECHANISM.variants.items()}


def works(**given: Any) -> dict[str, Work]:  # noqa: ANN401 - any parameter
    """Return the work of every variant, after they were seen to agree."""
    load = watch_load.make(SMALL, Params(events=2_000, **given))
    outcomes = run(load)
    watch_fanout.agree(load, outcomes)
    return {name: outcome.work for name, outcome in outcomes.items()}


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("given", "kinds"),
    [
        ({}, (10, 40, 50)),
        ({"watchers": 30}, (3, 12, 15)),  # a half of the cluster's select, a fifth of those by namespace
        ({"watchers": 100, "unselective_share": 0.5}, (10, 40, 50)),
        ({"watchers": 100, "unselective_share": 1}, (0, 0, 100)),
        ({"watchers": 100, "unselective_share": 0.0, "namespaced": 0}, (0, 100, 0)),
        ({"unselective_share": 0.8}, (4, 16, 80)),  # of the 100 that the cluster has
        ({"watchers": 1, "unselective_share": 0.6}, (0, 0, 1)),
    ],
)
def test_kinds_of_watchers(given: dict[str, Any], kinds: tuple[int, int, int]) -> None:
    """As many as were asked for, in the shares that were asked for; the cluster's own without either."""
    params = Params(events=50, **given)
    load = watch_load.make(SMALL, params)
    assert watch_load.kinds(SMALL, params) == kinds
    assert (len(load.scopes), len(load.nodes), load.everything) == kinds
    assert load.watchers == sum(kinds)
    assert (np.diff(load.nodes) >= 0).all()
    assert set(load.nodes.tolist()) <= set(range(40))


@pytest.mark.tiny
def test_watchers_are_spread_evenly_over_nodes() -> None:
    """One each if there are as many as nodes, several of each if there are more."""
    for watchers, of_each in ((40, {1}), (120, {3}), (20, {0, 1})):
        params = Params(events=50, watchers=watchers, unselective_share=0.0, namespaced=0)
        load = watch_load.make(SMALL, params)
        assert set(np.bincount(load.nodes, minlength=40).tolist()) == of_each


@pytest.mark.tiny
@pytest.mark.parametrize("profile", ["k8s-1.14", "k8s-1.36"])
def test_more_watchers_than_nodes_agree(profile: str) -> None:
    """The index finds all watchers of a node, as the scan does."""
    load = watch_load.make(
        cluster(profile, nodes=3), Params(events=100, watchers=40, unselective_share=0.2, slow_share=0.3)
    )
    watch_fanout.agree(load, run(load))


def test_who_watches_everything_bounds_the_gain() -> None:
    """Losing regime: the index asks at least those, so that it is no better than their share."""
    for share, most in ((1.0, 1.0), (0.5, 2.0), (0.1, 10.0)):
        found = works(watchers=200, unselective_share=share, namespaced=0, stuck_share=0.0)
        gain = found[BASELINE]["watchers_tested"] / found[OPTIMIZED]["watchers_tested"]
        assert 0.8 * most < gain <= most
    alone = works(watchers=200, unselective_share=1.0, stuck_share=0.0)
    assert alone[BASELINE]["watchers_tested"] == alone[OPTIMIZED]["watchers_tested"]
    assert alone[OPTIMIZED]["index_bytes"] > 0


@pytest.mark.tiny
def test_shares_are_kept_only_where_given() -> None:
    """Cells that do not have them keep the keys they had."""
    assert not {"watchers", "unselective_share"} & parameters.values(Params()).keys()
    given = parameters.read(watch_fanout.MECHANISM, {"watchers": "50k", "unselective_share": "1%"})
    assert parameters.values(given)["watchers"] == 50_000
    assert parameters.values(given)["unselective_share"] == 0.01
    assert watch_load.cost_ns(SMALL, given) > 100 * watch_load.cost_ns(SMALL, Params())
    assert watch_load.memory(SMALL, given) > watch_load.memory(SMALL, Params())
    with pytest.raises(ParameterError, match="more than the whole"):
        parameters.read(watch_fanout.MECHANISM, {"unselective_share": 1.1})
    with pytest.raises(ParameterError, match="greater than or equal to 1, got 0"):
        parameters.read(watch_fanout.MECHANISM, {"watchers": 0})
