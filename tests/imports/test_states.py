"""Lists of one cluster at two times count once, lists of its parts are added up: names tell which."""

import gzip
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from static_pods import component

from kscale.errors import KscaleError
from kscale.imports import merge, places, sources
from kscale.imports.merge import Merged

Object = Mapping[str, Any]
OCTOBER, NOVEMBER = "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"


def _node(name: str, at: str = OCTOBER) -> Object:
    """Return a node without labels, seen at a time."""
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "creationTimestamp": "2026-09-01T00:00:00Z"},
        "status": {
            "allocatable": {"cpu": "8", "memory": "32Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "lastHeartbeatTime": at}],
        },
    }


def _one(kind: str, name: str, namespace: str, at: str = OCTOBER) -> Object:
    """Return an object of a namespace, created at a time."""
    spec = {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]}
    metadata: dict[str, Any] = {"name": name, "namespace": namespace, "creationTimestamp": at}
    if kind == "Pod":  # of one app, whose set of a date is another one
        owner = {"kind": "ReplicaSet", "name": f"web-{at[5:7]}", "uid": at, "controller": True}
        metadata["ownerReferences"] = [owner]
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata} | (
        {"spec": spec} if kind == "Pod" else {}
    )


def _many(kind: str, number: int, namespace: str, at: str = OCTOBER) -> list[Object]:
    """Return objects of one namespace and date, each date's with names of its own."""
    return [_one(kind, f"{at}-{i}", namespace, at) for i in range(number)]


def _nodes(first: int, last: int, at: str = OCTOBER) -> list[Object]:
    """Return nodes by number."""
    return [_node(f"machine-{i}", at) for i in range(first, last)]


def _data(items: Sequence[Object]) -> bytes:
    """Return a list as kubectl writes it."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)}).encode()


def _merged(folder: Path, **lists: Sequence[Object]) -> Merged:
    """Return what lists make together, each a file of its name."""
    paths = [folder / f"{name}.json" for name in lists]
    for path, items in zip(paths, lists.values(), strict=True):
        path.write_bytes(_data(items))
    return _of_files(paths)


def _of_files(paths: Sequence[Path]) -> Merged:
    """Return what files make together."""
    return merge.merge([sources.read(one, lambda _done, _all: None) for one in sources.found(paths)])


def _numbers(merged: Merged) -> tuple[int, int]:
    """Return how many nodes and pods there are."""
    return len(merged.nodes or ()), 0 if merged.pods is None else len(merged.pods.request)


def test_cluster_a_month_later_counts_once_though_all_its_pods_are_others(tmp_path: Path) -> None:
    """The older file is named, with its date and what it held."""
    merged = _merged(
        tmp_path,
        old=[*_nodes(0, 5), *_many("Pod", 50, "shop")],
        new=[*_nodes(0, 5, NOVEMBER), *_many("Pod", 40, "shop", NOVEMBER)],
    )
    assert _numbers(merged) == (5, 40)
    assert (merged.types["nodes"].count, merged.types["pods"].count) == (5, 40)
    (said,) = merged.dropped
    assert said.startswith("5 nodes, 50 pods of old.json (2026-10-01 00:00): an older state of")
    assert said.endswith("those of new.json (2026-11-01 00:00), which are used")
    assert not any("added up" in line for line in merged.assumed)
    assert merged.contradictions == ()


@pytest.mark.parametrize("kind", ["Pod", "ConfigMap"])
def test_other_namespaces_are_other_parts_however_alike(tmp_path: Path, kind: str) -> None:
    """Same seconds, same requests, same names."""
    merged = _merged(tmp_path, a=_many(kind, 50, "nsa"), b=_many(kind, 40, "nsb"))
    assert merged.types[f"{kind.lower()}s"].count == 90
    assert merged.dropped == ()


def test_any_type_of_one_namespace_counts_once(tmp_path: Path) -> None:
    """However many there are of it, if one of them is in both."""
    both = _one("ConfigMap", "kube-root-ca.crt", "shop")
    merged = _merged(
        tmp_path,
        old=[both, *_many("ConfigMap", 29, "shop")],
        new=[both, *_many("ConfigMap", 30, "shop", NOVEMBER)],
    )
    assert merged.types["configmaps"].count == 31
    assert "30 configmaps of old.json" in merged.dropped[0]


def test_parts_of_one_namespace_are_added_up_and_said(tmp_path: Path) -> None:
    """Single objects, or lists with a label: none of their objects is in two, and no app."""
    singles = {f"file{i}": [_one("ConfigMap", f"c{i}", "shop")] for i in range(3)}
    merged = _merged(tmp_path, **singles)
    assert merged.types["configmaps"].count == 3
    assert merged.dropped == ()
    said = "3 files list parts of one namespace: none of their objects nor apps is in two"
    assert said in merged.assumed
    again = _merged(tmp_path, **singles, newer=[_one("ConfigMap", "c1", "shop", NOVEMBER)])
    assert again.types["configmaps"].count == 3
    assert [line.partition(" (")[0] for line in again.dropped] == ["1 configmap of file1.json"]


def test_static_pods_saved_one_by_one_are_servers(tmp_path: Path) -> None:
    """Their owners are nodes, each another one; of all nodes at once too."""
    pods = [component("kube-apiserver", f"cp-{i}", "--goaway-chance=0.001") for i in range(3)]
    merged = _merged(tmp_path, nodes=_nodes(0, 3), **{f"single{i}": [pods[i]] for i in range(3)})
    assert merged.values["control_plane.apiservers"].value == 3
    assert _numbers(merged) == (3, 3)
    assert "3 pods of kube-apiserver: 3 API servers" in merged.assumed


def test_nodes_are_told_by_name_and_without_a_shared_one_are_parts(tmp_path: Path) -> None:
    """They need no label."""
    assert _numbers(_merged(tmp_path, old=_nodes(0, 20), new=_nodes(10, 35, NOVEMBER))) == (25, 0)
    assert _numbers(_merged(tmp_path, one=_nodes(0, 20), other=_nodes(20, 30, NOVEMBER))) == (30, 0)


def test_nodes_that_were_all_replaced_are_older_where_the_pods_are(tmp_path: Path) -> None:
    """Two files of one cluster are two states of it in every type."""
    merged = _merged(
        tmp_path,
        old=[*_nodes(0, 5), *_many("Pod", 9, "shop")],
        new=[*_nodes(5, 12, NOVEMBER), *_many("Pod", 8, "shop", NOVEMBER)],
    )
    assert _numbers(merged) == (7, 8)


def test_files_of_namespaces_may_each_have_all_nodes(tmp_path: Path) -> None:
    """Their pods are parts all the same."""
    merged = _merged(
        tmp_path,
        a=[*_nodes(0, 5), *_many("Pod", 9, "nsa")],
        b=[*_nodes(0, 6, NOVEMBER), *_many("Pod", 8, "nsb", NOVEMBER)],
    )
    assert _numbers(merged) == (6, 17)


def test_what_only_the_older_file_lists_is_used(tmp_path: Path) -> None:
    """Newer nodes do not make its pods vanish."""
    merged = _merged(tmp_path, old=[*_nodes(0, 5), *_many("Pod", 9, "shop")], new=_nodes(0, 6, NOVEMBER))
    assert _numbers(merged) == (6, 9)
    assert [line.split(" of ")[0] for line in merged.dropped] == ["5 nodes"]


def test_newer_list_of_all_namespaces_stands_for_older_ones(tmp_path: Path) -> None:
    """Of one namespace, of all, and of all when there was one more that is gone since."""
    everything = [one for name in ("nsa", "nsb", "nsc") for one in _many("Pod", 4, name, NOVEMBER)]
    gone = [one for name in ("nsa", "nsb", "nsc", "gone") for one in _many("Pod", 3, name)]
    for older in (_many("Pod", 9, "nsb"), gone):
        assert _numbers(_merged(tmp_path, old=older, new=everything)) == (0, 12)
    parts = {name: _many("Pod", 2, name, "2026-12-01T00:00:00Z") for name in ("nsa", "nsb", "nsc")}
    assert _numbers(_merged(tmp_path, everything=everything, **parts)) == (0, 6)


def test_newer_list_of_a_part_cannot_stand_for_an_older_one_of_all(tmp_path: Path) -> None:
    """Neither alone is the cluster: one line names both."""
    everything = [one for name in ("nsa", "nsb") for one in _many("Pod", 4, name)]
    said = (
        r"^part\.json is newer than everything\.json, but lists pods of only 1 of its 2 namespaces: give one"
    )
    with pytest.raises(KscaleError, match=said):
        _merged(tmp_path, everything=everything, part=_many("Pod", 3, "nsa", NOVEMBER))


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"lastTransitionTime": NOVEMBER}]},
        {"containerStatuses": [{"state": {"running": {"startedAt": NOVEMBER}}}]},
        {"containerStatuses": [{"state": {"terminated": {"startedAt": OCTOBER, "finishedAt": NOVEMBER}}}]},
    ],
)
def test_a_list_is_as_new_as_what_last_happened_in_it(tmp_path: Path, status: Object) -> None:
    """Though the newest pods are gone since."""
    pods = _many("Pod", 5, "shop")
    late = _one("Pod", "late", "shop", "2026-10-20T00:00:00Z")
    merged = _merged(tmp_path, old=[*pods, late], new=[*pods[1:], {**pods[0], "status": status}])
    assert _numbers(merged) == (0, 5)
    assert (
        "6 pods of old.json (2026-10-20 00:00): an older state of those of new.json (2026-11-01"
        in (merged.dropped[0])
    )
    assert merged.contradictions == ()


@pytest.mark.parametrize(
    "status", [{"conditions": 3}, {"conditions": [3, {"lastTransitionTime": "9999-99-99T99:99:99Z"}]}, [], 3]
)
def test_times_that_are_none_say_nothing(tmp_path: Path, status: object) -> None:
    """Anybody's own kind may have a status of any shape."""
    one = {**_one("Widget", "a", "shop"), "apiVersion": "example.com/v1", "status": status}
    merged = _merged(tmp_path, a=[one])
    assert f"{merged.taken:%Y-%m-%dT%H:%M:%SZ}" == OCTOBER


def test_dates_of_files_that_say_the_reverse_are_shown(tmp_path: Path) -> None:
    """A list from which only pods went holds no time that is newer."""
    pods = [_one("Pod", f"p{i}", "shop", f"2026-10-0{i + 1}T00:00:00Z") for i in range(5)]
    for name, items, seconds in (("monday", pods, 1_790_000_000), ("tuesday", pods[:2], 1_790_086_400)):
        (tmp_path / name).write_bytes(_data(items))
        os.utime(tmp_path / name, (seconds, seconds))
    merged = _of_files([tmp_path / "monday", tmp_path / "tuesday"])
    assert _numbers(merged) == (0, 5)
    (found,) = merged.contradictions
    assert (found.subject, [one.shown for one in found.sides]) == ("lists", ["5 pods", "2 pods"])
    assert found.why == (
        "newer by the times in it, but its file is of 2026-09-21 14:13, the other one's of 2026-09-22 14:13"
    )


def test_a_list_of_which_nothing_is_used_lost_nothing(tmp_path: Path) -> None:
    """What is left out, assumed and told of it is no news."""
    gone = {**_one("Pod", "gone", "shop"), "status": {"phase": "Failed"}}
    merged = _merged(
        tmp_path, old=[*_many("Pod", 3, "shop"), gone], new=[gone, *_many("Pod", 4, "shop", NOVEMBER)]
    )
    old, new = sorted(merged.sources, key=lambda one: one.source.name, reverse=True)
    assert (old.dropped, old.assumed, old.also) == ((), (), ())
    assert "1 pod that has ended" in new.dropped


def test_equal_lists_are_called_equal(tmp_path: Path) -> None:
    """A packed copy is no older state."""
    (tmp_path / "a.json").write_bytes(_data(_nodes(0, 5)))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(_data(_nodes(0, 5))))
    merged = _of_files([tmp_path / "a.json", tmp_path / "b.json.gz"])
    assert _numbers(merged) == (5, 0)
    assert len(merged.dropped) == 1
    assert ": equal to those of " in merged.dropped[0]


def test_names_of_custom_types_and_namespaces_are_not_told(tmp_path: Path) -> None:
    """Only how many there are."""

    def some(at: str) -> list[Object]:
        return [{**_one("Secretkind", "a", "hush", at), "apiVersion": "hush.example.com/v1"}]

    merged = _merged(tmp_path, old=some(OCTOBER), new=some(NOVEMBER))
    assert merged.dropped[0].startswith("1 object of 1 other type of old.json (2026-10-01 00:00): an older")


def test_lists_added_up_are_one_list_for_what_is_worked_out(tmp_path: Path) -> None:
    """Rates count the pods of all parts, a heartbeat is the mean node of all."""
    pods = {
        name: [_one("Pod", f"p{i}", name, f"2026-10-01T00:{i // 60:02}:{i % 60:02}Z") for i in range(number)]
        for name, number in (("nsa", 200), ("nsb", 100))
    }
    large = [{**_node(f"large-{i}"), "spec": {"providerID": "x" * 2000}} for i in range(5)]
    merged = _merged(tmp_path, a=[*pods["nsa"], *_nodes(0, 15)], b=[*pods["nsb"], *large])
    assert merged.values["load.pod_changes"].how.startswith("299 living pods created in the hour")
    assert any(line.startswith("pod changes are at least ") for line in merged.assumed)
    assert merged.contradictions == ()
    alone = [
        int(str(_merged(tmp_path, one=items).values["load.heartbeat.size"].value).removesuffix("B"))
        for items in (_nodes(0, 15), large)
    ]
    together = int(str(merged.values["load.heartbeat.size"].value).removesuffix("B"))
    assert together == pytest.approx((15 * alone[0] + 5 * alone[1]) / 20, abs=1)
    assert alone[1] > alone[0] + 900


def test_places_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of namespaces without end is refused at the object that has one too many."""
    monkeypatch.setattr(places, "MOST", 5)
    assert _numbers(_merged(tmp_path, some=_nodes(0, 5))) == (5, 0)
    with pytest.raises(KscaleError, match=r"item 6, .*: metadata: more than 5 namespaces and objects"):
        _merged(tmp_path, many=_nodes(0, 6))


def test_things_of_namespaces_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones of a file are kept, whatever their types; more are no error."""
    monkeypatch.setattr(places, "MOST", 5)
    gathered = places.Gathered()
    for i in range(9):
        gathered.add(("pods", "configmaps")[i % 2], {"name": f"a{i}", "namespace": "shop"})
    assert sum(len(one.things) for one in gathered.places().values()) == 5


def test_pods_of_a_job_or_a_deployment_are_of_one_app_over_time() -> None:
    """What makes them is another one each time; nodes are no apps."""

    def things(kind: str, owner: str, name: str) -> set[int]:
        gathered = places.Gathered()
        owners = [{"kind": kind, "name": owner, "controller": True}]
        gathered.add("pods", {"name": name, "namespace": "shop", "ownerReferences": owners})
        return set(gathered.places()["pods"].things.tolist())

    for kind, one, other in (("ReplicaSet", "web-7d9f8", "web-5c6b9"), ("Job", "dump-2981", "dump-2982")):
        assert len(things(kind, one, "a") & things(kind, other, "b")) == 1
    assert things("StatefulSet", "db-1", "a").isdisjoint(things("StatefulSet", "db-2", "b"))
    assert things("Node", "cp-0", "a").isdisjoint(things("Node", "cp-0", "b"))


def test_hashes_of_names_reach_no_facts_that_are_written(tmp_path: Path) -> None:
    """They are there while the import runs; what is merged has none but in its sources."""
    merged = _merged(tmp_path, a=_nodes(0, 3))
    assert merged.sources[0].places["nodes"].names == {places.hashed(f"machine-{i}") for i in range(3)}
    assert not hasattr(merged, "places")
