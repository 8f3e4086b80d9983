"""The proof that nothing was lost in a run and nothing happened twice.

What the counters and the stations say is held against an independent count of what is there at the end: the
events under way, the lines before servers, the rings of the etcds, the lives of the pods.

    every request is in one place: free, with its client, in a line, on a core, in an etcd, on its way back
    every pod that is not yet known to run is in one place, that of its next step, or has no node
    of each kind: first sent = answered + given up or refused by an etcd + under way
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.world import World
from kscale.errors import WrongAnswer
from kscale.kernels import cluster_books, heap
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_stations as cs
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_steps as steps

Longs = NDArray[np.int64]

LIFE = cr.KNOWN + 1  # times of a pod

# What a pod waits for that has so many of its times: an event, or a request.
EVENTS = {cr.SEE: 2, cr.SCHEDULE: 3, cr.ASSIGN: 5, cr.RUN: 6, cr.KNOW: 7}
REQUESTS = {ct.CREATE: 1, ct.BIND: 4, ct.POD_STATUS: 7}

AT_SERVERS = (cr.SERVED, cr.OFFER, cr.ANSWERED, cr.STORED_PUT, cr.LOST, cr.ETCD_REFUSED)  # beside in etcds


@dataclass(frozen=True, slots=True)
class _There:
    """What is there at the end."""

    of: dict[int, Longs]  # code of an event -> what those under way are about
    etcds: list[Longs]  # requests offered to each and not yet reported
    used: Longs  # requests that are not free
    kinds: Longs  # of each of these

    def count(self, code: int) -> int:
        """Return how many events of a code are under way."""
        return len(self.of[code])


def balance(world: World) -> None:
    """Raise WrongAnswer if something was lost or happened twice."""
    there = _there(world)
    _places(world, there)
    _stations(world, there)
    _seats(world, there)
    _kinds(world, there)
    _pods(world, there)
    _puts(world, there)
    _heartbeats(world, there)


def _equal(what: str, counted: object, found: object) -> None:
    """Raise WrongAnswer if what was counted is not what is found, numbers or arrays."""
    one, other = np.asarray(counted), np.asarray(found)
    if np.array_equal(one, other):
        return
    at = int(np.flatnonzero(np.ravel(one != other))[0])
    where = f" {at}" if one.ndim else ""
    raise WrongAnswer(
        f"cluster: {what}{where}: {np.ravel(one)[at]:,} were counted, {np.ravel(other)[at]:,} are there"
    )


def _there(world: World) -> _There:
    """Return what is there."""
    what = world.events[: world.size[heap.COUNT], heap.WHAT]
    codes, refs = what % cr.CODES, what // cr.CODES
    etcds = []
    for e in range(len(world.wakes)):
        at, mask = world.e_at[e], len(world.e_entries[e]) - 1
        waits = np.arange(at[steps.TAKEN], at[steps.OFFERED]) & mask
        entries = np.arange(at[steps.RELEASED], at[steps.QUEUED]) & mask
        etcds.append(
            np.concatenate((world.e_waits[e, waits, steps.ID], world.e_entries[e, entries, steps.ID]))
        )
    used = np.flatnonzero(world.slots[:, cr.USED] == 1)
    return _There(
        {code: refs[codes == code] for code in range(cr.CODES)}, etcds, used, world.slots[used, cr.KIND]
    )


def _places(world: World, there: _There) -> None:
    """Every request is in one place."""
    slots, counts = world.slots, world.counts
    held = [there.of[code] for code in (cr.SEND, *AT_SERVERS)] + there.etcds
    places = np.bincount(np.concatenate(held), minlength=len(slots)).astype(np.int64)
    free = cluster_books.follow(int(counts[cr.FREE_SLOT]), len(slots), slots, places)
    _equal("free requests", counts[cr.FREE_SLOTS], free)
    _equal("requests that are free or not", free + len(there.used), len(slots))
    for server in world.servers:
        waiting = int(server[cr.WAITING])
        first = int(server[cr.FIRST]) if waiting else cr.NONE
        _equal("requests in line", waiting, cluster_books.follow(first, waiting, slots, places))
    nowhere, twice = int((places == 0).sum()), int((places > 1).sum())
    if nowhere or twice:
        raise WrongAnswer(f"cluster: {nowhere:,} requests are nowhere, {twice:,} in more than one place")


def _stations(world: World, there: _There) -> None:
    """At every station there are as many as came and did not go; Little's law holds."""
    rows, counts = world.stations, world.counts
    kinds, shards = world.slots[:, cr.KIND], world.requests[:, ct.SHARD]
    inside = rows[:, cs.INSIDE].copy()
    inside[[cr.AT_CLIENTS, cr.AT_QUEUE, cr.AT_CPU]] = (
        there.count(cr.SEND),
        world.servers[:, cr.WAITING].sum(),
        there.count(cr.SERVED),
    )
    inside[[cr.AT_SCHEDULER, cr.AT_KUBELET, cr.AT_DISPATCH]] = (
        there.count(cr.SCHEDULE),
        there.count(cr.RUN),
        0,
    )
    reported = np.concatenate((there.of[cr.STORED_PUT], there.of[cr.ETCD_REFUSED]))
    inside[cr.AT_LOG :: 2] = [len(one) for one in there.etcds]
    inside[cr.AT_LOG + 1 :: 2] = np.bincount(shards[kinds[reported]], minlength=len(there.etcds))
    _equal("inside station", rows[:, cs.INSIDE], inside)
    _equal("inside station", rows[:, cs.ENTERED] - rows[:, cs.LEFT], inside)
    _equal("ns inside over time, and those of all, at station", rows[:, cs.AREA], rows[:, cs.SOJOURN])
    up = int(counts[cr.PUBLISHED]) * len(world.servers)
    if rows[cr.AT_DISPATCH, cs.ENTERED] > up:
        raise WrongAnswer(f"cluster: {rows[cr.AT_DISPATCH, cs.ENTERED]:,} events were passed on, not {up:,}")


def _seats(world: World, there: _There) -> None:
    """Seats taken at a server are those of the requests there, and its clients those that say so."""
    servers, rules = len(world.servers), world.rules
    here = np.concatenate([there.of[code] for code in AT_SERVERS] + there.etcds)
    kinds, at = world.slots[here, cr.KIND], world.slots[here, cr.AT]
    judged = world.requests[kinds, ct.VERB] >= 0
    writes = world.requests[kinds, ct.PATH] == ct.PUT
    for column, those in ((cr.READS, judged & ~writes), (cr.WRITES, judged & writes)):
        taken = np.bincount(at[those], minlength=servers)
        _equal("seats taken at server", world.servers[:, column], taken)
    kubelets = int(rules[cr.KUBELETS])
    for column, rows in ((cr.WATCHING, world.nodes[:kubelets]), (cr.FOLLOWING, world.nodes[kubelets:])):
        clients = np.bincount(rows[:, cr.SERVER], minlength=servers)
        _equal("clients of server", world.servers[:, column], clients)
    counts = world.counts
    under_way = int(counts[cr.REQUESTS] - counts[cr.FINISHED] - counts[cr.UNSERVED])
    _equal("requests at servers", under_way, len(here))
    sent = int((world.slots[there.used, cr.BORN] < cr.NEVER).sum())
    waiting = int(world.servers[:, cr.WAITING].sum() + counts[cr.AWAITING])
    _equal("requests that were sent", under_way + waiting, sent)


def _kinds(world: World, there: _There) -> None:
    """Of each kind: first sent = answered + given up or refused + under way."""
    counts, verbs = world.counts, world.requests[:, ct.VERB]
    sent, done, undone, unreached = (
        counts[first : first + ct.KINDS]
        for first in (cr.FIRST_SENT, cr.STORED_KIND, cr.UNDONE_KIND, cr.UNREACHED_KIND)
    )
    born = world.slots[there.used, cr.BORN] < cr.NEVER
    under_way = np.bincount(there.kinds[born], minlength=ct.KINDS)
    _equal("requests of kind", sent, done + undone - unreached + under_way)
    _equal("answers", counts[cr.FINISHED], done.sum())
    _equal("requests not done", counts[cr.UNSERVED] + counts[cr.GIVEN_UP], undone.sum())
    again = undone[ct.CREATE : ct.REMOVE + 1].sum()
    _equal("requests begun anew", counts[cr.REQUEUED], again)
    for verb in range(world.hist.shape[1]):
        asked, answered = world.hist[:, verb, cs.BUCKETS].sum(), world.hist[:, verb, : cs.BUCKETS].sum()
        _equal("requests judged", asked, sent[verbs == verb].sum())
        _equal("answers judged", answered, done[verbs == verb].sum())


def _pods(world: World, there: _There) -> None:
    """Every pod waits for its next step in one place, and what was written of it was written once."""
    pods, slots, counts = world.pods, world.slots, world.counts
    times = pods[:, :LIFE]
    if (np.diff(times, axis=1) < 0).any():
        raise WrongAnswer("cluster: a pod's life is out of order")
    came = times < cr.NEVER
    reached = came.sum(axis=1)
    waits = [(steps_done, there.of[code]) for code, steps_done in EVENTS.items()]
    for kind, steps_done in REQUESTS.items():
        refs = slots[there.used[there.kinds == kind], cr.REF]
        waits.append((steps_done, refs[refs >= 0]))
    for steps_done, those in waits:
        _equal("pod's steps, one that waits for its next", reached[those], np.full(len(those), steps_done))
    pending = (reached == cr.SCHEDULED + 1) & (pods[:, cr.PLACE] == cr.NONE)
    places = np.bincount(np.concatenate([those for _, those in waits]), minlength=len(pods))
    _equal("places of pod", ((reached > 0) & (reached < LIFE) & ~pending).astype(np.int64), places)
    _equal("pods without a node", counts[cr.PENDING_PODS], pending.sum())
    _equal("pods known to run", counts[cr.RUNNING_PODS], came[:, cr.KNOWN].sum())
    for kind, time in ((ct.CREATE, cr.STORED), (ct.BIND, cr.BOUND)):
        _equal("pods written", counts[cr.STORED_KIND + kind], came[:, time].sum())
    ending = there.count(cr.STOP) + int((there.kinds == ct.REMOVE).sum())
    ended = int(counts[cr.STORED_KIND + ct.REMOVE])
    _equal("pods deleted", counts[cr.STORED_KIND + ct.DELETE], ending + ended)


def _puts(world: World, there: _There) -> None:
    """Every etcd reported what it was offered; every put of a type was heard of."""
    requests, counts, etcds = world.requests, world.counts, len(there.etcds)
    puts = requests[:, ct.PATH] == ct.PUT
    stored = counts[cr.STORED_KIND : cr.STORED_KIND + ct.KINDS] * puts
    kinds = world.slots[there.of[cr.STORED_PUT], cr.KIND]
    for e in range(etcds):
        here = requests[:, ct.SHARD] == e
        at = world.e_at[e]
        _equal("requests applied", at[steps.RELEASED], stored[here].sum() + here[kinds].sum())
        _equal("requests decoded", at[steps.TAKEN], at[steps.QUEUED] + world.e_counts[e, ew.REFUSALS])
    _equal("requests refused by etcds", counts[cr.ETCD_BUSY], world.e_counts[:, ew.REFUSALS].sum())
    for t in range(ct.TYPES):
        heard = stored[requests[:, ct.TYPE] == t].sum()
        _equal("events published", counts[cr.PUBLISHED_TYPE + t], heard)
    each = counts[cr.PUBLISHED_TYPE : cr.PUBLISHED_TYPE + ct.TYPES]
    _equal("events published", counts[cr.PUBLISHED], each.sum())


def _heartbeats(world: World, there: _There) -> None:
    """Every heartbeat was sent once, and a kubelet knows which of its own are under way."""
    kubelets = world.nodes[: int(world.rules[cr.KUBELETS])]
    for kind, out, written in (
        (ct.STATUS, cr.STATUS_OUT, cr.STATUS_WRITES),
        (ct.LEASE, cr.LEASE_OUT, cr.LEASE_WRITES),
    ):
        rows = world.slots[there.used[there.kinds == kind]]
        under_way = np.bincount(rows[:, cr.REF], minlength=len(kubelets))
        _equal("heartbeats of node", kubelets[:, out], under_way)
        unsent = int((rows[:, cr.BORN] == cr.NEVER).sum() + world.counts[cr.UNREACHED_KIND + kind])
        _equal("heartbeats", world.counts[written], world.counts[cr.FIRST_SENT + kind] + unsent)
