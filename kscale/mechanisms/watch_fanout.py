"""Watch fan-out: every event tested against every watcher, or an index by node and namespace.

Baseline and optimized follow the cacher of kubernetes/apiserver, 1.14 to 1.36. The baseline is what it does
where nothing is indexed: every watcher's filter on every event. Only who is tested is optimized. Channels,
slow clients and the time budget are the same code in all variants, so that deliveries, losses and ended
watchers must be the same one by one.

A test here compares an integer. The real filter costs about 1.8 us (derived from KEP-2340, row "enabled
small"), so the tests saved are the finding; time here is that of the data structure alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import fanout, fanout_match
from kscale.mechanisms import watch_load, watch_server
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.watch_load import Ints, Longs, Params, WatchLoad
from kscale.mechanisms.watch_server import Server

ANSWER = (fanout.SENT, fanout.LOST, fanout.ENDED, fanout.DIGEST)
SAID = ("{} deliveries", "{} events lost", "its end at event {}", "deliveries in the order {:x}")


@dataclass(frozen=True, slots=True)
class Scan:
    """A server that asks everyone."""

    server: Server
    verdicts: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Index:
    """A server that looks watchers up."""

    server: Server
    node_from: Ints  # see kernels/fanout_match.py
    scope_from: Ints  # empty where watchers of a namespace are in one flat set


def build_scan(load: WatchLoad) -> Scan:
    """Keep no index."""
    asked = len(load.scopes) + len(load.nodes)
    return Scan(watch_server.new(load), watch_server.aligned((asked,), np.uint8))


def build_index(load: WatchLoad) -> Index:
    """Note the first watcher of each node, and of each namespace where the profile has that index."""
    ends = np.searchsorted(load.nodes, np.arange(load.node_count + 1)) + len(load.scopes)
    namespaces = load.namespace_count + 1 if load.scope_index else 0
    return Index(
        watch_server.new(load),
        np.concatenate((ends[:1], ends)).astype(np.int32),
        np.searchsorted(load.scopes, np.arange(namespaces)).astype(np.int32),
    )


def run_scan(scan: Scan) -> Outcome:
    """Ask every watcher for a verdict of its own on every event."""
    server, load = scan.server, scan.server.load

    def match(part: slice) -> int:
        events = load.new[part], load.old[part], load.namespace[part]
        out = server.found, server.scope_ends, server.node_ends
        return fanout_match.by_scan(*events, load.scopes, load.nodes, scan.verdicts, *out)

    watch_server.dispatch(server, match)
    return outcome_of(server, tested=len(load.new) * load.watchers, index_bytes=0)


def run_screen(scan: Scan) -> Outcome:
    """Make the same tests, a block of watchers at a time."""
    server, load = scan.server, scan.server.load

    def match(part: slice) -> int:
        events = load.new[part], load.old[part], load.namespace[part]
        out = server.found, server.scope_ends, server.node_ends
        return fanout_match.by_screen(*events, load.scopes, load.nodes, *out)

    watch_server.dispatch(server, match)
    return outcome_of(server, tested=len(load.new) * load.watchers, index_bytes=0)


def run_index(index: Index) -> Outcome:
    """Find only the watchers of the event's node, of its namespace, and of everything."""
    server, load = index.server, index.server.load

    def match(part: slice) -> int:
        events = load.new[part], load.old[part], load.namespace[part]
        out = server.found, server.scope_ends, server.node_ends
        if load.scope_index:
            return fanout_match.by_node_and_scope(*events, index.scope_from, index.node_from, *out)
        return fanout_match.by_node(*events, load.scopes, index.node_from, *out)

    watch_server.dispatch(server, match)
    flat = 0 if load.scope_index else len(load.scopes)  # asked about every event
    offered = server.state[flat : load.watchers, [fanout.SENT, fanout.LOST]]
    tested = len(load.new) * flat + int(offered.sum())
    return outcome_of(server, tested=tested, index_bytes=index.node_from.nbytes + index.scope_from.nbytes)


def outcome_of(server: Server, *, tested: int, index_bytes: int) -> Outcome:
    """Return what was counted, and what each watcher got."""
    load = server.load
    answer = server.state[: load.watchers, ANSWER]
    sent, lost, ended = answer[:, 0], answer[:, 1], answer[:, 2]
    first_node, first_all = len(load.scopes), load.watchers - load.everything
    work = {
        "events": len(load.new),
        "watchers": load.watchers,
        "watchers_tested": tested,
        "deliveries": int(sent.sum()),
        "deliveries_node": int(sent[first_node:first_all].sum()),
        "deliveries_namespace": int(sent[:first_node].sum()),
        "deliveries_all": int(sent[first_all:].sum()),
        "drops": int(lost.sum()),
        "terminated": int((ended >= 0).sum()),
        "waits": int(server.clock[fanout.WAITS]),
        "waited_ns": int(server.clock[fanout.WAITED]),
        "index_bytes": index_bytes,
    }
    return Outcome(work, answer)


def agree(load: WatchLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every watcher got the same events in the same order, and was offered each that matches it once."""
    offered = outcomes[BASELINE].answer[:, :2].sum(axis=1)
    _same(load, BASELINE, offered, _matching(load), "{} events delivered or lost", "matching ones")
    for name, outcome in outcomes.items():
        for column, said in enumerate(SAID):
            _same(load, name, outcome.answer[:, column], outcomes[BASELINE].answer[:, column], said, BASELINE)


def _same(load: WatchLoad, variant: str, got: Longs, wanted: Longs, said: str, by: str) -> None:
    """Raise WrongAnswer for the first watcher where *got* is not what is *wanted* by another."""
    differ = np.flatnonzero(got != wanted)
    if len(differ):
        w = int(differ[0])
        raise WrongAnswer(
            f"watch-fanout: {variant} gives {_who(load, w)} {said.format(int(got[w]))},"
            f" {by}: {said.format(int(wanted[w]))} ({len(differ)} of {load.watchers} watchers differ)"
        )


def _matching(load: WatchLoad) -> Longs:
    """Return how many events match each watcher, counted without channels or index."""
    both = np.concatenate((load.new, load.old[load.old != load.new]))
    of_node = np.bincount(both[both >= 0], minlength=load.node_count)
    of_namespace = np.bincount(load.namespace, minlength=load.namespace_count)
    of_all = np.full(load.everything, len(load.new))
    return np.concatenate((of_namespace[load.scopes], of_node[load.nodes], of_all))


def _who(load: WatchLoad, w: int) -> str:
    """Return a watcher as people say it."""
    nodes = w - len(load.scopes)
    if nodes < 0:
        return f"watcher {w} (namespace {load.scopes[w]})"
    return f"watcher {w} (node {load.nodes[nodes]})" if nodes < len(load.nodes) else f"watcher {w} (all)"


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say how much no index can help, and what the flat set of namespaced watchers still costs."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    work, before = works[OPTIMIZED], works[BASELINE]
    found = []
    if work["deliveries_all"] * 2 > work["deliveries"]:
        share = units.show_percent(work["deliveries_all"] / work["deliveries"])
        found.append(
            f"{share} of {units.show_count(work['deliveries'])} deliveries go to clients that watch every"
            " pod; no index makes those fewer"
        )
    idle = work["watchers_tested"] - work["deliveries"] - work["drops"]
    if idle * 10 > work["watchers_tested"]:
        found.append(
            f"{units.show_percent(idle / work['watchers_tested'])} of the tests left find nothing: this"
            " profile keeps watchers of a namespace in one flat set (an index from 1.27)"
        )
    if before["watchers_tested"] < 2 * work["watchers_tested"]:
        found.append("hardly fewer tests than without an index: nearly everyone watches everything")
    return tuple(found)


METRICS = (
    Metric("watchers_tested", "tests", about="watchers asked about an event, or found for it", headline=True),
    Metric("deliveries", "events", "none", "events put into channels", headline=True),
    Metric("deliveries_node", "events", "none", "of those, to watchers of one node"),
    Metric("deliveries_namespace", "events", "none", "of those, to watchers of one namespace"),
    Metric("deliveries_all", "events", "none", "of those, to watchers of everything"),
    Metric(
        "drops",
        "events",
        about="matching events not delivered: the one that ended a watcher and those after it",
        provenance="modelled",
    ),
    Metric(
        "terminated",
        "watchers",
        about="ended, as the time budget did not last until they read",
        headline=True,
        provenance="modelled",
    ),
    Metric("waits", "waits", about="the dispatcher stood still for a full channel", provenance="modelled"),
    Metric("waited_ns", "ns", about="modelled time it stood still", provenance="modelled"),
    Metric("index_bytes", "bytes", about="the index, beside the watchers themselves"),
    Metric("events", "events", "none", "pod changes", provenance="input"),
    Metric("watchers", "watchers", "none", "clients that watch pods at this server", provenance="input"),
)

MECHANISM = Mechanism(
    id="watch-fanout",
    title="watch fan-out",
    panel="API server",
    about=(
        "An API server passes each pod change to the clients that watch it. An index by spec.nodeName finds"
        " the one kubelet among 10,000 without asking the others; from 1.27 an index by namespace and name"
        " does the same for namespaced watches."
    ),
    source=(
        "kubernetes/apiserver pkg/storage/cacher: cacher.go, cache_watcher.go, time_budget.go,"
        " at 1.14, 1.16, 1.25, 1.27 and 24a394e5 (1.37 beta)"
    ),
    left_out=(
        "Filters on labels and other fields (a test compares one integer), encoding, the network. The server"
        " filters behind a watcher's channel; here it is before it, so that all variants fill channels alike."
        " Each watcher has one channel, not two, and its client reads at ticks common to all. One that was"
        " ended does not come back, so its drops run on. Time passes by the rate of events and by waiting"
        " alone; the budget refills continuously (1.14: at each whole second)."
    ),
    loses=(
        "Clients that watch every pod: each event still goes to all of them.",
        "Watches of a namespace before 1.27: one flat set, every one is asked.",
        "Slow clients: the index does not save the one dispatcher from waiting for them.",
    ),
    params=Params,
    prepare=watch_load.make,
    variants={
        BASELINE: Variant("ask every watcher about every event", build_scan, run_scan),
        OPTIMIZED: Variant("look watchers up by node, and by namespace from 1.27", build_index, run_index),
        "screened": Variant(
            "ask every watcher, by blocks: same structure, better loop", build_scan, run_screen
        ),
    },
    agree=agree,
    metrics=METRICS,
    per="events",
    losses=losses,
    memory=watch_load.memory,
    cost_ns=watch_load.cost_ns,
)
