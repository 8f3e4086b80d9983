"""How the costs of a sweep grow: every seed in the fit, each point of the other parameters apart."""

import pytest
from made_sweeps import INFO, SIZES, WORKS, Cost, metric, swept
from sample_results import cells as timed_cells
from sample_results import result as timed_result

from kscale.engine.task import SEED
from kscale.judge import growth
from kscale.judge.growth import Grown
from kscale.judge.rows import WALL
from kscale.results.record import Result


def grown(made: Result, counter: str = "entries_touched", variant: str = "baseline") -> list[Grown]:
    """Return the growth of one counter of one variant."""
    return [one for one in growth.of_result(made, counter) if one.variant == variant]


def test_all_seeds_are_in_the_fit() -> None:
    """Forty points at four sizes; costs are medians; the seed itself is no size."""
    made = swept({"free_pages": SIZES[::-1]}, seeds=range(10))
    (one,) = grown(made)
    assert one.sizes == SIZES
    assert one.costs == tuple(size * 1.02 for size in SIZES)
    assert one.fitted is not None
    assert one.fitted.points == 40
    assert one.fitted.exponent == pytest.approx(1)
    assert one.fitted.low < 1 < one.fitted.high
    assert [len(cells) for cells in one.cells] == [10] * 4
    assert all(found.parameter != SEED for found in growth.of_result(made))


def test_headline_counters_are_told_unless_one_is_asked_for() -> None:
    """Of those that have a better direction."""
    made = swept({"free_pages": SIZES})
    assert [(one.metric, one.variant) for one in growth.of_result(made)] == [
        ("entries_touched", "baseline"),
        ("entries_touched", "optimized"),
        ("bytes_held", "baseline"),
        ("bytes_held", "optimized"),
    ]
    info = INFO.model_copy(update={"metrics": INFO.metrics | {"bytes_held": metric(better="none")}})
    assert {one.metric for one in growth.of_result(swept({"free_pages": SIZES}, info=info))} == {
        "entries_touched"
    }
    assert growth.of_result(made, "nothing") == []


def test_every_point_of_the_others_is_a_line_of_its_own() -> None:
    """Named as labels name it; places of the scenario are parameters like others."""
    made = swept({"free_pages": SIZES, "cluster.nodes.count": (50, 500)}, seeds=(3, 4))
    found = grown(made)
    assert [(one.parameter, one.held) for one in found] == [
        ("free_pages", "50 nodes"),
        ("free_pages", "500 nodes"),
        *(("cluster.nodes.count", f"{size} free pages") for size in ("1k", "10k", "100k", "1M")),
    ]
    assert [one.fitted is None for one in found] == [False, False, True, True, True, True]
    assert {one.why for one in found[2:]} == {"fewer than 3 sizes"}


def test_what_is_no_amount_is_not_swept() -> None:
    """Texts, truths and 0 have no place on a log axis."""
    axes = {"free_pages": (0, 10, 100), "workload": ("A", "C"), "churn": (True, False)}
    assert {(one.parameter, one.sizes) for one in grown(swept(axes))} == {("free_pages", (10.0, 100.0))}


def test_a_mechanisms_own_seed_is_no_size() -> None:
    """Its values are numbers without an order."""
    works = {name: {"entries_touched": lambda **_: 5} for name in WORKS}
    made = swept({"free_pages": SIZES, "own_seed": (1, 2, 3)}, works)
    renamed = [
        cell.model_copy(update={"params": {name.removeprefix("own_"): v for name, v in cell.params.items()}})
        for cell in made.cells
    ]
    found = growth.of_result(made.model_copy(update={"cells": renamed}))
    assert {one.parameter for one in found} == {"free_pages"}
    assert len({one.held for one in found}) == 3


def test_nothing_at_any_size_does_not_grow() -> None:
    """The exponent is 0, and sure; 0 at some sizes has none, and says so."""
    costs: dict[str, Cost] = {"never": lambda **_: 0, "later": lambda free_pages, **_: free_pages // 10_000}
    made = swept({"free_pages": SIZES}, {name: {"entries_touched": cost} for name, cost in costs.items()})
    (never,), (later,) = grown(made, variant="never"), grown(made, variant="later")
    assert never.nothing
    assert never.fitted is not None
    assert (never.fitted.exponent, never.fitted.low, never.fitted.high, never.fitted.poor) == (0, 0, 0, False)
    assert not later.nothing
    assert later.fitted is None
    assert later.why.startswith("0 at some sizes")


def test_cells_that_were_not_run_are_left_out() -> None:
    """The fit is over what there is."""
    made = swept(
        {"free_pages": SIZES}, skip=lambda free_pages, **_: ("failed", "") if free_pages == 1000 else None
    )
    assert grown(made)[0].sizes == SIZES[1:]


def test_times_are_per_unit_of_work() -> None:
    """As the table has them, in ns."""
    found = [
        one for one in growth.of_result(timed_result(timed_cells()[:3]), WALL) if one.variant == "optimized"
    ]
    (one,) = found
    assert one.per == "transactions"
    assert one.costs == pytest.approx((2_010, 2_230, 2_440), rel=0.02)


def test_a_mechanism_that_is_not_swept_has_no_growth() -> None:
    """One size is no line."""
    assert growth.of_result(swept({"free_pages": (10,)}, WORKS, seeds=range(3))) == []
