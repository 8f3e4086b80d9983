"""What is exported: the results, and what was said of them."""

from dataclasses import dataclass

from kscale.judge.compare import Comparison
from kscale.judge.decision import Judgement
from kscale.results.record import Result


@dataclass(frozen=True, slots=True)
class Subject:
    """One or more results; the first with each other one; and a gate's judgement of the first two."""

    results: tuple[Result, ...]
    comparisons: tuple[Comparison, ...] = ()
    judgement: Judgement | None = None
