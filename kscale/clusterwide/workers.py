"""Runs of the simulation in worker processes: each size and set of toggles once, whoever asks again.

What a run comes to depends on its size and on what was asked alone, so the results are equal for
every number of workers. A worker inherits the environment, and with it where compiled kernels are
kept; it ends with the block, at once if that ends early.
"""

import hashlib
import os
import signal
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields, is_dataclass
from multiprocessing import connection, get_context, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import numpy as np

from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.errors import KscaleError

T = TypeVar("T")
Wanted = tuple[Size, Asked]

PATIENCE_S = 5.0  # for a worker that was told to end
MOST = 8  # workers that are started unasked


def usual() -> int:
    """Return how many workers suit the machine: a core each, of those that this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)  # not on macOS
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return min(cores, MOST)


def key(size: Size, asked: Asked) -> str:
    """Return what names a run: equal for equal contents, in any process and on any machine."""
    return digest((size, asked))


def digest(value: object) -> str:
    """Return what only equal values have in common.

    They are made of records, arrays, mappings, tuples, sets, numbers and text; TypeError for any other
    type, which may have no order of its own.
    """
    found = hashlib.sha256()
    for part in _parts(value):
        found.update(part)
    return found.hexdigest()


def _parts(value: object) -> Iterator[bytes]:
    """Yield *value* as bytes that no other value gives."""
    if isinstance(value, np.ndarray):
        yield f"array {value.dtype.str} {value.shape} ".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value):
        yield f"{type(value).__name__}(".encode()
        for field in fields(value):
            yield f"{field.name}=".encode()
            yield from _parts(getattr(value, field.name))
        yield b")"
    elif isinstance(value, Mapping):
        yield b"{"
        for each in sorted(value):
            yield from _parts((each, value[each]))
        yield b"}"
    elif isinstance(value, frozenset):
        yield f"set {sorted(value)!r} ".encode()
    elif isinstance(value, tuple):
        yield b"("
        for each in value:
            yield from _parts(each)
        yield b")"
    elif value is None or isinstance(value, bool | int | float | str):
        yield f"{value!r} ".encode()
    else:
        raise TypeError(f"a {type(value).__name__} has no key")


class Jobs(Generic[T]):
    """Runs *run* for sizes and questions; a context, whose end ends the workers."""

    def __init__(
        self, run: Callable[[Size, Asked], T], workers: int = 1, keep: Callable[[str, T], None] | None = None
    ) -> None:
        """Keep *run*, a function of a module, for so many processes; with one, runs are made in this one.

        *keep* hears the key of every run made, and what it came to. KscaleError if there is no worker.
        """
        if workers < 1:
            raise KscaleError(f"workers must be >= 1, got {workers}")
        self.run = run
        self.workers = workers
        self.keep = keep
        self.runs = 0  # that were made, not remembered
        self.known: dict[str, T] = {}  # by key; what an earlier process found can be put in
        self._idle: list[_Worker] = []

    def __enter__(self) -> Self:
        """Start nothing yet: workers start with the first runs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers."""
        _end(self._idle)
        self._idle = []

    def all(self, wanted: Sequence[Wanted]) -> list[T]:
        """Return what each came to, in order. Errors are those of the runs."""
        return list(self.each(wanted))

    def each(self, wanted: Sequence[Wanted]) -> Iterator[T]:
        """Yield what each came to, in order, although all are begun at once. Otherwise as `finished`."""
        early: dict[int, T] = {}
        due = 0
        with closing(self.finished(wanted)) as found:
            for index, one in found:
                early[index] = one
                while due in early:
                    yield early.pop(due)
                    due += 1

    def finished(self, wanted: Sequence[Wanted]) -> Generator[tuple[int, T], None, None]:
        """Yield the index of each and what it came to, as they finish; those known come first.

        Raises what a run raised. What still runs when this ends early is ended.
        """
        keys = [key(*one) for one in wanted]
        waiting: dict[str, list[int]] = {}
        for index, named in enumerate(keys):
            if named in self.known:
                yield index, self.known[named]
            else:
                waiting.setdefault(named, []).append(index)
        ready = [(named, wanted[indices[0]]) for named, indices in waiting.items()]
        with closing(self._alone(ready) if self.workers == 1 else self._together(ready)) as made:
            for named, found in made:
                self.runs += 1
                self.known[named] = found
                if self.keep is not None:
                    self.keep(named, found)
                for index in waiting[named]:
                    yield index, found

    def _alone(self, ready: Sequence[tuple[str, Wanted]]) -> Generator[tuple[str, T], None, None]:
        """Yield each key and what its run came to, made in this process."""
        for named, one in ready:
            yield named, self.run(*one)

    def _together(self, ready: Sequence[tuple[str, Wanted]]) -> Generator[tuple[str, T], None, None]:
        """Yield each key and what its run came to, made in workers, as they finish."""
        queue = list(reversed(ready))
        busy: dict[str, _Worker] = {}
        try:
            while queue or busy:
                while queue and len(busy) < self.workers:
                    worker = self._idle.pop() if self._idle else _started(self.run)
                    named, one = queue.pop()
                    busy[named] = worker
                    worker.ask(*one)
                heard = connection.wait([worker.pipe for worker in busy.values()])
                for named in [named for named, worker in busy.items() if worker.pipe in heard]:
                    good, found = busy[named].answer()
                    self._idle.append(busy.pop(named))
                    if not good:
                        raise found
                    yield named, found
        finally:
            _end(list(busy.values()))


@dataclass(slots=True)
class _Worker:
    """A worker process, seen from the one that asks."""

    process: SpawnProcess
    pipe: Connection
    size: Size | None = None  # that it has: it is sent only when it changes

    def ask(self, size: Size, asked: Asked) -> None:
        """Have a run made. KscaleError if the process is gone."""
        try:
            self.pipe.send((None if size is self.size else size, asked))
        except OSError:
            raise KscaleError(_gone(self.process)) from None
        self.size = size

    def answer(self) -> tuple[bool, Any]:
        """Return whether the run went well, and what it came to or raised; KscaleError if it is gone."""
        try:
            good, found = self.pipe.recv()
        except (EOFError, OSError):
            raise KscaleError(_gone(self.process)) from None
        return good, found


def _started(run: Callable[[Size, Asked], object]) -> _Worker:
    """Return a new worker."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, run), daemon=True)
    with _deaf_to_interrupts():
        process.start()
    theirs.close()  # so that we see the end of its
    return _Worker(process, ours)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let processes that start in the block not see Ctrl-C: it is for the one that asks, and ends them."""
    resource_tracker.ensure_running()  # it would unblock the signal again when it starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection, run: Callable[[Size, Asked], object]) -> None:
    """Make runs until the pipe ends."""
    have: Any = None  # the first question brings a size
    with suppress(EOFError, BrokenPipeError):
        while True:
            size, asked = pipe.recv()
            have = have if size is None else size
            pipe.send(_made(run, have, asked))


def _made(run: Callable[[Size, Asked], object], size: Size, asked: Asked) -> tuple[bool, object]:
    """Return whether a run went well, and what it came to or raised."""
    try:
        return True, run(size, asked)
    except KscaleError as error:
        return False, type(error)(str(error))
    except Exception:  # noqa: BLE001 - it is raised again by the one that asks
        return False, RuntimeError(f"in a worker process:\n{traceback.format_exc()}")


def _gone(process: SpawnProcess) -> str:
    """Return the line about a worker that ended by itself."""
    process.join(PATIENCE_S)
    code = process.exitcode
    how = f"with signal {-code}" if code is not None and code < 0 else f"with {code}"
    return f"a worker process ended {how}; memory may be short: try --workers 1"


def _end(workers: Sequence[_Worker]) -> None:
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
