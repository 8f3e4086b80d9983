"""The command report: results as one page for a browser."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kscale.cli import completion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.judge.side_by_side import Named
    from kscale.report.export.subject import Subject
    from kscale.results.simulation import Saved

PANEL = "Look"
SUFFIXES = (".html", ".htm")


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale report main head -o report.html")(report)


def report(
    results: Annotated[
        list[str],
        typer.Argument(
            metavar="RESULT",
            help="Results: path, name, id prefix or latest. One alone shows its optimizations; of several "
            "the first is compared with each other one. Or variants of the latest run.",
            autocompletion=completion.sides,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="An .html file.")] = Path(
        "report.html"
    ),
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A gate's policy; kscale-gate.yaml if there is one here."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
) -> None:
    """Write one page about results that can be passed on: offline, printable, every sample in it."""
    from kscale.cli import simulations
    from kscale.errors import KscaleError
    from kscale.results import store

    if output.suffix.lower() not in SUFFIXES:
        raise KscaleError(f"{output}: a report is {' or '.join(SUFFIXES)}, not '{output.suffix}'")
    simulated = simulations.find(store.Store.default(), results)
    if simulated and policy is not None:
        raise KscaleError("--policy is for results: of a simulation nothing is gated; leave it out")
    store.write(output, _of_simulations(simulated) if simulated else _of_results(results, policy))
    typer.echo(f"wrote {output}", err=True)
    if show:
        typer.launch(str(output))


def _of_results(results: "Sequence[str]", policy: Path | None) -> str:
    """Return the page about results."""
    from kscale.report.page import render

    return render.page(_judged(_subject(results), len(results), policy))


def _of_simulations(found: "Sequence[Saved]") -> str:
    """Return the page about simulations."""
    from kscale.report.page import simulations

    return simulations.page(found)


def _subject(arguments: "Sequence[str]") -> "Subject":
    """Return what the page is about."""
    from kscale.cli import sides
    from kscale.judge import compare
    from kscale.report.export.subject import Subject
    from kscale.results.store import Store

    found = sides.look_up(Store.default(), arguments)
    first, *others = found.named
    if found.variants:
        a, *changed = found.variants
        return Subject((first.result,), tuple(compare.of_variants(first.result, a, b) for b in changed))
    if not others:
        return Subject((first.result,), (compare.of_variants(first.result, "baseline", "optimized"),))
    names = _lasting(found.named)
    compared = tuple(
        compare.of_results(first.result, other.result, (names[0], name))
        for other, name in zip(others, names[1:], strict=True)
    )
    return Subject(tuple(one.result for one in found.named), compared)


def _lasting(named: "Sequence[Named]") -> "Sequence[str]":
    """Return names that still mean something tomorrow and elsewhere, each once.

    What stands for `latest`, a run's id or a path is the run's own name, or when it was made.
    """
    found: list[str] = []
    for one in named:
        run = one.result.run
        passing = one.name.startswith("latest") or run.id.startswith(one.name) or "/" in one.name
        name = (run.name or f"{run.started[:10]} {run.started[11:16]}") if passing else one.name
        numbered = (name, *(f"{name} ({number})" for number in range(2, len(named) + 1)))
        found.append(next(other for other in numbered if other not in found))
    return found


def _judged(subject: "Subject", arguments: int, path: Path | None) -> "Subject":
    """Return the subject with what a policy makes of its first comparison, if there is a policy.

    As in a gate, one result alone is asked only for what the policy requires.
    """
    import os
    from dataclasses import replace
    from datetime import UTC, datetime

    from kscale.errors import KscaleError
    from kscale.judge import gate, policy_load

    if path is None and not Path(policy_load.FILE).exists():
        return subject
    policy = policy_load.load(path)
    alone = arguments == 1
    if alone and not policy.requirements:
        if path is None:
            return subject
        raise KscaleError(f"{path}: nothing is required of one result; name two, or leave --policy out")
    judgement = gate.judge(
        None if alone else subject.comparisons[0],
        policy,
        results=subject.results[:2],
        today=datetime.now(tz=UTC).date(),
        ci=bool(os.environ.get("CI")),
    )
    first = subject.comparisons[0] if judgement.comparison is None else judgement.comparison
    return replace(subject, comparisons=(first, *subject.comparisons[1:]), judgement=judgement)
