"""What every kind of request and of event costs at every station, for a set of toggles.

All that the simulation and the arithmetic know of versions, costs and optimizations is in these tables. A
toggle that is off means the baseline of its mechanism, whatever the version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.size import Size, Stored
from kscale.clusterwide.toggles import Toggles
from kscale.kernels import cluster_tables as ct
from kscale.mechanisms import etcd_puts, lease_costs, lease_store
from kscale.mechanisms.lease_costs import LEASE, LEASE_AFTER_GET, POD_CHANGE, STATUS, Request

Longs = NDArray[np.int64]
Pages = TypeVar("Pages", int, NDArray[np.int64])

REQUESTS = ("status", "lease", "create", "bind", "pod-status", "delete", "remove", "event", "other",
            "get", "list-node", "list-namespace", "list-all", "relist", "resume")  # fmt: skip
TYPES = ("nodes", "leases", "pods", "events", "other")
SHARDS = {"nodes": 0, "leases": 1, "pods": 2, "events": 3, "other": 4}  # with etcd-sharding
MUTATING, READ_ONE, READ_NAMESPACE, READ_CLUSTER, NOT_JUDGED = 0, 1, 2, 3, -1
DEFAULT_BYTES = {"nodes": 15_360, "leases": 300, "pods": 10_240, "events": 1024, "other": 2048}
INDEX_BYTES = 150  # of what etcd keeps of a value that is kept outside: key, revision, checksum
KUBELET_WATCHES = 5  # of one kubelet; watch_resume_cpu_ns is of all of them
PS, PPM = 1000, 1_000_000
COSTS = (
    *lease_costs.COSTS,
    *etcd_puts.COSTS,
    "etcd_store_record_bytes",
    "etcd_quorum_read_cpu_ns",
    "etcd_range_locked_ppm",
    "etcd_freelist_scan_ps_per_page",
    "etcd_freelist_allocate_ns",
    "etcd_freelist_span_ps",
    "etcd_election_ns",
    "list_etcd_cpu_ns_per_object",
    "list_etcd_cpu_ps_per_byte",
    "list_filter_cpu_ns",
    "list_encode_json_ps_per_byte",
    "list_encode_protobuf_ps_per_byte",
    "list_request_wall_ns",
    "list_round_trip_ns",
    "list_cache_lag_ns",
    "watch_copy_bytes_ps_per_byte",
    "watch_handover_ns",
    "watch_init_event_ns",
    "watch_resume_cpu_ns",
    "tls_handshake_cpu_ns",
    "outside_round_trip_ns",
    "outside_ps_per_byte",
    "scheduler_evaluation_ps",
    "scheduler_pod_ns",
    "kubelet_start_ns",
    "kubelet_stop_ns",
    "kubelet_report_ns",
    "informer_decode_ns_per_object",
    "informer_decode_ps_per_byte",
    "informer_store_ns_per_object",
    "etcd_snapshot_disk_ps_per_byte",
    "etcd_open_ps_per_byte",
)


@dataclass(frozen=True, slots=True)
class Tables:
    """See kernels/cluster_tables.py for the columns of the first two."""

    requests: Longs
    types: Longs
    etcds: int  # how many there are
    etcd_rules: Longs  # of kernels/etcd_write.py, of each
    followers: Longs  # [f, FOLLOWER] likewise
    clients: int  # that watch all of a type: the scheduler, then the controller manager and others like it
    move_ns: int  # of a server, for a watch that begins anew there as the one before ended in its time
    record_bytes: int  # of the log, beside a value
    stored_bytes: int  # of the store, beside a value
    freelist_ns: int  # for each allocation of several pages
    freelist_ps_per_page: int  # likewise, for each free page
    span_ps: int  # of each commit, for each free span
    scheduler_ns: int  # of a pod, beside its evaluations
    scheduler_ps_per_evaluation: int

    def allocation_ns(self, free: Pages) -> Pages:
        """Return what an allocation of several pages takes with so many free ones."""
        return self.freelist_ns + free * self.freelist_ps_per_page // PS

    def free_list_ns(self, free: Pages) -> Pages:
        """Return what the list of free pages takes of each commit."""
        return free * self.span_ps // PS


def of(size: Size, toggles: Toggles) -> Tables:
    """Return the tables of a cluster of that size."""
    costs, on = size.costs, toggles
    requests = np.zeros((ct.KINDS, ct.REQUEST), dtype=np.int64)
    requests[:, ct.TYPE] = -1
    _writes(size, on, requests)
    _reads(size, on, requests)
    etcd = etcd_puts.etcd_of(size.control_plane, size.profile, costs, size.control_plane.etcd_cores)
    array = "etcd-freelist" not in on
    return Tables(
        requests=requests,
        types=_types(size, on),
        etcds=len(TYPES) if "etcd-sharding" in on else 1,
        etcd_rules=etcd.rules,
        followers=etcd.followers,
        clients=_clients(size, on),
        move_ns=move_ns(size, on),
        record_bytes=costs["etcd_wal_record_bytes"],
        stored_bytes=costs["etcd_store_record_bytes"],
        freelist_ns=0 if array else costs["etcd_freelist_allocate_ns"],
        freelist_ps_per_page=costs["etcd_freelist_scan_ps_per_page"] if array else 0,
        span_ps=0 if array else costs["etcd_freelist_span_ps"],
        scheduler_ns=costs["scheduler_pod_ns"],
        scheduler_ps_per_evaluation=costs["scheduler_evaluation_ps"],
    )


def _clients(size: Size, on: Toggles) -> int:
    """Return the scheduler, controllers, of which one manages controllers, and a warm copy of that one."""
    return 1 + max(1, size.control_plane.controllers) + ("controller-standby" in on)


def move_ns(size: Size, on: Toggles) -> int:
    """Return what a client that takes another server costs it: a handshake, and its other watches."""
    if "apiserver-balance" not in on:
        return 0
    others = size.costs["watch_resume_cpu_ns"] // KUBELET_WATCHES * (KUBELET_WATCHES - 1)
    return size.costs["tls_handshake_cpu_ns"] + others


def outside_ns(costs: Mapping[str, int], on: Toggles, values: int) -> int:
    """Return how long the store outside of etcd takes for a request with so many bytes of values."""
    if "etcd-offload" not in on:
        return 0
    return costs["outside_round_trip_ns"] + costs["outside_ps_per_byte"] * values // PS


def stored_of(size: Size, name: str) -> Stored:
    """Return the stored objects of one of TYPES; `other` are those of all further types together."""
    if name in size.stored:
        return size.stored[name]
    if name != "other":
        return Stored(0, DEFAULT_BYTES[name])
    rest = [one for kind, one in size.stored.items() if kind not in TYPES]
    count = sum(one.count for one in rest)
    total = sum(one.count * one.mean_bytes for one in rest)
    return Stored(count, total // count if count else DEFAULT_BYTES["other"])


def bytes_of(size: Size) -> dict[str, int]:
    """Return the mean bytes of an object of each of TYPES; of nodes, of a status."""
    found = {name: stored_of(size, name).mean_bytes for name in TYPES}
    found["nodes"] = int(size.status_bytes.mean())
    found["leases"] = int(size.lease_bytes.mean())
    return found


def values_in_etcd(values: Longs, toggles: Toggles) -> Longs:
    """Return the bytes of these values that etcd gets."""
    return np.minimum(values, INDEX_BYTES) if "etcd-offload" in toggles else values


def grown(values: Longs, stored_bytes: int) -> Longs:
    """Return the bytes by which puts of these values grow the store; see mechanisms/lease_store.py."""
    return lease_store.grown(values, stored_bytes)


def _writes(size: Size, on: Toggles, requests: Longs) -> None:
    """Fill the rows of requests that write."""
    costs, sizes = size.costs, bytes_of(size)
    lease = LEASE_AFTER_GET if size.profile.lease_get else LEASE
    rows: tuple[tuple[int, Request, str], ...] = (
        (ct.STATUS, STATUS, "nodes"),
        (ct.LEASE, lease, "leases"),
        *((kind, POD_CHANGE, "pods") for kind in (ct.CREATE, ct.BIND, ct.POD_STATUS, ct.DELETE, ct.REMOVE)),
        (ct.EVENT, POD_CHANGE, "events"),
        (ct.OTHER, POD_CHANGE, "other"),
    )
    for kind, request, name in rows:
        row, value = requests[kind], sizes[name]
        kept = values_in_etcd(np.array([value], dtype=np.int64), on)
        row[ct.VERB], row[ct.PATH] = MUTATING, ct.PUT
        row[ct.CPU] = request_cpu(costs, request, value)
        row[ct.BYTES] = kept[0]
        row[ct.GROWS] = grown(kept, costs["etcd_store_record_bytes"])[0]
        row[ct.SHARD] = SHARDS[name] if "etcd-sharding" in on else 0
        row[ct.TYPE] = TYPES.index(name)
        row[ct.PAGES] = int(row[ct.GROWS] > lease_store.PAGE // lease_store.LEAST_ITEMS)
        row[ct.WAIT] += outside_ns(costs, on, value)
    if size.profile.lease_get:
        requests[ct.LEASE, ct.WAIT] += costs["list_round_trip_ns"] + outside_ns(costs, on, sizes["leases"])
        requests[ct.LEASE, ct.ETCD_CPU] = costs["etcd_quorum_read_cpu_ns"]


def request_cpu(costs: Mapping[str, int], request: Request, value: int) -> int:
    """Return the API server's CPU of a request on one object, as mechanisms/lease_costs.py has it."""
    decode = costs["list_apiserver_cpu_ns_per_object"] + costs["list_apiserver_cpu_ps_per_byte"] * value // PS
    encode = costs["apiserver_encode_cpu_ps_per_byte"] * value // PS
    return (
        request.requests * costs["apiserver_request_cpu_ns"]
        + request.decodes * decode
        + request.encodes * encode
    )


def _reads(size: Size, on: Toggles, requests: Longs) -> None:
    """Fill the rows of requests that read, and of watches that begin again."""
    costs, pod = size.costs, bytes_of(size)["pods"]
    kept = int(values_in_etcd(np.array([pod], dtype=np.int64), on)[0])
    cached, base = "list-index" in on, costs["apiserver_request_cpu_ns"]
    json, protobuf = costs["list_encode_json_ps_per_byte"], costs["list_encode_protobuf_ps_per_byte"]
    on_node, in_namespace = -(-size.pods // size.nodes), -(-size.pods // size.namespaces)
    lists = (  # kind, verb, objects that the cache or etcd holds for it, objects returned, encoding
        (ct.LIST_NODE, READ_CLUSTER, on_node if cached else size.pods, on_node, json),
        (ct.LIST_NAMESPACE, READ_NAMESPACE, in_namespace, in_namespace, json),
        (ct.LIST_ALL, READ_CLUSTER, size.pods, size.pods, protobuf),
    )
    for kind, verb, looked_at, returned, encode in lists:
        row = requests[kind]
        row[ct.VERB], row[ct.PATH] = verb, ct.READ
        row[ct.ETCD_CPU] = costs["etcd_quorum_read_cpu_ns"]
        row[ct.WAIT] = costs["list_request_wall_ns"] + costs["list_round_trip_ns"]
        row[ct.CPU] = base + returned * pod * encode // PS
        if cached:
            row[ct.CPU] += looked_at * costs["list_filter_cpu_ns"]
            row[ct.WAIT] += costs["list_cache_lag_ns"]
        else:
            row[ct.CPU] += _decoded(costs, looked_at, pod)
            row[ct.ETCD_CPU] += looked_at * costs["list_etcd_cpu_ns_per_object"]
            row[ct.ETCD_CPU] += looked_at * kept * costs["list_etcd_cpu_ps_per_byte"] // PS
            row[ct.WAIT] += outside_ns(costs, on, looked_at * pod)
        row[ct.SHARD] = SHARDS["pods"] if "etcd-sharding" in on else 0
    get, relist, resume = requests[ct.GET], requests[ct.RELIST], requests[ct.RESUME]
    get[ct.VERB], get[ct.PATH] = READ_ONE, ct.READ
    get[ct.CPU] = base + _decoded(costs, 1, pod) + costs["apiserver_encode_cpu_ps_per_byte"] * pod // PS
    get[ct.ETCD_CPU], get[ct.WAIT] = costs["etcd_quorum_read_cpu_ns"], costs["list_round_trip_ns"]
    get[ct.WAIT] += outside_ns(costs, on, pod)
    get[ct.SHARD] = SHARDS["pods"] if "etcd-sharding" in on else 0
    if "etcd-concurrent-reads" not in on:
        requests[:, ct.HOLD] = requests[:, ct.ETCD_CPU] * costs["etcd_range_locked_ppm"] // PPM
        requests[:, ct.HOLD] *= requests[:, ct.PATH] == ct.READ
    relist[ct.VERB] = READ_CLUSTER  # at resource version 0: the cache walks all pods, or looks in its index
    relist[ct.CPU] = base + on_node * pod * protobuf // PS
    relist[ct.CPU] += (on_node if cached else size.pods) * costs["list_filter_cpu_ns"]
    resume[ct.VERB], resume[ct.CPU] = NOT_JUDGED, costs["watch_resume_cpu_ns"] // KUBELET_WATCHES


def _decoded(costs: Mapping[str, int], objects: int, size: int) -> int:
    """Return the API server's CPU to decode so many objects that come from etcd."""
    each = costs["list_apiserver_cpu_ns_per_object"] * PS + costs["list_apiserver_cpu_ps_per_byte"] * size
    return objects * each // PS


def _types(size: Size, on: Toggles) -> Longs:
    """Return what an event of each type costs each API server.

    Clients that are no kubelets watch nodes, pods and other objects. A kubelet watches its own node and its
    pods, and a proxy beside it all Endpoints. Leases are watched by the node controller, Events by nobody.
    """
    costs, sizes = size.costs, bytes_of(size)
    table = np.zeros((ct.TYPES, ct.TYPE_COLUMNS), dtype=np.int64)
    deliver, hand_over = costs["watch_deliver_cpu_ns"], costs["watch_handover_ns"]
    once = "watch-encode" in on
    for t, name in enumerate(TYPES):
        row, value = table[t], sizes[name]
        encode = costs["watch_encode_cpu_ps_per_byte"] * value // PS
        copy = costs["watch_copy_bytes_ps_per_byte"] * value // PS
        each = deliver + (copy if once else encode)
        row[ct.CPU_EVENT] = _decoded(costs, 1, value)
        row[ct.SERIAL] = hand_over
        if name in {"nodes", "pods", "other"}:
            row[ct.CPU_EVENT] += encode if once else 0
            row[ct.FOLLOWED], row[ct.CPU_CLIENT], row[ct.SERIAL_CLIENT] = 1, each, hand_over
        elif name == "leases":
            row[ct.CPU_EVENT] += (deliver + encode) // size.control_plane.apiservers
        if name in {"nodes", "pods"}:
            row[ct.CPU_MATCH] = each
            if "watch-fanout" not in on:
                row[ct.TESTED] = 1
                row[ct.CPU_KUBELET] = costs["list_filter_cpu_ns"] * PS
                row[ct.SERIAL_KUBELET] = hand_over * PS
        if name == "other":
            share = endpoints_ppm(size)
            row[ct.PROXIED_PPM] = share
            row[ct.CPU_KUBELET] = each * share // (PPM // PS)
            row[ct.SERIAL_KUBELET] = hand_over * share // (PPM // PS)
    return table


def endpoints_ppm(size: Size) -> int:
    """Return the share of Endpoints in the writes of other objects: that of stored ones."""
    known = sum(one.count for name, one in size.stored.items() if name in {"endpoints", "endpointslices"})
    return known * PPM // max(1, stored_of(size, "other").count)
