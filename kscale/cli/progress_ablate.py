"""What is seen while optimizations are told apart, on standard error.

On a terminal: a bar with the runs made and the time left. Elsewhere, and in CI: a line for each tenth.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kscale import units
from kscale.cli import observing
from kscale.report.text import clean

TENTHS = 10


class Quiet:
    """Says nothing, but knows how far it is."""

    def __init__(self) -> None:
        """Know nothing."""
        self.done = self.of_all = 0

    def begin(self, name: str, resumed: int) -> None:
        """Learn what is accounted for, and how many runs are known from before."""

    def planned(self, runs: int) -> None:
        """Learn how many runs there will be."""
        self.of_all = runs

    def ran(self) -> None:
        """Count a run."""
        self.done += 1


class Lines(Quiet):
    """Prints a line for each tenth of the runs."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        super().__init__()
        self.out = out
        self.began = time.monotonic()
        self.said = 0

    def begin(self, name: str, resumed: int) -> None:
        """Say what is known from before."""
        if resumed:
            self._print(f"{clean(name)}: going on with {units.show_many(resumed, 'run')} made before")

    def ran(self) -> None:
        """Print a line if another tenth is done."""
        super().ran()
        tenth = self.done * TENTHS // max(1, self.of_all)
        if tenth != self.said:
            self.said = tenth
            took = units.show_ns(round((time.monotonic() - self.began) * units.NS_PER_S))
            self._print(f"{self.done:,} of {units.show_many(self.of_all, 'run')} · {took} so far")

    def _print(self, line: str) -> None:
        """Print a line; a closed or full standard error must not end the work."""
        with suppress(OSError, SystemExit):
            self.out.print(line)


class Bar(Quiet):
    """Shows how many runs are made, and the time left."""

    def __init__(self, out: Console) -> None:
        """Draw on standard error; what is drawn goes away at the end."""
        super().__init__()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("runs {task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=out,
            transient=True,
        )
        self.task: TaskID | None = None

    def begin(self, name: str, resumed: int) -> None:
        """Draw the bar."""
        before = f", {units.show_many(resumed, 'run')} made before" if resumed else ""
        self.task = self.bar.add_task(f"{clean(name)}{before}", total=1)

    def planned(self, runs: int) -> None:
        """Draw how far it is now."""
        super().planned(runs)
        if self.task is not None:
            self.bar.update(self.task, total=runs, completed=self.done)

    def ran(self) -> None:
        """Move on."""
        super().ran()
        if self.task is not None:
            self.bar.advance(self.task)


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    bar = Bar(out)
    with bar.bar:
        yield bar


def observer(*, quiet: bool, color: str) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet and CI, for a block."""
    return observing.suited(Quiet(), Lines, _bar, quiet=quiet, color=color)
