"""Loads what the user named, a file or an installed package, and nothing else."""

from collections.abc import Sequence

from kscale.errors import KscaleError
from kscale.mechanisms.base import Mechanism
from kscale.plugins.source import Source


def joined(mechanisms: Sequence[Mechanism], sources: Sequence[Source]) -> tuple[Mechanism, ...]:
    """Return the mechanisms with the variants of *sources* beside their own, in the order they are named.

    KscaleError, naming file and line, if one cannot be loaded or takes a name that is taken.
    """
    if sources:
        raise KscaleError(f"{sources[0].name}: plugins cannot be loaded yet")
    return tuple(mechanisms)
