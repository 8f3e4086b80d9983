"""The metrics that are read: their labels, their names of old, what their values may be.

Names, labels and types are those of kubernetes/apiserver pkg/endpoints/metrics, pkg/storage/etcd3/metrics
and pkg/storage/cacher/metrics (1.14, 1.20, 1.26, 1.30, 1.37), kubernetes pkg/scheduler/metrics and
component-base metrics, and etcd 3.3 to 3.6 (server/storage/mvcc, wal, etcdserver, rafthttp metrics).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from kscale.imports.request_mix import VERBS


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: series that differ in other labels than these are one."""

    name: str
    kind: Literal["gauge", "counter", "bucket"]  # bucket: counts up to `le`, of a histogram
    labels: tuple[str, ...] = ()
    old: tuple[str, ...] = ()  # names in older versions, newest first


TYPE = ("group", "resource")
METRICS: tuple[Metric, ...] = (
    # any process
    Metric("process_start_time_seconds", "gauge"),
    Metric("go_memstats_last_gc_time_seconds", "gauge"),
    Metric(
        "kubernetes_build_info",
        "gauge",
        ("git_version", "gitVersion", "major", "minor"),
    ),
    # API server
    Metric("apiserver_resource_objects", "gauge", TYPE, ("apiserver_storage_objects", "etcd_object_counts")),
    Metric("apiserver_resource_size_estimate_bytes", "gauge", TYPE),
    Metric(
        "apiserver_storage_size_bytes",
        "gauge",
        ("storage_cluster_id", "cluster", "endpoint"),
        ("apiserver_storage_db_total_size_in_bytes", "etcd_db_total_size_in_bytes"),
    ),
    Metric(
        "apiserver_request_total",
        "counter",
        ("verb", "group", "resource", "subresource", "code", "dry_run"),
        ("apiserver_request_count",),
    ),
    Metric(
        "apiserver_longrunning_requests",
        "gauge",
        ("verb", "group", "resource", "subresource"),
        ("apiserver_longrunning_gauge",),
    ),
    Metric("apiserver_registered_watchers", "gauge", ("group", "kind")),
    Metric("apiserver_watch_events_total", "counter", ("group", "kind", "resource")),
    Metric("apiserver_watch_events_sizes_sum", "counter", ("group", "kind", "resource")),
    Metric("apiserver_watch_events_sizes_count", "counter", ("group", "kind", "resource")),
    # etcd
    Metric("etcd_mvcc_db_total_size_in_bytes", "gauge", old=("etcd_debugging_mvcc_db_total_size_in_bytes",)),
    Metric("etcd_mvcc_db_total_size_in_use_in_bytes", "gauge"),
    Metric("etcd_server_quota_backend_bytes", "gauge"),
    Metric("etcd_server_has_leader", "gauge"),
    Metric("etcd_network_known_peers", "gauge", ("Local", "Remote")),
    Metric("etcd_network_active_peers", "gauge", ("Local", "Remote")),
    Metric("etcd_disk_wal_fsync_duration_seconds_bucket", "bucket", ("le",)),
    Metric("etcd_disk_wal_fsync_duration_seconds_sum", "counter"),
    Metric("etcd_disk_wal_fsync_duration_seconds_count", "counter"),
    Metric("etcd_disk_backend_commit_duration_seconds_bucket", "bucket", ("le",)),
    Metric("etcd_disk_backend_commit_duration_seconds_sum", "counter"),
    Metric("etcd_disk_backend_commit_duration_seconds_count", "counter"),
    Metric("etcd_mvcc_put_total", "counter", old=("etcd_debugging_mvcc_put_total",)),
    Metric("etcd_mvcc_delete_total", "counter", old=("etcd_debugging_mvcc_delete_total",)),
    Metric("etcd_mvcc_range_total", "counter", old=("etcd_debugging_mvcc_range_total",)),
    # scheduler
    Metric("scheduler_pending_pods", "gauge", ("queue",)),
    Metric("scheduler_schedule_attempts_total", "counter", ("result",)),
    Metric("scheduler_cache_size", "gauge", ("type",), ("scheduler_scheduler_cache_size",)),
    # controller manager
    Metric("node_collector_zone_size", "gauge", ("zone",)),
)

BY_NAME: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}
READ: Mapping[str, Metric] = {name: metric for metric in METRICS for name in (metric.name, *metric.old)} | {
    f"{name}_total": metric  # OpenMetrics adds it to counters
    for metric in METRICS
    for name in metric.old
    if metric.kind == "counter" and not name.endswith("_total")
}
REQUESTS = "apiserver_request_total"
NAMELESS = ""  # the result of an expression: it has no name

_RECORDED = re.compile(r"[a-zA-Z0-9_]*:([a-zA-Z0-9_]+):i?rate(?:[0-9]+(?:ms|[smhdwy]))*")
_MOST_NAME = 200  # characters


def recorded(name: str) -> Metric | None:
    """Return the counter whose rate a recording rule of that name keeps: level:metric:rate5m.

    So are recording rules named (prometheus.io/docs/practices/rules).
    """
    match = _RECORDED.fullmatch(name) if len(name) <= _MOST_NAME else None
    metric = READ.get(match[1]) if match else None
    return metric if metric is not None and metric.kind == "counter" else None


def nameless(labels: Mapping[str, str]) -> Metric | None:
    """Return the request counter if the result of an expression has its labels."""
    asked = labels.get("verb") in VERBS and "resource" in labels
    return BY_NAME[REQUESTS] if asked else None


def names_of(metric: Metric) -> tuple[str, ...]:
    """Return every name of a metric, newest first."""
    return tuple(name for name, one in READ.items() if one is metric)
