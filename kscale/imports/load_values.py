"""What API servers are asked, in a scenario's words: of one source, or of several scrapes together."""

from kscale.imports import request_mix
from kscale.imports.facts import Load, Value
from kscale.imports.request_mix import Mix

INSTANCE, START = "instance", "start"  # what tells API servers apart: a label, or when they were started
MOST_ENCODED = 1_000_000  # watch-encode.watchers


def values(load: Load) -> tuple[list[Value], list[str]]:
    """Return what a load says for a scenario, and sentences on what no key takes."""
    found, also = request_mix.values(
        Mix(dict(load.asked), dict(load.stored)), load.how, estimate=load.estimate
    )
    found += request_mix.watched(load.watches, "open watches")
    changes = sum(rate for kind, rate in load.stored.items() if kind[1] == "pods")
    if load.pod_events > 0 and changes >= request_mix.LEAST_PER_S:
        clients = max(1, round(load.pod_events / changes))
        how = f"events of pods sent, by writes of pods, {load.how}"
        value = Value("mechanisms.watch-encode.watchers", clients, how, load.estimate)
        found.append(request_mix.capped(value, MOST_ENCODED))
    return found, also
