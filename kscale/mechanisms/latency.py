"""Latencies on the virtual clock: exact quantiles as work counters, and the metrics that describe them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.mechanisms.base import Metric

QUANTILES = (("p50", 500), ("p90", 900), ("p99", 990), ("p99_9", 999), ("max", 1000))  # name, in 1,000


@dataclass(frozen=True, slots=True)
class Latency:
    """One kind of latency, counted from the intended arrival: so a stall counts for all who wait in it."""

    name: str  # of the request: "put" gives put_p50_ns .. put_max_ns
    about: str  # what is waited for, in one line
    headline: tuple[str, ...] = ("p99",)  # quantiles of the short table

    def work(self, times: NDArray[np.int64]) -> dict[str, int]:
        """Return the quantiles of *times*, int64[n] in ns: the least that at least so many are not above.

        None where nothing was answered: 0 would be a figure.
        """
        ordered = np.sort(times)
        last = len(ordered)
        if last == 0:
            return {}
        return {
            f"{self.name}_{name}_ns": int(ordered[max(0, -(-last * part // 1000) - 1)])
            for name, part in QUANTILES
        }

    def metrics(self) -> tuple[Metric, ...]:
        """Return the metrics of `work`."""
        return tuple(
            Metric(
                f"{self.name}_{name}_ns",
                "ns",
                about=f"{self.about}: {name.replace('_', '.')}",
                headline=name in self.headline,
                provenance="modelled",
            )
            for name, _ in QUANTILES
        )
