"""Prometheus metrics: a scrape as text, or the answer of a query as JSON, to facts.

Text is what `kubectl get --raw /metrics`, etcd's /metrics or Prometheus' /federate give, OpenMetrics too;
JSON is /api/v1/query and /api/v1/query_range. API servers, etcd, schedulers and controller managers are
read; prometheus_metrics.py lists which metrics, with their older names. Label values stay here: only
built-in types of Kubernetes come out in sentences.
"""

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import (
    opened,
    prometheus_apiserver,
    prometheus_etcd,
    prometheus_json,
    prometheus_requests,
    prometheus_text,
    request_mix,
    versions,
)
from kscale.imports.facts import Facts, Load, Progress, Source, Value
from kscale.imports.load_values import INSTANCE, START
from kscale.imports.places import hashed
from kscale.imports.prometheus_apiserver import WATCHES
from kscale.imports.prometheus_metrics import REQUESTS
from kscale.imports.prometheus_requests import WATCHERS
from kscale.imports.prometheus_tables import Tables, by_label, instances
from kscale.imports.prometheus_told import Findings
from kscale.scenario.document import one_line

PEEKED = 4096  # bytes in which the first character is looked for
BOM = b"\xef\xbb\xbf"
_UNNAMED = re.compile(rb"\{.*\}[ \t]+[-+.0-9a-zA-Z]+")  # a sample with its name among the labels
BUILD, PENDING, ATTEMPTS = (
    "kubernetes_build_info",
    "scheduler_pending_pods",
    "scheduler_schedule_attempts_total",
)
CACHE, ZONES = "scheduler_cache_size", "node_collector_zone_size"
QUEUES = ("active", "backoff", "unschedulable", "gated")
RESULTS = ("scheduled", "unschedulable", "error")
MOST_NODES = 10**9


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what metrics say; KscaleError, one line, names the line or the result that cannot be."""
    tables = Tables()
    with opened.open_stream(path, name) as stream:
        size = path.stat().st_size
        is_json = _is_json(stream)
        read_samples = prometheus_json.samples if is_json else prometheus_text.samples
        for sample in read_samples(stream, name, progress, size):
            tables.add(sample)
    progress(size, size)
    if not tables.series:
        raise KscaleError(one_line(f"{name}: {_nothing(tables)}"))
    told = Findings()
    prometheus_apiserver.tell(tables, told, name)
    prometheus_requests.tell(tables, told)
    prometheus_etcd.tell(tables, told)
    _scheduler(tables, told)
    _nodes(tables, told)
    _version(tables, told)
    if tables.unnamed:
        told.dropped.append(
            f"{request_mix.counted(tables.unnamed, 'results')} without a metric's name, which alone says what"
            " is counted"
        )
    metrics = request_mix.counted(len(tables.by_name), "metrics")
    told.read.insert(0, f"{tables.series:,} series of {metrics}")
    return Facts(
        Source("prometheus", name, size, _taken(tables)),
        types=told.types,
        load=_load(tables, told, is_json=is_json),
        values=tuple(told.values),
        also=tuple(told.also),
        read=tuple(told.read),
        dropped=tuple(told.dropped),
        assumed=tuple(told.assumed),
    )


def _is_json(stream: BinaryIO) -> bool:
    """Return whether metrics are the answer of a query; a mark of UTF-8 before them is passed over."""
    peek = getattr(stream, "peek", None)
    head: bytes = peek(PEEKED)[:PEEKED] if peek is not None else b""
    if head.startswith(BOM):
        stream.read(len(BOM))
    text = head.removeprefix(BOM).lstrip()
    return text.startswith((b"{", b"[")) and not _UNNAMED.match(text)


def _load(tables: Tables, told: Findings, *, is_json: bool) -> Load | None:
    """Return what API servers are asked, and which ones these are."""
    if told.load is None:
        return None
    named = instances(*(tables.table(one) for one in (REQUESTS, WATCHES, WATCHERS)))
    if named:
        return replace(told.load, servers=frozenset(map(hashed, named)), told_by=INSTANCE)
    if is_json:
        return told.load
    start = tables.table("process_start_time_seconds").get(("",))
    servers = frozenset[int]() if start is None else frozenset({hashed(repr(start.value))})
    return replace(told.load, servers=servers, told_by=START)


def _nothing(tables: Tables) -> str:
    """Return why no metric was found."""
    if tables.unnamed:
        return (
            "its results have no metric's name: an expression takes it away; ask for the metric itself, such"
            " as apiserver_request_total"
        )
    return (
        "has none of the metrics that are read; give those of an API server, etcd, a scheduler or a"
        " controller manager (apiserver_.., etcd_.., scheduler_..)"
    )


def _taken(tables: Tables) -> datetime | None:
    """Return when the newest sample was taken; without times, when a process last collected garbage."""
    seconds = tables.newest
    if seconds is None:
        collected = [tables.scraped(instance) for instance in ("", *instances(*tables.by_name.values()))]
        seconds = max((time for time in collected if time is not None), default=None)
    return None if seconds is None else datetime.fromtimestamp(round(seconds), UTC)


def _scheduler(tables: Tables, told: Findings) -> None:
    """Add pods that wait, how often pods are scheduled, and what the scheduler holds."""
    waiting = Counter[str]()
    for _, labels, value in by_label(tables.table(PENDING), PENDING):
        if labels["queue"] in QUEUES and value > 0:
            waiting[labels["queue"]] += round(value)
    if waiting:
        told.also.append(
            "pods that wait: " + ", ".join(f"{waiting[one]:,} {one}" for one in QUEUES if waiting[one])
        )
    rates = tables.rates(ATTEMPTS)
    if rates is not None:
        by_result = {one: sum(rate for key, rate in rates.per_s.items() if key[1] == one) for one in RESULTS}
        shown = [
            f"{units.show_rate(request_mix.digits(rate))} {one}"
            for one, rate in by_result.items()
            if rate > 0
        ]
        if shown:
            told.also.append(f"pods tried by the scheduler: {', '.join(shown)}, {rates.how}")
    largest = Counter[str]()
    for _, labels, value in by_label(tables.table(CACHE), CACHE):
        largest[labels["type"]] = max(largest[labels["type"]], round(min(max(value, 0), MOST_NODES)))
    for name in ("nodes", "pods"):
        if largest[name]:
            told.values.append(
                Value(f"counts.{name}", largest[name], "what the scheduler holds", estimate=True)
            )


def _nodes(tables: Tables, told: Findings) -> None:
    """Add how many nodes the controller manager knows, if nothing nearer to the source counts them."""
    by_instance = Counter[str]()
    for instance, _, value in by_label(tables.table(ZONES), ZONES):
        by_instance[instance] += round(min(max(value, 0), MOST_NODES))
    nodes = max(by_instance.values(), default=0)
    if nodes:
        zones = {labels["zone"] for _, labels, value in by_label(tables.table(ZONES), ZONES) if value > 0}
        told.also.append(f"nodes of {request_mix.counted(len(zones), 'zones')}")
        if not any(one.key == "counts.nodes" for one in told.values):
            told.values.append(Value("counts.nodes", nodes, "nodes of all zones", estimate=True))


def _version(tables: Tables, told: Findings) -> None:
    """Add the nearest profile to the version that most instances have; of equally many, the newer."""
    minors = Counter[int]()
    for _, labels, _ in by_label(tables.table(BUILD), BUILD):
        minor = versions.minor_of(labels["git_version"] or labels["gitVersion"])
        if minor is None and labels["major"] == "1":
            minor = versions.minor_alone(labels["minor"])
        if minor is not None:
            minors[minor] += 1
    if not minors:
        return
    minor = versions.of_most(minors)
    told.read.append(f"Kubernetes 1.{minor}")
    how = f"the profile nearest to Kubernetes 1.{minor}"
    told.values.append(Value("profile", versions.nearest_profile(minor), how, estimate=True))
    if len(minors) > 1:
        told.also.append("versions: " + ", ".join(f"1.{one}" for one in sorted(minors)))
