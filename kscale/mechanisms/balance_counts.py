"""What is counted of a run over API servers: how requests fared, and how unequal the servers were."""

import numpy as np
from numpy.typing import NDArray

from kscale.kernels import balance, balance_servers
from kscale.mechanisms.balance_faults import FAULT_TICK, TICKS
from kscale.mechanisms.balance_load import BalanceLoad, Longs
from kscale.mechanisms.base import Better, Metric
from kscale.mechanisms.latency import Latency

PPM = 1_000_000
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
    load: BalanceLoad, ends: NDArray[np.int32], finished: Longs, counts: Longs, servers: Longs, samples: Longs
) -> dict[str, int]:
    """Return all counters of a run; see kernels/balance.py for the arrays."""
    fault = samples[FAULT_TICK:]
    shares = np.sort(servers[:, balance_servers.CONNECTIONS])[::-1][: load.servers]
    ranks = [*_ppm(shares[:3], load), 0, 0]
    asked = fault[fault[:, balance.ASKED] > 0]
    hottest = asked[:, balance.HOTTEST] * PPM // asked[:, balance.ASKED]
    balanced = _until_balanced(load, fault[:, balance.CONNECTIONS])
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
        **_quarters(load, samples[:, balance.CONNECTIONS]),
        "balanced_ns": balanced,
        "watches_balanced_ns": _until_balanced(load, fault[:, balance.WATCHES]),
        "settled": int(balanced < load.params.duration_ns - load.fault_ns and late == 0),
        "rejected_late": late,
        "rejecting_ns": max(0, rejected - load.fault_ns) if rejected >= 0 else 0,
        **REQUEST.work(finished - load.arrives),
    }


def _ppm(clients: Longs, load: BalanceLoad) -> list[int]:
    """Return numbers of clients as shares in a million."""
    return [int(one) * PPM // load.clients for one in clients]


def _until_balanced(load: BalanceLoad, most: Longs) -> int:
    """Return the time from the fault until no server has too many any more; all of it if that never is.

    *most* is the number of clients at the server with the most, at each sample from the fault on.
    """
    uneven = np.flatnonzero(most > load.even)
    if not len(uneven):
        return 0
    tick = min(FAULT_TICK + int(uneven[-1]) + 1, TICKS)
    return tick * load.params.duration_ns // TICKS - load.fault_ns


def _quarters(load: BalanceLoad, most: Longs) -> dict[str, int]:
    """Return the largest share when the last server is back, and after each quarter of the time left."""
    back = -(-load.back_ns * TICKS // load.params.duration_ns)
    first = -(-back // 4) * 4  # so that the quarters are whole samples
    step = (TICKS - first) // 4
    shares = _ppm(most[[first + quarter * step for quarter in range(4)]], load)
    found = {f"share_quarter_{quarter}_ppm": share for quarter, share in enumerate(shares)}
    return found | {"quarter_ns": step * load.params.duration_ns // TICKS}


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
        "balanced_ns",
        "ns",
        "from the fault until no server has more clients than 1.2 times an even share, or than chance gives"
        " it, up to the end; all of that time if this never is",
        headline=True,
    ),
    *REQUEST.metrics(),
    _modelled("settled", "yes/no", "1: balanced, and nothing rejected in the last tenth", "higher"),
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
    _modelled("watches_balanced_ns", "ns", "as balanced_ns, of watches"),
    *(
        _modelled(
            f"share_quarter_{quarter}_ppm",
            "ppm",
            f"clients at the server with the most, {quarter} quarters of what is left when the last is back",
        )
        for quarter in range(4)
    ),
    _modelled("quarter_ns", "ns", "such a quarter", "none"),
    Metric("requests", "requests", "none", "requests of all clients", provenance="input"),
    Metric("servers", "servers", "none", "API servers", provenance="input"),
    Metric("clients", "clients", "none", "nodes and controllers", provenance="input"),
)
