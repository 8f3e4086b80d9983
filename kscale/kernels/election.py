"""Leader election by a lease: candidates read by read, and the leader's renewals in step.

The rules are client-go's (tools/leaderelection): the leader renews, which takes RENEW_NS, and begins again
RETRY_NS after that was done. Candidates read the record, wait RETRY_NS x (1 + U[0, jitter]) and read
again. One takes over with a read that it *begins* LEASE_NS or more after the *end of its own read* which
last saw the record change, or with any read that finds no holder: what a leader leaves that releases its
lease. Two gaps between reads therefore add to the lease. A request takes REQUEST_NS, and acts at its
end; an update is refused if the record has changed since it was read.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel
from kscale.kernels.draws import PPM, below

Longs = NDArray[np.int64]

NEVER = 1 << 62  # a time that does not come
NONE = -1  # instead of a version

# rules; RENEW_NS and RELEASE_NS are of one request or two, as the version has it
RETRY_NS, JITTER_PPM, LEASE_NS, REQUEST_NS, RENEW_NS, RELEASE_NS, RULES = range(7)
# of a candidate
NEXT, SEEN, CHANGED, ASKED, CANDIDATE = range(5)  # next answer, version seen, since when, 1: wants it
WARM_NS = 20_000_000_000  # the leader leads for so long before it ends: candidates poll in any phase


@inline
def _gap(state: Longs, rules: Longs) -> int:
    """Return the time from a candidate's read to its next one."""
    return int(rules[RETRY_NS] + below(state, rules[RETRY_NS] * rules[JITTER_PPM] // PPM + 1))


@inline
def _next(candidates: Longs) -> int:
    """Return the candidate with the next answer, the first of several."""
    first = 0
    for c in range(1, len(candidates)):
        if candidates[c, NEXT] < candidates[first, NEXT]:
            first = c
    return first


@inline
def _renewals(at: int, end: int, rules: Longs) -> int:
    """Return how many renewals of a leader that ends at *end* have reached the record by *at*."""
    since = min(at, end) - rules[RENEW_NS]
    return int(since // (rules[RETRY_NS] + rules[RENEW_NS]) + 1) if since >= 0 else 0


@inline
def _wins(candidates: Longs, c: int, version: int, free: bool, state: Longs, rules: Longs) -> bool:
    """Give a candidate its answer of a record of that version, and return whether it has the lease now."""
    at, request = candidates[c, NEXT], rules[REQUEST_NS]
    if candidates[c, ASKED] == 1:
        candidates[c, ASKED] = 0
        candidates[c, NEXT] = at + _gap(state, rules) + request
        return bool(candidates[c, SEEN] == version)
    if candidates[c, SEEN] != version:
        candidates[c, SEEN], candidates[c, CHANGED] = version, at
    if free or at - request >= candidates[c, CHANGED] + rules[LEASE_NS]:
        candidates[c, ASKED] = 1
        candidates[c, NEXT] = at + request
    else:
        candidates[c, NEXT] = at + _gap(state, rules) + request
    return False


@kernel
def take_over(
    release: int, standbys: int, draws: Longs, rules: Longs, ended: Longs, renewed: Longs, taken: Longs
) -> None:
    """Let a leader end in each of many trials, and a candidate take over.

    release  1: it leaves no holder when it ends; 0: it just ends
    draws    int64[t, 6]  generator of each trial; changed
    rules    int64[RULES]
    ended    int64[t]  out, ns: when it ended: crashed, lost its connection, was told to stop
    renewed  int64[t]  out, ns: when it last renewed its lease
    taken    int64[t]  out, ns: when a candidate had the lease

    Cost is O(t x standbys x (WARM_NS + LEASE_NS) / RETRY_NS).
    """
    request, mean = rules[REQUEST_NS], rules[RETRY_NS] + rules[RETRY_NS] * rules[JITTER_PPM] // PPM // 2
    cycle = rules[RETRY_NS] + rules[RENEW_NS]
    candidates = np.zeros((standbys, CANDIDATE), dtype=np.int64)
    for trial in range(len(ended)):
        state = draws[trial]
        end = WARM_NS + below(state, cycle)
        released = end + rules[RELEASE_NS] if release == 1 else NEVER
        for c in range(standbys):
            candidates[c, NEXT] = request + below(state, mean)
            candidates[c, SEEN], candidates[c, CHANGED], candidates[c, ASKED] = NONE, 0, 0
        won = False
        while not won:
            c = _next(candidates)
            at = candidates[c, NEXT]
            free = released <= at
            version = _renewals(at, end, rules) + (1 if free else 0)
            won = _wins(candidates, c, version, free, state, rules)
        ended[trial], taken[trial] = end, at
        renewed[trial] = (_renewals(end, end, rules) - 1) * cycle + rules[RENEW_NS]
