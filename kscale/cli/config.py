"""Options that were not typed: from the environment and from files, through the command tree's own means.

Flags win over the environment (KSCALE_BUDGET for --budget), that over the project's file, that over
the user's, that over the default. In one file a command's own table wins over the top. Every long
option takes part, those of the root only by the environment.
"""

import os
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from kscale.cli import config_files, config_settings
from kscale.cli.config_files import Keys
from kscale.cli.config_settings import (
    NO_VARIABLE,
    PREFIX,
    RESULTS,
    Setting,
    Settings,
    commands,
    long_options,
    variable,
)

if TYPE_CHECKING:
    from typer._click import Command, Context, Parameter

    from kscale.report.table_config import OptionValue

RIVALS = (frozenset({"--format", "--json"}),)  # options that contradict each other
RESULTS_VARIABLE = "KSCALE_RESULTS"
ETCD_VARIABLE = "KSCALE_ETCD"  # calibrate/find.py reads it
OTHER_VARIABLES = frozenset({RESULTS_VARIABLE, ETCD_VARIABLE, "KSCALE_VECTORS"})  # the last: of the tests
EVERYWHERE = (
    "Long options also as KSCALE_NAME in the environment or name in kscale.toml: see kscale show config."
)


@dataclass(slots=True)
class Told:
    """What a command was told, and where: kept for the handler of errors."""

    debug: bool = False
    color: str = "auto"
    command: str = "kscale"  # as far as it is known: "kscale run"
    results: str | None = None  # where the folder of results was given, if in a file
    settings: Settings = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)  # of options that were not typed: "--seed"

    def hear(self, ctx: "Context", param: "Parameter", value: object) -> None:
        """Keep where a value comes from."""
        place = self.place(ctx, param)
        if place:
            self.places.update(dict.fromkeys(param.opts, place))
        if param.name == "color":
            self.color = str(value)

    def place(self, ctx: "Context", param: "Parameter") -> str | None:
        """Return "KSCALE_SEED" or "kscale.toml:3: seed"; None for what was typed, or is a default."""
        setting = self.setting(ctx, param)
        return setting.said if setting else None

    def setting(self, ctx: "Context", param: "Parameter") -> Setting | None:
        """Return where a value comes from; None for what was typed, or is a default."""
        source = ctx.get_parameter_source(param.name or "")
        if source is None or source.name != "DEFAULT_MAP":
            return None
        return self.settings[_path(ctx)][param.name or ""]

    def placed(self, line: str) -> str:
        """Return a complaint that begins with an option so that it begins with where that was given."""
        option = line.partition(" ")[0].rstrip(":")
        return line.replace(option, self.places[option], 1) if option in self.places else line


class Configured(TyperGroup):
    """The root of the command tree, with options from the environment and from files."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: "Context | None" = None,
        **extra: Any,  # noqa: ANN401 - handed on
    ) -> "Context":
        """Prepare the tree, and give the root what the environment has for it, before anything is parsed."""
        for _, command in commands(self):
            for param in long_options(command).values():
                _listen(param)
            if command.epilog and EVERYWHERE not in command.epilog:
                command.epilog += f"\n\n{EVERYWHERE}"
        settings = config_settings.read(self, [], os.environ)
        if isinstance(extra.get("obj"), Told):
            extra["obj"].settings = settings
        return super().make_context(info_name, args, parent, default_map=_default_map(settings), **extra)

    def resolve_command(
        self, ctx: "Context", args: list[str]
    ) -> "tuple[str | None, Command | None, list[str]]":
        """Return the command that is meant, after reading the files for it; KscaleError if one is wrong."""
        name, command, rest = super().resolve_command(ctx, args)
        if not ctx.resilient_parsing and not {"-h", "--help"} & {
            *rest
        }:  # help must work whatever a file says
            told = ctx.obj if isinstance(ctx.obj, Told) else Told()
            told.command = f"{ctx.command_path} {name}"  # a fault in its options may not say it
            self._configure(ctx, told)
        return name, command, rest

    def _configure(self, ctx: "Context", told: Told) -> None:
        """Give every command what the environment and the files say."""
        _warn_of_unknown(self)
        files = config_files.read()
        told.settings = config_settings.read(self, files, os.environ)
        ctx.default_map = _default_map(told.settings)
        results = config_settings.results(files)
        if results and not os.environ.get(RESULTS_VARIABLE):
            told.results = results.place
            os.environ[RESULTS_VARIABLE] = results.value  # for the store, which knows of no options
            ctx.call_on_close(lambda: os.environ.pop(RESULTS_VARIABLE, None))


def _listen(param: "Parameter") -> None:
    """Let it be known where an option's value came from."""
    before = param.callback
    if getattr(before, "listens", False):  # a tree may be used twice
        return

    def hear(ctx: "Context", heard: "Parameter", value: object) -> object:
        """Keep where the value comes from; what is typed drives out what a file says against it."""
        rivals = {opt for pair in RIVALS if pair & {*heard.opts} for opt in pair} - {*heard.opts}
        others = (other for other in ctx.command.params if rivals & {*other.opts})
        if not is_typed(ctx, heard.name or "") and any(is_typed(ctx, other.name or "") for other in others):
            return heard.default
        if isinstance(ctx.obj, Told):
            ctx.obj.hear(ctx, heard, value)
        return before(ctx, heard, value) if before else value

    hear.listens = True  # type: ignore[attr-defined]  # a function may carry a mark
    param.callback = hear


def _warn_of_unknown(root: "Command") -> None:
    """Say on standard error which KSCALE_ variables mean nothing."""
    known = {variable(name) for _, command in commands(root) for name in long_options(command)}
    known = (known | OTHER_VARIABLES) - {variable(name) for name in NO_VARIABLE}
    for name in sorted(os.environ):
        if name.startswith(PREFIX) and name not in known:
            from kscale.report.text import clean

            near = get_close_matches(name, sorted(known), n=1)
            hint = f"did you mean {near[0]}?" if near else "kscale show config names those there are"
            typer.echo(f"kscale: {clean(name)}: no option has this variable; {hint}", err=True)


def is_typed(ctx: "Context", name: str) -> bool:
    """Say whether a parameter is on the command line."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def _default_map(settings: Settings) -> dict[str, Any]:
    """Return the settings as the command tree takes them: groups hold their commands."""
    found: dict[str, Any] = {}
    for path, given in settings.items():
        table = found
        for name in path:
            table = table.setdefault(name, {})
        table.update({name: setting.value for name, setting in given.items()})
    return found


def _path(ctx: "Context") -> Keys:
    """Return a context's command as its path from the root."""
    return (*_path(ctx.parent), ctx.info_name or "") if ctx.parent else ()


def values(ctx: "Context") -> "list[OptionValue]":
    """Return the value of every option of every command, as the command would get it, and its origin."""
    from kscale.report.table_config import DEFAULT, OptionValue

    root = ctx.find_root()
    told = root.obj if isinstance(root.obj, Told) else Told()
    named = os.environ.get(RESULTS_VARIABLE)
    origin = told.results or (RESULTS_VARIABLE if named else DEFAULT)
    found = [OptionValue("", RESULTS, named or RESULTS, origin)]
    for path, command in commands(root.command):
        here = root
        for name in path:
            below = getattr(here.command, "commands", {})[name]
            here = type(here)(below, info_name=name, parent=here)
        for name, param in long_options(command).items():
            if name in NO_VARIABLE:
                continue
            value, source = param.consume_value(here, {})
            here.set_parameter_source(param.name or "", source)
            setting = told.setting(here, param)
            origin = setting.place if setting else DEFAULT
            found.append(OptionValue(" ".join(("kscale", *path)), f"--{name}", value, origin))
    return found
