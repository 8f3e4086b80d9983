"""Who wins where over a sweep."""

import re
from collections.abc import Mapping
from itertools import product
from typing import Any

import pytest
from made_sweeps import INFO, MECHANISM, WORKS, Works, metric, swept

from kscale.errors import KscaleError
from kscale.report import svg
from kscale.report.plot import amounts, curve, marks, panels
from kscale.report.plot import map as crossover
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.panels import Panel
from kscale.results.record import Result, Value

SIZES = (500, 1_000, 4_000, 16_000)
RUNS = (1, 2, 8)


def grid(**more: Any) -> Result:  # noqa: ANN401 - as made_sweeps takes it
    """Make a map: pages against 2,000 over the length of a run."""
    works: Works = {
        "baseline": {"entries_touched": lambda free_pages, **_: free_pages},
        "optimized": {"entries_touched": lambda run_pages, **_: 2_000 // run_pages},
    }
    return swept({"free_pages": SIZES, "run_pages": RUNS}, works, **more)


def scenario(
    made: Result, resolved: Mapping[str, Any], defaults: Mapping[str, Value] | None = None
) -> Result:
    """Return the result of a scenario that says this, of a mechanism with these defaults."""
    info = made.mechanisms[MECHANISM].model_copy(update={"defaults": dict(defaults or {})})
    return made.model_copy(
        update={
            "scenario": made.scenario.model_copy(update={"resolved": dict(resolved)}),
            "mechanisms": {MECHANISM: info},
        }
    )


def only(made: Result, **asked: Any) -> Panel:  # noqa: ANN401 - fields of a request
    """Return the one panel of a result."""
    (found,) = panels.of(Asked((made,), **asked))
    return found


def texts(made: Result, **asked: Any) -> list[str]:  # noqa: ANN401 - fields of a request
    """Return what is written in a picture."""
    drawn = svg.described("map", Asked((made,), **asked)).svg
    return re.findall(r"<text[^>]*>([^<]+)</text>", drawn)


def test_every_point_is_won_by_one_side_and_the_title_counts_them() -> None:
    """Both gains and losses, what the losses have in common, and the worst."""
    made = grid()
    assert crossover.picture(Asked((made,))).title == (
        "etcd-freelist, entries touched: optimized wins in 8 of 12 points, same in 1, loses in 3:"
        " all at free pages up to 1k, run pages up to 2; at worst 4x more"
    )
    found = only(made)
    assert [axis.key for axis in found.axes] == ["free_pages", "run_pages"]
    assert {(SIZES[x], RUNS[y]) for (x, y), one in found.turns.items() if one.ratio > 1} == {
        (pages, run) for pages, run in product(SIZES, RUNS) if 2_000 // run > pages
    }


def test_squares_say_their_ratio_and_the_line_passes_between_measured_points() -> None:
    """As the formula has it: 2,000 pages for a run of one, through 1,000 for two, where both are equal."""
    assert {"4x more", "2x more", "2x less", "the same"} <= set(texts(grid()))
    across, down = only(grid()).axes
    pieces = only(grid()).line
    ends = sorted({spot for piece in pieces for spot in (piece.a, piece.b)})
    assert ends[0] == pytest.approx((across.places[0], (down.places[1] + down.places[2]) / 2))
    assert ends[1] == pytest.approx((across.places[1], down.places[1]))
    assert ends[2] == pytest.approx(((across.places[1] + across.places[2]) / 2, down.places[0]))
    assert [piece.sure for piece in pieces] == [True, True]


def test_a_point_that_was_not_measured_is_hatched_and_ends_the_line() -> None:
    """Skipped, failed or never begun: no number, no line beside it."""
    made = grid(skip=lambda free_pages, **_: ("skipped", "no memory") if free_pages == 4_000 else None)
    found = only(made)
    assert (found.squares, len(found.turns), set(found.missing.values())) == (12, 9, {"skipped"})
    assert all(max(piece.a[0], piece.b[0]) <= found.axes[0].places[1] for piece in found.line)
    assert "not measured" in texts(made)
    assert "not measured" not in texts(grid())


def test_seeds_are_one_point_and_disagreement_is_shown() -> None:
    """The median of the ratios; where seeds differ nobody wins, and the line is not sure."""
    works: Works = {
        "baseline": {"entries_touched": lambda free_pages, **_: free_pages},
        "optimized": {"entries_touched": lambda seed=0, **_: (900, 1_000, 1_500)[seed]},
    }
    made = swept({"free_pages": SIZES, "run_pages": (1, 2)}, works, seeds=(0, 1, 2))
    found = only(made)
    assert {one.seeds for one in found.turns.values()} == {3}
    assert found.turns[0, 0].ratio == 2.0
    apart = {place for place, one in found.turns.items() if one.apart}
    assert apart == {(1, 0), (1, 1)}
    assert {piece.sure for piece in found.line} <= {False}
    made_picture = crossover.picture(Asked((made,)))
    assert "unclear in 2" in made_picture.title
    assert "each point the median of 3 seeds' ratios" in made_picture.caption
    assert "3 seeds" in made_picture.caption
    assert "seeds differ" in texts(made)


def test_more_axes_make_more_maps_of_which_each_says_what_it_holds() -> None:
    """The two with most values lie along the axes, or those that are asked for."""
    axes = {"workload": ("A", "B"), "run_pages": RUNS, "free_pages": SIZES}
    made = swept(axes, {name: {"entries_touched": lambda **_: 7} for name in ("baseline", "optimized")})
    found = panels.of(Asked((made,)))
    assert [one.at for one in found] == ["workload A", "workload B"]
    assert [axis.key for axis in found[0].axes] == ["run_pages", "free_pages"]
    by = panels.of(Asked((made,), by=("etcd_freelist.free_pages",)))  # as the sweep named it
    assert [one.at for one in by][:2] == ["workload A, run pages 1", "workload A, run pages 2"]
    assert crossover.picture(Asked((made,))).title.endswith(
        "optimized neither wins nor loses in 24 points, same in 24"
    )


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (("free_page",), "--by 'free_page': no swept amount; did you mean 'free_pages'"),
        (("a", "b", "c"), "a map has one or two parameters; swept: etcd-freelist: free_pages, run_pages"),
        (("free_pages", "free_pages"), "a map has one or two parameters"),
    ],
)
def test_axes_that_make_no_map_are_refused(by: tuple[str, ...], said: str) -> None:
    """The swept ones are named."""
    with pytest.raises(KscaleError, match=re.escape(said)):
        panels.of(Asked((grid(),), by=by))


def test_what_was_not_swept_has_no_map() -> None:
    """Words are no amounts; and of a counter that is no better either way, nobody wins."""
    works = {name: {"entries_touched": lambda **_: 7} for name in WORKS}
    made = swept({"workload": ("A", "B")}, works)
    words = made.model_copy(
        update={"cells": [one.model_copy(update={"params": {"workload": "A"}}) for one in made.cells[:1]]}
    )
    with pytest.raises(NothingToDraw, match="takes a swept amount"):
        panels.of(Asked((words,)))
    info = INFO.model_copy(update={"metrics": {"entries_touched": metric(better="none")}})
    with pytest.raises(KscaleError, match="'entries_touched': neither less nor more of it is better"):
        panels.of(Asked((grid(info=info),)))
    many = swept({"free_pages": tuple(range(1, 63))}, {**WORKS})
    with pytest.raises(KscaleError, match="62 values of free_pages cannot be told apart, 60 can"):
        panels.of(Asked((many,)))


def test_more_is_a_win_where_it_is_better() -> None:
    """The colours turn round, the words do not."""
    info = INFO.model_copy(update={"metrics": {"entries_touched": metric(better="higher")}})
    better, worse = only(grid(info=info)), only(grid())
    for place, one in better.turns.items():
        assert one.log == pytest.approx(-worse.turns[place].log)
        assert one.change == worse.turns[place].change


def test_counts_from_and_to_nothing_are_said_as_they_are() -> None:
    """No ratio is made up; they are won or lost all the same."""
    works: Works = {
        "baseline": {"entries_touched": lambda free_pages, **_: 0 if free_pages == 500 else 40},
        "optimized": {"entries_touched": lambda free_pages, **_: 3 if free_pages == 500 else 0},
    }
    made = swept({"free_pages": SIZES, "run_pages": RUNS}, works)
    assert {one.change for one in only(made).turns.values()} == {"0 → 3", "40 → 0"}
    assert {piece.sure for piece in only(made).line} == {False}
    assert "wins in 9 of 12 points, loses in 3: free pages 500" in crossover.picture(Asked((made,))).title


def test_other_headline_counters_that_lose_are_told() -> None:
    """A map of one counter does not hide what is lost by another one."""
    made = crossover.picture(Asked((swept({"free_pages": SIZES}),)))
    assert "optimized also loses by bytes held in 4 of 4 points: see --metric" in made.caption
    asked = crossover.picture(Asked((swept({"free_pages": SIZES}),), metric="bytes_held"))
    assert asked.title.startswith("etcd-freelist, bytes held: optimized loses in 4 of 4 points, wins in none")
    assert "also loses" not in asked.caption


def test_the_scenarios_own_point_is_marked() -> None:
    """By what the scenario states; a point that was measured says who wins there."""
    stated = {"mechanisms": {MECHANISM: [{"free_pages": "4k", "run_pages": 2}]}}
    assert "this cluster: 4x less" in texts(scenario(grid(), stated))
    between = {"mechanisms": {MECHANISM: [{"free_pages": 2_000, "run_pages": 2}]}}
    assert "this cluster" in texts(scenario(grid(), between))
    assert not [text for text in texts(grid()) if "this cluster" in text or "default" in text]


def test_an_own_point_outside_is_an_arrow_with_its_value() -> None:
    """It is not drawn at a place where it is not."""
    stated = {"mechanisms": {MECHANISM: [{"free_pages": "1M", "run_pages": 2}]}}
    assert "this cluster: free pages 1M" in texts(scenario(grid(), stated))


def test_a_default_is_marked_only_where_the_map_has_it() -> None:
    """And it is called one; what the scenario says several times is nobody's own."""
    inside = scenario(grid(), {}, {"free_pages": 4_000, "run_pages": 2})
    assert "default: 4x less" in texts(inside)
    outside = scenario(grid(), {}, {"free_pages": 4_000_000, "run_pages": 0})
    assert not [text for text in texts(outside) if "default" in text]
    mixed = scenario(grid(), {"mechanisms": {MECHANISM: [{"free_pages": 4_000}]}}, {"run_pages": 2})
    assert "this cluster, run pages by default: 4x less" in texts(mixed)
    listed = {"mechanisms": {MECHANISM: [{"free_pages": [1_000, 4_000], "run_pages": 2}]}}
    assert amounts.own(scenario(grid(), listed), MECHANISM, "free_pages") is None


def test_places_of_the_scenario_are_axes_with_their_own_value() -> None:
    """Named without their path; rates and sizes as the file writes them."""
    works = {name: {"entries_touched": lambda **_: 7} for name in ("baseline", "optimized")}
    axes = {"cluster.nodes.count": (100, 1_000), "load.pod_changes": ("20/s", "200/s", "6/min")}
    made = scenario(
        swept(axes, works), {"cluster": {"nodes": {"count": 5_000}}, "load": {"pod_changes": "20/s"}}
    )
    nodes, changes = only(made).axes
    assert (nodes.name, changes.name) == ("nodes", "pod changes")
    assert changes.values == ("6/min", "20/s", "200/s")
    own = {key: amounts.own(made, MECHANISM, key) for key in axes}
    assert {key: one and one.amount for key, one in own.items()} == {
        "cluster.nodes.count": 5_000.0,
        "load.pod_changes": 20.0,
    }
    assert "this cluster: nodes 5k" in texts(made)


def test_the_own_point_is_marked_only_where_what_is_held_is_its_own() -> None:
    """One panel of two."""
    axes = {"free_pages": SIZES, "run_pages": RUNS, "value_bytes": (1_024, 15_360)}
    works = {name: {"entries_touched": lambda **_: 7} for name in ("baseline", "optimized")}
    stated = {"mechanisms": {MECHANISM: [{"free_pages": 4_000, "run_pages": 2, "value_bytes": "1KiB"}]}}
    made = scenario(swept(axes, works), stated)
    found = panels.of(Asked((made,)))
    assert [one.at for one in found] == ["value 1 KiB", "value 15 KiB"]
    assert [bool(crossover.owns(made, one)) for one in found] == [True, False]


def test_one_axis_is_a_curve_with_both_sides_numbers() -> None:
    """Where it turns is said between the measured points; the numbers stand below."""
    made = swept({"free_pages": SIZES})
    assert crossover.picture(Asked((made,))).title == (
        "etcd-freelist, entries touched: optimized wins in 2 of 4 points, loses in 2:"
        " it turns between 1k and 4k free pages; at worst 4x more"
    )
    written = texts(scenario(made, {"mechanisms": {MECHANISM: [{"free_pages": "4k"}]}}))
    assert {"equal between 1k and 4k", "4x more", "2,000", "16,000", "this cluster: 4k"} <= set(written)
    ((a, b, place, sure),) = curve.passings(only(made))
    found = only(made)
    assert (a, b, sure) == (1, 2, True)
    assert place == pytest.approx((found.axes[0].places[1] + found.axes[0].places[2]) / 2)


def test_a_curve_that_turns_twice_says_both() -> None:
    """The sample of an adaptive share shrinks while a cluster grows, and grows again."""
    works: Works = {
        "baseline": {"entries_touched": lambda **_: 400},
        "optimized": {"entries_touched": lambda nodes, **_: nodes * max(50 - nodes // 125, 5) // 100},
    }
    made = swept({"nodes": (500, 3_125, 5_625, 10_000)}, works)
    assert [one.sides[1] for one in only(made).turns.values()] == [230, 781, 281, 500]
    assert [(a, b) for a, b, *_ in curve.passings(only(made))] == [(0, 1), (1, 2), (2, 3)]
    assert {"230", "781", "281", "500"} <= set(texts(made))


def test_a_gap_in_a_curve_is_no_turn() -> None:
    """Nothing is said across a point that was not measured."""
    made = swept(
        {"free_pages": (500, 1_000, 4_000)},
        skip=lambda free_pages, **_: ("failed", "lost") if free_pages == 1_000 else None,
    )
    assert curve.passings(only(made)) == []
    assert "failed" in texts(made)


def test_amounts_stand_where_they_are_most_even() -> None:
    """Factors on a log axis, steps on an even one; 0 has a place before the least amount."""
    for values, log in (
        ((1, 10, 100), True),
        ((10, 20, 30, 40), False),
        ((0, 5, 10, 20, 50), True),
        ((2, 3), False),
    ):
        axis = amounts.axis("x", values)
        assert axis is not None
        assert axis.scale.log is log
        assert axis.places == sorted(axis.places)
    assert amounts.axis("x", (1, None)) is None
    assert amounts.axis("x", (1, "words")) is None
    assert amounts.axis("x", (True, False)) is None
    with_nobody = amounts.axis("x", (None, 5, 10))
    assert with_nobody is not None
    assert with_nobody.values == (5, 10)


def test_the_mark_is_named_by_what_is_known() -> None:
    """One axis of two: a line of that value."""
    made = scenario(grid(), {"mechanisms": {MECHANISM: [{"free_pages": 2_000}]}})
    found = only(made)
    own = marks.inside(found, crossover.owns(made, found))
    assert list(own) == ["free_pages"]
    assert "this cluster: free pages 2k" in texts(made)
