"""The watch fan-out: a million events to 10,000 kubelets and the watchers of everything."""

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.timing import cluster, timed

BOTH = ("baseline", "optimized")


def figures() -> Iterator[Figure]:
    """Yield the figures of watch-fanout, with the faster scan of the third variant beside the plain one."""
    variants = (*BOTH, "screened")
    both = timed("watch-fanout", cluster("alibaba-10k"), {"namespaced": 0}, variants, rounds=5)
    yield Figure("1M events, 10,050 watchers: speed-up", both.ratio(*BOTH), "x", least=30)
    yield Figure("1M events, 10,050 watchers: over a screened scan", both.ratio("screened", "optimized"), "x")
    yield Figure("1M events, 10,050 watchers: optimized", both.seconds["optimized"], "s", most=0.05)
    yield Figure("1M events, 10,050 watchers: a test", both.per("baseline", "watchers_tested"), "ns")
