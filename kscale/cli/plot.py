"""The command plot: results as pictures."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.report.plot.asked import Asked
    from kscale.results.record import Result
    from kscale.results.store import Store

PANEL = "Look"
WHAT, OUTPUT = "What is drawn", "Output"
LONGEST_NAME = 60  # of a file we name ourselves


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale plot main head -o changes.png")(plot)


def plot(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RESULT]...",
            help="A path, name, id prefix or latest; two variants of the latest run; the latest if none.",
            show_default=False,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            rich_help_panel=WHAT,
            help="forest (of two), overview (of one), bars, growth, samples, latency, heatmap or history.",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="X[,Y]", rich_help_panel=WHAT, help="Parameters of growth and heatmap."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=WHAT, help="A counter instead of the time.")
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="PATTERN",
            rich_help_panel=WHAT,
            help="Only cells whose mechanism or key=value matches; may be repeated.",
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=WHAT, help="Instead of optimized.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", rich_help_panel=OUTPUT, help="A .png or .svg file."),
    ] = None,
) -> None:
    """Draw results: what changed, how cost grows, every sample, a trend.

    Two results are compared in a forest of ratios; one is drawn before and after.
    """
    from kscale.report.plot import asked as requests
    from kscale.report.plot import kinds, picture
    from kscale.report.text import clean_prose
    from kscale.results.store import Store

    if output is not None:
        picture.suffix_of(output)
    if kind is not None:
        kinds.find(kind)
    request = _asked(Store.default(), results or ["latest"], kind, variant)
    request = requests.narrowed(request, only or [])
    request = requests.with_axes(request, by, metric)
    name = kind or kinds.default(request)
    made = kinds.picture(name, request)
    path = output or Path(f"{_file_name(request, name)}-{name}.png")
    picture.write(made, path)
    typer.echo(f"wrote {clean_prose(str(path))}: {clean_prose(made.title)}", err=True)


def _asked(store: "Store", names: "Sequence[str]", kind: str | None, variant: str | None) -> "Asked":
    """Return what the arguments mean: results, or variants of the latest run."""
    from kscale.cli import sides
    from kscale.errors import KscaleError
    from kscale.report.plot import asked as requests

    after = variant or requests.OPTIMIZED
    if kind == "history" or len(names) > 2:  # noqa: PLR2004 - more than a comparison has
        found = [store.load(name) for name in names]
        of_scenario = _of_scenario(store, found[0]) if len(found) == 1 else found
        return requests.Asked(tuple(of_scenario), after=after)
    if len(names) == 1:
        return requests.Asked((store.load(names[0]),), after=after)
    comparison, both = sides.pair(store, names[0], names[1])
    if comparison.of == "results":
        made = requests.Asked(both, comparison, after=after, names=tuple(names))
        return made if variant is None else requests.of_variant(made, variant)
    if variant is not None:
        raise KscaleError(f"--variant {variant}: {names[0]} and {names[1]} are the variants already")
    return requests.Asked(both, comparison, before=names[0], after=names[1])


def _of_scenario(store: "Store", result: "Result") -> "list[Result]":
    """Return every saved result of the scenario of *result*, and itself; what cannot be read is said."""
    from kscale.errors import KscaleError
    from kscale.report.text import clean_prose

    found = {result.run.id: result}
    for name in store.names():
        try:
            other = store.load(name)
        except KscaleError as error:
            typer.echo(f"left out: {clean_prose(str(error))}", err=True)
            continue
        if other.scenario.name == result.scenario.name:
            found.setdefault(other.run.id, other)
    return list(found.values())


def _file_name(request: "Asked", kind: str) -> str:
    """Return a harmless name for the file: the results', or the scenario's of a history."""
    names = [request.results[0].scenario.name] if kind == "history" else request.called
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(names)).lstrip(".-")
    return safe[:LONGEST_NAME] or "kscale"
