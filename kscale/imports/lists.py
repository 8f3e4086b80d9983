"""Several lists that are parts of one cluster, as one: files of `kubectl get` by namespace, shards of etcd.

Which lists are parts, and which an older state of another, states.py tells first.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.imports import list_values, sizes
from kscale.imports.contradictions import Part
from kscale.imports.facts import Facts, FreeSpace, PodFacts, TypeFact, Value
from kscale.imports.list_values import OF_LIST, PROFILE
from kscale.imports.states import LISTS, STORES
from kscale.imports.told import Told


def together(parts: Sequence[Part], told: Told) -> tuple[Part, ...]:
    """Return *parts* with all lists as one, and all stores as one; what is added up is said.

    What lists say beside what they list stays with each: they may contradict each other.
    """
    found = [part for part in parts if part.source.format not in {LISTS, STORES}]
    for format_id in (STORES, LISTS):
        of_format = [part for part in parts if part.source.format == format_id]
        if len(of_format) > 1:
            found.append(_added(of_format, told))
            found += [one for part in of_format for one in _beside(part)]
        else:
            found += of_format
    return tuple(sorted(found, key=lambda part: part.order))


def _added(parts: Sequence[Part], told: Told) -> Part:
    """Return several files as one."""
    nodes = [part.facts.nodes for part in parts if part.facts.nodes]
    pods = [part.facts.pods for part in parts if part.facts.pods is not None]
    for kind, number in (("nodes", len(nodes)), ("pods", len(pods))):
        if number > 1:
            told.assumed.append(f"{number} lists of {kind} are parts of one cluster: added up")
    names = sorted({name for part in parts for name in part.facts.types})
    types, several = {}, 0
    for name in names:
        each = [part.facts.types[name] for part in parts if name in part.facts.types]
        types[name] = added_types(each)
        several += len(each) > 1 and name not in OF_LIST
    if several:
        told.assumed.append(f"objects of {units.show_many(several, 'type')} in several files: added up")
    all_nodes = tuple(node for one in nodes for node in one) or None
    all_pods = added_pods(pods) if pods else None
    one = told.together(parts)
    facts = replace(one.facts, nodes=all_nodes, pods=all_pods, types=types)
    if one.source.format == LISTS:
        return replace(one, facts=replace(facts, values=_of_lists(parts, facts)))
    every = [value for part in sorted(parts, key=_age) for value in part.facts.values]
    values = {value.key: value for value in sorted(every, key=lambda value: not value.estimate)}
    return replace(one, facts=replace(facts, values=tuple(values.values()), space=_largest(parts, told)))


def _of_lists(parts: Sequence[Part], added: Facts) -> tuple[Value, ...]:
    """Return what lists together say of what they list; the version is that of the files with most nodes."""
    found = list_values.values(len(added.nodes or ()), added.pods, added.types)
    versions = [
        (value, len(part.facts.nodes or ()))
        for part in parts
        for value in part.facts.values
        if _is_of_listed(value) and value.key == PROFILE
    ]
    if versions:
        nodes: Counter[object] = Counter()
        for value, number in versions:
            nodes[value.value] += number
        found.append(min(versions, key=lambda one: (-nodes[one[0].value], -one[1]))[0])
    return tuple(found)


def _beside(part: Part) -> list[Part]:
    """Return what a list says beside what it lists as a part of its own, if it says anything."""
    if part.source.format != LISTS:
        return []
    values = tuple(value for value in part.facts.values if not _is_of_listed(value))
    return [replace(part, facts=Facts(part.source, values=values))] if values else []


def _is_of_listed(value: Value) -> bool:
    """Return whether a value is of the listed nodes and pods, as a version is that of kubelets."""
    if value.key == PROFILE:
        return value.estimate
    return any(value.key in keys for keys in OF_LIST.values())


def _largest(parts: Sequence[Part], told: Told) -> FreeSpace | None:
    """Return the pages of the largest store."""
    spaces = [part.facts.space for part in parts if part.facts.space is not None]
    if len(spaces) > 1:
        told.assumed.append(f"free pages are those of the largest of {len(spaces)} stores")
    return max(spaces, key=lambda one: one.file_pages, default=None)


def _age(part: Part) -> datetime:
    """Return what sorts parts, the newest last."""
    return part.when


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
    known = [one.sizes for one in found if one.sizes is not None]
    if len(known) < len(found):
        return TypeFact(count)
    return TypeFact(count, sizes.added(known), any(one.estimate for one in found))


def _past(column: NDArray[np.int32]) -> int:
    """Return the first number that *column* does not use."""
    return int(column.max()) + 1 if len(column) else 0
