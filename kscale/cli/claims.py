"""The command claims: published figures beside what kscale gives for them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli.output import Color, Format, Json, Output, Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.cli.output import Outputs
    from kscale.errors import Interrupted
    from kscale.judge.claims.record import Claim, Setup
    from kscale.judge.claims.verdict import Finding

PANEL = "Judge"
OUTPUT = "Output"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale claims C8 -v; kscale claims 'etcd-*'")(claims)


def claims(
    ids: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ID|SUBJECT]...",
            help="Ids (C8) or subjects (lists), also as patterns ('C1*'); all if none is given.",
            show_default=False,
            autocompletion=completion.claims,
        ),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Exit 1 if an identity (A) is outside its band (5 % if none is named), or less than 80 % "
            "of the ratios (R) that count are in band. Without it 0, whatever is outside. Rows of a real "
            "etcd (subject calibrated) are shown and counted apart: they never fail it.",
        ),
    ] = False,
    costs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What `kscale calibrate etcd` wrote: for the rows of a real etcd. Default: costs/mine.yaml, "
            "if it is there.",
            show_default=False,
        ),
    ] = None,
    verbose: Annotated[
        bool,
        typer.Option(
            "--verbose",
            "-v",
            rich_help_panel=OUTPUT,
            help="Show set-up, parameters, coefficients and assumptions.",
        ),
    ] = False,
    plot: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            rich_help_panel=OUTPUT,
            help="Also draw ours against published: a .png or .svg file.",
        ),
    ] = None,
    format: Format = None,  # noqa: A002 - the option's name
    output: Output = None,
    as_json: Json = False,
    quiet: Quiet = False,
    color: Color = "auto",
) -> None:
    """Run the set-ups of published figures: print each beside ours, and whether it holds."""
    from kscale.cli import output as output_options

    outputs = output_options.asked(format, output, json=as_json)
    outputs.only(("table", "json", "jsonl", "csv", "markdown"), "claims")
    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.errors import GateFailed, Interrupted
    from kscale.judge.claims import registry, verdict
    from kscale.report import console
    from kscale.report.plot import picture

    console.console(color=color)  # an unknown --color is refused before any work
    if plot is not None:
        picture.suffix_of(plot)
        output_options.check_free(plot, "--plot")
    chosen = registry.chosen(ids or ())
    measured = _calibration(costs) if costs or any(one.calibrated for one in chosen) else None
    setups, stop = _run(chosen, quiet=quiet, color=color)
    findings = _judged(chosen, setups, measured)
    _write(findings, outputs, verbose=verbose, color=color, missing=len(chosen) - len(findings))
    if plot is not None:
        _draw(findings, plot)
    if stop is not None:
        raise Interrupted(f"{stop}: {len(findings)} of {len(chosen)} claims are shown", stop.exit_code)
    failed = verdict.failures(findings) if check else []
    if failed:
        raise GateFailed("; ".join(failed))


def _run(
    chosen: "Sequence[Claim]", *, quiet: bool, color: str
) -> "tuple[dict[str, Setup], Interrupted | None]":
    """Return what the set-ups came to by name, and the signal that ended them early, if one did."""
    from kscale.cli import progress_claims
    from kscale.errors import Interrupted
    from kscale.judge.claims import run
    from kscale.measure import stopping
    from kscale.mechanisms.registry import MECHANISMS

    planned = run.planned(chosen, MECHANISMS)
    done: dict[str, Setup] = {}
    with progress_claims.observer(quiet=quiet, color=color) as observer, stopping.stoppable():
        try:
            for setup in run.run(planned, observer):
                done[setup.name] = setup
        except Interrupted as stopped:
            return done, stopped
    return done, None


def _calibration(costs: Path | None) -> "Setup | None":
    """Return what a cost model says it was measured to be; None without one. KscaleError if it is none."""
    from kscale.calibrate import record
    from kscale.cli.calibrate import DEFAULT
    from kscale.errors import KscaleError
    from kscale.judge.claims import calibrated

    path = costs or DEFAULT
    if costs is None and not path.is_file():
        return None
    found = record.read(path)
    if found is None:
        if costs is None:
            return None
        raise KscaleError(
            f"--costs: {path} does not say how it was measured; kscale calibrate etcd writes one"
        )
    return calibrated.setup(found)


def _judged(
    chosen: "Sequence[Claim]", setups: "dict[str, Setup]", measured: "Setup | None"
) -> "list[Finding]":
    """Return what became of each claim whose set-up was run, or has none; *measured*: of a real etcd."""
    from kscale.judge.claims import verdict
    from kscale.mechanisms.registry import MECHANISMS

    return [
        verdict.judge(claim, measured if claim.calibrated else setups.get(claim.setup or ""), MECHANISMS)
        for claim in chosen
        if claim.setup is None or claim.setup in setups
    ]


def _write(
    findings: "Sequence[Finding]", outputs: "Outputs", *, verbose: bool, color: str, missing: int
) -> None:
    """Write the files and print the claims in the format asked for."""
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.report import claims_details, table_claims
    from kscale.report.export import claims as documents

    told = {one.claim.id: claims_details.details(one, MECHANISMS) for one in findings} if verbose else {}
    outputs.write_as(
        lambda name: documents.FORMATS[name](findings, MECHANISMS),
        lambda width: table_claims.claims_table(findings, told, width, missing=missing),
        color=color,
    )


def _draw(findings: "Sequence[Finding]", path: Path) -> None:
    """Write the picture and say what it shows."""
    from kscale.report.plot import claims as drawing
    from kscale.report.plot import picture
    from kscale.report.text import clean_prose

    made = drawing.picture(findings)
    picture.write(made, path)
    typer.echo(f"wrote {clean_prose(str(path))}: {clean_prose(made.title)}", err=True)
