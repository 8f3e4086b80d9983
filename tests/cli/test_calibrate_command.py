"""kscale calibrate etcd, as a user types it: what is refused before any work, and once for real, small."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
import real_etcd
from command import kscale

from kscale.calibrate import campaign, exp_heartbeats, exp_puts, find, record
from kscale.calibrate.campaign import Outcome
from kscale.calibrate.point import Point
from kscale.cli import app
from kscale.errors import ExitCode, Interrupted, KscaleError
from kscale.results import store
from kscale.scenario import costs

Ask = Callable[..., tuple[int, str, str]]
SMALL = (
    exp_puts.experiment(exp_puts.Plan((1, 2, 8), (256, 4096), 1, 0.05, 2**18, 10.0)),
    exp_heartbeats.experiment(exp_heartbeats.Plan((300, 15_360), 1, 100, 10.0)),
)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """Return how to run the command in this process, on two small experiments: code, out, err."""
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(campaign, "planned", lambda **_: SMALL)

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["calibrate", "etcd", *args])
        return code, *capsys.readouterr()

    return asked


def _folders(within: Path) -> list[str]:
    """Return the folders of etcds in *within*."""
    return [path.name for path in within.glob("kscale-etcd-*")]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("-o", "mine.txt"), "'mine.txt' is not the name of a cost model; write it like mine.yaml"),
        (("-o", "a: b.yaml"), "--output: no scenario could name 'a: b.yaml'; write it like mine.yaml"),
        (("-o", "a\nb.yaml"), "no scenario could name"),
        (("-o", "there.yaml"), "there.yaml is there; --force replaces it"),
        (("-o", "there.yaml/mine.yaml"), "cannot be written"),
        (("--budget", "soon"), "--budget: 'soon' is not a duration"),
        (("--budget", "1s"), "--budget: 1s is too short; the quick plan takes at least"),
        (("--extends", "k8s-1.37"), "no profile 'k8s-1.37'; did you mean 'k8s-1.36'?"),
        (("--endpoint", "127.0.0.1:1", "--folder", "."), "--folder are for one of our own"),
        (("--endpoint", "127.0.0.1:1", "--etcd-bin", "etcd"), "--endpoint is an etcd that runs already"),
        (("--allow-keys",), "--allow-keys goes with --endpoint"),
        (("--etcd-bin", "there.yaml"), "--etcd-bin: there.yaml"),
        (("--color", "red"), "--color: 'red'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_any_work(
    ask: Ask, args: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """A line, exit 2, nothing written."""
    (tmp_path / "there.yaml").write_text("mine")
    code, out, err = ask(*args)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["there.yaml"]
    assert (tmp_path / "there.yaml").read_text() == "mine"


def test_without_an_etcd_it_says_how_to_get_one(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, exit 2."""

    def none(*_: object) -> None:
        raise KscaleError(find.NO_ETCD)

    monkeypatch.setattr(find, "find", none)
    code, out, err = ask()
    assert (code, out) == (ExitCode.USAGE, "")
    assert err.strip() == f"kscale: {find.NO_ETCD}"
    assert find.EXTRA in err


def test_a_real_etcd_is_measured(ask: Ask, tmp_path: Path) -> None:
    """The file is a cost model; the table has coefficients, errors, and what to write into a scenario."""
    real_etcd.binary()
    (tmp_path / "data").mkdir()
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    code, out, err = ask("-o", "costs/mine.yaml", "--folder", "data", "-v")
    assert (code, _folders(tmp_path / "data")) == (ExitCode.OK, [])
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    found = record.read(tmp_path / "costs" / "mine.yaml")
    assert found is not None
    assert [one.left_out for one in found.experiments] == [None, None]
    assert {"put-throughput", "put-p50", "put-cpu", "fsync", "heartbeat-wal"} <= found.families.keys()
    assert 36 < found.figures["wal-ratio"].value < 42
    model = costs.parse((tmp_path / "costs" / "mine.yaml").read_bytes(), "mine.yaml", "mine")
    assert 80 < model["etcd_wal_record_bytes"] < 110
    assert model["etcd_apply_ns"] == costs.of_profile("k8s-1.36")["etcd_apply_ns"]
    assert str(tmp_path) not in (tmp_path / "costs" / "mine.yaml").read_text()
    for said in ("etcd_wal_record_bytes", "held out", "costs: costs/mine.yaml", "{etcd: {fsync: "):
        assert said in out
    assert err.splitlines()[0].startswith("1/2 puts")


def test_it_is_told_as_json_and_replaces_if_asked(ask: Ask, tmp_path: Path) -> None:
    """One document on standard output, nothing on the other with --quiet."""
    real_etcd.binary()
    (tmp_path / "mine.yaml").write_text("old")
    code, out, err = ask("-o", "mine.yaml", "--force", "--json", "--quiet")
    assert (code, err) == (ExitCode.OK, "")
    tree = json.loads(out)
    assert (tree["schema"], tree["written"]) == ("kscale.calibration/1", "mine.yaml")
    assert tree["coefficients"]["etcd_wal_record_bytes"]["profile"] == 95
    assert tree["calibration"]["etcd"].startswith("etcd 3.")
    assert (tmp_path / "mine.yaml").read_text().startswith("# What work costs")


def test_what_was_measured_is_told_though_it_cannot_be_written(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The table, then the reason, exit 2."""
    real_etcd.binary()

    def full(*_: object) -> None:
        raise KscaleError("costs/mine.yaml: cannot be written: No space left on device")

    monkeypatch.setattr(store, "write", full)
    code, out, err = ask("-q")
    assert code == ExitCode.USAGE
    assert "etcd_wal_record_bytes" in out
    assert "wrote" not in out
    assert err == "kscale: costs/mine.yaml: cannot be written: No space left on device\n"
    assert list(tmp_path.iterdir()) == []
    code, out, _ = ask("-q", "--json")
    assert (code, json.loads(out)["written"]) == (ExitCode.USAGE, None)


def test_an_experiment_that_fails_is_no_success(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is of the others; exit 3."""
    real_etcd.binary()

    def broken(*_: object) -> Iterator[Point]:
        raise KscaleError("it broke")
        yield  # type: ignore[unreachable]

    monkeypatch.setattr(campaign, "planned", lambda **_: (replace(SMALL[0], run=broken), SMALL[1]))
    code, out, err = ask("-q")
    assert code == ExitCode.NO_VERDICT
    assert "etcd_wal_record_bytes" in out
    assert err.splitlines() == [
        "not measured: puts: it broke",
        "kscale: 1 of 2 experiments failed: puts; the file is of the others",
    ]


@pytest.mark.parametrize("code", [ExitCode.INTERRUPTED, ExitCode.TERMINATED])
def test_an_end_from_outside_leaves_nothing(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: ExitCode
) -> None:
    """No file, no folder, no etcd; the line says so."""
    real_etcd.binary()

    def stopped(*_: object, **__: object) -> Outcome:
        assert len(_folders(tmp_path)) == 1
        raise Interrupted("stopped", code)

    monkeypatch.setattr(campaign, "run", stopped)
    found, out, err = ask("--folder", str(tmp_path))
    assert (found, out) == (code, "")
    assert "stopped: nothing was written, the etcd is stopped and its folder removed" in err
    assert list(tmp_path.iterdir()) == []


def test_an_endpoint_of_ones_own(ask: Ask, tmp_path: Path) -> None:
    """What needs files is left out with the reason; an etcd with keys is refused unless allowed."""
    with real_etcd.started() as etcd:
        address = etcd.running.address
        etcd.put(b"/mine", b"1")
        code, _, err = ask("--endpoint", address, "-q")
        assert code == ExitCode.USAGE
        assert "--allow-keys takes it all the same" in err
        code, out, _ = ask("--endpoint", address, "--allow-keys", "-q")
        assert code == ExitCode.OK
        assert f"left out: {SMALL[1].title}: {campaign.NEEDS_FILES}" in " ".join(out.split())
        assert etcd.count() == 1
    found = record.read(tmp_path / "costs" / "mine.yaml")
    assert found is not None
    assert found.machine.file_system is None
    assert address not in (tmp_path / "costs" / "mine.yaml").read_text()


def test_the_group_shows_its_help(tmp_path: Path) -> None:
    """In a process of its own."""
    ran = kscale(tmp_path, "calibrate")
    assert (ran.code, ran.err) == (0, "")
    assert "Measure a real etcd" in ran.out
