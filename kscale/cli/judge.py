"""Commands that judge: compare."""

import math
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from kscale.cli import completion
from kscale.cli.output import Color, Filter, Format, Github, Json, Output, Samples, Verbose
from kscale.cli.plugged import Plugin

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.text import Text

    from kscale.cli.output import Outputs
    from kscale.cli.sides import Sides
    from kscale.judge.decision import Judgement
    from kscale.judge.side_by_side import SideBySide
    from kscale.report.export.subject import Subject

PANEL = "Judge"
OUTPUT, ROWS = "Output", "Rows"
OF_TABLE = ("only_changed", "sort", "stats")  # options that only a table follows


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale compare main head --fail-over 10")(compare)


def compare(
    ctx: typer.Context,
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="A B ...",
            help="Results: name, path, beginning of an id, latest, latest~1, - for standard input; or "
            "variants of the latest run; with --plugin, variants that are run first. The first is the "
            "reference. title=RESULT renames a column.",
            autocompletion=completion.sides,
        ),
    ],
    by: Annotated[
        str | None,
        typer.Option(
            metavar="KEY", help="A column for each value of variant, a parameter, git, machine, seed ..."
        ),
    ] = None,
    fail_over: Annotated[
        float | None,
        typer.Option(
            min=0,
            metavar="PERCENT",
            help="Exit 1 if a time is surely slower by more than this, or than twice this where times "
            "were not taken in pairs; between results also if any counter is worse or anything is gone.",
        ),
    ] = None,
    allow_other_machine: Annotated[
        bool, typer.Option("--allow-other-machine", help="Judge times of another machine too.")
    ] = False,
    plugin: Plugin = None,
    scenario: Annotated[
        str | None,
        typer.Option(
            "--scenario",
            metavar="NAME",
            rich_help_panel="Scenario",
            help="With --plugin: what to run; the latest result's, else smoke, if not given.",
            autocompletion=completion.scenarios,
        ),
    ] = None,
    only: Filter = None,
    only_changed: Annotated[
        bool, typer.Option("--only-changed", rich_help_panel=ROWS, help="Hide what is the same.")
    ] = False,
    sort: Annotated[
        Literal["status", "change", "name"],
        typer.Option(rich_help_panel=ROWS, help="Worst verdict, largest change, or name first."),
    ] = "status",
    stats: Annotated[
        bool,
        typer.Option("--stats", rich_help_panel=ROWS, help="Add p, spread and outliers; needs scipy."),
    ] = False,
    verbose: Verbose = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", rich_help_panel=OUTPUT, help="Show the summary only.")
    ] = False,
    color: Color = "auto",
    as_json: Json = False,
    format_: Format = None,
    output: Output = None,
    samples: Samples = False,
    github: Github = False,
) -> None:
    """Show what changed between results, or between variants of the latest run."""
    from kscale.cli import sides
    from kscale.cli.output import asked
    from kscale.errors import KscaleError
    from kscale.judge import significance, threshold
    from kscale.report import console, table_compare, table_sides
    from kscale.report.export.subject import Subject
    from kscale.results.store import Store

    if fail_over is not None and not math.isfinite(fail_over):
        raise KscaleError(f"--fail-over: {fail_over} is not a percentage; write it like 10")
    console.console(color=color)  # complains of an unknown colour before any work
    outputs = asked(format_, output, samples=samples, github=github, json=as_json)
    if quiet and (verbose or stats):
        raise KscaleError(f"--quiet and --{'verbose' if verbose else 'stats'} contradict each other")
    tables = _check_table(ctx, outputs)
    if stats and tables:
        significance.scipy_stats()
    if plugin:
        from kscale.cli import trying

        hush = quiet or outputs.machine
        chosen, ran = trying.measured(results, plugin, scenario, only or (), quiet=hush, color=color)
        console.tell(ran, stderr=outputs.machine, color=color)
    elif scenario is not None:
        raise KscaleError("--scenario: is for --plugin; results have been run")
    else:
        chosen = sides.narrowed(sides.look_up(Store.default(), results), only or ())
    found = _found(chosen, by, allow_other_machine=allow_other_machine)
    judged = () if fail_over is None else threshold.judgements(found.comparisons, fail_over, found.notes)

    def table(width: int) -> "Text":
        """Return what is printed."""
        if quiet:
            return table_sides.brief(found, width, fail_over=fail_over)
        if len(found.comparisons) == 1:
            return table_compare.comparison_table(
                judged[0].comparison or found.comparisons[0] if judged else found.comparisons[0],
                width,
                fail_over=fail_over,
                verbose=verbose,
                only_changed=only_changed,
                sort=sort,
                stats=stats,
                more=found.notes,
            )
        return table_sides.sides_table(
            found,
            width,
            fail_over=fail_over,
            verbose=verbose,
            only_changed=only_changed,
            sort=sort,
            stats=stats,
        )

    if fail_over is None:
        outputs.write(Subject(found.results, found.comparisons), table, color=color)
        return
    outputs.write(_subject(found, judged), table, color=color)
    threshold.check(judged, found.notes)


def _check_table(ctx: typer.Context, outputs: "Outputs") -> bool:
    """Say whether a table is written; KscaleError if none is, and what is about its rows was typed.

    In a file of settings such an option is for the tables there will be.
    """
    from kscale.cli.config import is_typed
    from kscale.errors import KscaleError
    from kscale.report.export import formats

    if formats.TABLE in {outputs.format, *map(formats.of_path, outputs.files)}:
        return True
    typed = next((name for name in OF_TABLE if is_typed(ctx, name)), None)
    if typed is not None:
        raise KscaleError(
            f"--{typed.replace('_', '-')} is for the table only; {outputs.format} holds every row"
        )
    return False


def _subject(found: "SideBySide", judged: "Sequence[Judgement]") -> "Subject":
    """Return what is exported: of two sides with the decision, as a gate does."""
    from kscale.report.export.subject import Subject

    if len(judged) != 1:
        return Subject(found.results, found.comparisons)
    compared = tuple(one.comparison for one in judged if one.comparison is not None)
    return Subject(found.results, compared, judged[0])


def _found(chosen: "Sides", by: str | None, *, allow_other_machine: bool) -> "SideBySide":
    """Return the sides compared; KscaleError if there is only one."""
    from kscale.errors import KscaleError, listed
    from kscale.judge import by as columns
    from kscale.judge import side_by_side

    if chosen.variants:
        if by not in {None, columns.VARIANT}:
            raise KscaleError(f"--by {by}: the columns are variants already; name results, such as latest")
        return side_by_side.of_variants(chosen.named[0].result, chosen.variants)
    if by is not None:
        return columns.by(chosen.named, by, allow_other_machine=allow_other_machine)
    if len(chosen.named) == 1:
        keys = listed(columns.keys(chosen.named))
        raise KscaleError(f"one result is nothing to compare: name another, or give --by KEY; keys: {keys}")
    return side_by_side.of_results(chosen.named, allow_other_machine=allow_other_machine)
