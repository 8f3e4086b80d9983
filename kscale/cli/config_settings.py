"""What configuration files give to which command: checked against the command tree, all of it at once."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kscale.cli.config_files import File, Keys
from kscale.errors import did_you_mean

if TYPE_CHECKING:
    from typer._click import Command, Parameter

RESULTS = (
    "results"  # key of the folder results are kept in, below the current one by default; no option has it
)
PREFIX = "KSCALE_"
NO_VARIABLE = frozenset({"version"})
TYPED = frozenset({"plugin"})  # only taken from the command line: what it names is run
_SAID = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A value that a file or the environment gives to an option."""

    value: Any
    keys: Keys  # in the file; or the variable alone
    file: File | None = None

    @property
    def place(self) -> str:
        """Return file:line, or the variable."""
        return self.file.place(self.keys) if self.file else self.keys[0]

    @property
    def said(self) -> str:
        """Return place and key as complaints begin with."""
        return f"{self.place}: {'.'.join(self.keys)}" if self.file else self.place


Settings = dict[Keys, dict[str, Setting]]  # by command ("baseline", "list") and its parameter's name


def commands(command: "Command", path: Keys = ()) -> Iterator[tuple[Keys, "Command"]]:
    """Yield every command and group of the tree with its path from the root, which is ()."""
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, (*path, name))


def long_options(command: "Command") -> dict[str, "Parameter"]:
    """Return a command's options by their long name, "fail-over", but for those that must be typed."""
    return {
        opt.removeprefix("--"): param
        for param in command.params
        if param.param_type_name == "option"
        for opt in param.opts[:1]
        if opt.startswith("--") and opt.removeprefix("--") not in TYPED
    }


def variable(name: str) -> str:
    """Return the environment's name of an option."""
    return PREFIX + name.upper().replace("-", "_")


def read(root: "Command", files: list[File], environment: Mapping[str, str]) -> Settings:
    """Return what the environment and the files, the strongest first, give to each command.

    KscaleError on the first fault of a file. The root's own options are not for files.
    """
    for file in files:
        _check(root, file, file.table, ())
    return {
        path: (_from_files(command, files, path) if path else {}) | _from_environment(command, environment)
        for path, command in commands(root)
    }


def _from_files(command: "Command", files: list[File], path: Keys) -> dict[str, Setting]:
    """Return what files give to a command, by its parameters' names."""
    found = {}
    options = long_options(command)
    for file in reversed(files):
        for keys, value in _given(file, path):
            param = options.get(_dashed(keys[-1]))
            if param is not None and _fits(value, _hint(command, param)):
                found[param.name or ""] = Setting(_value(value, file, _hint(command, param)), keys, file)
    return found


def _from_environment(command: "Command", environment: Mapping[str, str]) -> dict[str, Setting]:
    """Return what the environment gives to a command; an empty variable gives nothing.

    typer reads variables itself, but its release 0.26.0 finds none.
    """
    return {
        param.name or "": Setting(_several(given, _hint(command, param)), (variable(name),))
        for name, param in long_options(command).items()
        for given in [environment.get(variable(name))]
        if given and name not in NO_VARIABLE
    }


def _several(given: str, hint: "Hint") -> str | list[str]:
    """Return the values in a variable: paths are parted as in PATH, others by spaces."""
    if not hint.several:
        return given
    return given.split(os.pathsep) if issubclass(hint.kind, Path) else given.split()


def results(files: list[File]) -> Setting | None:
    """Return the folder of results that a file names, counted from the file's own folder."""
    for file in files:
        if isinstance(file.table.get(RESULTS), str):
            return Setting(str(_below(file, file.table[RESULTS])), (RESULTS,), file)
    return None


def _check(command: "Command", file: File, table: Mapping[str, Any], path: Keys) -> None:
    """Raise KscaleError on the first key that no command knows, or that none could use."""
    below = getattr(command, "commands", {})
    for key, value in table.items():
        keys = (*path, key)
        hints = [
            _hint(each, options[_dashed(key)])
            for way, each in commands(command)
            if way or path  # the root's own options are not for files
            for options in [long_options(each)]
            if _dashed(key) in options
        ]
        if not path and key == RESULTS:
            hints.append(Hint(str))
        if isinstance(value, dict) and key in below:
            _check(below[key], file, value, keys)
        elif _dashed(key) in TYPED:
            raise file.complain(keys, "is only taken from the command line: what it names is run")
        elif not hints:
            raise file.complain(keys, f"unknown; {did_you_mean(key, _known(command, path))}")
        elif not any(_fits(value, hint) for hint in hints):
            raise file.complain(keys, f"must be {hints[0].said}, got {_toml(value)}")


def _known(command: "Command", path: Keys) -> set[str]:
    """Return the keys a table may have."""
    options = {name for way, each in commands(command) if way or path for name in long_options(each)}
    return options | {*getattr(command, "commands", {})} | (set() if path else {RESULTS})


@dataclass(frozen=True, slots=True)
class Hint:
    """What an option takes."""

    kind: type
    several: bool = False

    @property
    def said(self) -> str:
        """Return it in words."""
        word = _SAID.get(self.kind, _SAID[str])
        return f"{word}, or a list of them" if self.several else word


def _hint(command: "Command", param: "Parameter") -> Hint:
    """Return what an option takes, by the annotation of its command's function."""
    import inspect
    import types
    import typing

    function = inspect.unwrap(command.callback) if command.callback else None
    hint: Any = typing.get_type_hints(function).get(param.name or "", str) if function else str
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    several = typing.get_origin(hint) in {list, tuple}
    if several:
        hint = typing.get_args(hint)[0]
    return Hint(hint if isinstance(hint, type) else str, several)


def _fits(value: object, hint: Hint) -> bool:
    """Say whether a value of TOML is of the kind an option takes."""
    if hint.several and isinstance(value, list):
        return all(_fits(one, Hint(hint.kind)) for one in value)
    if hint.kind in {bool, int}:
        return type(value) is hint.kind
    if hint.kind is float:
        return type(value) in {int, float}
    return isinstance(value, str) and "\0" not in value


def _given(file: File, path: Keys) -> Iterator[tuple[Keys, Any]]:
    """Yield the keys of a file that speak of a command: those for all first, its own last."""
    table: Any = file.table
    for depth in range(len(path) + 1):
        if not isinstance(table, dict):
            return
        yield from (((*path[:depth], key), value) for key, value in table.items())
        table = table.get(path[depth]) if depth < len(path) else None


def _value(value: Any, file: File, hint: Hint) -> Any:  # noqa: ANN401 - as TOML has it
    """Return a value as the option reads it; a file is counted from the folder of the one that names it."""
    if hint.several:
        several = value if isinstance(value, list) else [value]
        return [_value(one, file, Hint(hint.kind)) for one in several]
    return str(_below(file, value)) if issubclass(hint.kind, Path) else value


def _below(file: File, name: str) -> Path:
    """Return a path that a file names; ~ is the home folder."""
    path = Path(name)
    if name.startswith("~"):
        path = Path(os.path.expanduser(name))  # noqa: PTH111 - an unknown ~user is a name like another
    return file.path.parent / path


def _dashed(key: str) -> str:
    """Return a key as options are spelt."""
    return key.replace("_", "-")


def _toml(value: object) -> str:
    """Return a value of TOML in a few words."""
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, bool):
        return str(value).lower()
    from kscale.units import quote

    return quote(value)
