"""One section for each mechanism: what it is, what it wins, where it loses, all of its numbers."""

from collections.abc import Iterator, Sequence

from kscale.errors import KscaleError
from kscale.judge.compare import Comparison, of_variants
from kscale.judge.rows import Row
from kscale.report import cells, coefficients
from kscale.report.page import ledgers, pictures, tables
from kscale.report.page.tables import Words
from kscale.report.page.view import Ledgers, Meaning, Section, Tables
from kscale.report.plot.asked import BASELINE, OPTIMIZED
from kscale.report.table_compare import worth_showing
from kscale.report.text import clean, clean_prose
from kscale.results.record import MechanismInfo, Result

EMPTY = MechanismInfo(title="", source="", per="", metrics={}, variants={})


def sections(
    results: Sequence[Result], drawn: Sequence[Result], comparisons: Sequence[Comparison], shared: Words
) -> tuple[Section, ...]:
    """Return a section for each mechanism any of the results ran, in the order of the first that did.

    *drawn* are the results under the names they have on the page.
    """
    return tuple(_section(name, results, drawn, comparisons, shared) for name in shared.anchors)


def _section(
    name: str,
    results: Sequence[Result],
    drawn: Sequence[Result],
    comparisons: Sequence[Comparison],
    shared: Words,
) -> Section:
    """Return one mechanism's section."""
    info = _described(name, results)
    return Section(
        anchor=shared.anchors[name],
        mechanism=clean(name),
        title=clean(info.title),
        source=clean_prose(info.source),
        variants=tuple((clean(one), clean_prose(about)) for one, about in info.variants.items()),
        ledgers=tuple(_ledgers(name, results, comparisons)),
        pictures=pictures.of_mechanism(drawn, comparisons[0], name),
        tables=tuple(_each_table(name, results, comparisons, shared)),
        meanings=tuple(_meanings(info)),
        costs=tuple(_costs(info)),
        skipped=tuple(_skipped(name, results)),
    )


def _described(name: str, results: Sequence[Result]) -> MechanismInfo:
    """Return what the newest of the results says of a mechanism; nothing if none does."""
    known = (result.mechanisms[name] for result in reversed(results) if name in result.mechanisms)
    return next(known, EMPTY)


def _ledgers(name: str, results: Sequence[Result], comparisons: Sequence[Comparison]) -> Iterator[Ledgers]:
    """Return gains beside losses: between results, then of the last result's optimization itself."""
    if comparisons[0].of == "variants":
        several = len(comparisons) > 1
        yield from (ledgers.of_variants(one, name, results[0], named=several) for one in comparisons)
        return
    yield from (ledgers.of_results(one, name) for one in comparisons)
    last = results[-1]
    try:
        own = of_variants(last, BASELINE, OPTIMIZED)
    except KscaleError:  # no cell of it has both
        return
    yield ledgers.of_variants(own, name, last, whose=clean(comparisons[-1].b.name))


def _each_table(
    name: str, results: Sequence[Result], comparisons: Sequence[Comparison], shared: Words
) -> Iterator[Tables]:
    """Return a mechanism's rows in each comparison, a further variant's after those of its cell."""
    for comparison in comparisons:
        rows = [row for row in comparison.rows if row.mechanism == name]
        if rows and (comparison.a.name, comparison.b.name) == (BASELINE, OPTIMIZED):
            rows.extend(tables.further_variants(results[0], name))
            order = {key: number for number, key in enumerate(dict.fromkeys(row.cell for row in rows))}
            rows.sort(key=lambda row, order=order: order[row.cell])  # type: ignore[misc]  # bound for this turn
        if rows:
            yield _tables(rows, comparison, shared)


def _tables(rows: Sequence[Row], comparison: Comparison, shared: Words) -> Tables:
    """Return rows as two tables: what heads them, and the rest."""
    heading = [row for row in rows if worth_showing(row, comparison)]
    rest = [row for row in rows if not worth_showing(row, comparison)]
    a, b = clean(comparison.a.name), clean(comparison.b.name)
    return Tables(
        a=a,
        b=b,
        title="" if (a, b) == (BASELINE, OPTIMIZED) else f"{a} → {b}",
        groups=tables.groups(heading, comparison, shared),
        further=tables.groups(rest, comparison, shared),
        further_said=f"{len(rest)} further number{'' if len(rest) == 1 else 's'}",
    )


def _meanings(info: MechanismInfo) -> Iterator[Meaning]:
    """Return what each metric is, with the rules it goes by."""
    for name, metric in info.metrics.items():
        better = "" if metric.better == "none" else f", {metric.better} is better"
        unit = f", {clean(metric.unit)}" if metric.unit else ""
        yield Meaning(
            cells.named(name, info.per),
            clean_prose(metric.about),
            f"{metric.kind}{unit}, {metric.provenance}{better}",
        )


def _costs(info: MechanismInfo) -> Iterator[Meaning]:
    """Return what the mechanism read of the cost model."""
    for name, cost in info.costs.items():
        said = f"{coefficients.amount(cost)}, {coefficients.origin(cost)}"
        yield Meaning(clean(name), clean_prose(cost.about), said)


def _skipped(name: str, results: Sequence[Result]) -> Iterator[str]:
    """Return which cells were not run, and why."""
    for result in results:
        for cell in result.cells:
            if cell.mechanism == name and cell.status != "ok":
                why = "; ".join(clean_prose(note) for note in cell.notes) or cell.status
                failed = "failed: " if cell.status == "failed" else ""
                yield f"{clean(cell.label)}: {failed}{why}"
