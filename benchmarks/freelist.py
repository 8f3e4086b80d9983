"""The free-page search of etcd, workload C: 256 overwrites a transaction.

The bars are times of the real bbolt code in Go, taken on a machine of this kind
(published in the free-list note): 13.7 ms for the array, 578 us for the hashmap.
"""

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.timing import cluster, timed

GO_ARRAY_MS, GO_HASHMAP_US = 13.7, 578.0
MS, US = 1e6, 1e3  # ns


def figures() -> Iterator[Figure]:
    """Yield the figures of etcd-freelist."""
    on = cluster("smoke")
    million = timed("etcd-freelist", on, {"free_pages": 10**6}, ("baseline", "optimized", "array-simd"))
    array = million.per("baseline", "transactions") / MS
    yield Figure("1M free pages: array, a transaction (2x of Go's)", array, "ms", most=2 * GO_ARRAY_MS)
    hashmap = million.per("optimized", "transactions") / US
    yield Figure("1M free pages: hashmap, a transaction (Go's)", hashmap, "us", most=GO_HASHMAP_US)
    yield Figure("1M free pages: speed-up", million.ratio("baseline", "optimized"), "x")
    yield Figure("1M free pages: array-simd over array", million.ratio("baseline", "array-simd"), "x")
    many = timed("etcd-freelist", on, {"free_pages": 10**7, "transactions": 100}, ("optimized",))
    once, ten = million.per("optimized", "allocations"), many.per("optimized", "allocations")
    yield Figure("hashmap from 1M to 10M free pages: cost of an allocation", ten / once, "x", most=1.5)
    single = timed("etcd-freelist", on, {"free_pages": 10**6, "workload": "A"}, ("baseline", "optimized"))
    yield Figure(
        "single pages, workload A (hashmap loses): speed-up", single.ratio("baseline", "optimized"), "x"
    )
