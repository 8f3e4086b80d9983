"""Watches of one type that end and resume: what their clients had seen, and what it costs to go on.

Which client an event concerns, and when watches end, is the same whatever is sent as a bookmark. `follow`
works that out, event by event: for each watch, which event was the last of its client's. `resume` then
plays the same events into the history of the server (watch_ring.py) and lets each client come back with
the newest resource version (RV) it holds: of its last event, of its list, or of a bookmark.

Times are ns of a virtual clock. At the same ns an event is before the end of a watch, that before
the start of a server, and that before a client's return.

An event concerns watchers in a row, so that it is noted for all of them in O(log watchers): a binary tree
over the watchers keeps the last event and the number of events of each node, and a watcher's own are the
newest and the sum on the way from its leaf to the root.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import draws, watch_ring
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

NONE = -1  # no event

# Rows of `watches`, int64[7, watches], which are in order of BACK.
WATCHER = 0  # whose watch it was
END = 1  # when it ended
BACK = 2  # when its client was back, not before END
FRESH = 3  # RV of a list at that time
SEEN = (
    4  # events of the type up to END: what the client knows; this row and those below are found by `follow`
)
LAST = 5  # number of the client's last event up to END, or NONE
AWAY = 6  # events that concern the client between END and BACK
WATCH = 7

# Columns of `told`, int64[watchers, 4]: what became of a watcher's client.
RESUMES = 0  # times it came back, from the counted time on
RELISTS = 1  # of those, times it was refused and had to list
MISSED = 2  # events not sent again though the client had not seen them: 0, or the rule is broken
REPEATED = 3  # times it was sent an event of its own again: 0, or the rule is broken
TOLD = 4

# Entries of `totals`, int64[4].
SCANNED = 0  # events of the history after a client's RV, each tested for it when it resumes
SENT = 1  # of those, the client's own
LOST = 2  # events in the history when a client was refused
LARGEST = 3  # capacity of the largest ring
TOTALS = 4

LATEST = np.iinfo(np.int64).max
SECOND = 1_000_000_000  # ns


@kernel
def arrivals(last: int, mean: int, generator: Longs, times: Longs) -> None:
    """Fill *times* with the arrivals after *last* of a Poisson process with *mean* ns between two."""
    for i in range(len(times)):
        last += draws.waiting(generator, mean)
        times[i] = last


@kernel
def follow(
    times: Longs, first: Longs, concerned: Longs, watchers: int, by_end: Longs, watches: Longs
) -> None:
    """Find what each watch had sent when it ended, and what its client missed until it was back.

    times      int64[e]  of the events, not descending
    first      int64[e]  first watcher that an event concerns
    concerned  int64[e]  how many in a row it concerns, 0 following the last; up to *watchers*
    by_end     int64[s]  the watches in order of END
    watches    int64[7, s]  see above; rows SEEN to AWAY are filled

    Cost is O((e + s) log watchers).
    """
    leaves = 1
    while leaves < watchers:
        leaves *= 2
    last = np.full(2 * leaves, NONE, dtype=np.int64)
    count = np.zeros(2 * leaves, dtype=np.int64)
    known = np.zeros(watchers, dtype=np.int64)  # events of a client up to the end of its watch
    end, back = watches[END], watches[BACK]
    ended, returned = 0, 0
    for event in range(len(times) + 1):
        due = times[event] if event < len(times) else LATEST
        while returned < len(back):
            if ended < len(end) and end[by_end[ended]] <= back[returned]:
                if end[by_end[ended]] >= due:
                    break
                _leave(by_end[ended], event, last, count, known, watches)
                ended += 1
                continue
            if back[returned] >= due:
                break
            w = watches[WATCHER, returned]
            watches[AWAY, returned] = _events_of(w, count) - known[w]
            returned += 1
        if event < len(times):
            low = first[event]
            high = low + concerned[event]
            _note(event, low, min(high, watchers), last, count)
            _note(event, 0, high - watchers, last, count)


@inline
def _note(event: int, low: int, high: int, last: Longs, count: Longs) -> None:
    """Note *event* for the watchers *low* .. *high* - 1, if any."""
    left, right = low + len(last) // 2, high + len(last) // 2
    while left < right:
        if left & 1:
            last[left] = event
            count[left] += 1
            left += 1
        if right & 1:
            right -= 1
            last[right] = event
            count[right] += 1
        left >>= 1
        right >>= 1


@inline
def _events_of(watcher: int, count: Longs) -> int:
    """Return how many events concerned a watcher so far."""
    node = watcher + len(count) // 2
    had = 0
    while node > 0:
        had += count[node]
        node >>= 1
    return had


@inline
def _leave(watch: int, events: int, last: Longs, count: Longs, known: Longs, watches: Longs) -> None:
    """Write down what the client of a watch knows when it ends, after *events* of the type."""
    w = watches[WATCHER, watch]
    node = w + len(last) // 2
    newest = NONE
    while node > 0:
        newest = max(newest, last[node])
        node >>= 1
    known[w] = _events_of(w, count)
    watches[SEEN, watch] = events
    watches[LAST, watch] = newest


@kernel
def resume(
    times: Longs,
    rvs: Longs,
    turns: Longs,
    list_rvs: Longs,
    counted: int,
    watches: Longs,
    bookmark: Longs,
    held: Longs,
    rings: Longs,
    states: Longs,
    a_second: Longs,
    told: Longs,
    totals: Longs,
) -> None:
    """Let the client of each watch resume from the server's history, or list again.

    times, rvs  int64[e]  of the events; RVs ascend
    turns       int64[2 m]  when a further server starts, with an empty history, and when clients come to it
                from then on, and so on in turn; ascending
    list_rvs    int64[m]  RV that each of those servers starts at
    counted     from when on clients that are back are counted, ns
    watches     int64[7, s]  see above
    bookmark    int64[s]  RV of the last bookmark of each watch, or NONE
    held        int64[watchers]  RV that each client starts with; overwritten
    rings       int64[2, 2, most]  histories of the server in use and of the next one; overwritten
    states      int64[2, 8]  of those, see watch_ring.py; overwritten
    a_second    int64[...]  out: clients that had to list, by seconds from *counted* on
    told        int64[watchers, 4]  out: see above
    totals      int64[4]  out: see above

    Cost is O(e + s log ring).
    """
    back = watches[BACK]
    turned, returned, using = 0, 0, 0
    for event in range(len(times) + 1):
        due = times[event] if event < len(times) else LATEST
        while True:
            comes = back[returned] if returned < len(back) else LATEST
            turn = turns[turned] if turned < len(turns) else LATEST
            if min(comes, turn) >= due:
                break
            if turn > comes:
                ring, state = rings[using], states[using]
                _come_back(
                    returned,
                    event,
                    counted,
                    rvs,
                    watches,
                    bookmark,
                    held,
                    ring,
                    state,
                    a_second,
                    told,
                    totals,
                )
                returned += 1
                continue
            if turned % 2:
                using = 1 - using
            else:
                watch_ring.relist(list_rvs[turned // 2], states[1 - using])
            turned += 1
        if event < len(times):
            watch_ring.insert(rvs[event], due, rings[using], states[using])
            totals[LARGEST] = max(totals[LARGEST], states[using, watch_ring.CAPACITY])
            if turned % 2:
                watch_ring.insert(rvs[event], due, rings[1 - using], states[1 - using])


@kernel
def _come_back(
    watch: int,
    events: int,
    counted: int,
    rvs: Longs,
    watches: Longs,
    bookmark: Longs,
    held: Longs,
    ring: Longs,
    state: Longs,
    a_second: Longs,
    told: Longs,
    totals: Longs,
) -> None:
    """Let a client resume from the newest RV it holds, after *events* of the type, or list again."""
    w, last = watches[WATCHER, watch], watches[LAST, watch]
    rv = max(held[w], bookmark[watch])
    if last != NONE:
        rv = max(rv, rvs[last])
    passed = watches[BACK, watch] - counted
    place = watch_ring.since(rv, ring, state)
    held[w] = watches[FRESH, watch] if place == watch_ring.REFUSED else rv
    if passed < 0:
        return
    told[w, RESUMES] += 1
    if place == watch_ring.REFUSED:
        told[w, RELISTS] += 1
        totals[LOST] += state[watch_ring.END] - state[watch_ring.START]
        a_second[passed // SECOND] += 1
        return
    after = state[watch_ring.END] - place
    totals[SCANNED] += after
    totals[SENT] += watches[AWAY, watch]
    told[w, MISSED] += max(0, events - after - watches[SEEN, watch])
    told[w, REPEATED] += int(events - after <= last)
