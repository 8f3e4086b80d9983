"""Herds: far above the median, in windows of 1 s and 10 s."""

from pathlib import Path

import numpy as np
import pytest
from audit_logs import START, event, log_of
from hypothesis import given
from hypothesis import strategies as st

from kscale.imports.audit_herds import AFTER, BEFORE, Herd, Seconds, herds


def counts(**at: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Return ten minutes of 2 a second, with s60=500 for 500 more in second 60."""
    found = np.full(600, 2, dtype=np.int64)
    for second, count in at.items():
        found[int(second[1:])] += count
    return found


def test_a_steady_log_has_no_herds() -> None:
    assert herds(counts()) == ()
    assert herds(np.zeros(0, dtype=np.int64)) == ()
    assert herds(np.full(600, 10_000, dtype=np.int64)) == ()


def test_a_burst_in_one_second_is_a_herd_in_windows_of_1_s() -> None:
    assert herds(counts(s60=60)) == (Herd(60, 1, 62, 62),)  # 10 s: 80, less than ten times 20


def test_a_swell_over_10_s_is_a_herd_in_windows_of_10_s() -> None:
    found = herds(counts(**{f"s{at}": 19 for at in range(100, 110)}))
    assert found == (Herd(100, 10, 210, 21),)  # 1 s: 21, less than 50


def test_windows_near_each_other_are_one_herd_and_largest_come_first() -> None:
    found = herds(counts(s60=100, s68=100, s300=1000))
    assert found == (Herd(300, 1, 1002, 1002), Herd(60, 9, 218, 102))


@given(st.lists(st.integers(0, 300), max_size=80))
def test_herds_are_inside_and_count_what_is_there(values: list[int]) -> None:
    given_counts = np.array(values, dtype=np.int64)
    end = 0
    for one in sorted(herds(given_counts), key=lambda herd: herd.start):
        assert one.start >= end
        end = one.start + one.seconds
        assert end <= len(values)
        inside = values[one.start : end]
        assert (one.requests, one.peak) == (sum(inside), max(inside))
        assert inside[0] > 0 < inside[-1]


def test_seconds_may_come_in_any_order_within_a_month() -> None:
    seconds = Seconds()
    for second in (100, 90, 100, 5000):
        assert seconds.add(START + second)
    assert seconds.between(START + 90, START + 100).tolist() == [1, *[0] * 9, 2]
    assert seconds.between(START + 4999, START + 20_000).sum() == 1
    assert Seconds().between(0, 9).tolist() == [0] * 10
    assert seconds.add(START + 100 - BEFORE)
    assert not seconds.add(START + 100 - BEFORE - 1)
    assert seconds.add(START + 100 + AFTER - 1)
    assert not seconds.add(START + 100 + AFTER)


@pytest.mark.parametrize(("verb", "noun"), [("list", "LISTs"), ("watch", "watches opened")])
def test_a_restart_shows_as_a_herd(tmp_path: Path, verb: str, noun: str) -> None:
    usual = [event(verb, "pods", float(at)) for at in range(0, 600, 3)]
    herd = [event(verb, "pods", 200 + at / 100) for at in range(300)]
    also = log_of(tmp_path, *usual, *herd).also
    # 300 in three seconds, and the one each third second
    assert (
        f"1 herd of {noun}, over 10 times the usual: 301 in 3 s (up to 101 in one) 200 s after the start"
        in also
    )
    assert not any("herd" in one for one in log_of(tmp_path, *usual).also)
