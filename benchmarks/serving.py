"""What an API server executes for its clients: lists decoded or looked up, events encoded often or once."""

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.timing import cluster, timed

BOTH = ("baseline", "optimized")
BYTES_PER_MB = 1e6


def figures() -> Iterator[Figure]:
    """Yield the figures of list-index and watch-encode on the cluster of the articles."""
    on = cluster("alibaba-10k")
    lists = timed("list-index", on, {}, BOTH, rounds=3)
    yield Figure("pods of a node among 200k: decoded over looked up", lists.ratio(*BOTH), "x", least=100)
    yield Figure("200k pods of 10 KB: decode one", lists.per("baseline", "objects_read"), "ns")
    events = timed("watch-encode", on, {}, BOTH)
    yield Figure("2,000 events, 51 watchers: encoded once", events.ratio(*BOTH), "x", least=2)
    encoded = events.work["baseline"]["encoded_bytes"] / BYTES_PER_MB
    yield Figure("2,000 events, 51 watchers: encoded", encoded / events.seconds["baseline"], "MB/s")
