"""Several sources to one picture of the cluster, names still in it.

Lists that are an older state of another are left out (states.py), those that are parts of one cluster are
put together (lists.py); files of other formats see all of a cluster. After that each thing comes from one
source: nodes and pods from the newest list, a type's objects from whoever read their sizes, single values
as merge_values.py says.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from kscale.imports import audit_logs, list_values, lists, loads, merge_values, settings, states
from kscale.imports.contradictions import (
    Candidate,
    Contradiction,
    Part,
    against,
    differing,
    ordered,
    ranked,
    settle,
)
from kscale.imports.facts import Facts, FreeSpace, NodeFact, PodFacts, Source, TypeFact, Value
from kscale.imports.formats import FORMATS
from kscale.imports.told import Told, called

TITLES = {one.id: one.title for one in FORMATS}
NODES, PODS, OBJECTS, SPACE = "nodes", "pods", "objects", "space"


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
    files: Mapping[str, Source]  # by how `dropped` and `assumed` name them


def merge(given: Sequence[Part]) -> Merged:
    """Return what *given* say together; it does not depend on their order."""
    sources = ordered(given)
    told = Told(called([part.source.name for part in sources]))
    newest = states.newest(sources, told)
    sources = _silent(sources, newest)
    parts = loads.together(lists.together(newest, told), told)
    parts = audit_logs.together(parts, told)
    nodes = _newest_list(NODES, [part for part in parts if part.facts.nodes], _node_count, told)
    pods = _newest_list(PODS, [part for part in parts if _pod_count(part)], _pod_count, told)
    types = _types(parts, told)
    values = merge_values.values(parts, told)
    _tell_changes(values, told)
    _compare_counts(NODES, None if nodes is None else _node_count(nodes), types, values, told)
    _compare_counts(PODS, None if pods is None else _pod_count(pods), types, values, told)
    dates = [part.source.taken for part in sources if part.source.taken is not None]
    return Merged(
        sources=tuple(part.facts for part in sources),
        taken=max(dates, default=None),
        nodes=None if nodes is None else nodes.facts.nodes,
        pods=None if pods is None else pods.facts.pods,
        types=types,
        space=_space(parts, told),
        values={key: one.value for key, one in values.items()},
        origins={what: part.source.format for what, part in told.winners.items()},
        also=_also(sources),
        dropped=tuple(told.dropped),
        assumed=tuple(told.assumed),
        contradictions=tuple(told.contradictions),
        files=told.files,
    )


def _newest_list(kind: str, parts: Sequence[Part], count: Callable[[Part], int], told: Told) -> Part | None:
    """Return the part whose list is the newest; None without any."""
    candidates = [Candidate(part, f"{count(part):,}", part) for part in parts]
    if not candidates:
        return None
    best, found = settle(kind, candidates, count)
    told.contradict(found)
    if found is None and len(candidates) > 1:
        told.assumed.append(f"{len(candidates)} sources list as many {kind}: the newer one's are used")
    told.won(kind, best.part)
    return best.part


def _types(parts: Sequence[Part], told: Told) -> dict[str, TypeFact]:
    """Return the stored objects by type: best with sizes that were read, then worked out ones, then none."""
    found = {}
    for name in sorted({name for part in parts for name in part.facts.types}):
        candidates = []
        for part in parts:
            fact = part.facts.types.get(name)
            if fact is not None:
                candidates.append(Candidate(fact, f"{fact.count:,}", part, fact.estimate))
        tier = min(_tier(one.value) for one in candidates)
        best = ranked([one for one in candidates if _tier(one.value) == tier])[0]
        unsaid = [one for one in candidates if not _lists(one.part, name)]  # those are told by their lists
        others = differing(best, unsaid, lambda fact: fact.count)
        why = None
        if any(_tier(one.value) > tier for one in others):
            why = "its sizes are known" if tier else "its sizes were read"
        told.contradict(against(f"{OBJECTS}.{name}", best, others, why))
        told.won(f"{OBJECTS}.{name}", best.part)
        found[name] = best.value
    return found


def _space(parts: Sequence[Part], told: Told) -> FreeSpace | None:
    """Return the pages of the store."""
    store = next((part for part in parts if part.facts.space is not None), None)
    if store is None:
        return None
    told.won(SPACE, store)
    return store.facts.space


def _silent(sources: Sequence[Part], newest: Sequence[Part]) -> tuple[Part, ...]:
    """Return *sources*; those of which nothing is used lost nothing, and assume nothing."""
    used = {id(part.source) for part in newest}
    return tuple(
        part
        if id(part.source) in used
        else replace(part, facts=replace(part.facts, also=(), dropped=(), assumed=()))
        for part in sources
    )


def _also(sources: Sequence[Part]) -> tuple[str, ...]:
    """Return what no scenario takes yet; of several sources each line names its kind, and which of a kind."""
    if len(sources) == 1:
        return sources[0].facts.also
    number: Counter[str] = Counter()
    said: dict[tuple[str, str], list[int]] = {}  # by kind and line: which of the kind say it
    for part in sources:
        kind = part.source.format
        number[kind] += 1
        for line in part.facts.also:
            said.setdefault((kind, line), []).append(number[kind])
    found = []
    for (kind, line), which in said.items():
        one = f" {which[0]}" if number[kind] > 1 and len(which) == 1 else ""
        found.append(f"{TITLES.get(kind, kind)}{one}: {line}")
    return tuple(found)


def _tell_changes(values: Mapping[str, Candidate[Value]], told: Told) -> None:
    """Say how little a list tells of changes, if theirs are used."""
    best = values.get(list_values.POD_CHANGES)
    if best is not None and best.part.source.format == states.LISTS:
        shown = settings.shown(list_values.POD_CHANGES, best.value.value)
        told.assumed.append(f"pod changes are at least {shown}: {best.value.how}")


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
    beside = [one for one in said if one.part.source.format != mine.source.format]
    others = differing(best, beside, lambda value: value.value)
    why = "the list says what each one is"
    if stored:
        why += f"; the number of stored objects stays {stored:,}"
    told.contradict(against(kind, best, others, why))


def _lists(part: Part, kind: str) -> bool:
    """Return whether a part lists all things of a kind that it counts as stored."""
    return (kind == NODES and _node_count(part) > 0) or (kind == PODS and _pod_count(part) > 0)


def _tier(fact: TypeFact) -> int:
    """Return how well sizes are known: 0 read, 1 worked out, 2 not at all."""
    return 2 if fact.sizes is None else int(fact.estimate)


def _node_count(part: Part) -> int:
    """Return how many nodes a part lists."""
    return len(part.facts.nodes or ())


def _pod_count(part: Part) -> int:
    """Return how many pods a part lists."""
    return 0 if part.facts.pods is None else len(part.facts.pods.request)
