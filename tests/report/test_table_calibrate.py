"""The table of a calibration: fits its width, marks what is above the goal, says what stays."""

from pathlib import Path

import made_points
import pytest
from rich.cells import cell_len

from kscale.calibrate import cost_file
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.cost_file import CostFile, Setting
from kscale.calibrate.point import Point
from kscale.calibrate.record import Done
from kscale.report import table_calibrate
from kscale.scenario import costs


@pytest.fixture(scope="module")
def file() -> CostFile:
    """Return a calibration with one family that no formula explains."""
    odd = [
        Point("open-time", {"db_bytes": 1e6 * number}, "ns", (value,))
        for number, value in enumerate((1e8, 9e8, 1.5e8, 2e8), 1)
    ]
    points = [one for one in made_points.every() if one.family != "open-time"] + odd
    done = [Done(id="puts", title="puts", seconds=1), Done(id="x", title="free pages", left_out="no time")]
    setting = Setting("2026-11-21", "etcd 3.5.1", 60, costs.of_profile("k8s-1.36"), "ext4", (), 55.0)
    return cost_file.made(Outcome(points, done, [], 50.0), setting)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("verbose", [False, True])
def test_it_fits(file: CostFile, width: int, *, verbose: bool) -> None:
    """No line is wider; every coefficient and family is there."""
    text = table_calibrate.table(file, Path("costs/mine.yaml"), width, verbose=verbose).plain
    wide = [line for line in text.splitlines() if cell_len(line) > width]
    assert wide == []
    squeezed = "".join(text.split())
    for one in file.stated:
        assert one.meant.name in squeezed


def test_what_is_above_the_goal_is_marked(file: CostFile) -> None:
    """With the error of the point; families that hold it are not."""
    lines = table_calibrate.table(file, Path("m.yaml"), 120).plain.splitlines()
    (bad,) = (line for line in lines if " open-time " in line)
    assert bad.startswith("!")
    assert "%" in bad
    (good,) = (line for line in lines if " put-throughput " in line)
    assert good.startswith(" ")


def test_what_others_did_and_what_was_left_is_said(file: CostFile) -> None:
    """Before the numbers, and after them."""
    text = table_calibrate.table(file, Path("costs/mine.yaml"), 120).plain
    assert "others used 55 % of a core meanwhile" in text
    assert "left out: free pages: no time" in text
    assert "etcd_peer_round_trip_ns" in text
    assert "costs: costs/mine.yaml" in text
    assert "{etcd: {fsync: " in text


def test_a_hostile_path_is_harmless(file: CostFile) -> None:
    """It is shown escaped."""
    text = table_calibrate.table(file, Path("a\x1b[2J.yaml"), 100).plain
    assert "\x1b" not in text


def test_an_fsync_is_written_as_scenarios_have_it() -> None:
    """In whole microseconds, one at least."""
    assert table_calibrate.exact_fsync(338_456.0) == "338us"
    assert table_calibrate.exact_fsync(2_000_000.0) == "2ms"
    assert table_calibrate.exact_fsync(12.0) == "1us"
