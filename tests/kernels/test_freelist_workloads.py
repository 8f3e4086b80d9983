"""The benchmark workloads, draw for draw, with the work the real array kind does on them."""

import hashlib
import json
from typing import Any

import numpy as np
import pytest
from vectors_dir import files

from kscale.kernels import freelist_layouts, freelist_pages, freelist_workloads
from kscale.kernels.freelist import ArrayList, FreeList, HashmapList, SimdArrayList, ids_of, spans_of
from kscale.kernels.freelist_pages import GIVE_BACK, RELEASE, TAKE, TAKE_OR_GROW
from kscale.kernels.freelist_workloads import Workload

Vector = dict[str, Any]
FILES = [v for v in (json.loads(path.read_bytes()) for path in files("freelist")) if v["type"] == "workloads"]
RUNS = [run for vector in FILES for run in vector["runs"]]


def sha(values: Any) -> str:  # noqa: ANN401 - anything numpy takes
    return hashlib.sha256(np.asarray(values, dtype="<u8").tobytes()).hexdigest()[:16]


def prepared(run: Vector) -> Workload:
    free, seed = run["F"], run["seed"]
    if run["workload"] == "C":
        return freelist_workloads.workload_c(free, seed, 30 if free > 2_000_000 else 100)
    if run["workload"] == "B":
        return freelist_workloads.workload_b(free, seed)
    return {"A": freelist_workloads.workload_a, "W": freelist_workloads.workload_w}[run["workload"]](free)


def opened(kind: type[FreeList], load: Workload) -> FreeList:
    return kind(load.starts, load.sizes, load.live, load.high_water, load.room())


@pytest.mark.tiny
@pytest.mark.parametrize("vector", FILES, ids=lambda v: v["name"])
def test_random_numbers(vector: Vector) -> None:
    """splitmix64 gives the published answers, with the JIT and without."""
    state = freelist_layouts.stream(1)
    out = np.empty(4, np.int64)
    with np.errstate(over="ignore"):
        freelist_layouts.fill_below(state, 2**62, out)
    assert out.tolist() == [int(z) % 2**62 for z in vector["splitmix64_seed1_first4"]]


@pytest.mark.parametrize("run", RUNS, ids=lambda r: f"{r['workload']}-{r['F']}-{r['seed']}")
def test_recorded_workload(run: Vector) -> None:
    """Start, answers, end and exact work are those of the real array kind."""
    load = prepared(run)
    ids = ids_of(load.starts, load.sizes)
    assert (sha(ids), len(load.starts), len(ids)) == (run["sha_init"], run["init_spans"], run["F"])
    assert (ids[0], ids[-1]) == (run["first_id"], run["last_id"])
    allocations = np.isin(load.rows[:, 0], (TAKE, TAKE_OR_GROW))
    for kind in (ArrayList, SimdArrayList):
        found = opened(kind, load)
        given = play(found, load, run)
        answers = given[allocations]
        assert len(answers) == found.counts[freelist_pages.ALLOCATED] == run["allocs"]
        assert np.count_nonzero(answers) == run["ok"]
        assert answers[: len(run["first_results"])].tolist() == run["first_results"]
        assert sha(answers) == run["sha_results"]
        assert found.free_pages == run["free_end"]
        assert sha(ids_of(*found.free_spans())) == run["sha_free_end"]
        assert found.counts[freelist_pages.MOVED] == run["moved_total"]
        if kind is ArrayList:
            assert found.counts[freelist_pages.SCANNED] == run["scanned_total"]
            assert found.counts[freelist_pages.LONGEST_SCAN] == run["scanned_max"]


def play(found: FreeList, load: Workload, run: Vector) -> np.ndarray[Any, Any]:
    """Do all rows, looking at what is recorded of C and, in the others, of the middle."""
    if run["workload"] == "C":
        assert (load.high_water, len(load.live)) == (run["hwm0"], run["live_runs"])
        given = found.play(load.rows)
        assert found.pending_pages == run["pending_end"]
        assert found.counts[freelist_pages.HIGH_WATER] == run["hwm_end"]
        return given
    half = int(np.argmax(load.rows[:, 0] == GIVE_BACK))
    given = found.play(load.rows[:half])
    assert sha(ids_of(*found.free_spans())) == run["sha_after_alloc"]
    return np.concatenate((given, found.play(load.rows[half:])))


def test_every_recorded_field_is_compared() -> None:
    """A field that a later file adds does not go unseen."""
    known = {"F", "seed", "workload", "first_id", "last_id", "hwm0", "hwm_end", "live_runs", "pending_end"}
    known |= {"allocs", "ok", "first_results", "sha_results", "sha_init", "init_spans", "sha_after_alloc"}
    known |= {"free_end", "sha_free_end", "scanned_total", "scanned_max", "moved_total"}
    assert {field for run in RUNS for field in run} <= known


class Stream:
    """splitmix64 in plain Python."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def __call__(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) % 2**64
        z = self.state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        return z ^ z >> 31

    def size(self) -> int:
        u = self() % 100
        return 1 if u < 80 else 2 + self() % 3 if u < 95 else 5 + self() % 12


@pytest.mark.tiny
@pytest.mark.parametrize(("free", "seed"), [(30, 1), (31, 2), (50, 3), (77, 4), (78, 2**64 - 1)])
def test_workload_c_as_written(free: int, seed: int) -> None:
    """Layout and programme are those of the definition, drawn one by one; the last run may be cut."""
    load = freelist_workloads.workload_c(free, seed, 2)
    r, page = Stream(seed), 2
    ids: list[int] = []
    live: list[list[int]] = []
    while len(ids) < free:
        n = r.size()
        if r() % 2:
            ids += list(range(page, page + n))[: free - len(ids)]
        else:
            live.append([page, n])
        page += n
    assert ids_of(load.starts, load.sizes).tolist() == ids
    assert len(load.starts) == len(spans_of(np.array(ids))[0])
    assert (load.live.tolist(), load.high_water) == (live, page)
    rows = []
    for tx in (101, 102):
        pairs: dict[int, int] = {}
        for _ in range(256):
            run, n = r() % len(live), r.size()
            pairs.setdefault(run, n)
        rows += [[RELEASE, 0, 0, 0], *[[GIVE_BACK, tx, 0, run] for run in pairs]]
        rows += [[TAKE_OR_GROW, tx, n, run] for run, n in pairs.items()]
    assert load.rows.tolist() == rows


@pytest.mark.tiny
@pytest.mark.parametrize("seed", [1, 2, 2**64 - 1])
def test_workload_file_as_written(seed: int) -> None:
    """Free spans and runs are the file's; run and length are drawn in turn, one by one."""
    free = np.array([[5, 1], [9, 4]], dtype=np.int64)
    live = np.array([[0, 1], [1, 1], [2, 3], [6, 2], [13, 1], [14, 9], [30, 2]], dtype=np.int64)
    load = freelist_workloads.workload_file(free, live, 40, seed, 3)
    assert (load.starts.tolist(), load.sizes.tolist(), load.high_water) == ([5, 9], [1, 4], 40)
    assert load.live.tolist() == live[2:].tolist()
    r, rows = Stream(seed), []
    for tx in (101, 102, 103):
        pairs: dict[int, int] = {}
        for _ in range(256):
            run, other = r() % 5, r() % 5
            pairs.setdefault(run, int(live[2 + other, 1]))
        rows += [[RELEASE, 0, 0, 0], *[[GIVE_BACK, tx, 0, run] for run in pairs]]
        rows += [[TAKE_OR_GROW, tx, n, run] for run, n in pairs.items()]
    assert load.rows.tolist() == rows


@pytest.mark.parametrize("kind", [ArrayList, HashmapList])
def test_churn_opens_and_closes_its_reader(kind: type[FreeList]) -> None:
    """A reader pins 20 of every 50 transactions: what they free waits, then comes back at once."""
    load = freelist_workloads.workload_churn(1, 60)
    readers = [
        tuple(row)
        for row in load.rows[
            np.isin(load.rows[:, 0], (freelist_pages.OPEN, freelist_pages.CLOSE)), :2
        ].tolist()
    ]
    assert readers == [(freelist_pages.OPEN, 100), (freelist_pages.CLOSE, 100), (freelist_pages.OPEN, 150)]
    found = opened(kind, load)
    begins = np.append(np.flatnonzero(load.rows[:, 0] == RELEASE), len(load.rows))
    pinned = []
    for begin, end in zip(np.append(0, begins[1:-1]), begins[1:], strict=True):
        found.play(load.rows[begin:end])
        pinned.append(int(found.counts[freelist_pages.READERS]))
    assert sum(pinned[:50]) == 20
    assert found.counts[freelist_pages.HIGH_WATER] > load.high_water
