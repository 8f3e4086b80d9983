"""A cell whose worker was lost each time: shown and counted wherever a skipped one is, and as failed."""

from xml.etree import ElementTree as ET

from made_sweeps import SIZES, swept

from kscale.judge import compare
from kscale.report.export import junit, markdown, plain, spreadsheet, summary
from kscale.report.export.subject import Subject
from kscale.report.page import sections
from kscale.report.table_run import run_table
from kscale.results.record import Result

WHY = "its worker was lost 3 times"


def made() -> Result:
    """Return a sweep of which one cell failed and one was skipped."""
    ends = {10_000: ("skipped", "needs 80 GiB"), 1_000_000: ("failed", WHY)}
    return swept({"free_pages": SIZES}, skip=lambda free_pages, **_: ends.get(free_pages))


def test_the_table_of_a_run_names_both() -> None:
    """Under headings of their own."""
    lines = run_table(made(), 100).plain.splitlines()
    assert f"  etcd-freelist · 1M free pages: {WHY}" in lines[lines.index("failed") :][:2]
    assert "  etcd-freelist · 10k free pages: needs 80 GiB" in lines[lines.index("skipped") :][:2]


def test_markdown_counts_both() -> None:
    """In the line above, and each folded with its reason."""
    text = markdown.render(Subject((made(),)))
    assert "2 cells · 1 skipped · 1 failed" in text
    assert "<summary>Failed: 1 cell</summary>" in text
    assert f"1M free pages: {WHY}" in text
    assert "<summary>Skipped: 1 cell</summary>" in text
    assert summary.of_run(made(), []).startswith("2 cells · 1 skipped · 1 failed")


def test_a_test_runner_sees_an_error() -> None:
    """Skipped is not an error, failed is."""
    root = ET.fromstring(junit.render(Subject((made(),))))  # noqa: S314 - our own
    errors = [case for case in root.iter("testcase") if case.find("error") is not None]
    skipped = [case for case in root.iter("testcase") if case.find("skipped") is not None]
    assert [case.get("name") for case in errors] == ["1M free pages"]
    assert [case.get("name") for case in skipped] == ["10k free pages"]
    error = errors[0].find("error")
    assert error is not None
    assert error.get("message") == WHY


def test_a_spreadsheet_has_a_row_for_each() -> None:
    """With its status and why."""
    rows = spreadsheet.render(Subject((made(),))).splitlines()
    assert [row.split(",")[-2:] for row in rows if ",failed," in row] == [["failed", WHY]]
    assert not any("exponent" in row for row in rows)  # of two sizes


def test_the_page_says_which_failed() -> None:
    """Beside what was skipped."""
    said = list(sections._skipped("etcd-freelist", [made()]))
    assert said == ["10k free pages: needs 80 GiB", f"1M free pages: failed: {WHY}"]


def test_what_failed_in_one_of_two_results_is_gone_from_it() -> None:
    """Its variants are missing, so that a gate fails."""
    whole = swept({"free_pages": SIZES})
    found = compare.of_results(whole, made(), ("main", "head"))
    gone = {found.said(name) for name in found.gone}
    assert "etcd-freelist · 1M free pages · optimized" in gone


def test_the_table_as_a_file_is_that_of_a_sweep() -> None:
    """With what failed counted in its heading."""
    assert "4 cells: 2 done, 1 skipped, 1 failed" in plain.render(Subject((made(),)))
