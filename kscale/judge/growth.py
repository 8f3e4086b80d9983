"""How the cost of each variant grows over a swept parameter: for the table, the plot and the gate."""

from dataclasses import dataclass

from kscale.measure.stats import Growth
from kscale.results.record import Result


@dataclass(frozen=True, slots=True)
class Grown:
    """One variant's cost over one parameter, all other parameters equal, all seeds together."""

    mechanism: str
    variant: str
    metric: str  # a counter, or WALL
    parameter: str
    held: str  # the other parameters, as labels have them, where it is swept at several points of them
    sizes: tuple[float, ...]  # ascending, each once
    costs: tuple[float, ...]  # medians over seeds
    fitted: Growth | None  # None below three sizes, or where costs are 0


def of_result(result: Result, metric: str | None = None) -> list[Grown]:
    """Return the growth of each variant over each swept amount, of *metric* or of the headline counters."""
    raise NotImplementedError
