"""Lists that somebody broke, on purpose or not: one line each, never a crash, never without end."""

import json
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import ijson
import ijson.backends.python
import kubectl_objects as made
import pytest
import read_files

from kscale.imports import kubectl, kubectl_feed, kubectl_nodes, kubectl_types
from kscale.imports.facts import Facts

POD = json.dumps(made.pod(0)).encode()
LIST = made.as_list([made.node(0), made.pod(0), made.lease(0)])
Backend = Callable[..., Iterator[tuple[str, Any]]]
BACKENDS = pytest.mark.parametrize(
    "backend", [ijson.basic_parse, ijson.backends.python.basic_parse], ids=["c", "python"]
)


def imported(folder: Path, data: bytes) -> Facts:
    """Return what a file of these bytes says."""
    return read_files.imported(kubectl.read, folder / "list.json", data)


def complaint(folder: Path, data: bytes) -> str:
    """Return the one line that refuses a file of these bytes."""
    return read_files.complaint(kubectl.read, folder / "list.json", data)


def alone(**fields: Any) -> bytes:  # noqa: ANN401 - any field
    """Return a list of one good pod and one with these fields."""
    return made.as_list([made.pod(0), {"apiVersion": "v1", "kind": "Pod", **fields}])


@BACKENDS
@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "item 1, before byte 0: the file is empty"),
        (b"  \n", "item 1, before byte 3: the file ends in the middle of it"),
        (LIST[:-3000], "the file ends in the middle of it"),
        (b"3", "item 1, before byte 1: must be an object of Kubernetes"),
        (b'["a"]', "must be an object of Kubernetes, got text of 1 character"),
        (b"[[]]", "must be an object of Kubernetes, got a list"),
        (b'{"kind":"List","items":[null]}', "must be an object of Kubernetes, got null"),
        (b'{"items":[{}],"kind":"List"}', "item 1, before byte 28: kind: null is not a kind"),
        (b'{"items":[],"items":[]}', "is in a list that has items twice"),
        (b'{"kind":"List"}', "item 1, before byte 15: is a list without items"),
        (b'{"kind":"PodList","apiVersion":"v1"}', "is a list without items"),
        (b'{"kind":"List","items":{"a":1}}', "items: must be a list, got a mapping"),
        (b'{"kind":"WidgetList","apiVersion":"a.b/v1","items":3}', "items: must be a list, got 3"),
        (POD + b"x" + POD, "is not valid JSON"),
        (POD.replace(b'"Pod"', b"NaN") + b" ", "is not valid JSON"),
        (POD.replace(b'"Pod"', b"Infinity") + b" ", "is not valid JSON"),
        (POD.replace(b'"Pod"', b'"\xff"') + b" ", "is not valid UTF-8"),
        (b'{"a":%s}' % (b"9" * 30), "item 1, before byte 36: holds a number that is too large"),
        (b"\xff\xfe{\x00", "is UTF-16; save it as UTF-8"),
        (b'{"kind":"Status","apiVersion":"v1","status":"Failure"}', "is an answer of the API server"),
        (b'{"kind":"Table","apiVersion":"meta.k8s.io/v1","rows":[]}', "is a table for people"),
        (b"\x1f\x8b\x08\x00", "its gzip data ends in the middle"),
    ],
)
def test_what_is_no_list_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    backend: Backend,
    data: bytes,
    what: str,
) -> None:
    """With the item and the byte, by every backend."""
    monkeypatch.setattr(ijson, "basic_parse", backend)
    assert what in complaint(tmp_path, data)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (alone(spec=3), "item 2, before byte"),
        (alone(spec={"containers": 3}), ": spec.containers: must be a list, got 3"),
        (alone(metadata=[]), ": metadata: must map keys to values, got a list"),
        (alone(metadata={"creationTimestamp": "yesterday"}), "must be a time like 2026-01-31T12:00:00Z"),
        (alone(metadata={"creationTimestamp": "2026-02-30T00:00:00Z"}), "must be a time like"),
        (alone(metadata={"creationTimestamp": 5}), "must be a time like"),
        (alone(metadata={"namespace": "a\nb"}), ": metadata.namespace: must be one line"),
        (alone(metadata={"ownerReferences": [{"controller": 1}]}), "[0].controller: must be true or false"),
        (alone(status={"phase": {}}), ": status.phase: must be text, got a mapping"),
        (made.as_list([{"apiVersion": "v1", "kind": 3}]), "kind: 3 is not a kind"),
        (made.as_list([{"apiVersion": "v1", "kind": "P\x1b[31m"}]), "is not a kind"),
        (made.as_list([{"apiVersion": [], "kind": "Pod"}]), "apiVersion: a list is not a version of an API"),
        (
            made.as_list([{"apiVersion": "a/b/c", "kind": "Pod"}]),
            "apiVersion: text of 5 characters is not a version",
        ),
        (made.as_list([{"kind": "Gadget"}]), "apiVersion: null is not a version of an API"),
        (made.as_list([made.lease(0) | {"spec": {"leaseDurationSeconds": -1}}]), "spec.leaseDurationSeconds"),
        (made.as_list([made.lease(0) | {"spec": {"renewTime": "x"}}]), "spec.renewTime"),
    ],
)
def test_wrong_types_are_named_with_their_place(tmp_path: Path, data: bytes, what: str) -> None:
    """The item, the field, what is allowed."""
    assert what in complaint(tmp_path, data)


@BACKENDS
@pytest.mark.parametrize(
    "inside", [b"", b'{"kind":"List","items":[', b'{"metadata":{"managedFields":[', b'{"a":']
)
def test_nesting_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backend: Backend, inside: bytes
) -> None:
    """A megabyte of brackets is refused at the hundredth."""
    monkeypatch.setattr(ijson, "basic_parse", backend)
    text = complaint(tmp_path, inside + b'[{"a":' * 200_000)
    assert "is nested more than 100 levels deep" in text or "must be an object" in text


def test_nesting_of_a_hundred_levels_is_fine(tmp_path: Path) -> None:
    """One more is not."""
    start = b'{"apiVersion":"v1","kind":"Secret","data":'
    assert imported(tmp_path, start + b"[" * 99 + b"]" * 99 + b"}").types["secrets"].count == 1
    assert "100 levels" in complaint(tmp_path, start + b"[" * 101 + b"]" * 101 + b"}")


def test_an_object_of_over_16_mib_is_refused(tmp_path: Path) -> None:
    """Not one of a little less."""
    text = b'{"kind":"Secret","apiVersion":"v1","data":"%s"}'
    assert imported(tmp_path, text % (b"x" * 16_700_000)).types["secrets"].count == 1
    assert "item 1, before byte 16," in complaint(tmp_path, text % (b"x" * 17_100_000))


@pytest.mark.parametrize(
    "endless",
    [
        b'{"a":[' + b"1," * 2**19,
        b'{"items":[{"a":[' + b'"",' * 2**19,
        b" " * 2**20,
        b'{"items":[],"' + b"a" * 2**20,
    ],
    ids=["list", "item", "blanks", "key"],
)
def test_an_object_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, endless: bytes
) -> None:
    """Before all of it is read."""
    monkeypatch.setattr(kubectl_feed, "LARGEST", 2**19)
    assert "is larger than 512 KiB" in complaint(tmp_path, endless)


def test_memory_does_not_grow_with_objects(tmp_path: Path) -> None:
    """Beyond a few numbers each: four times as many pods take a few KB more, their JSON megabytes."""
    peaks = []
    for pods in (100, 400):
        path = tmp_path / "pods.json"
        path.write_bytes(b"".join(made.compact_list(pods)))
        tracemalloc.start()
        kubectl.read(path, "pods.json", lambda _done, _total: None)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 300 * 1000


def test_what_nodes_keep_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal labels are one text, but each node has its own entries; so do taints and resources."""
    monkeypatch.setattr(kubectl_nodes, "MOST_BYTES", 200_000)
    amounts = {"cpu": "1", "memory": "1Gi", "pods": "10"}
    for metadata, spec, more in (
        ({"labels": {f"a{i}": "x" for i in range(500)}}, {}, {}),
        ({}, {"taints": [{"key": f"a{i}", "effect": "NoSchedule"} for i in range(50)]}, {}),
        ({}, {}, {f"a{i}": "1" for i in range(50)}),
    ):
        node = {"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": spec}
        node["status"] = {"allocatable": amounts | more}
        assert imported(tmp_path, made.as_list([node] * 2)).nodes is not None
        text = complaint(tmp_path, made.as_list([node] * 100))
        assert "metadata.labels: labels, taints and resources of all nodes take more than" in text


def test_types_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than any cluster has are refused."""
    monkeypatch.setattr(kubectl_types, "MOST_TYPES", 3)
    kinds = [{"apiVersion": "a.example/v1", "kind": f"Kind{i}"} for i in range(4)]
    assert len(imported(tmp_path, made.as_lines(kinds[:3])).types) == 3
    assert "item 4, before byte" in complaint(tmp_path, made.as_lines(kinds))


@pytest.mark.parametrize(
    "data",
    [
        b'{"kind":"Secret","apiVersion":"v1","kind":"ConfigMap"}',
        b'{"kind":"List","items":[{"kind":"Secret","apiVersion":"v1","kind":"ConfigMap"}]}',
        b'{"kind":"List","items":[{"kind":"Secret","apiVersion":"v1","data":{"a":"b","a":"c"}}]}',
        b'{"kind":"List","kind":"List","items":[]}',
    ],
)
def test_a_key_is_given_once(tmp_path: Path, data: bytes) -> None:
    """Which one would count, readers of JSON do not agree on."""
    assert "item 1, before byte" in complaint(tmp_path, data)
    assert "gives one key twice" in complaint(tmp_path, data)


def test_long_lines_of_the_parser_are_not_shown(tmp_path: Path) -> None:
    """Its message quotes the file."""
    text = complaint(tmp_path, made.as_lines([made.pod(0)]) + b'{"secret": x}')
    assert "item 2, before byte" in text
    assert "secret" not in text
