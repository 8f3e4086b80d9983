"""What is seen while an etcd is measured, on standard error.

On a terminal: a bar with the experiment and its step, how far the plan is and the time left. Elsewhere,
and in CI: a line for each experiment.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from kscale import units
from kscale.calibrate.experiment import Experiment
from kscale.calibrate.record import Done
from kscale.cli import observing
from kscale.report.text import clean_prose


class Quiet:
    """Says nothing."""

    def start(self, experiments: Sequence[Experiment], budget_s: float) -> None:
        """Begin."""

    def experiment_start(self, experiment_id: str, title: str, seconds: float) -> None:
        """Begin an experiment."""

    def step(self, text: str) -> None:
        """Say what is done now."""

    def experiment_done(self, done: Done) -> None:
        """End an experiment."""


class Lines(Quiet):
    """Prints a line for each experiment."""

    def __init__(self, out: Console) -> None:
        """Write to standard error."""
        self.out = out
        self.done = self.of_all = 0

    def start(self, experiments: Sequence[Experiment], budget_s: float) -> None:  # noqa: ARG002 - a line tells what it took
        """Learn how many there are."""
        self.of_all = len(experiments)

    def experiment_done(self, done: Done) -> None:
        """Print the experiment's line."""
        self.done += 1
        with suppress(OSError, SystemExit):  # a closed or full standard error must not end it
            self.out.print(clean_prose(f"{self.done}/{self.of_all} {done.title} · {_told(done)}"))


class Bar(Quiet):
    """Shows what is measured, how far the plan is and the time left."""

    def __init__(self, lines: Lines, bar: Progress) -> None:
        """Draw with *bar*; *lines* prints what stays."""
        self.lines, self.bar = lines, bar
        self.task: TaskID | None = None
        self.plan: dict[str, float] = {}  # seconds, of experiments that are not over
        self.expected = 0.0
        self.began = 0.0
        self.ends = 0.0  # of the budget

    def start(self, experiments: Sequence[Experiment], budget_s: float) -> None:
        """Draw the bar."""
        self.lines.start(experiments, budget_s)
        self.ends = time.monotonic() + budget_s
        self.plan = {one.id: one.seconds for one in experiments}
        self.task = self.bar.add_task("starting etcd", total=sum(self.plan.values()), left="", completed=0)

    def experiment_start(self, experiment_id: str, title: str, seconds: float) -> None:  # noqa: ARG002 - the step says more
        """Begin an experiment that takes about so long."""
        self.plan[experiment_id] = self.expected = seconds
        self.began = time.monotonic()

    def step(self, text: str) -> None:
        """Show the step, and how far the time of the plan is."""
        if self.task is None:
            return
        spent = min(time.monotonic() - self.began, self.expected)
        left = sum(self.plan.values()) - spent
        total = self.bar.tasks[0].total or 1.0
        told = max(0, round(min(left, self.ends - time.monotonic())))
        self.bar.update(
            self.task,
            description=clean_prose(text),
            completed=max(0.0, total - left),
            left=f"about {units.show_ns(told * units.NS_PER_S)} left",
        )

    def experiment_done(self, done: Done) -> None:
        """Take the experiment off the plan."""
        self.plan[done.id] = 0.0
        self.lines.experiment_done(done)


def _told(done: Done) -> str:
    """Return what became of an experiment."""
    took = units.show_ns(round(done.seconds * 10) * units.NS_PER_S // 10)
    return took if done.left_out is None else f"left out: {done.left_out}"


@contextmanager
def _bar(out: Console) -> Iterator[Bar]:
    """Yield a bar, which goes away at the end of the block."""
    columns = (BarColumn(bar_width=24), TextColumn("{task.fields[left]} · {task.description}"))
    with Progress(*columns, console=out, transient=True) as bar:
        yield Bar(Lines(out), bar)


def observer(*, quiet: bool, color: str) -> AbstractContextManager[Quiet]:
    """Return what suits the terminal, --quiet and CI, for a block."""
    return observing.suited(Quiet(), Lines, _bar, quiet=quiet, color=color)
