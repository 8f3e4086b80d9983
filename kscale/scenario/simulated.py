"""The simulation of a scenario as records; reads that are not given are recorded ones, or assumed."""

from collections.abc import Mapping

from kscale.scenario.cluster import Fault, Simulation, Workload
from kscale.scenario.schema_simulation import (
    THOUSANDTHS,
    AnyFault,
    AnyWorkload,
    ApiserverRestartSpec,
    BurstSpec,
    KubeletRestartSpec,
    MemberLossSpec,
    PartitionSpec,
    ReadsSpec,
    SimulationSpec,
)

PPM = 1_000_000
ASSUMED = {"get": 100.0, "list_node": 0.1, "list_namespace": 1.0, "list_all": 1 / 60}  # a second
LISTS = ("list_node", "list_namespace", "list_all")
GETS, HEARTBEATS, PODS_LISTED = "get/", "get/leases", "list/pods"  # as load.requests calls them


def of(given: SimulationSpec | None, requests: Mapping[str, float]) -> Simulation:
    """Return what happens in a simulation; *given* is resolved, *requests* are those recorded a second."""
    spec = SimulationSpec() if given is None else given
    rates, recorded = reads(spec.reads, requests)
    return Simulation(
        duration_ns=spec.duration,
        workloads=tuple(sorted(map(_workload, spec.workloads), key=lambda one: one.at_ns)),
        faults=tuple(sorted(map(_fault, spec.faults), key=lambda one: one.at_ns)),
        events_per_change_milli=round(spec.events_per_change * THOUSANDTHS),
        others_per_change_milli=round(spec.others_per_change * THOUSANDTHS),
        gets_milli=_milli(rates["get"]),
        list_node_milli=_milli(rates["list_node"]),
        list_namespace_milli=_milli(rates["list_namespace"]),
        list_all_milli=_milli(rates["list_all"]),
        recorded_reads=recorded,
    )


def reads(spec: ReadsSpec, requests: Mapping[str, float]) -> tuple[dict[str, float], tuple[str, ...]]:
    """Return the reads a second by ASSUMED's names, and which of them are worked out of recorded requests.

    Gets but for leases are as recorded: the leases' are part of heartbeats. Of lists of pods only the sum is
    recorded; what is left of it is split as the assumed ones are.
    """
    given = {name: value for name in ASSUMED if (value := getattr(spec, name)) is not None}
    rates, recorded = {**ASSUMED, **given}, []
    gets = [value for kind, value in requests.items() if kind.startswith(GETS)]
    if gets and "get" not in given:
        rates["get"] = sum(gets) - requests.get(HEARTBEATS, 0.0)
        recorded.append("get")
    missing = [name for name in LISTS if name not in given]
    if PODS_LISTED in requests and missing:
        left = max(0.0, requests[PODS_LISTED] - sum(given.get(name, 0.0) for name in LISTS))
        whole = sum(ASSUMED[name] for name in missing)
        rates |= {name: left * ASSUMED[name] / whole for name in missing}
        recorded.extend(missing)
    return rates, tuple(recorded)


def _milli(per_s: float) -> int:
    """Return a rate in 1,000 s."""
    return round(per_s * THOUSANDTHS)


def _workload(spec: AnyWorkload) -> Workload:
    """Return a workload."""
    if isinstance(spec, BurstSpec):
        rate = 0 if spec.rate is None else max(1, _milli(spec.rate))
        return Workload(spec.kind, spec.at, spec.pods, rate_milli=rate)
    return Workload(spec.kind, spec.at, spec.pods, surge=spec.surge or 1)


def _fault(spec: AnyFault) -> Fault:
    """Return a fault."""
    if isinstance(spec, ApiserverRestartSpec):
        return Fault(spec.kind, spec.at, spec.lasts, count=spec.count)
    if isinstance(spec, PartitionSpec):
        return Fault(spec.kind, spec.at, spec.lasts, zone=spec.zone)
    if isinstance(spec, KubeletRestartSpec):
        return Fault(spec.kind, spec.at, 0, share_ppm=max(1, round(spec.share * PPM)))
    return Fault(spec.kind, spec.at, spec.lasts if isinstance(spec, MemberLossSpec) else 0)
