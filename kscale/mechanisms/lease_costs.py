"""CPU of API servers and etcd for heartbeats and for the rest of the load, by the cost model.

A write is a request, some decoding and encoding of the object, one decoding by the watch cache of every
API server, and its delivery to the watchers: encoded for each of them, or once a server (1.17+).
"""

from dataclasses import dataclass

from kscale.scenario.cluster import Cluster

COSTS = (
    "list_apiserver_cpu_ns_per_object",
    "list_apiserver_cpu_ps_per_byte",
    "apiserver_request_cpu_ns",
    "apiserver_encode_cpu_ps_per_byte",
    "watch_encode_cpu_ps_per_byte",
    "watch_deliver_cpu_ns",
    "etcd_put_cpu_ns",
    "etcd_put_cpu_ps_per_byte",
)


@dataclass(frozen=True, slots=True)
class Request:
    """What one write asks of the API server that serves it."""

    requests: int
    decodes: int
    encodes: int


# the kubelet reads its node from the cache, then patches: stored and patched object, answer and stored form
STATUS = Request(requests=2, decodes=2, encodes=3)
LEASE = Request(requests=1, decodes=2, encodes=2)
LEASE_AFTER_GET = Request(requests=2, decodes=3, encodes=3)  # to 1.16 it reads the lease from etcd first
POD_CHANGE = Request(requests=1, decodes=2, encodes=2)


@dataclass(frozen=True, slots=True)
class CpuCosts:
    """The cost model's coefficients for writes, lists and watches, and who serves them."""

    apiservers: int
    encode_each: bool  # an event is encoded for every watcher, not once a server
    decode_ns: int
    decode_ps: int
    request_ns: int
    encode_ps: int
    watch_ps: int
    deliver_ns: int
    put_ns: int
    put_ps: int

    def writes(self, kind: Request, count: int, total: int, watchers: int) -> int:
        """Return the API servers' CPU in ns for *count* writes of *total* bytes, each seen by *watchers*."""
        decodes = kind.decodes + self.apiservers
        encoded = watchers if self.encode_each else min(watchers, self.apiservers)
        fixed = kind.requests * self.request_ns + decodes * self.decode_ns + watchers * self.deliver_ns
        by_byte = decodes * self.decode_ps + kind.encodes * self.encode_ps + encoded * self.watch_ps
        return count * fixed + total * by_byte // 1000

    def lists(self, count: int, objects: int, total: int) -> int:
        """Return the API servers' CPU in ns for *count* lists through etcd, *total* bytes each."""
        return count * (objects * self.decode_ns + total * (self.decode_ps + self.encode_ps) // 1000)

    def puts(self, count: int, total: int) -> int:
        """Return the CPU of one etcd member in ns for *count* puts of *total* bytes."""
        return count * self.put_ns + total * self.put_ps // 1000


def of(cluster: Cluster) -> CpuCosts:
    """Return the coefficients of the cluster's cost model."""
    decode_ns, decode_ps, request_ns, encode_ps, watch_ps, deliver_ns, put_ns, put_ps = (
        cluster.costs[name] for name in COSTS
    )
    return CpuCosts(
        apiservers=cluster.control_plane.apiservers,
        encode_each=cluster.profile.watch_encode == "per-watcher",
        decode_ns=decode_ns,
        decode_ps=decode_ps,
        request_ns=request_ns,
        encode_ps=encode_ps,
        watch_ps=watch_ps,
        deliver_ns=deliver_ns,
        put_ns=put_ns,
        put_ps=put_ps,
    )
