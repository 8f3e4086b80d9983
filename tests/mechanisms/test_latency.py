"""Latencies as counters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.mechanisms.latency import QUANTILES, Latency

PUT = Latency("put", "time of a put")


@given(st.lists(st.integers(0, 2**60), min_size=1, max_size=60))
def test_a_quantile_is_the_least_that_so_many_are_not_above(times: list[int]) -> None:
    """For each of them, by its definition; they never fall."""
    work = PUT.work(np.array(times, dtype=np.int64))
    for name, part in QUANTILES:
        value = work[f"put_{name}_ns"]
        reached = [one for one in times if sum(other <= one for other in times) * 1000 >= part * len(times)]
        assert value == min(reached)
    assert list(work.values()) == sorted(work.values())


def test_known_quantiles() -> None:
    """Of 1 to 1,000; and where nothing was answered there are none, as 0 ns would be a figure."""
    assert list(PUT.work(np.arange(1000, 0, -1)).values()) == [500, 900, 990, 999, 1000]
    assert PUT.work(np.zeros(0, dtype=np.int64)) == {}


def test_metrics_name_what_is_counted() -> None:
    """Each counter has one metric, modelled, in ns; p99 is the headline."""
    assert [metric.name for metric in PUT.metrics()] == list(PUT.work(np.zeros(1, dtype=np.int64)))
    assert {(metric.unit, metric.provenance) for metric in PUT.metrics()} == {("ns", "modelled")}
    assert [metric.name for metric in PUT.metrics() if metric.headline] == ["put_p99_ns"]
    assert PUT.metrics()[3].about == pytest.approx("time of a put: p99.9")
