"""kscale run's other ways: a plan, a quick look, a loop, turns, formats."""

import csv
import io
import json
import sys
from pathlib import Path

import pytest
from command import kscale

from kscale.results.store import Store

SMALL = """
name: small
cluster: {nodes: {count: 10}, pods: {count: 100}}
mechanisms: {watch-fanout: {events: [100, 200]}}
"""


def test_dry_run_measures_nothing(tmp_path: Path) -> None:
    """Each cell is listed with time, memory and where the figures are from; nothing is saved."""
    ran = kscale(tmp_path, "run", "-", "--dry-run", stdin=SMALL)
    assert ran.code == 0
    assert ran.out.startswith("small: 2 cells, about ")
    rows = [line for line in ran.out.splitlines() if line.startswith("watch-fanout · ")]
    assert [line.split()[-1] for line in rows] == ["modelled", "modelled"]
    assert list(tmp_path.iterdir()) == []


def test_quick_is_marked(tmp_path: Path) -> None:
    """A quick run takes six pairs at most, and its result says that it was quick."""
    ran = kscale(tmp_path, "run", "-", "--quick", "--save", "look", stdin=SMALL)
    assert ran.code == 0
    assert "quick" in ran.out
    result = Store(tmp_path / "results").load("look")
    assert result.run.quick
    samples = result.cells[0].variants["optimized"].wall_ns
    assert samples is not None
    assert len(samples.values) == 6


def test_profile_loops_one_cell(tmp_path: Path) -> None:
    """The process id and the cell are told, the runs counted, nothing saved; two cells are too many."""
    args = ("run", "-", "--profile", "watch-fanout:baseline", "--budget", "100ms")
    ran = kscale(tmp_path, *args, "--filter", "events=100", stdin=SMALL)
    assert ran.code == 0
    assert "baseline: process " in ran.err.replace(" · baseline", "baseline")
    assert " runs in 0." in ran.out
    assert list(tmp_path.iterdir()) == []
    several = kscale(tmp_path, *args, stdin=SMALL)
    assert several.code == 2
    assert "--filter" in several.err


def test_lines_stream(tmp_path: Path) -> None:
    """With jsonl each cell is a line as the result keeps it, and nothing else is on standard output."""
    ran = kscale(tmp_path, "run", "-", "--exact", "--format", "jsonl", "--save", "x", stdin=SMALL)
    saved = Store(tmp_path / "results").load("x")
    assert [json.loads(line) for line in ran.out.splitlines()] == [
        cell.model_dump(mode="json") for cell in saved.cells
    ]
    assert ran.err == ""


def test_files_beside_the_table(tmp_path: Path) -> None:
    """--output writes files by suffix and leaves the table on standard output."""
    ran = kscale(tmp_path, "run", "-", "--exact", "-o", "x.csv", "-o", "x.xml", stdin=SMALL)
    assert "saved results" in ran.out
    found = list(csv.DictReader(io.StringIO((tmp_path / "x.csv").read_text(encoding="utf-8"))))
    assert {row["mechanism"] for row in found} == {"watch-fanout"}
    assert (tmp_path / "x.xml").read_text(encoding="utf-8").startswith("<?xml")


def test_turns(tmp_path: Path) -> None:
    """--against runs this kscale and another one in turns: two results, compared by their pairs."""
    against = f"main={sys.executable}"
    ran = kscale(
        tmp_path, "run", "-", "--against", against, "--save", "head", "--budget", "1s",
        "--filter", "events=100", stdin=SMALL,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    assert ran.out.startswith("main")
    assert "paired" in ran.out.splitlines()[0]
    assert "round 10 of 10" in ran.err
    assert {path.name for path in (tmp_path / "results").iterdir()} == {"main.json", "head.json"}
    assert str(Path(sys.executable).parent) not in (tmp_path / "results/main.json").read_text(
        encoding="utf-8"
    )


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--against", "main=/nowhere/python"], "is no Python interpreter"),
        (["--against", f"x={sys.executable}", "--save", "x"], "two results need two names"),
        (["--against", f"x={sys.executable}", "--resume"], "--against cannot be combined with --resume"),
        (["--against", f"x={sys.executable}", "--quick"], "cannot be combined with --quick"),
        (["--dry-run", "--json"], "--dry-run cannot be combined with --format"),
        (["--dry-run", "--against", "x=/nowhere"], "--dry-run cannot be combined with --against"),
        (["--profile", "watch-fanout", "-o", "x.json"], "--profile cannot be combined with --format"),
        (["--profile", "nothing"], "matches no cell"),
        (["--format", "pdf"], "pdf"),
    ],
)
def test_what_cannot_be(tmp_path: Path, args: list[str], says: str) -> None:
    """One line, exit 2, nothing written."""
    ran = kscale(tmp_path, "run", "-", *args, stdin=SMALL)
    assert ran.code == 2
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
