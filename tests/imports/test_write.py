"""What is written: a scenario that reads back exactly, its columns beside it, both or none."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from made_facts import node, part, pods, sizes, value

from kscale.errors import ExitCode, Interrupted, KscaleError
from kscale.imports import anonymize, merge, write, yaml_text
from kscale.imports.facts import FreeSpace, TypeFact, Value
from kscale.scenario import build, load, yaml_tree
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
    imported = write.make(merge.merge(given_parts), anonymize.hashes(KEY))
    path = write.save(imported, folder / "mine.yaml", "mine", profile)[0]
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
    assert len(scenario.mechanisms) == 14
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
    assert len(cluster.objects.size) == 13


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
    assert "free_pages" not in text
    _, loaded = _written(tmp_path, counted)
    assert loaded.scenario.mechanisms["etcd-freelist"] == [{"free_pages": 900}]


def test_smaller_kinds_of_request_are_one_sum(tmp_path: Path) -> None:
    """Fifty are named, the largest first; the others are said."""
    rates = tuple(value(f"load.requests.get/type{i}", f"{i}/s") for i in range(1, 61))
    imported = write.make(merge.merge([part("audit", values=rates)]), anonymize.as_they_are)
    assert imported.merged.dropped == ("10 smaller kinds of requests, 55/s together",)
    text = write.save(imported, tmp_path / "mine.yaml", "mine", None)[0].read_text(encoding="utf-8")
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
    assert len(loaded.recorded.objects.types) == 200
    rows = loaded.recorded.objects.sizes
    other = loaded.recorded.objects.types.index("other")
    assert rows[rows[:, 0] == other, 2].sum() == sum(range(1, 102))
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
    assert "#   3 revisions\\nkept: all" in lines
    assert "  # objects from etcd snapshot:" in lines
    assert "  apiservers: 3  # a\\nflag: x (manifest or config, worked out)" in lines
    assert max(map(len, lines)) < 200
    assert "secret-name" not in text


@given(
    st.text()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
def test_scalars_read_back_the_same(given_value: str | float) -> None:
    """Whatever text is in it: as a key and as a value, under YAML's rules and kscale's."""
    text = f"{yaml_text.scalar('a b')}: {yaml_text.scalar(given_value)}\n"
    assert yaml.safe_load(text) == {"a b": given_value}
    if not isinstance(given_value, float):
        assert yaml_tree.read(text.encode()).value == {"a b": given_value}


def test_names_that_yaml_would_misread_are_quoted() -> None:
    """The Norway problem, times, numbers and octals."""
    for text in (
        "no",
        "On",
        "null",
        "1e3",
        "0777",
        "12:30",
        "2026-11-21",
        "~",
        "-",
        "? a",
        "12",
        "0x1f",
        "1_000",
        ".5",
        "=",
        "<<",
    ):
        assert yaml.safe_load(yaml_text.scalar(text)) == text
    for text in ("k8s-1.36", "10s", "12.5/s", "8GiB", "list/pods", "mine.npz"):
        assert yaml_text.scalar(text) == text


def _tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_left_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a half file nor a temporary one; what was there stays."""
    (tmp_path / "mine.yaml").write_text("old")
    imported = write.make(
        merge.merge([part("etcd-db", types={"pods": sizes((9, 1))})]), anonymize.hashes(KEY)
    )

    def fail(*_: object) -> str:
        raise Interrupted("interrupted", ExitCode.INTERRUPTED)

    monkeypatch.setattr(yaml_text, "scenario", fail)
    with pytest.raises(Interrupted):
        write.save(imported, tmp_path / "mine.yaml", "mine", None)
    assert _tree(tmp_path) == {"mine.yaml": b"old"}
    assert [path.name for path in tmp_path.iterdir()] == ["mine.yaml"]


def test_signals_wait_while_both_files_get_their_names(tmp_path: Path) -> None:
    """A scenario never names columns that are not there, nor others."""
    imported = write.make(
        merge.merge([part("etcd-db", types={"pods": sizes((9, 1))})]), anonymize.hashes(KEY)
    )
    seen = []

    @contextmanager
    def held() -> Iterator[None]:
        seen.append(sorted(path.name for path in tmp_path.iterdir() if path.is_file()))
        yield
        seen.append(sorted(path.name for path in tmp_path.iterdir() if path.is_file()))

    write.save(imported, tmp_path / "mine.yaml", "mine", None, held)
    assert seen == [[], ["mine.npz", "mine.yaml"]]
    assert len(list(tmp_path.iterdir())) == 2


def test_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    imported = write.make(
        merge.merge([part("etcd-db", types={"pods": sizes((9, 1))})]), anonymize.hashes(KEY)
    )
    with pytest.raises(KscaleError, match="cannot be written"):
        write.save(imported, tmp_path / "taken" / "mine.yaml", "mine", None)


def test_more_objects_than_a_scenario_takes_are_refused() -> None:
    """A line, before any work."""
    with pytest.raises(KscaleError, match=r"^there are more objects than a scenario takes, 100,000,000$"):
        write.make(
            merge.merge([part("etcd-db", types={"pods": sizes((9, 10**8 + 1))})]), anonymize.hashes(KEY)
        )


KEYS = [
    "counts.nodes",
    "counts.pods",
    "profile",
    "control_plane.apiservers",
    "control_plane.etcd.fsync",
    "control_plane.etcd.quota",
    "control_plane.optimizations.list-index",
    "control_plane.optimizations.x y",
    "control_plane.etcd",
    "control_plane",
    "load.heartbeat.size",
    "load.pod_changes",
    "load.requests.list/pods",
    "load.requests.",
    "load.requests.\x1b/x",
    "load.watches.pods",
    "load.watches.a: b",
    "mechanisms.etcd-freelist.workload",
    "mechanisms.list-index.by",
    "mechanisms.list-index.a: b",
    "mechanisms.list-index",
    "mechanisms",
    "seed",
    "",
]
PLAIN = (
    st.sampled_from(
        ["k8s-1.20", "file", "10s", "1e5/s", "8GiB", "1h30m", "list", "", "-1", "\u202e", "a: b # c"]
    )
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.booleans()
    | st.text(max_size=8)
)


@given(st.lists(st.tuples(st.sampled_from(KEYS), PLAIN), max_size=6), st.integers(0, 10**9))
def test_no_value_makes_a_scenario_that_cannot_be_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[str, str | float]], stored: int
) -> None:
    """What no scenario takes is dropped and said; `save` reads what it writes, and would complain."""
    read = part(values=tuple(value(key, one) for key, one in values), types={"nodes": TypeFact(stored)})
    folder = tmp_path_factory.mktemp("values")
    if stored > 10**8:
        with pytest.raises(KscaleError, match="more objects than a scenario takes"):
            write.make(merge.merge([read]), anonymize.hashes(KEY))
        return
    imported = write.make(merge.merge([read]), anonymize.hashes(KEY))
    loaded = load.load(str(write.save(imported, folder / "mine.yaml", "mine", None)[0]))
    assert loaded.scenario.name == "mine"
