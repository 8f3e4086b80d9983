"""What goes wrong in a run, and what clients do then. Each fault is a few changes at given times.

A server that stops answers what it has begun (an orderly stop); its clients connect to another one that is
up and begin their watches again. It comes back with its caches filled. A lost member of etcd is its leader.

Left out: histories of their own, for a server that restarts begins with an empty one, and who connects to it
later may have to list; the watches and handshakes of clients that are no kubelets, and the handshakes of
kubelets that restart; deletion of the pods of dead nodes; a failover of the scheduler. What a lost leader had
not yet committed is committed by the next one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.clusterwide.costing import KUBELET_WATCHES
from kscale.clusterwide.load import SECOND, US
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.world import World, connect
from kscale.errors import KscaleError
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import election, etcd_write_steps, watch_ring
from kscale.kernels import etcd_write as ew
from kscale.mechanisms import standby_load
from kscale.scenario import draw
from kscale.scenario.cluster import Fault
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]
Change = Callable[[World, int], Longs | None]  # at that time; returns rows to be added to the plan

HERD_NS = SECOND  # clients that lost their server come back within it,
RESTART_NS = 10 * SECOND  # kubelets that restart begin within it; both assumed
MS = 1_000_000
PPM, PS = 1_000_000, 1000
DRAWN = 1 << 32  # numbers of a stream for each fault, and
EACH = 1 << 22  # for each of its servers: more than there are clients


@dataclass(frozen=True, slots=True)
class Moment:
    """A change at a time."""

    at_ns: int
    change: Change
    failover: bool = False


@dataclass(frozen=True, slots=True)
class _Numbers:
    """Where a fault's random numbers begin, the same in each stream."""

    seed: int
    first: int

    def of(self, server: int) -> "_Numbers":
        """Return those of one of the servers of a fault."""
        return _Numbers(self.seed, self.first + server * EACH)

    def keys(self, stream: Stream, count: int) -> draw.Keys:
        """Return numbers of a stream."""
        return draw.keys(self.seed, stream, self.first, count)

    def below(self, stream: Stream, count: int, end: int) -> Longs:
        """Return numbers of a stream as 0 .. *end* - 1."""
        return draw.scaled(self.keys(stream, count), end)


def moments(size: Size, toggles: Toggles, seed: int) -> list[Moment]:
    """Return the changes of all faults of a simulation, in the order of time.

    KscaleError if a member of etcd is lost before the one in place of another has caught up: no leader may
    be left then, and without one no member ever does.
    """
    _members_are_there(size)
    found: list[Moment] = []
    for number, fault in enumerate(size.simulation.faults):
        made = _KINDS[fault.kind](size, toggles, _Numbers(seed, number * DRAWN), fault)
        found += made
    return sorted(found, key=lambda one: one.at_ns)


def _members_are_there(size: Size) -> None:
    """Refuse the loss of a member while another one still fills; KscaleError."""
    ready, other = 0, 0
    losses = [
        (fault.at_ns, number, fault.lasts_ns)
        for number, fault in enumerate(size.simulation.faults)
        if fault.kind == "etcd-member-loss"
    ]
    for at, number, lasts in sorted(losses):
        if at < ready:
            least, given = units.exact_duration(-(-ready // MS) * MS), units.exact_duration(at)
            raise KscaleError(
                f"simulation.faults[{number}].at: must be {least} or later, when the member in place of that"
                f" of faults[{other}] has caught up, got {given}"
            )
        ready, other = at + lasts + _transfer_ns(size), number


def _servers(size: Size, toggles: Toggles, numbers: _Numbers, fault: Fault) -> list[Moment]:
    """Return restarts of servers, one after the other. With balanced servers all new ones are up before."""
    count = min(fault.count, size.control_plane.apiservers)
    if "apiserver-balance" in toggles:
        return [Moment(fault.at_ns, partial(_stop, range(count), True, numbers))]
    found = []
    for i in range(count):
        at = fault.at_ns + i * fault.lasts_ns
        found.append(Moment(at, partial(_stop, range(i, i + 1), False, numbers.of(i))))
        found.append(Moment(at + fault.lasts_ns, partial(_start, i)))
    return found


def _stop(stopped: range, surge: bool, numbers: _Numbers, world: World, now: int) -> Longs:
    """Stop servers: their clients connect to others, and begin their watches again."""
    if not surge:
        world.servers[stopped.start : stopped.stop, cr.UP] = 0
    up = np.flatnonzero(world.servers[:, cr.UP])
    at = world.nodes[:, cr.SERVER]
    clients = np.flatnonzero((at >= stopped.start) & (at < stopped.stop))
    if len(up):
        world.nodes[clients, cr.SERVER] = up[numbers.below(Stream.CLUSTER_RECONNECTS, len(clients), len(up))]
    connect(world)
    world.nodes[clients, cr.BROKE] = now
    world.counts[cr.MOVED] += len(clients)
    return _again(clients[clients < world.rules[cr.KUBELETS]], now, HERD_NS, numbers)


def _start(server: int, world: World, _: int) -> None:
    """Start a server: nobody is connected to it yet."""
    world.servers[server, cr.UP] = 1


def _again(kubelets: Longs, now: int, within: int, numbers: _Numbers) -> Longs:
    """Return the watches that kubelets begin again, pods' by the history, the others as they are."""
    when = now + 1 + US * numbers.below(Stream.CLUSTER_RETURNS, len(kubelets), within // US)
    pods = np.stack((when, np.full(len(when), cr.BREAK_WATCH), kubelets), axis=1)
    others = np.stack((when, np.full(len(when), cr.ASK), kubelets * cr.ASKS + ct.RESUME), axis=1)
    return np.concatenate((pods, *([others] * (KUBELET_WATCHES - 1))))


def _member(size: Size, toggles: Toggles, _: _Numbers, fault: Fault) -> list[Moment]:
    """Return the loss of etcd's leader: an election, a member less, and one in its place later.

    The new member is added before the lost one is removed. It needs the leader's store first; until then it
    counts in the quorum, unless it is a learner.
    """
    learner = "etcd-learner" in toggles
    return [
        Moment(fault.at_ns, partial(_lose, size.costs["etcd_election_ns"]), failover=True),
        Moment(fault.at_ns + fault.lasts_ns, partial(_add, learner)),
        Moment(fault.at_ns + fault.lasts_ns + _transfer_ns(size), _caught_up),
    ]


def _transfer_ns(size: Size) -> int:
    """Return how long the new member takes to get the store and to open it, of live objects and history."""
    costs = size.costs
    each = (
        costs["etcd_snapshot_disk_ps_per_byte"]
        + costs["etcd_network_ps_per_byte"]
        + costs["etcd_open_ps_per_byte"]
    )
    stored = sum(one.count * one.mean_bytes for one in size.stored.values())
    return stored * each // PS


def _lose(election_ns: int, world: World, now: int) -> None:
    """Lose the leader of every etcd; one that follows takes over."""
    for e in range(world.tables.etcds):
        one = world.etcd(e)
        one.cores[:] = np.maximum(one.cores, now + election_ns)
        if len(one.peers):
            etcd_write_steps.lose(len(one.peers) - 1, one)
        world.wakes[e] = etcd_write_steps.upcoming(one)


def _add(learner: bool, world: World, now: int) -> None:
    """Add a member beside the lost one: a voter raises the quorum, a learner does not."""
    members = len(world.e_followers[0]) + 1
    if not learner:
        world.e_rules[:, ew.QUORUM] = (members + 1) // 2 + 1
    _settle(world, now)


def _caught_up(world: World, now: int) -> None:
    """Let the new member have the store, and remove the lost one."""
    members = len(world.e_followers[0]) + 1
    world.e_rules[:, ew.QUORUM] = members // 2 + 1
    for e in range(world.tables.etcds):
        one = world.etcd(e)
        if len(one.peers):
            etcd_write_steps.join(now, len(one.peers) - 1, one)
    _settle(world, now)


def _settle(world: World, now: int) -> None:
    """Wake every etcd: what it waits for may be there."""
    world.wakes[:] = np.minimum(world.wakes, now + 1)


def _partition(size: Size, _toggles: Toggles, numbers: _Numbers, fault: Fault) -> list[Moment]:
    """Return a zone's nodes cut off from all API servers, and back."""
    zone = np.resize(size.pattern.zone, size.nodes)
    kubelets = np.flatnonzero(zone == fault.zone)
    return [
        Moment(fault.at_ns, partial(_cut, kubelets)),
        Moment(fault.at_ns + fault.lasts_ns, partial(_mend, kubelets, numbers)),
    ]


def _cut(kubelets: Longs, world: World, now: int) -> None:
    """Cut kubelets off."""
    world.nodes[kubelets, cr.CUT] = 1
    world.nodes[kubelets, cr.BROKE] = now


def _mend(kubelets: Longs, numbers: _Numbers, world: World, now: int) -> Longs:
    """Let kubelets back in."""
    world.nodes[kubelets, cr.CUT] = 0
    return _again(kubelets, now, HERD_NS, numbers)


def _controllers(size: Size, toggles: Toggles, numbers: _Numbers, fault: Fault) -> list[Moment]:
    """Return a crash of the leading controller manager: another one takes over by its lease, and fills up."""
    rules = standby_load.election_rules(size.profile, standby_load.Params().request_ns)
    ended, renewed, taken = (np.zeros(1, dtype=np.int64) for _ in range(3))
    drawn = draw.generators(numbers.seed, Stream.CLUSTER_ELECTIONS, numbers.first, 1)
    election.take_over(0, 1, drawn, rules, ended, renewed, taken)
    back = int(taken[0] - ended[0])
    warm = "controller-standby" in toggles
    return [Moment(fault.at_ns, partial(_crash, size, back, 0 if warm else _fill_ns(size)), failover=True)]


def _fill_ns(size: Size) -> int:
    """Return how long a cold standby takes to fill its caches: the largest type, decoded one by one."""
    costs = size.costs
    return max(
        (
            one.count
            * (
                costs["informer_decode_ns_per_object"]
                + costs["informer_store_ns_per_object"]
                + costs["informer_decode_ps_per_byte"] * one.mean_bytes // PS
            )
            for one in size.stored.values()
        ),
        default=0,
    )


def _crash(size: Size, back: int, fill: int, world: World, now: int) -> Longs | None:
    """Let nobody control until the standby leads and is filled; a cold one lists all pods first."""
    world.rules[cr.CONTROLLER_STALL] = now + back + fill
    if fill == 0:
        return None
    row = size.nodes + 1
    return np.array([[now + back, cr.ASK, row * cr.ASKS + ct.LIST_ALL]], dtype=np.int64)


def _kubelets(size: Size, _toggles: Toggles, numbers: _Numbers, fault: Fault) -> list[Moment]:
    """Return kubelets that all restart: they read, list and watch anew."""
    count = size.nodes * fault.share_ppm // PPM
    order = np.argsort(numbers.keys(Stream.CLUSTER_FAULTS, size.nodes), kind="stable")
    chosen = np.sort(order[:count]).astype(np.int64)
    return [Moment(fault.at_ns, partial(_restart, chosen, numbers))]


def _restart(kubelets: Longs, numbers: _Numbers, world: World, now: int) -> Longs:
    """Restart kubelets: their watches of pods begin with a list."""
    when = now + 1 + US * numbers.below(Stream.CLUSTER_RETURNS, len(kubelets), RESTART_NS // US)
    world.nodes[kubelets, cr.SEEN_RV] = world.history[watch_ring.END]
    parts = [
        np.stack((when, np.full(len(when), cr.ASK), kubelets * cr.ASKS + kind), axis=1)
        for kind in (ct.GET, ct.RELIST, *([ct.RESUME] * (KUBELET_WATCHES - 1)))
    ]
    return np.concatenate(parts)


_KINDS: dict[str, Callable[[Size, Toggles, _Numbers, Fault], Sequence[Moment]]] = {
    "apiserver-restart": _servers,
    "etcd-member-loss": _member,
    "partition": _partition,
    "controller-crash": _controllers,
    "kubelet-restart": _kubelets,
}
