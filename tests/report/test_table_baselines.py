"""Saved results, a line each, and the facts of one."""

import unicodedata
from pathlib import Path

import golden_text
import pytest
from rich.cells import cell_len
from sample_results import MACHINE, result

from kscale.report import table_baselines
from kscale.results.baselines import Kept

HOSTILE = "[red]$x^$\x1b[31m\u202e\r\n</td>"


def saved() -> list[Kept]:
    """Return a good result, a doubtful one, one that cannot be read."""
    doubtful = result(name="today", quick=True, status="interrupted")
    assert doubtful.git is not None
    doubtful = doubtful.model_copy(update={"git": doubtful.git.model_copy(update={"dirty": True})})
    return [
        Kept("main", result(name="main")),
        Kept("today", doubtful),
        Kept(
            "old",
            None,
            "results/old.json: not a result of kscale: not JSON at line 3 (cut short, or another file?)",
        ),
    ]


@pytest.mark.parametrize("width", [60, 160])
def test_every_result_is_a_line(width: int, tmp_path: Path) -> None:
    """In columns, or below each other where there is no room."""
    golden_text.check(f"baselines_{width}", table_baselines.listing(saved(), 7, width).plain, tmp_path)


@pytest.mark.parametrize("width", [60, 160])
def test_the_facts_of_one(width: int, tmp_path: Path) -> None:
    """Machine, versions, load, command and cells; doubts first."""
    one = saved()[1].result
    assert one is not None
    golden_text.check(
        f"baseline_{width}", table_baselines.facts("today", "results/today.json", one, width).plain, tmp_path
    )


def test_no_names_is_said() -> None:
    """And how to give one."""
    assert "kscale baseline save NAME" in table_baselines.listing([], 0, 80).plain
    assert "1 run without a name" in table_baselines.listing([], 1, 80).plain


@pytest.mark.parametrize("width", [40, 60, 160])
def test_hostile_names_stay_text(width: int) -> None:
    """Of scenario, machine, branch, command and file."""
    made = result(name="x", argv=["run", HOSTILE])
    assert made.git is not None
    made = made.model_copy(
        update={
            "machine": MACHINE.model_copy(update={"cpu_model": HOSTILE, "governor": HOSTILE, "ci": HOSTILE}),
            "git": made.git.model_copy(update={"branch": HOSTILE, "sha": HOSTILE}),
            "scenario": made.scenario.model_copy(update={"name": HOSTILE, "path": HOSTILE}),
        }
    )
    listing = table_baselines.listing([Kept(HOSTILE, made), Kept(HOSTILE, None, HOSTILE)], 0, width)
    for text in (listing, table_baselines.facts(HOSTILE, HOSTILE, made, width)):
        assert "[red]" in text.plain
        assert [char for char in text.plain if unicodedata.category(char)[0] == "C" and char != "\n"] == []
        assert max(cell_len(line) for line in text.plain.splitlines()) <= width


def test_a_packed_twin_is_told_from_the_plain_one() -> None:
    """Which of two files a name means is said below the list."""
    twins = [Kept("gz", result(name="gz")), Kept("gz.json.gz", result(name="gz"))]
    text = table_baselines.listing(twins, 0, 160).plain
    assert text.endswith("\nnote  gz means the plain file, not the packed gz.json.gz beside it")
    assert "note" not in table_baselines.listing(twins[:1], 0, 160).plain
