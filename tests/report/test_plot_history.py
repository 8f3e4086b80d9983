"""Trends over saved results."""

import pytest
from plot_requests import fanout, later, sample
from sample_results import result

from kscale.errors import KscaleError
from kscale.report import svg
from kscale.report.plot import history, picture, trends
from kscale.report.plot.asked import Asked
from kscale.results.record import Result


def run(day: int, factor: float = 1.0, **work: int) -> Result:
    """Return one cell as it was on a day."""
    return later(result([fanout(50_000)]), day, factor=factor, **work)


def title(*made: Result, **asked: str) -> str:
    """Return the finding of a history."""
    return history.picture(Asked(made, **asked)).title  # type: ignore[arg-type]  # plain fields


def on_another_machine(made: Result) -> Result:
    """Return the result as another machine's."""
    return made.model_copy(
        update={"machine": made.machine.model_copy(update={"fingerprint": "x", "cpu_model": "Other"})}
    )


def test_results_stand_in_the_order_they_were_started() -> None:
    """However they are named."""
    moved = title(run(24, 2.0), run(22), run(23, 1.0))
    assert moved.startswith("Over 3 results, moved most: watch-fanout, x, ")
    assert moved.endswith("2.00x slower; no exact counter changed") or "1.99x slower" in moved


def test_a_counter_that_changed_has_steps() -> None:
    """One that did not has no panel, unless it is asked for."""
    changed = (run(22), run(23, watchers_tested=7))
    assert title(*changed).endswith("; 1 exact counter changed")
    marks = list(trends.marks(changed))
    assert [panel.timed for panel in trends.panels(changed, Asked(changed), marks)] == [True, False]
    same = (run(22), run(23))
    assert [panel.timed for panel in trends.panels(same, Asked(same), [])] == [True]
    asked = Asked(same, metric="watchers_tested")
    assert [panel.timed for panel in trends.panels(same, asked, [])] == [False]


def test_marks_stand_where_something_else_changed() -> None:
    """Machine, scenario, version: each by its name, times parted by the first two."""
    newer = run(24)
    newer = newer.model_copy(update={"run": newer.run.model_copy(update={"kscale": "9.9"})})
    other = run(25)
    other = other.model_copy(update={"run": other.run.model_copy(update={"kscale": "9.9", "seed": 1})})
    made = [run(22), on_another_machine(run(23)), on_another_machine(newer), on_another_machine(other)]
    assert [(mark.run, mark.said, mark.machine, mark.work) for mark in trends.marks(made)] == [
        (1, "machine", True, False),
        (2, "kscale 9.9", False, False),
        (3, "scenario", False, True),
    ]


def test_other_machines_and_other_work_are_not_called_a_change() -> None:
    """Twice the time on another machine says nothing; nor does a counter of another seed."""
    assert title(run(22), on_another_machine(run(23, 2.0))) == "Over 2 results, no exact counter changed"
    other = run(23, watchers_tested=7)
    other = other.model_copy(update={"run": other.run.model_copy(update={"seed": 1})})
    assert title(run(22), other) == "Over 2 results, no exact counter changed"
    assert "1 exact counter changed" in title(run(22), on_another_machine(run(23, watchers_tested=7)))


def test_the_axis_names_results_and_dates() -> None:
    """A saved name where there is one, else when it was started."""
    named = run(22).model_copy(update={"run": run(22).run.model_copy(update={"name": "first"})})
    drawn = svg.described("history", Asked((named, run(23)))).svg
    assert ">first<" in drawn
    assert ">11-23<" in drawn


def test_a_cell_of_one_result_only_has_no_trend() -> None:
    """Two at least."""
    with pytest.raises(KscaleError, match="takes 2 results of a scenario, there is 1; save more with"):
        history.picture(Asked((run(22),)))
    with pytest.raises(KscaleError, match="no cell is in 2 of the 2 results"):
        history.picture(Asked((run(22), later(result([fanout(7)]), 23))))


def test_panels_beyond_the_most_are_counted() -> None:
    """Nothing is left out unsaid."""
    many = result([fanout(50_000 + number) for number in range(30)])
    assert "6 more panels are not drawn" in history.picture(Asked((many, later(many, 22)))).caption


def test_counters_of_any_size_have_an_axis() -> None:
    """From 0 to millions, and close to each other."""
    for values in ((0, 10**9), (5, 6), (0, 0)):
        made = (run(22, watchers_tested=values[0]), run(23, watchers_tested=values[1]))
        assert "<svg" in svg.described("history", Asked(tuple(made))).svg
        asked = Asked(made, metric="watchers_tested")
        assert history.picture(asked).height > 0


def test_other_variants_have_trends_too() -> None:
    """Beside the baseline."""
    asked = Asked((sample(), later(sample(), 22)), after="array-simd")
    found = list(trends.panels(asked.results, asked, []))
    assert {trend.variant for panel in found for trend in panel.trends} == {"baseline", "array-simd"}


def test_where_a_counter_changed_its_digits_are_shown() -> None:
    """Amounts that round alike are told apart, and the point is marked."""
    made = (
        run(22, watchers_tested=5_187_651),
        run(23, watchers_tested=5_187_652),
        run(24, watchers_tested=5_187_652),
    )
    drawn = svg.described("history", Asked(tuple(made)))
    assert drawn.svg.count("5,187,652") >= 2  # in the key, and beside the point
    assert "5,187,651 → 5,187,652" in drawn.svg
    assert "ringed: a counter changed" in drawn.caption
    (panel,) = [one for one in trends.panels(made, Asked(made), []) if not one.timed]
    (trend,) = [one for one in panel.trends if one.variant == "optimized"]
    assert [place for place, _ in trends.changes(trend, [])] == [1]


def test_the_names_of_the_axes_are_whole() -> None:
    """However wide their ticks are, nothing is cut off at the left of any panel."""
    made = (run(22), run(23, 1_000_000.0))
    figure = picture.drawn(history.picture(Asked(made)))
    figure.draw_without_rendering()
    for axes in figure.axes:
        box = axes.yaxis.get_label().get_window_extent()
        assert box.x0 >= 0
