"""Every recorded outcome of the real bbolt lists, each field."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vectors_dir import files

from kscale.kernels.freelist import AnyFitList, ArrayList, FreeList, HashmapList, Room, SimdArrayList
from kscale.kernels.freelist_pages import (
    ALLOCATE,
    CLOSE,
    FREE,
    OPEN,
    RELEASE,
    RELOAD,
    ROLLBACK,
    SAVE,
    SPANS,
    TAKE_THIS,
)

Vector = dict[str, Any]
VECTORS: list[tuple[Path, Vector]] = [(path, json.loads(path.read_bytes())) for path in files("freelist")]
ARRAYS = (ArrayList, SimdArrayList)
HASHMAPS = (HashmapList, AnyFitList)


def of_type(*types: str) -> pytest.MarkDecorator:
    """Parametrize over the files of these types."""
    found = [(path, vector) for path, vector in VECTORS if vector["type"] in types]
    return pytest.mark.parametrize("vector", [v for _, v in found], ids=[p.stem for p, _ in found])


def sha(values: Iterable[int]) -> str:
    return hashlib.sha256(np.asarray(list(values), dtype="<u8").tobytes()).hexdigest()[:16]


def flat(found: FreeList) -> list[int]:
    return np.stack(found.free_spans(), axis=1).ravel().tolist()


def opened(kind: type[FreeList], spans: list[int], pages: int, frees: int, readers: int = 0) -> FreeList:
    """Open a list whose file has *pages* pages."""
    runs = np.array(spans, np.int64).reshape(-1, 2)
    room = Room(pages=pages, free=pages, frees=frees, readers=readers)
    return kind(runs[:, 0].copy(), runs[:, 1].copy(), np.empty((0, 2), np.int32), pages, room)


def for_rows(kind: type[FreeList], spans: list[int], rows: np.ndarray[Any, Any]) -> FreeList:
    """Open a list that has room for a recorded trace."""
    frees = rows[rows[:, 0] == FREE]
    last = max([2, *[a + n for a, n in zip(spans[::2], spans[1::2], strict=True)]])
    pages = max(last, int((frees[:, 2] + frees[:, 3]).max(initial=0))) + 1
    return opened(kind, spans, pages, len(frees), int((rows[:, 0] == OPEN).sum()))


def check_state(found: FreeList, want: Vector) -> None:
    """Compare with every field of a checkpoint."""
    ids = found.saved_ids()
    assert (found.free_pages, found.pending_pages) == (want["free"], want["pending"])
    assert len(found.image()) == want["est"]
    assert len(found.free_spans()[0]) == found.counts[SPANS] == want["spans"]
    assert sha(free_ids(found)) == want["sha_free"]
    assert sha(ids) == want["sha_all"]
    assert sha(flat(found)) == want["sha_spans"]


def free_ids(found: FreeList) -> list[int]:
    return [p for start, size in zip(*found.free_spans(), strict=True) for p in range(start, start + size)]


def check_trace(kind: type[FreeList], vector: Vector) -> None:
    """Play a trace in pieces: up to each save and each checkpoint."""
    rows = np.array([vector[c] for c in ("op", "a", "b", "c")], np.int64).T.copy()
    out = np.array(vector["out"], np.int64)
    if vector["type"] == "trace" and kind in HASHMAPS:
        allocations = rows[:, 0] == ALLOCATE
        rows[allocations, 3] = out[allocations]
        rows[allocations, 0] = TAKE_THIS
    found = for_rows(kind, vector["init_spans"], rows)
    checkpoints = {c["after"]: c for c in vector["checkpoints"]}
    stops = sorted({*checkpoints, *np.flatnonzero(rows[:, 0] == SAVE).tolist(), len(rows) - 1})
    images = []
    begin = 0
    for stop in stops:
        assert found.play(rows[begin : stop + 1]).tolist() == out[begin : stop + 1].tolist()
        begin = stop + 1
        if rows[stop, 0] == SAVE:
            images.append(hashlib.sha256(found.image()).hexdigest()[:16])
        if stop in checkpoints:
            check_state(found, checkpoints[stop])
    if vector["type"] == "trace":
        assert images == vector["images"]
    else:
        assert np.count_nonzero(out[rows[:, 0] == ALLOCATE]) == vector["nonzero_allocs"]
    assert flat(found) == vector["final_free_spans"]


@of_type("trace", "unique")
def test_trace(vector: Vector) -> None:
    """A recorded life of pages comes out the same: answers, states, saved bytes."""
    assert set(vector["op"]) <= {ALLOCATE, FREE, RELEASE, OPEN, CLOSE, ROLLBACK, SAVE, RELOAD}
    for kind in ARRAYS if vector["kind"] == "array" else HASHMAPS:
        check_trace(kind, vector)


def play(found: FreeList, *row: int) -> int:
    """Do one operation and return its answer."""
    return int(found.play(np.array([[*row, 0, 0, 0][:4]], np.int64))[0])


@of_type("rounds")
def test_rounds(vector: Vector) -> None:
    """Where a choice rule cannot matter, sizes, counts and merged spans are those of the real list."""
    sizes = [n for r in vector["rounds"] for n in r["n"]]
    last = max(a + n for a, n in zip(vector["init_spans"][::2], vector["init_spans"][1::2], strict=True))
    for kind in HASHMAPS:
        found = opened(kind, vector["init_spans"], 2 * last, 2 * len(sizes) + last)
        for tx, given in enumerate(vector["rounds"], start=1):
            check_round(found, given, 2 * tx)


def check_round(found: FreeList, given: Vector, tx: int) -> None:
    """Allocate in *tx*, free in the next, release."""
    play(found, RELEASE)
    taken = []
    for k, n in enumerate(given["n"]):
        first = play(found, ALLOCATE, tx, n)
        assert (first > 0) == bool(given["ok"][k])
        taken += [(first, n)] if first else []
        spans = Counter(found.free_spans()[1].tolist())
        assert (found.free_pages, sum(spans.values())) == (given["free"][k], given["spans"][k])
        assert sha(x for pair in sorted(spans.items()) for x in pair) == given["sha_sizes"][k]
    also = given["also_free"]
    for first, n in [*taken, *zip(also[::2], also[1::2], strict=True)]:
        play(found, FREE, tx + 1, first, n - 1)
    assert found.pending_pages == given["pending_before_release"]
    play(found, RELEASE)
    assert (found.free_pages, len(found.free_spans()[0])) == (given["end_free"], given["end_spans"])
    assert sha(free_ids(found)) == given["sha_end_free"]


@of_type("legal")
def test_legal(vector: Vector) -> None:
    """The set of allowed answers is complete, our own is one of them, the array's is the recorded one."""
    for case in vector["cases"]:
        spans, n = case["spans"], case["n"]
        pages = max([2, *[a + k + 2 for a, k in zip(spans[::2], spans[1::2], strict=True)]])
        allowed = [
            p for p in (0, *spans[::2], *[s + 1 for s in spans[::2]]) if is_allowed(spans, n, p, pages)
        ]
        assert sorted(set(allowed)) == sorted(case["legal"])
        assert case["exact"] == (n in spans[1::2])
        for chooser in HASHMAPS:
            assert play(opened(chooser, spans, pages, 0), ALLOCATE, 7, n) in case["legal"]
        for kind in ARRAYS:
            assert play(opened(kind, spans, pages, 0), ALLOCATE, 7, n) == case["array"]


def is_allowed(spans: list[int], n: int, page: int, pages: int) -> bool:
    """Try to take *page* as the answer."""
    try:
        return play(opened(HashmapList, spans, pages, 0), TAKE_THIS, 7, n, page) == page
    except ValueError:
        return False


@of_type("panics")
def test_panics(vector: Vector) -> None:
    """What the real lists refuse is refused here, and nothing else."""
    for case in vector["cases"]:
        for kind in ARRAYS if case["Kind"] == "array" else HASHMAPS:
            assert is_refused(kind, case) == case["Panics"], (case, kind)


def is_refused(kind: type[FreeList], case: Vector) -> bool:
    """Do the step before that the case's name asks for, then its operation."""
    found = opened(kind, case["Spans"], 100, 10)
    tx, page, name = case["A"], case["B"], case["Name"]
    if "free twice" in name:
        play(found, FREE, 7, page, case["C"])
    elif "own allocation" in name:
        page = page or case["Spans"][0]
        while play(found, ALLOCATE, tx, 1) != page:
            assert found.free_pages
    if "then rollback" in name:
        play(found, FREE, tx, page, 0)
    rows = {"free": (FREE, tx, page, case["C"]), "alloc": (ALLOCATE, tx, page), "rollback": (ROLLBACK, tx)}
    try:
        play(found, *rows[case["Op"]])
    except ValueError:
        return True
    return False
