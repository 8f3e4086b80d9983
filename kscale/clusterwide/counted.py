"""What a run came to, read from its arrays."""

import numpy as np
from numpy.typing import NDArray

from kscale.clusterwide import blame, books, objectives, watched
from kscale.clusterwide.load import MILLI
from kscale.clusterwide.objectives import PPM, Objective
from kscale.clusterwide.record import LIFE, STATIONS, VERBS, Pod, Quantiles, Simulated, Sli, Station
from kscale.clusterwide.size import Size
from kscale.clusterwide.watched import Watched
from kscale.clusterwide.world import World
from kscale.kernels import cluster_rules as cr
from kscale.kernels import cluster_stations as cs
from kscale.kernels import cluster_tables as ct
from kscale.kernels import etcd_write as ew

Longs = NDArray[np.int64]


def simulated(
    size: Size, world: World, seen: Watched, judged: tuple[Objective, ...], toggles: tuple[str, ...],
    seed: int, duration_ns: int, stopped: str, failovers: int, sample: int,
) -> Simulated:  # fmt: skip
    """Return the record of a run that has ended; WrongAnswer if its books do not balance."""
    now = seen.at_ns
    cs.close(world.stations, now)
    books.balance(world)
    slis = (*_slis(world, now, judged), _startup(world, now, judged))
    counts = _counts(world, seen, failovers)
    lost = counts["no-space"] + counts["etcd-busy"] + counts["given-up"]
    asked = max(1, counts["requests"] + counts["given-up"])
    full = counts["no-space"] > 0
    shares = {"lost": lost * PPM // asked, "waiting": _waiting_ppm(world, now, judged)}
    found = objectives.verdicts(judged, slis, shares, full=full, stopped=stopped)
    stations = _stations(world, size, seen, now)
    pods = world.pods
    stages = {LIFE[i]: _between(pods, i - 1, i) for i in range(1, len(LIFE))}
    return Simulated(
        toggles=toggles,
        seed=seed,
        nodes=size.nodes,
        pods=size.pods,
        objects=size.objects,
        pod_changes_milli=round(size.load.pod_changes_per_s * MILLI),
        duration_ns=duration_ns,
        ended_ns=now,
        stopped=stopped,
        events=int(world.counts[cr.EVENTS]),
        slis=slis,
        stages=stages,
        scheduling=_between(pods, cr.STORED, cr.BOUND),
        stations=stations,
        counts=counts,
        series={name: tuple(values) for name, values in seen.series.items()},
        sample=_sample(pods, sample),
        verdicts=found,
        blame=blame.of(found, stations, stages, seen.series, counts, now, stopped),
        settings=_settings(size),
    )


def _slis(world: World, now: int, judged: tuple[Objective, ...]) -> tuple[Sli, ...]:
    """Return the latencies of requests; those under way for less than the objective are not yet judged."""
    bounds = {one.id: one.at_most for one in judged}
    verb_of = world.requests[:, ct.VERB]
    rows = world.slots[world.slots[:, cr.BORN] < cr.NEVER]
    verbs, windows = verb_of[rows[:, cr.KIND]], rows[:, cr.BORN] // objectives.WINDOW_NS
    found = []
    for verb, name in enumerate(VERBS):
        young = (verbs == verb) & (now - rows[:, cr.BORN] <= bounds[name])
        each = []
        for number, window in enumerate(world.hist[:, verb]):
            asked = int(window[cs.BUCKETS]) - int((young & (windows == number)).sum())
            each.append(_of_buckets(window[: cs.BUCKETS], asked))
        found.append(Sli(name, tuple(each)))
    return tuple(found)


def _of_buckets(buckets: Longs, asked: int) -> Quantiles:
    """Return the quantiles of latencies counted in buckets: upper edges, within 0.8 %."""
    ends = np.cumsum(buckets)
    answered = int(ends[-1])
    asked = max(asked, answered)

    def at(part: int) -> int | None:
        wanted = -(-asked * part // 100)
        return cs.edge(int(np.searchsorted(ends, wanted))) if 0 < wanted <= answered else None

    last = cs.edge(int(np.flatnonzero(buckets)[-1])) if answered and answered == asked else None
    return Quantiles(asked, asked - answered, at(50), at(90), at(99), last)


def _of_times(times: Longs, unanswered: int) -> Quantiles:
    """Return the exact quantiles of *times*, and of so many that never ended."""
    ordered, asked = np.sort(times), len(times) + unanswered

    def at(part: int) -> int | None:
        wanted = -(-asked * part // 100)
        return int(ordered[wanted - 1]) if 0 < wanted <= len(ordered) else None

    last = int(ordered[-1]) if len(ordered) and not unanswered else None
    return Quantiles(asked, unanswered, at(50), at(90), at(99), last)


def _startup(world: World, now: int, judged: tuple[Objective, ...]) -> Sli:
    """Return how long pods took to start, from stored to known, in the windows in which they were stored.

    A pod that was sent to an API server and never stored counts in the window in which it was asked for; one
    that still waits for its client's QPS does not. One that no node has room for does not count either, as
    in the official indicator.
    """
    bound = next(one.at_most for one in judged if one.id == "pod-startup")
    created, stored, known = (world.pods[:, one] for one in (cr.CREATED, cr.STORED, cr.KNOWN))
    begun = np.where(stored < cr.NEVER, stored, cr.NEVER)
    sent = _sent(world)
    begun[sent] = created[sent]
    there = (begun < cr.NEVER) & (world.pods[:, cr.PLACE] != cr.NONE)
    done = known < cr.NEVER
    waits = there & ~done & (now - np.minimum(begun, now) > bound)
    windows = begun // objectives.WINDOW_NS
    found = []
    for number in range(len(world.hist)):
        here = windows == number
        times = (known - stored)[here & done]
        found.append(_of_times(times, int((here & waits).sum())))
    return Sli("pod-startup", tuple(found))


def _sent(world: World) -> Longs:
    """Return the pods whose creation was sent and is not stored."""
    slots = world.slots
    tried = (slots[:, cr.BORN] < cr.NEVER) | (slots[:, cr.TRIED] != 0)
    waits = (slots[:, cr.KIND] == ct.CREATE) & tried & (slots[:, cr.USED] == 1)
    pods = slots[waits, cr.REF]
    found: Longs = pods[world.pods[pods, cr.STORED] == cr.NEVER]
    return found


def _waiting_ppm(world: World, now: int, judged: tuple[Objective, ...]) -> int:
    """Return the share of pods asked for that wait at their client, for longer than a start may take."""
    bound = next(one.at_most for one in judged if one.id == "pod-startup")
    created, stored = world.pods[:, cr.CREATED], world.pods[:, cr.STORED]
    waits = (created < cr.NEVER) & (stored == cr.NEVER)
    waits[_sent(world)] = False
    late = waits & (now - np.minimum(created, now) > bound)
    return int(late.sum()) * PPM // max(1, int((created < cr.NEVER).sum()))


def _between(pods: Longs, first: int, last: int) -> Quantiles:
    """Return how long pods took from one of LIFE to another; those that came no further are unanswered.

    Pods that no node has room for do not count.
    """
    pods = pods[pods[:, cr.PLACE] != cr.NONE]
    begun, done = pods[:, first] < cr.NEVER, pods[:, last] < cr.NEVER
    return _of_times((pods[:, last] - pods[:, first])[done], int((begun & ~done).sum()))


def _stations(world: World, size: Size, seen: Watched, now: int) -> tuple[Station, ...]:
    """Return every station; of etcds that with the most work."""
    busy, capacity = watched.so_far(seen, world, size, now), watched.capacity_of(size, now)
    stores = STATIONS.index("etcd-store")
    busy[stores] = seen.store_peak.max()
    log = cr.AT_LOG + 2 * int(np.argmax(world.e_counts[:, ew.LOG_BUSY]))
    apply = cr.AT_LOG + 1 + 2 * int(np.argmax(world.e_counts[:, ew.APPLY_BUSY]))
    cores = size.control_plane.apiservers * size.control_plane.apiserver_cores
    rows = (
        cr.AT_CLIENTS,
        cr.AT_QUEUE,
        cr.AT_CPU,
        cr.AT_DISPATCH,
        log,
        apply,
        None,
        cr.AT_SCHEDULER,
        cr.AT_KUBELET,
    )
    servers = (1, size.control_plane.apiservers, cores, 1, 1, 1, 1, 1, size.nodes)
    found = []
    for s, name in enumerate(STATIONS):
        place = rows[s]
        row = np.zeros(cs.STATION, dtype=np.int64) if place is None else world.stations[place]
        numbers = (int(row[one]) for one in (cs.ENTERED, cs.LEFT, cs.INSIDE, cs.PEAK, cs.AREA, cs.SOJOURN))
        found.append(Station(name, servers[s], int(capacity[s]), int(busy[s]), *numbers))
    return tuple(found)


def _counts(world: World, seen: Watched, failovers: int) -> dict[str, int]:
    """Return what was counted."""
    counts, etcd = world.counts, world.e_counts
    named = {
        "requests": cr.REQUESTS,
        "refused-429": cr.REFUSED,
        "given-up": cr.GIVEN_UP,
        "no-space": cr.NO_SPACE,
        "etcd-busy": cr.ETCD_BUSY,
        "gone-410": cr.GONE,
        "resumed": cr.RESUMED,
        "skipped": cr.SKIPPED,
        "status-writes": cr.STATUS_WRITES,
        "lease-writes": cr.LEASE_WRITES,
        "heartbeats-missed": cr.MISSED,
        "events-published": cr.PUBLISHED,
        "deliveries": cr.DELIVERIES,
        "tests": cr.TESTS,
        "etcd-reads": cr.ETCD_READS,
        "clients-moved": cr.MOVED,
        "pods-running": cr.RUNNING_PODS,
        "pods-pending": cr.PENDING_PODS,
        "heartbeat-cpu-ns": cr.HEARTBEAT_CPU,
    }
    found = {name: int(counts[place]) for name, place in named.items()}
    return found | {
        "relists": _relists(world, seen.at_ns),
        "apiserver-cpu-ns": int(world.stations[cr.AT_CPU, cs.BUSY]),
        "pods-asked": int((world.pods[:, cr.CREATED] < cr.NEVER).sum()),
        "evaluations": int(world.pods[world.pods[:, cr.SCHEDULED] < cr.NEVER, cr.EVALUATED].sum()),
        "log-bytes": int(etcd[:, ew.LOG_BYTES].sum()),
        "writes": int(etcd[:, ew.ENTRIES].sum()),
        "fsyncs": int(etcd[:, ew.FSYNCS].sum()),
        "commits": int(etcd[:, ew.COMMITS].sum()),
        "failovers": failovers,
        "nodes-dead": seen.deaths,
    }


def _relists(world: World, now: int) -> int:
    """Return the lists of kubelets without a watch to go on with, and of controllers that began cold."""
    found = int(world.counts[cr.FIRST_SENT + ct.RELIST])
    if world.rows is world.plan.rows:
        return found
    all_lists, users = (
        int(((rows[:, cr.WHAT] == cr.ASK) & (rows[:, cr.WHO] % cr.ASKS == ct.LIST_ALL)).sum())
        for rows in (one[one[:, cr.WHEN] <= now] for one in (world.rows, world.plan.rows))
    )
    return found + all_lists - users


def _sample(pods: Longs, count: int) -> tuple[Pod, ...]:
    """Return the lives of some pods, evenly spread over those that were asked for."""
    asked = np.flatnonzero(pods[:, cr.CREATED] < cr.NEVER)
    order = asked[np.argsort(pods[asked, cr.CREATED], kind="stable")]
    chosen = order[np.arange(min(count, len(order))) * len(order) // max(1, min(count, len(order)))]
    return tuple(
        Pod(
            int(number),
            int(row[cr.PLACE]) if row[cr.SCHEDULED] < cr.NEVER and row[cr.PLACE] >= 0 else None,
            tuple(int(time) if time < cr.NEVER else None for time in row[: len(LIFE)]),
        )
        for number, row in zip(chosen, pods[chosen], strict=True)
    )


def _settings(size: Size) -> dict[str, int]:
    """Return what was set."""
    plane = size.control_plane
    return {
        "apiservers": plane.apiservers,
        "apiserver-cores": plane.apiserver_cores,
        "etcd-members": plane.etcd_members,
        "etcd-cores": plane.etcd_cores,
        "etcd-fsync-ns": plane.etcd_fsync_ns,
        "etcd-quota-bytes": plane.etcd_quota_bytes,
        "controllers": plane.controllers,
        "scheduler-qps": plane.scheduler_qps,
        "controller-qps": plane.controller_qps,
    }
