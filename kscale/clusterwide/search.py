"""The largest value at which every objective is kept: bracketing and bisection over seeds.

A search is a generator: it yields the runs it wants next, gets what they came to, and returns what it
found. So it knows neither clusters nor processes, several go on side by side (`together`), and what it
asks for depends on answers alone: never on time, or on how many runs are made at once.

From first guesses values are doubled or halved until one keeps every objective and a larger one does not;
between them two thirds are tried at a time, so that two cores have work. Values are whole and neat: their
last digits are worth no more than half of the precision. The limit is the lowest break: where larger
values keep every objective again, that is found out by trying some beyond the wall, and said. The limit of
several seeds is the largest value at which all of them keep every objective.
"""

import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from fractions import Fraction

PPM = 1_000_000
BELOW = (Fraction(1, 2), Fraction(3, 4))  # of what holds: tried again below the wall
ABOVE = (Fraction(5, 4), Fraction(3, 2), Fraction(2))  # of what breaks: beyond it
GROWTH = Fraction(2)  # from one value to the next in search of a bracket
NEAR_PPM = 50_000  # of a value far from the wall: another as good
ROUNDS = 4  # walls below walls that are looked for
DIGITS = 10


@dataclass(frozen=True, slots=True)
class Probe:
    """A run that is wanted."""

    value: int  # on the axis, in its units
    seed: int


@dataclass(frozen=True, slots=True)
class Run:
    """What it came to."""

    value: int
    seed: int
    holds: bool
    objective: str = ""  # the one missed most, in words; "" if all are kept
    station: str = ""  # to blame, one of record.STATIONS; "" for none


@dataclass(frozen=True, slots=True)
class Question:
    """Where to look, how closely, and with which seeds."""

    first: tuple[int, ...]  # values to try at once: guesses, or what is known of a neighbour
    least: int
    most: int
    precision_ppm: int  # at most so far apart are what holds and what breaks
    seeds: tuple[int, ...]
    thorough: bool = True  # try values far from the wall, and find the limit of each seed


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    holds_at: int  # the largest value at which all seeds keep every objective, below all breaks; 0: none does
    breaks_at: int | None  # the least at which one does not; None: not reached
    broke: Run | None  # at breaks_at
    limits: tuple[tuple[int, int], ...]  # (seed, limit) of each seed; of a quick search, of those that decide
    most: int  # that could be tried: of the question, or what was not too large to run
    runs: tuple[Run, ...]  # all that were made, in the order they were asked for
    again: tuple[int, ...]  # values above the least break of a seed at which it keeps every objective again

    @property
    def reached(self) -> bool:
        """Say whether there is a wall up to the largest value that could be tried."""
        return self.breaks_at is not None


Asking = Generator[tuple[Probe, ...], Sequence[Run | None], None]
Search = Generator[tuple[Probe, ...], Sequence[Run | None], Found]
Runs = Callable[[Sequence[tuple[int, Probe]]], Sequence[Run | None]]


def neat(value: Fraction | int, precision_ppm: int) -> int:
    """Return *value* rounded to a power of ten that is at most half of the precision; at least 1."""
    whole = max(1, round(value))
    unit = 1
    while unit * DIGITS * 2 * PPM <= whole * precision_ppm:
        unit *= DIGITS
    return max(1, round(Fraction(value) / unit) * unit)


def search(question: Question) -> Search:
    """Find the wall of a question; a run that is None was too large, and nothing as large is tried again."""
    state = _State(question)
    first, *others = question.seeds
    yield from state.ask(question.first, [first])
    yield from state.wall(first, GROWTH)
    if question.thorough:
        yield from state.far(first)
    yield from state.of_others(first, others)
    return state.found()


def guesses(value: Fraction | int) -> tuple[int, int]:
    """Return what to try first near a guess that is rather too large than too small."""
    return max(1, round(value / _root(GROWTH))), max(1, round(value))


def together(searches: Sequence[Search], runs: Runs) -> list[Found]:
    """Return what several searches found; *runs* gets what all of them want next, each with its search."""
    found: dict[int, Found] = {}
    answers: dict[int, Sequence[Run | None] | None] = dict.fromkeys(range(len(searches)))
    while answers:
        wanted: list[tuple[int, Probe]] = []
        for number, given in answers.items():
            try:
                asked = next(searches[number]) if given is None else searches[number].send(given)
            except StopIteration as end:
                found[number] = end.value
            else:
                wanted.extend((number, probe) for probe in asked)
        made = runs(wanted) if wanted else ()
        answers = {}
        for (number, _), one in zip(wanted, made, strict=True):
            answers[number] = (*(answers.get(number) or ()), one)
    return [found[number] for number in range(len(searches))]


class _State:
    """What a search knows so far: runs by value and seed."""

    def __init__(self, question: Question) -> None:
        """Know nothing."""
        self.question = question
        self.most = question.most
        self.runs: dict[Probe, Run] = {}

    def ask(self, values: Sequence[Fraction | int], seeds: Sequence[int]) -> Asking:
        """Have those values run that are new, each neat and within the bounds, for each of *seeds*."""
        least, precision = self.question.least, self.question.precision_ppm
        if self.most < least:
            return  # not even that can be run
        within = [min(self.most, max(least, neat(value, precision))) for value in values]
        new = [Probe(value, seed) for value in within for seed in seeds]
        new = [probe for probe in dict.fromkeys(new) if probe not in self.runs]
        if not new:
            return
        made = dict(zip(new, (yield tuple(new)), strict=True))
        self.runs.update((probe, run) for probe, run in made.items() if run is not None)
        too_large = min((probe.value for probe, run in made.items() if run is None), default=None)
        if too_large is not None:  # none between is tried: what was run is as large as it gets
            self.most = max((one.value for one in self.runs if one.value < too_large), default=too_large // 2)

    def ends(self, seed: int) -> tuple[int, int | None]:
        """Return the largest value below all breaks at which *seed* holds (0: none), and the least break."""
        mine = [run for run in self.runs.values() if run.seed == seed]
        breaks = min((run.value for run in mine if not run.holds), default=None)
        holds = [run.value for run in mine if run.holds and (breaks is None or run.value < breaks)]
        return max(holds, default=0), breaks

    def wall(self, seed: int, growth: Fraction) -> Asking:
        """Find the wall of a seed, near what was run with it: a bracket, then its thirds.

        *growth* is from one value of the search for a bracket to the next; it grows to GROWTH.
        """
        while not self.bracketed(*(ends := self.ends(seed))):
            low, high = ends
            root = _root(growth)
            if high is None:
                yield from self.ask([low * root, low * growth] if low else [self.most], [seed])
            else:
                yield from self.ask([high / growth, high / growth / growth], [seed])
            if self.ends(seed) == ends:  # neat values can fall together: try the next there is
                yield from self.ask([low + 1 if high is None else high - 1], [seed])
            growth = min(GROWTH, growth * growth)
        yield from self.thirds(seed)

    def bracketed(self, low: int, high: int | None) -> bool:
        """Say whether a wall lies between, or none within the bounds."""
        if high is None:
            return low >= self.most or self.most < self.question.least
        return low > 0 or high <= self.question.least

    def thirds(self, seed: int) -> Asking:
        """Narrow the bracket of a seed, if it has one, to the precision."""
        low, high = self.ends(seed)
        while low and high and high - low > 1 and (high - low) * PPM > low * self.question.precision_ppm:
            between = (_cube_root(low * low * high), _cube_root(low * high * high))
            neatly = {neat(value, self.question.precision_ppm) for value in between}
            values = sorted(value for value in neatly if low < value < high) or [(low + high) // 2]
            yield from self.ask(values, [seed])
            low, high = self.ends(seed)

    def far(self, seed: int) -> Asking:
        """Try values far from the wall; where one below breaks, find the wall there."""
        for _ in range(ROUNDS):
            low, high = self.ends(seed)
            below = [low * part for part in BELOW] if low else []
            above = [high * part for part in ABOVE] if high else []
            yield from self.ask([one for one in below + above if not self.near(one, seed)], [seed])
            if self.ends(seed) == (low, high):
                return
            yield from self.wall(seed, GROWTH)

    def near(self, value: Fraction, seed: int) -> bool:
        """Say whether a seed was run at about a value."""
        return any(
            run.seed == seed and abs(run.value - value) * PPM <= value * NEAR_PPM
            for run in self.runs.values()
        )

    def of_others(self, first: int, others: Sequence[int]) -> Asking:
        """Find what all seeds keep; if the search is thorough, the limit of each."""
        low, high = self.ends(first)
        near = [value for value in (low, high if self.question.thorough else None) if value]
        yield from self.ask(near, others)
        growth = 1 + 4 * Fraction(self.question.precision_ppm, PPM)
        for seed in others:
            if self.question.thorough or self.ends(seed)[1] is not None:
                yield from self.wall(seed, min(GROWTH, growth))

    def found(self) -> Found:
        """Return what came out."""
        runs = tuple(self.runs.values())
        breaks = min((run.value for run in runs if not run.holds), default=None)
        broke = next((run for run in runs if run.value == breaks and not run.holds), None)
        limits = tuple((seed, self.ends(seed)[0]) for seed in self.question.seeds)
        return Found(
            holds_at=min(limit for _, limit in limits),
            breaks_at=breaks,
            broke=broke,
            limits=limits,
            most=self.most,
            runs=runs,
            again=tuple(sorted(self._again())),
        )

    def _again(self) -> set[int]:
        """Return the values beyond the least break of a seed at which that seed holds again."""
        breaks = {seed: self.ends(seed)[1] for seed in self.question.seeds}
        return {
            run.value
            for run in self.runs.values()
            if run.holds and (least := breaks[run.seed]) is not None and run.value > least
        }


def _cube_root(value: int) -> int:
    """Return the whole part of a cube root, exactly."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle)
    return low


def _root(growth: Fraction) -> Fraction:
    """Return about the square root of a growth, a fraction that is equal on every machine."""
    return Fraction(math.isqrt(int(growth * PPM * PPM)), PPM)
