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
from kscale.cli import baseline, doctor, gate, judge, look, measure, plot, report, schema
from kscale.errors import ExitCode, Interrupted, KscaleError

if TYPE_CHECKING:
    from types import FrameType

# The base of every "wrong usage" error; typer exports only its children, and carries its own click.
_UsageError: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="kscale",
    help="At which size does a Kubernetes control plane break, and which optimization buys how much?",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True, epilog="Start with: kscale run smoke")
def root(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Run the real algorithms of the control plane before and after each optimization."""
    if version:
        typer.echo(f"kscale {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


for commands in (measure, doctor, judge, gate, baseline, look, plot, report, schema):  # the order of the help
    commands.register(app)


def _stop(signum: int, _frame: "FrameType | None") -> None:
    """Turn a signal into an error, so that its exit code is ours and not the library's."""
    if signum == signal.SIGTERM:
        raise Interrupted("terminated", ExitCode.TERMINATED)
    raise Interrupted("interrupted", ExitCode.INTERRUPTED)


def main(args: list[str] | None = None) -> int:
    """Run one command and return its exit code; the only handler of errors."""
    try:
        code = app(args=args, prog_name="kscale", standalone_mode=False)
    except (Exception, KeyboardInterrupt, SystemExit) as error:  # noqa: BLE001 - a bug must not read as a failed gate (1)
        return _handled(error)
    return int(code or ExitCode.OK)


def _handled(error: BaseException) -> ExitCode:
    """Say one line of *error*, unless nobody reads, and return the exit code it means."""
    if isinstance(error, BrokenPipeError | SystemExit):  # rich raises SystemExit for a closed stdout
        return _closed()
    line, code = (
        f"bug: {type(error).__name__}: {error} (kscale {__version__}; please report it)",
        ExitCode.BUG,
    )
    if isinstance(error, KscaleError):
        line, code = str(error), error.exit_code
    elif isinstance(error, _UsageError):
        line, code = _usage(error), ExitCode.USAGE
    elif isinstance(error, KeyboardInterrupt | typer.Abort):
        line, code = "interrupted", ExitCode.INTERRUPTED
    elif isinstance(error, OSError):
        line, code = f"{error.filename or 'output'}: {error.strerror or error}", ExitCode.USAGE
    else:
        traceback.print_exception(error)
    from kscale.report.text import clean_prose  # names from files may hold anything

    with contextlib.suppress(OSError):  # a full standard error must not change the code
        typer.secho(f"kscale: {clean_prose(line)}", fg=_red(), err=True)
    return code


def _closed() -> ExitCode:
    """Leave quietly when the reader of standard output is gone (| head), as the system's own tools do."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
    return ExitCode.CLOSED_PIPE


def _usage(error: Exception) -> str:
    """Return a usage error as one line that ends with where to look."""
    text = " ".join(str(getattr(error, "format_message", error.__str__)()).split())
    path = getattr(getattr(error, "ctx", None), "command_path", "kscale")
    return f"{text} (see {path} --help)"


def _red() -> str | None:
    """Return red where standard error takes colour."""
    return "red" if sys.stderr.isatty() and not os.environ.get("NO_COLOR") else None


def entry() -> None:
    """Start the installed command: signals first, then main."""
    signal.signal(signal.SIGINT, _stop)
    signal.signal(signal.SIGTERM, _stop)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller (>&-)
            setattr(sys, name, open(os.devnull, "r" if name == "stdin" else "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open
    sys.exit(main())
