"""Nodes and pods as columns: what no pod can tell apart is one, what does not fit is brought near."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from made_facts import node, pods

from kscale.errors import KscaleError
from kscale.imports import anonymize, columns, columns_nodes, columns_pods
from kscale.imports.columns import Made
from kscale.imports.facts import NodeFact, PodFacts
from kscale.scenario import recorded as recorded_columns
from kscale.scenario.recorded import Recorded
from kscale.scenario.schema_cluster import RequestSpec

KEY = bytes(32)


def _made(nodes: list[NodeFact] | None, given: PodFacts | None) -> Made:
    """Return columns with names as they are."""
    return columns.make(nodes, given, anonymize.as_they_are)


def _asking(*requests: dict[str, Any]) -> PodFacts:
    """Return a pod of each request."""
    return pods(len(requests), requests=requests)


def test_labels_and_resources_are_kept_only_where_a_pod_asks_for_them() -> None:
    """Value by value: a pool that nobody asks for is no pool."""
    labels = [{"pool": "a", "rack": "1"}, {"pool": "b", "rack": "2"}, {"pool": "c", "rack": "3"}]
    nodes = [node(i, labels=one, extended=(("fpga", 2), ("gpu", 4))) for i, one in enumerate(labels)]
    asking = _asking(
        {"selector": {"pool": "a"}, "extended": {"gpu": 1}},
        {"preferred": [{"key": "pool", "values": ["b"], "weight": 5}]},
    )
    made = _made(nodes, asking).nodes
    assert made is not None
    assert [one.labels for one in made.shapes] == [{"pool": "a"}, {"pool": "b"}, {}]
    assert {name for one in made.shapes for name in one.extended} == {"gpu"}
    assert made.shape.tolist() == [0, 1, 2]


def test_nodes_that_no_pod_can_tell_apart_are_one_shape() -> None:
    """Names, and labels that only they have, vanish."""
    made = _made([node(i) for i in range(100)], pods(3))
    assert made.nodes is not None
    assert len(made.nodes.shapes) == 1
    assert made.nodes.zones == 2
    assert np.bincount(made.nodes.zone).tolist() == [50, 50]


def test_taints_stay_all_and_in_order() -> None:
    """Whether or not a pod tolerates them."""
    taints = (("b", "x", "NoSchedule"), ("a", "", "NoExecute"), ("b", "x", "NoSchedule"))
    made = _made([node(1, taints=taints, unschedulable=True)], None).nodes
    assert made is not None
    assert [(one.key, one.value, one.effect) for one in made.shapes[0].taints] == [
        ("a", "", "NoExecute"),
        ("b", "x", "NoSchedule"),
    ]
    assert made.shapes[0].unschedulable


def test_zones_are_numbers_by_size() -> None:
    """Zone 0 is the largest; a name says nothing."""
    zones = ["small", "large", "large", "", "large", "small"]
    all_made = _made([node(i, zone=zone) for i, zone in enumerate(zones)], None)
    assert all_made.assumed == ("1 node without a zone: counted as one zone more, 3 in all",)
    made = all_made.nodes
    assert made is not None
    assert made.zone.tolist() == [1, 0, 0, 2, 0, 1]
    one = _made([node(1, zone=""), node(2, zone="")], None)
    assert one.nodes is not None
    assert one.nodes.zones == 1
    assert one.assumed == ("all nodes are in one zone: none of them names one",)


def test_more_zones_than_a_scenario_takes_end_in_the_last() -> None:
    """Nothing is refused for it, and it is said."""
    made = _made([node(i, zone=f"z{i:04d}") for i in range(1003)], None)
    assert made.nodes is not None
    assert made.nodes.zones == 1000
    assert np.bincount(made.nodes.zone)[-1] == 4
    assert made.assumed == ("3 small zones counted as the last of 1,000",)


def test_node_without_room_is_left_out_and_a_giant_is_made_as_large_as_it_can_be() -> None:
    """A broken node and a virtual one."""
    made = _made([node(1, pods=0), node(2, cpu_milli=10**12, pods=10**9), node(3)], None)
    assert made.nodes is not None
    assert [(one.cpu, one.pods) for one in made.nodes.shapes] == [(10**8, 100_000), (8000, 110)]
    assert made.dropped == ("1 node without cpu, memory or room for pods",)
    assert made.assumed == ("1 node larger than a scenario takes: made as large as it takes",)
    assert _made([node(1, memory_bytes=0)], None).nodes is None


def test_resources_beyond_sixteen_are_the_least_wanted() -> None:
    """A cluster has at most sixteen."""
    requests = [{"extended": {f"r{i}": 1}} for i in range(20)] + [{"extended": {"r19": 2}}]
    made = _made(None, _asking(*requests))
    assert made.pods is not None
    kept = {name for one in made.pods.requests for name in one.extended}
    assert len(kept) == 16
    assert "r19" in kept
    assert made.assumed == ("without 4 of 20 extended resources: the least wanted",)


def test_pods_are_numbered_in_order_of_their_first() -> None:
    """Whatever numbers the source gave."""
    given = replace(
        pods(4, requests=({"cpu": 1}, {"cpu": 2}, {"cpu": 3})),
        request=np.array([2, 0, 2, 0], dtype=np.int32),
        app=np.array([900, 7, 900, 8], dtype=np.int32),
        namespace=np.array([5, 5, 1, 5], dtype=np.int32),
    )
    made = _made(None, given).pods
    assert made is not None
    assert [one.cpu for one in made.requests] == [(3000,), (1000,)]
    assert made.request.tolist() == [0, 1, 0, 1]
    assert made.app.tolist() == [0, 1, 0, 2]
    assert made.namespace.tolist() == [0, 0, 1, 0]
    assert made.namespaces == 2


def test_requests_that_differ_only_in_what_is_left_out_are_one() -> None:
    """So that they are distinct again."""
    requests = [{"extended": {f"r{i}": 1}} for i in range(18)]
    made = _made(None, _asking(*requests, *requests[:16])).pods
    assert made is not None
    assert len(made.requests) == 17  # sixteen resources, and one without any
    assert made.request[16] == made.request[17]


def test_too_many_requests_are_made_fewer_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """First selectors of single nodes go, then digits; then it is refused."""
    monkeypatch.setattr(columns_pods, "MOST_REQUESTS", 3)
    pinned = _made(None, _asking(*({"selector": {"kubernetes.io/hostname": f"n{i}"}} for i in range(9))))
    assert pinned.pods is not None
    assert [one.selector for one in pinned.pods.requests] == [{}]
    assert len(pinned.assumed) == 1
    uneven = _made(None, _asking(*({"cpu": f"{1001 + i}m", "memory": 2**20 + i} for i in range(9))))
    assert uneven.pods is not None
    assert [one.cpu for one in uneven.pods.requests] == [(1100,)]
    assert len(uneven.assumed) == 2
    with pytest.raises(KscaleError, match=r"^pods ask for 9 different things; at most 3 can be kept$"):
        _made(None, _asking(*({"cpu": i} for i in range(9))))


def test_too_many_shapes_are_made_fewer_by_their_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines of one kind differ by some KiB."""
    monkeypatch.setattr(columns_nodes, "MOST_SHAPES", 2)
    made = _made([node(i, memory_bytes=2**35 + 1024 * i) for i in range(9)], None)
    assert made.nodes is not None
    assert [one.memory for one in made.nodes.shapes] == [2**35]
    with pytest.raises(KscaleError, match=r"^there are 9 different nodes; at most 2 can be kept$"):
        _made([node(i, cpu_milli=1000 + i) for i in range(9)], None)


def test_columns_are_what_a_file_takes() -> None:
    """Hidden names, hostile names, all at once."""
    hostile = ("\x1b[2J", "a\nb", "x" * 5000, "", "ünï", "-", "nvidia.com/gpu")
    labels = dict(zip(hostile, reversed(hostile), strict=True))
    requests = [{"tolerations": [{"operator": "Exists"}]}]
    given = pods(2, requests=requests)
    wild = RequestSpec().model_copy(
        update={
            "selector": {key: (value,) for key, value in labels.items()},
            "extended": dict.fromkeys(hostile, 1),
        }
    )
    given = replace(given, requests=(wild,))
    extended = tuple((name, 10**15) for name in hostile)
    nodes = [
        node(
            1, labels=labels, extended=extended, taints=tuple((k, v, "NoSchedule") for k, v in labels.items())
        )
    ]
    for rename in (anonymize.hashes(KEY), anonymize.as_they_are):
        made = columns.make(nodes, given, rename)
        whole = Recorded(made.nodes, made.pods)
        about, parts = recorded_columns._taken_apart(whole)
        assert recorded_columns._put_together(about, parts, "it").node_count == 1
        assert made.nodes is not None
        assert made.pods is not None
        assert made.nodes.shapes[0].labels == {k: v[0] for k, v in made.pods.requests[0].selector.items()}
