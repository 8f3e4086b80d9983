"""Worker processes: started fresh, asked one thing at a time over a pipe, ended by the one that asks.

A worker inherits the environment, and with it where compiled kernels are kept. It does not see Ctrl-C, and
ends by itself when the one that asks is gone. One that ends in between is told from one that raises.
"""

import signal
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from kscale.errors import KscaleError

Q = TypeVar("Q")
A = TypeVar("A")

PATIENCE_S = 5.0  # for a process that was told to end


class Lost(KscaleError):
    """A worker process ended by itself, killed or crashed, before it answered."""

    def __init__(self, how: str) -> None:
        """Say how it ended: with signal 9."""
        super().__init__(f"a worker process ended {how}; memory may be short: try --workers 1")
        self.how = how


@dataclass(frozen=True, slots=True)
class Answer(Generic[A]):
    """What a question came to, or the error that it raised."""

    good: bool
    found: Any

    def came(self) -> A:
        """Return what it came to; raises KscaleError as it was, of anything else a RuntimeError."""
        if not self.good:
            raise self.found
        found: A = self.found
        return found


@dataclass(eq=False, slots=True)
class Worker(Generic[Q, A]):
    """A worker process, seen from the one that asks."""

    process: SpawnProcess
    pipe: Connection

    def ask(self, question: Q) -> None:
        """Put a question; the one before must be answered. Lost if the process is gone."""
        try:
            self.pipe.send(question)
        except OSError:
            raise Lost(self._end()) from None

    def answer(self) -> Answer[A]:
        """Wait for the answer to the question. Lost if the process is gone."""
        try:
            good, found = self.pipe.recv()
        except (EOFError, OSError):
            raise Lost(self._end()) from None
        return Answer(good, found)

    def _end(self) -> str:
        """Return how a process that is gone ended."""
        self.process.join(PATIENCE_S)
        code = self.process.exitcode
        return f"with signal {-code}" if code is not None and code < 0 else f"with {code}"


def start(begin: Callable[[], Callable[[Q], A]]) -> Worker[Q, A]:
    """Return a new worker: it calls *begin* once, which must be picklable, and what that returns to answer.

    A process in which *begin* raises is lost.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, begin), daemon=True)
    with _deaf_to_interrupts():
        process.start()
    theirs.close()  # so that we see the end of its
    return Worker(process, ours)


def answered(workers: Iterable[Worker[Q, A]]) -> list[Worker[Q, A]]:
    """Wait for workers that were asked; return those that have an answer, or are gone, in the order given."""
    asked = list(workers)
    heard = connection.wait([worker.pipe for worker in asked])
    return [worker for worker in asked if worker.pipe in heard]


def end(workers: Sequence[Worker[Q, A]]) -> None:
    """End processes at once, whatever they are doing."""
    for worker in workers:
        worker.process.terminate()
        worker.pipe.close()
    for worker in workers:
        worker.process.join(PATIENCE_S)
        if worker.process.exitcode is None:
            worker.process.kill()
            worker.process.join()
        worker.process.close()


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let processes that start in the block not see Ctrl-C: it is for the one that asks, and ends them."""
    resource_tracker.ensure_running()  # it would unblock the signal again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, begin: Callable[[], Callable[[Any], object]]) -> None:
    """Answer questions until the pipe ends."""
    answer = begin()
    with suppress(EOFError, ConnectionError):
        while True:
            pipe.send(_made(answer, pipe.recv()))


def _made(answer: Callable[[Any], object], question: object) -> tuple[bool, object]:
    """Return whether it went well, and what it came to or raised."""
    try:
        return True, answer(question)
    except KscaleError as error:
        return False, type(error)(str(error))
    except Exception:  # noqa: BLE001 - it is raised again by the one that asks
        return False, RuntimeError(f"in a worker process:\n{traceback.format_exc()}")
