"""The kubelets of a run at time 0, and other clients: their servers, what they have seen, their clocks."""

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import costing, load
from kscale.clusterwide.costing import Tables
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.world_stores import zeros
from kscale.kernels import cluster_loop, watch_ring
from kscale.kernels import cluster_rules as cr
from kscale.kernels import heartbeats as hb
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]

SECOND = load.SECOND
FAR_BACK = 1 << 40  # events: nobody resumes from there


def nodes(size: Size, toggles: Toggles, tables: Tables, seed: int) -> Longs:
    """Return kubelets and other clients, spread over the API servers at random."""
    found, n = zeros(size.nodes + tables.clients, cr.NODE), size.nodes
    found[:, cr.SERVER] = draw.below(seed, Stream.CLUSTER_SERVERS, len(found), size.control_plane.apiservers)
    for column, grows, given in (
        (cr.STATUS_BYTES, cr.STATUS_GROWS, size.status_bytes),
        (cr.LEASE_BYTES, cr.LEASE_GROWS, size.lease_bytes),
    ):
        kept = costing.values_in_etcd(np.resize(given, n), toggles)
        found[:n, column] = kept
        found[:n, grows] = costing.grown(kept, tables.stored_bytes)
    return found


def history(size: Size, nodes: Longs, seed: int) -> tuple[Longs, Longs]:
    """Return the watch cache's history of pods, full, and set the last event that each kubelet has seen.

    That is the last one that concerned it, or where its watch began if it had to list then.
    """
    profile = size.profile
    most = profile.watch_history_max
    least = most if profile.watch_history == "fixed" else profile.watch_history_min
    state, ring = zeros(watch_ring.STATE), zeros(watch_ring.ROWS, most)
    state[watch_ring.LEAST], state[watch_ring.MOST] = least, most
    state[watch_ring.WINDOW] = profile.watch_history_window_ns
    watch_ring.relist(0, state)
    every = max(1, int(SECOND / max(1e-6, 3 * size.load.pod_changes_per_s)))
    before = (
        most if profile.watch_history == "fixed" else min(most, 4 * profile.watch_history_window_ns // every)
    )
    before = max(before, least + 1)
    cluster_loop.remember(before, every, ring, state)
    kubelets = size.nodes
    nodes[:kubelets, cr.SEEN_RV] = np.maximum(-FAR_BACK, before - load.begun_ns(size, seed) // every)
    of = draw.below(seed, Stream.CLUSTER_HISTORY, before, kubelets)
    np.maximum.at(nodes[:, cr.SEEN_RV], of, np.arange(before))
    return ring, state


def beat_rules(size: Size, toggles: Toggles, duration_ns: int) -> Longs:
    """Return the rules of kernels/heartbeats.py."""
    rules, leased = zeros(hb.RULES), "node-lease" in toggles
    rules[hb.STATUS_NS] = size.load.heartbeat_period_ns
    rules[hb.LEASE_NS] = size.profile.lease_renew_ns if leased else 0
    rules[hb.AGE_NS] = size.profile.node_status_period_ns if leased else 0
    rules[hb.CHANGE_NS], rules[hb.JITTER_PPM] = load.CHANGE_NS, load.JITTER_PPM
    rules[hb.END_NS] = duration_ns
    rules[hb.MONITOR_NS] = size.profile.node_monitor_ns
    rules[hb.GRACE_NS] = size.profile.node_grace_period_ns
    return rules
