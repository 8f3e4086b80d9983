"""What a policy allows one number: the first rule that matches it, and what that leaves to the defaults."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from kscale.judge import matching, verdict
from kscale.judge.matching import Kind, Thing
from kscale.judge.policy import Defaults, Level, Policy, Rule

MARGIN_CI = Fraction("0.10")  # of a timing on a runner of CI, which is shared
MARGIN_APART = Fraction(str(verdict.MARGIN_APART))


@dataclass(frozen=True, slots=True)
class Limits:
    """How far one number may move, and what follows if it moves further."""

    level: Level
    tolerance: Fraction  # of a counter, relative
    margin: Fraction  # of a time taken in pairs, or of a resource
    margin_apart: Fraction  # of a time not taken in pairs
    confirm: int  # times a slower time is measured again
    min_pairs: int
    rule: str = ""  # where it says so: "kscale-gate.yaml:14", or "default: timing"
    reason: str = ""
    ruled: bool = False  # a rule says so, not the defaults
    names_metric: bool = False  # and it names the metric


def limits(policy: Policy, thing: Thing, kind: Kind, *, ci: bool) -> Limits:
    """Return what holds for *thing*; *ci* says whether margins for CI do."""
    usual = _default(policy.spec.defaults, kind, ci=ci)
    for i, rule in enumerate(policy.spec.rules):
        if matching.matches(rule.match, thing):
            return _ruled(replace(usual, rule=policy.place("rules", i)), rule, ci=ci)
    return replace(usual, rule=policy.place("defaults", kind))


def _default(defaults: Defaults, kind: Kind, *, ci: bool) -> Limits:
    """Return what holds where no rule matches."""
    timing = defaults.timing
    margin = timing.margin
    if ci:
        margin = max(margin, MARGIN_CI) if timing.margin_ci is None else timing.margin_ci
    twice = max(MARGIN_APART, 2 * margin)
    levels: dict[Kind, Level] = {
        "exact": defaults.exact.level,
        "timing": timing.level,
        "resource": defaults.resource.level,
    }
    return Limits(
        level=levels[kind],
        tolerance=defaults.exact.tolerance,
        margin=defaults.resource.margin if kind == "resource" else margin,
        margin_apart=twice if timing.margin_apart is None else timing.margin_apart,
        confirm=timing.confirm,
        min_pairs=timing.min_pairs,
    )


def _ruled(usual: Limits, rule: Rule, *, ci: bool) -> Limits:
    """Return *usual* with what a rule says instead."""
    found: dict[str, Any] = {
        name: given
        for name in ("level", "tolerance", "margin", "margin_apart", "confirm", "min_pairs")
        if (given := getattr(rule, name)) is not None
    }
    if ci and rule.margin_ci is not None:
        found["margin"] = rule.margin_ci
    if "margin" in found and "margin_apart" not in found:
        found["margin_apart"] = max(usual.margin_apart, 2 * found["margin"])
    return replace(usual, **found, reason=rule.reason, ruled=True, names_metric=rule.match.metric is not None)
