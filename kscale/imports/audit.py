"""An audit log of an API server (audit.k8s.io/v1, JSON lines or EventLists) to facts.

A request counts once, when it was answered; a watch when it was opened. Times are those that the API
server wrote. Users, addresses, agents, namespaces and names of objects are never kept.
"""

from datetime import UTC, datetime
from pathlib import Path

from kscale import units
from kscale.errors import KscaleError
from kscale.imports import audit_events, audit_herds, audit_logs, request_mix
from kscale.imports.audit_count import MOST_CLIENTS, PANIC, RECEIVED, STARTED, Log
from kscale.imports.audit_events import Skipped
from kscale.imports.audit_herds import FAR, Herd, Seconds
from kscale.imports.facts import Facts, Progress, Source, Value
from kscale.scenario.document import one_line

LEAST_SPAN = 10.0  # seconds; over less there is no rate
LEAST_LISTS = 10  # of pods, to tell how they are listed
MOST_SHOWN = 5  # herds
MOST_PER_CLIENT = 1000  # apiserver-balance.requests_per_s
ONE_LOG = "an audit log holds all requests of one API server: what its policy leaves out is missing"
STAGES = {
    RECEIVED: "of requests received",
    STARTED: "of answers begun, other than watches",
    PANIC: "of requests that ended in a panic",
    "other": "of other stages",
}


def read(path: Path, name: str, progress: Progress) -> Facts:
    """Return what an audit log says; KscaleError, one line, names the line that cannot be."""
    log, skipped = Log(), Skipped()
    for place, event in audit_events.events(path, name, progress, skipped):
        log.add(event, place)
    size = path.stat().st_size
    progress(size, size)
    if not log.counted:
        raise KscaleError(one_line(f"{name}: {_nothing(log, skipped)}"))
    span = log.newest - log.oldest
    values, also = _rates(log, span)
    load = audit_logs.load(log, span, _how(span)) if span >= LEAST_SPAN else None
    return Facts(
        Source("audit", name, size, datetime.fromtimestamp(int(log.newest), UTC)),
        load=load,
        values=tuple(audit_logs.sampled(values, span)),
        also=(*_shares(log), *also, *_lists(log), *_watches(log, span), *_herds(log)),
        read=_read(log, span),
        dropped=_dropped(log, skipped, span),
        assumed=(ONE_LOG,),
    )


def _nothing(log: Log, skipped: Skipped) -> str:
    """Return why no request was found."""
    lines = sum(log.stages.values())
    if lines:
        return f"has {request_mix.counted(lines, 'lines')}, none of an answer; log the stage ResponseComplete"
    if skipped.others:
        return f"has {request_mix.counted(skipped.others, 'objects')}, none an event of audit.k8s.io"
    return "holds no audit events"


def _rates(log: Log, span: float) -> tuple[list[Value], list[str]]:
    """Return how often requests come, in all and for each client."""
    if span < LEAST_SPAN:
        return [], []
    how = _how(span)
    mix = log.mix.per_second(span)
    values, also = request_mix.values(mix, how, estimate=False)
    asked = sum(mix.asked.values())
    if asked > 0 and 0 < len(log.clients) <= MOST_CLIENTS:
        each = request_mix.digits(asked / len(log.clients))
        if each > 0:
            key, how_each = "mechanisms.apiserver-balance.requests_per_s", f"requests by clients, {how}"
            values.append(request_mix.capped(Value(key, each, how_each), MOST_PER_CLIENT))
    return values + _pods_lists(log, span, how), also


def _pods_lists(log: Log, span: float, how: str) -> list[Value]:
    """Return how pods are most often listed, and how often so."""
    by = {key: count for key, count in log.lists.pods.items() if key in {"node", "label", "all"}}
    most = max(sorted(by), key=lambda key: by[key], default="")
    if not most or by[most] < LEAST_LISTS:
        return []
    told = f"LISTs of pods, {how}"
    rate = request_mix.rate_text(by[most] / span)
    return [Value("mechanisms.list-index.by", most, told), Value("mechanisms.list-index.rate", rate, told)]


def _read(log: Log, span: float) -> tuple[str, ...]:
    """Return what was read."""
    requests = request_mix.total(log.mix.asked.values())
    kinds = request_mix.counted(len(log.mix.asked), "kinds")
    over = "over " * (len(log.clients) > MOST_CLIENTS)
    clients = over + request_mix.counted(min(len(log.clients), MOST_CLIENTS), "clients")
    opened = log.watches.started or log.watches.ended
    return (
        f"{request_mix.counted(requests, 'requests')} of {kinds} from {clients} in {_span(span)}",
        f"{request_mix.counted(opened, 'watches')} {'opened' if log.watches.started else 'ended'}",
    )


def _dropped(log: Log, skipped: Skipped, span: float) -> tuple[str, ...]:
    """Return what was not read."""
    found = [
        f"{request_mix.counted(log.stages[stage], 'lines')} {what}"
        for stage, what in STAGES.items()
        if stage in log.stages
    ]
    found += [
        f"{request_mix.counted(count, 'requests')}: {what}" for what, count in sorted(log.left_out.items())
    ]
    limit = units.show_bytes(audit_events.LONGEST_LINE)
    for count, nouns, what in (
        (skipped.others, "objects", "of other kinds than audit events"),
        (skipped.long, "lines", f"longer than {limit}, as with whole lists in them"),
        (skipped.cut, "lines", "at its end, cut off"),
    ):
        if count:
            found.append(f"{request_mix.counted(count, nouns)} {what}")
    if span < LEAST_SPAN:
        found.append(f"how often requests come: the log covers only {_span(span)}")
    return tuple(found)


def _shares(log: Log) -> list[str]:
    """Return which requests are most frequent, and how many went wrong."""
    shares = request_mix.shares(log.mix)
    codes = ", ".join(f"{log.codes[code]:,} of {code}" for code in ("410", "429", "5xx") if code in log.codes)
    return [f"requests: {shares}"] * bool(shares) + [f"answers: {codes}"] * bool(codes)


def _lists(log: Log) -> list[str]:
    """Return how LISTs are asked for."""
    lists = log.lists
    if not lists.all:
        return []
    parts = [
        f"{_share(lists.newest, lists.all)} without resourceVersion",
        f"{_share(lists.any, lists.all)} with resourceVersion=0",
        f"{_share(lists.limited, lists.all)} with limit",
        f"{request_mix.counted(lists.continued, 'further pages')}",
    ]
    pods = sum(lists.pods.values())
    by = ", ".join(
        f"{_share(lists.pods[key], pods)} {what}"
        for key, what in (
            ("node", "by node"),
            ("label", "by label"),
            ("namespace", "of a namespace"),
            ("all", "of all"),
        )
        if key in lists.pods
    )
    told = f"{request_mix.counted(lists.all, 'LISTs')}: {', '.join(parts)}"
    return [told] + [f"{request_mix.counted(pods, 'LISTs')} of pods: {by}"] * bool(by)


def _watches(log: Log, span: float) -> list[str]:
    """Return how watches are asked for, and how often they are opened."""
    watches = log.watches
    if not watches.started:
        return []
    text = (
        f"{request_mix.counted(watches.started, 'watches')} opened:"
        f" {_share(watches.bookmarks, watches.started)} with bookmarks,"
        f" {_share(watches.listing, watches.started)} that list first (sendInitialEvents)"
    )
    rate = f", {units.show_rate(request_mix.digits(watches.started / span))}" if span >= LEAST_SPAN else ""
    return [text + rate]


def _herds(log: Log) -> list[str]:
    """Return when LISTs and watches came in herds."""
    watched = log.watch_seconds if log.watches.started else log.ended_seconds
    found = []
    for noun, seconds in (("LISTs", log.list_seconds), ("watches opened", watched)):
        herds = audit_herds.herds(_counts(log, seconds))
        if herds:
            shown = "; ".join(_shown(one) for one in herds[:MOST_SHOWN])
            found.append(
                f"{request_mix.counted(len(herds), 'herds')} of {noun}, over {FAR} times the usual: {shown}"
            )
    return found


def _counts(log: Log, seconds: Seconds) -> audit_herds.Counts:
    """Return the counts of every second from the first to the last event."""
    return seconds.between(int(log.oldest), int(log.newest))


def _shown(one: Herd) -> str:
    """Return a herd in words."""
    return (
        f"{one.requests:,} in {one.seconds:,} s (up to {one.peak:,} in one) {one.start:,} s after the start"
    )


def _share(part: int, whole: int) -> str:
    """Return a share for a sentence."""
    return units.show_percent(request_mix.digits(part / whole))


def _how(span: float) -> str:
    """Return where rates are from."""
    return f"audit log of {_span(span)}"


def _span(seconds: float) -> str:
    """Return a time for a sentence."""
    return units.show_ns(round(seconds * units.NS_PER_S))
