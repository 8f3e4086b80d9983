"""Rounds over settings: repeated and turned, so that drift of the machine does not look like an effect."""

import random
import time
from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from kscale.calibrate.point import Point

S = TypeVar("S", bound=Hashable)

SEED = 1
SAMPLED_STEPS = 100  # of a coarse clock that a setting is measured for, in all rounds
LEAST_STEPS = 20  # of it that etcd must have been busy; each round may be off by one


def timed(most: int, limit_s: float) -> Iterator[int]:
    """Yield the numbers of rounds: *most*, or fewer if another one would probably end past the limit."""
    began = time.monotonic()
    for done in range(most):
        if done and (time.monotonic() - began) * (done + 1) / done > limit_s:
            return
        yield done


def long_enough(seconds: float, rounds: int, step_ns: float) -> float:
    """Return how long a sample takes: *seconds*, or longer for a clock that moves *step_ns* at a time."""
    return max(seconds, SAMPLED_STEPS * step_ns / 1e9 / rounds)


def turned(settings: Sequence[S], round_: int, rounds: int) -> list[S]:
    """Return the settings in this round's order: each round starts elsewhere, every second is backwards."""
    start = round_ * len(settings) // max(1, rounds)
    order = [*settings[start:], *settings[:start]]
    return order[::-1] if round_ % 2 else order


def values(value_bytes: int, seed: int = SEED) -> list[bytes]:
    """Return a few different values of random bytes: what is stored must not be all alike."""
    draw = random.Random(f"{seed}/{value_bytes}")  # noqa: S311 - not a secret
    return [draw.randbytes(value_bytes) for _ in range(16)]


@dataclass(slots=True)
class Collected(Generic[S]):
    """The samples of points as they come in, by unit, family and setting."""

    _samples: dict[tuple[str, S, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    _at: dict[tuple[str, S], list[Mapping[str, float]]] = field(default_factory=lambda: defaultdict(list))
    _ticked: dict[tuple[str, S], list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    _least_ns: float = 0.0  # of ticked time in a point

    def add(self, family: str, setting: S, at: Mapping[str, float], unit: str, sample: float) -> None:
        """Keep a sample of a family at a setting; *at* is what to call it, and may differ by sample."""
        self._samples[family, setting, unit].append(sample)
        self._at[family, setting].append(at)

    def add_cpu(
        self, family: str, setting: S, at: Mapping[str, float], used_ns: float, calls: int, step_ns: float
    ) -> None:
        """Keep the CPU time of one of *calls*, told by a clock that moves *step_ns* at a time; 0: finely.

        Of a coarse clock, all rounds together are one sample.
        """
        self.add(family, setting, at, "ns", used_ns / calls)
        if step_ns:
            self._least_ns = LEAST_STEPS * step_ns
            self._ticked[family, setting].append((used_ns, calls))

    def points(self) -> Iterator[Point]:
        """Yield a point for each family and setting, in the order of the first samples, at the mean `at`."""
        for (family, setting, unit), samples in self._samples.items():
            places = self._at[family, setting]
            at = {key: sum(place[key] for place in places) / len(places) for key in places[0]}
            ticked = self._ticked.get((family, setting))
            if ticked is None:
                yield Point(family, at, unit, tuple(samples))
                continue
            used_ns, calls = sum(used for used, _ in ticked), sum(number for _, number in ticked)
            yield Point(family, at, unit, (used_ns / calls,), too_short=used_ns < self._least_ns)
