"""kscale sweep, as a user types it; on made mechanisms in this process, and once for real."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command import kscale
from measure_fakes import TINY, mechanism

from kscale.cli import app, completion, plugged, progress_sweep
from kscale.engine import choose
from kscale.engine.base import Done
from kscale.engine.task import Place, Task, Work
from kscale.engine.worker import Runner, without
from kscale.errors import ExitCode, Interrupted, KscaleError
from kscale.measure import machine
from kscale.results.record import Cell
from kscale.scenario import load, places

Ask = Callable[..., tuple[int, str, str]]
FAKES = (mechanism(variants=("third",)), mechanism(mechanism_id="other-search"))
GIB = 2**30


@dataclass
class Here:
    """An engine that runs tasks in this process, one after the other; or only the first few, then stops."""

    workers: int = 1
    most: int = 10**6
    name: str = "local"

    def run(self, work: Work) -> Generator[Done, None, None]:
        """Yield each task as it is done."""
        runner = Runner(mechanisms=FAKES)
        for task in work.tasks[: self.most]:
            yield Done(task, runner.run(work.places[task.place], task, work.settings))
        if self.most < len(work.tasks):
            raise Interrupted("interrupted")


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Return the engine that is used, whichever is asked for."""
    here = Here()

    def chosen(text: str, workers: int) -> Here:
        choose.check(text)
        here.workers = workers
        return here

    monkeypatch.setattr(choose, "engine", chosen)
    monkeypatch.setattr(plugged, "mechanisms", lambda plugins: FAKES)
    return here


@pytest.fixture
def ask(
    engine: Here, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Ask:
    """Return how to run the command in this process: code, what it printed, what it said."""
    assert engine.workers == 1
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(machine, "jit_cache", lambda: tmp_path / "numba")  # where turns of timed sweeps are
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")

    def asked(*args: str) -> tuple[int, str, str]:
        code = app.main(["sweep", "tiny.yaml", *args])
        return code, *capsys.readouterr()

    return asked


def saved(folder: Path, name: str) -> dict[str, object]:
    """Return a saved result."""
    found: dict[str, object] = json.loads((folder / "results" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def test_a_sweep_is_run_saved_and_shown(ask: Ask, tmp_path: Path) -> None:
    """A table on standard output, and a result whose cells say where they are."""
    over = ("--over", "fake-search.free_pages=1k,2k", "--over", "cluster.nodes.count=4,8")
    code, out, err = ask(*over, "--seeds", "2", "--save", "a")
    assert code == 0, err
    assert "8 cells" in out
    assert "saved results/a.json" in out
    assert "next: kscale plot a --map" in out
    tree = json.loads((tmp_path / "results" / "a.json").read_text(encoding="utf-8"))
    assert tree["run"]["sweep"]["over"] == {
        "fake-search.free_pages": [1000, 2000],
        "cluster.nodes.count": [4, 8],
    }
    assert tree["run"]["sweep"]["seeds"] == [0, 1]
    assert [
        (one["params"]["cluster.nodes.count"], one["params"]["scenario.seed"], one["params"]["free_pages"])
        for one in tree["cells"]
    ] == [(nodes, seed, pages) for nodes in (4, 8) for seed in (0, 1) for pages in (1000, 2000)]
    assert tree["cells"][-1]["label"] == "2k free pages, 8 nodes, seed 1"
    assert all(one["wall_ns"] is None for cell in tree["cells"] for one in cell["variants"].values())


def test_the_scenarios_own_sweep(ask: Ask, tmp_path: Path) -> None:
    """Is run where the command line gives none; --over takes its place, --seeds that of its seeds."""
    section = "sweep:\n  over:\n    free_pages: 1k..100k/3log\n    cluster.nodes.count: [4, 8]\n  seeds: 2\n"
    (tmp_path / "tiny.yaml").write_text(TINY + section, encoding="utf-8")
    code, out, _ = ask("--json", "-q")
    tree = json.loads(out)
    assert code == 0
    assert tree["run"]["sweep"]["over"] == {
        "free_pages": [1000, 10_000, 100_000],
        "cluster.nodes.count": [4, 8],
    }
    assert len(tree["cells"]) == 2 * 3 * 2 * 2
    other = json.loads(ask("--over", "free_pages=7", "--seeds", "1", "--json", "-q")[1])
    assert [one["params"]["free_pages"] for one in other["cells"]] == [7, 7]
    assert other["scenario"]["sha256"] == tree["scenario"]["sha256"]


def test_a_seed_other_than_the_scenarios(ask: Ask) -> None:
    """--seed is the first of --seeds."""
    tree = json.loads(ask("--seeds", "3", "--seed", "40", "--filter", "fake-*", "--json", "-q")[1])
    assert tree["run"]["seed"] == 40
    assert [one["params"]["scenario.seed"] for one in tree["cells"]] == [40, 41, 42]


def test_lines_of_json_as_cells_are_done(ask: Ask) -> None:
    """One for each cell, and nothing else on standard output."""
    code, out, _ = ask("--over", "free_pages=1,2", "--format", "jsonl")
    assert code == 0
    assert len([json.loads(line) for line in out.splitlines()]) == 4


def test_an_interrupted_sweep_goes_on(ask: Ask, engine: Here, tmp_path: Path) -> None:
    """The same command runs what is left; --fresh runs all."""
    engine.most = 3
    code, _, err = ask("--over", "free_pages=1,2,3", "-q")
    assert code == 130
    assert "3 of 6 cells are kept; the same command goes on" in err
    code, _, err = ask("--over", "free_pages=1,2,3", "--save", "a")
    assert code == 0, err
    assert len(json.loads((tmp_path / "results" / "a.json").read_text(encoding="utf-8"))["cells"]) == 6
    assert not list((tmp_path / "results").glob("*.partial.jsonl"))
    assert ask("--over", "free_pages=1,2,3", "-q")[0] == 130  # six again, of which three
    assert ask("--over", "free_pages=1,2,3", "-q", "--fresh")[0] == 130


def test_failed_cells_are_shown_before_they_are_said(
    ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table and the outputs are there; then comes the line, and the same command tries them again."""
    real = Runner.run

    def short(runner: Runner, place: Place, task: Task, *given: Any, **more: Any) -> Cell:  # noqa: ANN401 - as run
        if task.point["cluster.nodes.count"] == 8:
            return without(task, "failed", "needs more memory than is free")
        return real(runner, place, task, *given, **more)

    args = ("--filter", "fake-*", "--over", "cluster.nodes.count=4,8", "--save", "a", "-o", "cells.xml")
    with monkeypatch.context() as patched:
        patched.setattr(Runner, "run", short)
        code, out, err = ask(*args, "-q")
    assert code == 2
    assert "2 cells: 1 done, 1 failed" in out
    assert "1 of 2 cells failed: fake-search (8 nodes" in err
    assert "the rest is saved as results/2" in err
    assert err.count("\n") == 1
    assert '<error message="needs more memory' in (tmp_path / "cells.xml").read_text(encoding="utf-8")
    assert not (tmp_path / "results" / "a.json").exists()
    code, _, err = ask(*args)
    assert (code, "going on: 1 of 2 cells were finished before" in err) == (0, True), err
    assert (tmp_path / "results" / "a.json").exists()


def test_a_reader_that_leaves_keeps_what_is_done(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--format jsonl | head -1` ends as everywhere, and the same command goes on."""
    heard = progress_sweep.Stream.cell_done

    def closed(stream: progress_sweep.Stream, cell: Cell) -> None:
        if stream.done:
            raise BrokenPipeError(32, "Broken pipe")
        heard(stream, cell)

    with monkeypatch.context() as patched:
        patched.setattr(app, "_closed", lambda: ExitCode.CLOSED_PIPE)  # it would take standard output
        patched.setattr(progress_sweep.Stream, "cell_done", closed)
        code, _, err = ask("--over", "free_pages=1,2", "--format", "jsonl")
    assert (code, err) == (141, "")
    assert "going on: 2 of 4 cells were finished before" in ask("--over", "free_pages=1,2")[2]


def test_a_shard_is_every_nth_cell(ask: Ask) -> None:
    """It says which it is, and what to do with it."""
    code, out, _ = ask("--over", "free_pages=1,2,3", "--shard", "2/3", "--save", "two")
    assert code == 0
    assert "next: kscale merge, when all 3 shards are there" in out
    alone = ask("--over", "free_pages=1,2,3", "--shard", "1/1", "--save", "one")[1]
    assert "next: kscale merge results/one.json" in " ".join(alone.split())
    parts = [
        json.loads(ask("--over", "free_pages=1,2,3", "--shard", f"{i}/3", "--json")[1]) for i in (1, 2, 3)
    ]
    assert [one["run"]["sweep"]["shard"] for one in parts] == ["1/3", "2/3", "3/3"]
    assert [len(one["cells"]) for one in parts] == [2, 2, 2]
    assert len({one["run"]["sweep"]["plan"] for one in parts}) == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            (),
            "nothing is varied: give --over etcd-freelist.free_pages=1k..1M/7log, or --seeds 10, or",
        ),
        (("--over", "free_pages"), "--over free_pages: write it like free_pages=1k,10k"),
        (("--over", "free_page=1"), "did you mean 'free_pages'?"),
        (("--over", "free_pages=1", "--engine", "dusk"), "--engine: no engine 'dusk'; did you mean 'dask'?"),
        (("--over", "free_pages=1", "--engine", "dask://"), "--engine: no engine 'dask://'"),
        (("--over", "free_pages=1", "--engine", "dusk", "--dry-run"), "--engine: no engine 'dusk'"),
        (("--over", "free_pages=1", "--shard", "9/8"), "--shard 9/8: shards are counted from 1"),
        (("--over", "free_pages=1", "--shard", "0/8", "--dry-run"), "--shard 0/8"),
        (("--over", "free_pages=1", "--budget", "5s"), "--budget is the time for the pairs of a timed cell"),
        (("--over", "free_pages=1", "--timed", "--budget", "5"), "--budget: '5' is not a duration"),
        (
            ("--over", "free_pages=1", "--timed", "--budget", "5h"),
            "--budget: must be 10ms to 1h for a cell, got 5h",
        ),
        (("--over", "free_pages=1", "--seeds", "0"), "Invalid value for '--seeds'"),
        (("--over", "free_pages=1", "--workers", "0"), "Invalid value for '--workers'"),
        (("--over", "free_pages=1", "--dry-run", "--json"), "--dry-run cannot be combined with --format or"),
        (("--over", "free_pages=1", "--plugin", "nope.py"), "nope.py"),
        (("--over", "free_pages=1", "--save", "../x"), "'../x' cannot name a result"),
        (("--over", "free_pages=1", "--color", "green"), "--color: 'green' is not one of"),
        (
            ("--over", "free_pages=1", "--filter", "cluster.nodes.count=4"),
            "--filter cluster.nodes.count=4: matches no",
        ),
    ],
)
def test_what_cannot_be_done(ask: Ask, args: tuple[str, ...], says: str, tmp_path: Path) -> None:
    """One line that says which option is wrong, before any work."""
    code, out, err = ask(*args)
    assert (code, out) == (2, "")
    assert says in err
    assert err.count("\n") == 1
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("section", "says"),
    [
        (
            "sweep: {over: {free_pages: 1..5}}\n",
            "tiny.yaml:7: sweep.over.free_pages: '1..5' does not say how many",
        ),
        (
            "sweep:\n  over:\n    free_page: 5\n",
            "tiny.yaml:9: sweep.over.free_page: no mechanism of the scenario",
        ),
        (
            "sweep:\n  over:\n    cluster.nodes.count: [0]\n",
            "tiny.yaml:9: sweep.over.cluster.nodes.count: must be",
        ),
        (
            "sweep:\n  over:\n    free_pages: [1, 0]\n",
            "tiny.yaml:9: sweep.over.free_pages: should be greater",
        ),
    ],
)
def test_a_wrong_section_is_named_by_its_line(ask: Ask, tmp_path: Path, section: str, says: str) -> None:
    """As every complaint about a file."""
    (tmp_path / "tiny.yaml").write_text(TINY + section, encoding="utf-8")
    code, _, err = ask()
    assert code == 2
    assert says in err


def test_workers_fit_into_memory(ask: Ask, engine: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that are asked for must; unasked there are as many as do; --force takes the risk."""
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB)
    code, _, err = ask("--over", "free_pages=1,2", "--workers", "9")
    assert code == 2
    assert "--workers 9: fake-search needs about" in err
    assert "in each, 1 GiB are free: 2 fit; or --force" in err
    assert ask("--over", "free_pages=1,2", "--workers", "9", "--force", "-q")[0] == 0
    assert engine.workers == 9
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB // 2)
    assert ask("--over", "free_pages=1,2", "-q")[0] == 0
    assert engine.workers == 1
    monkeypatch.setattr(machine, "free_bytes", lambda: GIB // 8)
    code, _, err = ask("--over", "free_pages=1,2")
    assert code == 2
    assert "are free; make it smaller, or --force" in err


def test_timed_cells_are_timed_one_at_a_time(ask: Ask, engine: Here) -> None:
    """With their times in the result."""
    code, out, err = ask("--over", "fake-search.free_pages=1,2", "--timed", "--budget", "10ms", "--json")
    assert code == 0, err
    assert all(one["wall_ns"] for cell in json.loads(out)["cells"] for one in cell["variants"].values())
    assert engine.workers == 1


def test_engines_by_name() -> None:
    """Local processes, a Dask cluster that is started, or one at an address."""
    assert choose.engine("local", 3).workers == 3
    assert choose.engine("dask", 2).name == "dask"
    assert choose.is_here("dask")
    assert not choose.is_here("dask://scheduler:8786")
    with pytest.raises(KscaleError, match="no engine 'slurm'; known: dask, dask://HOST:PORT, local"):
        choose.check("slurm")


def test_offered_places_can_be_varied() -> None:
    """What a shell offers after --over is there."""
    known = places.places(load.load("smoke").scenario)
    assert set(completion.PLACES) <= set(known)
    assert "etcd-freelist.free_pages=" in [str(one) for one in completion.axes("")]


def test_sweep_for_real(tmp_path: Path) -> None:
    """Two processes, a shipped mechanism, the installed command."""
    (tmp_path / "tiny.yaml").write_text(TINY, encoding="utf-8")
    over = ("--over", "node-lease.failures=0,1")
    done = kscale(tmp_path, "sweep", "tiny.yaml", *over, "--workers", "2", "--save", "real")
    assert done.code == 0, done.err
    assert "2 cells: 2 done" in done.out
    tree = json.loads((tmp_path / "results" / "real.json").read_text(encoding="utf-8"))
    assert [one["params"]["failures"] for one in tree["cells"]] == [0, 1]
