"""What was swept, as amounts along an axis: values of cells, and the scenario's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from kscale import units
from kscale.report.plot import names, scale, style
from kscale.report.plot.scale import Scale
from kscale.report.text import words
from kscale.results.record import Result, Value

UNITS = ("ns", "bytes", "ppm")  # that a parameter's name may end in
READERS: tuple[Callable[[str], object], ...] = (  # of amounts that a scenario writes as text
    units.parse_count,
    units.parse_share,
    units.parse_rate,
    units.parse_duration,
    units.parse_bytes,
    units.parse_cpu,
)


@dataclass(frozen=True, slots=True)
class Axis:
    """One swept parameter whose values are amounts."""

    key: str
    values: tuple[Value, ...]  # as cells have them, ascending
    amounts: tuple[float, ...]
    scale: Scale

    @property
    def name(self) -> str:
        """Return what it is called, without a unit that its values say."""
        return names.short(spoken(self.key))

    @property
    def title(self) -> str:
        """Return what stands beside it: its name, and that it is not to scale if it is not."""
        return f"{self.name} (not to scale)" if self.scale.ranks else self.name

    @property
    def places(self) -> list[float]:
        """Return where its values stand."""
        return [self.scale.place(amount) for amount in self.amounts]

    def tick(self, number: int) -> str:
        """Return the value of that number as a tick says it."""
        return said(self.key, self.values[number])


@dataclass(frozen=True, slots=True)
class Own:
    """The value of a parameter that nobody swept: the scenario's, or else the mechanism's own."""

    amount: float
    shown: str
    of: Literal["this cluster", "default"]


def axis(key: str, values: Sequence[Value]) -> Axis | None:
    """Return an axis of those values; None unless they are two different amounts at least, and no words.

    null is no amount and stands nowhere: what nobody set.
    """
    given = {repr(value): value for value in values if value is not None}
    found = sorted(
        (one, name) for name, value in given.items() for one in (amount(value),) if one is not None
    )
    if len({one for one, _ in found}) < max(len(given), 2):  # two words of one amount are no two places
        return None
    amounts = tuple(one for one, _ in found)
    return Axis(key, tuple(given[name] for _, name in found), amounts, scale.fitting(amounts))


def amount(value: object) -> float | None:
    """Return a value as a number, whether a cell or a scenario states it; None if it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    for read in READERS if isinstance(value, str) else ():
        try:
            return float(read(value))  # type: ignore[arg-type]  # all give numbers
        except ValueError:
            continue
    return None


def own(result: Result, mechanism: str, key: str) -> Own | None:
    """Return what a parameter is where it is not swept; None if the result does not say, or says several."""
    resolved: object = result.scenario.resolved
    if "." in key:
        for part in key.split("."):
            resolved = resolved.get(part) if isinstance(resolved, Mapping) else None
        return _own(key, resolved, "this cluster")
    stated = _stated(result.scenario.resolved, mechanism, key)
    if stated:
        return _own(key, stated[0], "this cluster") if len(stated) == 1 else None
    info = result.mechanisms.get(mechanism)
    return _own(key, info.defaults.get(key) if info else None, "default")


def spoken(key: str) -> str:
    """Return a parameter's name in words: "free pages", "nodes" of cluster.nodes.count."""
    parts = key.split(".")
    last = parts[-2] if len(parts) > 1 and parts[-1] in {"count", "total"} else parts[-1]
    unit = _unit(last)
    return words(last.removesuffix(f"_{unit}") if unit else last)


def said(key: str, value: object) -> str:
    """Return a value as a tick says it: "10k", "4 KiB", "2.9 %"."""
    unit = _unit(key)
    if isinstance(value, float) and not unit and not value.is_integer():
        return units.show_number(Fraction(repr(value)))  # the digits that were given
    return names.clipped(style.tick_of(value, unit), 14)


def _unit(key: str) -> str:
    """Return the unit that a name ends in; empty if it says none."""
    return next((unit for unit in UNITS if key.endswith(f"_{unit}")), "")


def _own(key: str, value: object, of: Literal["this cluster", "default"]) -> Own | None:
    """Return a value with what it is called; None if it is no amount."""
    found = amount(value)
    shown = value if isinstance(value, str) else int(found) if found and found.is_integer() else found
    return None if found is None else Own(found, said(key, shown), of)


def _stated(resolved: Mapping[str, object], mechanism: str, key: str) -> list[object]:
    """Return the different values that a scenario states of a mechanism's parameter; a list is several."""
    mechanisms = resolved.get("mechanisms")
    blocks = mechanisms.get(mechanism) if isinstance(mechanisms, Mapping) else None
    found: dict[str, object] = {}
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Mapping) and key in block:
            given = block[key]
            found.update({repr(one): one for one in (given if isinstance(given, list) else [given])})
    return list(found.values())
