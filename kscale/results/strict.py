"""JSON as results have it: numbers that are numbers, and each key once."""

import json
import math
from collections import Counter
from typing import Any

from kscale.errors import KscaleError
from kscale.units import quote


class KeyTwice(ValueError):
    """A JSON object has a key twice: readers differ in which of the two they take."""


def loads(data: bytes) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what the JSON in *data* holds; ValueError if it is none, KeyTwice if a key is there twice."""
    return json.loads(data, parse_constant=_no_number, parse_float=_finite, object_pairs_hook=_once)


def tree_of(data: bytes, where: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return what the JSON of a file holds; *where* is named in complaints."""
    try:
        return loads(data)
    except KeyTwice as error:
        raise KscaleError(f"{where}: damaged: {error}") from None
    except (ValueError, RecursionError) as error:
        at = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise KscaleError(
            f"{where}: not a result of kscale: not JSON{at} (cut short, or another file?)"
        ) from None


def _no_number(name: str) -> float:
    """Refuse NaN and Infinity, which Python's JSON reads and nobody writes."""
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    """Return a number; refuse one too large to be one, such as 1e999."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is not a number")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; KeyTwice if it has a key twice."""
    tree = dict(pairs)
    if len(tree) < len(pairs):
        twice = next(key for key, times in Counter(key for key, _ in pairs).items() if times > 1)
        raise KeyTwice(f"{quote(twice)} is there twice")
    return tree
