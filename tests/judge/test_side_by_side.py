"""Three sides and more: the first is the reference, and nothing is lost of what it lacks."""

from typing import Any

import pytest
from sample_results import Made, cell, cells, result

from kscale.errors import KscaleError, NoVerdict
from kscale.judge import by, side_by_side
from kscale.judge.rows import WALL
from kscale.judge.side_by_side import Line, Named, SideBySide
from kscale.judge.verdict import Verdict
from kscale.results.record import Cell, Result

WORK = {"events": 100, "watchers_tested": 50, "deliveries": 7}


def fanout(ns: int = 1000, events: int = 100, tested: int = 50, names: str = "baseline optimized") -> Cell:
    """Make a cell whose sides but the first take *ns*."""
    work = WORK | {"watchers_tested": tested}
    sides = {
        name: Made(100_000 if number == 0 else ns * 100, 5, work) for number, name in enumerate(names.split())
    }
    return cell("watch-fanout", f"{events} events", {"events": events}, sides)


def changed(made: Result, part: str, **fields: Any) -> Result:  # noqa: ANN401 - fields of any record
    """Return a copy with fields of one part replaced."""
    return made.model_copy(update={part: getattr(made, part).model_copy(update=fields)})


def line(found: SideBySide, metric: str, at: str) -> Line:
    """Return one line."""
    return next(one for one in found.lines if (one.metric, one.at) == (metric, at))


def values(one: Line) -> list[object]:
    """Return the number of each side."""
    return [amount.value if amount else None for amount in one.amounts]


def verdicts(one: Line) -> list[object]:
    """Return the verdict of each side."""
    return [row.verdict if row else None for row in one.rows]


def test_each_result_is_compared_with_the_first() -> None:
    """Equal, one more, one less."""
    made = [
        Named(name, result([fanout(tested=count)])) for name, count in zip("abc", (50, 51, 49), strict=True)
    ]
    found = side_by_side.of_results(made)
    assert [side.name for side in found.sides] == ["a", "b", "c"]
    tested = line(found, "watchers_tested", "100 events · optimized")
    assert values(tested) == [50, 51, 49]
    assert verdicts(tested) == [None, Verdict.WORSE, Verdict.BETTER]


def test_a_line_needs_two_sides() -> None:
    """What only the others have is shown without a change; what one side has alone is not a line."""
    a, b = result([fanout()]), result([fanout(), fanout(events=5), fanout(events=9)])
    c = result([fanout(), fanout(events=5)])
    found = side_by_side.of_results([Named("a", a), Named("b", b), Named("c", c)])
    only_others = line(found, "events", "5 events · baseline")
    assert values(only_others) == [None, 100, 100]
    assert only_others.changes == ()
    assert not [one for one in found.lines if one.at.startswith("9 events")]
    assert found.comparisons[0].new == ("watch-fanout[events=5]", "watch-fanout[events=9]")


def test_a_side_without_common_work_is_left_out() -> None:
    """A result of another seed gets no column, and a note says why; with nothing left it is exit 3."""
    made, other = result([fanout()]), changed(result([fanout()]), "run", seed=1)
    found = side_by_side.of_results([Named("a", made), Named("b", other), Named("c", made)])
    assert [side.name for side in found.sides] == ["a", "c"]
    assert found.results == (made, made)
    assert found.notes == ("nothing to compare between a and b: different work in 1 cells",)
    with pytest.raises(NoVerdict, match=r"a and b.*a and c"):
        side_by_side.of_results([Named("a", made), Named("b", other), Named("c", other)])


def test_by_variant_every_variant_is_a_column() -> None:
    """All variants of one result; a cell without the third has a gap."""
    found = by.by([Named("main", result())], "variant")
    assert [side.name for side in found.sides] == ["baseline", "optimized", "array-simd"]
    scanned = line(found, "ids_scanned", "10k free pages")
    assert values(scanned) == [9_120_400, 0, 9_120_400]
    assert verdicts(scanned) == [None, Verdict.BETTER, Verdict.SAME]
    assert values(line(found, "nodes_scored", "200k pods"))[2] is None
    assert all(one.paired for one in found.comparisons)


def test_by_a_parameter_cells_that_differ_in_nothing_else_are_columns() -> None:
    """Growth is shown, never judged; the point's name goes without what the columns say."""
    found = by.by([Named("main", result())], "free_pages")
    assert [side.name for side in found.sides] == ["10k free pages", "100k free pages", "1M free pages"]
    scanned = line(found, "ids_scanned", "defaults · baseline")
    assert values(scanned) == [9_120_400, 98_310_004, 982_340_112]
    assert scanned.changes[0].change == pytest.approx(10.8, rel=0.01)
    assert {verdict for one in found.lines for verdict in verdicts(one)} == {None}
    workload = by.by([Named("main", result())], "workload")
    assert {one.at for one in workload.lines} == {
        f"1M free pages · {variant}" for variant in ("baseline", "optimized", "array-simd")
    }


def test_several_results_stand_below_each_other() -> None:
    """By a key of cells, each line says whose it is."""
    made = result(cells()[:3])
    found = by.by([Named("main", made), Named("head", made)], "free_pages")
    assert values(line(found, "ids_scanned", "head · defaults · baseline")) == [
        9_120_400,
        98_310_004,
        982_340_112,
    ]
    assert len(found.comparisons) == 2
    assert {row.at.split(" · ")[0] for row in found.comparisons[0].rows} == {"main", "head"}


def test_a_result_without_the_key_is_left_out_with_a_note() -> None:
    """What cannot be shown is told."""
    made, without = result(cells()[:3]), result([fanout()])
    found = by.by([Named("main", made), Named("head", without)], "free_pages")
    assert {one.at.split(" · ")[0] for one in found.lines} == {"main"}
    assert found.notes[0].startswith("head: no two cells")


@pytest.mark.parametrize(
    ("key", "part", "fields", "titles"),
    [
        ("git", "git", {"sha": "77aa012" + "0" * 33, "dirty": True}, ["1f0c9ab", "77aa012+dirty"]),
        ("branch", "git", {"branch": "faster"}, ["main", "faster"]),
        ("python", "machine", {"python": "3.12.1"}, ["3.11.7", "3.12.1"]),
        ("numba", "machine", {"numba": "0.70.0"}, ["0.68.1", "0.70.0"]),
        ("kscale", "run", {"kscale": "0.4.0"}, ["0.3.0", "0.4.0"]),
        ("seed", "run", {"seed": 1}, ["0", "1"]),
        ("scenario", "scenario", {"name": "smoke"}, ["alibaba-10k", "smoke"]),
        (
            "machine",
            "machine",
            {"fingerprint": "77" * 8, "cpu_model": "Other CPU"},
            ["Example CPU @ 2.90GHz (9b1d)", "Other CPU (777777)"],
        ),
    ],
)
def test_by_a_key_of_results_its_values_name_the_columns(
    key: str, part: str, fields: dict[str, Any], titles: list[str]
) -> None:
    """Results are told apart by commit, version, machine or seed."""
    one = result([fanout()])
    other = changed(one, part, **fields)
    if key == "seed":
        resolved = {"cluster": {"nodes": 10_000}, "seed": 1}
        other = changed(other, "scenario", sha256="0", resolved=resolved)
    found = by.by([Named("a", one), Named("b", other)], key)
    assert [side.name for side in found.sides] == titles
    assert [side.meant for side in found.sides] == ["a", "b"]
    judged = {row.verdict for row in found.comparisons[0].rows if row.metric != WALL}
    assert judged == ({None} if key == "seed" else {Verdict.SAME})


def test_a_column_holds_one_result() -> None:
    """Two results of one commit cannot share a column."""
    made = result([fanout()])
    with pytest.raises(KscaleError, match="a and b both have 1f0c9ab"):
        by.by([Named("a", made), Named("b", made)], "git")


def test_an_unknown_key_names_those_there_are() -> None:
    """The nearest first."""
    with pytest.raises(KscaleError, match=r"did you mean 'free_pages'\? known: .*variant"):
        by.by([Named("a", result())], "free_page")


@pytest.mark.parametrize(
    ("key", "says"), [("git", "one result has one git"), ("transactions", "every cell has transactions 100")]
)
def test_one_column_is_no_comparison(key: str, says: str) -> None:
    """Nothing to compare is exit 3."""
    with pytest.raises(NoVerdict, match=says):
        by.by([Named("a", result())], key)


def test_one_variant_is_no_comparison() -> None:
    """A run of one variant has nothing beside it."""
    with pytest.raises(NoVerdict, match="the variant baseline only"):
        by.by([Named("a", result([fanout(names="baseline")]))], "variant")


def test_yes_is_not_one() -> None:
    """A switch that is on and a number that is 1 are different values."""
    one, yes, no = (
        fanout().model_copy(update={"params": {"churn": value}, "label": str(value)})
        for value in (1, True, False)
    )
    found = by.by([Named("a", result([yes, no, one]))], "churn")
    assert [side.name for side in found.sides] == ["churn", "no churn", "churn 1"]


def test_times_of_a_line_are_all_divided_or_none() -> None:
    """Where one side did not count its events, whole runs stand beside each other; a change says its own."""
    few = {name: count for name, count in WORK.items() if name != "events"}
    sides = {name: Made(100_000, 5, few) for name in ("baseline", "optimized")}
    uncounted = cell("watch-fanout", "100 events", {"events": 100}, sides)
    cells_of = {"a": fanout(), "b": fanout(), "c": uncounted}
    found = side_by_side.of_results([Named(name, result([one], id=name)) for name, one in cells_of.items()])
    time = line(found, WALL, "100 events · baseline")
    assert time.per == ""
    assert values(time) == [pytest.approx(100_000, rel=0.02)] * 3
    per_event, whole = time.changes
    assert (per_event.per, whole.per) == ("events", "")
    assert "the change is of times divided by events" in per_event.notes
    assert not whole.notes
    two = side_by_side.of_results([Named(name, result([cells_of[name]], id=name)) for name in "ab"])
    time = line(two, WALL, "100 events · baseline")
    assert time.per == "events"
    assert values(time) == [pytest.approx(1000, rel=0.02)] * 2
    assert not time.changes[0].notes


def test_the_first_side_says_how_its_line_is_shown() -> None:
    """Not the head: neither a counter's unit nor what a time is divided by."""
    head = result([fanout()], id="b")
    info = head.mechanisms["watch-fanout"]
    other = info.model_copy(update={"per": "watchers_tested", "metrics": {}})
    head = head.model_copy(update={"mechanisms": {"watch-fanout": other}})
    found = side_by_side.of_results([Named("a", result([fanout()], id="a")), Named("b", head)])
    time = line(found, WALL, "100 events · baseline")
    assert time.per == "events"
    assert values(time) == [pytest.approx(1000, rel=0.02)] * 2
