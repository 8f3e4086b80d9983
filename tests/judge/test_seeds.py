"""Cells that differ in their seed only are one point."""

import math

import pytest
from made_sweeps import INFO, SIZES, WORKS, Cost, Works, metric, swept

from kscale.judge import seeds, winning, wording
from kscale.judge.seeds import Change, Point
from kscale.judge.verdict import Verdict
from kscale.measure import stats
from kscale.results.record import MechanismInfo


def first(cost: Cost, count: int, info: MechanismInfo = INFO) -> tuple[Point, Change]:
    """Return a point of so many seeds, and how the entries change from the baseline's 1,000."""
    works = {
        "baseline": {"entries_touched": lambda **_: 1_000},
        "optimized": {"entries_touched": cost},
    }
    (point,) = seeds.points(swept({"free_pages": (10,)}, works, seeds=range(count), info=info))
    return point, seeds.changes(info, point, "optimized", "baseline")["entries_touched"]


def test_points_are_in_the_order_of_the_sweep_without_their_seed() -> None:
    """Seeds are the outer loop of a sweep, and sorted in a point."""
    found = seeds.points(swept({"free_pages": SIZES}, seeds=(7, 3)))
    assert [one.label for one in found] == [
        "1k free pages",
        "10k free pages",
        "100k free pages",
        "1M free pages",
    ]
    assert [one.params for one in found] == [{"free_pages": size} for size in SIZES]
    assert [cell.label for cell in found[0].cells] == [
        "1k free pages, seed 3",
        "1k free pages, seed 7",
    ]


def test_without_seeds_each_cell_is_a_point() -> None:
    """With its label as it is."""
    found = seeds.points(swept({"free_pages": SIZES}))
    assert [len(one.cells) for one in found] == [1] * 4
    assert found[0].label == "1k free pages"


@pytest.mark.parametrize("count", [1, 2, 5, 6, 10])
def test_a_spread_is_an_interval_from_six_seeds_on(count: int) -> None:
    """Below it is from the least to the most."""
    point, _ = first(lambda seed, **_: 100 + seed * seed, count)
    spread = point.spread("optimized", "entries_touched")
    values = [100 + seed * seed for seed in range(count)]
    low, high = stats.median_interval(values) if count >= 6 else (values[0], values[-1])
    assert spread == seeds.Spread(stats.median(values), low, high, count)
    assert point.spread("optimized", "nothing") is None
    assert point.spread("nobody", "entries_touched") is None


VERDICTS = [
    (lambda seed, **_: 900 + seed, 5, Verdict.BETTER),
    (lambda seed, **_: 1_100 - seed, 5, Verdict.WORSE),
    (lambda **_: 1_000, 5, Verdict.SAME),
    (lambda seed, **_: 999 if seed else 1_000, 5, Verdict.UNCLEAR),  # never worse, but not always better
    (lambda seed, **_: 980 if seed else 1_000, 2, Verdict.UNCLEAR),
    (lambda seed, **_: 980 + seed, 2, Verdict.BETTER),
    (lambda seed, **_: 999 if seed else 1_000, 10, Verdict.BETTER),  # one of ten is outside the interval
    (lambda seed, **_: 1_000 if seed else 999, 10, Verdict.UNCLEAR),  # it is not the same
    (lambda seed, **_: 1_000 if seed else 999, 5, Verdict.UNCLEAR),  # mostly the same
    (lambda seed, **_: 999 + 2 * (seed % 2), 5, Verdict.UNCLEAR),  # seeds disagree
    (lambda seed, **_: 2_000 if seed == 0 else 900, 10, Verdict.BETTER),  # one of ten is outside the interval
    (lambda seed, **_: 2_000 if seed == 0 else 900, 5, Verdict.UNCLEAR),
    (lambda **_: 900, 1, Verdict.BETTER),
]


@pytest.mark.parametrize(("cost", "count", "said"), VERDICTS)
def test_the_verdict_over_seeds(cost: Cost, count: int, said: Verdict) -> None:
    """The whole interval must lie on one side, as of a time; below six seeds every seed."""
    _, change = first(cost, count)
    assert change.row.verdict is said
    assert change.seeds == count
    assert change.row.at == "10 free pages"


def test_more_is_better_of_some_and_nothing_of_others() -> None:
    """As the metric is declared."""
    for better, said in (("higher", Verdict.WORSE), ("none", None)):
        info = INFO.model_copy(update={"metrics": {"entries_touched": metric(better=better)}})
        assert first(lambda seed, **_: 900 + seed, 3, info)[1].row.verdict is said


def test_shares_change_by_their_difference() -> None:
    """A ratio of shares would be taken for something else; from 0 there is none."""
    info = INFO.model_copy(update={"metrics": {"entries_touched": metric("ppm")}})
    _, change = first(lambda seed, **_: 1_500 + seed, 3, info)
    assert (change.low, change.high) == (500, 502)
    assert change.row.verdict is Verdict.WORSE


def test_changes_are_taken_seed_by_seed() -> None:
    """Medians of both sides are shown; the spread is of each seed's own ratio."""
    point = seeds.points(swept({"free_pages": (10_000,)}, WORKS, seeds=range(5)))[0]
    change = seeds.changes(INFO, point, "optimized", "baseline")["entries_touched"]
    assert (change.row.a.value, change.row.b.value) == (10_200, 2_002)
    assert (change.low, change.high) == pytest.approx((2_004 / 10_400, 0.2))
    assert change.varies


def test_a_change_is_that_of_seeds_not_of_their_medians() -> None:
    """Medians of two different seeds have a ratio that no seed has: here less, where all but one are more."""
    works: Works = {
        "baseline": {"entries_touched": lambda seed, **_: 10 * (seed + 1)},
        "optimized": {"entries_touched": lambda seed, **_: 1 if seed == 8 else 10 * (seed + 1) + 1},
    }
    made = swept({"free_pages": (10,)}, works, seeds=range(9))
    (point,) = seeds.points(made)
    change = seeds.changes(INFO, point, "optimized", "baseline")["entries_touched"]
    assert (change.row.a.value, change.row.b.value) == (50, 41)
    assert change.row.verdict is Verdict.WORSE
    assert change.low <= change.row.change <= change.high
    assert change.row.change == pytest.approx(1.02)
    assert wording.change(change.row) == "2 % more"
    (one,) = [one for one in winning.series(made) if one.metric == "entries_touched"]
    assert winning.loss(one.worst) == pytest.approx(math.log(1.02))


def test_from_nothing_and_of_shares_a_change_is_the_middle_difference() -> None:
    """There is no ratio to say."""
    for unit, said in (("entries", "2,000 more"), ("ppm", "0.2 points more")):
        info = INFO.model_copy(update={"metrics": {"entries_touched": metric(unit)}})
        works: Works = {
            "baseline": {"entries_touched": lambda **_: 0},
            "optimized": {"entries_touched": lambda seed, **_: 1_000 * seed + 1_000},
        }
        (point,) = seeds.points(swept({"free_pages": (10,)}, works, seeds=range(3), info=info))
        change = seeds.changes(info, point, "optimized", "baseline")["entries_touched"]
        assert change.row.verdict is Verdict.WORSE
        assert wording.change(change.row) == said


def test_seeds_that_were_not_run_are_left_out() -> None:
    """The others make the point; without any there is none to change."""
    made = swept(
        {"free_pages": (10,)}, seeds=range(3), skip=lambda seed, **_: ("failed", "") if seed else None
    )
    (point,) = seeds.points(made)
    assert seeds.changes(INFO, point, "optimized", "baseline")["entries_touched"].seeds == 1
    none = swept({"free_pages": (10,)}, seeds=range(3), skip=lambda **_: ("failed", ""))
    assert seeds.changes(INFO, seeds.points(none)[0], "optimized", "baseline") == {}
