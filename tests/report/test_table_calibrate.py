"""The table of a calibration: fits its width, marks what is above the goal, says what stays."""

from dataclasses import replace
from pathlib import Path

import made_points
import pytest
import yaml
from rich.cells import cell_len

from kscale.calibrate import cost_file
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.cost_file import CostFile, Setting
from kscale.calibrate.point import Point
from kscale.calibrate.record import Done, Endpoint
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
    body, _, snippet = text.partition("\nwrote ")
    lines = [*body.splitlines(), *(line for line in snippet.splitlines() if line.startswith("#"))]
    wide = [line for line in lines if cell_len(line) > width]  # what is copied is not wrapped
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


def test_what_was_cut_off_is_marked() -> None:
    """The legend says what the mark is."""
    setting = Setting("2026-11-21", "etcd 3.5.1", 60, costs.of_profile("k8s-1.36"), "ext4", (), 3.0)
    points = [Point("open-time", {"db_bytes": size}, "ns", (5e8 + 10 * size,)) for size in (2e7, 4e7, 8e7)]
    text = table_calibrate.table(cost_file.made(Outcome(points, cut={"open-time"}), setting), None, 120).plain
    assert any(line.startswith("~  etcd_open_ps") for line in text.splitlines())
    assert "; ~ partial, its experiment was cut off" in text


def test_what_others_did_and_what_was_left_is_said(file: CostFile) -> None:
    """Before the numbers, and after them."""
    text = table_calibrate.table(file, Path("costs/mine.yaml"), 120).plain
    assert "others used 55 % of a core meanwhile" in text
    assert "left out: free pages: no time" in text
    assert "etcd_peer_round_trip_ns" in text
    assert "costs: costs/mine.yaml" in text
    assert "{etcd: {fsync: " in text


SNIPPETS = (
    ("costs/mine.yaml", "costs/mine.yaml"),
    ("my costs #1.yaml", "my costs #1.yaml"),
    ("no: yes.yaml", "no: yes.yaml"),
    ("-.yaml", "-.yaml"),
    ("é.yaml", "é.yaml"),
    ("true.yaml", "true.yaml"),
    ("true", "true"),
    ("1.yaml", "1.yaml"),
    ("1.5", "1.5"),
    ("2026-11-21", "2026-11-21"),
    ("no/../costs/mine.yaml", "costs/mine.yaml"),
    ("../costs/mine.yaml", "mine.yaml"),
    ("../é.yaml", "é.yaml"),
    ("/elsewhere/mine.yaml", "mine.yaml"),
)


@pytest.mark.parametrize("width", [60, 120])
@pytest.mark.parametrize(("written", "named"), SNIPPETS)
def test_what_is_to_be_written_into_a_scenario_can_be_copied(
    file: CostFile, width: int, written: str, named: str
) -> None:
    """It is YAML at every width, and its path one that a scenario takes."""
    made = file.calibration.model_copy(update={"fsync_ns": 338_456.0, "put_ns": 500_000.0})
    text = table_calibrate.table(replace(file, calibration=made), Path(written), width).plain
    snippet = text[text.index("\ncosts: ") :]
    assert yaml.safe_load(snippet) == {
        "costs": named,
        "control_plane": {"etcd": {"fsync": "338us"}},
    }
    assert "a whole put takes 500 µs on average" in " ".join(snippet.replace("\n#", "").split())
    assert ("copy it into the folder" in " ".join(text.split())) == written.startswith(("/", "../"))


def test_a_path_in_the_present_folder_is_relative(file: CostFile) -> None:
    """However it was given."""
    text = table_calibrate.table(file, Path.cwd() / "costs" / "mine.yaml", 120).plain
    assert "\ncosts: costs/mine.yaml\n" in text


def test_a_flush_longer_than_a_put_is_not_suggested(file: CostFile) -> None:
    """A part is no more than the whole; the snippet stays YAML."""
    made = file.calibration.model_copy(update={"fsync_ns": 500_000.0, "put_ns": 400_000.0})
    text = table_calibrate.table(replace(file, calibration=made), Path("mine.yaml"), 80).plain
    assert "control_plane" not in text
    assert "no fsync to write down" in text
    assert yaml.safe_load(text[text.index("\ncosts: ") :]) == {"costs": "mine.yaml"}


def test_what_could_not_be_written_is_not_named(file: CostFile) -> None:
    """The numbers are there all the same."""
    text = table_calibrate.table(file, None, 120).plain
    assert file.stated[0].meant.name in text
    assert "wrote" not in text
    assert "\ncosts: " not in text


def test_a_coefficient_of_a_family_above_the_goal_is_marked(file: CostFile) -> None:
    """As its family is."""
    bad, *others = (replace(one, error_pct=1.0) for one in file.stated)
    made = replace(file, stated=(replace(bad, error_pct=99.0), *others))
    lines = table_calibrate.table(made, Path("m.yaml"), 140).plain.splitlines()
    for one in made.stated:
        (line,) = (line for line in lines if f" {one.meant.name} " in line and "as in" not in line)
        assert line.startswith("!") == (one.meant.name == bad.meant.name)


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (None, "etcd 3.5.1 on 2 x A CPU that it shares with its client"),
        ("local", "that it shares with its client, ext4, 2026-11-21: 50 s of 60 s; taken to be here"),
        ("elsewhere", "etcd 3.5.1 at an endpoint, its machine unknown, its client on 2 x A CPU"),
    ],
)
def test_the_head_says_what_is_known_of_the_machine(
    file: CostFile, endpoint: Endpoint | None, said: str
) -> None:
    """Of an etcd elsewhere nothing is; the coefficients say the same."""
    machine = file.calibration.machine.model_copy(update={"cpu": "A CPU", "cores": 2})
    made = file.calibration.model_copy(update={"machine": machine, "endpoint": endpoint})
    text = table_calibrate.table(replace(file, calibration=made), Path("m.yaml"), 200).plain
    assert said in text.splitlines()[0]
    assert ("its file keeps its size" in text) == (endpoint is not None)
    assert ("unknown" in replace(file, calibration=made).source) == (endpoint == "elsewhere")


def test_a_hostile_path_is_harmless(file: CostFile) -> None:
    """It is shown escaped."""
    text = table_calibrate.table(file, Path("a\x1b[2J.yaml"), 100).plain
    assert "\x1b" not in text


def test_an_fsync_is_written_as_scenarios_have_it() -> None:
    """In whole microseconds, one at least."""
    assert table_calibrate.exact_fsync(338_456.0) == "338us"
    assert table_calibrate.exact_fsync(2_000_000.0) == "2ms"
    assert table_calibrate.exact_fsync(12.0) == "1us"
