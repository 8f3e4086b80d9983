"""Where a run uses coefficients that `kscale calibrate` measures, by the names it measures them at."""

from kscale.clusterwide.size import Size
from kscale.mechanisms import etcd_puts, lease_store, list_settings
from kscale.mechanisms.base import Settings
from kscale.scenario.cluster import Cluster

OF_LISTS = ("list_etcd_cpu_ns_per_object", "list_etcd_cpu_ps_per_byte", "etcd_range_locked_ppm")
OF_OPENING = "etcd_open_ps_per_byte"
MILLI = 1_000


def of(cluster: Cluster, size: Size) -> Settings:
    """Return where coefficients are used: by puts of all types and of each, full lists, a member's opening.

    *size* is the cluster at the size that is run. What waits beside heartbeats and changes of pods in a busy
    second is not known beforehand, nor is what fills a store in the end.
    """
    plan, scale = size.simulation, size.nodes / cluster.nodes.count
    own = etcd_puts.rates(cluster, plan.events_per_change_milli / MILLI, plan.others_per_change_milli / MILLI)
    puts = etcd_puts.kinds(cluster, {name: rate * scale for name, rate in own.items()})
    pods = size.stored.get("pods")
    lists = list_settings.of([(size.pods, pods.mean_bytes)] if pods else [])
    live = sum(one.count * one.mean_bytes for one in size.stored.values())
    room = min(size.control_plane.etcd_quota_bytes, max(live, lease_store.PAGE))
    return {
        **etcd_puts.settings(cluster, puts, *([kind] for kind in puts)),
        **dict.fromkeys(OF_LISTS, lists),
        OF_OPENING: {"db_bytes": (room, room)},
    }
