"""Single values of several sources: what was read wins, else the newer one; mixes are taken whole.

Values of several pods of a control plane are those of one fleet (fleet.py).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from kscale import units
from kscale.imports import audit_logs, fleet, request_mix, settings
from kscale.imports.contradictions import Candidate, Contradiction, Part, ranked, settle
from kscale.imports.facts import Value
from kscale.imports.list_values import PROFILE
from kscale.imports.told import Told


def values(parts: Sequence[Part], told: Told) -> dict[str, Candidate[Value]]:
    """Return the value of each key that a scenario takes."""
    by_key = _by_key(parts, told)
    fleet.add_servers(by_key)
    if fleet.SERVERS in by_key:
        servers = ranked(by_key[fleet.SERVERS])[0].value.value
        for key in by_key.keys() - {fleet.SERVERS}:
            by_key[key] = audit_logs.give_way(by_key[key], int(servers))
    found = _mixes(by_key, told)
    for key in sorted(key for key in by_key if not settings.mix_of(key)):
        if key in settings.COUNTS:
            best, _ = settle(key, by_key[key], lambda value: value.value)
            told.counts[key] = by_key[key]  # held against lists and stored objects later
        else:
            best = fleet.settle(key, by_key[key], told)
        told.won(key, best.part)
        found[key] = best
    fleet.leave_out_parameters(found, told)
    if PROFILE in found and found[PROFILE].estimate:
        told.assumed.append(f"constants of {found[PROFILE].shown}: {found[PROFILE].value.how}")
    fleet.tell_servers(found.get(fleet.SERVERS), told)
    return found


def _by_key(parts: Sequence[Part], told: Told) -> dict[str, list[Candidate[Value]]]:
    """Return what all parts say by key; what no scenario takes is told."""
    by_key: dict[str, list[Candidate[Value]]] = defaultdict(list)
    refused = 0
    for part in parts:
        for one in part.facts.values:
            written = settings.taken(one)
            if written is not None:
                shown = settings.shown(one.key, written)
                value = replace(one, value=written)
                by_key[one.key].append(Candidate(value, shown, part, one.estimate, one.behind))
            elif settings.mix_of(one.key):
                refused += 1
            else:
                told.dropped.append(f"{one.key} ({one.how}): not a value that a scenario takes")
    if refused:
        told.dropped.append(
            f"{units.show_many(refused, 'rate')} of requests or watches that no scenario takes"
        )
    return by_key


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
            Candidate(mix, _total(noun, mix), part, any(one.estimate for one in mix), mix[0].behind)
            for part, mix in of_part.items()
        ]
        best, contradiction = settle(
            f"load.{noun}", candidates, lambda mix: {one.value.key: one.shown for one in mix}
        )
        told.contradict(_told_apart(contradiction))
        told.won(f"load.{noun}", best.part)
        found |= {one.value.key: one for one in best.value}
    return found


def _told_apart(found: Contradiction | None) -> Contradiction | None:
    """Return a contradiction of mixes; of sides that are as large in all it is said that parts differ."""
    if found is None:
        return None
    used, *others = found.sides
    apart = [
        replace(one, shown=f"{one.shown}, in other parts") if one.shown == used.shown else one
        for one in others
    ]
    return replace(found, sides=(used, *apart))


def _total(noun: str, mix: Sequence[Candidate[Value]]) -> str:
    """Return how large a mix is in all."""
    total = sum(settings.amount(one.value.value) for one in mix)
    shown = units.show_rate(total) if noun == "requests" else request_mix.counted(round(total), noun)
    return shown if len(mix) == 1 else f"{shown} of {len(mix):,} kinds"
