"""The command import: a real cluster or a trace to a scenario."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli.output import YAML, Color, Force, check_new

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.imports.contradictions import Part
    from kscale.imports.sources import Found
    from kscale.imports.write import Imported

PANEL = "Measure"
OUTPUT = "Output"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        "import",
        rich_help_panel=PANEL,
        epilog="Example: kscale import snapshot.db nodes.json pods.json.gz metrics.prom -o mine.yaml",
    )(import_)


def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...",
            help="etcd snapshots or db files, JSON of kubectl, Prometheus metrics, static-pod manifests and"
            " component configs, audit logs, SimKube traces, openb CSV; also gzip. Formats are found out.",
            show_default=False,
            autocompletion=completion.files,
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="The scenario to write, a .yaml file; its columns go beside it, into a .npz file.",
        ),
    ],
    anonymize: Annotated[
        bool,
        typer.Option(
            "--anonymize/--no-anonymize",
            help="Hide names behind hashes (their key stays in your data folder), or keep them.",
        ),
    ] = True,
    name: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", rich_help_panel=OUTPUT, help="Name of the scenario. Default: the file's."
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="PROFILE",
            rich_help_panel=OUTPUT,
            help="Constants of a version: k8s-1.14, k8s-1.20, k8s-1.36. Default: as read, else the newest.",
            autocompletion=completion.profiles,
        ),
    ] = None,
    force: Force = False,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Say what was read as JSON.")
    ] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Say only what went wrong.")
    ] = False,
    color: Color = "auto",
) -> None:
    """Make a scenario of a real cluster, from what is at hand: offline, names hidden."""
    from kscale.measure import machine, stopping

    machine.use_jit_cache()  # before a reader imports numba
    from kscale.imports import anonymize as names
    from kscale.imports import merge, sources, write
    from kscale.report import console

    console.console(color=color)  # an unknown --color is refused before any work
    title = _title(output, name, profile)
    _check_output(output, files, force=force)
    rename = names.hashes(names.user_key()) if anonymize else names.as_they_are
    found = sources.found(files)
    with stopping.stoppable() as stopper:
        imported = write.make(merge.merge(_read(found, quiet=quiet, color=color)), rename, profile)
        written = write.save(imported, output, title, stopper.held)
    _tell(imported, written, as_json=as_json, quiet=quiet, color=color)


def _title(output: Path, name: str | None, profile: str | None) -> str:
    """Return the scenario's name; KscaleError if it, the profile or the file cannot be one."""
    from pydantic import ValidationError

    from kscale.errors import KscaleError
    from kscale.scenario import load, profiles
    from kscale.scenario.schema import Scenario
    from kscale.units import quote

    if output.is_dir():
        raise KscaleError(f"--output: {output} is a folder; name a file in it, like mine.yaml")
    if output.suffix not in YAML or not output.name.isprintable() or output.name.startswith("~"):
        raise KscaleError(
            f"--output: {quote(output.name)} is not the name of a scenario; write it like mine.yaml"
        )
    if profile is not None:
        profiles.get(profile)
    title = load.name_of(output.stem) if name is None else name
    try:
        return Scenario.model_validate({"name": title}).name
    except ValidationError as error:
        said = str(error.errors()[0].get("ctx", {}).get("error", "is not a name"))
        raise KscaleError(f"--name: {said}") from error


def _check_output(output: Path, files: "Sequence[Path]", *, force: bool) -> None:
    """Raise KscaleError if what would be written is an input, is there already, or cannot be written."""
    from kscale.errors import KscaleError

    for path in (output, output.with_suffix(".npz")):
        if any(path.exists() and one.exists() and path.samefile(one) for one in files):
            raise KscaleError(f"--output: {path} is one of the files to import")
        check_new(path, force=force)


def _read(found: "Sequence[Found]", *, quiet: bool, color: str) -> "list[Part]":
    """Return the facts of every file."""
    from kscale.cli import progress_import
    from kscale.imports import sources

    parts = []
    with progress_import.observer(quiet=quiet, color=color) as observer:
        observer.start(found)
        for one in found:
            observer.file(one)
            parts.append(sources.read(one, observer.at))
    return parts


def _tell(imported: "Imported", written: "Sequence[Path]", *, as_json: bool, quiet: bool, color: str) -> None:
    """Say what was read, as JSON or for people."""
    from kscale.report import console, table_import
    from kscale.report.export import imported as documents

    if as_json:
        typer.echo(documents.json(imported, written).encode(), nl=False)
    elif not quiet:
        out = console.console(color=color)
        console.show(out, table_import.table(imported, written, out.width))
