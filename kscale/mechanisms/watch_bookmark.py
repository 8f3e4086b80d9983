"""Watch bookmarks: a client resumes at its last own event, or at a bookmark.

A watch cache keeps a bounded history of each type. A client that comes back states the newest resource
version it holds; what came after it is read again from the history, and if that no longer reaches back the
client must list everything. The baseline is Kubernetes up to 1.14: a client holds the version of the last
event of its own, which may be old. A bookmark is an event without an object that only tells a newer version.

Of the variants `deadline` sends one 2 s before a watch times out (1.15 to 1.18), `optimized` also one each
minute (1.19 on), each with etcd's progress notify as the profile has it, and `progress` is `optimized` with
progress notify in any profile: a quiet cache then learns the revision of the whole store (KEP-1904).
`upstream` says which of them the profile's own version does.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kscale import units
from kscale.errors import WrongAnswer
from kscale.kernels import bookmarks, watch_ring
from kscale.mechanisms import bookmark_load, bookmark_size, bookmark_times
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Metric, Outcome, Variant, Work
from kscale.mechanisms.bookmark_load import BookmarkLoad, Longs
from kscale.mechanisms.bookmark_size import PPM, SECOND, Params

COLUMNS = (bookmarks.RESUMES, bookmarks.MISSED, bookmarks.REPEATED)
CHARGED = "a list counting as the whole history (modelled)"
SAID = ("{} returns", "{} events that its client was not sent", "{} events sent to its client again")


@dataclass(frozen=True, slots=True)
class Server:
    """A server, its next one, and what their clients hold."""

    load: BookmarkLoad
    upstream: bool  # the version of the profile sends these bookmarks
    rvs: Longs  # [e] of the events
    list_rvs: Longs  # [m] that further servers start at
    sent: Longs  # [s] bookmarks sent over each watch
    bookmark: Longs  # [s] RV of the last of them, or NONE
    held: Longs  # [watchers] RV of each client
    rings: Longs  # see kernels/watch_ring.py
    states: Longs


def build_silent(load: BookmarkLoad) -> Server:
    """Send no bookmarks."""
    return _server(load, *bookmark_times.nothing(load), upstream=load.profile.bookmarks == "none")


def build_deadline(load: BookmarkLoad) -> Server:
    """Send one before the time-out."""
    sent, last = bookmark_times.before_the_end(load, *bookmark_times.nothing(load))
    return _server(
        load, sent, bookmark_times.versions(load, last, load.profile.progress_notify_ns), upstream=False
    )


def build_periodic(load: BookmarkLoad) -> Server:
    """Send one each period and one before the time-out."""
    sent, last = bookmark_times.before_the_end(load, *bookmark_times.each_period(load))
    versions = bookmark_times.versions(load, last, load.profile.progress_notify_ns)
    return _server(load, sent, versions, upstream=load.profile.bookmarks == "periodic")


def build_progress(load: BookmarkLoad) -> Server:
    """Send as many, from a cache that etcd keeps at the revision of the store."""
    sent, last = bookmark_times.before_the_end(load, *bookmark_times.each_period(load))
    profile = load.profile
    versions = bookmark_times.versions(load, last, profile.progress_notify_ns or profile.etcd_progress_ns)
    upstream = profile.bookmarks == "periodic" and profile.progress_notify_ns > 0
    return _server(load, sent, versions, upstream=upstream)


def run(server: Server) -> Outcome:
    """Let all clients come back; count what it takes."""
    load = server.load
    a_second = np.zeros((load.until - load.counted) // SECOND + 1, dtype=np.int64)
    told = np.zeros((load.watchers, bookmarks.TOLD), dtype=np.int64)
    totals = np.zeros(bookmarks.TOTALS, dtype=np.int64)
    totals[bookmarks.LARGEST] = load.least
    bookmarks.resume(
        load.times,
        server.rvs,
        load.turns,
        server.list_rvs,
        load.counted,
        load.watches,
        server.bookmark,
        server.held,
        server.rings,
        server.states,
        a_second,
        told,
        totals,
    )
    return Outcome(_work(server, a_second, told, totals), told)


def _work(server: Server, a_second: Longs, told: Longs, totals: Longs) -> dict[str, int]:
    """Return what was counted."""
    load = server.load
    counted = load.watches[bookmarks.BACK] >= load.counted
    resumes, relists = (int(told[:, column].sum()) for column in (bookmarks.RESUMES, bookmarks.RELISTS))
    sent = int(server.sent[counted].sum())
    scanned, lost = int(totals[bookmarks.SCANNED]), int(totals[bookmarks.LOST])
    whole = load.watchers * PPM  # of an arc
    return {
        "init_events": scanned,
        "relists": relists,
        "bytes_relisted": relists * load.object_bytes * load.arc // whole,
        "bookmarks": sent,
        "init_matches": int(totals[bookmarks.SENT]),
        "init_cpu_ns": scanned * load.init_event_ns,
        "resynced": scanned + lost,
        "resumed": resumes - relists,
        "objects_relisted": relists * load.object_count * load.arc // whole,
        "relists_peak": int(a_second.max()),
        "bookmark_bytes": sent * load.bookmark_bytes,
        "ring_events": int(totals[bookmarks.LARGEST]),
        "returns": resumes,
        "moves": load.moves,
        "events": len(load.times) - int(np.searchsorted(load.times, load.counted)),
        "watchers": load.watchers,
        "upstream": int(server.upstream),
    }


def _server(load: BookmarkLoad, sent: Longs, bookmark: Longs, *, upstream: bool) -> Server:
    """Return a server with an empty history, before anything has happened."""
    states = np.zeros((2, watch_ring.STATE), dtype=np.int64)
    states[:, watch_ring.CAPACITY] = states[:, watch_ring.LEAST] = load.least
    states[:, watch_ring.MOST] = load.most
    states[:, watch_ring.WINDOW] = load.profile.watch_history_window_ns
    return Server(
        load=load,
        upstream=upstream,
        rvs=load.rvs(),
        list_rvs=load.revisions(load.turns[::2]),
        sent=sent,
        bookmark=bookmark,
        held=load.revisions(load.joined),
        rings=np.zeros((2, watch_ring.ROWS, load.most), dtype=np.int64),
        states=states,
    )


def agree(load: BookmarkLoad, outcomes: Mapping[str, Outcome]) -> None:
    """Every client came back as often, was sent all it had not seen, and nothing of its own twice."""
    counted = load.watches[bookmarks.BACK] >= load.counted
    back = load.watches[bookmarks.WATCHER, counted]
    none = np.zeros(load.watchers, dtype=np.int64)
    wanted = (np.bincount(back, minlength=load.watchers), none, none)
    for name, outcome in outcomes.items():
        for column, said, want in zip(COLUMNS, SAID, wanted, strict=True):
            got = outcome.answer[:, column]
            differ = np.flatnonzero(got != want)
            if len(differ):
                w = int(differ[0])
                raise WrongAnswer(
                    f"watch-bookmark: {name} gives watcher {w} {said.format(int(got[w]))}, not {want[w]}"
                    f" ({len(differ)} of {load.watchers} watchers differ)"
                )


def losses(works: Mapping[str, Work]) -> tuple[str, ...]:
    """Say where bookmarks do not help, and what they cost."""
    if not {BASELINE, OPTIMIZED} <= works.keys():
        return ()
    work, before = works[OPTIMIZED], works[BASELINE]
    found = []
    if work["relists"] * 10 > work["returns"] > 0:
        share = units.show_percent(work["relists"] / work["returns"])
        found.append(
            f"{share} of {units.show_count(work['returns'])} returns still list everything: what the client"
            " holds, its bookmark included, is older than the history of the server it comes to"
        )
    saved = before["resynced"] - work["resynced"]
    if work["init_events"] > before["init_events"]:
        (events, more), (cpu, longer) = (
            (show(before[name]), show(work[name]))
            for name, show in (("init_events", units.show_count), ("init_cpu_ns", units.show_ns))
        )
        spared = units.show_count(before["relists"] - work["relists"])
        found.append(
            f"{more} events of the history to look at, {events} before, which takes {longer} of CPU and took"
            f" {cpu} (modelled): {spared} more clients resume"
        )
    if 0 < before["resynced"] < 2 * work["resynced"]:
        found.append(
            f"hardly less to catch up with, {units.show_count(before['resynced'])} events before and"
            f" {units.show_count(work['resynced'])} after, {CHARGED}"
        )
    if work["bookmarks"] > max(saved, 0):
        found.append(
            f"{units.show_count(work['bookmarks'])} bookmarks, {units.show_bytes(work['bookmark_bytes'])},"
            f" save {units.show_count(max(saved, 0))} events, {CHARGED}"
        )
    if not work["upstream"]:
        found.append(
            "bookmarks came with 1.15, and each minute with 1.19: without a patch, this profile's version"
            " sends none"
        )
    return tuple(found)


METRICS = (
    Metric("relists", "lists", about="clients refused, which list everything again", headline=True),
    Metric(
        "bytes_relisted", "bytes", about="objects sent by those lists", headline=True, provenance="modelled"
    ),
    Metric(
        "init_events",
        "events",
        about="of the history, to be looked at for clients that resume",
        headline=True,
        provenance="modelled",
    ),
    Metric("bookmarks", "events", about="bookmarks sent", headline=True, provenance="modelled"),
    Metric("init_matches", "events", "none", "of init_events, the clients' own: sent", provenance="modelled"),
    Metric("init_cpu_ns", "ns", about="CPU of the API server for init_events", provenance="modelled"),
    Metric(
        "resynced",
        "events",
        about="init_events, and for each list the whole history, which nobody looks at",
        provenance="modelled",
    ),
    Metric("resumed", "watches", "higher", "clients that went on from the history"),
    Metric("objects_relisted", "objects", about="sent by lists", provenance="modelled"),
    Metric("relists_peak", "lists", about="most in one second", provenance="modelled"),
    Metric("bookmark_bytes", "bytes", about="bookmarks on the wire", provenance="modelled"),
    Metric("ring_events", "events", "none", "capacity that the history reached"),
    Metric("returns", "watches", "none", "clients back after the end of a watch", provenance="input"),
    Metric("moves", "moves", "none", "times that all clients lost their server at once", provenance="input"),
    Metric("events", "events", "none", "changes of the type", provenance="input"),
    Metric("watchers", "watchers", "none", "clients that watch it at this server", provenance="input"),
    Metric("upstream", "0 or 1", "none", "1: the version of the profile does so", provenance="input"),
)

MECHANISM = Mechanism(
    id="watch-bookmark",
    title="watch bookmarks",
    panel="API server",
    about=(
        "An API server keeps a bounded history of each type. A watch that ends is resumed from the newest"
        " version its client holds, or the client lists everything again. A kubelet sees one event in 10,000,"
        " so that what it holds is old; bookmarks tell it a newer version from time to time."
    ),
    source=(
        "kubernetes/apiserver pkg/storage/cacher: watch_cache.go, cacher.go, cache_watcher.go, at 1.14, 1.15,"
        " 1.19 and 24a394e5 (1.37 beta); KEP-956, KEP-1904"
    ),
    left_out=(
        "Live delivery, channels and slow clients (watch-fanout); what a list costs the server (list-index)."
        " A client is back as soon after a list as after a resumption, and a list gives the revision of the"
        " store (a quorum read). Bookmarks leave when they are due, not at the next tick of the server's"
        " timer of about a second, and none is dropped for a full channel. etcd's progress notify comes at"
        " full periods, also to a cache that had events. Writes of other types come evenly."
    ),
    loses=(
        "Clients that see nearly every event: what they hold is fresh without bookmarks.",
        "A restarted server and a quiet type without progress notify: all list again, bookmark or not.",
        "More events in 2 s than the history holds: clients are refused just after a bookmark.",
        "Clients that resume look at the history, those that list do not: CPU for it rises with bookmarks.",
        "Bookmarks are traffic: about one a minute for every watch of every client, needed or not.",
    ),
    params=Params,
    prepare=bookmark_load.make,
    variants={
        BASELINE: Variant("resume at the last event of one's own", build_silent, run),
        OPTIMIZED: Variant("bookmarks each minute and 2 s before a time-out (1.19 on)", build_periodic, run),
        "deadline": Variant("a bookmark 2 s before a time-out only (1.15 to 1.18)", build_deadline, run),
        "progress": Variant("as optimized, with etcd's progress notify in any profile", build_progress, run),
    },
    agree=agree,
    metrics=METRICS,
    per="returns",
    losses=losses,
    memory=bookmark_size.memory,
    cost_ns=bookmark_size.cost_ns,
    claims=("C13", "C13b", "C14", "C15"),
    costs=("bookmark_bytes", "watch_init_event_ns"),
    simulated=True,
)
