"""kscale limit, as a user types it; on made stations, and once on a shipped scenario."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import made_simulations
import pytest
from command import kscale
from made_walls import Stations

from kscale.cli import app
from kscale.clusterwide import limit
from kscale.clusterwide.record import Simulated, Verdict
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.errors import TooLarge

Ask = Callable[..., tuple[int, str, str]]
RUN = made_simulations.optimized()


def simulated(size: Size, asked: Asked) -> Simulated:
    """Return a run of made stations: at 1,650 nodes a quota is full."""
    reach = Stations().reach(asked.toggles)
    assert asked.early
    assert asked.sample == 0
    assert reach.value is not None
    holds = size.nodes <= reach.value
    verdict = Verdict("pod-startup", "pod start-up", 5 * 10**9, "ns", None if not holds else 10**9, holds)
    return replace(RUN, seed=asked.seed, verdicts=(verdict,), blame="" if holds else reach.station)


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """Return how to run the command in this process: code, what it printed, what it said."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("CI", "true")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(limit, "simulate", simulated)

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["limit", *args, "--workers", "1"])
        return code, *capsys.readouterr()

    return asked


def test_limit_prints_the_walls(ask: Ask) -> None:
    """A sentence, both walls, the steps; a line for each wall on standard error."""
    code, out, err = ask("smoke")
    assert code == 0
    assert "Without the optimizations smoke breaks at 1,6" in out
    assert "+ leases as heartbeats" in out
    assert "modelled" in out
    assert "none: 1,6" in err
    assert ask("smoke", "-q") == (0, out, "")


def test_limit_as_json(ask: Ask, tmp_path: Path) -> None:
    """One document on standard output; the same in a file."""
    code, out, _ = ask("smoke", "--json", "-o", "walls.json", "-o", "walls.csv")
    assert code == 0
    tree = json.loads(out)
    assert tree["before"]["holds_at"] + sum(one["gain"] for one in tree["steps"]) == tree["after"]["holds_at"]
    assert (tmp_path / "walls.json").read_text(encoding="utf-8") == out
    assert (tmp_path / "walls.csv").read_text(encoding="utf-8").startswith("wall,changed")


def test_limit_draws_the_waterfall(ask: Ask, tmp_path: Path) -> None:
    """With --plot."""
    code, _, err = ask("smoke", "--plot", "walls.svg", "--no-steps")
    assert code == 0
    assert "wrote walls.svg: Without the optimizations" in err
    assert (tmp_path / "walls.svg").stat().st_size > 1000


def test_sets_bounds_and_seeds(ask: Ask) -> None:
    """Other sets are named; bounds are kept; seeds begin where they are told to."""
    code, out, _ = ask("smoke", "--after", "node-lease,etcd-offload", "--seeds", "2", "--seed", "5", "--json")
    assert code == 0
    tree = json.loads(out)
    assert tree["seeds"] == [5, 6]
    assert tree["after"]["name"] == "etcd-offload,node-lease"
    code, out, _ = ask("smoke", "--to", "1k", "--json")
    tree = json.loads(out)
    assert (tree["before"]["holds_at"], tree["before"]["breaks_at"]) == (1000, None)
    code, out, _ = ask("smoke", "--precision", "10%", "--from", "100", "--json")
    tree = json.loads(out)
    assert tree["before"]["breaks_at"] <= tree["before"]["holds_at"] * 1.1


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--axis", "node"), "--axis: no axis 'node'; did you mean 'nodes'?"),
        (("--slo", "mine"), "--slo: 'mine' is not known; write official"),
        (("--before", "node-leas"), "--before: no optimization 'node-leas'; did you mean 'node-lease'?"),
        (("--before", "today"), "--before today: the scenario does not say what is on"),
        (("--precision", "2"), "--precision: '2' is not a percentage"),
        (("--precision", "0%"), "--precision: must be 0.01% to 50%"),
        (("--duration", "soon"), "--duration: 'soon' is not a duration"),
        (("--from", "2k", "--to", "1k"), "--from must be at most --to, got 2,000 and 1,000"),
        (("--from", "0"), "--from: must be more than 0, got 0"),
        (("--to", "many"), "--to: 'many' is not a count"),
        (("--format", "junit"), "limit has no format junit"),
        (("--plot", "walls.pdf"), "walls.pdf"),
    ],
)
def test_what_limit_refuses(ask: Ask, args: tuple[str, ...], said: str) -> None:
    """In one line, before any work."""
    code, out, err = ask("smoke", *args)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_what_is_too_large_is_no_wall(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """A size that cannot be run ends the search there, and is said."""

    def small(size: Size, asked: Asked) -> Simulated:
        """Return a run, unless it has too many nodes."""
        if size.nodes > 5000:
            raise TooLarge("too large")
        return simulated(size, asked)

    monkeypatch.setattr(limit, "simulate", small)
    code, out, _ = ask("smoke", "--seeds", "1", "--no-steps")
    assert code == 0
    assert "are too large to run" in " ".join(out.split())


def test_ctrl_c_says_how_far_it_was(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """And ends with 130."""
    runs = []

    def stopped(size: Size, asked: Asked) -> Simulated:
        """Return a few runs, then hear Ctrl-C."""
        runs.append(size.nodes)
        if len(runs) == 5:
            signal.raise_signal(signal.SIGINT)
        return simulated(size, asked)

    monkeypatch.setattr(limit, "simulate", stopped)
    code, out, err = ask("smoke", "-q")
    assert (code, out) == (130, "")
    assert "interrupted: 4 runs; walls so far: none" in err


def test_other_objectives_reach_the_runs(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the head of the table."""
    bounds: set[int] = set()

    def noted(size: Size, asked: Asked) -> Simulated:
        """Note the bound of pod start-up."""
        bounds.update(one.at_most for one in asked.objectives if one.id == "pod-startup")
        return simulated(size, asked)

    monkeypatch.setattr(limit, "simulate", noted)
    code, out, _ = ask("smoke", "--slo", "pod-startup=10s", "--no-steps", "--seeds", "1")
    assert code == 0
    assert bounds == {10 * 10**9}
    assert "official objectives but pod-startup <= 10s" in " ".join(out.split())


def test_limit_of_a_real_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A shipped scenario, by real runs: in worker processes as in this one, byte for byte."""
    args = (
        "limit",
        "smoke",
        "--seeds",
        "1",
        "--precision",
        "50%",
        "--no-steps",
        "--to",
        "1k",
        "--json",
        "-q",
    )
    apart = kscale(tmp_path, *args, "--workers", "2")
    assert (apart.code, apart.err) == (0, "")
    assert app.main([*args, "--workers", "1"]) == 0
    assert capsys.readouterr().out == apart.out
    tree = json.loads(apart.out)
    assert 0 < tree["before"]["holds_at"] < tree["before"]["breaks_at"]
    assert (tree["after"]["holds_at"], tree["after"]["breaks_at"]) == (1000, None)
