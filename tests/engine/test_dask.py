"""The engine on a Dask cluster: equal cells in any order, whoever is killed, and a line about what is wrong.

Most of it on a scheduler and three worker processes on loopback.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace

import made_tasks
import psutil
import pytest

import kscale
from kscale.engine import dask, dask_members
from kscale.engine.base import ATTEMPTS
from kscale.engine.dask import Dask
from kscale.engine.dask_members import Crew
from kscale.engine.task import Task, Work
from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import machine
from kscale.results.record import Cell

distributed = pytest.importorskip("distributed", reason="the extra `dask` is not installed")

from dask_cluster import Cluster, cluster  # noqa: E402 - it needs the extra

WORK = made_tasks.work(seeds=(0, 1))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and three workers."""
    with cluster(tmp_path_factory.mktemp("dask") / "cluster") as running:
        yield running


@pytest.fixture(scope="module")
def expected() -> dict[str, str]:
    """Each cell as it is saved, run in this process."""
    return {key: made_tasks.untimed(cell) for key, cell in made_tasks.cells(WORK).items()}


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give workers that start again all the time they need: the machine may be busy."""
    monkeypatch.setattr(dask_members, "WAIT_S", 300.0)


def ran(engine: Dask, work: Work) -> dict[str, Cell]:
    """Return each task's cell by key."""
    found = {}
    for done in engine.run(work):
        assert done.task.key not in found
        found[done.task.key] = done.cell
    return found


def saved(cells: Mapping[str, Cell]) -> dict[str, str]:
    """Return cells as they are saved, without the time that they took."""
    return {key: made_tasks.untimed(cell) for key, cell in cells.items()}


def only(pages: int) -> Task:
    """Return the first task of so many free pages."""
    return next(task for task in WORK.tasks if task.params["free_pages"] == pages)


def test_any_order_gives_the_same_cells(there: Cluster, expected: dict[str, str]) -> None:
    """Each task is run once, by one of the three."""
    there.told()
    engine = Dask(there.address)
    assert saved(ran(engine, WORK)) == expected
    assert engine.workers == 3
    tried = there.attempts()
    assert set(tried) == set(expected)
    assert all(len(processes) == 1 for processes in tried.values())
    assert os.getpid() not in {processes[0] for processes in tried.values()}
    turned = replace(WORK, tasks=WORK.tasks[1::2] + WORK.tasks[-2::-2])
    assert saved(ran(engine, turned)) == expected


def test_an_end_in_mid_sweep_leaves_the_cluster_clean(there: Cluster) -> None:
    """Nothing of ours is left on the workers, which go on."""
    there.told()
    with closing(Dask(there.address).run(WORK)) as running:
        next(running)
    with distributed.Client(there.address, set_as_default=False, timeout=30) as client:
        assert not any(client.has_what().values())
        assert len(client.nthreads()) == 3


def test_a_wrong_answer_ends_the_sweep(there: Cluster, expected: dict[str, str]) -> None:
    """What was heard before is right."""
    there.told(wrong=(500,))
    found: dict[str, Cell] = {}
    running = Dask(there.address).run(replace(WORK, tasks=WORK.tasks[:5]))
    with pytest.raises(WrongAnswer, match=r"^500 free pages, .*variants disagree$"):
        found.update((done.task.key, done.cell) for done in running)
    assert saved(found).items() <= expected.items()
    assert only(500).key not in found


def test_times_are_taken_by_one_worker_of_a_machine(there: Cluster) -> None:
    """Two at once would be in each other's way."""
    there.told()
    settings = replace(made_tasks.COUNTED, timing=True, max_pairs=6, cell_cap_s=0.01)
    timed = made_tasks.work(pages=(100, 200), seeds=(0, 1), settings=settings)
    engine = Dask(there.address)
    found = ran(engine, timed)
    assert all(cell.variants["baseline"].wall_ns is not None for cell in found.values())
    assert len({process for several in there.attempts().values() for process in several}) == 1
    assert engine.workers == 1


def refusal(engine: Dask, work: Work = WORK) -> str:
    """Return the one line with which an engine refuses."""
    with pytest.raises(KscaleError) as refused:
        list(engine.run(work))
    said = str(refused.value)
    assert "\n" not in said
    return said


def test_times_of_another_machine_are_refused(there: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """The result would tell of this one."""
    here = machine.facts().model_copy(update={"fingerprint": "0" * 16, "cpu_model": "made"})
    monkeypatch.setattr(machine, "facts", lambda: here)
    timed = replace(WORK, settings=replace(made_tasks.COUNTED, timing=True))
    said = refusal(Dask(there.address), timed)
    assert said.startswith(f"--engine dask://{there.address}: worker tcp://127.0.0.1:")
    assert "is another machine than this one" in said
    assert "here made, " in said


def test_workers_of_another_kscale_are_refused(there: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another version, and of other sources of this version."""
    begins = f"--engine dask://{there.address}: worker tcp://127.0.0.1:"
    version = kscale.__version__
    with monkeypatch.context() as patched:
        patched.setattr(kscale, "__version__", "99.1")
        said = refusal(Dask(there.address))
        assert said.startswith(begins)
        assert f"has kscale {version}, this is 99.1; install the same" in said
    with monkeypatch.context() as patched:
        patched.setattr(machine, "code_stamp", lambda: "0123456789ab")
        said = refusal(Dask(there.address))
        assert said.startswith(begins)
        assert "has other sources of kscale" in said
        assert "here 0123456789ab" in said


def test_a_worker_killed_in_mid_sweep_costs_nothing_but_time(
    there: Cluster, expected: dict[str, str]
) -> None:
    """By its task, and from outside: what it had is run again, and every cell is the same."""
    there.told(once=(300,))
    found: dict[str, Cell] = {}
    for done in Dask(there.address).run(WORK):
        if not found:
            (process,) = there.attempts()[done.task.key]
            os.kill(process, signal.SIGKILL)
        found[done.task.key] = done.cell
    assert saved(found) == expected


def test_a_task_that_always_ends_its_worker_fails_alone(there: Cluster, expected: dict[str, str]) -> None:
    """It is tried on fresh workers, the last time when all others are done; those are done as ever."""
    there.told(deadly=(1000,))
    deadly, *others = only(1000), only(100), only(200)
    found = ran(Dask(there.address), replace(WORK, tasks=(deadly, *others)))
    tried = there.attempts()
    assert len(set(tried[deadly.key])) == ATTEMPTS
    lost = found.pop(deadly.key)
    assert saved(found) == {task.key: expected[task.key] for task in others}
    assert (lost.status, lost.label, lost.variants) == ("failed", deadly.label, {})
    assert lost.notes == ["its worker was lost 3 times; memory may be short"]


def children() -> set[int]:
    """Return the worker processes that this process has."""
    found = psutil.Process().children()
    return {one.pid for one in found if "spawn_main" in " ".join(one.cmdline())}


def test_a_cluster_of_our_own_is_gone_with_the_sweep(expected: dict[str, str]) -> None:
    """What it has counted is the same; its processes are gone."""
    before = children()
    with closing(Dask(workers=1).run(WORK)) as running:
        found = {done.task.key: done.cell for done in [next(running)]}
        assert len(children() - before) == 1
        found |= {done.task.key: done.cell for done in running}
    assert saved(found) == expected
    assert children() <= before


def test_an_unreachable_scheduler_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens, or who does is no scheduler."""
    monkeypatch.setattr(dask, "CONNECT_S", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert f"--engine dask://{address}: no scheduler answers in 0.5 s" in refusal(Dask(address))
    assert f"--engine dask://{address}: no scheduler answers in 0.5 s" in refusal(Dask(address))


@pytest.mark.parametrize(
    "address", ["", "host", "host:", "host:x", "host:99999", "host:1/x", "me@host:1", "a b"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    """Before anything is done."""
    with pytest.raises(KscaleError, match=r"^--engine 'dask://.*': write dask://HOST:PORT of a scheduler$"):
        Dask(address)


def test_without_dask_the_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setattr(dask, "find_spec", lambda name: None)
    with pytest.raises(KscaleError) as refused:
        Dask()
    assert str(refused.value) == (
        "--engine dask: Dask is not installed here; pip install 'kscale-bench[dask]'"
    )


class Answering:
    """A client of a cluster whose one worker, or whose scheduler, answers in some way."""

    def __init__(self, worker: object = None, scheduler: object = None) -> None:
        self.worker, self.scheduler = worker, scheduler

    async def nthreads(self) -> dict[str, int]:
        return {} if self.worker is None else {"tcp://10.0.0.2:4000": 1}

    async def run(self, question: object, workers: list[str], on_error: str) -> dict[str, object]:
        return dict.fromkeys(workers, self.worker)

    async def run_on_scheduler(self, question: object) -> object:
        if isinstance(self.scheduler, Exception):
            raise self.scheduler
        return self.scheduler


NONE, OLD = "No module named 'kscale'", "No module named 'kscale.engine'"
CURE = "install the same kscale for the scheduler, the workers and here"


@pytest.mark.parametrize(
    ("client", "says"),
    [
        (Answering(), "there is no worker, and none came in 0.01 s"),
        (
            Answering(Exception(f'ModuleNotFoundError("{NONE}")')),
            f"worker tcp://10.0.0.2:4000 has no kscale; {CURE}: kscale-bench {kscale.__version__}",
        ),
        (
            Answering(Exception(f'ModuleNotFoundError("{OLD}")')),
            f"worker tcp://10.0.0.2:4000 has another kscale than this one, {kscale.__version__}; {CURE}",
        ),
        (
            Answering(Exception("No module named\n 'numba'")),
            f"worker tcp://10.0.0.2:4000 cannot run kscale (Exception: No module named 'numba'); {CURE}",
        ),
        (Answering(OSError("closed")), "worker tcp://10.0.0.2:4000 cannot run kscale (OSError: closed)"),
        (Answering(scheduler=ModuleNotFoundError(NONE)), "the scheduler has no kscale"),
        (Answering(scheduler=ModuleNotFoundError(OLD)), "the scheduler has another kscale than this one"),
        (Answering(scheduler=ValueError("not allowed")), "the scheduler cannot run kscale (ValueError: not"),
        (Answering(scheduler=TimeoutError()), "the scheduler does not answer (TimeoutError)"),
    ],
)
def test_who_cannot_run_our_tasks_is_named(
    client: Answering, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one line, that begins with the engine."""
    monkeypatch.setattr(dask_members, "WAIT_S", 0.01)
    monkeypatch.setattr(dask_members, "LOOK_S", 0.01)
    with pytest.raises(KscaleError) as refused:
        asyncio.run(Crew(client, "--engine dask", timed=False).meet())
    assert str(refused.value).startswith(f"--engine dask: {says}")
    assert "\n" not in str(refused.value)
