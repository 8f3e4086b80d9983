"""The command merge: shards of one sweep to one result."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options

if TYPE_CHECKING:
    from kscale.results.store import Store

PANEL = "Measure"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL, epilog="Example: kscale merge shards/*.json --save map; kscale plot map --map"
    )(merge)


def merge(
    shards: Annotated[
        list[str],
        typer.Argument(
            metavar="SHARD ...",
            help="Results of kscale sweep --shard: all of one sweep, in any order; paths or names.",
            autocompletion=completion.results,
        ),
    ],
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", rich_help_panel=output_options.PANEL, help="Name the result."),
    ] = None,
    format: output_options.Format = None,  # noqa: A002 - the option's name
    output: output_options.Output = None,
    samples: output_options.Samples = False,
    as_json: output_options.Json = False,
    verbose: output_options.Verbose = False,
    quiet: output_options.Quiet = False,
    color: output_options.Color = "auto",
    force: Annotated[
        bool, typer.Option("--force", help="Replace a result of that name, and files that are there.")
    ] = False,
) -> None:
    """Put the shards of a sweep together: the result that one machine would have given."""
    import sys
    from datetime import UTC, datetime

    from kscale import units
    from kscale.engine import failed
    from kscale.engine import merge as merging
    from kscale.errors import KscaleError
    from kscale.measure.campaign import portable
    from kscale.report import console, sweep_next, table_sweep
    from kscale.report.export.subject import Subject
    from kscale.results import store as results
    from kscale.results.store import Store

    outputs = output_options.asked(format, output, samples=samples, json=as_json)
    console.console(color=color)  # an unknown --color is refused before any work
    store = Store.default()
    if save is not None:
        store.check_free(save, replace=force)
    parts = results.load_alike([_path(store, name) for name in shards])
    found = merging.merge(parts, shards)
    failed.check_any(found.cells)
    lost = failed.line(found.cells)
    started = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    run = found.run.model_copy(
        update={
            "id": store.new_id(started, found.git.sha if found.git else found.scenario.sha256),
            "name": save if lost is None else None,  # as of a sweep: the name is for all of it
            "started": started,
            "argv": [portable(argument) for argument in sys.argv[1:]],
        }
    )
    result = found.model_copy(update={"run": run})
    path = store.save(result, replace=force)
    outputs.write(
        Subject((result,)),
        lambda width: table_sweep.sweep_table(result, width, verbose=verbose),
        color=color,
    )
    if lost is not None:
        raise KscaleError(f"{lost}; the rest is saved as {path}; run their shards again, and merge anew")
    if not (outputs.machine or quiet):
        sweep, called = result.run.sweep, result.run.name or "latest"
        then = f" · next: {sweep_next.picture(sweep, called)}" if sweep else ""
        typer.echo(f"saved {path} of {units.show_counted(len(parts), 'shard')}{then}", err=True)


def _path(store: "Store", name: str) -> Path:
    """Return the file of a shard: of the many paths that a shell gives, none is looked for among names."""
    path = Path(name)
    return path if name.endswith(".json") and path.is_file() else store.find(name)
