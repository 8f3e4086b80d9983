"""Runs what the user named, and says in one line what is wrong with it.

A file's text becomes a module of its own, whose filename is FOLDER and the file's name: wherever it is
loaded, tracebacks and numba's messages name its lines, and nothing is looked up in the current folder.
"""

import linecache
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib import metadata
from pathlib import Path
from types import ModuleType

from kscale.errors import Interrupted, KscaleError
from kscale.plugins.own import Own

FOLDER = "<plugin>/"  # before a file's name, so that no file of that name is meant
VARIANTS = "VARIANTS"  # what a plugin calls its variants
MOST_VARIANTS = 20
LONGEST = 300  # characters of what an exception says
_NUMBA_PLACE = re.compile(re.escape(FOLDER) + r'[^"\n]*", line (\d+)')
_NUMBA_FRAME = re.compile(r"^(Failed in nopython mode pipeline|During: |File |$)")


def text(name: str, source: str, sha256: str) -> tuple[Own, ...]:
    """Return the variants of a file's text; KscaleError, naming file and line, if it is wrong."""
    filename = FOLDER + name
    module = ModuleType(f"kscale_plugin_{sha256[:16]}")
    module.__file__ = filename
    linecache.cache[filename] = len(source), None, source.splitlines(keepends=True), filename
    sys.modules[module.__name__] = module  # dataclasses look their annotations up there
    with guarded(name), redirect_stdout(sys.stderr):
        exec(compile(source, filename, "exec"), module.__dict__)  # noqa: S102 - what the user named is to be run
    return _checked(name, getattr(module, VARIANTS, None))


def entry_point(name: str, entry: metadata.EntryPoint) -> tuple[Own, ...]:
    """Return the variants of an installed package; KscaleError if it cannot be imported, or offers none."""
    with guarded(name), redirect_stdout(sys.stderr):
        found = entry.load()
    return _checked(name, getattr(found, VARIANTS, None) if isinstance(found, ModuleType) else found)


def _checked(name: str, found: object) -> tuple[Own, ...]:
    """Return what a plugin calls its variants; KscaleError if they are none."""
    if found is None:
        raise KscaleError(f"{name}: has no {VARIANTS}; write {VARIANTS} = (own(...),)")
    if not isinstance(found, tuple | list) or not all(isinstance(one, Own) for one in found):
        raise KscaleError(f"{name}: {VARIANTS} must be a tuple of what own(...) returns")
    if not 0 < len(found) <= MOST_VARIANTS:
        raise KscaleError(f"{name}: {VARIANTS} must hold 1 to {MOST_VARIANTS} variants, has {len(found)}")
    names = [(one.mechanism, one.name) for one in found]
    twice = next((one for one in found if names.count((one.mechanism, one.name)) > 1), None)
    if twice is not None:
        raise KscaleError(f"{name}: {VARIANTS} has {twice.name} of {twice.mechanism} twice")
    return tuple(found)


@contextmanager
def guarded(name: str) -> Iterator[None]:
    """Turn whatever the user's code raises into a KscaleError of one line: file, line, what.

    Ctrl-C and SIGTERM end the command as ever. That the code leaves the process is an error of its own.
    """
    try:
        yield
    except (KeyboardInterrupt, Interrupted):
        raise
    except BaseException as error:
        raise KscaleError(said(name, error)) from error


def said(name: str, error: BaseException) -> str:
    """Return one line for what the code of plugin *name* raised: where, and what."""
    place = f"{name}:{line}" if (line := line_of(error)) else name
    if isinstance(error, KscaleError):
        return f"{place}: {error}"
    if isinstance(error, SystemExit):
        return f"{place}: ends the process (SystemExit); a plugin must not"
    return f"{place}: {told(error)}"


def told(error: BaseException) -> str:
    """Return what an error says, in a few words on one line, behind its type."""
    lines = [one.strip() for one in str(getattr(error, "msg", error)).splitlines()]
    if type(error).__module__.startswith("numba."):
        lines = [one for one in lines if not _NUMBA_FRAME.match(one)][:2]
    words = " ".join(one for one in lines if one)[:LONGEST]
    if words.startswith("cannot cache function"):
        words = "numba cannot cache what is loaded as a plugin: leave cache=True out"
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def place(error: BaseException) -> str:
    """Return where an error arose: a file by its last two names, and a line."""
    frame, line = [*traceback.walk_tb(error.__traceback__)][-1]
    return f"{'/'.join(Path(frame.f_code.co_filename).parts[-2:])}:{line}"


def line_of(error: BaseException) -> int | None:
    """Return the line of a plugin's file at which an error arose; None if it does not say."""
    if isinstance(error, SyntaxError) and str(error.filename).startswith(FOLDER):
        return error.lineno
    placed = _NUMBA_PLACE.findall(str(error)) if type(error).__module__.startswith("numba.") else []
    if placed:
        return int(placed[-1])
    lines = [
        line
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_code.co_filename.startswith(FOLDER)
    ]
    return lines[-1] if lines else None
