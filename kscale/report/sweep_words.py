"""Axes of a sweep in words: what is varied, its values, from the first to the last."""

from collections.abc import Sequence

from kscale.measure import point
from kscale.report.text import clean, singular

FEW = 4  # values of an axis that are all said

Value = bool | int | float | str | None


def parameter(name: str) -> str:
    """Return what is varied: "free pages", "nodes" of cluster.nodes.count, "downtime" of downtime_ns."""
    return clean(point.called(name).removesuffix(" ns").removesuffix(" bytes"))


def value(name: str, found: Value) -> str:
    """Return one value of a parameter: "10k", "10 min", "1.5 KiB"."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return clean(str(found).lower() if isinstance(found, bool) else found)
    number = int(found) if isinstance(found, float) and found.is_integer() else found
    called, said = parameter(name), clean(point.say(name, number))
    return said.removeprefix(f"{called} ").removesuffix(f" {called}").removesuffix(f" {singular(called)}")


def span(name: str, values: Sequence[Value]) -> str:
    """Return the values of a parameter: all of a few, else "1k … 1M"."""
    if len(values) <= FEW:
        return ", ".join(value(name, one) for one in values)
    return f"{value(name, values[0])} … {value(name, values[-1])}"


def axis(key: str, values: Sequence[Value], mechanisms: Sequence[str]) -> str:
    """Return an axis: "free pages 1k … 1M (8 values)"; of which mechanism, if there are several."""
    own, dot, rest = key.partition(".")
    of = own in mechanisms and bool(dot)
    name = rest if of else key
    whose = f"{clean(own)} " if of and len(mechanisms) > 1 else ""
    many = f" ({len(values):,} values)" if len(values) > FEW else ""
    return f"{whose}{parameter(name)} {span(name, values)}{many}"
