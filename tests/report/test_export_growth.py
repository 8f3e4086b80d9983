"""How costs grow, in the exports of a sweep: where there is a place for it."""

import csv
import io

from made_sweeps import SIZES, swept
from sample_results import result

from kscale.report.export import markdown, spreadsheet
from kscale.report.export.subject import Subject


def test_a_spreadsheet_has_a_row_for_each_exponent() -> None:
    """Under the name a policy gives it, with its interval and how many points; a poor fit says so."""
    made = swept({"free_pages": SIZES}, seeds=range(3))
    rows = list(csv.DictReader(io.StringIO(spreadsheet.render(Subject((made,))))))
    found = {(row["variant"], row["metric"]): row for row in rows if "exponent" in row["metric"]}
    one = found["baseline", "entries_touched.exponent(free_pages)"]
    assert float(one["value"]) == 1.0
    assert float(one["low"]) < 1 < float(one["high"])
    assert (one["n"], one["kind"], one["provenance"], one["params"], one["notes"]) == (
        "12",
        "exact",
        "measured",
        "{}",
        "",
    )
    assert len(found) == 4
    assert "exponent" not in spreadsheet.render(Subject((result(),)))  # of a run, rows stay as they were


def test_markdown_folds_the_table_of_growth() -> None:
    """A row each, with the warning of a poor fit in words."""
    jumps = {3125: 781, 5625: 281, 10_000: 500}
    works = {
        name: {"entries_touched": lambda free_pages, **_: jumps[free_pages]}
        for name in ("baseline", "optimized")
    }
    text = markdown.render(Subject((swept({"free_pages": tuple(jumps)}, works),)))
    assert "<summary>Growth: 2 rows</summary>" in text
    assert "| 3,125 … 10k | -0.39 |" in text.replace("\u00a0", " ")
    assert "poor fit: 1.70x off" in text
    assert "Growth" not in markdown.render(Subject((result(),)))
