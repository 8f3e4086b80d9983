"""The scenario file, kscale.scenario/1: every key, its default and its limits.

Each key is optional. Shares of a list must come to 1; entries without a share split what
is left equally. What depends on other keys (pods: 20 a node) is filled in by `resolve`.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, StrictBool, Tag
from pydantic_core import PydanticCustomError

from kscale import units
from kscale.errors import KscaleError
from kscale.scenario import profiles
from kscale.scenario.costs import CostsSpec
from kscale.scenario.quantities import Bytes, Count, Duration, RequestRate
from kscale.scenario.schema_cluster import MadeSpec, TraceSpec
from kscale.scenario.schema_imported import ImportedSpec
from kscale.scenario.schema_simulation import SimulationSpec
from kscale.scenario.schema_sweep import SweepSpec
from kscale.scenario.spec import Name, Pieces, Spec, Text, between, either

MOST_POINTS = 1000  # values of one parameter
MOST_BLOCKS = 100  # of one mechanism
MOST_LISTED = 1000  # request rates, watched resources
MOST_WATCHES = 10**8  # of one resource
MOST_CORES = 1024  # of a machine
MOST_QPS = 10**6
MADE, TRACE, IMPORTED = "made", "trace", "imported"  # kinds of cluster; part of pydantic's error places

Value = str | int | float | bool
Block = dict[str, Value | list[Value]]

_SCENARIO_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_MECHANISM_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
_PARAMETER = re.compile(r"[a-z][a-z0-9_]*")
_REQUEST = re.compile(r"[a-z]{1,32}/[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
_DAY_NS = 86_400 * units.NS_PER_S


def _mechanism_id(given: str) -> str:
    """Return *given* if it has the form of a mechanism's id."""
    if not _MECHANISM_ID.fullmatch(given):
        raise ValueError(f"{units.quote(given)} is not a mechanism id; ids look like etcd-freelist")
    return given


def _request(given: str) -> str:
    """Return *given* if it is a verb and a resource."""
    if not _REQUEST.fullmatch(given):
        raise ValueError(
            f"{units.quote(given)} is not a kind of request; write verb/resource, like list/pods"
        )
    return given


MechanismId = Annotated[Text, AfterValidator(_mechanism_id)]
RequestKind = Annotated[Text, AfterValidator(_request)]


class EtcdSpec(Spec):
    """The store."""

    members: Annotated[Count, between(1, 9)] = Field(3, description="Default 3.")
    fsync: Annotated[Duration, between(0, 10 * units.NS_PER_S, units.exact_duration)] = Field(
        1_000_000, description="Time of one fdatasync. Default 1ms (an SSD)."
    )
    quota: Annotated[Bytes, between(2**20, 2**50, units.show_bytes)] = Field(
        8 * 2**30, description="Largest database. Default 8GiB."
    )
    cores: Annotated[Count, between(1, MOST_CORES)] | None = Field(
        None, description="Of each member's machine, in a simulation. Default 16 (assumed)."
    )


class ControlPlaneSpec(Spec):
    """Servers and their settings.

    What only a simulation reads is not filled in where it is not given: a cluster stays the one it was.
    """

    apiservers: Annotated[Count, between(1, 1000)] = Field(3, description="API servers. Default 3.")
    apiserver_cores: Annotated[Count, between(1, MOST_CORES)] | None = Field(
        None, description="Of each API server's machine, in a simulation. Default 32 (assumed)."
    )
    etcd: EtcdSpec = Field(EtcdSpec(), description="The store.")
    controllers: Annotated[Count, between(0, 100_000)] = Field(
        50, description="Clients that watch every object of a type. Default 50."
    )
    scheduler_qps: Annotated[Count, between(0, MOST_QPS)] | None = Field(
        None,
        description=(
            "Requests a second that the scheduler may send, and as many at once, in a simulation; 0: no "
            "limit. Default 1,000, as large clusters set it (assumed); Kubernetes' own default is 50."
        ),
    )
    controller_qps: Annotated[Count, between(0, MOST_QPS)] | None = Field(
        None,
        description=(
            "The same of the controller manager. Default 1,000 (assumed); Kubernetes' own default is 20."
        ),
    )
    optimizations: Annotated[dict[MechanismId, StrictBool], Pieces(0, MOST_BLOCKS)] | None = Field(
        None,
        description=(
            "Mechanism to whether it is on in this cluster today, as far as is known. It is told beside what "
            "is measured and changes nothing that is run; `kscale simulate`, `limit` and `ablate` take it as "
            "`today`."
        ),
    )


class HeartbeatSpec(Spec):
    """What each node reports."""

    period: Annotated[Duration, between(1_000_000, _DAY_NS, units.exact_duration)] = Field(
        10 * units.NS_PER_S, description="Default 10s."
    )
    size: Annotated[Bytes, between(1, 2**20, units.show_bytes)] = Field(
        15 * 1024, description="Bytes of a node status. Default 15KiB."
    )


class LoadSpec(Spec):
    """What happens each second."""

    pod_changes: RequestRate | None = Field(
        None,
        description=(
            "Pods created, changed or deleted. Default 20/s, the churn the official limits assume; of an "
            "imported cluster below their 5,000 nodes its part of that, 1/s for 250 nodes."
        ),
    )
    heartbeat: HeartbeatSpec = Field(HeartbeatSpec(), description="Node status reports.")
    requests: Annotated[dict[RequestKind, RequestRate], Pieces(0, MOST_LISTED)] | None = Field(
        None,
        description="Recorded input: rate of each kind of request, such as {list/pods: 1.2/s}.",
    )
    watches: (
        Annotated[dict[Name, Annotated[Count, between(0, MOST_WATCHES)]], Pieces(0, MOST_LISTED)] | None
    ) = Field(None, description="Recorded input: open watches of each resource, such as {pods: 12030}.")


def _kind_of_cluster(given: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Return which kind of cluster is meant."""
    for kind, spec in ((IMPORTED, ImportedSpec), (TRACE, TraceSpec)):
        if kind in given if isinstance(given, dict) else isinstance(given, spec):
            return kind
    return MADE


ClusterSpec = Annotated[
    Annotated[MadeSpec, Tag(MADE)]
    | Annotated[TraceSpec, Tag(TRACE)]
    | Annotated[ImportedSpec, Tag(IMPORTED)],
    Discriminator(_kind_of_cluster),
]


def _profile(given: str) -> str:
    """Return *given* if a profile has that name."""
    try:
        return profiles.get(given).name
    except KscaleError as error:
        raise ValueError(str(error)) from error


def _scenario_name(given: str) -> str:
    """Return *given* if it can also be part of a file name."""
    if not _SCENARIO_NAME.fullmatch(given):
        raise ValueError(
            f"{units.quote(given)} is not a scenario name; use up to 64 lower-case letters, digits and . _ -"
        )
    return given


def _blocks(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return *given* as a mapping from mechanism to a list of blocks, raw values kept."""
    if not isinstance(given, dict):
        return given
    return {name: block if isinstance(block, list) else [block or {}] for name, block in given.items()}


def _block(given: Any) -> Block:  # noqa: ANN401 - whatever the file holds
    """Return *given* if it maps parameters to values or lists of values."""
    if not isinstance(given, dict):
        raise ValueError(f"must be a mapping from parameter to value, got {units.quote(given)}")  # noqa: TRY004 - pydantic wants ValueError
    for name, value in given.items():
        _refuse_odd_values(name, value)
    return given


def _refuse_odd_values(name: str, value: object) -> None:
    """Raise if *value* is neither a plain value nor a list of those."""
    why = ""
    if not _PARAMETER.fullmatch(name):
        why = f"{units.quote(name)} is not a parameter; parameters look like free_pages"
    elif isinstance(value, list) and not 1 <= len(value) <= MOST_POINTS:
        why = f"must have 1 to {MOST_POINTS:,} values, got {len(value):,}"
    else:
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, str | int | float):
                why = f"must be a value or a list of values, got {units.quote(one)}"
    if why:
        raise PydanticCustomError("parameter", "{why}", {"why": why, "key": name})


Blocks = Annotated[list[Annotated[Block, BeforeValidator(_block)]], Pieces(1, MOST_BLOCKS)]


class Scenario(Spec):
    """A cluster, its control plane, its load, and what to run at which points."""

    schema_: Literal["kscale.scenario/1"] = Field(
        "kscale.scenario/1", alias="schema", description="Version of the format."
    )
    name: Annotated[Text, AfterValidator(_scenario_name)] = Field(
        "scenario", description="Default: the file's name without its ending."
    )
    about: Text = Field("", description="One line on what it is for.")
    profile: Annotated[Text, AfterValidator(_profile)] = Field(
        "k8s-1.36", description="Constants of a version: k8s-1.14, k8s-1.20 or k8s-1.36 (default)."
    )
    costs: (
        Annotated[CostsSpec, either("Path of a kscale.costs/1 file from the scenario's own folder.")] | None
    ) = Field(None, description="Coefficients in place of the profile's: those of `kscale calibrate`.")
    seed: Annotated[Count, between(0, 2**62)] = Field(
        0, description="Everything random comes from it. Default 0."
    )
    cluster: ClusterSpec = Field(
        MadeSpec(), description="Default: 1,000 nodes, 20,000 pods, 100,000 objects."
    )
    control_plane: ControlPlaneSpec = Field(ControlPlaneSpec(), description="Servers and their settings.")
    load: LoadSpec = Field(LoadSpec(), description="What happens each second.")
    simulation: SimulationSpec | None = Field(
        None,
        description=(
            "How long a simulation of the whole control plane takes, and what happens in it. Default 10min "
            "of the load above."
        ),
    )
    mechanisms: Annotated[dict[MechanismId, Blocks], BeforeValidator(_blocks)] = Field(
        {},
        description=(
            "Mechanism to its parameters; a list is a sweep, a list of mappings is several sweeps; "
            "`variants` limits which are run. Empty: every mechanism at its defaults."
        ),
    )
    sweep: SweepSpec | None = Field(
        None, description="What `kscale sweep` varies where its command line does not say it."
    )
