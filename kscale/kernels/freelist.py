"""A free list with the whole life of a page: given, freed, pending, free again.

Both lists of bbolt (internal/freelist, etcd-io/bbolt 4e65d8f) behind one shape.
What happens is a programme, int64[r, 4], one row an operation:

    op            a     b      c                 answer
    ALLOCATE      tx    n                        first page, or 0: no run of n free pages
    FREE          tx    page   pages after it
    RELEASE                                      (as at the start of a write transaction)
    OPEN, CLOSE   tx                             (a reader of that transaction)
    ROLLBACK      tx
    SAVE                                         bytes of the saved form
    RELOAD                                       (what was saved last, or what it was opened with)
    TAKE          tx    n      slot              as ALLOCATE; the run is kept in the slot
    TAKE_OR_GROW  tx    n      slot              as TAKE; no fit takes the pages at the high water mark
    GIVE_BACK     tx           slot              frees the run in the slot, if there is one
    TAKE_THIS     tx    n      page              hashmap only: take this page, if it is an allowed answer

Rows 0 to 7 are those of the recorded vectors. A programme runs inside one kernel
call; rollback, save and reload, which are rare, are done here. Left out: files,
the B+tree walk that replaces a saved list, and the content of pages.
"""

import struct
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import freelist_array as array
from kscale.kernels import freelist_hashmap as hashmap
from kscale.kernels import freelist_pages as life_of
from kscale.kernels.freelist_pages import FIRST, FREED_BY, GIVEN_BY, PAGES, ROLLBACK, SAVE

Ints = NDArray[np.int64]
Runs = NDArray[np.int32]

HEADER_BYTES = 16  # of a page: id u64, flags u16, count u16, overflow u32 (internal/common/page.go)
FREELIST_FLAG = 0x10
COUNT_ESCAPE = 0xFFFF  # from so many ids on, the count is this and the first u64 holds the number
SIMD_WIDTH = 512  # ids compared at once by the vectorised search
ERRORS = {
    life_of.META_PAGE: "pages 0 and 1 are meta pages: they are never free",
    life_of.ALREADY_FREE: "a page of the run is already free",
    life_of.NO_ROOM: "the pages do not fit in the file of this list",
    life_of.NOT_ALLOWED: "that page is not an allowed answer",
}


@dataclass(frozen=True, slots=True)
class Room:
    """How large a list may become; a programme that needs more is refused, never written past."""

    pages: int  # of the file; page ids are below it
    free: int  # free and pending pages at once
    frees: int  # runs pending at once
    readers: int  # open at once


def saved_bytes(ids: int) -> int:
    """Return the size of the saved form of *ids* page ids (shared.go, EstimatedWritePageSize)."""
    return HEADER_BYTES + 8 * (ids + int(ids >= COUNT_ESCAPE))


def spans_of(ids: Ints) -> tuple[Ints, Ints]:
    """Return starts and sizes of the maximal runs in ascending *ids*."""
    begins = np.flatnonzero(np.diff(ids, prepend=-1) != 1) if len(ids) else np.empty(0, np.int64)
    return ids[begins], np.diff(begins, append=len(ids)).astype(np.int64)


def ids_of(starts: Ints, sizes: Ints) -> Ints:
    """Return every page of the runs, run after run."""
    ends = np.cumsum(sizes)
    return np.repeat(starts - (ends - sizes), sizes) + np.arange(ends[-1] if len(ends) else 0)


def random_numbers(count: int) -> Ints:
    """Return the first *count* of splitmix64 for seed 0, less the sign bit."""
    z = np.arange(1, count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


class FreeList(ABC):
    """What both kinds share: pending runs, readers, the record of who was given what."""

    rebuilds_empty_cache = True  # a reload of an empty saved list forgets which pages were free

    def __init__(self, starts: Ints, sizes: Ints, live: Runs, high_water: int, room: Room) -> None:
        """Open a list with free spans (ascending, not touching) and the runs in slots (copied)."""
        self.counts = np.zeros(life_of.PEAK + 1, np.int64)
        self.counts[life_of.HIGH_WATER] = high_water
        self.life = np.empty(room.pages, np.int64)
        self.live = live.copy()
        self.pending = np.empty((room.frees, 5), np.int64)
        self.picked = np.empty(room.frees, np.int64)
        self.readers = np.empty(room.readers, np.int64)
        self.room = room
        self._saved = (starts, sizes)
        self.life[:] = 0
        self.life[ids_of(starts, sizes)] = 1
        self._load(starts, sizes)

    @abstractmethod
    def _load(self, starts: Ints, sizes: Ints) -> None:
        """Make these spans the free set."""

    @abstractmethod
    def _replay(self, rows: Ints, at: int, out: Ints) -> int:
        """Do rows from *at* on; return the row it stopped at."""

    @abstractmethod
    def free_spans(self) -> tuple[Ints, Ints]:
        """Return starts and sizes of the free spans, ascending."""

    @abstractmethod
    def bytes_held(self) -> int:
        """Return what the list needs for the largest state it was in, its pages' records included."""

    def play(self, rows: Ints) -> Ints:
        """Do every row; return the answers, 0 where a row has none. ValueError where the real code panics."""
        out = np.zeros(len(rows), np.int64)
        at = self._replay(rows, 0, out)
        while at < len(rows):
            error = int(self.counts[life_of.ERROR])
            if error:
                raise ValueError(f"row {at}, {rows[at].tolist()}: {ERRORS[error]}")
            self._play_rare(rows, at, out)
            at = self._replay(rows, at + 1, out)
        return out

    def _play_rare(self, rows: Ints, at: int, out: Ints) -> None:
        """Do a row that no kernel does."""
        op = int(rows[at, 0])
        if op == ROLLBACK:
            self._roll_back(int(rows[at, 1]))
        elif op == SAVE:
            self._saved = spans_of(self.saved_ids())
            out[at] = saved_bytes(self.free_pages + self.pending_pages)
        elif op == life_of.RELOAD:
            self._reload()
        else:
            raise ValueError(f"row {at}: this list has no operation {op}")

    def _roll_back(self, tx: int) -> None:
        """Take back what *tx* freed; forget what it was given. Without anything freed, do neither."""
        rows = self.pending[: self.counts[life_of.PENDING_ROWS]]
        mine = rows[:, FREED_BY] == tx
        if not mine.any():
            return
        if (rows[mine, GIVEN_BY] == tx).any():
            raise ValueError(f"rollback of {tx}: it freed a page that it had been given itself")
        for run in rows[mine]:  # each page of the run gets the record, not only the first
            part = self.life[run[FIRST] : run[FIRST] + run[PAGES]]
            part[:] = (part if run[GIVEN_BY] == 0 else run[GIVEN_BY] << 1) & -2
        self.life[self.life >> 1 == tx] &= 1
        left = rows[~mine]
        self.counts[life_of.PENDING_PAGES] = left[:, PAGES].sum()
        self.counts[life_of.PENDING_ROWS] = len(left)
        self.pending[: len(left)] = left

    def _reload(self) -> None:
        """Make the free set what was saved, less what is pending; rebuild the cache."""
        free = np.zeros(self.room.pages, np.bool_)
        free[ids_of(*self._saved)] = True
        free[self.pending_ids()] = False
        starts, sizes = spans_of(np.flatnonzero(free))
        if len(self._saved[0]) or self.rebuilds_empty_cache:
            self.life &= -2
            self.life[ids_of(starts, sizes)] |= 1
            self.life[self.pending_ids()] |= 1
        self._load(starts, sizes)

    @property
    def free_pages(self) -> int:
        """Return the number of free pages."""
        return int(self.counts[life_of.FREE_PAGES])

    @property
    def pending_pages(self) -> int:
        """Return the number of pages that wait for a release."""
        return int(self.counts[life_of.PENDING_PAGES])

    def pending_ids(self) -> Ints:
        """Return the pages that wait for a release, in the order they were freed."""
        rows = self.pending[: self.counts[life_of.PENDING_ROWS]]
        return ids_of(rows[:, FIRST], rows[:, PAGES])

    def saved_ids(self) -> Ints:
        """Return all free and pending pages, ascending."""
        return np.sort(np.concatenate((ids_of(*self.free_spans()), self.pending_ids())))

    def image(self) -> bytes:
        """Return the saved form: header with id 0 and overflow 0, then the sorted ids (shared.go, Write)."""
        ids = self.saved_ids()
        header = struct.pack("<QHHI", 0, FREELIST_FLAG, min(len(ids), COUNT_ESCAPE), 0)
        escaped = struct.pack("<Q", len(ids)) if len(ids) >= COUNT_ESCAPE else b""
        return header + escaped + ids.astype("<u8").tobytes()


class ArrayList(FreeList):
    """One sorted list of ids, searched from the front, one id after the other."""

    width = 1

    def _load(self, starts: Ints, sizes: Ints) -> None:
        """Fill the first list; both have room for all that can be free at once."""
        ids = ids_of(starts, sizes)
        self.ids = np.zeros(max(self.room.free, len(ids)), np.int64)
        self.spare = np.zeros_like(self.ids)
        self.ids[:] = 0  # touch the memory here: building is not timed
        self.spare[:] = 0
        self.ids[: len(ids)] = ids
        cells = [life_of.FREE_PAGES, life_of.SPANS, life_of.FRONT, life_of.SWAPPED]
        self.counts[cells] = len(ids), len(starts), 0, 0
        self.counts[life_of.PEAK] = max(self.counts[life_of.PEAK], len(ids))

    def _replay(self, rows: Ints, at: int, out: Ints) -> int:
        """Run the array kernel."""
        return array.replay_array(
            rows, at, out, self.live, self.readers, self.pending, self.picked, self.life, self.counts,
            self.ids, self.spare, self.width,
        )  # fmt: skip

    def free_spans(self) -> tuple[Ints, Ints]:
        """Return starts and sizes of the free spans, ascending."""
        ids = self.spare if self.counts[life_of.SWAPPED] else self.ids
        front = self.counts[life_of.FRONT]
        return spans_of(ids[front : front + self.free_pages])

    def bytes_held(self) -> int:
        """8 bytes an id in each of two lists at their longest, and 8 a page of the file for its record."""
        return int(16 * self.counts[life_of.PEAK] + 8 * self.counts[life_of.HIGH_WATER])


class SimdArrayList(ArrayList):
    """The same list; the search compares a block of ids at once."""

    width = SIMD_WIDTH


class HashmapList(FreeList):
    """Spans by size; a page's record is its place in all maps."""

    rebuilds_empty_cache = False  # the original returns early then (hashmap.go, Init)
    dice = np.empty(0, np.int64)  # none: the smallest larger size

    def _load(self, starts: Ints, sizes: Ints) -> None:
        """Enter the spans in ascending order."""
        pages = self.room.pages
        words = [pages // 32 + 1]
        while words[-1] > 1:
            words.append(words[-1] // 32 + 1)
        padded = np.array(words, np.int64) + 1  # a search that ends in the last word looks at the next
        self.levels = np.cumsum(padded) - padded
        self.bits = np.zeros(padded.sum(), np.int64)
        self.heads = np.zeros(pages + 1, np.int32)  # only the cells of sizes that occur are ever touched
        self.records = np.empty((pages + 1, 4), np.int32)
        self.records[:] = 0  # touch the memory here: building is not timed
        hashmap.enter_spans(starts, sizes, self.records, self.heads, self.bits, self.levels, self.counts)

    def _replay(self, rows: Ints, at: int, out: Ints) -> int:
        """Run the hashmap kernel."""
        return hashmap.replay_hashmap(
            rows, at, out, self.live, self.readers, self.pending, self.picked, self.life, self.counts,
            self.records, self.heads, self.bits, self.levels, self.dice,
        )  # fmt: skip

    def free_spans(self) -> tuple[Ints, Ints]:
        """Return starts and sizes of the free spans, ascending."""
        starts = np.flatnonzero(self.records[:, hashmap.START])
        return starts, self.records[starts, hashmap.START].astype(np.int64)

    def bytes_held(self) -> int:
        """16 bytes a page for its span record and 8 for its life, 4 a size up to the largest, and a bit."""
        largest = int(self.counts[life_of.PEAK])
        return int(24 * self.counts[life_of.HIGH_WATER]) + 4 * (largest + 1) + largest // 8 + 1


class AnyFitList(HashmapList):
    """The same; a larger size is chosen at random, as Go's map order does in the original."""

    dice = random_numbers(1 << 16)
