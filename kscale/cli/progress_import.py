"""What is seen while files are imported, on standard error.

On a terminal: a bar with the file, how far it is and the time left. Elsewhere nothing: the summary
says what was read.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from kscale.cli import observing
from kscale.imports.sources import Found
from kscale.report.text import clean


class Quiet:
    """Says nothing."""

    def start(self, files: Sequence[Found]) -> None:
        """Begin."""

    def file(self, one: Found) -> None:
        """Begin a file."""

    def at(self, done: int, of_all: int) -> None:
        """Move on in the file."""


class Bar(Quiet):
    """Shows which file is read, how far it is and the time left for all."""

    def __init__(self, bar: Progress) -> None:
        """Draw with *bar*."""
        self.bar = bar
        self.task: TaskID | None = None
        self.before = 0  # bytes of the files that are done
        self.now = 0  # bytes of the file that is read

    def start(self, files: Sequence[Found]) -> None:
        """Draw the bar."""
        self.task = self.bar.add_task("import", total=sum(one.bytes for one in files))

    def file(self, one: Found) -> None:
        """Name the file; the one before it is done."""
        self.before += self.now
        self.now = one.bytes
        if self.task is not None:
            self.bar.update(self.task, description=clean(one.name), completed=self.before)

    def at(self, done: int, of_all: int) -> None:
        """Move on; a reader may go over a file more than once."""
        if self.task is not None and of_all > 0:
            self.bar.update(self.task, completed=self.before + self.now * min(done, of_all) // of_all)


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    columns = (TextColumn("{task.description}"), BarColumn(bar_width=24), DownloadColumn(binary_units=True))
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=out, transient=True) as bar:
        yield Bar(bar)


def observer(*, quiet: bool, color: str) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet and CI, for a block."""
    return observing.suited(Quiet(), lambda _out: Quiet(), _bar, quiet=quiet, color=color)
