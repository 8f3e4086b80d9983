"""What is asked of the watches of a type, and how much work that is."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from kscale.errors import KscaleError
from kscale.scenario.cluster import Cluster
from kscale.scenario.profiles import Profile
from kscale.scenario.quantities import Duration

MS = 1_000_000  # ns
SECOND = 1_000_000_000  # ns
HOUR = 3600 * SECOND
PPM = 1_000_000
MOST_EVENTS = 50_000_000
MOST_WATCHES = 10_000_000
MOST_WATCHERS = 500_000  # a cluster of 130,000 nodes, and each of 150,000 secrets watched, are below
OVERFLOW = 5_000_000  # watches for which the time of each is twice that of few, measured
MOST_NS = 1 << 60  # 36 years: the clock counts ns in 64 bits
SLOWEST = 1e-5  # events a second; draws.waiting takes means of up to four days
UPTIME = 30 * 24 * HOUR  # a server is not up for longer before it is counted; assumed
SPARE = 1.25  # times as long as the history takes to fill on average
LARGE_BY_MEMORY = ("pods", "endpoints", "nodes", "services")  # grown with --target-ram-mb before 1.19

Ends = Literal["orderly", "abrupt", "failover", "restart"]


@dataclass(frozen=True, slots=True)
class Params:
    """What changes, who watches it, how watches end."""

    type: Annotated[
        str, Field(min_length=1, max_length=253, description="Type that is watched, one of cluster.objects.")
    ] = "pods"
    events_per_s: Annotated[
        float, Field(ge=0, le=1e6, description="Changes of the type, Poisson; 0: load.pod_changes.")
    ] = 0.0
    others_per_s: Annotated[
        float,
        Field(
            ge=0,
            le=1e6,
            description="Writes of other types, which move the revision; 0: every node's heartbeat.",
        ),
    ] = 0.0
    ring: Annotated[
        int, Field(ge=0, le=4_000_000, description="Events of history, fixed; 0: as the profile has it.")
    ] = 0
    watchers: Annotated[int, Field(ge=0, le=MOST_WATCHERS, description="Clients; 0: one a node.")] = 0
    match_ppm: Annotated[
        int,
        Field(
            ge=0,
            le=PPM,
            description="Share of the events that concerns a client; 0: each event concerns one client.",
        ),
    ] = 0
    ends: Annotated[
        Ends,
        Field(
            description="orderly: at the time-out that the server knows; abrupt: as long, unforeseen; "
            "failover: also all at once, to a server with a whole history; restart: to one that was itself"
            " restarted."
        ),
    ] = "orderly"
    duration_ns: Annotated[Duration, Field(gt=0, le=1000 * HOUR, description="Time that is counted.")] = HOUR
    reconnect_ns: Annotated[
        Duration,
        Field(
            ge=0,
            le=HOUR,
            description="Mean time from a watch to the next, evenly from half of it; assumed.",
        ),
    ] = 100 * MS
    every_ns: Annotated[
        Duration,
        Field(
            ge=SECOND,
            le=1000 * HOUR,
            description="failover, restart: mean time between two, evenly from half of it; assumed.",
        ),
    ] = 600 * SECOND
    restarted_ns: Annotated[
        Duration,
        Field(
            ge=0,
            le=500 * HOUR,
            description="restart: the server that clients come to was started so long before; assumed.",
        ),
    ] = 120 * SECOND
    ramp_ns: Annotated[
        Duration,
        Field(ge=0, le=1000 * HOUR, description="Clients come evenly over this time; 0: all are there."),
    ] = 0

    def __post_init__(self) -> None:
        """Refuse a server that would be used before it is started: ValueError."""
        if self.ends == "restart" and self.restarted_ns >= self.every_ns // 2:
            raise ValueError(f"restarted_ns must be below half of every_ns, {self.every_ns // 2} ns")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long it goes on, and about how much happens."""

    mean_ns: int  # between two events
    other_ns: int  # between two writes of other types
    counted: int  # ns, as in BookmarkLoad
    until: int
    events: int  # about
    watches: int  # about


def plan(cluster: Cluster, params: Params) -> Plan:
    """Return how long it goes on; KscaleError if that is more than can be simulated."""
    rate = params.events_per_s or cluster.load.pod_changes_per_s
    if rate < SLOWEST:
        raise KscaleError(f"watch-bookmark: needs {SLOWEST:g} events a second at least, got {rate:g}")
    heartbeats = cluster.nodes.count * SECOND / cluster.load.heartbeat_period_ns
    others = params.others_per_s or heartbeats
    if others < SLOWEST:
        raise KscaleError(f"watch-bookmark: needs {SLOWEST:g} writes of others a second, got {others:g}")
    longest = cluster.profile.watch_timeout_max_ns
    _, most = history(cluster.profile, params)
    if cluster.profile.watch_history == "dynamic" and not params.ring:
        most = min(most, int(4 * rate * cluster.profile.watch_history_window_ns / SECOND))
    fill = min(UPTIME, int(SPARE * most / rate * SECOND))
    counted = max(fill, 2 * longest)
    until = counted + params.duration_ns
    watchers = params.watchers or cluster.nodes.count
    events = rate * until / SECOND
    shortest = min(cluster.profile.watch_timeout_min_ns, params.every_ns // 2)
    watches = watchers * ((params.duration_ns + 2 * longest) / (1.5 * shortest) + 1)
    if events > MOST_EVENTS or watches > MOST_WATCHES or until > MOST_NS:
        raise KscaleError(
            f"watch-bookmark: about {events:.3g} events and {watches:.3g} watches, most are {MOST_EVENTS:,}"
            f" and {MOST_WATCHES:,}; lower events_per_s, ring, watchers or duration_ns"
        )
    return Plan(
        int(SECOND / rate + 0.5), int(SECOND / others + 0.5), counted, until, int(events), int(watches)
    )


def history(profile: Profile, params: Params) -> tuple[int, int]:
    """Return the least and the most events that the history of the type holds."""
    if params.ring:
        return params.ring, params.ring
    if profile.watch_history == "dynamic":
        return profile.watch_history_min, profile.watch_history_max
    size = profile.watch_history_max if params.type in LARGE_BY_MEMORY else profile.watch_history_min
    return size, size


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and a variant holds beside."""
    planned = plan(cluster, params)
    _, most = history(cluster.profile, params)
    watchers = params.watchers or cluster.nodes.count
    return planned.events * 80 + planned.watches * 320 + watchers * 200 + most * 64 + (1 << 21)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what one variant takes, half of `make` included: a watch costs more as caches overflow."""
    planned = plan(cluster, params)
    a_watch = 400 * (1 + planned.watches / OVERFLOW)
    return planned.events * 200 + planned.watches * a_watch
