"""Leader election by a lease, event by event.

The rules are client-go's (tools/leaderelection): the leader renews every RETRY_NS. Candidates read the
record, wait RETRY_NS x (1 + U[0, jitter]) and read again. One takes over at a read that is LEASE_NS or
more after *its own read* which last saw the record change, or at any read that finds no holder: what a
leader leaves that releases its lease. Two gaps between reads therefore add to the lease. A request takes
REQUEST_NS, and acts at its end; an update is refused if the record has changed since it was read.
"""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels._jit import inline, kernel
from kscale.kernels.draws import PPM, below

Longs = NDArray[np.int64]

NEVER = 1 << 62  # a time that does not come

# rules
RETRY_NS, JITTER_PPM, LEASE_NS, REQUEST_NS, RULES = range(5)
# of a candidate
NEXT, SEEN, CHANGED, ASKED, CANDIDATE = range(5)  # next answer, version seen, since when, 1: wants it
WARM_NS = 20_000_000_000  # the leader leads for so long before it ends: candidates poll in any phase


@inline
def _gap(state: Longs, rules: Longs) -> int:
    """Return the time between two reads of a candidate."""
    return int(rules[RETRY_NS] + below(state, rules[RETRY_NS] * rules[JITTER_PPM] // PPM + 1))


@kernel
def take_over(  # noqa: C901, PLR0912 - the events of a trial; a helper would have to return five numbers
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
    retry, request = rules[RETRY_NS], rules[REQUEST_NS]
    candidates = np.empty((standbys, CANDIDATE), dtype=np.int64)
    for trial in range(len(ended)):
        state = draws[trial]
        end = WARM_NS + below(state, max(retry, request))
        mean = retry + retry * rules[JITTER_PPM] // PPM // 2
        for c in range(standbys):
            candidates[c, NEXT] = request + below(state, mean)
            candidates[c, SEEN], candidates[c, CHANGED], candidates[c, ASKED] = 0, 0, 0
        renewal = request  # when the next one reaches the record
        last = 0  # renewal that did
        version, held = 1, True
        released = end + request if release == 1 else NEVER
        winner = NEVER
        while winner == NEVER:
            c = 0
            for other in range(1, standbys):
                if candidates[other, NEXT] < candidates[c, NEXT]:
                    c = other
            at = candidates[c, NEXT]
            while min(renewal, released) <= at:
                if renewal <= released and renewal <= end:
                    version += 1
                    last = renewal
                    renewal += max(retry, request)
                elif renewal <= released:
                    renewal = NEVER
                else:
                    version += 1
                    held, released = False, NEVER
            if candidates[c, ASKED] == 1:
                if candidates[c, SEEN] == version:
                    winner = at
                candidates[c, ASKED] = 0
                candidates[c, NEXT] = at + _gap(state, rules) + request
                continue
            if candidates[c, SEEN] != version:
                candidates[c, SEEN], candidates[c, CHANGED] = version, at
            if held and at < candidates[c, CHANGED] + rules[LEASE_NS]:
                candidates[c, NEXT] = at + _gap(state, rules) + request
            else:
                candidates[c, ASKED] = 1
                candidates[c, NEXT] = at + request
        ended[trial] = end
        renewed[trial] = last
        taken[trial] = winner
