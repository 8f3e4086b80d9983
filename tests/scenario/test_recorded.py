"""A recorded cluster survives its file, and no file survives being another."""

import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import recorded_clusters as small
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.errors import KscaleError
from kscale.scenario import recorded, recorded_file
from kscale.scenario.recorded import Recorded, RecordedObjects, RecordedSpace
from kscale.scenario.schema_cluster import RequestSpec, ShapeSpec

WHERE = "mine.npz"


def content(one: Recorded) -> str:
    """Return everything in a recorded cluster as text."""
    with np.printoptions(threshold=10**6):
        return repr(one)


def put(path: Path, data: bytes) -> str:
    """Write bytes and return their hash."""
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def packed(members: dict[str, bytes]) -> bytes:
    """Return a plain zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return out.getvalue()


def unpacked(path: Path) -> dict[str, bytes]:
    """Return the members of a file."""
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name) for name in file.namelist()}


def complaint(path: Path, sha256: str) -> str:
    """Return why a file is refused, which is one line that names it."""
    with pytest.raises(KscaleError) as caught:
        recorded.load(path, sha256, WHERE)
    text = str(caught.value)
    assert text.startswith(WHERE)
    assert text.isprintable()
    return text


@pytest.mark.parametrize(
    "one",
    [
        small.everything(),
        Recorded(),
        Recorded(nodes=small.nodes()),
        Recorded(pods=small.pods(), space=small.space()),
        Recorded(objects=small.objects()),
    ],
    ids=["everything", "nothing", "nodes", "pods and space", "objects"],
)
def test_a_recorded_cluster_is_read_as_it_was_written(one: Recorded, tmp_path: Path) -> None:
    """Whatever parts were recorded come back, and the hash is the file's."""
    path = tmp_path / WHERE
    sha256 = recorded.save(one, path)
    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    found = recorded.load(path, sha256, WHERE)
    assert content(found) == content(one)
    assert [entry.name for entry in tmp_path.iterdir()] == [WHERE]


def test_equal_clusters_make_equal_files(tmp_path: Path) -> None:
    """Neither the clock nor the name of the file is in it; numpy opens it too."""
    first = recorded.save(small.everything(), tmp_path / "a.npz")
    second = recorded.save(small.everything(), tmp_path / "b.npz")
    assert first == second
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file["pods_app"].tolist() == [0, 1, 0, 2, 1]
        assert file["objects_sizes"].dtype == np.int64


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda c: replace(c, nodes=replace(c.nodes, shape=small.columns(0, 2, 0))), "nodes_shape: 2 is not"),
        (lambda c: replace(c, nodes=replace(c.nodes, zone=small.columns(0, -1, 0))), "nodes_zone: -1 is"),
        (lambda c: replace(c, nodes=replace(c.nodes, zone=small.columns(0, 1))), "differ in length"),
        (lambda c: replace(c, nodes=replace(c.nodes, zones=0)), "nodes.zones: must be 1"),
        (lambda c: replace(c, nodes=replace(c.nodes, shapes=(ShapeSpec(), ShapeSpec()))), "there twice"),
        (lambda c: replace(c, nodes=replace(c.nodes, shapes=(ShapeSpec(share=1.0),))), "has a share"),
        (lambda c: replace(c, pods=replace(c.pods, app=small.columns(0, 1, 0, 3, 1))), "leaves a number out"),
        (lambda c: replace(c, pods=replace(c.pods, namespaces=1)), "pods_namespace: 1 is not"),
        (
            lambda c: replace(
                c,
                pods=replace(c.pods, requests=(RequestSpec(), RequestSpec.model_validate({"cpu": [1, 2]}))),
            ),
            "requests[1]: has several values",
        ),
        (lambda c: replace(c, objects=RecordedObjects(("a", "a"), c.objects.sizes)), "types: one is there"),
        (lambda c: replace(c, objects=RecordedObjects(("a",), c.objects.sizes)), "objects_sizes: 1 is not"),
        (
            lambda c: replace(c, objects=RecordedObjects(("a", "b"), c.objects.sizes[::-1])),
            "must ascend",
        ),
        (
            lambda c: replace(c, objects=RecordedObjects(("a", "b"), c.objects.sizes[:0])),
            "must have 1 to",
        ),
        (
            lambda c: replace(c, objects=RecordedObjects(("a",), np.array([[0, 5, 2**63 - 1]]))),
            "objects_sizes: 9.2E is not below",
        ),
        (
            lambda c: replace(c, objects=RecordedObjects(("a",), np.array([[0, 5, -(2**63)]]))),
            "objects_sizes:",
        ),
        (lambda c: replace(c, space=replace(c.space, file_pages=20)), "space_free: 20 is not below 20"),
        (lambda c: replace(c, space=replace(c.space, file_pages=27)), "space_free: a run ends behind"),
        (lambda c: replace(c, space=spans(free=[[4, 2], [5, 1]])), "space_free: runs must ascend"),
        (lambda c: replace(c, space=spans(free=[[4, 2], [6, 1]])), "space_free: two spans touch"),
        (lambda c: replace(c, space=spans(free=[[1, 1]])), "pages 0 and 1"),
        (lambda c: replace(c, space=spans(free=[[10, 0]])), "space_free: -1 is"),
        (lambda c: replace(c, space=spans(free=[[7, 2]])), "space_live: a page is both"),
        (lambda c: replace(c, space=spans(free=[[2**62, 2**62]])), "space_free: 4.6E is not"),
    ],
)
def test_what_no_cluster_has_is_neither_written_nor_read(
    change: Callable[[Recorded], Recorded], what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`save` refuses it and leaves nothing behind; a file made by other means is refused alike."""
    path = tmp_path / WHERE
    wrong = change(small.everything())
    with pytest.raises(KscaleError, match=r"mine\.npz: ") as caught:
        recorded.save(wrong, path)
    assert what in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    with monkeypatch.context() as patched:
        patched.setattr(recorded, "_put_together", lambda *_: None)
        sha256 = recorded.save(wrong, path)
    assert what in complaint(path, sha256)


def spans(free: list[list[int]]) -> RecordedSpace:
    """Return a space with other free spans."""
    return replace(small.space(), free=np.array(free, dtype=np.int64))


def test_another_file_is_refused_before_it_is_opened(tmp_path: Path) -> None:
    """The hash decides first, and is not told: the file may be one that only its reader may know."""
    sha256 = put(tmp_path / WHERE, b"not even a zip")
    assert complaint(tmp_path / WHERE, "0" * 64).endswith(
        "is not the file that is meant: it has another sha256"
    )
    assert "is not a zip" in complaint(tmp_path / WHERE, sha256)
    assert "no such file" in complaint(tmp_path / "other.npz", sha256)
    assert "is not a file" in complaint(tmp_path, sha256)
    assert "cannot be read" in complaint(Path("a\0b"), sha256) or "no such" in complaint(Path("a\0b"), sha256)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda m: {k: v for k, v in m.items() if k != "pods_app.npy"}, "has no column pods_app"),
        (lambda m: {k: v for k, v in m.items() if k != "recorded.json"}, "has no recorded.json"),
        (lambda m: m | {"evil.npy": b""}, "has a member 'evil.npy'"),
        (lambda m: m | {"../../x": b""}, "has a member '../../x'"),
        (lambda m: m | {"pods_app.npy": b""}, "pods_app.npy: is not int32[n]"),
        (lambda m: m | {"pods_app.npy": m["pods_app.npy"][:-1]}, "pods_app.npy: is not int32[n]"),
        (lambda m: m | {"pods_app.npy": m["nodes_zone.npy"]}, "differ in length"),
        (lambda m: m | {"pods_app.npy": m["space_free.npy"]}, "pods_app.npy: is not int32[n]"),
        (lambda m: m | {"recorded.json": b"[]"}, "must map keys"),
        (lambda m: m | {"recorded.json": b'{"format": NaN}'}, "is not JSON"),
        (lambda m: m | {"recorded.json": b'{"format":1,"format":2}'}, "is not JSON"),
        (lambda m: m | {"recorded.json": b"[" * 10**6}, "is not JSON"),
        (lambda m: m | {"recorded.json": b'{"format": ' + b"9" * 10**5 + b"}"}, "is not JSON"),
        (lambda m: m | {"recorded.json": b'{"format": "kscale.recorded/2"}'}, "kscale.recorded/1"),
        (lambda m: m | {"recorded.json": b'{"format": "kscale.recorded/1", "node": {}}'}, "unknown key"),
        (lambda m: m | {"recorded.json": b'{"format": "kscale.recorded/1"}'}, "says nothing of the column"),
        (lambda m: m | {"recorded.json": b"\xff\xfe\xfd"}, "is not JSON"),
    ],
)
def test_members_that_do_not_belong_are_refused(
    change: Callable[[dict[str, bytes]], dict[str, bytes]], what: str, tmp_path: Path
) -> None:
    """Each is one line that says which member and why."""
    path = tmp_path / WHERE
    recorded.save(small.everything(), path)
    sha256 = put(path, packed(change(unpacked(path))))
    assert what in complaint(path, sha256)


def test_a_zip_that_unpacks_to_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lengths it states; one that states too little is found while it is read."""
    path = tmp_path / WHERE
    monkeypatch.setattr(recorded_file, "MOST_BYTES", 10**6)
    sha256 = put(path, packed({"recorded.json": b"{}", "pods_app.npy": bytes(10**6)}))
    assert "unpacks to more than" in complaint(path, sha256)
    data = packed({"recorded.json": b" " * 10_000})
    at = data.index(b"PK\x01\x02") + 24  # the length in the central directory
    assert struct.unpack_from("<I", data, at) == (10_000,)
    sha256 = put(path, data[:at] + struct.pack("<I", 10) + data[at + 4 :])
    assert complaint(path, sha256)


def test_a_zip_of_very_many_members_is_refused(tmp_path: Path) -> None:
    """Before its directory is read."""
    sha256 = put(tmp_path / WHERE, packed({f"{number}": b"" for number in range(101)}))
    assert complaint(tmp_path / WHERE, sha256) == f"{WHERE}: has very many members"


def test_a_member_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    """Zip readers disagree on which of the two counts."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = two_members()
    sha256 = put(tmp_path / WHERE, data)
    assert "twice" in complaint(tmp_path / WHERE, sha256)


def two_members() -> bytes:
    """Return a zip with a name twice."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("recorded.json", b"{}")
        file.writestr("recorded.json", json.dumps({"format": recorded.FORMAT}))
    return out.getvalue()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_refused_in_one_line_or_is_still_a_cluster(data: st.DataObject) -> None:
    """Bytes changed anywhere, the hash made to fit: no crash, and nothing that is out of range."""
    whole = saved()
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        damaged[at] = data.draw(st.integers(0, 255))
    end = data.draw(st.one_of(st.just(len(whole)), st.integers(0, len(whole))))
    read_or_refused(bytes(damaged[:end]))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damaged_members_are_refused_in_one_line_or_are_still_a_cluster(data: st.DataObject) -> None:
    """The zip is whole, a member's bytes are not."""
    members = dict(unzipped())
    name = data.draw(st.sampled_from(sorted(members)))
    changed = bytearray(members[name])
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(packed(members | {name: bytes(changed)}))


def saved() -> bytes:
    """Return the bytes of a small cluster's file."""
    about, columns = recorded._taken_apart(small.everything())
    return recorded_file._zipped(
        {"recorded.json": json.dumps(about).encode()}
        | {
            f"{name}.npy": recorded_file._header(kind, len(columns[name])) + columns[name].tobytes()
            for name, kind in recorded.KINDS.items()
        }
    )


def unzipped() -> dict[str, bytes]:
    """Return the members of a small cluster's file."""
    with zipfile.ZipFile(io.BytesIO(saved())) as file:
        return {name: file.read(name) for name in file.namelist()}


def read_or_refused(data: bytes) -> None:
    """Load *data*: what comes out can be saved again, what is refused is refused in a line."""
    import tempfile  # noqa: PLC0415 - hypothesis calls this many times; tmp_path is made once a test

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, WHERE)
        sha256 = put(path, data)
        try:
            found = recorded.load(path, sha256, WHERE)
        except KscaleError as error:
            assert str(error).isprintable()  # noqa: PT017 - either is right
        else:
            recorded.save(found, path)
