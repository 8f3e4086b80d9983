"""LISTs at one API server on a virtual clock: wait until the cache is fresh, then share the cores.

Lists come when they come (open loop). One beyond LIMIT in flight is refused and tries again RETRY later,
at most TRIES times. A consistent read from the cache asks etcd for its revision (ROUND_TRIP), and waits
until the cache has it: until the next event of the type, or until etcd has told its revision, every NOTIFY
without being asked, or within ASK when asked. Whether anything is missing depends on the writes
to other types, which raise etcd's revision too. Who waits longer than PATIENCE is refused.

Then all lists run at the same speed: in full, up to SPEED of them, and slower by as much as there are more.
All need SERVICE alone, so that they end in the order in which they began: no heap is needed. Times in ns.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import draws
from kscale.kernels._jit import inline, kernel

Longs = NDArray[np.int64]

# `rules`, int64[13]
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
RULES = 13

# What was seen, int64[5]
REFUSED = 0  # tries refused as too many were in flight
STALE = 1  # tries refused as the cache did not catch up
FAILED = 2  # lists given up
PEAK = 3  # most lists in flight
DONE = 4  # when the last one was answered
SEEN = 5

NEVER = 1 << 62
_LONG = 64  # means: further than any draw reaches back

# The cache against etcd, int64[6]
_LAST, _NEXT = 0, 1  # events of the type: at or before now, after now
_KNOWN = 2  # every write up to here is in the cache, or on its way
_CHECKED = 3  # other writes are drawn up to here
_BEHIND = 4  # one of them came after _KNOWN
_ASKED = 5  # when etcd was last asked
_CACHE = 6

# A first-in first-out queue over arrays of n: int64[2]
_FROM, _TO = 0, 1


@inline
def _pass_events(now: int, cache: Longs, rules: Longs, random: Longs) -> None:
    """Draw events of the type up to the first after *now*."""
    mean = rules[EVENTS]
    if mean == 0:
        cache[_NEXT] = NEVER
        return
    if now - cache[_NEXT] > _LONG * mean:  # the past is forgotten: only its last event is drawn
        cache[_LAST] = now - draws.waiting(random, mean)
        cache[_NEXT] = now + 1 + draws.waiting(random, mean)
    while cache[_NEXT] <= now:
        cache[_LAST] = cache[_NEXT]
        cache[_NEXT] += 1 + draws.waiting(random, mean)


@inline
def _fresh_at(now: int, cache: Longs, rules: Longs, random: Longs) -> int:
    """Return when the cache has all that was written up to *now*, not before etcd's revision is known."""
    _pass_events(now, cache, rules, random)
    known = max(cache[_KNOWN], cache[_LAST])
    if rules[NOTIFY] > 0:
        known = max(known, now - now % rules[NOTIFY])
    if cache[_ASKED] + rules[ROUND_TRIP] + rules[LAG] <= now:
        known = max(known, cache[_ASKED])
    if known > cache[_CHECKED]:
        cache[_BEHIND] = 0
    since = max(known, cache[_CHECKED])
    if cache[_BEHIND] == 0 and rules[OTHERS] > 0:
        cache[_BEHIND] = int(draws.waiting(random, rules[OTHERS]) <= now - since)
    cache[_KNOWN], cache[_CHECKED] = known, now
    asked = now + rules[ROUND_TRIP]
    if cache[_BEHIND] == 0:
        return int(max(asked, known + rules[LAG]))
    fresh = cache[_NEXT] + rules[LAG] if cache[_NEXT] < NEVER else NEVER
    if rules[NOTIFY] > 0:
        fresh = min(fresh, now - now % rules[NOTIFY] + rules[NOTIFY] + rules[LAG])
    if rules[ASK] > 0:
        turn = -(-asked // rules[ASK]) * rules[ASK]
        answered = turn + rules[ROUND_TRIP] + rules[LAG]
        if answered < fresh:
            cache[_ASKED] = turn
            fresh = answered
    return int(max(asked, fresh))


@inline
def _ends(now: int, at: int, done: int, running: int, speed: int) -> int:
    """Return when *done*, the work every running list got so far, reaches *at*."""
    left = max(0, at - done)
    full = running * 1000 <= speed
    return now + left if full else now - (-left * running * 1000 // speed)


@kernel
def serve(  # noqa: C901, PLR0912, PLR0915 - the one loop over events; its parts share all of the state
    arrivals: Longs, rules: Longs, random: Longs, latency: Longs, waited: Longs, seen: Longs
) -> int:
    """Answer the lists that come at *arrivals*.

    arrivals  int64[n]  ascending
    rules     int64[13] see above
    random    int64[6]  a generator (kernels/draws.py), used up
    latency   int64[n]  out: from arrival to the answer, or to giving up
    waited    int64[n]  zeros; out: for the cache, all tries together
    seen      int64[5]  zeros; out

    Returns the steps made. Cost is O(n x tries), and what events of the type are drawn.
    """
    n = len(arrivals)
    tries = np.zeros(n, dtype=np.int64)
    again, again_at, agains = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(2, np.int64)
    waits, wait_end, in_wait = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(2, np.int64)
    runs, run_end, in_run = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(2, np.int64)
    gave_up = np.zeros(n, dtype=np.uint8)
    cache = np.zeros(_CACHE, dtype=np.int64)
    now = done = new = steps = fresh = 0
    while True:
        running, waiting = in_run[_TO] - in_run[_FROM], in_wait[_TO] - in_wait[_FROM]
        run_next = wait_next = again_next = new_next = NEVER
        if running > 0:
            run_next = _ends(now, run_end[in_run[_FROM] % n], done, running, rules[SPEED])
        if waiting > 0:
            wait_next = wait_end[in_wait[_FROM] % n]
        if agains[_TO] > agains[_FROM]:
            again_next = again_at[agains[_FROM] % n]
        if new < n:
            new_next = arrivals[new]
        then = min(run_next, wait_next, again_next, new_next)
        if then == NEVER:
            break
        steps += 1
        full = running * 1000 <= rules[SPEED]
        done += then - now if full else (then - now) * rules[SPEED] // (running * 1000)
        now = then
        if now == run_next:  # an answer
            done = max(done, run_end[in_run[_FROM] % n])
            one = runs[in_run[_FROM] % n]
            in_run[_FROM] += 1
            latency[one] = now - arrivals[one]
            seen[DONE] = now
            continue
        refused = False
        if now == wait_next:
            one = waits[in_wait[_FROM] % n]
            in_wait[_FROM] += 1
            refused = gave_up[one] == 1
            if refused:
                seen[STALE] += 1
        else:
            if now == again_next:
                one = again[agains[_FROM] % n]
                agains[_FROM] += 1
            else:
                one, new = new, new + 1
            if running + waiting >= rules[LIMIT]:
                refused = True
                seen[REFUSED] += 1
            else:
                seen[PEAK] = max(seen[PEAK], running + waiting + 1)
                if rules[FRESH] > 0:
                    fresh = max(fresh, _fresh_at(now, cache, rules, random))
                    end = min(fresh, now + rules[ROUND_TRIP] + rules[PATIENCE])
                    gave_up[one] = int(end < fresh)
                    waited[one] += end - now - rules[ROUND_TRIP]
                    waits[in_wait[_TO] % n], wait_end[in_wait[_TO] % n] = one, end
                    in_wait[_TO] += 1
                    continue
        if not refused:
            runs[in_run[_TO] % n], run_end[in_run[_TO] % n] = one, done + rules[SERVICE]
            in_run[_TO] += 1
        elif tries[one] == rules[TRIES]:
            seen[FAILED] += 1
            latency[one] = now - arrivals[one]
        else:
            tries[one] += 1
            again[agains[_TO] % n], again_at[agains[_TO] % n] = one, now + rules[RETRY]
            agains[_TO] += 1
    return steps


@kernel
def arrive(mean: int, random: Longs, arrivals: Longs) -> int:
    """Fill *arrivals*, int64[n], with times of independent events, *mean* ns apart. Returns the last."""
    now = 0
    for i in range(len(arrivals)):
        now += draws.waiting(random, mean)
        arrivals[i] = now
    return now
