"""Raw parameters to a mechanism's own record, and the JSON Schema of both.

A mechanism's `Params` is a frozen dataclass whose annotations say what is allowed. A
plain `int` may be written as people write counts ("10k"); other quantities carry the
validators of `kscale.scenario.quantities` in their annotation, or a name that ends in
`_ns` or `_bytes`.
"""

import re
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from pydantic import BeforeValidator, PlainValidator, TypeAdapter, ValidationError, WrapValidator
from pydantic_core import ErrorDetails

from kscale import units
from kscale.errors import did_you_mean
from kscale.mechanisms.base import Mechanism
from kscale.scenario.quantities import BYTES, COUNT, DURATION

VARIANTS = "variants"  # reserved key of a block: which variants to run
ALL = "all"
LIMITS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}

# Of each record once: it takes longer than many a cell of a sweep.
_adapter: Callable[[type[Any]], TypeAdapter[Any]] = cache(TypeAdapter)  # type: ignore[assignment]  # a class is hashable


class ParameterError(ValueError):
    """What is wrong with the value of a key; without a key, with several of them together."""

    def __init__(self, key: str | None, message: str) -> None:
        """Keep the key."""
        super().__init__(message)
        self.key = key


def names(mechanism: Mechanism) -> tuple[str, ...]:
    """Return the names of a mechanism's parameters, in declared order."""
    return tuple(field.name for field in fields(mechanism.params))


def values(params: Any) -> dict[str, Any]:  # noqa: ANN401 - a mechanism's own record
    """Return parameters as a result keeps them, defaults included; see base.LATER."""
    found = {field.name: (getattr(params, field.name), field.metadata) for field in fields(params)}
    return {name: value for name, (value, told) in found.items() if value is not None or "later" not in told}


def written(params: Any) -> dict[str, Any]:  # noqa: ANN401 - a mechanism's own record
    """Return parameters as a scenario states them: quantities with their unit, as `read` takes them."""
    found: dict[str, Any] = _adapter(type(params)).dump_python(params, mode="json")
    return found


def kept(mechanism: Mechanism, found: Mapping[str, Any]) -> Any:  # noqa: ANN401 - its own record
    """Return parameters from what a result keeps of them, which has no units; ParameterError as `read`."""
    try:
        raw = mechanism.params(**found)
    except TypeError:  # a name that is not known: `read` says which
        return read(mechanism, found)
    except ValueError as error:
        raise ParameterError(None, str(error)) from error
    return read(mechanism, written(raw))


def read(mechanism: Mechanism, raw: Mapping[str, Any]) -> Any:  # noqa: ANN401 - its own record
    """Return a mechanism's parameters from *raw* values; ParameterError names the first bad one."""
    hints = _hints(mechanism.params)
    for key in raw:
        if key not in hints:
            known = did_you_mean(key, [*hints, VARIANTS])
            raise ParameterError(key, f"{mechanism.id} has no parameter {units.quote(key)}; {known}")
    given = {key: _number(key, value, hints[key]) for key, value in raw.items()}
    try:
        return _adapter(mechanism.params).validate_python(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise ParameterError(str(first["loc"][0]) if first["loc"] else None, _what(first)) from error


def schema(mechanism: Mechanism) -> dict[str, Any]:
    """Return the JSON Schema of what a scenario may say of *mechanism*: a block, or a list of them."""
    hints = _hints(mechanism.params)
    swept = {
        key: _swept(one, _written(key) if _is_plain(hints[key], int) else None)
        for key, one in properties(mechanism.params).items()
    }
    variants = {"enum": [*mechanism.variants]}
    swept[VARIANTS] = {
        "anyOf": [{"const": ALL}, variants, {"type": "array", "items": variants, "minItems": 1}],
        "description": "Which variants to run; default baseline and optimized.",
    }
    entry = {
        "type": "object",
        "description": mechanism.title,
        "properties": swept,
        "additionalProperties": False,
    }
    return {"anyOf": [entry, {"type": "array", "items": entry, "minItems": 1}, {"type": "null"}]}


def properties(params: type[Any]) -> dict[str, dict[str, Any]]:
    """Return the JSON Schema of each parameter, with its limits.

    A quantity states its schema itself, and pydantic then drops limits set around it: they are put back.
    """
    found: dict[str, dict[str, Any]] = _adapter(params).json_schema()["properties"]
    for name, hint in _hints(params).items():
        metadata = typing.get_args(hint)[1:] if typing.get_origin(hint) is typing.Annotated else ()
        for limit in (limit for piece in metadata for limit in getattr(piece, "metadata", ())):
            for key, keyword in LIMITS.items():
                if hasattr(limit, key):
                    found[name].pop(key, None)
                    found[name][keyword] = getattr(limit, key)
    return found


def _written(key: str) -> str:
    """Return the pattern of a plain integer of that name that is written as text."""
    if key.endswith("_ns"):
        return DURATION
    return BYTES if key.endswith("_bytes") else COUNT


def _swept(one: dict[str, Any], text: str | None) -> dict[str, Any]:
    """Return the schema of one value or a list of them, which may also be written as *text*."""
    kept = {key: one[key] for key in ("title", "description", "default") if key in one}
    value: dict[str, Any] = {key: part for key, part in one.items() if key not in kept}
    if text:
        value = {"anyOf": [value, {"type": "string", "pattern": text}]}
    return kept | {"anyOf": [value, {"type": "array", "items": value, "minItems": 1}]}


def _reader(key: str) -> Callable[[Any], int]:
    """Return how a plain integer of that name is read: 10s, 15KiB or 10k; ns and bytes also as a number."""
    if key.endswith("_ns"):
        return lambda raw: units.parse_duration(raw) if isinstance(raw, str) else units.parse_count(raw)
    return units.parse_bytes if key.endswith("_bytes") else units.parse_count


def _hints(params: type[Any]) -> dict[str, Any]:
    """Return the annotations of a mechanism's record, by field."""
    hints = typing.get_type_hints(params, include_extras=True)
    return {field.name: hints[field.name] for field in fields(params)}


def _is_plain(hint: Any, kind: type) -> bool:  # noqa: ANN401 - an annotation
    """Say whether an annotation is *kind* without a way of its own to read text."""
    if typing.get_origin(hint) is not typing.Annotated:
        return hint is kind
    base, *metadata = typing.get_args(hint)
    return base is kind and not any(
        isinstance(piece, BeforeValidator | PlainValidator | WrapValidator) for piece in metadata
    )


def _number(key: str, raw: Any, hint: Any) -> Any:  # noqa: ANN401 - whatever the file holds, and an annotation
    """Return *raw* with counts and shares read where a plain number is wanted."""
    try:
        if _is_plain(hint, int):
            return _reader(key)(raw)
        if _is_plain(hint, float) and isinstance(raw, str) and raw.endswith("%"):
            return float(units.parse_share(raw))
    except ValueError as error:
        raise ParameterError(key, str(error)) from error
    return raw


def _what(detail: ErrorDetails) -> str:
    """Return what is wrong and what is allowed."""
    got, context = units.quote(detail["input"]), detail.get("ctx", {})
    if detail["type"] == "value_error":
        return str(context["error"])
    if detail["type"] == "literal_error":
        known = re.findall(r"'([^']*)'", context["expected"])
        return f"cannot be {got}; {did_you_mean(str(detail['input'])[: units.LONGEST], known)}"
    return f"{detail['msg'].removeprefix('Input ')}, got {got}"
