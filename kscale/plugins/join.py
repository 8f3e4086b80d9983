"""Mechanisms with the variants of plugins beside their own."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from kscale.errors import Interrupted, KscaleError, WrongAnswer
from kscale.mechanisms.base import Mechanism, Outcome, Variant
from kscale.plugins import answers, execute, freelist
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
            added = guarded(source.name, one, there)
            found[there.id] = replace(there, variants={**there.variants, one.name: added})
    if freelist.ID in {mechanism for mechanism, _ in by}:
        found[freelist.ID] = replace(found[freelist.ID], quality=freelist.quality)
    for mechanism in {mechanism: None for mechanism, _ in by}:
        own = {name: file for (of, name), file in by.items() if of == mechanism}
        found[mechanism] = answers.readable(found[mechanism], own)
    return tuple(found.values())


def guarded(file: str, own: Own, mechanism: Mechanism) -> Variant:
    """Return a variant of plugin *file* whose errors are one line: file, line, what; and marked as own.

    Work that is none, and whatever is no outcome, is refused. What the variant prints goes to stderr, as
    standard output is for results.
    """
    who, metrics = f"{file}: {own.name}", frozenset(metric.name for metric in mechanism.metrics)

    def build(workload: Any) -> Any:  # noqa: ANN401 - the mechanism's own
        """Make a fresh state."""
        return _called(file, own.variant.build, workload)

    def run(state: Any) -> Outcome:  # noqa: ANN401 - the mechanism's own
        """Do the work; refuse to call anything else an outcome."""
        outcome = _called(file, own.variant.run, state)
        if not isinstance(outcome, Outcome):
            raise WrongAnswer(f"{who}: run must return Outcome(work, answer), got {type(outcome).__name__}")
        return Outcome(answers.counters(who, mechanism.id, metrics, outcome.work), outcome.answer)

    return Variant(own.variant.about, build, run, own=True)


def _called(name: str, function: Callable[[Any], Any], given: Any) -> Any:  # noqa: ANN401 - as above
    """Return what a function of the user's returns; KscaleError, with file and line, if it raises."""
    kept, sys.stdout = sys.stdout, sys.stderr  # as contextlib.redirect_stdout does, at a tenth of its time
    try:
        return function(given)
    except (Interrupted, WrongAnswer):
        raise
    except KscaleError as error:
        raise KscaleError(f"{name}: {error}") from error
    except (Exception, SystemExit) as error:
        raise KscaleError(execute.said(name, error)) from error
    finally:
        sys.stdout = kept
