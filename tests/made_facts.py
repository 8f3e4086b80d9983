"""Facts of sources that nobody read: for what puts them together."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from kscale.imports.contradictions import Part
from kscale.imports.facts import Facts, NodeFact, PodFacts, Source, TypeFact, Value
from kscale.scenario.schema_cluster import RequestSpec


def day(number: int) -> datetime:
    """Return a day of one month."""
    return datetime(2026, 11, number, tzinfo=UTC)


def part(
    format_id: str = "kubectl",
    name: str = "",
    *,
    taken: int = 0,
    modified: int = 1,
    **facts: Any,  # noqa: ANN401 - any of the facts
) -> Part:
    """Return one source's facts; days of *taken* (0: not said) and of its file."""
    source = Source(format_id, name or f"{format_id}.file", 100, day(taken) if taken else None)
    return Part(Facts(source, **facts), day(modified))


def node(number: int, **facts: Any) -> NodeFact:  # noqa: ANN401 - any of the facts
    """Return a node of 8 cores with a host name."""
    given: dict[str, Any] = {
        "cpu_milli": 8000,
        "memory_bytes": 2**35,
        "pods": 110,
        "ephemeral_bytes": 2**36,
        "extended": (),
        "labels": {"kubernetes.io/hostname": f"machine-{number}"},
        "taints": (),
        "unschedulable": False,
        "zone": f"district-{number % 2}",
    }
    return NodeFact(**(given | facts))


def pods(
    number: int,
    *,
    first: int = 1000,
    requests: Sequence[Mapping[str, object]] = ({"cpu": "500m"},),
    apps: int = 3,
) -> PodFacts:
    """Return pods created a second apart, their requests and apps in turn."""
    turn = np.arange(number)
    return PodFacts(
        tuple(RequestSpec.model_validate(one) for one in requests),
        (turn % len(requests)).astype(np.int32),
        (turn % apps).astype(np.int32),
        (turn % apps % 2).astype(np.int32),
        (turn + first).astype(np.int64),
    )


def sizes(*rows: tuple[int, int], estimate: bool = False) -> TypeFact:
    """Return objects of one type: bytes and how many."""
    return TypeFact(sum(count for _, count in rows), np.array(rows, dtype=np.int64), estimate)


def value(key: str, given: str | float, *, estimate: bool = False) -> Value:
    """Return a value that was read somehow."""
    return Value(key, given, "a flag", estimate)
