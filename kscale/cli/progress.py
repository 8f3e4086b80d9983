"""What is seen while a run goes on, on standard error.

On a terminal: a bar with the cell, its pairs, the ratio so far and the time left, and a line
for each finished cell above it. Elsewhere, and in CI: the lines only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from kscale import units
from kscale.cli.ci import in_ci
from kscale.measure import described
from kscale.measure.plan import PlannedCell
from kscale.report import console, table_run
from kscale.report.export.lines import line
from kscale.report.text import clean
from kscale.results.record import Cell, MechanismInfo


class Quiet:
    """Says nothing."""

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:
        """Begin."""

    def cell_start(self, cell: PlannedCell) -> None:
        """Begin a cell."""

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:
        """Count a pair."""

    def cell_done(self, cell: Cell) -> None:
        """End a cell."""


class Lines(Quiet):
    """Prints a line for each finished cell."""

    def __init__(self, color: str) -> None:
        """Write to standard error."""
        self.out = console.console(stderr=True, color=color)
        self.infos: dict[str, MechanismInfo] = {}

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:
        """Keep what the rows will need; say what is there already."""
        self.infos = {cell.mechanism.id: described.mechanism(cell.mechanism) for cell in cells}
        if finished:
            self.out.print(f"resumed: {len(finished)} of {len(cells)} cells are finished")

    def cell_done(self, cell: Cell) -> None:
        """Print the cell's line."""
        with suppress(OSError, SystemExit):  # a closed or full standard error must not end a run
            console.show(self.out, table_run.cell_line(self.infos[cell.mechanism], cell, self.out.width))


class Stream(Quiet):
    """Prints each finished cell on standard output, a line of JSON."""

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:  # noqa: ARG002 - they come one by one
        """Print what the resumed run had finished."""
        for cell in finished:
            self.cell_done(cell)

    def cell_done(self, cell: Cell) -> None:
        """Print the cell."""
        typer.echo(f"{line(cell)}\n".encode(), nl=False)


class Turns(Lines):
    """Prints a line for each round of two installations that take turns."""

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:  # noqa: ARG002 - never resumed
        """Learn how many cells a round has."""
        self.of_all, self.done = len(cells), 0
        self.of_round = len({cell.key for cell in cells})

    def cell_done(self, cell: Cell) -> None:  # noqa: ARG002 - a cell has one round of ten, no result yet
        """Print how many rounds are done."""
        self.done += 1
        if self.done % self.of_round == 0:
            with suppress(OSError, SystemExit):  # as above
                self.out.print(f"round {self.done // self.of_round} of {self.of_all // self.of_round}")


class Bar(Quiet):
    """Shows besides what is being measured, how far it is and how long it may take."""

    def __init__(self, lines: Lines) -> None:
        """Draw on standard error; what is drawn goes away at the end. *lines* prints what stays."""
        self.lines = lines
        self.out = lines.out
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("cells {task.completed:.0f}/{task.total:.0f}"),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=self.out,
            transient=True,
        )
        self.task: TaskID | None = None

    def start(self, cells: Sequence[PlannedCell], finished: Sequence[Cell]) -> None:
        """Draw the bar."""
        self.lines.start(cells, finished)
        self.task = self.bar.add_task(
            "building the cluster", total=len(cells), completed=len(finished), state=""
        )

    def cell_start(self, cell: PlannedCell) -> None:
        """Name the cell."""
        self._update(description=f"{clean(cell.mechanism.id)} · {clean(cell.label)}", state="first runs")

    def pair(self, cell: PlannedCell, pairs: int, speedup: float | None, seconds_left: float) -> None:  # noqa: ARG002 - the bar names the cell already
        """Show the ratio so far and the time this cell may still take."""
        so_far = f"{units.show_ratio(speedup)} " if speedup else ""
        self._update(state=f"{pairs} pairs {so_far}at most {seconds_left:.0f} s more")

    def cell_done(self, cell: Cell) -> None:
        """Move on."""
        self.lines.cell_done(cell)
        if self.task is not None:
            self.bar.advance(self.task)

    def _update(self, **fields: str) -> None:
        """Change what the bar says."""
        if self.task is not None:
            self.bar.update(self.task, **fields)  # type: ignore[arg-type]  # rich passes unknown names on as fields


@contextmanager
def observer(*, quiet: bool, color: str, turns: bool = False) -> Iterator[Quiet]:
    """Yield what suits the terminal, --quiet and CI; with *turns*, what suits two installations."""
    if quiet:
        yield Quiet()
        return
    lines = Turns(color) if turns else Lines(color)
    if not lines.out.is_terminal or in_ci():
        yield lines
        return
    bar = Bar(lines)
    with bar.bar:
        yield bar
