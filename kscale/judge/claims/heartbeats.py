"""Node heartbeats: bytes into the log, the store, CPU, and the rate of leases."""

from kscale.judge.claims.record import Claim, Figure, Setup, identity, order, ratio
from kscale.mechanisms.base import Work
from kscale.units import NS_PER_S

LEASE = "node-lease"
MINUTE_NS, FIVE_MINUTES_NS = 60 * NS_PER_S, 300 * NS_PER_S
PPM = 1_000_000


def _unchanged(setup: Setup, period_ns: int) -> float:
    """Return the log of statuses written at that age, bytes a minute."""
    return setup.after(LEASE, status_period_ns=period_ns)["status_log_bytes_per_min"]


def _largest(work: Work) -> float:
    """Return the largest store in bytes."""
    return work["store_peak_bytes"]


def _store(setup: Setup) -> float:
    """Return how many times as large the store is without leases."""
    return _largest(setup.before(LEASE)) / _largest(setup.after(LEASE))


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
        figures=(
            ratio("largest store, before / after", 2.2 / 1.3, (1.3, 2.5), _store),
            order("largest store, before", "bytes", 2.2e9, lambda setup: _largest(setup.before(LEASE))),
            order("largest store, after", "bytes", 1.3e9, lambda setup: _largest(setup.after(LEASE))),
        ),
        assumes=(
            "150,000 pods of 4 KB, as k/k#134375 says of these tests; 200,000 objects, 20 pod changes/s.",
            "4 KB a node is assumed; 2 KB give 1.48, 7 KB 2.25, 10 KB 2.57, 15 KB (as with images) 2.97.",
            "Pods of 2 KB give 2.15, of 10 KB 1.49, of 20 KB 1.28; 30,000 pods 2.62; 100 pod changes/s 1.74.",
            "Statuses change every 10 minutes. The largest store is compared: a database does not shrink.",
        ),
        not_reproducible=(
            "the size of a node, how many other objects there were, how large they were and how often they"
            " changed decide the ratio, and of all that only 'nearly no images' was published"
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
            "No list gives 0.94, 10 lists a minute 0.77, 60 a minute 0.41.",
            "10 pod changes a second give 0.97, 1,000 a second 0.58. One client that watches all gives 0.78.",
        ),
        not_reproducible=(
            "what else the API servers did was not published, and it decides the share: 0.41 to 0.97 here"
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
        assumes=("Each renewal is later by up to 4 %, as in kubelet: 12,745/s in the long run.",),
    ),
)
