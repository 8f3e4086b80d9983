"""What is asked of a control plane: how often on average, and when, drawn ahead for a run.

A change of a pod is its creation or its deletion, each half of load.pod_changes: the cluster stays as large
as it is. A creation is four writes of the pod (created, bound, two of its status), a deletion two.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from kscale import units
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles
from kscale.errors import KscaleError, TooLarge
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.mechanisms.lease_load import MINUTE
from kscale.scenario import draw
from kscale.scenario.draw import Stream

Longs = NDArray[np.int64]
Number = TypeVar("Number", int, NDArray[np.int64])

SECOND = units.NS_PER_S
US = 1000  # ns
MILLI = 1000
JITTER_PPM = 40_000  # of a kubelet's periods, and
CHANGE_NS = 10 * MINUTE  # mean time between changes of a node's status: the defaults of node-lease
LONGEST_NS = 3600 * SECOND  # of a run: times are drawn in microseconds of 32 bits
MOST_PLANNED = 50_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What was drawn ahead."""

    rows: Longs  # [m, 3] see kernels/cluster_rules.py
    pods: int  # that may be created
    groups: Longs  # [g, 2]
    group_of: Longs  # [p]
    adds: NDArray[np.bool_]  # [p] it is of a burst: no other pod ends for it


def rates(size: Size, toggles: Toggles) -> Longs:
    """Return how many requests of each kind come in 1,000 s on average, int64[KINDS]; see cluster_tables.py.

    What is asked for once, in workloads and after faults, is not in it; nor is what is tried again.
    """
    profile, load, asked = size.profile, size.load, size.simulation
    found = np.zeros(ct.KINDS, dtype=np.int64)
    beat = load.heartbeat_period_ns * (1 + JITTER_PPM / 2e6)
    half = load.pod_changes_per_s / 2
    if "node-lease" in toggles:
        age = -(-profile.node_status_period_ns // load.heartbeat_period_ns) * beat
        renew = profile.lease_renew_ns * (1 + JITTER_PPM / 2e6)
        found[ct.LEASE] = round(size.nodes * MILLI * SECOND / renew)
        # changes begin the age anew: a status is written when it changes or is old, whichever comes first
        mean = CHANGE_NS * -np.expm1(-age / CHANGE_NS)
        found[ct.STATUS] = round(size.nodes * MILLI * SECOND / float(mean))
    else:
        found[ct.STATUS] = round(size.nodes * MILLI * SECOND / beat)
    for kind in (ct.CREATE, ct.BIND, ct.DELETE, ct.REMOVE):
        found[kind] = round(MILLI * half)
    found[ct.POD_STATUS] = 2 * found[ct.CREATE]
    found[ct.EVENT] = round(load.pod_changes_per_s * asked.events_per_change_milli)
    found[ct.OTHER] = round(load.pod_changes_per_s * asked.others_per_change_milli)
    found[ct.GET], found[ct.LIST_ALL] = asked.gets_milli, asked.list_all_milli
    found[ct.LIST_NODE], found[ct.LIST_NAMESPACE] = asked.list_node_milli, asked.list_namespace_milli
    watch = (profile.watch_timeout_min_ns + profile.watch_timeout_max_ns) // 2
    found[ct.RESUME] = size.nodes * MILLI * SECOND // watch
    return found


def plan(size: Size, seed: int, duration_ns: int) -> Plan:
    """Return when pods are created and deleted, lists asked for and watches end; KscaleError if too much.

    None of it depends on toggles.
    """
    if not SECOND <= duration_ns <= LONGEST_NS:
        raise KscaleError(f"duration: must be 1s to 1h, got {units.show_ns(duration_ns)}")
    half = size.load.pod_changes_per_s / 2 * duration_ns / SECOND
    if size.load.pod_changes_per_s * duration_ns / SECOND + size.nodes > MOST_PLANNED:
        raise TooLarge(
            f"{units.show_count(round(2 * half))} pod changes are more than a run can hold,"
            f" {units.show_count(MOST_PLANNED)}; shorten the duration or lower load.pod_changes"
        )
    churn, deletions = int(half + 0.5), int(half + 0.5)
    parts, pods, groups, group_of = [], churn, [], [np.full(churn, cr.NONE, dtype=np.int64)]
    adds = [np.zeros(churn, dtype=np.bool_)]
    when = _when(seed, 0, churn, duration_ns)
    parts.append(_rows(when, cr.CREATE_POD, np.arange(churn)))
    where = draw.below(seed, Stream.CLUSTER_NODES, deletions, size.nodes)
    parts.append(_rows(_when(seed, 1, deletions, duration_ns), cr.DELETE_POD, where))
    for work in size.simulation.workloads:
        numbers = np.arange(pods, pods + work.pods)
        if work.kind == "rolling-update":
            first = min(work.surge, work.pods)
            parts.append(_rows(np.full(first, work.at_ns), cr.CREATE_POD, numbers[:first]))
            groups.append((pods + first, pods + work.pods))
            group_of.append(np.full(work.pods, len(groups) - 1, dtype=np.int64))
        else:
            gap = MILLI * SECOND // work.rate_milli if work.rate_milli else 0
            parts.append(_rows(work.at_ns + gap * np.arange(work.pods), cr.CREATE_POD, numbers))
            group_of.append(np.full(work.pods, cr.NONE, dtype=np.int64))
        adds.append(np.full(work.pods, work.kind == "burst"))
        pods += work.pods
    parts += _asked(size, seed, duration_ns)
    parts.append(_watches(size, seed, duration_ns))
    rows = np.concatenate(parts)
    rows = rows[rows[:, cr.WHEN] < duration_ns]
    rows = np.ascontiguousarray(rows[np.argsort(rows[:, cr.WHEN], kind="stable")])
    return Plan(
        rows,
        pods,
        np.array(groups, dtype=np.int64).reshape(-1, 2),
        np.concatenate(group_of),
        np.concatenate(adds),
    )


def asking_row(size: Size, number: Number) -> Number:
    """Return the row of the client that asks the *number*-th time: those beside kubelets, in turn."""
    return size.nodes + 1 + number % max(1, size.control_plane.controllers)


def _when(seed: int, number: int, count: int, duration_ns: int) -> Longs:
    """Return *count* times at random, ascending."""
    keys = draw.keys(seed, Stream.CLUSTER_TIMES, number * MOST_PLANNED, count)
    return np.sort(US * draw.scaled(keys, max(1, duration_ns // US)))


def _rows(when: Longs, what: int, who: Longs) -> Longs:
    """Return rows of a plan."""
    rows = np.empty((len(when), 3), dtype=np.int64)
    rows[:, cr.WHEN], rows[:, cr.WHAT], rows[:, cr.WHO] = when, what, who
    return rows


def _asked(size: Size, seed: int, duration_ns: int) -> list[Longs]:
    """Return when users read and list."""
    asked, parts = size.simulation, []
    for number, (kind, milli) in enumerate(
        (
            (ct.GET, asked.gets_milli),
            (ct.LIST_NODE, asked.list_node_milli),
            (ct.LIST_NAMESPACE, asked.list_namespace_milli),
            (ct.LIST_ALL, asked.list_all_milli),
        )
    ):
        count = int(milli * duration_ns / SECOND / MILLI + 0.5)
        rows = asking_row(size, np.arange(count))
        parts.append(_rows(_when(seed, 2 + number, count, duration_ns), cr.ASK, rows * cr.ASKS + kind))
    return parts


def _watches(size: Size, seed: int, duration_ns: int) -> Longs:
    """Return when each kubelet's watch of its pods ends, and the ones after it."""
    least, most = size.profile.watch_timeout_min_ns, size.profile.watch_timeout_max_ns
    sessions = duration_ns // least + 2
    keys = draw.keys(seed, Stream.CLUSTER_WATCHES, 0, size.nodes * sessions)
    lengths = least + US * draw.scaled(keys, (most - least) // US + 1).reshape(size.nodes, sessions)
    lengths[:, 0] = lengths[:, 0] * _parts(seed, size.nodes) // 2**20
    ends = np.cumsum(lengths, axis=1)
    kubelets = np.repeat(np.arange(size.nodes), sessions)
    inside = ends.ravel() < duration_ns
    return _rows(ends.ravel()[inside], cr.END_WATCH, kubelets[inside])


def _parts(seed: int, nodes: int) -> Longs:
    """Return which part of its first watch each kubelet has left, in 2^20ths."""
    return draw.below(seed, Stream.CLUSTER, nodes, 2**20)


def begun_ns(size: Size, seed: int) -> Longs:
    """Return how long each kubelet's first watch has been open at the start, ns."""
    least, most = size.profile.watch_timeout_min_ns, size.profile.watch_timeout_max_ns
    return (2**20 - _parts(seed, size.nodes)) * ((least + most) // 2) // 2**20
