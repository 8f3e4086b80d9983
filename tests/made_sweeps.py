"""Sweeps made by hand: costs are formulas of the point and the seed, so that what is said is known."""

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from sample_results import result

from kscale.engine.task import SEED
from kscale.measure import point
from kscale.results import check
from kscale.results.record import Cell, MechanismInfo, MetricInfo, Result

SIZES: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
Cost = Callable[..., int]  # of the point's values and the seed, by name
Works = Mapping[str, Mapping[str, Cost]]  # variant -> counter -> cost


def metric(unit: str = "entries", better: str = "lower", **more: object) -> MetricInfo:
    """Return how a counter is judged: exact, a headline."""
    told = {"kind": "exact", "unit": unit, "better": better, "provenance": "measured", "headline": True}
    return MetricInfo.model_validate(told | more)


MECHANISM = "etcd-freelist"
INFO = MechanismInfo(
    title="etcd free-page search",
    source="etcd-io/bbolt 4e65d8f",
    per="transactions",
    metrics={"entries_touched": metric(), "bytes_held": metric("bytes")},
    variants={"baseline": "one sorted array", "optimized": "spans by size"},
)
WORKS: Works = {  # a scan against a look-up that costs more memory, and more below 2,000 pages
    "baseline": {
        "entries_touched": lambda free_pages, seed=0, **_: free_pages + free_pages * (seed % 5) // 100,
        "bytes_held": lambda free_pages, **_: 8 * free_pages,
    },
    "optimized": {
        "entries_touched": lambda seed=0, **_: 2_000 + seed % 5,
        "bytes_held": lambda free_pages, **_: 24 * free_pages,
    },
}


def swept(
    axes: Mapping[str, Sequence[Any]],
    works: Works = WORKS,
    *,
    seeds: Sequence[int] = (0,),
    info: MechanismInfo = INFO,
    mechanism: str = MECHANISM,
    skip: Callable[..., tuple[str, str] | None] = lambda **_: None,
    losses: Callable[..., list[str]] = lambda **_: [],
    **run: Any,  # noqa: ANN401 - fields of the run
) -> Result:
    """Return the result of a sweep: all points for the first seed, then for the next.

    *skip* gives the status and the reason of a cell that was not run, *losses* what a cell lost.
    """
    cells = [
        _cell(
            mechanism, dict(zip(axes, values, strict=True)), seed, works, skip, losses, named=len(seeds) > 1
        )
        for seed in seeds
        for values in product(*axes.values())
    ]
    sweep = {
        "over": {name: list(values) for name, values in axes.items()},
        "seeds": list(seeds),
        "cells": len(cells),
        "plan": "ab" * 32,
        "engine": "local",
    }
    made = result(cells, **{"sweep": sweep, "argv": ["sweep"], **run})
    return made.model_copy(update={"mechanisms": {mechanism: info}})


def _cell(
    mechanism: str,
    at: dict[str, Any],
    seed: int,
    works: Works,
    skip: Callable[..., tuple[str, str] | None],
    losses: Callable[..., list[str]],
    *,
    named: bool,
) -> Cell:
    """Return one cell."""
    given = {name.replace(".", "_"): value for name, value in at.items()} | {"seed": seed}
    label = [point.say(name, value) for name, value in at.items()]
    left = skip(**given)
    counted = {
        variant: {name: cost(**given) for name, cost in costs.items()}
        for variant, costs in works.items()
        if left is None
    }
    return Cell.model_validate(
        {
            "mechanism": mechanism,
            "params": at | ({SEED: seed} if named else {}),
            "label": ", ".join([*label, *([f"seed {seed}"] if named else [])]),
            "status": left[0] if left else "ok",
            "notes": [left[1]] if left else [],
            "losses": losses(**given) if left is None else [],
            "digest": check.digest(counted),
            "seconds": 0.1,
            "variants": {name: {"work": work} for name, work in counted.items()},
        }
    )
