"""Sweeps made by hand over the smoke scenario, small enough to run in a moment."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from kscale.engine.axes import Axis
from kscale.engine.sweep import Sweep
from kscale.engine.task import SEED, Place, Task, Value, Work
from kscale.engine.worker import Runner
from kscale.measure.timing import Settings
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Cell
from kscale.scenario import load

MECHANISM = "etcd-freelist"
PAGES = (100, 200, 300, 500, 1000)
VARIANTS = ("baseline", "optimized")
COUNTED = Settings(timing=False)


def places(seeds: Sequence[int] = (0,)) -> dict[str, Place]:
    """Return the smoke scenario with each seed."""
    loaded = load.load("smoke")
    made = [loaded.with_seed(seed) for seed in seeds]
    return {one.sha256: Place(one.scenario, one.recorded, one.sha256) for one in made}


def task(
    place: Place,
    params: Mapping[str, Value],
    *,
    mechanism: str = MECHANISM,
    variants: Sequence[str] = VARIANTS,
    point: Mapping[str, Value] | None = None,
) -> Task:
    """Return one task."""
    at = dict(point or {})
    text = json.dumps([place.sha256, mechanism, dict(params), list(variants), at], sort_keys=True)
    label = ", ".join(
        [f"{params['free_pages']} free pages", *(f"{key} {value}" for key, value in at.items())]
    )
    key = hashlib.sha256(text.encode()).hexdigest()
    return Task(key, place.sha256, mechanism, dict(params), tuple(variants), at, label)


def params(pages: int) -> dict[str, Value]:
    """Return the parameters of a small cell, as results keep them."""
    return {"free_pages": pages, "seed": None, "transactions": 20, "workload": "C"}


def tasks(pages: Sequence[int] = PAGES, seeds: Sequence[int] = (0,)) -> tuple[Task, ...]:
    """Return a task for each number of free pages and each seed, in the order of the sweep."""
    return tuple(
        task(place, params(count), point={SEED: place.scenario.seed} if len(seeds) > 1 else None)
        for place in places(seeds).values()
        for count in pages
    )


def work(pages: Sequence[int] = PAGES, seeds: Sequence[int] = (0,), settings: Settings = COUNTED) -> Work:
    """Return what an engine gets for those tasks."""
    return Work(tasks(pages, seeds), places(seeds), settings)


def sweep(pages: Sequence[int] = PAGES, seeds: Sequence[int] = (0,), settings: Settings = COUNTED) -> Sweep:
    """Return the sweep that has those tasks."""
    made = tasks(pages, seeds)
    return Sweep(
        loaded=load.load("smoke").with_seed(seeds[0]),
        axes=(Axis("free_pages", tuple(str(count) for count in pages), "--over free_pages"),),
        seeds=tuple(seeds),
        tasks=made,
        places=places(seeds),
        cells=(),
        mechanisms=tuple(one for one in MECHANISMS if one.id == MECHANISM),
        settings=settings,
        plugins=(),
        plan=hashlib.sha256(" ".join(one.key for one in made).encode()).hexdigest(),
        over={"free_pages": tuple(pages)},
    )


def cells(of: Work) -> dict[str, Cell]:
    """Return each task's cell by key, run here, one after the other."""
    runner = Runner()
    return {one.key: runner.run(of.places[one.place], one, of.settings) for one in of.tasks}


def untimed(cell: Cell) -> str:
    """Return a cell as it is saved, without the time that it took."""
    return cell.model_copy(update={"seconds": 0.0}).model_dump_json()
