"""What heartbeats do to etcd's store: pages for each put, history until compaction, the quota."""

import numpy as np
from numpy.typing import NDArray

Longs = NDArray[np.int64]

PAGE = 4096  # bytes
PAGE_HEADER = 16  # bytes
FILL = PAGE * 9 // 10  # bytes of a leaf that are filled before it is split; etcd sets 0.9 for appended keys
LEAST_ITEMS = 2  # bbolt never leaves fewer in a leaf: large values share whole runs of pages
SECOND = 1_000_000_000  # ns


def grown(size: Longs, overhead: int) -> Longs:
    """Return the bytes by which a put of *size* bytes grows the store, int64: its part of a leaf.

    Leaves are split at FILL, and have two items at least (bbolt node.go splitTwo). With 83 bytes beside
    the value this comes to the 16.4 KB and 0.46 KB measured for 15 KiB and 300 B on etcd 3.5.1.
    """
    record = size + overhead
    items = np.maximum(LEAST_ITEMS, (FILL - PAGE_HEADER) // record)
    leaf = -(-(PAGE_HEADER + items * record) // PAGE) * PAGE
    return leaf // items


def timeline(each_second: Longs, live: int, compaction_ns: int) -> Longs:
    """Return the store's bytes at the end of each second, int64[s], from a freshly compacted one.

    Kubernetes compacts every *compaction_ns* to the revision of one compaction before: history is kept for
    one to two periods (apiserver storage/etcd3/compact.go). A second's writes count until its end.
    """
    total = np.concatenate((np.zeros(1, dtype=np.int64), np.cumsum(each_second)))
    ends = np.arange(1, len(each_second) + 1, dtype=np.int64)
    compactions = (ends * SECOND - 1) // compaction_ns  # before this second is over
    kept_from = np.maximum(0, (compactions - 1) * compaction_ns // SECOND)
    history: Longs = total[ends] - total[kept_from]
    return live + history


def first_above(store: Longs, quota: int) -> int:
    """Return the ns at which the store is first above *quota*, 0 if it never is."""
    above = np.flatnonzero(store > quota)
    return (int(above[0]) + 1) * SECOND if len(above) else 0
