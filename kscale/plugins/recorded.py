"""What real code was seen to do, shipped with kscale: outcomes recorded from bbolt, cases of kube-scheduler.

They lie in the package (`kscale/vectors`) where kscale is installed from a wheel, and in `tests/vectors` of a
source tree. Each folder's README says what they hold, and where they are from.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from kscale.errors import KscaleError
from kscale.kernels.freelist import Ints
from kscale.kernels.freelist_pages import CLOSE, GIVE_BACK, OPEN, RELEASE, TAKE_OR_GROW
from kscale.kernels.freelist_workloads import Workload
from kscale.plugins.freelist import FIRST_PAGE

Vector = dict[str, Any]

ALLOCATED, FREED, RELEASED, OPENED, CLOSED, ROLLED_BACK = range(6)  # `op` of a recorded row, see the README
LEAST_ROWS = 10  # of a life worth living
SAME = {RELEASED: RELEASE, OPENED: OPEN, CLOSED: CLOSE}


def root() -> Path:
    """Return the folder of the recorded outcomes."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "vectors"
    return installed if installed.is_dir() else package.parent / "tests" / "vectors"


def vectors(subject: str) -> Iterator[Any]:
    """Yield what each file about *subject* holds, in order of name; KscaleError if there is none."""
    found = sorted((root() / subject).glob("*.json"))
    if not found:
        raise KscaleError(f"{root() / subject}: no recorded outcomes; this installation is not whole")
    for path in found:
        yield json.loads(path.read_bytes())


def legal() -> list[Vector]:
    """Return the small states of bbolt's lists: free spans, the pages asked for, the answers seen."""
    return [
        case
        for one in vectors("freelist")
        if one["type"] == "legal"
        for case in one["cases"]
        if case["n"] > 0
    ]


def lives() -> Iterator[tuple[str, Workload]]:
    """Yield each recorded life of pages with its name, as a workload that any list can be given.

    A recorded run of pages becomes a slot, so that another list may put it elsewhere. A life goes to its
    first rollback, which undoes allocations, or to the first run freed that it is not told who took; one
    that then is all but empty is left out.
    """
    for one in vectors("freelist"):
        if one["type"] in {"trace", "unique"}:
            load = _workload(one)
            if len(load.rows) >= LEAST_ROWS:
                yield one["name"], load


def _workload(one: Vector) -> Workload:
    """Return a recorded life."""
    free, live = _pairs(one["init_spans"]), _pairs(one.get("init_live", []))
    both = np.concatenate((free, live))
    high_water = high = int(both.sum(axis=1).max(initial=FIRST_PAGE))
    slot_of = {(int(first), int(n)): k for k, (first, n) in enumerate(live)}
    slots, rows, transactions = len(live), [], 0
    for op, tx, b, c, out in zip(*(one[key] for key in ("op", "a", "b", "c", "out")), strict=True):
        if op == ALLOCATED:
            first = out or high
            high += 0 if out else b
            slot_of[first, b] = slots
            rows.append((TAKE_OR_GROW, tx, b, slots))
            slots += 1
        elif op == FREED:
            if (b, c + 1) not in slot_of:
                break
            rows.append((GIVE_BACK, tx, 0, slot_of.pop((b, c + 1))))
        elif op in SAME:
            rows.append((SAME[op], tx, 0, 0))
            transactions += op == RELEASED
        elif op == ROLLED_BACK:
            break
    runs = np.zeros((slots, 2), np.int32)
    runs[: len(live)] = live
    programme = np.array(rows, np.int64).reshape(-1, 4)
    return Workload(free[:, 0].copy(), free[:, 1].copy(), runs, programme, high_water, max(1, transactions))


def _pairs(flat: list[int]) -> Ints:
    """Return runs, first page and pages, from a flat list."""
    return np.array(flat, np.int64).reshape(-1, 2)
