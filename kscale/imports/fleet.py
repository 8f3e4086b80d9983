"""Several pods of one component, of lists or of manifests: servers of one fleet, which may differ.

The dates of their files say when they were copied, not which is in force: all are. What most servers
have is used; of values that as many have, that of the first file by name.
"""

import re
from collections.abc import Sequence

from kscale.imports.contradictions import Candidate, against, differing, ranked
from kscale.imports.facts import Value
from kscale.imports.told import Told

SERVERS = "control_plane.apiservers"
MANIFEST = "manifest"
READ_PODS = (MANIFEST, "kubectl")  # formats of which pods of a control plane are read
SWITCHES = {  # parameter: the mechanism that the same flag switches
    "mechanisms.apiserver-balance.goaway_ppm": "apiserver-balance",
    "mechanisms.etcd-sharding.shards": "etcd-sharding",
}
_FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def settle(key: str, candidates: Sequence[Candidate[Value]], told: Told) -> Candidate[Value]:
    """Return the candidate that is believed; what it contradicts is told."""
    of_format = [[one for one in candidates if one.part.source.format == name] for name in READ_PODS]
    beside = [one for one in candidates if one.part.source.format not in READ_PODS]
    best = ranked([*beside, *(_of_most(mine) for mine in of_format if mine)])[0]
    alike = [one for mine in of_format if best in mine for one in _known_alike(best, mine)]
    others = differing(best, alike, _written)
    told.contradict(against(key, best, others, _why(key, best, alike) if others else None))
    rest = [one for one in candidates if one not in alike]
    told.contradict(against(key, best, differing(best, ranked(rest), _written)))
    return best


def add_servers(by_key: dict[str, list[Candidate[Value]]]) -> None:
    """Put pods of API servers together: each file is one server, or says how many are beside it."""
    for name in READ_PODS:
        ones = [one for one in by_key.get(SERVERS, ()) if _is_of_pods(one, name)]
        number = sum(one.value.value for one in ones if isinstance(one.value.value, int))
        if len(ones) > 1:
            what = "manifests" if name == MANIFEST else "pods"
            value = Value(SERVERS, number, f"{number} {what} of kube-apiserver", estimate=True)
            newest = max(ones, key=lambda one: one.part.when)
            by_key[SERVERS] = [one for one in by_key[SERVERS] if one not in ones]
            by_key[SERVERS].append(Candidate(value, str(number), newest.part, estimate=True))


def leave_out_parameters(found: dict[str, Candidate[Value]], told: Told) -> None:
    """Take away parameters of what most servers do not use."""
    for key, mechanism in SWITCHES.items():
        switch = found.get(f"control_plane.optimizations.{mechanism}")
        if key in found and switch is not None and switch.value.value is False:
            one = found.pop(key)
            told.winners.pop(key, None)
            told.dropped.append(f"{key}, {one.shown}: {mechanism} is taken to be off")


def tell_servers(best: Candidate[Value] | None, told: Told) -> None:
    """Say what is assumed where the pods that were read tell how many API servers there are."""
    if best is None or not best.estimate or best.part.source.format not in READ_PODS:
        return
    if best.value.value == 1:
        told.assumed.append("one pod of kube-apiserver is one API server: give those of the others too")
    else:
        told.assumed.append(f"{best.value.how}: {best.shown} API servers")


def _is_of_pods(one: Candidate[Value], format_id: str) -> bool:
    """Return whether a number of servers is that of the pods given."""
    of_format = one.part.source.format == format_id and not one.behind
    return of_format and (one.estimate or format_id != MANIFEST)


def _of_most(candidates: Sequence[Candidate[Value]]) -> Candidate[Value]:
    """Return the value that most servers have, of those that are known best."""
    alike = _known_alike(ranked(candidates)[0], candidates)
    return min(alike, key=lambda one: (-_votes(one, alike), one.part.source.name, one.shown))


def _known_alike(best: Candidate[Value], candidates: Sequence[Candidate[Value]]) -> list[Candidate[Value]]:
    """Return the candidates that are known as well as *best*."""
    known = best.estimate, bool(best.behind)
    return [one for one in candidates if (one.estimate, bool(one.behind)) == known]


def _votes(one: Candidate[Value], candidates: Sequence[Candidate[Value]]) -> int:
    """Return how many servers have the same value."""
    return sum(other.value.servers for other in candidates if _written(other.value) == _written(one.value))


def _why(key: str, best: Candidate[Value], alike: Sequence[Candidate[Value]]) -> str:
    """Return what servers differ in, and why *best* is used."""
    flags = [match[0] for one in alike if (match := _FLAG.search(one.value.how))]
    others, votes = differing(best, alike, _written), _votes(best, alike)
    if all(_votes(one, alike) < votes for one in others):
        why = f"{votes:,} of {sum(one.value.servers for one in alike):,} have this"
    elif all(one.part is best.part for one in others):
        why = "as many have each, this is the first by value"
    else:
        why = "as many have each, this is the first by name of its file"
    return f"servers differ in {flags[0] if flags else key}: {why}"


def _written(value: Value) -> object:
    """Return a value as it is written."""
    return value.value
