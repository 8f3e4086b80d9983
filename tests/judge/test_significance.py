"""p, spread and outliers are those of scipy; they inform and decide nothing."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample_results import Made, cell, result
from scipy import stats as scipy_stats
from together_results import together

from kscale.errors import KscaleError
from kscale.judge import compare, significance
from kscale.judge.rows import WALL, Row

WORK = {"events": 100, "watchers_tested": 50}
OTHER = {"optimized": Made(50_000, 20, WORK)}


def times(ns: int, pairs: int = 20) -> Row:
    """Return the time of a cell whose optimized side takes *ns*."""
    sides = {"baseline": Made(100_000, 20, WORK), "optimized": Made(ns, 20, WORK)}
    made = result([cell("watch-fanout", "x", {"events": ns}, sides, pairs=pairs)])
    return compare.of_variants(made, "baseline", "optimized").rows[0]


def test_pairs_are_ranked_by_wilcoxon() -> None:
    """The signed ranks of log-ratios."""
    row = times(99_000)
    assert row.times is not None
    (found,) = significance.significance([("", row)])
    assert found.p == scipy_stats.wilcoxon(np.log(row.times.b / row.times.a)).pvalue
    assert 0 < found.p < 1
    assert found.pairs is not None


def test_what_was_taken_apart_is_ranked_by_mann_whitney() -> None:
    """Two samples without pairs."""
    slow, fast = (
        result([cell("watch-fanout", "x", {}, {"baseline": Made(ns, 20, WORK)} | OTHER, pairs=9, seed=ns)])
        for ns in (100_000, 99_000)
    )
    row = next(row for row in compare.of_results(slow, fast).rows if row.metric == WALL)
    assert row.times is not None
    (found,) = significance.significance([("head", row)])
    assert found.p == scipy_stats.mannwhitneyu(row.times.a, row.times.b).pvalue
    assert (found.side, len(row.times.a)) == ("head", 9)


def test_equal_times_have_nothing_to_rank() -> None:
    """Two variants of the same times to the nanosecond: p is 1, without a warning."""
    sides = {name: Made(100_000, 0, WORK) for name in ("baseline", "optimized")}
    made = result([cell("watch-fanout", "x", {"events": 1}, sides)])
    row = compare.of_variants(made, "baseline", "optimized").rows[0]
    (found,) = significance.significance([("", row)])
    assert found.p == 1.0


def test_too_few_pairs_and_counters_say_nothing() -> None:
    """Below six pairs there is no interval, and no p either."""
    rows = compare.of_variants(
        result(
            [
                cell(
                    "watch-fanout",
                    "x",
                    {},
                    {name: Made(9, 1, WORK) for name in ("baseline", "optimized")},
                    pairs=5,
                )
            ]
        ),
        "baseline",
        "optimized",
    ).rows
    assert significance.significance([("", row) for row in rows]) == []


def test_outliers_are_counted_and_kept() -> None:
    """One sample far out is told; it is part of the range and of the test."""
    row = times(50_000)
    assert row.times is not None
    row.times.b[0] *= 10
    (found,) = significance.significance([("", row)])
    assert (found.b.mild, found.b.severe) == (0, 1)
    low, high = np.quantile(row.times.a, [0.25, 0.75])
    assert found.a.range_pct == pytest.approx(100 * (high - low) / np.median(row.times.a))


def test_the_table_is_corrected_as_a_whole() -> None:
    """Two times in one table: the smaller p doubles."""
    rows = [("", times(99_000)), ("", times(98_000))]
    alone = [significance.significance([row])[0].p for row in rows]
    both = [one.p for one in significance.significance(rows)]
    assert min(both) == pytest.approx(min(1, 2 * min(alone)))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_makes_a_p_smaller_nor_changes_their_order(chances: list[float]) -> None:
    """Corrected p are at least the plain ones, at most n times them, and in the same order."""
    corrected = significance.holm(chances)
    for before, after in zip(chances, corrected, strict=True):
        assert before <= after <= min(1, len(chances) * before) or after >= before
        assert after <= 1
    ranked = [after for _, after in sorted(zip(chances, corrected, strict=True))]
    assert ranked == sorted(ranked)


def test_holm_by_hand() -> None:
    """Three tests: 3, 2 and 1 times."""
    assert significance.holm([0.04, 0.01, 0.03]) == pytest.approx([0.06, 0.03, 0.06])
    assert significance.holm([]) == []


def test_a_process_is_one_witness() -> None:
    """Pairs of ten processes are ten values, not two hundred."""
    base, head = together({"baseline": 1000}, {"baseline": 1100}, pairs=40)
    made = []
    for one in (base, head):
        record = one.cells[0].variants["baseline"]
        assert record.wall_ns is not None
        samples = record.wall_ns.model_copy(
            update={"process": [place // 8 for place in record.wall_ns.order]}
        )
        variants = {"baseline": record.model_copy(update={"wall_ns": samples})}
        made.append(
            one.model_copy(update={"cells": [one.cells[0].model_copy(update={"variants": variants})]})
        )
    row = compare.of_results(made[0], made[1]).rows[0]
    assert row.times is not None
    assert row.ratio is not None
    assert len(row.times.a) == len(row.times.b) == row.ratio.n == 10


def test_without_scipy_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra that is not installed is one line."""
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(KscaleError, match=r'pip install "kscale-bench\[stats\]"'):
        significance.significance([])
