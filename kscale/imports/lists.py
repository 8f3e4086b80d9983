"""Several lists of one kind: parts of one cluster, or the same list taken twice.

Files of `kubectl get` may be one per namespace or one per day. Two lists of nodes are the same list
when most of the smaller one's host names are in the other; two lists of pods when most pods of the
smaller one have an equal one in the other, by second of creation and by what they ask for. The older
one of such a pair is left out; all other lists are added up. Of etcd's files it is the counts by
type that tell: shards hold different types.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kscale.imports.contradictions import Part
from kscale.imports.facts import NodeFact, PodFacts, TypeFact
from kscale.imports.vocabulary import OTHER

SAME = 0.5  # of the smaller list; above it, it is the same one (assumed)
LEAST_MOMENTS = 3  # different seconds of creation: fewer say nothing
HOSTNAME = "kubernetes.io/hostname"

Alike = Callable[[Part, Part], bool]


def newest_of_each(parts: Sequence[Part], alike: Alike) -> tuple[tuple[Part, ...], int]:
    """Return *parts* without those that are an older state of another, and how many were left out."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda one: one.when, reverse=True):
        if not any(alike(part, other) for other in kept):
            kept.append(part)
    return tuple(part for part in parts if part in kept), len(parts) - len(kept)


def same_nodes(one: Part, other: Part) -> bool:
    """Return whether two lists name mostly the same nodes."""
    left, right = (_hosts(part.facts.nodes or ()) for part in (one, other))
    least = min(len(left), len(right))
    return least > 0 and len(left & right) > SAME * least


def same_pods(one: Part, other: Part) -> bool:
    """Return whether two lists hold mostly the same pods."""
    left, right = (_births(part.facts.pods) for part in (one, other))
    both = left & right
    least = min(left.total(), right.total())
    return least > 0 and both.total() > SAME * least and len({second for second, _ in both}) >= LEAST_MOMENTS


def same_store(one: Part, other: Part) -> bool:
    """Return whether two stores hold mostly the same objects, by type and number."""
    left, right = (_counts(part.facts.types) for part in (one, other))
    least = min(left.total(), right.total())
    return least > 0 and (left & right).total() > SAME * least


def added_pods(lists: Sequence[PodFacts]) -> PodFacts:
    """Return the pods of several lists in order of creation; their apps and namespaces are told apart."""
    if len(lists) == 1:
        return lists[0]
    requests = tuple(request for one in lists for request in one.requests)
    created = np.concatenate([one.created_s for one in lists])
    order = np.argsort(created, kind="stable")

    def column(name: str, steps: Sequence[int]) -> NDArray[np.int32]:
        starts = np.cumsum([0, *steps[:-1]])
        moved = [getattr(one, name).astype(np.int64) + at for one, at in zip(lists, starts, strict=True)]
        return np.concatenate(moved)[order].astype(np.int32)

    return PodFacts(
        requests,
        column("request", [len(one.requests) for one in lists]),
        column("app", [_past(one.app) for one in lists]),
        column("namespace", [_past(one.namespace) for one in lists]),
        created[order],
    )


def added_types(found: Sequence[TypeFact]) -> TypeFact:
    """Return the objects of one type in several lists together."""
    if len(found) == 1:
        return found[0]
    count = sum(one.count for one in found)
    sizes = [one.sizes for one in found if one.sizes is not None]
    if len(sizes) < len(found):
        return TypeFact(count)
    rows = np.concatenate(sizes)
    values, where = np.unique(rows[:, 0], return_inverse=True)
    numbers = np.zeros(len(values), dtype=np.int64)
    np.add.at(numbers, where, rows[:, 1])
    return TypeFact(count, np.column_stack([values, numbers]), any(one.estimate for one in found))


def _hosts(nodes: Sequence[NodeFact]) -> set[str]:
    """Return the host names of nodes that say it."""
    return {node.labels[HOSTNAME] for node in nodes if HOSTNAME in node.labels}


def _births(pods: PodFacts | None) -> Counter[tuple[int, str]]:
    """Return how many pods there are by second of creation and what they ask for."""
    if pods is None:
        return Counter()
    asked = [repr(request) for request in pods.requests]
    pairs = zip(pods.created_s.tolist(), pods.request.tolist(), strict=True)
    return Counter((second, asked[request]) for second, request in pairs if second >= 0)


def _counts(types: Mapping[str, TypeFact]) -> Counter[str]:
    """Return the number of objects by type; the rest of all types tells nothing."""
    return Counter({name: one.count for name, one in types.items() if name != OTHER})


def _past(column: NDArray[np.int32]) -> int:
    """Return the first number that *column* does not use."""
    return int(column.max()) + 1 if len(column) else 0
