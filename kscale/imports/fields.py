"""Fields of a Kubernetes object that anybody may have written: typed, or refused with their place.

Objects are what JSON or YAML gives: mappings, lists, text, numbers. A field that is not given and one
that is null are the same, as in Kubernetes. Complaints say where text stands, never which: names are hidden.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from kscale import units
from kscale.scenario.spec import LONGEST_TEXT

Object = Mapping[str, Any]

NOTHING: Object = {}
UNKNOWN = -1  # seconds: no time is given
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)


class FieldError(ValueError):
    """A field is not what Kubernetes' schema says: its place in the object, what, what is allowed."""


_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?", re.ASCII)


def checked_name(given: object, where: str) -> str:
    """Return the key of a label, or the name of a resource, if a scenario can hold it."""
    if not isinstance(given, str) or len(given) > LONGEST_TEXT or not _NAME.fullmatch(given):
        raise FieldError(
            f"{where}: names must be of letters and digits, with . _ / - between them, got {got(given)}"
        )
    return given


def got(value: object) -> str:
    """Return what a value is, for a complaint: of text only that, and its length, as it may be a name."""
    return (
        f"text of {units.show_many(len(value), 'character')}"
        if isinstance(value, str)
        else units.quote(value)
    )


def mapping(of: Object, key: str, at: str = "") -> Object:
    """Return the mapping *key* of an object, empty if it is not given; *at* is where the object stands."""
    value = of.get(key)
    if value is None:
        return NOTHING
    if not isinstance(value, dict):
        raise FieldError(f"{at}{key}: must map keys to values, got {got(value)}")
    return value


def mappings(of: Object, key: str, at: str = "") -> list[Object]:
    """Return the list of mappings *key*, empty if it is not given."""
    value = of.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"{at}{key}: must be a list, got {got(value)}")
    for i, entry in enumerate(value):
        if not isinstance(entry, dict):
            raise FieldError(f"{at}{key}[{i}]: must map keys to values, got {got(entry)}")
    return value


def text(of: Object, key: str, at: str = "") -> str:
    """Return the text *key*, empty if it is not given: one line, no longer than a scenario takes."""
    value = of.get(key)
    return "" if value is None else _text(value, f"{at}{key}")


def texts(of: Object, key: str, at: str = "") -> list[str]:
    """Return the list of text *key*, empty if it is not given."""
    value = of.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise FieldError(f"{at}{key}: must be a list, got {got(value)}")
    return [_text(entry, f"{at}{key}[{i}]") for i, entry in enumerate(value)]


def labels(of: Object, key: str, at: str = "") -> dict[str, str]:
    """Return the mapping of text to text *key*, such as labels; its place in errors names no key of it."""
    return {
        _text(name, f"{at}{key}"): _text(value, f"{at}{key}") for name, value in mapping(of, key, at).items()
    }


def flag(of: Object, key: str, at: str = "") -> bool:
    """Return the boolean *key*, false if it is not given."""
    value = of.get(key)
    if value is None:
        return False
    if not isinstance(value, bool):
        raise FieldError(f"{at}{key}: must be true or false, got {got(value)}")
    return value


def integer(of: Object, key: str, least: int, most: int, at: str = "") -> int | None:
    """Return the whole number *key*, None if it is not given."""
    value = of.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise FieldError(f"{at}{key}: must be a whole number, {least:,} to {most:,}, got {got(value)}")
    return value


def seconds(of: Object, key: str, at: str = "") -> int:
    """Return the time *key* in whole Unix seconds, UNKNOWN if it is not given or before 1970."""
    value = of.get(key)
    if value is None:
        return UNKNOWN
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            when = datetime.fromisoformat(value if "." not in value else _to_microseconds(value))
            return max(UNKNOWN, int((when.astimezone(UTC) - _EPOCH).total_seconds() // 1))
        except (ValueError, OverflowError):
            pass
    raise FieldError(f"{at}{key}: must be a time like 2026-01-31T12:00:00Z, got {got(value)}")


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _to_microseconds(value: str) -> str:
    """Return a time with a fraction of six digits, which every version of Python reads."""
    whole, _, rest = value.partition(".")
    digits = re.match("[0-9]+", rest)
    fraction = digits[0] if digits else ""
    return f"{whole}.{fraction[:6]:0<6}{rest[len(fraction) :]}"


def _text(value: object, where: str) -> str:
    """Return *value* if it is text that may go into a scenario."""
    if not isinstance(value, str):
        raise FieldError(f"{where}: must be text, got {got(value)}")
    if len(value) > LONGEST_TEXT or not value.isprintable():
        raise FieldError(f"{where}: must be one line of at most {LONGEST_TEXT} characters, got {got(value)}")
    return value
