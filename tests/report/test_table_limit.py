"""Walls as text: table at every width, losses, what took no part, documents, the waterfall's figures."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import golden_text
import pytest
from made_walls import Stations, made_limit
from rich.cells import cell_len

from kscale.clusterwide.limit import Limit, Wish
from kscale.clusterwide.toggles import ALL
from kscale.clusterwide.walls import Bounds
from kscale.report import limit_wording
from kscale.report.export import limits
from kscale.report.plot import walls
from kscale.report.table_limit import limit_table

HOSTILE = "\x1b[2J\u202e|=cmd()<b>"
LOSING = frozenset({"node-lease", "etcd-offload"})


def lost() -> Limit:
    """Return walls with a step down."""
    return made_limit(Stations(noise=(0, 30, 100)), Wish(after=LOSING, names=("none", "two of them")))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_table_of_walls(width: int, tmp_path: Path) -> None:
    """A sentence, both walls, the way between, what took no part."""
    golden_text.check(f"limit_{width}", limit_table(made_limit(), width).plain, tmp_path)


@pytest.mark.parametrize("width", [30, 60, 80, 100, 160, 200])
def test_no_line_of_walls_is_too_long(width: int) -> None:
    """Numbers are whole at any width; from 60 columns on nothing stands out."""
    for found in (made_limit(), lost()):
        text = limit_table(found, width).plain
        assert found.before.holds_at
        assert f"{found.before.holds_at:,}" in text
        assert f"{found.after.holds_at:,}" in text
        if width >= 60:
            assert max(map(cell_len, text.splitlines())) <= width


def test_walls_are_labelled_modelled() -> None:
    """At every width."""
    for width in (60, 120):
        assert "modelled: " in limit_table(made_limit(), width).plain


def test_the_finding() -> None:
    """Where it breaks and why, with and without; of one set once; of a wall that is not reached."""
    found = made_limit()
    assert limit_wording.finding(found) == (
        "Without the optimizations alibaba-10k breaks at 1,670 nodes: etcd's quota; "
        "with all of them at 21,300: the scheduler."
    )
    same = made_limit(wish=Wish(before=ALL, names=("all", "all")))
    assert (
        limit_wording.finding(same)
        == "With all optimizations alibaba-10k breaks at 21,300 nodes: the scheduler."
    )
    bounds = Bounds("nodes", 1, 10_000, 20_000, (0, 1, 2))
    near = made_limit(Stations(bounds=bounds))
    assert "keeps every objective up to 10,000 nodes, the most that was run" in limit_wording.finding(near)
    above = made_limit(Stations(bounds=replace(bounds, least=5000)))
    assert "breaks even at 5,000 nodes: etcd's quota" in limit_wording.finding(above)


def test_a_loss_of_the_wall_is_shown_as_plainly() -> None:
    """In a sentence and as a row with its sign."""
    text = limit_table(lost(), 100).plain
    assert "! values outside etcd lowers the wall by " in text
    row = next(line for line in text.splitlines() if "+ values outside etcd" in line)
    assert "  -" in row
    assert "░" in row


def test_what_took_no_part() -> None:
    """Toggles for faults that there are not are told from those that move nothing here."""
    said = limit_wording.rest(made_limit())
    assert len(said) == 2
    assert "etcd-learner, controller-standby: nothing fails in this scenario" in said[1]
    assert "sched-equivalence" in said[0]


def test_bars_show_small_steps() -> None:
    """A step that is too small for a column has one all the same."""
    relief = {"node-lease": {"etcd-store": 1750}}
    text = limit_table(made_limit(Stations(relief)), 100).plain
    assert "█" in next(line for line in text.splitlines() if "+ leases as heartbeats" in line)


def test_names_in_walls_are_harmless() -> None:
    """A scenario's name cannot steer a terminal, a table of Markdown or a spreadsheet."""
    found = replace(made_limit(), name=HOSTILE)
    assert "\x1b" not in limit_table(found, 80).plain
    assert "<b>" not in limits.render_markdown(found)
    assert "\x1b" not in limits.render_markdown(found)


def test_walls_as_json() -> None:
    """Sums are exact; every run is kept; equal for equal inputs."""
    tree = json.loads(limits.render_json(lost()))
    assert tree["schema"] == "kscale.limit/1"
    assert tree["provenance"] == "modelled"
    assert tree["before"]["holds_at"] + sum(one["gain"] for one in tree["steps"]) == tree["after"]["holds_at"]
    assert tree["before"]["low"] <= tree["before"]["high"]
    assert all(len(run) == 5 for run in tree["before"]["runs"])
    assert [one["changed"] for one in tree["steps"]] == [["node-lease"], ["etcd-offload"]]
    assert limits.render_json(lost()) == limits.render_json(lost())


def test_walls_as_csv_and_markdown() -> None:
    """A row for each wall on the way."""
    rows = list(csv.DictReader(io.StringIO(limits.render_csv(made_limit()))))
    assert [row["wall"] for row in rows] == ["none", "step 1", "step 2", "all"]
    assert int(rows[0]["holds_at"]) + sum(int(row["gain"]) for row in rows[1:3]) == int(rows[3]["holds_at"])
    assert {row["provenance"] for row in rows} == {"modelled"}
    text = limits.render_markdown(made_limit())
    assert text.startswith("**Without the optimizations alibaba-10k breaks at 1,670 nodes")
    assert text.count("\n| ") == 5  # and the line of titles


def test_the_waterfall_of_walls() -> None:
    """Its ends are the walls with their intervals, its steps the gains; without steps it is one."""
    found = lost()
    made = walls.waterfall(found)
    assert [step.gain for step in made.steps] == [one.gain for one in found.steps]
    assert (made.start.low, made.start.high) == found.before.interval
    assert "modelled" in made.what
    short = walls.waterfall(made_limit(wish=Wish(steps=False)))
    assert len(short.steps) == 1
