"""The `simulation:` part of a scenario file: what a simulation of the whole control plane does, and when."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError

from kscale import units
from kscale.errors import did_you_mean
from kscale.scenario.quantities import Count, Duration, RequestRate, Share
from kscale.scenario.schema_cluster import MOST_PODS
from kscale.scenario.spec import Pieces, Spec, between

MS = 1_000_000  # ns
MINUTE = 60 * units.NS_PER_S
DAY = 86_400 * units.NS_PER_S
THOUSANDTHS = 1000  # a simulation keeps rates and what comes with a change in these
MOST_PER_CHANGE = 1000
MOST_EACH = 100  # workloads; faults
MOST_ASKED = 10**6  # pods of one burst
MOST_AT_ONCE = 1000  # servers

At = Annotated[Duration, between(0, DAY, units.exact_duration)]
Lasts = Annotated[Duration, between(MS, DAY, units.exact_duration)]


def _per_change(given: Any) -> float:  # noqa: ANN401 - whatever the file holds
    """Return a number with at most three decimals."""
    value = units.parse_number(given)
    if value > MOST_PER_CHANGE:
        raise ValueError(f"must be 0 to {MOST_PER_CHANGE:,}, got {units.quote(given)}")
    if (value * THOUSANDTHS).denominator != 1:
        raise ValueError(f"{units.quote(given)} has too many decimals; write it like 2 or 0.125")
    return float(value)


def _whole_thousandths(per_s: float) -> float:
    """Return *per_s* if it is not lost when it is kept in thousandths."""
    if 0 < per_s < 1 / THOUSANDTHS:
        raise ValueError(f"must be 0, or at least 0.001/s (3.6/h), got {units.show_rate(per_s)}")
    return per_s


def _some(per_s: float) -> float:
    """Return *per_s* if it is more than none."""
    if not per_s:
        raise ValueError("must be above 0; left out it is as fast as the controllers may")
    return per_s


def _some_nodes(share: float) -> float:
    """Return *share* if it is more than none."""
    if not share:
        raise ValueError("must be above 0, at most 1")
    return share


PerChange = Annotated[
    float,
    BeforeValidator(_per_change),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MOST_PER_CHANGE}),
]
KeptRate = Annotated[RequestRate, AfterValidator(_whole_thousandths)]


class ReadsSpec(Spec):
    """Reads of clients, at the cluster's size; on the axis of nodes they grow with it. Kept to 0.001/s.

    Where load.requests is recorded, gets not given here are those recorded, but for leases; the lists
    recorded of pods are split between those not given here as the defaults are.
    """

    get: KeptRate | None = Field(None, description="Of one object. Default 100/s (assumed).")
    list_node: KeptRate | None = Field(
        None,
        alias="list-node",
        description="Of a node's pods, as by kubectl describe node. Default 6/min (assumed).",
    )
    list_namespace: KeptRate | None = Field(
        None, alias="list-namespace", description="Of a namespace's pods. Default 1/s (assumed)."
    )
    list_all: KeptRate | None = Field(
        None, alias="list-all", description="Of all pods. Default 1/min (assumed)."
    )


class RollingUpdateSpec(Spec):
    """Pods of the cluster that are replaced, some at a time."""

    kind: Literal["rolling-update"] = Field(description="Pods are replaced by new ones.")
    at: At = Field(description="When it begins, before the end.")
    pods: Annotated[Count, between(1, MOST_PODS)] = Field(
        description="How many are replaced; at most as many as there are."
    )
    surge: Annotated[Count, between(1, MOST_PODS)] | None = Field(
        None,
        description="Pods that may be too many, or not yet running, at a time. Default a quarter of them, as"
        " Kubernetes'.",
    )


class BurstSpec(Spec):
    """Pods that are created beside all others, as by a large job."""

    kind: Literal["burst"] = Field(description="Pods are created beside all others.")
    at: At = Field(description="When it begins, before the end.")
    pods: Annotated[Count, between(1, MOST_ASKED)] = Field(description="How many; at most 1M.")
    rate: Annotated[KeptRate, AfterValidator(_some)] | None = Field(
        None, description="Created a second. Default as fast as control_plane.controller_qps lets them be."
    )


class ApiserverRestartSpec(Spec):
    """API servers that restart, one after the other."""

    kind: Literal["apiserver-restart"] = Field(description="API servers restart, one after the other.")
    at: At = Field(description="When the first goes down, before the end.")
    lasts: Lasts = Field(
        20 * units.NS_PER_S, description="Time each is down, 1ms to 24h. Default 20s (assumed)."
    )
    count: Annotated[Count, between(1, MOST_AT_ONCE)] = Field(
        1, description="How many; at most as many as there are. Default 1."
    )


class MemberLossSpec(Spec):
    """etcd's leader is lost; another one is elected, and a new member takes the lost one's place later."""

    kind: Literal["etcd-member-loss"] = Field(
        description="etcd loses its leader, each etcd if there are several. Needs 3 members or more."
    )
    at: At = Field(description="When it goes, before the end.")
    lasts: Lasts = Field(
        MINUTE,
        description="Time until a new member is added in its place, 1ms to 24h. Default 1min (assumed).",
    )


class PartitionSpec(Spec):
    """A zone whose nodes cannot reach the API servers."""

    kind: Literal["partition"] = Field(description="The nodes of a zone cannot reach the API servers.")
    at: At = Field(description="When it begins, before the end.")
    lasts: Lasts = Field(MINUTE, description="Time until it heals, 1ms to 24h. Default 1min (assumed).")
    zone: Annotated[Count, between(0, MOST_PODS)] = Field(
        0, description="Which, from 0; one that has nodes. Default 0."
    )


class ControllerCrashSpec(Spec):
    """The leading controller manager dies, and another takes over."""

    kind: Literal["controller-crash"] = Field(description="The leading controller manager dies.")
    at: At = Field(description="When it dies, before the end.")


class KubeletRestartSpec(Spec):
    """Kubelets that all restart at a time, as after an upgrade."""

    kind: Literal["kubelet-restart"] = Field(description="Kubelets restart, all at a time.")
    at: At = Field(description="When they do, before the end.")
    share: Annotated[Share, AfterValidator(_some_nodes)] = Field(
        1.0, description="Part of all nodes, above 0. Default all."
    )


AnyWorkload = RollingUpdateSpec | BurstSpec
AnyFault = ApiserverRestartSpec | MemberLossSpec | PartitionSpec | ControllerCrashSpec | KubeletRestartSpec
Kinds = Mapping[str, type[Spec]]

WORKLOADS: Kinds = {"rolling-update": RollingUpdateSpec, "burst": BurstSpec}
FAULTS: Kinds = {
    "apiserver-restart": ApiserverRestartSpec,
    "etcd-member-loss": MemberLossSpec,
    "partition": PartitionSpec,
    "controller-crash": ControllerCrashSpec,
    "kubelet-restart": KubeletRestartSpec,
}


def _of_kind(given: Any, kinds: Kinds) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return *given* if its kind is one of *kinds*, and no key of it is one of another kind's."""
    if not isinstance(given, dict):
        return given
    key, why, kind = "kind", "", given.get("kind")
    if kind is None:
        why = f"is needed here: {', '.join(kinds)}"
    elif not isinstance(kind, str) or kind not in kinds:
        why = f"cannot be {units.quote(kind)}; {did_you_mean(str(kind)[: units.LONGEST], kinds)}"
    else:
        own = kinds[kind].model_fields
        for key in given:
            others = [name for name, spec in kinds.items() if key in spec.model_fields]
            if key not in own and others:
                why = f"is a key of {' or '.join(others)}, not of {kind}, which has {', '.join(own)}"
                break
    if why:
        raise PydanticCustomError("unknown_key", "{why}", {"why": why, "key": key})
    return given


def _workload(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return *given* if it is of a known kind of workload."""
    return _of_kind(given, WORKLOADS)


def _fault(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return *given* if it is of a known kind of fault."""
    return _of_kind(given, FAULTS)


def _kind_or(any_kind: str) -> Discriminator:
    """Return what tells the kind of a mapping; what is no mapping gets its complaint from *any_kind*."""

    def kind(given: Any) -> str:  # noqa: ANN401 - whatever the file holds
        return str(given["kind"] if isinstance(given, dict) else getattr(given, "kind", any_kind))

    return Discriminator(kind)


WorkloadSpec = Annotated[
    Annotated[RollingUpdateSpec, Tag("rolling-update")] | Annotated[BurstSpec, Tag("burst")],
    _kind_or("burst"),
    BeforeValidator(_workload),
]
FaultSpec = Annotated[
    Annotated[ApiserverRestartSpec, Tag("apiserver-restart")]
    | Annotated[MemberLossSpec, Tag("etcd-member-loss")]
    | Annotated[PartitionSpec, Tag("partition")]
    | Annotated[ControllerCrashSpec, Tag("controller-crash")]
    | Annotated[KubeletRestartSpec, Tag("kubelet-restart")],
    _kind_or("partition"),
    BeforeValidator(_fault),
]


class SimulationSpec(Spec):
    """A simulation of the whole control plane: `kscale simulate`, `limit` and `ablate`."""

    duration: Annotated[Duration, between(units.NS_PER_S, DAY, units.exact_duration)] = Field(
        10 * MINUTE, description="Virtual time, 1s to 24h. Default 10min, two of etcd's compactions."
    )
    events_per_change: PerChange = Field(
        2.0, description="Events written for each change of a pod, 0 to 1,000. Default 2 (assumed)."
    )
    others_per_change: PerChange = Field(
        1.0,
        description="Writes of all other types for each change of a pod, 0 to 1,000. Default 1 (assumed).",
    )
    reads: ReadsSpec = Field(ReadsSpec(), description="Reads of clients.")
    workloads: Annotated[tuple[WorkloadSpec, ...], Pieces(0, MOST_EACH)] = Field(
        (), description="What is asked for beside load.pod_changes. Default nothing."
    )
    faults: Annotated[tuple[FaultSpec, ...], Pieces(0, MOST_EACH)] = Field(
        (), description="What goes wrong, and when. Default nothing."
    )
