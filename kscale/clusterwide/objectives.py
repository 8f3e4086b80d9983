"""Service level objectives: the official ones, what keeps them, and what a run made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kscale import units
from kscale.clusterwide.record import Sli, Verdict
from kscale.errors import KscaleError, did_you_mean
from kscale.scenario.profiles import Profile

SECOND = units.NS_PER_S
WINDOW_NS = 300 * SECOND
PPM = 1_000_000
LOST_PPM = 10_000  # as a P99 lets one in a hundred be late


@dataclass(frozen=True, slots=True)
class Objective:
    """A bound on the worst P99 of a window, or on the share of work that was lost."""

    id: str
    title: str
    at_most: int
    unit: str  # ns or ppm


def official(profile: Profile) -> tuple[Objective, ...]:
    """Return the official objectives (kubernetes/community sig-scalability/slos), and that writes are taken.

    The last two are ours: a control plane that refuses writes has no latency to speak of, and one whose
    clients never come to ask has none to its credit.
    """
    namespace = profile.list_namespace_slo_ns
    return (
        Objective("mutating", "changes of one object", SECOND, "ns"),
        Objective("read-one", "reads of one object", SECOND, "ns"),
        Objective("read-namespace", "lists of a namespace", namespace, "ns"),
        Objective("read-cluster", "lists of the cluster", 30 * SECOND, "ns"),
        Objective("pod-startup", "pod start-up", 5 * SECOND, "ns"),
        Objective("lost", "writes refused or given up", LOST_PPM, "ppm"),
        Objective("waiting", "pods asked for and not sent", LOST_PPM, "ppm"),
    )


def changed(objectives: Sequence[Objective], bounds: Mapping[str, int]) -> tuple[Objective, ...]:
    """Return objectives with other bounds; KscaleError names the nearest if one is not known."""
    known = [one.id for one in objectives]
    for name in bounds:
        if name not in known:
            raise KscaleError(f"no objective '{name}'; {did_you_mean(name, known)}")
    return tuple(replace(one, at_most=bounds.get(one.id, one.at_most)) for one in objectives)


def verdicts(
    objectives: Sequence[Objective],
    slis: Sequence[Sli],
    shares: Mapping[str, int],
    *,
    full: bool,
    stopped: str,
) -> tuple[Verdict, ...]:
    """Return what a run made of *objectives*; one that nothing was asked of is kept.

    A store that is *full* takes no writes until somebody makes room, so it breaks `lost` however few were
    refused so far. *stopped* is the one that could no longer be kept, if a run ended for it. A run
    that ended for want of room breaks it too: what waits is not done.
    """
    found = []
    diverged = stopped not in {"", *(one.id for one in objectives)}
    for one in objectives:
        if one.unit == "ppm":
            worst: int | None = shares[one.id]
            kept = shares[one.id] <= one.at_most and not (one.id == "lost" and (full or diverged))
        else:
            window = next(sli for sli in slis if sli.name == one.id).worst
            worst = 0 if window is None else window.p99
            kept = worst is not None and worst <= one.at_most
        found.append(Verdict(one.id, one.title, one.at_most, one.unit, worst, kept and one.id != stopped))
    return tuple(found)
