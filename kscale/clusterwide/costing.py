"""What every kind of request and of event costs at every station, for a set of toggles.

All that the simulation and the arithmetic know of versions, costs and optimizations is in these tables.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles

Longs = NDArray[np.int64]

# Kinds of request: rows of `requests`.
(STATUS, LEASE, CREATE, BIND, POD_STATUS, DELETE, REMOVE, EVENT, OTHER,
 GET, LIST_NODE, LIST_NAMESPACE, LIST_ALL, RESUME) = range(14)  # fmt: skip
REQUESTS = ("status", "lease", "create", "bind", "pod-status", "delete", "remove", "event", "other",
            "get", "list-node", "list-namespace", "list-all", "resume")  # fmt: skip

# Columns of `requests`, int64[14, 10].
VERB = 0  # index into record.VERBS, or -1: not judged
PATH = 1  # NO_ETCD, PUT, READ
NO_ETCD, PUT, READ = range(3)
CPU = 2  # ns of an API server's core
ETCD_CPU = 3  # ns of a core of etcd's leader, beside what a put costs
HOLD = 4  # ns that it holds etcd's lock: nothing is applied meanwhile
WAIT = 5  # ns that it takes beside: round trips, the wall time of a list
BYTES = 6  # of a put's value, as etcd gets it
SHARD = 7  # which etcd
TYPE = 8  # of its event, or -1
PAGES = 9  # allocations of two or more pages by a put
REQUEST = 10

# Types of event: rows of `types`.
NODES, LEASES, PODS, EVENTS, OTHERS = range(5)
TYPES = ("nodes", "leases", "pods", "events", "other")

# Columns of `types`, int64[5, 6]: what an event costs each API server; ns.
SERIAL = 0  # of the type's dispatcher
SERIAL_KUBELET = 1  # for each kubelet whose watch is here, in ps
SERIAL_CLIENT = 2  # for each client here that watches all of the type, ns
CPU_EVENT = 3  # of its cores
CPU_KUBELET = 4  # for each kubelet whose watch is here, in ps
CPU_CLIENT = 5  # for each client here that watches all of the type, ns
CPU_MATCH = 6  # for the one kubelet that the event concerns, at its server, ns
TYPE_COLUMNS = 7


@dataclass(frozen=True, slots=True)
class Tables:
    """See the constants above."""

    requests: Longs
    types: Longs
    etcds: int  # how many there are
    etcd_rules: Longs  # of kernels/etcd_write.py, of each
    clients: int  # that watch all objects of a type, at all servers together
    record_bytes: int  # of the log, beside a value
    stored_bytes: int  # of the store, beside a value
    freelist_ns: int  # for each allocation of several pages
    freelist_ps_per_page: int  # likewise, for each free page
    span_ps: int  # of each commit, for each free span
    scheduler_ns: int  # of a pod, beside its evaluations
    scheduler_ps_per_evaluation: int


def of(size: Size, toggles: Toggles) -> Tables:
    """Return the tables of a cluster of that size."""
    raise NotImplementedError
