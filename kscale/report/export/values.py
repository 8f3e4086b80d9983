"""Every number of a result, one by one: medians of times, counters, compile times."""

from collections.abc import Iterator
from dataclasses import dataclass

from kscale.judge import rows
from kscale.measure import stats
from kscale.results.record import Cell, MechanismInfo, MetricInfo, Result, VariantRecord
from kscale.units import NS_PER_S

COMPILE = "jit_compile_s"
COMPILING = MetricInfo(kind="resource", unit="s", better="lower", provenance="measured")


@dataclass(frozen=True, slots=True)
class Value:
    """One number of one variant of a cell, in the metric's unit."""

    cell: Cell
    variant: str
    metric: str
    info: MetricInfo
    value: float | int
    per: str = ""  # counter by which a time is divided; empty: time of a whole run
    low: float | None = None  # 95 % interval of a median; None if there is none
    high: float | None = None
    spread_pct: float | None = None
    n: int | None = None  # samples


def of(result: Result) -> Iterator[Value]:
    """Return all numbers of *result*, as the file has them; KscaleError if a mechanism is not described."""
    for cell in result.cells:
        info = rows.described(result, cell) if cell.variants else None
        for variant, record in cell.variants.items():
            assert info is not None  # noqa: S101 - it has variants
            yield from _of_variant(info, cell, variant, record)


def seconds(record: VariantRecord) -> float | None:
    """Return the median time of one whole run in seconds; None if it was not timed."""
    if record.wall_ns is None or not record.wall_ns.values:
        return None
    return stats.median(stats.per_run(record.wall_ns)) / NS_PER_S


def _of_variant(info: MechanismInfo, cell: Cell, variant: str, record: VariantRecord) -> Iterator[Value]:
    """Return the numbers of one variant: its time first."""
    if record.wall_ns is not None and record.wall_ns.values:
        yield _time(info.per, cell, variant, record)
    for name, metric in rows.declared(info, record.work):
        yield Value(cell, variant, name, metric, record.work[name])
    if record.jit_compile_s is not None:
        yield Value(cell, variant, COMPILE, COMPILING, record.jit_compile_s)


def _time(per: str, cell: Cell, variant: str, record: VariantRecord) -> Value:
    """Return the median time per unit of work, with its interval.

    Samples of several processes have none: those of one process are alike, and it would be too narrow.
    """
    assert record.wall_ns is not None  # noqa: S101 - asked of timed variants only
    runs = stats.per_run(record.wall_ns)
    amount = rows.amount_of_time(per, record)
    low, high = (end / max(1, record.work.get(per, 1)) for end in stats.median_interval(runs))
    enough = len(runs) >= stats.FEWEST and len(set(record.wall_ns.process or ())) <= 1
    return Value(
        cell,
        variant,
        rows.WALL,
        rows.TIME,
        amount.value,
        per=per if per in record.work else "",
        low=low if enough else None,
        high=high if enough else None,
        spread_pct=amount.spread_pct,
        n=len(runs),
    )
