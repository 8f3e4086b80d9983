"""An imported cluster is the one that was recorded, repeated as asked, and complaints say where."""

import tracemalloc
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import recorded_clusters as small

from kscale.errors import KscaleError
from kscale.scenario import build, load, recorded, resolve
from kscale.scenario.cluster import Cluster, Taint, Toleration
from kscale.scenario.load import Loaded
from kscale.scenario.made import ZONE_LABEL
from kscale.scenario.recorded import Recorded, RecordedObjects
from kscale.scenario.schema_cluster import RequestSpec


def put(folder: Path, one: Recorded, more: str = "", holds: str = "", sha256: str = "") -> Path:
    """Write a recorded cluster and its scenario; return the scenario's path."""
    found = recorded.save(one, folder / "mine.npz")
    counts = f"nodes: {one.node_count}, pods: {one.pod_count}, objects: {one.object_count}"
    path = folder / "mine.yaml"
    path.write_text(
        "schema: kscale.scenario/1\n"
        "cluster:\n"
        "  imported: mine.npz\n"
        f"  sha256: '{sha256 or found}'\n"
        f"  holds: {{{holds or counts}}}\n"
        f"{more}",
        encoding="utf-8",
    )
    return path


def loaded(folder: Path, one: Recorded, more: str = "") -> Loaded:
    """Load what `put` writes."""
    return load.load(str(put(folder, one, more)))


def built(folder: Path, one: Recorded, more: str = "") -> Cluster:
    """Build what `put` writes."""
    found = loaded(folder, one, more)
    return build.build(found.scenario, found.recorded)


def test_everything_recorded_is_in_the_cluster(tmp_path: Path) -> None:
    """Nodes, pods, sizes and pages are those of the file, in its order."""
    cluster = built(tmp_path, small.everything())
    assert cluster.extended_names == ("gpu",)
    nodes, pods = cluster.nodes, cluster.pods
    assert nodes.cpu_milli.tolist() == [8000, 63_900, 8000]
    assert nodes.extended.tolist() == [[0], [8], [0]]
    assert nodes.zone.tolist() == [0, 1, 1]
    assert nodes.group.tolist() == [0, 1, 0]  # no pod asks for a zone, so zones are alike
    assert nodes.groups[1].labels == {"pool": "p1"}
    assert nodes.groups[1].taints == (Taint("dedicated", "gpu", "NoSchedule"),)
    assert pods.klass.tolist() == [0, 1, 0, 0, 1]
    assert pods.app.tolist() == [0, 1, 0, 2, 1]
    assert pods.namespace.tolist() == [0, 1, 0, 0, 1]
    assert pods.namespaces == 2
    assert pods.classes.cpu_milli.tolist() == [250, 4000]
    assert pods.classes.memory_bytes.tolist() == [2**30, 0]
    assert pods.classes.memory_nonzero.tolist() == [2**30, 200 * 2**20]
    assert pods.classes.constraints[1].tolerations == (Toleration(operator="Exists"),)
    assert cluster.objects.types == ("pods", "leases")
    assert sorted(cluster.objects.sizes_of("pods").tolist()) == [900, 900, 4000, 4000, 4000]
    assert sorted(cluster.objects.sizes_of("leases").tolist()) == [300] * 5 + [700]
    assert cluster.space is not None
    assert cluster.space.free.tolist() == small.space().free.tolist()


@pytest.mark.parametrize(
    ("more", "rate"),
    [
        ("", 3 / 250),
        ("  repeat: 100\n", 300 / 250),
        ("  repeat: 5000\n", 20.0),
        ("load: {pod_changes: 2/s}\n", 2.0),
    ],
)
def test_changes_of_pods_are_those_of_its_size(tmp_path: Path, more: str, rate: float) -> None:
    """Where none were read, its part of what the official limits assume, and no more than that."""
    found = loaded(tmp_path, Recorded(nodes=small.nodes()), more)
    assert found.scenario.load.pod_changes == pytest.approx(rate)
    assert resolve.resolve(found.scenario) == found.scenario


def test_zones_tell_nodes_apart_where_pods_ask_for_them(tmp_path: Path) -> None:
    """A group for each shape and zone that there is, and none for those there are not."""
    asks = RequestSpec.model_validate({"selector": {ZONE_LABEL: "zone-1"}})
    pods = replace(small.pods(), requests=(asks,), request=small.columns(0, 0, 0, 0, 0))
    nodes = built(tmp_path, Recorded(nodes=small.nodes(), pods=pods)).nodes
    places = [nodes.groups[group].labels[ZONE_LABEL] for group in nodes.group.tolist()]
    assert places == ["zone-0", "zone-1", "zone-1"]
    assert len(nodes.groups) == 3


def many() -> Recorded:
    """Return objects of many sizes."""
    rows = [[0, size, 1 + size % 3] for size in range(100, 300)]
    return Recorded(objects=RecordedObjects(("pods",), np.array(rows, dtype=np.int64)))


def test_sizes_come_in_an_order_of_the_seed(tmp_path: Path) -> None:
    """The first objects are not the smallest, another seed gives another order of the same sizes."""
    found = loaded(tmp_path, many())
    one = build.build(found.scenario, found.recorded).objects.sizes_of("pods")
    again = build.build(found.scenario, found.recorded).objects.sizes_of("pods")
    other = found.with_seed(5)
    shuffled = build.build(other.scenario, other.recorded).objects.sizes_of("pods")
    assert one.tolist() == again.tolist() != shuffled.tolist()
    assert sorted(one.tolist()) == sorted(shuffled.tolist()) != one.tolist()
    assert abs(float(one[:100].mean()) - float(one.mean())) < 25


def test_a_cluster_twice_as_large(tmp_path: Path) -> None:
    """Every pod of the copy is of a new app in its old namespace, every size is there twice as often."""
    cluster = built(tmp_path, small.everything(), "  repeat: 2\n")
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == (6, 10, 22)
    assert cluster.nodes.zone.tolist() == [0, 1, 1] * 2
    assert cluster.pods.app.tolist() == [0, 1, 0, 2, 1, 3, 4, 3, 5, 4]
    assert cluster.pods.namespace.tolist() == [0, 1, 0, 0, 1] * 2
    assert Counter(cluster.objects.sizes_of("leases").tolist()) == {300: 10, 700: 2}
    assert cluster.space is not None
    assert cluster.space.file_pages == 64


@pytest.mark.parametrize(
    ("repeat", "counts", "apps"),
    [("0.1", (1, 1, 1), [0]), ("0.7", (2, 3, 7), [0, 1, 0]), ("1.4", (4, 7, 15), [0, 1, 0, 2, 1, 3, 4])],
)
def test_part_of_a_list_is_its_beginning(
    tmp_path: Path, repeat: str, counts: tuple[int, int, int], apps: list[int]
) -> None:
    """Counts are rounded down but never to none, and apps are numbered without gaps."""
    cluster = built(tmp_path, small.everything(), f"  repeat: {repeat}\n")
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == counts
    assert cluster.pods.app.tolist() == apps
    assert cluster.pods.classes.count == len(set(cluster.pods.klass.tolist()))


def test_what_was_not_recorded_is_made(tmp_path: Path) -> None:
    """With the defaults of a made cluster, from the recorded counts; or as the file says."""
    cluster = built(tmp_path, Recorded(nodes=small.nodes()))
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == (3, 60, 300)
    more = "  nodes: {count: 7}\n  repeat: 4\n"
    cluster = built(tmp_path, Recorded(pods=small.pods()), more)
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == (7, 20, 100)
    assert cluster.space is None


def test_types_are_added_to_those_recorded(tmp_path: Path) -> None:
    """By count, as many as nodes or pods, or as part of a total of their own."""
    more = "  repeat: 2\n  objects: {types: {events: {count: 9}, nodes: {size: 15KiB}, x: {count: pods}}}\n"
    objects = built(tmp_path, small.everything(), more).objects
    counts = np.bincount(objects.type_of).tolist()
    assert dict(zip(objects.types, counts, strict=True)) == {
        "pods": 10, "leases": 12, "events": 9, "nodes": 6, "x": 10
    }  # fmt: skip
    more = "  objects: {total: 40, types: {events: {share: 30%}, x: {}}}\n"
    assert np.bincount(built(tmp_path, small.everything(), more).objects.type_of).tolist() == [5, 6, 12, 28]


@pytest.mark.parametrize(
    "more",
    ["", "  repeat: 2.5\n", "  objects: {types: {events: {count: 9}, y: {count: pods}}}\n"],
)
def test_what_is_resolved_stands_for_the_same_cluster(tmp_path: Path, more: str) -> None:
    """Resolving it again changes nothing, and neither does writing it down and loading that."""
    first = loaded(tmp_path, small.everything(), more)
    assert resolve.resolve(first.scenario) == first.scenario
    text = str(first.resolved()).replace("'", '"').replace("False", "false")
    again = load.parse(text.encode(), "again", "-", folder=tmp_path)
    assert again.sha256 == first.sha256
    assert str(tmp_path) not in text


COMPLAINTS = [
    ("  nodes: {count: 3}\n", "mine.yaml:6: cluster.nodes: the file holds 3 nodes; take this away, repeat"),
    ("  pods: {}\n", "mine.yaml:6: cluster.pods: the file holds 5 pods"),
    ("  objects: {total: 5}\n", "mine.yaml:6: cluster.objects: the file holds objects; give the types"),
    (
        "  objects:\n    types:\n      pods: {count: 5}\n",
        "mine.yaml:8: cluster.objects.types.pods: is in the file already",
    ),
    (
        "  objects: {types: {x: {}}}\n",
        "mine.yaml:6: cluster.objects.types.x: needs a count",
    ),
    (
        "  objects: {types: {x: {share: 0.5}}}\n",
        "mine.yaml:6: cluster.objects.types.x.share: is a part of objects.total",
    ),
    ("  repeat: 0\n", "mine.yaml:6: cluster.repeat: 0 is not how often; write a number above 0"),
    ("  repeat: .nan\n", "mine.yaml:6: cluster.repeat: '.nan' is not how often"),
    ("  repeat: true\n", "mine.yaml:6: cluster.repeat: true is not how often"),
    ("  repeet: 2\n", "mine.yaml:6: cluster.repeet: unknown key; did you mean 'repeat'?"),
    ("  trace: openb\n", "mine.yaml:6: cluster.trace: unknown key"),
]


@pytest.mark.parametrize(("more", "says"), COMPLAINTS, ids=[says[13:40] for _, says in COMPLAINTS])
def test_complaints_name_the_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str, says: str
) -> None:
    """Of the key that does not go with the file."""
    put(tmp_path, small.everything(), more)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KscaleError) as caught:
        load.load("mine.yaml")
    assert str(caught.value).startswith(says)


def test_the_file_must_be_the_one_that_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another hash, other counts, no file, an absolute path: a line each, with the line of the scenario."""
    monkeypatch.chdir(tmp_path)
    one = small.everything()

    def said(path: Path) -> str:
        with pytest.raises(KscaleError) as caught:
            load.load(path.name)
        return str(caught.value)

    assert said(put(tmp_path, one, sha256="0" * 64)) == (
        "mine.yaml:3: cluster.imported: mine.npz: is not the file that is meant: it has another sha256"
    )
    assert said(put(tmp_path, one, sha256="0" * 63)).startswith("mine.yaml:4: cluster.sha256: '000")
    wrong = put(tmp_path, one, holds="nodes: 3, pods: 6, objects: 11")
    assert said(wrong) == "mine.yaml:5: cluster.holds.pods: the file holds 5, got 6"
    # a key that is left out says that nothing was recorded
    assert said(put(tmp_path, one, holds="nodes: 3, pods: 5")).startswith(
        "mine.yaml:5: cluster.holds.objects: the file holds 11, got 0"
    )
    path = put(tmp_path, one)
    (tmp_path / "mine.npz").unlink()
    assert said(path).startswith("mine.yaml:3: cluster.imported: mine.npz: no such file; it belongs beside")
    outside = ("/tmp/mine.npz", "~/mine.npz", "../mine.npz", "n/../../mine.npz", "..")  # noqa: S108 - never opened
    for odd in (*outside, "'C:\\mine.npz'", "''"):
        path.write_text(path.read_text().replace("imported: mine.npz", f"imported: {odd}"))
        assert "is not a path from the scenario's own folder" in said(path)
        path = put(tmp_path, one)


def test_too_much_growth_is_refused(tmp_path: Path) -> None:
    """No scenario has more nodes than any other may have."""
    nodes = replace(small.nodes(), shape=small.columns(*[0] * 101), zone=small.columns(*[0] * 101))
    with pytest.raises(KscaleError, match=r"cluster\.repeat: makes 1,010,000 nodes; at most 1,000,000"):
        loaded(tmp_path, Recorded(nodes=nodes), "  repeat: 10_000\n".replace("_", ""))


def test_many_extended_resources_are_refused(tmp_path: Path) -> None:
    """Of the recorded nodes and pods together, as in any cluster."""
    odd = RequestSpec.model_validate({"extended": {f"x{i}": 1 for i in range(16)}})
    pods = replace(small.pods(), requests=(odd,), request=small.columns(0, 0, 0, 0, 0))
    with pytest.raises(KscaleError, match=r"cluster: must have at most 16 extended resources, got 17"):
        loaded(tmp_path, Recorded(nodes=small.nodes(), pods=pods))


def test_an_imported_cluster_is_not_built_without_its_file(tmp_path: Path) -> None:
    """A line, not a crash, for who has only the scenario."""
    found = loaded(tmp_path, small.everything())
    with pytest.raises(KscaleError, match=r"mine\.npz: an imported cluster is built from its file"):
        build.build(found.scenario)


@pytest.mark.parametrize("repeat", [1, 5000])
def test_memory_is_said_from_above_of_imports(tmp_path: Path, repeat: int) -> None:
    """The estimate covers what building takes at its peak, and needs no file."""
    found = loaded(tmp_path, small.everything(), f"  repeat: {repeat}\n")
    needed = build.memory(found.scenario)
    tracemalloc.start()
    try:
        build.build(found.scenario, found.recorded)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < needed


def test_what_else_was_recorded_is_kept(tmp_path: Path) -> None:
    """Optimizations that are on, rates of requests and watches reach the cluster."""
    cluster = built(
        tmp_path,
        Recorded(space=small.space()),
        "control_plane: {optimizations: {etcd-freelist: true, node-lease: false}}\n"
        "load:\n"
        "  requests: {list/pods: 6/min, create/pods/binding: 12.5/s}\n"
        "  watches: {pods: 12k, a.b.example: 0}\n",
    )
    assert cluster.control_plane.optimizations == {"etcd-freelist": True, "node-lease": False}
    assert cluster.load.requests == {"list/pods": 0.1, "create/pods/binding": 12.5}
    assert cluster.load.watches == {"pods": 12_000, "a.b.example": 0}
    plain = build.build(load.parse(b"cluster: {nodes: {count: 2}}", "x", "x").scenario)
    assert (plain.control_plane.optimizations, plain.load.requests, plain.load.watches) == ({}, {}, {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "control_plane: {optimizations: {etcd-freelist: 1}}",
            r"optimizations\.etcd-freelist: must be true or false, got 1",
        ),
        (
            "control_plane: {optimizations: {Etcd: true}}",
            r"optimizations\.Etcd: 'Etcd' is not a mechanism id",
        ),
        ("load: {requests: {pods: 1/s}}", r"load\.requests\.pods: 'pods' is not a kind of request"),
        ("load: {requests: {list/pods: 1}}", r"load\.requests\.list/pods: 1 is not a rate"),
        ("load: {requests: {list/pods: 1E/s}}", r"must be at most 10M/s"),
        ("load: {watches: {pods: 0.5}}", r"load\.watches\.pods: 0\.5 is not a whole number"),
        ("load: {watches: {'a b': 1}}", r"load\.watches\.a b: 'a b' is not a name"),
    ],
)
def test_recorded_input_is_checked(text: str, says: str) -> None:
    """Ids look like ids, truth is true or false, rates have a unit."""
    with pytest.raises(KscaleError, match=says):
        load.parse(text.encode(), "x.yaml", "x.yaml")


def test_the_folder_of_a_result_s_scenario(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path as it was given, a shipped name, standard input; one that is gone has a folder too."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    path = put(tmp_path / "sub", small.everything())
    assert load.load("sub/mine.yaml").folder == Path("sub") == load.folder_of("sub/mine.yaml")
    path.unlink()
    assert load.folder_of("sub/mine.yaml") == Path("sub")
    assert load.folder_of("-") == Path()
    assert load.folder_of("smoke").name == "scenarios"
