"""What the documents of one file say together: the last value wins, what is read beats what is assumed."""

from collections import Counter
from dataclasses import dataclass, field

from kscale import units
from kscale.imports.facts import Value
from kscale.imports.manifests_settings import Settings
from kscale.imports.manifests_versions import OPTIMIZATION, Etcd

PROFILE = "profile"
MOST_TOLD = 200  # lines


@dataclass(slots=True)
class Found:
    """What is found while documents are read."""

    values: dict[str, Value] = field(default_factory=dict)
    changed: Counter[str] = field(default_factory=Counter)  # keys given again with another value
    also: dict[str, None] = field(default_factory=dict)  # lines, in the order they came
    parts: dict[str, list[int]] = field(default_factory=dict)  # components: settings of each one read
    dropped: Counter[str] = field(default_factory=Counter)
    assumed: list[str] = field(default_factory=list)
    minors: dict[str, int] = field(default_factory=dict)  # of Kubernetes, by what states it
    etcd: Etcd | None = None  # version of an etcd's image
    etcd_flags: bool = False  # all flags of that etcd are known
    apiservers: set[tuple[str, ...]] = field(default_factory=set)  # what tells their manifests apart
    replicas: int = 0  # API servers of a Deployment
    etcds: dict[str, set[str]] = field(default_factory=dict)  # nodes with an etcd, by its name without theirs
    local_etcd: bool = False  # an API server asks the etcd beside it

    def add(self, key: str, value: str | float | bool, how: str, *, estimate: bool = False) -> None:
        """Keep a value; an estimate gives way."""
        self.take(Value(key, value, how, estimate))

    def optimization(self, mechanism: str, on: bool, how: str, *, estimate: bool = False) -> None:
        """Keep whether a mechanism is on."""
        self.add(f"{OPTIMIZATION}{mechanism}", on, how, estimate=estimate)

    def take(self, one: Value) -> None:
        """Keep a value if nothing better is known."""
        before = self.values.get(one.key)
        if before is not None and one.estimate and not before.estimate:
            return
        if before is not None and before.estimate == one.estimate and before.value != one.value:
            self.changed[one.key] += 1
        self.values[one.key] = one

    def take_if_new(self, one: Value) -> None:
        """Keep a value if nothing at all is known."""
        self.values.setdefault(one.key, one)

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
        """Return the values by key."""
        return tuple(self.values[key] for key in sorted(self.values))

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
            lines.append(f"{part}: {times}{total:,} setting{'' if total == 1 else 's'}")
        return tuple(lines)

    def told_dropped(self) -> tuple[str, ...]:
        """Return what was left out, one line each."""
        return tuple(f"{count:,} {_noun(what, count)}" for what, count in sorted(self.dropped.items()))

    def told_assumed(self) -> tuple[str, ...]:
        """Return what was assumed, and where the file says different things."""
        again = [
            f"{key} is given {count + 1} times in one file and differs: the last one is used"
            for key, count in sorted(self.changed.items())
        ]
        return (*dict.fromkeys(self.assumed), *again)


def _noun(what: str, count: int) -> str:
    """Return what was counted, its first word in the singular if it is one."""
    first, blank, rest = what.partition(" ")
    return f"{units.singular(first)}{blank}{rest}" if count == 1 else what
