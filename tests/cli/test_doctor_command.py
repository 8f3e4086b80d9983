"""The doctor as it is called."""

import json
import sys
from pathlib import Path

import pytest
from command import kscale
from rich.cells import cell_len

from kscale import measure
from kscale.cli import app
from kscale.measure import floor
from kscale.measure.doctor import Finding, Level
from kscale.measure.floor import Floor
from kscale.measure.stats import Ratio
from kscale.report.table_doctor import doctor_table
from kscale.results.record import MachineLoad

LOAD = MachineLoad(before=[], after=[], steal_pct=0.0, other_cpu_pct=3.0)
TOPICS = [
    "governor",
    "turbo",
    "load",
    "steal",
    "cores",
    "memory",
    "threads",
    "kernels",
    "versions",
    "clock",
    "results",
    "terminal",
    "floor",
]
FOUND = [
    Finding(
        "governor", Level.WARN, "powersave", "times wander " * 9, "sudo cpupower frequency-set -g performance"
    ),
    Finding("turbo", Level.NOTE, "not known here"),
    Finding(
        "results",
        Level.STOP,
        "\x1b[2J cannot be written",
        "nothing can be saved",
        "export KSCALE_RESULTS=FOLDER",
    ),
    Finding("clock", Level.OK, "steps of 40 ns"),
]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A floor that takes no time, and a folder for results."""
    monkeypatch.setattr(floor, "measure", lambda: Floor(Ratio(1.0, 0.99, 1.01, 50, 0.01), LOAD))
    monkeypatch.setenv("KSCALE_RESULTS", str(tmp_path))


def test_every_topic_is_told(tmp_path: Path) -> None:
    """In a process, with a real floor: a line each, exit code 0 whatever is found."""
    ran = kscale(tmp_path, "doctor")
    assert (ran.code, ran.err) == (0, "")
    told = [line[8:].split()[0] for line in ran.out.splitlines() if line[2:6].strip()]
    assert told[: len(TOPICS)] == TOPICS
    assert "equal code differs by" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_json_has_the_same(quick: None, capsys: pytest.CaptureFixture[str]) -> None:
    """One document: findings, and the floor in numbers."""
    assert app.main(["doctor", "--json"]) == 0
    tree = json.loads(capsys.readouterr().out)
    assert tree["schema"] == "kscale.doctor/1"
    assert [one["topic"] for one in tree["findings"]] == TOPICS
    assert tree["floor"] == {"ratio": 1.0, "interval": [0.99, 1.01], "floor": 0.01, "pairs": 50}


def test_a_machine_that_cannot_measure_is_an_error(
    quick: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """2, with everything that was found on standard output all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("KSCALE_RESULTS", str(tmp_path / "file" / "x"))
    assert app.main(["doctor"]) == 2
    said = capsys.readouterr()
    assert "x stop  results" in said.out
    assert said.err.startswith("kscale: results: ")
    monkeypatch.setenv("KSCALE_RESULTS", str(tmp_path))
    monkeypatch.delattr(measure, "floor")
    monkeypatch.setitem(sys.modules, "kscale.measure.floor", None)
    assert app.main(["doctor"]) == 2
    assert "numba does not load" in capsys.readouterr().out


@pytest.mark.parametrize("width", [40, 60, 100, 160])
def test_the_table_fits(width: int) -> None:
    """Words beside marks, what to type below, nothing that steers a terminal."""
    text = doctor_table(FOUND, width).plain
    assert max(map(cell_len, text.splitlines())) <= width
    lines = [line.rstrip() for line in text.splitlines()]
    assert "! warn  governor  powersave" in lines
    assert "  note  turbo     not known here" in lines
    assert "\x1b" not in text
    assert text.splitlines()[-1].endswith(("stop every run", "every run", "run"))


def test_the_summary_tells_the_worst() -> None:
    """What stops a run, else what makes times worse, else that all is well."""
    assert doctor_table(FOUND, 200).plain.endswith("1 of 4 findings stop every run")
    assert "by 1 of 2 findings" in doctor_table(FOUND[:2], 200).plain
    assert doctor_table(FOUND[3:], 200).plain.endswith("fit to measure")
