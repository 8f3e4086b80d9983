"""Single values of several sources: what was read wins, else the newer one; mixes are taken whole."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from kscale import units
from kscale.imports import settings
from kscale.imports.contradictions import Candidate, Part, settle
from kscale.imports.facts import Value
from kscale.imports.told import Told

_SERVERS = "control_plane.apiservers"


def values(parts: Sequence[Part], told: Told) -> dict[str, Candidate[Value]]:
    """Return the value of each key that a scenario takes."""
    by_key: dict[str, list[Candidate[Value]]] = defaultdict(list)
    refused = 0
    for part in parts:
        for one in part.facts.values:
            written = settings.taken(one)
            if written is not None:
                value = Value(one.key, written, one.how, one.estimate)
                by_key[one.key].append(Candidate(value, settings.shown(one.key, written), part, one.estimate))
            elif settings.mix_of(one.key):
                refused += 1
            else:
                told.dropped.append(f"{one.key} ({one.how}): not a value that a scenario takes")
    if refused:
        told.dropped.append(
            f"{units.show_many(refused, 'rate')} of requests or watches that no scenario takes"
        )
    _add_servers(by_key)
    found = _mixes(by_key, told)
    for key in sorted(key for key in by_key if not settings.mix_of(key)):
        best, contradiction = settle(key, by_key[key], lambda value: value.value)
        if key in settings.COUNTS:
            told.counts[key] = by_key[key]  # held against lists and stored objects later
        else:
            told.contradict(contradiction)
        told.won(key, best.part)
        found[key] = best
    return found


def _add_servers(by_key: dict[str, list[Candidate[Value]]]) -> None:
    """Put manifests of API servers together: each file is one server, or says how many are beside it."""
    ones = [one for one in by_key.get(_SERVERS, ()) if one.part.source.format == "manifest" and one.estimate]
    number = sum(one.value.value for one in ones if isinstance(one.value.value, int))
    if len(ones) > 1:
        value = Value(_SERVERS, number, f"{number} manifests of kube-apiserver", estimate=True)
        newest = max(ones, key=lambda one: one.part.when)
        by_key[_SERVERS] = [one for one in by_key[_SERVERS] if one not in ones]
        by_key[_SERVERS].append(Candidate(value, str(number), newest.part, estimate=True))


def _mixes(by_key: Mapping[str, list[Candidate[Value]]], told: Told) -> dict[str, Candidate[Value]]:
    """Return the mix of requests and that of watches, each of one source."""
    found: dict[str, Candidate[Value]] = {}
    for prefix, noun in settings.MIXES.items():
        of_part: dict[Part, list[Candidate[Value]]] = defaultdict(list)
        for key in sorted(by_key):
            if key.startswith(prefix):
                for one in by_key[key]:
                    of_part[one.part].append(one)
        if not of_part:
            continue
        candidates = [
            Candidate(
                mix, f"{units.show_many(len(mix), 'kind')} of {noun}", part, any(one.estimate for one in mix)
            )
            for part, mix in of_part.items()
        ]
        best, contradiction = settle(
            f"load.{noun}", candidates, lambda mix: {one.value.key: one.shown for one in mix}
        )
        told.contradict(contradiction)
        told.won(f"load.{noun}", best.part)
        found |= {one.value.key: one for one in best.value}
    return found
