"""Several sources to one picture of the cluster, names still in it.

Files of one format are parts of one cluster, unless one is an older state of another (lists.py).
Between formats each thing comes from one source: nodes and pods from the newest list, a type's
objects from whoever read their sizes, single values as merge_values.py says.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from kscale import units
from kscale.imports import lists, merge_values, settings
from kscale.imports.contradictions import Candidate, Contradiction, Part, against, ordered, ranked, settle
from kscale.imports.facts import Facts, FreeSpace, NodeFact, PodFacts, TypeFact, Value
from kscale.imports.told import Told

NODES, PODS, OBJECTS, SPACE = "nodes", "pods", "objects", "space"
ADDED = frozenset({"etcd-db", "kubectl"})  # formats whose files hold parts; others see all of a cluster


@dataclass(frozen=True, slots=True)
class Merged:
    """What all sources say together."""

    sources: tuple[Facts, ...]  # in an order of their own
    taken: datetime | None  # of the newest state that says when it is from
    nodes: tuple[NodeFact, ...] | None
    pods: PodFacts | None
    types: Mapping[str, TypeFact]
    space: FreeSpace | None
    values: Mapping[str, Value]  # by key, as a scenario writes them
    origins: Mapping[str, str]  # id of the format by what it gave: "nodes", "objects.pods", "space", a key
    also: tuple[str, ...]
    dropped: tuple[str, ...]
    assumed: tuple[str, ...]
    contradictions: tuple[Contradiction, ...]


def merge(given: Sequence[Part]) -> Merged:
    """Return what *given* say together; it does not depend on their order."""
    parts = ordered(given)
    told = Told()
    nodes = _nodes(parts, told)
    pods = _pods(parts, told)
    types = _types(parts, told)
    values = merge_values.values(parts, told)
    _compare_counts("nodes", None if nodes is None else len(nodes), types, values, told)
    _compare_counts("pods", None if pods is None else len(pods.request), types, values, told)
    dates = [part.source.taken for part in parts if part.source.taken is not None]
    return Merged(
        sources=tuple(part.facts for part in parts),
        taken=max(dates, default=None),
        nodes=nodes,
        pods=pods,
        types=types,
        space=_space(parts, told),
        values={key: one.value for key, one in values.items()},
        origins={what: part.source.format for what, part in told.winners.items()},
        also=tuple(dict.fromkeys(line for part in parts for line in part.facts.also)),
        dropped=tuple(told.dropped),
        assumed=tuple(told.assumed),
        contradictions=tuple(told.contradictions),
    )


def _nodes(parts: Sequence[Part], told: Told) -> tuple[NodeFact, ...] | None:
    """Return the nodes of the newest list."""
    found = _newest_list(
        NODES, [part for part in parts if part.facts.nodes], lists.same_nodes, _node_count, told
    )
    return tuple(node for part in found for node in part.facts.nodes or ()) or None


def _pods(parts: Sequence[Part], told: Told) -> PodFacts | None:
    """Return the pods of the newest list."""
    found = _newest_list(
        PODS, [part for part in parts if _pod_count(part)], lists.same_pods, _pod_count, told
    )
    each = [part.facts.pods for part in found if part.facts.pods is not None]
    return lists.added_pods(each) if each else None


def _newest_list(
    kind: str, parts: Sequence[Part], alike: lists.Alike, count: Callable[[Part], int], told: Told
) -> tuple[Part, ...]:
    """Return the parts whose lists together are the newest, all of one format."""
    candidates = []
    for kept in _by_format(kind, parts, alike, told):
        number = sum(count(part) for part in kept)
        candidates.append(Candidate(kept, f"{number:,}", _newest(kept)))
    if not candidates:
        return ()
    best, found = settle(kind, candidates, lambda kept: sum(count(part) for part in kept))
    told.contradict(found)
    if found is None and len(candidates) > 1:
        told.assumed.append(f"{len(candidates)} sources list as many {kind}: the newer one's are used")
    told.won(kind, best.part)
    return best.value


def _by_format(what: str, parts: Sequence[Part], alike: lists.Alike, told: Told) -> list[tuple[Part, ...]]:
    """Return the parts of each format without older states; what is added up is said."""
    found = []
    for one in dict.fromkeys(part.source.format for part in parts):
        kept, older = lists.newest_of_each([part for part in parts if part.source.format == one], alike)
        if older:
            told.assumed.append(
                f"{older} of {older + len(kept)} lists of {what} not used: an older state of another one"
            )
        if len(kept) > 1:
            told.assumed.append(f"{len(kept)} lists of {what} are parts of one cluster: added up")
        found.append(kept)
    return found


def _types(parts: Sequence[Part], told: Told) -> dict[str, TypeFact]:
    """Return the stored objects by type: best with sizes that were read, then worked out ones, then none."""
    alike = _once_each(_same_objects)
    found = {}
    added = 0
    for name in sorted({name for part in parts for name in part.facts.types}):
        candidates = []
        having = [part for part in parts if name in part.facts.types]
        for kept in _by_format(OBJECTS, having, alike, Told()):  # said once for all types, below
            counted = kept if kept[0].source.format in ADDED else (_newest(kept),)
            added += len(counted) > 1 and name not in {NODES, PODS}
            fact = lists.added_types([part.facts.types[name] for part in counted])
            candidates.append(Candidate(fact, f"{fact.count:,}", _newest(counted), fact.estimate))
        best = ranked(
            [one for one in candidates if _tier(one.value) == min(_tier(c.value) for c in candidates)]
        )[0]
        others = [
            one
            for one in candidates
            if one.value.count != best.value.count and not _lists(one.part, name)  # that is said of the list
        ]
        why = None
        if any(_tier(one.value) > _tier(best.value) for one in others):
            why = "its sizes are known" if _tier(best.value) else "its sizes were read"
        told.contradict(against(f"{OBJECTS}.{name}", best, others, why))
        told.won(f"{OBJECTS}.{name}", best.part)
        found[name] = best.value
    if added:
        told.assumed.append(f"objects of {units.show_many(added, 'type')} in several files: added up")
    return found


def _space(parts: Sequence[Part], told: Told) -> FreeSpace | None:
    """Return the pages of the store; of several that hold different types the largest."""
    stores = [part for part in parts if part.facts.space is not None]
    kept = next(iter(_by_format("stored objects", stores, lists.same_store, told)), ())
    files = [(part.facts.space.file_pages, part) for part in kept if part.facts.space is not None]
    if not files:
        return None
    largest = max(files, key=lambda one: one[0])[1]
    if len(files) > 1:
        told.assumed.append(f"free pages are those of the largest of {len(files)} stores")
    told.won(SPACE, largest)
    return largest.facts.space


def _compare_counts(
    kind: str,
    listed: int | None,
    types: Mapping[str, TypeFact],
    values: dict[str, Candidate[Value]],
    told: Told,
) -> None:
    """Hold a list against what other sources count; without a list, what is counted is the number."""
    key, stored = f"counts.{kind}", types[kind].count if kind in types else 0
    said = list(told.counts.get(key, ()))
    value = Value(key, stored, "stored objects")
    if settings.taken(value) is not None:
        said.append(Candidate(value, f"{stored:,}", told.winners[f"{OBJECTS}.{kind}"]))
    if listed is None:
        if said:
            best, contradiction = settle(kind, said, lambda value: value.value)
            told.contradict(contradiction)
            told.won(key, best.part)
            values[key] = best
        return
    values.pop(key, None)
    mine = told.winners[kind]
    best = Candidate(Value(key, listed, "list"), f"{listed:,}", mine)
    others = [
        one for one in said if one.value.value != listed and one.part.source.format != mine.source.format
    ]
    why = "the list says what each one is"
    if stored:
        why += f"; the number of stored objects stays {stored:,}"
    told.contradict(against(kind, best, others, why))


def _same_objects(one: Part, other: Part) -> bool:
    """Return whether two files of one format hold the same objects."""
    if one.source.format == "etcd-db":
        return lists.same_store(one, other)
    return lists.same_nodes(one, other) or lists.same_pods(one, other)


def _once_each(alike: lists.Alike) -> lists.Alike:
    """Return *alike* with its answers kept: a pair of lists is compared once, not for each type."""
    known: dict[tuple[int, int], bool] = {}

    def remembered(one: Part, other: Part) -> bool:
        pair = (id(one), id(other))
        if pair not in known:
            known[pair] = alike(one, other)
        return known[pair]

    return remembered


def _lists(part: Part, kind: str) -> bool:
    """Return whether a part lists all things of a kind that it counts as stored."""
    return (kind == NODES and _node_count(part) > 0) or (kind == PODS and _pod_count(part) > 0)


def _tier(fact: TypeFact) -> int:
    """Return how well sizes are known: 0 read, 1 worked out, 2 not at all."""
    return 2 if fact.sizes is None else int(fact.estimate)


def _newest(parts: Sequence[Part]) -> Part:
    """Return the newest of *parts*."""
    return max(parts, key=lambda part: part.when)


def _node_count(part: Part) -> int:
    """Return how many nodes a part lists."""
    return len(part.facts.nodes or ())


def _pod_count(part: Part) -> int:
    """Return how many pods a part lists."""
    return 0 if part.facts.pods is None else len(part.facts.pods.request)
