"""The watch fan-out: a million events to 10,000 kubelets and the watchers of everything."""

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.timing import cluster, timed

BOTH = ("baseline", "optimized")


def figures() -> Iterator[Figure]:
    """Yield the figures of watch-fanout."""
    both = timed("watch-fanout", cluster("alibaba-10k"), {}, BOTH, rounds=5)
    yield Figure("1M events, 10k watchers: speed-up", both.ratio(*BOTH), "x", least=30)
    yield Figure("1M events, 10k watchers: optimized", both.seconds["optimized"], "s", most=0.05)
    yield Figure("1M events, 10k watchers: a baseline's test", both.per("baseline", "watchers_tested"), "ns")
