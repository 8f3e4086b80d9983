"""What is seen while a sweep goes on, on standard error.

On a terminal: a bar with the cells done, the latest one and the time left. Elsewhere, and in CI: a line every
ten seconds. With --format jsonl: each cell on standard output, as soon as it is done.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Column

from kscale import units
from kscale.cli import observing
from kscale.engine.base import Engine
from kscale.engine.sweep import Sweep
from kscale.report.export.lines import line
from kscale.report.text import clean, clean_prose
from kscale.results.record import Cell

EVERY_S = 10.0  # between two lines
REDRAWS_PER_S = 4  # the cells need the cores


class Quiet:
    """Says nothing, but knows how far it is."""

    def __init__(self) -> None:
        """Know nothing."""
        self.done = self.total = 0

    def waits(self, what: str) -> None:
        """Say why nothing goes on, also where no progress is shown: it may be for hours."""
        with suppress(OSError):
            typer.echo(what, err=True)

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:  # noqa: ARG002 - what is drawn names them
        """Learn how many cells there are."""
        self.done, self.total = len(finished), len(finished) + left

    def cell_done(self, cell: Cell) -> None:  # noqa: ARG002 - as above
        """Count a cell."""
        self.done += 1


class Stream(Quiet):
    """Prints each finished cell on standard output, a line of JSON."""

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Print what an earlier call had finished."""
        super().start(sweep, engine, finished, left)
        for cell in finished:
            typer.echo(f"{line(cell)}\n".encode(), nl=False)

    def cell_done(self, cell: Cell) -> None:
        """Print the cell."""
        super().cell_done(cell)
        typer.echo(f"{line(cell)}\n".encode(), nl=False)


class Lines(Quiet):
    """Prints every now and then how far it is, and each cell that failed."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        super().__init__()
        self.out = out
        self.began = self.said = 0.0
        self.first: tuple[float, int] | None = None  # when this call's first cell was done, and how many were

    def waits(self, what: str) -> None:
        """Print a line."""
        self._print(what)

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Say what is known from before."""
        super().start(sweep, engine, finished, left)
        self.began = self.said = time.monotonic()
        if finished:
            self._print(
                f"going on: {self.done:,} of {units.show_many(self.total, 'cell')} were finished before"
            )

    def cell_done(self, cell: Cell) -> None:
        """Print a line if it is time for one."""
        super().cell_done(cell)
        if cell.status == "failed":
            self._print(f"failed: {_named(cell)}: {clean_prose(cell.notes[0])}")
        now = time.monotonic()
        self.first = self.first or (now, self.done)
        if now - self.said >= EVERY_S:
            self.said = now
            so_far = f"{_shown(now - self.began)} so far{self._left(now)}"
            self._print(f"{self.done:,} of {units.show_many(self.total, 'cell')} · {so_far}")

    def _left(self, now: float) -> str:
        """Return about how long it will take, by the cells since the first: before it, workers start."""
        since, done = self.first or (now, self.done)
        if self.done == done:
            return ""
        return f", about {_shown((now - since) / (self.done - done) * (self.total - self.done))} left"

    def _print(self, text: str) -> None:
        """Print a line; a closed or full standard error must not end the work."""
        with suppress(OSError, SystemExit):
            self.out.print(text, markup=False, highlight=False, soft_wrap=True)


class Bar(Quiet):
    """Shows how many cells are done, the latest one and the time left."""

    def __init__(self, out: Console) -> None:
        """Draw on standard error; what is drawn goes away at the end."""
        super().__init__()
        self.lines = Lines(out)
        self.bar = Progress(
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
            BarColumn(bar_width=16),
            TextColumn("cells {task.completed:,.0f}/{task.total:,.0f}", table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TextColumn("left", table_column=Column(no_wrap=True)),
            TimeRemainingColumn(table_column=Column(no_wrap=True)),
            console=out,
            expand=True,
            transient=True,
            refresh_per_second=REDRAWS_PER_S,
        )
        self.task: TaskID | None = None

    def waits(self, what: str) -> None:
        """Print a line above the bar."""
        self.lines.waits(what)

    def start(self, sweep: Sweep, engine: Engine, finished: Sequence[Cell], left: int) -> None:
        """Draw the bar."""
        super().start(sweep, engine, finished, left)
        self.lines.start(sweep, engine, finished, left)
        self.lines.said = float("inf")  # the bar says how far it is
        name = f"{clean(sweep.loaded.scenario.name)}: starting"
        self.task = self.bar.add_task(name, total=self.total, completed=self.done)

    def cell_done(self, cell: Cell) -> None:
        """Move on."""
        super().cell_done(cell)
        self.lines.cell_done(cell)
        if self.task is not None:
            self.bar.update(self.task, completed=self.done, description=_named(cell))


def _named(cell: Cell) -> str:
    """Return a cell, short."""
    return f"{clean(cell.mechanism)} · {clean_prose(cell.label)}"


def _shown(seconds: float) -> str:
    """Return a time, rounded as people say it."""
    return units.show_ns(round(seconds * units.NS_PER_S))


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    bar = Bar(out)
    with bar.bar:
        yield bar


def observer(*, quiet: bool, color: str, streams: bool = False) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet, CI and --format jsonl, for a block."""
    if streams:
        return nullcontext(Stream())
    return observing.suited(Quiet(), Lines, _bar, quiet=quiet, color=color)
