"""etcd's free pages: one sorted array against spans kept by size.

Baseline and optimized are the two kinds of bbolt, internal/freelist/array.go and
hashmap.go (etcd-io/bbolt 4e65d8f), with the whole life of a page: allocate, free,
pending per transaction, readers, release, rollback, reload, saved form. Left out: the
file, fsync, the B+tree, and writing the list, which etcd does not do on Linux. The
kinds need not give the same pages: bbolt's hashmap takes any fit, in Go's map order.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import freelist_audit
from kscale.kernels import freelist_pages as cells
from kscale.kernels.freelist import (
    AnyFitList,
    ArrayList,
    FreeList,
    HashmapList,
    Ints,
    SimdArrayList,
    ids_of,
    saved_bytes,
)
from kscale.kernels.freelist_workloads import Workload
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.etcd_freelist_load import Params, cost_ns, memory, prepare

SIMD = "array-simd"
ANY_FIT = "hashmap-any"
TOUCHED = (cells.SCANNED, cells.MOVED, cells.MERGED, cells.CLASSES, cells.SPLIT, cells.JOINED)
WORTH_SAYING = 1.01  # so many times the baseline's figure


@dataclass(frozen=True, slots=True)
class Answer:
    """What a variant is checked by."""

    given: Ints  # [r] first page for each allocation, 0 for no fit
    pages: FreeList  # the list as it is at the end


@dataclass(frozen=True, slots=True)
class State:
    """A list and what it has to do."""

    pages: FreeList
    rows: Ints
    transactions: int


def variant(about: str, kind: type[FreeList]) -> Variant:
    """Return the variant that runs the programme on a list of this *kind*."""

    def build(load: Workload) -> State:
        """Open a fresh list."""
        pages = kind(load.starts, load.sizes, load.live, load.high_water, load.room())
        return State(pages, load.rows, load.transactions)

    return Variant(about, build, run)


def run(state: State) -> Outcome:
    """Do all transactions."""
    pages = state.pages
    given = pages.play(state.rows)
    return Outcome(work(pages, state.transactions), Answer(given, pages))


def work(pages: FreeList, writes: int) -> dict[str, int]:
    """Return what was counted; a counter that means nothing for a kind of list is 0."""
    count = pages.counts.tolist()
    return {
        "transactions": writes,
        "allocations": count[cells.ALLOCATED],
        "entries_touched": sum(count[cell] for cell in TOUCHED),
        "ids_scanned": count[cells.SCANNED],
        "ids_scanned_max": count[cells.LONGEST_SCAN],
        "ids_moved": count[cells.MOVED],
        "ids_merged": count[cells.MERGED],
        "size_classes_looked_at": count[cells.CLASSES],
        "spans_split": count[cells.SPLIT],
        "spans_merged": count[cells.JOINED],
        "from_high_water_mark": count[cells.GREW],
        "file_pages_end": count[cells.HIGH_WATER],
        "distinct_spans_end": count[cells.SPANS],
        "free_pages_end": count[cells.FREE_PAGES],
        "pending_end": count[cells.PENDING_PAGES],
        "saved_form_bytes": saved_bytes(pages.free_pages + pages.pending_pages),
        "bytes_held": pages.bytes_held(),
    }


WRONG = {
    freelist_audit.GIVEN_TWICE: "was given pages that were not free",
    freelist_audit.FREED_TWICE: "freed pages that were not in use",
    freelist_audit.MISSED: "was told that nothing fits, though a run so long is free",
}


def agree(load: Workload, outcomes: Mapping[str, Outcome]) -> None:
    """No page is given out twice, none is lost, and nothing is refused that fits.

    Each list's answers are followed page by page; at the end its free and pending pages
    must be just those left. The array kinds must also give the same pages.
    """
    for name, outcome in outcomes.items():
        follow(name, load, outcome.answer)
    if BASELINE in outcomes and SIMD in outcomes:
        same_pages(outcomes[BASELINE], outcomes[SIMD])


def follow(name: str, load: Workload, answer: Answer) -> None:
    """Compare a list's answers and its end with the pages themselves."""
    room = load.room()
    state = np.full(room.pages, freelist_audit.IN_USE, np.uint8)
    state[ids_of(load.starts, load.sizes)] = freelist_audit.FREE
    live = load.live.copy()
    found = np.zeros(2, np.int64)
    waiting, readers = np.empty((room.frees, 4), np.int64), np.empty(room.readers, np.int64)
    given_by = np.zeros(room.pages, np.int64)
    row = freelist_audit.audit(
        load.rows, answer.given, live, state, given_by, waiting, readers, load.high_water, found
    )
    if row < len(load.rows):
        tx, n = load.rows[row, 1:3].tolist()
        at = f"transaction {tx}, row {row}, {n} pages, answer {answer.given[row]}"
        raise WrongAnswer(f"{name}: {at}: {WRONG[int(found[1])]}")
    pages = answer.pages
    ends = {
        "free pages": (ids_of(*pages.free_spans()), np.flatnonzero(state == freelist_audit.FREE)),
        "pending pages": (np.sort(pages.pending_ids()), np.flatnonzero(state == freelist_audit.PENDING)),
        "live runs": (pages.live, live),
        "counted free pages": (pages.free_pages, np.count_nonzero(state == freelist_audit.FREE)),
        "counted spans": (pages.counts[cells.SPANS], len(pages.free_spans()[0])),
        "high water mark": (pages.counts[cells.HIGH_WATER], found[0]),
    }
    for what, (its, true) in ends.items():
        if not np.array_equal(its, true):
            raise WrongAnswer(f"{name}: {what} at the end are not those its answers leave")


def same_pages(plain: Outcome, simd: Outcome) -> None:
    """Both searches of the array find the same runs and move the same ids."""
    if not np.array_equal(plain.answer.given, simd.answer.given):
        row = int(np.flatnonzero(plain.answer.given != simd.answer.given)[0])
        pair = f"{plain.answer.given[row]} and {simd.answer.given[row]}"
        raise WrongAnswer(f"{BASELINE} and {SIMD}: row {row}: pages {pair}, must be the same")
    for name in ("ids_moved", "ids_merged", "distinct_spans_end", "file_pages_end"):
        if plain.work[name] != simd.work[name]:
            raise WrongAnswer(
                f"{BASELINE} and {SIMD}: {name} {plain.work[name]} and {simd.work[name]}, must be the same"
            )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say what the hashmap costs in this cell."""
    said = []
    array, hashmap, simd = works[BASELINE], works.get(OPTIMIZED), works.get(SIMD)
    for name, rule in ((OPTIMIZED, "the smallest larger span"), (ANY_FIT, "any larger span, as bbolt does,")):
        ends, fewer = works.get(name, array)["file_pages_end"], array["file_pages_end"]
        if ends > fewer:
            more = units.show_percent(ends / fewer - 1, signed=True)
            said.append(
                f"taking {rule} the file ends at {ends:,} pages, with the array at {fewer:,} ({more})"
            )
    if hashmap and hashmap["bytes_held"] > WORTH_SAYING * array["bytes_held"]:
        more = units.show_ratio(hashmap["bytes_held"] / array["bytes_held"])
        sizes = f"{units.show_bytes(hashmap['bytes_held'])} against {units.show_bytes(array['bytes_held'])}"
        said.append(f"spans by size hold {sizes} in memory ({more})")
    if hashmap and array["ids_scanned"] + array["ids_moved"] <= array["allocations"]:
        steps = f"{hashmap['size_classes_looked_at'] / max(1, hashmap['allocations']):.2f} size classes"
        said.append(
            "the array gave every page from its front, looking at one id and moving none; spans by size "
            f"looked at {steps} an allocation and split {hashmap['spans_split']:,}: expect a loss of time"
        )
    if hashmap and hashmap["entries_touched"] > WORTH_SAYING * array["entries_touched"] > 0:
        more = units.show_ratio(hashmap["entries_touched"] / array["entries_touched"])
        touched = f"{hashmap['entries_touched']:,} entries, the array {array['entries_touched']:,} ({more})"
        said.append(f"spans by size touched {touched}: so little is free, or single pages are wanted")
    if simd and simd["ids_scanned"] > WORTH_SAYING * array["ids_scanned"]:
        ids = f"{simd['ids_scanned']:,} ids against {array['ids_scanned']:,}"
        said.append(f"the search in blocks looked at {ids}: it compares a whole block at least")
    return tuple(said)


METRICS = (
    Metric(
        "entries_touched",
        "entries",
        about="ids scanned, moved and merged; size classes looked at, spans split and merged",
        headline=True,
    ),
    Metric("file_pages_end", "pages", about="pages in the file at the end", headline=True),
    Metric("bytes_held", "bytes", about="the list's own memory at its largest", headline=True),
    Metric("transactions", "transactions", "none", "write transactions"),
    Metric("allocations", "allocations", "none", "runs of pages asked for"),
    Metric("ids_scanned", "ids", about="ids looked at by searches; in blocks: ids compared, whole blocks"),
    Metric("ids_scanned_max", "ids", about="ids looked at by the longest search"),
    Metric("ids_moved", "ids", about="ids moved down behind the runs taken"),
    Metric("ids_merged", "ids", about="ids copied into a new list by releases"),
    Metric("size_classes_looked_at", "classes", about="sizes of span looked at by allocations"),
    Metric("spans_split", "spans", about="spans of which a part was given"),
    Metric("spans_merged", "spans", about="spans that freed pages were joined to"),
    Metric("from_high_water_mark", "allocations", about="allocations for which the file grew"),
    Metric("distinct_spans_end", "spans", about="free spans at the end: how fragmented the file is"),
    Metric("free_pages_end", "pages", "none", "free pages at the end"),
    Metric("pending_end", "pages", "none", "freed pages that wait for a release at the end"),
    Metric("saved_form_bytes", "bytes", "none", "size of the list if it were saved at the end"),
)

MECHANISM = Mechanism(
    id="etcd-freelist",
    title="etcd free-page search",
    panel="etcd",
    about=(
        "bbolt, etcd's storage, must find a run of free pages for all that it rewrites. The array kind keeps "
        "free page ids sorted, looks for the first run that is long enough, moves every id behind it, and "
        "copies the whole list when pages come back. The hashmap kind (etcd's default since 3.5) keeps spans "
        "by their size and by both ends. Its choice, which bbolt leaves to Go's map order: an exact fit, or "
        "the smallest larger size; of one size the span entered last."
    ),
    source=(
        "etcd-io/bbolt 4e65d8fd8c1f, internal/freelist: array.go, hashmap.go, shared.go; the hashmap came "
        "with pull 141 (8693da9f4d97, 2019-01-25). Recorded outcomes of that code: tests/vectors/freelist."
    ),
    left_out=(
        "The file, mmap and fsync; the B+tree; writing the list at each commit (etcd on Linux does not) and "
        "the walk over the tree that replaces it at opening. Ratios are those of the list alone, far above "
        "what a whole database gains."
    ),
    loses=(
        "workload A, single pages from long runs: the array takes them from its front (bbolt: 2.6 to 6 x)",
        "small stores: at 10k free pages both kinds are about equal",
        "memory: 16 bytes a page of the file here; bbolt's maps hold up to 3.3 times what its array holds",
        (
            "file growth: bbolt's any-fit ended at 2.2 to 2.3 times the live pages, its array at 1.32; "
            "workload churn shows it in variant hashmap-any, which chooses as Go's map order does"
        ),
        "saving the list: bbolt's hashmap sorts all spans, 45 to 170 times as long when they are many",
    ),
    params=Params,
    prepare=prepare,
    variants={
        BASELINE: variant("sorted array: first fit, ids behind it move, release copies all", ArrayList),
        OPTIMIZED: variant(
            "spans by size: exact fit, else the smallest larger, last in first out", HashmapList
        ),
        ANY_FIT: variant(
            "spans by size: exact fit, else any larger size, as Go's map order has it", AnyFitList
        ),
        SIMD: variant("the array with a vectorised search; moves and copies as before", SimdArrayList),
    },
    agree=agree,
    metrics=METRICS,
    per="transactions",
    losses=losses,
    memory=memory,
    cost_ns=cost_ns,
    claims=("F1", "F2", "F3", "F4", "F5", "F6", "F7", "F8", "F9", "F10", "F13", "H1", "H2"),
)
