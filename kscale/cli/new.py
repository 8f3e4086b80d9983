"""The command new variant: a plugin that works, to begin with."""

from pathlib import Path
from typing import Annotated

import typer

from kscale.cli import completion

PANEL = "Your own variants"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    group = typer.Typer(rich_markup_mode="rich", help="Write a file to begin with.")
    group.callback(invoke_without_command=True, epilog="Example: kscale new variant etcd-freelist")(new)
    group.command(epilog="Example: kscale new variant etcd-freelist -o my_freelist.py")(variant)
    app.add_typer(group, name="new", rich_help_panel=PANEL)


def new(ctx: typer.Context) -> None:
    """Write a file to begin with."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def variant(
    mechanism: Annotated[
        str, typer.Argument(help="Of which mechanism; see kscale list.", autocompletion=completion.mechanisms)
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where; my_MECHANISM.py here if not given."),
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What to call the variant.")] = "mine",
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a plugin with a variant of a mechanism that works: change it, check it, compare it."""
    from kscale import files
    from kscale.cli.output import check_new
    from kscale.errors import KscaleError
    from kscale.measure import machine
    from kscale.report import console

    machine.use_jit_cache()  # before anything imports numba
    from kscale.plugins import load, template

    path = output or Path(template.name_of(mechanism))
    text = template.text(mechanism, str(path), name)
    if path.suffix != load.ENDING:
        raise KscaleError(f"--output {path}: must end in {load.ENDING}, as --plugin tells files by that")
    check_new(path, force=force)
    files.write(path, text.encode())
    console.tell(f"wrote {path}: a variant of {mechanism} called {name}")
    console.tell(f"next: kscale check --plugin {path}")
    console.tell(f"then: kscale compare baseline {name} --plugin {path}")
