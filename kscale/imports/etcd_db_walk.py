"""The buckets of an open bbolt file, walked leaf by leaf; every page at most once."""

from collections.abc import Iterator

import numpy as np

from kscale.imports.etcd_db_file import Database
from kscale.imports.facts import Ints, Progress
from kscale.kernels import bbolt, bbolt_page
from kscale.kernels.bbolt_page import Bytes, Words

LEAVES_AT_ONCE = 1024
BYTES_AT_ONCE = 2**22  # mapped pages come with their neighbours: 16 times that may be in memory

Leaves = tuple[Bytes, Words, Ints]  # rows of leaves, and the bytes and words that they are in


class Walk:
    """What is known of each page, while trees are walked one after another."""

    def __init__(self, db: Database, progress: Progress) -> None:
        """Begin with no page reached but the root, which is referred to."""
        self.db = db
        self.progress = progress
        self.done = 0  # bytes of leaves
        self.seen = np.zeros(db.meta.pages, dtype=np.uint8)
        self.seen[db.meta.root] = bbolt.CLAIMED
        self.place = np.zeros(bbolt_page.PLACE, dtype=np.int64)
        self._stack = np.zeros((bbolt.DEEPEST, bbolt.STACK), dtype=np.int64)
        self._leaves = np.zeros((LEAVES_AT_ONCE, bbolt.LEAVES), dtype=np.int64)
        self._buckets = np.zeros((bbolt_page.MOST_ELEMENTS, bbolt.BUCKETS), dtype=np.int64)

    def again(self) -> "Walk":
        """Return a walk from the beginning; its progress is at the end all the time."""
        return Walk(self.db, lambda _done, total: self.progress(total, total))

    def tree(self, root: int) -> Iterator[tuple[Ints, Ints]]:
        """Yield leaves of the bucket at page *root*, a few at a time, with copied rows of its buckets."""
        db = self.db
        self.place[[bbolt_page.ROOT, bbolt_page.DEPTH, bbolt_page.LAST_BYTES]] = root, 0, -1
        while True:
            leaves, buckets = bbolt.walk(
                db.data,
                db.words,
                db.meta.page_bytes,
                db.meta.pages,
                BYTES_AT_ONCE,
                self.seen,
                self._stack,
                self.place,
                self._leaves,
                self._buckets,
            )
            if leaves < 0:
                raise db.wrong(leaves, int(self.place[bbolt_page.PAGE]), int(self.place[bbolt_page.ITEM]))
            if leaves == 0:
                return
            found = self._leaves[:leaves]
            yield found, self._buckets[:buckets].copy()
            self.done += int((found[:, bbolt.LEAF_END] - found[:, bbolt.LEAF_BEGIN]).sum())
            self.progress((db.bytes if db.hashed else 0) + self.done, db.bytes * (1 + db.hashed))
            db.forget()

    def bucket(self, row: Ints) -> Iterator[Leaves]:
        """Yield a bucket's leaves with the bytes and words that they are in; it may hold no buckets."""
        db = self.db
        if row[bbolt.BUCKET_ROOT] == 0:
            yield self._inline(row)
            return
        for leaves, buckets in self.tree(int(row[bbolt.BUCKET_ROOT])):
            if len(buckets):
                raise db.error(int(buckets[0, bbolt.BUCKET_PAGE]), "has a bucket where etcd has none")
            yield db.data, db.words, leaves

    def _inline(self, row: Ints) -> Leaves:
        """Return the one leaf of an inline bucket, in bytes of its own: in the file it may begin anywhere."""
        db, page = self.db, int(row[bbolt.BUCKET_PAGE])
        begin = int(row[bbolt.VALUE]) + bbolt_page.HEADER
        size = int(row[bbolt.VALUE_BYTES]) - bbolt_page.HEADER
        data = np.zeros(-(-size // 4) * 4, dtype=np.uint8)
        data[:size] = db.data[begin : begin + size]
        data.setflags(write=False)  # as mapped bytes are: the kernels are compiled once
        wrong = bbolt_page.inline_leaf(data[:size], data.view(np.int32), self.place)
        if wrong:
            raise db.wrong(wrong, page, int(self.place[bbolt_page.ITEM]))
        return data, data.view(np.int32), np.array([[0, size, page]], dtype=np.int64)

    def reached(self) -> int:
        """Return how many pages were reached."""
        return int(np.count_nonzero(self.seen))
