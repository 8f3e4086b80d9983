"""What a policy requires of a result, whatever was before: its text, read.

    MECHANISM[key=value,...].METRIC.STAT OP VALUE
    MECHANISM[key=value,...].VARIANT.METRIC.STAT OP VALUE

    MECHANISM[key=value,...].VARIANT.METRIC.exponent(PARAMETER) OP VALUE

Without [...] every cell of the mechanism must hold; without VARIANT the optimized one is meant.

    speedup    baseline over this variant; of counters too
    ratio      this variant over the baseline
    fraction   the same, written as a percentage or a number
    value      this variant's own, in the metric's unit; a time is per unit of work, as tables show it
    baseline   the baseline's own
    exponent   power of the parameter with which it grows, at every point of the others; without METRIC of
               the first headline counter

Over times the weak end of the 95 % interval must hold.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from kscale import units
from kscale.errors import did_you_mean
from kscale.judge.wording import MILLI
from kscale.mechanisms.base import BASELINE, OPTIMIZED

EXPONENT = "exponent"
STATS = ("speedup", "ratio", "fraction", "value", "baseline", EXPONENT)
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
EXAMPLE = "etcd-freelist[free_pages=1M].wall_ns.speedup >= 10"
EXAMPLE_OF_GROWTH = "etcd-freelist.optimized.exponent(free_pages) <= 0.1"
PPM = 1_000_000

_FORM = re.compile(
    r"(?P<mechanism>[A-Za-z][A-Za-z0-9_-]*)(?:\[(?P<point>[^\]]*)\])?(?P<path>(?:\.[A-Za-z][A-Za-z0-9_-]*)+)"
    r"(?:\( *(?P<over>[A-Za-z][A-Za-z0-9_.-]*) *\))? *(?P<op>>=|<=|==|>|<|=) *(?P<bound>[^ <>=].*)"
)
_DIGITS = re.compile(r"[0-9.,_]+")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One statement."""

    text: str
    mechanism: str
    params: Mapping[str, str]
    variant: str
    metric: str
    stat: str
    op: str
    given: str  # the value as written; its unit depends on the metric
    over: str = ""  # parameter of an exponent
    named: str = ""  # of an exponent: a variant or a metric, whichever the results have

    @property
    def at_least(self) -> bool:
        """Say whether more is better here."""
        return self.op.startswith(">")

    def holds(self, value: float | Fraction, bound: Fraction) -> bool:
        """Say whether *value* is as required."""
        return OPERATORS[self.op](value, bound)

    def bound(self, unit: str) -> Fraction:
        """Return the value as a number in the metric's *unit*; ValueError if it is written otherwise."""
        if self.stat == EXPONENT:  # what shrinks has one below 0
            size = units.parse_number(self.given.removeprefix("-"))
            return -size if self.given.startswith("-") else size
        if self.stat in {"speedup", "ratio"}:
            return units.parse_number(self.given.removesuffix("x"))
        if self.stat == "fraction":
            parse = units.parse_percent if self.given.endswith("%") else units.parse_number
            return parse(self.given)
        return _amount(self.given, unit)


def parse(text: str) -> Requirement:
    """Return a statement read; ValueError, in one line, if it is none."""
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise ValueError(f"{units.quote(text)} cannot be read; write it like {EXAMPLE}")
    if form["op"] == "=":
        raise ValueError(f"'=' is not an operator; known: {' '.join(OPERATORS)}")
    *path, stat = form["path"][1:].split(".")
    if stat == EXPONENT or (form["over"] and stat not in STATS):
        return _of_growth(text, form, path, stat)
    if form["over"]:
        raise ValueError(f"{stat} takes no ({form['over'][: units.LONGEST]}); {EXPONENT} does")
    if not 1 <= len(path) <= 2:  # noqa: PLR2004 - metric; variant and metric
        given = units.quote(".".join([*path, stat]))
        raise ValueError(f"after the mechanism come METRIC.STAT, or VARIANT.METRIC.STAT, got {given}")
    *variant, metric = path
    if stat not in STATS:
        raise ValueError(f"no stat '{stat[: units.LONGEST]}'; {did_you_mean(stat, STATS)}")
    default = BASELINE if stat == "baseline" else OPTIMIZED
    return Requirement(
        text=text.strip(),
        mechanism=form["mechanism"].replace("_", "-"),
        params=_point(form["point"]),
        variant=variant[0] if variant else default,
        metric=metric,
        stat=stat,
        op=form["op"],
        given=form["bound"].strip(),
    )


def _of_growth(text: str, form: re.Match[str], path: Sequence[str], stat: str) -> Requirement:
    """Return a requirement of an exponent; what is left out of variant and metric is empty."""
    if stat != EXPONENT:
        raise ValueError(f"no stat '{stat[: units.LONGEST]}'; {did_you_mean(stat, STATS)}")
    if not form["over"]:
        raise ValueError(f"{EXPONENT} is over a parameter; write it like {EXAMPLE_OF_GROWTH}")
    if len(path) > 2:  # noqa: PLR2004 - variant and metric
        given = units.quote(".".join([*path, stat]))
        raise ValueError(f"after the mechanism come VARIANT and METRIC, if any, and {EXPONENT}, got {given}")
    variant, metric = path if len(path) == 2 else (OPTIMIZED, "")  # noqa: PLR2004 - both
    found = Requirement(
        text=text.strip(),
        mechanism=form["mechanism"].replace("_", "-"),
        params=_point(form["point"]),
        variant=variant,
        metric=metric,
        stat=stat,
        op=form["op"],
        given=form["bound"].strip(),
        over=form["over"],
        named=path[0] if len(path) == 1 else "",
    )
    try:
        found.bound("")
    except ValueError as error:
        raise ValueError(f"{error} (an exponent: 1 is twice the cost at twice the size)") from error
    return found


def _point(text: str | None) -> dict[str, str]:
    """Return key=value,... as a mapping."""
    found: dict[str, str] = {}
    for piece in text.split(",") if text is not None else ():
        key, equals, value = (part.strip() for part in piece.partition("="))
        if not (key and equals and value):
            raise ValueError(f"[{units.quote(piece)}] is not key=value; write it like {EXAMPLE}")
        if key in found:
            raise ValueError(f"{units.quote(key)} is there twice; keep one")
        found[key] = value
    return found


def _amount(given: str, unit: str) -> Fraction:
    """Return an amount of a metric's unit."""
    if unit == "ns":
        return Fraction(units.parse_duration(given))
    if unit == "bytes":
        if _DIGITS.fullmatch(given) and given != "0":
            raise ValueError(f"{units.quote(given)} has no unit; write it like 64MiB")
        return Fraction(units.parse_bytes(given))
    if unit == "ppm":
        return units.parse_percent(given) * PPM
    number = units.parse_number(given)
    return number * 1000 if unit.endswith(MILLI) else number
