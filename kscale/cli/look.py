"""Commands that show what is there: list, show; and the version."""

from typing import Annotated

import typer

from kscale import __version__
from kscale.cli import completion, output
from kscale.cli.plugged import Plugin

PANEL = "Look"
OUTPUT = output.PANEL
CONFIG = "config"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command("list", rich_help_panel=PANEL, epilog="Example: kscale list")(list_)
    app.command(rich_help_panel=PANEL, epilog="Example: kscale show etcd-freelist")(show)


def list_(plugin: Plugin = None, color: output.Color = "auto") -> None:
    """List the mechanisms and the scenarios that come with kscale."""
    from kscale.measure import machine

    machine.use_jit_cache()
    from kscale.cli import plugged
    from kscale.judge.claims.registry import CLAIMS
    from kscale.report import console, listing
    from kscale.scenario import shipped

    out = console.console(color=color)
    mechanisms = plugged.mechanisms(plugged.read(plugin))
    console.show(out, listing.listing(mechanisms, shipped.names(), out.width, claims=len(CLAIMS)))


def show(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="MECHANISM|RESULT|config",
            help="A mechanism's id, as kscale list prints it; else a result: path, name, id prefix, latest; "
            "or config. A result of a mechanism's name is shown by its path.",
            autocompletion=completion.shown,
        ),
    ],
    plugin: Plugin = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", rich_help_panel=OUTPUT, help="Of a result, show every metric.")
    ] = False,
    format: output.Format = None,  # noqa: A002 - the option's name
    files: output.Output = None,
    samples: output.Samples = False,
    as_json: output.Json = False,
    color: output.Color = "auto",
) -> None:
    """Show a mechanism, a saved result as kscale run printed it, or the value and origin of every option."""
    from kscale.cli import config, names
    from kscale.errors import KscaleError

    if what == CONFIG:
        if any(config.is_typed(ctx, name) for name in ("format", "files", "samples")):
            raise KscaleError("show config: shown as a table, or with --json; drop the other output options")
        _config(ctx, as_json=as_json, color=color)
    elif what in names.mechanisms():
        if any(config.is_typed(ctx, name) for name in ("format", "files", "samples", "as_json")):
            raise KscaleError(f"show {what}: a mechanism is shown as text only; drop the output options")
        _mechanism(what, plugin, color)
    elif plugin:
        raise KscaleError(f"--plugin: is for a mechanism; {what} is none")
    else:
        asked = output.asked(format, files, samples=samples, json=as_json)
        _result(what, asked, verbose=verbose, color=color)


def _mechanism(name: str, plugin: list[str] | None, color: str) -> None:
    """Print a mechanism's card, with the variants of plugins."""
    from kscale.measure import machine

    machine.use_jit_cache()
    from kscale.cli import plugged
    from kscale.report import console, listing

    out = console.console(color=color)
    found = next(one for one in plugged.mechanisms(plugged.read(plugin)) if one.id == name)
    console.show(out, listing.card(found, out.width))


def _result(name: str, asked: output.Outputs, *, verbose: bool, color: str) -> None:
    """Print a saved result's table; KscaleError if there is neither a result nor a mechanism of that name."""
    from kscale.cli import names, sides, simulations
    from kscale.errors import KscaleError, did_you_mean
    from kscale.report import table_sweep
    from kscale.report.export.subject import Subject
    from kscale.results.store import Store

    simulated = simulations.find(Store.default(), [name])
    if simulated:
        asked.only(simulations.FORMATS, "show of a simulation")
        simulations.write(simulated[0], asked, verbose=verbose, color=color)
        return
    try:
        result = sides.look_up(Store.default(), [name]).named[0].result
    except KscaleError as error:
        if not str(error).startswith("no result"):
            raise
        known = did_you_mean(name, [*names.mechanisms(), CONFIG])
        raise KscaleError(f"no mechanism {name!r}; {known}; and {error}") from None
    asked.write(
        Subject((result,)),
        lambda width: table_sweep.result_table(result, width, verbose=verbose),
        color=color,
    )


def _config(ctx: typer.Context, *, as_json: bool, color: str) -> None:
    """Print the value of every option and where it comes from."""
    import json

    from kscale.cli import config, config_files
    from kscale.report import console, table_config

    values = config.values(ctx)
    if as_json:
        tree: dict[str, dict[str, object]] = {}
        for one in values:
            told = {"value": one.value, "origin": one.origin}
            tree.setdefault(one.command or "everywhere", {})[one.option.removeprefix("--")] = told
        typer.echo(json.dumps(tree, indent=2, default=str))
        return
    found = {file.kind: file.shown for file in config_files.read()}
    files = {
        "project": found.get("project", "no kscale.toml, no [tool.kscale], from here upwards"),
        "user": found.get("user", f"no {config_files.shown(config_files.user_path())}"),
    }
    out = console.console(color=color)
    console.show(out, table_config.config_table(files, values, out.width))


def version(*, verbose: bool) -> None:
    """Print the version; with *verbose* also what else decides how fast kernels are."""
    typer.echo(f"kscale {__version__}")
    if not verbose:
        return
    from kscale.measure import machine
    from kscale.report import table_run

    here = machine.facts()
    for name in ("python", "numpy", "numba"):
        typer.echo(f"{name} {getattr(here, name)}")
    typer.echo(f"machine {table_run.machine_line(here)}, {here.os} {here.kernel} {here.arch}")
