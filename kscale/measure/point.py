"""One point of a sweep, as people say it and as a filter finds it: "1M free pages", `free_pages=1M`.

Works on a mechanism's id and plain values, so that planned and finished cells are found by the
same rule.
"""

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from kscale import units
from kscale.errors import KscaleError

DEFAULTS = "defaults"  # label of a cell for which nothing was given
MOST_LISTED = 12  # cells named in a complaint

# Places of a scenario whose value has a unit, by their last part; and those of mappings.
UNITS: Mapping[str, Callable[[units.Number], str]] = {
    "fsync": units.show_ns,
    "period": units.show_ns,
    "duration": units.show_ns,
    "size": units.show_bytes,
    "quota": units.show_bytes,
    "pod_changes": units.show_rate,
}
RATES = ("load.requests.", "simulation.reads.")
ENTRIES = ("cluster.objects.types.", "load.requests.", "load.watches.", "simulation.reads.")
_AS_ABOVE = ("count", "total", "times")  # nodes.count is nodes
_OF_ABOVE = ("cores", "members", "period", "share", "size", "spread")  # of what, says the part above
_NAMED = ("load.watches.",)  # said before their number: watches of pods are not pods

CellT = TypeVar("CellT")


class Point(NamedTuple):
    """One cell, planned or finished, as a filter sees it."""

    mechanism: str  # its id
    params: Mapping[str, Any]
    label: str


def say(name: str, value: object) -> str:
    """Return one parameter in words: "1M free pages", "1 watcher", "percentage 5", "no churn".

    A name with a dot is a place of the scenario: "5k nodes", "pod changes 20/s", "seed 3".
    """
    if "." in name:
        return _say_place(name, value)
    return _say_words(name, name.replace("_", " "), value)


def _say_words(name: str, words: str, value: object) -> str:
    """Return a parameter that is called *words* with its value."""
    if isinstance(value, bool):
        return words if value else f"no {words}"
    if isinstance(value, int):
        return _say_whole(name, words, value)
    return f"{words} {units.show_number(Fraction(repr(value))) if isinstance(value, float) else value}"


def _say_whole(name: str, words: str, value: int) -> str:
    """Return a count, or a quantity by the ending of its name, in words."""
    if name.endswith("_ns"):
        return f"{words.removesuffix(' ns')} {units.show_ns(value)}"
    if name.endswith("_bytes"):
        return f"{words.removesuffix(' bytes')} {units.show_bytes(value)}"
    if not words.endswith("s"):
        return f"{words} {units.show_size(value)}"
    return f"{units.show_size(value)} {units.singular(words) if value == 1 else words}"


def called(name: str) -> str:
    """Return a parameter's name in words: "free pages" of free_pages, "nodes" of cluster.nodes.count."""
    return " ".join(_telling(name)).replace("_", " ")


def _say_place(name: str, value: object) -> str:
    """Return a value of the scenario in words."""
    words, unit = called(name), _unit(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        if unit:
            return f"{words} {unit(Fraction(repr(value)))}"
        if isinstance(value, int) and name.startswith(_NAMED):
            return f"{words} {units.show_size(value)}"
    return _say_words(name, words, value)


def _telling(name: str) -> list[str]:
    """Return the parts of a name that tell which one it is."""
    parts = name.split(".")
    for above in ENTRIES:  # whose entries may have dots themselves
        if name.startswith(above):
            own, of = name.removeprefix(above), above.split(".")[-2]
            if of != "types":
                return [of, own]
            parts = ["", *own.rsplit(".", 1)]
    *above_it, last = parts
    if last in _AS_ABOVE and len(above_it) > 1:
        return above_it[-1:]
    return [*above_it[-1:], last] if last in _OF_ABOVE else [last]


def _unit(name: str) -> Callable[[units.Number], str] | None:
    """Return how a value of a scenario is shown that has a unit."""
    return units.show_rate if name.startswith(RATES) else UNITS.get(name.rpartition(".")[2])


def narrow(cells: Sequence[CellT], patterns: Sequence[str], point: Callable[[CellT], Point]) -> list[CellT]:
    """Return the cells that match the patterns; KscaleError unless each matches at least one.

    A pattern is a mechanism (`etcd-*`) or a parameter (`free_pages=1M`): patterns of one kind add
    up, different kinds narrow. *point* tells of a cell what is matched.
    """
    points = [point(cell) for cell in cells]
    by_subject: dict[str, set[int]] = {}
    for pattern in patterns:
        hits = {number for number, one in enumerate(points) if matches(one, pattern)}
        if not hits:
            raise KscaleError(f"--filter {pattern}: matches no cell; there are: {_exist(points)}")
        subject = pattern.partition("=")[0].strip() if "=" in pattern else ""
        by_subject[subject] = by_subject.get(subject, set()) | hits
    left = [cell for number, cell in enumerate(cells) if all(number in hits for hits in by_subject.values())]
    if not left:
        given = " ".join(pattern for pattern in patterns)
        raise KscaleError(f"--filter {given}: no cell matches them all; there are: {_exist(points)}")
    return left


def matches(point: Point, pattern: str) -> bool:
    """Say whether a cell is of that mechanism, or has that parameter."""
    name, equals, wanted = (piece.strip() for piece in pattern.partition("="))
    if not equals:
        return fnmatchcase(point.mechanism, name.replace("_", "-"))
    if name not in point.params:
        return False
    value = point.params[name]
    try:
        same = not isinstance(value, bool | str) and units.parse_count(wanted) == value
    except ValueError:
        same = False
    return same or fnmatchcase(str(value).lower(), wanted.lower())


def _exist(points: Sequence[Point]) -> str:
    """Return the cells as people say them, not too many."""
    shown = ", ".join(f"{one.mechanism} ({one.label})" for one in points[:MOST_LISTED])
    return shown + (f" and {len(points) - MOST_LISTED:,} more" if len(points) > MOST_LISTED else "")
