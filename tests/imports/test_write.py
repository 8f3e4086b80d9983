"""What is written: a scenario that reads back exactly, and says where everything in it is from."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from made_facts import node, part, pods, sizes, value

from kscale import units
from kscale.imports import anonymize, merge, settings, write
from kscale.imports.facts import FreeSpace, TypeFact, Value
from kscale.scenario import build, load
from kscale.scenario.load import Loaded
from kscale.scenario.schema_cluster import DEFAULT_TYPES, MadeSpec
from kscale.scenario.schema_imported import ImportedSpec

KEY = bytes(32)
SPACE = FreeSpace(
    4096, 20, np.array([[4, 2], [9, 1]], dtype=np.int64), np.array([[3, 1], [6, 3]], dtype=np.int64)
)


def _written(folder: Path, *facts: dict[str, Any], profile: str | None = None) -> tuple[str, Loaded]:
    """Return the text of a scenario of these sources, and the scenario loaded again."""
    given_parts = [part(**({"format_id": "etcd-db"} | one)) for one in facts]
    imported = write.make(merge.merge(given_parts), anonymize.hashes(KEY), profile)
    path = write.save(imported, folder / "mine.yaml", "mine")[0]
    return path.read_text(encoding="utf-8"), load.load(str(path))


def test_whole_cluster_reads_back_as_it_was_read(tmp_path: Path) -> None:
    """Columns, counts, settings: all in one scenario that builds."""
    _, loaded = _written(
        tmp_path,
        {"types": {"pods": sizes((100, 7), (200, 3)), "nodes": sizes((900, 5))}, "space": SPACE},
        {"format_id": "kubectl", "nodes": tuple(node(i) for i in range(5)), "pods": pods(10)},
        {
            "format_id": "manifest",
            "values": (
                value("control_plane.etcd.quota", 8 * 2**30),
                value("control_plane.etcd.fsync", "2500us"),
                value("control_plane.optimizations.etcd-sharding", True),
                value("load.pod_changes", "12.5/s"),
                value("load.heartbeat.size", "1234B"),
                value("load.requests.list/pods", "0.1/s"),
                value("load.watches.pods", 40),
                value("mechanisms.sched-sampling.percentage", 5),
            ),
        },
    )
    scenario = loaded.scenario
    assert isinstance(scenario.cluster, ImportedSpec)
    assert scenario.control_plane.etcd.quota == 8 * 2**30
    assert scenario.control_plane.etcd.fsync == 2_500_000
    assert scenario.control_plane.optimizations == {"etcd-sharding": True}
    assert scenario.load.pod_changes == 12.5
    assert scenario.load.heartbeat.size == 1234
    assert scenario.load.requests == {"list/pods": 0.1}
    assert scenario.load.watches == {"pods": 40}
    assert scenario.mechanisms["sched-sampling"] == [{"percentage": 5}]
    assert scenario.mechanisms["etcd-freelist"] == [{"workload": "file"}]
    assert len(scenario.mechanisms) == 15
    cluster = build.build(scenario, loaded.recorded)
    assert (cluster.nodes.count, len(cluster.pods.app), len(cluster.objects.size)) == (5, 10, 15)
    assert loaded.recorded is not None
    assert loaded.recorded.objects is not None
    assert loaded.recorded.objects.types == ("nodes", "pods")
    assert loaded.recorded.objects.sizes.tolist() == [[0, 900, 5], [1, 100, 7], [1, 200, 3]]
    assert loaded.recorded.space is not None
    assert loaded.recorded.space.free.tolist() == SPACE.free.tolist()


def test_counts_alone_make_a_cluster_without_a_second_file(tmp_path: Path) -> None:
    """Metrics say how many there are, and nothing else."""
    types = {
        "pods": TypeFact(70),
        "nodes": TypeFact(7),
        "configmaps": TypeFact(3),
        "acme.example": TypeFact(2),
    }
    text, loaded = _written(tmp_path, {"format_id": "prometheus", "types": types})
    assert isinstance(loaded.scenario.cluster, MadeSpec)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]
    cluster = build.build(loaded.scenario, loaded.recorded)
    assert (cluster.nodes.count, len(cluster.pods.app), len(cluster.objects.size)) == (7, 70, 82)
    found = loaded.scenario.cluster.objects.types
    assert found["configmaps"].size == DEFAULT_TYPES["configmaps"].size
    assert found[anonymize.hashed(KEY, "type", "acme.example")].count == 2
    assert "acme" not in text


def test_types_that_are_only_counted_stand_beside_recorded_ones(tmp_path: Path) -> None:
    """A list of pods, and metrics for the rest."""
    _, loaded = _written(
        tmp_path,
        {"format_id": "kubectl", "types": {"pods": sizes((500, 4), estimate=True)}},
        {"format_id": "prometheus", "types": {"secrets": TypeFact(9)}},
    )
    cluster = build.build(loaded.scenario, loaded.recorded)
    assert len(cluster.objects.size) == 13 + 1  # and the node that so many pods need


def test_nothing_read_is_kscales_own_default_and_said(tmp_path: Path) -> None:
    """A manifest alone says nothing of the cluster."""
    text, loaded = _written(
        tmp_path, {"format_id": "manifest", "values": (value("control_plane.apiservers", 5),)}
    )
    assert loaded.scenario.control_plane.apiservers == 5
    assert "nothing was read of it" in text
    assert isinstance(loaded.scenario.cluster, MadeSpec)
    assert loaded.scenario.cluster.nodes.count == 1000


def test_profile_is_as_asked_for_else_as_read_else_said_to_be_assumed(tmp_path: Path) -> None:
    """And the comment says which."""
    read = {"format_id": "manifest", "values": (Value("profile", "k8s-1.20", "an image"),)}
    text, loaded = _written(tmp_path, read)
    assert loaded.scenario.profile == "k8s-1.20"
    assert "profile: k8s-1.20  # an image (manifest or config)" in text
    text, loaded = _written(tmp_path, read, profile="k8s-1.14")
    assert loaded.scenario.profile == "k8s-1.14"
    assert "as asked for" in text
    assert "assumed: nothing tells the version" in _written(tmp_path, {"types": {"pods": sizes((9, 1))}})[0]


def test_pages_of_the_file_come_before_a_number_of_pages(tmp_path: Path) -> None:
    """Metrics count free pages; the store has them."""
    counted = {
        "format_id": "prometheus",
        "values": (value("mechanisms.etcd-freelist.free_pages", 900, estimate=True),),
    }
    text, loaded = _written(tmp_path, {"space": SPACE}, counted)
    assert loaded.scenario.mechanisms["etcd-freelist"] == [{"workload": "file"}]
    assert not any("free_pages" in line for line in text.splitlines() if not line.startswith("#"))
    _, loaded = _written(tmp_path, counted)
    assert loaded.scenario.mechanisms["etcd-freelist"] == [{"free_pages": 900}]


def test_smaller_kinds_of_request_are_one_sum(tmp_path: Path) -> None:
    """Fifty are named, the largest first; the others are said."""
    rates = tuple(value(f"load.requests.get/type{i}", f"{i}/s") for i in range(1, 61))
    imported = write.make(merge.merge([part("audit", values=rates)]), anonymize.as_they_are)
    assert imported.merged.dropped == ("10 smaller kinds of requests, 55/s together",)
    text = write.save(imported, tmp_path / "mine.yaml", "mine")[0].read_text(encoding="utf-8")
    requests = load.load(str(tmp_path / "mine.yaml")).scenario.load.requests
    assert requests is not None
    assert len(requests) == 50
    assert next(iter(yaml.safe_load(text)["load"]["requests"])) == "get/type60"


def test_more_types_than_a_file_takes_are_counted_as_other(tmp_path: Path) -> None:
    """The smallest ones."""
    types = {f"type{i}.example": sizes((10 + i, i)) for i in range(1, 301)}
    _, loaded = _written(tmp_path, {"types": types})
    assert loaded.recorded is not None
    assert loaded.recorded.objects is not None
    assert len(loaded.recorded.objects.types) == 198  # nodes and pods are added, which nobody read
    rows = loaded.recorded.objects.sizes
    other = loaded.recorded.objects.types.index("other")
    assert rows[rows[:, 0] == other, 2].sum() == sum(range(1, 104))
    assert loaded.recorded.object_count == sum(range(1, 301))


def test_comments_say_where_things_are_from_and_what_else_was_read(tmp_path: Path) -> None:
    """By format; a line that would break the file cannot."""
    text, _ = _written(
        tmp_path,
        {
            "name": "secret-name.db",
            "types": {"pods": sizes((9, 1))},
            "also": ("3 revisions\nkept: all", "x" * 1000),
        },
        {
            "format_id": "manifest",
            "values": (Value("control_plane.apiservers", 3, "a\nflag: x", estimate=True),),
        },
    )
    lines = text.splitlines()
    assert "# - etcd snapshot: 3 revisions\\nkept: all" in lines
    assert "  # objects from etcd snapshot:" in lines
    assert "  apiservers: 3  # a\\nflag: x (manifest or config, worked out)" in lines
    assert max(map(len, lines)) < 200
    assert "secret-name" not in text


def test_what_was_left_out_assumed_and_contradicted_is_passed_on(tmp_path: Path) -> None:
    """At the end of the file, without names of files and their dates."""
    text, _ = _written(
        tmp_path,
        {
            "name": "secret-name.db",
            "values": (value("control_plane.etcd.quota", 2**33),),
            "dropped": ("keys and values",),
            "modified": 7,
        },
        {
            "format_id": "manifest",
            "name": "secret.yaml",
            "values": (value("control_plane.etcd.quota", 2**32),),
            "assumed": ("one server " * 40,),
        },
    )
    end = text[text.index("# Left out:") :].splitlines()
    assert "# - keys and values" in end
    assert "# Assumed:" in end
    assert any(line.startswith("# - not read, so as in any scenario: constants of") for line in end)
    assert (
        "# - control_plane.etcd.quota: 8GiB (etcd snapshot), not 4GiB (manifest or config): newer by"
        in " ".join(end)
    )
    assert max(map(len, end)) <= 110
    assert "one server one server" in text
    assert "secret" not in text
    assert "2026-11" not in text


def test_files_of_older_states_are_called_by_their_format(tmp_path: Path) -> None:
    """Their names are for the terminal."""
    nodes = tuple(node(i) for i in range(5))
    stored = {"types": {"pods": sizes((100, 7))}, "space": SPACE, "nodes": nodes}
    text, _ = _written(
        tmp_path, stored | {"name": "secret1.db", "taken": 3}, stored | {"name": "secret2.db", "modified": 5}
    )
    assert "of etcd snapshot of 2026-11-03 00:00: an older state of those of etcd snapshot, which" in text
    assert "secret" not in text


def test_every_part_of_the_load_says_where_it_is_from(tmp_path: Path) -> None:
    """A mix once; rates and sizes as people write them."""
    text, loaded = _written(
        tmp_path,
        {
            "format_id": "audit",
            "values": (
                Value("load.requests.list/pods", "4.46e-05/s", "log of 9 s", estimate=True),
                Value("load.requests.get/pods", "12.5/s", "log of 9 s", estimate=True),
                Value("load.watches.pods", 5, "open watches"),
                Value("load.heartbeat.size", "9774B", "mean"),
                Value("mechanisms.list-index.rate", "0.05/s", "lists"),
            ),
        },
    )
    lines = text.splitlines()
    for line in (
        "  requests:  # log of 9 s (audit log, worked out)",
        "    get/pods: 12.5/s",
        "    list/pods: 0.1606/h",
        "  watches:  # open watches (audit log)",
        "    size: 9774B  # mean (audit log)",
        "    rate: 3/min  # lists (audit log)",
    ):
        assert line in lines
    assert loaded.scenario.load.heartbeat.size == 9774
    assert loaded.scenario.load.requests == {"get/pods": 12.5, "list/pods": pytest.approx(4.46e-5, rel=1e-3)}


@given(st.floats(1e-6, 1e7))
def test_rates_keep_four_digits(per_s: float) -> None:
    """However many or few there are."""
    written = settings.written("load.pod_changes", f"{per_s!r}/s")
    assert "e" not in str(written)
    assert float(units.parse_rate(written)) == pytest.approx(per_s, rel=1e-3)


def test_objects_that_are_worked_out_say_so(tmp_path: Path) -> None:
    """All of them, or how many types."""
    guess, read = {"nodes": sizes((9, 1), estimate=True)}, {"pods": sizes((9, 1))}
    assert "#   1 object of 1 type, 9 B; those of" in _written(tmp_path, {"types": read})[0]
    assert (
        "#   1 object of 1 type, 9 B; sizes worked out; those of" in _written(tmp_path, {"types": guess})[0]
    )
    both = _written(tmp_path, {"types": guess | read})[0]
    assert "#   2 objects of 2 types, 18 B; sizes worked out of 1 of them; those of" in both


def test_shapes_and_requests_are_cut_between_their_parts(tmp_path: Path) -> None:
    """What does not fit is counted; lines that would read alike are one."""
    labels = {f"team.example/label-{i}": f"value-{i}" for i in range(9)}
    wanted = {"cpu": "1", "selector": labels}
    text, _ = _written(
        tmp_path,
        {
            "format_id": "kubectl",
            "nodes": (node(1, labels=labels), node(2, labels=labels, ephemeral_bytes=1), node(3)),
            "pods": pods(
                4,
                requests=(
                    wanted,
                    {
                        "memory": "1GiB",
                        "tolerations": [{"operator": "Exists"}, {"key": "a", "effect": "NoExecute"}],
                    },
                    {
                        "cpu": "2",
                        "ephemeral": "1GiB",
                        "preferred": [{"weight": 9, "key": "b", "values": list("cdefg")}],
                    },
                    {"cpu": "3", "extended": {"nvidia.com/gpu": 1}},
                ),
            ),
        },
    )
    hidden = [anonymize.hashed(KEY, "label", name) for name in ("a", "b")]
    values = sorted(anonymize.hashed(KEY, "value", one) for one in "cdefg")
    comments = [line.removeprefix("  #   ") for line in text.splitlines()]
    cut = [one for one in comments if " more label" in one]
    assert len(cut) == 2
    shape, request = cut
    assert re.fullmatch(
        r"2 x cpu 8, 32 GiB, 110 pods(, label-[0-9a-f]{10}=value-[0-9a-f]{10}){3}, and 6 more labels "
        r"\(2 that differ in what is not shown\)",
        shape,
    )
    assert re.fullmatch(
        r"1 x cpu 1, no memory(, on label-[0-9a-f]{10}=value-[0-9a-f]{10}){3}, and 6 more labels", request
    )
    assert f"1 x no cpu, 1 GiB, tolerates every taint, tolerates {hidden[0]}:NoExecute" in comments
    rather = f"rather on {hidden[1]}={'|'.join(values[:3])}|2 more (weight 9)"
    assert f"1 x cpu 2, no memory, ephemeral 1 GiB, {rather}" in comments
    assert "1 x cpu 3, no memory, nvidia.com/gpu: 1" in comments
