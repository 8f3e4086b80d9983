"""Node heartbeats: bytes into the log, the store, CPU, and the rate of leases."""

from kscale.judge.claims.record import Claim, Figure, Setup, identity, ratio
from kscale.units import NS_PER_S

LEASE = "node-lease"
MINUTE_NS, FIVE_MINUTES_NS = 60 * NS_PER_S, 300 * NS_PER_S
PPM = 1_000_000


def _unchanged(setup: Setup, period_ns: int) -> float:
    """Return the log of statuses written at that age, bytes a minute."""
    return setup.after(LEASE, status_period_ns=period_ns)["status_log_bytes_per_min"]


def _store(setup: Setup) -> float:
    """Return how many times as large the store is without leases."""
    return setup.before(LEASE)["store_peak_bytes"] / setup.after(LEASE)["store_peak_bytes"]


def _lease_rate(setup: Setup) -> float:
    """Return leases renewed in a second."""
    work = setup.after(LEASE)
    return work["lease_writes"] * NS_PER_S / work["duration_ns"]


CLAIMS: tuple[Claim, ...] = (
    Claim(
        id="C1",
        title="Heartbeats of 10,000 nodes write nearly 1 GB a minute into etcd's log",
        kind="A",
        source="Zeng Fansong, 10,000-node Kubernetes for the 2019 6.18 sale",
        stated="10,000 nodes, 15 KB of status each, every 10 s",
        setup="heartbeats-10k",
        figures=(
            identity(
                "log a minute, before",
                "bytes/min",
                0.9e9,
                lambda setup: setup.before(LEASE)["log_bytes_per_min"],
            ),
        ),
        assumes=(
            "15 KB is 15,000 bytes: 10,000 x 6 x 15,000 is 0.9 GB.",
            "Periods are longer by up to 4 %, as in kubelet; a record adds 95 bytes, as measured on etcd.",
        ),
    ),
    Claim(
        id="C2",
        title="A status every 5 minutes instead of every minute: 150 to 30 MB a minute",
        kind="A",
        source="KEP-589, efficient node heartbeats",
        stated="5,000 nodes, 30 KB of status each, written at an age of 60 s or of 5 min",
        setup="heartbeats-5k",
        figures=(
            identity(
                "log of statuses at 60 s", "bytes/min", 150e6, lambda setup: _unchanged(setup, MINUTE_NS)
            ),
            identity(
                "log of statuses at 5 min",
                "bytes/min",
                30e6,
                lambda setup: _unchanged(setup, FIVE_MINUTES_NS),
            ),
        ),
        assumes=(
            "No status changes between two that are due. Leases are not counted: the KEP leaves them out.",
        ),
    ),
    Claim(
        id="C3",
        title="With leases etcd's database is 1.3 GB instead of 2.2 GB",
        kind="R",
        source="k/k#72096",
        stated="5,000 nodes nearly without images; a status every 10 s, or a lease and a status every 60 s",
        setup="heartbeats-no-images",
        figures=(ratio("largest store, before / after", 2.2 / 1.3, (1.3, 2.5), _store),),
        assumes=(
            "4 KB a node and 5 KB a test pod, 200,000 objects in all: sizes were not published.",
            "Statuses change every 10 minutes. The largest store is compared: a database does not shrink.",
        ),
    ),
    Claim(
        id="C4",
        title="Heartbeats take more than 80 % of the API servers' CPU",
        kind="M",
        source="Zeng Fansong, 10,000-node Kubernetes for the 2019 6.18 sale; no figure for afterwards",
        stated="10,000 nodes before leases; what else the API servers did was not published",
        setup="heartbeats-10k",
        figures=(
            Figure(
                "heartbeats' share of the API servers' CPU, before",
                "share",
                0.8,
                0.7,
                0.95,
                lambda setup: setup.before(LEASE)["apiserver_share_ppm"] / PPM,
            ),
        ),
        assumes=(
            "Beside that 100 pods change a second, and all 200,000 are listed through etcd once a minute.",
            "50 clients watch all nodes and all pods; each event is encoded for every one of them (1.14).",
        ),
    ),
    Claim(
        id="C5",
        title="130,000 nodes renew 13,000 leases a second",
        kind="A",
        source="cloud.google.com blog, 130,000-node GKE cluster, 2025-11",
        stated="130,000 nodes, a lease every 10 s",
        setup="leases-130k",
        figures=(identity("leases a second", "1/s", 13_000, _lease_rate),),
        assumes=("Each renewal is later by up to 4 %, as in kubelet: 12,745/s on average.",),
    ),
)
