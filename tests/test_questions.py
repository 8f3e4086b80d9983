"""The figures in docs/questions.md against what the scenarios give."""

import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from kscale.engine import axes, sweep
from kscale.engine.worker import Runner
from kscale.measure.timing import Settings
from kscale.mechanisms.registry import MECHANISMS
from kscale.results.record import Cell
from kscale.scenario import load, shipped

DOCUMENT = Path(__file__).parents[1] / "docs" / "questions.md"
PARAMS = {
    "nodes": "cluster.nodes.count",
    "formula": "formula",
    "pods": "pods",
    "use": "utilisation",
    "percentage": "percentage",
    "count": "count",
}
METRICS = {
    "evaluations a pod": "evaluations_per_pod_milli",
    "points lost": "score_loss_milli",
    "cpu spread": "cpu_spread_ppm",
    "nodes used": "nodes_used",
    "cpu packed": "packed_ppm",
    "fewest pods": "pods_least",
    "most pods": "pods_most",
    "pods left": "pending",
}
QUICK = ("k8s-95709", "k8s-130692")  # all seeds are run; of the others the first, which must lie between
Row = dict[str, str]


def tables() -> dict[str, list[Row]]:
    """Return the rows of each table, by the scenario whose command stands above it."""
    found: dict[str, list[Row]] = {}
    name, header = "", list[str]()
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        command = re.fullmatch(r"    kscale sweep questions/([\w-]+).*", line)
        if command:
            name, header = command[1], []
        elif line.startswith("|") and not line.startswith("|---"):
            parts = [part.strip() for part in line.strip("|").split("|")]
            if header:
                found.setdefault(name, []).append(dict(zip(header, parts, strict=True)))
            else:
                header = parts
    return found


TABLES = tables()


def said(metric: str, value: float) -> str:
    """Return a figure as the document writes it."""
    if metric == "evaluations_per_pod_milli":
        return f"{value / 1000:,.1f}".removesuffix(".0")
    if metric.endswith("_milli"):
        return f"{value / 1000:,.2f}"
    return f"{value / 10_000:.2f} %" if metric.endswith("_ppm") else f"{value:,g}"


def number(text: str) -> float:
    """Return what a written figure stands for."""
    return float(text.removesuffix(" %").replace(",", ""))


def between(text: str) -> tuple[str, str, str]:
    """Return median, least and most of one entry."""
    parts = re.fullmatch(r"(.*?)(?: \((.*) to (.*)\))?", text)
    assert parts
    return parts[1], parts[2] or parts[1], parts[3] or parts[1]


def planned(name: str, seeds: int | None) -> sweep.Sweep:
    """Return the sweep of a question, of its first seeds or all."""
    loaded = load.load(f"questions/{name}")
    told = loaded.scenario.sweep
    assert told is not None
    given = [axes.of(key, values, key) for key, values in told.over.items()]
    count = told.seeds if seeds is None else seeds
    return sweep.plan(loaded, MECHANISMS, given, range(count), Settings(timing=False))


def cells(name: str, seeds: int | None) -> Iterator[Cell]:
    """Run a question in this process."""
    of, runner = planned(name, seeds), Runner()
    for task in of.tasks:
        yield runner.run(of.places[task.place], task, of.settings)


def is_at(cell: Cell, row: Row) -> bool:
    """Say whether a row is about a cell's point."""
    return all(
        row[header] in written(cell.params.get(key)) for header, key in PARAMS.items() if header in row
    )


def written(value: object) -> set[str]:
    """Return the ways in which the document may write a parameter."""
    if value is None:
        return {"-"}
    if isinstance(value, float):
        return {f"{value:.0%}"}
    return {f"{value:,}"} if isinstance(value, int) else {str(value)}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_figures_are_what_the_scenario_gives(name: str) -> None:
    """Every row: medians, least and most over all seeds, or the first seed between least and most."""
    whole = name in QUICK
    found = list(cells(name, None if whole else 1))
    assert all(cell.status == "ok" for cell in found)
    for row in TABLES[name]:
        works = [
            cell.variants[row["variant"]].work
            for cell in found
            if is_at(cell, row) and row["variant"] in cell.variants
        ]
        assert len(works) == (5 if whole else 1), row
        for header in METRICS.keys() & row.keys():
            metric = METRICS[header]
            values, entry = [work[metric] for work in works], between(row[header])
            if whole:
                assert entry == tuple(said(metric, one(values)) for one in (median, min, max)), (row, header)
            shown = number(said(metric, values[0]))
            assert number(entry[1]) <= shown <= number(entry[2]), (row, header)


def test_each_question_is_answered() -> None:
    """Every shipped question about an issue has a table; the sweeps without one are named in the text."""
    text = DOCUMENT.read_text(encoding="utf-8")
    names = [one.removeprefix("questions/") for one in shipped.setups(("questions",))]
    assert set(TABLES) == {name for name in names if name != "pareto-alibaba-10k"}  # half a minute a seed
    assert all(f"kscale sweep questions/{name}" in text for name in names)
    assert all(f"issues/{n}" in text for n in (138996, 95709, 86630, 130692))
    assert "pull/132937" in text


@pytest.mark.parametrize("name", [*sorted(TABLES), "pareto-alibaba-10k"])
def test_every_sweep_can_be_planned(name: str) -> None:
    """As many seeds as the document says, and every variant in the two that compare all ways."""
    of = planned(name, None)
    assert len(of.seeds) == (10 if name.startswith("pareto") else 5)
    if name.startswith("pareto"):
        ways = {variant for task in of.tasks for variant in task.variants}
        assert ways == set(next(one for one in MECHANISMS if one.id == "sched-sampling").variants)


@pytest.mark.parametrize(("name", "axes_of"), [("classes", 2), ("sampling", 2), ("sampling-sizes", 1)])
def test_maps_of_the_scheduler(name: str, axes_of: int) -> None:
    """Each has its axes, and the scenario's own point among the swept ones."""
    loaded = load.load(f"maps/{name}")
    assert loaded.scenario.sweep is not None
    assert len(loaded.scenario.sweep.over) == axes_of
