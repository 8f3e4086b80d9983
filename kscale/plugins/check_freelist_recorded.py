"""A user's free list on what bbolt's lists were recorded on: its answers need not be theirs, but allowed."""

from collections.abc import Mapping

import numpy as np

from kscale.errors import WrongAnswer
from kscale.mechanisms import etcd_freelist
from kscale.mechanisms.base import Variant
from kscale.plugins import execute, recorded
from kscale.plugins.example import Hear, Wrong, unheard
from kscale.plugins.freelist import ID
from kscale.plugins.functions import Function, arrays


def seen(name: str, variant: Variant, parts: Mapping[str, Function], hear: Hear = unheard) -> str:
    """Ask the list of plugin *name* in each recorded state, and let it live each recorded life; say how many.

    Wrong at the first answer that is not allowed: of no free pages, or none although a run is free.
    """
    cases, lived, rows = recorded.legal(), 0, 0
    hear("recorded states")
    for case in cases:
        _allowed(name, case, parts)
    for called, load in recorded.lives():
        hear(f"the recorded life {called}")
        try:
            outcome = variant.run(variant.build(load))
            etcd_freelist.follow(called, load, outcome.answer)
        except WrongAnswer as error:
            raise Wrong("an answer that is not allowed", f"in the recorded life {error}") from error
        except Exception as error:
            raise Wrong(execute.said(name, error), f"in the recorded life {called}") from error
        lived, rows = lived + 1, rows + len(load.rows)
    return f"{len(cases)} recorded states, {lived} recorded lives of {rows:,} steps: every answer allowed"


def _allowed(name: str, case: recorded.Vector, parts: Mapping[str, Function]) -> None:
    """Ask for pages in a recorded state; Wrong if the answer is no run of free pages that is long enough."""
    spans, n = np.array(case["spans"], np.int64).reshape(-1, 2), case["n"]
    starts, sizes = spans[:, 0].copy(), spans[:, 1].copy()
    free = ", ".join(f"{first}-{first + size - 1}" for first, size in spans.tolist())
    state = f"a recorded state; free: {free}"
    try:
        made = arrays(f"{ID}: make", parts["make"](int(spans.sum(axis=1).max()) + 1, starts, sizes))
        first = int(parts["allocate"](*made, n, np.zeros(1, np.int64)))
    except Exception as error:
        raise Wrong(execute.said(name, error), state, f"allocate({n})") from error
    fits = ((starts <= first) & (first + n <= starts + sizes)).any()
    if not (fits or (first == 0 and case["array"] == 0)):
        legal = ", ".join(map(str, sorted({case["array"], *case["legal"]})))
        raise Wrong(
            "an answer that is not allowed", state, f"allocate({n}) -> {first}: bbolt's lists gave {legal}"
        )
