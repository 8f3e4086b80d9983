"""What is seen while simulations run, on standard error.

On a terminal: a bar with the run, its virtual time, its events, and how much faster than the real time
it goes. Elsewhere, and in CI: a line for each finished run, and for each tenth of the further draws.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kscale import units
from kscale.cli import observing
from kscale.clusterwide import words
from kscale.clusterwide.record import Simulated
from kscale.report.text import clean

TENTHS = 10


class Quiet:
    """Says nothing."""

    def begin(self, label: str, of_ns: int) -> None:
        """Begin a run of a set of optimizations."""

    def at(self, virtual_ns: int, of_ns: int, events: int) -> None:
        """Hear the virtual time, after every second of it."""

    def end(self, run: Simulated) -> None:
        """End the run."""

    def begin_draws(self, count: int) -> None:
        """Begin further runs."""

    def draw(self) -> None:
        """Count one of them."""


class Pace:
    """How fast virtual time goes by, over all the time that a run took so far, its preparation included."""

    def __init__(self) -> None:
        """Begin now."""
        self.began = time.monotonic()

    @property
    def took_s(self) -> float:
        """Return how long it has been."""
        return time.monotonic() - self.began

    def said(self, virtual_ns: int, of_ns: int, events: int) -> str:
        """Return how far a run is: "3:20 of 10:00, 2.1M events, 240x real time"."""
        took_s = self.took_s
        times = f", {units.show_ratio(virtual_ns / units.NS_PER_S / took_s)} real time" if took_s > 0 else ""
        return f"{clock(virtual_ns)} of {clock(of_ns)}, {units.show_count(events)} events{times}"


class Lines(Quiet):
    """Prints a line for each finished run."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        self.out = out
        self.began = time.monotonic()
        self.pace = Pace()
        self.label = ""
        self.done = self.of_all = 0

    def begin(self, label: str, of_ns: int) -> None:  # noqa: ARG002 - the line has what was reached
        """Remember what runs, and since when."""
        self.label, self.pace = clean(words.heading(label)), Pace()

    def end(self, run: Simulated) -> None:
        """Print what the run took."""
        took = units.show_ns(self.pace.took_s * units.NS_PER_S)
        said = self.pace.said(run.ended_ns, run.duration_ns, run.events)
        self._say(f"{self.label}: {said}, took {took}")

    def begin_draws(self, count: int) -> None:
        """Learn how many there are."""
        self.of_all, self.began = count, time.monotonic()

    def draw(self) -> None:
        """Print how far they are, ten times."""
        self.done += 1
        if self.done * TENTHS // self.of_all > (self.done - 1) * TENTHS // self.of_all:
            took = units.show_ns((time.monotonic() - self.began) * units.NS_PER_S)
            self._say(f"draws: {self.done} of {self.of_all} runs, {took} so far")

    def _say(self, said: str) -> None:
        """Print a line; a closed or full standard error must not end a run."""
        with suppress(OSError, SystemExit):
            self.out.print(said)


class Bar(Quiet):
    """Shows the run that goes on."""

    def __init__(self, out: Console) -> None:
        """Draw on standard error; what is drawn goes away at the end."""
        self.lines = Lines(out)
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=out,
            transient=True,
        )
        self.task: TaskID | None = None

    def begin(self, label: str, of_ns: int) -> None:
        """Draw a new bar."""
        self.lines.begin(label, of_ns)
        self._new(clean(words.heading(label)), of_ns, "getting ready")

    def at(self, virtual_ns: int, of_ns: int, events: int) -> None:
        """Move the bar."""
        if self.task is not None:
            state = self.lines.pace.said(virtual_ns, of_ns, events)
            self.bar.update(self.task, completed=virtual_ns, state=state)

    def end(self, run: Simulated) -> None:
        """Take the bar away and leave a line."""
        self._remove()
        self.lines.end(run)

    def begin_draws(self, count: int) -> None:
        """Draw a bar for all further runs."""
        self._new("draws", count, f"0 of {count} runs")
        self.lines.begin_draws(count)

    def draw(self) -> None:
        """Move that bar."""
        self.lines.done += 1
        if self.task is not None:
            state = f"{self.lines.done} of {self.lines.of_all} runs"
            self.bar.update(self.task, completed=self.lines.done, state=state)

    def _new(self, what: str, total: int, state: str) -> None:
        """Draw a bar in the place of the last one."""
        self._remove()
        self.task = self.bar.add_task(what, total=total, state=state)

    def _remove(self) -> None:
        """Take the bar away."""
        if self.task is not None:
            self.bar.remove_task(self.task)
            self.task = None


def clock(ns: int) -> str:
    """Return a virtual time as minutes and seconds: "3:20"; with hours if there are any."""
    minutes, seconds = divmod(ns // units.NS_PER_S, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    bar = Bar(out)
    with bar.bar:
        yield bar


def observer(*, quiet: bool, color: str) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet and CI, for a block."""
    return observing.suited(Quiet(), Lines, _bar, quiet=quiet, color=color)
