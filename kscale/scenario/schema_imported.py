"""The `cluster:` part of a scenario whose cluster was recorded by `kscale import`."""

import re
from fractions import Fraction
from math import floor
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from kscale import units
from kscale.scenario.quantities import Count
from kscale.scenario.schema_cluster import (
    MOST_NODES,
    MOST_OBJECTS,
    MOST_PODS,
    NodesSpec,
    ObjectsSpec,
    PodsSpec,
)
from kscale.scenario.spec import Beside, Spec, Text, between

MOST_TIMES = 10_000
_HASH = re.compile(r"[0-9a-f]{64}")


def _hash(given: str) -> str:
    """Return *given* if it is a SHA-256 in hex."""
    if not _HASH.fullmatch(given):
        raise ValueError(f"{units.quote(given)} is not a SHA-256; it has 64 digits of 0-9 and a-f")
    return given


def _times(given: Any) -> int | float:  # noqa: ANN401 - whatever the file holds
    """Return how often everything is there, more than nought."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= MOST_TIMES:
        raise ValueError(
            f"{units.quote(given)} is not how often; write a number above 0, at most {MOST_TIMES:,}"
        )
    return given


class HoldsSpec(Spec):
    """What is in the file; 0 means that it was not recorded."""

    nodes: Annotated[Count, between(0, MOST_NODES)] = Field(0, description="Nodes in the file.")
    pods: Annotated[Count, between(0, MOST_PODS)] = Field(0, description="Pods in the file.")
    objects: Annotated[Count, between(0, MOST_OBJECTS)] = Field(
        0, description="Stored objects whose types and sizes are in the file."
    )


class ImportedSpec(Spec):
    """A cluster of your own, its columns in a .npz file beside the scenario: written by `kscale import`."""

    imported: Beside = Field(description="The file, by its path from the scenario's own folder.")
    sha256: Annotated[Text, AfterValidator(_hash)] = Field(description="SHA-256 of that file.")
    holds: HoldsSpec = Field(HoldsSpec(), description="How many of each are in the file.")
    repeat: Annotated[
        int | float,
        BeforeValidator(_times),
        WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "maximum": MOST_TIMES}),
    ] = Field(
        1,
        description=(
            "Recorded nodes, pods and objects so many times, for growth; part of a list is its beginning. "
            "The pods of a copy are new apps in the same namespaces. Free space is not repeated. Default 1."
        ),
    )
    nodes: NodesSpec | None = Field(
        None, description="The nodes, if none were recorded; as in a made cluster, and not repeated."
    )
    pods: PodsSpec | None = Field(
        None, description="The pods, if none were recorded; as in a made cluster, and not repeated."
    )
    objects: ObjectsSpec | None = Field(
        None,
        description=(
            "What etcd holds, if no objects were recorded; else types beside those recorded, each with a "
            "count, or a share of a total that is of these types alone. Not repeated."
        ),
    )

    def repeated(self, recorded: int) -> int:
        """Return how many of so many recorded ones there are; of some at least one."""
        return max(min(recorded, 1), floor(recorded * Fraction(str(self.repeat))))
