"""The command check: whether variants of the user's own keep what all variants promise."""

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import typer

from kscale.cli import output
from kscale.cli.plugged import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from kscale.plugins.source import Source

    Waiting = Callable[[str], AbstractContextManager[Any]]

PANEL = "Your own variants"


def register(app: typer.Typer) -> None:
    """Add this file's commands to *app*."""
    app.command(rich_help_panel=PANEL, epilog="Example: kscale check --plugin my_freelist.py")(check)


def check(plugin: Plugin = None, quiet: output.Quiet = False, color: output.Color = "auto") -> None:
    """Try a plugin's variants: on small cases, recorded outcomes, whole runs, and without the compiler.

    The smallest case that one fails on is shown step by step. Exit code 4 if one fails.
    """
    from kscale.cli import plugged
    from kscale.errors import KscaleError, WrongAnswer
    from kscale.measure import machine
    from kscale.report import console

    console.console(color=color)  # an unknown --color is refused before any work
    if not plugin:
        raise KscaleError("--plugin: say what to check, a file or the name of an installed package")
    machine.use_jit_cache()
    waiting = _waiting(quiet=quiet, color=color)
    failed = [one for source in plugged.read(plugin) for one in _failed(source, waiting, color)]
    if failed:
        raise WrongAnswer("; ".join(failed))


def _failed(source: "Source", waiting: "Waiting", color: str) -> list[str]:
    """Check a plugin, printing what comes of it; return a line for each variant that fails."""
    from kscale.plugins import check as checks
    from kscale.report import console, table_check

    out, failed, headed = console.console(color=color), [], None
    found = checks.check(source)
    with waiting(f"loading {source.name}"):
        begun = next(found, None)
    while begun is not None:
        if headed != (begun.mechanism, begun.name):
            headed = begun.mechanism, begun.name
            console.show(out, table_check.heading(source.name, *headed, out.width))
        with waiting(f"{begun.name}: {checks.ABOUT[begun.stage]}"):
            said = next(found).said
        if said is not None:
            console.show(out, table_check.tried(said.what, said.lines, out.width, good=said.good))
            if not said.good:
                failed.append(f"{source.name}: {begun.mechanism} · {begun.name}: {said.what}")
        begun = next(found, None)
    return failed


def _waiting(*, quiet: bool, color: str) -> "Waiting":
    """Return what shows, on a terminal, what is waited for."""
    from kscale.cli.ci import in_ci
    from kscale.report import console
    from kscale.report.text import clean_prose

    err = console.console(stderr=True, color=color)
    if quiet or not err.is_terminal or in_ci():
        return lambda _: nullcontext()
    return lambda what: err.status(clean_prose(what))
