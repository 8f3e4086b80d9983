"""A sweep from its plan to its result: what is kept when it ends early, and gone on with."""

import json
import os
import re
import signal
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import made_tasks
import pytest

from kscale.engine import conduct as conducting
from kscale.engine import failed, turn
from kscale.engine.base import Done, Engine
from kscale.engine.conduct import conduct, journal_of
from kscale.engine.sweep import Sweep
from kscale.engine.task import Task, Work
from kscale.engine.worker import without
from kscale.errors import Interrupted, KscaleError, WrongAnswer
from kscale.measure.campaign import Request
from kscale.plugins.source import Source
from kscale.results import resumed, store
from kscale.results.record import Cell, Result
from kscale.results.store import Store

SWEEP = made_tasks.sweep(seeds=(0, 1))
CELLS = made_tasks.cells(Work(SWEEP.tasks, SWEEP.places, SWEEP.settings))


@dataclass
class Made:
    """An engine that has all cells already, and hands them over in an order of its own."""

    name: str = "made"
    workers: int = 2
    ran: list[str] = field(default_factory=list)
    instead: Callable[[Task], Cell | None] = lambda task: None
    works: list[Work] = field(default_factory=list)

    def run(self, work: Work) -> Generator[Done, None, None]:
        """Hand them over, the last one first."""
        self.works.append(work)
        for task in reversed(work.tasks):
            self.ran.append(task.key)
            yield Done(task, self.instead(task) or CELLS[task.key], peak_rss_bytes=1000 + len(self.ran))


@dataclass
class Heard:
    """An observer that keeps what it hears, and does something at a cell."""

    then: Callable[[int], None] = lambda count: None
    finished: int = -1
    left: int = -1
    cells: list[Cell] = field(default_factory=list)

    def waits(self, what: str) -> None:
        """Nobody else is there."""
        raise AssertionError(what)

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Keep what begins."""
        self.finished, self.left = len(finished), left

    def cell_done(self, cell: Cell) -> None:
        """Keep it."""
        self.cells.append(cell)
        self.then(len(self.cells))


def _conduct(
    tmp_path: Path,
    engine: Made | None = None,
    heard: Heard | None = None,
    *,
    sweep: Sweep = SWEEP,
    shard: tuple[int, int] | None = None,
    fresh: bool = False,
    name: str | None = None,
) -> Result:
    """Conduct the sweep."""
    request = Request(["sweep", "smoke"], name)
    return conduct(
        sweep, engine or Made(), heard or Heard(), Store(tmp_path), request, shard=shard, fresh=fresh
    )


def _interrupting(at: int) -> Callable[[Task], Cell | None]:
    """Return what interrupts an engine at its cell of this number."""
    numbers = iter(range(1, at + 1))

    def made(task: Task) -> None:
        if next(numbers) == at:
            raise Interrupted("interrupted")

    return made


def _journal(tmp_path: Path) -> Path:
    """Return the one journal there is."""
    (path,) = tmp_path.glob(f"*{resumed.ENDING}")
    return path


def test_a_result_is_in_the_order_of_the_sweep_and_says_what_was_swept(tmp_path: Path) -> None:
    """However its cells were done; the journal is gone with the end."""
    source = Source("mine.py", "", "ab" * 32)
    result = _conduct(tmp_path, sweep=replace(SWEEP, plugins=(source,)), name="mine")
    assert result.cells == [CELLS[task.key] for task in SWEEP.tasks]
    assert result.run.plugins == [source.ref()]
    assert result.run.name == "mine"
    assert result.run.status == "complete"
    assert result.run.peak_rss_bytes == 1000 + len(CELLS)
    assert list(result.mechanisms) == ["etcd-freelist"]
    assert result.scenario.sha256 == SWEEP.loaded.sha256
    swept = result.run.sweep
    assert swept is not None
    assert swept.model_dump() == {
        "over": {"free_pages": list(made_tasks.PAGES)},
        "seeds": [0, 1],
        "cells": len(CELLS),
        "plan": SWEEP.plan,
        "engine": "made",
        "shard": None,
    }
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]
    assert Store(tmp_path).load("mine") == result
    with pytest.raises(KscaleError, match="there is a result of that name"):
        _conduct(tmp_path, name="mine")


@pytest.mark.parametrize(
    ("signum", "code", "said"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_what_a_signal_ends_the_same_command_goes_on_with(
    tmp_path: Path, signum: signal.Signals, code: int, said: str
) -> None:
    """Finished cells are kept and not run again; each is run once in all."""
    engine = Made()
    stopped = Heard(lambda count: signal.raise_signal(signum) if count == 3 else None)
    line = f"^{said}; 3 of 10 cells are kept; the same command goes on with them$"
    with pytest.raises(Interrupted, match=line) as interrupted:
        _conduct(tmp_path, engine, stopped)
    assert interrupted.value.exit_code == code
    assert _journal(tmp_path) == journal_of(SWEEP, Store(tmp_path))
    heard = Heard()
    result = _conduct(tmp_path, engine, heard)
    assert (heard.finished, heard.left) == (3, 7)
    assert sorted(engine.ran) == sorted(CELLS)
    assert result.cells == [CELLS[task.key] for task in SWEEP.tasks]
    assert len(list(tmp_path.iterdir())) == 1


def test_only_whole_lines_of_the_plan_are_gone_on_with(tmp_path: Path) -> None:
    """A half line, another sweep's, a cell with other counters, params or variants: each is run again."""
    first, second, third, fourth, fifth, sixth, *_ = SWEEP.tasks
    path = journal_of(SWEEP, Store(tmp_path))
    good = CELLS[first.key].model_dump(mode="json")
    wrong = json.loads(json.dumps(CELLS[second.key].model_dump(mode="json")))
    wrong["variants"]["baseline"]["work"]["transactions"] += 1
    alone = CELLS[fifth.key].model_copy(update={"variants": {}}).model_dump(mode="json")
    resumed.append(path, first.key, good)
    resumed.append(path, "of another sweep", good)
    resumed.append(path, second.key, wrong)
    resumed.append(path, third.key, CELLS[fourth.key].model_dump(mode="json"))
    resumed.append(path, fourth.key, ["no cell"])
    resumed.append(path, fifth.key, alone)
    resumed.append(path, sixth.key, CELLS[sixth.key].model_dump(mode="json"))
    path.write_bytes(path.read_bytes()[:-40])
    engine, heard = Made(), Heard()
    result = _conduct(tmp_path, engine, heard)
    assert (heard.finished, heard.left) == (1, 9)
    assert first.key not in engine.ran
    assert result.cells == [CELLS[task.key] for task in SWEEP.tasks]


def test_a_finished_journal_needs_no_engine_and_fresh_forgets_it(tmp_path: Path) -> None:
    """What is run is what is left, with the places it needs."""
    path = journal_of(SWEEP, Store(tmp_path))
    for task in SWEEP.tasks[:5]:
        resumed.append(path, task.key, CELLS[task.key].model_dump(mode="json"))
    before = path.read_bytes()
    engine = Made()
    _conduct(tmp_path, engine)
    assert [list(work.places) for work in engine.works] == [[SWEEP.tasks[5].place]]
    for task in SWEEP.tasks:
        resumed.append(path, task.key, CELLS[task.key].model_dump(mode="json"))
    engine = Made()
    assert _conduct(tmp_path, engine).cells == [CELLS[task.key] for task in SWEEP.tasks]
    assert engine.works == []
    path.write_bytes(before)
    engine = Made()
    _conduct(tmp_path, engine, fresh=True)
    assert len(engine.ran) == len(CELLS)


@pytest.mark.parametrize("kind", [WrongAnswer, KscaleError])
def test_what_an_engine_refuses_keeps_finished_cells(tmp_path: Path, kind: type[KscaleError]) -> None:
    """The error is the engine's, and says how far it was."""

    def refused(task: Task) -> None:
        if task == SWEEP.tasks[4]:
            raise kind("something is wrong")

    with pytest.raises(
        kind, match=r"^something is wrong; 5 of 10 cells are kept; the same command goes on with them$"
    ):
        _conduct(tmp_path, Made(instead=refused))
    assert set(resumed.read(_journal(tmp_path))) == {task.key for task in SWEEP.tasks[5:]}


def test_failed_cells_are_saved_named_and_tried_again(tmp_path: Path) -> None:
    """The result has them, under the run's id; the journal does not, and the same command goes on."""
    lost = SWEEP.tasks[1:5]

    def failing(task: Task) -> Cell | None:
        return without(task, "failed", "its worker was lost") if task in lost else None

    result = _conduct(tmp_path, Made(instead=failing), name="mine")
    line = failed.line(result.cells)
    assert line is not None
    assert re.fullmatch(
        r"4 of 10 cells failed: etcd-freelist \(200 free pages.*\), etcd-freelist \(.*\), "
        r"etcd-freelist \(.*\) and 1 more: its worker was lost",
        line,
    )
    saved = Store(tmp_path).load("latest")
    assert saved == result
    assert saved.run.name is None
    assert [cell.status for cell in saved.cells] == ["ok", *["failed"] * 4, *["ok"] * 5]
    engine, heard = Made(), Heard()
    assert _conduct(tmp_path, engine, heard, name="mine").run.name == "mine"
    assert (heard.finished, heard.left) == (6, 4)
    assert sorted(engine.ran) == sorted(task.key for task in lost)


def test_a_sweep_of_which_nothing_can_be_run_says_why(tmp_path: Path) -> None:
    """Nothing is saved then; what is skipped beside others is, and is no failure."""

    def skipping(task: Task) -> Cell | None:
        return without(task, "skipped", f"too large at {task.params['free_pages']}")

    line = r"^no cell could be run: etcd-freelist \(100 free pages.*\): too large at 100$"
    with pytest.raises(KscaleError, match=line):
        _conduct(tmp_path, Made(instead=skipping))
    assert list(tmp_path.iterdir()) == []
    engine = Made(instead=lambda task: skipping(task) if task == SWEEP.tasks[0] else None)
    assert [cell.status for cell in _conduct(tmp_path, engine).cells] == ["skipped", *["ok"] * 9]


def test_a_result_that_could_not_be_read_again_costs_no_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused before the journal goes."""
    monkeypatch.setattr(store, "MOST_BYTES", 1000)
    line = r"not saved, it would be larger than .*; 10 of 10 cells are kept; the same command goes on with"
    with pytest.raises(KscaleError, match=line):
        _conduct(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [_journal(tmp_path).name]
    monkeypatch.undo()
    engine = Made()
    assert _conduct(tmp_path, engine).cells == [CELLS[task.key] for task in SWEEP.tasks]
    assert engine.ran == []


def test_shards_have_journals_and_results_of_their_own(tmp_path: Path) -> None:
    """Also those that begin in the same second in one folder, that are empty, or of which all is skipped."""
    heard = Heard(lambda count: signal.raise_signal(signal.SIGINT) if count == 1 else None)
    with pytest.raises(Interrupted, match="1 of 5 cells are kept"):
        _conduct(tmp_path, heard=heard, shard=(1, 2))
    kept = _journal(tmp_path)
    second = _conduct(tmp_path, shard=(2, 2))
    assert kept.exists()
    heard = Heard()
    first = _conduct(tmp_path, heard=heard, shard=(1, 2))
    assert heard.finished == 1
    assert not kept.exists()
    assert first.run.id != second.run.id
    for number, result in ((1, first), (2, second)):
        assert result.run.sweep is not None
        assert (result.run.sweep.shard, result.run.sweep.cells) == (f"{number}/2", 10)
        assert result.cells == [CELLS[task.key] for task in SWEEP.tasks[number - 1 :: 2]]
    assert _conduct(tmp_path, shard=(12, 12)).cells == []
    skipping = Made(instead=lambda task: without(task, "skipped", "too large"))
    assert [one.status for one in _conduct(tmp_path, skipping, shard=(10, 10)).cells] == ["skipped"]


def test_a_journal_that_cannot_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told that cells are kept which are not."""
    (tmp_path / "file").touch()
    with pytest.raises(KscaleError, match="cannot be written: "):
        _conduct(tmp_path / "file" / "results")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conducting, "SYNC_S", 0.0)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        KscaleError, match=r"partial\.jsonl: cannot be written: No space left on device; no cell was"
    ):
        _conduct(tmp_path)


def test_a_reader_that_leaves_is_no_fault_of_the_journal(tmp_path: Path) -> None:
    """`--format jsonl | head -1`: the error is the pipe's, and what was finished is kept."""

    def closed(count: int) -> None:
        if count == 2:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):
        _conduct(tmp_path, heard=Heard(closed))
    heard = Heard()
    _conduct(tmp_path, heard=heard)
    assert heard.finished == 2


@pytest.mark.parametrize("fresh", [False, True])
def test_a_sweep_is_not_run_twice_at_once(tmp_path: Path, *, fresh: bool) -> None:
    """The twin is refused before it does anything, and the cells of the first are kept."""
    refused: list[str] = []

    def twin(count: int) -> None:
        if count == 3:
            with pytest.raises(KscaleError, match=r"^another kscale runs this very sweep: .*jsonl") as error:
                _conduct(tmp_path, heard=(heard := Heard()), fresh=fresh)
            refused.append(str(error.value))
            assert heard.cells == []
            assert len(resumed.read(_journal(tmp_path))) == 3
            raise Interrupted("interrupted")

    with pytest.raises(Interrupted, match="3 of 10 cells are kept"):
        _conduct(tmp_path, heard=Heard(twin))
    assert len(refused) == 1
    heard = Heard()
    _conduct(tmp_path, heard=heard)
    assert heard.finished == 3


@pytest.mark.parametrize(
    ("timing", "name", "taken"), [(True, "local", 1), (True, "dask", 0), (False, "local", 0)]
)
def test_timed_cells_of_this_machine_have_a_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, timing: bool, name: str, taken: int
) -> None:
    """Counted ones need none, and those that are done already; the workers of a cluster run elsewhere."""
    turns: list[Callable[[str], None]] = []

    def timed(waits: Callable[[str], None]) -> AbstractContextManager[None]:
        turns.append(waits)
        return nullcontext()

    monkeypatch.setattr(turn, "timed", timed)
    sweep = replace(SWEEP, settings=replace(SWEEP.settings, timing=timing))
    with pytest.raises(Interrupted):
        _conduct(tmp_path, Made(name, instead=_interrupting(len(CELLS))), sweep=sweep)
    assert len(turns) == taken
    for task in SWEEP.tasks:
        resumed.append(_journal(tmp_path), task.key, CELLS[task.key].model_dump(mode="json"))
    _conduct(tmp_path, Made(name), sweep=sweep)
    assert len(turns) == taken


@pytest.mark.parametrize(("every_s", "times"), [(1000.0, 1), (0.0, 11)])
def test_the_disk_is_not_waited_for_at_each_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, every_s: float, times: int
) -> None:
    """But now and then, and at the end; a line is in the file at once all the same."""
    kept: list[int] = []
    waited: list[int] = []
    heard = Heard(lambda count: kept.append(len(resumed.read(_journal(tmp_path)))))
    monkeypatch.setattr(conducting, "SYNC_S", every_s)
    monkeypatch.setattr(os, "fsync", waited.append)
    _conduct(tmp_path, heard=heard)
    assert kept == list(range(1, 11))
    assert len(waited) == times + 1  # and the result's file
