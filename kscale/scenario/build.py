"""A scenario to arrays: the one door for everybody who needs a cluster."""

from kscale.errors import KscaleError
from kscale.scenario import costs, made, objects, profiles, recorded_build, resolve, simulated, trace
from kscale.scenario.cluster import Cluster, ControlPlane, Load, Nodes, Objects, Pods
from kscale.scenario.recorded import MOST_REQUESTS, Recorded
from kscale.scenario.schema import ControlPlaneSpec, LoadSpec, Scenario
from kscale.scenario.schema_cluster import MadeSpec, TraceSpec
from kscale.scenario.schema_imported import ImportedSpec

NODE_BYTES = 56  # of the columns of Nodes and what it takes to draw them, beside extended resources
POD_BYTES = 48  # of the columns of Pods and of their random order
OBJECT_BYTES = 5  # of the columns of Objects
TRACE_BYTES = 32 * 2**20  # of a trace's rows while they are read
CLASS_BYTES = 1000  # of a class, its constraints included
IMPORTED_BYTES = MOST_REQUESTS * CLASS_BYTES + 16 * 2**20  # of recorded classes and groups of nodes


def build(scenario: Scenario, recorded: Recorded | None = None) -> Cluster:
    """Return the cluster of *scenario*: equal for equal (scenario, seed) on every machine.

    *recorded* is what the file of an imported cluster holds; a loaded scenario has it.
    Raises InconsistentError where its parts do not go together, which a loaded scenario's do.
    """
    scenario = resolve.resolve(scenario)
    spec, seed = scenario.cluster, scenario.seed
    profile = profiles.get(scenario.profile)
    if isinstance(spec, ImportedSpec):
        if recorded is None:
            raise KscaleError(f"{spec.imported}: an imported cluster is built from its file")
        extended, nodes, pods, stored = _imported(spec, recorded, seed, profile.etcd_request_bytes)
    else:
        extended, nodes, pods = _trace(spec) if isinstance(spec, TraceSpec) else _made(spec, seed)
        stored = objects.build(spec.objects, seed, profile.etcd_request_bytes)
    return Cluster(
        name=scenario.name,
        seed=seed,
        profile=profile,
        costs=costs.model(profile.name, scenario.costs),
        extended_names=extended,
        nodes=nodes,
        pods=pods,
        objects=stored,
        control_plane=_control_plane(scenario.control_plane),
        load=_load(scenario.load),
        simulation=simulated.of(scenario.simulation, scenario.load.requests or {}),
        space=recorded.space if recorded else None,
    )


def _made(spec: MadeSpec, seed: int) -> tuple[tuple[str, ...], Nodes, Pods]:
    """Return the extended resources, nodes and pods of a synthetic cluster."""
    requests = spec.pods.requests
    extended = made.extended_names((*spec.nodes.shapes, *requests))
    nodes = made.nodes(spec.nodes, extended, seed, by_zone=made.ask_for_zones(requests))
    return extended, nodes, made.pods(spec.pods, extended, seed)


def _trace(spec: TraceSpec) -> tuple[tuple[str, ...], Nodes, Pods]:
    """Return the extended resources, nodes and pods of a trace."""
    return (trace.GPU_RESOURCE,), *trace.build(spec)


def _imported(
    spec: ImportedSpec, recorded: Recorded, seed: int, largest: int
) -> tuple[tuple[str, ...], Nodes, Pods, Objects]:
    """Return the extended resources, nodes, pods and objects of a cluster of the user's own."""
    recorded_build.check(spec, recorded)
    extended = recorded_build.extended_names(spec, recorded)
    return (
        extended,
        recorded_build.nodes(spec, recorded, extended, seed),
        recorded_build.pods(spec, recorded, extended, seed),
        recorded_build.stored(spec, recorded, seed, largest),
    )


def _control_plane(plane: ControlPlaneSpec) -> ControlPlane:
    """Return the servers and their settings; those of a simulation that are not given are the record's."""
    simulated_only = {
        "apiserver_cores": plane.apiserver_cores,
        "etcd_cores": plane.etcd.cores,
        "scheduler_qps": plane.scheduler_qps,
        "controller_qps": plane.controller_qps,
    }
    return ControlPlane(
        apiservers=plane.apiservers,
        controllers=plane.controllers,
        etcd_members=plane.etcd.members,
        etcd_fsync_ns=plane.etcd.fsync,
        etcd_quota_bytes=plane.etcd.quota,
        optimizations=plane.optimizations or {},
        **{name: value for name, value in simulated_only.items() if value is not None},
    )


def _load(load: LoadSpec) -> Load:
    """Return what happens each second."""
    return Load(
        pod_changes_per_s=load.pod_changes or 0.0,  # resolved: always given
        heartbeat_period_ns=load.heartbeat.period,
        heartbeat_bytes=load.heartbeat.size,
        requests=load.requests or {},
        watches=load.watches or {},
    )


def memory(scenario: Scenario) -> int:
    """Return the bytes that `build` needs at its peak, from above; no file is read for it."""
    spec = resolve.resolve(scenario).cluster
    nodes, pods, stored = resolve.counts(spec)
    extended, rows, pod_bytes, object_bytes = 1, TRACE_BYTES, POD_BYTES, OBJECT_BYTES
    if isinstance(spec, ImportedSpec):
        extended, rows = resolve.MOST_EXTENDED, IMPORTED_BYTES
        pod_bytes, object_bytes = recorded_build.POD_BYTES, recorded_build.OBJECT_BYTES
    elif isinstance(spec, MadeSpec):
        extended = len(made.extended_names((*spec.nodes.shapes, *spec.pods.requests)))
        rows = resolve.combinations(spec.pods.requests) * CLASS_BYTES
    return (
        nodes * (NODE_BYTES + 16 * extended)
        + pods * pod_bytes
        + rows
        + stored * object_bytes
        + objects.CHUNK * objects.DRAWN_BYTES
    )
