"""The mechanisms, in print order. Adding one is an import and a line."""

from kscale.clusterwide import mechanism as cluster
from kscale.errors import KscaleError, did_you_mean
from kscale.mechanisms import (
    apiserver_balance,
    controller_standby,
    etcd_concurrent_reads,
    etcd_freelist,
    etcd_learner,
    etcd_offload,
    etcd_sharding,
    list_index,
    node_lease,
    sched_equivalence,
    sched_sampling,
    watch_bookmark,
    watch_encode,
    watch_fanout,
)
from kscale.mechanisms.base import Mechanism

MECHANISMS: tuple[Mechanism, ...] = (
    etcd_freelist.MECHANISM,
    etcd_offload.MECHANISM,
    etcd_sharding.MECHANISM,
    etcd_learner.MECHANISM,
    etcd_concurrent_reads.MECHANISM,
    node_lease.MECHANISM,
    apiserver_balance.MECHANISM,
    watch_fanout.MECHANISM,
    watch_encode.MECHANISM,
    watch_bookmark.MECHANISM,
    list_index.MECHANISM,
    controller_standby.MECHANISM,
    sched_equivalence.MECHANISM,
    sched_sampling.MECHANISM,
    cluster.MECHANISM,
)


def find(mechanism_id: str) -> Mechanism:
    """Return the mechanism of that id; KscaleError names the nearest one if there is none."""
    for mechanism in MECHANISMS:
        if mechanism.id == mechanism_id:
            return mechanism
    known = (mechanism.id for mechanism in MECHANISMS)
    raise KscaleError(f"no mechanism '{mechanism_id}'; {did_you_mean(mechanism_id, known)}")
