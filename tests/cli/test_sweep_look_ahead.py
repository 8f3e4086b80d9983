"""kscale sweep --dry-run: how many cells, about what they take; it refuses nothing, and runs nothing."""

import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import typer
from measure_fakes import TINY, mechanism

from kscale.cli import app, plugged
from kscale.cli import sweep as sweep_command
from kscale.engine import choose
from kscale.measure import machine
from kscale.mechanisms.base import Mechanism
from kscale.scenario import build
from kscale.scenario.cluster import Cluster

Ask = Callable[..., tuple[int, str, str]]
FAKES = (mechanism(variants=("third",)), mechanism(mechanism_id="other-search"))
GIB = 2**30


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Ask:
    """Return how to run the command in this process: code, what it printed, what it said."""
    monkeypatch.setattr(plugged, "mechanisms", lambda plugins: FAKES)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["sweep", "tiny.yaml", *args])
        return code, *capsys.readouterr()

    return asked


def test_a_look_ahead(ask: Ask, tmp_path: Path) -> None:
    """Cells, time and memory by mechanism and point; nothing is run or saved."""
    code, out, _ = ask(
        "--over", "free_pages=1,2,3", "--over", "cluster.nodes.count=4,8", "--seeds", "2", "--dry-run"
    )
    assert code == 0
    assert "tiny: 24 cells, about" in out
    assert "fake-search · 8 nodes" in out
    assert out.count(" 6 cells") == 4
    assert not (tmp_path / "results").exists()
    assert (
        "tiny: 6 cells" in ask("--over", "free_pages=1,2,3", "--seeds", "4", "--shard", "1/4", "--dry-run")[1]
    )


def test_planning_that_takes_long_says_so(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """On standard error, and not with --quiet."""
    begun, real = Event(), typer.echo

    def echo(words: str, *, err: bool) -> None:
        real(words, err=err)
        begun.set()

    def slow(plugins: object) -> tuple[Mechanism, ...]:
        begun.wait(10)
        return FAKES

    monkeypatch.setattr(sweep_command, "LATE_S", 0.001)
    monkeypatch.setattr(typer, "echo", echo)
    monkeypatch.setattr(plugged, "mechanisms", slow)
    code, _, err = ask("--over", "free_pages=1", "--dry-run")
    assert (code, err) == (0, "planning ...\n")
    assert ask("--over", "free_pages=1", "--dry-run", "-q")[2] == ""


def test_a_look_ahead_at_a_shard_with_nothing_in_it(ask: Ask) -> None:
    """Fewer cells than shards: there is nothing to be said of it but that."""
    code, out, _ = ask("--over", "fake-search.free_pages=1,2", "--shard", "3/3", "--dry-run")
    assert (code, out) == (0, "tiny: nothing in shard 3/3: the sweep has 2 cells\n")


def test_a_look_ahead_refuses_nothing(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is what one wants to know of it."""
    over = ("--over", "fake-search.free_pages=1,2", "--dry-run")
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB)
    code, out, _ = ask(*over, "--workers", "9")
    assert code == 0
    assert "with 9 workers" in out
    assert "it would not fit: fake-search needs about" in out
    assert "give --workers 2" in " ".join(out.split())
    assert "would not fit" not in ask(*over)[1]
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB // 8)
    code, out, _ = ask(*over)
    assert code == 0
    assert "it would not fit: fake-search needs about 370.0 MiB in each worker, 128 MiB are free" in out
    assert "make it smaller, or --force" in " ".join(out.split())
    monkeypatch.setattr(machine, "free_bytes", lambda: 0)
    code, out, _ = ask(*over)
    assert code == 0
    assert "no time of a cell is known" in out


def test_a_look_ahead_at_a_cluster_knows_nothing_of_its_machines(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This machine's memory and workers do not count there."""
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB // 8)
    over = ("--over", "fake-search.free_pages=1,2", "--dry-run", "--engine", "dask://scheduler:8786")
    code, out, _ = ask(*over)
    assert code == 0
    assert "shared by the workers at the cluster" in out
    assert "is not known here" in out
    assert "free" not in out.replace("free_pages", "").replace("free pages", "")
    assert "would not fit" not in out


def test_timed_cells_are_planned_one_at_a_time(ask: Ask) -> None:
    """As they are run, whatever number of workers is given."""
    assert "with 1 worker" in ask("--over", "free_pages=1", "--timed", "--workers", "4", "--dry-run")[1]


def test_many_points_are_told_by_mechanism_and_few_clusters_built(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of hundreds of clusters comes at once."""
    built, real = [], build.build

    def counting(*args: Any) -> Cluster:  # noqa: ANN401 - what build takes
        built.append(args)
        return real(*args)

    monkeypatch.setattr(build, "build", counting)
    code, out, _ = ask("--over", "cluster.nodes.count=1..30/30", "--dry-run")
    assert code == 0
    assert out.count("30 cells") == 2
    assert "5 of 30 clusters were built for this" in out
    assert len(built) == 5


@pytest.mark.parametrize(("quota", "cores"), [(None, 32), (2.5, 2), (0.5, 1), (64.0, 32)])
def test_a_worker_for_each_core_that_may_be_used(
    quota: float | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container may have fewer than the machine."""
    facts = machine.facts().model_copy(update={"cgroup_cpus": quota})
    monkeypatch.setattr(machine, "facts", lambda: facts)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(32)), raising=False)
    assert choose.cores() == cores
