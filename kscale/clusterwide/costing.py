"""What every kind of request and of event costs at every station, for a set of toggles.

All that the simulation and the arithmetic know of versions, costs and optimizations is in these tables.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles

Longs = NDArray[np.int64]

REQUESTS = ("status", "lease", "create", "bind", "pod-status", "delete", "remove", "event", "other",
            "get", "list-node", "list-namespace", "list-all", "resume")  # fmt: skip
TYPES = ("nodes", "leases", "pods", "events", "other")


@dataclass(frozen=True, slots=True)
class Tables:
    """See kernels/cluster_tables.py for the columns of the first two."""

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
