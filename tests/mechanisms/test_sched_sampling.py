"""Scheduling on a sample of nodes, as a mechanism."""

import numpy as np
import pytest
from scheduling_cases import GIB, classes, cluster, even, nodes

from kscale.errors import WrongAnswer
from kscale.mechanisms import sched_sampling as mechanism
from kscale.mechanisms.base import Outcome
from kscale.mechanisms.sched_sampling import Params
from kscale.mechanisms.scheduling import Answer
from kscale.scenario.cluster import Cluster, NodeGroup

VARIANTS = mechanism.MECHANISM.variants
BY_SHARE = ("optimized", "random-order", "unrotated")  # whose sample is a share of the nodes


def run(on: Cluster, params: Params) -> tuple[mechanism.Job, dict[str, Outcome]]:
    """Run every variant."""
    job = mechanism.prepare(on, params)
    return job, {name: variant.run(variant.build(job)) for name, variant in VARIANTS.items()}


def judged(job: mechanism.Job, outcomes: dict[str, Outcome]) -> dict[str, dict[str, int]]:
    """Return counters and quality of each variant."""
    return {name: {**one.work, **mechanism.quality(job, one)} for name, one in outcomes.items()}


def test_samples_save_work_and_say_what_it_costs() -> None:
    """Fewer nodes are looked at; every metric is there; the loss of the baseline is 0, of samples not."""
    job, outcomes = run(even(1_200, 6_000), Params(percentage=10))
    mechanism.agree(job, outcomes)
    works = judged(job, outcomes)
    stated = {"packed_ppm", "pods_most", "pods_least"}  # with a strategy only
    wanted = {metric.name for metric in mechanism.METRICS} - stated
    assert all(set(work) == wanted for work in works.values())
    assert works["baseline"]["score_loss_milli"] == works["baseline"]["score_loss_max"] == 0
    for name in BY_SHARE[:2]:
        assert works[name]["nodes_filtered"] == works[name]["nodes_scored"] == 6_000 * 120
        assert works[name]["score_loss_milli"] > 0
        assert works[name]["cpu_spread_ppm"] > works["baseline"]["cpu_spread_ppm"]
    said = " ".join(mechanism.losses(works))
    assert "points below the best node" in said
    assert "wider over the nodes" in said
    assert mechanism.losses({}) == ()


def test_whole_sample_is_no_loss() -> None:
    """With percentage 100 every choice is a best one, in any order of looking."""
    job, outcomes = run(even(150, 900), Params(percentage=100))
    mechanism.agree(job, outcomes)
    works = judged(job, outcomes)
    for name in ("baseline", *BY_SHARE):
        assert works[name]["score_loss_max"] == 0
        assert works[name]["nodes_filtered"] == 150 * 900


def test_nearly_full_cluster_is_searched() -> None:
    """With little room left a walk looks far beyond its sample, and says so; nothing feasible stays out."""
    job, outcomes = run(even(1_000, 4_000), Params(load="nearly-full", percentage=10))
    mechanism.agree(job, outcomes)
    works = judged(job, outcomes)
    assert works["optimized"]["pending"] > 0
    assert works["optimized"]["nodes_filtered"] > 2 * 4_000 * 100
    assert "few had room" in " ".join(mechanism.losses(works))


def test_one_feasible_node_is_taken_without_a_score() -> None:
    """A single feasible node is filtered but not scored."""
    on = nodes([{"cpu": 4000 if i == 5 else 50, "memory": GIB} for i in range(120)], [NodeGroup({})])
    one = cluster(on, classes([{"cpu": 100, "memory": 1000}]), [0] * 10)
    job, outcomes = run(one, Params())
    mechanism.agree(job, outcomes)
    for name, outcome in outcomes.items():
        assert set(outcome.answer.node_of.tolist()) == {5}
        if name != "classes":
            assert outcome.work["nodes_scored"] == 0
            assert outcome.work["nodes_filtered"] == 1_200


def test_walk_goes_round_by_zone() -> None:
    """Equal nodes in zones of unequal size: consecutive samples take up where the last stopped."""
    on = nodes([{"cpu": 9000, "memory": GIB, "zone": min(i, 1)} for i in range(300)], [NodeGroup({})])
    job, outcomes = run(cluster(on, classes([{"cpu": 1, "memory": 1}]), [0] * 3), Params(percentage=1))
    assert job.need == 100
    assert job.order[:3].tolist() == [0, 1, 2]
    places = np.argsort(job.order)[outcomes["optimized"].answer.node_of]
    assert [place // 100 for place in places] == [0, 1, 2]


def test_broken_variants_are_caught() -> None:
    """A pod that does not fit, one left out, and a sample that is too large are wrong answers."""
    job, outcomes = run(even(200, 100), Params())
    good = outcomes["optimized"].answer
    crowded = Answer(np.zeros(100, dtype=np.int32), good.found_of)
    with pytest.raises(WrongAnswer, match="is put on node 0, which cannot take it"):
        mechanism.agree(job, {"optimized": Outcome({}, crowded)})
    greedy = Answer(good.node_of, np.full(100, job.need + 1, dtype=np.int32))
    with pytest.raises(WrongAnswer, match="found 101 feasible nodes for a pod, beyond 100"):
        mechanism.agree(job, {"optimized": Outcome({}, greedy)})
    blind = Answer(good.node_of, np.zeros(100, dtype=np.int32))
    with pytest.raises(WrongAnswer, match="found 0 feasible nodes for pod 0 and did not use them"):
        mechanism.agree(job, {"optimized": Outcome({}, blind)})


def test_quality_by_hand() -> None:
    """Use, spread and maximum are those of a cluster small enough to work out."""
    on = nodes([{"cpu": 1000, "memory": 1000}, {"cpu": 2000, "memory": 1000}], [NodeGroup({})])
    job = mechanism.prepare(cluster(on, classes([{"cpu": 500, "memory": 100}]), [0] * 3), Params())
    work = mechanism.quality(job, Outcome({}, Answer(np.array([0, 0, 1], dtype=np.int32))))
    assert work["cpu_max_ppm"] == 1_000_000
    assert work["cpu_mean_ppm"] == 625_000
    assert work["cpu_spread_ppm"] == 375_000
    assert work["memory_spread_ppm"] == 50_000
    assert work["nodes_used"] == 2
    assert work["judged"] == 3
    assert work["score_loss_max"] > 0


def test_memory_is_an_upper_estimate() -> None:
    """The estimate covers the arrays that a state and its workload hold."""
    on, params = even(2_000, 3_000, kinds=30), Params()
    job = mechanism.prepare(on, params)
    search = mechanism.build_random(job)
    parts = [getattr(one, name) for one in (search, job, job.pending) for name in one.__slots__]
    held = sum(part.nbytes for part in parts if isinstance(part, np.ndarray)) + job.visited.state.nbytes
    assert held <= mechanism.memory(on, params) < 3 * held


@pytest.mark.tiny
@pytest.mark.parametrize("count", [1, 2, 6])
def test_tiny(count: int) -> None:
    """All variants agree on a handful of pods, with and without the compiler."""
    job, outcomes = run(even(count, 8, kinds=2), Params())
    mechanism.agree(job, outcomes)
    assert judged(job, outcomes)["optimized"]["placed"] == 8
