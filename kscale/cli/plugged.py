"""The option --plugin: variants of the user's own beside ours.

It is taken from the command line alone: a file of settings may come with somebody else's folder, and what
--plugin names is run.
"""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kscale.mechanisms.base import Mechanism
    from kscale.plugins.source import Source

Plugin = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        metavar="FILE.py|NAME",
        rich_help_panel="Scenario",
        help="Take in variants of your own, by running this file, or the installed package of that name; "
        "kscale check first: it ends what never comes back. May be repeated.",
    ),
]


def read(names: "Sequence[str] | None") -> "tuple[Source, ...]":
    """Return the plugins that are named, unread ones read; KscaleError if one is not there or named twice."""
    from kscale.errors import KscaleError
    from kscale.plugins import load

    found = tuple(load.read(name) for name in names or ())
    first: dict[str, Source] = {}
    for one in found:
        there = first.setdefault(one.name, one)
        if there is not one:
            what = "is given twice" if there == one else "two files have this name; rename one"
            raise KscaleError(f"--plugin {one.name}: {what}; results tell plugins by these names")
    return found


def mechanisms(plugins: "Sequence[Source]") -> "tuple[Mechanism, ...]":
    """Return all mechanisms, with the variants of *plugins*; KscaleError names file and line of a fault."""
    from kscale.mechanisms.registry import MECHANISMS
    from kscale.plugins import load

    return load.joined(MECHANISMS, plugins)
