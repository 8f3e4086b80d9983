"""What a run of the whole control plane counts, for tables and for the gate."""

from functools import partial

import numpy as np

from kscale.clusterwide import figures
from kscale.clusterwide.record import Quantiles, Simulated
from kscale.mechanisms.base import Metric

PPM = 1_000_000
MILLI = 1_000

UTILISATION = {  # station -> metric
    "apiserver-cpu": "apiserver_busy_ppm",
    "watch-dispatch": "dispatch_busy_ppm",
    "etcd-log": "etcd_log_busy_ppm",
    "etcd-apply": "etcd_apply_busy_ppm",
    "scheduler": "scheduler_busy_ppm",
}

modelled = partial(Metric, provenance="modelled")
latency = partial(Metric, unit="ns", provenance="modelled")

METRICS = (
    latency("scheduling_p50_ns", about="of pods, from stored to bound: p50"),
    latency("scheduling_p99_ns", about="of pods, from stored to bound: p99", headline=True),
    latency("startup_p50_ns", about="of pods, from stored to known to run, worst 5 minutes: p50"),
    latency(
        "startup_p99_ns",
        about="of pods, from stored to known to run, worst 5 minutes: p99",
        headline=True,
    ),
    latency("mutating_p50_ns", about="of requests that write one object, worst 5 minutes: p50"),
    latency(
        "mutating_p99_ns", about="of requests that write one object, worst 5 minutes: p99", headline=True
    ),
    modelled("objectives_broken", "objectives", about="objectives that were not kept", headline=True),
    modelled("log_bytes_per_min", "bytes", about="into the logs of one member each, a minute", headline=True),
    modelled("store_peak_bytes", "bytes", about="the fullest etcd: objects and history", headline=True),
    *(
        modelled(name, "ppm", about=f"of the capacity of {station} that was used")
        for station, name in UTILISATION.items()
    ),
    modelled("pods_queued", "pods", about="that wait for the scheduler at the end"),
    modelled("pods_running", "pods", "higher", "that came to run"),
    modelled(
        "bound_per_s_milli", "pods/s / 1000", "higher", "pods bound in a second with any, in thousandths"
    ),
    modelled("writes", "writes", about="puts of all etcds"),
    modelled("status_writes", "writes", "none", "node statuses written"),
    modelled("lease_writes", "writes", "none", "leases renewed"),
    modelled("heartbeats_ppm", "ppm", about="heartbeats' part of the API servers' CPU"),
    modelled("no_space", "writes", about="that etcd refused for its quota"),
    modelled("refused", "requests", about="answered 429, for another try"),
    modelled("given_up", "requests", about="that were tried for the last time"),
    modelled("relists", "lists", about="of clients whose watch was too old, or had none"),
    modelled("nodes_dead", "nodes", about="live nodes that were taken for dead"),
    modelled("ended_ns", "ns", "none", "virtual time of the end, before its time if queues grew without end"),
    modelled("events", "events", "none", "of the simulation"),
    Metric("pods_asked", "pods", "none", "that were asked for", provenance="input"),
    Metric("nodes", "nodes", "none", "kubelets", provenance="input"),
    Metric("duration_ns", "ns", "none", "time to simulate", provenance="input"),
)


def work(run: Simulated) -> dict[str, int]:
    """Return the counters of a run; without a quantile that was never answered."""
    startup, mutating = (_worst(run, name) for name in ("pod-startup", "mutating"))
    found: dict[str, int | None] = {
        "scheduling_p50_ns": run.scheduling.p50,
        "scheduling_p99_ns": run.scheduling.p99,
        "startup_p50_ns": startup.p50 if startup else None,
        "startup_p99_ns": startup.p99 if startup else None,
        "mutating_p50_ns": mutating.p50 if mutating else None,
        "mutating_p99_ns": mutating.p99 if mutating else None,
        "objectives_broken": sum(not one.holds for one in run.verdicts),
        "log_bytes_per_min": figures.log_bytes_per_min(run),
        "store_peak_bytes": run.station("etcd-store").busy_ns,
        **{name: run.station(station).utilisation_ppm for station, name in UTILISATION.items()},
        "pods_queued": run.station("scheduler").inside,
        "pods_running": run.counts["pods-running"],
        "bound_per_s_milli": _bound(run),
        "writes": run.counts["writes"],
        "status_writes": run.counts["status-writes"],
        "lease_writes": run.counts["lease-writes"],
        "heartbeats_ppm": run.counts["heartbeat-cpu-ns"] * PPM // max(1, run.counts["apiserver-cpu-ns"]),
        "no_space": run.counts["no-space"],
        "refused": run.counts["refused-429"],
        "given_up": run.counts["given-up"],
        "relists": run.counts["relists"],
        "nodes_dead": run.counts["nodes-dead"],
        "ended_ns": run.ended_ns,
        "events": run.events,
        "pods_asked": run.counts["pods-asked"],
        "nodes": run.nodes,
        "duration_ns": run.duration_ns,
    }
    return {name: value for name, value in found.items() if value is not None}


def _worst(run: Simulated, name: str) -> Quantiles | None:
    """Return the worst window of an indicator; None if nothing was asked."""
    return next(one.worst for one in run.slis if one.name == name)


def _bound(run: Simulated) -> int:
    """Return the mean of the seconds in which pods were bound, in thousandths."""
    each = np.diff(np.array((0, *run.series["pods-bound"]), dtype=np.int64))
    seconds = int((each > 0).sum())
    return int(each.sum()) * MILLI // max(1, seconds)
