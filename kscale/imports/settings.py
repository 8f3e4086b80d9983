"""Single values of a scenario, by dotted key: whether a scenario takes them, and how they are written."""

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from kscale import units
from kscale.imports.facts import Value
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_cluster import MOST_NODES, MOST_PODS
from kscale.scenario.spec import LONGEST_TEXT, InconsistentError

Plain = str | int | float | bool

MECHANISMS = (  # as the registry has them, which imports cannot see; a test compares
    "etcd-freelist",
    "etcd-offload",
    "etcd-sharding",
    "etcd-learner",
    "etcd-concurrent-reads",
    "node-lease",
    "apiserver-balance",
    "watch-fanout",
    "watch-encode",
    "watch-bookmark",
    "list-index",
    "controller-standby",
    "sched-equivalence",
    "sched-sampling",
    "cluster",
)

REQUESTS, WATCHES, OPTIMIZATIONS = "load.requests.", "load.watches.", "control_plane.optimizations."
MIXES = {REQUESTS: "requests", WATCHES: "watches"}
_MOST = {"counts.nodes": MOST_NODES, "counts.pods": MOST_PODS}
COUNTS = tuple(_MOST)
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
_MAPPINGS = (REQUESTS, WATCHES, OPTIMIZATIONS)  # their last part may have dots in it
PER_S = "/s"  # how the exact text of a rate ends
WHOLE_FROM = 10_000  # a second, minute or hour: all digits
_SIZES = frozenset({"control_plane.etcd.quota", "load.heartbeat.size"})


def path(key: str) -> tuple[str, ...]:
    """Return the parts of a dotted key: load.watches.x.example.com has three."""
    for prefix in _MAPPINGS:
        if key.startswith(prefix):
            return (*prefix.rstrip(".").split("."), key.removeprefix(prefix))
    return tuple(key.split("."))


def shown(key: str, value: Plain) -> str:
    """Return a value for people."""
    if isinstance(value, int) and not isinstance(value, bool):
        return units.show_bytes(value) if key in _SIZES else f"{value:,}"
    return str(value).lower() if isinstance(value, bool) else str(written(key, value))


def written(key: str, value: Plain) -> Plain:
    """Return a value as a scenario's text has it: sizes with their unit, rates in numbers people read."""
    if isinstance(value, str) and value.endswith(PER_S):
        try:
            return rate(units.parse_rate(value))
        except ValueError:
            return value
    return size(value) if key in _SIZES and isinstance(value, int) else value


def size(value: int) -> str:
    """Return a size in the largest unit that keeps it whole: "8GiB", "9774B"."""
    text = units.exact_bytes(value)
    return f"{text}B" if text.isdecimal() else text


def rate(per_s: Fraction) -> str:
    """Return a rate to four digits, as exact as any that is read: "12.5/s", "0.1607/h"."""
    periods = (("s", 1), ("min", 60), ("h", 3600))
    name, seconds = next((one for one in periods if per_s * one[1] >= 1), periods[-1 if per_s else 0])
    number = float(per_s * seconds)
    digits = f"{number:.4g}" if number < WHOLE_FROM else str(round(number))
    return f"{Decimal(digits):f}/{name}"


def mix_of(key: str) -> str:
    """Return the mix that a key is a part of: requests or watches; empty if it stands alone."""
    return next((noun for prefix, noun in MIXES.items() if key.startswith(prefix)), "")


def taken(one: Value) -> Plain | None:
    """Return the value as it is written in a scenario; None if no scenario takes it."""
    parts = path(one.key)
    match parts[0]:
        case "counts":
            return one.value if _is_count(one.value, _MOST.get(one.key, 0)) else None
        case "mechanisms":
            known = len(parts) == 3 and parts[1] in MECHANISMS  # noqa: PLR2004 - mechanisms, id, parameter
            return one.value if known and _PARAMETER.fullmatch(parts[2]) and _is_plain(one.value) else None
        case "control_plane" | "load" | "profile":
            return _checked(one.key, parts, one.value)
        case _:
            return None


def _checked(key: str, parts: tuple[str, ...], value: Plain) -> Plain | None:
    """Return a value as the scenario's own schema keeps it, None if that refuses it."""
    try:
        scenario = Scenario.model_validate(nested(parts, value))
    except (ValidationError, InconsistentError):
        return None
    found: Any = scenario.model_dump(mode="json", by_alias=True)
    for part in parts:
        if not isinstance(found, dict) or part not in found:
            return None
        found = found[part]
    if isinstance(found, int) and key in _SIZES:
        text = units.exact_bytes(found)
        return found if text.isdecimal() else text
    return found if isinstance(found, Plain) else None


def nested(parts: tuple[str, ...], value: object) -> dict[str, Any]:
    """Return the mapping of mappings that has *value* at *parts*."""
    inner: Any = value
    for part in reversed(parts):
        inner = {part: inner}
    return dict(inner)


def _is_count(value: Plain, most: int) -> bool:
    """Return whether *value* counts something that is there, and no more than a scenario takes."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


def _is_plain(value: Plain) -> bool:
    """Return whether a mechanism could take *value*; imports cannot see what it says of its parameters."""
    if isinstance(value, str):
        return value.isprintable() and len(value) <= LONGEST_TEXT
    return isinstance(value, bool) or (math.isfinite(value) and abs(value) <= units.LARGEST)


def amount(value: Plain) -> float:
    """Return the size of a part of a mix: a rate or a count."""
    return float(units.parse_rate(value)) if isinstance(value, str) else float(value)


def largest(values: Mapping[str, Value], most: int) -> tuple[dict[str, Value], list[str]]:
    """Return *values* with at most so many parts of each mix, the largest, and what became of the rest."""
    kept, said = dict(values), []
    for prefix, noun in MIXES.items():
        parts = sorted((key for key in values if key.startswith(prefix)), key=lambda key: _size(values[key]))
        rest = [kept.pop(key) for key in parts[most:]]
        if rest:
            total = units.show_number(sum(amount(one.value) for one in rest))
            unit = "/s" if prefix == REQUESTS else ""
            said.append(f"{units.show_many(len(rest), 'smaller kind')} of {noun}, {total}{unit} together")
    return kept, said


def _size(one: Value) -> tuple[float, str]:
    """Return what sorts a part of a mix: the largest first."""
    return -amount(one.value), one.key
