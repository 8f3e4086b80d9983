"""What several scrapes say that API servers are asked: as one load.

A scrape is that of one server: scrapes of different servers are added up, of two scrapes of one server
the newer is used. Servers are told apart by the label `instance`, or else by when their process was
started. What Prometheus answers without instances is of all servers, and never added to anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from kscale import units
from kscale.imports import load_values
from kscale.imports.contradictions import Part
from kscale.imports.facts import Load, Value
from kscale.imports.fleet import SERVERS
from kscale.imports.load_values import INSTANCE, START
from kscale.imports.told import Told

REQUESTS, WATCHES = "requests", "watches"

K = TypeVar("K")


def together(parts: Sequence[Part], told: Told) -> tuple[Part, ...]:
    """Return *parts* with the loads of different servers as one part of its own; what is added up is said."""
    found = {part: part for part in parts}
    added = []
    for told_by in (INSTANCE, START):
        of_kind = [part for part in parts if _load(part).told_by == told_by and _is_of_servers(part)]
        sums, summed = [], dict[Part, None]()
        for noun in (REQUESTS, WATCHES):
            having = [part for part in of_kind if _has(part, noun)]
            kept = _newest_of_each(having, noun, told)
            for part in having if len(kept) > 1 else set(having) - set(kept):
                found[part] = without(found[part], _keys(part, noun))
            if len(kept) > 1:
                sums.append(_sum(kept, noun, told))
                summed |= dict.fromkeys(kept)
        if sums:
            for part in of_kind:
                found[part] = without(found[part], {SERVERS})
            added.append(_as_part(list(summed), sums, _servers(of_kind), told))
    return (*found.values(), *added)


def _is_of_servers(part: Part) -> bool:
    """Return whether a part has metrics of API servers."""
    load = _load(part)
    return bool(load.asked or load.watches or (load.told_by == INSTANCE and load.servers))


def _newest_of_each(parts: Sequence[Part], noun: str, told: Told) -> list[Part]:
    """Return the newest part of each server, the newest first."""
    kept: list[Part] = []
    for part in sorted(parts, key=lambda one: one.when, reverse=True):
        newer = next((one for one in kept if _load(one).servers & _load(part).servers), None)
        if newer is None:
            kept.append(part)
        else:
            told.dropped.append(
                f"{noun} of {told.dated(part)}: an older scrape of the API server of {told.dated(newer)}"
            )
    return kept


def _sum(parts: Sequence[Part], noun: str, told: Told) -> Load:
    """Return the load of several servers."""
    number = len(parts)
    unknown = sum(not _load(part).servers for part in parts)
    if not unknown:
        by_start = _load(parts[0]).told_by == START
        why = ": each is of a process that was started at another time" if by_start else ""
    elif unknown == number:
        why = ", as each is taken to be of another API server: none says of which"
    else:
        why = f", as {unknown:,} that do not say of which API server are taken to be of others"
    told.assumed.append(f"{noun} of {number:,} scrapes are added up{why}")
    loads = [_only(_load(part), noun) for part in parts]
    return Load(
        how=f"{number:,} scrapes together, {loads[0].how}" if loads[0].how else "",
        estimate=any(one.estimate for one in loads),
        asked=added([one.asked for one in loads]),
        stored=added([one.stored for one in loads]),
        pod_events=sum(one.pod_events for one in loads),
        watches=added([one.watches for one in loads]),
    )


def _servers(parts: Sequence[Part]) -> int:
    """Return how many servers parts are of: those that do not say are one each."""
    known = frozenset[int]().union(*(_load(part).servers for part in parts))
    return len(known) + sum(not _load(part).servers for part in parts)


def _as_part(parts: Sequence[Part], sums: Sequence[Load], servers: int, told: Told) -> Part:
    """Return loads and the number of servers as a part."""
    one = told.together(parts)
    found = [value for load in sums for value in load_values.values(load)[0]]
    how = f"{units.show_many(servers, 'API server')} scraped"
    found.append(Value(SERVERS, servers, how, estimate=_load(parts[0]).told_by == START))
    return replace(one, facts=replace(one.facts, values=tuple(found)))


def _keys(part: Part, noun: str) -> set[str]:
    """Return the keys of what a part's load of one kind says."""
    return {value.key for value in load_values.values(_only(_load(part), noun))[0]}


def without(part: Part, keys: set[str]) -> Part:
    """Return a part without the values of these keys."""
    left = tuple(value for value in part.facts.values if value.key not in keys)
    return replace(part, facts=replace(part.facts, values=left))


def _only(load: Load, noun: str) -> Load:
    """Return the requests or the watches of a load."""
    if noun == REQUESTS:
        return replace(load, watches={})
    return Load(load.servers, load.told_by, watches=load.watches)


def _has(part: Part, noun: str) -> bool:
    """Return whether a part says how often requests come, or how many watches are open."""
    load = _load(part)
    return bool(load.asked if noun == REQUESTS else load.watches)


def _load(part: Part) -> Load:
    """Return the load of a part, which has one."""
    return part.facts.load or Load()


def added(each: Sequence[Mapping[K, float]]) -> dict[K, float]:
    """Return the sums by key, in the keys' order of first use."""
    found: dict[K, float] = {}
    for one in each:
        for key, amount in one.items():
            found[key] = found.get(key, 0) + amount
    return found
