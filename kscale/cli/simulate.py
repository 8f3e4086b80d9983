"""The command simulate: the whole control plane on one clock, before and after optimizations."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli import output as output_options

if TYPE_CHECKING:
    from kscale.results.simulation import Saved

PANEL = "Whole cluster"
SCENARIO, WHAT, OUTPUT = "Scenario", "Optimizations", "Output"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(
        rich_help_panel=PANEL,
        epilog="Example: kscale simulate alibaba-10k --after all,-node-lease --save leases",
    )(simulate)


def simulate(
    scenario: Annotated[
        str,
        typer.Argument(
            help="A scenario's name or file; - reads standard input.", autocompletion=completion.scenarios
        ),
    ],
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
        list[str] | None,
        typer.Option(
            metavar="SET",
            rich_help_panel=WHAT,
            help="Likewise; may be repeated, a column each. all if not given.",
            autocompletion=completion.toggles,
        ),
    ] = None,
    nodes: Annotated[
        int | None,
        typer.Option(
            min=1, rich_help_panel=SCENARIO, help="So many; pods, objects and changes in proportion."
        ),
    ] = None,
    duration: Annotated[
        str | None,
        typer.Option(rich_help_panel=SCENARIO, help="Virtual time, 5min; the scenario's if not given."),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, max=2**62, rich_help_panel=SCENARIO, help="Another seed than the scenario's."),
    ] = None,
    samples: Annotated[
        int,
        typer.Option(
            min=0,
            max=1000,
            help="So many further runs of each set, with coefficients drawn within their ranges: ranges of"
            " the figures.",
        ),
    ] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes for --samples; one for each core if not given.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if the last run breaks an objective. Without it 0.")
    ] = False,
    save: Annotated[
        str | None, typer.Option(metavar="NAME", rich_help_panel=OUTPUT, help="Save it under a name.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            rich_help_panel=OUTPUT,
            help="Replace a name that is taken; run what needs more memory than is free.",
        ),
    ] = False,
    timeline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="Write lives of pods and queues as Chrome trace JSON, for Perfetto.",
        ),
    ] = None,
    format: output_options.Format = None,  # noqa: A002 - the option's name
    output: output_options.Output = None,
    as_json: output_options.Json = False,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            rich_help_panel=OUTPUT,
            help="Show every stage of a pod's life, every counter and every setting.",
        ),
    ] = False,
    quiet: output_options.Quiet = False,
    color: output_options.Color = "auto",
) -> None:
    """Simulate a scenario's whole control plane without and with optimizations: what breaks, and why."""
    from kscale.cli import simulations
    from kscale.errors import KscaleError

    outputs = output_options.asked(format, output, json=as_json)
    outputs.only(simulations.FORMATS, "simulate")
    if timeline is not None:
        if timeline.suffix != ".json":
            raise KscaleError(f"--timeline: {timeline}: a timeline is a .json file")
        output_options.check_free(timeline, "--timeline")
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli import simulating
    from kscale.report import console
    from kscale.results.store import Store

    console.console(color=color)  # an unknown --color is refused before any work
    store = Store.default()
    if save is not None:
        store.check_free(save, replace=force)
    question = simulating.question(
        scenario,
        sets=(("--before", before), *(("--after", one) for one in after or ["all"])),
        nodes=nodes,
        duration=duration,
        seed=seed,
        samples=samples,
        processes=workers,
        force=force,
    )
    found = simulating.answer(question, quiet=quiet or outputs.machine, color=color)
    if save is not None:
        found = simulating.made(found, question, store, save)
        path = simulations.save(store, found, replace=force)
    simulations.write(found, outputs, verbose=verbose, color=color)
    if timeline is not None:
        simulations.write_timeline(found, timeline)
        typer.echo(f"wrote {timeline}", err=True)
    if save is not None and not outputs.machine:
        _say(f"saved {path} · next: kscale plot {save}, kscale report {save}", color)
    if check:
        _check(found)


def _say(line: str, color: str) -> None:
    """Print a line on standard error; a terminal that is too narrow gets it wrapped between words."""
    from kscale.report import console
    from kscale.report.text import joined, paragraph

    out = console.console(stderr=True, color=color)
    if out.is_terminal:
        console.show(out, joined(paragraph(line, out.width, rest="  ")))
    else:
        typer.echo(line, err=True)


def _check(found: "Saved") -> None:
    """Raise GateFailed if the last run breaks an objective."""
    from kscale.cli import simulations
    from kscale.errors import GateFailed

    broken = simulations.broken(found)
    if broken:
        raise GateFailed("; ".join(broken))
