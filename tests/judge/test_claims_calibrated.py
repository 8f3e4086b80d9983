"""Claims that a calibration answers: open without one, judged with one, never for or against the models."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import made_points
import numpy as np
import pytest
import yaml

from kscale.calibrate import exp_beside, exp_freelist, experiments, families, figures, fit, record
from kscale.calibrate.point import Point
from kscale.calibrate.record import Calibration, FigureValue
from kscale.cli import app
from kscale.errors import ExitCode
from kscale.judge.claims import calibrated, verdict
from kscale.judge.claims.record import Claim, Setup
from kscale.judge.claims.verdict import Verdict
from kscale.mechanisms.registry import MECHANISMS
from kscale.report import claims_details
from kscale.report import claims_wording as wording
from kscale.report.export import claims as export
from kscale.report.table_claims import claims_table

NAMES = [figure.reads for claim in calibrated.CLAIMS for figure in claim.figures]
FILE = """schema: kscale.costs/1
extends: k8s-1.36
coefficients: {{}}
calibration:
  schema: kscale.calibration/1
  date: "2026-11-21"
  etcd: etcd 3.5.1
  kscale: 0.3.0
  machine: {{fingerprint: ab, cpu: fast, cores: 2, memory_bytes: 1, kernel: Linux, container: false}}
  plan: quick
  budget_s: 60
  seconds: 55
  experiments: []
  families: {{}}
  figures:
    wal-ratio: {{value: {ratio}, range: [{ratio}, {ratio}], repeats: 2, unit: x, at: 15 KiB against 300 B}}
"""


def _setup(**values: float) -> Setup:
    """Return a calibration with these figures."""
    figures = {
        name.replace("_", "-"): FigureValue(
            value=value, range=(0.999 * value, 1.001 * value), repeats=3, unit="x", at="here"
        )
        for name, value in values.items()
    }
    return Setup("a calibration", (), calibrated=figures)


def _of(name: str) -> Claim:
    """Return the claim that reads a figure."""
    return next(one for one in calibrated.CLAIMS if name in {figure.reads for figure in one.figures})


def _points() -> Iterator[Point]:
    """Yield points at every setting that was published."""
    for size in (300.0, 15_360.0):
        yield Point("heartbeat-wal", {"value_bytes": size}, "bytes", (size,))
        yield Point("heartbeat-db", {"value_bytes": size}, "bytes", (size,))
    for clients in (1.0, 64.0):
        for size in (256.0, 15_360.0):
            at = {"clients": clients, "value_bytes": size}
            yield Point("put-cpu", at, "ns", (size,))
            yield Point("put-throughput", at, "1/s", (1000 * clients,))
    for pages in (9_900.0, 101_000.0):
        yield Point("freelist-spill-ratio", {"free_pages": pages}, "x", (3.0,))
    for keys in (1000.0, 64_000.0):
        for kind in ("list", "list-keys-only", "list-count-only"):
            yield Point(f"{kind}-time", {"keys": keys, "value_bytes": 1024.0}, "ns", (keys,))
    yield Point("get-time", {"keys": 65_000.0, "value_bytes": 1024.0}, "ns", (1.0,))
    for keys in (0.0, 64_000.0):
        yield Point("lists-beside-p99", {"list_keys": keys, "value_bytes": 2048.0}, "ns", (keys + 1,))


def test_claims_and_calibration_know_the_same_figures() -> None:
    """By the same names, each read once."""
    formula = families.FORMULAS["watch-cpu"]
    watches = fit.fit(formula, made_points.points(formula))
    assert watches is not None
    made = figures.figures(list(_points()), {"watch-cpu": watches})
    assert sorted(NAMES) == sorted(one.name for one in made)
    values = {one.name: one.value for one in made}
    assert values["wal-ratio"] == 15_360 / 300
    assert values["put-clients-ratio"] == 64
    assert values["list-key-alone-ratio"] == pytest.approx(1.0)
    assert values["watch-delivery-ns"] == pytest.approx(3000 + 256 * 4, rel=1e-3)
    assert figures.figures([], {}) == []


def test_without_a_calibration_they_are_open() -> None:
    """And count nowhere."""
    found = [verdict.judge(one, None, MECHANISMS) for one in calibrated.CLAIMS]
    assert {one.verdict for one in found} == {Verdict.NOT_MEASURED}
    assert not any(one.counted or one.held for one in found)
    assert verdict.failures(found) == []
    assert wording.outside(found) == ""
    assert wording.summary(found) == [
        f"a real etcd, counted apart: {len(found)} not measured here (kscale calibrate etcd)"
    ]


@pytest.mark.parametrize(("ours", "expected"), [(39.3, Verdict.IN_BAND), (12.0, Verdict.OUTSIDE)])
def test_with_one_they_are_judged_and_counted_apart(ours: float, expected: Verdict) -> None:
    """Outside fails nothing: it says something of this etcd, and nothing of a model."""
    found = verdict.judge(_of("wal-ratio"), _setup(wal_ratio=ours), MECHANISMS)
    assert found.verdict is expected
    assert not found.counted
    assert verdict.failures([found]) == []
    assert verdict.count([found], "R").of == 0
    said = wording.summary([found])
    assert said[0].startswith("a real etcd, counted apart: ")
    assert ("outside: K1" in said[0]) == (expected is Verdict.OUTSIDE)


def test_a_claim_is_whole_if_all_its_figures_are_measured() -> None:
    """One that is not is shown as such, and the claim does not count as held; outside it may be already."""
    claim = _of("db-lease-bytes")
    found = verdict.judge(claim, _setup(db_lease_bytes=460), MECHANISMS)
    assert [one.verdict for one in found.figures] == [
        Verdict.NOT_MEASURED,
        Verdict.IN_BAND,
        Verdict.NOT_MEASURED,
    ]
    assert wording.ours(found.figures[0]) == "not measured"
    assert wording.factor(found.figures[0]) == "-"
    assert (found.verdict, found.held) == (Verdict.NOT_MEASURED, False)
    assert verdict.judge(claim, _setup(db_lease_bytes=999), MECHANISMS).verdict is Verdict.OUTSIDE
    assert verdict.judge(claim, _setup(wal_ratio=39), MECHANISMS).figures == ()
    tree = json.loads(export.render_json([found], MECHANISMS))
    assert tree["claims"][0]["figures"][0]["ours"] is None
    assert tree["calibrated"] == {"held": 0, "of": 0, "not_measured": 1}
    assert "NaN" not in export.render_csv([found], MECHANISMS) + export.render_markdown([found], MECHANISMS)


@pytest.mark.parametrize(
    ("low", "ours", "high", "expected"),
    [
        (37.0, 39.0, 41.0, Verdict.IN_BAND),
        (30.0, 39.0, 41.0, Verdict.UNDECIDED),
        (37.0, 39.0, 60.0, Verdict.UNDECIDED),
        (37.0, 50.0, 60.0, Verdict.UNDECIDED),
        (45.0, 50.0, 60.0, Verdict.OUTSIDE),
        (1.0, 5.0, 9.0, Verdict.OUTSIDE),
    ],
)
def test_an_interval_on_both_sides_decides_nothing(
    low: float, ours: float, high: float, expected: Verdict
) -> None:
    """The band of K1 is 36 to 42."""
    value = FigureValue(value=ours, range=(low, high), repeats=3, unit="x", at="")
    found = verdict.judge(_of("wal-ratio"), Setup("", (), calibrated={"wal-ratio": value}), MECHANISMS)
    assert found.verdict is expected
    assert found.held is (expected is Verdict.IN_BAND)
    assert ("outside: K1" in wording.summary([found])[0]) is (expected is Verdict.OUTSIDE)
    assert ("undecided" in wording.summary([found])[0]) is (expected is Verdict.UNDECIDED)


@pytest.mark.parametrize("ours", [12.0, 39.0])
def test_what_was_measured_once_is_undecided(ours: float) -> None:
    """It gets no firmer a verdict than what was measured twice; the line of counts says why."""
    value = FigureValue(value=ours, repeats=1, unit="x", at="")
    found = verdict.judge(_of("wal-ratio"), Setup("", (), calibrated={"wal-ratio": value}), MECHANISMS)
    assert (found.verdict, found.held) == (Verdict.UNDECIDED, False)
    assert "undecided, as measured once: K1" in wording.summary([found])[0]
    assert "? undecided" in wording.LEGEND
    assert "measured once, so without an interval" in "\n".join(claims_details.details(found, MECHANISMS))


def test_an_interval_is_said_where_it_shows() -> None:
    """Exact byte counts repeat: their ends are the figure itself at the digits that are shown."""
    found = verdict.judge(_of("wal-ratio"), _setup(wal_ratio=39.91), MECHANISMS)
    assert wording.ours(found.figures[0]) == "39.9x"
    apart = replace(found.figures[0], interval=(38.0, 41.0))
    assert wording.ours(apart) == "39.9x (38x to 41x)"


def test_every_figure_of_a_calibration_is_judged_by_its_interval() -> None:
    """Identities too."""
    for claim in calibrated.CLAIMS:
        for figure in claim.figures:
            assert figure.interval is not None
            assert figure.interval(_setup(**{figure.reads: 2.0})) == (1.998, 2.002)


def test_two_repeats_say_little_of_times_and_all_of_bytes() -> None:
    """The range of a figure reaches beyond the least and the most of two; what repeats has no width."""
    ends = {256.0: (80.0, 120.0), 15_360.0: (300.0, 400.0)}
    cpu = [
        Point("put-cpu", {"clients": 64.0, "value_bytes": size}, "ns", pair) for size, pair in ends.items()
    ]
    log = [
        Point("heartbeat-wal", {"value_bytes": size}, "bytes", (size + 90,) * 2) for size in (300.0, 15_360.0)
    ]
    found = {one.name: one for one in figures.figures([*cpu, *log], {})}
    range_ = found["put-cpu-ratio"].range
    assert range_ is not None
    assert range_[0] < 300 / 120 / 2
    assert range_[1] > 2 * 400 / 80
    assert found["wal-ratio"].range == (found["wal-ratio"].value,) * 2


def test_ranges_of_two_repeats_hold_the_truth() -> None:
    """Nineteen of twenty times, as they say; a bootstrap of two would do it every second time."""
    stream, hits = np.random.default_rng(5), 0
    for _ in range(300):
        points = [
            Point("heartbeat-db", {"value_bytes": size}, "bytes", tuple(value * stream.lognormal(0, 0.1, 2)))
            for size, value in ((300.0, 10.0), (15_360.0, 70.0))
        ]
        range_ = next(one for one in figures.figures(points, {}) if one.name == "db-lease-bytes").range
        assert range_ is not None
        hits += range_[0] <= 10 <= range_[1]
    assert 275 <= hits <= 297


def test_events_have_the_range_of_their_fit() -> None:
    """Also where each setting was measured once."""
    formula = families.FORMULAS["watch-cpu"]
    once = [Point(one.family, one.at, one.unit, one.samples[:1]) for one in made_points.points(formula, 0.2)]
    found = fit.fit(formula, once)
    assert found is not None
    (figure,) = figures.figures(once, {"watch-cpu": found})
    assert figure.repeats == 1
    assert figure.range is not None
    assert figure.range[0] < figure.value < figure.range[1]


def test_nothing_of_ours_is_called_reproduced() -> None:
    """The reference is kscale's own, and says so."""
    found = verdict.judge(
        _of("wal-lease-bytes"), _setup(wal_lease_bytes=398, wal_status_bytes=15_453), MECHANISMS
    )
    assert found.verdict is Verdict.IN_BAND
    assert all("kscale's own" in one.source and "of nobody else" in one.source for one in calibrated.CLAIMS)


@pytest.mark.parametrize("family", ["put-cpu", "heartbeat-wal", "list-time", "get-time", "lists-beside-p99"])
@pytest.mark.parametrize("samples", [(0.0,), (0.0, 0.0, 0.0), (0.0, 1.0, 2.0), (-1.0, 1.0, 2.0)])
def test_a_sample_of_nothing_gives_no_ratio(family: str, samples: tuple[float, ...]) -> None:
    """A clock that did not move is no divisor; the other figures are there."""
    points = [
        Point(one.family, one.at, one.unit, samples) if one.family == family else one for one in _points()
    ]
    found = {one.name: one for one in figures.figures(points, {})}
    assert "db-ratio" in found
    assert len(found) < len(figures.figures(list(_points()), {}))
    for one in found.values():
        value = {
            "value": one.value,
            "range": one.range,
            "repeats": one.repeats,
            "unit": one.unit,
            "at": one.at,
        }
        FigureValue.model_validate(value)


def _calibration(**changed: object) -> Calibration:
    """Return the file's section, changed."""
    tree = yaml.safe_load(FILE.format(ratio=39))["calibration"]
    return record.parse(tree | changed, "mine.yaml")


def test_what_a_calibration_lacks_says_why() -> None:
    """The file knows: the quick plan, or the experiment that was cut off."""
    left = "stopped, the budget of 60 s was used up"
    done = [{"id": "freelist", "title": "free pages", "left_out": left}]
    setup = calibrated.setup(_calibration(experiments=done))
    said = {
        name: wording.not_measured(verdict.judge(_of(name), setup, MECHANISMS))
        for name in ("spill-ratio-100k", "spill-ratio-10k", "watch-delivery-ns")
    }
    assert said["spill-ratio-100k"] == "not measured here: not in the quick plan"
    assert said["spill-ratio-10k"] == f"not measured here: free pages: {left}"
    assert said["watch-delivery-ns"].startswith("not measured here: its points gave nothing")
    default = calibrated.setup(_calibration(experiments=done, plan="default"))
    assert default.missing["spill-ratio-100k"] == f"free pages: {left}"
    open_ = verdict.judge(_of("spill-ratio-100k"), None, MECHANISMS)
    assert wording.not_measured(open_) == "not measured here: kscale calibrate etcd"


def test_the_quick_plan_lacks_what_is_said_of_it() -> None:
    """Its free pages and its lists are too few."""
    assert max(exp_freelist.QUICK.free_pages) * figures.NEAR < figures.SPILLS["100k"]
    assert max(exp_freelist.QUICK.free_pages) == figures.SPILLS["10k"]
    assert max(exp_beside.QUICK.keys) < figures.LONG_LIST <= max(exp_beside.DEFAULT.keys)
    for claim in calibrated.CLAIMS:
        assert {figures.BY[one.reads.partition("-")[0]] for one in claim.figures} <= {
            one.id for one in experiments.QUICK
        }


def test_what_makes_it_worth_less_is_above_the_rows() -> None:
    """A short plan, and other programs."""
    machine = _calibration().machine.model_copy(update={"other_cpu_pct": 151.3})
    setup = calibrated.setup(_calibration().model_copy(update={"machine": machine}))
    found = verdict.judge(_of("wal-ratio"), setup, MECHANISMS)
    head = " ".join(claims_table([found], {}, 100).plain.split())
    assert "2026-11-21; quick plan; other programs used 151 % of a core meanwhile" in head
    assert record.conditions("default", 3.0) == record.conditions("default", None) == []


def _asked(capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str, str]:
    """Return what the command says of the first claim."""
    code = app.main(["claims", "K1", *args])
    return code, *capsys.readouterr()


def test_the_command_reads_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one that is named; else costs/mine.yaml, if it is there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "costs").mkdir()
    (tmp_path / "other.yaml").write_text(FILE.format(ratio=38.5))
    assert "not measured here" in _asked(capsys)[1]
    code, out, _ = _asked(capsys, "--costs", "other.yaml", "--json", "--check")
    tree = json.loads(out)
    assert code == ExitCode.OK
    assert tree["claims"][0]["figures"][0]["ours"] == 38.5
    assert tree["calibrated"] == {"held": 1, "of": 1, "not_measured": 0}
    (tmp_path / "costs" / "mine.yaml").write_text(FILE.format(ratio=11))
    code, out, _ = _asked(capsys, "-v", "--check")
    assert code == ExitCode.OK
    told = " ".join(out.split())  # however wide the terminal is
    assert "outside: K1" in told
    assert "our set-up: kscale calibrate etcd: etcd 3.5.1 on 2 x fast that it shares with its client" in told
    assert "15 KiB against 300 B; measured 2 times" in told
    for name in ("csv", "jsonl", "markdown"):
        code, out, _ = _asked(capsys, "--format", name)
        assert code == ExitCode.OK
        assert "K1" in out
    code, _, err = _asked(capsys, "--plot", "k.png")
    assert (code, (tmp_path / "k.png").exists()) == (ExitCode.OK, True)
    assert "0 of 1 on a real etcd hold" in err


def test_a_file_that_does_not_say_is_refused_if_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that lies about under the usual name is a cost model like another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "costs").mkdir()
    (tmp_path / "costs" / "mine.yaml").write_text("schema: kscale.costs/1\ncoefficients: {}\n")
    assert "not measured here" in _asked(capsys)[1]
    code, out, err = _asked(capsys, "--costs", "costs/mine.yaml")
    assert (code, out) == (ExitCode.USAGE, "")
    assert "does not say how it was measured; kscale calibrate etcd writes one" in err
    assert _asked(capsys, "--costs", "nowhere.yaml")[0] == ExitCode.USAGE
