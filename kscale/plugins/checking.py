"""The process in which a plugin is checked: its code may crash or never come back, and this one can be ended.

Nothing is imported here that compiles: what the compiler is to do is set in the environment first.
"""

import io
import os
import resource
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from kscale.errors import KscaleError
from kscale.plugins.source import Source

if TYPE_CHECKING:
    from kscale.plugins.own import Own

VARIANTS, SMALL, SMALLEST, SEEN, RUNS, TINY = "variants", "small", "smallest", "seen", "runs", "tiny"
MOST_NOTED = 2_000  # characters
MOST_PRINTED = 1 << 26  # bytes of a file that the process writes: a plugin may print for ever


@runtime_checkable
class Told(Protocol):
    """A small case that can be told."""

    def lines(self) -> Iterable[str]:
        """Return it in words."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be done, with which variant; VARIANTS asks which there are."""

    stage: str
    number: int = 0  # of the variant, in the plugin's order


@dataclass(frozen=True, slots=True)
class Said:
    """What came of it."""

    good: bool
    what: str  # what was seen, or what is wrong
    lines: tuple[str, ...] = ()  # that led to it
    work: tuple[tuple[str, int], ...] = ()  # of TINY
    variants: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # mechanism, name and stages; of VARIANTS


@dataclass(frozen=True, slots=True)
class Begin:
    """What a process needs to begin."""

    source: Source
    environment: tuple[tuple[str, str], ...]
    notes: Path  # where it keeps what it is about to do
    printed: Path  # where all goes that it prints
    examples: int | None  # small cases of each kind; None: as many as usual

    def __call__(self) -> "Callable[[Question], Said]":
        """Set the compiler up and return what answers questions; what is printed is kept, not shown."""
        os.environ.update(dict(self.environment))
        resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_PRINTED, MOST_PRINTED))
        with self.printed.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(line_buffering=True, errors="backslashreplace")
        return Checker(self)


class Checker:
    """Answers questions about one plugin, which it loads at the first."""

    def __init__(self, begin: Begin) -> None:
        """Load nothing yet: that it cannot be is an answer too."""
        self.begin = begin
        self.package: str | None = None
        self.own: tuple[Own, ...] = ()
        self.mechanisms: Sequence[Any] = ()

    def __call__(self, question: Question) -> Said:
        """Return what came of it. KscaleError if the plugin cannot be loaded."""
        from kscale.plugins import check_runs, load  # noqa: PLC0415 - compiles

        if self.begin.source.text is None:
            self.package = load.package_of(self.begin.source)
        with check_runs.clocks_watched(self.package):
            if not self.own:
                self._load()
            if question.stage == VARIANTS:
                return Said(
                    True, "", variants=tuple((one.mechanism, one.name, stages(one)) for one in self.own)
                )
            return self._tried(self.own[question.number], question.stage)

    def _load(self) -> None:
        """Load the plugin."""
        from kscale.mechanisms.registry import MECHANISMS  # noqa: PLC0415 - compiles
        from kscale.plugins import join, load  # noqa: PLC0415 - as above

        self.hear("loading it")
        own = load.variants(self.begin.source)
        self.mechanisms = join.joined(MECHANISMS, [(self.begin.source, own)])
        self.own = own

    def _tried(self, own: "Own", stage: str) -> Said:
        """Return what came of a stage of a variant."""
        from kscale.plugins import execute  # noqa: PLC0415 - as above
        from kscale.plugins.example import Wrong  # noqa: PLC0415 - as above

        try:
            if stage == TINY:
                return Said(True, "", work=tuple(self._tiny(own).items()))
            return Said(True, self._stage(own, stage))
        except Wrong as error:
            return Said(False, error.what, error.lines)
        except KscaleError as error:
            return Said(False, str(error))
        except Exception as error:  # noqa: BLE001 - a variant that our code stumbles over is not a right one
            return Said(False, execute.said(self.begin.source.name, error), (f"in {execute.place(error)}",))

    def _stage(self, own: "Own", stage: str) -> str:
        """Do a stage; return what was seen. Wrong if something is."""
        from kscale.plugins import check_runs, check_small  # noqa: PLC0415 - as above

        mechanism = next(one for one in self.mechanisms if one.id == own.mechanism)
        if stage == RUNS:
            return check_runs.runs(mechanism, self.mechanisms, own.name, self.hear)
        if stage == SMALLEST:
            return check_small.smallest(self.begin.source.name, own, self.hear)
        if stage == SEEN:
            return check_small.seen(self.begin.source.name, own, mechanism.variants[own.name], self.hear)
        return check_small.small(
            self.begin.source.name, own, mechanism.variants[own.name], self.begin.examples, self.hear
        )

    def _tiny(self, own: "Own") -> Mapping[str, int]:
        """Return the work of the tiny cell."""
        from kscale.plugins import check_runs  # noqa: PLC0415 - as above

        self.hear("tiny")
        return check_runs.tiny(next(one for one in self.mechanisms if one.id == own.mechanism), own.name)

    def hear(self, what: object) -> None:
        """Keep what is about to be done, a sign of life: whoever waits reads it if nothing comes back."""
        lines = what.lines() if isinstance(what, Told) else (str(what),)
        self.begin.notes.write_text("\n".join(lines)[:MOST_NOTED], encoding="utf-8")


def stages(own: "Own") -> tuple[str, ...]:
    """Return what can be done with a variant, the smallest cases first."""
    from kscale.plugins import check_small  # noqa: PLC0415 - compiles

    return (*check_small.stages(own), RUNS, TINY)
