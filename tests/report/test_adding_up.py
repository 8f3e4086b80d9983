"""Numbers that add up as they are shown."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.report import adding_up

UNITS = st.sampled_from(["ns", "bytes", "ppm", "nodes"])
GAINS = st.lists(st.fractions(-(10**13), 10**13, max_denominator=720), max_size=14)


@given(UNITS, st.integers(0, 10**13), GAINS)
def test_what_is_shown_adds_up(unit: str, start: int, gains: list[Fraction]) -> None:
    """Start, parts and end add up in the digits shown; no part is a whole digit off, and 0 stays 0."""
    end = start + sum(gains, start=Fraction())
    to = adding_up.scale(max(start, *(int(abs(one)) for one in (end, *gains))), unit)
    parts, totals = adding_up.parts(start, gains, to)
    assert totals[0] + sum(parts) == totals[-1]
    assert (totals[0], totals[-1]) == (to.rounded(start), to.rounded(end))
    for part, gain in zip(parts, gains, strict=True):
        assert abs(part * to.quantum - gain) <= to.quantum
        assert part == 0 if gain == 0 else part * gain >= 0


@pytest.mark.parametrize(
    ("largest", "unit", "value", "shown"),
    [
        (600 * 10**9, "ns", 3_849_000_000, "3.8 s"),
        (6 * 10**9, "ns", 3_849_000_000, "3.849 s"),
        (42_000_000, "ns", 3_849_400, "3.85 ms"),
        (900, "ns", 12, "12 ns"),
        (5 * 2**30, "bytes", 2**29, "0.500 GiB"),
        (700, "bytes", 12, "12 B"),
        (810_000, "ppm", 12_345, "1.23 %"),
        (12_345, "nodes", 650, "650"),
        (2_500_000, "relists", 650_000, "0.650M"),
        (0, "ns", 0, "0 ns"),
    ],
)
def test_numbers_of_a_table_have_one_unit(largest: int, unit: str, value: int, shown: str) -> None:
    """The largest number decides unit and decimals: four digits of it are seen."""
    to = adding_up.scale(largest, unit)
    assert to.text(to.rounded(value)) == shown


def test_a_change_says_its_sign_and_whether_it_is_exactly_nothing() -> None:
    """What rounds to nothing is not shown as nothing."""
    to = adding_up.scale(600 * 10**9, "ns")
    assert [to.change(one) for one in (0, 1, -12 * 10**9, Fraction(25 * 10**9, 2))] == [
        "0",
        "~0",
        "-12.0 s",
        "+12.5 s",
    ]


def test_small_parts_of_a_large_total_are_seen() -> None:
    """Where the difference is small, all numbers get the digits that show it; never parts of one unit."""
    to = adding_up.scale(1_899_000_000, "ns", Fraction(48_400_000))
    assert (to.text(to.rounded(1_899_000_000)), to.change(-48_400_000)) == ("1.8990 s", "-0.0484 s")
    assert adding_up.scale(2_000, "ns", 1).quantum == 1
    assert adding_up.scale(5_000, "nodes", 1).quantum == 1
