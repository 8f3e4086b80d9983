"""A scenario to arrays: the one door for everybody who needs a cluster."""

from kscale.scenario import costs, made, objects, profiles, resolve, trace
from kscale.scenario.cluster import Cluster, ControlPlane, Load
from kscale.scenario.schema import Scenario
from kscale.scenario.schema_cluster import MadeSpec, TraceSpec

NODE_BYTES = 56  # of the columns of Nodes and what it takes to draw them, beside extended resources
POD_BYTES = 48  # of the columns of Pods and of their random order
OBJECT_BYTES = 5  # of the columns of Objects
TRACE_BYTES = 32 * 2**20  # of a trace's rows while they are read
CLASS_BYTES = 1000  # of a class, its constraints included


def build(scenario: Scenario) -> Cluster:
    """Return the cluster of *scenario*: equal for equal (scenario, seed) on every machine.

    Raises InconsistentError where its parts do not go together, which a loaded scenario's do.
    """
    scenario = resolve.resolve(scenario)
    spec, seed = scenario.cluster, scenario.seed
    profile = profiles.get(scenario.profile)
    if isinstance(spec, TraceSpec):
        nodes, pods = trace.build(spec)
        extended: tuple[str, ...] = (trace.GPU_RESOURCE,)
    else:
        extended = made.extended_names(spec)
        nodes, pods = made.nodes(spec, extended, seed), made.pods(spec.pods, extended, seed)
    plane, load = scenario.control_plane, scenario.load
    return Cluster(
        name=scenario.name,
        seed=seed,
        profile=profile,
        costs=costs.of_profile(profile.name),
        extended_names=extended,
        nodes=nodes,
        pods=pods,
        objects=objects.build(spec.objects, seed, profile.etcd_request_bytes),
        control_plane=ControlPlane(
            apiservers=plane.apiservers,
            controllers=plane.controllers,
            etcd_members=plane.etcd.members,
            etcd_fsync_ns=plane.etcd.fsync,
            etcd_quota_bytes=plane.etcd.quota,
        ),
        load=Load(
            pod_changes_per_s=load.pod_changes,
            heartbeat_period_ns=load.heartbeat.period,
            heartbeat_bytes=load.heartbeat.size,
        ),
    )


def memory(scenario: Scenario) -> int:
    """Return the bytes that `build` needs at its peak, from above."""
    spec = resolve.resolve(scenario).cluster
    if isinstance(spec, MadeSpec):
        nodes, pods = spec.nodes.count, spec.pods.count or 0
        extended, rows = (
            len(made.extended_names(spec)),
            resolve.combinations(spec.pods.requests) * CLASS_BYTES,
        )
    else:
        nodes, pods = spec.repeat.nodes or 0, spec.repeat.pods or 0
        extended, rows = 1, TRACE_BYTES
    return (
        nodes * (NODE_BYTES + 16 * extended)
        + pods * POD_BYTES
        + rows
        + (spec.objects.total or 0) * OBJECT_BYTES
        + objects.CHUNK * objects.DRAWN_BYTES
    )
