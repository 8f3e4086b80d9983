"""Which station limits a run: of those on the way of what broke an objective, the one that was full first.

If none of these was full, the one where most time was spent, if somebody waited there on average; if not, no
station is to blame: something failed, or a lock was held.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from kscale.clusterwide.record import Quantiles, Station, Verdict

PPM = 1_000_000
FULL_PPM = 900_000  # of its capacity: a station that is near its limit, where nothing is broken
NEARLY_PPM = 990_000  # of a second: it was full then
LASTING = 10  # a station was full if it was so for more than one second in so many
SERVING = (
    "apiserver-queue",
    "apiserver-cpu",
    "etcd-log",
    "etcd-apply",
)  # of requests, in an API server's eyes
OF_STAGE: Mapping[str, tuple[str, ...]] = {  # of a pod's life: what it passes until then
    "stored": SERVING,
    "seen": ("watch-dispatch", "apiserver-cpu"),
    "scheduled": ("scheduler",),
    "bound": SERVING,
    "assigned": ("watch-dispatch", "apiserver-cpu"),
    "running": ("kubelets",),
    "known": SERVING,
}

Series = Mapping[str, Sequence[int]]


def of(
    verdicts: Sequence[Verdict],
    stations: Sequence[Station],
    stages: Mapping[str, Quantiles],
    series: Series,
    counts: Mapping[str, int],
    ended_ns: int,
    stopped: str,
) -> str:
    """Return the station that limits most; "" if none is to blame, or all is kept and none is near full."""
    by_name = {one.name: one for one in stations}
    broken = [one.objective for one in verdicts if not one.holds]
    if not broken:
        near = [one for one in stations if one.utilisation_ppm >= FULL_PPM and one.name != "kubelets"]
        return max(near, key=lambda one: one.utilisation_ppm).name if near else ""
    if stopped in broken:
        broken = [stopped]
    elif broken != ["waiting"]:  # what waits at clients hurts nobody else
        broken = [one for one in broken if one != "waiting"]
    ways = [_way(one, stages, counts) for one in broken]
    full = {name: _full_from(name, series) for way in ways for name in way}
    lasting = [name for name, second in full.items() if second is not None]
    if "etcd-store" in full:
        lasting.append("etcd-store")
        full["etcd-store"] = _first(series.get("etcd-store.busy_ppm", ()), PPM) or 0
    if lasting:
        return min(lasting, key=lambda name: (full[name] or 0, list(full).index(name)))
    longest = max(full, key=lambda name: by_name[name].area_ns)
    return longest if by_name[longest].area_ns >= ended_ns else ""


def _way(objective: str, stages: Mapping[str, Quantiles], counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return the stations that what broke an objective has to pass."""
    if objective == "lost":
        return ("etcd-store",) if counts["no-space"] else SERVING
    if objective == "waiting":
        return ("clients",)
    if objective == "pod-startup":
        known = {name: stages[name] for name in OF_STAGE if name in stages and name != "stored"}
        slow = max(known, key=lambda name: (known[name].unanswered, known[name].p99 or 0))
        return OF_STAGE[slow]
    return SERVING


def _full_from(name: str, series: Series) -> int | None:
    """Return the second from which a station was full; None if it was not for long."""
    values = np.array(series.get(f"{name}.busy_ppm", ()))
    if np.count_nonzero(values >= NEARLY_PPM) * LASTING <= len(values):
        return None
    return _first(values.tolist(), NEARLY_PPM)


def _first(values: Sequence[int], least: int) -> int | None:
    """Return the first second in which a series is at least so high."""
    return next((second for second, value in enumerate(values) if value >= least), None)
