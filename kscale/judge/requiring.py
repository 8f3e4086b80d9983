"""Whether a result holds what its policy requires, cell by cell."""

import math
from collections.abc import Sequence
from fractions import Fraction

from kscale import units
from kscale.judge import matching, required_parts, requiring_growth, rows, shown, wording
from kscale.judge.decision import Decision
from kscale.judge.matching import Thing
from kscale.judge.policy import Policy
from kscale.judge.requirement import EXPONENT, Requirement
from kscale.judge.rows import WALL, Row
from kscale.judge.shown import Shown
from kscale.measure import stats
from kscale.mechanisms.base import BASELINE
from kscale.results.record import Cell, MechanismInfo, MetricInfo, Result, VariantRecord
from kscale.scenario.yaml_tree import Loc

NO_INTERVAL = f"no time with an interval (fewer than {stats.FEWEST} pairs, or counted only)"


def decide(policy: Policy, results: Sequence[Result]) -> list[Decision]:
    """Return what holds of the last of *results*; the others only tell what there was.

    KscaleError, naming file and line, if a requirement is about nothing in any of them.
    """
    things = matching.everything(results) if policy.requirements else ()
    found = []
    for i, wanted in enumerate(policy.requirements):
        decide_one = requiring_growth.decide if wanted.stat == EXPONENT else _decide
        found.append(decide_one(policy, ("require", i), wanted, things, results[-1]))
    return found


def _decide(policy: Policy, loc: Loc, wanted: Requirement, things: Sequence[Thing], head: Result) -> Decision:
    """Return whether one requirement holds in every cell it is about."""
    parts = [*required_parts.of_place(wanted), required_parts.of_variant(wanted.variant)]
    required_parts.check(policy, loc, [*parts, required_parts.of_metric(wanted.metric)], things)
    found = []
    metric, bound = rows.UNDECLARED, Fraction(0)
    for cell in head.cells:
        if _is_about(wanted, cell):
            info = rows.described(head, cell)
            metric = _metric(info, wanted)
            bound = _bound(policy, loc, wanted, metric)
            found.append(_found(wanted, cell, info))
    label = "" if metric.provenance == "measured" else f" ({metric.provenance})"
    return shown.concluded(policy, loc, wanted, found, bound, label=label, of="cells")


def _is_about(wanted: Requirement, cell: Cell) -> bool:
    """Say whether a requirement is about a cell; one that was not run is not lost, only not judged."""
    if not required_parts.is_at(wanted, cell):
        return False
    record = cell.variants.get(wanted.variant)
    return cell.status != "ok" or (
        record is not None and (wanted.metric == WALL or wanted.metric in record.work)
    )


def _metric(info: MechanismInfo, wanted: Requirement) -> MetricInfo:
    """Return how the metric of a requirement is written."""
    return rows.TIME if wanted.metric == WALL else info.metrics.get(wanted.metric, rows.UNDECLARED)


def _bound(policy: Policy, loc: Loc, wanted: Requirement, metric: MetricInfo) -> Fraction:
    """Return the number a requirement compares with; KscaleError if it is not in the metric's unit."""
    if wanted.metric == WALL and wanted.op == "==":
        raise policy.complain(loc, "a time is never exactly equal; use >= or <=")
    try:
        return wanted.bound(metric.unit)
    except ValueError as error:
        raise policy.complain(loc, str(error)) from error


def _found(wanted: Requirement, cell: Cell, info: MechanismInfo) -> Shown:
    """Return what a cell shows."""
    if wanted.variant not in cell.variants:
        return shown.not_run(cell)
    if wanted.stat in {"value", "baseline"}:
        variant = BASELINE if wanted.stat == "baseline" else wanted.variant
        return _own(wanted, cell, info, cell.variants.get(variant))
    row = None
    if BASELINE in cell.variants:
        compared = rows.of_cell(info, cell, BASELINE, wanted.variant)
        row = next((row for row in compared if row.metric == wanted.metric), None)
    if row is None:
        missing = NO_INTERVAL if wanted.metric == WALL else "no baseline to compare with"
        return Shown(cell.label, None, missing)
    return _beside_baseline(wanted, row)


def _own(wanted: Requirement, cell: Cell, info: MechanismInfo, record: VariantRecord | None) -> Shown:
    """Return a variant's own number."""
    unit = _metric(info, wanted).unit
    if wanted.metric != WALL:
        count = record.work.get(wanted.metric) if record else None
        if count is None:
            return Shown(cell.label, None, "no baseline")
        exact = f"{count:,} {unit}".rstrip()
        return Shown(cell.label, Fraction(count), wording.amount(count, unit), exact)
    if record is None or record.wall_ns is None:
        return Shown(cell.label, None, NO_INTERVAL)
    times = stats.summary(stats.per_run(record.wall_ns) / max(1, record.work.get(info.per, 1)))
    if times.n < stats.FEWEST:
        return Shown(cell.label, None, NO_INTERVAL)
    weak = times.low if wanted.at_least else times.high
    return Shown(cell.label, weak, _weak(wording.amount(times.median, unit), wording.amount(weak, unit)))


def _beside_baseline(wanted: Requirement, row: Row) -> Shown:
    """Return a variant's number over the baseline's, or the other way round."""
    ratio = row.ratio
    if ratio is None:
        before, after = int(row.a.value), int(row.b.value)
        top, below = (Fraction(one) for one in (before, after))
        if wanted.stat != "speedup":
            top, below = below, top
        if not below:  # no ratio: 1 if both are nothing, else beyond any
            return Shown(row.at, math.inf if top else 1.0, f"{before:,} → {after:,}")
        return Shown(row.at, top / below, _show(wanted, top / below), f"{before:,} → {after:,}")
    if not ratio.has_interval:
        return Shown(row.at, None, NO_INTERVAL)
    if wanted.stat == "speedup":
        weak, centre = 1 / (ratio.high if wanted.at_least else ratio.low), 1 / ratio.value
    else:
        weak, centre = (ratio.low if wanted.at_least else ratio.high), ratio.value
    return Shown(row.at, weak, _weak(_show(wanted, centre), _show(wanted, weak)))


def _show(wanted: Requirement, value: float | Fraction) -> str:
    """Return a ratio as its stat is written."""
    if wanted.stat == "fraction":
        return units.show_percent(value)
    return units.show_ratio(value) if wanted.stat == "speedup" else units.show_number(value)


def _weak(centre: str, weak: str) -> str:
    """Return a time's number with the end of its interval that must hold."""
    return f"{centre}, surely {weak}" if centre != weak else centre
