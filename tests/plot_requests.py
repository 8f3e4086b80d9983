"""Requests for pictures, friendly and hostile."""

from random import Random
from typing import Any

from sample_results import MECHANISMS, Made, cell, cells, result

from kscale.report.plot.asked import Asked
from kscale.results import check
from kscale.results.record import Cell, Result

HOSTILE = "$x^$ \\frac [red]\x1b[31m\u202e <b>&amp; -- 節"
LONG = "a-name-that-goes-on-and-on-" * 6


def fanout(optimized_ns: int, pairs: int = 20, **work: int) -> Cell:
    """Make a small cell."""
    old = {"events": 10, "watchers_tested": 1000}
    sides = {"baseline": Made(100_000, 5, old), "optimized": Made(optimized_ns, 5, old | work)}
    return cell("watch-fanout", "x", {"events": 10 + optimized_ns}, sides, pairs=pairs)


def renamed(made: Result, name: str) -> Result:
    """Return the result with one name for every mechanism, label, variant, scenario and machine."""
    found = [
        digested(
            one.model_copy(
                update={
                    "mechanism": name,
                    "label": name,
                    "variants": {
                        (f"_{name}" if key == "array-simd" else key): v for key, v in one.variants.items()
                    },
                }
            )
        )
        for one in made.cells
    ]
    return made.model_copy(
        update={
            "cells": found,
            "mechanisms": {name: MECHANISMS["etcd-freelist"]},
            "run": made.run.model_copy(update={"name": name, "kscale": name}),
            "scenario": made.scenario.model_copy(update={"name": name}),
            "machine": made.machine.model_copy(update={"cpu_model": name}),
        }
    )


def digested(one: Cell) -> Cell:
    """Return the cell with the digest of its counters, as a file must have it."""
    works = {name: record.work for name, record in one.variants.items()}
    return one.model_copy(update={"digest": check.digest(works)})


def later(made: Result, day: int, *, factor: float = 1.0, **work: int) -> Result:
    """Return the result as a run of another day: every time by a *factor*, some optimized counters others."""
    noise = Random(day)  # noqa: S311 - noise, not a secret
    found = []
    for one in made.cells:
        variants: dict[str, Any] = {}
        for name, record in one.variants.items():
            taken = record.wall_ns and record.wall_ns.model_copy(
                update={
                    "values": [int(x * factor * noise.uniform(0.99, 1.01)) for x in record.wall_ns.values]
                }
            )
            counted = record.work | {key: value for key, value in work.items() if key in record.work}
            variants[name] = record.model_copy(
                update={"wall_ns": taken, "work": counted if name == "optimized" else record.work}
            )
        found.append(digested(one.model_copy(update={"variants": variants})))
    run = made.run.model_copy(
        update={"id": f"202611{day}T025400Z-1f0c9ab", "name": None, "started": f"2026-11-{day}T02:54:00Z"}
    )
    return made.model_copy(update={"cells": found, "run": run})


def of_every_kind(made: Result) -> dict[str, Asked]:
    """Return a request of each kind for one result, and one a day later."""
    one, two = Asked((made,)), Asked((made, later(made, 22, factor=1.3, ids_scanned=7)))
    return {
        "forest": two,
        "overview": one,
        "bars": one,
        "growth": one,
        "samples": one,
        "latency": one,
        "heatmap": Asked((made,), by=("free_pages", "workload")),
        "map": Asked((made,), by=("free_pages",)),
        "pareto": Asked((made,), by=("ids_scanned", "bytes_held")),
        "history": two,
    }


def sample() -> Result:
    """Return five cells of the made result of an alibaba-10k: a sweep, a loss, another mechanism."""
    made = cells()
    return result([digested(one) for one in (*made[:4], made[5])], name="main")
