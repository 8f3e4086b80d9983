"""The command limit: how large a cluster gets before an objective breaks, and what each optimization buys."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options

if TYPE_CHECKING:
    from kscale.clusterwide.limit import Limit

PANEL = "Whole cluster"
SEARCH, WHAT, OUTPUT = "Search", "Optimizations", "Output"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL,
        epilog="Example: kscale limit alibaba-10k; kscale limit mine.yaml --axis pods --before today",
    )(limit)


def limit(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A scenario's name or file; - reads standard input.", autocompletion=completion.scenarios
        ),
    ],
    axis: Annotated[
        str,
        typer.Option(
            metavar="AXIS",
            rich_help_panel=SEARCH,
            help="What grows: nodes, with pods, objects and changes in proportion; or pods, objects or"
            " pod-changes alone.",
        ),
    ] = "nodes",
    slo: Annotated[
        str,
        typer.Option(
            metavar="WHICH",
            rich_help_panel=SEARCH,
            help="Objectives to keep: official, those of Kubernetes over five minutes; with other bounds,"
            " pod-startup=10s,lost=0.1%; or a .yaml file of such.",
        ),
    ] = "official",
    before: Annotated[
        str,
        typer.Option(
            metavar="SET",
            rich_help_panel=WHAT,
            help="none, all, today (what the scenario says is on), or ids with commas; -id takes one out.",
            autocompletion=completion.toggles,
        ),
    ] = "none",
    after: Annotated[
        str,
        typer.Option(
            metavar="SET", rich_help_panel=WHAT, help="Likewise.", autocompletion=completion.toggles
        ),
    ] = "all",
    steps: Annotated[
        bool,
        typer.Option("--steps/--no-steps", rich_help_panel=WHAT, help="Find the way between the two walls."),
    ] = True,
    seeds: Annotated[
        int,
        typer.Option(min=1, max=100, rich_help_panel=SEARCH, help="Runs of each size that must all hold."),
    ] = 3,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, max=2**61, rich_help_panel=SEARCH, help="The first of them; the scenario's if not given."
        ),
    ] = None,
    precision: Annotated[
        str,
        typer.Option(rich_help_panel=SEARCH, help="How far apart may be what holds and what breaks."),
    ] = "2%",
    duration: Annotated[
        str, typer.Option(rich_help_panel=SEARCH, help="Virtual time of a run; a window is 5min.")
    ] = "5min",
    least: Annotated[
        str | None,
        typer.Option("--from", metavar="N", rich_help_panel=SEARCH, help="The least to try; 1."),
    ] = None,
    most: Annotated[
        str | None,
        typer.Option("--to", metavar="N", rich_help_panel=SEARCH, help="The most to try; 1M nodes."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one for each core if not given.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", rich_help_panel=OUTPUT, help="Also draw the waterfall: a .png or .svg file."
        ),
    ] = None,
    format: output_options.Format = None,  # noqa: A002 - the option's name
    output: output_options.Output = None,
    as_json: output_options.Json = False,
    quiet: output_options.Quiet = False,
    color: output_options.Color = "auto",
) -> None:
    """Find the largest cluster that keeps every objective, without and with optimizations."""
    from kscale.report.export import formats

    outputs = output_options.asked(format, output, json=as_json)
    outputs.only((formats.TABLE, "json", "csv", "markdown"), "limit")
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import limiting
    from kscale.report import console
    from kscale.report.plot import picture

    console.console(color=color)  # an unknown --color is refused before any work
    if plot is not None:
        picture.suffix_of(plot)
        output_options.check_free(plot, "--plot")
    question = limiting.question(
        scenario,
        axis=axis,
        slo=slo,
        before=before,
        after=after,
        steps=steps,
        seeds=seeds,
        seed=seed,
        precision=precision,
        duration=duration,
        least=least,
        most=most,
    )
    found = limiting.answer(question, workers=workers, quiet=quiet, color=color)
    _write(found, outputs, color=color)
    if plot is not None:
        _draw(found, plot)


def _write(found: "Limit", outputs: output_options.Outputs, *, color: str) -> None:
    """Write the files and print the walls in the format asked for."""
    from kscale.report import table_limit
    from kscale.report.export import limits

    outputs.write_as(
        lambda name: limits.FORMATS[name](found),
        lambda width: table_limit.limit_table(found, width),
        color=color,
    )


def _draw(found: "Limit", path: Path) -> None:
    """Write the picture and say what it shows."""
    from kscale.report.plot import picture, walls, waterfall
    from kscale.report.text import clean_prose

    made = waterfall.picture(walls.waterfall(found))
    picture.write(made, path)
    typer.echo(f"wrote {clean_prose(str(path))}: {clean_prose(made.title)}", err=True)
