"""What pods of a simulation cost the scheduler: the mechanisms' own counts, with pods that end."""

import pickle
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reference import scheduling as twin
from scheduling_cases import GIB, classes, cluster, even, nodes, problems

from kscale.clusterwide import scheduling as clusterwide
from kscale.clusterwide.size import Size
from kscale.kernels import scheduling_classes as by_class
from kscale.kernels.scheduling_exhaustive import PENDING, WORK, place_by_scan
from kscale.mechanisms import sched_equivalence, sched_sampling, scheduling, scheduling_sample
from kscale.mechanisms.base import BASELINE, OPTIMIZED
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster, NodeGroup, PodClasses

EQUIVALENCE, SAMPLING = frozenset({sched_equivalence.ID}), frozenset({sched_sampling.ID})
NOTHING, BOTH = frozenset[str](), EQUIVALENCE | SAMPLING
SETS = (NOTHING, EQUIVALENCE, SAMPLING, BOTH)
few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def size(of: Cluster, *, count: int = 0, pods: int = 0) -> Size:
    """Make the size of a cluster, or of one with so many nodes and pods, as far as the scheduler asks."""
    none = np.zeros(of.nodes.count, dtype=np.int64)
    return Size(
        name=of.name,
        seed=of.seed,
        profile=of.profile,
        costs={},
        control_plane=of.control_plane,
        load=of.load,
        simulation=of.simulation,
        nodes=count or of.nodes.count,
        pods=pods or of.pods.count,
        namespaces=1,
        stored={},
        pattern=of.nodes,
        klass=of.pods.klass,
        classes=of.pods.classes,
        status_bytes=none,
        lease_bytes=none,
    )


def smoke() -> Cluster:
    """Return a shipped cluster of 200 nodes, with taints."""
    return build.build(load.load("smoke").scenario)


def leaving_of(count: int, lives: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Let each pod end once so many more are placed."""
    return np.maximum(np.arange(count) - lives, PENDING).astype(np.int32)


def none_ends(pending: Pending) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Let pods only come."""
    return np.full(len(pending.klass), PENDING, dtype=np.int32)


@pytest.mark.parametrize("pods", [1, 2, 511, 512, 513, 1300])
def test_sums_are_the_counters_of_the_mechanism_alone(pods: int) -> None:
    """On an empty cluster the first k pods cost what the mechanism counts for k pods, for every k."""
    on = smoke()
    whole = scheduling.make(on, Load())
    for mechanism, variant, toggles in (
        (sched_equivalence.MECHANISM, BASELINE, NOTHING),
        (sched_equivalence.MECHANISM, OPTIMIZED, EQUIVALENCE),
        (sched_sampling.MECHANISM, BASELINE, NOTHING),
        (sched_sampling.MECHANISM, OPTIMIZED, SAMPLING),
    ):
        job = mechanism.prepare(on, mechanism.params(pods=pods))
        alone = mechanism.variants[variant].run(mechanism.variants[variant].build(job))
        found = clusterwide.place(whole, toggles, none_ends(whole))
        assert int(found.evaluations[:pods].sum()) == alone.work["evaluations"]
        assert found.node[:pods].tolist() == alone.answer.node_of.tolist()


def one_by_one(pending: Pending, leaving: Any) -> list[int]:  # noqa: ANN401 - an array, or a list
    """Place by looking at every node for every pod, with the real kernel called once a pod."""
    problem, state = scheduling.problem(pending), pending.state.copy()
    node_of: list[int] = []
    for p in range(len(pending.klass)):
        node = np.zeros(1, dtype=np.int32)
        last = pending.klass[p : p + 1], pending.draws[p : p + 1]
        place_by_scan(
            state, *problem[:-2], *last, pending.scratch(pending.nodes.count), node, np.zeros(WORK, np.int64)
        )
        node_of.append(int(node[0]))
        gone = int(leaving[p])
        if gone >= 0 and node_of[gone] >= 0:
            freed(state, pending, node_of[gone], int(pending.klass[gone]))
    return node_of


def freed(state: scheduling.Floats, pending: Pending, node: int, c: int) -> None:
    """Give a pod's room back: what is in use is what was asked for, and the node's level follows from it."""
    on, k = pending.nodes, pending.classes
    for row, amount in ((5, k.cpu_milli), (6, k.memory_bytes), (7, k.cpu_nonzero), (8, k.memory_nonzero)):
        state[row, node] += float(amount[c])
    state[9, node] += 1.0
    state[11, node] += float(k.ephemeral_bytes[c])
    state[12:, node] += k.extended[c]
    used = [int(cap[node]) - int(state[row, node]) for cap, row in ((on.cpu_milli, 5), (on.memory_bytes, 6))]
    state[10, node] = twin.level([int(on.cpu_milli[node]), int(on.memory_bytes[node])], used)


@pytest.mark.parametrize("lives", [0, 1, 40, 700])
def test_every_node_for_every_pod_gives_the_same_nodes(lives: int) -> None:
    """The node by class is that of the exhaustive kernel, pod by pod, also where pods end."""
    pending = scheduling.make(smoke(), Load(pods=1500, order="mixed", load="nearly-full"))
    leaving = leaving_of(1500, lives)
    found = clusterwide.place(pending, NOTHING, leaving)
    assert found.node.tolist() == one_by_one(pending, leaving)
    assert found.evaluations.tolist() == [200] * 1500


@few
@given(problems(), st.data())
def test_pods_that_end_give_their_room_back(pending: Pending, data: st.DataObject) -> None:
    """With pods that end in any order all kernels choose the twin's nodes, classes lazily and eagerly."""
    left = set(range(len(pending.klass)))
    leaving = []
    for p in range(len(pending.klass)):  # each at most once, and none before it has come
        may = [PENDING, *sorted(q for q in left if q <= p)[-3:]]
        leaving.append(data.draw(st.sampled_from(may)))
        left.discard(leaving[-1])
    wanted, ends = twin.exhaustive(pending, leaving), np.array(leaving, dtype=np.int32)
    assert one_by_one(pending, leaving) == wanted
    assert clusterwide.place(pending, EQUIVALENCE, ends).node.tolist() == wanted
    for way in (by_class.ALWAYS_LAZY, by_class.ALWAYS_EAGER):
        assert by_table(pending, way, ends) == wanted
    order = scheduling_sample.visiting_order(pending.nodes.zone).tolist()
    sampled = clusterwide.place(pending, SAMPLING, ends)
    nodes_of, _, looked = twin.sampled(pending, order, sampled.need, None, None, leaving)
    assert sampled.node.tolist() == nodes_of
    assert int(sampled.evaluations.sum()) == looked  # smaller than a chunk: nothing is scored past the last


def by_table(pending: Pending, way: int, leaving: Any) -> list[int]:  # noqa: ANN401 - an array
    """Place by class with room for one class, in a forced way."""
    table = sched_equivalence.build_table(sched_equivalence.Job(pending, 0))
    by_class.place_by_class(
        table.state, *scheduling.problem(pending), table.row_of, table.slot_of, table.in_slot, table.table,
        table.most, table.ties, np.zeros(2 * len(leaving), dtype=np.int32), way, table.node_of,
        np.zeros(by_class.WORK, dtype=np.int64), leaving, np.zeros((2, len(leaving)), dtype=np.int64),
    )  # fmt: skip
    node_of: list[int] = table.node_of.tolist()
    return node_of


@pytest.mark.tiny
def test_one_class_costs_what_changed() -> None:
    """One class on equal nodes: all once, then each node that a pod came to or left."""
    on = cluster(nodes([{"cpu": 4000, "memory": GIB}] * 200, [NodeGroup({})]), one_kind(), [0] * 12)
    pending, leaving = scheduling.make(on, Load()), leaving_of(12, 4)
    costs = {toggles: clusterwide.place(pending, toggles, leaving) for toggles in SETS}
    changes = [1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2]  # from the fifth pod on the first ones leave
    assert costs[NOTHING].evaluations.tolist() == [200] * 12
    assert costs[EQUIVALENCE].evaluations.tolist() == [200, *changes]
    assert costs[SAMPLING].evaluations.tolist() == [100] * 12
    assert costs[BOTH].evaluations.tolist() == [100, *changes]
    assert [one.need for one in costs.values()] == [200, 200, 100, 100]
    assert len(set(map(tuple, (costs[one].node.tolist() for one in (NOTHING, EQUIVALENCE, BOTH))))) == 1


def one_kind() -> PodClasses:
    """Make one class."""
    return classes([{"cpu": 100, "memory": 1000}])


@pytest.mark.parametrize("order", ["arrival", "distinct"])
def test_both_cost_no_more_than_classes_alone(order: Any) -> None:  # noqa: ANN401 - a literal
    """A class in the table costs what it costs alone, one that is not the sample of the pod."""
    pending = scheduling.make(smoke(), Load(pods=900, order=order))
    leaving = leaving_of(900, 300)
    alone, sample, both = (
        clusterwide.place(pending, toggles, leaving).evaluations for toggles in (EQUIVALENCE, SAMPLING, BOTH)
    )
    assert np.all(both <= alone)
    assert both.sum() < alone.sum()
    if order == "distinct":  # every pod is its class's first: as many samples as its class has rows
        rows = np.diff(pending.rules.first)[pending.rules.rule[pending.klass]]
        assert both.tolist() == (rows * sample).tolist()


def test_a_run_is_the_beginning_of_a_longer_one() -> None:
    """What comes later changes nothing; another seed gives other classes first; the result is picklable."""
    on = size(even(60, 900), pods=900)
    for toggles in SETS:
        whole = clusterwide.placed(on, toggles, 7, 1500)
        part = clusterwide.placed(on, toggles, 7, 400)
        assert part.evaluations.tolist() == whole.evaluations[:400].tolist()
        assert part.node.tolist() == whole.node[:400].tolist()
        sent = pickle.dumps(part)
        assert len(sent) < 400 * 12 + 1000, "it carries no larger array along"
        assert pickle.loads(sent).node.tolist() == part.node.tolist()  # noqa: S301 - written a moment ago
        other = clusterwide.placed(on, toggles, 8, 400)
        assert other.node.tolist() != part.node.tolist()
        assert len(clusterwide.placed(on, toggles, 7, 0).node) == 0


@pytest.mark.parametrize("toggles", SETS)
def test_a_steady_cluster_does_not_fill_up(toggles: frozenset[str]) -> None:
    """Five times as many pods as there are come and go, and each finds a node; without ends they do not."""
    on = even(20, 2000)
    room = clusterwide.placed(size(on, pods=500), toggles, 1, 2500)
    assert np.count_nonzero(room.node == PENDING) == 0
    pending = scheduling.make(on, Load())
    only_come = clusterwide.place(pending, toggles, none_ends(pending))
    assert np.count_nonzero(only_come.node == PENDING) > 0


def test_nodes_repeat_the_pattern() -> None:
    """Node i is like node i mod n of the scenario, and a cluster twice as large has them all twice."""
    on = smoke()
    larger = clusterwide.nodes_of(size(on, count=450))
    assert larger.count == 450
    for i in (0, 199, 200, 399, 400, 449):
        for column in ("cpu_milli", "memory_bytes", "ephemeral_bytes", "pods", "zone", "group"):
            assert getattr(larger, column)[i] == getattr(on.nodes, column)[i % 200]
    found = clusterwide.placed(size(on, count=450, pods=11_250), NOTHING, 1, 50)
    assert set(found.evaluations.tolist()) == {450}
    assert int(found.node.max()) < 450


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=5), st.integers(0, 10**6), st.integers(0, 2**40))
@settings(max_examples=100, deadline=None)
def test_what_is_in_use_is_the_same_share_of_each_node(rooms: list[int], pods: int, cpu: int) -> None:
    """Exact: the share that the requests are of all room, in ppm, and never more than all."""
    on = nodes([{"cpu": room, "memory": room, "extended": (room,)} for room in rooms], [NodeGroup({})], 1)
    asked = classes([{"cpu": cpu, "memory": 0, "extended": (cpu,)}], 1)
    used = clusterwide.in_use(on, asked, np.array([pods], dtype=np.int64))
    ppm = min(10**6, 10**6 * cpu * pods // max(1, sum(rooms)))
    assert used.cpu_milli.tolist() == [int(Fraction(room * ppm, 10**6)) for room in rooms]
    assert used.extended[:, 0].tolist() == used.cpu_milli.tolist()
    assert used.memory_bytes.tolist() == [0] * len(rooms)
    assert all(used.pods <= on.pods)
    assert sum(used.cpu_milli.tolist()) <= cpu * pods


@pytest.mark.parametrize("toggles", SETS)
def test_pods_that_add_fill_the_cluster(toggles: frozenset[str]) -> None:
    """Nothing ends for them: 20 nodes take what they have room for, and no more."""
    on = even(20, 2000)
    adds = np.ones(2500, dtype=np.bool_)
    found = clusterwide.placed(size(on, pods=500), toggles, 1, 2500, adds)
    there, room = np.count_nonzero(found.node != PENDING), int(on.nodes.pods.sum()) - 500
    assert 0 < there <= room
    adds[100:] = False  # a hundred more, then as many end as come
    few = clusterwide.placed(size(on, pods=500), toggles, 1, 1000, adds[:1000])
    assert np.count_nonzero(few.node == PENDING) == 0
    none = clusterwide.placed(size(on, pods=500), toggles, 1, 1000, np.zeros(1000, dtype=np.bool_))
    assert none.node.tolist() == clusterwide.placed(size(on, pods=500), toggles, 1, 1000).node.tolist()
