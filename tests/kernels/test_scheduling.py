"""The scheduling kernels against the slow twin."""

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reference import scheduling as twin
from scheduling_cases import GIB, classes, nodes, problems

from kscale.kernels import scheduling_choice as choice
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels import scheduling_replay as replay
from kscale.kernels import scheduling_sampling as sampling
from kscale.kernels import scheduling_scores as scores
from kscale.kernels.scheduling_exhaustive import WORK, place_by_scan
from kscale.kernels.scheduling_table import BLOCK
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling, scheduling_sample
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load, nothing_taken
from kscale.scenario.cluster import NodeGroup

few = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
WAYS = (by_class.BY_ITSELF, by_class.ALWAYS_LAZY, by_class.ALWAYS_EAGER)


def by_scan(pending: Pending) -> list[int]:
    """Place by looking at every node."""
    node_of: list[int] = scheduling.run_scan(scheduling.build_scan(pending))[0].node_of.tolist()
    return node_of


def by_table(pending: Pending, way: int, cache: int = 2**20) -> list[int]:
    """Place by class."""
    table = sched_equivalence.build_table(sched_equivalence.Job(pending, cache))
    node_of: list[int] = sched_equivalence.run_table(way, table).answer.node_of.tolist()
    return node_of


def plain(count: int, pods: int, kinds: int, *, delta: bool = False, cpu: int = 4000) -> Pending:
    """Make equal nodes and *kinds* classes in turn."""
    on = nodes([{"cpu": cpu, "memory": 16 * GIB, "pods": 30}] * count, [NodeGroup({})])
    asking = classes([{"cpu": 100 + 50 * i, "memory": (1 + i) * GIB // 4} for i in range(kinds)])
    klass = np.arange(pods, dtype=np.int32) % kinds
    draws = (np.arange(pods, dtype=np.uint64) * np.uint64(2_654_435_761) % np.uint64(2**32)).astype(np.uint32)
    return scheduling.assemble(on, asking, nothing_taken(on), klass, draws, Load(), delta=delta)


@few
@given(problems())
def test_scores_are_those_of_the_formulas(pending: Pending) -> None:
    """Filter and both scores of every node are what integers give, on full and lacking nodes too."""
    on, n = twin.cluster(pending), pending.nodes.count
    for c in range(pending.classes.count):
        found = pending.scratch(n)
        least, balanced = np.zeros(n), np.zeros(n)
        scores.rows(pending.state, pending.asks, c, pending.delta, found, least, balanced)
        choice.refuse(
            pending.rules.level_of[pending.rules.rule[c]], pending.group, found, np.zeros(n, dtype=np.int32)
        )
        pod = twin.Pod(pending, c)
        assert [score > 0 for score in found] == [twin.fits(pod, node) for node in on]
        if pending.asks[scores.FIT, c] != 0.0 or pending.strategy != "most":  # its sign says which
            assert least.tolist() == [twin.allocated(pending, pod, node) for node in on]
        assert balanced.tolist() == [twin.balanced(pod, node, pending.delta) for node in on]
        for i in range(n):
            assert bool(found[i]) == (
                not scheduling.reasons(pending, ("r0", "r1")[: on[i].cap[3:].__len__()], i, c)
            )


@given(
    st.integers(1, scores.LARGEST_CAPACITY), st.integers(1, scores.LARGEST_CAPACITY), st.data()
)  # fmt: skip
@example(scores.LARGEST_CAPACITY, 3, None)
@settings(max_examples=300, deadline=None)
def test_reciprocals_give_whole_division(cpu: int, memory: int, data: st.DataObject | None) -> None:
    """Both strategies by reciprocal equal integer division up to the largest capacity allowed."""
    for cap, other in ((cpu, memory), (memory, cpu)):
        near = [cap * part // 100 + off for part in (1, 33, 50, 99, 100) for off in (-1, 0, 1)]
        if data:
            near.append(data.draw(st.integers(0, cap)))
        for left in near:
            if 0 <= left <= cap:
                got = scores.allocated(1.0 / cap, 1.0 / other, 0.5, float(left), 0.0, 0.0, 0.0, 0.5)
                assert got == (left * 100 // cap) // 2
                got = scores.allocated(-1.0 / cap, -1.0 / other, 0.5, float(left), 0.0, 0.0, 0.0, -0.5)
                assert 100 + got == ((cap - left) * 100 // cap + 100) // 2


@few
@given(problems())
def test_scan_places_as_the_rules_say(pending: Pending) -> None:
    """The exhaustive kernel chooses the twin's node for every pod."""
    assert by_scan(pending) == twin.exhaustive(pending)


@few
@given(problems(most_nodes=12, most_pods=60), st.sampled_from(WAYS), st.sampled_from((0, 2**20)))
def test_classes_place_as_the_scan_does(pending: Pending, way: int, cache: int) -> None:
    """By class, lazily or eagerly, with a table of one class or of all: the same node for every pod."""
    assert by_table(pending, way, cache) == by_scan(pending)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("delta", [False, True])
@pytest.mark.parametrize("count", [1, 2, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1])
def test_blocks_do_not_show(count: int, way: int, delta: bool) -> None:
    """Nodes one short of a block, a whole block, one more: placements stay those of the scan."""
    pending = plain(count, 700, 7, delta=delta)
    assert by_table(pending, way) == by_scan(pending)
    assert by_table(pending, way, cache=3 * 20_000) == by_scan(pending)


@pytest.mark.parametrize("kinds", [1, 3, 400, 900])
def test_any_number_of_classes(kinds: int) -> None:
    """One class, as many as pods and more: the same placements, with evictions where memory is short."""
    pending = plain(300, 600, kinds)
    for cache in (0, 10_000, 2**24):
        assert by_table(pending, by_class.BY_ITSELF, cache) == by_scan(pending)


def test_saturated_cluster() -> None:
    """When nothing fits any more every pod is left out, in every way."""
    pending = plain(40, 4_000, 5, cpu=1000)
    wanted = by_scan(pending)
    assert wanted[-100:] == [-1] * 100
    for way in WAYS:
        assert by_table(pending, way) == wanted


def test_wide_scores() -> None:
    """Weights beyond 8 bits are exact: the same placements from 16-bit tables."""
    narrow = plain(250, 500, 4)
    heavy = np.array(narrow.asks)
    heavy[scores.FIT], heavy[scores.BALANCE] = 300, 300
    wide = scheduling.assemble(
        narrow.nodes, narrow.classes, nothing_taken(narrow.nodes), narrow.klass, narrow.draws,
        Load(fit_weight=300, balanced_weight=300), delta=False,
    )  # fmt: skip
    assert not wide.small
    assert np.array_equal(wide.asks, heavy)
    assert by_table(wide, by_class.BY_ITSELF) == by_scan(wide) == by_scan(narrow)


@few
@given(problems(), st.integers(1, 14), st.data())
def test_samples_are_those_of_the_rules(pending: Pending, need: int, data: st.DataObject) -> None:
    """Walks and random orders look at the twin's nodes, find as many and choose the same."""
    n, pods = pending.nodes.count, len(pending.klass)
    order = scheduling_sample.visiting_order(pending.nodes.zone)
    assert order.tolist() == twin.zone_order(pending.nodes.zone.tolist())
    visited = scheduling.Pending(
        **{name: getattr(pending, name) for name in Pending.__slots__}
        | {"state": np.ascontiguousarray(pending.state[:, order]), "group": pending.group[order]}
    )
    job = sched_sampling.Job(pending, visited, order, need)
    coprime = [k for k in range(1, n + 1) if np.gcd(k, n) == 1]
    starts = data.draw(st.lists(st.integers(0, n - 1), min_size=pods, max_size=pods))
    strides = [
        1 if n == 1 else k
        for k in data.draw(st.lists(st.sampled_from(coprime), min_size=pods, max_size=pods))
    ]
    random = sched_sampling.build_random(job)
    random.starts[:], random.strides[:] = starts, strides
    for outcome, (nodes_of, found, looked) in (
        (
            sched_sampling.run_walk(sched_sampling.build_walk(job)),
            twin.sampled(pending, order.tolist(), need, None, None),
        ),
        (
            sched_sampling.run_walk(sched_sampling.build_walk(job), rotate=False),
            twin.sampled(pending, order.tolist(), need, None, None, rotate=False),
        ),
        (sched_sampling.run_random(random), twin.sampled(pending, order.tolist(), need, starts, strides)),
    ):
        assert outcome.answer.node_of.tolist() == nodes_of
        assert outcome.answer.found_of.tolist() == found
        assert outcome.work["nodes_filtered"] == looked
        assert looked <= outcome.work["evaluations"] <= min(n * pods, 2 * looked + need * pods)
    sched_sampling.agree(job, {"optimized": sched_sampling.run_walk(sched_sampling.build_walk(job))})


def test_walk_in_chunks() -> None:
    """A search longer than a chunk, round the end of the list, stops at the very node that completes it."""
    on = nodes([{"cpu": 1000 if i % 5 == 0 else 50, "memory": GIB} for i in range(1000)], [NodeGroup({})])
    asking = classes([{"cpu": 100, "memory": 1000}])
    draws = np.zeros(40, dtype=np.uint32)
    pending = scheduling.assemble(
        on, asking, nothing_taken(on), np.zeros(40, dtype=np.int32), draws, Load(), delta=False
    )
    job = sched_sampling.Job(pending, pending, np.arange(1000, dtype=np.int32), 130)
    outcome = sched_sampling.run_walk(sched_sampling.build_walk(job))
    nodes_of, found, looked = twin.sampled(pending, range(1000), 130, None, None)
    assert outcome.answer.node_of.tolist() == nodes_of
    assert outcome.answer.found_of.tolist() == found
    assert outcome.work["nodes_filtered"] == looked


def test_replay_finds_the_first_wrong_pod() -> None:
    """A pod where it does not fit, or left out although a node has room, is named."""
    pending = plain(20, 50, 3)
    node_of = np.array(by_scan(pending), dtype=np.int32)

    def wrong(changed: np.ndarray[tuple[int], np.dtype[np.int32]]) -> int:
        rules = pending.rules
        return replay.first_wrong(
            pending.state.copy(), pending.asks, pending.delta, rules.rule, rules.level_of, pending.group,
            pending.klass, changed, pending.scratch(20),
        )  # fmt: skip

    assert wrong(node_of) == -1
    left_out, crowded = node_of.copy(), np.zeros_like(node_of)
    left_out[17] = -1
    assert wrong(left_out) == 17
    assert 0 < wrong(crowded) <= 30


@pytest.mark.tiny
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(most_nodes=4, most_pods=8))
def test_interpreted_kernels_agree(pending: Pending) -> None:
    """Without the compiler too, every way of placing gives the twin's nodes."""
    wanted = twin.exhaustive(pending)
    assert by_scan(pending) == wanted
    for way in (by_class.ALWAYS_LAZY, by_class.ALWAYS_EAGER):
        assert by_table(pending, way, cache=0) == wanted
    order = scheduling_sample.visiting_order(pending.nodes.zone)
    visited = scheduling.Pending(
        **{name: getattr(pending, name) for name in Pending.__slots__}
        | {"state": np.ascontiguousarray(pending.state[:, order]), "group": pending.group[order]}
    )
    job = sched_sampling.Job(pending, visited, order, 2)
    walked = sched_sampling.run_walk(sched_sampling.build_walk(job)).answer.node_of.tolist()
    assert walked == twin.sampled(pending, order.tolist(), 2, None, None)[0]
    sched_sampling.run_random(sched_sampling.build_random(job))


def test_each_kernel_is_compiled_once_a_score_type() -> None:
    """Column types are fixed at the boundary, so nobody waits for a second compilation."""
    pending = plain(3, 5, 2)
    by_scan(pending)
    by_table(pending, by_class.BY_ITSELF)
    for kernel in (place_by_scan, by_class.place_by_class, sampling.place_by_walk, replay.first_wrong):
        if hasattr(kernel, "signatures"):  # not without the compiler
            assert len(kernel.signatures) <= 4  # each with and without pods that end
    assert WORK == 4
