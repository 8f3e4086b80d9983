"""An import's two files are there both or not at all; nothing is written that could not be read again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_facts import part, sizes, value

from kscale.errors import ExitCode, Interrupted, KscaleError
from kscale.imports import anonymize, merge, write, yaml_text
from kscale.imports.facts import TypeFact
from kscale.scenario import load

KEY = bytes(32)


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
        write.save(imported, tmp_path / "mine.yaml", "mine")
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

    write.save(imported, tmp_path / "mine.yaml", "mine", held)
    assert seen == [[], ["mine.npz", "mine.yaml"]]
    assert len(list(tmp_path.iterdir())) == 2


def test_folder_that_cannot_be_written_is_a_line(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "taken").write_text("")
    imported = write.make(
        merge.merge([part("etcd-db", types={"pods": sizes((9, 1))})]), anonymize.hashes(KEY)
    )
    with pytest.raises(KscaleError, match="cannot be written"):
        write.save(imported, tmp_path / "taken" / "mine.yaml", "mine")


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
    loaded = load.load(str(write.save(imported, folder / "mine.yaml", "mine")[0]))
    assert loaded.scenario.name == "mine"
