"""Scheduling by equivalence class, as a mechanism."""

from dataclasses import replace

import numpy as np
import pytest
from scheduling_cases import GIB, classes, cluster, even, nodes

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import scheduling_scores as scores
from kscale.measure import parameters
from kscale.mechanisms import sched_equivalence as mechanism
from kscale.mechanisms import scheduling, scheduling_load, scheduling_table
from kscale.mechanisms.base import Outcome
from kscale.mechanisms.sched_equivalence import Params
from kscale.mechanisms.scheduling import Answer
from kscale.scenario.cluster import Cluster, Constraints, NodeGroup, Preference, Taint

VARIANTS = mechanism.MECHANISM.variants


def run(on: Cluster, params: Params) -> tuple[mechanism.Job, dict[str, Outcome]]:
    """Run every variant."""
    job = mechanism.prepare(on, params)
    return job, {name: variant.run(variant.build(job)) for name, variant in VARIANTS.items()}


@pytest.mark.parametrize("order", ["arrival", "mixed", "bursts", "distinct"])
@pytest.mark.parametrize("load", ["normal", "nearly-full"])
def test_every_case_keeps_the_promise(order: str, load: str) -> None:
    """Whatever the order and the load, all variants agree and report every metric."""
    params = parameters.read(mechanism.MECHANISM, {"order": order, "load": load})
    job, outcomes = run(even(300, 1_500), params)
    mechanism.agree(job, outcomes)
    names = {metric.name for metric in mechanism.METRICS}
    assert all(set(outcome.work) == names for outcome in outcomes.values())
    assert (outcomes["baseline"].work["pending"] > 0) == (load == "nearly-full")


def test_whole_job_at_full_width() -> None:
    """20,000 pods on 10,000 nodes go to the same nodes one by one, lazily, eagerly and by itself."""
    job, outcomes = run(even(10_000, 20_000, kinds=48), Params())
    mechanism.agree(job, outcomes)
    base, best = outcomes["baseline"].work, outcomes["optimized"].work
    assert base["evaluations"] == 200_000_000
    assert best["evaluations"] * 50 < base["evaluations"]
    assert best["class_hits"] == 20_000 - 48
    assert best["eager_pods"] > 19_000  # 48 classes in turn
    assert outcomes["lazy"].work["eager_pods"] == 0


def test_bursts_are_followed_lazily() -> None:
    """In runs of one class nearly no pod pays for the other classes."""
    _, outcomes = run(even(3_000, 6_000, kinds=12), Params(order="bursts"))
    work = outcomes["optimized"].work
    assert work["eager_pods"] < 2_000
    assert work["rescores"] < 3 * 6_000


@pytest.mark.parametrize("cache", [0, 1_400, 4_000, 1 << 26])
def test_short_memory_changes_no_placement(cache: int) -> None:
    """With room for one class, for two, for all: evictions are counted, placements stay."""
    on = even(500, 2_000, kinds=9)
    job, outcomes = run(on, Params(cache_bytes=cache))
    mechanism.agree(job, outcomes)
    assert (outcomes["optimized"].work["evictions"] > 0) == (cache < 1 << 26)
    assert outcomes["optimized"].work["cached_bytes"] <= max(cache, scheduling_table.slot_bytes(job.pending))


def test_preferences_over_the_feasible_set() -> None:
    """Normalised plugins move all nodes when one leaves the set; the table still gives the scan's nodes."""
    groups = [
        NodeGroup({"disk": "ssd"}),
        NodeGroup({"disk": "hdd"}, (Taint("old", "", "PreferNoSchedule"),)),
        NodeGroup({}, (Taint("old", "", "PreferNoSchedule"), Taint("slow", "", "PreferNoSchedule"))),
    ]
    on = nodes([{"cpu": 8000, "memory": 32 * GIB, "group": i % 3} for i in range(240)], groups)
    likes = Constraints(preferred=(Preference(70, "disk", ("ssd",)), Preference(30, "disk", ("hdd", "ssd"))))
    asking = classes(
        [
            {"cpu": 700, "memory": 2 * GIB, "asks": likes},
            {"cpu": 500, "memory": 3 * GIB},
            {"cpu": 900, "memory": GIB, "asks": Constraints(selector=(("disk", ("hdd",)),))},
        ]
    )
    job, outcomes = run(cluster(on, asking, [i % 3 for i in range(3_000)]), Params())
    mechanism.agree(job, outcomes)
    assert outcomes["baseline"].work["pending"] > 0  # levels ran full one after the other
    where = job.pending.group[outcomes["baseline"].answer.node_of[:30:3]]
    assert set(where.tolist()) == {0}


def test_a_broken_variant_is_caught() -> None:
    """One pod elsewhere is a wrong answer, named with both nodes; so is a baseline that overfills."""
    job, outcomes = run(even(30, 60), Params())
    moved = outcomes["optimized"].answer.node_of.copy()
    moved[7] = (moved[7] + 1) % 30
    with pytest.raises(
        WrongAnswer, match=r"optimized puts pod 7 on node \d+, baseline on node \d+ \(1 of 60"
    ):
        mechanism.agree(job, {**outcomes, "optimized": Outcome({}, Answer(moved))})
    full = Outcome({}, Answer(np.full(60, -1, dtype=np.int32)))
    with pytest.raises(WrongAnswer, match=r"pod 0 \(class \d\) is left out, but a node has room"):
        mechanism.agree(job, {"baseline": full})


def test_losses_are_told_with_figures() -> None:
    """All pods different, and a table too small, are said to gain nothing; plain cases say nothing."""
    on = even(200, 1_000)

    def told(params: Params) -> str:
        return " ".join(mechanism.losses({name: one.work for name, one in run(on, params)[1].items()}))

    assert told(Params()) == ""
    assert "1,000 of 1,000 look-ups find no class" in told(Params(order="distinct"))
    assert "gave way" in told(Params(cache_bytes=0))
    assert mechanism.losses({}) == ()


def test_what_comes() -> None:
    """Orders keep the pods, synthetic classes keep their size, and the first pods are the first."""
    on = even(50, 400, kinds=5)
    arrival, asked = scheduling_load.arriving(on, Params())
    assert np.array_equal(arrival, on.pods.klass)
    assert asked is on.pods.classes
    mixed, _ = scheduling_load.arriving(on, Params(order="mixed"))
    bursts, _ = scheduling_load.arriving(on, Params(order="bursts"))
    assert not np.array_equal(mixed, arrival)
    assert np.array_equal(np.sort(mixed), bursts)
    first, _ = scheduling_load.arriving(on, Params(pods=7))
    assert np.array_equal(first, arrival[:7])
    klass, made = scheduling_load.arriving(on, Params(classes=64))
    assert made.count == 64
    assert klass.max() < 64
    near = made.cpu_milli.mean() / on.pods.classes.cpu_milli.mean()
    assert 0.8 < near < 1.2
    each, own = scheduling_load.arriving(on, Params(order="distinct"))
    assert own.count == 400
    assert np.array_equal(each, np.arange(400))
    with pytest.raises(KscaleError, match="the cluster has 400, so at most that, got 401"):
        scheduling_load.arriving(on, Params(pods=401))


def test_the_profile_chooses_the_form() -> None:
    """k8s-1.36 uses the delta form, 1.14 the level form, unless the parameter says otherwise."""
    old, new = even(3, 3), even(3, 3)
    old = replace(old, profile=cluster(old.nodes, old.pods.classes, [0], profile="k8s-1.14").profile)
    assert scheduling.make(new, Params()).delta
    assert not scheduling.make(old, Params()).delta
    assert not scheduling.make(new, Params(balanced="level")).delta
    assert scheduling.make(old, Params(balanced="delta")).delta


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"cpu": scores.LARGEST_CAPACITY + 1, "memory": GIB}, "cpu of a node, millicores: must be 0 to"),
        ({"cpu": 1, "memory": scores.LARGEST_CAPACITY * 2}, "memory of a node, bytes"),
        ({"cpu": 1, "memory": 1, "ephemeral": 2**60}, "ephemeral storage of a node"),
        ({"cpu": -1, "memory": 1}, "cpu of a node"),
    ],
)
def test_ranges(row: dict[str, int], text: str) -> None:
    """A capacity for which the arithmetic would not be exact is refused, with the limit."""
    on = nodes([row], [NodeGroup({})])
    with pytest.raises(KscaleError, match=text):
        mechanism.prepare(cluster(on, classes([{"cpu": 1, "memory": 1}]), [0]), Params())


def test_equal_seeds_equal_work() -> None:
    """The same seed gives the same counters and placements, another seed other placements."""
    (_, one), (_, two), (_, other) = (run(even(100, 400, seed=s), Params()) for s in (3, 3, 4))
    assert [o.work for o in one.values()] == [o.work for o in two.values()]
    assert np.array_equal(one["baseline"].answer.node_of, two["baseline"].answer.node_of)
    assert not np.array_equal(one["baseline"].answer.node_of, other["baseline"].answer.node_of)


def test_memory_is_an_upper_estimate() -> None:
    """The estimate covers the arrays that a state and its workload hold."""
    on, params = even(2_000, 3_000, kinds=30), Params()
    job = mechanism.prepare(on, params)
    table = mechanism.build_table(job)
    parts = [getattr(one, name) for one in (table, job.pending) for name in one.__slots__]
    held = sum(part.nbytes for part in parts if isinstance(part, np.ndarray))
    assert held <= mechanism.memory(on, params) < 3 * held


@pytest.mark.tiny
def test_tiny() -> None:
    """All variants agree on a handful of pods, with and without the compiler."""
    job, outcomes = run(even(5, 12, kinds=3), Params(cache_bytes=0))
    mechanism.agree(job, outcomes)
    assert outcomes["optimized"].work["placed"] == 12
