"""The `sweep:` part of a scenario file: what `kscale sweep` varies where its command line does not say it."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from kscale import units
from kscale.scenario.quantities import Count
from kscale.scenario.spec import Pieces, Spec, Text, between

MOST_AXES = 10
MOST_LISTED = 1000  # values of an axis
MOST_SEEDS = 1000

Value = bool | int | float | str


def _values(given: Any) -> tuple[Value, ...]:  # noqa: ANN401 - whatever the file holds
    """Return the values of an axis: a list, or a text such as a range, which stands for a list of one."""
    listed = given if isinstance(given, list | tuple) else [given]
    for one in listed:
        if not isinstance(one, str | int | float):
            raise ValueError(  # noqa: TRY004 - pydantic wants ValueError
                f"must be a list of values or a range like 10k..1M/8log, got {units.quote(one)}"
            )
    return tuple(listed)


_VALUE: dict[str, Any] = {"type": ["string", "number", "boolean"]}
Values = Annotated[
    tuple[Value, ...],
    BeforeValidator(_values),
    Pieces(1, MOST_LISTED),
    WithJsonSchema(
        {
            "anyOf": [_VALUE, {"type": "array", "items": _VALUE, "minItems": 1, "maxItems": MOST_LISTED}],
            "examples": [["1k", "10k"], "10k..1M/8log", "10%..90%/9"],
        }
    ),
]


class SweepSpec(Spec):
    """What `kscale sweep` varies."""

    over: Annotated[dict[Text, Values], Pieces(0, MOST_AXES)] = Field(
        {},
        description=(
            "Key to its values; several keys are a product. A key is a mechanism's parameter "
            "(etcd-freelist.free_pages; free_pages: of every mechanism of the scenario that has it) or a "
            "place in this file (cluster.nodes.count). Values: a list, or a range with both ends: "
            "10k..1M/8log has 8 by equal factors, 10%..90%/9 has 9 evenly."
        ),
    )
    seeds: Annotated[Count, between(1, MOST_SEEDS)] = Field(
        1, description="Runs of each point, with the scenario's seed and those after it. Default 1."
    )
