"""What is seen while the set-ups of claims run, on standard error.

On a terminal: a bar with the set-up, its cell, how far it is and the time left. Elsewhere, and
in CI: a line for each finished set-up.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kscale import units
from kscale.cli import observing
from kscale.judge.claims.run import Planned
from kscale.measure.plan import PlannedCell
from kscale.report.text import clean


class Quiet:
    """Says nothing."""

    def start(self, setups: Sequence[Planned]) -> None:
        """Begin."""

    def cell_start(self, setup: Planned, cell: PlannedCell) -> None:
        """Begin a cell."""

    def cell_done(self, setup: Planned, cell: PlannedCell) -> None:
        """End a cell."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Count a pair."""


class Lines(Quiet):
    """Prints a line for each finished set-up."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        self.out = out
        self.done = self.of_all = 0
        self.began = time.monotonic()

    def start(self, setups: Sequence[Planned]) -> None:
        """Learn how many there are."""
        self.of_all = len(setups)

    def cell_done(self, setup: Planned, cell: PlannedCell) -> None:
        """Print the set-up's line after its last cell."""
        if cell is not setup.cells[-1]:
            return
        self.done += 1
        took = units.show_ns((time.monotonic() - self.began) * units.NS_PER_S)
        with suppress(OSError, SystemExit):  # a closed or full standard error must not end a run
            self.out.print(f"{self.done}/{self.of_all} claims/{clean(setup.name)} · {took} so far")


class Bar(Quiet):
    """Shows what is run, how far it is and the time left."""

    def __init__(self, out: Console) -> None:
        """Draw on standard error; what is drawn goes away at the end."""
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("cells {task.completed:.0f}/{task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=out,
            transient=True,
        )
        self.task: TaskID | None = None

    def start(self, setups: Sequence[Planned]) -> None:
        """Draw the bar."""
        self.task = self.bar.add_task("claims", total=sum(len(setup.cells) for setup in setups))

    def cell_start(self, setup: Planned, cell: PlannedCell) -> None:
        """Name the set-up and the cell."""
        if self.task is not None:
            named = f"claims/{clean(setup.name)} · {clean(cell.mechanism.id)}"
            self.bar.update(self.task, description=named)

    def cell_done(self, setup: Planned, cell: PlannedCell) -> None:  # noqa: ARG002 - one more, whichever it was
        """Move on."""
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
