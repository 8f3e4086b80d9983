"""Sweeps of made cells, whole and in shards, as results."""

from collections.abc import Sequence
from typing import Any

from made_results import cell, result

from kscale.engine import shard
from kscale.results.record import Cell, Result

MECHANISMS = {
    "etcd-freelist": {
        "title": "made",
        "source": "made",
        "per": "ids_scanned",
        "metrics": {
            "ids_scanned": {
                "kind": "exact",
                "unit": "ids",
                "better": "lower",
                "provenance": "measured",
                "headline": True,
            },
        },
        "variants": {"baseline": "before", "optimized": "after"},
    }
}
CELLS = tuple(cell(free_pages=pages) for pages in range(10, 17))


def whole(cells: Sequence[Cell] = CELLS, **run: Any) -> Result:  # noqa: ANN401 - whatever a run holds
    """Return a sweep in one result; *run* are other values of its run, `shard` which part it is."""
    made = result("20261121T025400Z-aaaaaaa")
    sweep = {
        "over": {"free_pages": [one.params["free_pages"] for one in cells]},
        "seeds": [0],
        "cells": len(cells),
        "plan": "p" * 64,
        "engine": run.pop("engine", "local"),
        "shard": run.pop("shard", None),
    }
    tree = made.model_dump(by_alias=True) | {"cells": [one.model_dump() for one in cells]}
    tree["mechanisms"] = MECHANISMS
    tree["run"] |= {"sweep": sweep, "code": "c" * 12} | run
    return Result.model_validate(tree)


def shards(count: int, cells: Sequence[Cell] = CELLS) -> list[Result]:
    """Return the same in *count* shards, each begun a minute after the one before it."""
    made = []
    for number in range(1, count + 1):
        minute, hour = number % 60, number // 60
        one = whole(
            cells,
            shard=f"{number}/{count}",
            id=f"20261121T{hour:02}{minute:02}00Z-aaaaaaa",
            started=f"2026-11-21T{hour:02}:{minute:02}:00Z",
        )
        part = shard.part(list(one.cells), (number, count))
        made.append(one.model_copy(update={"cells": list(part)}))
    return made
