"""The command plot: results as pictures."""

from pathlib import Path
from typing import Annotated

import typer

PANEL = "Look"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale plot latest -o before-after.png")(plot)


def plot(
    result: Annotated[str, typer.Argument(help="A result: path, name, id prefix or latest.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A .png or .svg file.")],
) -> None:
    """Draw a result: before and after on a log axis, growth over each swept parameter."""
    from kscale.report.plot import kinds, picture
    from kscale.report.plot.asked import Asked
    from kscale.results.store import Store

    picture.suffix_of(output)
    picture.write(kinds.picture("overview", Asked((Store.default().load(result),))), output)
    typer.echo(f"wrote {output}", err=True)
