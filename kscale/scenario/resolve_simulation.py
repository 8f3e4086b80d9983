"""What a scenario's simulation needs of the rest of it: servers, zones and pods that are there, in time."""

from collections.abc import Collection

from kscale import units
from kscale.errors import listed
from kscale.scenario.schema import ControlPlaneSpec
from kscale.scenario.schema_simulation import (
    AnyFault,
    ApiserverRestartSpec,
    BurstSpec,
    MemberLossSpec,
    PartitionSpec,
    RollingUpdateSpec,
    SimulationSpec,
)
from kscale.scenario.spec import InconsistentError

MOST_ASKED = 5 * 10**6  # pods of all bursts
LEAST_MEMBERS = 3  # of which a majority is left without one
QUARTERS = 4  # a rolling update may have one of the pods missing or too many, as Kubernetes' defaults

Loc = tuple[str | int, ...]


def resolve(spec: SimulationSpec, plane: ControlPlaneSpec, pods: int, zones: int | None) -> SimulationSpec:
    """Return *spec* with every number given; InconsistentError says what does not fit.

    *zones*: how many have nodes; None where only a file says it, see `check_zones`.
    """
    bursts = 0
    for number, one in enumerate(spec.workloads):
        here = ("simulation", "workloads", number)
        _before_the_end(one.at, spec.duration, here)
        if isinstance(one, RollingUpdateSpec):
            _update_fits(one, pods, here)
        elif isinstance(one, BurstSpec):
            bursts += one.pods
            if bursts > MOST_ASKED:
                message = f"all bursts come to {bursts:,} pods; at most {MOST_ASKED:,}"
                raise InconsistentError((*here, "pods"), message)
    for number, fault in enumerate(spec.faults):
        here = ("simulation", "faults", number)
        _before_the_end(fault.at, spec.duration, here)
        _servers_are_there(fault, plane, here)
    _one_at_a_time(spec)
    if zones is not None:
        check_zones(spec, range(zones))
    workloads = tuple(
        one.model_copy(update={"surge": -(-one.pods // QUARTERS)})
        if isinstance(one, RollingUpdateSpec) and one.surge is None
        else one
        for one in spec.workloads
    )
    return spec.model_copy(update={"workloads": workloads})


def check_zones(spec: SimulationSpec, zones: Collection[int]) -> None:
    """Raise InconsistentError if a partition is of another zone than *zones*, which have nodes."""
    for number, fault in enumerate(spec.faults):
        if isinstance(fault, PartitionSpec) and fault.zone not in zones:
            known = listed([f"{zone:,}" for zone in sorted(zones)])
            message = f"no node is in zone {fault.zone:,}; {units.show_many(len(zones), 'zone')}: {known}"
            raise InconsistentError(("simulation", "faults", number, "zone"), message)


def ends(fault: AnyFault) -> int | None:
    """Return when a fault is over, ns; None if it does not last."""
    if isinstance(fault, ApiserverRestartSpec):
        return fault.at + fault.count * fault.lasts
    return fault.at + fault.lasts if isinstance(fault, MemberLossSpec | PartitionSpec) else None


def _before_the_end(at: int, duration: int, here: Loc) -> None:
    """Refuse what happens when all is over."""
    if at >= duration:
        message = f"must be before the end at {units.exact_duration(duration)}"
        raise InconsistentError((*here, "at"), f"{message}, got {units.exact_duration(at)}")


def _update_fits(one: RollingUpdateSpec, pods: int, here: Loc) -> None:
    """Refuse to replace more pods than there are."""
    if one.pods > pods:
        message = f"must be at most the cluster's {units.show_many(pods, 'pod')}, got {one.pods:,}"
        raise InconsistentError((*here, "pods"), message)
    if one.surge is not None and one.surge > one.pods:
        message = f"must be 1 to the {units.show_many(one.pods, 'pod')} replaced, got {one.surge:,}"
        raise InconsistentError((*here, "surge"), message)


def _servers_are_there(fault: AnyFault, plane: ControlPlaneSpec, here: Loc) -> None:
    """Refuse to lose servers that are not there, or a majority of etcd's members."""
    if isinstance(fault, ApiserverRestartSpec) and fault.count > plane.apiservers:
        message = f"must be at most control_plane.apiservers, {plane.apiservers:,}, got {fault.count:,}"
        raise InconsistentError((*here, "count"), message)
    members = plane.etcd.members
    if isinstance(fault, MemberLossSpec) and members < LEAST_MEMBERS:
        message = (
            f"leaves no majority of {units.show_many(members, 'etcd member')};"
            f" control_plane.etcd.members must be {LEAST_MEMBERS} or more"
        )
        raise InconsistentError((*here, "kind"), message)


def _one_at_a_time(spec: SimulationSpec) -> None:
    """Refuse a fault that begins while one of its kind, in its zone, still lasts."""
    over: dict[tuple[str, int], tuple[int, int]] = {}
    for number, fault in sorted(enumerate(spec.faults), key=lambda one: (one[1].at, one[0])):
        end = ends(fault)
        if end is None:
            continue
        key = (fault.kind, fault.zone if isinstance(fault, PartitionSpec) else 0)
        until, other = over.get(key, (0, number))
        if fault.at < until:
            message = (
                f"begins before faults[{other}] of the same kind is over at {units.exact_duration(until)}"
            )
            raise InconsistentError(
                ("simulation", "faults", number, "at"), f"{message}, got {units.exact_duration(fault.at)}"
            )
        over[key] = (end, number)
