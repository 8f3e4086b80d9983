"""What the arguments of a comparison mean.

main, 20261121T02, latest~1   a saved name, the beginning of a run's id, the newest but one
results/main.json, -          a file, standard input
before=main                   any of these, its column called differently
baseline optimized            variants of the latest run, if all are and not all are saved names
"""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kscale.judge.compare import Comparison
    from kscale.judge.side_by_side import Named
    from kscale.results.store import Store

STDIN = "-"
PIPED = "stdin"  # what a result on standard input is called
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


class Sides(NamedTuple):
    """What the arguments mean: results, or variants of the only one."""

    named: "tuple[Named, ...]"
    variants: tuple[str, ...] = ()


def compared(sides: Sides, *, allow_other_machine: bool = False) -> "Comparison":
    """Return two results side by side, or two variants of the latest run; NoVerdict if nothing compares."""
    from dataclasses import replace

    from kscale.judge import compare

    if sides.variants:
        a, b = sides.variants
        return compare.of_variants(sides.named[0].result, a, b)
    left, right = sides.named
    found = compare.of_results(
        left.result, right.result, (left.name, right.name), allow_other_machine=allow_other_machine
    )
    return replace(found, a=left.side, b=right.side)


def look_up(store: "Store", arguments: "Sequence[str]") -> Sides:
    """Return what the *arguments* mean; KscaleError if one of them means nothing.

    Saved results win, so that `baseline` and `optimized` mean files where files of these names exist.
    """
    from kscale.errors import KscaleError

    if list(arguments).count(STDIN) > 1:
        raise KscaleError(f"{STDIN} is standard input, which can be read once; name the other result")
    try:
        found = [_find(store, argument) for argument in arguments]
    except KscaleError as error:
        latest = _latest_with(store, arguments)
        if latest is None:
            raise error from None
        return Sides((latest,), tuple(arguments))
    labels = [one.label for one in found if one.label]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise KscaleError(f"{twice} is given twice; a title is of one result")
    return Sides(tuple(_distinct([_named(one) for one in found])))


def narrowed(sides: Sides, patterns: "Sequence[str]") -> Sides:
    """Return the sides with the cells that match; KscaleError if a pattern matches none of any side."""
    from kscale.judge.side_by_side import Named
    from kscale.measure.point import Point, narrow

    if not patterns:
        return sides
    cells = {cell.key: cell for one in sides.named for cell in one.result.cells}
    points = narrow(
        list(cells.values()), patterns, lambda cell: Point(cell.mechanism, cell.params, cell.label)
    )
    kept = {cell.key for cell in points}
    found = [
        Named(
            one.name,
            one.result.model_copy(update={"cells": [cell for cell in one.result.cells if cell.key in kept]}),
            one.meant,
        )
        for one in sides.named
    ]
    return Sides(tuple(found), sides.variants)


class _Found(NamedTuple):
    """A result that is there: its column's name, what was looked up, and its file unless it is piped."""

    label: str
    argument: str
    path: Path | None


def _find(store: "Store", argument: str) -> _Found:
    """Return where the result is that an argument means."""
    label, equals, rest = argument.partition("=")
    if equals and rest and _LABEL.fullmatch(label) and not _exists(argument):
        return _find(store, rest)._replace(label=label)
    if argument == STDIN:
        return _Found("", argument, None)
    return _Found("", argument, store.find(argument))


def _named(found: _Found) -> "Named":
    """Return the result with the name of its column; KscaleError if the file is none."""
    from kscale.judge.side_by_side import Named
    from kscale.results import store

    if found.path is None:
        result = store.parse(sys.stdin.buffer.read(store.MOST_BYTES + 1), PIPED)
        return Named(found.label or PIPED, result, result.run.called)
    result = store.load(found.path)
    if str(found.path) == found.argument:
        return Named(found.label or store.stem(found.path), result, found.argument)
    known = {result.run.name, result.run.id}
    meant = found.argument if found.argument in known else result.run.called
    name = found.label or found.argument
    return Named(name, result, "" if name == meant else meant)


def _latest_with(store: "Store", variants: "Sequence[str]") -> "Named | None":
    """Return the latest run if each name is one of its variants; KscaleError if only some are."""
    from kscale.errors import KscaleError, listed
    from kscale.judge.side_by_side import Named
    from kscale.units import quote

    try:
        latest = store.load("latest") if len(variants) > 1 else None
    except KscaleError:
        return None  # what is wrong with the names is the better message
    if latest is None:
        return None
    known = list(dict.fromkeys(name for cell in latest.cells for name in cell.variants))
    others = [name for name in variants if name not in known]
    if not others:
        return Named(latest.run.called, latest)
    lost = next((name for name in others if not _is_there(store, name)), None)
    if lost is not None and len(others) < len(variants):
        raise KscaleError(
            f"{quote(lost)} is neither a result nor a variant of the latest run, "
            f"{latest.run.called}; its variants: {listed(known)}"
        )
    return None


def _is_there(store: "Store", argument: str) -> bool:
    """Say whether an argument means a result."""
    from kscale.errors import KscaleError

    try:
        _find(store, argument)
    except KscaleError:
        return False
    return True


def _distinct(named: "Sequence[Named]") -> "Iterator[Named]":
    """Return the results under names of their own: what is meant, else a number, where two are equal."""
    names, meanings = [one.name for one in named], [one.meant for one in named]
    taken: set[str] = set()
    for one in named:
        equal = names.count(one.name) > 1
        name = one.meant if equal and one.meant and meanings.count(one.meant) == 1 else one.name
        numbered = (name, *(f"{name} ({number})" for number in range(2, len(named) + 1)))
        name = next(other for other in numbered if other not in taken)
        taken.add(name)
        yield one._replace(name=name)


def _exists(path: str) -> bool:
    """Say whether there is such a file; a name that the system cannot ask for is none."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False
