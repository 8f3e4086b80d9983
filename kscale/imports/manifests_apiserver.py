"""Flags of kube-apiserver: its etcds, its balance, its limits, its watch caches.

Names and defaults: apiserver pkg/server/options/{etcd,server_run_options}.go, 1.14 to 1.37.
"""

import re
from fractions import Fraction

from kscale import units
from kscale.imports.fields import got
from kscale.imports.manifests_found import Found
from kscale.imports.manifests_settings import (
    Settings,
    Told,
    shown_duration,
    shown_given,
    shown_number,
    shown_switch,
    shown_whole,
    told,
)
from kscale.imports.manifests_versions import CONSISTENT_LISTS
from kscale.imports.vocabulary import RESOURCES

MEMBERS = "control_plane.etcd.members"
SHARDS = "mechanisms.etcd-sharding.shards"
RING = "mechanisms.watch-bookmark.ring"
GOAWAY = "mechanisms.apiserver-balance.goaway_ppm"

MOST_SHARDS = 256
MOST_GOAWAY = Fraction(2, 100)
MOST_RING = 4_000_000
DYNAMIC_HISTORY = 19  # minor from which watch caches size themselves, k/k#90091
PPM = 1_000_000

OF_WATCH_CACHE = ("watch-fanout", "watch-encode", "watch-bookmark", "list-index")
GATE_OF = {  # feature gate: the mechanism it switches
    "WatchBookmark": "watch-bookmark",
    "SelectorIndex": "list-index",
    "NodeLease": "node-lease",
}
GATES_TOLD = (
    "APIPriorityAndFairness",
    "AllAlpha",
    "AllBeta",
    "BtreeWatchCache",
    "ConcurrentWatchObjectDecode",
    "ConsistentListFromCache",
    "ControllerManagerReleaseLeaderElectionLockOnExit",
    "CoordinatedLeaderElection",
    "EfficientWatchResumption",
    "ListFromCacheSnapshot",
    "OpportunisticBatching",
    "ResilientWatchCacheInitialization",
    "SchedulerAsyncPreemption",
    "SchedulerQueueingHints",
    "SeparateCacheWatchRPC",
    "SizeBasedListCostEstimate",
    "StreamingCollectionEncodingToJSON",
    "StreamingCollectionEncodingToProtobuf",
    "UnauthenticatedHTTP2DOSMitigation",
    "WatchCacheInitializationPostStartHook",
    "WatchFromStorageWithoutResourceVersion",
    "WatchList",
    "WatchListClient",
)

TOLD: Told = {
    "max-requests-inflight": shown_whole,
    "max-mutating-requests-inflight": shown_whole,
    "enable-priority-and-fairness": shown_switch,
    "default-watch-cache-size": shown_whole,
    "target-ram-mb": shown_whole,
    "etcd-compaction-interval": shown_duration,
    "encryption-provider-config": shown_given,
    "event-ttl": shown_duration,
    "request-timeout": shown_duration,
    "min-request-timeout": shown_whole,
    "shutdown-delay-duration": shown_duration,
    "http2-max-streams-per-connection": shown_whole,
    "lease-reuse-duration-seconds": shown_whole,
    "delete-collection-workers": shown_whole,
    "kube-api-qps": shown_number,
}

_OVERRIDE = re.compile(r"[a-z0-9.-]*/[a-z0-9.*-]+#\S+", re.ASCII)
_LOOPBACK = re.compile(r"(?:[a-z]+://)?(?:127\.[0-9.]+|localhost|\[::1\])(?::[0-9]+)?/?", re.IGNORECASE)


def read(settings: Settings, found: Found, minor: int | None, *, whole: bool) -> None:
    """Read the flags of an API server; *whole*: all of them are there, so that others have their default."""
    main = _etcds(settings, found)
    _shards(settings, found, main, whole=whole)
    _balance(settings, found, whole=whole)
    _history(settings, found, minor)
    if settings.switch("watch-cache") is False:
        for mechanism in OF_WATCH_CACHE:
            found.optimization(mechanism, False, settings.call("watch-cache"))
    if settings.text("storage-media-type") == "application/json":
        found.tell([f"{settings.call('storage-media-type')}: objects are stored as JSON, twice as large"])
    servers = settings.whole("apiserver-count")
    if servers is not None and 1 <= servers <= 1000:  # noqa: PLR2004 - as in a scenario
        found.add("control_plane.apiservers", servers, settings.call("apiserver-count"), estimate=True)
    read_gates(settings, found)
    found.tell(told(settings, TOLD))


def read_gates(settings: Settings, found: Found, name: str = "feature-gates") -> None:
    """Read the feature gates of any component."""
    others = 0
    for gate, on in settings.gates(name).items():
        mechanism = GATE_OF.get(gate)
        if mechanism is not None:
            found.optimization(mechanism, on, f"feature gate {gate} of {settings.of}")
        elif gate in GATES_TOLD:
            found.tell([f"feature gate {gate} of {settings.of}: {str(on).lower()}"])
            if gate == "ConsistentListFromCache" and on:
                found.optimization("list-index", on, f"feature gate {gate} of {settings.of}")
        else:
            others += 1
    if others:
        found.dropped[f"gates of {settings.of} that no model takes"] += others


def _etcds(settings: Settings, found: Found) -> frozenset[str]:
    """Return the addresses of the main etcd, and count its members if they are not all this machine."""
    servers = frozenset(url.rstrip("/") for url in settings.each("etcd-servers"))
    if not servers:
        return servers
    if all(_LOOPBACK.fullmatch(url) for url in servers):
        found.local_etcd = True
    elif len(servers) <= 9:  # noqa: PLR2004 - as in a scenario
        found.add(MEMBERS, len(servers), settings.call("etcd-servers"), estimate=len(servers) == 1)
    return servers


def _shards(settings: Settings, found: Found, main: frozenset[str], *, whole: bool) -> None:
    """Count the etcds that types are sent to."""
    name = "etcd-servers-overrides"
    overrides = settings.each(name)
    if not overrides:
        found.optimization("etcd-sharding", False, f"no {settings.call(name)}", estimate=not whole)
        return
    types, stores = set(), set()
    for override in overrides:
        if not _OVERRIDE.fullmatch(override):
            raise settings.error(
                name, f"{got(override)} is no override; write it like /events#https://etcd:2379"
            )
        group, urls = override.split("#", 1)
        store = frozenset(url.rstrip("/") for url in urls.split(";") if url)
        if store != main:
            types.add(group.split("/", 1)[1])
            stores.add(store)
    found.optimization("etcd-sharding", bool(stores), settings.call(name))
    if stores:
        found.add(SHARDS, min(MOST_SHARDS, 1 + len(stores)), settings.call(name))
        known = sorted(types & RESOURCES)
        names = [
            *known[:20],
            *([units.show_many(len(types) - len(known), "other")] if len(types) > len(known) else []),
        ]
        found.tell([f"types in {len(stores):,} etcd beside the main one: {', '.join(names)}"])


def _balance(settings: Settings, found: Found, *, whole: bool) -> None:
    """Read how many requests are told to go away."""
    name = "goaway-chance"
    chance = settings.number(name)
    if chance is None:
        found.optimization("apiserver-balance", False, f"no {settings.call(name)}", estimate=not whole)
        return
    if chance > MOST_GOAWAY:
        raise settings.error(name, f"must be 0 to 0.02, got {units.quote(settings.text(name))}")
    found.optimization("apiserver-balance", chance > 0, settings.call(name))
    if chance:  # with 0 there would be nothing to compare
        found.add(GOAWAY, round(chance * PPM), settings.call(name))


def _history(settings: Settings, found: Found, minor: int | None) -> None:
    """Read the sizes of watch caches: fixed up to 1.18, later only nought (none) means something."""
    sizes = {}
    name = "watch-cache-sizes"
    for entry in settings.each(name):
        resource, mark, size = entry.partition("#")
        if not mark or not re.fullmatch("[0-9]{1,9}", size):
            raise settings.error(name, f"{got(entry)} is no size; write it like pods#1000")
        sizes[resource] = int(size)
    if sizes.get("pods") == 0:
        for mechanism in OF_WATCH_CACHE:
            found.optimization(mechanism, False, settings.call(name))
    fixed = minor is not None and minor < DYNAMIC_HISTORY
    ram = settings.whole("target-ram-mb")
    if fixed and sizes.get("pods"):
        found.add(RING, min(MOST_RING, sizes["pods"]), settings.call(name))
    elif fixed and ram is not None and 0 < ram < 2**40:
        # k/k pkg/registry/cachesize 1.14: 50 events of pods for each 60 MB, 1,000 at least
        found.add(RING, min(MOST_RING, max(50 * (ram // 60), 1000)), settings.call("target-ram-mb"))
    if sizes:
        others = len(sizes) - ("pods" in sizes)
        pods = [f"{sizes['pods']} for pods"] if "pods" in sizes else []
        found.tell([f"{settings.call(name)}: {', '.join([*pods, f'{others:,} other types'])}"])


def lists_note(minor: int) -> str:
    """Return what is to say of lists in Kubernetes 1.*minor*; empty: nothing."""
    if 19 <= minor < CONSISTENT_LISTS:  # noqa: PLR2004 - SelectorIndex
        return f"Kubernetes 1.{minor}: the index serves lists at resource version 0 only; others go to etcd"
    return ""
