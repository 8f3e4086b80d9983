"""From a first total to a last one, step by step: what each gained, or lost.

The wall of `kscale limit`, where each step is one more optimization, and the contributions of
`kscale ablate`, which add up in any order.
"""

from dataclasses import dataclass
from fractions import Fraction

Exact = int | Fraction


@dataclass(frozen=True, slots=True)
class Step:
    """One step between two totals."""

    title: str  # what was done: an optimization's title
    gain: Exact  # in the unit of the waterfall; below 0 it is drawn back
    note: str = ""  # what is said beside it: the station that gave way


@dataclass(frozen=True, slots=True)
class End:
    """The first or the last total."""

    title: str  # "none", "all 13"
    total: Exact
    note: str = ""  # which objective broke, at which station
    low: Exact | None = None  # its interval, if there is one
    high: Exact | None = None
    at_least: bool = False  # nothing broke up to it


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The totals and what lies between; start + all gains = end, exactly, or ValueError."""

    title: str  # the finding, in one sentence
    caption: str  # what was run, how it is known
    what: (
        str  # the axis measures, with its provenance: "largest cluster that keeps every objective, modelled"
    )
    unit: str  # of all totals, as judge.wording.amount takes it: nodes, ns, ppm ...
    start: End
    steps: tuple[Step, ...]
    end: End
    additive: bool = False  # contributions that add up in any order: never on a log axis
    less_is_better: bool = False  # a latency: a step that takes away is a gain

    def __post_init__(self) -> None:
        """Check that the steps lead from the first total to the last."""
        if self.start.total + sum(step.gain for step in self.steps) != self.end.total:
            raise ValueError(f"{self.title}: the steps do not add up to the last total")
