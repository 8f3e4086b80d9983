"""What `kscale run` can be asked to do with its cells: measure, take turns, plan, or loop one of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from kscale.cli import progress
from kscale.cli.against import installation
from kscale.cli.output import Outputs
from kscale.errors import KscaleError, WrongAnswer
from kscale.judge import compare
from kscale.measure import campaign, estimate, loop, machine, together
from kscale.measure.campaign import Request
from kscale.measure.plan import PlannedCell
from kscale.measure.timing import Settings
from kscale.report import console, table_compare, table_plan, table_run
from kscale.report.export.subject import Subject
from kscale.results.store import Store
from kscale.scenario import build
from kscale.scenario.load import Loaded


@dataclass(frozen=True, slots=True)
class Job:
    """The cells and how they are to be measured."""

    loaded: Loaded
    cells: list[PlannedCell]
    settings: Settings
    request: Request
    store: Store
    outputs: Outputs
    quiet: bool
    verbose: bool
    color: str


def measure(job: Job) -> None:
    """Measure, save and print."""
    with _watching(job) as observer:
        result = campaign.run(job.loaded, job.cells, job.settings, observer, job.store, job.request)
    job.outputs.write(
        Subject((result,)),
        lambda width: table_run.run_table(result, width, verbose=job.verbose),
        color=job.color,
        streamed=job.outputs.streams,
    )
    if not job.outputs.machine:
        path = job.store.path_of(result.run.called)
        console.show(console.console(color=job.color), table_run.saved_line(str(path), result.run.seconds))


@contextmanager
def _watching(job: Job) -> Iterator[progress.Quiet]:
    """Yield who is told of a run; a wrong answer is written to JUnit files before it ends the run."""
    try:
        if job.outputs.streams:
            yield progress.Stream()
            return
        with progress.observer(quiet=job.quiet or job.outputs.machine, color=job.color) as observer:
            yield observer
    except WrongAnswer as error:
        job.outputs.write_wrong_answer(error)
        raise


def take_turns(job: Job, against: str) -> None:
    """Measure this kscale and another one in turns, save both results and print what differs."""
    other = installation(against)
    for name in {other.name, job.request.name} - {None}:
        job.store.check_free(str(name), replace=job.request.force)
    if other.name is not None and other.name == job.request.name:
        raise KscaleError(f"--against {other.name}=: is the name of this run too; two results need two names")
    quiet = job.quiet or job.outputs.machine
    with progress.observer(quiet=quiet, color=job.color, turns=True) as observer:
        results = together.run(job.loaded, job.cells, job.settings, observer, job.store, job.request, other)
    found = compare.of_results(*results)
    job.outputs.write(
        Subject(results, (found,)),
        lambda width: table_compare.comparison_table(found, width, verbose=job.verbose),
        color=job.color,
    )
    if not job.outputs.machine:
        base, head = (result.run.called for result in results)
        line = f"saved {base} and {head} in {job.store.folder} · next: kscale gate {base} {head}"
        typer.echo(line, err=True)


def plan_only(job: Job) -> None:
    """Print the cells with about the time and memory each will take; measure nothing."""
    cluster = build.build(job.loaded.scenario, job.loaded.recorded)
    timed = {cell.key: estimate.is_timed(cell, job.settings) for cell in job.cells}
    earlier = estimate.earlier_cells(job.store, job.loaded, machine.facts().fingerprint, timed)
    found = estimate.estimates(job.cells, cluster, job.settings, earlier)
    needed = estimate.process_bytes(build.memory(job.loaded.scenario), found)
    out = console.console(color=job.color)
    name = job.loaded.scenario.name
    console.show(out, table_plan.plan_table(name, found, needed, machine.free_bytes(), out.width))


def profile(job: Job, asked: str, seconds: float) -> None:
    """Run one cell in a loop and say by which process id a profiler finds it."""
    wanted, _, variant = asked.partition(":")
    found = [cell for cell in job.cells if wanted in {cell.key, cell.mechanism.id}]
    if len(found) != 1:
        have = ", ".join(f"{cell.mechanism.id} ({cell.label})" for cell in (found or job.cells)[:8])
        what = "matches no cell" if not found else "matches several cells; narrow them with --filter"
        raise KscaleError(f"--profile {wanted}: {what}; there are: {have}")
    cluster = build.build(job.loaded.scenario, job.loaded.recorded)

    def ready(name: str) -> None:
        pid = os.getpid()
        typer.echo(f"{found[0].mechanism.id} · {found[0].label} · {name}: process {pid}", err=True)
        typer.echo(f"  py-spy record --native --pid {pid} -o profile.svg", err=True)
        typer.echo(f"  perf record -g -p {pid}", err=True)

    runs, took = loop.loop(found[0], variant or None, cluster, seconds, ready)
    typer.echo(f"{runs:,} runs in {took:.1f} s, states built in between included")
