"""Whether costs grow as a policy requires: exponents over a swept parameter, of counters exactly.

A counter repeats to the last digit, and so does the exponent fitted to it: it is judged as it is. Of times
the weak end of its interval must hold. A poor fit is warned of, even where it holds; below three sizes, where
a size was skipped or costs nothing, nothing is seen. A cell that failed fails what is required of its line:
a variant that no longer ends must not pass.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from kscale.engine.task import SEED
from kscale.errors import listed
from kscale.judge import growth, matching, required_parts, rows, shown
from kscale.judge.decision import Decision
from kscale.judge.growth import Grown
from kscale.judge.matching import Thing
from kscale.judge.policy import Policy
from kscale.judge.requirement import Requirement
from kscale.judge.rows import WALL
from kscale.judge.shown import Shown
from kscale.measure import point
from kscale.results.record import Cell, MechanismInfo, Result
from kscale.scenario.yaml_tree import Loc
from kscale.units import show_ratio

MOST_NAMED = 3  # sizes in a line


def decide(policy: Policy, loc: Loc, given: Requirement, things: Sequence[Thing], head: Result) -> Decision:
    """Return whether an exponent is as required at every point of the other parameters.

    KscaleError, naming file and line, if the requirement is about nothing in any result.
    """
    wanted = _checked(policy, loc, given, things)
    cells: dict[str, list[Cell]] = {}
    for cell in head.cells:
        if required_parts.is_at(wanted, cell):
            cells.setdefault(cell.mechanism, []).append(cell)
    found: list[Shown] = []
    labels: set[str] = set()
    for every in cells.values():
        info = rows.described(head, every[0])
        metric = wanted.metric or _headline(policy, loc, info)
        found.extend(_found(wanted, info, every, metric))
        provenance = info.metrics[metric].provenance if metric in info.metrics else "measured"
        labels.add("" if provenance == "measured" else f" ({provenance})")
    label = labels.pop() if len(labels) == 1 else ""
    return shown.concluded(policy, loc, wanted, found, wanted.bound(""), label=label, of="lines")


def _checked(policy: Policy, loc: Loc, wanted: Requirement, things: Sequence[Thing]) -> Requirement:
    """Return a requirement that is about something, the name that may be a variant or a metric told apart."""
    left = required_parts.check(policy, loc, required_parts.of_place(wanted), things)
    parameters = {name for thing in left for name in thing.params if name != SEED}
    if wanted.over not in parameters:
        raise policy.complain(loc, f"parameter {matching.nearest('parameter', wanted.over, [*parameters])}")
    left = [thing for thing in left if wanted.over in thing.params]
    sizes = (growth.size_of(thing.params[wanted.over]) for thing in left)
    if wanted.over in growth.SEEDS or all(size is None for size in sizes):
        raise policy.complain(loc, f"{wanted.over} is no amount, so nothing grows over it")
    variants = {thing.variant for thing in left if thing.variant}
    if wanted.named and wanted.named in variants:
        wanted = replace(wanted, variant=wanted.named)
    elif wanted.named:
        metrics = {thing.metric for thing in left if thing.metric}
        if wanted.named not in metrics:
            known = matching.nearest("variant or metric", wanted.named, sorted(variants | metrics))
            raise policy.complain(loc, f"variant or metric {known}")
        wanted = replace(wanted, metric=wanted.named)
    parts = [required_parts.of_variant(wanted.variant)]
    parts += [required_parts.of_metric(wanted.metric)] if wanted.metric else []
    required_parts.check(policy, loc, parts, left)
    if wanted.op == "==" and wanted.metric == WALL:
        raise policy.complain(loc, "the exponent of a time is never exactly equal; use >= or <=")
    return wanted


def _headline(policy: Policy, loc: Loc, info: MechanismInfo) -> str:
    """Return the counter that is meant where none is named; KscaleError if the mechanism has none."""
    found = growth.headlines(info)
    if not found:
        raise policy.complain(
            loc, f"{info.title} has no headline counter; name one: VARIANT.METRIC.exponent()"
        )
    return found[0]


def _found(wanted: Requirement, info: MechanismInfo, cells: Sequence[Cell], metric: str) -> Iterator[Shown]:
    """Yield what each line shows, and each cell that is missing from one."""
    for cell in cells:
        if cell.status != "ok":
            yield shown.not_run(cell)
    grown = growth.of_cells(info, cells, metric)
    lines = [one for one in grown if (one.parameter, one.variant) == (wanted.over, wanted.variant)]
    for one in lines:
        yield _shown(wanted, one)
    if not lines:
        yield from _without_lines(wanted, cells, metric)


def _without_lines(wanted: Requirement, cells: Sequence[Cell], metric: str) -> Iterator[Shown]:
    """Yield why there is no line, if a cell has the variant: it is not gone."""
    records = {cell.label: cell.variants[wanted.variant] for cell in cells if wanted.variant in cell.variants}
    known = [label for label, record in records.items() if growth.cost_of(record, metric, "") is not None]
    if known:
        few = f"one size of {wanted.over}, an exponent needs {growth.LEAST_FITTED}"
        yield Shown(known[0], None, few)
    elif records and metric == WALL:
        yield Shown(next(iter(records)), None, "no times: counted only")


def _shown(wanted: Requirement, one: Grown) -> Shown:
    """Return what a line shows: its exponent, of a time the weak end."""
    ends = " … ".join(point.say(one.parameter, _whole(one.sizes[end])) for end in (0, -1))
    label = f"{ends}, {one.held}" if one.held else ends
    fit = one.fitted
    if fit is None:
        few = f"{len(one.sizes)} sizes of {one.parameter}, an exponent needs {growth.LEAST_FITTED}"
        return Shown(label, None, few if one.why == growth.TOO_FEW else _nothing_at(one))
    doubt = f"poor fit, a cost is {show_ratio(fit.off)} off the line" if fit.poor else ""
    if one.metric != WALL:
        said, full = f"{fit.exponent:.3g}", f"{fit.exponent:.9g}"
        return Shown(label, _exact(fit.exponent), said, full if full != said else "", doubt)
    if not fit.has_interval:
        return Shown(label, None, "no interval of the exponent")
    weak = fit.low if wanted.at_least else fit.high
    return Shown(label, _exact(weak), f"{fit.exponent:.3g}, surely {weak:.3g}", "", doubt)


def _nothing_at(one: Grown) -> str:
    """Return at which sizes a cost is 0, so that no power goes through all of them."""
    free = [
        size
        for size, cells in zip(one.sizes, one.cells, strict=True)
        if any(not growth.cost_of(cell.variants[one.variant], one.metric, one.per) for cell in cells)
    ]
    named = listed([point.say(one.parameter, _whole(size)) for size in free], MOST_NAMED)
    return f"not judged, as {one.metric} of {one.variant} is 0, which is no power of a size, for {named}"


def _exact(value: float) -> Fraction:
    """Return an exponent as it is written: 0.1 is a tenth."""
    return Fraction(repr(value))


def _whole(size: float) -> float | int:
    """Return a size as a count, if it is one."""
    return int(size) if size.is_integer() else size
