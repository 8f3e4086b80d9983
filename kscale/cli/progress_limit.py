"""What is seen while walls are looked for, on standard error.

On a terminal: a bar with the set of optimizations, its bracket so far, the walls found and the time left.
Elsewhere, and in CI: a line for each wall.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from kscale import units
from kscale.cli import observing
from kscale.clusterwide import toggles
from kscale.clusterwide.limit import Wish
from kscale.clusterwide.search import Run
from kscale.clusterwide.toggles import Toggles
from kscale.clusterwide.walls import Wall, bare, shown_at
from kscale.report.text import clean

LONGEST = 40  # characters of a set


class Quiet:
    """Says nothing, but knows how far it is."""

    def __init__(self) -> None:
        """Know nothing."""
        self.asked: set[tuple[Toggles, int, int]] = set()
        self.axis = "nodes"
        self.walls: list[Wall] = []
        self.low: dict[Toggles, int] = {}
        self.high: dict[Toggles, int] = {}

    def begin(self, name: str, wish: Wish) -> None:  # noqa: ARG002 - what draws a bar names it
        """Learn what is looked for."""
        self.axis = wish.axis

    def ran(self, on: Toggles, run: Run) -> None:
        """Note a run, and narrow the bracket of its set."""
        self.asked.add((on, run.value, run.seed))  # what is asked for again is not run again
        if run.holds:
            self.low[on] = max(run.value, self.low.get(on, 0))
        else:
            self.high[on] = min(run.value, self.high.get(on, run.value))

    def found(self, wall: Wall) -> None:
        """Note a wall."""
        self.walls.append(wall)

    @property
    def runs(self) -> int:
        """Return how many runs were made."""
        return len(self.asked)

    def bracket(self, on: Toggles) -> str:
        """Return where the wall of a set lies, as far as it is known."""
        low, high = self.low.get(on), self.high.get(on)
        if high is None:
            return f"above {shown_at(self.axis, low)}" if low else ""
        if low is None or low >= high:
            return f"below {shown_at(self.axis, high)}"
        return f"{bare(self.axis, low)} to {shown_at(self.axis, high)}"

    def said(self) -> str:
        """Return what is known so far, in a line."""
        known = [f"{_shown(frozenset(one.toggles))} {shown_at(one.axis, one.holds_at)}" for one in self.walls]
        if not known:
            known = [f"{_shown(on)} {self.bracket(on)}" for on in self.low | self.high]
        return f"{units.show_many(self.runs, 'run')}; walls so far: {', '.join(known) or 'none'}"


class Lines(Quiet):
    """Prints a line for each wall."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        super().__init__()
        self.out = out
        self.began = time.monotonic()

    def found(self, wall: Wall) -> None:
        """Print the wall's line."""
        super().found(wall)
        took = units.show_ns(round((time.monotonic() - self.began) * units.NS_PER_S))
        at = shown_at(wall.axis, wall.holds_at)
        with suppress(OSError, SystemExit):  # a closed or full standard error must not end a search
            self.out.print(f"{_shown(frozenset(wall.toggles))}: {at} · {self.runs} runs · {took} so far")


class Bar(Quiet):
    """Shows which set is looked at, its bracket, the walls found and the time left."""

    def __init__(self, out: Console) -> None:
        """Draw on standard error; what is drawn goes away at the end."""
        super().__init__()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("walls {task.completed:.0f}/about {task.total:.0f}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=out,
            transient=True,
        )
        self.task: TaskID | None = None

    def begin(self, name: str, wish: Wish) -> None:
        """Draw the bar; how many steps there will be is a guess."""
        super().begin(name, wish)
        steps = len(wish.before ^ wish.after) // 2 if wish.steps else 0
        self.task = self.bar.add_task(clean(name), total=2 + steps)

    def ran(self, on: Toggles, run: Run) -> None:
        """Show the bracket of the set that was run."""
        super().ran(on, run)
        if self.task is not None:
            self.bar.update(self.task, description=f"{_shown(on)} {self.bracket(on)}")

    def found(self, wall: Wall) -> None:
        """Move on; the guess grows if there are more walls than it said."""
        super().found(wall)
        if self.task is not None:
            total = max(len(self.walls) + 1, round(self.bar.tasks[0].total or 0))
            self.bar.update(self.task, completed=len(self.walls), total=total)


def _shown(on: Toggles) -> str:
    """Return a set, short."""
    said = toggles.shown(on)
    return said if len(said) <= LONGEST else f"{len(on)} optimizations"


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    bar = Bar(out)
    with bar.bar:
        yield bar


def observer(*, quiet: bool, color: str) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet and CI, for a block."""
    return observing.suited(Quiet(), Lines, _bar, quiet=quiet, color=color)
