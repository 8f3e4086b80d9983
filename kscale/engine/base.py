"""The protocol of engines.

An engine runs tasks and hands their cells over as they are done, in any order. What a cell counts depends on
its task alone, so results are equal for every engine, number of workers and order.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

from kscale.engine.task import Task, Work
from kscale.results.record import Cell

ATTEMPTS = 3  # processes that a task may cost before it is given up


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task."""

    task: Task
    cell: Cell  # status "skipped" with the reason: it can be run nowhere; "failed": not here and now
    peak_rss_bytes: int = 0  # the most that the process that ran it has held, if it is told


class Engine(Protocol):
    """Runs tasks. Closing the generator early ends everything it started."""

    @property
    def name(self) -> str:
        """Return local or dask, as results have it."""

    @property
    def workers(self) -> int:
        """Return how many run cells at once, as far as is known before it starts."""

    def run(self, work: Work) -> Generator[Done, None, None]:
        """Yield each task as it is done.

        KscaleError, in one line, if the engine itself cannot go on: no scheduler, other versions.
        WrongAnswer if two variants disagree. A task that ends its process is tried ATTEMPTS times, then
        yielded as failed.
        """
