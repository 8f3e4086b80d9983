"""About how long a sweep will take and how much memory, without running a cell.

Time and memory of a cell come from its mechanism's own formulas, which read the cluster. Clusters are built
for it, a few at most: those of places between two of them, by the memory of their arrays, are taken to lie
between them in time and memory too. A plan, never a result.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kscale.engine.sweep import Sweep
from kscale.engine.task import SEED, Place, Task
from kscale.errors import KscaleError
from kscale.measure import estimate, machine, memory
from kscale.measure.plan import PlannedCell
from kscale.measure.point import say
from kscale.scenario import build
from kscale.scenario.cluster import Cluster

MOST_BUILT = 5  # clusters


@dataclass(frozen=True, slots=True)
class Row:
    """Cells of one mechanism at one point of the scenario, all seeds together."""

    mechanism: str
    label: str  # what of the scenario is varied
    cells: int
    seconds: float  # of all of them, one after the other
    bytes: int  # that a process holds at the largest of them


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a sweep may take."""

    rows: tuple[Row, ...]
    built_s: float  # to build the clusters of all places once
    built: int  # clusters that were built for this, of
    points: int  # places that differ in more than their seed
    unbuilt: int = 0  # clusters whose arrays alone are more than the memory that is free

    @property
    def seconds(self) -> float:
        """Return the time of all cells and clusters, one after the other."""
        return self.built_s + sum(row.seconds for row in self.rows)

    @property
    def largest(self) -> Row:
        """Return the row that needs most memory; ValueError if there is no cell."""
        return max(self.rows, key=lambda row: row.bytes)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a built cluster tells."""

    size: int  # bytes of its arrays
    seconds: float  # to build it
    cells: Mapping[str, tuple[float, int]]  # seconds and bytes of each, by PlannedCell.key


def forecast(sweep: Sweep, *, most: int = MOST_BUILT, force: bool = False) -> Forecast:
    """Return what a sweep may take, of which at most so many clusters are built; of one, the largest.

    KscaleError if one of them does not fit into memory. With *force* none that cannot be held is built, and
    what its cells take is drawn out from those that are; of none it is their clusters' memory alone.
    """
    points: dict[tuple[object, ...], list[Task]] = {}
    for task in sweep.tasks:
        point = tuple(value for name, value in task.point.items() if name != SEED)
        points.setdefault(point, []).append(task)
    sizes = {point: build.memory(_place(sweep, tasks).scenario) for point, tasks in points.items()}
    ranked = sorted(points, key=sizes.__getitem__)
    free = machine.free_bytes()
    held = [point for point in ranked if sizes[point] <= free or not force]
    chosen = dict.fromkeys(held[number] for number in _spread(len(held), most))
    seen = [_look(sweep, _place(sweep, points[point]), sizes[point], force=force) for point in chosen]
    rows = [row for point, tasks in points.items() for row in _rows(tasks, sizes[point], seen)]
    places = [(sizes[point], len({task.place for task in tasks})) for point, tasks in points.items()]
    built_s = sum(count * _between(seen, size, lambda one: one.seconds) for size, count in places)
    return Forecast(tuple(rows), built_s, len(seen), len(points), len(ranked) - len(held))


def _place(sweep: Sweep, tasks: Sequence[Task]) -> Place:
    """Return the place of the first of some tasks."""
    return sweep.places[tasks[0].place]


def _spread(length: int, most: int) -> list[int]:
    """Return at most so many positions of a list, evenly spread and with both its ends; of one, the last."""
    if length <= most:
        return list(range(length))
    return [(length - 1) * number // (most - 1) for number in range(most)] if most > 1 else [length - 1]


def _look(sweep: Sweep, place: Place, size: int, *, force: bool) -> _Seen:
    """Return what the cluster of a place tells."""
    memory.require(memory.PROCESS_BYTES + size, f"the cluster of {place.scenario.name}", force=force)
    began = time.monotonic()
    cluster = build.build(place.scenario, place.recorded)
    took = time.monotonic() - began
    return _Seen(size, took, {cell.key: _cell(sweep, cell, cluster) for cell in sweep.cells})


def _cell(sweep: Sweep, cell: PlannedCell, cluster: Cluster) -> tuple[float, int]:
    """Return the seconds and bytes of a cell; none of one that cannot be run, which will be skipped."""
    try:
        found = estimate.estimates([cell], cluster, sweep.settings, {})[0]
    except KscaleError:
        return 0.0, 0
    return found.seconds, found.bytes


def _rows(tasks: Sequence[Task], size: int, seen: Sequence[_Seen]) -> Iterator[Row]:
    """Yield the rows of one point, mechanism by mechanism."""
    by_mechanism: dict[str, list[str]] = {}
    for task in tasks:
        by_mechanism.setdefault(task.mechanism, []).append(_key(task))
    said = [say(name, value) for name, value in tasks[0].point.items() if name != SEED]
    for mechanism, keys in by_mechanism.items():
        told = [(_at(seen, size, key, 0), round(_at(seen, size, key, 1))) for key in keys]
        yield Row(
            mechanism=mechanism,
            label=", ".join(said),
            cells=len(keys),
            seconds=sum(seconds for seconds, _ in told),
            bytes=memory.PROCESS_BYTES + size + max(needed for _, needed in told),
        )


def _key(task: Task) -> str:
    """Return the key of the planned cell that a task is of."""
    return f"{task.mechanism}[{','.join(f'{name}={value}' for name, value in sorted(task.params.items()))}]"


def _at(seen: Sequence[_Seen], size: int, key: str, which: int) -> float:
    """Return what a cell takes at a cluster of that size: its seconds (0) or its bytes (1)."""
    return _between(seen, size, lambda one: one.cells[key][which])


def _between(seen: Sequence[_Seen], size: int, of: Callable[[_Seen], float]) -> float:
    """Return a figure at a size: of the cluster of that size, else on the line of the two nearest."""
    if not seen:
        return 0.0
    seen = list({one.size: one for one in seen}.values())
    same = next((one for one in seen if one.size == size), None)
    if same is not None or len(seen) == 1:
        return of(same or seen[0])
    low, high = next((pair for pair in pairwise(seen) if size <= pair[1].size), (seen[-2], seen[-1]))
    return of(low) + (of(high) - of(low)) * (size - low.size) / (high.size - low.size)
