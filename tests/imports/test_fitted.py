"""What an import writes runs, whatever was read, and its amounts are those of this cluster."""

from collections.abc import Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_facts import node, part, pods, sizes, value

from kscale.imports import anonymize, fitted, merge, settings, write
from kscale.imports.facts import FreeSpace, TypeFact
from kscale.measure import plan
from kscale.mechanisms.registry import MECHANISMS
from kscale.scenario import build, load

MANY = 300  # pods
QUIET = value("load.pod_changes", "0.2322/h", estimate=True)


SOURCES: dict[str, dict[str, Any]] = {  # of one node each
    "nodes": {"format_id": "kubectl", "nodes": (node(0),), "types": {"nodes": sizes((9000, 1))}},
    "pods": {"format_id": "kubectl", "name": "p", "pods": pods(14), "types": {"pods": sizes((5000, 14))}},
    "no pods": {"format_id": "kubectl", "name": "n", "types": {}},
    "manifests": {
        "format_id": "manifest",
        "values": (value("control_plane.apiservers", 1), value("control_plane.etcd.members", 1)),
    },
    "metrics": {
        "format_id": "prometheus",
        "types": {"nodes": TypeFact(1), "secrets": TypeFact(4)},
        "values": (value("mechanisms.watch-bookmark.others_per_s", 1e-7),),
    },
    "audit": {"format_id": "audit", "values": (value("load.pod_changes", "0/s"),)},
    "etcd": {
        "format_id": "etcd-db",
        "types": {"secrets": sizes((700, 3))},
        "space": FreeSpace(4096, 64, np.zeros((0, 2), np.int64), np.array([[2, 62]])),
    },
}
COMBINATIONS = [parts for number in (1, 2) for parts in combinations(SOURCES, number)]


def _imported(*sources: Mapping[str, Any]) -> write.Imported:
    """Return what these sources make."""
    return write.make(merge.merge([part(**one) for one in sources]), anonymize.hashes(bytes(32)))


def _saved(imported: write.Imported, folder: Path) -> load.Loaded:
    """Return the scenario that is written."""
    return load.load(str(write.save(imported, folder / "mine.yaml", "mine")[0]))


SHORT = ("watch-fanout.events=20", "etcd-offload.operations=20", "controller-standby.trials=20")
SHORTER = (  # where a cluster of a thousand nodes is made up, as in any scenario
    "watch-encode.events=2",
    "etcd-freelist.free_pages=100",
    "etcd-learner.instants=2",
    "etcd-concurrent-reads.duration_ns=300ms",
    "node-lease.duration_ns=1min",
    "watch-bookmark.duration_ns=1s",
    "sched-equivalence.pods=5",
    "sched-sampling.pods=5",
)


def _run(loaded: load.Loaded) -> None:
    """Let every mechanism do all its work once, but for what only takes long."""
    cluster = build.build(loaded.scenario, loaded.recorded)
    short = SHORT if cluster.pods.count <= MANY else SHORT + SHORTER
    cells = plan.plan(loaded, MECHANISMS, overrides=short)
    assert [cell.mechanism.id for cell in cells] == [one.id for one in MECHANISMS]
    for cell in cells:
        work = cell.mechanism.prepare(cluster, cell.params)
        outcomes = {
            name: cell.mechanism.variants[name].run(cell.mechanism.variants[name].build(work))
            for name in cell.variants
        }
        cell.mechanism.agree(work, outcomes)


@pytest.mark.parametrize("parts", COMBINATIONS, ids=" and ".join)
def test_what_is_written_runs(parts: tuple[str, ...], tmp_path: Path) -> None:
    """Each kind of source alone, and every two."""
    _run(_saved(_imported(*(SOURCES[one] for one in parts)), tmp_path))


@pytest.mark.parametrize("nodes", [1, 3, 12, 200])
def test_a_quiet_cluster_runs_at_its_own_amounts(nodes: int, tmp_path: Path) -> None:
    """Some pods a week: no mechanism asks for centuries of that."""
    imported = _imported(
        {
            "nodes": tuple(node(i) for i in range(nodes)),
            "pods": pods(19),
            "types": {"nodes": sizes((9000, nodes)), "pods": sizes((5000, 19))},
            "values": (QUIET,),
        }
    )
    loaded = _saved(imported, tmp_path)
    cluster = build.build(loaded.scenario, loaded.recorded)
    for cell in plan.plan(loaded, MECHANISMS, only=["watch-*", "etcd-freelist"]):
        cell.mechanism.prepare(cluster, cell.params)
    events = imported.merged.values[fitted.EVENTS]
    assert events.value == round(0.2322 * 24 * 365)
    assert events.estimate
    stored = 9000 * nodes + 5000 * 19
    assert imported.merged.values[fitted.FREE_PAGES].value == stored // 8192
    assert f"etcd-freelist.free_pages: {stored // 8192}, half as many as the stored objects fill" in (
        imported.merged.assumed
    )
    _run(loaded)


def test_a_busy_cluster_keeps_the_amounts_of_any() -> None:
    """A million events, as always; a free list of its own size."""
    imported = _imported(
        {"types": {"pods": sizes((8192, 1000))}, "values": (value("load.pod_changes", "20/s"),)}
    )
    assert fitted.EVENTS not in imported.merged.values
    assert imported.merged.values[fitted.FREE_PAGES].value == (1000 * 8192 + 50 * 15 * 1024) // 8192


def test_amounts_that_were_read_stay() -> None:
    """Free pages of metrics."""
    read = value(fitted.FREE_PAGES, 77)
    imported = _imported({"types": {"pods": sizes((8192, 1000))}, "values": (read,)})
    assert imported.merged.values[fitted.FREE_PAGES] == read
    assert not any("free_pages" in one for one in imported.merged.assumed)


def test_rates_slower_than_can_be_simulated_are_said() -> None:
    """Among them no changes at all."""
    imported = _imported(SOURCES["audit"], SOURCES["metrics"])
    assert imported.merged.values["load.pod_changes"].value == "0.036/h"
    assert imported.merged.values[fitted.OTHERS].value == 1e-5
    assert {
        "load.pod_changes: 0.036/h, the slowest that can be simulated; it was 0/s",
        "watch-bookmark.others_per_s: 1e-05, the slowest that can be simulated; it was 0.00036/h",
    } <= set(imported.merged.assumed)


def test_pods_that_are_assumed_are_stored(tmp_path: Path) -> None:
    """As many as the cluster has, at kscale's own size; so are nodes."""
    imported = _imported(SOURCES["nodes"])
    loaded = _saved(imported, tmp_path)
    cluster = build.build(loaded.scenario, loaded.recorded)
    assert len(cluster.objects.sizes_of("pods")) == cluster.pods.count == 20
    assert "stored as well, though not read: 20 pods of kscale's own sizes" in imported.merged.assumed
    assert "pods: {count: pods, size: 10KiB}  # not read: as many as the cluster has" in imported.text(
        "mine", None
    )


def test_nodes_that_nobody_counted_are_those_of_so_many_pods(tmp_path: Path) -> None:
    """The inverse of the pods that are assumed for nodes."""
    imported = _imported({"pods": pods(912), "types": {"pods": sizes((5000, 912))}})
    loaded = _saved(imported, tmp_path)
    cluster = build.build(loaded.scenario, loaded.recorded)
    assert cluster.nodes.count == len(cluster.objects.sizes_of("nodes")) == 46
    assert "nodes: 46, 20 pods a node" in imported.merged.assumed
    assert imported.merged.values["counts.nodes"].estimate


def test_few_pods_among_very_many_types_stay_pods() -> None:
    """Small types are counted as one, never these."""
    types = {f"type{i}.example.com": sizes((100, 50)) for i in range(300)} | {"pods": sizes((5000, 2))}
    imported = _imported({"types": types})
    assert imported.recorded.objects is not None
    assert "pods" in imported.recorded.objects.types


def test_parameters_that_are_written_are_those_of_mechanisms() -> None:
    """Imports cannot see them."""
    known = {one.id: one for one in MECHANISMS}
    for key in (fitted.EVENTS, fitted.FREE_PAGES, fitted.OTHERS, fitted.WORKLOAD):
        _, mechanism_id, parameter = settings.path(key)
        assert parameter in known[mechanism_id].params.__dataclass_fields__
