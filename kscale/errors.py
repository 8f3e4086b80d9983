"""Every error kscale raises on purpose, and the exit code each one means.

    KscaleError        2    the user can fix it: usage, scenario, result, unknown name
    |- GateFailed      1    a margin or a tolerance was broken
    |- TooLarge        2    more than can be run here
    |- NotEnoughMemory 2    it may fit later, or elsewhere
    |- NoVerdict       3    nothing comparable
    |- WrongAnswer     4    variants disagree, or an exact counter is not reproducible
    '- Interrupted     130, 143   Ctrl-C or SIGTERM; finished cells are kept

Anything else that escapes is a bug in kscale and ends with 70.
"""

from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_LISTED = 20  # names in one line; more are counted
LONGEST_NAME = 60  # characters of a name in a line


class ExitCode(IntEnum):
    """What the process says to the shell. When several apply: 4, then 1, then 3."""

    OK = 0
    GATE_FAILED = 1
    USAGE = 2
    NO_VERDICT = 3
    WRONG_ANSWER = 4
    BUG = 70
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    TERMINATED = 143


class KscaleError(Exception):
    """One line for the user: where, what, what is allowed."""

    exit_code = ExitCode.USAGE


class GateFailed(KscaleError):
    """A judged cell is worse than its margin allows."""

    exit_code = ExitCode.GATE_FAILED


class TooLarge(KscaleError):
    """It has more of something than can be run here; less can be."""


class NotEnoughMemory(KscaleError):
    """It needs more memory than is free at the moment; later there may be more."""


class NoVerdict(KscaleError):
    """There was nothing to compare."""

    exit_code = ExitCode.NO_VERDICT


class WrongAnswer(KscaleError):
    """Two variants disagree, or equal seeds gave different counters."""

    exit_code = ExitCode.WRONG_ANSWER


class Interrupted(KscaleError):
    """The run was stopped from outside; finished cells are saved."""

    def __init__(self, message: str, exit_code: ExitCode = ExitCode.INTERRUPTED) -> None:
        """Keep which signal it was: 130 for Ctrl-C, 143 for SIGTERM."""
        super().__init__(message)
        self.exit_code = exit_code


def did_you_mean(given: str, known: "Iterable[str]") -> str:
    """Return the tail of an unknown-name message: the nearest known name, then those there are."""
    names = sorted(known)
    near = get_close_matches(given[:LONGEST_NAME], names, n=1)
    hint = f"did you mean '{_short(near[0])}'? " if near else ""
    return f"{hint}known: {listed(names)}"


def listed(names: "Sequence[str]", most: int = MOST_LISTED) -> str:
    """Return names for one line: no more than *most*, each of a length that can be read."""
    shown = ", ".join(_short(name) for name in names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def _short(name: str) -> str:
    """Return a name, its end left out if it is absurdly long."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 3]}..."
