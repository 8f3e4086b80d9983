"""The file of a calibration: read back as written, without names of the machine, refused if it is odd."""

import dataclasses
import getpass
import platform
from pathlib import Path

import made_points
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kscale.calibrate import cost_file, families, record
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.cost_file import CostFile, Setting
from kscale.calibrate.point import Point
from kscale.calibrate.record import Calibration, Done
from kscale.errors import KscaleError
from kscale.scenario import costs
from kscale.scenario.spec import InconsistentError

SETTING = Setting(
    date="2026-11-21",
    etcd="etcd 3.5.1",
    budget_s=60,
    extends=costs.of_profile("k8s-1.36"),
    file_system="ext4",
    free_lists=("array", "map"),
    other_cpu_pct=3.0,
)


def made(points: list[Point] | None = None) -> CostFile:
    """Return the file of a campaign that left one experiment out."""
    done = [
        Done(id="puts", title="puts", seconds=12.3),
        Done(id="freelist", title="free pages", left_out="takes about 13 s, 2 s were left"),
    ]
    spill = Point("freelist-spill-ratio", {"free_pages": 10_150.0}, "x", (1.4, 1.5, 1.7))
    return cost_file.made(Outcome(points or [*made_points.every(), spill], done, [], 55.5), SETTING)


@pytest.fixture(scope="module")
def file() -> CostFile:
    """Return one file for the tests that read it."""
    return made()


def test_what_is_written_is_read_back(file: CostFile, tmp_path: Path) -> None:
    """As a cost model over its profile, and as the record of how it was measured."""
    path = tmp_path / "mine.yaml"
    path.write_text(cost_file.text(file))
    model = costs.parse(path.read_bytes(), "mine.yaml", "mine")
    for one in file.stated:
        coefficient = model.coefficients[one.meant.name]
        assert (coefficient.value, coefficient.range) == (one.value, (one.low, one.high))
        assert coefficient.provenance == "measured"
        assert "etcd 3.5.1" in str(coefficient.source)
    untouched = set(model) - {one.meant.name for one in file.stated}
    assert {model[name] for name in untouched} == {SETTING.extends[name] for name in untouched}
    assert record.read(path) == file.calibration


def test_the_text_is_the_same_each_time(file: CostFile) -> None:
    """Equal points, equal bytes: the bootstrap has a seed."""
    assert cost_file.text(made()) == cost_file.text(file)


def test_nothing_names_the_machine_or_its_user(file: CostFile) -> None:
    """No host, user or path; the processor and the kind of disk are facts, not names."""
    text = cost_file.text(file)
    assert file.calibration.machine.file_system == "ext4"
    for name in (platform.node(), getpass.getuser(), str(Path.home()), "/tmp", "127.0.0.1"):  # noqa: S108 - looked for
        if len(name) > 4 or name.startswith("/"):
            assert name not in text


def test_errors_are_of_points_kept_back(file: CostFile) -> None:
    """Each has its own, the family their median; fitted points have theirs and do not count."""
    family = file.calibration.families["put-throughput"]
    held = sorted(abs(one.error_pct or 0) for one in family.points if one.held_out)
    assert family.held == len(held) == 4
    assert family.held_out_error_pct == pytest.approx((held[1] + held[2]) / 2, rel=1e-4, abs=1e-9)
    assert file.calibration.families["freelist-spill-ratio"].formula is None
    assert file.calibration.families["freelist-spill-ratio"].points[0].predicted is None


def test_figures_are_of_settings_that_were_measured(file: CostFile) -> None:
    """Free pages count if they are near; sizes that nobody measured are not there."""
    found = file.calibration.figures
    assert found["spill-ratio-10k"].value == 1.5
    assert found["spill-ratio-10k"].at == "10,150 free pages"
    assert found["put-clients-ratio"].value > 1
    missing = {"spill-ratio-100k", "spill-ratio-490k", "wal-ratio", "db-ratio", "beside-p99-ratio"}
    assert not missing & found.keys()  # of 300 bytes nothing was measured


def test_a_few_points_are_enough_for_a_file() -> None:
    """Then nothing is stated, and each coefficient says why."""
    one = Point("put-throughput", {"clients": 1.0, "value_bytes": 256.0}, "1/s", (2000.0,))
    file = made([one])
    assert file.stated == ()
    assert file.calibration.put_ns == 500_000
    assert file.calibration.fsync_ns is None
    assert costs.parse(cost_file.text(file).encode(), "few.yaml", "few").coefficients


def test_the_fsync_is_that_of_one_small_put() -> None:
    """A flush of 1.02 puts on average is one of a put; a large one takes longer."""
    places = ((1.0, 66_000.0, 900e3), (1.02, 370.0, 300e3), (1.7, 360.0, 400e3))
    points = [Point("fsync", {"puts": puts, "wal_bytes": size}, "ns", (ns,)) for puts, size, ns in places]
    assert made(points).calibration.fsync_ns == 300e3


def test_values_of_nothing_or_less_are_kept_as_they_are() -> None:
    """A counter may stand still for a sample; no formula is held to it."""
    nothing = Point("put-p50", {"clients": 1.0, "value_bytes": 256.0}, "ns", (0.0, 0.0))
    file = made([nothing])
    assert file.calibration.families["put-p50"].points[0].measured == 0
    assert file.calibration.families["put-p50"].formula is None


def test_a_file_without_a_calibration_says_nothing(tmp_path: Path) -> None:
    """Any other cost model."""
    path = tmp_path / "other.yaml"
    path.write_text("schema: kscale.costs/1\ncoefficients: {}\n")
    assert record.read(path) is None


@pytest.mark.parametrize(
    "section",
    [
        "{}",
        "[]",
        "3",
        "{schema: kscale.calibration/2}",
        "{date: 3, etcd: {}, families: []}",
        '{"\\e[2J": 1}',
    ],
)
def test_an_odd_section_is_one_line(section: str, tmp_path: Path) -> None:
    """With the file and the key."""
    path = tmp_path / "odd.yaml"
    path.write_text(f"schema: kscale.costs/1\ncoefficients: {{}}\ncalibration: {section}\n")
    with pytest.raises(KscaleError, match=r"odd\.yaml") as caught:
        record.read(path)
    assert "\n" not in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("figure", "why"),
    [
        ({"value": 39, "range": [50, 2]}, "value must lie in its range 50 to 2, got 39"),
        ({"value": 39, "range": [40, 41]}, "value must lie in its range 40 to 41, got 39"),
        ({"value": 0}, "greater than 0"),
        ({"value": 39, "repeats": 0}, "greater than or equal to 1"),
        ({"value": 39, "unit": "ns"}, "'wal-ratio' is in x, got ns"),
        ({"value": 39, "unit": "apples"}, "'ns', 'bytes' or 'x'"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(file: CostFile, figure: dict[str, object], why: str) -> None:
    """With its key; nothing else holds claims up to it."""
    tree = file.calibration.model_dump(mode="json", by_alias=True)
    tree["figures"] = {"wal-ratio": {"repeats": 3, "unit": "x", "at": "here"} | figure}
    with pytest.raises(KscaleError, match=r"mine\.yaml: calibration\.figures.*") as caught:
        record.parse(tree, "mine.yaml")
    assert why in str(caught.value)
    tree["figures"]["wal-ratio"] = {"value": 39, "range": [38, 40], "repeats": 3, "unit": "x", "at": "here"}
    assert record.parse(tree, "mine.yaml").figures["wal-ratio"].value == 39


def test_points_beyond_are_marked_and_do_not_count() -> None:
    """A put of 64 KiB is predicted, and no part of the family's error; a coefficient says how far it goes."""
    formula = families.FORMULAS["put-cpu"]
    near = made_points.points(formula, 0.02)
    far = Point("put-cpu", {"clients": 4.0, "value_bytes": 65_536.0}, "ns", (1e9, 1e9))
    with_, without = made([*near, far]), made(near)
    (one,) = (point for point in with_.calibration.families["put-cpu"].points if point.extrapolated)
    assert (one.held_out, one.repeats, one.at["value_bytes"]) == (True, 2, 65_536)
    assert with_.stated == without.stated
    family, before = with_.calibration.families["put-cpu"], without.calibration.families["put-cpu"]
    assert (family.held, family.beyond, before.beyond) == (before.held, 1, 0)
    assert family.held_out_error_pct == before.held_out_error_pct
    assert family.worst_error_pct == before.worst_error_pct
    model = costs.parse(cost_file.text(with_).encode(), "mine.yaml", "mine")
    over = model.coefficients["etcd_put_cpu_ps_per_byte"].over
    assert over == {"clients": (1, 64), "value_bytes": (256, 15_360)}


def test_a_coefficient_says_what_it_stands_on() -> None:
    """Its error if that is above the goal, and that it was measured once; else neither."""
    formula = families.FORMULAS["get-time"]
    slow = [
        Point(one.family, one.at, one.unit, (999 * one.value,) * 3) for one in made_points.points(formula)
    ]
    odd = [
        Point(one.family, one.at, one.unit, (one.value * 3 ** (number % 2),))
        for number, one in enumerate(slow)
    ]
    good, bad = made(slow), made(odd)
    assert len(good.stated) == len(bad.stated) == 1
    said = cost_file.text(bad).replace("\n      ", " ")
    assert "above the goal of 20 %" in said
    assert "measured once at some settings" in said
    assert "above the goal" not in cost_file.text(good)
    assert "measured once" not in cost_file.text(good)


def test_no_share_is_more_than_all() -> None:
    """500 % of a range's work under its lock is refused where a scenario reads it; factors may be more."""
    known = costs.of_profile("k8s-1.36").coefficients

    def given(name: str) -> costs.CostsSpec:
        """Return a file that has five times all of it."""
        changed = {"value": 5_000_000, "range": (5_000_000, 5_000_000)}
        return costs.CostsSpec(coefficients={name: known[name].model_copy(update=changed)})

    with pytest.raises(InconsistentError, match="is a share: at most 1,000,000 ppm, got 5,000,000"):
        costs.resolve(given("etcd_range_locked_ppm"), "k8s-1.36")
    assert costs.resolve(given("list_memory_ppm"), "k8s-1.36").extends == "k8s-1.36"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
def test_a_changed_section_is_read_or_refused(file: CostFile, data: st.DataObject) -> None:
    """Whatever takes the place of a value, deep inside too."""
    tree = file.calibration.model_dump(mode="json", by_alias=True)
    place = tree
    for _ in range(data.draw(st.integers(0, 4))):
        inner = [value for value in place.values() if isinstance(value, dict) and value]
        if not inner:
            break
        place = data.draw(st.sampled_from(inner))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(JSON)
    try:
        found: Calibration | str = record.parse(tree, "mine.yaml")
    except KscaleError as error:
        found = str(error)
    assert isinstance(found, Calibration) or "\n" not in found


def test_the_yaml_is_plain(file: CostFile) -> None:
    """No anchors, no tags; a point is a line or two; other readers read the same."""
    text = cost_file.text(file)
    assert "&id" not in text
    assert "!!" not in text
    assert yaml.safe_load(text)["calibration"]["schema"] == "kscale.calibration/1"
    assert max(map(len, text.splitlines())) < 2 * cost_file.WIDTH


def test_the_file_system_is_told_by_its_kind(tmp_path: Path) -> None:
    """Without a path."""
    found = cost_file.file_system(tmp_path)
    assert found is None or "/" not in found


def test_free_lists_are_those_that_were_run() -> None:
    """Both, or none: an etcd at an endpoint does not say which it has."""
    spill = Point("freelist-map-spill", {"free_pages": 1.0}, "ns", (1.0,))
    assert cost_file.free_lists(Outcome([spill])) == ("map",)
    assert cost_file.free_lists(Outcome()) == ()


def test_an_endpoint_leaves_the_disk_out() -> None:
    """It may be on another machine's."""
    setting = dataclasses.replace(SETTING, file_system=None, other_cpu_pct=None, free_lists=())
    found = cost_file.made(Outcome(made_points.every(), [], [], 1.0), setting).calibration
    assert found.machine.file_system is None
    assert "file_system" not in cost_file.text(cost_file.made(Outcome(made_points.every()), setting))
