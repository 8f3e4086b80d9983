"""What an entry of a policy is about, among everything two results hold.

An entry that is about nothing is an error, never passed over: a misspelt threshold would let
everything through. Both results count, every cell, variant, counter and the time of each.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from kscale import units
from kscale.errors import did_you_mean
from kscale.judge import rows
from kscale.judge.policy import Match, Policy, Rule
from kscale.results.record import Cell, Result
from kscale.scenario.yaml_tree import Loc

Kind = Literal["exact", "timing", "resource"]
Param = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Thing:
    """A number of one variant in one cell; without metric or variant, all of the variant or the cell."""

    mechanism: str
    params: Mapping[str, Param]
    variant: str | None = None
    metric: str | None = None
    kind: Kind | None = None


def matches(match: Match, thing: Thing) -> bool:
    """Say whether *thing* is among what *match* is about; a pattern does not match what is not named."""
    return (
        (match.mechanism is None or same_mechanism(thing.mechanism, match.mechanism))
        and _fits(thing.metric, match.metric)
        and _fits(thing.variant, match.variant)
        and all(
            key in thing.params and same_value(thing.params[key], wanted)
            for key, wanted in match.params.items()
        )
    )


def same_mechanism(mechanism: str, pattern: str) -> bool:
    """Say whether a mechanism's id fits; _ and - are the same."""
    return fnmatchcase(mechanism.replace("_", "-"), pattern.replace("_", "-"))


def same_value(value: Param, wanted: Param) -> bool:
    """Say whether a parameter has the value *wanted*, which may be written 1M, or be a shell pattern."""
    if not isinstance(value, bool | str) and isinstance(wanted, str):
        try:
            return units.parse_count(wanted) == value
        except ValueError:
            pass  # a pattern
    return fnmatchcase(str(value).lower(), str(wanted).lower())


def everything(results: Sequence[Result]) -> tuple[Thing, ...]:
    """Return every number of the results; of a cell that was skipped, what it would have had."""
    return tuple(thing for result in results for cell in result.cells for thing in _of_cell(result, cell))


def check(policy: Policy, things: Sequence[Thing]) -> None:
    """Raise KscaleError, naming file and line, if a rule or an ack is about nothing there."""
    for i, rule in enumerate(policy.spec.rules):
        found = _about(policy, ("rules", i, "match"), rule.match, things)
        _applies(policy, ("rules", i), rule, found)
    for i, ack in enumerate(policy.spec.acks):
        _about(policy, ("acks", i, "match"), ack.match, things)


def nearest(key: str, given: object, there: Sequence[object]) -> str:
    """Return what to say of a *key* whose value is nowhere there."""
    known = did_you_mean(str(given)[: units.LONGEST], {str(one) for one in there})
    return (
        f"{units.quote(given)} matches nothing in these results; {known}" if there else f"no {key} is there"
    )


def _fits(name: str | None, pattern: str | None) -> bool:
    """Say whether a name fits a pattern; without a pattern anything does."""
    return pattern is None or (name is not None and fnmatchcase(name, pattern))


def _of_cell(result: Result, cell: Cell) -> Iterator[Thing]:
    """Return every number of a cell."""
    info = rows.described(result, cell)
    names = {name: list(one.work) for name, one in cell.variants.items()}
    for variant, counters in (names or {name: list(info.metrics) for name in info.variants}).items():
        yield Thing(cell.mechanism, cell.params, variant, rows.WALL, "timing")
        for metric in counters:
            if metric != rows.WALL:
                kind = info.metrics.get(metric, rows.UNDECLARED).kind
                yield Thing(cell.mechanism, cell.params, variant, metric, kind)


def _about(policy: Policy, loc: Loc, match: Match, things: Sequence[Thing]) -> list[Thing]:
    """Return what *match* is about; if it is nothing, complain of the first key that leaves nothing."""
    left = list(things)
    for key, wanted, one, of in _keys(match):
        there = sorted({of(thing) for thing in left}, key=str)
        left = [thing for thing in left if matches(one, thing)]
        if not left:
            what = key.split(".")[-1]
            raise policy.complain((*loc, *key.split(".", 1)), nearest(what, wanted, [x for x in there if x]))
    return left


def _keys(match: Match) -> Iterator[tuple[str, object, Match, Callable[[Thing], object]]]:
    """Return each key given, its value, a match of that key alone, and what it is compared with."""
    if match.mechanism is not None:
        yield "mechanism", match.mechanism, Match(mechanism=match.mechanism), lambda thing: thing.mechanism
    for name, wanted in match.params.items():
        yield f"params.{name}", name, Match(params={name: "*"}), lambda thing: ", ".join(thing.params)
        yield f"params.{name}", wanted, Match(params={name: wanted}), _value_of(name)
    if match.variant is not None:
        yield "variant", match.variant, Match(variant=match.variant), lambda thing: thing.variant
    if match.metric is not None:
        yield "metric", match.metric, Match(metric=match.metric), lambda thing: thing.metric


def _value_of(name: str) -> Callable[[Thing], object]:
    """Return how to get a parameter of a thing; empty if it has none of that name."""
    return lambda thing: str(thing.params.get(name, ""))


def _applies(policy: Policy, loc: Loc, rule: Rule, found: Sequence[Thing]) -> None:
    """Complain of a setting that means nothing for all a rule is about."""
    kinds = {thing.kind for thing in found}
    of_times = ("margin_ci", "margin_apart", "confirm", "min_pairs")
    meant: tuple[tuple[tuple[str, ...], set[Kind | None], str], ...] = (
        (("tolerance",), {"exact"}, "is of counters, and this rule is about none; write margin"),
        (
            ("margin",),
            {"timing", "resource"},
            "is of times, and this rule is about counters; write tolerance",
        ),
        (of_times, {"timing"}, "is of times, and this rule is about none; take it away"),
    )
    for keys, wanted, why in meant:
        for key in keys:
            if getattr(rule, key) is not None and not kinds & wanted:
                raise policy.complain((*loc, key), why)
