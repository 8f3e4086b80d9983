"""Axes of a sweep in words: what is varied, its values, from the first to the last."""

from collections.abc import Sequence
from fractions import Fraction

from kscale.report.text import clean
from kscale.units import show_bytes, show_ns, show_number, show_size

UNITS = ("_ns", "_bytes")  # ends of names whose values are times or sizes
FEW = 4  # values of an axis that are all said

Value = bool | int | float | str | None


def parameter(name: str) -> str:
    """Return what is varied: "free pages", "cluster nodes count"."""
    plain = clean(name).replace(".", " ").replace("_", " ")
    for unit in UNITS:
        plain = plain.removesuffix(unit.replace("_", " "))
    return plain


def value(name: str, found: Value) -> str:
    """Return one value of a parameter: "10k", "10 min", "1.5 KiB"."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return clean(str(found).lower() if isinstance(found, bool) else found)
    if name.endswith("_ns"):
        return show_ns(found)
    if name.endswith("_bytes"):
        return show_bytes(found)
    if isinstance(found, float) and not found.is_integer():
        return show_number(Fraction(repr(found)))
    return show_size(int(found))


def span(name: str, values: Sequence[Value]) -> str:
    """Return the values of a parameter: all of a few, else "1k … 1M"."""
    if len(values) <= FEW:
        return ", ".join(value(name, one) for one in values)
    return f"{value(name, values[0])} … {value(name, values[-1])}"


def axis(key: str, values: Sequence[Value]) -> str:
    """Return an axis: "free pages 1k … 1M (8 values)"; a mechanism's own key without the mechanism."""
    many = f" ({len(values):,} values)" if len(values) > FEW else ""
    return f"{parameter(key)} {span(key, values)}{many}"
