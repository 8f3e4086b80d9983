"""Quantiles of buckets, and buckets that cannot be."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from metrics_files import facts_in, plain

from kscale.errors import KscaleError
from kscale.imports.prometheus_buckets import Histogram

INFINITE = float("inf")
FSYNC = "etcd_disk_wal_fsync_duration_seconds"


def fsyncs(*rows: tuple[str, str], extra: str = "") -> str:
    """Return buckets of fsync as text."""
    return "".join(f'{FSYNC}_bucket{{le="{bound}"{extra}}} {count}\n' for bound, count in rows)


def test_quantiles_are_interpolated_as_prometheus_does() -> None:
    one = Histogram((0.001, 0.002, 0.004, INFINITE), (10.0, 30.0, 40.0, 50.0), None)
    assert one.quantile(0.1) == pytest.approx(0.0005)  # half of the first bucket, from nought
    assert one.quantile(0.2) == pytest.approx(0.001)
    assert one.quantile(0.4) == pytest.approx(0.0015)
    assert one.quantile(0.7) == pytest.approx(0.003)
    assert one.quantile(0.99) == pytest.approx(0.004)  # the open bucket says no more than its bound
    assert one.is_open(0.99)
    assert not one.is_open(0.8)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_quantiles_never_fall(added: list[int], first: float, second: float) -> None:
    counts = tuple(float(sum(added[: at + 1])) for at in range(len(added)))
    if counts[-1] == 0:
        return
    one = Histogram((*(float(at + 1) for at in range(len(added) - 1)), INFINITE), counts, None)
    low, high = sorted((first, second))
    assert 0 <= one.quantile(low) <= one.quantile(high) <= len(added) - 1


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            fsyncs(("0.001", "5"), ("0.002", "4"), ("+Inf", "5")),
            "metrics:2: .*le=0.002: 4 is less than the 5",
        ),
        (fsyncs(("0.001", "5"), ("0.002", "6")), "the bucket .Inf is missing"),
        (fsyncs(("much", "5"), ("+Inf", "6")), "le: must be a bound"),
        (fsyncs(("NaN", "5"), ("+Inf", "6")), "le: must be a bound"),
        (fsyncs(("-1", "5"), ("+Inf", "6")), "le: must be a bound"),
        (fsyncs(("0.001", "-5"), ("+Inf", "6")), "metrics:1: .*-5 is negative"),
        (fsyncs(("0.001", "NaN"), ("+Inf", "6")), "metrics:1: .*nan is not a number"),
        (fsyncs(*((str(at), "1") for at in range(1000)), ("+Inf", "1")), "at most 1,000 buckets"),
    ],
)
def test_buckets_are_refused_with_their_line(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(KscaleError, match=why):
        facts_in(tmp_path, text)


def test_the_mean_is_taken_where_the_first_bucket_hides_the_median(tmp_path: Path) -> None:
    buckets = fsyncs(("0.001", "990"), ("0.002", "999"), ("+Inf", "1000"))
    assert plain(facts_in(tmp_path, buckets), "control_plane.etcd.fsync") == "505us"  # 500 of 990 in 1 ms
    quick = buckets + f"{FSYNC}_sum 0.2\n{FSYNC}_count 1000\n"
    facts = facts_in(tmp_path, quick)
    assert plain(facts, "control_plane.etcd.fsync") == "200us"
    slow = buckets + f"{FSYNC}_sum 0.9\n{FSYNC}_count 1000\n"  # a few slow ones: the median is below
    assert plain(facts_in(tmp_path, slow), "control_plane.etcd.fsync") == "505us"


def test_members_count_together_by_the_bounds_they_share(tmp_path: Path) -> None:
    text = fsyncs(("0.001", "0"), ("0.002", "10"), ("+Inf", "10"), extra=',instance="a"')
    text += fsyncs(("0.002", "0"), ("0.004", "10"), ("+Inf", "10"), extra=',instance="b"')
    facts = facts_in(tmp_path, text)  # 0.002: 10 of 20
    assert plain(facts, "control_plane.etcd.fsync") == "2ms"


def test_no_observations_say_nothing(tmp_path: Path) -> None:
    facts = facts_in(tmp_path, fsyncs(("0.001", "0"), ("+Inf", "0")) + "etcd_server_has_leader 1\n")
    assert plain(facts, "control_plane.etcd.fsync") is None


def test_what_is_slower_than_the_last_bound_is_said_to_be(tmp_path: Path) -> None:
    facts = facts_in(tmp_path, fsyncs(("8.192", "0"), ("+Inf", "3")))
    assert any("over 8.19 s p50" in one for one in facts.also)
