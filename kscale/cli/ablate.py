"""The command ablate: what each optimization buys, alone, last, and over all orders."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options

if TYPE_CHECKING:
    from kscale.clusterwide.ablate import Ablation

PANEL = "Whole cluster"
SCENARIO, WHAT, SEARCH, OUTPUT = "Scenario", "Optimizations", "Search", "Output"
FORMATS = ("table", "json", "csv", "markdown")


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL,
        epilog="Example: kscale ablate alibaba-10k; kscale ablate mine.yaml --before today --metric limit",
    )(ablate)


def ablate(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A scenario's name or file; - reads standard input.", autocompletion=completion.scenarios
        ),
    ],
    metric: Annotated[
        str,
        typer.Option(
            metavar="METRIC",
            rich_help_panel=WHAT,
            help="What is accounted for: pod-startup-p99, scheduling-p99, mutating-p99, log-bytes-per-min,"
            " store-peak-bytes, apiserver-cpu-busy-ppm and others; or limit, the largest cluster.",
            autocompletion=completion.figures,
        ),
    ] = "pod-startup-p99",
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
    pairs: Annotated[
        bool | None,
        typer.Option(
            "--pairs/--no-pairs",
            rich_help_panel=WHAT,
            help="What two do together; of limit only if asked for.",
            show_default=False,
        ),
    ] = None,
    permutations: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=10_000,
            rich_help_panel=SEARCH,
            help="Orders that are drawn, in pairs; as many as 256 runs hold (of limit 48) if not given.",
        ),
    ] = None,
    exact: Annotated[
        bool,
        typer.Option(
            "--exact", rich_help_panel=SEARCH, help="Count every order; 2^n runs for n that matter."
        ),
    ] = False,
    nodes: Annotated[
        int | None,
        typer.Option(
            min=1, rich_help_panel=SCENARIO, help="So many; pods, objects and changes in proportion."
        ),
    ] = None,
    duration: Annotated[
        str, typer.Option(rich_help_panel=SCENARIO, help="Virtual time of a run; a window is 5min.")
    ] = "5min",
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**62, rich_help_panel=SCENARIO, help="Another seed than the scenario's."),
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
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=OUTPUT, help="Keep the JSON as ablations/NAME.json."),
    ] = None,
    force: output_options.Force = False,
    format: output_options.Format = None,  # noqa: A002 - the option's name
    output: output_options.Output = None,
    as_json: output_options.Json = False,
    quiet: output_options.Quiet = False,
    color: output_options.Color = "auto",
) -> None:
    """Say what each optimization buys of a figure or of the limit: contributions that add up exactly."""
    from kscale.errors import KscaleError

    outputs = output_options.asked(format, output, json=as_json)
    outputs.only(FORMATS, "ablate")
    if force and save is None:
        raise KscaleError("--force replaces what --save names; give --save too, or leave it out")
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import ablating
    from kscale.report import console
    from kscale.report.plot import picture

    console.console(color=color)  # an unknown --color is refused before any work
    if plot is not None:
        picture.suffix_of(plot)
        output_options.check_free(plot, "--plot")
    saved = None if save is None else _saved(save, force=force)
    size, asked = ablating.question(
        scenario,
        metric=metric,
        before=before,
        after=after,
        nodes=nodes,
        duration=duration,
        seed=seed,
        permutations=permutations,
        exact=exact,
        pairs=pairs,
    )
    found = ablating.answer(size, asked, count=workers, quiet=quiet or outputs.machine, color=color)
    if saved is not None:
        _save(found, saved)
    _write(found, outputs, color=color)
    if plot is not None:
        _draw(found, plot)


def _saved(name: str, *, force: bool) -> Path:
    """Return where an account is kept; KscaleError if the name is none, or taken."""
    from kscale.cli import ablating
    from kscale.errors import KscaleError
    from kscale.results.store import Store

    path = ablating.path_of(Store.default().path_of(name).name)
    if path.exists() and not force:
        raise KscaleError(f"--save: {path} is there; --force replaces it")
    output_options.check_free(path, "--save")
    return path


def _save(found: "Ablation", path: Path) -> None:
    """Keep an account."""
    from kscale import files
    from kscale.report.export import ablate as documents

    files.write(path, documents.render_json(found).encode())
    typer.echo(f"saved {path}", err=True)


def _write(found: "Ablation", outputs: output_options.Outputs, *, color: str) -> None:
    """Write the files and print the account in the format asked for."""
    from kscale.report import table_ablate
    from kscale.report.export import ablate as documents

    outputs.write_as(
        lambda name: documents.FORMATS[name](found),
        lambda width: table_ablate.ablate_table(found, width),
        color=color,
    )


def _draw(found: "Ablation", path: Path) -> None:
    """Write the picture and say what it shows."""
    from kscale.report.plot import ablation, picture, waterfall
    from kscale.report.text import clean_prose

    made = waterfall.picture(ablation.waterfall(found))
    picture.write(made, path)
    typer.echo(f"wrote {clean_prose(str(path))}: {clean_prose(made.title)}", err=True)
