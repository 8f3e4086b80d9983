"""Rows stand in the order asked for."""

import pytest
from sample_results import Made, cell, result

from kscale.judge import compare, order
from kscale.judge.order import Sort
from kscale.judge.rows import Row, unjudged
from kscale.judge.verdict import Verdict


def made() -> tuple[Row, ...]:
    """Return rows of two cells: counters worse, better, same; times better."""
    found = []
    for events, tested in ((9, 60), (10, 40)):
        before = {"events": 5, "watchers_tested": 50}
        sides = {
            "baseline": Made(100_000, 5, before),
            "optimized": Made(1_000, 5, before | {"watchers_tested": tested}),
        }
        found.append(cell("watch-fanout", f"{events} events", {"events": events}, sides))
    return compare.of_variants(result(found), "baseline", "optimized").rows


def said(rows: list[Row]) -> list[str]:
    """Return what each row is."""
    return [f"{row.at} {row.metric} {row.verdict}" for row in rows]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        ("status", "9 events watchers_tested worse"),
        ("change", "10 events wall_ns better"),
        ("name", "9 events events same"),
    ],
)
def test_the_first_row_is_what_was_asked_for(sort: Sort, first: str) -> None:
    """Worst verdict, largest change, or first name; a number in a name counts by its value."""
    rows = said(order.arranged(made(), sort))
    assert len(rows) == 6
    if sort == "change":
        assert {row.split()[2] for row in rows[:2]} == {"wall_ns"}
    else:
        assert rows[0] == first


def test_only_what_changed_is_left() -> None:
    """Rows that are the same are hidden, whatever the order."""
    rows = order.arranged(made(), "name", only_changed=True)
    assert {row.verdict for row in rows} == {Verdict.WORSE, Verdict.BETTER}
    assert len(rows) == 4


def test_without_verdicts_the_file_gives_the_order() -> None:
    """Growth has no worst; equal counts without a verdict are the same all the same."""
    rows = [unjudged(row, "other work") for row in made()]
    assert order.arranged(rows, "status") == rows
    assert [row.metric for row in order.arranged(rows, "status", only_changed=True)] == [
        "wall_ns",
        "watchers_tested",
    ] * 2
