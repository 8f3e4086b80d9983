"""bbolt's two free lists in plain Python: sets, dicts and lists, one page at a time.

Written from internal/freelist (shared.go, array.go, hashmap.go), not from the kernels.
"""

from collections.abc import Iterable

from kscale.kernels.freelist_pages import (
    ALLOCATE,
    CLOSE,
    FREE,
    GIVE_BACK,
    OPEN,
    RELEASE,
    RELOAD,
    ROLLBACK,
    SAVE,
    TAKE,
    TAKE_OR_GROW,
)

Row = tuple[int, int, int, int]
LAST_TX = 2**64 - 1


def spans(ids: Iterable[int]) -> list[tuple[int, int]]:
    """Return the maximal runs of ids, ascending, as (start, size)."""
    found: list[tuple[int, int]] = []
    for page in sorted(ids):
        if found and sum(found[-1]) == page:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((page, 1))
    return found


class MisuseError(Exception):
    """The real code panics."""


class Pending:
    """What one transaction freed: pages with the transaction each was given by."""

    def __init__(self) -> None:
        self.given_by: dict[int, int] = {}
        self.last_begin = 0


class SlowList:
    """What both kinds share."""

    rebuilds_empty_cache = True

    def __init__(self, free: Iterable[int], live: dict[int, tuple[int, int]], high_water: int) -> None:
        self.pending: dict[int, Pending] = {}
        self.allocs: dict[int, int] = {}
        self.readers: list[int] = []
        self.live = dict(live)
        self.high_water = high_water
        self.saved = sorted(free)
        self.init(self.saved)
        self.cache = set(self.saved)

    def init(self, ids: list[int]) -> None:
        raise NotImplementedError

    def free_ids(self) -> set[int]:
        raise NotImplementedError

    def find(self, n: int) -> int:
        raise NotImplementedError

    def merge(self, ids: list[int]) -> None:
        raise NotImplementedError

    def pending_ids(self) -> list[int]:
        return [page for one in self.pending.values() for page in one.given_by]

    def play(self, rows: Iterable[Row]) -> list[int]:
        return [self.do(*row) for row in rows]

    def do(self, op: int, a: int, b: int, c: int) -> int:
        if op in {ALLOCATE, TAKE, TAKE_OR_GROW}:
            return self.allocate(op, a, b, c)
        if op == SAVE:
            self.saved = sorted([*self.free_ids(), *self.pending_ids()])
            count = len(self.saved)
            return 16 + 8 * (count if count < 0xFFFF else count + 1)
        if op == GIVE_BACK:
            first, pages = self.live.pop(c, (0, 0))
            if pages:
                self.free(a, first, pages - 1)
        {
            FREE: lambda: self.free(a, b, c),
            RELEASE: self.release,
            OPEN: lambda: self.readers.append(a),
            CLOSE: lambda: self.readers.remove(a) if a in self.readers else None,
            ROLLBACK: lambda: self.rollback(a),
            RELOAD: self.reload,
        }.get(op, lambda: None)()
        return 0

    def allocate(self, op: int, tx: int, n: int, slot: int) -> int:
        first = self.find(n)
        given = first
        if first:
            self.cache -= set(range(first, first + n))
            self.allocs[first] = tx
        elif op == TAKE_OR_GROW:
            given = self.high_water
            self.high_water += n
        if op != ALLOCATE:
            self.live[slot] = (given, n if given else 0)
        return first

    def free(self, tx: int, first: int, overflow: int) -> None:
        run = range(first, first + overflow + 1)
        if first <= 1 or any(page in self.cache for page in run):
            raise MisuseError
        given_by = self.allocs.pop(first, 0)
        self.pending.setdefault(tx, Pending()).given_by.update(dict.fromkeys(run, given_by))
        self.cache |= set(run)

    def release(self) -> None:
        self.readers.sort()
        low = min(self.readers, default=LAST_TX)
        older = [tx for tx in self.pending if tx <= low - 1]
        self.merge(sorted(page for tx in older for page in self.pending.pop(tx).given_by))
        for reader in self.readers:
            self.release_range(low, reader - 1)
            low = reader + 1
        self.release_range(low, LAST_TX)

    def release_range(self, begin: int, end: int) -> None:
        if begin > end:
            return
        released = []
        for tx, one in list(self.pending.items()):
            if not begin <= tx <= end or one.last_begin == begin:
                continue
            one.last_begin = begin
            free = [page for page, given_by in one.given_by.items() if begin <= given_by <= end]
            for page in free:
                del one.given_by[page]
            released += free
            if not one.given_by:
                del self.pending[tx]
        self.merge(sorted(released))

    def rollback(self, tx: int) -> None:
        if tx not in self.pending:
            return
        if tx in self.pending[tx].given_by.values():
            raise MisuseError
        for page, given_by in self.pending.pop(tx).given_by.items():
            self.cache.discard(page)
            if given_by:
                self.allocs[page] = given_by
        self.allocs = {page: by for page, by in self.allocs.items() if by != tx}

    def reload(self) -> None:
        free = sorted(set(self.saved) - set(self.pending_ids()))
        self.init(free)
        if self.saved or self.rebuilds_empty_cache:
            self.cache = {*free, *self.pending_ids()}


class SlowArray(SlowList):
    """First fit by address; counts what the scan and the copies cost."""

    def init(self, ids: list[int]) -> None:
        self.ids = list(ids)
        self.scanned = getattr(self, "scanned", 0)
        self.moved = getattr(self, "moved", 0)
        self.merged = getattr(self, "merged", 0)

    def free_ids(self) -> set[int]:
        return set(self.ids)

    def find(self, n: int) -> int:
        run = 0
        for at, page in enumerate(self.ids):
            self.scanned += 1
            run = run + 1 if at and self.ids[at - 1] == page - 1 else 1
            if run == n:
                begin = at - n + 1
                first = self.ids[begin]
                if begin:
                    self.moved += len(self.ids) - at - 1
                del self.ids[begin : at + 1]
                return first
        return 0

    def merge(self, ids: list[int]) -> None:
        if ids and self.ids:
            self.merged += len(ids) + len(self.ids)
        self.ids = sorted(self.ids + ids)


class SlowHashmap(SlowList):
    """Exact fit, else the smallest larger size; of one size the span entered last."""

    rebuilds_empty_cache = False

    def init(self, ids: list[int]) -> None:
        self.by_size: dict[int, list[int]] = {}
        self.splits = getattr(self, "splits", 0)
        self.joins = getattr(self, "joins", 0)
        for start, size in spans(ids):
            self.enter(start, size)

    def enter(self, start: int, size: int) -> None:
        self.by_size.setdefault(size, []).append(start)

    def drop(self, start: int, size: int) -> None:
        self.by_size[size].remove(start)
        if not self.by_size[size]:
            del self.by_size[size]

    def free_spans(self) -> list[tuple[int, int]]:
        return sorted((start, size) for size, starts in self.by_size.items() for start in starts)

    def free_ids(self) -> set[int]:
        return {page for start, size in self.free_spans() for page in range(start, start + size)}

    def find(self, n: int) -> int:
        larger = [size for size in self.by_size if size >= n]
        if n == 0 or not larger:
            return 0
        size = min(larger)
        start = self.by_size[size][-1]
        self.drop(start, size)
        if size > n:
            self.splits += 1
            self.enter(start + n, size - n)
        return start

    def merge(self, ids: list[int]) -> None:
        for run_start, run_size in spans(ids):
            start, size = run_start, run_size
            for other, length in self.free_spans():
                if other + length == run_start or other == run_start + run_size:
                    self.joins += 1
                    self.drop(other, length)
                    start, size = min(start, other), size + length
            self.enter(start, size)
