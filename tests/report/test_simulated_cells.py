"""Results in which some cells were timed and others are of a simulation, which never is."""

import json
import re

import made_pages
import pytest
from export_subjects import without_times
from plot_requests import digested, later, of_every_kind, sample
from sample_results import Made, cell

from kscale.judge import compare
from kscale.judge.verdict import Verdict
from kscale.report import svg, table_compare, table_gate, table_run
from kscale.report.export import formats
from kscale.report.export.subject import Subject
from kscale.report.page import render
from kscale.report.plot import kinds
from kscale.report.plot.asked import Asked
from kscale.results.record import CostInfo, MechanismInfo, MetricInfo, Result

NAME = "etcd-sharding"
COST = CostInfo(
    value=1_000_000,
    range=(500_000, 2_000_000),
    unit="ns",
    provenance="assumed",
    about="a flush of the log",
    source="a disk in the network",
)


def _modelled(unit: str, about: str, *, headline: bool = False) -> MetricInfo:
    """Return a metric of a simulation."""
    return MetricInfo(
        kind="exact", unit=unit, better="lower", provenance="modelled", about=about, headline=headline
    )


def simulated() -> MechanismInfo:
    """Return a mechanism that runs on a virtual clock."""
    quantiles = {f"put_{name}_ns": _modelled("ns", name) for name in ("p50", "p90", "p99_9", "max")}
    return MechanismInfo(
        title="an etcd for each type",
        source="etcd",
        per="puts",
        metrics={
            "put_p99_ns": _modelled("ns", "from sending a put to its answer: p99", headline=True),
            **quantiles,
            "puts": MetricInfo(kind="exact", unit="puts", better="none", provenance="input"),
        },
        variants={"baseline": "one etcd", "optimized": "one a type"},
        costs={"etcd_fsync_ns": COST},
    )


def mixed(*, p99: int = 2_000_000) -> Result:
    """Return five timed cells and one of a simulation."""
    base = sample()
    work = {"puts": 1000, "put_p50_ns": 1_000_000, "put_p90_ns": 2_000_000, "put_p99_ns": 22_000_000}
    work |= {"put_p99_9_ns": 30_000_000, "put_max_ns": 44_000_000}
    sides = {"baseline": Made(1, 0, work), "optimized": Made(1, 0, work | {"put_p99_ns": p99})}
    one = digested(without_times(cell(NAME, "5 shards", {"shards": 5}, sides)))
    return base.model_copy(
        update={"cells": [*base.cells, one], "mechanisms": base.mechanisms | {NAME: simulated()}}
    )


@pytest.mark.parametrize("width", [50, 80, 120, 160])
def test_the_table_of_a_run(width: int) -> None:
    """The simulated cell has its modelled headline, in no interval and with no pairs."""
    text = table_run.run_table(mixed(), width).plain
    assert "22 ms" in text
    assert "11x less" in text
    assert "modelled" in text
    assert "no time" not in text
    (mean,) = re.findall("geometric mean of .* timings", table_run.run_table(sample(), width).plain)
    assert mean in text


def test_details_of_a_run() -> None:
    """Not timed is said of the cell; its coefficients have value, range and source."""
    text = " ".join(table_run.run_table(mixed(), 120, verbose=True).plain.split())
    assert "etcd-sharding · 5 shards" in text
    assert "not timed" in text
    assert "coefficients behind modelled numbers" in text
    assert (
        "etcd-sharding: etcd_fsync_ns = 1,000,000 ns [500,000 to 2,000,000], assumed: a disk in the network"
    ) in text
    assert "coefficients" not in table_run.run_table(sample(), 120, verbose=True).plain


def test_a_line_while_the_run_goes_on() -> None:
    """The headline in the place of a time."""
    made = mixed()
    text = table_run.cell_line(made.mechanisms[NAME], made.cells[-1], 120).plain
    assert text == "etcd-sharding · 5 shards: put p99 22 ms → 2 ms, 11x less"


def test_two_results_are_compared_and_judged() -> None:
    """A modelled number is a counter: any change for the worse is worse, and the gate says so."""
    before, after = mixed(), later(mixed(p99=2_000_001), 22)
    found = compare.of_results(before, after)
    (row,) = (one for one in found.rows if one.metric == "put_p99_ns" and one.variant == "optimized")
    assert row.verdict is Verdict.WORSE
    assert row.ratio is None
    for width in (60, 100, 160):
        assert "1 ns more" in table_compare.comparison_table(found, width).plain
    judged = made_pages.with_policy(Subject((before, after), (found,))).judgement
    assert judged is not None
    assert "put p99" in table_gate.gate_table(judged, 100).plain


def test_variants_are_compared() -> None:
    """Of the simulated cell its counters only."""
    found = compare.of_variants(mixed(), "baseline", "optimized")
    rows = [row for row in found.rows if row.mechanism == NAME]
    assert rows
    assert all(row.ratio is None for row in rows)
    assert "put p99" in table_compare.comparison_table(found, 100).plain


def test_every_picture_is_drawn() -> None:
    """Times of the timed, and the headline where it is asked for."""
    for name, asked in of_every_kind(mixed()).items():
        made = kinds.picture(name, asked)
        assert made.title
        assert svg.described(name, asked).svg.startswith("<svg")
    assert "put p99" in svg.described("bars", Asked((mixed(),), metric="put_p99_ns")).svg


@pytest.mark.parametrize("name", formats.FORMATS)
def test_every_export(name: str) -> None:
    """Alone, and beside another."""
    one, two = mixed(), later(mixed(p99=3_000_000), 22)
    for subject in (
        Subject((one,)),
        Subject((one, two), (compare.of_results(one, two),)),
        made_pages.with_policy(Subject((one, two), (compare.of_results(one, two),))),
    ):
        text = formats.FORMATS[name](subject)
        assert NAME in text
    alone = json.loads(formats.FORMATS["json"](Subject((one,))))
    assert alone["mechanisms"][NAME]["costs"]["etcd_fsync_ns"]["value"] == 1_000_000
    assert formats.FORMATS["csv"](Subject((one,)), samples=True).count(NAME) == 0


def test_the_page() -> None:
    """The section has its numbers, and the coefficients behind them, folded."""
    page = render.page(made_pages.of_variants(mixed()))
    (section,) = re.findall(r'<section[^>]*id="[^"]*etcd-sharding[^"]*".*?</section>', page, re.DOTALL)
    assert "Coefficients behind modelled numbers" in section
    assert "etcd_fsync_ns" in section
    assert "1,000,000 ns [500,000 to 2,000,000], assumed: a disk in the network" in section
    assert page.count("Coefficients behind modelled numbers") == 1
