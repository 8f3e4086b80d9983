"""The mechanism watch-fanout: its load, its promise, and what the profiles change."""

from dataclasses import replace

import numpy as np
import pytest

from kscale.errors import KscaleError, WrongAnswer
from kscale.mechanisms import watch_fanout, watch_load
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Work
from kscale.mechanisms.watch_load import Params, WatchLoad
from kscale.scenario import build, profiles
from kscale.scenario.cluster import Cluster
from kscale.scenario.schema import Scenario

VARIANTS = watch_fanout.MECHANISM.variants


def cluster(profile: str = "k8s-1.14", nodes: int = 40, controllers: int = 5, seed: int = 3) -> Cluster:
    """Return a small cluster."""
    return build.build(
        Scenario.model_validate(
            {
                "schema": "kscale.scenario/1",
                "name": "small",
                "profile": profile,
                "seed": seed,
                "cluster": {
                    "nodes": {"count": nodes},
                    "pods": {"count": nodes * 10, "apps": 10, "namespaces": 5},
                    "objects": {"total": 1000},
                },
                "control_plane": {"controllers": controllers},
            }
        )
    )


def run(load: WatchLoad) -> dict[str, Outcome]:
    """Return what every variant makes of *load*."""
    return {name: variant.run(variant.build(load)) for name, variant in VARIANTS.items()}


def works_of(small: Cluster, params: Params) -> dict[str, Work]:
    """Return the work of every variant."""
    return {name: outcome.work for name, outcome in run(watch_load.make(small, params)).items()}


@pytest.mark.tiny
@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_variants_agree_and_counters_repeat(profile: str) -> None:
    """Same deliveries, drops and ends; a seed fixes every counter."""
    load = watch_load.make(cluster(profile, nodes=8), Params(events=300, slow_share=0.5))
    outcomes = run(load)
    watch_fanout.agree(load, outcomes)
    again = run(watch_load.make(cluster(profile, nodes=8), Params(events=300, slow_share=0.5)))
    assert {name: o.work for name, o in outcomes.items()} == {name: o.work for name, o in again.items()}


def test_counters_of_one_load() -> None:
    """The counters of one load, so that a change of any is seen."""
    load = watch_load.make(cluster(), Params(events=20_000, stuck_share=0.1))
    works = {name: outcome.work for name, outcome in run(load).items()}
    differ = {"watchers_tested", "index_bytes"}
    for work in works.values():
        assert {k: v for k, v in work.items() if k not in differ} == {
            k: v for k, v in works[BASELINE].items() if k not in differ
        }
    work = works[OPTIMIZED]
    assert works[BASELINE]["watchers_tested"] == 20_000 * (40 + 5 + 10)
    assert work["deliveries"] == sum(
        work[k] for k in ("deliveries_node", "deliveries_namespace", "deliveries_all")
    )
    # every watcher asked either wanted the event or is one of the 10 in the flat set of 1.14
    assert work["watchers_tested"] == 20_000 * (10 + 5) + int(np.count_nonzero(load.new >= 0))
    assert work["terminated"] > 0
    assert {metric.name for metric in watch_fanout.METRICS} == work.keys()


def test_scopes_are_indexed_from_1_27() -> None:
    """With an index by namespace every watcher looked at is one that matches."""
    params = Params(events=5_000, namespaced=30)
    old, new = (works_of(cluster(p), params)[OPTIMIZED] for p in ("k8s-1.14", "k8s-1.36"))
    assert new["watchers_tested"] == new["deliveries"] + new["drops"]
    assert old["watchers_tested"] > old["deliveries"] + old["drops"]
    assert new["index_bytes"] > old["index_bytes"]


def test_slow_clients_wait_in_turn_until_1_15() -> None:
    """The same stuck clients hold 1.14 up for longer than 1.20, and end in both."""
    params = Params(events=20_000, stuck_share=0.5)
    old, new = (works_of(cluster(p), params)[OPTIMIZED] for p in ("k8s-1.14", "k8s-1.20"))
    assert old["waits"] >= new["waits"]
    assert old["terminated"] == new["terminated"] > 0


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("profile", "rate", "sizes"),
    [
        ("k8s-1.14", 100.0, (10, 1000)),
        ("k8s-1.20", 1.0, (10, 1000)),
        ("k8s-1.36", 0.1, (10, 10)),
        ("k8s-1.36", 1.0, (10, 10)),  # capacity 100
        ("k8s-1.36", 20.0, (10, 22)),  # 1,600
        ("k8s-1.36", 100.0, (10, 171)),  # 12,800
        ("k8s-1.36", 1000.0, (10, 1000)),  # 102,400 is the most: 1,366, and the bound is 1,000
        ("k8s-1.36", 1e6, (10, 1000)),
    ],
)
def test_channel_sizes(profile: str, rate: float, sizes: tuple[int, int]) -> None:
    """Fixed to 1.24; then about a second of the history that the rate leads to."""
    assert watch_load.channel_sizes(profiles.get(profile), rate) == sizes


@pytest.mark.tiny
def test_the_load_is_what_the_parameters_say() -> None:
    """One kubelet a node, sorted groups, shares of slow and stuck, and lives of ten changes."""
    load = watch_load.make(cluster(), Params(events=50_000, namespaced=100, slow_share=0.2, stuck_share=0.1))
    assert load.watchers == 100 + 40 + 5
    assert (np.diff(load.scopes) >= 0).all()
    assert load.nodes.tolist() == list(range(40))
    for group in (slice(0, 100), slice(100, 140), slice(140, 145)):
        size = group.stop - group.start
        assert np.count_nonzero(load.take[group] == 0) == int(0.1 * size + 0.5)
        assert np.count_nonzero(load.take[group] == 1) == int(0.2 * size + 0.5)
    unbound, binding = load.new < 0, (load.old < 0) & (load.new >= 0)
    assert abs(np.count_nonzero(unbound) / 50_000 - 0.1) < 0.01
    assert abs(np.count_nonzero(binding) / 50_000 - 0.1) < 0.01
    settled = ~unbound & ~binding
    assert (load.new[settled] == load.old[settled]).all()
    assert (load.old[unbound] == -1).all()
    assert 0 <= load.namespace.min() <= load.namespace.max() < load.namespace_count
    assert load.new.max() == 39


def test_another_seed_is_another_load() -> None:
    """The load follows the scenario's seed."""
    one, other = (watch_load.make(cluster(seed=s), Params(events=1000)) for s in (1, 2))
    assert (one.new != other.new).any()


@pytest.mark.parametrize("profile", ["k8s-1.14", "k8s-1.36"])
def test_a_broken_index_is_caught(profile: str) -> None:
    """An index whose nodes are off by one is told from the right one, and the first watcher named."""
    load = watch_load.make(cluster(profile), Params(events=2_000))
    outcomes = run(load)
    index = watch_fanout.build_index(load)
    shifted = index.node_from.copy()
    shifted[1:-1] = index.node_from[2:]
    broken = watch_fanout.run_index(replace(index, node_from=shifted))
    with pytest.raises(
        WrongAnswer, match=r"watch-fanout: optimized gives watcher 10 \(node 0\) \d+ deliveries"
    ):
        watch_fanout.agree(load, outcomes | {OPTIMIZED: broken})


def test_a_wrong_order_is_caught() -> None:
    """As many events, but not the same ones: the checksum of the order differs."""
    load = watch_load.make(cluster(), Params(events=2_000))
    outcomes = run(load)
    answer = outcomes[OPTIMIZED].answer.copy()
    answer[12, 3] += 1
    with pytest.raises(WrongAnswer, match="in the order"):
        watch_fanout.agree(load, outcomes | {OPTIMIZED: Outcome(outcomes[OPTIMIZED].work, answer)})


def test_variants_wrong_alike_are_caught() -> None:
    """What all variants deliver and lose must be what matches, counted without any of them."""
    load = watch_load.make(cluster(), Params(events=2_000))
    outcomes = run(load)
    answer = outcomes[BASELINE].answer.copy()
    answer[0, 0] += 1
    with pytest.raises(WrongAnswer, match="matching ones"):
        watch_fanout.agree(load, {name: Outcome(o.work, answer) for name, o in outcomes.items()})


def test_losses_name_who_watches_everything() -> None:
    """The share that no index helps, and the flat set, are said with the figures of the cell."""
    works = works_of(cluster(), Params(events=3_000, namespaced=50))
    assert any("flat set" in line for line in watch_fanout.losses(works))
    everyone = watch_fanout.losses(works_of(cluster(nodes=1, controllers=50), Params(events=100)))
    assert any("every pod" in line and "%" in line for line in everyone)
    assert any("hardly fewer tests" in line for line in everyone)
    assert watch_fanout.losses({BASELINE: works[BASELINE]}) == ()


@pytest.mark.tiny
def test_no_events_and_no_watchers() -> None:
    """Nothing to do is done, and said without dividing by it."""
    load = watch_load.make(cluster(controllers=0), Params(events=0, namespaced=0))
    outcomes = run(load)
    watch_fanout.agree(load, outcomes)
    assert watch_fanout.losses({n: o.work for n, o in outcomes.items()}) == ()


@pytest.mark.tiny
def test_a_load_beyond_the_clock_is_refused() -> None:
    """More time than the clock can count is one line with what to do."""
    slow = cluster()
    slow = replace(slow, load=replace(slow.load, pod_changes_per_s=1e-5))
    with pytest.raises(KscaleError, match=r"146 years; raise load\.pod_changes or lower events"):
        watch_load.make(slow, Params())
    stopped = replace(slow, load=replace(slow.load, pod_changes_per_s=0.0))
    with pytest.raises(KscaleError, match=r"load\.pod_changes must be above 0, got 0/s"):
        watch_load.make(stopped, Params())


@pytest.mark.tiny
def test_memory_grows_with_what_is_asked_for() -> None:
    """The bound is above the arrays of the load."""
    small = cluster()
    params = Params(events=10_000)
    load = watch_load.make(small, params)
    held = load.new.nbytes + load.old.nbytes + load.namespace.nbytes + load.cap.nbytes + load.take.nbytes
    assert watch_load.memory(small, params) > held
    assert watch_load.memory(small, replace(params, events=10**7)) > 10**7 * 12
