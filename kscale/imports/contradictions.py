"""Which source is believed where several say different things, and how that is told.

What was read beats what was worked out, what runs beats what is only configured; else the newer source
wins. A source that does not say when
its state was taken is as old as its file. Where even that is equal, the kind of source decides, then
the name of its file: never the order they were given in.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from kscale.imports.facts import Facts, Source

T = TypeVar("T")

FORMAT_ORDER = ("etcd-db", "kubectl", "sktrace", "openb", "prometheus", "audit", "manifest")
EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, eq=False)  # it holds arrays; one part is never another
class Part:
    """The facts of one source, and how old they are."""

    facts: Facts
    modified: datetime  # of the file, UTC; stands in where the source says nothing

    @property
    def source(self) -> Source:
        """Return where the facts come from."""
        return self.facts.source

    @property
    def dated(self) -> bool:
        """Return whether the source itself says when its state was taken."""
        return self.source.taken is not None

    @property
    def when(self) -> datetime:
        """Return when the state was taken, as well as is known."""
        return self.source.taken or self.modified

    @property
    def order(self) -> tuple[int, datetime, str, int]:
        """Return the place among sources: by format, date, name and size, never by how they were given."""
        known = self.source.format in FORMAT_ORDER
        place = FORMAT_ORDER.index(self.source.format) if known else len(FORMAT_ORDER)
        return place, self.source.taken or EPOCH, self.source.name, self.source.bytes


@dataclass(frozen=True, slots=True, eq=False)
class Candidate(Generic[T]):
    """What one source says."""

    value: T
    shown: str  # the value for people; free of names
    part: Part
    estimate: bool = False
    behind: str = ""  # as of a Value


@dataclass(frozen=True, slots=True)
class Side:
    """What one source says, without the value itself."""

    shown: str
    source: Source
    when: datetime
    dated: bool
    estimate: bool


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Several sources that say different things of one subject."""

    subject: str  # free of names: "control_plane.etcd.quota", "pods"
    sides: tuple[Side, ...]  # the first one is believed
    why: str  # why it is: "newer"


def ordered(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return *parts* in an order that does not depend on how they were given."""
    return tuple(sorted(parts, key=lambda part: part.order))


def ranked(candidates: Sequence[Candidate[T]]) -> list[Candidate[T]]:
    """Return *candidates*, the one that is believed first."""
    by_source = sorted(candidates, key=lambda one: one.part.order)
    by_age = sorted(by_source, key=lambda one: one.part.when, reverse=True)
    return sorted(by_age, key=lambda one: (one.estimate, bool(one.behind)))


def settle(
    subject: str, candidates: Sequence[Candidate[T]], key: Callable[[T], object] = lambda value: value
) -> tuple[Candidate[T], Contradiction | None]:
    """Return the candidate that is believed, and the contradiction if another one differs by *key*."""
    best, *others = ranked(candidates)
    return best, against(subject, best, differing(best, others, key))


def differing(
    best: Candidate[T], others: Sequence[Candidate[T]], key: Callable[[T], object] = lambda value: value
) -> list[Candidate[T]]:
    """Return those of *others* that differ from *best* by *key*, one of each value."""
    seen, found = [key(best.value)], []
    for other in others:
        if key(other.value) not in seen:
            seen.append(key(other.value))
            found.append(other)
    return found


def against(
    subject: str, best: Candidate[T], others: Sequence[Candidate[T]], why: str | None = None
) -> Contradiction | None:
    """Return the contradiction between the candidate that is believed and *others*; None without any."""
    if not others:
        return None
    reasons = dict.fromkeys(_why(best, other) for other in others)
    return Contradiction(subject, tuple(_side(one) for one in (best, *others)), why or "; ".join(reasons))


def _side(one: Candidate[T]) -> Side:
    """Return what is shown of a candidate."""
    return Side(one.shown, one.part.source, one.part.when, one.part.dated, one.estimate)


def _why(best: Candidate[T], other: Candidate[T]) -> str:
    """Return why *best* is believed rather than *other*."""
    if best.estimate != other.estimate:
        return "it was read, the other one is worked out"
    if not best.behind and other.behind:
        return f"the other one is {other.behind}"
    if best.part.when != other.part.when:
        return "newer" if best.part.dated and other.part.dated else "newer by the date of its file"
    kind = best.part.source.format != other.part.source.format
    return f"of the same date: the first by {'kind of source' if kind else 'name of its file'}"
