import pytest

from kscale.judge import rows, wording
from kscale.judge.rows import Amount, Row
from kscale.measure.stats import Ratio
from kscale.results.record import MetricInfo


def counter(before: int, after: int, unit: str = "ids") -> Row:
    info = MetricInfo(kind="exact", unit=unit, better="lower", provenance="measured")
    return Row("m", "at", "m[]", "optimized", "ids", info, Amount(before), Amount(after), None)


def time(value: float, low: float, high: float) -> Row:
    amounts = Amount(100.0, 1.0), Amount(100.0 * value, 1.0)
    return Row("m", "at", "m[]", "b", rows.WALL, rows.TIME, *amounts, None, ratio=Ratio(value, low, high, 20))


@pytest.mark.parametrize(
    ("before", "after", "unit", "said"),
    [
        (7, 7, "ids", "same"),
        (0, 3, "ids", "3 more"),
        (3, 0, "ids", "3 less"),
        (100, 99, "ids", "1 % less"),
        (100, 201, "ids", "2.01x more"),
        (2_000_000_000, 1_310_200, "ids", "1,526x less"),
        (51_000_000, 51_000_001, "ids", "1 more"),
        (1024, 2048, "bytes", "2x more"),
        (0, 2048, "bytes", "2 KiB more"),
        (20_000, 38_300, "ppm", "1.8 points more"),
        (-5, 5, "ids", "10 more"),
    ],
)
def test_a_counter_is_less_or_more(before: int, after: int, unit: str, said: str) -> None:
    """Ratios from 2x on, shares below, plain differences where neither says enough."""
    assert wording.change(counter(before, after, unit)) == said


@pytest.mark.parametrize(
    ("value", "low", "high", "said", "interval"),
    [
        (0.0415, 0.0410, 0.0420, "24.1x faster", "23.8x … 24.4x"),
        (0.5, 0.49, 0.51, "2x faster", "1.96x … 2.04x"),
        (0.51, 0.50, 0.52, "-49 % time", "-50 … -48 %"),
        (1.164, 1.151, 1.179, "+16.4 % time", "+15.1 … +17.9 %"),
        (3.2, 3.1, 3.3, "3.20x slower", "3.10x … 3.30x"),
        (1.0, 0.0, float("inf"), "0 % time", ""),
    ],
)
def test_a_time_is_faster_or_slower(value: float, low: float, high: float, said: str, interval: str) -> None:
    """A ratio from 2x on, a signed share of time below; the interval in the same words."""
    row = time(value, low, high)
    assert (wording.change(row), wording.interval(row)) == (said, interval)


def test_numbers_that_would_read_the_same_are_written_in_full() -> None:
    """A change of one is seen at any size."""
    assert wording.sides(counter(51_000_000, 51_000_001)) == ("51,000,000", "51,000,001")
    assert wording.sides(counter(51_000_000, 51_000_000)) == ("51M", "51M")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (14_969, 14_836, ("1.50 %", "1.48 %")),
        (14_969, 14_970, ("1.4969 %", "1.4970 %")),
        (14_969, 14_969, ("1.5 %", "1.5 %")),
        (23_000, 14_969, ("2.3 %", "1.5 %")),
    ],
)
def test_shares_that_would_read_the_same_keep_their_unit(
    before: int, after: int, said: tuple[str, str]
) -> None:
    """As many decimals of a per cent as tell them apart, and not another unit than the next cell's."""
    assert wording.sides(counter(before, after, "ppm")) == said


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ((1_791_839_707, 1_788_000_000), ["1.792 s", "1.788 s"]),
        ((1_791_839_707, 1_791_000_000), ["1.792 s", "1.791 s"]),
        ((1_000_001, 1_000_002), ["1.000001 ms", "1.000002 ms"]),
        ((5_000_000_001, 5_000_000_002), ["5,000,000,001 ns", "5,000,000,002 ns"]),
        ((2_000_000_000, 1_000_000_000), ["2 s", "1 s"]),
        ((3, 3), ["3 ns", "3 ns"]),
    ],
)
def test_close_times_get_the_digits_that_tell_them_apart(values: tuple[int, int], said: list[str]) -> None:
    """Not all nine: who compares two times reads their unit first."""
    assert wording.amounts([Amount(value) for value in values], "ns") == said
