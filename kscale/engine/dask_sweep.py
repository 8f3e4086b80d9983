"""Hands the tasks of a sweep to the workers of a Dask cluster, and hears what they come to.

A task is put on a worker by name, and a worker has one bundle of tasks at a time: so it is known what ran
where a worker is lost, which Dask would have blamed on whatever was queued there too. Bundles grow until
they last long enough for the way there and back not to matter. Tasks of a lost bundle are tried alone.
"""

import asyncio
import hashlib
import itertools
import math
import pickle
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from kscale.engine import dask_worker
from kscale.engine.base import ATTEMPTS, Done
from kscale.engine.dask_members import LOOK_S, Client, Crew, Member, line_of
from kscale.engine.dask_worker import Answer, Bundle
from kscale.engine.task import Place, Task, Work
from kscale.engine.waiting import Waiting
from kscale.engine.worker import without
from kscale.errors import KscaleError, WrongAnswer

LONG_S = 0.5  # that a bundle lasts, unless its first task takes longer
LARGEST = 64  # tasks of a bundle


@dataclass(eq=False, slots=True)
class _Flight:
    """A bundle that is on a worker."""

    member: Member
    tasks: tuple[Task, ...]
    suspected: bool  # of having ended a worker
    began: float


class Conductor:
    """Runs one sweep on the workers that a client sees."""

    def __init__(self, client: Client, work: Work, crew: Crew, hear: Callable[[Done], None]) -> None:
        """Keep what is run by whom, and who hears of each task, from this thread."""
        self.client, self.work, self.crew, self.hear = client, work, crew, hear
        self.waiting = Waiting(work.tasks)
        self.suspects: deque[Task] = deque()  # their worker was lost
        self.last: deque[Task] = deque()  # suspects at their last attempt, which they have to themselves
        self.losses: Counter[str] = Counter()  # of workers that a task was alone on, by its key
        self.flights: dict[asyncio.Task[bytes], _Flight] = {}
        self.recorded: dict[int, str] = {}  # id of what was recorded -> its key
        self.names: Iterator[str] = (f"kscale-{client.id}-{number}" for number in itertools.count())

    async def run(self) -> None:
        """Run all tasks. KscaleError, in a line, if there is nobody who can; WrongAnswer as it is found."""
        looked = time.monotonic()
        try:
            while self.waiting.count or self.suspects or self.last or self.flights:
                self._send()
                await self._listen()
                if time.monotonic() - looked > LOOK_S:
                    self._let_go(await self.crew.look())
                    looked = time.monotonic()
        finally:
            for flying in self.flights:
                flying.cancel()
            await asyncio.gather(*self.flights, return_exceptions=True)

    def _send(self) -> None:
        """Give each worker that has nothing a bundle."""
        busy = {flight.member.address for flight in self.flights.values()}
        for member in self.crew.usable():
            if member.address in busy:
                continue
            suspected = bool(self.suspects) or not self.waiting.count
            tasks = self._next(member)
            if not tasks:
                return
            flight = _Flight(member, tasks, suspected, time.monotonic())
            self.flights[asyncio.create_task(self._fly(flight))] = flight

    def _next(self, member: Member) -> tuple[Task, ...]:
        """Return what a worker is to run next: a suspect alone, or a bundle; nothing if nothing is left."""
        if self.suspects:
            return (self.suspects.popleft(),)
        if self.waiting.count:
            fair = math.ceil(self.waiting.count / (2 * len(self.crew.members)))
            return self.waiting.take(member.place, min(member.size, fair))
        if self.last and not self.flights:
            return (self.last.popleft(),)
        return ()

    async def _fly(self, flight: _Flight) -> bytes:
        """Return what a worker answers to a bundle."""
        future = self.client.submit(
            dask_worker.run,
            pickle.dumps(self._bundle(flight)),
            key=next(self.names),
            workers=[flight.member.address],
            allow_other_workers=False,
        )
        try:
            return await future  # type: ignore[no-any-return]  # Dask's
        finally:
            future.release()

    def _bundle(self, flight: _Flight) -> Bundle:
        """Return the tasks with their places; what was recorded goes to each worker once."""
        places = {task.place: self.work.places[task.place] for task in flight.tasks}
        recorded_of = {name: self._key(place) for name, place in places.items() if place.recorded is not None}
        recorded = {
            key: place.recorded
            for name, place in places.items()
            if place.recorded is not None and (key := recorded_of[name]) not in flight.member.has
        }
        flight.member.has.update(recorded)
        return Bundle(
            tasks=flight.tasks,
            places={name: replace(place, recorded=None) for name, place in places.items()},
            recorded_of=recorded_of,
            recorded=recorded,
            settings=self.work.settings,
            plugins=self.work.plugins,
            force=self.work.force,
            long_s=LONG_S,
        )

    def _key(self, place: Place) -> str:
        """Return the key of what was recorded of a place; places of one cluster share it."""
        found = self.recorded.get(id(place.recorded))
        if found is None:
            found = hashlib.sha256(pickle.dumps(place.recorded)).hexdigest()
            self.recorded[id(place.recorded)] = found
        return found

    async def _listen(self) -> None:
        """Wait a moment for bundles to be done, and take what they came to."""
        if not self.flights:
            await asyncio.sleep(LOOK_S)
            return
        landed, _ = await asyncio.wait(self.flights, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        for one in landed:
            flight = self.flights.pop(one)
            error = asyncio.CancelledError() if one.cancelled() else one.exception()
            if error is None:
                self._take(flight, pickle.loads(one.result()))  # noqa: S301 - from a worker that runs our code
            elif isinstance(error, asyncio.CancelledError) or type(error).__module__.startswith(
                "distributed"
            ):
                self._lose(flight)
            else:
                raise KscaleError(f"{self.crew.said}: {line_of(error)}")

    def _take(self, flight: _Flight, answer: Answer) -> None:
        """Hand over the cells of a bundle, and put back what it did not get to."""
        member, left = flight.member, flight.tasks[len(answer.cells) :]
        for task, cell in zip(flight.tasks, answer.cells, strict=False):
            self.hear(Done(task, cell, answer.peak_rss_bytes))
            member.place = task.place
        if answer.wrong is not None:
            raise WrongAnswer(answer.wrong)
        if answer.refused is not None:
            raise KscaleError(answer.refused)
        if answer.broke is not None:
            raise RuntimeError(f"on worker {member.address}:\n{answer.broke}")
        if answer.lacks is not None:
            member.has.discard(answer.lacks)
        elif left:
            member.size = max(1, len(answer.cells))
        elif time.monotonic() - flight.began < LONG_S / 2 and len(flight.tasks) == member.size:
            member.size = min(LARGEST, 2 * member.size)
        if flight.suspected:
            self.suspects.extendleft(left)
        else:
            self.waiting.back(left)

    def _let_go(self, gone: list[Member]) -> None:
        """Take the bundles of workers that are gone for lost."""
        for one, flight in list(self.flights.items()):
            if flight.member in gone:
                del self.flights[one]
                one.cancel()
                self._lose(flight)

    def _lose(self, flight: _Flight) -> None:
        """Have the tasks of a lost worker tried again, alone; give one up that was alone too often."""
        self.crew.drop(flight.member)
        if len(flight.tasks) > 1:
            self.suspects.extend(flight.tasks)
            return
        (task,) = flight.tasks
        self.losses[task.key] += 1
        if self.losses[task.key] >= ATTEMPTS:
            self.hear(Done(task, without(task, "failed", _WHY)))
        elif self.losses[task.key] == ATTEMPTS - 1:
            self.last.append(task)
        else:
            self.suspects.append(task)


_WHY = f"its worker was lost {ATTEMPTS} times; memory may be short"
