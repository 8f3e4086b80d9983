"""What a variant of the user's own may answer: counters that are counters, an answer that can be read.

Our checks read answers, kernels of them index by what stands in these: so that is looked at first.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from operator import index
from typing import Any

from kscale.errors import KscaleError, WrongAnswer, listed
from kscale.mechanisms.base import BASELINE, Mechanism, Outcome, Work
from kscale.plugins import execute, freelist, scheduling
from kscale.units import quote

LIMIT = 2**63  # of counters
Outcomes = Mapping[str, Outcome]


def counters(who: str, mechanism: str, metrics: Collection[str], work: object) -> Work:
    """Return the work that variant *who* counted; WrongAnswer if it is no whole numbers by metrics' names."""
    if not isinstance(work, Mapping):
        raise WrongAnswer(f"{who}: work must be whole numbers by name, got {type(work).__name__}")
    found = dict(work)
    for name, count in found.items():
        if type(count) is not int or not 0 <= count < LIMIT or name not in metrics:
            _check(who, mechanism, metrics, name, count)
    return found


def _check(who: str, mechanism: str, metrics: Collection[str], name: object, count: object) -> None:
    """Raise WrongAnswer if a counter is none; it may still be a whole number of another type."""
    if name not in metrics:
        known = listed(sorted(metrics))
        raise WrongAnswer(f"{who}: work has {quote(name)}, which is no metric of {mechanism}; known: {known}")
    allowed = f"{who}: {name}: must be a whole number from 0 to 2^63 - 1"
    try:
        whole = index(count)  # type: ignore[arg-type] # that is what is asked
    except TypeError:
        raise WrongAnswer(f"{allowed}, got {quote(count)} ({type(count).__name__})") from None
    if not 0 <= whole < LIMIT:
        raise WrongAnswer(f"{allowed}, got {quote(whole)}")


def readable(mechanism: Mechanism, plugins: Mapping[str, str]) -> Mechanism:
    """Return the mechanism so that an answer that cannot be read is a WrongAnswer of one line.

    plugins  each variant of the user's own, and the plugin that it is of
    """
    quality = mechanism.quality
    return replace(
        mechanism,
        agree=_agreeing(mechanism, plugins),
        quality=_measuring(quality, plugins) if quality is not None else None,
    )


def _agreeing(mechanism: Mechanism, plugins: Mapping[str, str]) -> Callable[[Any, Outcomes], None]:
    """Return what checks the promise of a mechanism, its own variants' answers first."""

    def agree(workload: Any, outcomes: Outcomes) -> None:  # noqa: ANN401 - the mechanism's own
        """Check it; WrongAnswer names the variant whose answer cannot be read."""
        own = {name: one for name, one in outcomes.items() if name in plugins}
        ours = {name: one for name, one in outcomes.items() if name not in plugins}
        for name, outcome in own.items():
            check(f"{plugins[name]}: {name}", mechanism.id, workload, outcome.answer)
        try:
            mechanism.agree(workload, outcomes)
        except KscaleError:
            raise
        except (Exception, SystemExit):
            mechanism.agree(workload, ours)  # what raises without them is a bug of ours
            for name, outcome in own.items():
                with _reading(f"{plugins[name]}: {name}"):
                    mechanism.agree(workload, {BASELINE: outcomes[BASELINE], name: outcome})
            raise

    return agree


def _measuring(
    quality: Callable[[Any, Outcome], Work], plugins: Mapping[str, str]
) -> Callable[[Any, Outcome], Work]:
    """Return what measures the quality of an answer, by a name of ours or of the user's."""
    whose = "; ".join(f"{file}: {name}" for name, file in plugins.items())

    def measure(workload: Any, outcome: Outcome) -> Work:  # noqa: ANN401 - the mechanism's own
        """Measure it."""
        with _reading(whose):
            return quality(workload, outcome)

    return measure


@contextmanager
def _reading(who: str) -> Iterator[None]:
    """Turn whatever an answer makes our code raise into a WrongAnswer of one line; Ctrl-C stays as it is."""
    try:
        yield
    except KscaleError:
        raise
    except (Exception, SystemExit) as error:
        raise WrongAnswer(f"{who}: the answer cannot be read: {execute.told(error)}") from error


def check(who: str, mechanism: str, workload: Any, answer: object) -> None:  # noqa: ANN401 - as above
    """Raise WrongAnswer if an answer holds what kernels that check it would index arrays out of bounds by."""
    if mechanism in scheduling.IDS:
        scheduling.check_nodes(who, workload.pending, answer)
    elif mechanism == freelist.ID:
        freelist.check_pages(who, workload, answer)
