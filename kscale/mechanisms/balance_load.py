"""Clients of the API servers: what they ask and when, and what happens to the servers.

Every client (a node's, a controller's) sends requests at random, independently, at one rate. When and
what they ask is drawn before and is the same for every variant; how a server treats them is a `Policy`.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.errors import KscaleError
from kscale.kernels import balance, balance_servers, heap
from kscale.mechanisms import balance_faults
from kscale.mechanisms.balance_params import SECOND, Params
from kscale.scenario import draw
from kscale.scenario.cluster import Cluster
from kscale.scenario.draw import Stream

Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

MOST_ATTEMPTS = 30_000_000
REQUEST_NS, RETRY_NS = 305, 400  # of the simulation, on a core of 3 GHz
MOST_DEMAND_NS = 2**31 - 1
EVEN = 6, 5  # no server may have more than 6/5 of an even share
CHANCE = 3.5  # or this many standard deviations of a random spread more, if that is more


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
    """Return the load; KscaleError if there is too much of it, or too few servers to be lost."""
    servers, clients = cluster.control_plane.apiservers, _clients(cluster)
    if params.lose > servers:
        raise KscaleError(
            f"apiserver-balance: lose must be at most the {servers} API servers, got {params.lose}"
        )
    if params.fault == "loss" and params.lose == 0 and servers == 1:
        raise KscaleError("apiserver-balance: fault loss needs 2 API servers, or lose: 1; there is 1")
    count = requests(cluster, params)
    most = most_attempts(cluster, params)
    if most > MOST_ATTEMPTS:
        raise KscaleError(
            f"apiserver-balance: {clients:,} clients may take {most:,} attempts, at most {MOST_ATTEMPTS:,};"
            " lower duration_ns, requests_per_s or retries"
        )
    rolling, surging = (balance_faults.timeline(servers, params, surge=surge) for surge in (False, True))
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
        fault_ns=balance_faults.fault_ns(params),
        back_ns=max(
            balance_faults.fault_ns(params),
            *rolling[rolling[:, balance.EVENT] == balance.START, balance.WHEN].tolist(),
            0,
        ),
        seed=cluster.seed,
    )


def requests(cluster: Cluster, params: Params) -> int:
    """Return how many requests are sent."""
    return int(_clients(cluster) * params.requests_per_s * params.duration_ns / SECOND)


def most_attempts(cluster: Cluster, params: Params) -> int:
    """Return the most that a variant can have to do: every request tried to the last, every reshuffle."""
    laps = params.duration_ns // params.reshuffle_ns
    return requests(cluster, params) * (1 + params.retries) + _clients(cluster) * laps


def memory(cluster: Cluster, params: Params) -> int:
    """Return the bytes that `make` needs at its peak and the variants hold beside."""
    count = min(requests(cluster, params), MOST_ATTEMPTS)
    slots = 2 * cluster.control_plane.apiservers
    made, drawn, run = 16 * count, 32 * count, (12 + 8 + 16) * count
    return made + max(drawn, run) + 200 * _clients(cluster) + slots * (72 * params.cores + 400) + (1 << 20)


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what a run of the baseline takes: what is too much for the servers left is tried again."""
    servers = cluster.control_plane.apiservers
    left = float(servers)
    if params.fault == "loss":
        left = servers - (params.lose or servers - 1)
    elif params.fault == "upgrade":
        left = max(1.0, servers / 2)  # one of them comes to have almost twice its share
    wanted = _clients(cluster) * params.requests_per_s * cluster.costs["request_with_events_cpu_ns"] / SECOND
    too_much = max(0.0, 1 - left * params.cores / max(wanted, 1e-9))
    return 1e5 + requests(cluster, params) * (REQUEST_NS + RETRY_NS * params.retries * too_much)


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


def heaps(load: BalanceLoad) -> tuple[Longs, Longs, Longs, Longs]:
    """Return empty heaps: of work and of timers, each with its size."""
    slots = 2 * load.servers
    # work of a lost server stays until its time comes, so that more than one a core can be there
    running = heap.new(3 * slots * load.params.cores)
    return *running, *heap.new(load.clients + slots)
