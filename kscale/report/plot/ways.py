"""The ways of doing one thing, by what each costs and how good it is: every variant at every parameter of it.

What changes the baseline makes another problem, which has a picture of its own; what does not is a
parameter of the variants that it changes. Both are seen from the counters, so that no mechanism says it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from kscale.judge import seeds
from kscale.judge.seeds import Point, Spread
from kscale.measure.point import say
from kscale.report.plot import amounts, names
from kscale.report.plot.asked import BASELINE, OPTIMIZED, Asked
from kscale.report.text import words
from kscale.results.record import Result, Value

LONGEST = 34  # columns of a label

Held = tuple[tuple[str, Value], ...]
Metrics = tuple[str, str]  # along the axes: what it costs, how good it is


@dataclass(frozen=True, slots=True)
class Way:
    """One variant at one value of each parameter that it has."""

    mechanism: str
    label: str
    base: str  # without its parameters
    variant: str
    about: str  # what it does
    x: Spread
    y: Spread


@dataclass(frozen=True, slots=True)
class Problem:
    """What all its ways do: one scenario at one point."""

    result: Result
    held: Held
    ways: tuple[Way, ...]

    @property
    def at(self) -> str:
        """Return at which point of its scenario it is, in words."""
        return ", ".join(f"{amounts.spoken(key)} {amounts.said(key, value)}" for key, value in self.held)

    @property
    def name(self) -> str:
        """Return which it is, in words."""
        mechanisms = dict.fromkeys(names.short(way.mechanism) for way in self.ways)
        name = f"{names.short(self.result.scenario.name)}: {', '.join(mechanisms)}"
        return f"{name} ({self.at})" if self.at else name


def problems(asked: Asked, metrics: Metrics) -> Iterator[Problem]:
    """Yield every problem that has ways with both metrics."""
    for result in asked.results:
        found: dict[Held, list[Way]] = {}
        groups: dict[str, list[Point]] = {}
        for point in seeds.points(result):
            groups.setdefault(point.mechanism, []).append(point)
        for points in groups.values():
            for held, way in _of_mechanism(result, points, metrics, asked):
                found.setdefault(held, []).append(way)
        yield from (Problem(result, held, _once(several)) for held, several in found.items())


def _of_mechanism(
    result: Result, points: Sequence[Point], metrics: Metrics, asked: Asked
) -> Iterator[tuple[Held, Way]]:
    """Yield the ways of one mechanism, each with the problem it belongs to."""
    wanted = None if asked.variant is None else {asked.before, asked.variant}
    variants = dict.fromkeys(name for point in points for cell in point.cells for name in cell.variants)
    swept = _swept(points)
    outer = [key for key in swept if "." in key or _changes(points, key, asked.before, metrics)]
    info = result.mechanisms.get(points[0].mechanism)
    defaults, abouts = (info.defaults, info.variants) if info else ({}, {})
    for variant in variants:
        if wanted is not None and variant not in wanted:
            continue
        own = [key for key in swept if key not in outer and _changes(points, key, variant, metrics)]
        done, about = set(), abouts.get(variant, "")
        for point in points:
            x, y = (point.spread(variant, metric) for metric in metrics)
            held = tuple((key, point.params.get(key)) for key in outer)
            given = {key: point.params.get(key) for key in own}
            place = repr((held, given))
            if x is not None and y is not None and place not in done:
                done.add(place)
                base = names.short(_base(point.mechanism, variant), LONGEST)
                label = " ".join(
                    [base, ", ".join(_said(base, key, value, defaults) for key, value in given.items())]
                )
                yield (
                    held,
                    Way(point.mechanism, names.clipped(label.strip(), LONGEST), base, variant, about, x, y),
                )


def _swept(points: Sequence[Point]) -> list[str]:
    """Return the parameters with several values, in the order of the file."""
    keys = dict.fromkeys(key for point in points for key in point.params)
    return [key for key in keys if len({repr(point.params.get(key)) for point in points}) > 1]


def _changes(points: Sequence[Point], key: str, variant: str, metrics: Metrics) -> bool:
    """Say whether a parameter changes what a variant counts, all others equal."""
    found: dict[str, set[str]] = {}
    for point in points:
        works = [cell.variants[variant].work for cell in point.cells if variant in cell.variants]
        if works:
            others = repr(sorted((name, repr(value)) for name, value in point.params.items() if name != key))
            counted = [[work.get(metric) for metric in metrics] for work in works]
            found.setdefault(others, set()).add(repr(counted))
    return any(len(different) > 1 for different in found.values())


def _base(mechanism: str, variant: str) -> str:
    """Return what a variant is called beside those of other mechanisms: optimized, by its mechanism."""
    if variant == OPTIMIZED:
        return words(mechanism.partition("-")[2] or mechanism).replace("-", " ")
    return variant if variant == BASELINE else words(variant).replace("-", " ")


def _said(base: str, key: str, value: Value, defaults: Mapping[str, Value]) -> str:
    """Return a parameter of a way: "5 %", "500 nodes", "default" where it is a default without an amount."""
    if value is None or (not value and defaults.get(key) == value and not isinstance(value, bool)):
        return "default"
    if key.endswith(("percentage", "percent")):
        return f"{amounts.said(key, value)} %"
    if words(key) in base.split():  # fixed count 5, not fixed count count 5
        return amounts.said(key, value)
    return say(words(key), value) if isinstance(value, bool | int | float) else words(str(value))


def _once(found: Sequence[Way]) -> tuple[Way, ...]:
    """Return ways without those that are one: the baseline of each mechanism, if it counts the same.

    Of those that only share their name, the later ones get a number.
    """
    once: dict[tuple[str, Spread, Spread], Way] = {}
    for way in found:
        once.setdefault((way.label, way.x, way.y), way)
    kept, called = list(once.values()), Counter[str]()
    for number, way in enumerate(kept):
        called[way.label] += 1
        if called[way.label] > 1:
            kept[number] = replace(way, label=f"{way.label} ({called[way.label]})")
    return tuple(kept)
