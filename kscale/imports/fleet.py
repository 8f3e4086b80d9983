"""Several manifests of one component: servers of one fleet, which may differ.

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
_FLAG = re.compile(r"--[a-z][a-z0-9-]*")


def settle(key: str, candidates: Sequence[Candidate[Value]], told: Told) -> Candidate[Value]:
    """Return the candidate that is believed; what it contradicts is told."""
    mine = [one for one in candidates if one.part.source.format == MANIFEST]
    beside = [one for one in candidates if one.part.source.format != MANIFEST]
    best = ranked([*beside, *([_of_most(mine)] if mine else [])])[0]
    if best in mine:
        others = differing(best, [one for one in mine if one.estimate == best.estimate], _written)
        told.contradict(against(key, best, others, _why(key, best, mine)))
        rest = [one for one in candidates if one not in mine or one.estimate != best.estimate]
        told.contradict(against(key, best, differing(best, ranked(rest), _written)))
    else:
        told.contradict(against(key, best, differing(best, ranked(candidates), _written)))
    return best


def add_servers(by_key: dict[str, list[Candidate[Value]]]) -> None:
    """Put manifests of API servers together: each file is one server, or says how many are beside it."""
    ones = [one for one in by_key.get(SERVERS, ()) if _is_of_one(one)]
    number = sum(one.value.value for one in ones if isinstance(one.value.value, int))
    if len(ones) > 1:
        value = Value(SERVERS, number, f"{number} manifests of kube-apiserver", estimate=True)
        newest = max(ones, key=lambda one: one.part.when)
        by_key[SERVERS] = [one for one in by_key[SERVERS] if one not in ones]
        by_key[SERVERS].append(Candidate(value, str(number), newest.part, estimate=True))


def tell_servers(best: Candidate[Value] | None, told: Told) -> None:
    """Say what is assumed where the pods that were read tell how many API servers there are."""
    if best is None or not best.estimate or best.part.source.format not in READ_PODS:
        return
    if best.value.value == 1:
        told.assumed.append("one pod of kube-apiserver is one API server: give those of the others too")
    else:
        told.assumed.append(f"{best.value.how}: {best.shown} API servers")


def _is_of_one(one: Candidate[Value]) -> bool:
    """Return whether a number of servers is that of the manifests given."""
    return one.part.source.format == MANIFEST and one.estimate


def _of_most(candidates: Sequence[Candidate[Value]]) -> Candidate[Value]:
    """Return the value that most files have, what was read before what is worked out."""
    read = [one for one in candidates if not one.estimate] or candidates
    return min(read, key=lambda one: (-_votes(one, read), one.part.source.name))


def _votes(one: Candidate[Value], candidates: Sequence[Candidate[Value]]) -> int:
    """Return how many have the same value."""
    return sum(_written(other.value) == _written(one.value) for other in candidates)


def _why(key: str, best: Candidate[Value], mine: Sequence[Candidate[Value]]) -> str:
    """Return what servers differ in, and why *best* is used."""
    alike = [one for one in mine if one.estimate == best.estimate]
    flags = [match[0] for one in alike if (match := _FLAG.search(one.value.how))]
    votes = _votes(best, alike)
    is_most = all(_votes(one, alike) < votes for one in differing(best, alike, _written))
    why = "most have this" if is_most else "as many have each, this is the first by name of its file"
    return f"servers differ in {flags[0] if flags else key}: {why}"


def _written(value: Value) -> object:
    """Return a value as it is written."""
    return value.value
