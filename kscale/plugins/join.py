"""Mechanisms with the variants of plugins beside their own."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kscale.errors import Interrupted, KscaleError, WrongAnswer
from kscale.mechanisms.base import Mechanism, Outcome, Variant
from kscale.plugins import execute, freelist
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
            added = guarded(source.name, one.variant)
            found[there.id] = replace(there, variants={**there.variants, one.name: added})
    if freelist.ID in {mechanism for mechanism, _ in by}:
        found[freelist.ID] = replace(found[freelist.ID], quality=freelist.quality)
    return tuple(found.values())


def guarded(name: str, variant: Variant) -> Variant:
    """Return a variant of plugin *name* whose errors are one line: file, line, what; and marked as own."""

    def build(workload: Any) -> Any:  # noqa: ANN401 - the mechanism's own
        """Make a fresh state."""
        return _called(name, variant.build, workload)

    def run(state: Any) -> Outcome:  # noqa: ANN401 - the mechanism's own
        """Do the work; refuse to call anything else an outcome."""
        outcome = _called(name, variant.run, state)
        if not isinstance(outcome, Outcome):
            raise KscaleError(f"{name}: run must return Outcome(work, answer), got {type(outcome).__name__}")
        return outcome

    return Variant(variant.about, build, run, own=True)


def _called(name: str, function: Callable[[Any], Any], given: Any) -> Any:  # noqa: ANN401 - as above
    """Return what a function of the user's returns; KscaleError, with file and line, if it raises."""
    try:
        return function(given)
    except (Interrupted, WrongAnswer):
        raise
    except KscaleError as error:
        raise KscaleError(f"{name}: {error}") from error
    except Exception as error:
        raise KscaleError(execute.said(name, error)) from error
