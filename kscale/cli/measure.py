"""Commands that measure: run."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

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
    scenario: Annotated[str, typer.Argument(help="A scenario's name or file; - reads standard input.")],
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="PATTERN",
            rich_help_panel=SCENARIO,
            help="Only cells whose mechanism or key=value matches; may be repeated.",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="MECHANISM.KEY=VALUES",
            rich_help_panel=SCENARIO,
            help="Give a parameter; several values, with commas, are a sweep. May be repeated.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**62, rich_help_panel=SCENARIO, help="Another seed than the scenario's."),
    ] = None,
    budget: Annotated[
        str, typer.Option(rich_help_panel=SAMPLING, help="Time for all timed pairs together.")
    ] = "45s",
    exact: Annotated[
        bool, typer.Option("--exact", rich_help_panel=SAMPLING, help="Count only, take no times.")
    ] = False,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=OUTPUT, help="Name the result.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print the result as one JSON document.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", rich_help_panel=OUTPUT, help="Show every metric.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="No progress on standard error.")
    ] = False,
    color: Annotated[
        str, typer.Option(metavar="WHEN", rich_help_panel=OUTPUT, help="auto, always or never.")
    ] = "auto",
    resume: Annotated[
        bool, typer.Option("--resume", rich_help_panel=ADVANCED, help="Go on with the interrupted run.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", rich_help_panel=ADVANCED, help="Run although memory looks too small; replace a name."
        ),
    ] = False,
) -> None:
    """Run a scenario's mechanisms before and after: print the table, save the result."""
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import progress
    from kscale.measure import campaign
    from kscale.measure.plan import plan
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.report import console, table_run
    from kscale.results import store
    from kscale.scenario import load

    out = console.console(stderr=False, color=color)
    loaded = load.load(scenario)
    if seed is not None:
        loaded = loaded.with_seed(seed)
    cells = plan(loaded, MECHANISMS, only=only or (), overrides=overrides or ())
    kept = store.Store.default()
    if save is not None:
        kept.check_free(save, replace=force)
    with progress.observer(quiet=quiet or as_json, color=color) as observer:
        result = campaign.run(
            loaded,
            cells,
            _settings(budget, exact=exact),
            observer,
            kept,
            campaign.Request(argv=sys.argv[1:], name=save, resume=resume, force=force),
        )
    if as_json:
        out.file.write(store.dumps(result))
        return
    console.show(out, table_run.run_table(result, out.width, verbose=verbose))
    path = kept.path_of(result.run.name or result.run.id)
    console.show(out, table_run.saved_line(str(path), result.run.seconds))


def _settings(budget: str, *, exact: bool) -> "Settings":
    """Return how to measure; KscaleError if the budget is not a time."""
    from kscale import units
    from kscale.errors import KscaleError
    from kscale.measure.timing import Settings

    try:
        budget_s = units.parse_duration(budget) / units.NS_PER_S
    except ValueError as error:
        raise KscaleError(f"--budget: {error}") from error
    return Settings(budget_s=budget_s, timing=not exact)
