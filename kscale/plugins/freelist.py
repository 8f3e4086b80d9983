"""A free list of the user's own: functions on arrays, around which the life of pages is ours.

Which pages are pending, who still reads, what a transaction took: all of that is as for bbolt's two lists.
The functions are not asked what they hold: the free pages are told from the answers they gave, and at the end
they must still give the longest free runs, each when it is asked for.
"""

from collections.abc import Mapping

import numpy as np

from kscale.errors import WrongAnswer
from kscale.kernels import freelist_own
from kscale.kernels import freelist_pages as life_of
from kscale.kernels.freelist import FreeList, Ints, spans_of
from kscale.kernels.freelist_workloads import Workload
from kscale.mechanisms import etcd_freelist
from kscale.mechanisms.base import Outcome, Variant, Work
from kscale.mechanisms.etcd_freelist import State
from kscale.plugins.functions import Arrays, Function, arrays, compiled

ID = "etcd-freelist"
PARTS = ("make", "allocate", "release")
FIRST_PAGE = freelist_own.LEAST_PAGE
PROBES = 64  # of the longest free runs at the end: each may cost a search of the whole list
ASKING = (life_of.ALLOCATE, life_of.TAKE, life_of.TAKE_OR_GROW)  # steps whose answer is a page
TOUCHED = "entries_touched"  # what the functions count themselves
UNKNOWN = (  # of the work of bbolt's lists, what is not known of others
    "ids_scanned",
    "ids_scanned_max",
    "ids_moved",
    "ids_merged",
    "size_classes_looked_at",
    "spans_split",
    "spans_merged",
    "distinct_spans_end",  # worked out afterwards, see quality
)


class OwnList(FreeList):
    """A list whose pages are found by functions of a plugin."""

    parts: Mapping[str, Function]  # make, allocate, release; the latter two compiled

    def _load(self, starts: Ints, sizes: Ints) -> None:
        """Make the arrays anew."""
        self.arrays: Arrays = arrays(f"{ID}: make", self.parts["make"](self.room.pages, starts, sizes))
        self.work = np.zeros(1, np.int64)
        self.counts[life_of.FREE_PAGES] = sizes.sum()
        self._left: tuple[Ints, Ints] | None = None

    def _replay(self, rows: Ints, at: int, out: Ints) -> int:
        """Run the kernel around the functions; after an answer with which it cannot go on, skip the rest."""
        stopped = freelist_own.replay_own(
            self.parts["allocate"], self.parts["release"], self.arrays, self.work, rows, at, out, self.live,
            self.readers, self.pending, self.picked, self.life, self.counts,
        )  # fmt: skip
        return len(rows) if self.counts[life_of.ERROR] else int(stopped)

    def true_spans(self) -> tuple[Ints, Ints]:
        """Return starts and sizes of the runs that are free by the answers given."""
        free = (self.life & 1).astype(np.bool_)
        free[self.pending_ids()] = False
        return spans_of(np.flatnonzero(free))

    def free_spans(self) -> tuple[Ints, Ints]:
        """Return those runs, less any of the longest that the list does not give when asked; uses it up."""
        if self._left is None:
            starts, sizes = self.true_spans()
            self.counts[life_of.SPANS] = len(starts)
            kept = np.ones(len(starts), np.bool_)
            for k in np.argsort(-sizes, kind="stable")[:PROBES].tolist():
                kept[k] = self._gives(int(sizes[k]), starts, sizes)
            self._left = starts[kept], sizes[kept]
        return self._left

    def _gives(self, n: int, starts: Ints, sizes: Ints) -> bool:
        """Say whether the list gives a whole free run of *n* pages: none is longer by now."""
        try:
            first = int(self.parts["allocate"](*self.arrays, n, self.work))
        except Exception:  # noqa: BLE001 - whatever a user's function raises, it gives no page
            return False
        return bool(((starts == first) & (sizes == n)).any())

    def bytes_held(self) -> int:
        """Return the bytes of its arrays, and 8 a page of the file for its record, as bbolt's lists have."""
        return sum(one.nbytes for one in self.arrays) + 8 * int(self.counts[life_of.HIGH_WATER])


def variant(about: str, parts: Mapping[str, Function]) -> Variant:
    """Return the variant that runs the programme on a list of these functions."""
    ready = {**parts, **{name: compiled(parts[name]) for name in ("allocate", "release")}}
    kind = type("OwnList", (OwnList,), {"parts": ready})

    def build(load: Workload) -> State:
        """Open a fresh list."""
        pages = kind(load.starts, load.sizes, load.live, load.high_water, load.room())
        return State(pages, load.rows, load.transactions)

    return Variant(about, build, run)


def run(state: State) -> Outcome:
    """Do all transactions; of what is counted for bbolt's lists, say what is known of this one."""
    outcome = etcd_freelist.run(state)
    work = {name: count for name, count in outcome.work.items() if name not in UNKNOWN}
    touched = int(state.pages.work[0]) if isinstance(state.pages, OwnList) else 0
    del work[TOUCHED]
    return Outcome(work | ({TOUCHED: touched} if touched else {}), outcome.answer)


def quality(_load: Workload, outcome: Outcome) -> Work:
    """Return how many free spans such a list ends with, which takes a walk over the file."""
    pages = outcome.answer.pages
    return {"distinct_spans_end": len(pages.true_spans()[0])} if isinstance(pages, OwnList) else {}


def check_pages(who: str, load: Workload, answer: object) -> None:
    """Raise WrongAnswer if a page is given that lies outside the file: what checks answers would follow."""
    given, rows, pages = getattr(answer, "given", None), len(load.rows), load.room().pages
    if not isinstance(given, np.ndarray) or given.dtype.kind not in "iu" or given.shape != (rows,):
        raise WrongAnswer(f"{who}: given must hold a whole number for each of {rows:,} steps")
    asked = np.isin(load.rows[:, 0], ASKING)
    far = np.flatnonzero(asked & ((given < 0) | (given >= pages)))
    if len(far):
        row = int(far[0])
        raise WrongAnswer(
            f"{who}: step {row} gives page {int(given[row])}; the file has room for pages 0 to {pages - 1}"
        )
