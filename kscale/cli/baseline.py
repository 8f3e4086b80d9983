"""The commands baseline list, save, show and rm: results by name."""

from typing import Annotated

import typer

from kscale.cli import completion
from kscale.cli.output import Color

PANEL = "Judge"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    group = typer.Typer(
        rich_markup_mode="rich", help="Keep results under names: what later runs are compared with."
    )
    group.callback(invoke_without_command=True, epilog="Example: kscale baseline save main")(baseline)
    group.command("list", epilog="Example: kscale baseline list")(list_)
    group.command(epilog="Example: kscale baseline save main latest")(save)
    group.command(epilog="Example: kscale baseline show main")(show)
    group.command(epilog="Example: kscale baseline rm main")(rm)
    app.add_typer(group, name="baseline", rich_help_panel=PANEL)


def baseline(ctx: typer.Context) -> None:
    """Keep results under names: what later runs are compared with."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def list_(
    everything: Annotated[bool, typer.Option("--all", help="Runs without a name too.")] = False,
    color: Color = "auto",
) -> None:
    """List the results that have a name, and saved simulations."""
    from kscale.report import console, table_baselines
    from kscale.results import baselines, simulations
    from kscale.results.store import Store

    out = console.console(color=color)
    found = baselines.kept(Store.default())
    shown = [one for one in found if everything or one.named]
    console.show(out, table_baselines.listing(shown, len(found) - len(shown), out.width))
    simulated = simulations.kept(Store.default())
    if simulated:
        console.show(out, table_baselines.simulations(simulated, out.width))


def save(
    name: Annotated[str, typer.Argument(help="The name: letters, digits and . _ -")],
    result: Annotated[
        str,
        typer.Argument(
            metavar="[RESULT]",
            help="Path, name, beginning of an id, latest, latest~1.",
            autocompletion=completion.results,
        ),
    ] = "latest",
    force: Annotated[
        bool,
        typer.Option("--force", help="Replace a result of that name; save a quick, cut or dirty run too."),
    ] = False,
) -> None:
    """Save a copy of a result under a name."""
    from kscale.report.text import clean
    from kscale.results import baselines
    from kscale.results.store import Store

    store = Store.default()
    chosen = store.load(result)
    before = baselines.save(store, name, chosen, force=force)
    what = f"run {chosen.run.id} of {baselines.commit(chosen)}"
    if before is None:
        said = f"saved {store.path_of(name)}: {what}"
    elif before.result is None:
        said = f"saved {store.path_of(name)}: {what}, in the place of a file that could not be read"
    elif before.result.run.id == chosen.run.id:
        said = f"{store.path_of(name)} is {what} already"
    else:
        there = f"run {before.result.run.id} of {baselines.commit(before.result)}"
        said = f"saved {store.path_of(name)}: {what}, in the place of {there}"
    typer.echo(clean(said))


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="Path, name, beginning of an id, latest, latest~1.", autocompletion=completion.results
        ),
    ],
    color: Color = "auto",
) -> None:
    """Show the facts of one result: machine, versions, load, command, cells."""
    from kscale.report import console, table_baselines
    from kscale.results import store
    from kscale.results.store import Store

    out = console.console(color=color)
    path = Store.default().find(name)
    console.show(out, table_baselines.facts(store.stem(path), str(path), store.load(path), out.width))


def rm(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME ...", help="Saved names, in full.", autocompletion=completion.names_of_results
        ),
    ],
) -> None:
    """Remove results by name."""
    from kscale.report.text import clean
    from kscale.results import baselines
    from kscale.results.store import Store

    for path in baselines.remove(Store.default(), names):
        typer.echo(f"removed {clean(path)}")
