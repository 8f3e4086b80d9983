"""LISTs at one API server on a virtual clock: wait until the cache is fresh, then share the cores.

Lists come when they come (open loop). One beyond LIMIT in flight is refused and tries again RETRY later,
at most TRIES times. A consistent read from the cache asks etcd for its revision (ROUND_TRIP), and waits
until the cache has it. What it wants is the last write before it came, of any type. If that was an event of
its own type, it is on its way (LAG). If not, it waits for the next event of the type, or until etcd has told
its revision: every NOTIFY without being asked, or when asked for those who wait, at once after a pause and
not again within ASK (kubernetes/apiserver, cacher/progress/watch_progress.go). An answer takes ROUND_TRIP
and LAG, together at most ASK. Who waits longer than PATIENCE is refused.

Then all lists run at the same speed: in full, up to SPEED of them, and slower by as much as there are more.
All need SERVICE alone, so that they end in the order in which they began: no heap is needed. One that runs
TIMEOUT after its try began is cancelled, and counts as failed. Times in ns.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import draws
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

# `rules`, int64[14]
SERVICE = 0  # of one list alone
SPEED = 1  # lists that run in full at a time, in thousandths
LIMIT = 2  # in flight, those that wait for the cache included
RETRY = 3
TRIES = 4  # after the first; 10 in client-go
FRESH = 5  # 0: no wait; 1: wait
ROUND_TRIP = 6  # to etcd
LAG = 7  # from a write to its event in the cache
ASK = 8  # 0: etcd cannot be asked
NOTIFY = 9  # 0: etcd does not tell by itself
PATIENCE = 10
EVENTS = 11  # mean time between two events of the type; 0: none
OTHERS = 12  # mean time between two writes to other types; 0: none
TIMEOUT = 13  # of a try
RULES = 14

# What was seen, int64[6]
REFUSED = 0  # tries refused as too many were in flight
STALE = 1  # tries refused as the cache did not catch up
FAILED = 2  # lists given up
TIMED_OUT = 3  # lists cancelled
PEAK = 4  # most lists in flight
DONE = 5  # when the last one was answered
SEEN = 6

NEVER = 1 << 62
_LONG = 64  # means: further than any draw reaches back

# The cache against etcd, int64[5]
_EVENT, _WRITE = 0, 2  # last event of the type, last write to others; each followed by the next one
_ASKED = 4  # when etcd was last asked, or will be for those who wait
_CACHE = 5

# First-in first-out queues of lists; what each waits for
_RUN, _WAIT, _AGAIN = 0, 1, 2  # its answer, the cache, its next try
_FROM, _TO = 0, 1

# `lists`, int64[n, 4]
_TRIED = 0  # tries beyond the first
_DUE = 1  # when it leaves its queue; for _RUN, by the work that every running list got so far
_BEGAN = 2  # its last try
_LATE = 3  # 1: the cache will not be fresh in time
_LISTS = 4

_ANSWER, _CANCEL, _WAITED, _RETRIED, _NEW, _NOTHING = 0, 1, 2, 3, 4, 5  # what happens next


@inline
def _pass(now: int, last: int, mean: int, cache: Longs, random: Longs) -> None:
    """Draw independent times up to the first after *now*, and keep that and the one before."""
    if mean == 0:
        cache[last + 1] = NEVER
        return
    if now - cache[last + 1] > _LONG * mean:  # the past is forgotten: only its last time is drawn
        cache[last] = now - draws.waiting(random, mean)
        cache[last + 1] = now + 1 + draws.waiting(random, mean)
    while cache[last + 1] <= now:
        cache[last] = cache[last + 1]
        cache[last + 1] += 1 + draws.waiting(random, mean)


@inline
def _fresh_at(now: int, cache: Longs, rules: Longs, random: Longs) -> int:
    """Return when the cache has all that was written up to *now*, not before etcd's revision is known."""
    _pass(now, _EVENT, rules[EVENTS], cache, random[0])
    _pass(now, _WRITE, rules[OTHERS], cache, random[1])
    wanted = max(cache[_EVENT], cache[_WRITE])
    told = now + rules[ROUND_TRIP]  # etcd's revision, for which it waits from then on
    event = cache[_EVENT] if cache[_EVENT] == wanted else cache[_EVENT + 1]
    fresh = event + rules[LAG] if event < NEVER else NEVER
    if rules[NOTIFY] > 0:
        fresh = min(fresh, -(-wanted // rules[NOTIFY]) * rules[NOTIFY] + rules[LAG])
    if rules[ASK] > 0:
        answer = rules[ROUND_TRIP] + rules[LAG]
        if cache[_ASKED] >= wanted:
            fresh = min(fresh, cache[_ASKED] + answer)
        elif fresh > told:
            turn = max(told, cache[_ASKED] + rules[ASK])
            if turn < min(fresh, told + rules[PATIENCE]):
                cache[_ASKED] = turn
                fresh = min(fresh, turn + answer)
    return int(max(told, fresh))


@inline
def _ends(now: int, at: int, done: int, running: int, speed: int) -> int:
    """Return when *done*, the work every running list got so far, reaches *at*."""
    left = max(0, at - done)
    full = running * 1000 <= speed
    return now + left if full else now - (-left * running * 1000 // speed)


@inline
def _push(one: int, queue: int, due: int, lists: Longs, queues: Longs, ends: Longs) -> None:
    """Put a list at the end of a queue, which it leaves when it is *due*."""
    queues[queue, ends[queue, _TO] % len(lists)] = one
    ends[queue, _TO] += 1
    lists[one, _DUE] = due


@inline
def _first(queue: int, lists: Longs, queues: Longs, ends: Longs) -> int:
    """Return the list at the head of a queue, which is not empty."""
    return int(queues[queue, ends[queue, _FROM] % len(lists)])


@inline
def _pop(queue: int, lists: Longs, queues: Longs, ends: Longs) -> int:
    """Return the list at the head of a queue, and take it out."""
    one = _first(queue, lists, queues, ends)
    ends[queue, _FROM] += 1
    return one


@inline
def _size(queue: int, ends: Longs) -> int:
    """Return how many lists are in a queue."""
    return int(ends[queue, _TO] - ends[queue, _FROM])


@inline
def _next(
    now: int, done: int, arrival: int, lists: Longs, queues: Longs, ends: Longs, rules: Longs
) -> tuple[int, int]:
    """Return when something happens next, and what; at the same moment, an answer first, an arrival last."""
    then, what = NEVER, _NOTHING
    if _size(_RUN, ends) > 0:
        one = _first(_RUN, lists, queues, ends)
        then = _ends(now, lists[one, _DUE], done, _size(_RUN, ends), rules[SPEED])
        what = _ANSWER
        if lists[one, _BEGAN] + rules[TIMEOUT] < then:
            then, what = int(lists[one, _BEGAN] + rules[TIMEOUT]), _CANCEL
    for queue in (_WAIT, _AGAIN):
        if _size(queue, ends) > 0:
            due = int(lists[_first(queue, lists, queues, ends), _DUE])
            if due < then:
                then, what = due, _WAITED if queue == _WAIT else _RETRIED
    if arrival < then:
        then, what = arrival, _NEW
    return then, what


@inline
def _fail(one: int, now: int, arrivals: Longs, rules: Longs, latency: Longs) -> None:
    """Note that a list is not answered: it took the time-out, or longer."""
    latency[one] = max(now - arrivals[one], rules[TIMEOUT])


@inline
def _refuse(
    one: int,
    now: int,
    arrivals: Longs,
    rules: Longs,
    lists: Longs,
    queues: Longs,
    ends: Longs,
    latency: Longs,
    seen: Longs,
) -> None:
    """Tell a list to come again, or give it up."""
    if lists[one, _TRIED] == rules[TRIES]:
        seen[FAILED] += 1
        _fail(one, now, arrivals, rules, latency)
    else:
        lists[one, _TRIED] += 1
        _push(one, _AGAIN, now + rules[RETRY], lists, queues, ends)


@inline
def _wait(
    one: int,
    now: int,
    rules: Longs,
    random: Longs,
    cache: Longs,
    lists: Longs,
    queues: Longs,
    ends: Longs,
    waited: Longs,
) -> None:
    """Make a list wait until the cache is fresh, or its patience is over."""
    fresh, told = _fresh_at(now, cache, rules, random), now + rules[ROUND_TRIP]
    end = min(fresh, told + rules[PATIENCE])
    lists[one, _LATE] = int(end < fresh)
    waited[one] += end - told
    _push(one, _WAIT, end, lists, queues, ends)


@kernel
def serve(arrivals: Longs, rules: Longs, random: Longs, latency: Longs, waited: Longs, seen: Longs) -> int:
    """Answer the lists that come at *arrivals*.

    arrivals  int64[n]    ascending
    rules     int64[14]   see above
    random    int64[2, 6] generators (kernels/draws.py) of events and of other writes, used up
    latency   int64[n]    out: from arrival to the answer; of one that fails, TIMEOUT or longer
    waited    int64[n]    zeros; out: for the cache, all tries together
    seen      int64[6]    zeros; out

    Returns the steps made. Cost is O(n x tries), and what events and other writes are drawn.
    """
    n = len(arrivals)
    lists = np.zeros((n, _LISTS), dtype=np.int64)
    queues, ends = np.zeros((3, n), dtype=np.int64), np.zeros((3, 2), dtype=np.int64)
    cache = np.zeros(_CACHE, dtype=np.int64)
    cache[_ASKED] = -NEVER
    now = done = new = steps = 0
    while True:
        arrival = int(arrivals[new]) if new < n else NEVER
        then, what = _next(now, done, arrival, lists, queues, ends, rules)
        if what == _NOTHING:
            break
        steps += 1
        running = _size(_RUN, ends)
        full = running * 1000 <= rules[SPEED]
        done += then - now if full else (then - now) * rules[SPEED] // (running * 1000)
        now = then
        if what == _ANSWER:
            one = _pop(_RUN, lists, queues, ends)
            done = max(done, int(lists[one, _DUE]))
            latency[one] = now - arrivals[one]
            seen[DONE] = now
            continue
        if what == _CANCEL:
            one = _pop(_RUN, lists, queues, ends)
            seen[TIMED_OUT] += 1
            _fail(one, now, arrivals, rules, latency)
            continue
        if what == _WAITED:
            one = _pop(_WAIT, lists, queues, ends)
            why, refused = STALE, lists[one, _LATE] == 1
        else:
            if what == _NEW:
                one, new = new, new + 1
            else:
                one = _pop(_AGAIN, lists, queues, ends)
            flying = running + _size(_WAIT, ends)
            why, refused = REFUSED, flying >= rules[LIMIT]
            if not refused:
                lists[one, _BEGAN] = now
                seen[PEAK] = max(seen[PEAK], flying + 1)
        if refused:
            seen[why] += 1
            _refuse(one, now, arrivals, rules, lists, queues, ends, latency, seen)
        elif what != _WAITED and rules[FRESH] > 0:
            _wait(one, now, rules, random, cache, lists, queues, ends, waited)
        else:
            _push(one, _RUN, done + rules[SERVICE], lists, queues, ends)
    return steps


@kernel
def arrive(mean: int, random: Longs, arrivals: Longs) -> int:
    """Fill *arrivals*, int64[n], with times of independent events, *mean* ns apart. Returns the last."""
    now = 0
    for i in range(len(arrivals)):
        now += draws.waiting(random, mean)
        arrivals[i] = now
    return now
