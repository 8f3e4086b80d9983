"""What every part of a scenario file has in common: its base class, its names and its limits."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from kscale import units
from kscale.errors import did_you_mean

LONGEST_TEXT = 253  # characters of a name or label, as in Kubernetes
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")

T = TypeVar("T")


class InconsistentError(ValueError):
    """Two parts of a scenario do not go together; *loc* says where to look."""

    def __init__(self, loc: tuple[str | int, ...], message: str) -> None:
        """Keep the place, so that the loader can name the line."""
        super().__init__(message)
        self.loc = loc


class Spec(BaseModel):
    """A part of the file: frozen, unknown keys refused, a key without a value means its default."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
        """Refuse an unknown key with the nearest known one."""
        if not isinstance(given, dict):
            return given
        known = [field.alias or name for name, field in cls.model_fields.items()]
        for key in given:
            if key not in known:
                why = f"unknown key; {did_you_mean(str(key)[: units.LONGEST], known)}"
                raise PydanticCustomError("unknown_key", "{why}", {"why": why, "key": str(key)})
        return {key: value for key, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Pieces:
    """Least and most entries of a list or mapping."""

    least: int
    most: int

    def _check(self, given: Any) -> Any:  # noqa: ANN401 - any list or mapping
        """Return *given* if it has an allowed length."""
        if len(given) < self.least:
            raise ValueError(f"must have at least {self.least:,} {'entry' if self.least == 1 else 'entries'}")
        if len(given) > self.most:
            raise ValueError(f"must have at most {self.most:,} entries, got {len(given):,}")
        return given

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
        """Check the length after the entries."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))


@dataclass(frozen=True, slots=True)
class Either:
    """In the JSON Schema: this may also be written in the short way *about* describes."""

    about: str
    types: tuple[str, ...]

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return both ways."""
        return {"anyOf": [handler(schema), {"type": list(self.types), "description": self.about}]}


@dataclass(frozen=True, slots=True)
class _OneOrMore:
    """A list, or a single value that stands for a list of one."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401 - pydantic's hook
        """Wrap a single value before the list is read."""
        return core_schema.no_info_before_validator_function(
            lambda given: given if isinstance(given, list | tuple) else [given], handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return both ways."""
        listed = handler(schema)
        return {"anyOf": [listed["items"], listed]} if "items" in listed else listed


Many = Annotated[tuple[T, ...], _OneOrMore()]


def either(about: str, *types: str) -> Either:
    """Return the mark that a short way of writing exists: *about* it, JSON *types* it may have."""
    return Either(about, types or ("string",))


def between(least: int, most: int, show: Callable[[int], str] = "{:,}".format) -> AfterValidator:
    """Return a validator that refuses numbers outside *least* to *most*, shown as people write them."""

    def check(value: int) -> int:
        if not least <= value <= most:
            raise ValueError(f"must be {show(least)} to {show(most)}, got {show(value)}")
        return value

    return AfterValidator(check)


def _text(given: Any) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return *given* if it is text of a sensible length."""
    if not isinstance(given, str):
        raise ValueError(f"must be text, got {units.quote(given)}; put it in quotes")  # noqa: TRY004 - pydantic wants ValueError
    if len(given) > LONGEST_TEXT or not given.isprintable():
        raise ValueError(f"must be one line of at most {LONGEST_TEXT} characters, got {units.quote(given)}")
    return given


def _name(given: str) -> str:
    """Return *given* if it can name a resource, a label or a type."""
    if not _NAME.fullmatch(given):
        raise ValueError(
            f"{units.quote(given)} is not a name; use letters and digits, and . _ / - between them"
        )
    return given


def _beside(given: str) -> str:
    """Return *given* if it is a path that starts at the scenario's own folder and stays in it."""
    odd = "\\" in given or ".." in given.split("/") or PureWindowsPath(given).drive
    if not given or odd or given.startswith(("/", "~")):
        raise ValueError(
            f"{units.quote(given)} is not a path from the scenario's own folder; write it like folder/file"
        )
    return given


Text = Annotated[str, BeforeValidator(_text)]
Beside = Annotated[Text, AfterValidator(_beside)]
Name = Annotated[Text, AfterValidator(_name)]
