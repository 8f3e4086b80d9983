"""Runs of the simulation in worker processes: each size and set of toggles once, whoever asks again.

What a run comes to depends on its size and on what was asked alone, so the results are equal for
every number of workers. Workers end with the block, at once if that ends early.
"""

import hashlib
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

import numpy as np

from kscale import processes
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.errors import KscaleError
from kscale.processes import Worker

T = TypeVar("T")
Wanted = tuple[Size, Asked]
Question = tuple[Size | None, Asked]  # None: the size of the question before

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
        self._idle: list[_Sized[T]] = []

    def __enter__(self) -> Self:
        """Start nothing yet: workers start with the first runs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all workers."""
        processes.end([one.worker for one in self._idle])
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
        busy: dict[str, _Sized[T]] = {}
        try:
            while queue or busy:
                while queue and len(busy) < self.workers:
                    one = self._idle.pop() if self._idle else _Sized(processes.start(_Begin(self.run)))
                    named, wanted = queue.pop()
                    busy[named] = one
                    one.ask(*wanted)
                heard = processes.answered([one.worker for one in busy.values()])
                for named in [named for named, one in busy.items() if one.worker in heard]:
                    found = busy[named].worker.answer()
                    self._idle.append(busy.pop(named))
                    yield named, found.came()
        finally:
            processes.end([one.worker for one in busy.values()])


@dataclass(frozen=True, slots=True)
class _Begin(Generic[T]):
    """Begins a worker process that makes runs."""

    run: Callable[[Size, Asked], T]

    def __call__(self) -> Callable[[Question], T]:
        """Return what makes the run of a question, of the latest size if it brings none."""
        have: Any = None  # the first question brings a size

        def made(question: Question) -> T:
            """Make a run."""
            nonlocal have
            size, asked = question
            have = have if size is None else size
            return self.run(have, asked)

        return made


@dataclass(eq=False, slots=True)
class _Sized(Generic[T]):
    """A worker process, and the size that it has: it is sent only when it changes."""

    worker: Worker[Question, T]
    size: Size | None = None

    def ask(self, size: Size, asked: Asked) -> None:
        """Have a run made."""
        self.worker.ask((None if size is self.size else size, asked))
        self.size = size
