"""The command sweep: the cells of a scenario over sizes and seeds, in parallel."""

import sys
from contextlib import contextmanager
from threading import Timer
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options
from kscale.cli.plugged import Plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

LATE_S = 2.0  # of planning, until it is said
PANEL = "Measure"
SCENARIO, SAMPLING, WHERE, OUTPUT, ADVANCED = "Scenario", "Sampling", "Where it runs", "Output", "Advanced"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL,
        epilog="Example: kscale sweep smoke --over etcd-freelist.free_pages=1k..1M/7log --seeds 5",
    )(sweep)


@contextmanager
def _said_late(words: str, *, quiet: bool) -> "Iterator[None]":
    """Print a line to standard error if the block takes long: thousands of places are checked one by one."""
    timer = Timer(LATE_S, lambda: typer.echo(words, err=True))
    timer.daemon = True
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


def sweep(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A scenario's name or file; - reads standard input.", autocompletion=completion.scenarios
        ),
    ],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="KEY=VALUES",
            rich_help_panel=SCENARIO,
            help="Vary a mechanism's parameter, etcd-freelist.free_pages, or a place of the scenario,"
            " cluster.nodes.count. Values: 1k,10k; 10k..1M/8log, 8 by equal factors; 10%..90%/9, evenly."
            " Repeated: all combinations.",
            autocompletion=completion.axes,
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=1000, rich_help_panel=SCENARIO, help="Runs of each point, each with another seed."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**61, rich_help_panel=SCENARIO, help="The first of them; the scenario's if not given."
        ),
    ] = None,
    only: output_options.Filter = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="MECHANISM.KEY=VALUES",
            rich_help_panel=SCENARIO,
            help="Give a parameter at every point. May be repeated.",
            autocompletion=completion.settings,
        ),
    ] = None,
    plugin: Plugin = None,
    timed: Annotated[
        bool,
        typer.Option(
            "--timed", rich_help_panel=SAMPLING, help="Take times too, one cell at a time on a machine."
        ),
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SAMPLING, help="With --timed: time for the pairs of a cell. Default 2s."
        ),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE",
            rich_help_panel=WHERE,
            help="local: processes; dask: a Dask cluster started here; dask://HOST:PORT: one that runs.",
            autocompletion=completion.engines,
        ),
    ] = "local",
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            rich_help_panel=WHERE,
            help="Processes here; if not given, one for each core that this process may use (a container's"
            " quota counts), as far as memory goes. Timed cells are run by one.",
        ),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N",
            rich_help_panel=WHERE,
            help="Run only every N-th cell, from the I-th on; kscale merge puts all together.",
        ),
    ] = None,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=OUTPUT, help="Name the result.")
    ] = None,
    format: output_options.Format = None,  # noqa: A002 - the option's name
    output: output_options.Output = None,
    samples: output_options.Samples = False,
    as_json: output_options.Json = False,
    verbose: output_options.Verbose = False,
    quiet: output_options.Quiet = False,
    color: output_options.Color = "auto",
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            rich_help_panel=ADVANCED,
            help="Begin anew, though an interrupted call has finished some of the cells.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", rich_help_panel=ADVANCED, help="Run although memory looks too small; replace a name."
        ),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            rich_help_panel=ADVANCED,
            help="Say how many cells, about how long and how much memory; run none.",
        ),
    ] = False,
) -> None:
    """Run a scenario over sizes and seeds: where each optimization wins, where it loses."""
    from kscale.errors import KscaleError

    outputs = output_options.asked(format, output, samples=samples, json=as_json)
    if dry_run and (outputs.machine or outputs.files):
        raise KscaleError("--dry-run cannot be combined with --format or --output; leave one of the two out")
    if budget is not None and not timed:
        raise KscaleError("--budget is the time for the pairs of a timed cell; add --timed")
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import sweeping
    from kscale.measure.campaign import Request
    from kscale.report import console

    console.console(color=color)  # an unknown --color is refused before any work
    wish = sweeping.Wish(
        over=over or (),
        seeds=seeds,
        seed=seed,
        only=only or (),
        overrides=overrides or (),
        plugin=plugin or (),
        settings=sweeping.settings(budget, timed=timed),
    )
    with _said_late("planning ...", quiet=quiet):
        planned = sweeping.planned(scenario, wish)
    where = sweeping.Where(engine, workers, shard)
    if dry_run:
        sweeping.plan_only(planned, where, color=color)
        return
    request = Request(sys.argv[1:], save, False, force, tuple(one.ref() for one in planned.plugins))
    sweeping.run(
        planned,
        where,
        request,
        outputs,
        sweeping.Look(verbose=verbose, quiet=quiet, color=color),
        fresh=fresh,
    )
