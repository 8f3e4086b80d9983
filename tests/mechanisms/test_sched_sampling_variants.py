"""Sampling in the ways that were asked for: unrotated, two choices, a fixed count; and no sample at all."""

import numpy as np
import pytest
from reference import scheduling as twin
from scheduling_cases import GIB, classes, cluster, even, nodes

from kscale.errors import WrongAnswer
from kscale.mechanisms import sched_sampling as mechanism
from kscale.mechanisms import scheduling_sample
from kscale.mechanisms.base import Outcome
from kscale.mechanisms.sched_sampling import Params
from kscale.mechanisms.scheduling import Answer
from kscale.scenario.cluster import Cluster, NodeGroup

VARIANTS = mechanism.MECHANISM.variants


def run(on: Cluster, params: Params, *names: str) -> tuple[mechanism.Job, dict[str, Outcome]]:
    """Run the variants of these names, or all."""
    job = mechanism.prepare(on, params)
    return job, {name: VARIANTS[name].run(VARIANTS[name].build(job)) for name in names or VARIANTS}


@pytest.mark.tiny
def test_each_is_the_twin() -> None:
    """Nodes, feasible nodes found and nodes looked at are those of plain rules, for each way."""
    on = even(30, 40, kinds=3)
    job, outcomes = run(on, Params(count=5, utilisation=0.9))
    mechanism.agree(job, outcomes)
    pending, order = job.pending, job.order.tolist()
    random = mechanism.build_random(job)
    drawn = random.starts.tolist(), random.strides.tolist()
    for name, need, starts, strides, rotate in (
        ("optimized", job.need, None, None, True),
        ("unrotated", job.need, None, None, False),
        ("fixed-count", 5, None, None, True),
        ("two-choices", 2, *drawn, True),
    ):
        nodes_of, found, looked = twin.sampled(pending, order, need, starts, strides, rotate=rotate)
        assert outcomes[name].answer.node_of.tolist() == nodes_of
        assert outcomes[name].answer.found_of.tolist() == found
        assert outcomes[name].work["nodes_filtered"] == looked
    assert outcomes["classes"].answer.node_of.tolist() == twin.exhaustive(pending)


def test_few_nodes_are_not_paid_for_as_many() -> None:
    """Where two or five nodes are enough, no more are evaluated; steps grow where few have room."""
    job, outcomes = run(even(2_000, 500), Params(count=5), "two-choices", "fixed-count")
    mechanism.agree(job, outcomes)
    assert outcomes["two-choices"].work["evaluations"] == 500 * 2
    assert outcomes["fixed-count"].work["evaluations"] == 500 * 5
    _, outcomes = run(even(2_000, 4_000), Params(load="nearly-full"), "two-choices")
    work = outcomes["two-choices"].work
    assert work["nodes_filtered"] > 4 * 4_000
    assert work["evaluations"] < 2 * work["nodes_filtered"] + 2 * 4_000


def test_unrotated_fills_the_first_nodes() -> None:
    """Without rotation the nodes beyond the sample stay empty as long as the first have room."""
    on = even(300, 200)
    job, outcomes = run(on, Params(percentage=1), "optimized", "unrotated")
    place = np.argsort(job.order)
    assert place[outcomes["unrotated"].answer.node_of].max() < 100
    assert place[outcomes["optimized"].answer.node_of].max() >= 200


def test_classes_cost_less_and_choose_the_same() -> None:
    """The table gives the baseline's nodes; one pod elsewhere is a wrong answer."""
    job, outcomes = run(even(600, 2_000), Params(), "baseline", "classes")
    mechanism.agree(job, outcomes)
    assert outcomes["classes"].work["evaluations"] * 10 < outcomes["baseline"].work["evaluations"]
    moved = outcomes["classes"].answer.node_of.copy()
    moved[3] = (moved[3] + 1) % 600
    with pytest.raises(
        WrongAnswer, match=r"classes puts pod 3 on node \d+, baseline on node \d+ \(1 of 2,000"
    ):
        mechanism.agree(job, {**outcomes, "classes": Outcome({}, Answer(moved))})


def test_each_has_its_own_bound() -> None:
    """Three feasible nodes are too many for two choices, and six for a count of five."""
    job, outcomes = run(even(200, 50), Params(count=5), "two-choices", "fixed-count")
    for name, most in (("two-choices", 2), ("fixed-count", 5)):
        answer = outcomes[name].answer
        greedy = Answer(answer.node_of, np.full(50, most + 1, dtype=np.int32))
        with pytest.raises(
            WrongAnswer, match=f"{name} found {most + 1} feasible nodes for a pod, beyond {most}"
        ):
            mechanism.agree(job, {name: Outcome({}, greedy)})


@pytest.mark.tiny
@pytest.mark.parametrize(
    ("count", "sample"),
    [
        (1, 1), (100, 100), (200, 135), (500, 242), (1000, 420), (2000, 440), (3000, 460), (4000, 480),
        (5000, 500), (6000, 550), (7000, 600), (10_000, 750), (20_000, 1250),
    ],
)  # fmt: skip
def test_monotonic_formula(count: int, sample: int) -> None:
    """Every row of the table in PR 139088; a percentage that is given still decides."""
    assert scheduling_sample.sample_size(count, 0, "monotonic") == sample
    assert scheduling_sample.sample_size(count, 10, "monotonic") == scheduling_sample.sample_size(count, 10)


@pytest.mark.tiny
def test_formulas_between() -> None:
    """The one grows with every node, the other falls between the sizes that users named."""
    sizes = [scheduling_sample.sample_size(n, 0, "monotonic") for n in range(1, 30_000, 7)]
    assert sizes == sorted(sizes)
    assert [scheduling_sample.sample_size(n, 0) for n in (3125, 5625, 10_000)] == [781, 281, 500]


def packed(strategy: str) -> dict[str, dict[str, int]]:
    """Return counters and quality of 60 pods of a fifth of a node on 240 nodes, by variant."""
    on = nodes([{"cpu": 1000, "memory": 10 * GIB}] * 240, [NodeGroup({})])
    small = cluster(on, classes([{"cpu": 200, "memory": 2 * GIB}]), [0] * 60)
    params = Params(percentage=1, strategy="most" if strategy == "most" else "least")
    job, outcomes = run(small, params)
    mechanism.agree(job, outcomes)
    return {name: {**one.work, **mechanism.quality(job, one)} for name, one in outcomes.items()}


def test_packing_is_told_in_nodes() -> None:
    """With MostAllocated 60 pods fill 12 nodes; samples that go round use more, and that is the loss told."""
    works = packed("most")
    assert works["baseline"]["nodes_used"] == works["unrotated"]["nodes_used"] == 12
    assert works["baseline"]["packed_ppm"] == 1_000_000
    assert works["optimized"]["nodes_used"] == 13
    assert works["optimized"]["packed_ppm"] == 12_000_000 // 13
    said = mechanism.losses(works)
    assert "optimized: pods take 13 nodes, where 12 were enough" in said
    assert not any("wider over the nodes" in one for one in said)


def test_evenness_is_told_in_pods() -> None:
    """With LeastAllocated stated, 60 pods go to 60 of 240 nodes, and two choices are a little worse."""
    works = packed("least")
    assert (works["baseline"]["pods_least"], works["baseline"]["pods_most"]) == (0, 1)
    assert works["two-choices"]["pods_most"] == 2
    said = " ".join(mechanism.losses(works))
    assert "two-choices: nodes got from 0 to 2 pods" in said
    assert "pods take" not in said
