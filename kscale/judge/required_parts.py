"""What a requirement is about, part by part, among everything that results hold.

A part that leaves nothing is an error with the nearest name: a misspelt requirement would hold of nothing.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

from kscale.judge import matching
from kscale.judge.matching import Thing
from kscale.judge.policy import Policy
from kscale.judge.requirement import Requirement
from kscale.results.record import Cell
from kscale.scenario.yaml_tree import Loc

Part = tuple[str, str, Callable[[Thing], bool], Callable[[Thing], str]]


def check(policy: Policy, loc: Loc, parts: Iterable[Part], things: Sequence[Thing]) -> list[Thing]:
    """Return the things that fit every part; KscaleError on the first part that leaves nothing."""
    left = list(things)
    for what, given, fits, of in parts:
        there = sorted({of(thing) for thing in left})
        left = [thing for thing in left if fits(thing)]
        if not left:
            raise policy.complain(loc, f"{what} {matching.nearest(what, given, there)}")
    return left


def of_place(wanted: Requirement) -> Iterator[Part]:
    """Yield which cells a requirement is about."""
    yield (
        *("mechanism", wanted.mechanism),
        lambda thing: matching.same_mechanism(thing.mechanism, wanted.mechanism),
        lambda thing: thing.mechanism,
    )
    for key, value in wanted.params.items():
        yield "parameter", key, _has_key(key), lambda thing: ", ".join(thing.params)
        yield key, value, _has_value(key, value), _value_of(key)


def of_variant(name: str) -> Part:
    """Return which variant a requirement is about."""
    return "variant", name, lambda thing: thing.variant == name, lambda thing: thing.variant or ""


def of_metric(name: str) -> Part:
    """Return which metric a requirement is about."""
    return "metric", name, lambda thing: thing.metric == name, lambda thing: thing.metric or ""


def is_at(wanted: Requirement, cell: Cell) -> bool:
    """Say whether a cell is one that a requirement is about, whatever it holds."""
    return matching.same_mechanism(cell.mechanism, wanted.mechanism) and all(
        key in cell.params and matching.same_value(cell.params[key], value)
        for key, value in wanted.params.items()
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
