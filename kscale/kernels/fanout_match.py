"""Watch fan-out: which watchers an event concerns, by testing them or by looking them up.

An event concerns the watchers of its namespace, and those of its node before and
after: an update whose trigger value changed goes to both (apiserver
pkg/storage/cacher/cacher.go, triggerValues). Watchers of everything need no finding.
Who is concerned does not depend on channels, so many events are matched in one go
and then delivered one by one (fanout.py, which also says how watchers are numbered).

All kernels have the same outputs and list the same watchers in the same order: those by
namespace, then those by node, each by number.

    new, old    int32[e]  node of the pod after and before the event, -1 none
    namespace   int32[e]  namespace of the pod
    found       int32[...]  out: watchers concerned, event after event; longer than there are watchers
    scope_ends  int32[e]  out: where in *found* the event's watchers by namespace end
    node_ends   int32[e]  out: where those by node end

They return how many events were matched: fewer than e where *found* might not hold the next one's.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel

Ints = NDArray[np.int32]
Bytes = NDArray[np.uint8]
Id = int | np.integer[Any]

BLOCK = 256  # watchers whose verdicts are looked at together
FINE = 32  # the same, in a block where one says yes
NOBODY = 2**31 - 1  # no watcher's node or namespace

# Indices are made unsigned where it counts: numba then leaves out the test for a negative index.


@inline
def _collect(verdicts: Bytes, first: int, found: Ints, listed: int) -> int:
    """Append the watchers from *first* on whose verdict is not 0 to the *listed* entries of *found*.

    Returns how many entries it has then.
    """
    for low in range(0, len(verdicts), BLOCK):
        block = verdicts[low : low + BLOCK]
        some = np.uint8(0)
        for i in range(len(block)):
            some = np.uint8(some | block[i])
        if some:
            for i in range(len(block)):
                found[np.uintp(listed)] = first + low + i
                listed += block[i] != 0
    return listed


@inline
def _test(values: Ints, this: Id, that: Id, verdicts: Bytes) -> None:
    """Ask every watcher of a group whether its value is *this* or *that*; -1 is nobody's."""
    for i in range(len(values)):
        verdicts[i] = (values[i] == this) | (values[i] == that)


@inline
def _near(values: Ints, this: Id, that: Id) -> bool:
    """Return whether one of *values*, all >= 0, is *this* or *that*: x ^ y is least, 0, where equal."""
    least = np.int32(NOBODY)
    for i in range(len(values)):
        one, other = np.int32(values[i] ^ this), np.int32(values[i] ^ that)
        least = min(least, min(one, other))  # noqa: PLW3301 - a min of three does not vectorise
    return bool(least == 0)


@inline
def _screen(values: Ints, first: int, this: Id, that: Id, found: Ints, listed: int) -> int:
    """Like `_test` and `_collect`, but ask watchers one by one only where one of a block says yes."""
    a = np.int32(this if this >= 0 else NOBODY)
    b = np.int32(that if that >= 0 else NOBODY)
    for low in range(0, len(values), BLOCK):
        block = values[low : low + BLOCK]
        if _near(block, a, b):
            for fine in range(0, len(block), FINE):
                if _near(block[fine : fine + FINE], a, b):
                    for i in range(fine, min(fine + FINE, len(block))):
                        found[np.uintp(listed)] = first + low + i
                        listed += (block[i] == a) | (block[i] == b)
    return listed


@inline
def _append(first: int, end: int, found: Ints, listed: int) -> int:
    """Append watchers *first* .. *end* - 1 to the *listed* entries of *found*. Returns how many it has then.

    One entry is written even if there is none to append: no branch to mispredict for the usual 0 or 1.
    """
    more = end - first
    if more > 1:
        for i in range(more):
            found[listed + i] = first + i
    else:
        found[np.uintp(listed)] = first
    return listed + more


@inline
def _look_up(new: Id, old: Id, node_from: Ints, found: Ints, listed: int) -> int:
    """Append the watchers of two nodes, -1 none, each once. Returns how many entries *found* has then."""
    low, high = np.uintp(min(new, old) + 1), np.uintp(max(new, old) + 1)
    listed = _append(node_from[low], node_from[low + np.uintp(low != high)], found, listed)
    return _append(node_from[high], node_from[high + np.uintp(1)], found, listed)


@kernel
def by_scan(
    new: Ints,
    old: Ints,
    namespace: Ints,
    scopes: Ints,
    nodes: Ints,
    verdicts: Bytes,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
) -> int:
    """Ask every watcher about every event.

    scopes    int32[s]  namespace of each watcher of one namespace, >= 0
    nodes     int32[k]  node of each watcher of one node, >= 0
    verdicts  uint8[s + k]  scratch

    Cost is O(e * (s + k)).
    """
    listed = 0
    for event in range(len(new)):
        if len(found) - listed <= len(verdicts):
            return event
        mine, theirs = verdicts[: len(scopes)], verdicts[len(scopes) :]
        _test(scopes, namespace[event], namespace[event], mine)
        listed = _collect(mine, 0, found, listed)
        scope_ends[event] = listed
        _test(nodes, new[event], old[event], theirs)
        listed = _collect(theirs, len(scopes), found, listed)
        node_ends[event] = listed
    return len(new)


@kernel
def by_screen(
    new: Ints,
    old: Ints,
    namespace: Ints,
    scopes: Ints,
    nodes: Ints,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
) -> int:
    """Ask blocks of watchers whether the event concerns any of them, and then each of such a block.

    Arguments and cost as in `by_scan`, with a smaller factor.
    """
    listed = 0
    for event in range(len(new)):
        if len(found) - listed <= len(scopes) + len(nodes):
            return event
        listed = _screen(scopes, 0, namespace[event], namespace[event], found, listed)
        scope_ends[event] = listed
        listed = _screen(nodes, len(scopes), new[event], old[event], found, listed)
        node_ends[event] = listed
    return len(new)


@kernel
def by_node(
    new: Ints,
    old: Ints,
    namespace: Ints,
    scopes: Ints,
    node_from: Ints,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
) -> int:
    """Look up the watchers of the event's nodes; ask those of a namespace, all in one flat set (to 1.26).

    scopes     int32[s]  namespace of each watcher of one namespace, >= 0
    node_from  int32[n + 2]  entry x + 1: first watcher of node x; entry n + 1: end of the last one's;
               entry 0 equals entry 1, so that node -1 has none

    Cost is O(e * s + matches).
    """
    listed = 0
    for event in range(len(new)):
        if len(found) - listed <= node_from[-1]:
            return event
        listed = _screen(scopes, 0, namespace[event], namespace[event], found, listed)
        scope_ends[event] = listed
        listed = _look_up(new[event], old[event], node_from, found, listed)
        node_ends[event] = listed
    return len(new)


@kernel
def by_node_and_scope(
    new: Ints,
    old: Ints,
    namespace: Ints,
    scope_from: Ints,
    node_from: Ints,
    found: Ints,
    scope_ends: Ints,
    node_ends: Ints,
) -> int:
    """Look up the watchers of the event's nodes and those of its namespace (from 1.27).

    scope_from  int32[m + 1]  first watcher of each namespace, and the end of the last one's
    node_from   int32[n + 2]  as in `by_node`

    Cost is O(e + matches).
    """
    listed = 0
    for event in range(len(new)):
        if len(found) - listed <= node_from[-1]:
            return event
        scope = np.uintp(namespace[event])
        listed = _append(scope_from[scope], scope_from[scope + np.uintp(1)], found, listed)
        scope_ends[event] = listed
        listed = _look_up(new[event], old[event], node_from, found, listed)
        node_ends[event] = listed
    return len(new)
