"""Servers that differ are a fleet of which most decide; what runs comes before what is configured."""

import json
from itertools import permutations
from pathlib import Path

import kubectl_objects as made
import pytest
from static_pods import component, listed

from kscale.imports import merge, sources
from kscale.imports.merge import Merged

BALANCE = "control_plane.optimizations.apiserver-balance"
GOAWAY = "mechanisms.apiserver-balance.goaway_ppm"
QUOTA = "control_plane.etcd.quota"
CONFIG = """\
apiServer:
  extraArgs: [{name: goaway-chance, value: "0.005"}]
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.14.0
etcd: {local: {extraArgs: [{name: quota-backend-bytes, value: "4294967296"}]}}
"""


def server(number: int, chance: str = "") -> made.Made:
    """Return the pod of an API server."""
    flags = [f"--goaway-chance={chance}"] if chance else []
    return component("kube-apiserver", f"cp-{number}", *flags)


def merged_of(folder: Path, **files: made.Made) -> Merged:
    """Return what files make together."""
    paths = []
    for name, value in files.items():
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(value), encoding="utf-8")
    return merge.merge([sources.read(one, lambda _done, _all: None) for one in sources.found(paths)])


def told(merged: Merged) -> dict[str, tuple[list[str], str]]:
    """Return what each side of each contradiction says, and why the first is used."""
    return {one.subject: ([side.shown for side in one.sides], one.why) for one in merged.contradictions}


@pytest.mark.parametrize("number", [1, 2])
def test_most_servers_of_a_list_decide_in_any_order(tmp_path: Path, number: int) -> None:
    """Beside a switch that is off no parameter of it stands."""
    most = number == 2
    for order in permutations(range(3)):
        pods = [server(i, "0.001" if i < number else "") for i in order]
        merged = merged_of(tmp_path, pods=listed(*pods))
        assert merged.values[BALANCE].value is most
        assert (GOAWAY in merged.values) is most
        sides = [str(most).lower(), str(not most).lower()]
        assert told(merged) == {BALANCE: (sides, "servers differ in --goaway-chance: 2 of 3 have this")}
        assert not any("goaway" in line or "balance" in line for line in merged.assumed)


def test_as_many_servers_of_a_list_are_settled_by_value(tmp_path: Path) -> None:
    """Not by their order."""
    for order in permutations([server(0, "0.001"), server(1, "0.002")]):
        merged = merged_of(tmp_path, pods=listed(*order))
        assert merged.values[GOAWAY].value == 1000
        why = "servers differ in --goaway-chance: as many have each, this is the first by value"
        assert told(merged) == {GOAWAY: (["1,000", "2,000"], why)}


@pytest.mark.parametrize("day", ["2026-05-01", "2026-07-01"])
@pytest.mark.parametrize("together", [False, True])
def test_what_runs_comes_before_what_is_configured(tmp_path: Path, day: str, together: bool) -> None:
    """However new it is, in one file or in two: both are shown."""
    pods = [server(0, "0.001"), component("etcd", "cp-0", f"--quota-backend-bytes={2**33}", version="3.5.1")]
    for pod in pods:
        pod["metadata"]["creationTimestamp"] = "2026-06-01T00:00:00Z"
    metadata = {"name": "kubeadm-config", "namespace": "kube-system", "creationTimestamp": f"{day}T00:00:00Z"}
    config = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"ClusterConfiguration": CONFIG},
    }
    files = {"all": listed(*pods, config)} if together else {"a": listed(*pods), "b": listed(config)}
    merged = merged_of(tmp_path, **files)
    assert merged.values[GOAWAY].value == 1000
    assert merged.values[QUOTA].value == "8GiB"
    assert merged.values["profile"].value == "k8s-1.36"
    found = told(merged)
    assert found[GOAWAY] == (["1,000", "5,000"], "the other one is only configured")
    assert found[QUOTA] == (["8GiB", "4GiB"], "the other one is only configured")
    assert together or found["profile"] == (["k8s-1.36", "k8s-1.14"], "the other one is only configured")


def test_lists_of_parts_that_say_other_things_contradict(tmp_path: Path) -> None:
    """As one file does."""
    merged = merged_of(
        tmp_path,
        a=listed(server(0, "0.001"), server(1, "0.001")),
        b=listed({**server(2, "0.002"), "metadata": {**server(2)["metadata"], "namespace": "openshift"}}),
    )
    assert merged.values[GOAWAY].value == 1000
    assert told(merged)[GOAWAY] == (
        ["1,000", "2,000"],
        "servers differ in --goaway-chance: 2 of 3 have this",
    )
    assert merged.values["control_plane.apiservers"].value == 3
