"""Before and after, and how cost grows."""

import pytest
from plot_requests import fanout
from sample_results import Made, cell, result

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
    assert bars.finding(drawn, "array-simd") == "Array-simd is the same in 5 cells (exact)"


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
        " optimized costs 1.21x as much; array-simd costs 44.8x as much"
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


def swept(*sides: tuple[int, int, int], jitter: int = 5) -> Result:
    """Return a sweep over events: size, time of the baseline, time of the optimized variant."""
    made = [
        cell(
            "watch-fanout",
            f"{size} events",
            {"events": size, "shards": None},
            {
                "baseline": Made(base, jitter, {"watchers_tested": size}),
                "optimized": Made(other, jitter, {"watchers_tested": size}),
            },
        )
        for size, base, other in sides
    ]
    return result(made)


def test_no_growth_is_claimed_where_the_intervals_touch() -> None:
    """Two noisy ends may differ by chance: that is said, and neither ratio nor exponent is."""
    noisy = swept((10, 100_000, 100_000), (20, 110_000, 95_000), jitter=400)
    (sweep,) = found(noisy)
    assert [line.ratio for line in sweep.lines] == [None, None]
    assert growth.finding([sweep]) == "watch-fanout: from 10 to 20 events, no growth is sure"
    (sweep,) = found(swept((10, 100_000, 100_000), (20, 200_000, 100_100), (40, 300_000, 100_000)))
    assert growth.finding([sweep]).endswith(" as much; optimized unclear")
    assert growth.exponent(sweep.lines[1]).endswith(", unclear")


def test_two_sizes_have_no_exponent() -> None:
    """Two points always lie on a line; three may not."""
    (sweep,) = found(swept((10, 100_000, 1), (20, 200_000, 1)))
    assert growth.exponent(sweep.lines[0]) == "2 sizes, no exponent"
    assert (
        "no exponent below 3 sizes"
        in growth.picture(Asked((swept((10, 100_000, 1), (20, 200_000, 1)),))).caption
    )
    (sweep,) = found(swept((10, 100_000, 1), (20, 200_000, 1), (40, 400_000, 1)))
    assert growth.exponent(sweep.lines[0]) == "exponent 1"


def test_held_parameters_are_named_as_labels_name_them() -> None:
    """Several sweeps of one parameter say which they are; what nobody gave is left out."""
    made = [
        cell(
            "watch-fanout",
            f"{events // 1000}k events, {shards} shards",
            {"events": events, "shards": shards, "seed": None},
            {"baseline": Made(events * shards, 5, {}), "optimized": Made(events, 5, {})},
        )
        for events in (1_000, 2_000)
        for shards in (3, 4)
    ]
    assert {(sweep.parameter, sweep.held) for sweep in found(result(made))} == {
        ("events", "3 shards"),
        ("events", "4 shards"),
        ("shards", "1k events"),
        ("shards", "2k events"),
    }


def test_an_equal_counter_is_the_same_not_unclear() -> None:
    """Counting leaves no doubt."""
    drawn = shown(result([fanout(1, 0)]), metric="watchers_tested")
    assert bars.finding(drawn, "optimized") == "Optimized is the same in 1 cell (exact)"
