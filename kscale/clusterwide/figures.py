"""The figures that head what a run came to: one name for each, in tables, ranges and saved runs.

<indicator>.p99       ns, of the worst five minutes; <indicator> is one of record.VERBS, or pod-startup
scheduling.p99        ns, of all pods, from stored to bound
<station>.busy_ppm    share of the capacity that was used; of etcd-store the most that was full
log.bytes_per_min     into etcd's log
store.peak_bytes      of the fullest etcd
<count>               those of COUNTS, as the run counts them
"""

from collections.abc import Iterable, Mapping

from kscale.clusterwide.record import Simulated
from kscale.units import NS_PER_S

MINUTE_NS = 60 * NS_PER_S
COUNTS = ("refused-429", "gone-410", "relists", "failovers", "nodes-dead", "pods-running")
Range = tuple[int | None, int | None]  # lowest and highest; None: not answered, which is above every number


def figures(run: Simulated) -> dict[str, int | None]:
    """Return the figures by name; None: not answered. What was never asked is not among them."""
    found: dict[str, int | None] = {}
    for one in run.slis:
        worst = one.worst
        if worst is not None:
            found[f"{one.name}.p99"] = worst.p99
    if run.scheduling.count:
        found["scheduling.p99"] = run.scheduling.p99
    found |= {f"{one.name}.busy_ppm": one.utilisation_ppm for one in run.stations}
    found["log.bytes_per_min"] = log_bytes_per_min(run)
    found["store.peak_bytes"] = run.station("etcd-store").busy_ns
    return found | {name: run.counts[name] for name in COUNTS if name in run.counts}


def log_bytes_per_min(run: Simulated) -> int:
    """Return what a minute wrote into the logs of one member of each etcd, bytes."""
    return run.counts.get("log-bytes", 0) * MINUTE_NS // max(1, run.ended_ns)


def ranges(runs: Iterable[Simulated]) -> Mapping[str, Range]:
    """Return the lowest and the highest of each figure over *runs*; empty without any run."""
    found: dict[str, list[int | None]] = {}
    for run in runs:
        for name, value in figures(run).items():
            found.setdefault(name, []).append(value)
    return {name: (_lowest(values), _highest(values)) for name, values in found.items()}


def _lowest(values: list[int | None]) -> int | None:
    """Return the least that was answered; None if nothing was."""
    return min((value for value in values if value is not None), default=None)


def _highest(values: list[int | None]) -> int | None:
    """Return the most; None if any was not answered."""
    known = [value for value in values if value is not None]
    return max(known) if len(known) == len(values) else None
