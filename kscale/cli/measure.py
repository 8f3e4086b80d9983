"""The command run: a scenario, before and after each optimization."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options
from kscale.cli.against import Against
from kscale.cli.plugged import Plugin

if TYPE_CHECKING:
    from kscale.measure.timing import Settings

PANEL = "Measure"
SCENARIO, SAMPLING, OUTPUT, ADVANCED = "Scenario", "Sampling", "Output", "Advanced"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL, epilog="Example: kscale run smoke --set etcd-freelist.free_pages=10k,1M"
    )(run)


def run(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A scenario's name or file; - reads standard input.", autocompletion=completion.scenarios
        ),
    ],
    only: output_options.Filter = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="MECHANISM.KEY=VALUES",
            rich_help_panel=SCENARIO,
            help="Give a parameter; several values, with commas, are a sweep. May be repeated.",
            autocompletion=completion.settings,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**62, rich_help_panel=SCENARIO, help="Another seed than the scenario's."),
    ] = None,
    plugin: Plugin = None,
    budget: Annotated[
        str | None,
        typer.Option(
            rich_help_panel=SAMPLING,
            help="Time for all timed pairs together. Default 25s; with --quick 2s, with --profile 10s.",
        ),
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", rich_help_panel=SAMPLING, help="6 pairs a cell; not to be kept as a baseline."
        ),
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", rich_help_panel=SAMPLING, help="Count only, take no times.")
    ] = False,
    against: Against = None,
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
    resume: Annotated[
        bool, typer.Option("--resume", rich_help_panel=ADVANCED, help="Go on with the interrupted run.")
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
            help="List the cells with time and memory; measure nothing.",
        ),
    ] = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="CELL[:VARIANT]",
            rich_help_panel=ADVANCED,
            help="Loop one cell, for an outside profiler.",
            autocompletion=completion.mechanisms,
        ),
    ] = None,
) -> None:
    """Run a scenario's mechanisms before and after: print the table, save the result."""
    outputs = output_options.asked(format, output, samples=samples, json=as_json)
    written = outputs.machine or bool(outputs.files)
    _refuse(
        ("--dry-run", dry_run, {"--against": against, "--profile": profile, "--format or --output": written}),
        ("--profile", profile, {"--against": against, "--save": save, "--format or --output": written}),
        ("--against", against, {"--quick": quick, "--resume": resume, "--plugin": plugin}),
    )
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import jobs, plugged
    from kscale.measure.campaign import Request
    from kscale.measure.plan import plan
    from kscale.report import console
    from kscale.results.store import Store
    from kscale.scenario import load

    console.console(color=color)  # an unknown --color is refused before any work
    plugins = plugged.read(plugin)
    loaded = load.load(scenario)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    settings = _settings(budget or _budget(quick=quick, profile=profile), exact=exact, quick=quick)
    job = jobs.Job(
        loaded=loaded,
        cells=plan(loaded, plugged.mechanisms(plugins), only=only or (), overrides=overrides or ()),
        settings=settings,
        request=Request(sys.argv[1:], save, resume, force, tuple(one.ref() for one in plugins)),
        store=Store.default(),
        outputs=outputs,
        quiet=quiet,
        verbose=verbose,
        color=color,
    )
    if save is not None:
        job.store.check_free(save, replace=force)
    if dry_run:
        jobs.plan_only(job)
    elif profile is not None:
        jobs.profile(job, profile, settings.budget_s)
    elif against is not None:
        jobs.take_turns(job, against)
    else:
        jobs.measure(job)


def _refuse(*rivals: tuple[str, object, dict[str, object]]) -> None:
    """Raise KscaleError if an option is given with one that it cannot be combined with."""
    from kscale.errors import KscaleError

    for option, given, others in rivals:
        found = [name for name, value in others.items() if given and value]
        if found:
            raise KscaleError(f"{option} cannot be combined with {found[0]}; leave one of the two out")


def _budget(*, quick: bool, profile: str | None) -> str:
    """Return the time for a run that was given none."""
    if profile is not None:
        return "10s"
    return "2s" if quick else "25s"


def _settings(budget: str, *, exact: bool, quick: bool) -> "Settings":
    """Return how to measure; KscaleError if the budget is not a time."""
    from kscale import units
    from kscale.errors import KscaleError
    from kscale.measure import stats
    from kscale.measure.timing import Settings

    try:
        budget_s = units.parse_duration(budget) / units.NS_PER_S
    except ValueError as error:
        raise KscaleError(f"--budget: {error}") from error
    if quick:
        return Settings(budget_s=budget_s, max_pairs=stats.FEWEST, timing=not exact, quick=True)
    return Settings(budget_s=budget_s, timing=not exact)
