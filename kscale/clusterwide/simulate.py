"""One run of the whole control plane, from a size and a set of toggles to what it came to."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import counted, faults, hopeless, load, objectives, scheduling, watched, world
from kscale.clusterwide.load import SECOND
from kscale.clusterwide.objectives import Objective
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import Toggles, ordered
from kscale.clusterwide.world import World
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew
from kscale.kernels import watch_ring
from kscale.mechanisms import lease_store

Longs = NDArray[np.int64]


class Observer(Protocol):
    """Is told how far a run is."""

    def at(self, virtual_ns: int, of_ns: int, events: int) -> None:
        """Hear the virtual time, after every second of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What to run."""

    toggles: Toggles
    seed: int
    duration_ns: int = 0  # 0: the scenario's
    early: bool = False  # end as soon as an objective can no longer be kept
    sample: int = 64  # pods whose lives are kept
    objectives: tuple[Objective, ...] = ()  # none: the official ones


@dataclass(slots=True)
class Store:
    """What compactions of etcds need to remember."""

    last: Longs  # bytes by which each had grown at the last compaction, beside its live objects
    before: Longs  # and at the one before it


def simulate(size: Size, asked: Asked, observer: Observer | None = None) -> Simulated:
    """Return what a run came to; equal for equal (size, asked) on every machine.

    KscaleError if it is too large to run; WrongAnswer if something was lost, or happened twice.
    """
    duration = asked.duration_ns or size.simulation.duration_ns
    judged = asked.objectives or objectives.official(size.profile)
    plan = load.plan(size, asked.seed, duration)
    placed = scheduling.placed(size, asked.toggles, asked.seed, plan.pods, plan.adds)
    now = world.begin(size, asked.toggles, asked.seed, duration, placed, plan)
    seen = watched.begin(size, now)
    left = faults.moments(size, asked.toggles, asked.seed)
    failovers = sum(one.failover for one in left if one.at_ns < duration)
    stopped = _run(size, asked, duration, judged, now, seen, left, observer)
    return counted.simulated(
        size, now, seen, judged, ordered(asked.toggles), asked.seed, duration, stopped, failovers,
        asked.sample,
    )  # fmt: skip


def _run(
    size: Size, asked: Asked, duration: int, judged: tuple[Objective, ...], run: World,
    seen: watched.Watched, left: list[faults.Moment], observer: Observer | None,
) -> str:  # fmt: skip
    """Run second by second. Returns why it ended before its time, "" if it did not."""
    compaction = size.profile.etcd_compaction_ns
    store = Store(last=np.zeros_like(run.history_bytes), before=-run.history_bytes)
    for second in range(-(-duration // SECOND)):
        end = min((second + 1) * SECOND, duration)
        _search_costs(run)
        arrived = _advance(run, end, left)
        end = end if arrived else max(seen.at_ns + 1, int(run.counts[cr.STOPPED_AT]))
        run.marks[second + 1 :] = run.history[watch_ring.END]
        watched.note(seen, run, size, end)
        if end % compaction == 0:
            _compact(run, store)
        if observer is not None:
            observer.at(end, duration, int(run.counts[cr.EVENTS]))
        if not arrived:
            return world.DIVERGED
        if asked.early and end < duration:
            broken = hopeless.broken(run, judged, end, duration)
            if broken:
                return broken
    return ""


def _advance(run: World, end: int, left: list[faults.Moment]) -> bool:
    """Let everything happen up to *end*, with what goes wrong; False if the run ended before."""
    while left and left[0].at_ns < end:
        moment = left.pop(0)
        if not world.advance(run, moment.at_ns):
            return False
        run.rows = _inserted(run.rows, moment.change(run, moment.at_ns), int(run.counts[cr.PLANNED]))
    return world.advance(run, end)


def _inserted(rows: Longs, more: Longs | None, planned: int) -> Longs:
    """Return the plan with more rows in their places behind those that were taken."""
    if more is None or not len(more):
        return rows
    rest = np.concatenate((rows[planned:], more))
    rest = rest[np.argsort(rest[:, cr.WHEN], kind="stable")]
    return np.ascontiguousarray(np.concatenate((rows[:planned], rest)))


def _search_costs(run: World) -> None:
    """Set what an allocation and a commit cost with the free pages that there are now.

    With the map every run of free pages is a span of its own, as long as what was stored there.
    """
    tables = run.tables
    free = np.maximum(0, run.spaces[:, cr.FILE] - run.spaces[:, cr.IN_USE]) // lease_store.PAGE
    run.e_rules[:, ew.ALLOCATION] = tables.allocation_ns(free)
    run.e_rules[:, ew.FREE_LIST] = tables.free_list_ns(free)


def _compact(run: World, store: Store) -> None:
    """Compact to the revision of the compaction before: what grew between the two before it is freed.

    Not what is still there: pods that were created in that time beside those that were removed.
    """
    run.spaces[:, cr.IN_USE] -= store.last - store.before
    store.before, store.last = store.last, run.spaces[:, cr.GROWN] - _live(run)


def _live(run: World) -> Longs:
    """Return by how many bytes the live objects of each etcd have grown since the start."""
    counts, create = run.counts, run.requests[ct.CREATE]
    pods = int(counts[cr.STORED_KIND + ct.CREATE] - counts[cr.STORED_KIND + ct.REMOVE])
    live = np.zeros(len(run.spaces), dtype=np.int64)
    live[create[ct.SHARD]] = pods * create[ct.GROWS]
    return live
