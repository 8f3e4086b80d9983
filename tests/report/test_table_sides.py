"""The table of three sides and more, and what --stats adds."""

import unicodedata
from pathlib import Path

import golden_text
import pytest
from rich.cells import cell_len
from sample_results import MECHANISMS, cells, result

from kscale.judge import by, compare, side_by_side
from kscale.judge.side_by_side import Named, SideBySide
from kscale.report.table_compare import comparison_table
from kscale.report.table_sides import brief, sides_table
from kscale.results.record import Result

HOSTILE = "[red]$x^$\x1b[31m\u202e\r\n</td>"


def slower(name: str, factor: float, more: int) -> Result:
    """Return a result whose watch fan-out is slower and tests more watchers."""
    made = cells()[:7]
    fanout = made[5].variants["optimized"]
    assert fanout.wall_ns is not None
    times = fanout.wall_ns.model_copy(update={"values": [int(one * factor) for one in fanout.wall_ns.values]})
    work = fanout.work | {"watchers_tested": fanout.work["watchers_tested"] + more}
    changed = fanout.model_copy(update={"work": work, "wall_ns": times})
    made[5] = made[5].model_copy(update={"variants": made[5].variants | {"optimized": changed}})
    return result(made, name=name, id=name)


def three() -> SideBySide:
    """Return three results: one the same, one worse."""
    made = [("main", slower("main", 1, 0)), ("next", slower("next", 1, 0)), ("head", slower("head", 1.5, 1))]
    return side_by_side.of_results(
        [Named(name, one, "latest" if name == "head" else "") for name, one in made]
    )


@pytest.mark.parametrize("width", [60, 120, 160])
def test_three_results(width: int, tmp_path: Path) -> None:
    """Wide, under headings, and stacked; with what fails a gate."""
    text = sides_table(three(), width, fail_over=10, only_changed=True).plain
    golden_text.check(f"sides_{width}", text, tmp_path)


@pytest.mark.parametrize("width", [60, 140])
def test_growth_over_a_parameter(width: int, tmp_path: Path) -> None:
    """Columns of one result, shown and not judged."""
    found = by.by([Named("main", result(name="main"))], "free_pages")
    golden_text.check(f"points_{width}", sides_table(found, width).plain, tmp_path)


@pytest.mark.parametrize("width", range(40, 200, 13))
def test_no_line_is_wider_and_no_number_is_cut(width: int) -> None:
    """Whatever the terminal."""
    text = sides_table(by.by([Named("main", result())], "variant"), width, stats=True, verbose=True).plain
    assert max(cell_len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for number in ("4.31 µs ± 0.6 %", "2.91 µs ± 0.8 %", "3.16x faster", "2,014,200", "+45.1 % time"):
        assert number in flat


def test_the_summary_alone_is_short() -> None:
    """-q: what is compared, what fails, the counts."""
    lines = brief(three(), 160, fail_over=10).plain.splitlines()
    margins = "10 % (20 % where not taken in pairs)"
    passed = f"OK  no time is surely slower by more than {margins}, no counter is worse, nothing is gone"
    assert lines[1:4] == ["next:", passed, "next: 108 same"]
    assert lines[4:6] == ["head:", f"FAILED  1 time over {margins}, 1 counter changed"]
    assert [line.split(" opt")[0] for line in lines[6:8]] == [
        "  watch-fanout[1M events, 10,050 watchers]"
    ] * 2
    assert lines[8:] == ["head: 2 worse · 106 same"]
    two = side_by_side.of_results([Named(name, slower(name, 1, 0)) for name in ("main", "head")])
    heading, counts = brief(two, 160).plain.splitlines()
    assert heading.endswith("(2026-11-21) · two results · same machine · not paired")
    assert counts == "108 same"


def test_a_side_that_was_not_compared_has_no_verdict() -> None:
    """It is said with the gate too, whether one side is left or several are."""
    lost = "nothing to compare between main and odd: no cell is in both"
    sides = [Named(name, slower(name, 1, 0)) for name in ("main", "next", "head")]
    odd = Named("odd", result(cells()[9:], id="odd"))
    for named in ([*sides, odd], [*sides[:2], odd]):
        told = brief(side_by_side.of_results(named), 160, fail_over=10).plain.splitlines()
        assert told[-1] == f"NO VERDICT  {lost}"
    two = side_by_side.of_results([*sides[:2], odd])
    table = comparison_table(two.comparisons[0], 160, fail_over=10, more=two.notes).plain
    assert f"\nNO VERDICT  {lost}\n" in table


def test_modelled_numbers_carry_their_label() -> None:
    """Without a column for it, the label stands with the name."""
    text = sides_table(by.by([Named("main", result())], "variant"), 160).plain
    assert "startup p99 (modelled)" in text


def test_a_change_is_a_mark_and_a_word() -> None:
    """Worse is marked x, the same is said to be."""
    text = sides_table(three(), 160).plain
    line = next(line for line in text.splitlines() if "time per event" in line and "optimized" in line)
    assert "same" in line
    assert "x +50 % time" in line
    assert "main 1f0c9ab (2026-11-21) → next 1f0c9ab (2026-11-21), head = latest" in text


@pytest.mark.parametrize("width", [60, 160])
def test_hostile_names_stay_text(width: int) -> None:
    """Names of mechanisms, points, variants, metrics, results and parameters are shown, not obeyed."""
    bad = cells()[0]
    sides = {HOSTILE + name: one for name, one in bad.variants.items()}
    bad = bad.model_copy(
        update={"mechanism": HOSTILE, "label": HOSTILE, "variants": sides, "params": {HOSTILE: HOSTILE}}
    )
    other = bad.model_copy(update={"params": {HOSTILE: HOSTILE + "2"}})
    made = result([bad, other]).model_copy(update={"mechanisms": {HOSTILE: MECHANISMS["etcd-freelist"]}})
    named = [Named(HOSTILE + number, made, HOSTILE) for number in "123"]
    for found in (
        side_by_side.of_results(named),
        by.by(named[:1], "variant"),
        by.by(named[:2], HOSTILE),
    ):
        text = sides_table(found, width, fail_over=5, verbose=True, stats=True)
        assert "[red]" in text.plain
        assert [char for char in text.plain if unicodedata.category(char)[0] == "C" and char != "\n"] == []


def test_statistics_inform(tmp_path: Path) -> None:
    """p, ranges, outliers and the pairs a small change needs, and that p never decides."""
    found = compare.of_variants(result(cells()[3:4]), "baseline", "optimized")
    text = comparison_table(found, 100, stats=True).plain
    golden_text.check("statistics", text[text.index("statistics") :], tmp_path)


def test_statistics_of_counters_say_that_there_are_none() -> None:
    """Nothing was timed."""
    bare = cells()[5]
    variants = {name: one.model_copy(update={"wall_ns": None}) for name, one in bare.variants.items()}
    found = compare.of_variants(
        result([bare.model_copy(update={"variants": variants})]), "baseline", "optimized"
    )
    assert "no time has the 6 samples a side" in comparison_table(found, 100, stats=True).plain


def counted(name: str) -> Result:
    """Return a result without times."""
    made = [
        one.model_copy(
            update={
                "variants": {
                    variant: record.model_copy(update={"wall_ns": None})
                    for variant, record in one.variants.items()
                }
            }
        )
        for one in cells()
    ]
    return result(made, name=name, id=name)


def test_a_table_without_rows_says_so() -> None:
    """Two runs that counted the same: not an empty table, but how many rows are the same."""
    found = compare.of_results(counted("main"), counted("head"))
    assert f"all {len(found.rows)} rows are the same" in comparison_table(found, 100).plain
    sides = side_by_side.of_results([Named(name, counted(name)) for name in "abc"])
    assert "rows are the same" in sides_table(sides, 100).plain
    assert "all 128 rows" not in comparison_table(found, 100, verbose=True).plain


def test_only_changed_hides_times_that_are_the_same() -> None:
    """And counts what it hides."""
    same = compare.of_results(result(name="main"), result(name="head"))
    text = comparison_table(same, 100, only_changed=True).plain
    assert f"all {len(same.rows)} rows are the same" in text
    assert f"({len(same.rows)} rows not shown: -v, without --only-changed)" in text


def test_the_order_can_be_chosen() -> None:
    """By name, the first mechanism of the alphabet comes first; by change, the largest."""
    found = compare.of_variants(result(), "baseline", "optimized")
    by_name = comparison_table(found, 160, sort="name").plain.splitlines()
    assert "etcd-freelist" in by_name[3]
    by_change = comparison_table(found, 160, sort="change").plain.splitlines()
    assert "9.1M less" in by_change[3]


def test_the_heading_names_what_was_meant() -> None:
    """A run's id says its commit and date itself; a label, a path or latest is followed by what it is."""
    made = result(name=None)
    named = [Named("latest", made, made.run.id), Named("old", made, "results/old.json")]
    text = sides_table(side_by_side.of_results([*named, *named]), 160).plain.splitlines()[0]
    assert text.startswith(
        "latest = 20261121T025400Z-1f0c9ab → old = results/old.json 1f0c9ab (2026-11-21), latest = "
    )
