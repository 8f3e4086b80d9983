"""kscale merge, as a CI job calls it."""

import json
from pathlib import Path

import pytest
from command import kscale
from made_shards import CELLS, shards

from kscale.cli import app
from kscale.errors import KscaleError
from kscale.results import check, store
from kscale.results.record import Cell
from kscale.results.store import Store


@pytest.fixture
def parts(tmp_path: Path) -> list[str]:
    """The files of three shards, in a folder of their own."""
    paths = [tmp_path / "shards" / f"{number}.json" for number in (1, 2, 3)]
    for path, part in zip(paths, shards(3), strict=True):
        store.write(path, store.dumps(part))
    return [str(path.relative_to(tmp_path)) for path in paths]


def test_shards_become_a_result(tmp_path: Path, parts: list[str]) -> None:
    """It is saved under its name, printed, and the latest from then on."""
    ran = kscale(tmp_path, "merge", *parts[::-1], "--save", "map")
    assert ran.code == 0, ran.err
    assert "etcd-freelist" in ran.out
    assert "saved results/map.json of 3 shards · next: kscale plot map --kind growth" in ran.err
    kept = Store(tmp_path / "results")
    found = kept.load("latest")
    assert found.run.name == "map"
    assert found.run.argv[:1] == ["merge"]
    assert found.cells == list(CELLS)
    again = kscale(tmp_path, "merge", *parts, "--save", "map")
    assert again.code == 2
    assert "results/map.json: there is a result of that name; --force replaces it" in again.err


def test_names_and_formats(tmp_path: Path, parts: list[str]) -> None:
    """Shards may be saved results; the merged one is given as any result is."""
    kept = Store(tmp_path / "results")
    ids = [kept.save(part).name.removesuffix(".json") for part in shards(3)]
    ran = kscale(tmp_path, "merge", *ids, "--json", "--output", "cells.csv")
    assert ran.code == 0, ran.err
    assert len(json.loads(ran.out)["cells"]) == len(CELLS)
    assert len((tmp_path / "cells.csv").read_text().splitlines()) > len(CELLS)


def not_run(cell: Cell, status: str, why: str) -> Cell:
    """Return a cell without its counters."""
    without = {"status": status, "notes": [why], "variants": {}, "digest": check.digest({})}
    return Cell.model_validate(cell.model_dump() | without)


def test_failed_cells_are_merged_shown_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It ends as the whole sweep would: with the table and outputs, without a name, with exit code 2."""
    monkeypatch.chdir(tmp_path)
    lost = not_run(CELLS[3], "failed", "its worker was lost")
    for number, part in enumerate(shards(2, [*CELLS[:3], lost, *CELLS[4:]])):
        store.write(tmp_path / f"{number}.json", store.dumps(part))
    code = app.main(["merge", "0.json", "1.json", "--save", "map", "-o", "cells.csv"])
    said = capsys.readouterr()
    assert code == 2
    assert "1 of 7 cells failed: etcd-freelist (" in said.err
    assert ": its worker was lost; the rest is saved as results/" in said.err
    assert said.err.count("\n") == 1
    assert "1 failed" in said.out
    assert (tmp_path / "cells.csv").exists()
    assert Store(tmp_path / "results").load("latest").run.name is None
    with pytest.raises(KscaleError, match="no result 'map'"):
        Store(tmp_path / "results").find("map")


def test_shards_of_which_nothing_could_be_run_are_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As of a whole sweep."""
    monkeypatch.chdir(tmp_path)
    none = [not_run(one, "skipped", "too large") for one in CELLS]
    for number, part in enumerate(shards(2, none)):
        store.write(tmp_path / f"{number}.json", store.dumps(part))
    assert app.main(["merge", "0.json", "1.json"]) == 2
    assert "kscale: no cell could be run: etcd-freelist (" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()


def test_what_cannot_be_merged_is_a_line(
    tmp_path: Path, parts: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the files, and nothing is saved."""
    monkeypatch.chdir(tmp_path)
    for asked, says in (
        (parts[:2], "kscale: shard 3/3 is missing: 2 of 3 are given"),
        ([*parts, parts[0]], "shards/1.json and shards/1.json are both shard 1/3; leave one out"),
        (["nothing.json"], "nothing.json: no such file"),
        ([*parts, "--save", "a b"], "cannot name a result"),
    ):
        assert app.main(["merge", *asked]) == 2
        said = capsys.readouterr()
        assert says in said.err
        assert said.err.count("\n") == 1
        assert said.out == ""
    assert not (tmp_path / "results").exists()
