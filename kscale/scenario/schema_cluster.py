"""The `cluster:` part of a scenario file: nodes, pods and stored objects, or a recorded trace."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from kscale import units
from kscale.scenario.quantities import Bytes, Count, Cpu, Share
from kscale.scenario.spec import Many, Name, Pieces, Spec, Text, between, either

MIB = 2**20
GIB = 2**30
MOST_NODES = 10**6
MOST_PODS = 20 * 10**6
MOST_OBJECTS = 10**8

Amount = Annotated[Count, between(0, 10**12)]
Extended = Annotated[dict[Name, Amount], Pieces(0, 16)]
Effect = Literal["NoSchedule", "NoExecute", "PreferNoSchedule"]


def _taint(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return kubectl's key=value:Effect as the mapping it stands for."""
    if not isinstance(given, str):
        return given
    pair, colon, effect = given.partition(":")
    key, _, value = pair.partition("=")
    if not colon or not key:
        raise ValueError(f"{units.quote(given)} is not a taint; write it like dedicated=gpu:NoSchedule")
    return {"key": key, "value": value, "effect": effect}


class TaintSpec(Spec):
    """A taint, also written key=value:Effect."""

    key: Text = Field(description="Key of the taint.")
    value: Text = Field("", description="Value of the taint.")
    effect: Effect = Field("NoSchedule", description="What it does to pods that do not tolerate it.")


class TolerationSpec(Spec):
    """A toleration, with Kubernetes' rules: no key and Exists tolerates everything."""

    key: Text = Field("", description="Key of the taints tolerated; empty with Exists: all.")
    operator: Literal["Equal", "Exists"] = Field("Equal", description="Exists ignores the value.")
    value: Text = Field("", description="Value of the taints tolerated.")
    effect: Effect | Literal[""] = Field("", description="Effect tolerated; empty: every effect.")


class PreferenceSpec(Spec):
    """A preferred node-affinity term."""

    weight: Annotated[Count, between(1, 100)] = Field(1, description="1 to 100.")
    key: Text = Field(description="Label of the nodes preferred.")
    values: Annotated[Many[Text], Pieces(1, 100)] = Field(description="Any of these values.")


class ShapeSpec(Spec):
    """A kind of node."""

    share: Share | None = Field(
        None, description="Part of all nodes; shapes without one split what is left equally."
    )
    cpu: Annotated[Cpu, between(1, 10**8, units.exact_cpu)] = Field(32_000, description="Default 32 cores.")
    memory: Annotated[Bytes, between(1, 2**50, units.show_bytes)] = Field(
        128 * GIB, description="Default 128GiB."
    )
    pods: Annotated[Count, between(1, 100_000)] = Field(110, description="Most pods on a node. Default 110.")
    ephemeral: Annotated[Bytes, between(0, 2**50, units.show_bytes)] = Field(
        100 * GIB, description="Ephemeral storage. Default 100GiB."
    )
    extended: Extended = Field({}, description="Extended resources by name, such as {nvidia.com/gpu: 8}.")
    labels: Annotated[dict[Name, Text], Pieces(0, 50)] = Field({}, description="Labels of the node.")
    taints: Annotated[
        tuple[Annotated[TaintSpec, BeforeValidator(_taint), either("key=value:Effect")], ...], Pieces(0, 50)
    ] = Field((), description="Taints of the node.")
    unschedulable: StrictBool = Field(default=False, description="Cordoned nodes take no pods.")


class NodesSpec(Spec):
    """The nodes."""

    count: Annotated[Count, between(1, MOST_NODES)] = Field(1000, description="Default 1,000; at most 1M.")
    zones: Annotated[Count, between(1, 1000)] = Field(
        3, description="Node i is in zone i mod zones. Default 3."
    )
    shapes: Annotated[tuple[ShapeSpec, ...], Pieces(1, 200)] = Field(
        (ShapeSpec(),), description="Kinds of node, mixed at random. Default: one, with its own defaults."
    )


class RequestSpec(Spec):
    """What a pod asks for. A list stands for every one of its values: lists in cpu and memory make a grid."""

    share: Share | None = Field(
        None,
        description="Part of all pods, as near as whole apps allow; the others split what is left.",
    )
    cpu: Annotated[Many[Annotated[Cpu, between(0, 10**8, units.exact_cpu)]], Pieces(0, 1000)] = Field(
        (), description="None: no request, scored as 100m. A list: each in turn."
    )
    memory: Annotated[Many[Annotated[Bytes, between(0, 2**50, units.show_bytes)]], Pieces(0, 1000)] = Field(
        (), description="None: no request, scored as 200MiB. A list: each in turn."
    )
    ephemeral: Annotated[Bytes, between(0, 2**50, units.show_bytes)] = Field(
        0, description="Ephemeral storage. Default 0."
    )
    extended: Extended = Field({}, description="Extended resources by name.")
    tolerations: Annotated[tuple[TolerationSpec, ...], Pieces(0, 50)] = Field(
        (), description="Taints it tolerates."
    )
    selector: Annotated[dict[Name, Annotated[Many[Text], Pieces(1, 100)]], Pieces(0, 50)] = Field(
        {}, description="Label to its allowed value, or values; all labels must match."
    )
    preferred: Annotated[tuple[PreferenceSpec, ...], Pieces(0, 50)] = Field(
        (), description="Nodes it would rather have."
    )


DEFAULT_REQUESTS = tuple(
    RequestSpec.model_validate({"share": share, "cpu": cpu, "memory": memory})
    for share, cpu, memory in (("50%", "500m", "1GiB"), ("30%", "1", "2GiB"), ("20%", "2", "8GiB"))
)


class PodsSpec(Spec):
    """The pods."""

    count: Annotated[Count, between(1, MOST_PODS)] | None = Field(
        None, description="Default 20 a node; at most 20M."
    )
    apps: Annotated[Count, between(1, 10**6)] | None = Field(
        None, description="ReplicaSets; the pods of one are equal. Default one for 100 pods."
    )
    app_sizes: Literal["zipf", "equal"] = Field(
        "zipf", description="zipf: the k-th largest app has 1/k of the pods of the largest. Default zipf."
    )
    namespaces: Annotated[Count, between(1, 10**6)] | None = Field(
        None, description="App i is in namespace i mod namespaces. Default one for 10 apps."
    )
    requests: Annotated[tuple[RequestSpec, ...], Pieces(1, 10_000)] = Field(
        DEFAULT_REQUESTS,
        description="What pods ask for. Default: half 500m/1GiB, 30% 1/2GiB, 20% 2/8GiB.",
    )


def _as_many_as(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return the words nodes and pods as they are, anything else as a count."""
    return given if given in ("nodes", "pods") else units.parse_count(given)


def _spread(given: Any) -> float:  # noqa: ANN401 - whatever the file holds
    """Return the sigma of a log-normal distribution."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given <= 2:  # noqa: PLR2004
        raise ValueError(f"{units.quote(given)} is not a spread; write a number from 0 (all equal) to 2")
    return float(given)


class TypeSpec(Spec):
    """One type of stored object."""

    count: Annotated[int | Literal["nodes", "pods"], BeforeValidator(_as_many_as)] | None = Field(
        None, description="How many; the words nodes and pods mean one for each of those."
    )
    share: Share | None = Field(None, description="Part of all objects, instead of a count.")
    size: Annotated[Bytes, between(1, 2**20, units.show_bytes)] = Field(
        2048, description="Mean size as stored. Default 2KiB; at most 1MiB."
    )
    spread: Annotated[float, BeforeValidator(_spread)] = Field(
        0.5, description="Sigma of the log-normal sizes, 0 to 2. Default 0.5 (assumed)."
    )

    @model_validator(mode="after")
    def _count_or_share(self) -> "TypeSpec":
        """Refuse two answers to one question."""
        if self.count is not None and self.share is not None:
            raise ValueError("has a count and a share; give one of them")
        return self


DEFAULT_TYPES = {
    "pods": TypeSpec(size=10 * 1024),
    "nodes": TypeSpec(size=15 * 1024),
    "leases": TypeSpec(size=300),
    "events": TypeSpec(share=0.3, size=1024),
    "configmaps": TypeSpec(size=4 * 1024),
    "secrets": TypeSpec(size=4 * 1024),
    "endpointslices": TypeSpec(size=2 * 1024),
    "replicasets": TypeSpec(size=4 * 1024),
    "other": TypeSpec(size=2 * 1024),
}
SAME_COUNT: dict[str, Literal["nodes", "pods"]] = {"pods": "pods", "nodes": "nodes", "leases": "nodes"}


class ObjectsSpec(Spec):
    """What etcd holds."""

    total: Annotated[Count, between(1, MOST_OBJECTS)] | None = Field(
        None,
        description="Objects of all types. Default 5 a pod (or 5 a node, if that is more); at most 100M.",
    )
    types: Annotated[dict[Name, TypeSpec], Pieces(1, 200)] = Field(
        DEFAULT_TYPES,
        description=(
            "By type. Without count and share: as many pods and nodes as the cluster has, one lease a node, "
            "and all others split what is left; if there are no others, a type named other takes it."
        ),
    )


class MadeSpec(Spec):
    """A synthetic cluster."""

    nodes: NodesSpec = Field(NodesSpec(), description="The nodes.")
    pods: PodsSpec = Field(PodsSpec(), description="The pods, in random order of arrival.")
    objects: ObjectsSpec = Field(ObjectsSpec(), description="What etcd holds.")


class RepeatSpec(Spec):
    """To which size a trace is repeated; a plain number means `times`."""

    times: float | None = Field(
        None, gt=0, le=10_000, description="Both lists so many times; parts of a list are its beginning."
    )
    nodes: Annotated[Count, between(1, MOST_NODES)] | None = Field(
        None, description="Nodes in all, instead of times. Default: the list once."
    )
    pods: Annotated[Count, between(1, MOST_PODS)] | None = Field(
        None, description="Pods in all, instead of times. Default: the list once."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "RepeatSpec":
        """Refuse two answers to one question."""
        if self.times is not None and (self.nodes is not None or self.pods is not None):
            raise ValueError("has times beside nodes or pods; give one of them")
        return self


def _repeat(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return a plain number as the mapping it stands for."""
    return {"times": given} if isinstance(given, int | float) and not isinstance(given, bool) else given


class TraceSpec(Spec):
    """A cluster recorded in production, shipped with kscale."""

    trace: Literal["openb"] = Field(description="openb: 1,523 nodes and 8,152 pods with GPUs, Alibaba 2023.")
    pods: Literal["default", "gpuspec33"] = Field(
        "default", description="Pod list; in gpuspec33 a third of the GPU pods also ask for a GPU type."
    )
    repeat: Annotated[RepeatSpec, BeforeValidator(_repeat), either("a number")] = Field(
        RepeatSpec(), description="Repeat the lists in order to this size. Default: once."
    )
    zones: Annotated[Count, between(1, 1000)] = Field(
        1, description="Zones; the trace names none. Default 1."
    )
    max_pods: Annotated[Count, between(1, 100_000)] = Field(
        110,
        description="Most pods on a node; the trace names none. Default 110 (assumed, Kubernetes' default).",
    )
    objects: ObjectsSpec = Field(ObjectsSpec(), description="What etcd holds.")
