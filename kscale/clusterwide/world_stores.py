"""The etcds of a run at time 0: what is in their stores, how it grows, the arrays of their write paths."""

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import costing, load
from kscale.clusterwide.costing import SHARDS, TYPES, Tables
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_peers, etcd_write_steps
from kscale.kernels import etcd_write_store as store

Longs = NDArray[np.int64]

SECOND = load.SECOND
LEAST_RING = 1 << 15  # entries under way: those not yet applied, refused beyond 5,000, and in flight before


def spaces(size: Size, toggles: Toggles, tables: Tables, duration_ns: int) -> tuple[Longs, Longs]:
    """Return the stores right after a compaction, and their history: five minutes, and as much was freed.

    Where ten minutes of history do not fit, less is there at the start: the quota is reached half-way through
    the run, or earlier if it is full without any history.
    """
    found = zeros(tables.etcds, cr.SPACE)
    found[:, cr.QUOTA] = size.control_plane.etcd_quota_bytes
    for name in TYPES:
        shard = SHARDS[name] if tables.etcds > 1 else 0
        one = costing.stored_of(size, name)
        value = costing.values_in_etcd(np.array([one.mean_bytes]), toggles)
        found[shard, cr.IN_USE] += one.count * int(costing.grown(value, tables.stored_bytes)[0])
    grows = grows_per_s(size, toggles, tables)
    kept = grows * (size.profile.etcd_compaction_ns // SECOND)
    room = found[:, cr.QUOTA] - found[:, cr.IN_USE]
    half = np.maximum(0, room - grows * (duration_ns // SECOND) // 2)
    history = np.where(2 * kept > room, np.minimum(kept, half), kept)
    found[:, cr.IN_USE] += history
    room = np.maximum(0, found[:, cr.QUOTA] - found[:, cr.IN_USE])
    found[:, cr.FILE] = found[:, cr.IN_USE] + np.minimum(kept, room)
    return found, history


def grows_per_s(size: Size, toggles: Toggles, tables: Tables) -> Longs:
    """Return the bytes by which the store of each etcd grows in a second, on average."""
    rates, found = load.rates(size, toggles), zeros(tables.etcds)
    for kind in range(ct.KINDS):
        row = tables.requests[kind]
        if row[ct.PATH] == ct.PUT:
            found[row[ct.SHARD]] += rates[kind] * row[ct.GROWS] // load.MILLI
    return found


def etcds(size: Size, tables: Tables) -> dict[str, Longs]:
    """Return the arrays of the etcds, see kernels/etcd_write_steps.py."""
    s, followers, ring = tables.etcds, len(tables.followers), _ring(size)
    entries = (s, ring, etcd_write_steps.ENTRY)
    return {
        "e_rules": np.tile(tables.etcd_rules, (s, 1)),
        "e_followers": np.tile(tables.followers, (s, 1, 1)),
        "e_blocked": zeros(0, 2),
        "e_cores": zeros(s, int(tables.etcd_rules[ew.CORES])),
        "e_peers": zeros(s, followers, etcd_write_peers.PEER),
        "e_ring": zeros(s, followers, int(tables.etcd_rules[ew.WINDOW]), etcd_write_peers.RING),
        "e_waits": zeros(*entries),
        "e_entries": zeros(*entries),
        "e_upto": zeros(s, ring),
        "e_store": zeros(s, store.STORE),
        "e_at": zeros(s, etcd_write_steps.AT),
        "e_counts": zeros(s, ew.COUNTS),
        "out_id": zeros(ring),
        "out_done": zeros(ring),
    }


def _ring(size: Size) -> int:
    """Return how many entries an etcd may have under way: a power of two above two of each seat."""
    profile = size.profile
    seats = size.control_plane.apiservers * (profile.max_inflight_reads + profile.max_inflight_writes)
    return max(LEAST_RING, 1 << (2 * seats).bit_length())


def zeros(*shape: int) -> Longs:
    """Return zeros."""
    return np.zeros(shape, dtype=np.int64)
