"""A user's variant in whole runs beside the baseline: it agrees, repeats, and leaves its workload alone."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from kscale.errors import KscaleError, WrongAnswer
from kscale.measure import runner
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Allowance, Settings
from kscale.mechanisms.base import Mechanism
from kscale.plugins import points
from kscale.plugins.example import Wrong
from kscale.plugins.execute import FOLDER

COUNTED = Settings(budget_s=0.0, timing=False)
NO_TIME = Allowance(share_s=0.0, even_s=0.0)
CLOCKS = {  # what tells the time, or is another every time: by module
    time: (
        *("time", "monotonic", "perf_counter", "process_time", "thread_time", "clock_gettime"),
        *(
            "time_ns",
            "monotonic_ns",
            "perf_counter_ns",
            "process_time_ns",
            "thread_time_ns",
            "clock_gettime_ns",
        ),
    ),
    os: ("times", "urandom"),
}


class Unseen:
    """Is told of each pair, and shows nothing."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Hear of it."""


def runs(
    mechanism: Mechanism,
    mechanisms: Sequence[Mechanism],
    name: str,
    hear: Callable[[str], None] = lambda _: None,
) -> str:
    """Run the variant of that *name* at small points; say how many. Wrong at the first thing amiss."""
    tried = 0
    for cell, cluster, where in points.points(mechanism, mechanisms, name):
        hear(where)
        with _told(where):
            _leaves_alone(cell, cluster, name)
            runner.measure_cell(cell, cluster, COUNTED, Unseen(), NO_TIME)
        tried += 1
    return f"{tried} cells, tiny and of smoke: agrees with baseline, repeats, leaves its workload alone"


def tiny(mechanism: Mechanism, name: str) -> dict[str, int]:
    """Return the work of the tiny cell, by the variant alone, compiled or not as this process does."""
    cell, cluster = points.tiny_cell(mechanism, name), points.tiny_cluster()
    workload = mechanism.prepare(cluster, cell.params)
    variant = mechanism.variants[name]
    with _told("tiny, without the compiler"):
        outcome = variant.run(variant.build(workload))
    return {key: int(count) for key, count in outcome.work.items()}


@contextmanager
def clocks_watched(package: str | None = None) -> Iterator[None]:
    """Refuse a clock to the code of a plugin, or of that package, that is run in the block, with its line.

    It is a hint that comes early, no wall: datetime, and what other packages do for it, are not seen. That
    work must repeat is.
    """
    kept = [(module, name, getattr(module, name)) for module, names in CLOCKS.items() for name in names]
    for module, name, clock in kept:
        setattr(module, name, _watched(f"{module.__name__}.{name}", clock, package))
    try:
        yield
    finally:
        for module, name, clock in kept:
            setattr(module, name, clock)


def _watched(name: str, clock: Callable[..., Any], package: str | None) -> Callable[..., Any]:
    """Return a clock that does not tell plugins the time."""

    def read(*given: Any) -> Any:  # noqa: ANN401 - what it takes and returns
        """Return the time to who may know it."""
        frame = sys._getframe(1)  # noqa: SLF001 - there is no other way to see who asks
        outermost = str(frame.f_globals.get("__name__")).partition(".")[0]
        if frame.f_code.co_filename.startswith(FOLDER) or outermost == package:
            raise RuntimeError(f"reads {name}: work must be equal on every machine")
        return clock(*given)

    return read


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Say where a disagreement was found."""
    try:
        yield
    except WrongAnswer as error:
        raise Wrong("does not keep what all variants promise", f"{where}: {error}") from error
    except KscaleError as error:
        raise Wrong(str(error), where) from error
    except Wrong as error:
        raise Wrong(error.what, where, *error.lines) from error


def _leaves_alone(cell: PlannedCell, cluster: Any, name: str) -> None:  # noqa: ANN401 - its type is long
    """Raise Wrong if the variant writes the workload, from which the others start too."""
    workload = cell.mechanism.prepare(cluster, cell.params)
    variant, before = cell.mechanism.variants[name], _hash(workload)
    try:
        variant.run(variant.build(workload))
    except WrongAnswer as error:  # no disagreement: what it is says more
        raise Wrong(str(error)) from error
    if _hash(workload) != before:
        raise Wrong("changes its workload, from which all variants start: copy what is to be changed")


def _hash(workload: object) -> str:
    """Return a hash of all arrays in a workload."""
    found = sha256()
    for one in _arrays(workload, set()):
        found.update(np.ascontiguousarray(one).tobytes())
    return found.hexdigest()


def _arrays(value: object, seen: set[int]) -> Iterator[np.ndarray[Any, Any]]:
    """Yield the arrays in a record, wherever they lie in it."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _arrays(one, seen)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _arrays(one, seen)
    elif is_dataclass(value):
        for field in fields(value):
            with suppress(AttributeError):
                yield from _arrays(getattr(value, field.name), seen)
