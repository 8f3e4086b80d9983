"""What a version of Kubernetes or etcd does without being told.

The one place of these facts. Kubernetes is counted by its minor (1.x), etcd as (major, minor). Read in
kubernetes/kubernetes, kubernetes/apiserver and etcd-io/etcd at the tags named, and the KEPs named.
"""

from dataclasses import dataclass

from kscale.imports.facts import Value

OPTIMIZATION = "control_plane.optimizations."

Etcd = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Since:
    """A mechanism, and the first version of Kubernetes that does it by default."""

    mechanism: str
    minor: int
    source: str


BY_KUBERNETES = (
    Since("sched-sampling", 12, "k/k#66733; adaptive from 1.14, k/k#72140"),
    Since("node-lease", 14, "KEP-589: gate NodeLease beta, on"),
    Since("watch-bookmark", 16, "KEP-956: gate WatchBookmark beta, on; informers ask for them"),
    Since("watch-encode", 17, "KEP-1152: an object is encoded once for all watchers, apiserver 1.17"),
    Since(
        "list-index", 19, "apiserver 1.19: gate SelectorIndex beta, on; consistent lists from 1.31, KEP-2340"
    ),
    Since("watch-fanout", 27, "apiserver 1.27: watchers by namespace and name; by node since long before"),
)
CONSISTENT_LISTS = 31  # KEP-2340: gate ConsistentListFromCache beta, on
RELEASES_LOCK = 37  # KEP-5366: gate ControllerManagerReleaseLeaderElectionLockOnExit beta, on
KUBEADM_LEARNER = 29  # k/k#120228: kubeadm's gate EtcdLearnerMode beta, on

CONCURRENT_READS: Etcd = (3, 4)  # etcd#10523
MAP_FREELIST: Etcd = (3, 5)  # etcd v3.5.0 server/embed/config.go

ETCD_OF = ((34, (3, 6)), (22, (3, 5)), (17, (3, 4)), (14, (3, 3)), (0, (3, 2)))
# etcd that kubeadm brings from this minor on (cmd/kubeadm/app/constants, SupportedEtcdVersion)


def by_kubernetes(minor: int) -> list[Value]:
    """Return what Kubernetes 1.*minor* does by itself; estimates, which any flag beats."""
    how = f"Kubernetes 1.{minor} by default"
    return [
        _value(one.mechanism, minor >= one.minor, how)
        for one in BY_KUBERNETES
        if minor >= one.minor or one.mechanism != "watch-fanout"  # before, half of it is there
    ]


def by_etcd(version: Etcd, how: str, *, estimate: bool) -> list[Value]:
    """Return what an etcd does by itself; an *estimate* unless all its flags are known."""
    return [
        _value("etcd-concurrent-reads", version >= CONCURRENT_READS, how, estimate=estimate),
        _value("etcd-freelist", version >= MAP_FREELIST, how, estimate=estimate),
    ]


def etcd_of(minor: int) -> Etcd:
    """Return the etcd that kubeadm brings for Kubernetes 1.*minor*."""
    return next(version for first, version in ETCD_OF if minor >= first)


def _value(mechanism: str, on: bool, how: str, *, estimate: bool = True) -> Value:
    """Return whether a mechanism is on."""
    return Value(f"{OPTIMIZATION}{mechanism}", on, how, estimate)
