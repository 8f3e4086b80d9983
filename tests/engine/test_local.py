"""The engine of this machine: equal cells for any number of workers, in any order, whoever is killed."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import made_tasks
import pytest
from worker_tasks import Told

from kscale import processes
from kscale.engine import local
from kscale.engine.base import ATTEMPTS
from kscale.engine.local import Local
from kscale.engine.task import Work
from kscale.errors import KscaleError, WrongAnswer
from kscale.processes import Answer, Lost
from kscale.results.record import Cell

WORK = made_tasks.work(seeds=(0, 1))


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """Return each cell as it is saved, run in this process."""
    return {key: made_tasks.untimed(cell) for key, cell in made_tasks.cells(WORK).items()}


def _ran(engine: Local, work: Work) -> dict[str, Cell]:
    """Return each task's cell by key."""
    found = {}
    for done in engine.run(work):
        assert done.task.key not in found
        found[done.task.key] = done.cell
    return found


def _saved(cells: Mapping[str, Cell]) -> dict[str, str]:
    """Return cells as they are saved, without the time that they took."""
    return {key: made_tasks.untimed(cell) for key, cell in cells.items()}


def _attempts(folder: Path) -> dict[str, list[str]]:
    """Return the processes that tried each task."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()):
        key, _, process = path.name.split(".")
        found.setdefault(key, []).append(process)
    return found


class Here:
    """Stands in for a worker process: answers in this one."""

    begun = 0

    def __init__(self, begin: Callable[[], Callable[[object], object]]) -> None:
        """Begin."""
        Here.begun += 1
        self.made = begin()

    def ask(self, question: object) -> None:
        """Keep the question."""
        self.question = question

    def answer(self) -> Answer[object]:
        """Answer it."""
        try:
            return Answer(True, self.made(self.question))
        except KscaleError as error:
            return Answer(False, error)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run what a process would run in this one."""
    monkeypatch.setattr(Here, "begun", 0)
    monkeypatch.setattr(processes, "start", Here)
    monkeypatch.setattr(processes, "answered", list)
    monkeypatch.setattr(processes, "end", lambda workers: None)


def test_whoever_is_killed_the_cells_are_the_same(
    expected: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker is killed in mid-sweep, and one task ends every process that tries it: it fails, alone."""
    monkeypatch.setattr(local, "ATTEMPTS", 2)  # a process takes a while to start
    deadly = WORK.tasks[-1]
    engine = Local(2, partial(Told, folder=tmp_path, deadly=(deadly.label,)))
    found: dict[str, Cell] = {}
    for done in engine.run(WORK):
        if not found:  # it has its next task already
            os.kill(int(_attempts(tmp_path)[done.task.key][0]), signal.SIGKILL)
        assert done.task.key not in found
        assert (done.peak_rss_bytes > 0) == (done.cell.status == "ok")
        found[done.task.key] = done.cell
    lost = found.pop(deadly.key)
    assert _saved(found) == {key: cell for key, cell in expected.items() if key != deadly.key}
    tried = _attempts(tmp_path)
    assert len(tried[deadly.key]) == len(set(tried[deadly.key])) == 2
    assert os.getpid() not in {int(process) for several in tried.values() for process in several}
    assert (lost.status, lost.label, lost.variants) == ("failed", deadly.label, {})
    assert lost.params == {**deadly.params, **deadly.point}
    assert lost.notes == ["its worker process ended with signal 9, 2 times; memory may be short"]
    assert multiprocessing.active_children() == []


def test_one_worker_and_another_order_give_the_same_cells(expected: dict[str, str], tmp_path: Path) -> None:
    """It is a process of its own; each task is run once."""
    turned = replace(WORK, tasks=tuple(reversed(WORK.tasks)))
    assert _saved(_ran(Local(1, partial(Told, folder=tmp_path)), turned)) == expected
    tried = _attempts(tmp_path)
    assert set(tried) == set(expected)
    (only,) = {tuple(several) for several in tried.values()}
    assert len(only) == 1
    assert only[0] != str(os.getpid())


def test_a_wrong_answer_ends_all(here: None, tmp_path: Path) -> None:
    """What others are at is given up."""
    engine = Local(2, partial(Told, folder=tmp_path, wrong=(WORK.tasks[1].label,)))
    with pytest.raises(WrongAnswer, match=r"^200 free pages, .*: variants disagree$"):
        list(engine.run(WORK))
    assert len(_attempts(tmp_path)) < len(WORK.tasks)


@pytest.mark.parametrize(("timing", "begun"), [(True, 1), (False, 3)])
def test_timed_tasks_are_run_one_at_a_time(here: None, *, timing: bool, begun: int) -> None:
    """Whatever was asked: two on one machine would be in each other's way."""
    settings = replace(made_tasks.COUNTED, timing=timing, max_pairs=6, cell_cap_s=0.01)
    found = _ran(Local(3), made_tasks.work(pages=(100, 200), seeds=(0, 1), settings=settings))
    assert {cell.variants["baseline"].wall_ns is not None for cell in found.values()} == {timing}
    assert Here.begun == begun


def test_no_more_workers_are_begun_than_there_are_tasks(here: None) -> None:
    """A process takes a second to start."""
    _ran(Local(8), replace(WORK, tasks=WORK.tasks[:2]))
    assert Here.begun == 2


def test_processes_that_cannot_start_are_not_tried_for_ever(
    here: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is not a task's fault."""

    def lost(worker: Here) -> Answer[object]:
        raise Lost("with 3")

    monkeypatch.setattr(Here, "answer", lost)
    with pytest.raises(KscaleError, match=r"^worker processes end with 3 as they start$"):
        list(Local(1).run(WORK))
    assert Here.begun == ATTEMPTS


def test_there_is_a_worker() -> None:
    """None is refused."""
    with pytest.raises(KscaleError, match="workers must be >= 1, got 0"):
        Local(0)


def test_good_answers_heard_with_a_wrong_one_are_kept(here: None, tmp_path: Path) -> None:
    """They came at the same time: what ends the sweep does not undo them."""
    engine = Local(2, partial(Told, folder=tmp_path, wrong=(WORK.tasks[0].label,)))
    found: list[str] = []
    with pytest.raises(WrongAnswer):
        found.extend(done.task.key for done in engine.run(WORK))  # extended one by one
    assert found == [WORK.tasks[len(made_tasks.PAGES)].key]  # the first of the other worker's place


def test_a_system_that_has_no_process_is_said(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a line of its own."""

    def none(begin: object) -> Here:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(processes, "start", none)
    line = r"^a worker process cannot be started: Resource temporarily unavailable; try --workers 1$"
    with pytest.raises(KscaleError, match=line):
        list(Local(2).run(WORK))
