"""The command gate: a comparison judged by a policy, for CI."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion
from kscale.cli.against import Against
from kscale.cli.output import Color, Format, Github, Json, Output, Samples, Verbose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.judge.compare import Comparison
    from kscale.judge.decision import Judgement
    from kscale.judge.policy import Policy
    from kscale.results.record import Result

PANEL = "Judge"
OUTPUT = "Output"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale gate main head --policy kscale-gate.yaml")(
        gate
    )


def gate(
    a: Annotated[
        str | None,
        typer.Argument(
            metavar="A",
            help="What was before: a result, or a variant of the latest run. Alone: only what the policy "
            "requires is judged. Default: latest.",
            autocompletion=completion.sides,
        ),
    ] = None,
    b: Annotated[
        str | None,
        typer.Argument(metavar="B", help="What is now.", autocompletion=completion.sides),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="What is allowed. Default: kscale-gate.yaml, else the built-in defaults."
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show the rule that decided each subject.")
    ] = False,
    selftest: Annotated[
        bool, typer.Option("--selftest", help="Prove that this policy can fail, on doctored copies of A.")
    ] = False,
    allow_other_machine: Annotated[
        bool, typer.Option("--allow-other-machine", help="Judge times of another machine too.")
    ] = False,
    against: Against = None,
    verbose: Verbose = False,
    color: Color = "auto",
    as_json: Json = False,
    format_: Format = None,
    output: Output = None,
    samples: Samples = False,
    github: Github = False,
) -> None:
    """Fail if a policy is broken: exit 1, 3 if there is no verdict, 0 if all is well."""
    from kscale.cli.output import asked
    from kscale.errors import KscaleError, WrongAnswer
    from kscale.judge import decision, policy_load
    from kscale.judge.decision import Status
    from kscale.report import console, table_gate
    from kscale.report.export.subject import Subject

    console.console(color=color)  # complains of an unknown colour before any work
    outputs = asked(format_, output, samples=samples, github=github, json=as_json)
    by = policy_load.load(policy)
    if selftest:
        others = b is not None or outputs != asked() or against is not None
        if others or explain or verbose or allow_other_machine:
            raise KscaleError("--selftest takes one result and prints a table; leave the rest out")
        _selftest(a, by, color)
        return
    comparison, results, incomparable = _sides(a, b, by, allow_other_machine=allow_other_machine)
    try:
        judgement = _judged(comparison, results, by, against, incomparable)
    except WrongAnswer as error:
        outputs.write_wrong_answer(error)
        raise
    compared = () if judgement.comparison is None else (judgement.comparison,)
    outputs.write(
        Subject(results, compared, judgement),
        lambda width: table_gate.gate_table(judgement, width, explain=explain, verbose=verbose),
        color=color,
    )
    decision.end([judgement.told(one) for one in judgement.of(Status.FAILED)], judgement.no_verdict)


def _sides(
    a: str | None, b: str | None, policy: "Policy", *, allow_other_machine: bool
) -> "tuple[Comparison | None, tuple[Result, ...], str]":
    """Return what is judged: two sides, or one result of which something is required.

    Of two sides with nothing to compare, what is required is judged all the same; then why comes last.
    """
    from kscale.cli import sides
    from kscale.errors import NoVerdict
    from kscale.results.store import Store

    store = Store.default()
    if a is not None and b is not None:
        found = sides.look_up(store, (a, b))
        results = tuple(one.result for one in found.named)
        try:
            return sides.compared(found, allow_other_machine=allow_other_machine), results, ""
        except NoVerdict as nothing:
            return None, results, str(nothing)
    found = sides.look_up(store, [a or "latest"])
    if not policy.requirements:
        raise NoVerdict(
            "one result, and nothing is required of it: name two (kscale gate main head), "
            "two variants (kscale gate baseline optimized), or write require: in a policy"
        )
    return None, (found.named[0].result,), ""


def _judged(
    comparison: "Comparison | None",
    results: "Sequence[Result]",
    policy: "Policy",
    against: str | None,
    incomparable: str,
) -> "Judgement":
    """Return what the policy makes of it, today and here."""
    import os
    from datetime import UTC, datetime

    from kscale.cli.against import remeasure
    from kscale.judge import gate as judging

    return judging.judge(
        comparison,
        policy,
        results=results,
        today=datetime.now(tz=UTC).date(),
        ci=bool(os.environ.get("CI")),
        remeasure=remeasure(comparison, results, against),
        incomparable=incomparable,
    )


def _selftest(a: str | None, policy: "Policy", color: str) -> None:
    """Print what the gate says of doctored copies; GateFailed or NoVerdict if that is not what it should."""
    import os
    from datetime import UTC, datetime

    from kscale.errors import ExitCode, GateFailed, NoVerdict
    from kscale.judge import selftest as proving
    from kscale.report import console, table_selftest

    result = _input(a)
    today = datetime.now(tz=UTC).date()
    cases = proving.run(result, policy, today=today, ci=bool(os.environ.get("CI")))
    out = console.console(color=color)
    name = result.run.called
    console.show(out, table_selftest.selftest_table(cases, name, policy.name, out.width))
    code = proving.exit_code(cases)
    if code is ExitCode.GATE_FAILED:
        wrong = [case for case in cases if not case.right and case.got is not None]
        said = "; ".join(f"{one.name} gave {int(one.got or 0)}, not {int(one.expected)}" for one in wrong)
        raise GateFailed(f"the gate does not give the codes it should: {said}")
    if code is ExitCode.NO_VERDICT:
        missing = [case for case in cases if case.got is None and case.needed]
        raise NoVerdict("not shown: " + "; ".join(f"{case.name} ({case.why})" for case in missing))


def _input(a: str | None) -> "Result":
    """Return the result to doctor; where there is none, smoke is counted now."""
    from kscale.cli import sides
    from kscale.results.store import Store

    store = Store.default()
    if a is None and not store.names():
        typer.echo("no result yet: counting the scenario smoke, which takes seconds", err=True)
        return _counted_now()
    return sides.look_up(store, [a or "latest"]).named[0].result


def _counted_now() -> "Result":
    """Return a result of smoke, counted and not timed, kept nowhere."""
    import tempfile

    from kscale.measure import machine

    machine.use_jit_cache()  # before anything imports numba
    from kscale.cli.progress import Quiet
    from kscale.measure import campaign
    from kscale.measure.plan import plan
    from kscale.measure.timing import Settings
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.results.store import Store
    from kscale.scenario import load

    loaded = load.load("smoke")
    with tempfile.TemporaryDirectory() as folder:
        return campaign.run(
            loaded,
            plan(loaded, MECHANISMS),
            Settings(timing=False),
            Quiet(),
            Store(Path(folder)),
            campaign.Request(argv=["run", "smoke", "--exact"]),
        )
