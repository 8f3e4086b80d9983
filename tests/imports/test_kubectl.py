"""Lists of kubectl: the same facts in every shape, sizes to the byte, one line for what is wrong."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ijson
import ijson.backends.python
import kubectl_objects as made
import numpy as np
import pytest
import read_files

from kscale.errors import Interrupted
from kscale.imports import kubectl, kubectl_feed, kubectl_stream
from kscale.imports.facts import Facts

SMALL = made.mixed(7, 45)


def imported(folder: Path, data: bytes, name: str = "list.json") -> Facts:
    """Return what a file of these bytes says."""
    return read_files.imported(kubectl.read, folder / name, data)


def complaint(folder: Path, data: bytes) -> str:
    """Return the one line that refuses a file of these bytes."""
    return read_files.complaint(kubectl.read, folder / "list.json", data)


def said(facts: Facts) -> list[Any]:
    """Return facts without their source's name and size, to be compared."""
    pods = facts.pods
    return [
        facts.source.taken,
        facts.nodes,
        None if pods is None else pods.requests,
        None if pods is None else [pods.request.tolist(), pods.app.tolist(), pods.namespace.tolist()],
        None if pods is None else pods.created_s.tolist(),
        {name: (one.count, one.estimate, sizes(facts, name)) for name, one in facts.types.items()},
        facts.values,
        facts.also,
        facts.read,
        facts.dropped,
        facts.assumed,
    ]


def sizes(facts: Facts, name: str) -> list[list[int]]:
    """Return the sizes of a type's objects."""
    found = facts.types[name].sizes
    assert found is not None
    return [[int(number) for number in row] for row in found]


def compact(one: made.Made) -> int:
    """Return the bytes of an object's JSON without blanks."""
    return len(json.dumps(one, separators=(",", ":"), ensure_ascii=False).encode())


def histogram(stored: Sequence[int]) -> list[list[int]]:
    """Return how many there are of each size."""
    return [
        [int(size), int(count)] for size, count in zip(*np.unique(stored, return_counts=True), strict=True)
    ]


def test_a_list_is_read_whole(tmp_path: Path) -> None:
    """Nodes, pods, types to the byte, values."""
    facts = imported(tmp_path, made.as_list(SMALL))
    assert facts.source.format == "kubectl"
    assert facts.source.taken == datetime.fromtimestamp(made.BORN + 10_000_006, UTC)
    assert facts.nodes is not None
    assert [node.zone for node in facts.nodes[:4]] == ["eu-1a", "eu-1b", "eu-1c", "eu-1a"]
    assert facts.pods is not None
    assert facts.pods.app.tolist() == [number // 20 for number in range(45)]
    assert sizes(facts, "pods") == histogram([-(-compact(made.pod(i)) // 2) for i in range(45)])
    assert sizes(facts, "nodes") == histogram([-(-compact(made.node(i)) // 2) for i in range(7)])
    assert sizes(facts, "factories.acme.example.com") == histogram(
        [compact(made.widget(i)) for i in range(3)]
    )
    assert all(one.estimate for one in facts.types.values())
    values = {one.key: (one.value, one.estimate) for one in facts.values}
    mean = -(-sum(-(-compact(made.node(i)) // 2) for i in range(7)) // 7)
    assert values == {
        "counts.nodes": (7, False),
        "counts.pods": (45, False),
        "load.heartbeat.size": (f"{mean}B", True),
        "profile": ("k8s-1.36", True),
        "load.pod_changes": (f"{44 * 3 / 3600 / 168:.3g}/s", True),
    }


@pytest.mark.parametrize(
    ("without", "said"),
    [
        (0, "7 nodes in 3 zones"),
        (4, "7 nodes in 3 zones, 4 of them in none"),
        (7, "7 nodes without a zone"),
    ],
)
def test_nodes_without_a_zone_are_told(tmp_path: Path, without: int, said: str) -> None:
    """They are no zone that the list names."""
    nodes = [made.node(number) for number in range(7)]
    for node in nodes[:without]:
        del node["metadata"]["labels"]["topology.kubernetes.io/zone"]
    assert imported(tmp_path, made.as_list(nodes)).read[0] == said


def test_what_is_told_has_no_names(tmp_path: Path) -> None:
    """Numbers and Kubernetes' own words."""
    facts = imported(tmp_path, made.as_list(SMALL))
    told = " ".join(
        [*facts.read, *facts.also, *facts.dropped, *facts.assumed, *(one.how for one in facts.values)]
    )
    for name in ("worker", "team", "app-", "eu-1", "acme", "factor", "example", "general", "pool"):
        assert name not in told
    assert "7 nodes in 3 zones" in facts.read
    assert "45 pods of 3 apps in 1 namespace, with 3 distinct requests" in facts.read
    assert "7 leases, 7 of them of nodes" in facts.read
    assert "3 objects of 1 other type" in facts.read
    assert "of the pods' specs: topology spread constraints (45)" in facts.dropped
    assert any(line.startswith("leases of nodes last 40 s (7);") for line in facts.also)
    assert any(line.startswith("nodes list 48 images each, ") for line in facts.also)
    assert any(line.startswith("managedFields are ") for line in facts.also)


@pytest.mark.parametrize(
    "data",
    [
        made.as_lines(SMALL),
        made.packed(made.as_lines(SMALL)),
        made.packed(made.as_list(SMALL)),
        b"\xef\xbb\xbf" + made.as_list(SMALL),
        json.dumps(SMALL).encode(),
        made.as_list(SMALL[:20]) + made.as_lines(SMALL[20:30]).replace(b"\n", b"") + made.as_list(SMALL[30:]),
        made.as_list(SMALL) + b'{"apiVersion":"v1","kind":"PodList","metadata":{},"items":null}',
        made.as_list([]) + made.as_list(SMALL),
        b"".join(
            made.as_answer([one for one in SMALL if one["kind"] == kind], f"{kind}List", version)
            for kind, version in (
                ("Node", "v1"),
                ("Lease", "coordination.k8s.io/v1"),
                ("Pod", "v1"),
            )
        )
        + made.as_lines(SMALL[-3:]),
    ],
    ids=["lines", "lines.gz", "list.gz", "bom", "array", "mixture", "null", "empty", "answers"],
)
def test_every_shape_says_the_same(tmp_path: Path, data: bytes, request: pytest.FixtureRequest) -> None:
    """v1.List, PodList, an object a line, a plain list, documents without a line between them, gzip."""
    expected, found = said(imported(tmp_path, made.as_list(SMALL))), said(imported(tmp_path, data))
    if request.node.callspec.id == "answers":  # items of an answer are smaller: they have no kind
        assert found[:5] == expected[:5]
        assert [found[5][name][0] for name in found[5]] == [expected[5][name][0] for name in expected[5]]
    else:
        assert found == expected


def test_a_kind_may_come_after_the_items(tmp_path: Path) -> None:
    """Of an answer with its keys sorted."""
    pods = SMALL[14:-3]
    answer = made.as_answer(pods, "PodList")
    late = json.dumps(json.loads(answer), sort_keys=True).encode()
    assert late.index(b'"kind": "PodList"') > late.index(b'"items"')
    two = (
        late
        + made.as_lines(SMALL[:2])
        + json.dumps(json.loads(made.as_answer(SMALL[2:7], "NodeList")), sort_keys=True).encode()
    )
    assert said(imported(tmp_path, late)) == said(imported(tmp_path, answer))
    facts = imported(tmp_path, made.packed(two))
    assert {name: one.count for name, one in facts.types.items()} == {"nodes": 7, "pods": 45}


def test_the_slow_backend_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ijson without its library in C."""
    expected = said(imported(tmp_path, made.as_list(SMALL)))
    monkeypatch.setattr(ijson, "basic_parse", ijson.backends.python.basic_parse)
    assert said(imported(tmp_path, made.as_list(SMALL))) == expected


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"a": {}},
        {"a": []},
        {"a": [[], {}, [[]], 1, -2.5, 1e-7, True, False, None, ""]},
        {"ä": "ß\u4e16\U0001f600", 'q"\\\n': '\\"\t\u0001\u007f'},
        {"metadata": {"managedFields": [{"a": {}, "b": [[], [1, "ü"]]}], "x": 1}},
        {"metadata": {"managedFields": []}},
        {"metadata": {"managedFields": {}, "a": {"managedFields": [1]}}},
        {"managedFields": "no list"},
    ],
    ids=str,
)
def test_sizes_are_those_of_json_without_blanks(value: dict[str, Any], tmp_path: Path) -> None:
    """To the byte, as a list's item and alone; managedFields are counted and not kept."""
    value = {"kind": "Thing", **value}
    for data in (json.dumps([value], indent=3, ensure_ascii=False), json.dumps(value)):
        path = tmp_path / "a.json"
        path.write_text(data, encoding="utf-8")
        with path.open("rb") as stream:
            feed = kubectl_feed.Feed(stream, "a.json", lambda: None)
            (item,) = kubectl_stream.items(feed, dict)
        assert item.size == compact(value)
        given = value.get("metadata", {})
        own = given.get("managedFields")
        inner = given.get("a", {}).get("managedFields")
        assert item.managed == sum(compact(one) for one in (own, inner) if one is not None)
        if own is not None:
            assert item.value["metadata"]["managedFields"] is None


def test_what_is_over_is_dropped_and_counted(tmp_path: Path) -> None:
    """Pods that ended still are objects."""
    ended, dying = made.pod(1), made.pod(2)
    ended["status"]["phase"] = "Succeeded"
    dying["metadata"]["deletionTimestamp"] = made.time(made.BORN)
    facts = imported(tmp_path, made.as_list([made.pod(0), ended, dying]))
    assert facts.pods is not None
    assert len(facts.pods.request) == 1
    assert facts.types["pods"].count == 3
    assert "1 pod that has ended" in facts.dropped
    assert "1 pod that is being deleted" in facts.dropped
    assert ("counts.pods", 1) in {(one.key, one.value) for one in facts.values}


def test_only_what_is_there_is_said(tmp_path: Path) -> None:
    """A list of one kind says nothing of others, an empty one nothing at all."""
    facts = imported(tmp_path, made.as_list([made.lease(0)]))
    assert facts.nodes is None
    assert facts.pods is None
    assert facts.values == ()
    empty = imported(tmp_path, made.as_list([]))
    assert (empty.types, empty.values, empty.source.taken) == ({}, (), None)
    assert empty.read == ("no objects: the list is empty",)


def test_nodes_without_amounts_are_told(tmp_path: Path) -> None:
    """As are those that state capacity only, and kubectl's own way to leave managedFields out."""
    bare, capacity = made.node(0), made.node(1)
    bare["status"], bare["metadata"]["managedFields"] = {}, []
    del capacity["status"]["allocatable"], capacity["metadata"]["managedFields"]
    facts = imported(tmp_path, made.as_list([bare, capacity]))
    assert facts.nodes is not None
    assert [node.cpu_milli for node in facts.nodes] == [32_000]
    assert "1 node without an amount of cpu, memory or pods above 0" in facts.dropped
    assert "1 node can allocate all capacity: nothing else is said" in facts.assumed
    del bare["metadata"]["managedFields"]
    read = imported(tmp_path, made.as_list([bare, capacity])).read
    assert read[-1].endswith("kubectl left managedFields out")


@pytest.mark.parametrize(
    ("minors", "profile"),
    [([14], "1.14"), ([17], "1.20"), ([16, 16, 33], "1.14"), ([28], "1.36"), ([27], "1.20"), ([99], "1.36")],
)
def test_the_nearest_profile_is_taken(tmp_path: Path, minors: list[int], profile: str) -> None:
    """Of the version of most kubelets; of two equally near ones the newer."""
    nodes = [made.node(i) for i in range(len(minors))]
    for one, minor in zip(nodes, minors, strict=True):
        one["status"]["nodeInfo"]["kubeletVersion"] = f"v1.{minor}.0"
    facts = imported(tmp_path, made.as_list(nodes))
    assert {one.value for one in facts.values if one.key == "profile"} == {f"k8s-{profile}"}


def test_progress_is_that_of_the_packed_file(tmp_path: Path) -> None:
    """From nothing to all of it; a signal ends the reading."""
    path = tmp_path / "list.json.gz"
    path.write_bytes(made.packed(made.as_list(SMALL)))
    seen: list[tuple[int, int]] = []
    kubectl.read(path, "x", lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert {total for _, total in seen} == {size}
    assert seen[-1] == (size, size)
    assert seen == sorted(seen)

    def stop(done: int, total: int) -> None:
        raise Interrupted("interrupted")

    with pytest.raises(Interrupted):
        kubectl.read(path, "x", stop)
