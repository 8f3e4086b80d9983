"""What is noted after every second of a run: series, peaks, nodes taken for dead, objectives past saving."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide.record import STATIONS
from kscale.clusterwide.size import Size
from kscale.clusterwide.world import World
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_stations as cs
from kscale.kernels import etcd_write as ew
from kscale.kernels import etcd_write_steps as steps
from kscale.kernels import etcd_write_store as store
from kscale.kernels.cluster_tables import TYPES

Longs = NDArray[np.int64]

PPM = 1_000_000


@dataclass(slots=True)
class Watched:
    """What was noted so far."""

    series: dict[str, list[int]] = field(default_factory=dict)
    busy: Longs = field(default_factory=lambda: np.zeros(len(STATIONS), dtype=np.int64))  # so far, ns
    seats: int = 0  # ns of requests in flight, as seen at the end of each second
    store_peak: Longs = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # of each etcd, bytes
    dead: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))
    deaths: int = 0
    at_ns: int = 0


def begin(size: Size, world: World) -> Watched:
    """Return that nothing was noted yet."""
    return Watched(store_peak=world.spaces[:, cr.IN_USE].copy(), dead=np.zeros(size.nodes, dtype=np.bool_))


def busy_of(world: World, size: Size, now: int) -> Longs:
    """Return the ns of work that each of STATIONS has done by *now*; of etcd-store its part of the quota.

    Work begun is counted when it comes; what lies after *now* is taken off again.
    """
    stations, counts, etcds = world.stations, world.counts, len(world.wakes)
    after = np.maximum(0, world.cores - now).sum()
    cpu = int(stations[cr.AT_CPU, cs.BUSY] - after)
    dispatched = world.servers[:, cr.DISPATCH_BUSY : cr.DISPATCH_BUSY + TYPES]
    behind = np.maximum(0, world.servers[:, cr.DISPATCHED : cr.DISPATCHED + TYPES] - now)
    log = max(_logged(world, e, now) for e in range(etcds))
    apply = max(
        int(world.e_counts[e, ew.APPLY_BUSY] + world.e_counts[e, ew.COMMIT_BUSY] + world.spaces[e, cr.HELD])
        - max(0, int(world.e_store[e, store.FREE]) - now)
        for e in range(etcds)
    )
    row = size.nodes
    interval = int(world.rules[cr.CONTROLLER_NS])
    waiting = max(0, int(world.nodes[row + 1, cr.BUCKET]) - now)  # tokens that were taken ahead of time
    clients = max(0, int(world.nodes[row + 1, cr.SENT]) * interval - waiting)
    scheduler = int(counts[cr.SCHEDULER_BUSY]) - max(0, int(counts[cr.SCHEDULER_FREE]) - now)
    return np.array(
        [
            clients,
            0,  # seats are looked at once a second, see note
            cpu,
            int((dispatched - behind).max()),
            log,
            apply,
            int(world.spaces[:, cr.IN_USE].max()),
            scheduler,
            int(stations[cr.AT_KUBELET, cs.AREA]),
        ],
        dtype=np.int64,
    )


def _logged(world: World, e: int, now: int) -> int:
    """Return the ns that an etcd's log has worked beside its fsyncs.

    One fsync is shared by all that waits for it, so a log that always syncs is not full: what grows with the
    load is the work for each entry and each byte.
    """
    until = int(world.e_at[e, steps.UNTIL])
    rest = max(0, until - now) if until != ew.NEVER else 0
    counts, rules = world.e_counts[e], world.e_rules[e]
    return max(0, int(counts[ew.LOG_BUSY] - counts[ew.FSYNCS] * rules[ew.FSYNC]) - rest)


def capacity_of(size: Size, now: int) -> Longs:
    """Return what each of STATIONS could have done by *now*, ns; of etcd-store its quota."""
    plane, profile = size.control_plane, size.profile
    seats = plane.apiservers * (profile.max_inflight_reads + profile.max_inflight_writes)
    return np.array(
        [
            now,
            seats * now,
            plane.apiservers * plane.apiserver_cores * now,
            now,
            now,
            now,
            plane.etcd_quota_bytes,
            now,
            size.nodes * now,
        ],
        dtype=np.int64,
    )


def inside_of(world: World) -> Longs:
    """Return how much waits or is done at each of STATIONS: requests, events, pods; of etcd-store bytes."""
    stations = world.stations
    logs = stations[cr.AT_LOG :: 2, cs.INSIDE]
    applies = stations[cr.AT_LOG + 1 :: 2, cs.INSIDE]
    rows = stations[:, cs.INSIDE]
    return np.array(
        [
            rows[cr.AT_CLIENTS],
            rows[cr.AT_QUEUE],
            rows[cr.AT_CPU],
            0,
            logs.max(),
            applies.max(),
            world.spaces[:, cr.IN_USE].max(),
            rows[cr.AT_SCHEDULER],
            rows[cr.AT_KUBELET],
        ],
        dtype=np.int64,
    )


def so_far(watched: Watched, world: World, size: Size, now: int) -> Longs:
    """Return the ns of work of each of STATIONS by *now*, which never falls."""
    busy = busy_of(world, size, now)
    busy[STATIONS.index("apiserver-queue")] = watched.seats
    store_at = STATIONS.index("etcd-store")
    found: Longs = np.maximum(busy, watched.busy)
    found[store_at] = busy[store_at]
    return found


def note(watched: Watched, world: World, size: Size, now: int) -> None:
    """Note what a second brought, which ends *now*."""
    took = max(1, now - watched.at_ns)
    watched.seats += took * int(world.servers[:, cr.READS : cr.WRITES + 1].sum())
    busy = so_far(watched, world, size, now)
    capacity = capacity_of(size, now) - capacity_of(size, watched.at_ns)
    inside, store_at = inside_of(world), STATIONS.index("etcd-store")
    capacity[store_at] = size.control_plane.etcd_quota_bytes
    done = busy - watched.busy
    done[store_at] = busy[store_at]
    for s, name in enumerate(STATIONS):
        _add(watched, f"{name}.busy_ppm", int(done[s]) * PPM // max(1, int(capacity[s])))
        _add(watched, f"{name}.inside", int(inside[s]))
    pods, counts = world.pods, world.counts
    _add(watched, "pods-asked", int((pods[:, cr.CREATED] < cr.NEVER).sum()))
    _add(watched, "pods-bound", int((pods[:, cr.BOUND] < cr.NEVER).sum()))
    _add(watched, "pods-running", int(counts[cr.RUNNING_PODS]))
    _add(watched, "log-bytes", int(world.e_counts[:, ew.LOG_BYTES].sum()))
    _add(watched, "store-bytes", int(inside[store_at]))
    _add(watched, "refused", int(counts[cr.REFUSED]))
    _add(watched, "events", int(counts[cr.EVENTS]))
    watched.busy, watched.at_ns = busy, now
    np.maximum(watched.store_peak, world.spaces[:, cr.IN_USE], out=watched.store_peak)
    if now % size.profile.node_monitor_ns < took:
        _monitor(watched, world, size, now)


def _add(watched: Watched, name: str, value: int) -> None:
    """Note a number of this second."""
    watched.series.setdefault(name, []).append(value)


def _monitor(watched: Watched, world: World, size: Size, now: int) -> None:
    """Look at all nodes, as the node controller does: one that is silent for too long is taken for dead."""
    kubelets = world.nodes[: size.nodes]
    silent = now - kubelets[:, cr.ALIVE] > size.profile.node_grace_period_ns
    watched.deaths += int((silent & ~watched.dead & (kubelets[:, cr.CUT] == 0)).sum())
    watched.dead = silent
