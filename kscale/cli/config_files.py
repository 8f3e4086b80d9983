"""Where options may be written down: a project's file and the user's own, as TOML.

    project   kscale.toml, or [tool.kscale] in pyproject.toml: the nearest from the current folder upwards
    user      config.toml in kscale's folder of the user's settings (~/.config/kscale on Linux)

A key at the top is an option for every command that has it; a table is a command's own. Where both
kinds of project file are in one folder, kscale.toml counts. Nothing is imported to read TOML unless
there is a file that may speak of kscale.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kscale.errors import KscaleError

PROJECT_FILES = ("kscale.toml", "pyproject.toml")
MOST_BYTES = 256 * 2**10  # of a file; the longest pyproject.toml people write is a tenth of it
MOST_DOTS = 2_000  # in a line: reading a key of so many parts takes the square of their number
_HEADER = re.compile(r"\s*\[+([^\[\]]{1,500})\]+\s*(?:#.*)?")
_KEY = re.compile(r"""((?:"[^"]*"|'[^']*'|[^"'#=\[\]{}])+)=""")

Keys = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """What one file says of kscale."""

    kind: str  # "project" or "user"
    path: Path
    text: str
    above: Keys  # of the table that is ours: tool, kscale in a pyproject.toml
    table: Mapping[str, Any]

    @property
    def shown(self) -> str:
        """Return the path as it is spoken of."""
        return shown(self.path)

    def place(self, keys: Keys) -> str:
        """Return file:line of a key."""
        line = line_of(self.text, (*self.above, *keys))
        return f"{self.shown}:{line}" if line else self.shown

    def complain(self, keys: Keys, message: str) -> KscaleError:
        """Return the error that says what is wrong with a key."""
        return KscaleError(f"{self.place(keys)}: {'.'.join(keys)}: {message}")


def read() -> list[File]:
    """Return the files there are, the strongest first; KscaleError if one cannot be read."""
    found = [_project(), _user()]
    return [file for file in found if file is not None]


def user_path() -> Path:
    """Return where the user's own file is looked for."""
    from platformdirs import user_config_path

    return user_config_path("kscale") / "config.toml"


def shown(path: Path) -> str:
    """Return a path from the current folder if it is below or above, from the home folder, or whole."""
    with suppress(OSError):  # the folder may be gone
        here = Path.cwd()
        if path.is_relative_to(here) or path.parent in here.parents:
            return os.path.relpath(path, here)
    with suppress(RuntimeError, ValueError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)


def line_of(text: str, keys: Keys) -> int | None:
    """Return the line on which *keys*, or what holds them, is written; None if that cannot be told.

    The reader of TOML gives no lines. Each line that could be a header or a key is given to it
    alone; text in strings of several lines may be taken for one, which misplaces a complaint at most.
    """
    table: Keys = ()
    found, depth = None, 0
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.fullmatch(line), _KEY.match(line)
        if header:
            table = here = _keys(f"[{header[1]}]")
        elif key:
            here = (*table, *_keys(f"{key[1]} = 0"))
        else:
            continue
        if len(here) > depth and keys[: len(here)] == here:
            found, depth = number, len(here)
    return found


def _project() -> File | None:
    """Return the nearest project file that speaks of kscale."""
    try:
        here = Path.cwd()
    except OSError:  # the folder is gone
        return None
    for folder in (here, *here.parents):
        for name in PROJECT_FILES:
            above = () if name == PROJECT_FILES[0] else ("tool", "kscale")
            file = _file("project", folder / name, above)
            if file is not None:
                return file
    return None


def _user() -> File | None:
    """Return the user's own file."""
    return _file("user", user_path(), ())


def _file(kind: str, path: Path, above: Keys) -> File | None:
    """Return what a file says of kscale; None if there is no such file, or it says nothing."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        if not above:
            raise KscaleError(f"{shown(path)}: cannot be read: {error.strerror}") from None
        return None  # somebody else's file
    if above and not all(key.encode() in data for key in above):
        return None
    text, tree = _parsed(data, shown(path))
    for key in above:
        tree = tree.get(key) if isinstance(tree, dict) else None
    if tree is None:
        return None
    found = File(kind, path, text, above, tree if isinstance(tree, dict) else {})
    if not isinstance(tree, dict):
        raise KscaleError(f"{found.place(())}: {'.'.join(above)}: must be a table")
    return found


def _parsed(data: bytes, name: str) -> tuple[str, Any]:
    """Return a file's text and what it says; KscaleError in one line if it is not TOML."""
    import tomllib

    if len(data) > MOST_BYTES:
        raise KscaleError(f"{name}: larger than {MOST_BYTES // 2**10} KiB, not read")
    if any(line.count(b".") > MOST_DOTS for line in data.split(b"\n")):
        raise KscaleError(f"{name}: has a line of more than {MOST_DOTS:,} dots, not read")
    try:
        text = data.decode("utf-8-sig")
        return text, tomllib.loads(text)
    except UnicodeDecodeError:
        raise KscaleError(f"{name}: not TOML: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise KscaleError(f"{_at(name, str(error))}") from None
    except (RecursionError, ValueError) as error:  # a number of too many digits is a ValueError
        raise KscaleError(f"{name}: not TOML: {type(error).__name__}") from None


def _at(name: str, said: str) -> str:
    """Return the reader's complaint with its line where ours have it."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column \d+\)", said, re.DOTALL)
    return f"{name}:{found[2]}: not TOML: {found[1]}" if found else f"{name}: not TOML: {said}"


def _keys(line: str) -> Keys:
    """Return the keys of one line of TOML; none if it is not one."""
    import tomllib

    try:
        tree: Any = tomllib.loads(line)
    except ValueError:
        return ()
    return tuple(_descent(tree))


def _descent(tree: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a line of TOML says
    """Yield the only key of each level."""
    while isinstance(tree, dict) and tree:
        key = next(iter(tree))
        yield key
        tree = tree[key]
