"""The gate as CI calls it: every exit code through the installed command, the rest in this process."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command import Ran, environment, kscale
from gate_cases import fanout, turned
from sample_results import cells, result

from kscale.cli import app
from kscale.errors import ExitCode
from kscale.results import check, store
from kscale.results.record import Cell, Result

POLICY = "kscale-gate.yaml"


def whole(one: Cell) -> Cell:
    """Return a made cell with its true digest."""
    works = {name: record.work for name, record in one.variants.items()}
    return one.model_copy(update={"digest": check.digest(works)})


def save(folder: Path, name: str, made: Result) -> None:
    """Save a made result under a name."""
    run = made.run.model_copy(update={"name": name})
    changed = {"cells": [whole(one) for one in made.cells], "run": run}
    store.Store(folder / "results").save(made.model_copy(update=changed))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a result, a like one, a slower one, one with one more, one with a cell less."""
    save(tmp_path, "main", turned("t", [fanout(), cells()[0]], head=False))
    save(tmp_path, "like", turned("t", [fanout(), cells()[0]], head=True))
    save(tmp_path, "slow", turned("t", [fanout(1100), cells()[0]], head=True))
    save(tmp_path, "more", turned("t", [fanout(watchers_tested=51), cells()[0]], head=True))
    save(tmp_path, "less", turned("t", [fanout()], head=True))
    return tmp_path


def write(folder: Path, text: str) -> None:
    """Write the policy of a folder."""
    (folder / POLICY).write_text(f"schema: kscale.policy/1\n{text}\n", encoding="utf-8")


def failed(ran: Ran, code: ExitCode) -> None:
    """Check the code, and that one line of standard error says why, beside what was measured again."""
    assert ran.code == code, ran.err
    said = [line for line in ran.err.splitlines() if not line.startswith("slower: ")]
    assert [line[:8] for line in said] == ["kscale: "]
    assert "kscale: " not in ran.out


Call = Callable[..., Ran]


@pytest.fixture
def call(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    """Return how to call the command in this process, in the folder of results."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("COLUMNS", "100")
    for name in ("CI", "KSCALE_RESULTS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)

    def run(*args: str) -> Ran:
        """Call it."""
        code = app.main([*args])
        seen = capsys.readouterr()
        return Ran(code, seen.out, seen.err)

    return run


def test_0_every_judged_cell_passed(folder: Path) -> None:
    """Nothing on standard error, the verdict on standard output."""
    ran = kscale(folder, "gate", "main", "like")
    assert (ran.code, ran.err) == (ExitCode.OK, "")
    assert "policy: built-in defaults (there is no kscale-gate.yaml here)" in ran.out
    assert "· exit 0" in ran.out


@pytest.mark.parametrize(
    ("head", "says"),
    [
        ("slow", "1 failed: watch-fanout[100 events] optimized.wall_ns worse"),
        ("more", "1 failed: watch-fanout[100 events] optimized.watchers_tested worse"),
        ("less", "1 failed: etcd-freelist · 10k free pages is gone"),
    ],
)
def test_1_worse_or_gone(call: Call, head: str, says: str) -> None:
    """A time 10 % slower, one more id, a cell that is not there: each by the built-in defaults."""
    ran = call("gate", "main", head)
    failed(ran, ExitCode.GATE_FAILED)
    assert says in ran.err
    assert "· exit 1" in ran.out


def test_1_and_2_in_a_process_of_its_own(folder: Path) -> None:
    """The codes reach the shell."""
    failed(kscale(folder, "gate", "main", "more"), ExitCode.GATE_FAILED)
    write(folder, "unknwon: 1")
    failed(kscale(folder, "gate", "main", "more"), ExitCode.USAGE)


def test_1_a_requirement_of_one_result(folder: Path, call: Call) -> None:
    """No baseline is needed, nor a name: the latest is meant."""
    write(folder, "require: [watch-fanout.watchers_tested.value <= 49]")
    ran = call("gate", "main")
    failed(ran, ExitCode.GATE_FAILED)
    assert "watch-fanout.watchers_tested.value <= 49 required" in ran.err
    assert f"policy: {POLICY}" in ran.out
    assert call("gate").code == ExitCode.GATE_FAILED


def test_1_before_3(folder: Path, call: Call) -> None:
    """What failed comes before what has no verdict."""
    write(folder, "defaults: {timing: {min_pairs: 50}}\ntreat: {unclear: fail}")
    failed(call("gate", "main", "more"), ExitCode.GATE_FAILED)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("defaults: {timing: {margin: 5}}", ":2: defaults.timing.margin: 5 is not a percentage"),
        ("rules:\n- match: {metric: wal_ns}\n  margin: 5%", ":3: rules[0].match.metric: 'wal_ns' matches"),
        ("require:\n- watch-fanout.evnts.value > 1", ":3: require[0]: metric 'evnts' matches nothing"),
        ("unknwon: 1", ":2: unknwon: unknown key"),
    ],
)
def test_2_a_bad_policy(folder: Path, call: Call, text: str, says: str) -> None:
    """File, line and key, and nothing on standard output."""
    write(folder, text)
    ran = call("gate", "main", "like")
    failed(ran, ExitCode.USAGE)
    assert f"{POLICY}{says}" in ran.err
    assert ran.out == ""


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["main", "lik"], "did you mean 'like'?"),
        (["main", "lost"], "no result 'lost'"),
        (["main", "like", "--policy", "lost.yaml"], "lost.yaml: no such file"),
        (["main", "like", "--color", "red"], "--color"),
        (["main", "like", "--format", "xml"], "xml"),
        (["main", "like", "--selftest"], "--selftest takes one result"),
        (["main", "--selftest", "--json"], "--selftest takes one result"),
        (["main", "--selftest", "--explain"], "--selftest takes one result"),
        (["main", "--selftest", "--verbose"], "--selftest takes one result"),
        (["main", "--selftest", "--allow-other-machine"], "--selftest takes one result"),
        (["main", "--selftest", "--against", sys.executable], "--selftest takes one result"),
    ],
)
def test_2_wrong_usage(folder: Path, call: Call, args: list[str], says: str) -> None:
    """One line; the beginning of a name is not that name."""
    ran = call("gate", *args)
    failed(ran, ExitCode.USAGE)
    assert says in ran.err
    assert ran.out == ""


def test_3_no_verdict(folder: Path, call: Call) -> None:
    """Nothing comparable, nothing judged, nothing required, or unclear where that may not be."""
    save(folder, "other", result([cells()[5]]))
    failed(kscale(folder, "gate", "main", "other"), ExitCode.NO_VERDICT)
    nothing = call("gate", "main")
    failed(nothing, ExitCode.NO_VERDICT)
    assert "name two (kscale gate main head)" in nothing.err
    write(folder, "defaults: {timing: {min_pairs: 50}}\ntreat: {unclear: fail}")
    unclear = call("gate", "main", "like")
    failed(unclear, ExitCode.NO_VERDICT)
    assert "the policy says unclear: fail (kscale-gate.yaml:3)" in unclear.err
    write(folder, 'rules: [{match: {mechanism: "*"}, level: ignore}]')
    ignored = call("gate", "main", "more")
    failed(ignored, ExitCode.NO_VERDICT)
    assert "nothing was judged" in ignored.err


WRONG = """
import sys
from kscale.cli import against, app
from kscale.errors import WrongAnswer

def again(keys):
    raise WrongAnswer(f"{keys[0]}: optimized: events is not reproducible")

against.remeasure = lambda *_: again
sys.exit(app.main(sys.argv[1:]))
"""


def test_4_a_counter_that_moves_when_measured_again(folder: Path) -> None:
    """A wrong answer comes before a failed gate."""
    ran = subprocess.run(
        [sys.executable, "-c", WRONG, "gate", "main", "slow", "-o", "gate.xml"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == ExitCode.WRONG_ANSWER, ran.stderr
    assert "events is not reproducible" in ran.stderr
    assert [line[:8] for line in ran.stderr.splitlines()] == ["kscale: "]
    assert ran.stdout == ""
    assert "events is not reproducible" in (folder / "gate.xml").read_text(encoding="utf-8")


def test_what_is_required_is_judged_where_nothing_compares(folder: Path, call: Call) -> None:
    """1 for a broken requirement, 2 for a rule about nothing, 0 where the policy wants no verdict."""
    save(folder, "other", result([cells()[5]]))
    requires = "require: [watch-fanout.watchers_tested.value <= 49]"
    for text in (requires, f"treat: {{nothing_judged: ignore}}\n{requires}"):
        write(folder, text)
        ran = call("gate", "main", "other", "--output", "gate.xml")
        failed(ran, ExitCode.GATE_FAILED)
        assert "nothing to compare between main and other" in " ".join(ran.out.split())
    write(folder, "rules: [{match: {metric: nothing}, level: warn}]")
    failed(call("gate", "main", "other"), ExitCode.USAGE)
    write(folder, "treat: {nothing_judged: ignore}")
    ran = call("gate", "main", "other")
    assert (ran.code, ran.err) == (ExitCode.OK, "")
    assert "nothing to compare between main and other" in " ".join(ran.out.split())
    write(folder, "treat: {nothing_judged: fail}")
    ran = call("gate", "main", "other", "--json")
    failed(ran, ExitCode.NO_VERDICT)
    assert "nothing to compare" in json.loads(ran.out)["judgement"]["no_verdict"]


def test_in_ci_margins_are_wider(folder: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """9 % more time passes 10 %, and the output says why."""
    save(folder, "nine", turned("t", [fanout(1090), cells()[0]], head=True))
    assert call("gate", "main", "nine").code == ExitCode.GATE_FAILED
    monkeypatch.setenv("CI", "true")
    ran = call("gate", "main", "nine")
    assert ran.code == ExitCode.OK
    assert "CI is set" in ran.out


def test_times_of_another_machine(folder: Path, call: Call) -> None:
    """Shown and not judged, unless that is asked for."""
    made = turned("t", [fanout(2000), cells()[0]], head=True)
    machine = made.machine.model_copy(update={"cpu_model": "other", "fingerprint": "0"})
    save(folder, "there", made.model_copy(update={"machine": machine}))
    ran = call("gate", "main", "there")
    assert ran.code == ExitCode.OK
    assert "other machine" in ran.out
    failed(call("gate", "main", "there", "--allow-other-machine"), ExitCode.GATE_FAILED)


def test_variants_of_the_latest_run(folder: Path, call: Call) -> None:
    """Baseline against optimized: its times are gated."""
    save(folder, "worse", result([fanout(110_000)], started="2026-12-01T00:00:00Z"))
    failed(call("gate", "baseline", "optimized"), ExitCode.GATE_FAILED)


def test_explain_verbose_and_json(folder: Path, call: Call) -> None:
    """Every rule on request; with --json one document on standard output, the code unchanged."""
    told = call("gate", "main", "more", "--explain", "--verbose")
    assert "what decided" in told.out
    assert "default: timing" in told.out
    ran = call("gate", "main", "more", "--json", "-o", "gate.xml", "--output", "gate.md")
    failed(ran, ExitCode.GATE_FAILED)
    assert json.loads(ran.out)
    assert "failure" in (folder / "gate.xml").read_text(encoding="utf-8")
    assert "watchers" in (folder / "gate.md").read_text(encoding="utf-8")


def test_the_selftest(folder: Path, call: Call) -> None:
    """0 if each doctored copy gave its code, 1 if one did not, 3 if what is needed could not be shown."""
    ran = call("gate", "main", "--selftest")
    assert (ran.code, ran.err) == (ExitCode.OK, "")
    rows = [line.split() for line in ran.out.splitlines() if line.startswith("  ") and line[2] != " "]
    codes = {"unchanged": "0", "slower": "1", "counter": "1", "gone": "1", "empty": "3"}
    assert {row[0]: row[-1] for row in rows} == {"case": "got"} | codes
    blind = "defaults: {timing: {margin: 80%}}"
    write(folder, blind)
    failed(call("gate", "main", "--selftest"), ExitCode.GATE_FAILED)
    write(folder, "treat: {gone_cell: ignore}")
    missing = call("gate", "--selftest")
    failed(missing, ExitCode.NO_VERDICT)
    assert "gone_cell: ignore" in missing.err
    write(folder, "rules: [{match: {metric: nothing}, level: warn}]")
    failed(call("gate", "--selftest"), ExitCode.USAGE)


def test_the_selftest_without_a_result(tmp_path: Path) -> None:
    """Smoke is counted first; nothing of it is kept."""
    ran = kscale(tmp_path, "gate", "--selftest")
    assert ran.code == ExitCode.OK
    assert ran.err == "no result yet: counting the scenario smoke, which takes seconds\n"
    assert "not shown" in ran.out
    assert list(tmp_path.iterdir()) == []
