"""The entry: one command tree, one place that turns errors into exit codes.

Nothing heavy is imported here or in the command modules' heads: `kscale --help`
must not load numpy, numba, matplotlib or yaml.
"""

import contextlib
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Annotated

import typer

from kscale import __version__
from kscale.cli import (
    ablate,
    baseline,
    calibrate,
    check,
    claims,
    completion,
    doctor,
    gate,
    imports,
    judge,
    limit,
    look,
    measure,
    merge,
    new,
    plot,
    report,
    schema,
    simulate,
    sweep,
)
from kscale.cli.config import Configured, Told
from kscale.errors import ExitCode, Interrupted, KscaleError

if TYPE_CHECKING:
    from types import FrameType

# The base of every "wrong usage" error; typer exports only its children, and carries its own click.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="kscale",
    cls=Configured,
    help="At which size does a Kubernetes control plane break, and which optimization buys how much?",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,  # `kscale completion` instead: typer's own options only detect the shell
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True, epilog="Start with: kscale run smoke")
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="With --version: of Python, numpy, numba and machine too.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print the traceback of every error.")] = False,
) -> None:
    """Run the real algorithms of the control plane before and after each optimization."""
    if isinstance(ctx.obj, Told):
        ctx.obj.debug = debug
    if version:
        look.version(verbose=verbose)
    elif ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


for commands in (
    measure,
    sweep,
    merge,
    imports,
    calibrate,
    doctor,
    simulate,
    limit,
    ablate,
    judge,
    gate,
    claims,
    baseline,
    new,
    check,
    look,
    plot,
    report,
    schema,
    completion,
):  # as in the help
    commands.register(app)


def _stop(signum: int, _frame: "FrameType | None") -> None:
    """Turn a signal into an error, so that its exit code is ours and not the library's."""
    if signum == signal.SIGTERM:
        raise Interrupted("terminated", ExitCode.TERMINATED)
    raise Interrupted("interrupted", ExitCode.INTERRUPTED)


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code; the only handler of errors."""
    if completion.asked():
        return completion.answer(app)
    if os.environ.get("NO_COLOR"):  # typer's help would keep bold text where a terminal is forced
        os.environ.setdefault("_TYPER_FORCE_DISABLE_TERMINAL", "1")
    told = Told()
    try:
        code = app(args=args, prog_name="kscale", standalone_mode=False, obj=told)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - a bug must not read as a failed gate (1)
        return _handled(error, told)
    return int(code or ExitCode.OK)


def _handled(error: BaseException, told: Told) -> ExitCode:
    """Say one line of *error*, unless nobody reads, and return the exit code it means."""
    if isinstance(error, BrokenPipeError | SystemExit):  # rich raises SystemExit for a closed stdout
        return _closed()
    line, code, foreseen = (
        f"bug: {type(error).__name__}: {error} (kscale {__version__}; please report it)",
        ExitCode.BUG,
        True,
    )
    if isinstance(error, KscaleError):
        line, code = told.placed(str(error)), error.exit_code
    elif isinstance(error, _UsageError):
        line, code = _usage(error, told), ExitCode.USAGE
    elif isinstance(error, KeyboardInterrupt | typer.Abort):
        line, code = "interrupted", ExitCode.INTERRUPTED
    elif isinstance(error, OSError):
        line, code = f"{error.filename or 'output'}: {error.strerror or error}", ExitCode.USAGE
    else:
        foreseen = False
    if told.debug or not foreseen:
        traceback.print_exception(error)
    from kscale.report.text import clean_prose  # names from files may hold anything

    with contextlib.suppress(OSError):  # a full standard error must not change the code
        typer.secho(f"kscale: {clean_prose(line)}", fg=_red(told.color), err=True)
    return code


def _closed() -> ExitCode:
    """Leave quietly when the reader of standard output is gone (| head), as the system's own tools do."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
    return ExitCode.CLOSED_PIPE


def _usage(error: Exception, told: Told) -> str:
    """Return a usage error as one line that says where the fault is and ends with where to look."""
    ctx, param = getattr(error, "ctx", None), getattr(error, "param", None)
    place = told.place(ctx, param) if ctx and param else None
    said = f"{place}: {getattr(error, 'message', error)}" if place else _formatted(error)
    return f"{' '.join(said.split())} (see {getattr(ctx, 'command_path', told.command)} --help)"


def _formatted(error: Exception) -> str:
    """Return a usage error's own words."""
    return str(getattr(error, "format_message", error.__str__)()).replace("Value error, ", "")


def _red(color: str) -> str | None:
    """Return red where standard error takes colour."""
    from kscale.report.console import takes_color

    return "red" if takes_color(sys.stderr, color) else None


def entry() -> None:
    """Start the installed command: signals first, then main."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller (>&-)
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open
    sys.exit(main())
