"""Clients of the API servers: what they ask and when, and what happens to the servers.

Every client (a node's, a controller's) sends requests at random, independently, at one rate. When and
what they ask is drawn before and is the same for every variant; how a server treats them is a `Policy`.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from kscale.errors import KscaleError
from kscale.kernels import balance, balance_servers, heap
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

SECOND = 1_000_000_000  # ns
DAY = 86_400 * SECOND
TICKS = 600  # samples, beside the one at the beginning
FAULT_TICK = TICKS // 10  # the fault is at a tenth of the time
PROBE_NS = 10 * SECOND  # liveness probes of a kubelet
MOST_REQUESTS = 50_000_000
MOST_DEMAND_NS = 2**31 - 1
EVEN = 6, 5  # no server may have more than 6/5 of an even share
CHANCE = 3.5  # or this many standard deviations of a random spread more, if that is more

Time = Annotated[int, Field(ge=1, le=DAY)]


@dataclass(frozen=True, slots=True)
class Params:
    """How much is asked, what goes wrong, and how servers and clients answer to it."""

    fault: Annotated[
        Literal["upgrade", "loss", "none"],
        Field(
            description="At a tenth of the time: every server is restarted for an upgrade, or some are lost"
            " at once and come back, or nothing."
        ),
    ] = "upgrade"
    lose: Annotated[int, Field(ge=0, le=1000, description="Servers lost at once; 0: all but one.")] = 0
    balancer: Annotated[
        Literal["random", "least-connections"],
        Field(description="How the balancer chooses a server for a new connection."),
    ] = "random"
    requests_per_s: Annotated[
        float, Field(gt=0, le=1000, description="Requests of each client a second, watches aside; assumed.")
    ] = 0.2
    write_share: Annotated[float, Field(ge=0, le=1, description="Share of them that write; assumed.")] = 0.5
    duration_ns: Annotated[int, Field(ge=SECOND, le=DAY, description="How long requests are sent.")] = (
        600 * SECOND
    )
    cores: Annotated[int, Field(ge=1, le=1000, description="Cores of a server; assumed.")] = 8
    down_ns: Annotated[Time, Field(description="How long a server takes to restart; assumed.")] = 20 * SECOND
    cold_ns: Annotated[
        int, Field(ge=0, le=DAY, description="How long its watch caches take to fill after that; assumed.")
    ] = 20 * SECOND
    retries: Annotated[
        int, Field(ge=0, le=1000, description="Of a request before it is given up; client-go: 10.")
    ] = 10
    liveness: Annotated[
        int,
        Field(
            ge=0,
            le=1_000_000,
            description="Probes, one in 10 s, that a server fails in a row before it is restarted; 0: never."
            " kubeadm: 8.",
        ),
    ] = 8
    close_above: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000_000,
            description="Rejections of a server in a second above which it closes the connections; assumed.",
        ),
    ] = 1000
    reconnect_after: Annotated[
        int, Field(ge=1, le=1_000_000, description="Rejections after which a client reconnects; assumed.")
    ] = 3
    reconnect_window_ns: Annotated[Time, Field(description="Within this time; assumed.")] = 10 * SECOND
    reshuffle_ns: Annotated[Time, Field(description="A client reconnects this often; assumed.")] = (
        300 * SECOND
    )
    goaway_ppm: Annotated[
        int,
        Field(
            ge=0,
            le=20_000,
            description="Requests in a million that are told to go away, in variant goaway; 1,000 are advised"
            " for --goaway-chance, and before 1.18 there are none.",
        ),
    ] = 1000

    def __post_init__(self) -> None:
        """Refuse restarts that do not fit into the time: ValueError."""
        for name, time in (("down_ns", self.down_ns), ("cold_ns", self.cold_ns)):
            if 3 * time > self.duration_ns:
                most = self.duration_ns / SECOND / 3
                raise ValueError(
                    f"{name} must be at most a third of duration_ns, {most:g} s, got {time / SECOND:g} s"
                )


@dataclass(frozen=True, slots=True)
class Policy:
    """What servers and clients do beside rejecting and trying again."""

    surge: bool = False  # an upgrade starts a whole new set before the old one stops
    close: bool = False  # a server closes connections above a second limit
    reconnect: bool = False  # a client reconnects after repeated rejections
    reshuffle: bool = False  # every client reconnects now and then
    goaway: bool = False  # requests are told to go away by chance


@dataclass(frozen=True, slots=True)
class BalanceLoad:
    """What every variant starts from. c clients, n requests; see kernels/balance.py for the arrays."""

    arrives: Longs  # [n]
    asked: Ints  # [n, 2]
    shuffled: Longs  # [c, 2]
    watch_ends: Longs  # [c] when each client's first watch ends
    rolling: Longs  # timeline of servers that are restarted in turn
    surging: Longs  # timeline of an upgrade that starts a new set first
    rules: Longs  # of a policy that does nothing more
    params: Params
    servers: int
    clients: int
    goaway_ppm: int  # what this version allows of it
    even: int  # the most clients of a server that counts as balanced
    handshake_ns: int
    fault_ns: int  # when the fault is
    back_ns: int  # when the last server is back, unless an upgrade surges
    seed: int

    def timeline(self, *, surge: bool) -> Longs:
        """Return what happens to the servers."""
        return self.surging if surge else self.rolling

    def policy_rules(self, policy: Policy) -> Longs:
        """Return the kernel's rules for a policy."""
        rules, params = self.rules.copy(), self.params
        rules[balance_servers.CLOSE_ABOVE] = params.close_above if policy.close else 0
        rules[balance_servers.RECONNECT_AFTER] = params.reconnect_after if policy.reconnect else 0
        rules[balance_servers.RESHUFFLE] = params.reshuffle_ns if policy.reshuffle else 0
        rules[balance_servers.GOAWAY_PPM] = self.goaway_ppm if policy.goaway else 0
        return rules


def make(cluster: Cluster, params: Params) -> BalanceLoad:
    """Return the load; KscaleError if there is too much of it, or fewer servers than are to be lost."""
    servers, clients = cluster.control_plane.apiservers, _clients(cluster)
    if params.lose > servers:
        raise KscaleError(
            f"apiserver-balance: lose must be at most the {servers} API servers, got {params.lose}"
        )
    count = requests(cluster, params)
    if count > MOST_REQUESTS:
        raise KscaleError(
            f"apiserver-balance: {clients:,} clients send {count:,} requests, at most {MOST_REQUESTS:,};"
            " lower requests_per_s or duration_ns"
        )
    rolling, surging = (_timeline(servers, params, surge=surge) for surge in (False, True))
    phases = _times(cluster.seed, Stream.BALANCE_PHASES, clients, params.reshuffle_ns)
    turns = np.argsort(phases, kind="stable")
    return BalanceLoad(
        arrives=np.sort(_times(cluster.seed, Stream.BALANCE, count, params.duration_ns)),
        asked=_asked(cluster, params, count),
        shuffled=np.stack((phases[turns], turns), axis=1),
        watch_ends=_times(
            cluster.seed, Stream.BALANCE_WATCHES, clients, cluster.profile.watch_timeout_max_ns
        ),
        rolling=rolling,
        surging=surging,
        rules=_rules(cluster, params),
        params=params,
        servers=servers,
        clients=clients,
        goaway_ppm=min(params.goaway_ppm, cluster.profile.goaway_chance_max_ppm),
        even=_even(clients, servers),
        handshake_ns=cluster.costs["tls_handshake_cpu_ns"],
        fault_ns=_fault_ns(params),
        back_ns=max(
            _fault_ns(params), *rolling[rolling[:, balance.EVENT] == balance.START, balance.WHEN].tolist(), 0
        ),
        seed=cluster.seed,
    )


def requests(cluster: Cluster, params: Params) -> int:
    """Return how many requests are sent."""
    return int(_clients(cluster) * params.requests_per_s * params.duration_ns / SECOND)


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    count = min(requests(cluster, params), MOST_REQUESTS)
    slots = 2 * cluster.control_plane.apiservers
    made, drawn, run = 16 * count, 32 * count, (12 + 8 + 24) * count
    return made + max(drawn, run) + 200 * _clients(cluster) + slots * (72 * params.cores + 400) + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what a run of the baseline takes."""
    return 1e5 + 250 * requests(cluster, params)


def _clients(cluster: Cluster) -> int:
    """Return how many clients there are: one a node, and the controllers."""
    return cluster.nodes.count + cluster.control_plane.controllers


def _even(clients: int, servers: int) -> int:
    """Return the most clients of a balanced server: 1.2 times an even share, or what chance gives it."""
    mean = clients / servers
    return max(clients * EVEN[0] // (servers * EVEN[1]), int(mean + CHANCE * math.sqrt(mean) + 1))


def _times(seed: int, stream: Stream, count: int, end_ns: int) -> Longs:
    """Return moments from 0 to *end_ns*, evenly at random, int64[count]."""
    step = (end_ns >> 31) + 1  # ns; a moment is one of at most 2^31
    drawn = draw.keys(seed, stream, 0, count) >> np.uint64(32)
    return ((drawn * np.uint64(end_ns // step)) >> np.uint64(32)).astype(np.int64) * step


def _asked(cluster: Cluster, params: Params, count: int) -> Ints:
    """Return who sends each request, and its work: 0.5 to 1.5 times the mean, negative for a write."""
    drawn = draw.keys(cluster.seed, Stream.BALANCE_REQUESTS, 0, count)
    mean = min(cluster.costs["request_with_events_cpu_ns"], MOST_DEMAND_NS // 2)
    asked = np.empty((count, 2), dtype=np.int32)
    asked[:, balance_servers.WHO] = ((drawn >> np.uint64(32)) * np.uint64(_clients(cluster))) >> np.uint64(32)
    demand = (mean // 2 + 1 + (((drawn & np.uint64(0xFFFF)) * np.uint64(mean)) >> np.uint64(16))).astype(
        np.int32
    )
    writes = ((drawn >> np.uint64(16)) & np.uint64(0xFFFF)) < np.uint64(
        int(params.write_share * 65_536 + 0.5)
    )
    asked[:, balance_servers.DEMAND] = np.where(writes, -demand, demand)
    return asked


def _rules(cluster: Cluster, params: Params) -> Longs:
    """Return the rules of servers that only reject, and clients that only try again."""
    profile, costs = cluster.profile, cluster.costs
    rules = np.zeros(balance_servers.RULES, dtype=np.int64)
    rules[balance_servers.END] = params.duration_ns
    rules[balance_servers.CORES] = params.cores
    rules[balance_servers.SHARED] = profile.fairness
    rules[balance_servers.MOST_READS] = profile.max_inflight_reads
    rules[balance_servers.MOST_WRITES] = profile.max_inflight_writes
    if profile.fairness:
        seats = profile.max_inflight_reads + profile.max_inflight_writes
        rules[balance_servers.MOST_READS] = seats + profile.fairness_queued
    rules[balance_servers.RETRY_AFTER] = profile.retry_after_ns
    rules[balance_servers.RETRIES] = params.retries
    rules[balance_servers.HANDSHAKE] = costs["tls_handshake_cpu_ns"]
    rules[balance_servers.RESUME] = costs["watch_resume_cpu_ns"]
    rules[balance_servers.COLD] = params.cold_ns
    rules[balance_servers.COLD_REJECTS] = profile.cache_not_ready == "reject"
    rules[balance_servers.COLD_PPM] = costs["cold_read_cpu_ppm"]
    rules[balance_servers.LIVENESS] = 0 if profile.fairness else params.liveness  # probes are exempt from it
    rules[balance_servers.DOWN] = params.down_ns
    rules[balance_servers.WINDOW] = params.reconnect_window_ns
    rules[balance_servers.LEAST] = params.balancer == "least-connections"
    rules[balance_servers.WATCH_MIN] = profile.watch_timeout_min_ns
    rules[balance_servers.WATCH_MAX] = profile.watch_timeout_max_ns
    return rules


def _fault_ns(params: Params) -> int:
    """Return when the fault is."""
    return FAULT_TICK * params.duration_ns // TICKS


def _timeline(servers: int, params: Params, *, surge: bool) -> Longs:
    """Return what happens, by time: faults, probes, samples; in this order where the time is the same."""
    end = params.duration_ns
    probes = [(now, balance.PROBE, 0) for now in range(PROBE_NS, end + 1, PROBE_NS)]
    samples = [(tick * end // TICKS, balance.SAMPLE, tick) for tick in range(TICKS + 1)]
    faults = _surge(servers, params) if surge and params.fault == "upgrade" else _faults(servers, params)
    found = [*faults, *probes, *samples]
    return np.array(sorted(found, key=itemgetter(balance.WHEN)), dtype=np.int64)


def _surge(servers: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield an upgrade in which a new set starts and fills its caches before the old one stops."""
    started = _fault_ns(params) + params.down_ns
    for s in range(servers, 2 * servers):
        yield started, balance.START, s
    for event in (balance.LEAVE, balance.STOP):
        for s in range(servers):
            yield started + params.cold_ns, event, s


def _faults(servers: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield an upgrade of one server after the other, or a loss of several at once.

    Where one at a time would take more than a third of the time, as many are upgraded together as needed.
    """
    at = _fault_ns(params)
    if params.fault == "loss":
        lost = params.lose or servers - 1
        yield from _down(at, range(servers - lost, servers), balance.LOSE, params)
    elif params.fault == "upgrade":
        together = -(-3 * servers * params.down_ns // params.duration_ns)
        for first in range(0, servers, together):
            batch = range(first, min(first + together, servers))
            yield from _down(at + first // together * params.down_ns, batch, balance.STOP, params)


def _down(at: int, several: range, how: int, params: Params) -> Iterator[tuple[int, int, int]]:
    """Yield how *several* servers go at once and come back."""
    for event in (balance.LEAVE, how):
        for s in several:
            yield at, event, s
    for s in several:
        yield at + params.down_ns, balance.START, s


def heaps(load: BalanceLoad) -> tuple[Longs, Longs, Longs, Longs]:
    """Return empty heaps: of work and of timers, each with its size."""
    slots = 2 * load.servers
    # work of a lost server stays until its time comes, so that more than one a core can be there
    running = heap.new(3 * slots * load.params.cores)
    return *running, *heap.new(len(load.arrives) + load.clients + slots)
