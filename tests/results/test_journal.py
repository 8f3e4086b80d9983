"""Finished cells outlive their run."""

from pathlib import Path

import pytest
from made_results import cell

from kscale.errors import KscaleError
from kscale.results import journal
from kscale.results.journal import Header

HEADER = Header(
    id="r1",
    started="2026-11-21T02:54:00Z",
    kscale="0.1.0",
    scenario_sha256="0",
    seed=0,
    fingerprint="f",
    code="c",
    asked="a",
)


def test_cells_come_back(tmp_path: Path) -> None:
    """What was appended is read, in order."""
    kept = journal.create(tmp_path, HEADER)
    for pages in (1, 2):
        kept.append(cell(free_pages=pages))
    found = journal.find(tmp_path, HEADER.model_copy(update={"id": "r2", "started": "later"}))
    assert found
    assert found.header == HEADER
    assert [one.params["free_pages"] for one in found.cells] == [1, 2]


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"scenario_sha256": "1"},
        {"fingerprint": "g"},
        {"code": "d"},
        {"asked": "b"},
        {"kscale": "9"},
    ],
)
def test_other_work_is_not_resumed(tmp_path: Path, change: dict[str, object]) -> None:
    """Another seed, scenario, machine or version begins anew."""
    journal.create(tmp_path, HEADER).append(cell())
    assert journal.find(tmp_path, HEADER.model_copy(update=change)) is None


def test_the_newest_is_found(tmp_path: Path) -> None:
    """Of several interrupted runs the last one goes on."""
    for run_id in ("20261121T1", "20261121T2"):
        journal.create(tmp_path, HEADER.model_copy(update={"id": run_id})).append(cell())
    journal.create(tmp_path, HEADER.model_copy(update={"id": "20261121T3"}))  # stopped before its first cell
    found = journal.find(tmp_path, HEADER)
    assert found
    assert found.header.id == "20261121T2"


def test_a_half_written_line_is_dropped(tmp_path: Path) -> None:
    """A crash in mid-line loses that line only, and what follows starts on its own."""
    kept = journal.create(tmp_path, HEADER)
    kept.append(cell(free_pages=1))
    with kept.path.open("a") as file:
        file.write('{"mechanism": "etcd-fr')
    found = journal.read(kept.path)
    assert found
    journal.repair(found)
    found.append(cell(free_pages=2))
    again = journal.read(kept.path)
    assert again
    assert [one.params["free_pages"] for one in again.cells] == [1, 2]


@pytest.mark.parametrize("data", [b"", b"\n", b"{}\n", b"\xff\n"])
def test_what_is_no_journal_is_passed_over(tmp_path: Path, data: bytes) -> None:
    """A foreign file of that name is ignored."""
    (tmp_path / f"x{journal.ENDING}").write_bytes(data)
    assert journal.find(tmp_path, HEADER) is None


def test_nowhere_to_write_is_one_line(tmp_path: Path) -> None:
    """A folder that cannot be made is named, and so is a journal that is gone."""
    (tmp_path / "file").write_text("")
    with pytest.raises(KscaleError, match="cannot be written"):
        journal.create(tmp_path / "file", HEADER)
    (tmp_path / "results").mkdir()
    kept = journal.create(tmp_path / "results", HEADER)
    kept.remove()
    (tmp_path / "results").rmdir()
    with pytest.raises(KscaleError, match="cannot be written"):
        kept.append(cell())


def test_two_runs_never_share_a_journal(tmp_path: Path) -> None:
    """An id that another process took in the meantime is refused."""
    journal.create(tmp_path, HEADER)
    with pytest.raises(KscaleError, match="cannot be written"):
        journal.create(tmp_path, HEADER)


def test_a_line_with_a_key_twice_is_not_a_cell(tmp_path: Path) -> None:
    """Nobody knows which of two counters was meant; what comes after such a line is not trusted either."""
    kept = journal.create(tmp_path, HEADER)
    kept.append(cell(free_pages=1))
    twice = cell(free_pages=2).model_dump_json().replace('"ids_scanned":7', '"ids_scanned":8,"ids_scanned":7')
    with kept.path.open("a") as file:
        file.write(f"{twice}\n")
    found = journal.read(kept.path)
    assert found
    assert len(found.cells) == 1
