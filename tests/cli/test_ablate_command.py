"""kscale ablate, as a user types it; with a game in place of the simulation."""

import json
from collections.abc import Callable
from pathlib import Path

import made_ablations as made
import pytest

from kscale.cli import app
from kscale.clusterwide import ablate
from kscale.clusterwide.ablate import Outcome
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.errors import ExitCode, Interrupted

Ask = Callable[..., tuple[int, str, str]]
LEAST = (
    "schema: kscale.scenario/1\ncluster: {nodes: {count: 20}, pods: {count: 100}, objects: {total: 200}}\n"
)
AFTER = ("--after", "etcd-learner,node-lease,watch-encode,watch-bookmark,list-index")


class Fake:
    """A game in place of the simulation, which can be interrupted."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.asked: list[tuple[Size, Asked]] = []
        self.most = 10**9

    def __call__(self, size: Size, asked: Asked) -> Outcome:
        """Return what a run comes to, until it is enough."""
        if len(self.asked) == self.most:
            raise Interrupted("interrupted")
        self.asked.append((size, asked))
        return made.outcome(size, asked)


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Put it in the place of the simulation."""
    found = Fake()
    monkeypatch.setattr(ablate, "outcome", found)
    return found


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Return what types a command in a folder with a scenario."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KSCALE_RESULTS", raising=False)
    (tmp_path / "least.yaml").write_text(LEAST)

    def typed(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = app.main(["ablate", "least.yaml", "--workers", "1", *args])
        out, err = capsys.readouterr()
        return code, out, err

    return typed


def test_it_prints_draws_and_keeps_the_account(fake: Fake, ask: Ask, tmp_path: Path) -> None:
    """A table on standard output; a picture, a file and a kept account beside it."""
    code, out, err = ask(*AFTER, "--plot", "w.svg", "-o", "w.md", "--save", "mine")
    assert code == ExitCode.OK
    assert "node-lease" in out
    assert "modelled" in out
    assert (tmp_path / "w.svg").read_text().startswith("<?xml")
    assert "| node-lease |" in (tmp_path / "w.md").read_text()
    kept = json.loads((tmp_path / "results/ablations/mine.json").read_text())
    assert kept["metric"] == made.METRIC
    assert "saved results/ablations/mine.json" in err
    assert sorted(one.name for one in (tmp_path / "results/ablations").iterdir()) == ["mine.json"]
    size, asked = fake.asked[0]
    assert (size.nodes, asked.duration_ns, asked.seed) == (20, 300 * made.S, 0)
    code, _, err = ask(*AFTER, "--save", "mine")
    assert code == ExitCode.USAGE
    assert "--save: results/ablations/mine.json is there; --force replaces it" in err
    assert (
        ask(*AFTER, "--save", "mine", "--force", "--seed", "3", "--nodes", "40", "--duration", "6min")[0] == 0
    )
    size, asked = fake.asked[-1]
    assert (size.nodes, asked.duration_ns, asked.seed) == (40, 360 * made.S, 3)


def test_json_is_one_document(fake: Fake, ask: Ask) -> None:
    """Nothing but JSON is on standard output, nothing on standard error."""
    code, out, err = ask(*AFTER, "--json")
    assert code == ExitCode.OK
    assert json.loads(out)["exact"] is True
    assert err == ""
    again = ask(*AFTER, "--json")
    assert again[1] == out


def test_an_interrupted_account_goes_on(fake: Fake, ask: Ask, tmp_path: Path) -> None:
    """What was run is kept, and not run again; the account is that of an undisturbed one."""
    fake.most = 9
    code, out, err = ask(*AFTER)
    assert (code, out) == (ExitCode.INTERRUPTED, "")
    assert "9 of 12 runs are kept; the same command goes on with them" in err
    fake.most = 10**9
    code, out, err = ask(*AFTER)
    assert code == ExitCode.OK
    assert "going on with 9 runs made before" in err
    whole = {asked.toggles for _, asked in fake.asked}
    assert len(fake.asked) == len(whole)
    assert not list((tmp_path / "results/ablations").iterdir())
    assert ask(*AFTER)[1] == out
    assert {asked.toggles for _, asked in fake.asked[len(whole) :]} == whole


def test_what_was_kept_of_another_question_is_not_taken(fake: Fake, ask: Ask) -> None:
    """Another seed or size is other runs."""
    fake.most = 5
    ask(*AFTER)
    fake.most = 10**9
    _, _, err = ask(*AFTER, "--seed", "9")
    assert "made before" not in err


def test_orders_are_drawn_or_counted(fake: Fake, ask: Ask) -> None:
    """--permutations draws, --exact counts all, --no-pairs leaves pairs out."""
    drawn = json.loads(ask(*AFTER, "--permutations", "5", "--json", "--no-pairs")[1])
    assert (drawn["orders"], drawn["exact"], drawn["pairs"]) == (6, False, [])
    every = json.loads(ask(*AFTER, "--exact", "--json")[1])
    assert (every["orders"], every["exact"], len(every["pairs"])) == (0, True, 6)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--metric", "pod-start"), "--metric: no metric 'pod-start'; did you mean 'pod-startup.p99'?"),
        (("--metric", "relists"), "--metric relists: nothing of it was asked for in"),
        (("--before", "all"), "are the same optimizations: all; nothing to tell apart"),
        (("--before", "nod-lease"), "--before: no optimization 'nod-lease'; did you mean 'node-lease'?"),
        (("--exact", "--permutations", "4"), "--exact counts every order: it cannot be combined"),
        (("--permutations", "0"), "--permutations"),
        (("--duration", "soon"), "--duration"),
        (("--format", "junit"), "ablate has no format junit; known: table, json, csv, markdown"),
        (("--plot", "w.gif"), "w.gif"),
        (("--save", "../x"), "cannot name a result"),
        (("--force",), "--force replaces what --save names"),
        (("--color", "blue"), "--color"),
    ],
)
def test_bad_input_gets_one_line(fake: Fake, ask: Ask, args: tuple[str, ...], said: str) -> None:
    """Where, what, what is allowed; nothing on standard output."""
    code, out, err = ask(*args)
    assert code == ExitCode.USAGE
    assert out == ""
    assert said in err
    lines = [line for line in err.strip().splitlines() if not line.startswith("compiling kernels")]
    assert len(lines) == 1  # beside what is said where a cache is cold, before the first run


def test_real_runs_are_equal_for_any_number_of_workers(ask: Ask) -> None:
    """A small cluster for ten seconds, in this process and in two others: the same bytes; it adds up."""
    args = (
        "--after",
        "node-lease,watch-encode",
        "--metric",
        "log-bytes-per-min",
        "--duration",
        "10s",
        "--json",
    )
    code, alone, _ = ask(*args)
    assert code == ExitCode.OK
    assert ask(*args, "--workers", "2")[1] == alone
    tree = json.loads(alone)
    assert tree["value_before"]["amount"] > tree["value_after"]["amount"]
    parts = {part["toggle"]: part["numerator"] for part in tree["parts"]}
    assert (
        sum(parts.values())
        == (tree["value_after"]["amount"] - tree["value_before"]["amount"]) * tree["denominator"]
    )
    assert parts["watch-encode"] == 0
