"""`kscale baseline` as a user meets it."""

from pathlib import Path

import pytest
from command import kscale
from made_results import result

from kscale.cli import app
from kscale.results.store import Store

IDS = ("20261121T025400Z-aaaaaaa", "20261121T025401Z-bbbbbbb")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two runs."""
    for number, run_id in enumerate(IDS):
        Store(tmp_path / "results").save(result(run_id, f"2026-11-21T02:54:0{number}Z"))
    return tmp_path


def test_alone_it_prints_its_help(tmp_path: Path) -> None:
    """What there is, and an example."""
    ran = kscale(tmp_path, "baseline")
    assert ran.code == 0
    for word in ("list", "save", "show", "rm", "Example: kscale baseline save main"):
        assert word in ran.out


def test_a_name_is_saved_listed_shown_and_removed(folder: Path) -> None:
    """From the latest run to a name, and away."""
    saved = kscale(folder, "baseline", "save", "main")
    assert saved.out == f"saved results/main.json: run {IDS[1]} of no commit\n"
    listed = kscale(folder, "baseline", "list", COLUMNS="160").out
    assert f"main  {IDS[1]}  2026-11-21  made" in listed
    assert "2 runs without a name: --all lists them" in listed
    assert IDS[0] in kscale(folder, "baseline", "list", "--all").out
    shown = kscale(folder, "baseline", "show", "main").out
    assert f"run       {IDS[1]} · 2026-11-21T02:54:01Z · complete in 1 s" in shown
    assert kscale(folder, "baseline", "rm", "main").out == "removed results/main.json\n"
    assert "no result has a name" in kscale(folder, "baseline", "list").out


def test_another_run_takes_the_name_only_by_force(folder: Path) -> None:
    """And both runs are named."""
    kscale(folder, "baseline", "save", "main", IDS[0])
    refused = kscale(folder, "baseline", "save", "main", "latest")
    assert refused.code == 2
    assert f"the name is taken by run {IDS[0]}" in refused.err
    forced = kscale(folder, "baseline", "save", "main", "latest", "--force")
    assert forced.out.endswith(f"run {IDS[1]} of no commit, in the place of run {IDS[0]} of no commit\n")


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["rm", "mian"], "no result 'mian'"),
        (["rm"], "Missing argument"),
        (["save", "latest"], "cannot name a result"),
        (["save", "main", "nothing"], "no result 'nothing'"),
        (["show", "nothing"], "no result 'nothing'"),
        (["lsit"], "lsit"),
    ],
)
def test_what_is_wrong_is_one_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    says: str,
) -> None:
    """Exit 2, nothing on standard output, nothing changed."""
    monkeypatch.chdir(folder)
    assert app.main(["baseline", *args]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert says in said.err
    assert said.err.count("\n") == 1
    assert Store(folder / "results").names() == list(IDS)
