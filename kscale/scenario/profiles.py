"""Constants of a Kubernetes and etcd version, fixed by a scenario's `profile:`."""

from dataclasses import dataclass, replace
from typing import Literal

from kscale.errors import KscaleError, did_you_mean

MS = 1_000_000  # ns
S = 1_000_000_000  # ns
MIN = 60 * S


@dataclass(frozen=True, slots=True)
class Profile:
    """The named constants of one version; the defaults are those that never changed from 2019 to 2026.

    Sources, read in kubernetes/kubernetes, kubernetes/apiserver and etcd-io/etcd at the version named:
    apiserver pkg/storage/cacher (watch cache, channels, dispatch; 1.14, 1.16, 1.25, 1.27, 1.36), k/k
    pkg/registry/cachesize (history of 1.14), k/k#90091 and #130344 (history that adapts), KEP-589 and
    k/k#72096 (leases), k/k#126287 (grace period), KEP-1904 (bookmarks, progress notify), KEP-1152 (shared
    encoding), KEP-2340 (lists from the cache), KEP-5116 (streamed lists), etcd#10523 and #12933 (reads on a
    copied buffer), component-base config/v1alpha1 (leader election), etcd `parseBackendFreelistType` (free
    list), k/k PR 135573 (balanced allocation), k/k#84043, #108252 and #120300 (wrapper of shared encodings),
    k/k#116121 (requests of a kubelet), kubernetes/community sig-scalability/slos @24e7d8f5 (objectives).
    """

    name: str
    kubernetes: str  # minor version the constants were read from
    etcd: str  # minor version that shipped with it
    balanced: Literal["level", "delta"]  # BalancedAllocation; before 1.22 `level` was (1 - |f1 - f2|) * 100
    etcd_freelist: Literal["array", "hashmap"]  # default of --backend-bbolt-freelist-type

    watch_channel: Literal[
        "fixed", "by-history"
    ]  # buffer of a watcher: fixed, or ceil(history / 75) in bounds
    watch_channel_no_trigger: int  # events; most (by-history) or size (fixed) where the type has no trigger
    watch_scopes: bool  # watchers are kept by namespace and name (1.27+)
    watch_dispatch: Literal[
        "sequential", "two-phase"
    ]  # slow watchers wait in turn, or share one timer (1.16+)
    watch_encode: Literal["per-watcher", "per-event"]  # an event is encoded for each watcher, or once (1.17+)
    watch_encode_kept: Literal["object", "frame"]  # what is kept of it: the object, or the event (1.29+)
    watch_encode_wrap: Literal[
        "copy", "lazy"
    ]  # wrapping it copies the object, or only if it is changed (1.24+)
    watch_history: Literal["fixed", "dynamic"]  # events kept for each type
    watch_history_max: int  # events; the fixed size of pods, or the upper bound
    bookmarks: Literal["none", "periodic"]
    # sent 2 s before the end of a watch (1.15 to 1.18, which no profile is), and each bookmark_period (1.19+)
    progress_notify_ns: int  # etcd tells a quiet watch cache the revision this often (KEP-1904); 0: never
    list_cache: Literal["scan", "index", "consistent"]
    # a list at RV=0 walks the cache, or uses its index (1.19+); so does one without RV (1.31+, KEP-2340)
    list_encode: Literal["whole", "streaming"]  # a response is encoded as one piece, or item by item (1.33+)
    cache_not_ready: Literal["etcd", "reject"]
    # a read that a watch cache cannot answer yet goes to etcd, or gets a 429 (1.31+, KEP-4568)
    fairness: bool  # API priority and fairness in place of plain limits on requests in flight (1.20+)
    etcd_reads: Literal["blocking", "copied", "cached"]
    # a range holds the lock (to 3.3), copies the read buffer (3.4), or shares a copy (3.5+)
    etcd_learner: bool  # a member can join without a vote (3.4+)
    node_status_period_ns: int  # an unchanged node status is written at this age
    node_grace_period_ns: int  # a silent node is NotReady after it
    lease_get: bool  # a kubelet reads its lease before each renewal (to 1.16, k/k#81174)
    watch_list: bool  # an informer gets its first objects as a stream of events (KEP-3157, 1.34+)
    election_renew_requests: int  # a leader reads its lease before it renews (to 1.29, k/k#122069)
    election_release_requests: int  # it reads it before it releases it (1.34+, k/k#132849)
    kubelet_qps: int  # requests a second that a kubelet may send; 5 to 1.26, 50 from 1.27 (k/k#116121)
    kubelet_burst: int  # requests that it may send at once; 10, then 100
    list_namespace_slo_ns: int  # P99 of a list of one namespace by the official objective; 5 s to 2022-04

    watch_encode_from: int = 3  # watchers; fewest for which an event is encoded once (1.17+)
    watch_channel_min: int = 10  # events; least buffer of a watcher
    watch_channel_trigger: int = 10  # events; most for a watcher that is found by the type's trigger value
    watch_channel_untriggered: int = (
        1000  # events; most where the type has a trigger and this watcher has none
    )
    watch_channel_window: int = 75  # the divisor of by-history: seconds of history aimed at
    watch_incoming: int = 100  # events; buffer before the dispatcher
    watch_budget_refill_ns: int = 50 * MS  # ns a second; time the dispatcher may wait for slow watchers
    watch_budget_max_ns: int = 100 * MS  # ns; most of that time saved up
    watch_history_min: int = 100  # events
    watch_history_window_ns: int = 75 * S  # ns; span that a dynamic history aims at
    bookmark_period_ns: int = 60 * S  # ns
    bookmark_lead_ns: int = 2 * S  # ns; a bookmark is sent so long before a watch times out
    etcd_progress_ns: int = 5 * S  # ns; progress notify where it is asked for although the profile has none
    watch_timeout_min_ns: int = 5 * MIN  # ns; a client picks the length of a watch between
    watch_timeout_max_ns: int = 10 * MIN  # ns; these two, uniformly

    lease_duration_ns: int = 40 * S  # ns; node lease
    lease_renew_ns: int = 10 * S  # ns; a quarter of the duration
    heartbeat_ns: int = 10 * S  # ns; node status is computed this often
    kubelet_relist_ns: int = S  # ns; a kubelet lists its containers anew this often
    node_monitor_ns: int = 5 * S  # ns; the node controller looks at all nodes this often
    election_lease_ns: int = 15 * S  # ns; leader election of controllers
    election_deadline_ns: int = 10 * S  # ns; a leader gives up after
    election_retry_ns: int = 2 * S  # ns; candidates poll every 2 s x (1 + U[0, 1.2])
    election_jitter_ppm: int = 1_200_000  # the 1.2 of it: client-go's JitterFactor
    request_timeout_ns: int = 60 * S  # ns; --request-timeout: a request that takes longer is cancelled
    fresh_wait_ns: int = 3 * S  # ns; most that a read waits for the cache to catch up
    fresh_ask_ns: int = 100 * MS  # ns; etcd is asked for its revision this often while reads wait
    goaway_chance_max_ppm: int = 20_000  # most that --goaway-chance may be; 0: no such flag (to 1.17)
    retry_after_ns: int = S  # ns; what a 429 tells a client to wait
    max_inflight_reads: int = 400  # requests at a time and server
    max_inflight_writes: int = 200  # requests at a time and server
    fairness_queued: int = 3200  # requests that wait with fairness: 64 queues of 50 for node-high

    etcd_batch_ns: int = 100 * MS  # ns; a write transaction of bbolt is committed this often
    etcd_batch_operations: int = 10_000  # or after so many operations
    etcd_most_behind: int = 5000  # entries committed and not applied before proposals are refused
    etcd_inflight: int = 512  # raft messages under way to one follower
    etcd_message_bytes: int = 2**20  # bytes of entries in such a message
    etcd_compaction_ns: int = 5 * MIN  # ns; Kubernetes compacts this often
    etcd_quota_bytes: int = 2 * 2**30  # bytes; default, 8 GiB is the suggested maximum
    etcd_request_bytes: int = 3 * 2**19  # bytes; largest request, 1.5 MiB
    etcd_snapshot_entries: int = 100_000  # raft entries between snapshots


_1_14 = Profile(
    name="k8s-1.14",
    kubernetes="1.14",
    etcd="3.3",
    balanced="level",
    etcd_freelist="array",
    watch_channel="fixed",
    watch_channel_no_trigger=10,
    watch_scopes=False,
    watch_dispatch="sequential",
    watch_encode="per-watcher",
    watch_encode_kept="object",
    watch_encode_wrap="copy",
    watch_history="fixed",
    watch_history_max=1000,
    bookmarks="none",
    progress_notify_ns=0,
    list_cache="scan",
    cache_not_ready="etcd",
    list_encode="whole",
    fairness=False,
    etcd_reads="blocking",
    goaway_chance_max_ppm=0,
    etcd_learner=False,
    node_status_period_ns=MIN,
    node_grace_period_ns=40 * S,
    lease_get=True,
    watch_list=False,
    election_renew_requests=2,
    election_release_requests=1,
    kubelet_qps=5,
    kubelet_burst=10,
    list_namespace_slo_ns=5 * S,
)
_1_20 = replace(
    _1_14,
    name="k8s-1.20",
    kubernetes="1.20",
    etcd="3.4",
    watch_dispatch="two-phase",
    watch_encode="per-event",
    watch_history="dynamic",
    watch_history_max=102_400,
    bookmarks="periodic",
    list_cache="index",
    fairness=True,
    goaway_chance_max_ppm=20_000,
    etcd_reads="copied",
    etcd_learner=True,
    node_status_period_ns=5 * MIN,
    lease_get=False,
)
_1_36 = replace(
    _1_20,
    name="k8s-1.36",
    kubernetes="1.36",
    etcd="3.6",
    balanced="delta",
    etcd_freelist="hashmap",
    watch_channel="by-history",
    watch_channel_no_trigger=100,
    watch_scopes=True,
    watch_encode_kept="frame",
    watch_encode_wrap="lazy",
    node_grace_period_ns=50 * S,
    progress_notify_ns=5 * S,
    list_cache="consistent",
    cache_not_ready="reject",
    list_encode="streaming",
    watch_list=True,
    election_renew_requests=1,
    election_release_requests=2,
    kubelet_qps=50,
    kubelet_burst=100,
    list_namespace_slo_ns=30 * S,
    etcd_reads="cached",
    etcd_snapshot_entries=10_000,
)

PROFILES: dict[str, Profile] = {profile.name: profile for profile in (_1_14, _1_20, _1_36)}


def get(name: str) -> Profile:
    """Return the profile of that name; KscaleError names the nearest one if there is none."""
    if name not in PROFILES:
        raise KscaleError(f"no profile '{name}'; {did_you_mean(name, PROFILES)}")
    return PROFILES[name]
