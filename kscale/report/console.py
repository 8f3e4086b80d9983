"""Where text goes: width and colour of a terminal, a pipe or a file.

Colour follows --color, then NO_COLOR, FORCE_COLOR and TERM=dumb, then the terminal.
Without colour the text is plain: no bold, no escape sequences at all.
"""

import os
import sys
from typing import Literal, TextIO

from rich.console import Console
from rich.text import Text

from kscale.errors import KscaleError
from kscale.report.text import joined, paragraph

WIDTH = 120  # columns, where there is no terminal and COLUMNS is not set
HEIGHT = 25  # lines, where there is no terminal; with it, rich does not read COLUMNS a second time

ColorSystem = Literal["auto", "standard"]


def console(*, stderr: bool = False, color: str = "auto") -> Console:
    """Return the console of stdout or stderr; *color* is auto, always or never."""
    if color not in {"auto", "always", "never"}:
        raise KscaleError(f"--color: '{color}' is not one of auto, always, never")
    stream = sys.stderr if stderr else sys.stdout
    terminal = stream.isatty()
    _write_anything(stream)
    system = _color_system(color, terminal=terminal)
    return Console(
        stderr=stderr,
        width=None if terminal else _columns(),
        height=None if terminal else HEIGHT,
        force_terminal=terminal,
        color_system=system,
        no_color=system is None,
        markup=False,
        highlight=False,
        emoji=False,
    )


def show(out: Console, text: Text) -> None:
    """Print laid-out text as it is: never wrapped or cut a second time."""
    out.print(text, soft_wrap=True)


def tell(said: str, *, stderr: bool = False, color: str = "auto") -> None:
    """Print a sentence, wrapped to the width there is."""
    out = console(stderr=stderr, color=color)
    show(out, joined(paragraph(said, out.width)))


def takes_color(stream: TextIO, color: str = "auto") -> bool:
    """Say whether text on *stream* is coloured; an unknown *color* is as auto."""
    return _color_system(color, terminal=stream.isatty()) is not None


def _color_system(color: str, *, terminal: bool) -> ColorSystem | None:
    """Return rich's name of the colours to use, None for plain text."""
    if color == "never":
        return None
    if color == "always":
        return "standard"
    if os.environ.get("NO_COLOR"):
        return None
    if os.environ.get("FORCE_COLOR"):
        return "standard"
    if os.environ.get("TERM") == "dumb" or not terminal:
        return None
    return "auto"


def _columns() -> int:
    """Return COLUMNS if it is a width, else the default."""
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() and 0 < len(given) < 6 and int(given) else WIDTH  # noqa: PLR2004 - digits


def _write_anything(stream: object) -> None:
    """Let a stream of a narrow encoding escape what it cannot write, instead of failing at a 'µ'."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")
