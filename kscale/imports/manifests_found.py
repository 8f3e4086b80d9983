"""What the documents of one file say together: what is read beats what is assumed.

Each component is a part of its own: in one, the last value wins. Parts that differ are all told, each value
with how many say so.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from kscale import units
from kscale.imports import versions
from kscale.imports.facts import Value
from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_versions import OPTIMIZATION, Etcd

PROFILE = "profile"
MOST_TOLD = 200  # lines
CONFIGURED = (
    "only configured"  # as kubeadm's ConfigMap says; servers need not have been started with it since
)


@dataclass(slots=True)
class Found:
    """What is found while documents are read."""

    values: dict[str, dict[int, Value]] = field(default_factory=dict)  # by key and number of the part
    number: int = 0  # of the part that is read
    behind: str = ""  # of its values
    also: dict[str, None] = field(default_factory=dict)  # lines, in the order they came
    parts: dict[str, list[int]] = field(default_factory=dict)  # components: settings of each one read
    dropped: Counter[str] = field(default_factory=Counter)
    assumed: list[str] = field(default_factory=list)
    versions: dict[str, Counter[int]] = field(default_factory=dict)  # minors of Kubernetes, by what states it
    etcd: Etcd | None = None  # version of an etcd's image
    etcd_flags: bool = False  # all flags of that etcd are known
    apiservers: set[tuple[str, ...]] = field(default_factory=set)  # what tells their manifests apart
    replicas: int = 0  # API servers of a Deployment
    etcds: dict[str, set[str]] = field(default_factory=dict)  # nodes with an etcd, by its name without theirs
    local_etcd: bool = False  # an API server asks the etcd beside it

    @property
    def minors(self) -> dict[str, int]:
        """Return the minor of Kubernetes that most say, by what states it."""
        return {name: versions.of_most(each) for name, each in self.versions.items()}

    def begin(self, behind: str = "") -> None:
        """Begin another part; *behind*: as of its values."""
        self.number += 1
        self.behind = behind

    def add(self, key: str, value: str | float | bool, how: str, *, estimate: bool = False) -> None:
        """Keep a value; an estimate gives way."""
        self.take(Value(key, value, how, estimate))

    def optimization(self, mechanism: str, on: bool, how: str, *, estimate: bool = False) -> None:
        """Keep whether a mechanism is on."""
        self.add(f"{OPTIMIZATION}{mechanism}", on, how, estimate=estimate)

    def take(self, one: Value) -> None:
        """Keep a value if its part says nothing better."""
        of_parts = self.values.setdefault(one.key, {})
        before = of_parts.get(self.number)
        if before is None or before.estimate or not one.estimate:
            of_parts[self.number] = replace(one, behind=one.behind or self.behind)

    def decide(self, one: Value) -> None:
        """Keep a value instead of all that parts say."""
        self.values[one.key] = {self.number: one}

    def take_if_new(self, one: Value) -> None:
        """Keep a value if nothing at all is known."""
        if one.key not in self.values:
            self.take(one)

    def tell(self, lines: list[str]) -> None:
        """Keep lines on what no key of a scenario takes, each once."""
        self.also |= dict.fromkeys(lines)

    def drop(self, what: str, number: int) -> None:
        """Count what is left out."""
        if number:
            self.dropped[what] += number

    def close(self, settings: Settings, version: str = "") -> None:
        """Count what is read of a component, and what is left."""
        self.parts.setdefault(f"{settings.of}{version}", []).append(len(settings))
        self.drop(f"settings of {settings.of} that no model takes", settings.unused())

    def told_values(self) -> tuple[Value, ...]:
        """Return the values by key: of each the best known, and several where parts differ."""
        return tuple(value for key in sorted(self.values) for value in _distinct(self.values[key].values()))

    def told_also(self) -> tuple[str, ...]:
        """Return what no key of a scenario takes; of very many lines the first ones."""
        lines = list(self.also)
        more = [f"and {len(lines) - MOST_TOLD:,} more settings"] if len(lines) > MOST_TOLD else []
        return (*lines[:MOST_TOLD], *more)

    def told_read(self) -> tuple[str, ...]:
        """Return what was read: each component with its settings, several of one together."""
        lines = []
        for part, settings in self.parts.items():
            total = sum(settings)
            times = f"{len(settings):,} times, " if len(settings) > 1 else ""
            lines.append(f"{part}: {times}{units.show_many(total, 'setting')}")
        return tuple(lines)

    def told_dropped(self) -> tuple[str, ...]:
        """Return what was left out, one line each."""
        return tuple(f"{count:,} {_noun(what, count)}" for what, count in sorted(self.dropped.items()))

    def told_assumed(self) -> tuple[str, ...]:
        """Return what was assumed."""
        return tuple(dict.fromkeys(self.assumed))


def _distinct(values: Iterable[Value]) -> list[Value]:
    """Return each value once, with how many say so; what is read hides what is worked out."""
    every = list(values)
    best = [one for one in every if not one.estimate] or every
    found: dict[tuple[object, str], Value] = {}
    for one in best:
        before = found.get((one.value, one.behind))
        found[one.value, one.behind] = (
            one if before is None else replace(before, servers=before.servers + one.servers)
        )
    return list(found.values())


def _noun(what: str, count: int) -> str:
    """Return what was counted, its first word in the singular if it is one."""
    first, blank, rest = what.partition(" ")
    return f"{units.singular(first)}{blank}{rest}" if count == 1 else what
