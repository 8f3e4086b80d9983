"""Records of simulations that nobody ran, whole and consistent: for what shows, saves or compares them.

`simulated` is a cluster of 10,000 nodes with no optimization: its scheduler never catches up.
`optimized` is the same cluster with all of them. Each takes other fields by name.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from kscale.clusterwide import toggles
from kscale.clusterwide.record import LIFE, STATIONS, VERBS, Pod, Quantiles, Simulated, Sli, Station, Verdict

MS = 1_000_000
S = 1_000 * MS
RUN = 600 * S
BOUNDS = (1 * S, 1 * S, 30 * S, 30 * S, 5 * S)  # of each indicator
TITLES = (
    "changes of one object",
    "reads of one object",
    "lists of a namespace",
    "lists of the cluster",
    "pod start-up",
)
LOST = "writes refused or given up"


def quantiles(p50: int, p99: int, *, count: int = 30_000, unanswered: int = 0) -> Quantiles:
    """Return a distribution; those never answered make P99 and the largest unknown, from 1 % on P99 too."""
    lost = unanswered * 100 >= count
    return Quantiles(
        count,
        unanswered,
        p50,
        (p50 + p99) // 2,
        None if lost else p99,
        None if unanswered else p99 * 2,
    )


def station(name: str, **changes: Any) -> Station:  # noqa: ANN401 - any of the fields
    """Return a station at a tenth of its capacity that lost nothing: Little's law holds."""
    given: dict[str, Any] = {
        "name": name,
        "servers": 1,
        "capacity_ns": RUN,
        "busy_ns": RUN // 10,
        "entered": 60_000,
        "left": 60_000,
        "inside": 0,
        "peak": 12,
        "area_ns": 60 * S,
        "sojourn_ns": 60 * S,
    }
    return Station(**(given | changes))


def stations(**changes: Mapping[str, int]) -> tuple[Station, ...]:
    """Return every station; *changes* of some by name, with _ for -."""
    known = {name.replace("-", "_"): name for name in STATIONS}
    if not set(changes) <= set(known):
        raise KeyError(f"no station {sorted(set(changes) - set(known))}")
    return tuple(station(name, **changes.get(key, {})) for key, name in known.items())


def verdicts(slis: tuple[Sli, ...], lost_ppm: int = 0) -> tuple[Verdict, ...]:
    """Return an objective for each indicator, as its worst window has it, and one for what was lost."""
    found = []
    for one, bound, title in zip(slis, BOUNDS, TITLES, strict=True):
        worst = one.worst.p99 if one.worst else 0
        found.append(Verdict(one.name, title, bound, "ns", worst, worst is not None and worst <= bound))
    return (*found, Verdict("lost", LOST, 10_000, "ppm", lost_ppm, lost_ppm <= 10_000))


def slis(startup: Quantiles, mutating: Quantiles) -> tuple[Sli, ...]:
    """Return the indicators: those of reads are calm, the last windows of the others as given."""
    read = {"read-one": 9 * MS, "read-namespace": 40 * MS, "read-cluster": 2100 * MS}
    calm = {
        name: (quantiles(p99 // 3, p99, count=3000), quantiles(p99 // 3, p99 + MS, count=3000))
        for name, p99 in read.items()
    }
    first = (quantiles(mutating.p50 or 0, (mutating.p50 or 0) * 2), mutating)
    begun = (quantiles(startup.p50 or 0, (startup.p50 or 0) * 2), startup)
    return (*(Sli(name, calm.get(name, first)) for name in VERBS), Sli("pod-startup", begun))


def life(number: int, begins: int, steps: tuple[int | None, ...]) -> Pod:
    """Return a pod that was created at *begins* and took so long for each stage; None: never got there."""
    times: list[int | None] = [begins]
    for step in steps:
        before = times[-1]
        times.append(None if step is None or before is None else before + step)
    return Pod(number, None if times[LIFE.index("scheduled")] is None else number * 37 % 10_000, tuple(times))


def series(per_s: int, behind: int) -> dict[str, tuple[int, ...]]:
    """Return a number for each second: pods asked for at a rate, a queue that grows by *behind*."""
    seconds = range(RUN // S)
    asked = tuple(per_s * (second + 1) for second in seconds)
    return {
        "pods-asked": asked,
        "pods-bound": tuple(max(0, number - behind * (at + 1)) for at, number in enumerate(asked)),
        "pods-running": tuple(max(0, number - behind * (at + 1)) for at, number in enumerate(asked)),
        "log-bytes": tuple(4_270_000 * (second + 1) for second in seconds),
        "refused": tuple(2 * second for second in seconds),
        "store-bytes": tuple(3_000_000_000 + second * 4_000_000 for second in seconds),
        **{f"{name}.busy_ppm": tuple(100_000 + second % 10 for second in seconds) for name in STATIONS},
        **{f"{name}.inside": tuple(len(name) + second % 10 for second in seconds) for name in STATIONS},
        "scheduler.busy_ppm": tuple(min(1_000_000, 200_000 + 100_000 * behind) for _ in seconds),
        "scheduler.inside": tuple(1 + behind * (second + 1) for second in seconds),
    }


def simulated(**changes: Any) -> Simulated:  # noqa: ANN401 - any of the fields
    """Return a run of 10,000 nodes without any optimization, whose scheduler cannot keep up."""
    found = slis(
        quantiles(60 * S, 134 * S, unanswered=9000),
        quantiles(120 * MS, 4200 * MS),
    )
    ways = (40 * MS, 3 * MS, 60 * S, 45 * MS, 90 * MS, 1800 * MS, 60 * MS)
    given: dict[str, Any] = {
        "toggles": (),
        "seed": 7,
        "nodes": 10_000,
        "pods": 200_000,
        "objects": 1_254_000,
        "pod_changes_milli": 100_000,
        "duration_ns": RUN,
        "ended_ns": RUN,
        "stopped": "",
        "events": 9_812_345,
        "slis": found,
        "stages": {
            name: quantiles(way, way * 2, unanswered=9000 if name == "scheduled" else 0)
            for name, way in zip(LIFE[1:], ways, strict=True)
        },
        "scheduling": quantiles(60 * S, 134 * S, unanswered=9000),
        "stations": stations(
            apiserver_cpu={"servers": 96, "capacity_ns": 96 * RUN, "busy_ns": 71 * RUN, "peak": 2890},
            watch_dispatch={"busy_ns": RUN * 64 // 100, "peak": 880},
            etcd_log={"busy_ns": RUN * 58 // 100, "peak": 410},
            etcd_apply={"busy_ns": RUN * 81 // 100, "peak": 390},
            etcd_store={
                "capacity_ns": 8 * 2**30,
                "busy_ns": 5_400_000_000,
                "peak": 1_254_000,
            },
            scheduler={
                "busy_ns": RUN - 20 * MS,
                "left": 51_000,
                "inside": 9000,
                "peak": 9012,
                "area_ns": 4_500_000 * S,
                "sojourn_ns": 4_500_000 * S,
            },
            kubelets={"servers": 10_000, "capacity_ns": 10_000 * RUN, "busy_ns": 90_000 * S},
        ),
        "counts": {
            "requests": 1_012_000,
            "refused-429": 1205,
            "given-up": 3,
            "no-space": 0,
            "etcd-busy": 0,
            "gone-410": 41,
            "relists": 44,
            "resumed": 600,
            "skipped": 900,
            "status-writes": 600_000,
            "lease-writes": 0,
            "heartbeats-missed": 12,
            "events-published": 912_000,
            "deliveries": 3_100_000,
            "tests": 912_000_000,
            "etcd-reads": 41,
            "clients-moved": 0,
            "pods-running": 51_000,
            "pods-pending": 79,
            "heartbeat-cpu-ns": 60 * RUN,
            "apiserver-cpu-ns": 71 * RUN,
            "pods-asked": 60_000,
            "evaluations": 510_000_000,
            "log-bytes": 2_562_000_000,
            "writes": 912_000,
            "fsyncs": 300_000,
            "commits": 6000,
            "failovers": 0,
            "nodes-dead": 12,
        },
        "series": series(100, 15),
        "sample": tuple(
            life(number, number * 9 * S, ways if number % 8 else (40 * MS, 3 * MS, *(None,) * 5))
            for number in range(64)
        ),
        "verdicts": verdicts(found),
        "blame": "scheduler",
        "settings": {"apiservers": 3, "apiserver-cores": 32, "etcd-cores": 16, "scheduler-qps": 1000},
    }
    if "slis" in changes:
        given["verdicts"] = verdicts(changes["slis"])
    return Simulated(**(given | changes))


def optimized(**changes: Any) -> Simulated:  # noqa: ANN401 - any of the fields
    """Return a run of the same cluster with all optimizations: every objective is kept."""
    found = slis(quantiles(1900 * MS, 2600 * MS), quantiles(9 * MS, 21 * MS))
    ways = (9 * MS, 2 * MS, 3 * MS, 9 * MS, 6 * MS, 1800 * MS, 8 * MS)
    base = simulated()
    counts = dict(base.counts) | {
        "pods-running": 59_810,
        "pods-pending": 0,
        "log-bytes": 391_000_000,
        "writes": 905_000,
        "status-writes": 60_000,
        "lease-writes": 600_000,
        "heartbeats-missed": 0,
        "heartbeat-cpu-ns": 2 * RUN,
        "apiserver-cpu-ns": 11 * RUN,
        "tests": 3_100_000,
        "refused-429": 0,
        "given-up": 0,
        "gone-410": 2,
        "relists": 2,
        "nodes-dead": 0,
        "evaluations": 6_200_000,
    }
    better = replace(
        base,
        toggles=toggles.ordered(toggles.ALL),
        events=9_420_118,
        slis=found,
        stages={name: quantiles(way, way * 2) for name, way in zip(LIFE[1:], ways, strict=True)},
        scheduling=quantiles(21 * MS, 44 * MS),
        stations=stations(
            apiserver_cpu={"servers": 96, "capacity_ns": 96 * RUN, "busy_ns": 11 * RUN, "peak": 130},
            scheduler={"busy_ns": RUN * 21 // 100, "peak": 31},
            etcd_store={"capacity_ns": 8 * 2**30, "busy_ns": 3_100_000_000, "peak": 1_254_000},
            kubelets={"servers": 10_000, "capacity_ns": 10_000 * RUN, "busy_ns": 107_000 * S},
        ),
        counts=counts,
        series=series(100, 0),
        sample=tuple(life(number, number * 9 * S, ways) for number in range(64)),
        verdicts=verdicts(found),
        blame="",
    )
    if "slis" in changes:
        changes = {"verdicts": verdicts(changes["slis"])} | changes
    return replace(better, **changes)
