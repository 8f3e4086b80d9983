"""Before and after, and how cost grows."""

import pytest
from plot_requests import fanout
from sample_results import result

from kscale.errors import KscaleError
from kscale.report.plot import bars, growth
from kscale.report.plot.asked import Asked
from kscale.results.record import Result


def shown(made: Result, **asked: str) -> list[bars.Bars]:
    """Return the bars of one result."""
    return bars.bars(made, Asked((made,), **asked))  # type: ignore[arg-type]  # plain fields


def found(made: Result, *by: str) -> list[growth.Sweep]:
    """Return the sweeps of one result."""
    return growth.sweeps(made, Asked((made,), by=by))


def test_the_title_states_gains_losses_and_the_undecided() -> None:
    """Every cell is in the sentence."""
    assert bars.finding(shown(result()), "optimized") == (
        "Optimized is 2.15x to 469x faster in 7 of 10 cells;"
        " 1.17x to 1.45x slower in 2; no clear difference in 1"
    )


@pytest.mark.parametrize(
    ("ns", "said"),
    [(50_000, "2.00x faster"), (200_000, "2.00x slower"), (100_000, "makes no clear difference")],
)
def test_the_title_of_one_cell(ns: int, said: str) -> None:
    """A loss is said as plainly as a gain."""
    title = bars.finding(shown(result([fanout(ns)])), "optimized")
    assert title.startswith("Optimized ")
    assert said.partition(" ")[2] in title


def test_another_variant_and_a_counter_can_be_asked_for() -> None:
    """Only cells that have both are drawn."""
    drawn = shown(result(), after="array-simd", metric="bytes_held")
    assert {one.mechanism for one in drawn} == {"etcd-freelist"}
    assert {one.metric for one in drawn} == {"bytes held"}
    assert bars.finding(drawn, "array-simd") == "Array-simd makes no clear difference in 5 cells"


def test_growth_is_found_where_only_one_parameter_differs() -> None:
    """Three sizes of one workload are a line; other workloads are not on it."""
    (sweep,) = found(result())
    assert (sweep.mechanism, sweep.parameter) == ("etcd-freelist", "free pages")
    assert [line.variant for line in sweep.lines] == ["baseline", "optimized", "array-simd"]
    assert list(sweep.lines[0].sizes) == [10_000, 100_000, 1_000_000]
    fitted = sweep.lines[0].growth
    assert fitted is not None
    assert fitted.exponent == pytest.approx(0.99, abs=0.01)
    assert growth.finding([sweep]) == (
        "etcd-freelist: from 10k to 1M free pages, baseline costs 95.5x as much;"
        " optimized 1.21x as much; array-simd 44.8x as much"
    )


def test_a_parameter_that_was_not_swept_is_refused() -> None:
    """The nearest one is named."""
    assert found(result(), "free_pages") == found(result())
    with pytest.raises(KscaleError, match="--by 'free_page': not swept; did you mean 'free_pages'"):
        found(result(), "free_page")


def test_counters_are_drawn_where_no_time_was_taken() -> None:
    """An exact run has a picture too; zero has no bar and no point."""
    made = result([fanout(1, 0, watchers_tested=0), fanout(2, 0, watchers_tested=10)])
    drawn = shown(made)
    assert [one.said for one in drawn] == ["1,000 less", "100x less"]
    assert bars.finding(drawn, "optimized") == "Optimized does at least 100x less work"
    assert bars.finding(drawn[:1], "optimized") == "Optimized does less work"
    assert [one.metric for one in drawn] == ["watchers tested"] * 2
    assert {one.witness for one in drawn} == {"exact, counted here"}
    (sweep,) = found(made)
    assert [line.variant for line in sweep.lines] == ["baseline"]


def test_a_modelled_number_is_called_one() -> None:
    """Its axis says so."""
    drawn = shown(result(), metric="startup_p99")
    assert {one.witness for one in drawn} == {"modelled"}
