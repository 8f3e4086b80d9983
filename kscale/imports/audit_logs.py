"""Audit logs of several API servers as one load, and how well a log tells it.

Logs of one time without an event in common are of different servers: added up. Logs one after another
are those of one server, as it begins a new file now and then: put together by the seconds they cover.
Of logs with an event in common the newer one is used.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kscale import units
from kscale.imports import load_values, loads
from kscale.imports.audit_count import Log
from kscale.imports.contradictions import Candidate, Part
from kscale.imports.facts import Load, Value
from kscale.imports.fleet import SERVERS
from kscale.imports.told import Told

FORMAT = "audit"
SHORT = 3600.0  # seconds; what came in less is a sample
BESIDE = 0.01  # of the shorter of two logs: what they may overlap and still be one after the other
EDGE = 2.0  # seconds that they always may: dates are whole seconds


def load(log: Log, span: float, how: str) -> Load:
    """Return what a log of *span* seconds says, to be added up."""
    mix = log.mix.per_second(span)
    ids = np.unique(np.frombuffer(log.ids.tobytes(), dtype=np.uint64))
    return Load(
        frozenset({0}), FORMAT, how, span < SHORT, asked=mix.asked, stored=mix.stored, span=span, ids=ids
    )


def sampled(values: Sequence[Value], span: float) -> list[Value]:
    """Return the values of a log; those of a short one give way to what covers more time."""
    if span >= SHORT:
        return list(values)
    behind = f"a sample of {units.show_ns(round(span * units.NS_PER_S))}"
    return [replace(one, estimate=True, behind=behind) for one in values]


def give_way(candidates: Sequence[Candidate[Value]], servers: int) -> list[Candidate[Value]]:
    """Return candidates; those of logs of fewer than all servers give way."""
    found = []
    for one in candidates:
        known = _servers(one.part)
        if 0 < known < servers and not one.behind:
            behind = f"of {known:,} of {servers:,} API servers"
            value = replace(one.value, estimate=True, behind=behind)
            found.append(replace(one, value=value, estimate=True, behind=behind))
        else:
            found.append(one)
    return found


def together(parts: Sequence[Part], told: Told) -> tuple[Part, ...]:
    """Return *parts* with the loads of all audit logs as one part of its own; what is added up is said."""
    logs = [part for part in parts if _servers(part)]
    if len(logs) < 2:  # noqa: PLR2004 - several
        return tuple(parts)
    found: dict[Part, Part | None] = {part: part for part in parts}
    kept: list[Part] = []
    for part in sorted(logs, key=lambda one: (one.when, one.source.bytes), reverse=True):
        newer = next((one for one in kept if _share(one, part)), None)
        if newer is None:
            kept.append(part)
        else:
            found[part] = None
            told.dropped.append(
                f"{told.dated(part)}: has events of {told.dated(newer)}, which is the newer log"
            )
    left = [one for one in found.values() if one is not None]
    if len(kept) < 2:  # noqa: PLR2004 - several
        return tuple(left)
    servers = _by_server(kept)
    keys = {key for part in kept for key in _values(part.facts.load or Load())}
    one = _added(kept, servers, told)
    return (*(loads.without(part, keys) if part in kept else part for part in left), one)


def _added(kept: Sequence[Part], servers: Sequence[Sequence[Part]], told: Told) -> Part:
    """Return the loads of logs, those of each server one after another, as a part."""
    number = len(servers)
    of = units.show_many(number, "API server")
    others = "those of one time have no event in common" if number > 1 else "none is of the time of another"
    told.assumed.append(f"requests of {len(kept):,} audit logs are taken to be those of {of}: {others}")
    each = [_one_after_another([part.facts.load or Load() for part in logs]) for logs in servers]
    span = min(one.span for one in each)
    whole = Load(
        frozenset(range(number)),
        FORMAT,
        f"audit logs of {of}",
        span < SHORT,
        asked=loads.added([one.asked for one in each]),
        stored=loads.added([one.stored for one in each]),
        span=span,
    )
    values = sampled(list(_values(whole).values()), span)
    if number > 1:
        values.append(Value(SERVERS, number, "audit logs of one time", estimate=True))
    one = told.together(kept)
    return replace(one, facts=replace(one.facts, load=whole, values=tuple(values)))


def _one_after_another(each: Sequence[Load]) -> Load:
    """Return the load of one server in several times: each counts by its seconds."""
    span = sum(one.span for one in each)
    weighted = [
        [
            {kind: rate * one.span / span for kind, rate in amounts.items()}
            for amounts in (one.asked, one.stored)
        ]
        for one in each
    ]
    return Load(
        asked=loads.added([asked for asked, _ in weighted]),
        stored=loads.added([stored for _, stored in weighted]),
        span=span,
    )


def _by_server(logs: Sequence[Part]) -> list[list[Part]]:
    """Return logs by server: each with the first server that has none of its time."""
    servers: list[list[Part]] = []
    for part in sorted(logs, key=lambda one: (_start(one), one.order)):
        free = next((those for those in servers if not any(_overlap(part, one) for one in those)), None)
        if free is None:
            servers.append([part])
        else:
            free.append(part)
    return servers


def _overlap(one: Part, other: Part) -> bool:
    """Return whether two logs are of one time."""
    both = min(_end(one), _end(other)) - max(_start(one), _start(other))
    return both > max(EDGE, BESIDE * min(_end(one) - _start(one), _end(other) - _start(other)))


def _start(part: Part) -> float:
    """Return when a log begins, Unix seconds."""
    return _end(part) - (part.facts.load or Load()).span


def _end(part: Part) -> float:
    """Return when a log ends, Unix seconds."""
    return part.when.timestamp()


def _share(one: Part, other: Part) -> bool:
    """Return whether two logs have an event in common."""
    mine, theirs = ((part.facts.load or Load()).ids for part in (one, other))
    return len(np.intersect1d(mine, theirs, assume_unique=True)) > 0


def _servers(part: Part) -> int:
    """Return of how many servers a part has logs; 0: it has none."""
    known = part.facts.load
    return len(known.servers) if known is not None and known.told_by == FORMAT else 0


def _values(known: Load) -> dict[str, Value]:
    """Return what a load says, by key."""
    return {value.key: value for value in load_values.values(known)[0]}
