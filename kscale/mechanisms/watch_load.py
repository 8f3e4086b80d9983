"""The watch load of pods in one API server: who watches, how fast they read, what changes.

Watchers, in the order of `kscale.kernels.fanout`: some of one namespace, one kubelet a
node, some of everything. Events: changes of pods in the course of their lives. All
of it is drawn from the scenario's seed.
"""

from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import fanout
from kscale.mechanisms.base import LATER
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream
from kscale.scenario.profiles import Profile
from kscale.scenario.quantities import Count, Share

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
CREATED, BOUND = 0, 1  # the first changes in a pod's life
MOST_EVENTS = 100_000_000
MOST_WATCHERS = 1_000_000
MOST_NS = 1 << 62  # 146 years: the clock of the kernels counts ns in 64 bits


@dataclass(frozen=True, slots=True)
class Params:
    """Who watches, and how much changes."""

    events: Annotated[
        int, Field(ge=0, le=MOST_EVENTS, description="Pod changes, at the rate of load.pod_changes.")
    ] = 1_000_000
    namespaced: Annotated[
        int, Field(ge=0, le=1_000_000, description="Clients that watch the pods of one namespace; assumed.")
    ] = 10
    changes_per_pod: Annotated[
        int,
        Field(
            ge=2,
            le=1_000_000,
            description="Changes in a pod's life: first unbound, then bound, the rest on its node; assumed.",
        ),
    ] = 10
    slow_share: Annotated[
        float, Field(ge=0, le=1, description="Share of each kind of watcher that reads slowly; assumed.")
    ] = 0.02
    slow_take: Annotated[
        int, Field(ge=1, le=fanout.MOST_CAP, description="Events a slow watcher reads at a tick; assumed.")
    ] = 1
    stuck_share: Annotated[
        float,
        Field(ge=0, le=1, description="Share that holds its connection and never reads; assumed."),
    ] = 0.001
    drain_every: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Clients read each time so many events have come; above 10 any channel can be full.",
        ),
    ] = 10
    watchers: Annotated[
        Count | None,
        Field(
            ge=1,
            le=MOST_WATCHERS,
            description="All clients that watch pods at this server; default: namespaced, one a node, and the"
            " controllers.",
        ),
    ] = field(default=None, metadata=LATER)
    unselective_share: Annotated[
        Share | None,
        Field(
            ge=0,
            le=1,
            description="Share of the watchers that watch every pod; the others select by namespace or node,"
            " in the ratio of namespaced to nodes. Default: as the cluster has it.",
        ),
    ] = field(default=None, metadata=LATER)

    def __post_init__(self) -> None:
        """Refuse shares that do not go together: ValueError."""
        if self.slow_share + self.stuck_share > 1:
            both = f"{self.slow_share + self.stuck_share:.3g}"
            raise ValueError(f"slow_share and stuck_share come to {both}, more than all watchers")


@dataclass(frozen=True, slots=True)
class WatchLoad:
    """What every variant starts from. s, k and a watchers by namespace, by node and of everything."""

    new: Ints  # [e] node of the pod after the event, -1 none
    old: Ints  # [e] node of the pod before the event, -1 none
    namespace: Ints  # [e] namespace of the pod
    scopes: Ints  # [s] namespace of each watcher of one, ascending
    nodes: Ints  # [k] node of each watcher of one, ascending
    everything: int  # a
    cap: Longs  # [s + k + a] events a watcher's channel holds
    take: Longs  # [s + k + a] events its client reads at a tick
    rules: Longs  # see kernels/fanout.py
    node_count: int
    namespace_count: int
    scope_index: bool  # watchers of one namespace are kept by it (1.27+)

    @property
    def watchers(self) -> int:
        """Return the number of watchers."""
        return len(self.cap)


def make(cluster: Cluster, params: Params) -> WatchLoad:
    """Return the load; KscaleError if it would last longer than the clock can count."""
    interval = _interval(cluster.load.pod_changes_per_s)
    if max(params.events, params.drain_every) * interval >= MOST_NS:
        raise KscaleError(
            f"watch-fanout: {params.events} events at {cluster.load.pod_changes_per_s:g}/s last more than 146"
            " years; raise load.pod_changes or lower events"
        )
    new, old, namespace = _events(cluster, params)
    namespaces, groups = cluster.pods.namespaces, kinds(cluster, params)
    namespaced, by_node_count, everything = groups
    drawn = draw.below(cluster.seed, Stream.WATCH_SCOPES, namespaced, namespaces)
    scopes = np.sort(drawn.astype(np.int32))
    by_node, others = channel_sizes(cluster.profile, cluster.load.pod_changes_per_s)
    cap = np.repeat(np.array([others, by_node, others], dtype=np.int64), groups)
    return WatchLoad(
        new=new,
        old=old,
        namespace=namespace,
        scopes=scopes,
        nodes=_spread(by_node_count, cluster.nodes.count),
        everything=everything,
        cap=cap,
        take=_takes(cap, groups, cluster.seed, params),
        rules=_rules(cluster.profile, interval, params.drain_every),
        node_count=cluster.nodes.count,
        namespace_count=cluster.pods.namespaces,
        scope_index=cluster.profile.watch_scopes,
    )


def kinds(cluster: Cluster, params: Params) -> tuple[int, int, int]:
    """Return how many watch a namespace, how many a node, how many every pod."""
    nodes, controllers = cluster.nodes.count, cluster.control_plane.controllers
    narrow = params.namespaced + nodes
    if params.watchers is None and params.unselective_share is None:
        return params.namespaced, nodes, controllers
    watchers = narrow + controllers if params.watchers is None else params.watchers
    share = params.unselective_share
    if share is None:
        selective = _rounded(watchers, narrow, narrow + controllers)
    else:
        selective = watchers - int(share * watchers + 0.5)
    namespaced = _rounded(selective, params.namespaced, narrow)
    return namespaced, selective - namespaced, watchers - selective


def _rounded(whole: int, part: int, of: int) -> int:
    """Return *part* / *of* of a whole, rounded."""
    return (2 * whole * part + of) // (2 * of)


def _spread(watchers: int, nodes: int) -> Ints:
    """Return the node of each watcher of one, ascending: evenly over the nodes, one each if as many."""
    return (np.arange(watchers, dtype=np.int64) * nodes // max(1, watchers)).astype(np.int32)


def channel_sizes(profile: Profile, events_per_s: float) -> tuple[int, int]:
    """Return the events that a channel holds: of a watcher of one node, of any other.

    Fixed to 1.24; from 1.25 about a second of history, ceil(capacity / 75 s), within bounds. The capacity is
    what a dynamic history settles at: doubled from the least until it spans its window.
    """
    by_node, others = profile.watch_channel_trigger, profile.watch_channel_untriggered
    if profile.watch_channel == "fixed":
        return by_node, others
    capacity = profile.watch_history_min
    while capacity * SECOND < events_per_s * profile.watch_history_window_ns:
        if capacity >= profile.watch_history_max:
            break
        capacity = min(2 * capacity, profile.watch_history_max)
    second = max(profile.watch_channel_min, -(-capacity // profile.watch_channel_window))
    return min(by_node, second), min(others, second)


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    watchers = sum(kinds(cluster, params))
    made = 12 * params.events
    drawn = 48 * params.events + 24 * cluster.pods.count
    return made + drawn + watchers * (3 * 8 * fanout.STATE + 64) + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what testing every event against every watcher takes."""
    watchers = sum(kinds(cluster, params))
    return params.events * (20 + 0.055 * watchers)


def _interval(events_per_s: float) -> int:
    """Return the ns between two events."""
    if not events_per_s > 0:
        raise KscaleError(f"watch-fanout: load.pod_changes must be above 0, got {events_per_s:g}/s")
    return max(1, int(SECOND / events_per_s + 0.5))


def _rules(profile: Profile, interval: int, drain_every: int) -> Longs:
    """Return how time passes and how long the dispatcher may wait."""
    rules = np.zeros(fanout.RULES, dtype=np.int64)
    rules[fanout.INTERVAL] = interval
    rules[fanout.TICK_NS] = drain_every * interval
    rules[fanout.REFILL] = profile.watch_budget_refill_ns
    rules[fanout.MOST] = profile.watch_budget_max_ns
    rules[fanout.TOGETHER] = profile.watch_dispatch == "two-phase"
    return rules


def _events(cluster: Cluster, params: Params) -> tuple[Ints, Ints, Ints]:
    """Return node after, node before and namespace of the pod of each event.

    Every event takes a pod at random and a moment of its life. A pod's node is a hash of it.
    """
    drawn = draw.keys(cluster.seed, Stream.WATCH_EVENTS, 0, params.events)
    pod = draw.scaled(drawn, cluster.pods.count)
    moment = draw.scaled(drawn << np.uint64(32), params.changes_per_pod)
    del drawn
    nodes = cluster.nodes.count
    node_of = draw.below(cluster.seed, Stream.WATCH_NODES, cluster.pods.count, nodes).astype(np.int32)
    new = node_of[pod]
    old = new.copy()
    new[moment == CREATED] = -1
    old[(moment == CREATED) | (moment == BOUND)] = -1
    return new, old, cluster.pods.namespace.astype(np.int32)[pod]


def _takes(cap: Longs, groups: tuple[int, int, int], seed: int, params: Params) -> Longs:
    """Return what each client reads at a tick: all its channel holds, little, or nothing."""
    take = cap.copy()
    first = 0
    for count in groups:
        drawn = draw.keys(seed, Stream.WATCH_SLOW, first, count)
        unlucky = first + np.argsort(drawn, kind="stable")
        stuck = int(params.stuck_share * count + 0.5)
        slow = int(params.slow_share * count + 0.5)
        take[unlucky[:stuck]] = 0
        some = unlucky[stuck : stuck + slow]
        take[some] = np.minimum(params.slow_take, cap[some])
        first += count
    return take
