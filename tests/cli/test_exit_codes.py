"""Every row of the table of exit codes, through the command."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from command import environment, kscale
from made_results import result

from kscale.cli import app
from kscale.errors import ExitCode, KscaleError, WrongAnswer
from kscale.results import check, store

QUICK = ("run", "smoke", "--exact", "--filter", "etcd-freelist", "--set", "etcd-freelist.free_pages=1000")
README = Path(__file__).parents[2] / "README.md"


def save(folder: Path, name: str, **work: int) -> None:
    """Save a result whose only cell counted *work* in both variants."""
    one = result("20261121T025400Z-aaaaaaa", name=name).model_dump(mode="json", by_alias=True)
    cell = one["cells"][0]
    for variant in cell["variants"].values():
        variant["work"] = work
    cell["digest"] = check.digest(dict.fromkeys(cell["variants"], work))
    infos = {
        counter: {"kind": "exact", "unit": "ids", "better": "lower", "provenance": "measured"}
        for counter in work
    }
    one["mechanisms"] = {
        "etcd-freelist": {
            "title": "t",
            "source": "s",
            "per": "",
            "metrics": infos,
            "variants": {"baseline": "b", "optimized": "o"},
        }
    }
    store.Store(folder / "results").save(store.parse(json.dumps(one).encode(), name))


def test_0_done(tmp_path: Path) -> None:
    """A run that ends well is 0."""
    assert kscale(tmp_path, *QUICK).code == ExitCode.OK


def test_1_gate_failed(tmp_path: Path) -> None:
    """One more id scanned fails a gate, whatever its margin for times."""
    save(tmp_path, "main", ids_scanned=7)
    save(tmp_path, "head", ids_scanned=8)
    ran = kscale(tmp_path, "compare", "main", "head", "--fail-over", "10")
    assert ran.code == ExitCode.GATE_FAILED
    assert "ids_scanned" in ran.err
    assert kscale(tmp_path, "compare", "head", "main", "--fail-over", "10").code == ExitCode.OK


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["runn"], "No such command"),
        (["run"], "Missing argument"),
        (["run", "smoke", "--budget", "soon"], "--budget: "),
        (["run", "smoek"], "did you mean 'smoke'?"),
        (["run", "missing.yaml"], "no such file"),
        (["run", "smoke", "--set", "etcd-freelist.pages=1"], "has no parameter"),
        (["run", "smoke", "--set", "etcd-freelist.free_pages=-1"], "-1"),
        (["run", "smoke", "--filter", "nothing*"], "matches no cell"),
        (["run", "smoke", "--color", "red"], "--color"),
        (["run", "smoke", "--save", "../x"], "cannot name a result"),
        (["compare", "a", "b"], "has none yet"),
        (["plot", "latest", "-o", "x.png"], "has none yet"),
        (["show", "etcd-freelst"], "did you mean 'etcd-freelist'?"),
        (["schema", "policyy"], "policyy"),
    ],
)
def test_2_the_user_can_fix_it(tmp_path: Path, args: list[str], says: str) -> None:
    """Wrong usage is one line on standard error, nothing on standard output, and no file."""
    ran = kscale(tmp_path, *args)
    assert ran.code == ExitCode.USAGE
    assert says in ran.err
    assert ran.err.count("\n") == 1
    assert ran.out == ""
    assert list(tmp_path.iterdir()) == []


def test_3_nothing_comparable(tmp_path: Path) -> None:
    """Two results without a common cell give no verdict."""
    save(tmp_path, "main", ids_scanned=7)
    other = result("20261121T030000Z-bbbbbbb", name="head")
    cell = other.cells[0].model_copy(update={"params": {"free_pages": 11}})
    store.Store(tmp_path / "results").save(other.model_copy(update={"cells": [cell]}))
    assert kscale(tmp_path, "compare", "main", "head").code == ExitCode.NO_VERDICT


BROKEN = """
import dataclasses, sys
from kscale.measure import machine
machine.use_jit_cache()
from kscale.cli import app
from kscale.mechanisms import registry
from kscale.mechanisms.base import Outcome

def run(state):
    found = whole.run(state)
    calls.append(1)
    {change}
    return Outcome(work, answer)

calls = []
mechanism = registry.find("watch-fanout")
whole = mechanism.variants["optimized"]
variants = dict(mechanism.variants) | {{"optimized": dataclasses.replace(whole, run=run)}}
registry.MECHANISMS = (dataclasses.replace(mechanism, variants=variants),)
sys.exit(app.main(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("work, answer = {**found.work, 'events': len(calls)}, found.answer", "events is not reproducible"),
        ("work, answer = found.work, found.answer + 1", "watch-fanout["),
    ],
    ids=["a counter that moves", "another answer"],
)
def test_4_wrong_answer(tmp_path: Path, change: str, says: str) -> None:
    """Variants that disagree, or a counter that moves with one seed, are no regression but a wrong answer."""
    asked = ["run", "-", "--exact"]
    ran = subprocess.run(
        [sys.executable, "-c", BROKEN.format(change=change), *asked],
        cwd=tmp_path,
        env=environment(),
        input="cluster: {nodes: {count: 10}}\nmechanisms: {watch-fanout: {events: 100}}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == ExitCode.WRONG_ANSWER, ran.stderr
    assert says in ran.stderr


def raising(error: BaseException) -> Callable[..., None]:
    """Return an app that raises."""

    def call(**_: object) -> None:
        raise error

    return call


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KscaleError("x"), ExitCode.USAGE),
        (WrongAnswer("x"), ExitCode.WRONG_ANSWER),
        (RuntimeError("x"), ExitCode.BUG),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED),
    ],
)
def test_errors_become_codes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: ExitCode
) -> None:
    """70: what nobody foresaw is a bug, and says so; it does not read as a failed gate."""
    monkeypatch.setattr(app, "app", raising(error))
    assert app.main([]) == code
    said = capsys.readouterr().err
    assert ("kscale: bug: RuntimeError: x" in said) == (code is ExitCode.BUG)


def test_70_a_kscale_that_cannot_be_loaded(tmp_path: Path) -> None:
    """Python's own 1 for a broken import would read as a failed gate."""
    broken = "import sys; sys.modules['kscale.cli.judge'] = None; from kscale.__main__ import run; run()"
    ran = subprocess.run([sys.executable, "-c", broken], cwd=tmp_path, capture_output=True, check=False)
    assert ran.returncode == ExitCode.BUG


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_130_and_143_keep_finished_cells(tmp_path: Path, sent: signal.Signals, code: ExitCode) -> None:
    """A stopped run saves its finished cells; --resume ends it with the counters of a whole run."""
    asked = [
        "run",
        "smoke",
        "--set",
        "etcd-freelist.free_pages=1000,1001,1002,100k",
        "--filter",
        "etcd-freelist",
    ]
    with subprocess.Popen(
        [sys.executable, "-m", "kscale", *asked],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stderr
        process.stderr.readline()  # the first finished cell
        time.sleep(0.2)
        process.send_signal(sent)
        said = process.stderr.read().decode()
    assert process.returncode == code
    stopped = store.Store(tmp_path / "results").load("latest")
    assert stopped.run.status == "interrupted"
    assert re.search(r"[123] of 4 cells finished", said)

    assert kscale(tmp_path, *asked, "--resume", "--budget", "1s").code == ExitCode.OK
    resumed = store.Store(tmp_path / "results").load("latest")
    assert resumed.run.status == "complete"
    assert resumed.run.id == stopped.run.id
    assert not list((tmp_path / "results").glob("*.partial.jsonl"))
    assert kscale(tmp_path, *asked, "--exact", "--save", "whole").code == ExitCode.OK
    whole = store.Store(tmp_path / "results").load("whole")
    assert [cell.digest for cell in resumed.cells] == [cell.digest for cell in whole.cells]


def test_the_readme_has_every_code() -> None:
    """The table users read names each code of the enum."""
    rows = re.findall(r"^\| ([\d, ]+) \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(int(code) for row in rows for code in row.split(",")) == sorted(ExitCode)
