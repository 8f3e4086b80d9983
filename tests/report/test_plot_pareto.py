"""Quality against work, and the front that nothing beats."""

import re
from itertools import pairwise, product
from typing import Any

import pytest
from made_sweeps import INFO, Works, metric, swept

from kscale.errors import KscaleError
from kscale.report import svg
from kscale.report.plot import crossing, kinds, pareto, pareto_draw, placed, room, ways
from kscale.report.plot.asked import Asked, NothingToDraw
from kscale.report.plot.crossing import Height
from kscale.report.plot.room import Box
from kscale.results.record import Result

METRICS = pareto.WORK, pareto.QUALITY
SAMPLING = "sched-sampling"
KNOWN = INFO.model_copy(
    update={
        "metrics": {
            pareto.WORK: metric("evaluations / 1000"),
            pareto.QUALITY: metric("points / 1000"),
            "cpu_mean_ppm": metric("ppm", "none"),
        },
        "variants": {
            "baseline": "every node",
            "optimized": "enough nodes",
            "two-choices": "the better of two",
        },
        "defaults": {"percentage": 0},
    }
)
WORKS: Works = {
    "baseline": {
        pareto.WORK: lambda load=1, **_: 1_000_000 * load,
        pareto.QUALITY: lambda **_: 0,
        "cpu_mean_ppm": lambda **_: 5,
    },
    "optimized": {
        pareto.WORK: lambda percentage, seed=0, **_: 10_000 * (percentage or 7) + seed,
        pareto.QUALITY: lambda percentage, seed=0, **_: 4_000 // (percentage or 7) + seed,
        "cpu_mean_ppm": lambda **_: 5,
    },
    "two-choices": {
        pareto.WORK: lambda **_: 90_000,
        pareto.QUALITY: lambda **_: 9_000,
        "cpu_mean_ppm": lambda **_: 5,
    },
}


def made(axes: dict[str, Any] | None = None, **more: Any) -> Result:  # noqa: ANN401 - as made_sweeps takes it
    """Make sample sizes of one cluster."""
    found: Result = swept(axes or {"percentage": (0, 5, 20)}, WORKS, info=KNOWN, mechanism=SAMPLING, **more)
    return found


def labels(result: Result, **asked: Any) -> list[str]:  # noqa: ANN401 - fields of a request
    """Return the ways of the first problem."""
    return [way.label for way in next(iter(ways.problems(Asked((result,), **asked), METRICS))).ways]


def front(result: Result) -> list[str]:
    """Return the front of the only problem."""
    (one,) = ways.problems(Asked((result,)), METRICS)
    axes = pareto_draw.axes_of(one, METRICS, [KNOWN.metrics[name] for name in METRICS])
    return [way.label for way in pareto_draw.front(one.ways, axes)]


def test_each_way_is_there_once_under_a_name_of_its_own() -> None:
    """The baseline and what has no sample size are the same at all of them."""
    assert labels(made()) == ["baseline", "sampling default", "sampling 5 %", "sampling 20 %", "two choices"]


def test_the_front_is_what_nothing_beats() -> None:
    """Two choices of 90 evaluations lose 9 points: 50 evaluations lose less than 1."""
    assert front(made()) == ["sampling 5 %", "sampling default", "sampling 20 %", "baseline"]
    assert pareto.picture(Asked((made(),))).title == (
        "4 of 5 ways are beaten by none: sampling 5 %, sampling default, sampling 20 %, baseline;"
        " least evaluations per pod: sampling 5 %; least score loss: baseline"
    )


def test_the_front_by_its_definition() -> None:
    """Small cases against every pair, ties included."""
    for xs in product((1, 2, 3), repeat=4):
        points = list(zip(xs, (2, 1, 2, 3), strict=True))
        works: Works = {
            f"v{number}": {pareto.WORK: lambda x=x, **_: x, pareto.QUALITY: lambda y=y, **_: y}
            for number, (x, y) in enumerate(points)
        }
        result = swept(
            {"percentage": (5, 6)}, {"baseline": works["v0"], **works}, info=KNOWN, mechanism=SAMPLING
        )
        unbeaten = {
            f"v{number}"
            for number, (x, y) in enumerate(points)
            if not any(a <= x and b <= y and (a < x or b < y) for a, b in points)
        }
        assert set(front(result)) - {"baseline"} == unbeaten


def test_what_changes_the_baseline_is_another_problem() -> None:
    """Seen from the counters; so are places of the scenario, whatever they change."""
    result = made({"percentage": (5, 20), "load": (1, 2), "cluster.nodes.count": (10, 20)})
    found = list(ways.problems(Asked((result,)), METRICS))
    assert [one.at for one in found] == [
        "load 1, nodes 10",
        "load 1, nodes 20",
        "load 2, nodes 10",
        "load 2, nodes 20",
    ]
    assert [len(one.ways) for one in found] == [4, 4, 4, 4]
    title = pareto.picture(Asked((result,))).title
    assert title.startswith("alibaba-10k (load 1, nodes 10): 3 of 4 ways are beaten by none: ")
    assert title.endswith("; 2 more")


def test_seeds_are_bars() -> None:
    """Medians decide, the bars go from least to most below six seeds."""
    (one,) = ways.problems(Asked((made(seeds=(0, 1, 2)),)), METRICS)
    five = next(way for way in one.ways if way.label == "sampling 5 %")
    assert (five.x.low, five.x.median, five.x.high, five.x.seeds) == (50_000, 50_001, 50_002, 3)
    assert "3 seeds" in pareto.picture(Asked((made(seeds=(0, 1, 2)),))).caption


def test_baselines_of_several_mechanisms_are_one_if_they_count_the_same() -> None:
    """And a name that two ways share is told apart."""
    cells = [one.model_copy(update={"mechanism": "sched-equivalence"}) for one in made().cells[:1]]
    both = made().model_copy(
        update={
            "cells": [*made().cells, *cells],
            "mechanisms": {SAMPLING: KNOWN, "sched-equivalence": KNOWN},
        }
    )
    assert labels(both) == [*labels(made()), "equivalence"]


def test_one_variant_may_be_asked_for() -> None:
    """Beside the baseline; a sweep without the optimized one is drawn all the same."""
    assert labels(made(), variant="two-choices", after="two-choices") == ["baseline", "two choices"]
    works: Works = {name: work for name, work in WORKS.items() if name != "optimized"}
    result = swept({"percentage": (5, 20)}, works, info=KNOWN, mechanism=SAMPLING)
    assert kinds.picture("pareto", Asked((result,))).title.startswith("2 of 2 ways are beaten by none")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"by": ("a",)}, "--by 'a': a Pareto plot has two counters, as in --by X,Y"),
        ({"by": (pareto.WORK, "score_los_milli")}, "no such counter; did you mean 'score_loss_milli'"),
        ({"by": (pareto.WORK, "cpu_mean_ppm")}, "'cpu_mean_ppm': neither less nor more of it is better"),
        ({"metric": "cpu_mean"}, "'cpu_mean': no such counter; did you mean 'cpu_mean_ppm'"),
    ],
)
def test_what_is_no_front_is_refused(asked: dict[str, Any], said: str) -> None:
    """With what there is."""
    with pytest.raises(KscaleError, match=re.escape(said)):
        pareto.picture(Asked((made(),), **asked))


def test_counters_that_are_not_there() -> None:
    """Named, with those that are."""
    with pytest.raises(
        NothingToDraw, match=r"no cell counts evaluations_per_pod_milli; name two .*entries_touched"
    ):
        pareto.picture(Asked((swept({"free_pages": (1, 2)}),)))


def test_every_label_is_written_and_none_upon_another() -> None:
    """Twenty ways close together, in the picture as it is drawn."""
    drawn = svg.described("pareto", Asked((made({"percentage": tuple(range(1, 19))}),))).svg
    written = re.findall(r"<text[^>]*>([^<]+)</text>", drawn)
    assert {f"sampling {share} %" for share in range(1, 19)} <= set(written)
    spots = [(1.0 + number / 30, 1.0 + number / 40) for number in range(12)]
    texts = [f"a way of many {number}" for number in range(12)]
    whole = Box(0, 0, 6, 4)
    found = placed.place(spots, texts, whole, [(spots[0], spots[-1])], bold=[False] * 12)
    assert [one.number for one in found] == list(range(12))
    for number, one in enumerate(found):
        assert whole.holds(one.box)
        assert not any(one.box.touches(other.box) for other in found[:number])
        assert not any(one.box.touches(room.around(spot, 0.1, 0.1)) for spot in spots)


def test_boxes_and_lines() -> None:
    """What touches, what holds, what is crossed."""
    box = Box(0, 0, 2, 1)
    assert box.touches(Box(1, 0.5, 3, 3))
    assert not box.touches(Box(2, 0, 3, 1))
    assert box.holds(Box(0, 0, 1, 1))
    assert not box.holds(Box(0, 0, 3, 1))
    for a, b, crossed in (
        ((-1, 0.5), (3, 0.5), True),
        ((-1, 2), (3, 2), False),
        ((1, -1), (1, 3), True),
        ((-1, 0), (1, 3), False),
        ((0.5, 0.5), (0.6, 0.6), True),
        ((3, 0.5), (4, 0.5), False),
    ):
        assert box.crossed(a, b) is crossed


def test_the_line_of_a_grid() -> None:
    """Straight between four neighbours, both ways through a saddle, none where nothing turns."""
    places = [0.0, 1.0]

    def pieces(*logs: float) -> list[tuple[Any, Any]]:
        """Return the line of a square whose corners are lower left, lower right, upper left, upper right."""
        corners: list[tuple[int, ...]] = [(0, 0), (1, 0), (0, 1), (1, 1)]
        heights = {at: Height(log, sure=True) for at, log in zip(corners, logs, strict=True)}
        return [(piece.a, piece.b) for piece in crossing.segments(places, places, heights)]

    assert pieces(1, 1, 1, 1) == []
    assert pieces(-1, 1, -1, 1) == [((0.5, 0.0), (0.5, 1.0))]
    assert pieces(-1, 3, -1, 3) == [((0.25, 0.0), (0.25, 1.0))]
    assert pieces(-1, 0, 0, 1) == [((1.0, 0.0), (0.0, 1.0))]
    assert pieces(0, 1, 1, -1) == pieces(1, 1, 1, -1)
    assert len(pieces(-1, 1, 1, -1)) == 2
    isolated = pieces(-3, 1, 1, -3)  # the middle wins: both losing corners are cut off
    assert {spot for pair in isolated for spot in pair} == {
        (0.75, 0.0),
        (1.0, 0.25),
        (0.25, 1.0),
        (0.0, 0.75),
    }
    for (a, b), corner in zip(isolated, ((1.0, 0.0), (0.0, 1.0)), strict=True):
        assert abs(a[0] - corner[0]) + abs(a[1] - corner[1]) < 0.5
        assert abs(b[0] - corner[0]) + abs(b[1] - corner[1]) < 0.5


def test_the_step_of_a_front_never_claims_more_than_was_measured() -> None:
    """From one way to the next it goes along the worse of both."""
    (one,) = ways.problems(Asked((made(),)), METRICS)
    axes = pareto_draw.axes_of(one, METRICS, [KNOWN.metrics[name] for name in METRICS])
    best = pareto_draw.front(one.ways, axes)
    for a, b in pairwise(best):
        assert a.x.median < b.x.median
        assert a.y.median > b.y.median
