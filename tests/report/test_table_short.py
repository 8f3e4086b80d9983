"""A run in a line for each mechanism."""

import pytest
from rich.cells import cell_len
from sample_results import cells, result

from kscale.judge import rows
from kscale.judge.rows import Row
from kscale.report import cells as said
from kscale.report import table_run, table_short
from kscale.results.record import Result


def summary(made: Result, width: int = 160) -> list[str]:
    """Return the lines as plain text."""
    return [line.plain for line in table_short.summary(made, width)]


def test_each_mechanism_is_told_by_its_worst_and_its_best_cell() -> None:
    """Of the time where there is one, in the order of the run, each with its point."""
    made = result()
    found = list(table_short.shorts(made))
    assert [one.best.mechanism for one in found] == list(dict.fromkeys(cell.mechanism for cell in made.cells))
    assert {one.best.metric for one in found} == {"wall_ns"}
    for one in found:
        every = [row.change for row in rows_of(made, one.best.mechanism)]
        assert (one.best.change, one.worst.change) == (min(every), max(every))
    assert len(summary(made)) == 2 + len(found)


def rows_of(made: Result, mechanism: str) -> list[Row]:
    """Return the time of each cell of a mechanism."""
    return [
        row
        for cell in made.cells
        if cell.mechanism == mechanism
        for row in rows.of_cell(made.mechanisms[mechanism], cell, "baseline", "optimized")
        if row.metric == "wall_ns"
    ]


def test_a_run_that_timed_nothing_is_told_by_its_first_headline() -> None:
    """A counter with a direction; more is better where the metric says so."""
    counted = [
        cell.model_copy(
            update={
                "variants": {
                    name: one.model_copy(update={"wall_ns": None}) for name, one in cell.variants.items()
                }
            }
        )
        for cell in cells()
        if cell.mechanism == "etcd-freelist"
    ]
    made = result(counted)
    (one,) = table_short.shorts(made)
    assert (one.best.metric, one.best.info.better) == ("ids_scanned", "lower")
    info = made.mechanisms["etcd-freelist"]
    scanned = info.metrics["ids_scanned"].model_copy(update={"better": "higher"})
    turned = info.model_copy(update={"metrics": info.metrics | {"ids_scanned": scanned}})
    (other,) = table_short.shorts(made.model_copy(update={"mechanisms": {"etcd-freelist": turned}}))
    assert (other.best.cell, other.worst.cell) == (one.worst.cell, one.best.cell)


def test_one_cell_has_no_worst() -> None:
    """It is said once."""
    (line,) = summary(result([cells()[0]]))[2:]
    assert line.count(cells()[0].label) == 1


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """Columns where they fit, sentences where not; the best is in every one."""
    lines = summary(result(), width)
    assert max(cell_len(line) for line in lines) <= width
    flat = " ".join(" ".join(lines).split())
    for one in table_short.shorts(result()):
        assert said.judged(one.best).plain in flat


def test_a_short_table_needs_no_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is printed from the row on that no longer fits a screen."""
    assert "in short" not in table_run.run_table(result([cells()[0]]), 100).plain
    monkeypatch.setattr(table_short, "SCREEN", 0)
    assert "\nin short\n" in table_run.run_table(result([cells()[0]]), 100).plain
