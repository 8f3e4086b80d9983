import itertools
import unicodedata
from pathlib import Path

import golden_text
import pytest
from rich.cells import cell_len
from rich.text import Text
from sample_results import MECHANISMS, Made, cell, cells, result

from kscale.judge import compare
from kscale.report.export import summary
from kscale.report.table_compare import comparison_table
from kscale.report.table_run import cell_line, run_table, saved_line
from kscale.results.record import Cell, Result

WIDTHS = (60, 100, 140)
HOSTILE = "[red]$x^$\x1b[31m\u202e\r\n</td>"


def head() -> Result:
    """Return a later result: one counter and one time worse, one cell gone."""
    made = cells()[:9]
    fanout = made[5].variants["optimized"]
    assert fanout.wall_ns is not None
    slow = fanout.wall_ns.model_copy(update={"values": [value * 3 // 2 for value in fanout.wall_ns.values]})
    more = fanout.model_copy(update={"work": fanout.work | {"watchers_tested": 51_000_001}, "wall_ns": slow})
    made[5] = made[5].model_copy(update={"variants": made[5].variants | {"optimized": more}})
    return result(made, name="head", id="20261122T000000Z-1f0c9ab", started="2026-11-22T00:00:00Z")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_run(width: int, tmp_path: Path) -> None:
    """The table of a run, wide, under headings, and stacked."""
    golden_text.check(f"run_{width}", run_table(result(), width).plain, tmp_path)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_comparison_of_variants(width: int, tmp_path: Path) -> None:
    """The two variants of one run."""
    found = compare.of_variants(result(), "baseline", "optimized")
    golden_text.check(f"variants_{width}", comparison_table(found, width).plain, tmp_path)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_comparison_of_results(width: int, tmp_path: Path) -> None:
    """Two files, with a gate of 10 %."""
    found = compare.of_results(result(name="main"), head())
    golden_text.check(f"results_{width}", comparison_table(found, width, fail_over=10).plain, tmp_path)


def test_a_run_in_full(tmp_path: Path) -> None:
    """-v shows every metric with its unit, further variants and details."""
    golden_text.check("run_verbose", run_table(result(), 140, verbose=True).plain, tmp_path)


@pytest.mark.parametrize("width", range(40, 200, 7))
def test_numbers_are_never_cut(width: int) -> None:
    """Every number is whole, and no line is wider than the terminal."""
    text = run_table(result(), width).plain
    assert max(cell_len(line) for line in text.splitlines()) <= width
    flat = " ".join(text.split())
    for number in ("4.31 µs ± 0.6 %", "-33.6 … -32.1 %", "2,014,200", "1,526x less", "+45.1 % time"):
        assert number in flat


@pytest.mark.parametrize("width", [60, 100, 160])
def test_hostile_names_stay_text(width: int) -> None:
    """Markup, terminal escapes, line breaks and reversed text are shown, not obeyed."""
    bad = cells()[5].model_copy(
        update={"mechanism": HOSTILE, "label": HOSTILE, "notes": [HOSTILE], "losses": [HOSTILE]}
    )
    made = result([bad])
    made = made.model_copy(
        update={
            "mechanisms": {HOSTILE: MECHANISMS["watch-fanout"]},
            "scenario": made.scenario.model_copy(update={"name": HOSTILE}),
        }
    )
    both = comparison_table(compare.of_results(made, made, (HOSTILE, HOSTILE)), width, fail_over=5)
    for text in (run_table(made, width, verbose=True), both):
        assert "[red]" in text.plain
        assert "\\x1b[31m" in text.plain.replace("\n", "").replace(" ", "")
        hidden = [char for char in text.plain if unicodedata.category(char)[0] == "C" and char != "\n"]
        assert hidden == []


def test_very_long_and_wide_names_wrap() -> None:
    """A name without spaces is broken; wide characters count two columns."""
    bad = cells()[5].model_copy(update={"label": "節" * 90})
    lines = run_table(result([bad]), 80).plain.splitlines()
    assert max(map(cell_len, lines)) <= 80


def one(pairs: int, jitter: int = 5, ns: int = 50_000, **more: object) -> Cell:
    """Make a small cell."""
    work = {"events": 100, "watchers_tested": 50}
    sides = {"baseline": Made(100_000, jitter, work), "optimized": Made(ns, jitter, work)}
    return cell("watch-fanout", "x", {"events": 100}, sides, pairs=pairs, **more)


def test_few_pairs_print_medians_only() -> None:
    """No interval, no verdict, and the reason."""
    text = run_table(result([one(5)]), 140).plain
    assert "fewer than 6 pairs: medians only" in text
    assert "faster" not in text
    assert "geometric mean" not in text


def test_unclear_says_what_it_would_take() -> None:
    """The smallest change shown, and the pairs needed."""
    text = run_table(result([one(10, jitter=40, ns=94_000)]), 140).plain
    assert "unclear" in text
    assert "10 pairs show a slowdown from" in text


def test_a_loss_is_told_even_if_the_mechanism_says_nothing() -> None:
    """A slower time is never passed over."""
    text = run_table(result([one(20, ns=150_000)]), 140).plain
    assert "where it loses" in text
    assert "x: slower: +49.8 % time" in text


def test_a_skipped_cell_is_told() -> None:
    """Not measured, and why."""
    skipped = Cell(
        mechanism="watch-fanout",
        params={},
        label="huge",
        status="skipped",
        notes=["needs 80 GiB"],
        digest="",
        seconds=0,
        variants={},
    )
    text = run_table(result([one(20), skipped]), 100).plain
    assert "watch-fanout · huge: needs 80 GiB" in text
    assert cell_line(MECHANISMS["watch-fanout"], skipped, 100).plain.endswith("huge: needs 80 GiB")


def test_disturbances_are_told() -> None:
    """Interrupted, governor, load: what is affected and what to do."""
    made = result([one(20)], status="interrupted")
    made = made.model_copy(
        update={
            "machine": made.machine.model_copy(update={"governor": "powersave"}),
            "load": made.load.model_copy(update={"other_cpu_pct": 31.0, "steal_pct": 4.0}),
        }
    )
    text = run_table(made, 140).plain
    for said in ("--resume", "governor is powersave", "used 31 %", "took 4 %"):
        assert said in text


@pytest.mark.parametrize("width", WIDTHS)
def test_one_cell_as_it_finishes(width: int) -> None:
    """Its time in a line, in the table's words."""
    text = cell_line(MECHANISMS["watch-fanout"], cells()[5], width)
    assert isinstance(text, Text)
    assert "469x faster" in " ".join(text.plain.split())
    assert text.plain.startswith("watch-fanout · ")
    assert all(len(line) <= width for line in text.plain.splitlines())


def test_one_counted_cell_as_it_finishes() -> None:
    """Without times its first headline counter stands there."""
    cell = cells()[5].model_copy(
        update={
            "variants": {
                name: one.model_copy(update={"wall_ns": None}) for name, one in cells()[5].variants.items()
            }
        }
    )
    assert "watchers tested" in cell_line(MECHANISMS["watch-fanout"], cell, 100).plain


def test_the_last_line_says_what_to_type() -> None:
    """Where it is kept, how long it took, what next."""
    said = saved_line("results/x.json", 41.72).plain
    assert said == "saved results/x.json in 41.7 s · next: kscale compare baseline optimized"


def test_every_verdict_is_a_word() -> None:
    """Colour only repeats what is written."""
    plain = comparison_table(compare.of_variants(result(), "baseline", "optimized"), 160).plain
    assert [word for word in ("worse", "unclear", "better", "same") if word not in plain] == []
    marks = [line[0] for line in plain.splitlines() if line[:3] in {"x  ", "+  ", "!  "}]
    assert [mark for mark, _ in itertools.groupby(marks)] == ["x", "!", "+"]


def test_a_cell_without_optimized_shows_the_variant_that_was_run() -> None:
    """In its line, in the table and in what is exported."""
    one = cells()[0]
    kept = {"baseline": one.variants["baseline"], "lazy": one.variants["optimized"]}
    made = result([one.model_copy(update={"variants": kept})])
    assert "faster" in cell_line(MECHANISMS["etcd-freelist"], made.cells[0], 100).plain
    assert "time per transaction · lazy" in run_table(made, 140).plain
    assert {row.variant for row in summary.run_rows(made)} == {"lazy"}
