"""Kubernetes' quantities: exact, or refused."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale.imports import amounts

FACTORS: dict[str, Fraction | int] = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "m": Fraction(1, 1000),
}


@pytest.mark.parametrize(
    ("given", "nano"),
    [
        ("1", 10**9),
        (2, 2 * 10**9),
        (0.5, 5 * 10**8),
        ("250m", 25 * 10**7),
        ("100u", 10**5),
        ("7n", 7),
        ("0.1n", 1),  # what is finer is rounded up
        ("1.", 10**9),
        (".5", 5 * 10**8),
        ("+3", 3 * 10**9),
        ("-0", 0),
        ("1e3", 10**12),
        ("1E3", 10**12),
        ("1e-3", 10**6),
        ("1E", 10**27),
        ("1Ei", 2**60 * 10**9),
        ("9223372036854775807", (2**63 - 1) * 10**9),  # what Kubernetes writes for no limit
        ("12.5Ki", 12_800 * 10**9),
    ],
)
def test_quantities_are_exact(given: object, nano: int) -> None:
    """In billionths."""
    assert amounts.nano(given) == nano


@pytest.mark.parametrize(
    "given",
    [
        *("", ".", "1K", "1 ", " 1", "1_0", "1,000", "0x10", "1KB", "ki", "-1", "nan", "inf", "1e99", "8Ei"),
        *("\u0661", "9" * 41, True, None, [1], {}, 10**80, -1, -0.5, float("nan"), float("inf")),
    ],
)
def test_what_is_no_quantity_is_refused(given: object) -> None:
    """With one line, whatever it is."""
    with pytest.raises(ValueError, match="write it like") as caught:
        amounts.nano(given)
    assert "\n" not in str(caught.value)


@given(st.integers(0, 10**9), st.integers(0, 999), st.sampled_from(sorted(FACTORS)))
def test_quantities_agree_with_fractions(whole: int, part: int, suffix: str) -> None:
    """Number x suffix, rounded up to a billionth, to thousandths, to whole units."""
    value = (whole + Fraction(part, 1000)) * FACTORS[suffix]
    nano = amounts.nano(f"{whole}.{part:03d}{suffix}")
    assert nano == ceil(value * 10**9)
    assert amounts.milli(nano) == ceil(value * 1000)
    assert amounts.whole(nano) == ceil(value)
