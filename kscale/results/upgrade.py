"""Results of an older kscale: one small step for each version of the schema, taken in a row.

A step takes the whole tree of version n and returns that of n + 1. Version 1 is the first, so
there is no step yet; the first one comes with version 2, and stays for good.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kscale.results.record import SCHEMA

Tree = dict[str, Any]

FAMILY, _, _NEWEST = SCHEMA.rpartition("/")
NEWEST = int(_NEWEST)
STEPS: Mapping[int, Callable[[Tree], Tree]] = {}


def upgraded(
    tree: Tree, version: int, newest: int = NEWEST, steps: Mapping[int, Callable[[Tree], Tree]] = STEPS
) -> Tree:
    """Return the *tree* of *version* as one of the *newest*; ValueError if it does not fit a step."""
    for number in range(version, newest):
        try:
            tree = steps[number](tree)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ValueError(f"cannot be read as {FAMILY}/{number}") from error
    return {**tree, "schema": f"{FAMILY}/{newest}"}
