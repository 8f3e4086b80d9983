"""What people write after --over becomes values, or one clear line."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale import units
from kscale.engine import axes
from kscale.engine.axes import Axis
from kscale.errors import KscaleError


def values(text: str) -> list[str]:
    """Return the values of `key=text`."""
    return list(axes.parse(f"key={text}", "--over").values)


def test_an_axis_keeps_what_was_written() -> None:
    """Spaces around its parts do not count."""
    assert axes.parse(" etcd-freelist.free_pages = 1k, 10k ", "--over X") == Axis(
        "etcd-freelist.free_pages", ("1k", "10k"), "--over X"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,2,1,5", "1 2 5"),
        ("A,B", "A B"),
        ("10k..1M/3log", "10k 100000 1M"),
        ("10k..1M/8log", "10k 19300 37300 72000 139000 268000 518000 1M"),
        ("1..10/8log", "1 2 3 4 5 7 10"),  # whole: equal ones are kept once
        ("12345..67890/3log", "12345 28900 67890"),  # the ends are not rounded
        ("1001..1009/5log", "1001 1003 1005 1007 1009"),  # three digits would leave the range
        ("0..100/5", "0 25 50 75 100"),
        ("100..1000/4", "100 400 700 1000"),
        ("1..3/9", "1 2 3"),
        ("1KiB..1MiB/6log", "1KiB 4KiB 16KiB 64KiB 256KiB 1MiB"),
        ("1kB..1MB/4log", "1kB 10000 100000 1MB"),
        ("1KiB..100KiB/4", "1KiB 34KiB 67KiB 100KiB"),
        ("1s..10min/5log", "1s 4950ms 24500ms 121s 10min"),
        ("10%..90%/9", "10% 20% 30% 40% 50% 60% 70% 80% 90%"),
        ("10%..90%/8", "10% 21.43% 32.86% 44.29% 55.71% 67.14% 78.57% 90%"),
        ("1/s..100/s/5log", "1/s 3.16/s 10/s 31.6/s 100/s"),
        ("6/min..10/s/3", "6/min 5.05/s 10/s"),
        ("0.1..0.9/5", "0.1 0.3 0.5 0.7 0.9"),
        ("0.001..1/4log", "0.001 0.01 0.1 1"),
        ("1,2,10..100/3log", "1 2 10 32 100"),
        ("10..20/6log", "10 11 13 15 17 20"),  # 11.487 is 11, though 11.5 would be 12
        ("1..2/2", "1 2"),
    ],
)
def test_values(text: str, found: str) -> None:
    """Lists, even ranges and ranges by equal factors, of every kind of quantity."""
    assert values(text) == found.split()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("key", "write it like free_pages=1k,10k or"),
        ("=1", "write it like"),
        ("key=", "has an empty value; write it like"),
        ("key=1,,2", "has an empty value"),
        ("key=1..2", "'1..2' does not say how many values; write a range like 10k..1M/8log"),
        ("key=1/s..100/s", "does not say how many values"),
        ("key=1..2/1", "must be of 2 to 1,000 values"),
        ("key=1..2000/1001", "must be of 2 to 1,000 values"),
        (f"key=1..2/{'9' * 90}", "must be of 2 to 1,000 values"),
        ("key=5..5/3", "'5..5/3' must rise"),
        ("key=10..1/3log", "must rise"),
        ("key=0..5/3log", "must begin above 0 to rise by equal factors"),
        ("key=1KiB..5s/3", "the ends of '1KiB..5s/3' must both be counts (10k), durations (10s)"),
        ("key=..5/3", "must both be"),
        ("key=-5..5/3", "must both be"),
        (f"key={','.join(map(str, range(1001)))}", "has more than 1,000 values"),
        ("key=1..1000/1000,2000", "has more than 1,000 values"),
        (f"{'k' * 300}=1", "is not a key"),
        ("a\tb=1", "is not a key"),
    ],
)
def test_complaints(text: str, says: str) -> None:
    """Each names where it was given, what is wrong and what would be right, in one line."""
    with pytest.raises(KscaleError) as found:
        axes.parse(text, axes.option(text))
    line = str(found.value)
    assert line.startswith("--over ")
    assert says in line
    assert len(line) < 400


def test_values_of_a_file() -> None:
    """A list, a range as text, single numbers and truths as YAML has them."""
    assert axes.of("key", (1000, 0.5, True, "2k"), "x").values == ("1000", "0.5", "true", "2k")
    assert axes.of("key", ("1..4/4", 9), "x").values == ("1", "2", "3", "4", "9")
    assert axes.of("key", 5, "x").values == ("5",)
    with pytest.raises(KscaleError, match=r"^mine\.yaml:3: sweep\.over\.key: has no values"):
        axes.of("key", (), "mine.yaml:3: sweep.over.key")


def test_very_long_text_is_not_searched() -> None:
    """Whatever is given, an answer comes at once."""
    assert len(values("." * 10**6)) == 1
    assert len(axes.option("x" * 10**6)) < 100


@given(st.integers(1, 10**12), st.integers(2, 10**6), st.integers(2, 60))
def test_log_ranges_rise_by_about_equal_factors(low: int, factor: int, count: int) -> None:
    """Values rise, both ends are exact, and each is within rounding of where it belongs."""
    high = low * factor
    found = [units.parse_count(one) for one in values(f"{low}..{high}/{count}log")]
    assert (found[0], found[-1]) == (low, high)
    assert found == sorted(set(found))
    places = [low * math.exp(math.log(factor) * i / (count - 1)) for i in range(count)]
    for one in found:
        assert min(abs(one - place) / max(0.5, 0.005 * place) for place in places) <= 1 + 1e-6


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(2, 60))
def test_even_ranges_of_counts_are_whole_and_even(low: int, span: int, count: int) -> None:
    """Each value is the whole number nearest to its place."""
    found = [units.parse_count(one) for one in values(f"{low}..{low + span}/{count}")]
    places = [low + span * i / (count - 1) for i in range(count)]
    assert (found[0], found[-1]) == (low, low + span)
    assert all(min(abs(one - place) for place in places) <= 0.5 + 1e-3 for one in found)
    assert found == sorted(set(found))
