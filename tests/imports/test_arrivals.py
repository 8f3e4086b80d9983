"""Times of creation to a rate: the window that is taken, and what is not a rate."""

import numpy as np
import pytest

from kscale.imports import arrivals
from kscale.imports.arrivals import Arrivals
from kscale.imports.fields import UNKNOWN

HOUR, DAY, WEEK = 3600, 86_400, 7 * 86_400


@pytest.mark.parametrize(
    ("every", "pods", "expected"),
    [
        (1, 10_000, Arrivals(3599, HOUR, "hour")),  # all within the hour but the newest itself
        (36, 102, Arrivals(101, DAY, "day")),  # 99 are in the hour: not enough
        (35, 102, Arrivals(101, HOUR, "hour")),
        (400, 1000, Arrivals(215, DAY, "day")),
        (5000, 1000, Arrivals(120, WEEK, "week")),
        (HOUR, 3, Arrivals(2, WEEK, "week")),
    ],
)
def test_the_shortest_window_with_enough_pods_is_taken(every: int, pods: int, expected: Arrivals) -> None:
    """In any order of the pods; unknown times do not count."""
    created = 1_780_000_000 + every * np.arange(pods)
    created = np.concatenate([[UNKNOWN], np.random.default_rng(1).permutation(created)])
    found = arrivals.arrivals(created)
    assert found == expected


@pytest.mark.parametrize("created", [[], [5], [UNKNOWN, UNKNOWN, 5], [0, WEEK]])
def test_too_few_times_are_no_rate(created: list[int]) -> None:
    """One pod alone says nothing, nor do two a week apart."""
    assert arrivals.arrivals(np.array(created, dtype=np.int64)) is None


def test_each_pod_stands_for_its_writes() -> None:
    """Created, bound, reported running."""
    value = arrivals.value(Arrivals(1200, HOUR, "hour"))
    assert (value.key, value.value, value.estimate) == ("load.pod_changes", "1/s", True)
    assert Arrivals(1, WEEK, "week").changes_per_s == pytest.approx(3 / WEEK, rel=0.01)
