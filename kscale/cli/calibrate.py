"""The command calibrate etcd: what work costs on a real etcd, on this machine, as a cost-model file."""

import time
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli.output import YAML, Color, Force, Quiet, check_new

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kscale.calibrate.campaign import Outcome
    from kscale.calibrate.cost_file import CostFile
    from kscale.calibrate.experiment import Experiment
    from kscale.calibrate.lab import Lab
    from kscale.errors import KscaleError
    from kscale.scenario.costs import CostModel

PANEL = "Measure"
OUTPUT = "Output"
ETCD = "The etcd"
DEFAULT = Path("costs/mine.yaml")
PROFILE = "k8s-1.36"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    group = typer.Typer(rich_markup_mode="rich", help="Measure a real etcd: the coefficients of the models.")
    group.callback(
        invoke_without_command=True, epilog="Example: kscale calibrate etcd --quick -o costs/mine.yaml"
    )(calibrate)
    group.command(epilog="Example: kscale calibrate etcd --quick -o costs/mine.yaml")(etcd)
    app.add_typer(group, name="calibrate", rich_help_panel=PANEL)


def calibrate(ctx: typer.Context) -> None:
    """Measure a real etcd: the coefficients of the models."""
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def etcd(
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FILE", rich_help_panel=OUTPUT, help="The cost model to write, YAML."
        ),
    ] = DEFAULT,
    etcd_bin: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            rich_help_panel=ETCD,
            help="The etcd to start. Default: $KSCALE_ETCD, PATH, or that of the extra 'etcd'.",
        ),
    ] = None,
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            rich_help_panel=ETCD,
            help="Load a throwaway etcd that runs already, without TLS, in place of one of our own.",
        ),
    ] = None,
    allow_keys: Annotated[
        bool,
        typer.Option("--allow-keys", rich_help_panel=ETCD, help="With --endpoint: also one that holds keys."),
    ] = False,
    folder: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            rich_help_panel=ETCD,
            help="Where our etcd keeps its data meanwhile: on the disk to be measured. Default: where"
            " temporary files go.",
        ),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Fewer settings and repeats, within a minute.")
    ] = False,
    budget: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Time for all experiments. Default: 5min, with --quick 1min."),
    ] = None,
    extends: Annotated[
        str,
        typer.Option(
            metavar="PROFILE",
            help="The profile whose cost model stays for all that an etcd alone does not show.",
            autocompletion=completion.profiles,
        ),
    ] = PROFILE,
    force: Force = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", rich_help_panel=OUTPUT, help="Show every point.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", rich_help_panel=OUTPUT, help="Print it as one JSON document.")
    ] = False,
    quiet: Quiet = False,
    color: Color = "auto",
) -> None:
    """Measure a real etcd on this machine, fit the cost model to it, predict the points kept back.

    An etcd is started on loopback, its data in a temporary folder, and is stopped and removed
    however this ends. A scenario reads the file with `costs: costs/mine.yaml`. Exit 3: an experiment
    failed, the file is of the others.
    """
    began = time.monotonic()
    from kscale.report import console

    console.console(color=color)  # an unknown --color is refused before any work
    _check_output(output, force=force)
    budget_s = _budget(budget, quick=quick)
    profile = _profile(extends)
    _check_endpoint(endpoint, etcd_bin, folder, allow_keys=allow_keys)
    from kscale.calibrate import campaign

    experiments = campaign.planned(quick=quick, budget_s=budget_s)
    told = campaign.told(quick=quick, budget_s=budget_s)
    if told is not None and not quiet:
        _say(told)
    lab = (
        _at(endpoint, experiments, allow_keys=allow_keys)
        if endpoint is not None
        else _own(etcd_bin, experiments, folder)
    )
    outcome, file = _measured(
        lab, experiments, budget_s, profile, folder, began, own=endpoint is None, quiet=quiet, color=color
    )
    failed = _write(file, output)
    _tell(file, None if failed else output, verbose=verbose, as_json=as_json, color=color)
    for error in outcome.errors:
        _say(f"not measured: {error}")
    if failed is not None:
        raise failed
    _check_whole(outcome)


def _check_output(output: Path, *, force: bool) -> None:
    """Raise KscaleError if the file cannot be a cost model, is there already, or cannot be written."""
    from pydantic import TypeAdapter, ValidationError

    from kscale.errors import KscaleError
    from kscale.scenario.spec import Beside
    from kscale.units import quote

    if output.suffix not in YAML:
        raise KscaleError(
            f"--output: {quote(output.name)} is not the name of a cost model; write it like mine.yaml"
        )
    try:
        TypeAdapter(Beside).validate_python(output.name)
    except ValidationError:
        raise KscaleError(
            f"--output: no scenario could name {quote(output.name)}; write it like mine.yaml"
        ) from None
    check_new(output, force=force)


def _budget(given: str | None, *, quick: bool) -> float:
    """Return the seconds that may be used."""
    from kscale.calibrate import campaign
    from kscale.errors import KscaleError
    from kscale.units import NS_PER_S, parse_duration

    if given is None:
        return campaign.QUICK_S if quick else campaign.DEFAULT_S
    try:
        seconds = parse_duration(given) / NS_PER_S
    except ValueError as error:
        raise KscaleError(f"--budget: {error}") from None
    least = campaign.least_s()
    if seconds < least:
        raise KscaleError(f"--budget: {given} is too short; the quick plan takes at least {least:.0f} s")
    return seconds


def _profile(name: str) -> "CostModel":
    """Return the cost model that is extended."""
    from kscale.errors import KscaleError
    from kscale.scenario import costs, profiles

    try:
        profiles.get(name)
    except KscaleError as error:
        raise KscaleError(f"--extends: {error}") from None
    return costs.of_profile(name)


def _check_endpoint(
    endpoint: str | None, etcd_bin: Path | None, folder: Path | None, *, allow_keys: bool
) -> None:
    """Raise KscaleError if options contradict each other."""
    from kscale.errors import KscaleError

    if endpoint is not None and (etcd_bin is not None or folder is not None):
        raise KscaleError(
            "--endpoint is an etcd that runs already; --etcd-bin and --folder are for one of our own"
        )
    if endpoint is None and allow_keys:
        raise KscaleError("--allow-keys goes with --endpoint")


@contextmanager
def _at(endpoint: str, experiments: "Sequence[Experiment]", *, allow_keys: bool) -> "Iterator[Lab]":
    """Yield a lab at an etcd of the user's."""
    from kscale.calibrate import endpoint as endpoints

    room = max(one.room for one in experiments if not one.own)
    yield endpoints.at(endpoint, room, allow_keys=allow_keys)


@contextmanager
def _own(etcd_bin: Path | None, experiments: "Sequence[Experiment]", folder: Path | None) -> "Iterator[Lab]":
    """Yield a lab with an etcd of our own."""
    from kscale.calibrate import find, lab

    found = find.find(etcd_bin)
    with lab.own(found, max(one.room for one in experiments), folder) as made:
        yield made


def _measured(
    lab: "AbstractContextManager[Lab]",
    experiments: "Sequence[Experiment]",
    budget_s: float,
    profile: "CostModel",
    folder: Path | None,
    began: float,
    *,
    own: bool,
    quiet: bool,
    color: str,
) -> "tuple[Outcome, CostFile]":
    """Run the experiments, stop the etcd, and return what came of it; Interrupted leaves nothing.

    *began*: when the command did, which its budget is of.
    """
    import tempfile
    from datetime import UTC, datetime

    from kscale.calibrate import campaign, cost_file
    from kscale.cli import progress_calibrate
    from kscale.errors import Interrupted
    from kscale.measure import machine, stopping

    date = datetime.now(UTC).date().isoformat()
    meter = machine.LoadMeter.start()
    try:
        with (
            stopping.stoppable(),
            progress_calibrate.observer(quiet=quiet, color=color) as observer,
            lab as made,
        ):
            outcome = campaign.run(made, experiments, observer, budget_s, own=own, began=began)
            name, endpoint = made.name, made.endpoint
    except Interrupted as stopped:
        gone = "the etcd is stopped and its folder removed" if own else "our keys are deleted"
        raise Interrupted(f"{stopped}: nothing was written, {gone}", stopped.exit_code) from None
    setting = cost_file.Setting(
        date=date,
        etcd=name,
        budget_s=budget_s,
        extends=profile,
        file_system=cost_file.file_system(folder or Path(tempfile.gettempdir())) if own else None,
        free_lists=cost_file.free_lists(outcome),
        other_cpu_pct=meter.stop().other_cpu_pct if own else None,
        endpoint=endpoint,
    )
    file = cost_file.made(outcome, setting)
    return outcome, cost_file.taken(file, time.monotonic() - began)


def _write(file: "CostFile", output: Path) -> "KscaleError | None":
    """Write the file, whole or not at all; return why that could not be done."""
    from kscale.calibrate import cost_file
    from kscale.errors import KscaleError
    from kscale.results import store

    try:
        store.write(output, cost_file.text(file))
    except KscaleError as error:
        return error
    return None


def _check_whole(outcome: "Outcome") -> None:
    """Raise NoVerdict if experiments failed."""
    from kscale.calibrate import campaign
    from kscale.errors import NoVerdict

    failed = [done.id for done in outcome.done if done.left_out == campaign.FAILED]
    if failed:
        raise NoVerdict(
            f"{len(failed)} of {len(outcome.done)} experiments failed: {', '.join(failed)};"
            " the file is of the others"
        )


def _tell(file: "CostFile", output: Path | None, *, verbose: bool, as_json: bool, color: str) -> None:
    """Print what was found, as JSON or for people."""
    from kscale.report import console, table_calibrate
    from kscale.report.export import calibration

    if as_json:
        typer.echo(calibration.json(file, output).encode(), nl=False)
        return
    out = console.console(color=color)
    console.show(out, table_calibrate.table(file, output, out.width, verbose=verbose))


def _say(text: str) -> None:
    """Print a line on standard error."""
    from kscale.report.text import clean_prose

    typer.echo(clean_prose(text), err=True)
