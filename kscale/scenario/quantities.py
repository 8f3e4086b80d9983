"""Quantities as pydantic types: written as people write them, kept as exact numbers.

    Count      200, "10k", "1M"          int
    Bytes      512, "15KiB", "8Gi"       int, bytes
    Duration   "10s", "250us", "1h30m"   int, nanoseconds
    Cpu        32, 0.5, "500m"           int, millicores
    Rate       "100/s", "6/min"          float, per second; RequestRate: at most 10M/s
    Share      0.3, "30%"                float, 0 to 1

A model that is dumped writes durations, cpu and rates with their unit, so that
what was dumped can be read again.
"""

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

from kscale import units

MOST_RATE = 10**7  # events a second, far above any API server


def _rate(given: units.Given) -> float:
    """Return events per second."""
    return float(units.parse_rate(given))


def _share(given: units.Given) -> float:
    """Return a part of a whole."""
    return float(units.parse_share(given))


def _in_reach(per_s: float) -> float:
    """Return *per_s* if a control plane could see it."""
    if per_s > MOST_RATE:
        raise ValueError(f"must be at most 10M/s, got {units.show_rate(per_s)}")
    return per_s


def _schema(about: str, number: str | None, text: str, examples: list[Any]) -> WithJsonSchema:
    """Return the JSON Schema of a quantity: a plain *number* type if there is one, or *text* by pattern."""
    ways: list[dict[str, Any]] = [{"type": "string", "pattern": text}]
    if number:
        ways.insert(0, {"type": number, "minimum": 0})
    return WithJsonSchema({"anyOf": ways, "description": about, "examples": examples})


_DIGITS = r"^[0-9][0-9_,]*(\.[0-9]+)?([eE][+-]?[0-9]+)? ?"
COUNT = _DIGITS + "[kKMGTPE]?$"
BYTES = _DIGITS + "(m|[kKMGTPE]?B|[kMGTPE]|[KMGTPE]iB?)?$"
DURATION = r"^([0-9][0-9_,]*(\.[0-9]+)?([eE][+-]?[0-9]+)? ?(ns|us|µs|μs|ms|s|sec|m|min|h|d))+$"

Count = Annotated[
    int,
    BeforeValidator(units.parse_count),
    _schema("A whole number.", "integer", COUNT, [200, "10k", "1M"]),
]
Bytes = Annotated[
    int,
    BeforeValidator(units.parse_bytes),
    _schema(
        "A size in bytes.",
        "number",
        BYTES,
        [512, "15KiB", "8Gi"],
    ),
]
Duration = Annotated[
    int,
    BeforeValidator(units.parse_duration),
    PlainSerializer(units.exact_duration),
    _schema(
        "A duration; a unit is needed.",
        None,
        DURATION,
        ["10s", "250us", "1h30m"],
    ),
]
Cpu = Annotated[
    int,
    BeforeValidator(units.parse_cpu),
    PlainSerializer(units.exact_cpu),
    _schema("Cores, or millicores with m.", "number", _DIGITS + "([numk]|cores?|cpus?)?$", [32, 0.5, "500m"]),
]
Rate = Annotated[
    float,
    BeforeValidator(_rate),
    PlainSerializer(units.exact_rate),
    _schema(
        "Events per unit of time.", None, _DIGITS + "[kKMGTPE]? ?/ ?(s|sec|m|min|h|d)$", ["100/s", "6/min"]
    ),
]
RequestRate = Annotated[Rate, AfterValidator(_in_reach)]
Share = Annotated[
    float,
    BeforeValidator(_share),
    _schema("A part of the whole, 0 to 1.", "number", _DIGITS + "%?$", [0.3, "30%"]),
]
