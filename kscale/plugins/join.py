"""Mechanisms with the variants of plugins beside their own."""

from collections.abc import Sequence
from dataclasses import replace

from kscale.errors import KscaleError
from kscale.mechanisms.base import Mechanism
from kscale.plugins.own import Own
from kscale.plugins.source import Source

Loaded = tuple[Source, tuple[Own, ...]]  # a plugin and its variants


def joined(mechanisms: Sequence[Mechanism], plugins: Sequence[Loaded]) -> tuple[Mechanism, ...]:
    """Return the mechanisms with those variants at their end; KscaleError if two have one name."""
    found = {mechanism.id: mechanism for mechanism in mechanisms}
    by: dict[tuple[str, str], str] = {}
    for source, variants in plugins:
        for one in variants:
            first = by.setdefault((one.mechanism, one.name), source.name)
            if one.name in found[one.mechanism].variants:
                raise KscaleError(f"{source.name}: variant {one.name} of {one.mechanism} is there by {first}")
            there = found[one.mechanism]
            found[there.id] = replace(there, variants={**there.variants, one.name: one.variant})
    return tuple(found.values())
