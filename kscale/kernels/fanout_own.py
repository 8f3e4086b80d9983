"""Watch fan-out: which watchers an event concerns, by a function that is given.

Its outputs are those of fanout_match.py, whatever the order in which the function names watchers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, uncached

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]


@inline
def ascending(found: Ints, listed: int, end: int) -> None:
    """Sort found[listed:end] in place: hardly ever more than a handful, and mostly sorted already."""
    for i in range(listed + 1, end):
        one, at = found[i], i
        while at > listed and found[at - 1] > one:
            found[at] = found[at - 1]
            at -= 1
        found[at] = one


@uncached
def by_own(
    match: Callable[..., int],
    index: tuple[NDArray[Any], ...],
    work: Longs,
    new: Ints,
    old: Ints,
    namespace: Ints,
    scoped: int,
    watchers: int,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
) -> int:
    """Ask *match* about every event; return how many were matched, or -1 - event at a wrong answer.

    match     (*index, new, old, namespace, found, work) -> how many watchers it wrote to found
    index     its own arrays
    work      int64[1]  what it counts: watchers tested
    scoped    watchers of one namespace, which come first
    watchers  those and the ones of one node

    A wrong answer names a watcher that is not there, or one twice. Other arguments as in fanout_match.py.
    """
    listed = 0
    for event in range(len(new)):
        if len(found) - listed <= watchers:
            return event
        count = match(*index, new[event], old[event], namespace[event], found[listed:], work)
        if count < 0 or count > watchers:
            return -1 - event
        end = listed + count
        ascending(found, listed, end)
        before = np.int32(-1)
        scope_end = listed
        for at in range(listed, end):
            if found[at] <= before or found[at] >= watchers:
                return -1 - event
            before = found[at]
            scope_end += before < scoped
        scope_ends[event] = scope_end
        node_ends[event] = listed = end
    return len(new)
