"""The watches of one type at an API server: what changes, when they end, when their clients are back.

None of it depends on bookmarks, so it is worked out once for all variants. Time starts when the server
does; it is up for long enough to have filled its history before anything is counted.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError, did_you_mean
from kscale.kernels import bookmarks
from kscale.mechanisms import bookmark_size
from kscale.mechanisms.bookmark_size import PPM, Params, Plan
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.profiles import Profile

Longs = NDArray[np.int64]

CHUNK = 1 << 16  # events drawn at a time


@dataclass(frozen=True, slots=True)
class BookmarkLoad:
    """What every variant starts from. e events, s watches, m further servers."""

    times: Longs  # [e] ns, when an event of the type happens
    watches: Longs  # [7, s] see kernels/bookmarks.py
    begins: Longs  # [s] ns, when each watch began
    deadlines: Longs  # [s] ns, when it would time out
    foreseen: bool  # the server knows the time-out
    turns: Longs  # [2 m] see kernels/bookmarks.py
    moves: int  # times that all clients lose their server at once
    watchers: int
    joined: Longs  # [watchers] ns, when each client comes and lists
    counted: int  # ns, from then on it is counted
    until: int  # ns
    other_ns: int  # ns between two writes of other types
    arc: int  # millionths of a client that an event concerns
    least: int  # bounds of the capacity of the history
    most: int
    object_count: int  # of the type
    object_bytes: int
    profile: Profile
    bookmark_bytes: int
    init_event_ns: int

    def revisions(self, when: Longs) -> Longs:
        """Return the revision of the store at each time, int64: of all types together."""
        own = np.searchsorted(self.times, when, side="right").astype(np.int64)
        found: Longs = own + when // self.other_ns
        return found

    def rvs(self) -> Longs:
        """Return the resource version of each event, int64[e], ascending."""
        found: Longs = np.arange(1, len(self.times) + 1) + self.times // self.other_ns
        return found


def make(cluster: Cluster, params: Params) -> BookmarkLoad:
    """Return the load; KscaleError if there is no such type, or too much of it."""
    plan = bookmark_size.plan(cluster, params)
    objects = _sizes(cluster, params.type)
    seed, watchers = cluster.seed, params.watchers or cluster.nodes.count
    times = _times(seed, plan.mean_ns, plan.until)
    arc = params.match_ppm * watchers or PPM
    first, concerned = _concerned(seed, len(times), watchers, arc)
    moves = _moves(seed, params, plan)
    joined = _joined(seed, watchers, params, plan, cluster.profile)
    watches, begins, deadlines = _watches(seed, joined, moves, params, plan, cluster.profile)
    by_end = np.argsort(watches[bookmarks.END], kind="stable").astype(np.int64)
    bookmarks.follow(times, first, concerned, watchers, by_end, watches)
    least, most = bookmark_size.history(cluster.profile, params)
    load = BookmarkLoad(
        times=times,
        watches=watches,
        begins=begins,
        deadlines=deadlines,
        foreseen=params.ends != "abrupt",
        turns=_turns(moves, params),
        moves=len(moves),
        watchers=watchers,
        joined=joined,
        counted=plan.counted,
        until=plan.until,
        other_ns=plan.other_ns,
        arc=arc,
        least=least,
        most=most,
        object_count=len(objects),
        object_bytes=int(objects.sum(dtype=np.int64)),
        profile=cluster.profile,
        bookmark_bytes=cluster.costs["bookmark_bytes"],
        init_event_ns=cluster.costs["watch_init_event_ns"],
    )
    watches[bookmarks.FRESH] = load.revisions(watches[bookmarks.BACK])
    return load


def _sizes(cluster: Cluster, kind: str) -> NDArray[np.int32]:
    """Return the sizes of the objects of a type in bytes; KscaleError names the nearest type there is."""
    types = cluster.objects.types
    if kind not in types:
        raise KscaleError(f"watch-bookmark: no objects of type '{kind}'; {did_you_mean(kind, types)}")
    return cluster.objects.sizes_of(kind)


def _times(seed: int, mean_ns: int, until: int) -> Longs:
    """Return when events happen up to *until*: independent of each other, *mean_ns* apart on average."""
    generator = draw.generator(seed, Stream.BOOKMARKS)
    chunks, last = [], 0
    while last <= until:
        times = np.empty(CHUNK, dtype=np.int64)
        bookmarks.arrivals(last, mean_ns, generator, times)
        chunks.append(times)
        last = int(times[-1])
    times = np.concatenate(chunks)
    return times[: np.searchsorted(times, until, side="right")].copy()


def _concerned(seed: int, events: int, watchers: int, arc: int) -> tuple[Longs, Longs]:
    """Return the first client that each event concerns, and how many in a row.

    Clients stand a million apart on a circle. An event falls somewhere and concerns those up to *arc* on:
    each client has its share of the events, independent of each other.
    """
    keys = draw.keys(seed, Stream.BOOKMARK_PLACES, 0, events)
    place = (keys % np.uint64(watchers * PPM)).astype(np.int64)
    first = -(-place // PPM)
    concerned = -(-(place + arc) // PPM) - first
    return first % watchers, np.minimum(concerned, watchers)


def _moves(seed: int, params: Params, plan: Plan) -> Longs:
    """Return when all clients lose their server at once, ns; never where watches end one by one."""
    if params.ends not in {"failover", "restart"}:
        return np.zeros(0, dtype=np.int64)
    most = 2 * params.duration_ns // params.every_ns + 2
    waits = _half_to_three_halves(draw.keys(seed, Stream.BOOKMARK_MOVES, 0, most), params.every_ns)
    moves = plan.counted + np.cumsum(waits)
    return moves[moves < plan.until]


def _turns(moves: Longs, params: Params) -> Longs:
    """Return when further servers start and are taken into use, in turn; none where the history goes on."""
    if params.ends != "restart":
        return np.zeros(0, dtype=np.int64)
    return np.stack((moves - params.restarted_ns, moves), axis=1).ravel()


def _joined(seed: int, watchers: int, params: Params, plan: Plan, profile: Profile) -> Longs:
    """Return when each client comes: over the ramp, or at some moment well before it is counted."""
    if params.ramp_ns:
        return plan.counted + np.arange(watchers, dtype=np.int64) * params.ramp_ns // watchers
    longest = profile.watch_timeout_max_ns
    early = draw.keys(seed, Stream.BOOKMARK_JOINS, 0, watchers) % np.uint64(longest)
    return plan.counted - 2 * longest + early.astype(np.int64)


def _watches(
    seed: int, joined: Longs, moves: Longs, params: Params, plan: Plan, profile: Profile
) -> tuple[Longs, Longs, Longs]:
    """Return the watches whose clients are back in time, in that order; when each began; its deadline."""
    shortest, spread = (
        profile.watch_timeout_min_ns,
        profile.watch_timeout_max_ns - profile.watch_timeout_min_ns,
    )
    cuts = np.append(moves, np.iinfo(np.int64).max)
    count, turn = len(joined), 0
    who, begin = np.arange(count), joined
    rounds: list[tuple[Longs, ...]] = []
    while len(who):
        lengths, waits = (
            draw.keys(seed, stream, turn * count, count)[who]
            for stream in (Stream.BOOKMARK_WATCHES, Stream.BOOKMARK_RECONNECTS)
        )
        deadline = begin + shortest + (lengths % np.uint64(spread + 1)).astype(np.int64)
        end = np.minimum(deadline, cuts[np.searchsorted(moves, begin, side="right")])
        back = end + _half_to_three_halves(waits, params.reconnect_ns)
        kept = back < plan.until
        rounds.append(tuple(part[kept] for part in (who, begin, deadline, end, back)))
        who, begin, turn = who[kept], back[kept], turn + 1
    who, begin, deadline, end, back = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    order = np.argsort(back, kind="stable")
    watches = np.zeros((bookmarks.WATCH, len(order)), dtype=np.int64)
    for row, part in ((bookmarks.WATCHER, who), (bookmarks.END, end), (bookmarks.BACK, back)):
        watches[row] = part[order]
    return watches, begin[order], deadline[order]


def _half_to_three_halves(drawn: NDArray[np.uint64], mean: int) -> Longs:
    """Return times evenly from half of *mean* to three halves of it."""
    return mean - mean // 2 + (drawn % np.uint64(2 * (mean // 2) + 1)).astype(np.int64)
