"""MostAllocated against the cases of kube-scheduler's own test, and at its edges."""

from typing import Any

import numpy as np
import pytest
from scheduling_cases import CPU_DEFAULT, GIB, MEMORY_DEFAULT, classes, column, nodes

from kscale.kernels import scheduling_scores as scores
from kscale.mechanisms import scheduling
from kscale.mechanisms.scheduling import Pending
from kscale.mechanisms.scheduling_load import Load, Taken, nothing_taken
from kscale.scenario.cluster import NodeGroup

SMALL = {"cpu": 250, "memory": 1000 * 2**20}  # three pods without requests count as more cpu than it has

# kubernetes/kubernetes noderesources/most_allocated_test.go @030880a5: nodes, what is in use, pod, points.
CASES: dict[str, tuple[list[dict[str, int]], list[tuple[int, int]], tuple[int, int], list[int]]] = {
    "nothing there, nothing asked": (
        [{"cpu": 4000, "memory": 10_000}] * 2,
        [(0, 0), (0, 0)],
        (0, 0),
        [0, 0],
    ),
    "nodes of two sizes": (
        [{"cpu": 4000, "memory": 10_000}, {"cpu": 6000, "memory": 10_000}],
        [(0, 0), (0, 0)],
        (3000, 5000),
        [62, 50],
    ),
    "pods there, nothing asked": (
        [{"cpu": 10_000, "memory": 20_000}] * 2,
        [(6000, 0), (6000, 5000)],
        (0, 0),
        [30, 42],
    ),
    "pods there, resources asked": (
        [{"cpu": 10_000, "memory": 20_000}] * 2,
        [(3000, 0), (3000, 5000)],
        (3000, 5000),
        [42, 55],
    ),
    "just as much as a node has": (
        [{"cpu": 5000, "memory": 10_000}, {"cpu": 10_000, "memory": 9000}],
        [(0, 0), (0, 0)],
        (5000, 9000),
        [95, 75],
    ),
    "more than a node has, by defaults": (
        [SMALL, SMALL],
        [(2 * CPU_DEFAULT, 2 * MEMORY_DEFAULT), (0, 0)],
        (CPU_DEFAULT, MEMORY_DEFAULT),
        [80, 30],
    ),
}


def packing(on: list[dict[str, int]], there: list[tuple[int, int]], ask: tuple[int, int]) -> Pending:
    """Make nodes with what is in use on them, and one class; requests are defaults only."""
    made = nodes(on, [NodeGroup({})])
    cpu, memory = (column([one[i] for one in there]) for i in (0, 1))
    none = np.zeros_like(cpu)
    taken = Taken(none, none, cpu, memory, none, np.zeros_like(made.extended), none)
    asking = classes([{"cpu": 0, "memory": 0, "cpu_nonzero": ask[0], "memory_nonzero": ask[1]}])
    klass, draws = np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.uint32)
    return scheduling.assemble(made, asking, taken, klass, draws, Load(strategy="most"), delta=False)


def points(pending: Pending) -> tuple[list[int], list[int]]:
    """Return MostAllocated of each node, and the score that the kernels compare."""
    n = pending.nodes.count
    found, most, balanced = pending.scratch(n), np.zeros(n), np.zeros(n)
    scores.rows(pending.state, pending.asks, 0, pending.delta, found, most, balanced)
    return most.astype(int).tolist(), found.tolist()


@pytest.mark.tiny
@pytest.mark.parametrize("case", CASES)
def test_most_allocated(case: str) -> None:
    """The points are those of kube-scheduler, and a score is one more: nothing else weighs here."""
    on, there, ask, wanted = CASES[case]
    got, compared = points(packing(on, there, ask))
    assert got == wanted
    assert compared == [1 + one for one in wanted]


@pytest.mark.tiny
def test_nodes_that_lack_a_resource() -> None:
    """What a node lacks is left out of the mean; a node without both has 0 points."""
    lacking = [{"cpu": 0, "memory": 0}, {"cpu": 1000, "memory": 0}, {"cpu": 0, "memory": 1000}]
    assert points(packing(lacking, [(0, 0), (250, 0), (0, 10)], (0, 0)))[0] == [0, 25, 1]
    assert points(packing(lacking, [(50, 50), (250, 0), (0, 10)], (500, 500)))[0] == [0, 75, 51]


def test_pods_fill_one_node_after_the_other() -> None:
    """Equal pods go where most is in use until it is full; LeastAllocated deals them out."""
    on = nodes([{"cpu": 1000, "memory": GIB}] * 5, [NodeGroup({})])
    asking = classes([{"cpu": 250, "memory": GIB // 4}])

    def placed(strategy: Any) -> list[int]:  # noqa: ANN401 - one of the parameter's values
        pending = scheduling.assemble(
            on, asking, nothing_taken(on), np.zeros(10, dtype=np.int32), np.zeros(10, dtype=np.uint32),
            Load(strategy=strategy), delta=True,
        )  # fmt: skip
        node_of: list[int] = scheduling.run_scan(scheduling.build_scan(pending))[0].node_of.tolist()
        return node_of

    assert placed("most") == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    assert placed("least") == placed(None) == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4]
