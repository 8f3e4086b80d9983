"""What is counted of a run over API servers: how requests fared, and how unequal the servers were."""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance, balance_servers
from kscale.mechanisms.balance_faults import FAULT_TICK, TICKS
from kscale.mechanisms.balance_load import BalanceLoad, Longs
from kscale.mechanisms.base import Better, Metric
from kscale.mechanisms.latency import Latency

PPM = 1_000_000
E_TH_PPM = 367_879  # 1/e
REQUEST = Latency("request", "from when a request should have been sent until it was answered or given up")
ENDS = {"served": balance_servers.SERVED, "given_up": balance_servers.GIVEN_UP}
COUNTED = {
    "attempts": balance_servers.ATTEMPTS,
    "rejected": balance_servers.REJECTIONS,
    "lost": balance_servers.LOST,
    "no_server": balance_servers.NO_SERVER,
    "retried": balance_servers.RETRIED,
    "peak_in_flight": balance_servers.PEAK,
    "connections_opened": balance_servers.OPENED,
    "watches_moved": balance_servers.RESUMED,
    "closed": balance_servers.CLOSED,
    "reconnected": balance_servers.RECONNECTED,
    "reshuffled": balance_servers.RESHUFFLED,
    "sent_away": balance_servers.GOAWAYS,
    "restarts": balance_servers.RESTARTS,
}


def work(
    load: BalanceLoad,
    ends: NDArray[np.int32],
    finished: Longs,
    counts: Longs,
    servers: Longs,
    samples: Longs,
    timeline: Longs,
) -> dict[str, int]:
    """Return all counters of a run; see kernels/balance.py for the arrays."""
    fault = samples[FAULT_TICK:]
    shares = np.sort(servers[:, balance_servers.CONNECTIONS])[::-1][: load.servers]
    ranks = [*_ppm(shares[:3], load), 0, 0]
    asked = fault[fault[:, balance.ASKED] > 0]
    hottest = asked[:, balance.HOTTEST] * PPM // asked[:, balance.ASKED]
    late = int(samples[-1, balance.REJECTIONS] - samples[-1 - TICKS // 10, balance.REJECTIONS])
    rejected = int(counts[balance_servers.LAST_REJECTION])
    return {
        "requests": len(load.arrives),
        "servers": load.servers,
        "clients": load.clients,
        **{name: int((ends == end).sum()) for name, end in ENDS.items()},
        **{name: int(counts[entry]) for name, entry in COUNTED.items()},
        "tls_cpu_ns": int(counts[balance_servers.OPENED]) * load.handshake_ns,
        "peak_share_ppm": int(hottest.max()) if len(hottest) else 0,
        "share_1_ppm": ranks[0],
        "share_2_ppm": ranks[1],
        "share_3_ppm": ranks[2],
        "share_least_ppm": _ppm(shares[-1:], load)[0],
        "watch_share_ppm": _ppm(samples[-1:, balance.WATCHES], load)[0],
        "unbalanced_ns": _sampled(fault[:-1, balance.CONNECTIONS] > load.even, load),
        "watches_unbalanced_ns": _sampled(fault[:-1, balance.WATCHES] > load.even, load),
        "balanced": int(samples[-1, balance.CONNECTIONS] <= load.even),
        "excess_decay_ns": _excess_decay(load, samples[:, balance.CONNECTIONS]),
        "extra_server_ns": _extra_servers(load, timeline),
        "rejected_late": late,
        "rejecting_ns": max(0, rejected - load.fault_ns) if rejected >= 0 else 0,
        **REQUEST.work(finished - load.arrives),
    }


def _ppm(clients: Longs, load: BalanceLoad) -> list[int]:
    """Return numbers of clients as shares in a million."""
    return [int(one) * PPM // load.clients for one in clients]


def _sampled(true: NDArray[np.bool_], load: BalanceLoad) -> int:
    """Return the time for which something is true; each sample stands for the time up to the next."""
    return int(true.sum()) * load.params.duration_ns // TICKS


def _excess_decay(load: BalanceLoad, most: Longs) -> int:
    """Return how long the fullest server's excess is above 1/e of what it is when the last one is back.

    *most* is the number of clients at the server with the most, at each sample.
    """
    back = -(-load.back_ns * TICKS // load.params.duration_ns)
    excess = np.maximum(most[back:] * load.servers - load.clients, 0)
    return _sampled(excess[:-1] * PPM > excess[0] * E_TH_PPM, load)


def _extra_servers(load: BalanceLoad, timeline: Longs) -> int:
    """Return how long servers of a second set run beside the first, together, from when they boot."""
    event, where = timeline[:, balance.EVENT], timeline[:, balance.WHERE]
    second = int(((event == balance.START) & (where >= load.servers)).sum())
    if not second:
        return 0
    return second * (int(timeline[event == balance.STOP, balance.WHEN].max()) - load.fault_ns)


def _modelled(
    name: str, unit: str, about: str, better: Better = "lower", *, headline: bool = False
) -> Metric:
    """Return a metric of the virtual clock."""
    return Metric(name, unit, better, about, headline=headline, provenance="modelled")


METRICS = (
    _modelled("rejected", "requests", "attempts answered with 429", headline=True),
    _modelled(
        "peak_share_ppm",
        "ppm",
        "attempts of a 60th of the time at one server, at most, from the fault on",
        headline=True,
    ),
    _modelled(
        "unbalanced_ns",
        "ns",
        "from the fault to the end, time in which a server has more clients than 1.2 times an even share, or"
        " than chance gives it",
        headline=True,
    ),
    *REQUEST.metrics(),
    _modelled("balanced", "yes/no", "1: at the end no server has more than that", "higher"),
    _modelled("given_up", "requests", "requests whose client tried often enough"),
    _modelled("served", "requests", "requests answered", "higher"),
    _modelled("attempts", "requests", "requests sent, each try"),
    _modelled("retried", "requests", "tries after the first"),
    _modelled("lost", "requests", "attempts in flight at a server that died"),
    _modelled("no_server", "requests", "attempts while no server was up"),
    _modelled("rejecting_ns", "ns", "from the fault to the last rejection: the retry storm"),
    _modelled("rejected_late", "requests", "attempts answered with 429 in the last tenth of the time"),
    _modelled("peak_in_flight", "requests", "most in flight at one server"),
    _modelled("connections_opened", "connections", "TLS handshakes"),
    _modelled("tls_cpu_ns", "ns", "their work at the servers"),
    _modelled("watches_moved", "watches", "clients whose watches began again on another connection"),
    _modelled("closed", "connections", "closed by a server above its second limit", "none"),
    _modelled("reconnected", "connections", "left by a client that was rejected again and again", "none"),
    _modelled("reshuffled", "connections", "left by a client because it was time", "none"),
    _modelled("sent_away", "connections", "ended by GOAWAY", "none"),
    _modelled("restarts", "servers", "restarted by their liveness probe"),
    _modelled("share_1_ppm", "ppm", "clients at the server with the most, at the end"),
    _modelled("share_2_ppm", "ppm", "at the second, 0 if there is none", "none"),
    _modelled("share_3_ppm", "ppm", "at the third, 0 if there is none", "none"),
    _modelled("share_least_ppm", "ppm", "at the one with the fewest", "higher"),
    _modelled("watch_share_ppm", "ppm", "clients whose watches are at one server, at most, at the end"),
    _modelled("watches_unbalanced_ns", "ns", "as unbalanced_ns, of watches"),
    _modelled(
        "excess_decay_ns",
        "ns",
        "from when the last server is back, time in which the fullest has more than 1/e of the excess over an"
        " even share that it has then",
    ),
    _modelled("extra_server_ns", "ns", "of servers of a second set, together, until the first stops"),
    Metric("requests", "requests", "none", "requests of all clients", provenance="input"),
    Metric("servers", "servers", "none", "API servers", provenance="input"),
    Metric("clients", "clients", "none", "nodes and controllers", provenance="input"),
)
