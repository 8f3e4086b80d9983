"""Cost models: every coefficient has a range and an origin, and a hidden fit is refused."""

import os
from pathlib import Path

import pytest

from kscale.errors import KscaleError
from kscale.scenario import build, costs, load, profiles

ONE = """
  put_cpu_ns:
    value: 50000
    range: [40000, 100000]
    unit: ns
    provenance: measured
    about: CPU of a put
    source: one machine, two cores
"""


def model(text: str) -> costs.CostModel:
    """Return the model of those coefficients."""
    return costs.parse(f"schema: kscale.costs/1\ncoefficients:{text}".encode(), "mine.yaml", "mine")


def test_a_model_is_a_mapping_to_whole_numbers() -> None:
    """And keeps where each is from."""
    found = model(ONE)
    assert dict(found) == {"put_cpu_ns": 50_000}
    assert found.coefficients["put_cpu_ns"].provenance == "measured"
    with pytest.raises(
        KscaleError, match=r"^cost model mine has no coefficient 'put_cpu'; did you mean 'put_cpu_ns'\?"
    ):
        found["put_cpu"]


def test_it_may_say_over_which_settings_it_was_measured() -> None:
    """By the setting's name; a coefficient that does not say it holds everywhere."""
    said = model(f"{ONE}    over: {{keys: [1000, 64000], value_bytes: [0, 10240]}}\n")
    over = said.coefficients["put_cpu_ns"].over
    assert over == {"keys": (1000, 64_000), "value_bytes": (0, 10_240)}
    assert model(ONE).coefficients["put_cpu_ns"].over is None


SOURCE = "    source: one machine, two cores\n"
RANGE = "range: [40000, 100000]\n    unit: ns\n    provenance: measured"
HEAD = "schema: kscale.costs/1\n"


@pytest.mark.parametrize(
    ("change", "line", "said"),
    [
        (("50000", "5"), 3, "value must lie in its range 40,000 to 100,000, got 5"),
        (("50000", "5.5"), 4, "should be a valid integer"),
        ((SOURCE, ""), 3, "measured needs a source; without one it is assumed"),
        (("measured", "fitted"), 3, "fitted and fitted_to go together"),
        (("measured", "guessed"), 7, "cannot be 'guessed'"),
        (("about:", "abut:"), 8, "unknown key; did you mean 'about'?"),
        (("measured", "measured\n    fitted_to: [C8]"), 3, "fitted and fitted_to go together"),
        (
            (RANGE, RANGE.replace("40000, 100000", "50000, 50000").replace("measured", "assumed")),
            3,
            "a range",
        ),
        ((SOURCE, f"{SOURCE}    over: {{keys: [9, 1]}}\n"), 10, "must be the least, then the most, got 9, 1"),
        ((SOURCE, f"{SOURCE}    over: {{keys: [-1, 1]}}\n"), 10, "greater than or equal to 0"),
        ((SOURCE, f"{SOURCE}    over: {{}}\n"), 10, "must have at least 1 entry"),
        ((HEAD, f"{HEAD}extends: k8s-1.15\n"), 2, "no cost model 'k8s-1.15'"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(change: tuple[str, str], line: int, said: str) -> None:
    """With the file and the line."""
    text = f"schema: kscale.costs/1\ncoefficients:{ONE}"
    assert change[0] in text
    with pytest.raises(KscaleError) as caught:
        costs.parse(text.replace(*change, 1).encode(), "mine.yaml", "mine")
    assert str(caught.value).startswith(f"mine.yaml:{line}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize("profile", sorted(profiles.PROFILES))
def test_every_profile_has_a_model(profile: str) -> None:
    """With the coefficients of the one before it."""
    found = costs.of_profile(profile)
    assert found.name == profile
    assert found.keys() >= costs.of_profile("k8s-1.14").keys()
    for name, one in found.coefficients.items():
        low, high = one.range
        assert low <= one.value <= high, name
        if one.provenance == "assumed":
            assert high >= 1.25 * low, f"{name}: an assumption that is known within 25 % is no assumption"


def test_what_the_whole_control_plane_costs() -> None:
    """Each is there under every profile, and differs where versions did."""
    models = [costs.of_profile(profile) for profile in profiles.PROFILES]
    for name in (
        "scheduler_pod_ns",
        "kubelet_start_ns",
        "kubelet_stop_ns",
        "kubelet_report_ns",
        "watch_handover_ns",
        "etcd_freelist_scan_ps_per_page",
        "etcd_freelist_allocate_ns",
        "etcd_election_ns",
    ):
        assert len({model[name] for model in models}) == 1, name
    evaluations = [model["scheduler_evaluation_ps"] for model in models]
    assert evaluations == sorted(set(evaluations), reverse=True), "the scheduler got quicker"
    assert [model["etcd_freelist_span_ps"] for model in models] == [20_000, 20_000, 0]
    for profile, model in zip(profiles.PROFILES.values(), models, strict=True):
        assert model["kubelet_report_ns"] == profile.kubelet_relist_ns // 2


def test_the_scheduler_is_not_fitted_to_what_it_is_checked_against() -> None:
    """Its thresholds are those of 5,000 nodes: 680 and 810 pods/s."""
    for profile in profiles.PROFILES:
        for name in ("scheduler_evaluation_ps", "scheduler_pod_ns"):
            one = costs.of_profile(profile).coefficients[name]
            assert one.provenance == "derived"
            assert not {"680", "810", "threshold"} & set(str(one.source).replace(",", "").split())


CALIBRATED = """schema: kscale.costs/1
extends: k8s-1.36
calibration: {etcd: 3.5.1, families: []}
coefficients:
  etcd_apply_ns:
    value: 9000
    range: [8500, 9600]
    unit: ns
    provenance: measured
    about: applying a put
    source: a calibration on two cores
"""
NAMED = "seed: 7\ncosts: costs/mine.yaml\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a cost-model file in it."""
    (tmp_path / "costs").mkdir()
    (tmp_path / "costs" / "mine.yaml").write_text(CALIBRATED, encoding="utf-8")
    return tmp_path


def test_a_scenario_s_costs_are_in_it(folder: Path) -> None:
    """A file's coefficients take the place of the profile's, and what is resolved needs the file no more."""
    found = load.parse(NAMED.encode(), "x.yaml", "x.yaml", folder=folder)
    given = found.resolved()["costs"]
    assert set(given) == {"extends", "coefficients"}
    assert given["coefficients"]["etcd_apply_ns"]["range"] == [8500, 9600]
    cluster = build.build(found.scenario)
    shipped = costs.of_profile("k8s-1.36")
    assert cluster.costs["etcd_apply_ns"] == 9000 != shipped["etcd_apply_ns"]
    assert cluster.costs.coefficients["etcd_apply_ns"].provenance == "measured"
    assert {**cluster.costs, "etcd_apply_ns": 0} == {**shipped, "etcd_apply_ns": 0}
    text = str(found.resolved()).replace("'", '"').replace("False", "false")
    again = load.parse(text.encode(), "again", "-", folder=folder / "elsewhere")
    assert again.sha256 == found.sha256
    assert again.sha256 != load.parse(b"seed: 7", "x", "x").sha256


def test_what_is_no_regular_file_is_refused(folder: Path) -> None:
    """A pipe that nobody writes to would be waited for without end."""
    (folder / "costs" / "mine.yaml").unlink()
    os.mkfifo(folder / "costs" / "mine.yaml")
    with pytest.raises(
        KscaleError, match=r"^x.yaml:2: costs: costs/mine.yaml: cannot be read: it is not a regular"
    ):
        load.parse(NAMED.encode(), "x.yaml", "x.yaml", folder=folder)


MACHINE = "machine: {fingerprint: ab, cpu: A CPU, cores: 2, memory_bytes: 9}"


@pytest.mark.parametrize(
    ("calibration", "etcd"),
    [
        (f"{{etcd: etcd 3.5.1, date: '2026-11-21', {MACHINE}, families: []}}", "etcd 3.5.1"),
        ("{etcd: etcd 3.5.1, families: []}", None),
        (f"{{etcd: [1], date: '2026-11-21', {MACHINE}}}", None),
        ("{}", None),
    ],
)
def test_where_they_were_measured_is_kept_beside_them(
    folder: Path, calibration: str, etcd: str | None
) -> None:
    """If the file says it as calibrate does; the scenario itself stays the same."""
    plain = load.parse(NAMED.encode(), "x.yaml", "x.yaml", folder=folder)
    path = folder / "costs" / "mine.yaml"
    path.write_text(CALIBRATED.replace("{etcd: 3.5.1, families: []}", calibration), encoding="utf-8")
    found = load.parse(NAMED.encode(), "x.yaml", "x.yaml", folder=folder)
    assert (found.sha256, found.costs_path) == (plain.sha256, "costs/mine.yaml")
    assert (found.measured and found.measured.etcd) == etcd
    assert load.parse(b"seed: 7", "x", "x").costs_path is None


def test_costs_need_not_name_a_profile(folder: Path) -> None:
    """The scenario's is meant, whichever that is."""
    path = folder / "costs" / "mine.yaml"
    path.write_text(CALIBRATED.replace("extends: k8s-1.36\n", ""), encoding="utf-8")
    text = NAMED + "profile: k8s-1.14\n"
    found = load.parse(text.encode(), "x.yaml", "x.yaml", folder=folder)
    assert found.resolved()["costs"]["extends"] == "k8s-1.14"
    cluster = build.build(found.scenario)
    assert dict(cluster.costs) == {**costs.of_profile("k8s-1.14"), "etcd_apply_ns": 9000}
    assert cluster.costs.name == "k8s-1.14 as calibrated"


@pytest.mark.parametrize(
    ("change", "scenario", "says"),
    [
        (("", ""), "costs: other.yaml", "x.yaml:1: costs: other.yaml: cannot be read: No such file"),
        (("", ""), "costs: /etc/passwd", "x.yaml:1: costs: '/etc/passwd' is not a path from the scenario's"),
        (("", ""), "costs: a/../../x.yaml", "x.yaml:1: costs: 'a/../../x.yaml' is not a path from the sc"),
        (("", ""), "costs: 5", "x.yaml:1: costs: must map keys to values, got 5"),
        (("", ""), "costs: {extend: x}", "x.yaml:1: costs.extend: unknown key; did you mean 'extends'?"),
        (
            ("", ""),
            NAMED + "profile: k8s-1.20",
            "x.yaml:2: costs.extends: is k8s-1.36, the scenario's profile",
        ),
        (
            ("value: 9000", "value: 9"),
            NAMED,
            "x.yaml:2: costs: costs/mine.yaml:5: coefficients.etcd_apply_ns",
        ),
        (
            ("etcd_apply_ns", "etcd_aply_ns"),
            NAMED,
            "x.yaml:2: costs.coefficients.etcd_aply_ns: k8s-1.36 has no",
        ),
        (("unit: ns", "unit: ps"), NAMED, "costs.coefficients.etcd_apply_ns.unit: must be in ns, got 'ps'"),
        (("schema: kscale.costs/1", "schema: x"), NAMED, "costs/mine.yaml:1: schema: cannot be 'x'"),
    ],
)
def test_costs_that_do_not_go_with_a_scenario(
    folder: Path, change: tuple[str, str], scenario: str, says: str
) -> None:
    """Each is one line, with the place in the scenario."""
    path = folder / "costs" / "mine.yaml"
    path.write_text(CALIBRATED.replace(*change, 1), encoding="utf-8")
    with pytest.raises(KscaleError) as caught:
        load.parse(scenario.encode(), "x.yaml", "x.yaml", folder=folder)
    assert says in str(caught.value)
    assert str(caught.value).startswith("x.yaml:")
    assert str(caught.value).isprintable()
