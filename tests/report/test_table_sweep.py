"""What `kscale sweep` and `kscale show` print of a sweep."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import golden_text
import pytest
from made_sweeps import INFO, MECHANISM, SIZES, WORKS, Cost, Works, metric, swept
from rich.cells import cell_len
from sample_results import cells as timed_cells
from sample_results import result as timed_result

from kscale.report import sweep_growth, sweep_words
from kscale.report.table_sweep import is_sweep, kind_of, result_table, sweep_table
from kscale.results import check
from kscale.results.record import Result

PAGES = (1_000, 2_001, 5_002, 10_003, 20_000, 50_001, 100_002, 200_003, 500_000, 1_000_001)
NODES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
ADAPTIVE = (500, 781, 281, 500)


def _looked_up(cluster_nodes_count: int, seed: int, **_: object) -> int:
    return 300 * cluster_nodes_count + 10 * seed


def _jumping(free_pages: int, **_: object) -> int:
    return ADAPTIVE[free_pages % 4]


def _lost(free_pages: int, seed: int, **_: object) -> list[str]:
    said = f"the file ends {free_pages % 7 + seed / 10} % larger: best fit leaves more remainders"
    return [said] if seed % 2 else []


def _not_run(free_pages: int, seed: int, **_: object) -> tuple[str, str] | None:
    if (free_pages, seed) == (1_000_001, 3):
        return "failed", "its worker was lost 3 times"
    return (
        ("skipped", f"needs {seed} GiB, more than there is") if free_pages == 500_000 and seed > 7 else None
    )


def a_map(seeds: Sequence[int] = range(10), **run: Any) -> Result:  # noqa: ANN401 - fields of the run
    """Return 1,000 cells: two axes, three variants, losses, cells that were not run."""
    works: Works = {
        **WORKS,
        "optimized": {**WORKS["optimized"], "entries_touched": _looked_up},
        "hashmap": {"entries_touched": _jumping, "bytes_held": WORKS["baseline"]["bytes_held"]},
    }
    axes = {"free_pages": PAGES, "cluster.nodes.count": NODES}
    return swept(axes, works, seeds=seeds, losses=_lost, skip=_not_run, **run)


def a_line(**more: Any) -> Result:  # noqa: ANN401 - of the sweep
    """Return four sizes with six seeds each."""
    return swept({"free_pages": SIZES}, seeds=range(6), **more)


@pytest.fixture(scope="module")
def whole() -> Result:
    """Return the map, made once."""
    return a_map()


@pytest.mark.parametrize("width", [60, 100])
def test_a_line_is_kept(width: int, tmp_path: Path) -> None:
    """Every point with medians over seeds, where it turns, exponents."""
    golden_text.check(f"sweep_line_{width}", sweep_table(a_line(), width).plain, tmp_path)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_map_is_kept_and_fits(width: int, whole: Result, tmp_path: Path) -> None:
    """1,000 cells on a slide, no line wider than the terminal."""
    text = sweep_table(whole, width).plain
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= width
    if width >= 120:
        assert len(lines) <= 45
    golden_text.check(f"sweep_map_{width}", text, tmp_path)


def test_verbose_shows_every_point(whole: Result) -> None:
    """Each with its number of seeds; and all metrics."""
    lines = sweep_table(a_line(), 100, verbose=True).plain.splitlines()
    assert sum("entries touched" in line for line in lines) >= 4
    text = sweep_table(whole, 200, verbose=True).plain
    for label in ("2,001 free pages, 50 nodes", "1M free pages, 1k nodes"):
        assert label in text
    assert "more rows" not in text


def test_sentences_that_differ_in_figures_are_one() -> None:
    """With how often and an example; other words are another kind."""
    text = sweep_table(a_line(losses=_lost), 200).plain
    assert text.count("best fit leaves more remainders") == 1
    assert "12 of 24 cells, first at 1k free pages, seed 1: the file ends 6.1 % larger" in text
    one = kind_of("holds 46.4 KiB against 31.9 KiB in memory (1.45x), 3 pods in 10 ms or 1,024 s")
    assert one == kind_of("holds 1 MiB against 310 B in memory (12x), 1 pod in 2 s or 5 µs")
    assert one != kind_of("holds 1 MiB against 310 B on disk (12x), 1 pod in 2 s or 5 µs")


def test_many_kinds_of_losses_are_counted() -> None:
    """The most frequent are said, the others are not forgotten."""
    words = [f"{'x' * number} is slow" for number in range(1, 13)]
    made = swept({"free_pages": SIZES}, losses=lambda **_: words)
    assert "and 4 more kinds: --verbose" in sweep_table(made, 100).plain
    assert "more kinds" not in sweep_table(made, 100, verbose=True).plain


def test_where_it_turns() -> None:
    """Between which sizes, back and forth, and nothing where it never does."""
    found: dict[int, int] = {1_000: 900, 10_000: 10_000, 100_000: 200_000, 1_000_000: 5}
    cost: Cost = lambda free_pages, **_: found[free_pages]  # noqa: E731 - typed
    works = {"baseline": {"entries_touched": WORKS["baseline"]["entries_touched"]}}
    text = sweep_table(
        swept({"free_pages": SIZES}, {**works, "optimized": {"entries_touched": cost}}), 120
    ).plain
    said = "over free pages: better up to 1k, worse from 100k on, better from 1M on"
    assert said in text
    same = sweep_table(swept({"free_pages": SIZES}, {**works, "optimized": works["baseline"]}), 120).plain
    assert "where it turns" not in same


def test_the_hash_of_all_work() -> None:
    """Equal in any order; another counter anywhere is another one."""
    made = a_line()
    turned = made.model_copy(update={"cells": made.cells[::-1]})
    assert check.work(made.cells) == check.work(turned.cells)
    assert f"work {check.work(made.cells)[:12]} · 24 cells" in sweep_table(made, 100).plain
    other = {**WORKS, "optimized": {**WORKS["optimized"], "bytes_held": lambda seed, **_: seed == 3}}
    assert check.work(made.cells) != check.work(a_line(works=other).cells)


def test_a_poor_fit_is_warned_of(whole: Result) -> None:
    """Beside its exponent, and once in words."""
    text = sweep_table(whole, 200).plain
    assert "poor fit: 1.84x off" in text
    assert "no power describes it" in text
    assert "poor fit" not in sweep_table(a_line(), 200).plain


def test_costs_of_nothing_and_short_axes_have_no_exponent() -> None:
    """They say why."""
    made = swept({"free_pages": SIZES[:2]})
    assert {row.note for row in sweep_growth.rows(made)} == {"fewer than 3 sizes"}
    nothing = swept({"free_pages": SIZES}, {name: {"entries_touched": lambda **_: 0} for name in WORKS})
    assert {(row.exponent, row.note) for row in sweep_growth.rows(nothing)} == {("0.00", "costs nothing")}


def test_modelled_counters_say_so() -> None:
    """In the rows and beside their growth."""
    info = INFO.model_copy(update={"metrics": {"entries_touched": metric(provenance="modelled")}})
    text = sweep_table(swept({"free_pages": SIZES}, info=info), 120).plain
    assert "entries touched (modelled)" in text
    assert "modelled: computed from a cost model" in text


def test_a_part_of_a_sweep_says_which() -> None:
    """A shard, or what there is of an interrupted one."""
    made = a_line(status="interrupted")
    assert made.run.sweep is not None
    part = made.run.sweep.model_copy(update={"shard": "2/8", "cells": 192})
    shard = made.model_copy(update={"run": made.run.model_copy(update={"sweep": part})})
    text = sweep_table(shard, 120).plain
    assert "local, shard 2/8" in text
    assert "24 of 192 cells: 24 done" in text
    assert "the same kscale sweep goes on" in text


def test_times_are_told_first() -> None:
    """With their own words; the table of a run is another one."""
    run = timed_result(timed_cells())
    assert not is_sweep(run)
    assert "geometric mean" in result_table(run, 120).plain
    sweep = a_line().run.sweep
    timed = run.model_copy(update={"run": run.run.model_copy(update={"sweep": sweep})})
    text = result_table(timed, 200).plain
    assert "time per transaction" in text
    assert "slower: +45.1 % time" in text
    assert "geometric mean" not in text


def test_nothing_finished_is_said() -> None:
    """No table, and no fault."""
    made = a_line(skip=lambda **_: ("failed", "its worker was lost 3 times"))
    text = sweep_table(made, 80).plain
    assert "24 cells: 24 failed" in text
    assert "24 of 24 cells, first at 1k free pages, seed 0: its worker was lost 3 times" in text.replace(
        "\n    ", " "
    )
    empty = made.model_copy(update={"cells": []})
    assert "0 of 24 cells: none" in sweep_table(empty, 80).plain


@pytest.mark.parametrize("width", [40, 80, 200])
def test_hostile_names_do_no_harm(width: int) -> None:
    """Whatever steers a terminal is an escape."""
    bad = "\x1b[31m\u202e节\nx"
    info = INFO.model_copy(update={"metrics": {bad: metric()}})
    works = {name: {bad: lambda **_: 5} for name in ("baseline", "optimized", bad)}
    made = swept({bad: (1, 2, 3)}, works, info=info, mechanism=bad, losses=lambda **_: [bad])
    text = sweep_table(made, width, verbose=True).plain
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert all(line == line.rstrip("\r") for line in text.split("\n"))


def test_axes_in_words() -> None:
    """All of a few values, else the ends; with their units."""
    assert sweep_words.axis("free_pages", [1_000, 10_000], []) == "free pages 1k, 10k"
    times = [10**9 * n for n in range(1, 7)]
    assert sweep_words.axis("downtime_ns", times, []) == "downtime 1 s … 6 s (6 values)"
    assert sweep_words.axis("value_bytes", [1024, 1536], []) == "value 1 KiB, 1.5 KiB"
    assert sweep_words.axis("load.utilisation", [0.1, 0.25], []) == "utilisation 0.1, 0.25"
    assert sweep_words.axis("watchers", [1, 20], []) == "watchers 1, 20"
    assert sweep_words.axis("cluster.nodes.count", [1.0, 20_000.0], []) == "nodes 1, 20k"
    assert sweep_words.axis("churn", [True, False], []) == "churn true, false"
    assert sweep_words.axis("profile", ["default"], []) == "profile default"


def test_an_axis_of_one_mechanism_of_several_says_whose_it_is() -> None:
    """Of the only one it goes without saying."""
    key = f"{MECHANISM}.free_pages"
    assert sweep_words.axis(key, [1], [MECHANISM]) == "free pages 1"
    assert sweep_words.axis(key, [1], [MECHANISM, "other"]) == f"{MECHANISM} free pages 1"


def test_timed_cells_are_told_from_those_that_were_only_counted() -> None:
    """A sweep with times may have simulated cells, which have none."""
    counted = swept({"free_pages": (1, 2)})
    assert "2 cells: 2 done ·" in sweep_table(counted, 200).plain
    times = timed_cells()[0].variants
    first, second = counted.cells
    made = counted.model_copy(update={"cells": [first.model_copy(update={"variants": times}), second]})
    assert "2 cells: 2 done (1 timed) ·" in sweep_table(made, 200).plain
