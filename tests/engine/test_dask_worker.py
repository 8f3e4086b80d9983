"""What a worker of a Dask cluster answers, asked in this process."""

import pickle
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import made_tasks
import pytest
import recorded_clusters

from kscale.engine import dask_sweep, dask_worker
from kscale.engine.base import Done
from kscale.engine.dask_members import Crew, Member
from kscale.engine.dask_sweep import Conductor
from kscale.engine.dask_worker import Answer, Bundle
from kscale.engine.task import Place, Task, Work
from kscale.engine.worker import Runner
from kscale.errors import KscaleError, WrongAnswer
from kscale.results.record import Cell
from kscale.scenario import load, recorded
from kscale.scenario.load import Loaded


@pytest.fixture(autouse=True)
def _forgetting() -> Iterator[None]:
    """Keep nothing for the next test."""
    yield
    dask_worker.forget()


class Named:
    """Of a client, what a conductor asks for before it sends anything."""

    id = "made"


def conductor(work: Work) -> tuple[Conductor, list[Done]]:
    """Return who hands out tasks, to nobody, and what it hears."""
    heard: list[Done] = []
    return Conductor(Named(), work, Crew(Named(), "--engine dask", timed=False), heard.append), heard


def member(name: str = "tcp://10.0.0.2:4000") -> Member:
    """Return a worker."""
    return Member(name, dask_worker.facts())


def flight(to: Member, *tasks: Task) -> Any:  # noqa: ANN401 - private to its module
    """Return a bundle on its way."""
    return dask_sweep._Flight(to, tasks, suspected=False, began=0.0)


def answered(bundle: Bundle) -> Answer:
    """Return what a worker answers to a bundle."""
    found = pickle.loads(dask_worker.run(pickle.dumps(bundle)))  # noqa: S301 - our own
    assert isinstance(found, Answer)
    return found


def imported(folder: Path) -> Loaded:
    """Return a scenario whose cluster was recorded."""
    sha256 = recorded.save(recorded_clusters.everything(), folder / "mine.npz")
    text = f"cluster: {{imported: mine.npz, sha256: '{sha256}', holds: {{nodes: 3, pods: 5, objects: 11}}}}"
    return load.parse(text.encode(), "mine.yaml", "mine.yaml", folder=folder)


def test_what_was_recorded_goes_to_a_worker_once(tmp_path: Path) -> None:
    """Whatever the seed; one that forgot it says so, and gets it again."""
    seeds = [imported(tmp_path).with_seed(seed) for seed in (0, 1)]
    places = {one.sha256: Place(one.scenario, one.recorded, one.sha256) for one in seeds}
    first, second = (made_tasks.task(place, made_tasks.params(100)) for place in places.values())
    work = Work((first, second), places, made_tasks.COUNTED)
    expected = made_tasks.cells(work)
    asking, heard = conductor(work)
    one, other = member(), member("tcp://10.0.0.3:4000")
    sent = [asking._bundle(flight(to, task)) for to, task in ((one, first), (one, second), (other, second))]
    assert [len(bundle.recorded) for bundle in sent] == [1, 0, 1]
    assert all(place.recorded is None for bundle in sent for place in bundle.places.values())
    for bundle, task in zip(sent, (first, second, second), strict=True):
        (cell,) = answered(bundle).cells
        assert made_tasks.untimed(cell) == made_tasks.untimed(expected[task.key])
    dask_worker.forget()
    answer = answered(asking._bundle(flight(one, first)))
    assert answer.cells == ()
    assert answer.lacks in one.has
    asking._take(flight(one, *asking.waiting.take(None, 1)), answer)
    assert (heard, asking.waiting.count) == ([], 2)
    assert len(asking._bundle(flight(one, first)).recorded) == 1


def test_a_bundle_ends_when_it_lasts_long() -> None:
    """What it did not get to is put back; bundles grow while they are short."""
    work = made_tasks.work()
    asking, heard = conductor(work)
    to = member()
    to.size = 4
    tasks = asking.waiting.take(None, 4)
    whole = asking._bundle(flight(to, *tasks))
    assert len(answered(whole).cells) == 4
    answer = answered(replace(whole, long_s=0.0))
    assert len(answer.cells) == 1
    asking._take(flight(to, *tasks), answer)
    assert (to.size, to.place, asking.waiting.count) == (1, tasks[0].place, 4)
    assert [done.task for done in heard] == [tasks[0]]
    assert heard[0].peak_rss_bytes > 0
    assert asking.waiting.take(None, 9) == work.tasks[1:]


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (WrongAnswer("variants disagree"), WrongAnswer),
        (KscaleError("--plugin x: install the same everywhere"), KscaleError),
        (ZeroDivisionError("a bug"), RuntimeError),
    ],
)
def test_what_ends_a_sweep_is_told_with_what_was_done_before(
    raised: Exception, told: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variants that disagree, what cannot be run at all, and bugs with their traceback."""
    work = made_tasks.work(pages=(100, 200))
    cells = made_tasks.cells(work)
    asking, heard = conductor(work)

    def run(_: Runner, __: Place, task: Task, *___: object, **____: object) -> Cell:
        """Return the cell of the first task only."""
        if task.key == work.tasks[1].key:
            raise raised
        return cells[task.key]

    monkeypatch.setattr(Runner, "run", run)
    answer = answered(asking._bundle(flight(member(), *work.tasks)))
    with pytest.raises(told, match=str(raised)) as ended:
        asking._take(flight(member(), *work.tasks), answer)
    assert type(ended.value) is told
    assert [done.cell for done in heard] == [cells[work.tasks[0].key]]


def test_what_cannot_be_opened_is_told() -> None:
    """A worker raises nothing: Dask would log it there, and wrap it."""
    answer = pickle.loads(dask_worker.run(b"no bundle"))  # noqa: S301 - our own
    assert "UnpicklingError" in answer.broke
