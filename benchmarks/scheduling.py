"""The scheduler: 200,000 pods on 10,000 nodes, a million on 100,000."""

from collections.abc import Iterator

from benchmarks.figure import Figure
from benchmarks.timing import cluster, timed

BOTH = ("baseline", "optimized")


def figures() -> Iterator[Figure]:
    """Yield the figures of sched-equivalence and sched-sampling."""
    on = cluster("alibaba-10k")
    for order, ratio, seconds in (("mixed", 12, 0.15), ("bursts", 25, 0.08)):
        both = timed("sched-equivalence", on, {"order": order}, BOTH, rounds=5)
        where = f"200k pods, 10k nodes, 64 classes, {order}"
        yield Figure(f"{where}: speed-up", both.ratio(*BOTH), "x", least=ratio)
        yield Figure(f"{where}: optimized", both.seconds["optimized"], "s", most=seconds)
        if order == "mixed":
            evaluation = both.per("baseline", "pods") / on.nodes.count
            yield Figure("exhaustive: one pod on one node", evaluation, "ns", most=1.0)
    sampled = timed("sched-sampling", on, {}, BOTH, rounds=3)
    yield Figure("sampling, 200k pods on 10k nodes: speed-up", sampled.ratio(*BOTH), "x")
    distinct = timed("sched-equivalence", on, {"order": "distinct", "pods": 20_000}, BOTH, rounds=3)
    yield Figure("all pods different (classes lose): speed-up", distinct.ratio(*BOTH), "x")
    mega = timed("sched-equivalence", cluster("mega-100k"), {}, ("optimized",), rounds=3)
    yield Figure("1M pods on 100k nodes: optimized", mega.seconds["optimized"], "s", most=1.5)
