"""The gate's policy file, kscale.policy/1: every key, its default and its limits.

Each key is optional. Rules are read from the top, and the first that matches decides; what it does
not say, the defaults do. Percentages need their sign: 5 and 0.05 are refused, 5% is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from kscale import units
from kscale.errors import KscaleError
from kscale.judge import requirement
from kscale.judge.requirement import Requirement
from kscale.measure.stats import FEWEST
from kscale.scenario import document
from kscale.scenario.quantities import Count
from kscale.scenario.spec import Pieces, Spec, Text, between
from kscale.scenario.yaml_tree import Loc

SCHEMA: Final = "kscale.policy/1"
BUILT_IN = "defaults"  # what stands for a file where there is none
MOST_ENTRIES = 1000  # rules, requirements or acks
MOST_PAIRS, MOST_ROUNDS = 1000, 5

Level = Literal["ignore", "warn", "error"]
Treatment = Literal["warn", "fail", "ignore"]
Value = str | int | float | bool

_PERCENT = re.compile(r"([0-9]{1,3}(,[0-9]{3})+|[0-9]+(_[0-9]+)*)(\.[0-9]+)? ?%")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _date(given: object) -> date:
    """Return a day."""
    try:
        return date.fromisoformat(given if isinstance(given, str) and _DAY.fullmatch(given) else "")
    except ValueError:
        raise ValueError(f"{units.quote(given)} is not a date; write it like 2027-01-31") from None


def _share(given: str | float) -> Fraction:
    """Return a share from a percentage, as the published schema allows it, or from 0."""
    share = units.parse_percent(given)
    if isinstance(given, str) and not _PERCENT.fullmatch(given):  # +5% and 1e5% are numbers, not plain ones
        raise ValueError(f"{units.quote(given)} is not a percentage; write it like 5% or 0.5%")
    return share


def _percent(share: Fraction) -> str:
    """Return a percentage that reads back to the same number."""
    with localcontext(prec=2 * units.LONGEST):
        return f"{Decimal(share.numerator) * 100 / Decimal(share.denominator):f}%"


Percent = Annotated[
    Fraction,
    PlainValidator(_share),
    PlainSerializer(_percent),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": f"^{_PERCENT.pattern}$", "maxLength": units.LONGEST},
                {"const": 0},
            ],
            "description": "A percentage; its sign is needed.",
            "examples": ["5%", "0.5%"],
        }
    ),
]
Day = Annotated[
    date,
    PlainValidator(_date),
    PlainSerializer(date.isoformat),
    WithJsonSchema(
        {"type": "string", "format": "date", "pattern": f"^{_DAY.pattern}$", "examples": ["2027-01-31"]}
    ),
]
Pairs = Annotated[Count, between(FEWEST, MOST_PAIRS)]
Rounds = Annotated[Count, between(0, MOST_ROUNDS)]


class ExactDefaults(Spec):
    """Counters: equal seeds give equal counts, so any change is news."""

    tolerance: Percent = Field(
        "0%",
        validate_default=True,
        description="Change a counter may make for the worse, relative to before. Default 0.",
    )
    level: Level = Field("error", description="What a change beyond it is. Default error.")


class TimingDefaults(Spec):
    """Times: the whole interval of the ratio must lie beyond the margin."""

    margin: Percent = Field("5%", validate_default=True, description="Of times taken in pairs. Default 5%.")
    margin_ci: Percent | None = Field(
        None,
        description="Instead, where the environment says CI. Default 10%, or the margin if that is more.",
    )
    margin_apart: Percent | None = Field(
        None,
        description="Of times not taken in pairs. Default 25%, or twice the margin if that is more.",
    )
    level: Level = Field("error", description="What a slower time is. Default error.")
    confirm: Rounds = Field(
        1, description="How often a slower time is measured again; each must say so. Default 1."
    )
    min_pairs: Pairs = Field(10, description="Pairs below which a time gets no verdict. Default 10.")


class ResourceDefaults(Spec):
    """Memory, compile time and sizes, sampled once a process: never failed on one process alone."""

    margin: Percent = Field("10%", validate_default=True, description="Default 10%.")
    level: Level = Field(
        "warn",
        description=(
            "What a growth beyond it is; one process on each side cannot fail, so error warns too. "
            "Default warn."
        ),
    )


class Defaults(Spec):
    """What holds where no rule matches."""

    exact: ExactDefaults = Field(ExactDefaults(), description="Counters.")
    timing: TimingDefaults = Field(TimingDefaults(), description="Times.")
    resource: ResourceDefaults = Field(ResourceDefaults(), description="Resources.")


class Treat(Spec):
    """What is made of what cannot be judged."""

    unclear: Treatment = Field(
        "warn", description="A time without a verdict, or an unclear one; fail is exit 3. Default warn."
    )
    new_cell: Treatment = Field(
        "ignore", description="A cell, variant or counter of the second result only. Default ignore."
    )
    gone_cell: Treatment = Field(
        "fail", description="A cell, variant or counter of the first result only. Default fail."
    )
    other_machine: Treatment = Field(
        "warn", description="A time of another machine, which is never judged; fail is exit 3. Default warn."
    )
    nothing_judged: Literal["fail", "ignore"] = Field(
        "fail", description="A gate that judged nothing; fail is exit 3. Default fail."
    )


class Match(Spec):
    """What an entry is about, by shell patterns; a key that is not given matches everything."""

    mechanism: Text | None = Field(None, description="Such as sched-*; _ and - are the same.")
    metric: Text | None = Field(None, description="A counter's name, or wall_ns for the time.")
    variant: Text | None = Field(None, description="Such as optimized.")
    params: dict[Text, Value] = Field({}, description="Parameter to its value, such as free_pages: 1M.")

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        """Refuse an empty match."""
        if self.mechanism is self.metric is self.variant is None and not self.params:
            raise ValueError('names nothing; to match everything, write mechanism: "*"')
        return self


class Rule(Spec):
    """An exception from the defaults."""

    match: Match = Field(description="What the rule is about.")
    margin: Percent | None = Field(None, description="Of times and resources.")
    margin_ci: Percent | None = Field(None, description="Of times in CI. Default: the rule's margin.")
    margin_apart: Percent | None = Field(
        None,
        description="Of times not taken in pairs. Default: twice the margin, but no less than the defaults'.",
    )
    tolerance: Percent | None = Field(None, description="Of counters.")
    level: Level | None = Field(None, description="ignore, warn or error; a resource is warned of at most.")
    confirm: Rounds | None = Field(None, description="How often a slower time is measured again.")
    min_pairs: Pairs | None = Field(None, description="Pairs below which a time gets no verdict.")
    reason: Text = Field("", description="Why, for those who read the report.")


class Ack(Spec):
    """Something known to be worse, and accepted until a day."""

    match: Match = Field(
        description="What is accepted: counters and times; a resource never fails, so an ack changes nothing."
    )
    up_to: Percent = Field(description="How much worse it may be, relative to before.")
    reason: Text = Field(description="Why it is accepted.")
    link: Text = Field("", description="Where it was decided.")
    expires: Day = Field(description="The last day it holds, such as 2027-01-31.")


def _requirement(given: str) -> str:
    """Return *given* if it can be read as a requirement."""
    requirement.parse(given)
    return given


Statement = Annotated[Text, AfterValidator(_requirement)]


class PolicySpec(Spec):
    """What a gate lets pass."""

    schema_: Literal["kscale.policy/1"] = Field(SCHEMA, alias="schema", description="Version of the format.")
    defaults: Defaults = Field(Defaults(), description="What holds where no rule matches.")
    treat: Treat = Field(Treat(), description="What is made of what cannot be judged.")
    rules: Annotated[tuple[Rule, ...], Pieces(0, MOST_ENTRIES)] = Field(
        (), description="Exceptions; the first that matches decides."
    )
    require: Annotated[
        tuple[Statement, ...],
        Pieces(0, MOST_ENTRIES),
        BeforeValidator(lambda given: [given] if isinstance(given, str) else given),  # one needs no list
    ] = Field(
        (),
        description=(
            "What must hold of the last result, whatever was before: "
            "MECHANISM[key=value,...].METRIC.STAT OP VALUE, such as etcd-freelist.wall_ns.speedup >= 10; "
            "of a sweep also MECHANISM.VARIANT.exponent(PARAMETER) OP VALUE."
        ),
    )
    acks: Annotated[tuple[Ack, ...], Pieces(0, MOST_ENTRIES)] = Field(
        (), description="What is known to be worse and accepted for now."
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy, and what is needed to speak of its file."""

    spec: PolicySpec
    where: str = BUILT_IN  # the file, as complaints name it
    lines: Mapping[Loc, int] = field(default_factory=dict)  # of each key and entry of the file

    @property
    def name(self) -> str:
        """Return the file as reports name it: without the folders of this machine."""
        return Path(self.where).name if Path(self.where).is_absolute() else self.where

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """Return what must hold, read."""
        return tuple(requirement.parse(text) for text in self.spec.require)

    def place(self, *loc: str | int) -> str:
        """Return file:line of a key; what the file does not say is a default."""
        known = next((loc[:size] for size in range(len(loc), 1, -1) if loc[:size] in self.lines), None)
        if known is None:
            return f"default: {'.'.join(str(part) for part in loc if part != 'defaults')}"
        return f"{self.name}:{self.lines[known]}"

    def complain(self, loc: Loc, message: str) -> KscaleError:
        """Return the error that says *message* of the key at *loc*."""
        return document.complaint(self.where, loc, message, self.lines)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy file."""
    return PolicySpec.model_json_schema()
