"""Lists that are an older state of another: left out, and said.

Two files are two states of a cluster when objects of one type have a name in common, or an app that owns
them (places.py). Then of each type that shares a namespace, or is in none, the newer list is used: all
nodes may have been replaced. It must have all namespaces of the older one, or, where both hold several,
most of them: namespaces come and go; else neither can stand for both, and the import is refused. Files
that share nothing are parts of one cluster; if they share a namespace all the same, what was asked for
was a part of it: single objects, or those with a label. Of etcd's files the counts by type tell: shards
hold different types.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import numpy as np

from kscale import units
from kscale.errors import KscaleError
from kscale.imports.contradictions import Candidate, Contradiction, Part, against
from kscale.imports.facts import Places, TypeFact
from kscale.imports.list_values import OF_LIST
from kscale.imports.told import Told
from kscale.imports.vocabulary import OTHER, RESOURCES
from kscale.scenario.document import one_line

LISTS, STORES = "kubectl", "etcd-db"
MOST_OF = 0.5  # of an older list's namespaces, or of a smaller store's objects: above it they are the same
MOST_TOLD = 3  # types told one by one
TOGETHER = timedelta(minutes=1)  # files whose dates are nearer may have been copied at one go
NOWHERE = Places(frozenset(), frozenset())


def newest(parts: Sequence[Part], told: Told) -> tuple[Part, ...]:
    """Return *parts* without what is an older state; KscaleError where no list can stand for both."""
    found: dict[Part, Part | None] = {part: part for part in parts}
    before: dict[str, list[Part]] = {LISTS: [], STORES: []}
    for part in sorted(parts, key=lambda one: (one.when, one.source.bytes), reverse=True):
        newer = before.get(part.source.format)
        if newer is None:
            continue
        older = _older_types(part, newer, told) if part.source.format == LISTS else _older_store(part, newer)
        for other, names in older.items():
            told.dropped.append(_said(part, other, names, told))
            told.contradict(_by_files(part, other, names))
        if older:
            found[part] = _without(part, {name for names in older.values() for name in names})
        newer.append(part)
    left = tuple(one for one in found.values() if one is not None)
    _tell_filtered([one for one in left if one.source.format == LISTS], told)
    return left


def _without(part: Part, names: set[str]) -> Part | None:
    """Return a part without its lists of these types and what they say; None if nothing is left."""
    facts = part.facts
    left = {name: fact for name, fact in facts.types.items() if name not in names}
    if not left:
        return None
    return replace(
        part,
        facts=replace(
            facts,
            places={name: one for name, one in facts.places.items() if name not in names},
            nodes=None if "nodes" in names else facts.nodes,
            pods=None if "pods" in names else facts.pods,
            types=left,
            values=tuple(one for one in facts.values if _listed_in(one.key) not in names),
        ),
    )


def _listed_in(key: str) -> str:
    """Return the type that a value of a list is from: nodes, or pods, those of the control plane too."""
    return "nodes" if key in OF_LIST["nodes"] else "pods"


def _older_types(part: Part, newer: Sequence[Part], told: Told) -> dict[Part, list[str]]:
    """Return the types of a file of lists that newer files have, each under the newest such file."""
    same = [other for other in newer if _same(part, other)]
    older: dict[Part, list[str]] = defaultdict(list)
    for name in part.facts.types:
        places = part.facts.places.get(name, NOWHERE)
        others = [other for other in same if _overlap(places, other.facts.places.get(name, NOWHERE))]
        if others:
            _check_covered(part, name, others, told)
        elif not places.namespaces:
            others = [other for other in same if name in other.facts.types]
        if others:
            older[others[0]].append(name)
    return older


def _tell_filtered(parts: Sequence[Part], told: Told) -> None:
    """Say how many files have parts of one namespace."""
    filtered = set()
    for part, other in combinations(parts, 2):
        both = part.facts.places.keys() & other.facts.places.keys()
        if any(_overlap(part.facts.places[name], other.facts.places[name]) for name in both):
            filtered |= {part, other}
    if filtered:
        told.assumed.append(
            f"{len(filtered):,} files list parts of one namespace: none of their objects nor apps is in two"
        )


def _same(part: Part, other: Part) -> bool:
    """Return whether two files have an object in common, or an app."""
    theirs = other.facts.places
    return any(
        not mine.names.isdisjoint(theirs[name].names)
        or (
            not mine.namespaces.isdisjoint(theirs[name].namespaces)
            and len(np.intersect1d(mine.things, theirs[name].things, assume_unique=True)) > 0
        )
        for name, mine in part.facts.places.items()
        if name in theirs
    )


def _overlap(one: Places, other: Places) -> bool:
    """Return whether two lists share a namespace, or the name of an object that is in none."""
    return not (one.namespaces.isdisjoint(other.namespaces) and one.names.isdisjoint(other.names))


def _check_covered(part: Part, name: str, newer: Sequence[Part], told: Told) -> None:
    """Raise if newer lists of a type do not stand for all of an older one."""
    mine = part.facts.places[name].namespaces
    theirs = [other.facts.places[name].namespaces for other in newer]
    if mine <= frozenset().union(*theirs) or any(len(mine & one) > MOST_OF * len(mine) for one in theirs):
        return
    newest_one = newer[0]
    raise KscaleError(
        one_line(
            f"{told.called(newest_one)} is newer than {told.called(part)}, but lists {_public(name)} of only "
            f"{len(mine & theirs[0]):,} of its {units.show_many(len(mine), 'namespace')}: give one of "
            "the two, or the older state as a list for each namespace (kubectl get -n)"
        )
    )


def _older_store(part: Part, newer: Sequence[Part]) -> dict[Part, list[str]]:
    """Return all types of a store if a newer one holds mostly the same objects, by type and number."""
    mine = _counts(part.facts.types)
    for other in newer:
        theirs = _counts(other.facts.types)
        least = min(mine.total(), theirs.total())
        if least > 0 and (mine & theirs).total() > MOST_OF * least:
            return {other: list(part.facts.types)}
    return {}


def _counts(types: Mapping[str, TypeFact]) -> Counter[str]:
    """Return the number of objects by type; the rest of all types tells nothing."""
    return Counter({name: one.count for name, one in types.items() if name != OTHER})


def _said(part: Part, other: Part, names: Sequence[str], told: Told) -> str:
    """Return that lists of *part* are not used, which, and why."""
    equal = part.when == other.when and all(
        name in other.facts.types and _equal(part.facts.types[name], other.facts.types[name])
        for name in names
    )
    why = "equal to those of" if equal else "an older state of those of"
    used = "which are used"
    if part.when == other.when and not equal:
        why, used = "of the same things and date as those of", "which are used: the file is larger"
    return f"{_many(part, names)} of {told.dated(part)}: {why} {told.dated(other)}, {used}"


def _by_files(part: Part, other: Part, names: Sequence[str]) -> Contradiction | None:
    """Return that the file of an older state is newer: where things only went, no time in a list is newer."""
    if part.modified < other.modified + TOGETHER or part.when == other.when:
        return None
    theirs = [name for name in names if name in other.facts.types]
    best = Candidate(other, _many(other, theirs), other)
    why = (
        f"newer by the times in it, but its file is of {other.modified:%Y-%m-%d %H:%M}, "
        f"the other one's of {part.modified:%Y-%m-%d %H:%M}"
    )
    return against("lists", best, [Candidate(part, _many(part, names), part)], why)


def _many(part: Part, names: Sequence[str]) -> str:
    """Return how many objects of which types: nodes and pods first, then the largest."""
    types = part.facts.types
    counts = {name: _listed(part, name) for name in names}
    order = sorted(counts, key=lambda name: (-counts[name], name))
    known = [name for name in (*OF_LIST, *order) if name in counts and name in RESOURCES]
    shown = list(dict.fromkeys(known))[:MOST_TOLD]
    rest = [name for name in order if name not in shown]
    told = [f"{counts[name]:,} {units.singular(name) if counts[name] == 1 else name}" for name in shown]
    if rest:
        number = sum(types[name].count for name in rest)
        told.append(f"{units.show_many(number, 'object')} of {units.show_many(len(rest), 'other type')}")
    return ", ".join(told)


def _listed(part: Part, name: str) -> int:
    """Return how many things of a type a part lists."""
    if name == "nodes" and part.facts.nodes is not None:
        return len(part.facts.nodes)
    if name == "pods" and part.facts.pods is not None:
        return len(part.facts.pods.request)
    return part.facts.types[name].count


def _equal(one: TypeFact, other: TypeFact) -> bool:
    """Return whether two lists have objects of the same number and sizes."""
    if one.sizes is None or other.sizes is None:
        return one.count == other.count and one.sizes is other.sizes
    return one.count == other.count and np.array_equal(one.sizes, other.sizes)


def _public(name: str) -> str:
    """Return a type's name if it is Kubernetes' own."""
    return name if name in RESOURCES else "objects of a type"
