"""Variants timed side by side in one process, in ABBA order, on fresh state each time."""

import gc
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kscale.measure import parameters, stats
from kscale.mechanisms import registry
from kscale.scenario import build, load
from kscale.scenario.cluster import Cluster

NS_PER_S = 1e9


@dataclass(frozen=True)
class Timed:
    """Median seconds of each variant, what each counted, and the ratio of the first to the last."""

    seconds: Mapping[str, float]
    work: Mapping[str, Mapping[str, int]]

    def ratio(self, slow: str, fast: str) -> float:
        """Return how many times faster *fast* is."""
        return self.seconds[slow] / self.seconds[fast]

    def per(self, variant: str, counter: str) -> float:
        """Return a variant's nanoseconds for each of what it counted."""
        return self.seconds[variant] * NS_PER_S / max(1, self.work[variant][counter])


def cluster(name: str) -> Cluster:
    """Return a shipped scenario's cluster."""
    return build.build(load.load(name).scenario)


def written(text: str) -> Cluster:
    """Return the cluster of a scenario given as YAML."""
    return build.build(load.parse(text.encode(), "bench", "bench").scenario)


def timed(
    mechanism_id: str, on: Cluster, given: Mapping[str, Any], variants: tuple[str, ...], rounds: int = 5
) -> Timed:
    """Run *variants* in turn, forwards and backwards, *rounds* times after one run that is not counted."""
    mechanism = registry.find(mechanism_id)
    workload = mechanism.prepare(on, parameters.read(mechanism, given))
    work = {name: dict(_run(mechanism.variants[name], workload)[1]) for name in variants}
    samples: dict[str, list[float]] = {name: [] for name in variants}
    for i in range(rounds):
        for name in variants if i % 2 == 0 else variants[::-1]:
            samples[name].append(_run(mechanism.variants[name], workload)[0])
    return Timed({name: stats.median(values) for name, values in samples.items()}, work)


def _run(variant: Any, workload: Any) -> tuple[float, Mapping[str, int]]:  # noqa: ANN401 - any mechanism's
    """Return the seconds and the work of one run; building the state is not timed."""
    state = variant.build(workload)
    gc.collect()
    gc.disable()
    try:
        began = time.perf_counter()
        outcome = variant.run(state)
        return time.perf_counter() - began, outcome.work
    finally:
        gc.enable()
