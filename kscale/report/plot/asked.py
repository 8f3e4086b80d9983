"""What is to be drawn: results, what was said of them, and which part of both."""

from dataclasses import dataclass, field

from kscale.errors import KscaleError
from kscale.judge.compare import Comparison
from kscale.report.plot import names
from kscale.results.record import Result

BASELINE, OPTIMIZED = "baseline", "optimized"


class NothingToDraw(KscaleError):
    """The request is right, and the results hold nothing of that kind."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a picture."""

    results: tuple[Result, ...]
    comparison: Comparison | None = None  # if there is one already: of two results, or of two variants
    by: tuple[str, ...] = ()  # parameters along the axes
    metric: str | None = None  # as the result names it; None: times, else each mechanism's first headline
    before: str = BASELINE
    after: str = OPTIMIZED
    variant: str | None = None  # the only one drawn where results are compared; None: all
    names: tuple[str, ...] = field(default=())  # what the results are called; their own names if not given

    @property
    def called(self) -> tuple[str, ...]:
        """Return what each result is called, harmless and of a length a picture has room for."""
        own = (result.run.called for result in self.results)
        return tuple(names.short(name) for name in (self.names or own))
