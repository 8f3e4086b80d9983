"""Samples in run order, and distributions on a tail scale."""

import math

import numpy as np
import pytest
from matplotlib.figure import Figure
from plot_requests import fanout, sample
from sample_results import result

from kscale.errors import KscaleError
from kscale.report.plot import latency, picture, samples
from kscale.report.plot.asked import Asked
from kscale.report.plot.picture import Canvas, Picture
from kscale.results.record import Cell, Samples


def with_times(values: list[int], process: list[int] | None = None) -> Cell:
    """Return a cell whose optimized variant took these times."""
    one = fanout(50_000, pairs=len(values))
    record = one.variants["optimized"]
    assert record.wall_ns is not None
    taken = Samples(order=record.wall_ns.order, values=values, loops=1, process=process)
    variants = one.variants | {"optimized": record.model_copy(update={"wall_ns": taken})}
    return one.model_copy(update={"variants": variants})


def optimized(one: Cell) -> samples.Series:
    """Return the series of the optimized variant."""
    (panel,) = samples._panels(result([one]), one, Asked((result([one]),)), "")
    return panel.series[1]


def test_outliers_are_marked_and_none_is_dropped() -> None:
    """Every sample is drawn."""
    found = optimized(with_times([100, 101, 99, 100, 102, 98, 100, 300]))
    assert len(found.percent) == 8
    assert found.percent[-1] == pytest.approx(200)
    assert found.outlier == (False,) * 7 + (True,)


def test_drift_is_the_last_third_over_the_first() -> None:
    """Warm-up shows as a fall."""
    steady, falling = [100] * 9, [200, 200, 200, 100, 100, 100, 100, 100, 100]
    assert samples.drift(optimized(with_times(steady))) == 0
    assert samples.drift(optimized(with_times(falling))) == pytest.approx(-50)


def test_samples_stand_in_run_order() -> None:
    """In whatever order the file has them."""
    one = with_times([1, 2, 3, 4, 5, 6])
    record = one.variants["optimized"]
    assert record.wall_ns is not None
    back = record.wall_ns.model_copy(
        update={"order": record.wall_ns.order[::-1], "values": record.wall_ns.values[::-1]}
    )
    turned = one.model_copy(
        update={"variants": one.variants | {"optimized": record.model_copy(update={"wall_ns": back})}}
    )
    assert optimized(turned).order == optimized(one).order
    assert optimized(turned).percent.tolist() == optimized(one).percent.tolist()


def test_two_results_stand_side_by_side() -> None:
    """The same cell of each in a row."""
    made = samples.picture(Asked((sample(), sample()), names=("old", "new")))
    assert made.height == samples.HEIGHT * 5


def test_another_process_is_marked() -> None:
    """Memory lands elsewhere, so times may step."""
    one = with_times([100] * 6, process=[0, 0, 0, 1, 1, 1])
    (panel,) = samples._panels(result([one]), one, Asked((result([one]),)), "")
    assert len(panel.fresh) == 1
    assert "another process" in samples.picture(Asked((result([one]),))).caption


def test_the_title_counts_outliers_and_names_the_largest_drift() -> None:
    """Which cell, which variant, which way."""
    falling = with_times([220, 210, 200, 100, 101, 99, 100, 100, 100])
    title = samples.picture(Asked((result([falling]),))).title
    assert title.endswith("the largest drift is -52.4 %: watch-fanout, x, optimized")


def test_an_exact_run_has_no_samples() -> None:
    """One line says how to get some."""
    with pytest.raises(KscaleError, match=r"no cell was timed \(run without --exact\)"):
        samples.picture(Asked((result([fanout(1, 0)]),)))


@pytest.mark.parametrize(("events", "last"), [(20, 0.5), (100, 0.9), (1_000, 0.99), (100_000, 0.9999)])
def test_a_line_ends_where_ten_events_lie_beyond(events: int, last: float) -> None:
    """No quantile is drawn from fewer."""
    (tail,) = latency.tails({"optimized": np.arange(events, dtype=np.float64) + 1})
    assert tail.quantiles[0] == 0
    assert tail.quantiles[-1] == pytest.approx(last)
    assert tail.values[-1] == pytest.approx(np.quantile(np.arange(events) + 1.0, last))


def test_too_few_events_are_no_line() -> None:
    """Nineteen have no median worth drawing."""
    assert latency.tails({"optimized": np.ones(19)}) == ()
    with pytest.raises(KscaleError, match=r"takes 20 samples .* the most here is 10"):
        latency.picture(Asked((result([fanout(50_000, pairs=10)]),)))


def test_cells_with_too_few_samples_are_counted() -> None:
    """One of the five took fewer."""
    drawn = latency.picture(Asked((sample(),)))
    assert "1 cell with fewer than 20 samples not drawn" in drawn.caption
    assert "not latencies of single requests" in drawn.caption


def test_simulated_latencies_are_drawn_by_the_same_axes() -> None:
    """Plain arrays are enough: ticks go as far as there are events."""
    tails = latency.tails(
        {"baseline": np.linspace(1e6, 9e6, 50_000), "optimized": np.linspace(1e5, 2e5, 500)}
    )
    labels: list[str] = []

    def draw(canvas: Canvas) -> None:
        """Draw and keep the labels of the axis."""
        axes = canvas.axes(1, 0.5, 0.5, 0.6)
        latency.draw_tails(axes, tails, "pod start, modelled", "pods")
        labels.extend(label.get_text() for label in axes.get_xticklabels())

    assert picture.rendered(Picture("", "", 6, 4, draw), "svg")
    assert labels == ["least", "p50", "p90", "p99", "p99.9"]


def test_a_cell_stands_beside_itself_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of two results lacks is left out, and moves no other cell."""
    made = sample()
    less = made.model_copy(update={"cells": made.cells[1:]})
    found: list[samples.Panel] = []
    monkeypatch.setattr(samples, "finding", found.extend)
    samples.picture(Asked((made, less), names=("a", "b")))
    names = [panel.name.partition(": ") for panel in found]
    assert len(names) == 2 * len(less.cells)
    assert [name for name, _, _ in names] == ["a", "b"] * len(less.cells)
    assert [at for _, _, at in names[::2]] == [at for _, _, at in names[1::2]]


def test_counted_latencies_are_lines_through_their_quantiles() -> None:
    """Of each kind and variant; beside samples, or alone in a run that timed nothing."""
    counted = {"put_p50_ns": 2_000, "put_p90_ns": 3_000, "put_p99_ns": 0, "put_p99_9_ns": 90_000}
    one = fanout(50_000, pairs=0, **counted, put_max_ns=10**9, get_p50_ns=0)
    (panel,) = latency._panels(result([one]), one, "x", Asked((result([one]),)))
    assert panel.name == "watch-fanout, x: put"
    assert panel.what == "latency, modelled"
    (line,) = panel.lines
    assert line.name == "optimized"
    assert line.quantiles.tolist() == [0.5, 0.9, 0.99, 0.999]
    assert line.values.tolist() == [2_000, 3_000, 1, 90_000]
    drawn = latency.picture(Asked((result([one]),)))
    assert "virtual clock" in drawn.caption
    assert "measured here" not in drawn.caption
    assert picture.rendered(drawn, "svg")


def test_lines_that_begin_at_the_median_have_an_axis_that_does() -> None:
    """No tick for the least, which is not known; of two equal lines the second lets the first be seen."""
    figure = Figure()
    axes = figure.add_subplot()
    places, times = np.array([0.5, 0.9, 0.99]), np.array([1e6, 2e6, 5e6])
    tails = [latency.Tail(name, places, times, 0) for name in ("baseline", "optimized")]
    latency.draw_tails(axes, tails, "latency, modelled")
    assert [label.get_text() for label in axes.get_xticklabels()] == ["p50", "p90", "p99"]
    assert 0 < axes.get_xlim()[0] < -math.log10(0.5)
    first, _, second, marks = axes.get_lines()
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert marks.get_markerfacecolor() == "none"
    assert str(marks.get_label()) == " optimized, equal to baseline"
