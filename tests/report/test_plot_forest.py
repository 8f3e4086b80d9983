"""A forest of ratios: the finding, worst first, what is left out."""

import re

import pytest
from plot_requests import fanout, later, sample
from sample_results import cells, result

from kscale.errors import KscaleError
from kscale.judge import compare
from kscale.report import svg
from kscale.report.plot import forest
from kscale.report.plot.asked import Asked
from kscale.results.record import Result


def title(*made: Result, **asked: str) -> str:
    """Return the finding of a forest."""
    return forest.picture(Asked(made, **asked)).title  # type: ignore[arg-type]  # plain fields


def words(drawn: str) -> list[str]:
    """Return the texts of a picture, in the order they were drawn."""
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


def test_the_title_names_the_worst() -> None:
    """How many are surely slower, and which most."""
    assert title(result()) == (
        "2 of 10 timings are surely slower: etcd-freelist 1M free pages, workload A +45.1 % time; 7 faster"
    )


def test_the_title_without_losses() -> None:
    """Gains are not exaggerated, and nothing is called sure that is not."""
    assert title(result([fanout(10_000)])) == (
        "1 of 1 timing is surely faster, none slower: watch-fanout x 10.0x faster"
    )
    assert title(result([fanout(100_000)])) == "The timing is the same"
    assert (
        title(result([fanout(100_000), fanout(100_100)])) == "All 2 timings are the same within their margins"
    )


def test_the_title_of_what_was_not_judged() -> None:
    """Another machine, or too few pairs, is no verdict."""
    other = result().machine.model_copy(update={"fingerprint": "x", "cpu_model": "Other"})
    assert title(result(), later(result(), 22).model_copy(update={"machine": other})) == (
        "25 timings shown, not judged: other machine"
    )
    assert title(result([fanout(50_000, pairs=3)])) == "1 timing shown, not judged: too few pairs"


def test_exact_counters_are_told_apart_and_counted() -> None:
    """Between two results every one that changed; between variants only headlines, and not in the title."""
    changed = later(result(), 22, ids_scanned=7, ids_moved=3)
    found = svg.described("forest", Asked((result(), changed)))
    assert found.title.endswith("; 10 exact counters changed")
    assert sum("ids moved" in text for text in words(found.svg)) == 5
    alone = svg.described("forest", Asked((result(),)))
    assert "counter" not in alone.title
    assert any("ids scanned" in text for text in words(alone.svg))
    assert not any("ids moved" in text for text in words(alone.svg))


def test_a_modelled_counter_says_so() -> None:
    """It is never taken for a measured one."""
    texts = words(svg.described("forest", Asked((result(),))).svg)
    lines = [texts[place + 2] for place, text in enumerate(texts) if "startup p99" in text]
    assert lines
    assert all(line.endswith("(modelled)") for line in lines)


def test_the_worst_is_drawn_first_with_word_and_mark() -> None:
    """Nobody has to see colours."""
    texts = words(svg.described("forest", Asked((result(),))).svg)
    said = [text for text in texts if text.endswith((" · worse", " · better", " · same", " · unclear"))]
    times = [text for text in said if "time" in text or "faster" in text or "slower" in text]
    assert [text.rpartition(" · ")[2] for text in times] == ["worse"] * 2 + ["unclear"] + ["better"] * 7
    assert texts.count("x") >= 2
    assert texts.count("+") >= 7


def test_what_is_left_out_is_counted() -> None:
    """At most 60 rows; the caption says how many more there are."""
    many = result([fanout(100_000 + number) for number in range(80)])
    drawn = forest.picture(Asked((many,)))
    assert "20 more timings, changed less, are left out" in drawn.caption
    assert drawn.height < forest.MOST * forest.ROW + 2
    everything = result([fanout(100_000 + n, watchers_tested=n) for n in range(80)])
    mixed = forest.picture(Asked((everything,)))
    assert "30 more timings" in mixed.caption
    assert "70 more counters" in mixed.caption


def test_one_variant_of_two_results() -> None:
    """Only its rows are drawn."""
    assert "of 5 timings" in title(sample(), later(sample(), 22, factor=2.0), variant="optimized")


def test_a_comparison_that_is_there_is_drawn() -> None:
    """Names and sides are its own."""
    made = compare.of_results(result(), later(result(), 22), ("before", "after"))
    assert "before" in forest.picture(Asked((result(),), made)).caption


def test_nothing_changed_and_nothing_timed() -> None:
    """Equal exact runs have no forest."""
    exact = result([fanout(1, 0)])
    with pytest.raises(KscaleError, match="nothing to draw: no times, and no counter changed"):
        forest.picture(Asked((exact, later(exact, 22))))


def test_every_interval_and_margin_is_on_the_axis() -> None:
    """From the fastest end to the margin on the slow side."""
    times = [row for row in compare.of_variants(result(cells()), "baseline", "optimized").rows if row.ratio]
    low, high = forest._limits(times)
    for row in times:
        assert row.ratio is not None
        assert low < row.ratio.low
        assert row.ratio.high < high
        assert low < 1 / (1 + row.margin) < 1 + row.margin < high
