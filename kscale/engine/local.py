"""The engine of this machine: spawned processes, one thread each.

Also one worker is a process of its own, so that a task that ends it does not end the sweep. A worker keeps
the cluster that it built last, and stays at its place as long as there is something to do.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from kscale import processes
from kscale.engine.base import ATTEMPTS, Done
from kscale.engine.task import Place, Task, Work
from kscale.engine.waiting import Waiting
from kscale.engine.worker import Runner, without
from kscale.errors import KscaleError
from kscale.measure import machine
from kscale.measure.timing import Settings
from kscale.plugins.source import Source
from kscale.processes import Lost, Worker
from kscale.results.record import Cell

Question = tuple[Place | None, Task] | None  # without a place: at the latest one; None: only whether it is up
Answer = tuple[Cell, int] | None  # the cell, and the most memory that the process has held


class Local:
    """Runs tasks in processes of this machine; timed ones in one, whatever was asked."""

    name = "local"

    def __init__(self, workers: int, runner: Callable[[], Runner] = Runner) -> None:
        """Start nothing yet; each process makes a *runner* for itself. KscaleError if there is no worker."""
        if workers < 1:
            raise KscaleError(f"workers must be >= 1, got {workers}")
        self.workers = workers
        self.runner = runner

    def run(self, work: Work) -> Generator[Done, None, None]:
        """Yield each task as it is done.

        Those that were lost with their process are tried again at the end, one at a time: if memory was
        short, there is more of it then. KscaleError if no process can be started.
        """
        left: Sequence[Task] = work.tasks
        lost: dict[str, str] = {}
        workers = 1 if work.timed else self.workers
        for _ in range(ATTEMPTS):
            lost = yield from self._round(work, left, workers)
            left = [task for task in left if task.key in lost]
            workers = 1
        for task in left:
            yield Done(task, without(task, "failed", _why(lost[task.key])))

    def _round(
        self, work: Work, tasks: Sequence[Task], workers: int
    ) -> Generator[Done, None, dict[str, str]]:
        """Try each task once, yield what is done, and return by key how the processes of the others ended."""
        begin = _Begin(self.runner, work.settings, work.plugins, work.force)
        waiting, lost, stillborn = Waiting(tasks), dict[str, str](), 0
        busy: list[_Member] = []
        try:
            while busy or waiting.count:
                while len(busy) < workers and sum(one.task is None for one in busy) < waiting.count:
                    busy.append(_Member(_started(begin)))
                    busy[-1].ask(None, work)
                for member, heard in _heard(busy):
                    task = member.task
                    if isinstance(heard, Lost):
                        busy.remove(member)
                        processes.end([member.worker])
                        if task is not None:
                            lost[task.key] = heard.how
                        elif (stillborn := stillborn + 1) == ATTEMPTS:
                            raise KscaleError(f"worker processes end {heard.how} as they start")
                        continue
                    answer = heard.came()
                    following = waiting.take(member.at, 1)
                    if following:  # before anybody hears of the answer: no worker waits for that
                        member.ask(following[0], work)
                    else:
                        busy.remove(member)
                        processes.end([member.worker])  # and its memory is free
                    if task is not None and answer is not None:
                        yield Done(task, *answer)
        finally:
            processes.end([one.worker for one in busy])
        return lost


@dataclass(eq=False, slots=True)
class _Member:
    """A worker that was asked, and what it is at."""

    worker: Worker[Question, Answer]
    task: Task | None = None  # None: it was asked whether it is up
    at: str | None = None  # Place.sha256

    def ask(self, task: Task | None, work: Work) -> None:
        """Give it a task, with its place if that is another one; that it is gone is heard from its answer."""
        question = None
        if task is not None:
            question = (work.places[task.place] if task.place != self.at else None, task)
            self.at = task.place
        self.task = task
        with suppress(Lost):
            self.worker.ask(question)


@dataclass(frozen=True, slots=True)
class _Begin:
    """Begins a worker process."""

    runner: Callable[[], Runner]
    settings: Settings
    plugins: tuple[Source, ...]
    force: bool

    def __call__(self) -> Callable[[Question], Answer]:
        """Return what runs a task."""
        runner = self.runner()
        at: Place | None = None

        def made(question: Question) -> Answer:
            """Run it."""
            nonlocal at
            if question is None:
                return None
            place, task = question
            at = place or at
            if at is None:
                raise ValueError("the first task brings no place")
            cell = runner.run(at, task, self.settings, self.plugins, force=self.force)
            return cell, machine.peak_rss_bytes()

        return made


def _heard(members: Sequence[_Member]) -> list[tuple[_Member, processes.Answer[Answer] | Lost]]:
    """Wait for answers, and return them; those that are errors come last, so that they undo no other."""
    workers = processes.answered([one.worker for one in members])
    found: list[tuple[_Member, processes.Answer[Answer] | Lost]] = []
    for member in [one for one in members if one.worker in workers]:
        try:
            found.append((member, member.worker.answer()))
        except Lost as error:
            found.append((member, error))
    return sorted(found, key=lambda one: isinstance(one[1], processes.Answer) and not one[1].good)


def _started(begin: _Begin) -> Worker[Question, Answer]:
    """Return a new worker process; KscaleError if the system has none."""
    try:
        return processes.start(begin)
    except OSError as error:
        raise KscaleError(
            f"a worker process cannot be started: {error.strerror or error}; try --workers 1"
        ) from None


def _why(how: str) -> str:
    """Return the note of a task that was given up."""
    memory = "; memory may be short" if how == "with signal 9" else ""
    return f"its worker process ended {how}, {ATTEMPTS} times{memory}"
