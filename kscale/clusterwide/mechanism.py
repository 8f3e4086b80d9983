"""The whole control plane on one clock: none of the optimizations, or all of them.

Each of the other mechanisms is one place. Here all are stations of one simulation, where a queue at one
fills the next: what `kscale simulate` shows of a cluster, as cells that can be swept, kept and gated.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from pydantic import Field

from kscale import units
from kscale.clusterwide import costing, losses, metrics, simulate, size, toggles
from kscale.clusterwide import settings as calibrated
from kscale.clusterwide.record import Simulated
from kscale.clusterwide.simulate import Asked
from kscale.clusterwide.size import Size
from kscale.clusterwide.toggles import NONE, Toggles
from kscale.errors import KscaleError, WrongAnswer
from kscale.mechanisms.base import BASELINE, OPTIMIZED, Mechanism, Outcome, Settings, Variant
from kscale.scenario.cluster import Cluster
from kscale.scenario.quantities import Duration
from kscale.scenario.schema_cluster import MOST_NODES, MOST_PODS
from kscale.units import NS_PER_S

ID = "cluster"
TODAY = "today"
ASKED = "pods-asked"  # series
OF_HEARTBEATS_ALONE = {"etcd_put_cpu_ns", "etcd_put_cpu_ps_per_byte"}  # here etcd's own write path is run
COSTS = (*(one for one in costing.COSTS if one not in OF_HEARTBEATS_ALONE), "lease_bytes")
MINUTE = 60 * NS_PER_S
DAY = 86_400 * NS_PER_S
POD_EVENTS = 60  # of the simulation for a change of a pod, about
BEAT_EVENTS = 8  # for a heartbeat
EVENT_NS = 200
NODE_BYTES = 1_000  # of a node: its row, its timers, what it has under way
CHANGE_BYTES = 600  # of a change of a pod: its row and what was drawn ahead
BASE_BYTES = 64 << 20  # slots, the history of pods, etcds


@dataclass(frozen=True, slots=True)
class Params:
    """How long, how large, and which optimizations."""

    duration_ns: Annotated[
        Duration, Field(ge=NS_PER_S, le=DAY, description="Virtual time; two compactions are 10min.")
    ] = MINUTE
    optimizations: Annotated[
        str,
        Field(
            min_length=1,
            max_length=400,
            description="Those of the optimized variant: all, today, or ids with commas; -id takes one out.",
        ),
    ] = "all"
    nodes: Annotated[
        int,
        Field(
            ge=0,
            le=MOST_NODES,
            description="Nodes, with pods, objects and pod changes in proportion; 0: the scenario's.",
        ),
    ] = 0
    pods: Annotated[
        int,
        Field(ge=0, le=MOST_PODS, description="Pods, with their objects; 0: as many as go with the nodes."),
    ] = 0
    status_period_ns: Annotated[
        Duration,
        Field(le=DAY, description="Age at which a node status is written unchanged; 0: the profile's."),
    ] = 0
    lease_period_ns: Annotated[
        Duration,
        Field(le=DAY, description="Between two renewals of a lease; 0: the profile's, 30s with KWOK."),
    ] = 0


@dataclass(frozen=True, slots=True)
class Load:
    """What every variant starts from."""

    size: Size
    duration_ns: int
    optimized: Toggles
    today: Toggles  # those that the scenario says are on


def prepare(cluster: Cluster, params: Params) -> Load:
    """Return the cluster, sized; KscaleError of an unknown optimization, of none, of too many leases."""
    today = toggles.parse("today", cluster.control_plane.optimizations)
    optimized = toggles.parse(params.optimizations, cluster.control_plane.optimizations)
    if optimized == NONE:
        raise KscaleError(f"{ID}: optimizations '{params.optimizations}' are none, which is the baseline")
    if 0 < params.lease_period_ns < NS_PER_S:
        given = units.show_ns(params.lease_period_ns)
        raise KscaleError(f"{ID}: lease_period_ns must be 0 or at least 1 s, got {given}")
    return Load(_sized(cluster, params), params.duration_ns, optimized, today)


def _sized(cluster: Cluster, params: Params) -> Size:
    """Return the cluster as large as was asked for, and with those periods of heartbeats."""
    known = {name: cluster.costs[name] for name in COSTS}
    found = size.of(replace(cluster, costs=cast("Any", known)))  # no other coefficient has a say
    for axis, value in (("nodes", params.nodes), ("pods", params.pods)):
        if value:
            found = size.on(found, axis, value)
    profile = found.profile
    return replace(
        found,
        profile=replace(
            profile,
            node_status_period_ns=params.status_period_ns or profile.node_status_period_ns,
            lease_renew_ns=params.lease_period_ns or profile.lease_renew_ns,
        ),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """A simulation to run."""

    size: Size
    asked: Asked


def _run(load: Load, chosen: Toggles) -> Run:
    """Return a run with those optimizations."""
    return Run(load.size, Asked(chosen, load.size.seed, load.duration_ns, sample=0))


def build_without(load: Load) -> Run:
    """Return a run without any optimization."""
    return _run(load, NONE)


def build_with(load: Load) -> Run:
    """Return a run with those that were asked for."""
    return _run(load, load.optimized)


def build_today(load: Load) -> Run:
    """Return a run with those that the scenario says are on."""
    return _run(load, load.today)


def run(given: Run) -> Outcome:
    """Simulate it."""
    found = simulate.simulate(given.size, given.asked)
    return Outcome(metrics.work(found), found)


def agree(load: Load, outcomes: Mapping[str, Outcome]) -> None:
    """See that all were asked for the same pods, second by second, and lost none; WrongAnswer if not."""
    runs = {name: simulated(outcome) for name, outcome in outcomes.items()}
    first = next(iter(runs.values()))
    for name, found in runs.items():
        if found.duration_ns != load.duration_ns or found.nodes != load.size.nodes:
            raise WrongAnswer(f"{ID}: {name} is a run of another length or of another cluster")
        for station in found.stations:
            if station.entered != station.left + station.inside:
                raise WrongAnswer(
                    f"{ID}: {name} at {station.name}: {station.entered} came, {station.left} went and"
                    f" {station.inside} are there"
                )
        both = zip(first.series[ASKED], found.series[ASKED], strict=False)  # as long as both went on
        for second, (one, other) in enumerate(both):
            if one != other:
                raise WrongAnswer(
                    f"{ID}: {name} was asked for {other} pods in second {second}, the baseline for {one}"
                )


def simulated(outcome: Outcome) -> Simulated:
    """Return the run that an outcome is of."""
    found: Simulated = outcome.answer
    return found


def settings(cluster: Cluster, params: Params) -> Settings:
    """Return where coefficients are used that can be measured."""
    return calibrated.of(cluster, _sized(cluster, params))


def memory(cluster: Cluster, params: Params) -> int:
    """Return about what sizing and a run need at their peak."""
    nodes, changes = _amounts(cluster, params)
    return len(cluster.objects.size) * 16 + int(nodes * NODE_BYTES + changes * CHANGE_BYTES) + BASE_BYTES


def cost_ns(cluster: Cluster, params: Params) -> float:
    """Return about what the baseline takes: its events."""
    nodes, changes = _amounts(cluster, params)
    beats = nodes * params.duration_ns / cluster.load.heartbeat_period_ns
    return EVENT_NS * (beats * BEAT_EVENTS + changes * POD_EVENTS)


def _amounts(cluster: Cluster, params: Params) -> tuple[float, float]:
    """Return the nodes, and the changes of pods in all the time."""
    nodes = params.nodes or cluster.nodes.count
    scale = nodes / cluster.nodes.count
    asked = sum(one.pods for one in cluster.simulation.workloads)
    return nodes, asked + scale * cluster.load.pod_changes_per_s * params.duration_ns / NS_PER_S


MECHANISM = Mechanism(
    id=ID,
    title="the whole control plane",
    panel="Whole cluster",
    about=(
        "Kubelets, clients, API servers, etcd, scheduler and controllers on one virtual clock, where a queue"
        " at one fills the next; without any of the optimizations, or with all of them. kscale simulate shows"
        " the same run in full, kscale limit the size up to which every objective is kept."
    ),
    source="Ali19; the other mechanisms, whose rules and coefficients it is made of",
    left_out=(
        "Endpoints, volumes, webhooks, garbage collection and the network: no link is ever full. Objects"
        " other than nodes, leases, pods and Events are written and watched, but nobody acts on them. API"
        " servers share one history of pods: one that restarts does not begin with an empty one, which would"
        " let more clients list. Of the five watches of a kubelet only that of its pods ends in its time."
        " Pods of dead nodes stay; the scheduler never fails; fairness is one queue without levels; what"
        " a lost leader of etcd had not committed is committed by the next. Faults and workloads at"
        " duration_ns or later are not in a run. Every time is of a model, made of the coefficients below."
    ),
    loses=(
        "Leases are more writes than statuses alone, where the number of writes is what limits.",
        "A cluster that keeps every objective as it is gains nothing that an objective would show.",
        "controller-standby: a warm copy watches everything, and takes as much memory as the leader.",
        "apiserver-balance: a client that takes another server costs that a handshake and all its watches.",
        "etcd-offload: every read that etcd would answer waits for the store outside too.",
    ),
    params=Params,
    prepare=prepare,
    variants={
        BASELINE: Variant("no optimization", build_without, run),
        OPTIMIZED: Variant("the optimizations that were asked for", build_with, run),
        TODAY: Variant("those that control_plane.optimizations says are on", build_today, run),
    },
    agree=agree,
    metrics=metrics.METRICS,
    per="events",
    losses=losses.losses,
    memory=memory,
    cost_ns=cost_ns,
    claims=("C28", "W1", "H3", "S16", "S16b", "W2", "W3", "W4", "W5"),
    costs=COSTS,
    simulated=True,
    settings=settings,
)
