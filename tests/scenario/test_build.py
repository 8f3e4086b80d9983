"""A scenario always gives the same cluster, and the cluster is what the file says."""

import dataclasses
import hashlib
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kscale.scenario import build, load, shipped
from kscale.scenario.cluster import (
    Cluster,
    Constraints,
    Nodes,
    Objects,
    PodClasses,
    Pods,
    Preference,
    Taint,
    Toleration,
)
from kscale.scenario.made import ZONE_LABEL

RECORDED = {"space", "optimizations", "requests", "watches"}  # of imported clusters: test_imported.py
ELSEWHERE = {"costs", "simulation", "apiserver_cores", "etcd_cores", "scheduler_qps", "controller_qps"}
# test_costs.py, and what only a simulation reads: test_simulation.py


def digest(cluster: Cluster) -> str:
    """Hash every array and record of a cluster; arrays as little-endian bytes."""
    sha = hashlib.sha256()

    def feed(value: Any) -> None:  # noqa: ANN401 - walks whatever a record holds
        if isinstance(value, np.ndarray):
            sha.update(f"{value.dtype.kind}{value.dtype.itemsize}{value.shape}".encode())
            sha.update(np.ascontiguousarray(value, value.dtype.newbyteorder("<")).tobytes())
        elif dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                if field.name in ELSEWHERE:
                    continue
                if field.name in RECORDED and not getattr(value, field.name):
                    continue
                sha.update(field.name.encode())
                feed(getattr(value, field.name))
        elif isinstance(value, tuple):
            for one in value:
                feed(one)
        else:
            sha.update(repr(value).encode())

    feed(dataclasses.replace(cluster, profile=None))  # type: ignore[arg-type] # a profile may gain constants
    return sha.hexdigest()


def columns(part: Nodes | Pods | PodClasses | Objects) -> dict[str, np.ndarray[Any, Any]]:
    """Return the arrays of a record by name."""
    found = {field.name: getattr(part, field.name) for field in dataclasses.fields(part)}
    return {name: value for name, value in found.items() if isinstance(value, np.ndarray)}


def from_text(text: str) -> Cluster:
    """Build a scenario written in a test."""
    return build.build(load.parse(text.encode(), "x.yaml", "x.yaml").scenario)


PINNED = {
    "smoke": "d810769ec83196d7fd4df6700d44fcff587259084bc753652f01a0dd7904ac15",
    "openb": "935eb39a3a8d46b5e2a66c8b197f00d896ee49984ea2034f3775cf1b048810f3",
    "alibaba-10k": "62f2640e7b5a2307fe2130d6b2ab246fc2930406047ae95537d2f3b2f9f29011",
}


@pytest.mark.parametrize("name", PINNED)
def test_shipped_clusters_are_pinned(name: str) -> None:
    """The same arrays on every machine, Python and numpy."""
    assert digest(build.build(load.load(name).scenario)) == PINNED[name]


def test_another_process_builds_the_same() -> None:
    """Nothing depends on hash seeds or on what ran before."""
    code = (
        "from test_build import digest; from kscale.scenario import build, load; "
        "print(digest(build.build(load.load('smoke').scenario)))"
    )
    here = Path(__file__).parent
    said = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=here.parent.parent,
        env={"PYTHONPATH": f"{here}:{here.parent.parent}", "PYTHONHASHSEED": "12345"},
    )
    assert said.stdout.strip() == PINNED["smoke"]


@pytest.mark.parametrize(
    ("name", "nodes", "pods", "objects", "classes"),
    [("alibaba-10k", 10_000, 200_000, 1_000_000, 64), ("k8s-5k", 5000, 150_000, 500_000, 48)],
)
def test_shipped_clusters_have_the_size_they_say(
    name: str, nodes: int, pods: int, objects: int, classes: int
) -> None:
    """And about 70 % of the cpu is asked for, so that nearly every pod finds a place."""
    cluster = build.build(load.load(name).scenario)
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == (nodes, pods, objects)
    assert cluster.pods.classes.count == classes
    asked = np.bincount(cluster.pods.klass) @ cluster.pods.classes.cpu_milli
    assert 0.65 < asked / cluster.nodes.cpu_milli.sum() < 0.75


def test_the_official_namespace_limit_is_met() -> None:
    """k8s-5k has 3,000 pods in each namespace, the most there may be."""
    cluster = build.build(load.load("k8s-5k").scenario)
    assert set(np.bincount(cluster.pods.namespace).tolist()) == {3000}


@pytest.mark.parametrize("name", sorted(shipped.names()))
def test_memory_is_said_from_above(name: str) -> None:
    """The estimate covers the arrays."""
    scenario = load.load(name).scenario
    if name == "mega-100k":
        assert 100e6 < build.memory(scenario) < 500e6  # too large to build in a test
        return
    cluster = build.build(scenario)
    parts: list[Nodes | Pods | PodClasses | Objects] = [
        cluster.nodes,
        cluster.pods,
        cluster.pods.classes,
        cluster.objects,
    ]
    held = sum(column.nbytes for part in parts for column in columns(part).values())
    assert held < build.memory(scenario)


MIXED = """
cluster:
  nodes:
    count: 1000
    zones: 3
    shapes:
    - {share: 55%, cpu: 4, memory: 8GiB, labels: {disk: ssd, arch: arm}}
    - {share: 0.25, cpu: 8, memory: 16GiB, pods: 20, taints: ["gpu=yes:NoSchedule"], extended: {gpu: 4}}
    - {cpu: 16, memory: 32GiB, ephemeral: 1GiB, unschedulable: true}
  pods:
    count: 10k
    apps: 100
    namespaces: 7
    requests:
    - {share: 50%, cpu: 100m, memory: 1GiB, selector: {disk: [ssd, hdd]}}
    - {share: 25%, extended: {gpu: 1}, tolerations: [{key: gpu, operator: Exists}]}
    - {cpu: 0, memory: 0, ephemeral: 1MiB, preferred: [{weight: 7, key: disk, values: ssd}]}
"""


@pytest.mark.tiny
def test_nodes_follow_the_file() -> None:
    """Shares are exact, zones go round, groups are the labels and taints that differ."""
    nodes = from_text(MIXED).nodes
    assert [(nodes.cpu_milli == cpu).sum() for cpu in (4000, 8000, 16_000)] == [550, 250, 200]
    assert nodes.zone.tolist() == [i % 3 for i in range(1000)]
    assert nodes.groups[0].labels == {"arch": "arm", "disk": "ssd"}
    assert nodes.groups[1].taints == (Taint("gpu", "yes", "NoSchedule"),)
    assert [group.unschedulable for group in nodes.groups] == [False, False, True]
    for cpu, row in {
        4000: (8, 100, 110, 0, 0),
        8000: (16, 100, 20, 4, 1),
        16_000: (32, 1, 110, 0, 2),
    }.items():
        here = nodes.cpu_milli == cpu
        memory, ephemeral = nodes.memory_bytes[here] >> 30, nodes.ephemeral_bytes[here] >> 30
        rest = (nodes.pods[here], nodes.extended[here, 0], nodes.group[here])
        assert [set(column.tolist()) for column in (memory, ephemeral, *rest)] == [{value} for value in row]
    assert nodes.cpu_milli[:100].tolist() != sorted(nodes.cpu_milli[:100].tolist())  # mixed


@pytest.mark.tiny
def test_pods_follow_the_file() -> None:
    """Zipf sizes, one class an app, shares as near as apps allow, defaults for what is not asked."""
    pods = from_text(MIXED).pods
    sizes = np.bincount(pods.app)
    assert sizes.sum() == 10_000
    assert sorted(sizes.tolist(), reverse=True) == sizes.tolist()
    assert abs(sizes[0] / sizes[9] - 10) < 0.5
    assert pods.namespace.tolist() == (pods.app % 7).tolist()
    assert (
        len({(app, klass) for app, klass in zip(pods.app.tolist(), pods.klass.tolist(), strict=True)}) == 100
    )
    assert np.abs(np.bincount(pods.klass) - [5000, 2500, 2500]).max() < 50
    classes = pods.classes
    assert classes.cpu_milli.tolist() == [100, 0, 0]
    assert classes.cpu_nonzero.tolist() == [100, 100, 0]  # a stated 0 stays 0
    assert classes.memory_nonzero.tolist() == [2**30, 200 * 2**20, 0]
    assert classes.ephemeral_bytes.tolist() == [0, 0, 2**20]
    assert classes.extended.tolist() == [[0], [1], [0]]
    assert classes.constraints == (
        Constraints(selector=(("disk", ("hdd", "ssd")),)),
        Constraints(tolerations=(Toleration("gpu", "Exists"),)),
        Constraints(preferred=(Preference(7, "disk", ("ssd",)),)),
    )


def test_dtypes_are_those_of_the_records() -> None:
    """One dtype a column: kernels are compiled for them."""
    cluster = from_text(MIXED)
    for part, narrow in ((cluster.nodes, {"zone", "group"}), (cluster.pods, {"klass", "app", "namespace"})):
        for name, column in columns(part).items():
            assert column.dtype == (np.int32 if name in narrow else np.int64), name
            assert column.flags.c_contiguous, name


@pytest.mark.tiny
def test_lists_make_a_grid_of_classes() -> None:
    """Every cpu with every memory, equally often; equal requests are one class."""
    text = (
        "cluster: {nodes: {count: 9}, pods: {count: 900, apps: 900, app_sizes: equal, requests: "
        "[{cpu: [1, 2, 3], memory: [1Gi, 2Gi]}, {cpu: 1, memory: 1Gi}]}}"
    )
    pods = from_text(text).pods
    assert pods.classes.count == 6
    assert np.bincount(pods.klass).tolist() == [525, 75, 75, 75, 75, 75]


@pytest.mark.tiny
def test_zones_are_labels_only_where_somebody_asks() -> None:
    """Nodes of two zones are alike, until a pod selects a zone."""
    asks = f"requests: [{{selector: {{{ZONE_LABEL}: zone-1}}}}]"
    plain = from_text("cluster: {nodes: {count: 9}, pods: {count: 9}}").nodes
    zoned = from_text(f"cluster: {{nodes: {{count: 9}}, pods: {{count: 9, {asks}}}}}").nodes
    assert len(plain.groups) == 1
    assert [group.labels for group in zoned.groups] == [{ZONE_LABEL: f"zone-{i}"} for i in range(3)]
    assert zoned.group.tolist() == zoned.zone.tolist()


@pytest.mark.tiny
def test_the_seed_changes_order_and_nothing_else() -> None:
    """Two seeds give the same pods in different order."""
    one, other = (from_text(f"seed: {seed}\ncluster: {{nodes: {{count: 20}}}}") for seed in (1, 2))
    assert one.pods.app.tolist() != other.pods.app.tolist()
    assert sorted(one.pods.app.tolist()) == sorted(other.pods.app.tolist())
    assert digest(one) != digest(other)


@pytest.mark.parametrize("text", ["cluster: {nodes: {count: 1}, pods: {count: 1}, objects: {total: 10}}"])
def test_the_smallest_cluster_can_be_built(text: str) -> None:
    """One node, one pod."""
    cluster = from_text(text)
    assert (cluster.nodes.count, cluster.pods.count, len(cluster.objects.size)) == (1, 1, 10)


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 300),
    st.integers(1, 60),
    st.lists(st.integers(1, 9), min_size=1, max_size=6, unique=True),
    st.sampled_from(["zipf", "equal"]),
)
def test_counts_always_hold(nodes: int, pods: int, apps: int, cpus: list[int], sizes: str) -> None:
    """Whatever the mix: as many nodes, pods and apps as asked, every class in use."""
    apps = min(apps, pods)
    cluster = from_text(
        f"cluster: {{nodes: {{count: {nodes}}}, pods: {{count: {pods}, apps: {apps}, app_sizes: {sizes}, "
        f"requests: [{{cpu: {cpus}}}]}}}}"
    )
    assert (cluster.nodes.count, cluster.pods.count) == (nodes, pods)
    assert len(np.unique(cluster.pods.app)) == apps
    assert np.unique(cluster.pods.klass).tolist() == list(range(cluster.pods.classes.count))
    assert cluster.pods.classes.count <= len(cpus)


def test_the_guide_is_true() -> None:
    """The example in scenarios/README.md is a scenario, and its comments hold."""
    guide = (shipped.root() / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```yaml\n(.*?)```", guide, re.DOTALL)
    assert example is not None
    cluster = from_text(example[1])
    assert (cluster.nodes.count, cluster.pods.count, cluster.pods.classes.count) == (3000, 60_000, 6)
    for name in shipped.names():
        assert f"| `{name}` |" in guide
