"""One variant under measurement: fresh states, runs in a row, work that must repeat."""

import gc
import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from kscale.errors import WrongAnswer
from kscale.mechanisms.base import Outcome, Variant, Work
from kscale.results.record import Samples

Clock = Callable[[], int]  # ns, never going back

SAMPLE_NS = 10_000_000  # least length of a sample: the clock and the scheduler's ticks are small beside it
HELD_BYTES = 256 * 2**20  # of states built ahead for one sample
MOST_LOOPS = 10_000


@dataclass(slots=True)
class Timed:
    """A variant under the clock, wherever it runs: loops, samples and what a run costs."""

    name: str  # the variant, as notes name it
    compile_ns: int = 0
    build_ns: int = 0  # of one state, the latest
    run_ns: int = 0  # of one run, the latest
    loops: int = 1  # runs in a sample
    limited: bool = False  # building states is too dear for samples of full length
    work: dict[str, int] = field(default_factory=dict)  # of the first run; all others must equal it
    order: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)

    def time(self) -> int:
        """Return ns of `loops` runs on fresh states."""
        raise NotImplementedError

    def warm(self) -> int:
        """Run as many times as a sample would, keep no sample, and return ns a run."""
        self.run_ns = max(1, self.time() // self.loops)
        return self.run_ns

    def sample(self, position: int) -> None:
        """Take a sample at that position of the cell's run sequence."""
        spent = self.time()
        self.order.append(position)
        self.values.append(spent)

    def calibrate(self, allowed_ns: int) -> None:
        """Choose the runs of a sample: 10 ms of them, but no more than *allowed_ns* with their states."""
        wanted = min(-(-SAMPLE_NS // self.run_ns), MOST_LOOPS)
        affordable = max(1, allowed_ns // (self.build_ns + self.run_ns))
        self.loops, self.limited = min(wanted, affordable), affordable < wanted

    def cost_ns(self) -> int:
        """Return what one sample takes, states included."""
        return self.loops * (self.build_ns + self.run_ns)

    def samples(self) -> Samples:
        """Return the samples as they are kept."""
        return Samples(order=self.order, values=self.values, loops=self.loops)


@dataclass(slots=True, kw_only=True)
class Subject(Timed):
    """A variant of one cell in this process."""

    where: str  # the cell and the variant, as errors name them
    variant: Variant
    workload: Any
    clock: Clock
    state_bytes: int  # memory of one state, at most

    def first(self) -> Outcome:
        """Run once: compile, fill the caches, count. The time is never a sample."""
        state = self.variant.build(self.workload)
        with _compiler_timer() as compiling:
            began = self.clock()
            outcome = self.variant.run(state)
            spent = self.clock() - began
        self.work = whole(outcome.work)
        self.compile_ns = round(sum(compiling) * 1e9)
        self.run_ns = max(1, spent - self.compile_ns)
        return outcome

    def repeat(self) -> None:
        """Run once more, only to see that the work repeats."""
        self._check(self.variant.run(self.variant.build(self.workload)))

    def time(self) -> int:
        """Return ns of `loops` runs on fresh states, built ahead as far as memory allows."""
        held = max(1, min(self.loops, HELD_BYTES // max(1, self.state_bytes)))
        building = running = 0
        with _collector_off():
            for done in range(0, self.loops, held):
                began = self.clock()
                states = [self.variant.build(self.workload) for _ in range(min(held, self.loops - done))]
                run, ready = self.variant.run, self.clock()
                outcomes = [run(state) for state in states]
                ended = self.clock()
                building += ready - began
                running += ended - ready
                for outcome in outcomes:
                    self._check(outcome)
        self.build_ns = building // self.loops
        return max(1, running)

    def _check(self, outcome: Outcome) -> None:
        """Raise WrongAnswer if the work is not that of the first run."""
        again = whole(outcome.work)
        if again == self.work:
            return
        name = next(key for key in [*self.work, *again] if self.work.get(key) != again.get(key))
        figures = f"{self.work.get(name)} in the first run, {again.get(name)} in a later one"
        raise WrongAnswer(f"{self.where}: {name} is not reproducible: {figures}, with the same seed")


def whole(work: Work) -> dict[str, int]:
    """Return work as plain integers; TypeError if one is not whole."""
    return {name: operator.index(count) for name, count in work.items()}


@contextmanager
def heap_set_aside() -> Iterator[None]:
    """Keep everything that exists now out of the collector's sight, so that collecting is quick."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@contextmanager
def _collector_off() -> Iterator[None]:
    """Collect now, and not again before the end."""
    gc.collect()
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def _compiler_timer() -> Iterator[list[float]]:
    """Yield a list that holds, afterwards, the seconds numba took to compile or to load from its cache."""
    spent: list[float] = []
    if "numba" not in sys.modules:
        yield spent
        return
    from numba.core import event  # noqa: PLC0415 - only where kernels are compiled at all

    with event.install_timer("numba:compiler_lock", spent.append):
        yield spent
