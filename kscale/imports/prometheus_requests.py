"""What the metrics of API servers say of requests and watches.

A counter alone says which requests come, not how often. Rates need a range (/api/v1/query_range), a
recording rule named as Prometheus advises, or a scrape that also says when the process was started and,
by its last garbage collection, about when it was taken. The result of an expression has no name: whether
it was rate(), increase() or a sum is not in the file, so only its shares are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from kscale import units
from kscale.imports import load_values, request_mix, vocabulary
from kscale.imports.facts import Load
from kscale.imports.prometheus_apiserver import WATCHES
from kscale.imports.prometheus_metrics import BY_NAME, NAMELESS, REQUESTS
from kscale.imports.prometheus_tables import Key, Rates, Table, Tables, by_label
from kscale.imports.prometheus_told import Findings
from kscale.imports.request_mix import Mix

WATCHERS = "apiserver_registered_watchers"
EVENTS = "apiserver_watch_events_total"
EVENT_BYTES, EVENT_COUNT = "apiserver_watch_events_sizes_sum", "apiserver_watch_events_sizes_count"
TOO_MANY = "429"

NO_RATES = (
    "how often requests come: the file says which, not over what time; give /api/v1/query_range of"
    " apiserver_request_total over an hour, or a whole scrape"
)

NO_NAME = (
    "how often requests come: the result of an expression has no name, and may be a rate or a sum; give"
    " /api/v1/query_range of apiserver_request_total itself"
)


@dataclass(slots=True)
class Asked:
    """Requests by kind, and what is not one of those."""

    mix: Mix = field(default_factory=Mix)
    watches: float = 0.0  # opened
    left_out: dict[str, float] = field(default_factory=dict)  # by what they are
    refused: float = 0.0  # 429
    failed: float = 0.0  # 5xx
    all: float = 0.0


def tell(tables: Tables, told: Findings) -> None:
    """Add what is said of requests, open watches and their events."""
    load = _requests(tables, told)
    watches = _watches(tables)
    if watches:
        told.read.append(_open(watches))
    load = replace(load, watches=watches, pod_events=_events(tables, told))
    values, also = load_values.values(load)
    told.load = load
    told.values += values
    told.also += also


def _open(watches: Mapping[str, float]) -> str:
    """Return how many watches are open."""
    total = request_mix.counted(request_mix.total(watches.values()), "open watches")
    return f"{total} of {request_mix.counted(len(watches), 'types')}"


def _requests(tables: Tables, told: Findings) -> Load:
    """Add what is said of requests; return how often they come, nothing if that is not known."""
    rates = tables.rates(REQUESTS)
    totals = tables.table(REQUESTS) or tables.by_name.get(NAMELESS, {})
    if rates is None and not totals:
        return Load()
    amounts = rates.per_s if rates else {key: cell.value for key, cell in totals.items()}
    asked = _asked(amounts)
    if asked.all <= 0:
        return Load()
    kinds = request_mix.counted(len(asked.mix.asked), "kinds")
    told.read.append(f"requests of {kinds}" + (f", {rates.how}" if rates else ""))
    _shares(asked, told)
    told.assumed.append("the metrics hold all requests: shares of a query for some of them would be wrong")
    if rates is None:
        told.dropped.append(NO_RATES if tables.table(REQUESTS) else NO_NAME)
        return Load()
    if asked.watches > 0:
        told.also.append(f"{units.show_rate(request_mix.digits(asked.watches))} watches opened, {rates.how}")
    if rates.estimate:
        told.assumed.append("requests come as often as on average since the process was started")
        if tables.newest is None:
            told.assumed.append("a process was scraped when it last collected garbage, or within two minutes")
    if rates.missing:
        told.dropped.append(
            f"{rates.missing:,} series of requests of which nobody says since when they count"
        )
    return Load(how=rates.how, estimate=rates.estimate, asked=asked.mix.asked, stored=asked.mix.stored)


def _asked(amounts: Mapping[Key, float]) -> Asked:
    """Return requests by kind."""
    asked, labels = Asked(), BY_NAME[REQUESTS].labels
    for key, amount in amounts.items():
        _ask(asked, dict(zip(labels, key[1:], strict=True)), amount)
    return asked


def _ask(asked: Asked, labels: Mapping[str, str], amount: float) -> None:
    """Count the requests of one series."""
    asked.all += amount
    code = labels["code"]
    asked.refused += amount if code == TOO_MANY else 0
    asked.failed += amount if code.startswith("5") else 0
    verb = request_mix.VERBS.get(labels["verb"], "")
    what = ""
    if not labels["resource"]:
        what = "for paths that are no resource"
    elif labels["group"] in request_mix.AGGREGATED:
        what = "that other servers answer"
    elif not verb or labels["subresource"] in request_mix.CONNECTIONS:
        what = "that are streams, or of other verbs"
    elif not request_mix.is_name(labels["resource"], labels["group"]) or not _is_part(labels["subresource"]):
        what = "for what is no resource's name"
    if what:
        asked.left_out[what] = asked.left_out.get(what, 0) + amount
    elif verb == request_mix.WATCH:
        asked.watches += amount
    else:
        kind = (verb, request_mix.type_of(labels["resource"], labels["group"]), labels["subresource"])
        asked.mix.add(kind, amount, changed=code[:1] in {"", "0", "2"} and not labels["dry_run"])


def _is_part(part: str) -> bool:
    """Return whether this can be a subresource, or none."""
    return part == "" or request_mix.is_name(part)


def _shares(asked: Asked, told: Findings) -> None:
    """Add which requests are most frequent, which failed and which are left out."""
    shares = request_mix.shares(asked.mix)
    if shares:
        told.also.append(f"requests: {shares}")
    for amount, what in ((asked.refused, "refused (429)"), (asked.failed, "failed (5xx)")):
        if amount > 0:
            told.also.append(
                f"{units.show_percent(request_mix.digits(amount / asked.all))} of requests {what}"
            )
    for what, amount in sorted(asked.left_out.items()):
        if amount > 0:
            share = units.show_percent(request_mix.digits(amount / asked.all))
            told.dropped.append(f"{share} of requests, {what}")


def _watches(tables: Tables) -> dict[str, float]:
    """Return the open watches of each type, over all servers."""
    found: dict[str, float] = {}
    for _, labels, value in by_label(tables.table(WATCHES), WATCHES):
        is_watch = request_mix.VERBS.get(labels["verb"]) == request_mix.WATCH
        if is_watch and request_mix.is_name(labels["resource"], labels["group"]):
            name = request_mix.type_of(labels["resource"], labels["group"])
            found[name] = found.get(name, 0) + max(0.0, value)
    if found:
        return found
    for _, labels, value in by_label(tables.table(WATCHERS), WATCHERS):
        kind = vocabulary.KINDS.get(labels["kind"])
        if kind and labels["group"] in request_mix.GROUPS:
            found[kind] = found.get(kind, 0) + max(0.0, value)
    return found


def _events(tables: Tables, told: Findings) -> float:
    """Add how many events watches get, and how large they are; return those of pods a second."""
    sent, count = (_total(tables.table(name)) for name in (EVENT_BYTES, EVENT_COUNT))
    if count > 0:
        told.also.append(f"an event of a watch has {units.show_bytes(round(sent / count))} on average")
    rates = tables.rates(EVENTS)
    if rates is None:
        return 0.0
    told.also.append(
        f"{units.show_rate(request_mix.digits(sum(rates.per_s.values())))} events sent to watches"
    )
    return _of_pods(rates)


def _of_pods(rates: Rates) -> float:
    """Return events of pods a second; the label is `kind`, `resource` in the newest versions."""
    labels = BY_NAME[EVENTS].labels
    found = 0.0
    for key, rate in rates.per_s.items():
        one = dict(zip(labels, key[1:], strict=True))
        found += rate if one["group"] == "" and (one["kind"] == "Pod" or one["resource"] == "pods") else 0
    return found


def _total(table: Table) -> float:
    """Return the sum of all cells."""
    return sum(cell.value for cell in table.values())
