"""The control plane in a list of all pods: static pods with their flags, in YAML and in JSON."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import kubectl_objects as made
import pytest
import yaml
from static_pods import component, listed

from kscale.errors import KscaleError
from kscale.imports import kubectl, kubectl_control, manifests, merge
from kscale.imports.contradictions import Part
from kscale.imports.facts import Facts

BALANCE = "control_plane.optimizations.apiserver-balance"
QUOTA = "control_plane.etcd.quota"
GIB = 2**30

Read = Callable[[Path, made.Made], Facts]


def in_json(folder: Path, document: made.Made) -> Facts:
    """Return what an object says as JSON of kubectl."""
    (folder / "a.json").write_text(json.dumps(document), encoding="utf-8")
    return kubectl.read(folder / "a.json", "a.json", lambda _done, _all: None)


def in_yaml(folder: Path, document: made.Made) -> Facts:
    """Return what an object says as YAML of kubectl."""
    (folder / "a.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return manifests.read(folder / "a.yaml", "a.yaml", lambda _done, _all: None)


EITHER = pytest.mark.parametrize("read", [in_json, in_yaml], ids=["json", "yaml"])


def etcd(quota: int, **metadata: Any) -> made.Made:  # noqa: ANN401 - any field
    """Return a pod of an etcd with a quota."""
    pod = component("etcd", "cp-0", f"--quota-backend-bytes={quota}", version="3.5.1")
    pod["metadata"] = {"name": "etcd-0", **metadata}
    return pod


def sure(facts: Facts) -> dict[str, object]:
    """Return the values that are no estimates."""
    return {one.key: one.value for one in facts.values if not one.estimate}


@EITHER
def test_a_list_of_all_pods_has_the_whole_control_plane(tmp_path: Path, read: Read) -> None:
    """Three servers are three, three members are three, and events are kept elsewhere."""
    items = [
        one
        for i in range(3)
        for one in (
            component("kube-apiserver", f"cp-{i}", "--goaway-chance=0.001", "--max-requests-inflight=800"),
            component("etcd", f"cp-{i}", f"--initial-cluster=cp-{i}=http://a:1", version="3.5.1"),
            component("etcd-events", f"cp-{i}", version="3.5.1"),
            component("kube-controller-manager", f"cp-{i}", "--kube-api-qps=100"),
            made.pod(i),
        )
    ]
    facts = read(tmp_path, listed(*items))
    said = sure(facts)
    assert said["control_plane.apiservers"] == 3
    assert said["control_plane.etcd.members"] == 3
    assert said[BALANCE] is True
    assert said["mechanisms.controller-standby.requests_per_s"] == 100
    assert said["profile"] == "k8s-1.36"
    assert "kube-apiserver 1.33: 3 times, 6 settings" in facts.read
    assert "flag --max-requests-inflight of kube-apiserver: 800" in facts.also


@EITHER
@pytest.mark.parametrize(
    ("metadata", "is_ours"),
    [
        ({"namespace": "kube-system"}, True),
        ({}, True),  # a manifest
        ({"namespace": "openshift-etcd", "annotations": {"kubernetes.io/config.mirror": "a"}}, True),
        ({"namespace": "openshift-etcd", "ownerReferences": [{"controller": True, "kind": "Node"}]}, True),
        ({"namespace": "a-tenant"}, False),
        ({"namespace": "kube-system", "ownerReferences": [{"controller": True, "kind": "DaemonSet"}]}, False),
        ({"namespace": "default", "ownerReferences": [{"controller": True, "kind": "StatefulSet"}]}, False),
    ],
)
def test_the_etcd_of_an_app_is_not_that_of_the_cluster(
    tmp_path: Path, read: Read, metadata: dict[str, Any], is_ours: bool
) -> None:
    """Static pods are the cluster's own; others are counted as left out."""
    other = component("kube-scheduler", "cp-0")
    facts = read(tmp_path, listed(etcd(GIB, **metadata), other))
    assert sure(facts).get(QUOTA) == (GIB if is_ours else None)
    told = "1 pod named like a component, not static ones: an app's own, or another cluster's"
    assert (told in facts.dropped) is not is_ours


@EITHER
def test_config_maps_are_those_of_the_system(tmp_path: Path, read: Read) -> None:
    """Texts of others are not looked into, and of those only the ones that are configurations."""
    text = "kind: KubeletConfiguration\nnodeStatusUpdateFrequency: 20s\n"
    own = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kubelet-config", "namespace": "kube-system"},
        "data": {"kubelet": text, "a": "kind: {{ .Kind }}\n", "b": "kind: Config\nusers: [}"},
    }
    assert sure(read(tmp_path, listed(own)))["load.heartbeat.period"] == "20s"
    own["data"] = {"kubelet": '{"apiVersion":"v1beta1","kind":"KubeletConfiguration","maxPods":64}'}
    assert any("maxPods" in line for line in read(tmp_path, listed(own)).also)


def test_config_maps_of_others_are_only_counted(tmp_path: Path) -> None:
    """A configuration of another namespace is another scheduler's, or broken."""
    other = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", "namespace": "default"},
        "data": {"config": "kind: KubeSchedulerConfiguration\npercentageOfNodesToScore: [}\n"},
    }
    facts = in_json(tmp_path, listed(other))
    assert facts.values == ()
    assert facts.read[0] == "1 configmap"


def test_one_object_alone_is_read_too(tmp_path: Path) -> None:
    """A manifest as JSON; one server may have others beside it."""
    facts = in_json(tmp_path, component("kube-apiserver", "cp-0", "--goaway-chance=0.001"))
    assert sure(facts)[BALANCE] is True
    assert ("control_plane.apiservers", 1, True) in {(v.key, v.value, v.estimate) for v in facts.values}


def test_the_etcd_of_events_is_not_the_main_one(tmp_path: Path) -> None:
    """Its quota, or that it has none, says nothing of the other's."""
    main = component("etcd", "cp-0", "--quota-backend-bytes=8589934592", version="3.5.1")
    events = component("etcd-events", "cp-0", "--quota-backend-bytes=1073741824", version="3.4.1")
    for items in ((main, events), (events, main)):
        facts = in_json(tmp_path, listed(*items))
        assert sure(facts)[QUOTA] == 8 * GIB
        assert sure(facts)["control_plane.optimizations.etcd-freelist"] is True
        assert "etcd of events: 1 setting" in facts.read
        assert "1 setting of the etcd of events, which is beside the main one" in facts.dropped


def test_pods_that_are_over_say_nothing(tmp_path: Path) -> None:
    """As they hold nothing else."""
    over = component("kube-apiserver", "cp-0", "--goaway-chance=0.001")
    over["status"]["phase"] = "Failed"
    assert in_json(tmp_path, listed(over)).values == ()


def test_the_control_plane_says_the_version(tmp_path: Path) -> None:
    """Kubelets may be older."""
    node = made.node(0)
    node["status"]["nodeInfo"]["kubeletVersion"] = "v1.20.1"
    facts = in_json(tmp_path, listed(node, component("kube-apiserver", "cp-0")))
    told = {one.value: one.estimate for one in facts.values if one.key == "profile"}
    assert told == {"k8s-1.36": False, "k8s-1.20": True}
    merged = merge.merge([Part(facts, datetime(2026, 10, 1, tzinfo=UTC))])
    assert merged.values["profile"].value == "k8s-1.36"
    assert not any("kubelets" in line for line in merged.assumed)
    (found,) = merged.contradictions
    assert [side.shown for side in found.sides] == ["k8s-1.36", "k8s-1.20"]


def test_a_flag_that_none_takes_is_refused_with_its_item(tmp_path: Path) -> None:
    """Item, byte, place in the object."""
    with pytest.raises(KscaleError) as caught:
        in_json(tmp_path, listed(made.pod(0), component("kube-apiserver", "cp-0", "--goaway-chance=0.5")))
    said = str(caught.value)
    assert said.startswith("a.json: item 2, before byte ")
    assert ": spec.containers[0].command[1]: --goaway-chance: must be 0 to 0.02" in said


def test_a_configuration_that_is_none_is_refused_with_its_line(tmp_path: Path) -> None:
    """In the text of its ConfigMap."""
    text = "kind: KubeletConfiguration\nnodeStatusUpdateFrequency: soon\n"
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a"},
        "data": {"kubelet": text},
    }
    with pytest.raises(KscaleError, match=r": data\.kubelet:2: nodeStatusUpdateFrequency: "):
        in_json(tmp_path, config_map)


def test_parts_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cluster has so many."""
    monkeypatch.setattr(kubectl_control, "MOST_PARTS", 2)
    items = [component("kube-scheduler", f"cp-{i}") for i in range(3)]
    assert in_json(tmp_path, listed(*items[:2])).read
    with pytest.raises(KscaleError, match=r"item 3, .*: more than 2 parts of a control plane"):
        in_json(tmp_path, listed(*items))
