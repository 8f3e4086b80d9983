"""Whether a result holds what its policy requires, cell by cell."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from kscale import units
from kscale.judge import matching, rows, wording
from kscale.judge.decision import Decision, Status
from kscale.judge.matching import Thing
from kscale.judge.policy import Policy
from kscale.judge.requirement import Requirement
from kscale.judge.rows import WALL, Row
from kscale.measure import stats
from kscale.mechanisms.base import BASELINE
from kscale.results.record import Cell, MechanismInfo, MetricInfo, Result, VariantRecord
from kscale.scenario.yaml_tree import Loc

REQUIRED = "required"
NOT_SEEN = "unclear"  # what is said of a requirement that could not be checked
NO_INTERVAL = f"no time with an interval (fewer than {stats.FEWEST} pairs, or counted only)"


@dataclass(frozen=True, slots=True)
class _Found:
    """What one cell shows."""

    label: str  # of the cell, as people say it
    value: float | Fraction | None  # the end that must hold; None if there is nothing to judge
    said: str
    exact: str = ""  # the same of a counter, to the last digit


def decide(policy: Policy, results: Sequence[Result]) -> list[Decision]:
    """Return what holds of the last of *results*; the others only tell what there was.

    KscaleError, naming file and line, if a requirement is about nothing in any of them.
    """
    things = matching.everything(results) if policy.requirements else ()
    return [
        _decide(policy, ("require", i), wanted, things, results[-1])
        for i, wanted in enumerate(policy.requirements)
    ]


def _decide(policy: Policy, loc: Loc, wanted: Requirement, things: Sequence[Thing], head: Result) -> Decision:
    """Return whether one requirement holds in every cell it is about."""
    _check(policy, loc, wanted, things)
    place = policy.place(*loc)
    found = []
    for cell in head.cells:
        if _is_about(wanted, cell):
            info = rows.described(head, cell)
            metric = _metric(info, wanted)
            bound = _bound(policy, loc, wanted, metric)
            found.append(_found(wanted, cell, info))
    if not found:
        return Decision(wanted.text, Status.FAILED, REQUIRED, "nothing of it is in the last result", place)
    label = "" if metric.provenance == "measured" else f" ({metric.provenance})"
    seen = [(one.value, one) for one in found if one.value is not None]
    broken = [one for value, one in seen if not wanted.holds(value, bound)]
    if broken or len(seen) == len(found):
        worst = (min if wanted.at_least else max)(seen, key=lambda pair: pair[0])[1]
        worst = worst if worst in broken or not broken else broken[0]
        status = Status.FAILED if broken else Status.PASSED
        many = f", {len(broken) or len(found)} of {len(found)} cells" if len(found) > 1 else ""
        said = f"{worst.said} ({worst.exact})" if broken and worst.exact else worst.said
        return Decision(wanted.text, status, REQUIRED, f"{said}{label} at {worst.label}{many}", place)
    blind = next(one for one in found if one.value is None)
    status = Status.IGNORED if policy.spec.treat.unclear == "ignore" else Status.WARNED
    return Decision(wanted.text, status, NOT_SEEN, f"{blind.said} at {blind.label}", place)


def _check(policy: Policy, loc: Loc, wanted: Requirement, things: Sequence[Thing]) -> None:
    """Complain of the first part of a requirement that leaves nothing it could be about."""
    left = list(things)
    for what, given, fits, of in _parts(wanted):
        there = sorted({of(thing) for thing in left})
        left = [thing for thing in left if fits(thing)]
        if not left:
            raise policy.complain(loc, f"{what} {matching.nearest(what, given, there)}")


Part = tuple[str, str, Callable[[Thing], bool], Callable[[Thing], str]]


def _parts(wanted: Requirement) -> Iterator[Part]:
    """Return each part of a requirement: what, as given, whether a thing fits, what the thing has there."""
    yield (
        *("mechanism", wanted.mechanism),
        lambda thing: matching.same_mechanism(thing.mechanism, wanted.mechanism),
        lambda thing: thing.mechanism,
    )
    for key, value in wanted.params.items():
        yield "parameter", key, _has_key(key), lambda thing: ", ".join(thing.params)
        yield key, value, _has_value(key, value), _value_of(key)
    yield (
        *("variant", wanted.variant),
        lambda thing: thing.variant == wanted.variant,
        lambda thing: thing.variant or "",
    )
    yield (
        *("metric", wanted.metric),
        lambda thing: thing.metric == wanted.metric,
        lambda thing: thing.metric or "",
    )


def _has_key(key: str) -> Callable[[Thing], bool]:
    """Return whether a thing's cell has a parameter."""
    return lambda thing: key in thing.params


def _has_value(key: str, value: str) -> Callable[[Thing], bool]:
    """Return whether a thing's cell has a parameter at a value."""
    return lambda thing: matching.same_value(thing.params[key], value)


def _value_of(key: str) -> Callable[[Thing], str]:
    """Return what a thing's cell has for a parameter."""
    return lambda thing: str(thing.params[key])


def _is_about(wanted: Requirement, cell: Cell) -> bool:
    """Say whether a requirement is about a cell; one that was skipped is not lost, only not judged."""
    if not matching.same_mechanism(cell.mechanism, wanted.mechanism):
        return False
    if any(
        key not in cell.params or not matching.same_value(cell.params[key], value)
        for key, value in wanted.params.items()
    ):
        return False
    record = cell.variants.get(wanted.variant)
    return cell.status == "skipped" or (
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


def _found(wanted: Requirement, cell: Cell, info: MechanismInfo) -> _Found:
    """Return what a cell shows."""
    if wanted.variant not in cell.variants:
        return _Found(cell.label, None, "skipped")
    if wanted.stat in {"value", "baseline"}:
        variant = BASELINE if wanted.stat == "baseline" else wanted.variant
        return _own(wanted, cell, info, cell.variants.get(variant))
    row = None
    if BASELINE in cell.variants:
        compared = rows.of_cell(info, cell, BASELINE, wanted.variant)
        row = next((row for row in compared if row.metric == wanted.metric), None)
    if row is None:
        missing = NO_INTERVAL if wanted.metric == WALL else "no baseline to compare with"
        return _Found(cell.label, None, missing)
    return _beside_baseline(wanted, row)


def _own(wanted: Requirement, cell: Cell, info: MechanismInfo, record: VariantRecord | None) -> _Found:
    """Return a variant's own number."""
    unit = _metric(info, wanted).unit
    if wanted.metric != WALL:
        count = record.work.get(wanted.metric) if record else None
        if count is None:
            return _Found(cell.label, None, "no baseline")
        shown, exact = wording.amount(count, unit), f"{count:,} {unit}".rstrip()
        return _Found(cell.label, Fraction(count), shown, exact)
    if record is None or record.wall_ns is None:
        return _Found(cell.label, None, NO_INTERVAL)
    times = stats.summary(stats.per_run(record.wall_ns) / max(1, record.work.get(info.per, 1)))
    if times.n < stats.FEWEST:
        return _Found(cell.label, None, NO_INTERVAL)
    weak = times.low if wanted.at_least else times.high
    return _Found(cell.label, weak, _weak(wording.amount(times.median, unit), wording.amount(weak, unit)))


def _beside_baseline(wanted: Requirement, row: Row) -> _Found:
    """Return a variant's number over the baseline's, or the other way round."""
    ratio = row.ratio
    if ratio is None:
        before, after = int(row.a.value), int(row.b.value)
        top, below = (Fraction(one) for one in (before, after))
        if wanted.stat != "speedup":
            top, below = below, top
        if not below:  # no ratio: 1 if both are nothing, else beyond any
            return _Found(row.at, math.inf if top else 1.0, f"{before:,} → {after:,}")
        return _Found(row.at, top / below, _show(wanted, top / below), f"{before:,} → {after:,}")
    if not ratio.has_interval:
        return _Found(row.at, None, NO_INTERVAL)
    if wanted.stat == "speedup":
        weak, centre = 1 / (ratio.high if wanted.at_least else ratio.low), 1 / ratio.value
    else:
        weak, centre = (ratio.low if wanted.at_least else ratio.high), ratio.value
    return _Found(row.at, weak, _weak(_show(wanted, centre), _show(wanted, weak)))


def _show(wanted: Requirement, value: float | Fraction) -> str:
    """Return a ratio as its stat is written."""
    if wanted.stat == "fraction":
        return units.show_percent(value)
    return units.show_ratio(value) if wanted.stat == "speedup" else units.show_number(value)


def _weak(centre: str, weak: str) -> str:
    """Return a time's number with the end of its interval that must hold."""
    return f"{centre}, surely {weak}" if centre != weak else centre
