"""Sweeps made by hand over the smoke scenario, small enough to run in a moment."""

import hashlib
import json
from collections.abc import Mapping, Sequence

from kscale.engine.task import SEED, Place, Task, Value, Work
from kscale.measure.timing import Settings
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
    label = ", ".join(f"{key}={value}" for key, value in {**params, **at}.items())
    key = hashlib.sha256(text.encode()).hexdigest()
    return Task(key, place.sha256, mechanism, dict(params), tuple(variants), at, label)


def tasks(pages: Sequence[int] = PAGES, seeds: Sequence[int] = (0,)) -> tuple[Task, ...]:
    """Return a task for each number of free pages and each seed, in the order of the sweep."""
    return tuple(
        task(place, {"free_pages": count}, point={SEED: place.scenario.seed} if len(seeds) > 1 else None)
        for place in places(seeds).values()
        for count in pages
    )


def work(pages: Sequence[int] = PAGES, seeds: Sequence[int] = (0,), settings: Settings = COUNTED) -> Work:
    """Return what an engine gets for those tasks."""
    return Work(tasks(pages, seeds), places(seeds), settings)
