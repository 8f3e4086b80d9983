"""The command plot: results as pictures."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli.output import Filter, check_free

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.cli.sides import Sides
    from kscale.report.plot.asked import Asked
    from kscale.results.store import Store

PANEL = "Look"
WHAT, OUTPUT = "What is drawn", "Output"
KINDS = ("forest", "overview", "bars", "growth", "samples", "latency", "heatmap", "map", "pareto", "history")
OF_SIMULATIONS = ("stations", "life", "spread")
LONGEST_NAME = 60  # of a file we name ourselves


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale plot main head -o changes.png")(plot)


def _kinds(incomplete: str) -> list[str]:
    """Return the kinds that begin like what is typed."""
    return [kind for kind in (*KINDS, *OF_SIMULATIONS) if kind.startswith(incomplete)]


def plot(
    results: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RESULT]...",
            help="Names, paths, id prefixes, latest (if none is given), - for standard input; or two "
            "variants of the latest run. title=RESULT renames one.",
            show_default=False,
            autocompletion=completion.sides,
        ),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(
            metavar="KIND",
            rich_help_panel=WHAT,
            help="forest (of two, the default), overview (of one, the default), bars, growth, samples, "
            "latency, heatmap, map, pareto, history (of many, the default). Of a simulation: stations (the "
            "default), life, spread.",
            autocompletion=_kinds,
        ),
    ] = None,
    crossover: Annotated[
        bool,
        typer.Option(
            "--map", rich_help_panel=WHAT, help="As --kind map: who wins where over what was swept."
        ),
    ] = False,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="X[,Y]",
            rich_help_panel=WHAT,
            help="Parameters of growth, heatmap and map; counters of pareto.",
        ),
    ] = None,
    metric: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=WHAT,
            help="A counter instead of the time.",
            autocompletion=completion.metrics,
        ),
    ] = None,
    only: Filter = None,
    variant: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            rich_help_panel=WHAT,
            help="Instead of optimized; of two results: this one only.",
            autocompletion=completion.variants,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="A .png or .svg file; <result>-<kind>.png if not given.",
        ),
    ] = None,
) -> None:
    """Draw results: before and after, what changed, how cost grows, every sample, a trend."""
    from kscale.cli import sides, simulations
    from kscale.report.plot import kinds, picture
    from kscale.report.text import clean_prose
    from kscale.results.store import Store

    if output is not None:
        picture.suffix_of(output)
        check_free(output)
    if crossover:
        kind = _map(kind)
    store = Store.default()
    simulated = simulations.find(store, results or ())
    if simulated:
        _refuse_cells(by, metric, only, variant)
        typer.echo(simulations.draw(simulated, kind, output), err=True)
        return
    if kind is not None:
        kinds.find(kind)
    chosen = sides.look_up(store, results or ["latest"])
    if kind == "history" and len(chosen.named) == 1 and not chosen.variants:
        chosen = _of_scenario(store, chosen)
    asked = _asked(sides.narrowed(chosen, only or ()), by, metric, variant)
    name = kind or ("forest" if chosen.variants else kinds.default(asked))
    made = kinds.picture(name, asked)
    path = output or Path(f"{_file_name(asked, name)}-{name}.png")
    picture.write(made, path)
    typer.echo(f"wrote {clean_prose(str(path))}: {clean_prose(made.title)}", err=True)


def _map(kind: str | None) -> str:
    """Return the kind that --map is short for; KscaleError if another one is named too."""
    from kscale.errors import KscaleError
    from kscale.units import quote

    if kind not in {None, "map"}:
        raise KscaleError(f"--map is --kind map, not {quote(kind)}; leave one of both out")
    return "map"


def _refuse_cells(
    by: str | None, metric: str | None, only: "Sequence[str] | None", variant: str | None
) -> None:
    """Raise KscaleError if an option is given that is for cells, of which a simulation has none."""
    from kscale.errors import KscaleError

    given = {"--by": by, "--metric": metric, "--filter": only, "--variant": variant}
    wrong = next((option for option, value in given.items() if value), None)
    if wrong is not None:
        raise KscaleError(f"{wrong} is for cells of a result; a simulation has none; leave it out")


def _asked(chosen: "Sides", by: str | None, metric: str | None, variant: str | None) -> "Asked":
    """Return the request for a picture; KscaleError if variants are named twice, or more than two."""
    from kscale.errors import KscaleError
    from kscale.report.plot import asked as requests

    before, after = requests.BASELINE, variant or requests.OPTIMIZED
    if chosen.variants:
        if variant is not None or len(chosen.variants) > 2:  # noqa: PLR2004 - before and after
            named = [*chosen.variants, *([variant] if variant else [])]
            raise KscaleError(f"a picture shows two variants, not {len(named)}: {', '.join(named)}")
        before, after = chosen.variants
    return requests.Asked(
        tuple(one.result for one in chosen.named),
        by=_names(by),
        metric=metric and metric.strip().replace("-", "_"),
        before=before,
        after=after,
        variant=variant,
        names=tuple(one.name for one in chosen.named),
    )


def _names(by: str | None) -> tuple[str, ...]:
    """Return parameters given with commas; words may be joined by - or _."""
    return tuple(name.strip().replace("-", "_") for name in (by or "").split(",") if name.strip())


def _of_scenario(store: "Store", chosen: "Sides") -> "Sides":
    """Return every saved result of the scenario of the one chosen, and itself; what is no result is said."""
    from kscale.cli.sides import Sides
    from kscale.errors import KscaleError
    from kscale.judge.side_by_side import Named
    from kscale.report.text import clean_prose

    (one,) = chosen.named
    found = {one.result.run.id: one}
    for name in store.names():
        try:
            other = store.load(name)
        except KscaleError as error:
            typer.echo(f"left out: {clean_prose(str(error))}", err=True)
            continue
        if other.scenario.name == one.result.scenario.name:
            found.setdefault(other.run.id, Named(name, other))
    return Sides(tuple(found.values()))


def _file_name(asked: "Asked", kind: str) -> str:
    """Return a harmless name for the file: the results', or the scenario's of a history."""
    names: Sequence[str] = [result.run.called for result in asked.results]
    if kind == "history":
        names = [asked.results[0].scenario.name]
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", "-".join(names)).lstrip(".-_")
    return safe[:LONGEST_NAME] or "kscale"
