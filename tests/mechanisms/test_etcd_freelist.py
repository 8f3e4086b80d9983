"""etcd-freelist: what its variants promise, and that a broken one is caught."""

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pytest
import recorded_clusters

from kscale.errors import KscaleError, WrongAnswer
from kscale.kernels import (
    freelist_array,
    freelist_audit,
    freelist_hashmap,
    freelist_layouts,
    freelist_pages,
    freelist_workloads,
)
from kscale.kernels.freelist import ArrayList, FreeList, HashmapList, Ints
from kscale.kernels.freelist_layouts import MIXED
from kscale.kernels.freelist_workloads import Workload
from kscale.mechanisms import etcd_freelist, etcd_freelist_load, registry
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Outcome, Variant
from kscale.mechanisms.etcd_freelist import ANY_FIT, MECHANISM, SIMD
from kscale.mechanisms.etcd_freelist_load import Params

if TYPE_CHECKING:
    from kscale.scenario.cluster import Cluster

CLUSTER = cast("Cluster", SimpleNamespace(seed=7, space=recorded_clusters.large_space()))
MADE = cast("Cluster", SimpleNamespace(seed=7, space=None))
WORKLOADS = ("A", "B", "C", "W", "churn", "file")


def params_of(workload: str) -> Params:
    """Return a small cell of a workload."""
    free_pages = None if workload == "file" else 5_000
    return Params(workload=cast("Any", workload), free_pages=free_pages)


def outcome(variant: Variant, load: Workload) -> Outcome:
    return variant.run(variant.build(load))


def outcomes(load: Workload) -> dict[str, Outcome]:
    return {name: outcome(variant, load) for name, variant in MECHANISM.variants.items()}


def tiny(transactions: int = 3) -> Workload:
    """Return a workload with splits, merges, growth and a reader, of a few dozen pages."""
    live = np.empty((20, 2), np.int32)
    rows = np.zeros((transactions * 40, 4), np.int64)
    with np.errstate(over="ignore"):
        state = freelist_layouts.stream(1)
        high_water = freelist_layouts.lay_out_live(state, live, MIXED)
        drawn = np.zeros(20, np.int64)
        used = freelist_workloads.overwrite(state, 20, transactions, 8, 1, 3, MIXED, drawn, rows)
    starts, sizes = np.array([high_water, high_water + 31]), np.array([4, 2])
    return Workload(starts, sizes, live, rows[:used], high_water + 40, transactions)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_variants_agree_and_counts_repeat(workload: str) -> None:
    """Every workload runs in every variant, the variants agree, and a seed fixes every count."""
    params = params_of(workload)
    load = MECHANISM.prepare(CLUSTER, params)
    first = outcomes(load)
    MECHANISM.agree(load, first)
    again = outcomes(MECHANISM.prepare(CLUSTER, params))
    for name, one in first.items():
        assert one.work == again[name].work
        assert {type(value) for value in one.work.values()} == {int}
        assert one.work["transactions"] > 0
    assert {m.name for m in MECHANISM.metrics} == set(first[BASELINE].work)
    assert MECHANISM.per in first[BASELINE].work


@pytest.mark.tiny
def test_tiny_workload() -> None:
    """The same on a few pages, small enough to run without the JIT."""
    load = tiny()
    found = outcomes(load)
    MECHANISM.agree(load, found)
    assert found[OPTIMIZED].work["spans_split"] > 0
    assert found[BASELINE].work["from_high_water_mark"] > 0
    assert found[BASELINE].work["pending_end"] > 0


def test_seed_comes_from_the_scenario() -> None:
    """Without a seed of its own a cell draws from the scenario's."""
    of_scenario = MECHANISM.prepare(CLUSTER, Params(workload="C", free_pages=5_000))
    own = MECHANISM.prepare(CLUSTER, Params(workload="C", free_pages=5_000, seed=7))
    other = MECHANISM.prepare(CLUSTER, Params(workload="C", free_pages=5_000, seed=8))
    assert np.array_equal(of_scenario.rows, own.rows)
    assert not np.array_equal(own.starts[:50], other.starts[:50])


def test_transactions() -> None:
    """C is shorter on large lists, churn longer; the other workloads have none to set."""
    assert etcd_freelist_load.transactions(Params(free_pages=2_000_000)) == 100
    assert etcd_freelist_load.transactions(Params(free_pages=2_000_001)) == 30
    assert etcd_freelist_load.transactions(Params(workload="churn")) == 2_000
    load = MECHANISM.prepare(CLUSTER, Params(workload="C", free_pages=5_000, transactions=3))
    assert outcome(MECHANISM.variants[OPTIMIZED], load).work["transactions"] == 3
    with pytest.raises(ValueError, match="workload A has no number of transactions"):
        Params(workload="A", transactions=3)
    with pytest.raises(ValueError, match="workload W needs at least 4,096 free pages, got 64"):
        Params(workload="W", free_pages=64)


@pytest.mark.parametrize("workload", ["A", "B", "C"])
@pytest.mark.parametrize("free_pages", [1, 2, 3, 64])
def test_small_lists(workload: Literal["A", "B", "C"], free_pages: int) -> None:
    """A list of a page or two is a list: all variants run and agree."""
    load = MECHANISM.prepare(CLUSTER, Params(workload=workload, free_pages=free_pages))
    MECHANISM.agree(load, outcomes(load))


class Forgetful(HashmapList):
    """Forgets the rest of a span that it splits."""

    def _replay(self, rows: Ints, at: int, out: Ints) -> int:
        for row in range(at, len(rows)):
            before = int(self.counts[freelist_pages.SPLIT])
            super()._replay(rows[: row + 1], row, out)
            if self.counts[freelist_pages.SPLIT] > before:
                rest = out[row] + rows[row, 2]
                starts, sizes = self.free_spans()
                self._load(starts[starts != rest], sizes[starts != rest])
        return len(rows)


class Generous(ArrayList):
    """Hands the pages of its first allocation out twice."""

    def play(self, rows: Ints) -> Ints:
        out = super().play(rows)
        taken = np.flatnonzero(out)
        out[taken[1]] = out[taken[0]]
        return out


class Refusing(ArrayList):
    """Says that nothing fits."""

    def _load(self, starts: Ints, sizes: Ints) -> None:
        super()._load(starts[:0], sizes[:0])


class Hoarding(ArrayList):
    """Loses a released page."""

    def play(self, rows: Ints) -> Ints:
        out = super().play(rows)
        self.counts[freelist_pages.FREE_PAGES] -= 1
        return out


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        (Forgetful, "nothing fits|free pages at the end"),
        (Generous, "pages that were not free"),
        (Refusing, "nothing fits"),
        (Hoarding, "free pages at the end"),
    ],
)
def test_a_broken_variant_is_caught(kind: type[FreeList], says: str) -> None:
    """Pages given twice, lost, or held back end the run."""
    load = tiny()
    found = {BASELINE: outcome(MECHANISM.variants[BASELINE], load)}
    found[OPTIMIZED] = outcome(etcd_freelist.variant("broken", kind), load)
    with pytest.raises(WrongAnswer, match=f"optimized: .*({says})"):
        MECHANISM.agree(load, found)


def test_both_searches_must_give_the_same_pages() -> None:
    """A vectorised search that finds another run is caught, though the run is free."""
    load = tiny()
    found = {BASELINE: outcome(MECHANISM.variants[BASELINE], load)}
    found[SIMD] = outcome(MECHANISM.variants[OPTIMIZED], load)
    with pytest.raises(WrongAnswer, match="baseline and array-simd"):
        MECHANISM.agree(load, found)


def test_losses_name_the_figures() -> None:
    """Memory and the array's fast path are said with this cell's numbers."""
    load = MECHANISM.prepare(CLUSTER, Params(workload="A", free_pages=5_000))
    said = " ".join(MECHANISM.losses({name: one.work for name, one in outcomes(load).items()}))
    assert "looking at one id and moving none" in said
    assert "the search in blocks looked at" in said
    load = MECHANISM.prepare(CLUSTER, Params(workload="C", free_pages=5_000))
    works = {name: one.work for name, one in outcomes(load).items() if name != SIMD}
    assert "in memory (1." in " ".join(MECHANISM.losses(works))
    larger = {**works[OPTIMIZED], "file_pages_end": 2 * works[BASELINE]["file_pages_end"]}
    assert "(+100" in MECHANISM.losses({**works, OPTIMIZED: larger})[0]


def test_any_fit_lets_a_file_grow() -> None:
    """In a churn the rule of Go's map order ends with a larger file than the array, and says so."""
    load = MECHANISM.prepare(CLUSTER, Params(workload="churn", transactions=600))
    works = {name: one.work for name, one in outcomes(load).items()}
    ends = {name: work["file_pages_end"] for name, work in works.items()}
    assert ends[ANY_FIT] > ends[BASELINE]
    assert ends[OPTIMIZED] < ends[ANY_FIT]
    assert "any larger span, as bbolt does" in MECHANISM.losses(works)[0]


def test_each_kernel_compiles_once() -> None:
    """Every column has one type, so no kernel is compiled twice."""
    for workload in WORKLOADS:
        load = MECHANISM.prepare(CLUSTER, params_of(workload))
        MECHANISM.agree(load, outcomes(load))
    kernels = [
        freelist_array.replay_array,
        freelist_hashmap.replay_hashmap,
        freelist_hashmap.enter_spans,
        freelist_audit.audit,
        freelist_layouts.lay_out_b,
        freelist_layouts.lay_out_c,
        freelist_workloads.overwrite,
        freelist_workloads.overwrite_alike,
    ]
    for kernel in kernels:
        signatures = getattr(kernel, "signatures", ["not compiled"])
        assert len(signatures) == 1, (kernel, signatures)


def test_memory_grows_with_the_free_pages() -> None:
    """Ten times the pages need about ten times the memory."""
    small, large = (MECHANISM.memory(CLUSTER, Params(free_pages=n)) for n in (1_000_000, 10_000_000))
    assert 5 * small < large < 10 * small
    assert MECHANISM in registry.MECHANISMS


def on(free: list[list[int]], live: list[list[int]]) -> "Cluster":
    """Return a cluster whose database has these free and used runs."""
    space = replace(recorded_clusters.space(), free=pairs(free), live=pairs(live))
    return cast("Cluster", SimpleNamespace(seed=7, space=space))


def pairs(runs: list[list[int]]) -> Ints:
    """Return runs as an array."""
    return np.array(runs, dtype=np.int64).reshape(-1, 2)


@pytest.mark.tiny
def test_the_pages_of_a_file_are_used() -> None:
    """The list starts from the file's free spans; runs are overwritten by runs as long as others."""
    cluster = cast("Cluster", SimpleNamespace(seed=7, space=recorded_clusters.space()))
    load = MECHANISM.prepare(cluster, Params(workload="file", transactions=4))
    assert (load.starts.tolist(), load.sizes.tolist(), load.high_water) == ([4, 9, 20], [2, 1, 8], 64)
    assert load.live.tolist() == [[2, 1], [3, 1], [6, 3], [10, 4], [28, 1]]
    taken = load.rows[load.rows[:, 0] == freelist_pages.TAKE_OR_GROW]
    assert set(taken[:, 2].tolist()) <= {1, 3, 4}
    assert sorted(taken[:5, 3].tolist()) == [0, 1, 2, 3, 4]  # 256 draws of five runs find all of them
    found = outcomes(load)
    MECHANISM.agree(load, found)
    assert found[BASELINE].work["transactions"] == 4
    assert found[BASELINE].work["allocations"] == 20


def test_a_file_s_meta_pages_are_left_alone() -> None:
    """Pages 0 and 1 may be among those in use; they are never freed."""
    load = MECHANISM.prepare(on([[9, 2]], [[0, 1], [1, 1], [2, 2], [5, 1]]), Params(workload="file"))
    assert load.live.tolist() == [[2, 2], [5, 1]]
    MECHANISM.agree(load, outcomes(load))


@pytest.mark.parametrize(
    ("cluster", "says"),
    [
        (MADE, "workload file needs a cluster imported from an etcd database"),
        (on([], [[2, 1]]), "the imported etcd database has no free page"),
        (on([[5, 1]], []), "the imported etcd database has no used page"),
        (on([[5, 1]], [[0, 1], [1, 1]]), "the imported etcd database has no used page"),
    ],
)
def test_a_file_is_needed(cluster: "Cluster", says: str) -> None:
    """Without one, or with one that has nothing to overwrite, there is a line before any work."""
    params = Params(workload="file")
    for asked in (MECHANISM.prepare, MECHANISM.memory, MECHANISM.cost_ns):
        with pytest.raises(KscaleError, match=f"^etcd-freelist: .*{says}"):
            asked(cluster, params)


def test_free_pages_are_the_file_s_own() -> None:
    """They cannot be given, and a result does not claim a million of them; others have their million."""
    assert Params().free_pages == Params(workload="churn").free_pages == 1_000_000
    assert Params(workload="file").free_pages is None
    assert Params(workload="file", transactions=3).transactions == 3
    given = Params(workload="file", free_pages=1_000_000)
    with pytest.raises(KscaleError, match=r"has the free pages of the imported database; set no free_pages$"):
        MECHANISM.memory(CLUSTER, given)
    with pytest.raises(KscaleError, match=r"needs a cluster imported from an etcd database$"):
        MECHANISM.memory(MADE, given)  # first what no parameter can mend
    free = int(CLUSTER.space.free[:, 1].sum()) if CLUSTER.space else 0
    params = Params(workload="file")
    per_page = MECHANISM.cost_ns(CLUSTER, params) - MECHANISM.cost_ns(on([[5, 1]], [[2, 1]]), params)
    assert per_page == pytest.approx(100 * 6.5 * (free - 1))


def test_memory_of_a_file_is_said_from_above() -> None:
    """All lists, their programme and the audit, on a file of which little is free."""
    runs = np.arange(2, 400_000, 2)
    free, live = runs[runs % 50 == 0], runs[runs % 50 != 0]
    free, live = (np.stack((first, np.ones_like(first)), axis=1) for first in (free, live))
    space = replace(recorded_clusters.space(), free=free, live=live, file_pages=400_000)
    cluster = cast("Cluster", SimpleNamespace(seed=7, space=space))
    params = Params(workload="file", transactions=3)
    needed = MECHANISM.memory(cluster, params)
    tracemalloc.start()
    try:
        load = MECHANISM.prepare(cluster, params)
        MECHANISM.agree(load, outcomes(load))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < needed
    assert needed < 10 * peak
