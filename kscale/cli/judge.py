"""Commands that judge: compare."""

import math
from typing import Annotated

import typer

PANEL = "Judge"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale compare main head --fail-over 10")(compare)


def compare(
    baseline: Annotated[
        str, typer.Argument(help="A result: path, name, id prefix, latest; or a variant of the latest run.")
    ],
    optimized: Annotated[str, typer.Argument(help="The same, for the other side.")],
    fail_over: Annotated[
        float | None,
        typer.Option(min=0, metavar="PERCENT", help="Exit 1 if a time is surely slower by more than this."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show every metric.")] = False,
    color: Annotated[str, typer.Option(metavar="WHEN", help="auto, always or never.")] = "auto",
) -> None:
    """Show what changed between two results, or two variants of the latest run."""
    from kscale.cli import sides
    from kscale.errors import KscaleError
    from kscale.judge import threshold
    from kscale.report import console, table_compare
    from kscale.results.store import Store

    if fail_over is not None and not math.isfinite(fail_over):
        raise KscaleError(f"--fail-over: {fail_over} is not a percentage; write it like 10")
    out = console.console(color=color)
    found, _ = sides.pair(Store.default(), baseline, optimized)
    console.show(out, table_compare.comparison_table(found, out.width, fail_over=fail_over, verbose=verbose))
    if fail_over is not None:
        threshold.check([found], fail_over)
