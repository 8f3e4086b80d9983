"""One task in this process: what becomes of it, and what is kept for the next one."""

from collections.abc import Callable
from pathlib import Path

import made_tasks
import pytest

from kscale.engine.task import SEED, Task
from kscale.engine.worker import Runner
from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import machine, runner
from kscale.mechanisms.base import Outcome, Variant
from kscale.mechanisms.registry import MECHANISMS
from kscale.plugins import join
from kscale.plugins.own import Own
from kscale.results.record import Cell
from kscale.scenario import build
from kscale.scenario.cluster import Cluster
from kscale.scenario.recorded import Recorded
from kscale.scenario.schema import Scenario

WORK = made_tasks.work(pages=(100, 200), seeds=(0, 1))


def _run(task: Task, by: Runner | None = None, *, force: bool = False) -> Cell:
    """Run a task."""
    return (by or Runner()).run(WORK.places[task.place], task, WORK.settings, force=force)


def test_a_cell_has_the_parameters_and_the_point_of_its_task() -> None:
    """Under the names that results keep them, with the task's label."""
    task = WORK.tasks[-1]
    cell = _run(task)
    assert cell.status == "ok"
    assert cell.params == {**made_tasks.params(200), SEED: 1}
    assert (cell.mechanism, cell.label) == (task.mechanism, task.label)
    assert tuple(cell.variants) == task.variants


def test_a_cluster_is_built_when_the_place_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest one is kept: it is dear."""
    built: list[int] = []
    made = build.build

    def counted(scenario: Scenario, recorded: Recorded | None = None) -> Cluster:
        built.append(scenario.seed)
        return made(scenario, recorded)

    monkeypatch.setattr(build, "build", counted)
    by = Runner()
    for task in (*WORK.tasks, WORK.tasks[0]):
        _run(task, by)
    assert built == [0, 1, 0]


def test_a_cell_that_does_not_fit_fails_unless_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    """There may be more memory later. The reason is the line of a run; the parameters are there too."""
    monkeypatch.setattr(machine, "free_bytes", lambda: 1)
    task = WORK.tasks[0]
    cell = _run(task)
    assert (cell.status, cell.variants, cell.params) == ("failed", {}, {**task.params, **task.point})
    assert len(cell.notes) == 1
    assert cell.notes[0].startswith("the cluster of smoke needs about")
    by = Runner(built=(task.place, build.build(WORK.places[task.place].scenario)))
    assert _run(task, by).notes[0].startswith("etcd-freelist at 100 free pages, scenario.seed 0 needs about")
    assert _run(task, force=True).status == "ok"


@pytest.mark.parametrize(
    ("raised", "status", "note"),
    [
        (KscaleError("too many spans"), "skipped", "too many spans"),
        (MemoryError(), "failed", "there was not enough memory"),
        (IndexError("out of\nbounds"), "failed", f"a bug: IndexError: out of bounds ({Path(__file__).name}:"),
    ],
)
def test_what_cannot_be_run_says_why(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, status: str, note: str
) -> None:
    """It does not end the sweep."""
    monkeypatch.setattr(runner, "measure_cell", _raising(raised))
    cell = _run(WORK.tasks[0])
    assert cell.status == status
    assert len(cell.notes) == 1
    assert cell.notes[0].startswith(note)


def test_what_a_plugin_raises_in_a_cell_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason is a bug, not the cell: what a mechanism refuses is skipped, this is not."""

    def broken(given: object) -> Outcome:
        raise ValueError("no such page")

    mine = join.guarded("mine.py", Own("x", "mine", Variant("broken", broken, broken), {}), MECHANISMS[0])
    monkeypatch.setattr(runner, "measure_cell", lambda *given: mine.run(None))
    cell = _run(WORK.tasks[0])
    assert (cell.status, cell.notes) == ("failed", ["mine.py: ValueError: no such page"])


def test_a_wrong_answer_is_no_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends the sweep."""
    monkeypatch.setattr(runner, "measure_cell", _raising(WrongAnswer("variants disagree")))
    with pytest.raises(WrongAnswer, match=r"^variants disagree$"):
        _run(WORK.tasks[0])


def _raising(error: Exception) -> Callable[..., Cell]:
    """Return what raises an error."""

    def run(*given: object) -> Cell:
        raise error

    return run
