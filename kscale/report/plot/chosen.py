"""Which row of each cell is drawn, and the numbers of both its sides.

Times where there are any; of a run that took none, each mechanism's first headline
counter. A metric asked for by name is drawn wherever it is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kscale.errors import KscaleError, did_you_mean
from kscale.judge import rows, wording
from kscale.judge.rows import WALL, Row
from kscale.measure import stats
from kscale.report.plot import names
from kscale.report.plot.asked import Asked
from kscale.report.text import clean
from kscale.results.record import Cell, MetricInfo, Result
from kscale.units import LONGEST, quote

Size = int | float


@dataclass(frozen=True, slots=True)
class Side:
    """One value and the interval of its median, if there is one."""

    value: float
    low: float
    high: float
    shown: str
    known: bool = True  # the interval is; of a counter it is its value


def compared(result: Result, asked: Asked) -> list[tuple[Cell, Row]]:
    """Return each cell that has both variants, with the row that is drawn of it."""
    return list(_compared(result, asked))


def check(asked: Asked) -> None:
    """Raise KscaleError if no result knows the variants or the metric asked for, or two variants are one."""
    cells = [cell for result in asked.results for cell in result.cells]
    variants = {name for cell in cells for name in cell.variants}
    if asked.before == asked.after and len(asked.results) == 1:
        others = ", ".join(clean(name) for name in sorted(variants - {asked.before}))
        raise KscaleError(
            f"--variant {clean(asked.after)}: would be compared with itself; name another: {others}"
        )
    for name in (asked.before, asked.after):
        if cells and name not in variants:
            raise KscaleError(f"no variant {quote(name)}; {did_you_mean(name[:LONGEST], variants)}")
    known = {WALL} | {name for cell in cells for one in cell.variants.values() for name in one.work}
    if asked.metric is not None and asked.metric not in known:
        raise KscaleError(f"no metric {quote(asked.metric)}; {did_you_mean(asked.metric[:LONGEST], known)}")


def side(row: Row, cell: Cell, variant: str) -> Side:
    """Return what one variant shows of the row's metric."""
    record = cell.variants[variant]
    if row.metric != WALL:
        value = record.work[row.metric]
        return Side(value, value, value, wording.amount(value, row.info.unit))
    amount = rows.amount_of_time(row.per, record)
    assert record.wall_ns is not None  # noqa: S101 - the row is of timed variants
    low, high = stats.median_interval(stats.per_run(record.wall_ns))
    units = max(1, record.work.get(row.per, 1))
    known = math.isfinite(high)
    return Side(
        amount.value,
        low / units if known else amount.value,
        high / units if known else amount.value,
        wording.amount(amount.value, "ns"),
        known,
    )


def has(cell: Cell, variant: str, metric: str) -> bool:
    """Say whether a variant has that metric in a cell."""
    record = cell.variants.get(variant)
    if record is None:
        return False
    if metric == WALL:
        return record.wall_ns is not None and bool(record.wall_ns.values)
    return metric in record.work


def size(value: object) -> Size | None:
    """Return a parameter's value if it is an amount above 0, which has a place on a log axis."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) and value > 0 else None


def witness(info: MetricInfo) -> str:
    """Return where a number comes from, for an axis: measured here, exact, modelled."""
    if info.provenance != "measured":
        return info.provenance
    words: dict[Literal["exact", "timing", "resource"], str] = {
        "exact": "exact, counted here",
        "timing": "measured here",
        "resource": "measured here, once",
    }
    return words[info.kind]


def _compared(result: Result, asked: Asked) -> Iterator[tuple[Cell, Row]]:
    """Return the rows that fit, the first of each cell."""
    found: list[tuple[Cell, list[Row]]] = []
    for cell in result.cells:
        if {asked.before, asked.after} <= cell.variants.keys():
            info = rows.described(result, cell)
            found.append((cell, list(rows.of_cell(info, cell, asked.before, asked.after))))
    timed = any(row.ratio is not None for _, every in found for row in every)
    wanted = asked.metric or (WALL if timed else None)
    for cell, every in found:
        fits = [row for row in every if (row.info.headline if wanted is None else row.metric == wanted)]
        if fits:
            yield cell, fits[0]


def facts(result: Result) -> str:
    """Return what was run, where, when and by what."""
    machine, sweep = result.machine, result.run.sweep
    seeds = f"{len(sweep.seeds)} seeds" if sweep and len(sweep.seeds) > 1 else f"seed {result.run.seed}"
    return " · ".join(
        (
            f"{names.short(result.scenario.name)}, {seeds}",
            f"{machine.cores_logical} cores, {names.short(machine.cpu_model)}",
            clean(result.run.started[:10]),
            f"kscale {names.short(result.run.kscale)}",
        )
    )
