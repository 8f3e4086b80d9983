"""Node heartbeats: 15 KB of status every 10 s, or a small lease every 10 s and the status when it changed.

Baseline is kubelet up to 1.13, which writes its whole node object every period. Optimized is 1.14 and
later (KEP-589): it renews a Lease of some 300 bytes, and writes the status when it changed or is old
(60 s, from 1.17 on 5 min). The node controller takes either as a sign of life, so silent nodes must be
found as soon as before, and no live one may be taken for silent.

What falls is bytes: in the log, in the store's history, through decoding, encoding and watches. The number of
writes rises. Heartbeats are simulated one by one; CPU is worked out by the cost model.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import heartbeats
from kscale.kernels.heartbeats import CHANGED, FOUND, LAST, LEASE_WRITES, MISSED, NEVER, NONE, STATUS_WRITES
from kscale.mechanisms import lease_costs, lease_load, lease_losses, lease_store
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant
from kscale.mechanisms.latency import Latency
from kscale.mechanisms.lease_load import FIVE_MINUTES, MINUTE, PPM, LeaseLoad, Longs, Params
from kscale.scenario import draw
from kscale.scenario.draw import Stream

DETECTION = Latency("detection", "from a node falling silent to NotReady", headline=())


@dataclass(frozen=True, slots=True)
class Kubelets:
    """All kubelets before their first heartbeat."""

    load: LeaseLoad
    rules: Longs  # see kernels/heartbeats.py
    written: Longs
    status_draws: Longs
    lease_draws: Longs
    change_draws: Longs


def build_status(load: LeaseLoad) -> Kubelets:
    """Return kubelets that write every status, and have no lease."""
    return _kubelets(load, age_ns=0, lease_ns=0)


def build_lease(load: LeaseLoad) -> Kubelets:
    """Return kubelets with a lease, whose status is written at the profile's age."""
    return _kubelets(load, age_ns=load.status_period_ns, lease_ns=load.lease_ns)


def build_lease_5m(load: LeaseLoad) -> Kubelets:
    """Return kubelets with a lease, whose status is written at five minutes."""
    return _kubelets(load, age_ns=FIVE_MINUTES, lease_ns=load.lease_ns)


def build_on_change(load: LeaseLoad) -> Kubelets:
    """Return kubelets with a lease, whose status is written only when it changed."""
    return _kubelets(load, age_ns=NEVER, lease_ns=load.lease_ns)


def run(kubelets: Kubelets) -> Outcome:
    """Let them beat."""
    load = kubelets.load
    nodes = np.zeros((load.nodes, heartbeats.COLUMNS), dtype=np.int64)
    seconds = np.zeros((load.seconds, heartbeats.EACH), dtype=np.int64)
    heartbeats.beat(
        load.first_status,
        load.first_lease,
        kubelets.written,
        load.silent,
        load.status_stored,
        load.lease_stored,
        kubelets.status_draws,
        kubelets.lease_draws,
        kubelets.change_draws,
        kubelets.rules,
        nodes,
        seconds,
    )
    return Outcome(_work(load, nodes, seconds), nodes[:, [LAST, MISSED, FOUND]])


def _kubelets(load: LeaseLoad, *, age_ns: int, lease_ns: int) -> Kubelets:
    """Return kubelets that have written their status before, at any of the ticks of *age_ns*."""
    rules = np.zeros(heartbeats.RULES, dtype=np.int64)
    rules[heartbeats.STATUS_NS], rules[heartbeats.LEASE_NS] = load.status_ns, lease_ns
    rules[heartbeats.AGE_NS], rules[heartbeats.CHANGE_NS] = age_ns, load.change_ns
    rules[heartbeats.JITTER_PPM], rules[heartbeats.END_NS] = load.jitter_ppm, load.duration_ns
    rules[heartbeats.MONITOR_NS], rules[heartbeats.GRACE_NS] = load.monitor_ns, load.grace_ns
    return Kubelets(
        load=load,
        rules=rules,
        written=last_written(load.first_status, load.age, age_ns, load.status_ns),
        status_draws=draw.generators(load.seed, Stream.HEARTBEATS, 0, load.nodes),
        lease_draws=draw.generators(load.seed, Stream.HEARTBEAT_LEASES, 0, load.nodes),
        change_draws=draw.generators(load.seed, Stream.HEARTBEAT_CHANGES, 0, load.nodes),
    )


def last_written(first_status: Longs, age: Longs, age_ns: int, status_ns: int) -> Longs:
    """Return when each kubelet last wrote its status, ns: at any tick of *age_ns* before its first one."""
    ticks = 1 if age_ns == NEVER else -(-age_ns // status_ns)  # from one write to the next
    written: Longs = first_status - (1 + age * ticks // PPM) * status_ns
    return written


def _work(load: LeaseLoad, nodes: Longs, seconds: Longs) -> dict[str, int]:
    """Return what was counted, and what it costs."""
    status, lease = nodes[:, STATUS_WRITES], nodes[:, LEASE_WRITES]
    status_writes, lease_writes = int(status.sum()), int(lease.sum())
    status_bytes, lease_bytes = int(status @ load.status_size), int(lease @ load.lease_size)
    status_log = status_bytes + status_writes * load.record_bytes
    log = status_log + lease_bytes + lease_writes * load.record_bytes
    store = lease_store.timeline(
        seconds[:, heartbeats.STORED] + load.pod_stored_per_s, load.live_bytes, load.compaction_ns
    )
    watchers = load.node_watchers + 1  # its own kubelet
    silent = load.silent < load.duration_ns
    found = nodes[silent, FOUND]
    return {
        "nodes": load.nodes,
        "duration_ns": load.duration_ns,
        "writes": status_writes + lease_writes,
        "writes_per_s_milli": _rounded(
            1000 * lease_load.SECOND * (status_writes + lease_writes), load.duration_ns
        ),
        "status_writes": status_writes,
        "status_writes_changed": int(nodes[:, CHANGED].sum()),
        "lease_writes": lease_writes,
        "writes_busiest_s": int(seconds[:, heartbeats.WRITES].max(initial=0)),
        "log_bytes_per_min": log * MINUTE // load.duration_ns,
        "status_log_bytes_per_min": status_log * MINUTE // load.duration_ns,
        "log_bytes_members": log * load.members,
        "store_peak_bytes": int(store.max(initial=load.live_bytes)),
        "history_bytes": int(store.max(initial=load.live_bytes)) - load.live_bytes,
        "nospace_ns": lease_store.first_above(store, load.quota_bytes),
        "watch_events": status_writes + lease_writes,
        "watch_deliveries": status_writes * watchers + lease_writes,
        "watch_bytes": status_bytes * watchers + lease_bytes,
        **_cpu(load, status_writes, status_bytes, lease_writes, lease_bytes),
        "silent_nodes": int(silent.sum()),
        **DETECTION.work(found - load.silent[silent]),
    }


def _rounded(number: int, by: int) -> int:
    """Return *number* / *by*, rounded."""
    return (2 * number + by) // (2 * by)


def _cpu(load: LeaseLoad, statuses: int, status_bytes: int, leases: int, lease_bytes: int) -> dict[str, int]:
    """Return modelled CPU. A lease is watched by the node controller alone."""
    renewal = lease_costs.LEASE_AFTER_GET if load.lease_get else lease_costs.LEASE
    cpu = load.cpu
    heartbeat = cpu.writes(lease_costs.STATUS, statuses, status_bytes, load.node_watchers + 1)
    heartbeat += cpu.writes(renewal, leases, lease_bytes, 1)
    changed = load.pod_changes * load.pod_bytes
    rest = cpu.writes(lease_costs.POD_CHANGE, load.pod_changes, changed, load.pod_watchers)
    rest += cpu.lists(load.lists, load.pods, load.pods * load.pod_bytes)
    return {
        "apiserver_cpu_ns": heartbeat,
        "apiserver_other_cpu_ns": rest,
        "apiserver_share_ppm": heartbeat * PPM // max(1, heartbeat + rest),
        "etcd_cpu_ns": cpu.puts(statuses + leases, status_bytes + lease_bytes),
    }


def agree(load: LeaseLoad, outcomes: Mapping[str, Outcome]) -> None:
    """No live node was taken for silent; each silent one was found after its grace period, and soon."""
    silent = load.silent < load.duration_ns
    latest = load.silent + load.grace_ns + 2 * load.monitor_ns
    for name, outcome in outcomes.items():
        last, missed, found = outcome.answer.T
        _refuse(name, missed != NONE, missed, "NotReady at {} though it was alive")
        _refuse(name, ~silent & (found != NONE), found, "NotReady at {} though it never fell silent")
        early = silent & (found <= last + load.grace_ns)
        _refuse(
            name,
            early,
            found,
            f"NotReady at {{}}, less than {units.show_ns(load.grace_ns)} after its last sign",
        )
        _refuse(name, silent & (found > latest), found, "NotReady only at {}, more than two looks too late")


def _refuse(variant: str, wrong: NDArray[np.bool_], times: Longs, said: str) -> None:
    """Raise WrongAnswer for the first node where *wrong* holds."""
    places = np.flatnonzero(wrong)
    if len(places):
        first = int(places[0])
        when = units.show_ns(int(times[first]))
        raise WrongAnswer(
            f"node-lease: {variant} says node {first} {said.format(when)} ({len(places)} of them)"
        )


modelled = partial(Metric, provenance="modelled")

METRICS = (
    modelled("log_bytes_per_min", "bytes", about="into the log of one etcd member, a minute", headline=True),
    modelled("status_log_bytes_per_min", "bytes", about="of those, of node statuses"),
    modelled("log_bytes_members", "bytes", about="into the logs of all members, in all"),
    modelled(
        "writes_per_s_milli",
        "writes/s / 1000",
        about="heartbeats written, statuses and leases, in thousandths",
        headline=True,
    ),
    modelled("writes_busiest_s", "writes", about="in the busiest second"),
    Metric("writes", "writes", about="heartbeats written in all"),
    Metric("status_writes", "writes", about="of those, node statuses"),
    Metric("status_writes_changed", "writes", "none", "statuses written as they had changed"),
    Metric("lease_writes", "writes", "none", "leases renewed"),
    modelled(
        "store_peak_bytes",
        "bytes",
        about="largest store before a compaction: all objects and their history",
        headline=True,
    ),
    modelled("history_bytes", "bytes", about="of that, old revisions, those of pods too"),
    modelled("nospace_ns", "ns", "none", "when the store is above its quota and refuses writes; 0: never"),
    modelled("watch_events", "events", about="changes of nodes and leases in the watch caches"),
    modelled("watch_deliveries", "events", about="those, times the clients that watch them"),
    modelled("watch_bytes", "bytes", about="sent for them"),
    modelled("apiserver_cpu_ns", "ns", about="CPU of the API servers for heartbeats"),
    modelled("apiserver_other_cpu_ns", "ns", "none", "their CPU for pod changes and lists"),
    modelled("apiserver_share_ppm", "ppm", about="heartbeats' part of both", headline=True),
    modelled("etcd_cpu_ns", "ns", about="CPU of one etcd member for heartbeats"),
    Metric("silent_nodes", "nodes", "none", "nodes that fell silent", provenance="input"),
    *DETECTION.metrics(),
    Metric("nodes", "nodes", "none", "kubelets", provenance="input"),
    Metric("duration_ns", "ns", "none", "time simulated", provenance="input"),
)

MECHANISM = Mechanism(
    id="node-lease",
    title="node heartbeats",
    panel="API server",
    about=(
        "Each kubelet says every 10 s that it lives. Up to 1.13 it wrote its whole status, some 15 KB; since"
        " 1.14 it renews a lease of some 300 bytes and writes the status only when it changed or is 60 s old"
        " (5 min from 1.17 on)."
    ),
    source=(
        "KEP-589; kubernetes/kubernetes pkg/kubelet kubelet_node_status.go, component-helpers"
        " apimachinery/lease/controller.go, pkg/controller/nodelifecycle, k/k#72096, k/k#81174"
    ),
    left_out=(
        "Requests arrive at once and never fail. The node controller sees a write at its next look, whose"
        " times are the same for all nodes; its limits on evictions do not act. A full store goes on"
        " taking writes, so that volumes can be compared. Deliveries to watchers are counted, not"
        " queued (watch-fanout does that). Objects other than pods and heartbeats do not change."
    ),
    loses=(
        "The number of writes rises, by a sixth with a status a minute, and etcd's CPU hardly falls.",
        "Statuses that change all the time: each is written, and the leases come on top.",
        "Small statuses: one that is hardly larger than a lease saves nothing.",
    ),
    params=Params,
    prepare=lease_load.make,
    variants={
        BASELINE: Variant("write the whole status every period", build_status, run),
        OPTIMIZED: Variant("renew a lease; write the status when changed or old", build_lease, run),
        "lease-5m": Variant("as optimized, with a status of 5 min", build_lease_5m, run),
        "on-change": Variant("as optimized, with a status only when it changed", build_on_change, run),
    },
    agree=agree,
    metrics=METRICS,
    per="nodes",
    losses=lease_losses.losses,
    memory=lease_load.memory,
    cost_ns=lease_load.cost_ns,
    claims=("C1", "C2", "C3", "C4", "C5"),
    costs=lease_load.COSTS,
    settings=lease_load.settings,
    simulated=True,
)
