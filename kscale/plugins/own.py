"""What a plugin imports: `own` says that functions are a variant of a mechanism.

    from kscale.plugins.own import own

    VARIANTS = (
        own("etcd-freelist", "mine", about="first fit over a bitmap",
            make=make, allocate=allocate, release=release),
    )

`kscale new variant MECHANISM` writes a plugin that works; `kscale check --plugin FILE` says whether it keeps
what all variants of the mechanism promise; `--plugin FILE` makes it join kscale run, sweep and compare.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kscale.errors import KscaleError
from kscale.mechanisms import registry
from kscale.mechanisms.base import Mechanism, Outcome, Variant
from kscale.units import quote

__all__ = ["Outcome", "Own", "own"]

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
LONGEST_ABOUT = 120  # characters: it is a line of a table
PAIR = ("build", "run")  # the functions that make a variant of any mechanism


@dataclass(frozen=True, slots=True)
class Own:
    """A variant of the user's own."""

    mechanism: str
    name: str
    variant: Variant
    parts: dict[str, Callable[..., Any]]  # the functions it is made of, by their names in `own`


def own(mechanism: str, name: str, *, about: str, **parts: Callable[..., Any]) -> Own:
    """Return a variant of *mechanism* called *name*, made of the functions in *parts*.

    about       one line: what it does
    build, run  of any mechanism: build(workload) -> state, never timed; run(state) -> Outcome(work, answer),
                timed. Work is whole numbers by name, equal for equal seeds; of the mechanism's metrics, those
                it does not count are left out. What workload and answer are, the mechanism's module says.

    KscaleError if there is no such mechanism, the name is taken or no name, or a function is missing.
    """
    found = registry.find(str(mechanism))
    _check_names(found, name, about)
    if set(parts) != set(PAIR):
        raise KscaleError(
            f"{found.id}: own takes {' and '.join(PAIR)}, got {', '.join(sorted(parts)) or 'none'}"
        )
    for key, part in parts.items():
        if not callable(part):
            raise KscaleError(f"{found.id}: {key} must be a function, got {quote(part)}")
    return Own(found.id, name, Variant(about, parts["build"], parts["run"]), dict(parts))


def _check_names(mechanism: Mechanism, name: object, about: object) -> None:
    """Raise KscaleError if the variant cannot be called that."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        allowed = "1 to 40 small letters, digits, dots, dashes and underscores"
        raise KscaleError(f"{mechanism.id}: a variant's name is {allowed}, got {quote(name)}")
    if name in mechanism.variants:
        raise KscaleError(f"{mechanism.id}: has a variant {quote(name)} already; give it another name")
    if not isinstance(about, str) or not about.isprintable() or not 0 < len(about) <= LONGEST_ABOUT:
        raise KscaleError(f"{mechanism.id}: about must be one line of up to {LONGEST_ABOUT} characters")
