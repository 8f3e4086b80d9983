"""Before and after, and how cost grows."""

import dataclasses

import pytest
from plot_requests import fanout
from sample_results import Made, cell, result

from kscale.errors import KscaleError
from kscale.report.plot import bars, bars_finding, growth, style
from kscale.report.plot.asked import Asked
from kscale.results.record import Result


def shown(made: Result, **asked: str) -> list[bars_finding.Bars]:
    """Return the bars of one result."""
    return bars.bars(made, Asked((made,), **asked))  # type: ignore[arg-type]  # plain fields


def found(made: Result, *by: str) -> list[growth.Sweep]:
    """Return the sweeps of one result."""
    return growth.sweeps(made, Asked((made,), by=by))


def test_the_title_states_gains_losses_and_the_undecided() -> None:
    """Every cell is in the sentence."""
    assert bars_finding.finding(shown(result()), "optimized") == (
        "Optimized is 2.15x to 469x faster in 7 of 10 cells;"
        " 1.17x to 1.45x slower in 2; no clear difference in 1"
    )


@pytest.mark.parametrize(
    ("ns", "said"),
    [(50_000, "2.00x faster"), (200_000, "2.00x slower"), (100_000, "makes no clear difference")],
)
def test_the_title_of_one_cell(ns: int, said: str) -> None:
    """A loss is said as plainly as a gain."""
    title = bars_finding.finding(shown(result([fanout(ns)])), "optimized")
    assert title.startswith("Optimized ")
    assert said.partition(" ")[2] in title


def test_another_variant_and_a_counter_can_be_asked_for() -> None:
    """Only cells that have both are drawn."""
    drawn = shown(result(), after="array-simd", metric="bytes_held")
    assert {one.mechanism for one in drawn} == {"etcd-freelist"}
    assert {one.metric for one in drawn} == {"bytes held"}
    assert bars_finding.finding(drawn, "array-simd") == "Array-simd is the same in 5 cells (exact)"


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
    assert bars_finding.finding(drawn, "optimized") == (
        "Optimized is better in 2 of 2 cells; the median change is 100x less"
    )
    assert bars_finding.finding(drawn[:1], "optimized") == "Optimized is better in 1 cell: 1,000 less"
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
    assert growth.exponent(sweep.lines[0]) == "exponent 1.00 (1.00 … 1.01)"


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
    assert bars_finding.finding(drawn, "optimized") == "Optimized is the same in 1 cell (exact)"


def test_counters_of_several_kinds_are_not_added_up() -> None:
    """In how many cells it is better, worse, the same; the change of the cell in the middle."""
    tested = ((100, 10), (100, 96), (100, 100), (100, 103), (100, 0))
    made = []
    for number, (before, after) in enumerate(tested):
        sides = {"baseline": Made(1, 0, {"watchers_tested": before})}
        sides["optimized"] = Made(1, 0, {"watchers_tested": after})
        made.append(cell("watch-fanout", f"{number} events", {"events": number}, sides))
    drawn = shown(result(made), metric="watchers_tested")
    assert bars_finding.finding(drawn, "optimized") == (
        "Optimized is better in 3 of 5 cells, worse in 1, the same in 1; the median change is 4 % less"
    )
    drawn = shown(result(made[2:4]), metric="watchers_tested")
    assert bars_finding.finding(drawn, "optimized") == (
        "Optimized is worse in 1 of 2 cells, the same in 1; the median change is 3 % more"
    )


def test_a_factor_near_one_is_said_in_per_cent() -> None:
    """1.02x would hardly be told from none."""
    assert [bars_finding._factor(ratio) for ratio in (1.02, 1.05, 24.1)] == ["2 %", "1.05x", "24.1x"]


def test_metrics_of_several_units_share_no_numbers() -> None:
    """Their axis says so, and how far apart its lines are."""
    mixed = [
        dataclasses.replace(one, metric=metric, unit=unit)
        for one, (metric, unit) in zip(
            shown(result([fanout(1, 0), fanout(2, 0)])), (("size", "bytes"), ("p99", "ns")), strict=True
        )
    ]
    assert bars._of_what(mixed) == "each metric in a unit of its own"
    assert bars._of_what([dataclasses.replace(one, unit="bytes") for one in mixed]) == "size"


def test_a_parameter_with_a_unit_is_written_with_it() -> None:
    """Durations and sizes; the unit is no part of the name."""
    made = [
        cell(
            "watch-fanout",
            f"every {ns}",
            {"change_every_ns": ns},
            {"baseline": Made(100_000, 5, {}), "optimized": Made(ns // 1000, 5, {})},
        )
        for ns in (10**9, 600 * 10**9)
    ]
    (sweep,) = found(result(made))
    assert (sweep.parameter, [sweep.tick(size) for size in sweep.lines[0].sizes]) == (
        "change every",
        ["1 s", "10 min"],
    )
    assert growth.finding([sweep]).startswith("watch-fanout: change every from 1 s to 10 min, ")


MI = 2**20


@pytest.mark.parametrize(
    ("low", "high", "places"),
    [
        (170 * MI, 1100 * MI, [256, 512, 1024]),
        (800 * MI, 950 * MI, [800, 850, 900, 950]),
        (1, 2**40, [2**power / MI for power in range(0, 41, 10)]),
    ],
)
def test_ticks_of_bytes_are_round(low: int, high: int, places: list[float]) -> None:
    """In powers of 1024, as they are written."""
    assert [place / MI for place in style.byte_ticks(low, high)] == places
