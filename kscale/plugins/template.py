"""Plugins to begin with: a file that works, for each mechanism, to be changed by whoever has an idea."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kscale.mechanisms import registry
from kscale.plugins import fanout, freelist, own, scheduling

FOLDER = Path(__file__).parent / "templates"
ABOUT = {  # of a template: its file, and what its variant does
    freelist.ID: ("freelist", "a byte a page, first fit from the front"),
    fanout.ID: ("fanout", "every watcher asked about every event"),
    **dict.fromkeys(scheduling.IDS, ("scheduling", "every node for every pod")),
}
ANY = ("any", "as baseline, to begin with")


def name_of(mechanism: str) -> str:
    """Return the name of the file a template is written to unasked."""
    return f"my_{mechanism.replace('-', '_')}.py"


def text(mechanism: str, file: str, name: str = "mine") -> str:
    """Return a plugin in *file* with a variant *name* of a mechanism.

    KscaleError if there is no such mechanism, or the variant cannot be called that.
    """
    found = registry.find(mechanism)
    template, about = ABOUT.get(found.id, ANY)
    own.check_names(found, name, about)
    return (
        (FOLDER / f"{template}.txt")
        .read_text(encoding="utf-8")
        .format(
            mechanism=found.id,
            title=found.title,
            name=name,
            about=about,
            file=_typed(file),
            workload=_where(found.prepare),
            answer=_where(found.agree),
        )
    )


def _where(function: Callable[..., Any]) -> str:
    """Return where a function of ours is."""
    return f"{function.__module__}.{getattr(function, '__name__', '')}"


def _typed(file: str) -> str:
    """Return a file as it is typed; one whose name would not stand in a docstring is not named there."""
    return "FILE.py" if set(file) & set('"\\') or not file.isprintable() else shlex.quote(file)
