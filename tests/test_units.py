"""Quantities are read exactly and shown for people."""

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kscale import units

Parse = Callable[[Any], int | Fraction]

READ: list[tuple[Parse, Any, object]] = [
    (units.parse_count, "10k", 10_000),
    (units.parse_count, "1M", 1_000_000),
    (units.parse_count, "1_000", 1000),
    (units.parse_count, "1,000", 1000),
    (units.parse_count, 200, 200),
    (units.parse_count, 200.0, 200),
    (units.parse_count, "1.5k", 1500),
    (units.parse_count, "1e3", 1000),
    (units.parse_count, 2**62, 2**62),
    (units.parse_bytes, "15KiB", 15 * 1024),
    (units.parse_bytes, "15 KiB", 15 * 1024),
    (units.parse_bytes, "8Gi", 8 * 2**30),
    (units.parse_bytes, "1MB", 10**6),
    (units.parse_bytes, "1M", 10**6),
    (units.parse_bytes, "2kB", 2000),
    (units.parse_bytes, "2KB", 2000),
    (units.parse_bytes, "1E", 10**18),
    (units.parse_bytes, "1E3", 1000),
    (units.parse_bytes, "128974848000m", 128_974_848),
    (units.parse_bytes, "0.1", 1),
    (units.parse_bytes, "1.1Ki", 1127),
    (units.parse_duration, "10s", 10**10),
    (units.parse_duration, "1ms", 10**6),
    (units.parse_duration, "250us", 250_000),
    (units.parse_duration, "250\u00b5s", 250_000),
    (units.parse_duration, "5m", 300 * 10**9),
    (units.parse_duration, "1h", 3600 * 10**9),
    (units.parse_duration, "1h30m", 5400 * 10**9),
    (units.parse_duration, "0.1s", 10**8),
    (units.parse_duration, 0, 0),
    (units.parse_cpu, "500m", 500),
    (units.parse_cpu, "32", 32_000),
    (units.parse_cpu, "64 cores", 64_000),
    (units.parse_cpu, 0.5, 500),
    (units.parse_cpu, 0.1, 100),
    (units.parse_cpu, "100u", 1),
    (units.parse_rate, "100/s", 100),
    (units.parse_rate, "6/min", Fraction(1, 10)),
    (units.parse_rate, "1k / h", Fraction(5, 18)),
    (units.parse_rate, 0, 0),
    (units.parse_share, 0.3, Fraction(3, 10)),
    (units.parse_share, "30%", Fraction(3, 10)),
    (units.parse_share, 1, 1),
    (units.parse_percent, "5%", Fraction(1, 20)),
    (units.parse_percent, "0.5 %", Fraction(1, 200)),
    (units.parse_percent, "150%", Fraction(3, 2)),
    (units.parse_percent, 0, 0),
    (units.parse_number, "0.2", Fraction(1, 5)),
    (units.parse_number, "1.5k", 1500),
    (units.parse_number, 10, 10),
]


@pytest.mark.parametrize(("parse", "text", "value"), READ)
def test_quantities_are_read_exactly(parse: Parse, text: object, value: object) -> None:
    """What people write is the number they mean."""
    assert parse(text) == value


REFUSED: list[tuple[Parse, Any, str | None]] = [
    (units.parse_bytes, "15KB/s", "'15KB/s' is not a size; write it like 15KiB or 10MB"),
    (units.parse_bytes, "64K", "'64K' is not a size; write it like 15KiB or 10MB"),
    (units.parse_count, "1.5", "'1.5' is not a whole number; write it like 200, 10k or 1M"),
    (units.parse_count, -1, "-1 is negative; write it like 200, 10k or 1M"),
    (units.parse_count, True, "true is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, None, "null is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, [1], "a list is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, {}, "a mapping is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "", "'' is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "1,00", "'1,00' is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "1__0", "'1__0' is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "\u0661", "'\u0661' is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "10m", "'10m' is not a count; write it like 200, 10k or 1M"),
    (units.parse_count, "1e31", "'1e31' is out of reach for a count; write it like 200, 10k or 1M"),
    (units.parse_count, 2**62 + 1, "4611686018427387905 is too large; write it like 200, 10k or 1M"),
    (units.parse_count, 10**5000, "a number of very many digits is too large; write it like 200, 10k or 1M"),
    (units.parse_duration, 10, "10 is not a duration; write it like 10s, 5m or 250us"),
    (units.parse_duration, "0.5ns", "'0.5ns' is not a whole number of ns; write it like 10s, 5m or 250us"),
    (units.parse_duration, "200000d", "'200000d' is too large; write it like 10s, 5m or 250us"),
    (units.parse_duration, "1:30", "'1:30' is not a duration; write it like 10s, 5m or 250us"),
    (units.parse_rate, 100, "100 is not a rate; write it like 100/s or 6/min"),
    (units.parse_rate, "100/fortnight", "'100/fortnight' is not a rate; write it like 100/s or 6/min"),
    (units.parse_rate, "-1/s", "'-1/s' is not a rate; write it like 100/s or 6/min"),
    (units.parse_share, 1.1, "1.1 is more than the whole; a share is 0 to 1, or 0% to 100%"),
    (units.parse_share, float("nan"), "nan is not a share; write it like 0.3 or 30%"),
    (units.parse_share, float("inf"), "inf is not a share; write it like 0.3 or 30%"),
    (units.parse_percent, 0.05, "0.05 is not a percentage; write it like 5% or 0.5%"),
    (units.parse_percent, 5, "5 is not a percentage; write it like 5% or 0.5%"),
    (units.parse_percent, "-5%", "'-5%' is negative; write it like 5% or 0.5%"),
    (units.parse_number, "10%", "'10%' is not a number; write it like 10, 0.2 or 1.5k"),
    (units.parse_cpu, "1 \n2", None),
    (units.parse_cpu, "1 co\x1b[31mres", None),
    (units.parse_cpu, "9" * 100_000, None),
]


@pytest.mark.parametrize(("parse", "text", "message"), REFUSED, ids=range(len(REFUSED)))
def test_anything_else_is_refused_in_one_line(parse: Parse, text: object, message: str | None) -> None:
    """The message says what was given and what would be right, is short, and hides nothing strange."""
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    said = str(caught.value)
    assert message is None or said == message
    assert said.isprintable()
    assert len(said) < 160


SHOWN: list[tuple[Callable[[Any], str], Any, str]] = [
    (units.show_count, 0, "0"),
    (units.show_count, 99_999, "99,999"),
    (units.show_count, 100_000, "100k"),
    (units.show_count, 498_200, "498.2k"),
    (units.show_count, 999_949, "999.9k"),
    (units.show_count, 999_950, "1M"),
    (units.show_count, 1_000_000, "1M"),
    (units.show_count, -1_250_000, "-1.3M"),
    (units.show_count, 10**18, "1E"),
    (units.show_number, 0.5, "0.5"),
    (units.show_number, 0.0412345, "0.0412"),
    (units.show_number, 12.345, "12.3"),
    (units.show_number, 99.96, "100"),
    (units.show_number, 1234.5, "1,234"),
    (units.show_number, 1_234_567.8, "1.2M"),
    (units.show_number, float("inf"), "inf"),
    (units.show_bytes, 0, "0 B"),
    (units.show_bytes, 1023, "1,023 B"),
    (units.show_bytes, 1536, "1.5 KiB"),
    (units.show_bytes, 2**20 - 1, "1.0 MiB"),
    (units.show_bytes, 8 * 2**30, "8 GiB"),
    (units.show_ns, 0, "0 ns"),
    (units.show_ns, 0.731, "0.731 ns"),
    (units.show_ns, 412_300, "412 \u00b5s"),
    (units.show_ns, 17_100, "17.1 \u00b5s"),
    (units.show_ns, 995, "995 ns"),
    (units.show_ns, 999.6, "1.00 \u00b5s"),
    (units.show_ns, 999_600, "1.00 ms"),
    (units.show_ns, 10**10, "10 s"),
    (units.show_ns, 119.99e9, "2.00 min"),
    (units.show_ns, 5400 * 10**9, "90 min"),
    (units.show_ns, 3 * 86_400 * 10**9, "3 d"),
    (units.show_ns, -5000, "-5 \u00b5s"),
    (units.show_percent, 0.164, "16.4 %"),
    (units.show_percent, 1, "100 %"),
    (units.show_ratio, 24.12, "24.1x"),
    (units.show_ratio, 1, "1x"),
    (units.show_ratio, 775_432.6, "775,433x"),
    (units.show_rate, 100, "100/s"),
    (units.show_rate, Fraction(1, 10), "6/min"),
    (units.show_rate, 0, "0/s"),
    (units.exact_duration, 10**10, "10s"),
    (units.exact_duration, 1_500_000, "1500us"),
    (units.exact_bytes, 15 * 1024, "15KiB"),
    (units.exact_bytes, 1500, "1500"),
    (units.exact_cpu, 1500, "1500m"),
    (units.exact_cpu, 32_000, "32"),
    (units.exact_rate, 100.0, "100/s"),
    (units.exact_rate, 0.1, "0.1/s"),
]


@pytest.mark.parametrize(("show", "value", "text"), SHOWN)
def test_numbers_are_shown_for_people(show: Callable[[Any], str], value: object, text: str) -> None:
    """One look says the size of a number."""
    assert show(value) == text


def test_nouns_agree_with_their_number() -> None:
    """One pod, two pods, and no pods."""
    assert [units.show_many(n, "pod") for n in (0, 1, 10_231)] == ["0 pods", "1 pod", "10,231 pods"]


def test_change_carries_its_sign() -> None:
    """A change says in which direction."""
    assert units.show_percent(0.164, signed=True) == "+16.4 %"
    assert units.show_percent(-0.004, signed=True) == "-0.400 %"
    assert units.show_percent(0, signed=True) == "0 %"


@given(st.integers(0, 2**60))
def test_shown_counts_and_sizes_read_back_close(value: int) -> None:
    """What is shown parses, within one half of its last decimal."""
    assert abs(units.parse_count(units.show_count(value)) - value) <= value / 20
    assert abs(units.parse_bytes(units.show_bytes(value)) - value) <= value / 20 + 1


@given(st.integers(1, 2**61))
def test_shown_times_read_back_close(value: int) -> None:
    """Three digits are within half a per cent."""
    assert abs(units.parse_duration(units.show_ns(value)) - value) <= value / 200


@given(st.integers(0, 2**62), st.floats(0, 1e12).filter(lambda x: x == 0 or x > 1e-12))
def test_exact_text_reads_back_the_same(value: int, rate: float) -> None:
    """What a result stores loses nothing."""
    assert units.parse_duration(units.exact_duration(value)) == value
    assert units.parse_bytes(units.exact_bytes(value)) == value
    assert units.parse_cpu(units.exact_cpu(value)) == value
    assert float(units.parse_rate(units.exact_rate(rate))) == rate


@given(st.text(max_size=60) | st.integers() | st.floats() | st.none() | st.booleans())
def test_nothing_but_valueerror_is_raised(given_value: object) -> None:
    """Whatever is in a file, the answer is a number or one printable line."""
    parsers: list[Parse] = [units.parse_count, units.parse_bytes, units.parse_duration, units.parse_cpu]
    parsers += [units.parse_rate, units.parse_share, units.parse_percent]
    for parse in parsers:
        try:
            assert parse(given_value) >= 0
        except ValueError as error:
            assert str(error).isprintable()  # noqa: PT017 - either way is fine, as long as it is one line


def test_units_import_only_the_standard_library() -> None:
    """--help stays quick."""
    code = "import sys, kscale.units; print({'numpy', 'pydantic', 'yaml', 'rich'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (999, "999"), (1000, "1k"), (10_000, "10k"), (10_001, "10,001"), (10**6, "1M")],
)
def test_sizes_read_as_they_are_written(value: int, shown: str) -> None:
    """A parameter in a label looks as in the scenario."""
    assert units.show_size(value) == shown
